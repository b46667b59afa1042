"""What an archive holds, as a list of named tensors: the weights and constants of every model in it."""

from __future__ import annotations

from nparams.errors import FormatError, UnsupportedError, place, shown
from nparams.files._pickle import Dict
from nparams.files._pt2.inner import Numbers
from nparams.files._pt2.layout import (
    COMPILED,
    COMPILED_LIST,
    CONSTANTS,
    LIST,
    MODELS,
    OLD_CONSTANTS,
    OLD_PROGRAM,
    OLD_WEIGHTS,
    PROGRAM,
    SAVED,
    WEIGHTS,
    compiled,
    models,
)
from nparams.files._pt2.payload import Part, Payload
from nparams.files._pt2.signature import registered
from nparams.files._pt2.texts import TooLong, object_in
from nparams.files._pytorch.array import Wrong
from nparams.files._pytorch.arrays import Making, is_array
from nparams.stored._checkpoint.walk import BUFFER, KEY, PARAMETER, Item, Spot, Walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.files._pytorch.array import Array
    from nparams.files._zip import Archive

#: what the graph calls a tensor -> how it stands in its module
HOW = {"parameter": PARAMETER, "buffer": BUFFER}
BESIDE_CODE = (
    "compiled code (AOTInductor): only the weights packed beside it are counted, not what was folded into the code; "
    "they are told from buffers by their names"
)
UNTOLD = "the graph of the program is too long to be parsed: parameters and buffers are told apart by their names"


class Given(Walk):
    """Items that were found already."""

    def __init__(self, file: str, items: list[Item], root: Spot) -> None:
        super().__init__(file)
        self.items, self.root = items, root

    def run(self, value: Any) -> list[Item]:
        """They are there."""
        return self.items


class Program:
    """The tensors of an archive in order, each as an item of a checkpoint."""

    def __init__(self, archive: Archive, file: str, limits: bool) -> None:
        self.archive = archive
        self.file = file
        self.limits = limits
        self.numbers = Numbers(archive, file, limits)
        self.making = Making()
        self.items: list[Item] = []
        self.notes: list[str] = []
        #: members that tensors were found in
        self.used: set[str] = set()
        #: the models in it, and those of them that are compiled
        self.models: list[str] = []
        self.root = Spot(None, "")
        #: what a model keeps, as names with marks of their bytes -> the first model that keeps it
        self.kept: dict[frozenset[tuple[str, object]], str] = {}

    def walk(self) -> Given:
        """For the rules that all checkpoints share."""
        return Given(self.file, self.items, self.root)

    def describe(self, item: Item) -> Array:
        """The tensor that an item is."""
        try:
            return self._array(item.value)
        except Wrong as why:
            raise FormatError(f"{place(self.file)}: tensor {shown(item.key)} {why}") from None
        except (ValueError, TypeError):
            raise FormatError(f"{place(self.file)}: tensor {shown(item.key)} is described in no known way") from None

    def _array(self, held: Any) -> Array:
        if isinstance(held, Payload) and not held.pickled:
            return held.array(self.numbers.storage(held.member))
        if not isinstance(held, (Payload, Part)):
            return self.making.array(held)
        made = self.making.array(self.numbers.value(held.member))
        if isinstance(held, Part):
            return held.array(made)
        made.parameter = made.parameter or held.parameter
        return made

    # -- torch 2.8 and later ------------------------------------------------------------------------------------------

    def read(self, root: str) -> None:
        """The models below a folder of the archive."""
        self.models = models(self.archive, root)
        machine = compiled(self.archive, root)
        if not self.models:
            self._compiled(root, machine)
            return
        if machine:
            self.notes.append("its compiled code (AOTInductor) is not looked at")
        for name in self.models:
            spot, before = self.root if len(self.models) == 1 else Spot(self.root, name), len(self.items)
            for front in (WEIGHTS, CONSTANTS):
                self._payloads(root, name, front, spot)
            self._again(name, spot, self.items[before:])

    def _again(self, name: str, spot: Spot, items: list[Item]) -> None:
        """A model that keeps, under the same names, the same bytes as one before it is that one stored again."""
        kept = frozenset((item.key, item.value.mark(self.archive)) for item in items if isinstance(item.value, Payload))
        first = self.kept.setdefault(kept, name)
        if first is not name and len(kept) == len(items) and kept:
            spot.why = f"the weights of {first} stored again, for {name}"

    def _payloads(self, root: str, model: str, front: str, spot: Spot) -> None:
        """The weights or the constants of one model."""
        member = f"{root}{front}{model}{LIST[front]}"
        if member in self.archive:
            self._listed(member, root + front, spot)
        elif f"{root}{front}{model}{SAVED}" in self.archive:  # torch 2.8.0: a file of torch.save instead
            names = self._signature(f"{root}{MODELS}{model}{PROGRAM}")
            self._saved(f"{root}{front}{model}{SAVED}", spot, names, front == CONSTANTS)
        elif front == WEIGHTS:
            raise FormatError(f"{place(self.file)}: it has a model {shown(model)} without a list of its weights")

    def _listed(self, member: str, front: str, spot: Spot) -> None:
        self.used.add(member)
        held = object_in(self.archive, member, self.file, self.limits).get("config")
        if not isinstance(held, dict):
            raise FormatError(f"{place(self.file)}: {shown(member)} has no config: the list of what is stored")
        objects = 0
        for name, told in held.items():
            try:
                payload = Payload(name, told, front)
            except Wrong as why:
                raise FormatError(f"{place(self.file)}: tensor {shown(name)} {why}") from None
            self.used.add(payload.member)
            if payload.meta is None and payload.pickled:
                objects += 1
            else:
                self.items.append(Item(spot, name, payload, PARAMETER if payload.parameter else BUFFER))
        if objects:
            self.notes.append(f"{objects:,} constants are objects and no tensors; they are not looked at")

    def _compiled(self, root: str, names: list[str]) -> None:
        """A package of compiled code alone: the weights are in the code, unless they were packed beside it."""
        lists = {name: f"{root}{COMPILED}{name}{COMPILED_LIST}" for name in names}
        lists = {name: member for name, member in lists.items() if member in self.archive}
        if not lists:
            what = "holds compiled code alone (AOTInductor)" if names else "holds no exported program"
            raise UnsupportedError(
                f"{place(self.file)} {what}, whose weights cannot be listed; count the checkpoint, or what "
                "torch.export.save writes of the same model"
            )
        self.models = list(lists)
        self.notes.append(BESIDE_CODE)
        for name, member in lists.items():
            spot = self.root if len(lists) == 1 else Spot(self.root, name)
            self._beside_code(member, root + WEIGHTS, spot)

    def _beside_code(self, member: str, front: str, spot: Spot) -> None:
        """torch/export/pt2_archive/_package.py (`_package_aoti_files`): name -> [member, shape, steps, offset]."""
        self.used.add(member)
        for name, told in object_in(self.archive, member, self.file, self.limits).items():
            if not isinstance(told, list) or len(told) != 4 or not isinstance(told[0], str):
                raise FormatError(f"{place(self.file)}: {shown(member)} describes {shown(name)} in no known way")
            self.used.add(front + told[0])
            self.items.append(Item(spot, name, Part(front + told[0], *told[1:]), KEY))

    # -- before torch 2.8 ---------------------------------------------------------------------------------------------

    def read_old(self) -> None:
        """The one program of an older archive."""
        weights = next((name for name in OLD_WEIGHTS if name in self.archive), None)
        if weights is None:
            raise FormatError(f"{place(self.file)}: an exported program without {OLD_WEIGHTS[0]}: its weights")
        self.models = ["model"]
        self._saved(weights, self.root, self._signature(OLD_PROGRAM), False)
        for name in OLD_CONSTANTS:
            if name in self.archive:
                self._saved(name, self.root, {}, True)

    def _signature(self, member: str) -> dict[str, str]:
        """What the graph says of each tensor; {} where it is too long to be asked."""
        if member not in self.archive:
            raise FormatError(f"{place(self.file)}: it has no {shown(member)}: the exported program")
        try:
            return registered(object_in(self.archive, member, self.file, self.limits))
        except TooLong:
            self.notes.append(UNTOLD)
            return {}

    def _saved(self, member: str, spot: Spot, names: dict[str, str], constants: bool) -> None:
        """A dictionary of tensors in a file of torch.save."""
        self.used.add(member)
        if constants and not self.archive.member(member).size:
            return
        held = self.numbers.value(member)
        if not isinstance(held, Dict):
            raise FormatError(f"{place(self.file)}: {shown(member)} holds no dictionary of tensors")
        met: set[str] = set()
        for name, value in held.items():
            if name.__class__ is not str or name in met:
                raise FormatError(f"{place(self.file)}: {shown(member)} has a name twice, or one that is no text")
            met.add(name)
            if is_array(value):
                self.items.append(Item(spot, name, value, BUFFER if constants else HOW.get(names.get(name, ""), KEY)))
