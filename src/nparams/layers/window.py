"""Windows that slide along sides: kernels, strides, paddings, and what comes out of them.

Source: Dumoulin and Visin, A guide to convolution arithmetic (arXiv 1603.07285), §2-4.
"""

from __future__ import annotations

from nparams.expr import add, mul
from nparams.layers.flow import Flow, half, reach, windows
from nparams.layers.kind import Param

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.layers.flow import Sides
    from nparams.layers.layer import Layer

#: letters of the sides of a kernel, by how many there are
KERNEL_LETTERS = {1: ("k",), 2: ("k_h", "k_w"), 3: ("k_d", "k_h", "k_w")}


class Window:
    """A kernel and how it slides: all as long as there are sides."""

    def __init__(self, l: Layer, *, kernel: str = "k", stride: str = "s", rank: int | None = None) -> None:
        #: how many sides it slides along
        self.rank = rank or rank_of(l, l.value(kernel))
        said = l.value(kernel)
        self.sides = sides_of(l, self.rank)
        if said is None:
            said = (l.setting.stand_in("k", l.name, "the size of the kernel"),)
        self.kernel = spread(l, said, self.rank, "kernel")
        self.stride = spread(l, l.value(stride) or (1,), self.rank, "stride")
        self.dilation = spread(l, l.value("d") if "d" in l.kind.params else (1,), self.rank, "dilation")
        padding = l.value("p")
        self.padding = padding if isinstance(padding, str) else spread(l, padding, self.rank, "padding")
        for letter, size in zip(KERNEL_LETTERS[self.rank], self.kernel, strict=True):
            l.args[letter] = size

    @property
    def letters(self) -> str:
        """The product of the kernel's sides in letters: k_h*k_w."""
        return "*".join(KERNEL_LETTERS[self.rank])

    def out(self, l: Layer) -> Sides | None:
        """The sides that come out, each with its arithmetic in the explanation; None where they are not known."""
        if self.sides is None:
            return None
        return tuple(self._side(l, i, n) for i, n in enumerate(self.sides))

    def _side(self, l: Layer, i: int, n: Size) -> Size:
        span, s = reach(self.kernel[i], self.dilation[i]), self.stride[i]
        if self.padding in ("same", "causal"):
            return half(n, s)
        p = self.padded(i, span)
        return windows(n, span, s, p)

    def padded(self, i: int, span: Size) -> Size:
        """Zeros at both ends together."""
        if self.padding == "full":
            return mul(2, add(span, -1))
        return 0 if isinstance(self.padding, str) else mul(2, self.padding[i])


def rank_of(l: Layer, kernel: Sides | None) -> int:
    """How many sides: as the name says (conv1d), as the kernel has, as come in; else 2, an image."""
    rank, sides = l.given.get("rank"), l.takes.positions
    if isinstance(rank, int):
        return rank
    if kernel is not None and len(kernel) == 3 and (sides is None or len(sides) < 3):
        return _flat_kernel(l, kernel)
    if kernel is not None and len(kernel) > 1:
        l.check(len(kernel) <= 3, f"a kernel of {len(kernel)} sides: there are 1-d, 2-d and 3-d convolutions")
        return len(kernel)
    if sides is None or not sides:
        return 2
    l.check(len(sides) <= 3, f"{shape_text(l)} has {len(sides)} sides: there are 1-d, 2-d and 3-d convolutions")
    return len(sides)


def _flat_kernel(l: Layer, kernel: Sides) -> int:
    """A kernel of 5x5x48 on an image: 5x5 over its 48 channels, as papers write it, if 48 come in."""
    told = "x".join(map(str, kernel))
    flat = "x".join(map(str, kernel[:2]))
    l.check("c_in" in l.kind.params, f"windows of {told} have three sides; write {flat} for those of an image")
    l.check(
        l.takes.positions is not None and len(l.takes.positions) == 2 and l.takes.channels == kernel[2],
        f"a kernel of {told} reads two ways: write conv3d ... {told} for one of three sides, or {flat} on {kernel[2]} "
        "for one that covers all channels of an image",
    )
    l.given = {**l.given, "k": kernel[:2]}
    return 2


def sides_of(l: Layer, rank: int) -> Sides | None:
    """The sides that come in; a shape that is one short has its channels left out (28x28)."""
    sides = l.takes.positions
    if sides is None or len(sides) == rank:
        return sides
    if len(sides) == rank - 1 and l.takes.channels is not None and not l.takes.spread:
        l.takes = Flow((*sides, l.takes.channels), None, first=l.takes.first)
        return l.takes.positions
    l.check(False, f"it slides along {rank} side{'s' if rank > 1 else ''}, but {shape_text(l)} comes in")
    return None


def shape_text(l: Layer) -> str:
    """What comes in, for a message."""
    return "x".join(str(size).replace(" ", "") for size in l.takes.shape or ()) or "nothing"


def spread(l: Layer, said: Sides, rank: int, what: str) -> Sides:
    """One number for every side, or one each."""
    if len(said) == 1:
        return said * rank
    l.check(
        len(said) == rank,
        f"its {what} has {len(said)} sides ({'x'.join(map(str, said))}), but it slides along {rank}",
    )
    return said


def covers(w: Window) -> str:
    """The kernel's sides for a sentence: {k_h}·{k_w}."""
    return "·".join(f"{{{letter}}}" for letter in KERNEL_LETTERS[w.rank])


def sent(l: Layer, w: Window, channels: Size, out: Sides | None = None) -> None:
    """What goes out, and where its sides come from."""
    out = w.out(l) if out is None else out
    l.sends = l.takes.but(positions=out, channels=channels, spread=False, unseen=w.rank > 1)
    if out is not None and w.sides is not None:
        tell_sides(l, w, out)


def tell_sides(l: Layer, w: Window, out: Sides, what: str = "It can stand at {told} = {{out}} positions") -> None:
    """The sentence that works out one side, the first."""
    assert w.sides is not None
    n, m, k, s = w.sides[0], out[0], reach(w.kernel[0], w.dilation[0]), w.stride[0]
    if w.padding in ("same", "causal"):
        if s == 1:
            l.say("Its padding keeps every side as long as it was.")
        else:
            l.say("So padded, a side is divided by the stride and rounded up: {side}/{stride} gives {out}.",
                  side=n, stride=s, out=m)  # fmt: skip
        return
    p = w.padded(0, k)
    taken = "{side} - {span}" if p == 0 else "{side} + {padding} - {span}"
    told = f"{taken} + 1" if s == 1 else f"({taken})/{{stride}} + 1, rounded down,"
    l.say(f"{what.format(told=told)} along a side.", side=n, span=k, padding=p, stride=s, out=m)


SIZE = Param("k", "kernel k kernelsize filtersize size ksize", "the size of the kernel", "shape")
STRIDE = Param("s", "stride s strides subsample", "the stride", "shape", (1,), counts=False)
PADDING = Param("p", "padding pad p bordermode", "the padding", "padding", "valid", counts=False)
DILATION = Param("d", "dilation dilated dilationrate atrous d rate", "the dilation", "shape", (1,), counts=False)
SLIDES = (SIZE, STRIDE, PADDING, DILATION)
