"""The closed form of a network's total, along its tree: L·(12·d² + 13·d) + V·d, Σ_{i=1..l} (h_{i-1} + 1)·h_i.

Terms that are not repeated are collected into one polynomial, highest degree first.  A repeated block stays a product
of its count and its own closed form; where its sizes depend on the index it is a sum.
"""

from __future__ import annotations

from nparams.errors import WorkLimitError
from nparams.expr import Expr, add, free_symbols, mul, power
from nparams.expr.poly import Canonical
from nparams.network.tree import PARAMETER_ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from nparams.expr import Size
    from nparams.expr.poly import Monomial, Poly
    from nparams.network.network import Network
    from nparams.network.tree import Module, Tensor


def parameters_of(tensor: Tensor) -> Size | None:
    """What a tensor adds to the total: its size if it is a parameter and nobody else's, else None."""
    return tensor.size if tensor.role in PARAMETER_ROLES and tensor.tied_to is None else None


def closed_form(
    root: Module, pick: Callable[[Tensor], Size | None] = parameters_of, lower: Mapping[str, int] | None = None
) -> Size:
    """The closed form of the sum of pick(tensor) over the tree (None adds nothing).

    `lower` says what symbols are at least, so that adjoining sums may be merged: with l >= 1, the sum over 1..l-1 and
    the term for l are the sum over 1..l.
    """
    terms: dict[int, list[Size]] = {}
    for module, children in postorder(root):
        parts = [size for t in module.tensors if (size := pick(t)) is not None]
        for child in children:
            parts += terms.pop(id(child))
        terms[id(module)] = [_repeated(module, parts)] if module.over is not None else parts
    return collected(terms[id(root)], lower)


def postorder(root: Module) -> list[tuple[Module, list[Module]]]:
    """Every module after its children."""
    order, stack = [], [root]
    while stack:
        module = stack.pop()
        order.append((module, list(module.children)))
        stack.extend(module.children)
    return order[::-1]


def _repeated(module: Module, parts: list[Size]) -> Size:
    assert module.over is not None
    over = module.over
    body = collected(parts)
    if over.index in free_symbols(body):
        return tidy(Expr("sum", (over.first, over.last, body), over.index))
    count = tidy(add(over.last, mul(-1, over.first), 1))
    if body == 1:
        return count
    return body if body == 0 or count == 1 else _Block.make(count, body)


class _Block(Expr):
    """count·(body), kept as it is when terms are collected."""

    __slots__ = ()

    @classmethod
    def make(cls, count: Size, body: Size) -> Size:
        """The product as written, or its value when both are plain integers."""
        if isinstance(count, int) and isinstance(body, int):
            return count * body
        return cls("mul", (count, body))


def collected(parts: list[Size], lower: Mapping[str, int] | None = None) -> Size:
    """Blocks first, then everything else as one polynomial."""
    blocks = [p for p in parts if isinstance(p, _Block)]
    rest = [p for p in parts if not isinstance(p, _Block)]
    if all(isinstance(p, int) for p in rest):
        return add(*blocks, add(*rest)) if blocks else add(*rest)
    return add(*blocks, tidy(add(*rest), lower))


def tidy(size: Size, lower: Mapping[str, int] | None = None) -> Size:
    """`size` multiplied out, like terms collected, sums over one range merged and their common factors taken out."""
    if isinstance(size, int):
        return size
    table = Canonical(lower)
    try:
        p = table.canonical(size)
    except WorkLimitError:
        return size  # too much to multiply out: as it was written
    plain = {m: c for m, c in p.items() if not _sum_keys(table, m)}
    groups: dict[tuple[object, ...], Poly] = {}
    for monomial, coefficient in p.items():
        keys = _sum_keys(table, monomial)
        if len(keys) > 1:
            plain[monomial] = coefficient
        elif keys:
            outside = tuple(pair for pair in monomial if pair[0] != keys[0])
            shown = table.atoms[keys[0]].expr
            groups.setdefault((outside, shown.args[0], shown.args[1], shown.label), {})[((keys[0], 1),)] = coefficient
    ordered = sorted(groups.items(), key=lambda pair: -max(map(table.degree, pair[1])))  # products before single sums
    sums = [_merged(table, key, group) for key, group in ordered]
    return add(*sums, table.expr(plain)) if sums else table.expr(plain)


def _sum_keys(table: Canonical, monomial: Monomial) -> list[str]:
    return [key for key, _ in monomial if table.atoms[key].sum is not None]


def _merged(table: Canonical, key: tuple[object, ...], group: Poly) -> Size:
    """One Σ for all sums of a group: bodies added, common factors taken out of the bracket."""
    outside, first, last, index = key
    bodies = [mul(c, table.atoms[m[0][0]].expr.args[2]) for m, c in group.items()]
    total = Expr("sum", (first, last, factored(add(*bodies))), str(index))  # type: ignore[arg-type]
    return mul(table.expr({outside: 1}), total)  # type: ignore[dict-item]


def factored(size: Size) -> Size:
    """The factors that every term shares, outside a bracket: h[i-1]*h[i] + h[i] becomes (h[i-1] + 1)*h[i].

    >>> from nparams.expr import parse
    >>> str(factored(parse("h[i-1]*h[i] + h[i]")))
    '(h[i-1] + 1)*h[i]'
    """
    table = Canonical()
    p = table.poly(size)
    if len(p) < 2:
        return table.expr(p)
    shared = dict(next(iter(p)))
    for monomial in p:
        powers = dict(monomial)
        shared = {k: min(e, powers[k]) for k, e in shared.items() if k in powers}
    rest = {tuple((k, e - shared.get(k, 0)) for k, e in m if e > shared.get(k, 0)): c for m, c in p.items()}
    ordered = sorted(shared.items(), key=lambda pair: table.atoms[pair[0]].order)
    common = [power(table.atoms[k].expr, e) for k, e in ordered]
    return mul(table.expr(rest), *common)


def written_form(network: Network) -> Size:
    """The total of plain numbers as a sum of products, row by row and nothing worked out: 784*16 + 16 + 16*10 + 10."""
    return _strung([(row.copies, row.numbers) for row in network.layers])


def written_role(network: Network, role: str) -> Size:
    """The same for the tensors of one role: 784*16 + 16*10, or 16 + 10."""
    return _strung([(row.copies, raw_sum(row.module, (role,))) for row in network.layers])


def raw_sum(module: Module, roles: Collection[str] = PARAMETER_ROLES) -> Size | None:
    """The shapes of a module's own tensors as a sum of products, as written; None where nothing counts."""
    counted = sorted(
        (t for t in module.tensors if t.role in roles and t.tied_to is None), key=lambda t: t.role == "bias"
    )
    terms = [_raw_product(t.shape) for t in counted if t.shape is not None]
    return None if not terms else terms[0] if len(terms) == 1 else Expr("add", tuple(terms))


def _raw_product(shape: tuple[Size, ...]) -> Size:
    return 1 if not shape else shape[0] if len(shape) == 1 else Expr("mul", shape[::-1] if len(shape) == 2 else shape)


def _strung(rows: list[tuple[Size, Size | None]]) -> Size:
    parts: list[Size] = []
    for copies, numbers in rows:
        if numbers is None or numbers == 0:
            continue
        if copies == 1:
            parts.extend(numbers.args if isinstance(numbers, Expr) and numbers.op == "add" else (numbers,))
        else:
            parts.append(Expr("mul", (copies, numbers)))
    return parts[0] if len(parts) == 1 else Expr("add", tuple(parts)) if parts else 0
