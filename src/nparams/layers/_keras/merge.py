"""Layers of Keras that put several arrays together, or change the shape of one.

Source: keras/src/layers/merging/ and keras/src/layers/reshaping/ (3.15).
"""

from __future__ import annotations

from nparams.errors import NotationError, shown
from nparams.layers._keras.klass import Klass
from nparams.layers._keras.layer import KerasLayer
from nparams.layers._keras.shape import fit, is_size, last, merged, plus, shown_shape, side, times

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from nparams.expr import Size
    from nparams.layers._keras.layer import Sent
    from nparams.layers._keras.shape import Dim, Shape


def _same(k: KerasLayer, shapes: list[Shape]) -> Sent:
    return shapes[0] if shapes else None


def _merge(k: KerasLayer, shapes: list[Shape]) -> Sent:
    return merged(shapes)


def _concatenate(k: KerasLayer, shapes: list[Shape]) -> Sent:
    axis = k.value("axis")
    if not isinstance(axis, int):
        raise NotationError(f"axis is {axis}: a whole number is needed")
    return joined(shapes, axis)


def joined(shapes: Sequence[Shape], axis: int) -> Shape:
    """Arrays put side by side along one axis; all other sides must be equal.

    >>> joined([(None, 8, 8, 64), (None, 8, 8, 32)], -1)
    (None, 8, 8, 96)
    """
    rank = max(len(shape) for shape in shapes)
    if any(... in shape for shape in shapes):
        open_ended = all(... in shape for shape in shapes)
        if axis < 0 and (open_ended or rank <= -axis):
            return (..., plus(*(last(shape) for shape in shapes))) if axis == -1 else (...,)
        shapes = [fit(shape, rank) for shape in shapes]
    for shape in shapes:
        if len(shape) != rank:
            raise NotationError(f"{shown_shape(shapes[0])} and {shown_shape(shape)} cannot be put side by side")
    if not -rank <= axis < rank:
        raise NotationError(f"axis {axis} is none of {shown_shape(shapes[0])}")
    at = axis % rank
    out: list[Any] = [_agreed([shape[i] for shape in shapes], shapes) if i != at else None for i in range(rank)]
    out[at] = plus(*(side(shape, axis) for shape in shapes))
    return tuple(out)


def _agreed(sides: list[Any], shapes: Sequence[Shape]) -> Any:
    known = [n for n in sides if n is not None]
    numbers = {n for n in known if isinstance(n, int)}
    if len(numbers) > 1:
        told = " and ".join(dict.fromkeys(map(shown_shape, shapes)))
        raise NotationError(f"{told} cannot be put side by side: {min(numbers)} and {max(numbers)} differ")
    return next(iter(numbers), known[0] if known else None)


def _dot(k: KerasLayer, shapes: list[Shape]) -> Sent:
    if len(shapes) != 2:
        raise NotationError(f"it takes two arrays, and {len(shapes)} come in")
    axes = k.value("axes")
    a, b = list(shapes[0]), list(shapes[1])
    if ... in a or ... in b:
        return (...,)
    at = [axes % len(a), axes % len(b)] if isinstance(axes, int) and axes < 0 else [axes] * 2 if is_size(axes) else axes
    if not (isinstance(at, (list, tuple)) and len(at) == 2 and all(isinstance(i, int) for i in at)):
        raise NotationError(f"axes is {str(axes)[:40]}: a whole number, or two, is needed")
    if not (-len(a) <= at[0] < len(a) and -len(b) <= at[1] < len(b)):
        raise NotationError(f"axes {at[0]}, {at[1]} are none of {shown_shape(shapes[0])} and {shown_shape(shapes[1])}")
    n, m = a.pop(at[0]), b.pop(at[1])
    if isinstance(n, int) and isinstance(m, int) and n != m:
        raise NotationError(f"the sides that it multiplies are {n} and {m}: they must be equal")
    out = [*a, *b[1:]]
    return tuple([*out, 1] if len(out) == 1 else out)


def _flatten(k: KerasLayer, shapes: list[Shape]) -> Sent:
    shape = shapes[0]
    if ... in shape:
        return (None, None)
    return (shape[0], times(shape[1:]) if len(shape) > 1 else 1)  # type: ignore[arg-type]


def _reshape(k: KerasLayer, shapes: list[Shape]) -> Sent:
    target = k.value("target_shape")
    target = (target,) if is_size(target) else target
    if not isinstance(target, (tuple, list)):
        raise NotationError(f"target_shape is {shown(str(target))}: sides in brackets are needed, Reshape((7, 7, 64))")
    shape = shapes[0]
    batch = None if ... in shape else shape[0]
    size = None if ... in shape else times(shape[1:])  # type: ignore[arg-type]
    return (batch, *reshaped(size, tuple(target)))


def reshaped(size: Dim, target: tuple[Any, ...]) -> tuple[Any, ...]:
    """The sides of a reshape: -1 is what the others leave.

    >>> reshaped(784, (28, -1, 1))
    (28, 28, 1)
    """
    sides = [n if is_size(n) else None for n in target]
    free = [i for i, n in enumerate(sides) if n == -1]
    if len(free) > 1:
        raise NotationError(f"{str(target)[:40]} leaves two sides open: only one may be -1")
    known = times([n for n in sides if n != -1])
    if free:
        sides[free[0]] = None if known is None or size is None else _quotient(size, known)
    elif isinstance(known, int) and isinstance(size, int) and known != size:
        raise NotationError(f"{size:,} values come in, but {str(target)[:40]} holds {known:,}")
    return tuple(sides)


def _quotient(size: Size, by: Size) -> Size:
    if isinstance(size, int) and isinstance(by, int):
        if by == 0 or size % by:
            raise NotationError(f"{size:,} values cannot be shared by {by:,} equally")
        return size // by
    return size if by == 1 else 1 if size == by else size // by


def _permute(k: KerasLayer, shapes: list[Shape]) -> Sent:
    dims = k.value("dims")
    if not isinstance(dims, (tuple, list)) or sorted(map(str, dims)) != sorted(map(str, range(1, len(dims) + 1))):
        raise NotationError(f"dims is {str(dims)[:40]}: every side once, from 1 on, Permute((2, 1))")
    shape = fit(shapes[0], len(dims) + 1)
    return (shape[0], *(shape[i] for i in dims))


def _repeat(k: KerasLayer, shapes: list[Shape]) -> Sent:
    n, shape = k.size("n", "n", "how often it repeats"), fit(shapes[0], 2)
    return (shape[0], n, shape[1])


MERGES = "Add Subtract Multiply Average Maximum Minimum"
#: what leaves the shape alone and has nothing to learn: {class: (signature, what its row is called)}
PLAIN = {
    "Activation": ("activation", "Activation"), "ReLU": ("max_value=None negative_slope=0 threshold=0", "Activation"),
    "LeakyReLU": ("negative_slope=0.3", "Activation"), "ELU": ("alpha=1", "Activation"),
    "ThresholdedReLU": ("theta=1", "Activation"), "Softmax": ("axis=-1", "Activation"),
    "Dropout": ("rate=0.5 noise_shape=None", "Dropout"), "SpatialDropout1D": ("rate", "Dropout"),
    "SpatialDropout2D": ("rate data_format=None", "Dropout"), "SpatialDropout3D": ("rate data_format=None", "Dropout"),
    "AlphaDropout": ("rate noise_shape=None", "Dropout"), "GaussianDropout": ("rate", "Dropout"),
    "GaussianNoise": ("stddev", "Dropout"), "ActivityRegularization": ("l1=0 l2=0", "Identity"),
    "Identity": ("", "Identity"), "Masking": ("mask_value=0", "Identity"),
    "UnitNormalization": ("axis=-1", "Identity"), "Rescaling": ("scale offset=0", "Identity"),
}  # fmt: skip

KLASSES = (
    *(Klass(name, takes, _same, kind) for name, (takes, kind) in PLAIN.items()),
    *(Klass(name, "", _merge) for name in MERGES.split()),
    Klass("Concatenate", "axis=-1", _concatenate),
    Klass("Dot", "axes normalize=False", _dot),
    Klass("Flatten", "data_format=None", _flatten),
    Klass("Reshape", "target_shape", _reshape),
    Klass("Permute", "dims", _permute, "Transpose"),
    Klass("RepeatVector", "n", _repeat, "Repeat"),
)
