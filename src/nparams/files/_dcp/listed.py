"""What the list of a distributed checkpoint holds: a record for each tensor, of size, number type and chunks.

pytorch torch/distributed/checkpoint/metadata.py; before torch 2.2 the properties of a tensor were described in
torch/distributed/_shard/sharded_tensor/metadata.py.
"""

from __future__ import annotations

from nparams.errors import FormatError, UnsupportedError, place, shown
from nparams.files._pickle import CALLS as ALL
from nparams.files._pickle import Call, Dict, Record
from nparams.files._pytorch.array import Array, Wrong, dtype_of, flag, product, tuple_of
from nparams.stored._checkpoint.model import plural

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from nparams.files._pickle.values import Make
    from nparams.stored._checkpoint.walk import Item

METADATA = "torch.distributed.checkpoint.metadata."
SHARDED = "torch.distributed._shard.sharded_tensor.metadata."
#: the list itself
LIST = frozenset((METADATA + "Metadata",))
TENSOR, BYTES = METADATA + "TensorStorageMetadata", METADATA + "BytesStorageMetadata"
#: what may be called: sizes, layouts, paths, members of two enumerations, Python's own containers
CALLS: Mapping[str, Make] = {
    **{
        name: make for name, make in ALL.items()
        if name in ("torch.Size", "torch.serialization._get_layout", "torch.device")
        or name.startswith(("pathlib.", "collections.", "copyreg.", "builtins.set", "builtins.list", "builtins.tuple"))
    },
    METADATA + "_MEM_FORMAT_ENCODING": Call,
    SHARDED + "MEM_FORMAT_ENCODING": Call,
}  # fmt: skip


class Checkpoint:
    """The entries of the list: `tensors` by their full names, `paths` the keys that each name was joined of."""

    def __init__(self, value: Record, file: str) -> None:
        self.file = place(file)
        state = value.state
        entries = state.get("state_dict_metadata") if isinstance(state, Dict) else None
        if not isinstance(state, Dict) or not isinstance(entries, Dict):
            raise FormatError(f"{self.file}: it has no state_dict_metadata, the list of what was saved")
        self.tensors: dict[str, Record] = {}
        #: entries that are no tensors: numbers, settings, states of generators
        self.others = 0
        for name, entry in entries.items():
            self._entry(name, entry)
        self.paths = self._paths(state.get("planner_data"))
        self.files = self._files(state.get("storage_data"))

    def _entry(self, name: Any, entry: Any) -> None:
        if name.__class__ is not str or name in self.tensors:
            raise FormatError(f"{self.file}: an entry without a name, or one that appears twice: {shown(str(name))}")
        path = entry.maker.path if isinstance(entry, Record) else None
        if path == TENSOR:
            self.tensors[name] = entry
        elif path == BYTES:
            self.others += 1
        else:
            raise UnsupportedError(f"{self.file}: {shown(name)} is listed as {shown(path or 'a plain value')}")

    def _paths(self, told: Any) -> dict[str, tuple[Any, ...]]:
        """The keys that a nested dictionary was flattened from, where the planner was torch's own."""
        found: dict[str, tuple[Any, ...]] = {}
        for name, path in told.items() if isinstance(told, Dict) else ():
            plain = path.__class__ is tuple and path and all(key.__class__ in (str, int) for key in path)
            if plain and name.__class__ is str and ".".join(map(str, path)) == name:  # so that names stay apart
                found[name] = path
        return found

    def _files(self, told: Any) -> dict[str, None]:
        """The bare names of the pieces, in order."""
        found: dict[str, None] = {}
        for _, info in told.items() if isinstance(told, Dict) else ():
            state = info.state if isinstance(info, Record) else None
            name = state.get("relative_path") if isinstance(state, Dict) else None
            if name.__class__ is str:
                found[name] = None
        return found

    def describe(self, item: Item) -> Array:
        """The tensor that an entry describes, whose chunks cover it."""
        try:
            return _array(item.value)
        except Wrong as why:
            raise FormatError(f"{self.file}: tensor {shown(item.key)} {why}") from None
        except (ValueError, TypeError, IndexError, AttributeError):
            raise FormatError(f"{self.file}: tensor {shown(item.key)} is described in no known way") from None

    def told(self) -> list[str]:
        """What is listed and is no tensor."""
        if not self.others:
            return []
        verb = "is no tensor" if self.others == 1 else "are no tensors"
        listed = f"{self.others:,} {'entry' if self.others == 1 else 'entries'}"
        return [f"{listed} of the list {verb} (settings, steps, states), not looked at"]


def _array(entry: Record) -> Array:
    state, properties = entry.state, entry.state.get("properties")
    shape = tuple_of(state.get("size"))
    made = Array(shape, None, product(shape))
    made.dtype, made.trainable = _properties(properties)
    covered = 0
    for chunk in state.get("chunks"):
        covered += _chunk(chunk, shape)
    if covered != made.size:
        raise Wrong(f"has {made.size:,} numbers, but its chunks hold {covered:,}. A part of the list is missing?")
    return made


def _properties(told: Any) -> tuple[str, bool | None]:
    """(number type, trainable): a tuple as __getstate__ makes it, or attributes."""
    state = told.state
    if isinstance(state, Dict):
        return dtype_of(state.get("dtype")), flag(state.get("requires_grad"))
    return dtype_of(state[0]), flag(state[2])


def _chunk(told: Any, shape: tuple[int, ...]) -> int:
    """How many numbers a chunk holds; it must lie inside the tensor."""
    offsets, sizes = tuple_of(told.state.get("offsets")), tuple_of(told.state.get("sizes"))
    size = product(sizes)
    if not len(offsets) == len(sizes) == len(shape):
        raise Wrong(f"of {plural(len(shape), 'dimension')} has a chunk of {len(sizes):,}")
    for offset, n, d in zip(offsets, sizes, shape, strict=True):
        if offset.__class__ is not int or offset < 0 or offset + n > d:
            raise Wrong("has a chunk that is not inside it")
    return size
