"""Whether a network is a plain chain of Dense layers, and its links: what the picture of nodes is drawn from."""

from __future__ import annotations

from itertools import pairwise

from nparams.errors import InvariantError
from nparams.expr import add, mul
from nparams.network import PARAMETER_ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.expr import Size
    from nparams.network import Module, Network
    from nparams.network.rows import Row

#: layers without parameters that leave a chain one: they change no width, or only the order of what flows
PASSING = frozenset(("Activation", "Dropout", "Flatten", "Identity", "Input", "Reshape", "Softmax"))
#: ends of names of layers that stand side by side although their widths would follow each other
BESIDE = frozenset("q k v query key value q_proj k_proj v_proj q_lin k_lin v_lin to_q to_k to_v wq wk wv".split())
#: layers that are looked at
MOST = 2_000


class Link:
    """A Dense layer between two columns of nodes; with `count` many, whose columns between are not drawn.

    `weights` and `biases` are those of all of them, `product` the weights before they are worked out (784·16).
    """

    __slots__ = ("biases", "count", "layer", "out", "product", "row", "takes", "weights")

    def __init__(
        self, row: str, layer: str, takes: Size, out: Size, weights: Size, biases: Size, product: Size | None,
        count: Size = 1,
    ) -> None:  # fmt: skip
        self.row = row
        self.layer = layer
        self.takes = takes
        self.out = out
        self.weights = weights
        self.biases = biases
        self.product = product
        self.count = count


def chain_of(network: Network) -> list[Link] | None:
    """The links from the inputs to the outputs; None where the network is anything else.

    >>> import nparams
    >>> [(link.takes, link.out, link.weights) for link in chain_of(nparams.read("784-16-16-10"))]
    [(784, 16, 12544), (16, 16, 256), (16, 10, 160)]
    """
    rows = network.layers
    held = [row for row in rows if row.holds]
    if not held or len(rows) > MOST or network.totals.unknown or any(map(_otherwise, rows)):
        return None
    modules = _layers(network.root)
    links = None if modules is None else _links(modules, held)
    if links is None or not all(_same(a.out, b.takes) for a, b in pairwise(links)):
        return None
    _check(network, links)
    return links


def _otherwise(row: Row) -> bool:
    if not row.holds:
        return row.kind not in PASSING
    return row.kind != "Dense" or bool(row.notes) or row.name.rpartition(".")[2] in BESIDE


def _layers(root: Module) -> list[Module] | None:
    """The Dense layers in order, without recursion; None if something is repeated that is not one of them alone."""
    found: list[Module] = []
    stack = [root]
    while stack:
        module = stack.pop()
        if (module.over is not None and module.children) or (module.tensors and module.children) or module.routed:
            return None
        if any(t.role in PARAMETER_ROLES for t in module.tensors):
            found.append(module)
        stack.extend(reversed(module.children))
    return found


class _Open:
    """A row, and how many of its layers have not been met yet."""

    __slots__ = ("left", "row")

    def __init__(self, row: Row) -> None:
        self.row = row
        self.left = row.copies


def _links(modules: Sequence[Module], rows: Sequence[Row]) -> list[Link] | None:
    """Each layer under the name of the row that counts it: rows fold equal layers in the order of the network."""
    waiting = [_Open(row) for row in rows]
    links: list[Link] = []
    for module in modules:
        widths = _widths(module)
        mine = next((each for each in waiting if _alike(each.row.module, module)), None)
        if widths is None or mine is None or len(links) > MOST:
            return None
        if module.over is None:
            links.append(_link(mine.row.name, module, widths))
            mine.left = add(mine.left, -1)
        else:
            links += _spread(mine.row, module, widths, first=not links)
            mine.left = 0
        if mine.left == 0:
            waiting.remove(mine)
    return None if waiting else links


def _alike(a: Module, b: Module) -> bool:
    return a is b or (
        a.over is None and b.over is None and _widths(a) == _widths(b) and len(a.tensors) == len(b.tensors)
    )


def _widths(module: Module) -> tuple[Size, Size] | None:
    """What it takes and what it gives, if its arrays are just a matrix between the two and one bias a neuron."""
    if not module.takes or not module.out or len(module.inputs) > 1:
        return None
    pair = (module.takes[-1], module.out[-1])
    if 0 in pair:
        return None
    shapes = {t.role: t.shape for t in module.tensors}
    if len(shapes) != len(module.tensors) or not set(shapes) <= PARAMETER_ROLES:
        return None
    return pair if shapes.get("weight") in (pair, pair[::-1]) and shapes.get("bias") in (None, pair[1:]) else None


def _link(row: str, module: Module, widths: tuple[Size, Size], i: Size | None = None) -> Link:
    """One layer; of those for every i, one of them."""
    sizes = {t.role: t.size for t in module.tensors}
    weights, biases = sizes["weight"], sizes.get("bias", 0)
    assert weights is not None
    assert biases is not None
    product = _product(module)
    takes, out = widths
    if i is not None and module.over is not None:
        takes, out, weights, biases = (_put(size, module.over.index, i) for size in (*widths, weights, biases))
        product = None if product is None else _put(product, module.over.index, i)
    return Link(row, module.name, takes, out, weights, biases, product)


def _product(module: Module) -> Size | None:
    """The weights in the layer's letters with its sizes put in, as they are explained."""
    from nparams.expr import replace_raw

    return next((replace_raw(part, module.args) for part, role, _ in module.why if role == "weight"), None)


def _put(size: Size, index: str, value: Size) -> Size:
    """A size of one of many copies; what is the same in all stays as it is written."""
    from nparams.expr import free_symbols, substitute

    return size if isinstance(size, int) or index not in free_symbols(size) else substitute(size, {index: value})


def _spread(row: Row, module: Module, widths: tuple[Size, Size], *, first: bool) -> list[Link]:
    """Layers for each i: all of them where their number is known; else the first, and all others as one link."""
    over, copies = module.over, row.copies
    assert over is not None
    if isinstance(copies, int) and copies <= MOST:
        return [_link(row.name, module, widths, add(over.first, k)) for k in range(copies)]
    begin, end = (_link(row.name, module, widths, i) for i in (over.first, over.last))
    each = _link(row.name, module, widths)
    many = Link(row.name, module.name, begin.takes, end.out, row.weights, end.biases, each.product, copies)
    if not first:
        return [many]
    many.takes, many.count = begin.out, add(copies, -1)
    if isinstance(copies, int):
        many.weights = add(row.weights, mul(-1, begin.weights))
        many.biases = add(row.biases, mul(-1, begin.biases))
    return [begin, many]


def _same(a: Size, b: Size) -> bool:
    if a == b:
        return True
    from nparams.expr import compare

    return compare(a, b).answer == "equal"


def _check(network: Network, links: Sequence[Link]) -> None:
    """What is written under the columns sums to the totals, or nothing is drawn."""
    if not network.is_numeric:
        return
    for name, want in (("weights", network.totals.weights), ("biases", network.totals.biases)):
        held = add(*(getattr(link, name) for link in links))
        if held != want:
            raise InvariantError(f"the {name} of the links sum to {held:,}, not to {want:,}")
