"""Functions on arrays in Keras code (tf.*, keras.ops.*, K.*): what shape each of them sends.

What is not in the table sends an array of which nothing is known; a layer after it has a symbol for what comes in.
"""

from __future__ import annotations

from nparams.errors import NotationError
from nparams.expr import add, mul
from nparams.notation._code_values import Unknown
from nparams.notation._keras_merge import joined, reshaped
from nparams.notation._keras_shape import ANY, is_size, last, merged, times
from nparams.notation._keras_tensor import Array, Node, Sides, arrays_in, as_code, mapped, one_side, sides_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nparams.notation._code_machine import Machine
    from nparams.notation._keras_shape import Shape

    Op = Callable[[Machine, list[Any], dict[str, Any]], Any]


class Shaped:
    """A shape that is itself what a function gives: tf.shape(x), K.int_shape(x)."""

    __slots__ = ("shape",)

    def __init__(self, shape: Shape) -> None:
        self.shape = shape


def call_op(m: Machine, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """What a function sends, as arrays that know where they came from."""
    inputs = arrays_in([args, kwargs])
    shapes = _shapes(m, name, args, kwargs)
    if isinstance(shapes, Shaped):
        return as_code(shapes.shape)
    if not isinstance(shapes, (tuple, list)):
        return shapes

    def run(went: list[Shape]) -> Any:
        fresh = iter([Array(shape) for shape in went])
        return _shapes(m, name, mapped(args, lambda a: next(fresh)), mapped(kwargs, lambda a: next(fresh)))

    node = Node(None, inputs, run, m.line)
    if isinstance(shapes, list):
        return [Array(shape, node, i) for i, shape in enumerate(shapes)]
    return Array(shapes, node)


def _shapes(m: Machine, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    op = OPS.get(name)
    return ANY if op is None else op(m, args, kwargs)


def _first(args: list[Any], kwargs: dict[str, Any]) -> Any:
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


def _shape(held: Any) -> Shape:
    if isinstance(held, Array):
        return held.shape
    return () if isinstance(held, (int, float)) else ANY


def _said(args: list[Any], kwargs: dict[str, Any], at: int, *names: str, default: Any = None) -> Any:
    for name in names:
        if name in kwargs:
            return kwargs[name]
    return args[at] if len(args) > at else default


def _same(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    return _shape(_first(args, kwargs))


def _each(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    """Value by value, sides of 1 following the others."""
    held = [a.shape for a in arrays_in([args, kwargs])]
    if any(isinstance(arg, Unknown) for arg in args) and not held:
        return ANY
    return merged(held) if held else ()


def _axes(held: Any, rank: int) -> list[int] | None:
    axes = list(held) if isinstance(held, (list, tuple)) else [held]
    if not all(isinstance(axis, int) and -rank <= axis < rank for axis in axes):
        return None
    return [axis % rank for axis in axes]


def _reduced(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    shape = _shape(_first(args, kwargs))
    axis = _said(args, kwargs, 1, "axis", "axes", "reduction_indices", "dim")
    keep = bool(kwargs.get("keepdims", kwargs.get("keep_dims", len(args) > 2 and args[2] is True)))
    if axis is None:
        return () if not keep or ... in shape else (1,) * len(shape)
    if ... in shape:
        return with_any(shape, axis, keep)
    axes = _axes(axis, len(shape))
    if axes is None:
        return ANY
    return tuple(1 if i in axes else n for i, n in enumerate(shape) if keep or i not in axes)


def with_any(shape: Shape, axis: Any, keep: bool) -> Shape:
    """A mean along the steps of what has sides that are not known: what stands last stays."""
    return shape if keep or axis in (1, [1, 2], (1, 2), -2) else ANY


def _concat(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    held, axis = _first(args, kwargs), _said(args, kwargs, 1, "axis", "dim", default=-1)
    if is_size(held):  # tf.concat(1, [a, b]) of TensorFlow 0
        held, axis = args[1], held
    shapes = [a.shape for a in arrays_in(held)]
    return joined(shapes, axis) if shapes and isinstance(axis, int) else ANY


def _stack(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    held = [a.shape for a in arrays_in(_first(args, kwargs))]
    axis = _said(args, kwargs, 1, "axis", default=0)
    if not held or any(... in shape for shape in held) or not isinstance(axis, int):
        return ANY
    shape = merged(held)
    at = axis % (len(shape) + 1)
    return (*shape[:at], len(held), *shape[at:])


def _split(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Any:
    shape = _shape(_first(args, kwargs))
    parts = _said(args, kwargs, 1, "num_or_size_splits", "indices_or_sections", "num_split")
    axis = _said(args, kwargs, 2, "axis", default=0)
    if ... in shape or not isinstance(axis, int) or not -len(shape) <= axis < len(shape):
        return [ANY] * parts if isinstance(parts, int) and 0 < parts < 1000 else ANY
    at, n = axis % len(shape), shape[axis]
    if isinstance(parts, int) and 0 < parts < 1000:
        each = n // parts if is_size(n) else None  # type: ignore[operator]
        return [(*shape[:at], each, *shape[at + 1 :])] * parts
    if isinstance(parts, (list, tuple)):
        return [(*shape[:at], one_side(m, part), *shape[at + 1 :]) for part in parts]
    return ANY


def _expand(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    shape, axis = _shape(_first(args, kwargs)), _said(args, kwargs, 1, "axis", "dim", default=-1)
    if ... in shape or not isinstance(axis, int):
        return (*shape, 1) if axis == -1 else ANY
    at = axis % (len(shape) + 1)
    return (*shape[:at], 1, *shape[at:])


def _squeeze(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    shape, axis = _shape(_first(args, kwargs)), _said(args, kwargs, 1, "axis", "squeeze_dims")
    if ... in shape:
        return ANY
    if axis is None:
        return tuple(n for i, n in enumerate(shape) if n != 1)
    axes = _axes(axis, len(shape))
    return ANY if axes is None else tuple(n for i, n in enumerate(shape) if i not in axes)


def _transpose(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    shape = _shape(_first(args, kwargs))
    order = _said(args, kwargs, 1, "perm", "axes", "pattern")
    if ... in shape:
        return ANY
    if order is None:
        return tuple(reversed(shape))
    order = order if isinstance(order, (list, tuple)) else args[1:]
    good = len(order) == len(shape) and all(isinstance(i, int) and -len(shape) <= i < len(shape) for i in order)
    return tuple(shape[i] for i in order) if good else ANY


def _reshape(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    shape, target = _shape(_first(args, kwargs)), _said(args, kwargs, 1, "shape", "newshape", "new_shape")
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


def _flatten(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    shape = _shape(_first(args, kwargs))
    return (None, None) if ... in shape or not shape else (shape[0], times(shape[1:]))  # type: ignore[arg-type]


def _matmul(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    held = arrays_in([args, kwargs])
    if len(held) != 2:
        return ANY
    a, b = held[0].shape, held[1].shape
    if kwargs.get("transpose_a") and len(a) > 1:
        a = (*a[:-2], a[-1], a[-2])
    if kwargs.get("transpose_b") and len(b) > 1:
        b = (*b[:-2], b[-1], b[-2])
    if len(b) < 2 or ... in b:
        return ANY
    return (*a[:-1], b[-1])


def _one_hot(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    deep = _said(args, kwargs, 1, "depth", "num_classes", "nb_classes")
    return (*_shape(_first(args, kwargs)), one_side(m, deep))


def _filled(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    """zeros(shape), random.normal(shape)."""
    held = kwargs.get("shape", kwargs.get("size", args[0] if args else None))
    return sides_in(m, held)


def _rand(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    """np.random.rand(10, 3)."""
    return tuple(one_side(m, arg) for arg in args)


def _sized(at: int) -> Op:
    """np.random.randint(0, 9, (10, 3))."""

    def op(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
        return sides_in(m, _said(args, kwargs, at, "size", "shape", default=()))

    return op


def _tile(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    shape, by = _shape(_first(args, kwargs)), _said(args, kwargs, 1, "multiples", "repeats", "reps", "n")
    if ... in shape or not isinstance(by, (list, tuple)) or len(by) != len(shape):
        return (None,) * len(shape) if ... not in shape else ANY
    return tuple(mul(n, f) if is_size(n) and is_size(f) else None for n, f in zip(shape, by, strict=True))  # type: ignore[arg-type]


def _repeat(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    shape, by = _shape(_first(args, kwargs)), _said(args, kwargs, 1, "repeats", "rep", "n")
    axis = _said(args, kwargs, 2, "axis")
    if axis is None and len(shape) == 2 and is_size(by):  # K.repeat(x, n)
        return (shape[0], by, shape[1])
    if ... in shape or not isinstance(axis, int) or not -len(shape) <= axis < len(shape):
        return ANY
    at, n = axis % len(shape), shape[axis]
    return (*shape[:at], mul(n, by) if is_size(n) and is_size(by) else None, *shape[at + 1 :])  # type: ignore[arg-type]


def _pad(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    shape, edges = _shape(_first(args, kwargs)), _said(args, kwargs, 1, "paddings", "pad_width", "padding")
    if ... in shape or not isinstance(edges, (list, tuple)) or len(edges) != len(shape):
        return (None,) * len(shape) if ... not in shape else ANY
    return tuple(
        add(n, *pair) if is_size(n) and isinstance(pair, (list, tuple)) and all(map(is_size, pair)) else None  # type: ignore[arg-type]
        for n, pair in zip(shape, edges, strict=True)
    )


def _gather(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    """embedding_lookup(table, ids), gather(x, ids)."""
    held = arrays_in([args, kwargs])
    axis = _said(args, kwargs, 2, "axis", default=0)
    if len(held) == 2 and axis == 0 and ... not in held[0].shape:
        return (*held[1].shape, *held[0].shape[1:])
    return ANY


def _resize(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    shape, size = _shape(_first(args, kwargs)), sides_in(m, _said(args, kwargs, 1, "size"))
    if len(shape) == 4 and len(size) == 2:
        return (shape[0], *size, shape[3])
    return (..., last(shape)) if shape else ANY


def _getitem(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    """x[:, -1], x[..., 0]: slices come as they are written, since only their ends are known."""
    shape, key = _shape(args[0]), args[1]
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
            out.append(_cut(n, one))
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
    if parts == [None] * 3:
        return n
    if isinstance(n, int) and parts[2] != 0:
        return len(range(n)[slice(*parts)])
    return None


def _shape_op(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return Shaped(_shape(_first(args, kwargs)))


def _argmax(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    return _reduced(m, args, kwargs)


def _batch_dot(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    from nparams.notation._keras_merge import _dot  # the layer's own rule

    held = arrays_in([args, kwargs])
    axes = _said(args, kwargs, 2, "axes")
    if len(held) != 2 or axes is None:
        return ANY

    class Said:
        """An argument where the layer's rule looks for it."""

        def value(self, name: str) -> Any:
            """The axes."""
            return axes

    try:
        return _dot(Said(), [held[0].shape, held[1].shape])  # type: ignore[arg-type, return-value]
    except NotationError:  # of more than three sides, which the layer does not take
        return ANY


def _einsum(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    text, held = args[0] if args else None, arrays_in([args[1:], kwargs])
    if not isinstance(text, str) or "->" not in text or "." in text:
        return ANY
    came, went = text.replace(" ", "").split("->")[:2]
    known: dict[str, Any] = {}
    for letters, array in zip(came.split(","), held, strict=False):
        if len(letters) == len(array.shape) and ... not in array.shape:
            known.update({letter: n for letter, n in zip(letters, array.shape, strict=True) if n is not None})
    return tuple(known.get(letter) for letter in went)


def _names(text: str, op: Op) -> dict[str, Op]:
    return dict.fromkeys(text.split(), op)


OPS: dict[str, Op] = {
    **_names(
        "relu relu6 sigmoid tanh softmax gelu exp log log1p sqrt rsqrt square abs cast stop_gradient identity dropout "
        "l2_normalize normalize clip_by_value clip sign round floor ceil zeros_like ones_like softplus softsign elu "
        "selu leaky_relu silu swish mish hard_sigmoid hard_swish log_softmax log_sigmoid negative cumsum reverse flip "
        "roll sort convert_to_tensor batch_normalization layer_normalization sin cos erf sinh cosh print linear "
        "exponential constant asarray array to_float cast_to_floatx in_train_phase random_flip_left_right astype "
        "ensure_shape checkpoint scale reverse_sequence float32 float64 bias_add int32 to_categorical_like "
        "rgb_to_hsv adjust_brightness per_image_standardization nan_to_num tensor copy Tensor", _same),
    **_names(
        "add subtract multiply divide true_divide maximum minimum pow where equal not_equal greater less logical_and "
        "greater_equal less_equal add_n squared_difference floordiv mod switch divide_no_nan logical_or", _each),
    **_names(
        "reduce_mean reduce_sum reduce_max reduce_min reduce_prod reduce_any reduce_all mean sum max min prod any all "
        "std var logsumexp reduce_logsumexp reduce_std reduce_variance norm amax amin count_nonzero median", _reduced),
    **_names("argmax argmin", _argmax), **_names("concat concatenate", _concat), **_names("stack", _stack),
    **_names("split", _split), **_names("expand_dims", _expand), **_names("squeeze", _squeeze),
    **_names("transpose permute_dimensions", _transpose), **_names("reshape", _reshape),
    **_names("flatten batch_flatten", _flatten), **_names("matmul", _matmul), **_names("dot", _matmul),
    **_names("batch_dot", _batch_dot), **_names("one_hot to_categorical", _one_hot), **_names("einsum", _einsum),
    **_names("zeros ones empty fill full truncated_normal random_normal random_uniform random_normal_variable "
             "normal uniform glorot_uniform glorot_normal he_normal placeholder Placeholder eye", _filled),
    **_names("rand randn", _rand), **_names("randint", _sized(2)), **_names("random random_sample", _sized(0)),
    **_names("tile", _tile), **_names("repeat repeat_elements", _repeat), **_names("pad", _pad),
    **_names("gather embedding_lookup take", _gather), **_names("resize resize_images resize_bilinear", _resize),
    **_names("getitem", _getitem), **_names("shape int_shape", _shape_op),
}  # fmt: skip
#: methods of arrays that are functions of the table
METHODS = {name: name for name in ("reshape", "astype", "mean", "sum", "max", "min", "flatten", "transpose", "squeeze",
           "argmax", "copy", "repeat", "std", "dot", "cast")}  # fmt: skip
