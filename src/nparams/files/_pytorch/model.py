"""What in a pickled checkpoint is the model: the tensors of a pickle, described for stored/_checkpoint."""

from __future__ import annotations

from nparams.errors import FormatError, place, shown
from nparams.files._pickle import Dict
from nparams.files._pytorch.arrays import Array, Making, Wrong
from nparams.files._pytorch.storages import Storage
from nparams.files._pytorch.walk import PickleWalk
from nparams.stored._checkpoint.model import Model, name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.stored._checkpoint.walk import Item


def read_model(file: str, value: Any) -> Model:
    """The model in the value of a pickle; FormatError for tensors that are described in no possible way."""
    making = Making()
    walk = PickleWalk(file)

    def describe(item: Item) -> Array:
        try:
            return storage_array(item.value) if isinstance(item.value, Storage) else making.array(item.value)
        except Wrong as why:
            raise FormatError(f"{place(file)}: tensor {shown(name_of(item, walk.root))} {why}") from None

    return Model(file, walk, describe).read(value, isinstance(value, Dict))


def storage_array(storage: Storage) -> Array:
    """A storage that was saved by itself: its numbers in a row."""
    made = Array((storage.elements,), storage.dtype or "uint8")
    made.storage, made.stride, made.note = storage, (1,), "a storage saved by itself"
    return made
