"""Pooling: the largest value or the mean of windows; nothing to learn.

Source: Dumoulin and Visin, A guide to convolution arithmetic (arXiv 1603.07285), §3; torch.nn.MaxPool2d for rounding
up; keras.layers.MaxPooling2D for `same`.
"""

from __future__ import annotations

from nparams.expr import mul
from nparams.layers.flow import half, windows
from nparams.layers.kind import Kind, Param
from nparams.layers.window import Window, spread, tell_sides

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.layers.layer import Layer


def _pool(l: Layer) -> None:
    taken = "the mean" if l.kind.name == "AvgPool" else "the largest value"
    l.say(f"It takes {taken} of each window: nothing to learn, no weights.")
    if l.takes.positions is None:
        return
    stride = l.value("s") or l.value("k")
    if stride is None:
        l.say("How large its windows are is not said.")
        l.sends = l.takes.but(positions=None, unseen=len(l.takes.positions) > 1)
        return
    l.given = {**l.given, "s": stride}
    w = Window(l)
    assert w.sides is not None
    out = tuple(_pooled(l, w, i, n) for i, n in enumerate(w.sides))
    l.args.clear()
    if not l.flag("ceil"):
        tell_sides(l, w, out, "There are {told} = {{out}} windows")
    l.sends = l.takes.but(positions=out)


def _pooled(l: Layer, w: Window, i: int, n: Size) -> Size:
    """A side after pooling; rounding up never starts a window outside, as torch.nn.MaxPool2d(ceil_mode=True)."""
    k, s = w.kernel[i], w.stride[i]
    if w.padding == "same":
        return half(n, s)
    p: Size = 0 if isinstance(w.padding, str) else w.padding[i]
    out = windows(n, k, s, mul(2, p), up=l.flag("ceil"))
    return _cut(out, n, s, p) if l.flag("ceil") else out


def _cut(out: Size, n: Size, s: Size, p: Size) -> Size:
    """One window less, where the last one would start in the padding."""
    if all(isinstance(size, int) for size in (out, n, s, p)) and (out - 1) * s >= n + p:  # type: ignore[operator]
        return out - 1
    return out


def _global(l: Layer) -> None:
    l.say("It makes one number of each channel: nothing to learn, no weights. The image size drops out here.")
    l.sends = l.takes.but(positions=())


def _adaptive(l: Layer) -> None:
    l.say("It makes as many positions as it is told to, whatever comes in: nothing to learn, no weights.")
    said = l.value("k")
    if said is None:
        said = (l.setting.stand_in("k", l.name, "the size that comes out"),)
    rank = len(said) if len(said) > 1 else len(l.takes.positions or (1, 1))
    l.sends = l.takes.but(positions=spread(l, said, rank, "size"))


POOL = Param("k", "kernel k kernelsize poolsize size window pool", "the size of the windows", "shape", counts=False)
POOL_STRIDE = Param("s", "stride s strides", "the stride", "shape", counts=False)
PADDING = Param("p", "padding pad p bordermode", "the padding", "padding", "valid", counts=False)
CEIL = Param("ceil", "ceil ceilmode", "rounds up", "flag", False, counts=False)

GUIDE = "Dumoulin and Visin (arXiv 1603.07285), §3"


def _pools(kind: str) -> dict[str, dict[str, object]]:
    return {f"{kind}{word}{rank}d": {"rank": rank} for word in ("pool", "pooling") for rank in (1, 2, 3)}


KINDS = (
    Kind(
        "MaxPool",
        "maxpool maxpooling pool pooling mp subsampling subsample downsample",
        "the largest value of each window",
        _pool,
        params=(POOL, POOL_STRIDE, PADDING, CEIL),
        orders=("k", "k s"),
        presets=_pools("max"),
        example="maxpool 2",
        source=f"{GUIDE}; torch.nn.MaxPool2d; keras.layers.MaxPooling2D",
        rivals={"torch": "MaxPool1d MaxPool2d MaxPool3d", "keras": "MaxPooling1D MaxPooling2D MaxPooling3D"},
    ),
    Kind(
        "AvgPool",
        "avgpool averagepool avgpooling averagepooling meanpool meanpooling",
        "the mean of each window",
        _pool,
        params=(POOL, POOL_STRIDE, PADDING, CEIL),
        orders=("k", "k s"),
        presets={**_pools("avg"), **_pools("average")},
        example="avgpool 2",
        source=f"{GUIDE}; torch.nn.AvgPool2d; keras.layers.AveragePooling2D",
        rivals={
            "torch": "AvgPool1d AvgPool2d AvgPool3d",
            "keras": "AveragePooling1D AveragePooling2D AveragePooling3D",
        },
    ),
    Kind(
        "GlobalPool",
        "gap globalavgpool globalaveragepool globalaveragepooling globalavgpooling globalpool globalpooling gmp "
        "globalmaxpool globalmaxpooling",
        "one number for each channel",
        _global,
        presets={
            f"global{kind}{word}{rank}d": {}
            for kind in ("avg", "average", "max")
            for word in ("pool", "pooling")
            for rank in (1, 2, 3)
        },
        example="gap",
        source="Lin et al. 2013 (arXiv 1312.4400), §3.2; keras.layers.GlobalAveragePooling2D",
        rivals={
            "torch": "AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d",
            "keras": "GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D",
        },
    ),
    Kind(
        "AdaptivePool",
        "adaptiveavgpool adaptivepool adaptiveaveragepool adaptivemaxpool adaptiveavgpooling adaptiveaveragepooling "
        "adaptivemaxpooling",
        "as many positions as it is told",
        _adaptive,
        params=(Param("k", "size outputsize k", "the size that comes out", "shape"),),
        orders=("k",),
        presets={
            f"adaptive{kind}{rank}d": {}
            for kind in ("avgpool", "maxpool", "averagepooling", "maxpooling")
            for rank in (1, 2, 3)
        },
        example="adaptive avgpool 7x7",
        source="torch.nn.AdaptiveAvgPool2d; keras.layers.AdaptiveAveragePooling2D",
        rivals={
            "torch": "AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d",
            "keras": "AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D",
        },
    ),
)
