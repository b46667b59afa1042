"""Tensors as a pickle rebuilds them: each maker's arguments -> shape, dtype, place.

pytorch torch/_utils.py and torch/_tensor.py (`_reduce_ex_internal`).
"""

from __future__ import annotations

from nparams.dtypes import BLOCKS
from nparams.errors import escaped
from nparams.files._pickle import Call, Global, Record
from nparams.files._pytorch import others
from nparams.files._pytorch.array import MAX_DIMENSION, MAX_DIMENSIONS, dtype_of, flag, product, tuple_of
from nparams.files._pytorch.array import Array as Array
from nparams.files._pytorch.array import Wrong as Wrong
from nparams.files._pytorch.storages import Storage
from nparams.stored._checkpoint.array import MAX_ELEMENTS, expand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    #: (the call, what is made so far) -> the tensor
    Maker = Callable[[Any, "Making"], Array]

NESTED = 8  # makers inside makers: a parameter that is a subclass of a tensor is three


def is_array(value: object) -> bool:
    """Whether a value of the pickle is a tensor, or an array of numpy.

    >>> is_array(Call(Global("torch._utils", "_rebuild_tensor_v2"), ())), is_array(3)
    (True, False)
    """
    return isinstance(value, (Call, Record)) and value.maker.path in MAKERS


class Making:
    """Tensors being made from the values of one pickle.

    >>> Making().array(3)
    Traceback (most recent call last):
    nparams.stored._checkpoint.array.Wrong: is made of what is no tensor
    """

    __slots__ = ("deep", "parts")

    def __init__(self) -> None:
        self.deep = 0
        #: by identity: what many tensors share is made once
        self.parts: dict[int, Array] = {}

    def array(self, value: Any) -> Array:
        """The tensor that a value describes; Wrong, with what is wrong, where it cannot be one."""
        if self.deep >= NESTED or not is_array(value):
            raise Wrong("is made of what is no tensor")
        self.deep += 1
        try:
            return MAKERS[value.maker.path](value, self)
        except (ValueError, TypeError, IndexError, AttributeError):
            raise Wrong(f"is made by {escaped(value.maker.name)} with arguments that do not fit it") from None
        finally:
            self.deep -= 1

    @staticmethod
    def is_array(value: object) -> bool:
        """Whether a value of the pickle is a tensor, or an array of numpy."""
        return is_array(value)

    def part(self, value: Any) -> Array:
        """A tensor that others hold: not to be changed."""
        made = self.parts.get(id(value))
        if made is None:
            made = self.parts[id(value)] = self.array(value)
        return made


# -- dense ----------------------------------------------------------------------------------------------------------


def view(storage: Any, offset: Any, size: Any, stride: Any, dtype: str | None = None) -> Array:
    """A view on a storage, which it must lie inside; steps of 0 show numbers more than once."""
    if storage.__class__ is not Storage:
        raise Wrong("is a view on what is no storage")
    shape = size if size.__class__ is tuple else tuple_of(size)
    steps = stride if stride.__class__ is tuple else tuple_of(stride)
    if offset.__class__ is not int or not 0 <= offset < MAX_ELEMENTS:
        raise Wrong("begins at no whole number of elements")
    kind = dtype or storage.dtype or "uint8"
    last, count, again = offset + 1, 1, False
    for d, step in zip(shape, steps, strict=True):
        if d.__class__ is not int or not 0 <= d < MAX_DIMENSION or len(shape) > MAX_DIMENSIONS:
            product(shape)  # tells what is wrong
        if step.__class__ is not int or not 0 <= step < MAX_ELEMENTS:
            raise Wrong("has steps that are no whole numbers")
        count *= d
        last += (d - 1) * step
        again = again or (step == 0 and d > 1)
    made = Array(shape, kind, count)
    made.storage, made.offset, made.stride = storage, offset, steps
    if count:
        per, width = BLOCKS[kind]
        if last * width > storage.bytes * per:
            held = storage.bytes * per // width
            raise Wrong(f"reaches to number {last:,} of storage {escaped(storage.key[:40])}, which holds {held:,}")
        if again:
            expand(made)
    return made


def tensor(call: Any, making: Making) -> Array:
    """_rebuild_tensor(storage, offset, size, stride)."""
    return view(*call.args)


def tensor_v2(call: Any, making: Making) -> Array:
    """_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks, metadata)."""
    args = call.args
    made = view(args[0], args[1], args[2], args[3])
    if args[4] is True:
        made.trainable = True
    return made


def tensor_v3(call: Any, making: Making) -> Array:
    """_rebuild_tensor_v3(storage, offset, size, stride, requires_grad, hooks, dtype, metadata)."""
    storage, offset, size, stride, trained, _, dtype = call.args[:7]
    if isinstance(dtype, Global) and dtype.path == "torch.float4_e2m1fn_x2":
        return _pairs(view(storage, offset, size, stride, "uint8"))
    made = view(storage, offset, size, stride, dtype_of(dtype))
    made.trainable = flag(trained)
    return made


def _pairs(made: Array) -> Array:
    """float4_e2m1fn_x2: an element is two numbers, beside each other in the last dimension."""
    if not made.shape:
        raise Wrong("holds pairs of numbers, and has no dimension that they stand in")
    made.stored, made.dtype = (made.size, made.size), "float4_e2m1fn"
    made.shape = (*made.shape[:-1], made.shape[-1] * 2)
    made.size, made.note = made.size * 2, "packed: two float4 numbers in a byte"
    return made


def quantised(call: Any, making: Making) -> Array:
    """_rebuild_qtensor(storage, offset, size, stride, (scheme, scales, zero points, axis), requires_grad, hooks)."""
    storage, offset, size, stride, scheme = call.args[:5]
    made = view(storage, offset, size, stride)
    name = scheme[0].name
    if name == "per_tensor_affine":
        made.note = "quantised: one scale and zero point for the tensor"
        return made
    made.note = f"quantised: a scale and zero point for each of {len(made.shape or ()) and made.shape[scheme[3]]:,}"  # type: ignore[index]
    for part in ("scales", "zero_points"):
        told = scheme[1 if part == "scales" else 2]
        if is_array(told):
            made.parts[part] = making.part(told)
    return made


MAKERS: dict[str, Maker] = {
    "torch._utils._rebuild_tensor_v2": tensor_v2,
    "torch._utils._rebuild_tensor_v3": tensor_v3,
    "torch._utils._rebuild_tensor": tensor,
    "torch._utils._rebuild_qtensor": quantised,
    "torch._utils._rebuild_sparse_tensor": others.sparse,
    "torch._utils._rebuild_sparse_csr_tensor": others.sparse,
    "torch._utils._rebuild_nested_tensor": others.nested,
    "torch.nested._internal.nested_tensor._rebuild_njt": others.jagged,
    "torch._utils._rebuild_meta_tensor_no_storage": others.meta,
    "torch._utils._rebuild_wrapper_subclass": others.wrapper,
    "torch._utils._rebuild_device_tensor_from_numpy": others.moved,
    "torch._utils._rebuild_device_tensor_from_cpu_tensor": others.moved,
    "torch._utils._rebuild_xla_tensor": others.moved,
    "torch._utils._rebuild_mlc_tensor": others.moved,
    "torch._utils._rebuild_parameter": others.parameter,
    "torch._utils._rebuild_parameter_with_state": others.parameter,
    "torch._tensor._rebuild_from_type": others.subclass,
    "torch._tensor._rebuild_from_type_v2": others.subclass,
    "torch.tensor._rebuild_from_type": others.subclass,
    "fastai.torch_core._rebuild_from_type": others.subclass,
    "torch.tensor._rebuild_from_type_v2": others.subclass,
    "torch.nn.parameter.Parameter": others.old_parameter,
    "torch.autograd.variable.Variable": others.old_parameter,
    "torch.nn.parameter.Buffer": others.buffer,
    "torch.nn.parameter.UninitializedParameter": others.uncreated,
    "torch.nn.parameter.UninitializedBuffer": others.uncreated,
    "numpy.core.multiarray._reconstruct": others.numpy_array,
    "numpy._core.multiarray._reconstruct": others.numpy_array,
    "numpy.core.numeric._frombuffer": others.numpy_array,
    "numpy._core.numeric._frombuffer": others.numpy_array,
    "joblib.numpy_pickle.NumpyArrayWrapper": others.joblib_array,
}
