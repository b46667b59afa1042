"""Parameters that are tensors of a class of their own: packed weights, as torchao, bitsandbytes and quanto keep them.

Only plain attributes of the objects are read.  A wrapper tells its logical shape itself (pytorch
torch/utils/_python_dispatch.py, `is_traceable_wrapper_subclass`); what it wraps tells how its numbers are stored.
"""

from __future__ import annotations

from nparams.dtypes import TORCH
from nparams.frameworks._torch.access import look
from nparams.network import Tensor
from nparams.stored._packed.wrapped import apart, told_by

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Reader = Callable[[str, Any, str], list[Tensor] | None]

DEEPEST = 8  # wrappers inside wrappers
#: wrappers that are no packing
OWN = ("torch.",)
PACKED_BY_TORCH = ("SparseSemiStructuredTensor", "SparseSemiStructuredTensorCUTLASS",
                   "SparseSemiStructuredTensorCUSPARSELT")  # fmt: skip


class Part:
    """A tensor as described: what stored._packed.wrapped asks of one."""

    __slots__ = ("dtype", "kind", "parts", "shape", "size", "storage", "stored", "told")

    def __init__(self, t: Any, deep: int = 0) -> None:
        self.shape: tuple[int, ...] = tuple(t.shape)
        self.size: int = t.numel()
        self.dtype: str | None = dtype_of(t)
        self.kind: str | None = f"{type(t).__module__}.{type(t).__qualname__}"
        #: (elements, bytes) where that is not shape x dtype
        self.stored: tuple[int, int] | None = None
        fields = fields_of(t) if is_wrapper(t) and deep < DEEPEST else {}
        self.parts = {key: Part(held, deep + 1) for key, held in fields.items() if is_tensor(held)}
        self.storage: object = None if is_wrapper(t) else t
        #: the number type that its own attributes name
        self.told = told_by(type(t).__name__, fields)
        for part in self.parts.values():
            self.told = self.told or part.told


def of_tensor(name: str, t: Any, role: str) -> list[Tensor] | None:
    """The logical parameter and its bookkeeping; None where the tensor is as plain as it looks."""
    cls = type(t)
    if cls not in READERS:
        READERS[cls] = _reader(cls)
    reader = READERS[cls]
    return None if reader is None else reader(name, t, role)


READERS: dict[type, Reader | None] = {}


def _reader(cls: type) -> Reader | None:
    """Who reads the tensors of a class, found once for each."""
    for base in cls.__mro__:
        known = BY_CLASS.get(base.__name__)
        if known is not None and base.__module__.startswith(known[0]):
            return known[1]
    if cls.__module__.startswith(OWN) and cls.__name__ not in PACKED_BY_TORCH:
        return None
    return wrapper if hasattr(cls, "__tensor_flatten__") else None


# -- wrappers ---------------------------------------------------------------------------------------------------------


def wrapper(name: str, t: Any, role: str) -> list[Tensor] | None:
    """A tensor of tensors: torchao's, quanto's, and whatever else torch.compile can take apart."""
    whole = Part(t)
    kind = type(t).__name__
    found = apart(whole)
    if found is None:
        return [unknown(name, role, f"{kind}: what it wraps does not tell how its numbers are stored", t.requires_grad)]
    if not found.books and found.dtype == whole.dtype and found.stored[0] == whole.size:
        return None  # a wrapper that changes how a weight is used, not how it is stored
    tensors = [Tensor(name, whole.shape, found.dtype, role, t.requires_grad, None, found.stored, f"packed: {kind}")]
    for key, part in found.books.items():
        tensors.append(book(f"{name}.{key}", part.shape, part.dtype, f"{kind}: {key}", part.stored))
    return tensors


def is_wrapper(t: Any) -> bool:
    """Whether a tensor has no numbers of its own but those of the tensors in it."""
    cls = type(t)
    return hasattr(cls, "__tensor_flatten__") and cls.__name__ not in ("Tensor", "Parameter")


def is_tensor(value: object) -> bool:
    """Whether a value is a tensor, or one of torchao's parts of a tensor, which are tensors too."""
    import torch

    return isinstance(value, torch.Tensor)


def fields_of(t: object) -> dict[str, Any]:
    """The plain attributes of an object, those that its class lists as its tensors first; no property is asked."""
    held = dict(_slots(t))
    held.update(look(t, "__dict__") if hasattr(type(t), "__dict__") and "__dict__" in dir(type(t)) else {})
    first = [n for key in ("tensor_data_names", "optional_tensor_data_names") for n in _names(type(t), key)]
    order = [n for n in first if n in held]
    return {n: held[n] for n in [*order, *(n for n in held if n not in order)]}


def _slots(t: object) -> Iterator[tuple[str, Any]]:
    from types import MemberDescriptorType

    for cls in reversed(type(t).__mro__):
        for key, value in vars(cls).items():
            if isinstance(value, MemberDescriptorType):
                try:
                    yield key, value.__get__(t, type(t))
                except AttributeError:  # never set
                    continue


def _names(cls: type, key: str) -> tuple[str, ...]:
    held = next((vars(base)[key] for base in cls.__mro__ if key in vars(base)), ())
    return tuple(n for n in held if isinstance(n, str)) if isinstance(held, list | tuple) else ()


# -- number types -----------------------------------------------------------------------------------------------------


def dtype_of(t: Any) -> str:
    """The canonical name of a tensor's number type; a byte with two float4 in it is a byte here."""
    text = str(t.dtype).removeprefix("torch.")
    return "uint8" if text == "float4_e2m1fn_x2" else TORCH.get(text, text)


# -- bitsandbytes -----------------------------------------------------------------------------------------------------


def params4bit(name: str, t: Any, role: str) -> list[Tensor] | None:
    """Params4bit: two numbers to a byte once it is quantised; before that (on its way to the device) it is plain.

    bitsandbytes-foundation/bitsandbytes bitsandbytes/nn/modules.py, `Params4bit`, and functional.py, `QuantState`.
    """
    held = look(t, "__dict__")
    state = held.get("quant_state")
    if state is None:
        if not held.get("bnb_quantized"):
            return None
        return [unknown(name, role, "bitsandbytes: packed, without the state that tells its shape", t.requires_grad)]
    fields = vars(state)
    kind, shape = str(fields.get("quant_type")), fields.get("shape")
    if shape is None or kind not in ("nf4", "fp4"):
        return [unknown(name, role, f"bitsandbytes {kind[:20]}: its state tells no shape", t.requires_grad)]
    stored = t.numel(), t.numel() * t.element_size()
    note = f"packed: bitsandbytes {kind}"
    found = [Tensor(name, tuple(shape), kind, role, t.requires_grad, None, stored, note)]
    nested = fields.get("state2")
    parts = [(fields, "absmax", "absmax"), (fields, "code", "quant_map")]
    if nested is not None:
        parts += [(vars(nested), "absmax", "nested_absmax"), (vars(nested), "code", "nested_quant_map"),
                  (fields, "offset", "nested_offset")]  # fmt: skip
    for where, key, leaf in parts:
        part = where.get(key)
        if part is not None and is_tensor(part):
            found.append(book(f"{name}.{leaf}", tuple(part.shape), dtype_of(part), f"bitsandbytes {kind}: {leaf}"))
    return found


def int8params(name: str, t: Any, role: str) -> list[Tensor] | None:
    """Int8Params: whole once it is quantised, its row scales beside it (after the first run: in the layer's state)."""
    if dtype_of(t) != "int8":
        return None
    found = [Tensor(name, tuple(t.shape), "int8", role, t.requires_grad, None, None, "packed: bitsandbytes int8")]
    scales = look(t, "__dict__").get("SCB")
    if scales is not None and is_tensor(scales):
        before = name[: name.rfind(".") + 1]
        found.append(book(f"{before}SCB", tuple(scales.shape), dtype_of(scales), "bitsandbytes int8: SCB"))
    return found


BY_CLASS: dict[str, tuple[str, Reader]] = {
    "Params4bit": ("bitsandbytes.", params4bit),
    "Int8Params": ("bitsandbytes.", int8params),
}

# -- what they are made of --------------------------------------------------------------------------------------------


def book(
    name: str, shape: tuple[int, ...], dtype: str | None, note: str, stored: tuple[int, int] | None = None
) -> Tensor:
    """A tensor that a packed weight needs and that is no parameter."""
    return Tensor(name, shape, dtype, "bookkeeping", None, None, stored, note)


def unknown(name: str, role: str, why: str, trainable: bool | None = False) -> Tensor:
    """A packed weight whose logical size nothing tells."""
    return Tensor(name, None, None, role, trainable, None, (0, 0), why)
