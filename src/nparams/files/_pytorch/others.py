"""Tensors that are no plain view on a storage: sparse, nested, without numbers, wrapped, parameters, numpy's arrays.

pytorch torch/_utils.py, torch/_tensor.py (`_reduce_ex_internal`) and torch/nn/parameter.py; numpy's arrays, which
checkpoints hold as well: numpy/_core/src/multiarray/methods.c (`array_reduce`).
"""

from __future__ import annotations

from nparams.dtypes import bytes_of
from nparams.errors import escaped
from nparams.files._pickle import Call, Dict, Global, Long, Record
from nparams.files._pytorch.array import Array, Wrong, dtype_of, flag, stored_bytes, tuple_of
from nparams.stored._packed.wrapped import told_by

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.files._pytorch.arrays import Making


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
    made.dtype, made.trainable, made.storage, made.foreign = dtype_of(dtype), flag(trained), None, False
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
    if made.storage is None and made.stored is None and not made.parts and made.kind is not None:
        made.stored, made.note = (0, 0), f"a shape without numbers of its own ({escaped(made.kind[:60])})"
    return made


def _attributes(made: Array, state: Dict, making: Making) -> None:
    """What the attributes of a tensor tell: a buffer, a parameter, the tensors that it wraps."""
    for key, value in state.items():
        if key == "_is_buffer":
            made.buffer = value is True
        elif key == "_is_param":
            made.parameter = value is True
            made.trainable = made.trainable is True
        elif made.storage is None and isinstance(key, str) and making.is_array(value):
            made.parts[key] = making.part(value)
    if made.parts and made.storage is None and made.stored is None:
        held = made.parts.values()
        made.stored = sum(p.size for p in held), sum(stored_bytes(p) for p in held)
        named = {key: v.name if isinstance(v, Global) else v for key, v in state.items() if isinstance(key, str)}
        told = (p.told for p in held if p.told)
        made.told = told_by((made.kind or "").rpartition(".")[2], named) or next(told, None)
        made.note = f"wrapped: {escaped((made.kind or '').rpartition('.')[2][:60])}"


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


def numpy_type(told: Any) -> tuple[str, int]:
    """(letter, bytes of a value) of numpy.dtype('U5'), which may be no number; Wrong where it is no dtype."""
    text = told.args[0] if isinstance(told, Record) and told.maker.path == "numpy.dtype" and told.args else None
    text = text.lstrip("<>|=") if isinstance(text, str) else ""
    letter, digits = text[:1], text[1:]
    state = told.state if isinstance(told, Record) else None
    if letter == "V" and state.__class__ is tuple and len(state) > 7 and state[7].__class__ is int and state[7] & 1:
        letter = "O"  # records with objects in them: the flag NPY_ITEM_REFCOUNT
    if not letter.isalpha() or (digits and not (digits.isascii() and digits.isdigit() and len(digits) < 10)):
        raise Wrong("has no dtype of numpy")
    return letter, int(digits or 0) * (4 if letter == "U" else 1)


def joblib_array(call: Any, making: Making) -> Array:
    """NumpyArrayWrapper built from its attributes: what describes it; its numbers were stepped over."""
    made = Array(tuple_of(call.state.get("shape")), numpy_dtype(call.state.get("dtype")))
    made.note, made.foreign = "an array of numpy", True
    return made


def numpy_array(call: Any, making: Making) -> Array:
    """_reconstruct(ndarray, (0,), b'b') built from (version, shape, dtype, fortran, bytes); _frombuffer(bytes, ...)."""
    if call.__class__ is Call:
        held, dtype, shape = call.args[:3]
    else:
        shape, dtype, _, held = call.state[-4:]
    made = Array(tuple_of(shape), numpy_dtype(dtype))
    made.note, made.foreign = "an array of numpy", True
    needed = bytes_of(made.size, made.dtype) if made.dtype else None
    if needed is not None and needed > held_bytes(held):
        raise Wrong(f"takes {needed:,} bytes by its shape, but {held_bytes(held):,} are there")
    return made


def held_bytes(held: Any) -> int:
    """How many bytes stand there: as they are, or (in protocol 2) as the text of _codecs.encode(text, "latin1")."""
    if isinstance(held, Call) and held.args:
        held = held.args[0]
    return held.length if isinstance(held, Long) else len(held) if isinstance(held, (bytes, str)) else 0
