"""State dicts and checkpoints in memory: told apart as the files that torch.save would write of them are."""

from __future__ import annotations

import sys

from nparams.dtypes import TORCH, bytes_of
from nparams.errors import UnsupportedError, shown
from nparams.frameworks._torch.access import Bare, items, look, shape_of
from nparams.frameworks._torch.packed import dtype_of, fields_of, is_wrapper
from nparams.frameworks._torch.special import PARTS
from nparams.network import Network
from nparams.roles import run_state
from nparams.stored._checkpoint.array import Array, Wrong, expand, stored_bytes
from nparams.stored._checkpoint.model import Model, plural
from nparams.stored._checkpoint.walk import (
    ATTRIBUTE,
    BUFFER,
    KEY,
    PARAMETER,
    PLAIN,
    TOP,
    Item,
    Spot,
    Walk,
    key_text,
    keyed,
    state_of_run,
)
from nparams.stored._packed.scheme import WIDTHS, Unknown
from nparams.stored._packed.wrapped import told_by
from nparams.stored.named import assemble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from nparams.stored.named import Data

HERE = "the dictionary"
LOOKED_AT, DEEPEST = 200, 4  # values that are looked at, containers inside each other, to see whose a dictionary is
WRAPPERS_DEEP = 8


def claims(source: object) -> bool:
    """Whether a dictionary or list holds tensors or modules of PyTorch."""
    torch = sys.modules["torch"]
    wanted = (torch.Tensor, torch.nn.Module)
    left = LOOKED_AT
    stack: list[tuple[Any, int]] = [(source, 0)]
    while stack and left:
        value, deep = stack.pop()
        left -= 1
        if issubclass(type(value), wanted):
            return True
        if deep < DEEPEST:
            if issubclass(type(value), dict):
                stack += [(v, deep + 1) for _, v in zip(range(LOOKED_AT), dict.values(value), strict=False)]
            elif type(value) in (list, tuple):
                stack += [(v, deep + 1) for v in value[:LOOKED_AT]]
    return False


def read(source: Any) -> Network:
    """The model in a state dict, a checkpoint or a list of tensors; what else it keeps is listed as `other`."""
    walk = LiveWalk(HERE)
    model = Model(HERE, walk, Describing().item, HERE).read(source, issubclass(type(source), dict))
    tensors = model.tensors
    made = assemble(tensors, _reader(model), None, model.hints, None, HERE)
    title = "state dict" if issubclass(type(source), dict) else type(source).__name__
    described = ", ".join([title, plural(len(tensors), "tensor"), *([made.scheme] if made.scheme else [])])
    return Network(
        tensors=tensors, source=title, form="torch", read_as=title, described=f"PyTorch {described}", also=model.also,
        notes=[*model.notes, *model.told(), *made.notes], routes=made.routes, parts=made.parts,
    )  # fmt: skip


# -- what stands where ------------------------------------------------------------------------------------------------


class LiveWalk(Walk):
    """Every tensor below an object in memory."""

    def holds(self, value: Any) -> bool:
        """Whether a value may hold tensors."""
        torch = sys.modules["torch"]
        return issubclass(type(value), (dict, list, tuple, torch.nn.Module, torch.optim.Optimizer))

    def tensor(self, spot: Spot, key: str, value: Any, how: str) -> bool:
        """Whether that is a tensor (or an array of numpy); then it is kept."""
        if not issubclass(type(value), arrays()):
            return False
        if how is not ATTRIBUTE or id(value) not in self.seen:
            self.items.append(Item(spot, key, value, how))
            if how is not KEY:
                self.seen.add(id(value))
        return True

    def inside(self, spot: Spot, value: Any) -> Iterator[tuple[Spot, str, Any, str]]:
        """What a dictionary, a module, an optimizer or a named tuple holds."""
        if issubclass(type(value), dict):
            return keyed(spot, dict.items(value))
        if issubclass(type(value), (list, tuple)):
            return ((spot, str(k), held, KEY) for k, held in enumerate(value))
        held = look(value, "__dict__")
        if issubclass(type(value), sys.modules["torch"].optim.Optimizer):
            return keyed(spot, [(key, held[key]) for key in ("state", "param_groups") if key in held])
        spot.kind, spot.loose = type(value).__name__, False
        self.modules.append(spot)
        return module(spot, held)

    def not_model(self, spot: Spot, key: str, value: Any) -> str | None:
        """Why a container is not the model: by what it is, or is called; None where it may be."""
        if spot.kind is not None:
            return None
        if issubclass(type(value), sys.modules["torch"].optim.Optimizer):
            return f"an optimizer or a scheduler ({type(value).__name__[:80]})"
        if issubclass(type(value), dict):
            found = state_of_run(key, {k for k in dict.keys(value) if type(k) is str})
            if found is not None:
                return found
        return run_state(key) if spot.depth < TOP else None


def module(spot: Spot, held: dict[str, Any]) -> Iterator[tuple[Spot, str, Any, str]]:
    """What a module registers, in torch's order; then what stands in its plain attributes."""
    for name, how in (("_parameters", PARAMETER), ("_buffers", BUFFER), ("_modules", KEY)):
        for k, (key, value) in enumerate(items(held.get(name))):
            yield spot, key_text(key, k), value, how
    for key, value in held.items():
        if not key.startswith("_") and value.__class__ not in PLAIN:
            yield spot, key, value, ATTRIBUTE


def arrays() -> tuple[type, ...]:
    """The classes of tensors: PyTorch's, and numpy's where that is loaded."""
    numpy = sys.modules.get("numpy")
    tensor: type = sys.modules["torch"].Tensor
    return (tensor,) if numpy is None else (tensor, numpy.ndarray)


# -- tensors ----------------------------------------------------------------------------------------------------------


class Storage:
    """The memory that tensors are views on."""

    __slots__ = ("device", "held", "key", "start")

    def __init__(self, key: str, held: Any, device: str) -> None:
        self.key = key
        self.start = 0
        self.held = held
        self.device = device

    @property
    def root(self) -> Storage:
        """It is whole."""
        return self


class Describing:
    """Tensors -> arrays in plain numbers; what shares its memory shares a Storage."""

    def __init__(self) -> None:
        self.storages: dict[int, Storage] = {}

    def item(self, item: Item) -> Array:
        """The tensor that stands there."""
        try:
            return self.of(item.value)
        except Wrong as problem:
            raise UnsupportedError(f"{shown(item.key)} {problem}") from None

    def of(self, t: Any, deep: int = 0) -> Array:
        """A tensor, with the tensors in it where it wraps some."""
        torch: Any = sys.modules["torch"]
        if not issubclass(type(t), torch.Tensor):
            return _numpy(t)
        if issubclass(type(t), torch.nn.parameter.UninitializedTensorMixin):
            made = Array(None, None)
            made.note = "not created yet (lazy): its size is not known"
        elif is_wrapper(t) and deep < WRAPPERS_DEEP:
            made = self._wrapper(t, deep)
        elif str(Bare(t).layout) != "torch.strided":
            made = _sparse(Bare(t))
        else:
            made = self._dense(t if type(t) in (torch.Tensor, torch.nn.Parameter) else Bare(t))
        made.parameter = issubclass(type(t), torch.nn.Parameter) or look(t, "__dict__").get("_is_param") is True
        made.buffer = not made.parameter and look(t, "__dict__").get("_is_buffer") is True
        learns = bool(Bare(t).requires_grad)
        made.trainable = learns if made.parameter or learns else None
        return made

    def _dense(self, t: Any) -> Array:
        dtype = dtype_of(t)
        made = Array(shape_of(t), dtype)
        if str(t.dtype) == "torch.float4_e2m1fn_x2":
            made.stored, made.dtype, made.note = (made.size, made.size), "float4_e2m1fn", PAIRS
            made.shape, made.size = (*tuple(t.shape[:-1]), 2 * t.shape[-1]), 2 * made.size
            return made
        try:
            held = t.untyped_storage()
        except NotImplementedError:  # what torch.func wraps around a tensor
            return made
        key = held._cdata
        made.storage = self.storages.get(key) or self.storages.setdefault(key, Storage(str(key), held, t.device.type))
        made.offset, made.stride = t.storage_offset(), tuple(t.stride())
        if made.size and any(step == 0 and d > 1 for d, step in zip(shape_of(t), made.stride, strict=True)):
            expand(made)
        if t.is_quantized:
            self._quantised(made, t)
        return made

    def _quantised(self, made: Array, t: Any) -> None:
        if not str(t.qscheme()).startswith("torch.per_channel"):
            made.note = "quantised: one scale and zero point for the tensor"
            return
        scales, zeros = t.q_per_channel_scales(), t.q_per_channel_zero_points()
        made.note = f"quantised: a scale and zero point for each of {len(scales):,}"
        made.parts = {"scales": self.of(scales), "zero_points": self.of(zeros)}

    def _wrapper(self, t: Any, deep: int) -> Array:
        made = Array(shape_of(t), dtype_of(t))
        made.kind = f"{type(t).__module__}.{type(t).__qualname__}"
        fields = fields_of(t)
        made.parts = {key: self.of(v, deep + 1) for key, v in fields.items() if issubclass(type(v), arrays()[:1])}
        held = made.parts.values()
        made.told = told_by(type(t).__name__, fields) or next((p.told for p in held if p.told), None)
        made.stored = sum(p.size for p in held), sum(stored_bytes(p) for p in held)
        made.note = f"wrapped: {type(t).__name__[:60]}"
        return made


PAIRS = "packed: two float4 numbers in a byte"


def _sparse(t: Any) -> Array:
    made = Array(shape_of(t), dtype_of(t))
    if str(t.layout) not in PARTS:  # mkldnn: the numbers are there, in an order of their own
        return made
    values = (t._values() if str(t.layout) == "torch.sparse_coo" else t.values()).numel()
    made.stored = values, bytes_of(values, made.dtype or "uint8") or 0
    layout = str(t.layout).removeprefix("torch.sparse_")
    made.note = f"sparse ({layout[:20]}): {values:,} of {made.size:,} numbers stored"
    return made


def _numpy(t: Any) -> Array:
    name = t.dtype.name
    made = Array(tuple(t.shape), TORCH.get(name) if t.dtype.kind in "biufc" else None)
    made.note, made.foreign = "an array of numpy", True
    return made


def _reader(model: Model) -> Data:
    """The bytes of small tensors that lie in this machine's own memory, in a row."""

    def read(k: int, limit: int) -> bytes:
        array = model.arrays[k]
        width = WIDTHS.get(array.dtype or "")
        if array.storage is None or width is None or array.storage.device != "cpu" or array.size * width > limit:
            raise Unknown("unread", f"{model.tensors[k].name} tells its shape, and cannot be read here", ())
        first = array.offset * width
        return bytes(array.storage.held[first : first + array.size * width].tolist())

    return read
