"""Functions on arrays in Keras code (tf.*, keras.ops.*, K.*): what shape each of them sends.

What is not in the table sends an array of which nothing is known; a layer after it has a symbol for what comes in.
"""

from __future__ import annotations

from nparams.errors import NotationError
from nparams.layers._keras.shape import ANY, last, merged
from nparams.notation._code.values import Unknown
from nparams.notation._keras.reshape import (
    axes_in,
    concatenated,
    entry,
    expanded,
    first_of,
    in_a_row,
    in_shape,
    padded,
    parted,
    repeated,
    said,
    shape_in,
    squeezed,
    stacked,
    tiled,
    transposed,
)
from nparams.notation._keras.tensor import Array, Node, Sides, arrays_in, as_code, mapped, one_side, sides_in

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nparams.layers._keras.shape import Shape
    from nparams.notation._code.machine import Machine

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
    try:
        return ANY if op is None else op(m, args, kwargs)
    except NotationError:  # code that runs has shapes that fit: what came in was not understood
        return ANY


def _same(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    return shape_in(first_of(args, kwargs))


def _each(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    """Value by value, sides of 1 following the others."""
    held = [a.shape for a in arrays_in([args, kwargs])]
    if any(isinstance(arg, Unknown) for arg in args) and not held:
        return ANY
    return merged(held) if held else ()


def _reduced(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    shape = shape_in(first_of(args, kwargs))
    axis = said(args, kwargs, 1, "axis", "axes", "reduction_indices", "dim")
    keep = bool(kwargs.get("keepdims", kwargs.get("keep_dims", len(args) > 2 and args[2] is True)))
    if axis is None:
        return () if not keep or ... in shape else (1,) * len(shape)
    if ... in shape:
        return with_any(shape, axis, keep)
    axes = axes_in(axis, len(shape))
    if axes is None:
        return ANY
    return tuple(1 if i in axes else n for i, n in enumerate(shape) if keep or i not in axes)


def with_any(shape: Shape, axis: Any, keep: bool) -> Shape:
    """A mean along the steps of what has sides that are not known: what stands last stays."""
    return shape if keep or axis in (1, [1, 2], (1, 2), -2) else ANY


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
    deep = said(args, kwargs, 1, "depth", "num_classes", "nb_classes")
    return (*shape_in(first_of(args, kwargs)), one_side(m, deep))


def _filled(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    """zeros(shape), random.normal(shape)."""
    listed = [arg for arg in args if isinstance(arg, (list, tuple, Sides))]  # tf.placeholder(tf.float32, [None, 784])
    held = kwargs.get("shape", kwargs.get("size", (listed or args or [None])[0]))
    return sides_in(m, held)


def _rand(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    """np.random.rand(10, 3)."""
    return tuple(one_side(m, arg) for arg in args)


def _sized(at: int) -> Op:
    """np.random.randint(0, 9, (10, 3))."""

    def op(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
        return sides_in(m, said(args, kwargs, at, "size", "shape", default=()))

    return op


def _gather(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    """embedding_lookup(table, ids), gather(x, ids)."""
    held = arrays_in([args, kwargs])
    axis = said(args, kwargs, 2, "axis", default=0)
    if len(held) == 2 and axis == 0 and ... not in held[0].shape:
        return (*held[1].shape, *held[0].shape[1:])
    return ANY


def _resize(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    shape, size = shape_in(first_of(args, kwargs)), sides_in(m, said(args, kwargs, 1, "size"))
    if len(shape) == 4 and len(size) == 2:
        return (shape[0], *size, shape[3])
    return (..., last(shape)) if shape else ANY


def _shape_op(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return Shaped(shape_in(first_of(args, kwargs)))


def _argmax(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    return _reduced(m, args, kwargs)


def _batch_dot(m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Shape:
    from nparams.layers._keras.merge import _dot  # the layer's own rule

    held = arrays_in([args, kwargs])
    axes = said(args, kwargs, 2, "axes")
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
    **_names("argmax argmin", _argmax), **_names("concat concatenate", concatenated), **_names("stack", stacked),
    **_names("split", parted), **_names("expand_dims", expanded), **_names("squeeze", squeezed),
    **_names("transpose permute_dimensions", transposed), **_names("reshape", in_shape),
    **_names("flatten batch_flatten", in_a_row), **_names("matmul", _matmul), **_names("dot", _matmul),
    **_names("batch_dot", _batch_dot), **_names("one_hot to_categorical", _one_hot), **_names("einsum", _einsum),
    **_names("zeros ones empty fill full truncated_normal random_normal random_uniform random_normal_variable "
             "normal uniform glorot_uniform glorot_normal he_normal placeholder Placeholder eye", _filled),
    **_names("rand randn", _rand), **_names("randint", _sized(2)), **_names("random random_sample", _sized(0)),
    **_names("tile", tiled), **_names("repeat repeat_elements", repeated), **_names("pad", padded),
    **_names("gather embedding_lookup take", _gather), **_names("resize resize_images resize_bilinear", _resize),
    **_names("getitem", entry), **_names("shape int_shape", _shape_op),
}  # fmt: skip

#: methods of arrays that are functions of the table
METHODS = {name: name for name in ("reshape", "astype", "mean", "sum", "max", "min", "flatten", "transpose", "squeeze",
           "argmax", "copy", "repeat", "std", "dot", "cast")}  # fmt: skip
