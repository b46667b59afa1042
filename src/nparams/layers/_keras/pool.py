"""Pooling, padding, cropping and upsampling of Keras: nothing to learn, but what goes out matters.

Source: keras/src/layers/pooling/ and keras/src/layers/reshaping/ (3.15).
"""

from __future__ import annotations

from nparams.errors import NotationError
from nparams.expr import mul
from nparams.layers._keras.conv import Image
from nparams.layers._keras.klass import Klass
from nparams.layers._keras.layer import KerasLayer
from nparams.layers._keras.shape import is_size, plus, slid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.layers._keras.layer import Sent
    from nparams.layers._keras.shape import Shape


def _pool(k: KerasLayer, shapes: list[Shape]) -> Sent:
    image = Image(k, shapes[0])
    size = k.sides("pool_size", image.rank)
    strides = size if k.value("strides") is None else k.sides("strides", image.rank)
    padding = k.word("padding", "valid same")
    sides = tuple(slid(n, w, s, 1, padding) for n, w, s in zip(image.sides, size, strides, strict=True))
    return image.shape(sides, image.channels)


def _global(k: KerasLayer, shapes: list[Shape]) -> Sent:
    image = Image(k, shapes[0])
    return image.shape((1,) * image.rank, image.channels) if k.flag("keepdims") else (image.batch, image.channels)


def _adaptive(k: KerasLayer, shapes: list[Shape]) -> Sent:
    image = Image(k, shapes[0])
    return image.shape(k.sides("output_size", image.rank), image.channels)


def _upsample(k: KerasLayer, shapes: list[Shape]) -> Sent:
    image = Image(k, shapes[0])
    by = k.sides("size", image.rank)
    return image.shape(
        tuple(None if n is None else mul(n, f) for n, f in zip(image.sides, by, strict=True)), image.channels
    )


def _pad(k: KerasLayer, shapes: list[Shape]) -> Sent:
    image = Image(k, shapes[0])
    edges = ends(k, "padding", image.rank)
    return image.shape(
        tuple(plus(n, a, b) for n, (a, b) in zip(image.sides, edges, strict=True)), image.channels
    )  # fmt: skip


def _crop(k: KerasLayer, shapes: list[Shape]) -> Sent:
    image = Image(k, shapes[0])
    edges = ends(k, "cropping", image.rank)
    sides = tuple(plus(n, mul(-1, a), mul(-1, b)) for n, (a, b) in zip(image.sides, edges, strict=True))
    for n in sides:
        if isinstance(n, int) and n < 1:
            raise NotationError(f"cropping leaves nothing of a side: {n} is left")
    return image.shape(sides, image.channels)


def ends(k: KerasLayer, name: str, rank: int) -> list[tuple[Size, Size]]:
    """What is added or taken at both ends of each side: 1, (1, 2) or ((1, 0), (2, 3)).

    One number stands for all ends; with one side, two are its ends; with more, each is both ends of a side.
    """
    held = k.value(name)
    if is_size(held):
        return [(held, held)] * rank
    if not isinstance(held, (tuple, list, str, float, bool)) and held is not None:
        raise NotationError(f"{name} is not told by the code")
    if isinstance(held, (tuple, list)):
        if rank == 1 and len(held) == 2 and all(map(is_size, held)):
            held = [held]
        if rank == 2 and len(held) == 4 and all(map(is_size, held)):  # Keras 1
            held = [held[:2], held[2:]]
        pairs = [(h, h) if is_size(h) else tuple(h) if isinstance(h, (tuple, list)) else () for h in held]
        if len(pairs) == rank and all(len(pair) == 2 and all(map(is_size, pair)) for pair in pairs):
            return [(pair[0], pair[1]) for pair in pairs]
    raise NotationError(f"{name} is {str(held)[:40]}: a number, or one or two for each of {rank} sides, is needed")


KLASSES = (
    *(
        Klass(f"{word}Pooling{rank}D", f"pool_size={default} strides=None padding=valid data_format=None", _pool, kind,
              rank=rank)
        for word, kind in (("Max", "MaxPool"), ("Average", "AvgPool"))
        for rank, default in ((1, "2"), (2, "2"), (3, "2"))
    ),
    *(
        Klass(f"Global{word}Pooling{rank}D", "data_format=None keepdims=False", _global, "GlobalPool", rank=rank)
        for word in ("Max", "Average")
        for rank in (1, 2, 3)
    ),
    *(
        Klass(f"Adaptive{word}Pooling{rank}D", "output_size data_format=None", _adaptive, "AdaptivePool", rank=rank)
        for word in ("Max", "Average")
        for rank in (1, 2, 3)
    ),
    *(Klass(f"UpSampling{rank}D", "size=2 data_format=None interpolation=nearest", _upsample, "Upsample", rank=rank)
      for rank in (1, 2, 3)),
    *(Klass(f"ZeroPadding{rank}D", "padding=1 data_format=None", _pad, "ZeroPad", rank=rank) for rank in (1, 2, 3)),
    Klass("Cropping1D", "cropping=1x1 data_format=None", _crop, "Crop", rank=1),
    Klass("Cropping2D", "cropping=0 data_format=None", _crop, "Crop", rank=2),
    Klass("Cropping3D", "cropping=1 data_format=None", _crop, "Crop", rank=3),
)  # fmt: skip
