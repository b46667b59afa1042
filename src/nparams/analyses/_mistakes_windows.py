"""Mistakes about convolutions and pooling: channels, kernels, groups, the size of the image."""

from __future__ import annotations

from nparams.analyses._edits import Edit, Mistake, everywhere, fits
from nparams.analyses._mistakes_biases import positions
from nparams.analyses._terms import CONVOLUTIONS, POOLS, Case, Term, Unit
from nparams.expr import add, mul

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nparams.expr import Size

ALL = (*CONVOLUTIONS, "DepthwiseConv", "SeparableConv")


def _on_weights(change: Callable[[Term], Term | None]) -> Callable[[Unit], Unit | None]:
    return lambda unit: unit.each(lambda t: t if t.role == "bias" else change(t))


def _convolutions(case: Case) -> list[int]:
    """Convolutions that mix channels, and arrays of files that look like one."""
    found = [i for i in case.held if case.units[i].kind in (*CONVOLUTIONS, None)]
    units = [(i, case.units[i]) for i in found]
    return [i for i, unit in units if (unit.value("k") is not None and unit.arg("g") in (None, 1)) or _mixes(unit)]


def _mixes(unit: Unit) -> bool:
    """Whether it has groups of more than one channel: with one it filters each by itself."""
    return unit.arg("g") is not None and unit.arg("g") != unit.arg("c_in")


def _channels(case: Case) -> Iterator[Edit]:
    at = _convolutions(case)
    yield from everywhere(
        case, "You forgot that each filter{of} has weights for every channel that comes in",
        _on_weights(lambda t: t.without("c_in")), at, ends=True,
    )  # fmt: skip


def _first_channels(case: Case) -> Iterator[Edit]:
    at = _convolutions(case)
    came = case.units[at[0]].value("c_in") if at else None
    if came is not None:
        says = f"You gave every filter{{where}} the {came} channels of the image, not those of the layer before"
        yield from everywhere(case, says, _on_weights(lambda t: t.put("c_in", came)), at[1:])


def _filters(case: Case) -> Iterator[Edit]:
    says = "You counted one filter, not all of them{where}"
    yield from everywhere(case, says, lambda unit: unit.each(lambda t: t.without("c_out")), _convolutions(case))


def _kernel_once(case: Case) -> Iterator[Edit]:
    says = "You took one side of the kernel, not all its sides{where}"
    yield from everywhere(
        case, says, _on_weights(lambda t: t.without("k", 1) if _sides(t) > 1 else t), _convolutions(case)
    )


def _sides(term: Term) -> int:
    return sum(letter == "k" for letter, _ in term.factors)


def _by_positions(case: Case) -> Iterator[Edit]:
    """Weights of their own at every position: the image's size multiplied in."""
    for says, which, whole in (
        ("You multiplied the weights{of} by the positions of the image: they are shared by all", "out", False),
        ("You multiplied the weights and biases{of} by the positions of the image: they are shared", "out", True),
        ("You multiplied the weights{of} by the size of the image that comes in: they are shared by all", "in", False),
        ("You multiplied all{where} by the size of the image that comes in: it plays no part", "in", True),
    ):

        def change(unit: Unit, which: str = which, whole: bool = whole) -> Unit | None:
            size = _places(unit, which)
            return (
                None if size is None else unit.each(lambda t: t.times("at", size) if whole or t.role == "weight" else t)
            )

        yield from everywhere(case, says, change, case.of(ALL))


def _places(unit: Unit, which: str) -> Size | None:
    if which == "out":
        out = unit.value("c_out")
        return positions(unit.out, unit.arg("c_in") if unit.kind == "DepthwiseConv" else out)
    return positions(unit.takes, unit.arg("c_in"))


def _pixels(case: Case) -> Iterator[Edit]:
    """A convolution counted like a dense layer over its image."""

    def change(unit: Unit) -> Unit | None:
        size = _places(unit, "in")
        if size is None:
            return None
        return unit.each(lambda t: t if t.role == "bias" else t.without("k").times("side", size))

    yield from everywhere(case, "You counted a weight for each pixel, not for each place of the kernel{of}", change,
                          case.of(("Conv",)))  # fmt: skip


def _groups(case: Case) -> Iterator[Edit]:
    def whole(unit: Unit) -> Unit | None:
        c = unit.arg("c_in")
        if c is None:
            return None
        if unit.kind == "DepthwiseConv":
            return _on_weights(lambda t: t.times("c", c))(unit)
        if unit.kind == "SeparableConv":
            kernel = [pair for t in unit.terms if t.leaf == "depthwise.weight" for pair in t.factors if pair[0] == "k"]
            full = [Term(t.leaf, t.role, (*kernel, *t.factors)) if t.leaf == "pointwise.weight" else t
                    for t in unit.terms]  # fmt: skip
            return unit.but([t for t in full if not t.leaf.startswith("depthwise")])
        return unit.each(lambda t: t.put("c_in", c)) if unit.kind == "Conv" else None

    def both(unit: Unit) -> Unit | None:
        g, out = unit.arg("g"), unit.value("c_out")
        if g is None or out is None or unit.kind != "Conv" or (isinstance(g, int) and g < 2):
            return None
        return _on_weights(lambda t: t.put("c_out", out // g))(unit)

    at = case.of(ALL)
    yield from everywhere(case, "You counted a full convolution, as if each filter saw all channels{where}: it is in "
                          "groups", whole, at)  # fmt: skip
    yield from (
        _later(e) for e in everywhere(case, "You divided both channels and filters by the groups{where}", both, at)
    )


def _later(edit: Edit) -> Edit:
    edit.scope += 2
    return edit


def _halves(case: Case) -> Iterator[Edit]:
    at = case.of(("SeparableConv",))
    for leaf, what in (
        ("pointwise", "1·1 convolution that mixes the channels"),
        ("depthwise", "filters of each channel"),
    ):
        yield from everywhere(
            case, f"You left out the {what}{{where}}",
            lambda unit, leaf=leaf: unit.each(lambda t: None if t.leaf.startswith(leaf) else t), at,  # type: ignore[misc]
        )  # fmt: skip


def _padded(case: Case) -> Iterator[Edit]:
    def grown(unit: Unit) -> Unit | None:
        p = unit.arg("padding")
        if p is None or p == 0:
            return None
        return unit.each(lambda t: Term(t.leaf, t.role, tuple(
            (a, add(s, p) if a == "k" else s) for a, s in t.factors)))  # fmt: skip

    def strided(unit: Unit) -> Unit | None:
        s = unit.arg("stride")
        return None if s is None or s == 1 else unit.each(lambda t: t.put("k", s))

    at = case.of(CONVOLUTIONS)
    yield from everywhere(case, "You added the padding to the kernel{of}", grown, at)
    yield from everywhere(case, "You took the stride for the size of the kernel{of}", strided, at)


def _pools(case: Case) -> Iterator[Edit]:
    """Pooling has nothing to learn; LeNet-5's subsampling of 1998 had two numbers a map."""
    at = [i for i, unit in enumerate(case.units) if unit.kind in POOLS]
    for says, letters in (
        ("You counted filters for the pooling{of}: it has no weights", "kkcc"),
        ("You counted a filter for each channel of the pooling{of}: it has no weights", "kkc"),
        ("You counted the windows of the pooling{of}: it has no weights", "kk"),
        ("You counted a factor and a bias for each channel of the pooling{of}, as LeNet-5 of 1998 had", "2c"),
    ):
        for biased in (False, True) if "kk" in letters else (False,):

            def change(unit: Unit, letters: str = letters, biased: bool = biased) -> Unit | None:
                return _pooled(unit, letters, biased)

            told = says.replace(": it has", ", with biases: it has") if biased else says
            yield from everywhere(case, told, change, at)


def _pooled(unit: Unit, letters: str, biased: bool) -> Unit | None:
    k, shape = unit.arg("span"), unit.takes
    if k is None or shape is None or len(shape) < 2 or unit.out is None:
        return None
    c = shape[0] if shape[0] == unit.out[0] else shape[-1]
    sizes = {"k": k, "c": c, "2": 2}
    term = Term("pool", "weight", tuple((a, sizes[a]) for a in letters))
    bias = (Term("bias", "bias", (("c", c),)),) if biased else ()
    return unit.but((term, *bias))


def _joined(case: Case) -> Iterator[Edit]:
    """A layer after a concatenation, counted with the channels of one branch."""
    found: list[int] = []
    parts: dict[str, list[Size]] = {}
    for k, unit in enumerate(case.units):
        if unit.kind != "Concat" or unit.takes is None or unit.out is None:
            continue
        after = next((i for i in case.held if i > k), None)
        if after is not None:
            side = 0 if unit.takes[1:] == unit.out[1:] and len(unit.out) > 1 else -1
            one, both = unit.takes[side], unit.out[side]
            found.append(after)
            parts[case.units[after].name] = [both, one, add(both, mul(-1, one))]
    for which, end in ((1, "first"), (2, "other")):

        def change(unit: Unit, which: int = which) -> Unit | None:
            sizes = parts[unit.name]
            letter = next((a for a in ("c_in", "n_in", "c") if unit.value(a) == sizes[0]), None)
            return None if letter is None else unit.each(lambda t: t.put(letter, sizes[which]))

        says = f"You forgot that the channels of both branches come in{{where}}, and took those of the {end} one"
        yield from everywhere(case, says, change, fits(case, change, found))


ROWS = (
    Mistake("input channels forgotten", 1.6, _channels),
    Mistake("the image's channels everywhere", 3.5, _first_channels),
    Mistake("one filter", 4, _filters),
    Mistake("one side of the kernel", 4, _kernel_once),
    Mistake("image size multiplied in", 2.6, _by_positions),
    Mistake("a weight for each pixel", 4, _pixels),
    Mistake("groups ignored", 1.9, _groups),
    Mistake("half of a separable convolution", 3, _halves),
    Mistake("padding or stride used", 5, _padded),
    Mistake("weights of pooling", 3.6, _pools),
    Mistake("joined channels forgotten", 2.6, _joined),
)
