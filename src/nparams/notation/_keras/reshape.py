"""Functions that change the shape of an array in Keras code: reshape, transpose, slices, joining and splitting."""

from __future__ import annotations

from nparams.errors import NotationError
from nparams.expr import Expr, add, mul
from nparams.layers._keras.merge import joined, reshaped
from nparams.layers._keras.shape import ANY, is_size, merged, times
from nparams.notation._code.values import Unknown
from nparams.notation._keras.tensor import Array, Sides, arrays_in, one_side

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nparams.layers._keras.shape import Shape
    from nparams.notation._code.machine import Machine

    Op = Callable[[Machine, list[Any], dict[str, Any]], Any]


def first_of(args: list[Any], kwargs: dict[str, Any]) -> Any:
    if args:
        return args[0]
    for key in (
        "x",
        "inputs",
        "input",
        "tensor",
        "input_tensor",
        "tensors",
        "values",
        "value",
        "logits",
        "a",
        "images",
    ):
        if key in kwargs:
            return kwargs[key]
    return next(iter(kwargs.values()), None)


def shape_in(held: Any) -> Shape:
    if isinstance(held, Array):
        return held.shape
    return () if isinstance(held, (int, float)) else ANY


def said(args: list[Any], kwargs: dict[str, Any], at: int, *names: str, default: Any = None) -> Any:
    for name in names:
        if name in kwargs:
            return kwargs[name]
    return args[at] if len(args) > at else default


def axes_in(held: Any, rank: int) -> list[int] | None:
    axes = list(held) if isinstance(held, (list, tuple)) else [held]
    if not all(isinstance(axis, int) and -rank <= axis < rank for axis in axes):
        return None
    return [axis % rank for axis in axes]


def concatenated(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    held, axis = first_of(args, kwargs), said(args, kwargs, 1, "axis", "dim", default=-1)
    if is_size(held):  # tf.concat(1, [a, b]) of TensorFlow 0
        held, axis = args[1], held
    shapes = [a.shape for a in arrays_in(held)]
    return joined(shapes, axis) if shapes and isinstance(axis, int) else ANY


def stacked(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    held = [a.shape for a in arrays_in(first_of(args, kwargs))]
    axis = said(args, kwargs, 1, "axis", default=0)
    if not held or any(... in shape for shape in held) or not isinstance(axis, int):
        return ANY
    shape = merged(held)
    at = axis % (len(shape) + 1)
    return (*shape[:at], len(held), *shape[at:])


def parted(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Any:
    shape = shape_in(first_of(args, kwargs))
    parts = said(args, kwargs, 1, "num_or_size_splits", "indices_or_sections", "num_split")
    axis = said(args, kwargs, 2, "axis", default=0)
    if ... in shape or not isinstance(axis, int) or not -len(shape) <= axis < len(shape):
        return [ANY] * parts if isinstance(parts, int) and 0 < parts < 1000 else ANY
    at, n = axis % len(shape), shape[axis]
    if isinstance(parts, int) and 0 < parts < 1000:
        each = n // parts if is_size(n) else None  # type: ignore[operator]
        return [(*shape[:at], each, *shape[at + 1 :])] * parts
    if isinstance(parts, (list, tuple)):
        return [(*shape[:at], one_side(m, part), *shape[at + 1 :]) for part in parts]
    return ANY


def expanded(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    shape, axis = shape_in(first_of(args, kwargs)), said(args, kwargs, 1, "axis", "dim", default=-1)
    if ... in shape or not isinstance(axis, int):
        return (*shape, 1) if axis == -1 else ANY
    at = axis % (len(shape) + 1)
    return (*shape[:at], 1, *shape[at:])


def squeezed(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    shape, axis = shape_in(first_of(args, kwargs)), said(args, kwargs, 1, "axis", "squeeze_dims")
    if ... in shape:
        return ANY
    if axis is None:
        return tuple(n for i, n in enumerate(shape) if n != 1)
    axes = axes_in(axis, len(shape))
    return ANY if axes is None else tuple(n for i, n in enumerate(shape) if i not in axes)


def transposed(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    shape = shape_in(first_of(args, kwargs))
    order = said(args, kwargs, 1, "perm", "axes", "pattern")
    if ... in shape:
        return ANY
    if order is None:
        return tuple(reversed(shape))
    order = order if isinstance(order, (list, tuple)) else args[1:]
    good = len(order) == len(shape) and all(isinstance(i, int) and -len(shape) <= i < len(shape) for i in order)
    return tuple(shape[i] for i in order) if good else ANY


def in_shape(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    shape, target = shape_in(first_of(args, kwargs)), said(args, kwargs, 1, "shape", "newshape", "new_shape")
    if is_size(target) and len(args) > 2:
        target = tuple(args[1:])
    if isinstance(target, Array):
        return ANY
    sides = list(target.shape) if isinstance(target, Sides) else [target] if is_size(target) else target
    if not isinstance(sides, (list, tuple)):
        return ANY
    sides = [n if n == -1 else one_side(m, n) for n in sides]
    batch = shape[0] if shape and shape[0] is not ... else None
    if len(sides) > 1 and sides[0] in (-1, None) and -1 in sides[1:]:  # (batch, -1, 8), the batch not known
        sides[0] = None
    if sides and (sides[0] == -1 or sides[0] is batch or sides[0] is None) and not is_size(batch):
        rest = None if ... in shape else times(shape[1:])  # type: ignore[arg-type]
        if -1 in sides[1:]:
            return (None, *reshaped(rest, tuple(sides[1:])))
        return (None, *(None if n == -1 else n for n in sides[1:]))
    whole = None if ... in shape else times(shape)  # type: ignore[arg-type]
    try:
        return reshaped(whole, tuple(sides))
    except NotationError:
        return tuple(None if n == -1 else n for n in sides)


def in_a_row(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    shape = shape_in(first_of(args, kwargs))
    return (None, None) if ... in shape or not shape else (shape[0], times(shape[1:]))  # type: ignore[arg-type]


def tiled(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    shape, by = shape_in(first_of(args, kwargs)), said(args, kwargs, 1, "multiples", "repeats", "reps", "n")
    if ... in shape or not isinstance(by, (list, tuple)) or len(by) != len(shape):
        return ANY
    return sure(shape, [mul(n, f) if is_size(n) and is_size(f) else None for n, f in zip(shape, by, strict=True)])  # type: ignore[arg-type]


def repeated(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    shape, by = shape_in(first_of(args, kwargs)), said(args, kwargs, 1, "repeats", "rep", "n")
    axis = said(args, kwargs, 2, "axis")
    if axis is None and len(shape) == 2 and is_size(by):  # K.repeat(x, n)
        return (shape[0], by, shape[1])
    if ... in shape or not isinstance(axis, int) or not -len(shape) <= axis < len(shape):
        return ANY
    at, n = axis % len(shape), shape[axis]
    side = mul(n, by) if is_size(n) and is_size(by) else None  # type: ignore[arg-type]
    return sure(shape, [*shape[:at], side, *shape[at + 1 :]])


def padded(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    shape, edges = shape_in(first_of(args, kwargs)), said(args, kwargs, 1, "paddings", "pad_width", "padding")
    if ... in shape or not isinstance(edges, (list, tuple)) or len(edges) != len(shape):
        return ANY
    return sure(
        shape,
        [
            add(n, *pair) if is_size(n) and isinstance(pair, (list, tuple)) and all(map(is_size, pair)) else None  # type: ignore[arg-type]
            for n, pair in zip(shape, edges, strict=True)
        ],
    )


def sure(shape: Shape, sides: list[Any]) -> Shape:
    """The sides, unless one is not known that was known before: then nothing is."""
    lost = any(new is None and old is not None for old, new in zip(shape, sides, strict=True))
    return ANY if lost else tuple(sides)


def entry(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    """x[:, -1], x[..., 0]: slices come as they are written, since only their ends are known."""
    shape, key = shape_in(args[0]), args[1]
    keys = list(key) if isinstance(key, tuple) else [key]
    if ... in shape:
        return ANY
    dots = [i for i, one in enumerate(keys) if isinstance(one, Unknown) and one.text == "..."]
    if dots:
        filled = len(shape) - sum(one is not None for one in keys) + 1
        keys[dots[0] : dots[0] + 1] = [slice(None)] * max(filled, 0)
    out: list[Any] = []
    left = list(shape)
    for one in keys:
        if one is None or (isinstance(one, Unknown) and one.text.endswith("newaxis")):
            out.append(1)
            continue
        if not left:
            return ANY
        n = left.pop(0)
        if not is_size(one) and not (isinstance(one, Unknown) and ":" not in one.text):
            side = _cut(n, one)
            if side is None and n is not None:
                return ANY
            out.append(side)
    return (*out, *left)


def _cut(n: Any, key: Any) -> Any:
    parts: list[Any] = [None] * 3
    if isinstance(key, slice):
        parts = [key.start, key.stop, key.step]
    elif isinstance(key, Unknown):
        words = [word.strip() for word in key.text.split(":")]
        if len(words) > 3 or not all(word.lstrip("-").isdigit() or not word for word in words):
            return None
        parts = [int(word) if word and len(word) < 10 else None for word in words] + [None] * (3 - len(words))
    else:
        return None
    if parts == [None] * 3:
        return n
    if isinstance(n, Expr) and isinstance(parts[0], int) and parts[0] >= 0 and parts[1:] == [None, None]:
        return add(n, -parts[0])
    if isinstance(n, int) and parts[2] != 0:
        return len(range(n)[slice(*parts)])
    return None
