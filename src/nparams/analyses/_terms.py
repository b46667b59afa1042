"""A network as sums of products with a letter at each factor: what a mistake in counting changes.

A unit is one layer (or several equal ones), a term one array of it: conv1.weight is k·k·c_in·c_out.  _leaves.py has
the letters; an array that it does not know has factors without letters.
"""

from __future__ import annotations

from nparams.analyses._leaves import arrays
from nparams.analyses._text import called
from nparams.expr import Expr, add, mul, product
from nparams.network import PARAMETER_ROLES
from nparams.network.folding import depends
from nparams.network.rows import branches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from nparams.expr import Size
    from nparams.network import Module, Network, Tensor
    from nparams.network.rows import Branch, Row

    Factors = tuple[tuple[str, Size], ...]

CONVOLUTIONS = frozenset(("Conv", "ConvTranspose"))
POOLS = frozenset(("MaxPool", "AvgPool"))
TABLES = frozenset(("Embedding", "PositionEmbedding"))


class Term:
    """One array: its last names, its role, and its sides with their letters.

    >>> Term("weight", "weight", (("n_in", 784), ("n_out", 16))).size
    12544
    """

    __slots__ = ("factors", "leaf", "role", "size")

    def __init__(self, leaf: str, role: str, factors: Factors) -> None:
        self.leaf = leaf
        self.role = role
        self.factors = factors
        self.size: Size = product([size for _, size in factors])

    def value(self, letter: str) -> Size | None:
        """The side of that letter."""
        return next((size for held, size in self.factors if held == letter), None)

    def put(self, letter: str, size: Size) -> Term:
        """The same with another side for a letter."""
        return Term(self.leaf, self.role, tuple((held, size if held == letter else s) for held, s in self.factors))

    def without(self, letter: str, times: int = 9) -> Term:
        """The same without the sides of a letter (the first `times` of them)."""
        kept = []
        for held, size in self.factors:
            if held == letter and times:
                times -= 1
            else:
                kept.append((held, size))
        return Term(self.leaf, self.role, tuple(kept))

    def times(self, letter: str, size: Size) -> Term:
        """The same with one more factor in front."""
        return Term(self.leaf, self.role, ((letter, size), *self.factors))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Term) and (self.factors, self.role) == (other.factors, other.role)

    def __hash__(self) -> int:
        return hash((self.factors, self.role))


class Unit:
    """One layer, or `copies` equal ones: its terms, and what flows in and out."""

    __slots__ = ("copies", "kind", "module", "name", "out", "size", "takes", "terms")

    def __init__(self, name: str, module: Module, terms: Sequence[Term], copies: Size) -> None:
        self.name = name
        self.module = module
        self.kind = module.kind
        self.takes = module.takes
        self.out = module.out
        self.terms = tuple(terms)
        self.copies = copies
        self.size: Size = mul(copies, add(*(term.size for term in self.terms)))

    def but(self, terms: Iterable[Term] | None = None, copies: Size | None = None) -> Unit:
        """The same with other terms, or another number of copies."""
        kept = self.terms if terms is None else tuple(terms)
        return Unit(self.name, self.module, kept, self.copies if copies is None else copies)

    def each(self, change: Callable[[Term], Term | None]) -> Unit:
        """The same with each term changed, and left out where the change gives None."""
        return self.but([made for term in self.terms if (made := change(term)) is not None])

    @property
    def called(self) -> str:
        """Its name in a sentence."""
        return called(self.name)

    def arg(self, letter: str) -> Size | None:
        """What was said, or follows, for a letter of the layer."""
        return self.module.args.get(letter)

    def value(self, letter: str) -> Size | None:
        """The side of that letter, in the first array that has it."""
        return next((size for term in self.terms if (size := term.value(letter)) is not None), None)

    def has(self, role: str) -> bool:
        """Whether any array has that role."""
        return any(term.role == role for term in self.terms)


class Block:
    """A part of the network that stands there several times: which units, and how many copies."""

    __slots__ = ("at", "copies", "name")

    def __init__(self, name: str, at: tuple[int, ...], copies: Size) -> None:
        self.name = name
        self.at = at
        self.copies = copies


class Case:
    """A network made ready for mistakes."""

    def __init__(self, network: Network) -> None:
        self.network = network
        #: what stands there several times; and every part that holds layers, copies and all
        self.blocks: list[Block] = []
        self.parts: list[Block] = []
        self.units: list[Unit] = []
        rows = network.layers
        self._walk(branches(network), iter(rows))
        self.total: Size = network.totals.known
        #: which units hold anything
        self.held = [i for i, unit in enumerate(self.units) if unit.terms]

    def _walk(self, branch: Branch, rows: Iterable[Row]) -> None:
        """Units and blocks, in the order of the rows of every view."""
        stack: list[tuple[Branch, str, int | None]] = [(branch, "", None)]
        rows = iter(rows)
        while stack:
            found, name, start = stack.pop()
            if start is not None:
                block = Block(name, tuple(range(start, len(self.units))), found.copies)
                self.parts += [block] if found.children and name else []
                self.blocks += [block] if found.copies != 1 else []
                continue
            name = f"{name}.{found.name}" if name else found.name
            if found.copies != 1 or found.children:
                stack.append((found, name, len(self.units)))
            if found.module.tensors or (found.module.kind is not None and not found.module.children):
                self.units.append(_unit(next(rows)))
            stack.extend((child, name, None) for child in reversed(found.children))

    def of(self, kinds: Collection[str | None]) -> list[int]:
        """The units of some kinds that hold anything."""
        return [i for i in self.held if self.units[i].kind in kinds]

    def before(self, i: int) -> Unit | None:
        """The unit before the i-th that holds anything."""
        held = [k for k in self.held if k < i]
        return self.units[held[-1]] if held else None


def _unit(row: Row) -> Unit:
    """One row of the table: letters where the arrays are plainly there, else one term a role."""
    module = row.module
    if module.over is not None and depends(module, module.over.index):
        return Unit(row.name, module, _opaque(row), 1)
    terms = [term for t in module.tensors for term in terms_of(module, t)]
    made = Unit(row.name, module, terms, row.copies)
    same = made.size == row.total or isinstance(row.total, Expr)
    return made if same else Unit(row.name, module, _opaque(row), 1)


def _opaque(row: Row) -> list[Term]:
    pairs = (("weight", row.weights), ("bias", row.biases))
    return [Term(role, role, (("", size),)) for role, size in pairs if size != 0]


def terms_of(module: Module, tensor: Tensor) -> list[Term]:
    """The products of one array: one, or several where its source packs them."""
    if tensor.role not in PARAMETER_ROLES or tensor.tied_to is not None or tensor.shape is None:
        return []
    front = f"{module.name}."
    leaf = tensor.name.removeprefix(front) if module.name else tensor.name
    return [Term(name, tensor.role, tuple(pairs)) for name, pairs in arrays(module, leaf, tensor.role, tensor.shape)]
