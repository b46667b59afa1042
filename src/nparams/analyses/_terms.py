"""A network as sums of products with a letter at each factor: what a mistake in counting changes.

A unit is one layer (or several equal ones), a term one array of it: conv1.weight is k_h·k_w·c_in·c_out.  The letters
come from one table by kind and array; an array that the table does not know has factors without letters.
"""

from __future__ import annotations

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

NORMS = frozenset(("BatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm", "RMSNorm"))
RECURRENT = frozenset(("SimpleRNN", "LSTM", "GRU"))
CONVOLUTIONS = frozenset(("Conv", "ConvTranspose"))
POOLS = frozenset(("MaxPool", "AvgPool"))
TABLES = frozenset(("Embedding", "PositionEmbedding"))
#: gates of recurrent kinds, as layers/recurrent.py has them
GATES = {"LSTM": 4, "GRU": 3}

_DENSE = {"weight": "n_out n_in", "bias": "n_out", "lora_A": "r n_in", "lora_B": "n_out r", "magnitude": "n_out"}
_CONV = {"weight": "c_out c_in k k k", "bias": "c_out"}
_NORM = {"weight": "c", "bias": "c"}
_CELL = {"weight_ih": "gh n", "weight_hh": "gh back", "weight_hr": "p h", "bias": "gh", "bias_ih": "gh",
         "bias_hh": "gh"}  # fmt: skip
#: kind -> array -> the letters of its sides; as the modules of layers/ make them
LETTERS: dict[str, dict[str, str]] = {
    "Dense": _DENSE,
    "LoRA": _DENSE,
    "Conv": _CONV,
    "ConvTranspose": {"weight": "c_in c_out k k k", "bias": "c_out"},
    "DepthwiseConv": {"weight": "c_in 1 k k k", "bias": "c_in"},
    "SeparableConv": {"depthwise.weight": "c_in 1 k k k", "depthwise.bias": "c_in",
                      "pointwise.weight": "c_out c_in 1 1 1", "pointwise.bias": "c_out"},
    "PatchEmbedding": {"weight": "d c_in k k", "bias": "d"},
    **dict.fromkeys(NORMS, _NORM),
    **dict.fromkeys(RECURRENT, _CELL),
    "ConvLSTM": {"weight_ih": "gh c_in k k k", "weight_hh": "gh back k k k", "bias": "gh"},
    "Embedding": {"weight": "V d"},
    "PositionEmbedding": {"weight": "n d"},
    "Attention": {"q.weight": "q d", "k.weight": "kv d", "v.weight": "kv d", "o.weight": "d o", "q.bias": "q",
                  "k.bias": "kv", "v.bias": "kv", "o.bias": "d"},
    "FeedForward": {"gate.weight": "f d", "up.weight": "f d", "down.weight": "d f", "gate.bias": "f", "up.bias": "f",
                    "down.bias": "d"},
}  # fmt: skip


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
        self.blocks: list[Block] = []
        self.units: list[Unit] = []
        rows = network.layers
        self._walk(branches(network), "", iter(rows))
        self.total: Size = network.totals.known
        #: which units hold anything
        self.held = [i for i, unit in enumerate(self.units) if unit.terms]

    def _walk(self, branch: Branch, name: str, rows: Iterable[Row]) -> None:
        """Units and blocks, in the order of the rows of every view."""
        stack: list[tuple[Branch, int | None]] = [(branch, None)]
        rows = iter(rows)
        while stack:
            found, start = stack.pop()
            if start is not None:
                self.blocks.append(Block(found.name, tuple(range(start, len(self.units))), found.copies))
                continue
            if found.copies != 1:
                stack.append((found, len(self.units)))
            if found.module.tensors or (found.module.kind is not None and not found.module.children):
                self.units.append(_unit(next(rows)))
            stack.extend((child, None) for child in reversed(found.children))

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
    terms = [term for t in module.tensors if (term := _term(module, t)) is not None]
    made = Unit(row.name, module, terms, row.copies)
    same = made.size == row.total or isinstance(row.total, Expr)
    return made if same else Unit(row.name, module, _opaque(row), 1)


def _opaque(row: Row) -> list[Term]:
    pairs = (("weight", row.weights), ("bias", row.biases))
    return [Term(role, role, (("", size),)) for role, size in pairs if size != 0]


def _term(module: Module, tensor: Tensor) -> Term | None:
    if tensor.role not in PARAMETER_ROLES or tensor.tied_to is not None or tensor.shape is None:
        return None
    leaf = tensor.name[len(module.name) + 1 :] if module.name else tensor.name
    letters = LETTERS.get(module.kind or "", {}).get(leaf.removesuffix("_reverse"), "").split()
    if module.kind is None:
        letters = _by_shape(tensor)
    if module.kind == "Conv" and leaf == "weight" and "n" in module.args:  # a table of connections, LeNet-5's C3
        letters = ["n", "k", "k", "k"]
    if len(letters) < len(tensor.shape):
        letters = [""] * len(tensor.shape)
    pairs = [_split(module, letter, size) for letter, size in zip(letters, tensor.shape, strict=False)]
    return Term(leaf, tensor.role, tuple(pair for pair in _textbook([p for group in pairs for p in group])))


def _by_shape(tensor: Tensor) -> list[str]:
    """An array of a file, whose kind nobody says: a matrix is a dense layer's, three sides or more a convolution's."""
    sides = len(tensor.shape or ())
    if tensor.role == "bias":
        return ["n_out"] if sides == 1 else []
    return {1: ["c"], 2: ["n_out", "n_in"], 3: _CONV["weight"].split(), 4: _CONV["weight"].split()}.get(sides, [])


def _split(module: Module, letter: str, size: Size) -> list[tuple[str, Size]]:
    """A side of several factors apart: the 4·h rows of an LSTM; a side of 1 that only fills the shape is none."""
    if letter == "1":
        return [] if size == 1 else [("", size)]
    if letter == "gh":
        gates, h = GATES.get(module.kind or "", 4 if module.kind == "ConvLSTM" else 1), module.args.get("h")
        if h is not None and mul(gates, h) == size:
            return [("g", gates), ("h", h)] if gates != 1 else [("h", h)]
        return [("", size)]
    return [(letter, size)]


#: how texts order the sides of an array
ORDER = ("g", "k", "", "V", "n", "n_in", "c_in", "d")


def _textbook(pairs: list[tuple[str, Size]]) -> list[tuple[str, Size]]:
    """Gates, kernel, what comes in, what goes out: 3·3·64·128."""
    return sorted(pairs, key=lambda pair: ORDER.index(pair[0]) if pair[0] in ORDER else len(ORDER))
