"""A pickled state dict (.pdparams): arrays of numpy under names, or each with Paddle's own name for it.

PaddlePaddle/Paddle python/paddle/framework/io.py (`_build_saved_state_dict`, `_pickle_save`): a state dict is
{name: array} and a dictionary of Paddle's names; of other objects each tensor is tuple((name, array)).  With protocols
2 and 3 arrays of more than 4 GB are cut into slices ("UnpackBigParamInfor@@").
"""

from __future__ import annotations

from nparams.errors import FormatError, place, shown
from nparams.files._paddle.variable import role_by_name
from nparams.files._pickle import Dict, Record
from nparams.files._pytorch.array import Array, Wrong, product, tuple_of
from nparams.files._pytorch.arrays import Making, is_array
from nparams.files._pytorch.walk import PickleWalk
from nparams.stored._checkpoint.model import Model, name_of
from nparams.stored._checkpoint.walk import Item

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from nparams.network import Tensor
    from nparams.stored._checkpoint.walk import Spot

NAMES = "StructuredToParameterName@@"
SLICED = "UnpackBigParamInfor@@"
TUPLE = "builtins.tuple"
#: numpy has no bfloat16, and Paddle keeps one as uint16
AS_KEPT = {"uint16": "bfloat16"}


class Sliced:
    """An array that is kept in slices, in a row."""

    __slots__ = ("shape", "slices")

    def __init__(self, shape: Any, slices: list[Any]) -> None:
        self.shape = shape
        self.slices = slices


class PaddleWalk(PickleWalk):
    """Every array of a pickle by Paddle; `own` has Paddle's own name for each, where it is told."""

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.own: list[str | None] = []
        self._names: dict[int, dict[str, str]] = {}

    def tensor(self, spot: Spot, key: str, value: Any, how: str) -> bool:
        """Whether that is an array, alone or with Paddle's name for it; then it is kept."""
        own = self._names.get(id(spot), {}).get(key)
        if value.__class__ is Record and value.maker.path == TUPLE and named(value) is not None:
            own, value = value.listed
            key = own if spot.parent is None and key == "tensor" else key
        before = len(self.items)
        if value.__class__ is Sliced:
            self.items.append(Item(spot, key, value, how))
        found = value.__class__ is Sliced or super().tensor(spot, key, value, how)
        self.own += [own] * (len(self.items) - before)
        return found

    def inside(self, spot: Spot, value: Any) -> Iterator[tuple[Spot, str, Any, str]]:
        """What a container holds; slices of an array stand for it together."""
        held = value.get(SLICED) if isinstance(value, Dict) else None
        names = value.get(NAMES) if isinstance(value, Dict) else None
        if isinstance(names, Dict):
            self._names[id(spot)] = {k: v for k, v in names.items() if k.__class__ is str and v.__class__ is str}
        entries = super().inside(spot, value)
        return entries if not isinstance(held, Dict) else self._joined(spot, entries, value, held)

    def _joined(self, spot: Spot, entries: Any, value: Dict, told: Dict) -> Iterator[tuple[Spot, str, Any, str]]:
        whole: dict[str, Sliced] = {}
        cut: dict[str, str] = {}
        by_name = {key: held for key, held in value.items() if key.__class__ is str}
        for name, info in told.items():
            names = info.get("slices") if isinstance(info, Dict) else None
            if (
                name.__class__ is not str
                or not isinstance(names, list)
                or not all(n in by_name for n in map(str, names))
            ):
                raise FormatError(f"{self.file}: {shown(str(name))} is kept in slices that are not there. Damaged?")
            whole[name] = Sliced(info.get("OriginShape"), [by_name[str(n)] for n in names])
            cut.update((str(n), name) for n in names)
        for where, key, held, how in entries:
            if key in cut:
                if cut[key] in whole:
                    yield where, cut[key], whole.pop(cut[key]), how
            elif key not in (SLICED, NAMES):
                yield where, key, held, how


def named(value: Record) -> Any:
    """The array in tuple((name, array)); None where it is another tuple."""
    pair = value.listed
    return pair[1] if len(pair) == 2 and pair[0].__class__ is str and is_array(pair[1]) else None


def read_params(file: str, value: Any) -> Model:
    """The model in the value of a pickle by Paddle."""
    making, walk = Making(), PaddleWalk(file)

    def describe(item: Item) -> Array:
        try:
            return _sliced(item.value, making) if isinstance(item.value, Sliced) else _array(item.value, making)
        except Wrong as why:
            raise FormatError(f"{place(file)}: tensor {shown(name_of(item, walk.root))} {why}") from None

    model = Model(file, walk, describe).read(value, isinstance(value, Dict))
    _tie(model, walk.own)
    for t, own in zip(model.tensors, walk.own, strict=True):
        known = role_by_name(own or t.name) if t.role in ("weight", "bias") else None
        if known is not None:
            t.role, t.note = known
    return model


def _tie(model: Model, own: list[str | None]) -> None:
    """Two names of one dictionary for which Paddle has one are one parameter, though its numbers are kept again."""
    owners: dict[tuple[int, str], Tensor] = {}
    tied = []
    for item, t, name in zip(model.walk.items, model.tensors, own, strict=True):
        owner = t if name is None else owners.setdefault((id(item.spot.parent), f"{item.spot.key}/{name}"), t)
        if owner is not t and owner.shape == t.shape and t.role != "other":
            t.tied_to = owner.name
            tied.append(t)
    if tied:
        more = f"; so are {len(tied) - 1:,} more" if len(tied) > 1 else ""
        first = f"{shown(tied[0].name)} is {shown(tied[0].tied_to or '')}"
        model.notes.append(f"{first}: one parameter of Paddle's under two names, counted once{more}")


def _array(value: Any, making: Making) -> Array:
    made = making.array(value)
    made.dtype = AS_KEPT.get(made.dtype or "", made.dtype)
    made.note, made.foreign = None, False
    return made


def _sliced(value: Sliced, making: Making) -> Array:
    parts = [_array(part, making) for part in value.slices]
    made = Array(tuple_of(value.shape), parts[0].dtype if parts else None)
    if product(made.shape or ()) != sum(part.size for part in parts):
        raise Wrong(f"has {made.size:,} numbers by its shape, but {sum(part.size for part in parts):,} in its slices")
    return made
