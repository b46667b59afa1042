"""The rows of every view: one a layer, siblings that differ only by an index and agree in shape folded into one."""

from __future__ import annotations

from nparams.errors import InvariantError
from nparams.expr import Expr, add, mul
from nparams.network.closed import closed_form, postorder, raw_sum, tidy
from nparams.network.folding import folded, mark_between, signatures_of
from nparams.network.tree import PARAMETER_ROLES, Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from nparams.expr import Size
    from nparams.network.network import Network
    from nparams.network.tree import Tensor

    Shape = tuple[Size, ...]


class Row:
    """One line of a table: a layer, or `copies` equal ones.

    `formula` is in the layer's own letters, `numbers` the same with sizes put in and not worked out, for one copy.
    `weights`, `biases` and `total` are for all copies.  `apart` counts what is not a parameter (buffers and the like).
    With `whole` the row stands for everything in the module, and has no formula.
    """

    __slots__ = (
        "apart", "biases", "copies", "formula", "holds", "kind", "module", "name", "notes", "numbers", "out", "share",
        "takes", "total", "unknown", "weights",
    )  # fmt: skip

    def __init__(
        self, name: str, module: Module, copies: Size, folds: int, scope: Sequence[Module], *, whole: bool = False
    ) -> None:
        self.name = name
        self.module = module
        self.kind = module.kind
        self.copies = copies
        self.takes = module.takes
        self.out = module.out
        self.formula: Size | None = None if whole else module.formula
        self.numbers = None if whole else numbers_of(module)
        held = Module(tensors=module.tensors, children=module.children if whole else ())
        tensors = list(_within(held))
        #: whether there is a parameter in it, also a tied one
        self.holds = any(t.role in PARAMETER_ROLES for t in tensors)
        self.weights = _over(held, scope, copies, folds, {"weight"})
        self.biases = _over(held, scope, copies, folds, {"bias"})
        plain = _int(self.weights, self.biases)
        self.total = add(self.weights, self.biases) if plain else _summed(held, scope, folds, PARAMETER_ROLES)
        self.unknown = sum(t.role in PARAMETER_ROLES for t in tensors if t.size is None and t.tied_to is None)
        self.apart = _apart(held, scope, copies, folds)
        self.notes = [] if whole else [_tie(t, module) for t in tensors if t.tied_to is not None]
        self.share: float | None = None

    def to_dict(self) -> dict[str, object]:
        """The row under the contract's keys."""
        from nparams.expr import render

        return {
            "name": self.name, "kind": self.kind, "copies": plain(self.copies), "in": plain_shape(self.takes),
            "out": plain_shape(self.out), "formula": None if self.formula is None else render(self.formula),
            "numbers": None if self.numbers is None else render(self.numbers), "weights": plain(self.weights),
            "biases": plain(self.biases), "total": plain(self.total), "share": self.share,
            "unknown": self.unknown,
        }  # fmt: skip


def without_parameters(rows: Sequence[Row]) -> Row:
    """One row for many that hold no parameter: what they hold, added up."""
    made = Row(f"({len(rows):,} more without parameters)", Module(), 1, 1, ())
    for row in rows:
        for role, size in row.apart.items():
            made.apart[role] = add(made.apart.get(role, 0), size)
    return made


def plain(size: Size | None) -> int | str | None:
    """A size as JSON holds it: an integer, or the text of an expression."""
    return str(size) if isinstance(size, Expr) else size


def plain_shape(shape: Shape | None) -> list[int | str | None] | None:
    """A shape as JSON holds it."""
    return None if shape is None else [plain(size) for size in shape]


def _int(*sizes: Size) -> bool:
    return all(isinstance(size, int) for size in sizes)


def numbers_of(module: Module) -> Size | None:
    """The layer's formula with its sizes put in; without a formula, the product of each tensor's shape."""
    if module.formula is not None:
        from nparams.expr import replace_raw

        return replace_raw(module.formula, module.args)
    return raw_sum(module)


def _tie(t: Tensor, module: Module) -> str:
    """Which tensor another one is; the module's own name stands in the row already."""
    leaf = t.name[len(module.name) + 1 :] if module.name and t.name.startswith(module.name) else t.name
    return f"{leaf} tied to {t.tied_to}"


def _within(module: Module) -> Iterator[Tensor]:
    """Every tensor in a module and under it."""
    stack = [module]
    while stack:
        inner = stack.pop()
        yield from inner.tensors
        stack.extend(reversed(inner.children))


def _apart(module: Module, scope: Sequence[Module], copies: Size, folds: int) -> dict[str, Size]:
    """What the layer holds that is not a parameter: {role: elements}."""
    roles = dict.fromkeys(
        t.role for t in _within(module) if t.role not in PARAMETER_ROLES and t.size is not None and t.tied_to is None
    )
    held = {role: _over(module, scope, copies, folds, {role}) for role in roles}
    return {role: size for role, size in held.items() if size != 0 or not module.children}


def _over(module: Module, scope: Sequence[Module], copies: Size, folds: int, roles: Collection[str]) -> Size:
    if module.children:
        return _summed(module, scope, folds, roles)
    own = [t.size for t in module.tensors if t.role in roles and t.tied_to is None and t.size is not None]
    if _int(copies, *own):
        return add(*own) * copies
    return _summed(module, scope, folds, roles)


def _summed(module: Module, scope: Sequence[Module], folds: int, roles: Collection[str]) -> Size:
    """The closed form of what a layer holds over every repeat that it stands in, `folds` equal siblings together."""
    inner = Module(tensors=module.tensors, children=module.children)
    for outer in reversed([m for m in scope if m.over is not None]):
        inner = Module(children=[inner], over=outer.over)
    size = closed_form(inner, lambda t: t.size if t.role in roles and t.tied_to is None else None)
    return size if folds == 1 else tidy(mul(folds, size))


def spread(module: Module) -> Size:
    """How many copies of a module its `over` makes: 1 without one."""
    return 1 if module.over is None else tidy(add(module.over.last, mul(-1, module.over.first), 1))


# -- folding ----------------------------------------------------------------------------------------------------------


def rows_of(network: Network, depth: int | None = None) -> list[Row]:
    """The rows, checked: their totals add up to the network's (InvariantError otherwise).

    A module `depth` levels below the root is one row with everything in it.
    """
    signatures = signatures_of(network.root)
    rows: list[Row] = []
    stack: list[tuple[Module, str, Size, int, tuple[Module, ...], int]] = [(network.root, "", 1, 1, (), 0)]
    while stack:
        module, name, copies, folds, scope, level = stack.pop()
        if module.over is not None:
            copies = mul(copies, spread(module))
            scope = (*scope, module)
        if level == depth and module.children:
            rows.append(Row(name, module, copies, folds, scope, whole=True))
            continue
        if module.tensors or (module.kind is not None and not module.children):
            rows.append(Row(name, module, copies, folds, scope))
        children = [
            (first, _joined(name, module, first, label), mul(copies, count), folds * count, scope, level + 1)
            for first, label, count in folded(module, signatures)
        ]
        stack.extend(reversed(children))
    _check(network, rows)
    return rows


def _joined(path: str, parent: Module, child: Module, label: str) -> str:
    """The child's name under its parent's folded name."""
    if not parent.name:
        return label
    if child.name == parent.name:  # a part of a module under a condition of its own
        return path
    return f"{path}{mark_between(parent.name, child.name)}{label}"


def _check(network: Network, rows: list[Row]) -> None:
    known = network.totals.known
    if isinstance(known, int):
        held = sum(row.total for row in rows)
        if held != known:
            raise InvariantError(f"the rows sum to {held:,}, the network to {known:,}")
        for row in rows:
            row.share = round(row.total / known, 6) if known and not network.totals.unknown else None  # type: ignore[operator]
        return
    from nparams.expr import compare

    verdict = compare(add(*(row.total for row in rows)), known, network.lower)
    if verdict.answer == "different":
        raise InvariantError(f"the rows do not sum to the network's {known}: they differ at {verdict.witness}")


class Branch:
    """One line of the tree: a module or several equal ones, and the parameters in everything under it.

    `weights`, `biases` and `total` are for all copies; `unknown` says whether a parameter in it is not created yet.
    """

    __slots__ = ("biases", "children", "copies", "module", "name", "total", "unknown", "weights")

    def __init__(self, module: Module, parts: Sequence[Branch]) -> None:
        self.module = module
        self.name = module.name
        self.copies = spread(module)
        self.children = list(parts)
        self.weights: Size = _inside(module, {"weight"}, self.copies, [branch.weights for branch in parts])
        self.biases: Size = _inside(module, {"bias"}, self.copies, [branch.biases for branch in parts])
        whole = _int(self.weights, self.biases)
        self.total: Size = add(self.weights, self.biases) if whole else closed_form(module)
        own = any(t.size is None and t.role in PARAMETER_ROLES for t in module.tensors)
        self.unknown: bool = own or any(branch.unknown for branch in parts)

    def repeat(self, label: str, count: int) -> None:
        """Let the branch stand for `count` equal siblings."""
        self.name = label
        self.copies = mul(self.copies, count)
        self.weights, self.biases = mul(count, self.weights), mul(count, self.biases)
        self.total = mul(count, self.total)


def _inside(module: Module, roles: Collection[str], copies: Size, parts: Sequence[Size]) -> Size:
    """What a module and everything in it hold, all copies together; in symbols along the whole tree."""
    own = [t.size for t in module.tensors if t.role in roles and t.tied_to is None and t.size is not None]
    if _int(copies, *own, *parts):
        return add(*own, *parts) * copies
    return closed_form(module, lambda t: t.size if t.role in roles and t.tied_to is None else None)


def branches(network: Network) -> Branch:
    """The tree with equal siblings folded; a branch's total is for all its copies."""
    signatures = signatures_of(network.root)
    made: dict[int, Branch] = {}
    for module, _ in postorder(network.root):
        parts = [(made[id(first)], label, count) for first, label, count in folded(module, signatures)]
        for branch, label, count in parts:
            branch.repeat(label, count)
        made[id(module)] = Branch(module, [branch for branch, _, _ in parts])
    return made[id(network.root)]
