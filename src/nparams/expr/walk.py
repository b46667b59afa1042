"""Walking trees without recursion: from the leaves up, the free names, and names replaced without capture."""

from __future__ import annotations

from nparams.errors import WorkLimitError
from nparams.expr.nodes import MAX_NESTED, Expr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    Folded = TypeVar("Folded")

#: letters for an index that has to be renamed
LETTERS = "ijkmnpqrstuvwxyz"


def fold(root: int | Expr, combine: Callable[[int | Expr, list[Folded]], Folded], *, into_sums: bool = True) -> Folded:
    """Work from the leaves up: combine(node, results of its operands), each shared subtree once, no recursion.

    Without `into_sums`, a sum over an index is a leaf: its body has a scope of its own.
    """
    done: dict[int, Folded] = {}
    stack: list[tuple[int | Expr, bool]] = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if id(node) in done:
            continue
        operands = node.args if isinstance(node, Expr) and (into_sums or node.op != "sum") else ()
        if ready or not operands:
            done[id(node)] = combine(node, [done[id(a)] for a in operands])
        else:
            stack.append((node, True))
            stack.extend([(a, False) for a in operands])
    return done[id(root)]


def free_symbols(root: int | Expr) -> frozenset[str]:
    """The names that need a value: symbols and bases of indexed symbols, without the indices of sums.

    >>> from nparams.expr import parse
    >>> sorted(free_symbols(parse("sum(i=1..l, h[i])")))
    ['h', 'l']
    """
    found: set[str] = set()
    seen: set[tuple[int, frozenset[str]]] = set()
    stack: list[tuple[int | Expr, frozenset[str]]] = [(root, frozenset())]
    while stack:
        node, bound = stack.pop()
        if isinstance(node, int) or (id(node), bound) in seen:
            continue
        if node.args:
            seen.add((id(node), bound))
        if node.op in ("sym", "idx") and node.label not in bound:
            found.add(str(node.label))
        inner = bound | {str(node.label)} if node.op == "sum" else bound
        stack.extend([(a, inner if k == 2 and node.op == "sum" else bound) for k, a in enumerate(node.args)])
    return frozenset(found)


def names_of(root: int | Expr) -> tuple[set[str], set[str]]:
    """(names of plain symbols, indices of sums), wherever they stand."""
    symbols: set[str] = set()
    indices: set[str] = set()
    seen: set[int] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, int) or id(node) in seen:
            continue
        seen.add(id(node))
        if node.op in ("sym", "sum"):
            (symbols if node.op == "sym" else indices).add(str(node.label))
        stack.extend(node.args)
    return symbols, indices


def fresh(taken: frozenset[str] | set[str]) -> str:
    """An index that is not among the names `taken`.

    >>> fresh({"i", "n"}), fresh(set(LETTERS))
    ('j', 'ii')
    """
    length = 1
    while True:
        for letter in LETTERS:
            if letter * length not in taken:
                return letter * length
        length += 1


def cost_of_copy(root: int | Expr) -> int:
    """Steps that replacing a name in the tree may take: each sum inside is searched for names that it hides."""
    nodes, sums = 0, 1
    seen: set[int] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if id(node) not in seen:
            seen.add(id(node))
            nodes += 1
            sums += isinstance(node, Expr) and node.op == "sum"
            stack.extend(node.args if isinstance(node, Expr) else ())
    return nodes * sums


def check_nesting(depth: int) -> None:
    """Sums inside sums are walked by recursion, so there is a limit."""
    if depth > MAX_NESTED:
        raise WorkLimitError(f"sums nested more than {MAX_NESTED} deep")


def opened(node: Expr, incoming: frozenset[str] | set[str]) -> tuple[str, int | Expr]:
    """(index, body) of a sum, renamed where its index is one of the `incoming` names that it would capture."""
    index, body = str(node.label), node.args[2]
    if index not in incoming:
        return index, body
    new = fresh(free_symbols(body) | incoming)
    return new, replaced(body, {index: Expr("sym", (), new)})


def replaced(size: int | Expr, values: Mapping[str, int | Expr], depth: int = 0) -> int | Expr:
    """`size` with plain symbols replaced, nothing folded, nothing captured by the index of a sum.

    >>> from nparams.expr import parse
    >>> replaced(parse("x*sum(i=1..n, i*x)"), {"x": parse("i"), "n": 3})
    Expr('i*sum(j=1..3, j*i)')
    """
    check_nesting(depth)

    def combine(node: int | Expr, parts: list[int | Expr]) -> int | Expr:
        if isinstance(node, int):
            return node
        if node.op == "sym":
            return values.get(str(node.label), node)
        if node.op == "sum":
            return _replaced_sum(node, values, depth)
        return node if all(map(_is, parts, node.args)) else Expr(node.op, tuple(parts), node.label)

    return fold(size, combine, into_sums=False)


def _is(a: object, b: object) -> bool:
    return a is b


def _replaced_sum(node: Expr, values: Mapping[str, int | Expr], depth: int) -> Expr:
    first, last = (replaced(a, values, depth + 1) for a in node.args[:2])
    wanted = (free_symbols(node.args[2]) - {str(node.label)}) & values.keys()
    if not wanted:
        return Expr("sum", (first, last, node.args[2]), node.label)
    inner = {name: values[name] for name in wanted}
    index, body = opened(node, frozenset().union(*map(free_symbols, inner.values())))
    return Expr("sum", (first, last, replaced(body, inner, depth + 1)), index)
