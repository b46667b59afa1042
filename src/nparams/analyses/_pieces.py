"""A network as pieces that can be held against another's: every layer with arrays of its own, copies written out."""

from __future__ import annotations

from nparams.analyses._terms import Term, terms_of
from nparams.expr import add, mul
from nparams.network import PARAMETER_ROLES
from nparams.network.folding import depends
from nparams.network.rows import spread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from nparams.expr import Size
    from nparams.network import Module, Network, Tensor

#: pieces that copies are written out to; where there would be more, equal copies stay one piece
WRITTEN_OUT = 20_000
#: arrays that are measured while training: what makes a norm a batch norm in a file
STATISTICS = ("running_mean", "moving_mean")


class Piece:
    """One layer: its parameters by role, what it shares with another layer, and how many copies it stands for."""

    __slots__ = ("biases", "copies", "kind", "name", "normalises", "place", "products", "sizes", "tied", "weights")

    def __init__(
        self, name: str, module: Module, terms: list[Term], tied: list[Size], copies: Size, place: int
    ) -> None:
        self.name = name
        self.kind = module.kind
        self.copies = copies
        #: its number in the network
        self.place = place
        self.weights = _sorted(t.size for t in terms if t.role == "weight")
        self.biases = _sorted(t.size for t in terms if t.role == "bias")
        #: all sizes, whatever their roles are called
        self.sizes = _sorted((*self.weights, *self.biases))
        #: what is another layer's, and adds nothing here
        self.tied = _sorted(tied)
        #: each array as a product, weights first
        ordered = sorted(terms, key=lambda t: t.role == "bias")
        self.products = [tuple(size for _, size in t.factors) for t in ordered]
        self.normalises = module.kind == "BatchNorm" or (
            module.kind is None and any(t.name.rpartition(".")[2] in STATISTICS for t in module.tensors)
        )

    @property
    def size(self) -> Size:
        """Parameters of all its copies."""
        return mul(self.copies, self.each)

    @property
    def each(self) -> Size:
        """Parameters of one copy."""
        return add(*self.sizes)


def _sorted(sizes: Iterable[Size]) -> tuple[Size, ...]:
    return tuple(sorted(sizes, key=lambda s: (not isinstance(s, int), s if isinstance(s, int) else str(s))))


def both(a: Network, b: Network, apart: Collection[str] = ()) -> tuple[list[Piece], list[Piece]]:
    """The layers of two networks that hold parameters, or share another's; copies written out in both or neither.

    Tensors whose names are in `apart` are left out.
    """
    expand = max(_count(a), _count(b)) <= WRITTEN_OUT
    return _pieces(a, expand, apart), _pieces(b, expand, apart)


def _pieces(network: Network, expand: bool, apart: Collection[str]) -> list[Piece]:
    made: list[Piece] = []
    for name, module, copies in _modules(network.root, expand=expand):
        tied = [t.size for t in module.tensors if t.tied_to is not None and t.size is not None and _counts(t)]
        layers = _layers([term for t in module.tensors if t.name not in apart for term in terms_of(module, t)])
        for k, terms in layers.items():
            if terms or tied:
                called = f"{name}.l{k}" if len(layers) > 1 else name
                made.append(Piece(called, module, terms, tied, copies, len(made)))
    return made


def _counts(t: Tensor) -> bool:
    return t.role in PARAMETER_ROLES


def _layers(terms: list[Term]) -> dict[int, list[Term]]:
    """The arrays of each layer, where one module of torch.nn.LSTM holds several."""
    found: dict[int, list[Term]] = {0: []}
    for term in terms:
        number = term.leaf.partition("_l")[2].partition("_")[0]
        found.setdefault(int(number) if number.isdigit() and len(number) < 9 else 0, []).append(term)
    return found


def _count(network: Network) -> int:
    """How many pieces there would be with copies written out, more than the limit where that is not a number."""
    total, stack = 0, [(network.root, 1)]
    while stack and total <= WRITTEN_OUT:
        module, times = stack.pop()
        ends = _ends(module)
        times *= max(0, ends[1] - ends[0] + 1) if ends else 1
        total += times if module.tensors else 0
        stack.extend((child, times) for child in module.children)
    return total


def _ends(module: Module) -> tuple[int, int] | None:
    over = module.over
    if over is None or not isinstance(over.first, int) or not isinstance(over.last, int):
        return None
    return None if depends(module, over.index) else (over.first, over.last)


def _modules(root: Module, *, expand: bool) -> Iterator[tuple[str, Module, Size]]:
    """(name, module, copies) in order; each copy by its number where copies are written out."""
    stack: list[tuple[Module, tuple[tuple[str, int], ...], Size, bool]] = [(root, (), 1, False)]
    while stack:
        module, numbers, copies, alone = stack.pop()
        ends = _ends(module) if expand and not alone else None
        if ends is not None and module.over is not None:
            index = module.over.index
            stack.extend((module, (*numbers, (index, k)), copies, True) for k in range(ends[1], ends[0] - 1, -1))
            continue
        if module.over is not None and not alone:
            copies = mul(copies, spread(module))
        if module.tensors:
            yield _numbered(module.name, numbers), module, copies
        stack.extend((child, numbers, copies, False) for child in reversed(module.children))


def _numbered(name: str, numbers: tuple[tuple[str, int], ...]) -> str:
    for index, k in numbers:
        name = name.replace(f"[{index}]", str(k), 1)
    return name
