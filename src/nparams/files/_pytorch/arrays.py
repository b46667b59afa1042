"""Tensors as a pickle rebuilds them: each maker's arguments -> shape, dtype, place.

pytorch torch/_utils.py, torch/_tensor.py (`_reduce_ex_internal`) and torch/nn/parameter.py; numpy's arrays, which
checkpoints hold as well: numpy/_core/src/multiarray/methods.c (`array_reduce`).
"""

from __future__ import annotations

from nparams.dtypes import BLOCKS, TORCH, bytes_of
from nparams.errors import escaped
from nparams.files._pickle import Call, Dict, Global, Record
from nparams.files._pytorch.storages import Storage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    #: (the call, what is made so far) -> the tensor
    Maker = Callable[[Any, "Making"], "Array"]

MAX_DIMENSIONS = 64
MAX_DIMENSION = 1 << 48
MAX_ELEMENTS = 1 << 62
NESTED = 8  # makers inside makers: a parameter that is a subclass of a tensor is three


class Wrong(Exception):
    """A tensor that is described in no possible way; never leaves this room."""


class Array:
    """A tensor as described; `storage` is None where it has none of its own (sparse, meta, a wrapper, numpy)."""

    __slots__ = (
        "buffer", "dtype", "kind", "note", "offset", "parameter", "parts", "shape", "size", "storage", "stored",
        "stride", "trainable",
    )  # fmt: skip

    def __init__(self, shape: tuple[int, ...] | None, dtype: str | None, size: int | None = None) -> None:
        self.shape = shape
        self.dtype = dtype
        self.size = size if size is not None and size <= MAX_ELEMENTS else 0 if shape is None else product(shape)
        self.storage: Storage | None = None
        #: first element and steps, in elements of its dtype
        self.offset = 0
        self.stride: tuple[int, ...] = ()
        #: (elements, bytes) where that is not shape x dtype
        self.stored: tuple[int, int] | None = None
        #: registered as a parameter, as a buffer
        self.parameter = False
        self.buffer = False
        self.trainable: bool | None = None
        #: the subclass of torch.Tensor that it is, by its name, and the tensors that it is made of where it wraps some
        self.kind: str | None = None
        self.parts: dict[str, Array] = {}
        self.note: str | None = None


def product(shape: tuple[Any, ...]) -> int:
    """The numbers in a shape; Wrong where it is none.

    >>> product((2, 3)), product(())
    (6, 1)
    """
    size = 1
    if len(shape) > MAX_DIMENSIONS:
        raise Wrong(f"has {len(shape):,} dimensions; at most {MAX_DIMENSIONS} are read")
    for d in shape:
        if d.__class__ is not int or not 0 <= d < MAX_DIMENSION:
            raise Wrong("has a dimension that is no whole number from 0 to 2**48")
        size *= d
    if size > MAX_ELEMENTS:
        raise Wrong("has more than 2**62 elements")
    return size


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
    nparams.files._pytorch.arrays.Wrong: is made of what is no tensor
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

    def part(self, value: Any) -> Array:
        """A tensor that others hold: not to be changed."""
        made = self.parts.get(id(value))
        if made is None:
            made = self.parts[id(value)] = self.array(value)
        return made


def tuple_of(told: Any) -> tuple[Any, ...]:
    """A shape or steps: a tuple, or torch.Size of one."""
    if told.__class__ is Call and told.maker.path == "torch.Size":
        (told,) = told.args
    if told.__class__ is list:
        told = tuple(told)
    if told.__class__ is not tuple:
        raise Wrong("has a shape that is no tuple")
    return told


def dtype_of(told: Any) -> str:
    """The number type that a name of torch stands for: torch.float32."""
    if told.__class__ is Global and told.module == "torch" and told.name in TORCH:
        return TORCH[told.name]
    raise Wrong(f"has the unknown dtype {escaped(told.path[:60])}" if isinstance(told, Global) else "has no dtype")


def flag(told: Any) -> bool | None:
    """requires_grad: true means that it is trained; false says nothing, for a state dict is always so."""
    return True if told is True else None


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
            _expand(made)
    return made


def _expand(made: Array) -> None:
    """Steps of 0: the same numbers again and again, stored once."""
    once = 1
    for d, step in zip(made.shape or (), made.stride, strict=True):
        once *= d if step else 1
    made.stored = once, bytes_of(once, made.dtype or "uint8") or 0
    made.note = f"expanded: {once:,} stored numbers shown as {made.size:,}"


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
    for part in ("scales", "zero points"):
        told = scheme[1 if part == "scales" else 2]
        if is_array(told):
            made.parts[part] = making.part(told)
    return made


# -- without a storage of their own -----------------------------------------------------------------------------------


def sparse(call: Any, making: Making) -> Array:
    """_rebuild_sparse_tensor(layout, (indices, values, size)); compressed layouts: (rows, columns, values, size)."""
    layout, told = call.args
    name = layout.args[0].removeprefix("torch.sparse_")
    of_values, of_size = (1, 2) if name == "coo" else (2, 3)
    values, made = making.part(told[of_values]), Array(tuple_of(told[of_size]), None)
    made.dtype = values.dtype
    made.stored = values.size, bytes_of(values.size, values.dtype or "uint8") or 0
    made.note = f"sparse ({escaped(name[:20])}): {values.size:,} of {made.size:,} numbers stored"
    made.trainable = values.trainable
    return made


def nested(call: Any, making: Making) -> Array:
    """_rebuild_nested_tensor(buffer, sizes, strides, offsets): tensors of several shapes in one run of numbers."""
    made = making.array(call.args[0])
    made.note = "nested: tensors of several shapes, counted as one run of numbers"
    return made


def jagged(call: Any, making: Making) -> Array:
    """_rebuild_njt(cls, inner tensors by name, ...): the same in the jagged layout (torch/nested/_internal)."""
    inner = next((v for a in call.args if isinstance(a, Dict) for k, v in a.items() if k == "_values"), None)
    made = making.array(inner)
    made.note = "nested: tensors of several shapes, counted as one run of numbers"
    return made


def meta(call: Any, making: Making) -> Array:
    """_rebuild_meta_tensor_no_storage(dtype, size, stride, requires_grad)."""
    dtype, size, _, trained = call.args
    made = Array(tuple_of(size), dtype_of(dtype))
    made.stored, made.trainable = (0, 0), flag(trained)
    made.note = "a shape without numbers (meta device)"
    return made


def wrapper(call: Any, making: Making) -> Array:
    """_rebuild_wrapper_subclass(cls, dtype, size, stride, offset, layout, device, requires_grad)."""
    of, dtype, size = call.args[:3]
    made = Array(tuple_of(size), dtype_of(dtype))
    made.kind, made.trainable = of.path, flag(call.args[-1])
    return made


def moved(call: Any, making: Making) -> Array:
    """_rebuild_device_tensor_from_numpy, _from_cpu_tensor(data, dtype, device, requires_grad): TPUs and the like."""
    data, dtype, _, trained = call.args
    made = making.array(data)
    made.dtype, made.trainable, made.storage = dtype_of(dtype), flag(trained), None
    return made


# -- around another tensor --------------------------------------------------------------------------------------------


def parameter(call: Any, making: Making) -> Array:
    """_rebuild_parameter(data, requires_grad, hooks), and with a state of its own behind that."""
    made = making.array(call.args[0])
    made.parameter, made.trainable = True, call.args[1] is not False
    return made


def old_parameter(call: Any, making: Making) -> Array:
    """Parameter(data) built from (requires_grad, volatile, hooks), before torch 0.4; or (data, requires_grad)."""
    made = making.array(call.args[0])
    told = (
        call.state[0] if isinstance(call.state, tuple) and call.state else call.args[1] if len(call.args) > 1 else True
    )
    made.parameter = call.maker.name == "Parameter"
    made.trainable = told is not False if made.parameter else flag(told)
    return made


def buffer(call: Any, making: Making) -> Array:
    """Buffer(data)."""
    made = making.array(call.args[0])
    made.buffer = True
    return made


def uncreated(call: Any, making: Making) -> Array:
    """UninitializedParameter(requires_grad), UninitializedBuffer(requires_grad): lazy, without a shape yet."""
    made = Array(None, None)
    made.parameter = call.maker.name == "UninitializedParameter"
    made.buffer = not made.parameter
    made.trainable = call.args[0] is not False if made.parameter else None
    made.note = "not created yet (lazy): its size is not known"
    return made


def subclass(call: Any, making: Making) -> Array:
    """_rebuild_from_type_v2(maker, class, arguments, state): a tensor with attributes, or of a subclass."""
    maker, of, args, state = call.args
    made = making.array(Call(maker, args))
    state = state[0] if isinstance(state, tuple) and state else state
    if of.path == "torch.nn.parameter.Parameter":
        made.parameter = True
    elif of.path != "torch.Tensor":
        made.kind = of.path
    if isinstance(state, Dict):
        _attributes(made, state, making)
    return made


def _attributes(made: Array, state: Dict, making: Making) -> None:
    """What the attributes of a tensor tell: a buffer, a parameter, the tensors that it wraps."""
    for key, value in state.items():
        if key == "_is_buffer":
            made.buffer = value is True
        elif key == "_is_param":
            made.parameter = value is True
            made.trainable = made.trainable is True
        elif made.storage is None and isinstance(key, str) and is_array(value):
            made.parts[key] = making.part(value)
    if made.parts and made.storage is None and made.stored is None:
        held = made.parts.values()
        made.stored = sum(p.size for p in held), sum(stored_bytes(p) for p in held)
        made.note = f"wrapped: {escaped((made.kind or '').rpartition('.')[2][:60])}"


def stored_bytes(made: Array) -> int:
    """Bytes that its numbers take in the file; 0 where that is not known."""
    return made.stored[1] if made.stored else bytes_of(made.size, made.dtype or "") or 0


# -- numpy ------------------------------------------------------------------------------------------------------------

#: numpy's kinds of numbers and bytes of each (numpy.dtype's text)
NUMPY = {
    "f2": "float16", "f4": "float32", "f8": "float64", "i1": "int8", "i2": "int16", "i4": "int32", "i8": "int64",
    "u1": "uint8", "u2": "uint16", "u4": "uint32", "u8": "uint64", "b1": "bool", "c8": "complex64", "c16": "complex128",
}  # fmt: skip


def numpy_dtype(told: Any) -> str | None:
    """numpy.dtype('f4'); None for what is no plain number (objects, texts, records)."""
    text = told.args[0] if isinstance(told, Record) and told.maker.path == "numpy.dtype" and told.args else None
    return NUMPY.get(text.lstrip("<>|=")) if isinstance(text, str) else None


def numpy_array(call: Any, making: Making) -> Array:
    """_reconstruct(ndarray, (0,), b'b') built from (version, shape, dtype, fortran, bytes); _frombuffer(bytes, ...)."""
    if call.__class__ is Call:
        _, dtype, shape = call.args[:3]
    else:
        shape, dtype = call.state[-4], call.state[-3]
    made = Array(tuple_of(shape), numpy_dtype(dtype))
    made.note = "an array of numpy"
    return made


MAKERS: dict[str, Maker] = {
    "torch._utils._rebuild_tensor_v2": tensor_v2,
    "torch._utils._rebuild_tensor_v3": tensor_v3,
    "torch._utils._rebuild_tensor": tensor,
    "torch._utils._rebuild_qtensor": quantised,
    "torch._utils._rebuild_sparse_tensor": sparse,
    "torch._utils._rebuild_sparse_csr_tensor": sparse,
    "torch._utils._rebuild_nested_tensor": nested,
    "torch.nested._internal.nested_tensor._rebuild_njt": jagged,
    "torch._utils._rebuild_meta_tensor_no_storage": meta,
    "torch._utils._rebuild_wrapper_subclass": wrapper,
    "torch._utils._rebuild_device_tensor_from_numpy": moved,
    "torch._utils._rebuild_device_tensor_from_cpu_tensor": moved,
    "torch._utils._rebuild_xla_tensor": moved,
    "torch._utils._rebuild_mlc_tensor": moved,
    "torch._utils._rebuild_parameter": parameter,
    "torch._utils._rebuild_parameter_with_state": parameter,
    "torch._tensor._rebuild_from_type": subclass,
    "torch._tensor._rebuild_from_type_v2": subclass,
    "torch.tensor._rebuild_from_type": subclass,
    "torch.tensor._rebuild_from_type_v2": subclass,
    "torch.nn.parameter.Parameter": old_parameter,
    "torch.autograd.variable.Variable": old_parameter,
    "torch.nn.parameter.Buffer": buffer,
    "torch.nn.parameter.UninitializedParameter": uncreated,
    "torch.nn.parameter.UninitializedBuffer": uncreated,
    "numpy.core.multiarray._reconstruct": numpy_array,
    "numpy._core.multiarray._reconstruct": numpy_array,
    "numpy.core.numeric._frombuffer": numpy_array,
    "numpy._core.numeric._frombuffer": numpy_array,
}
