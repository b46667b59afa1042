"""A TorchScript archive's tensors, named and weighed, as a tree of its modules."""

from __future__ import annotations

from nparams.errors import FormatError, escaped, place, shown
from nparams.files._pickle import Dict
from nparams.files._pytorch.arrays import Array, Making, Wrong, is_array
from nparams.files._pytorch.network import KINDS, WIDTHS
from nparams.files._torchscript.objects import NATIVE_PART, PARAMETER, Objects, unwrapped
from nparams.files._torchscript.roles import constant, role
from nparams.network import Module, Network, Tensor
from nparams.network.grouping import module_at
from nparams.stored._checkpoint.ties import tie
from nparams.stored.named import assemble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from nparams.files._pickle import Record
    from nparams.files._torchscript.classes import Registered
    from nparams.files._torchscript.objects import Found
    from nparams.files._torchscript.uses import Uses
    from nparams.files._zip import Archive
    from nparams.files.bytesource import Folder

MAX_NAMES = 64_000_000  # characters of all names together
CONSTANTS = "CONSTANTS"


class Model:
    """What has been read so far."""

    def __init__(self, file: str) -> None:
        self.file = place(file)
        self.archive: Archive | None = None
        #: a storage by its identity -> the member that holds it
        self.places: dict[int, str] = {}
        self.tensors: list[Tensor] = []
        self.arrays: list[Array] = []
        #: the module that each tensor stands in
        self.modules_of: list[str] = []
        #: path of a module -> the name of its class
        self.modules: dict[str, str] = {}
        self.notes: list[str] = []
        self.flags: list[dict[str, str]] = []
        self._making = Making()
        self._room = MAX_NAMES
        self._frozen = False
        #: how many parts of packed layers bear a name
        self._parts: dict[str, int] = {}

    # -- what is read -------------------------------------------------------------------------------------------------

    def take(self, value: Record, classes: Mapping[str, Registered]) -> None:
        """The objects of data.pkl."""
        objects = Objects(self.file, classes)
        objects.run(value)
        self.modules |= objects.modules
        for found in objects.found:
            array = self.array(found.name, found.value)
            self._take(found, array, *role(found, array))
        if objects.skipped:
            self.notes.append(f"{objects.skipped:,} modules stand in several places and are listed in one only")
        # torch.jit.freeze takes away what says whether a module trains
        self._frozen = isinstance(value.state, Dict) and "training" not in value.state.pairs[::2]

    def take_constants(self, value: Any, uses: Uses) -> None:
        """The constants of the code: tensors, and packed layers."""
        before = len(self.tensors)
        for k, one in enumerate(map(unwrapped, value if isinstance(value, (list, tuple)) else ())):
            objects = Objects(self.file, {})
            objects.run([one] if is_array(one) else one, f"{CONSTANTS}.c{k}")
            for found in objects.found:
                array = self.array(found.name, found.value)
                found.module = CONSTANTS
                if found.how is NATIVE_PART:
                    self._take(found, array, *role(found, array))
                else:
                    found.name = f"{CONSTANTS}.c{k}"
                    self._take(found, array, *constant(array, uses.by_number.get(k, ()), self._frozen))
        self._tell_constants(self.tensors[before:])
        for name in uses.left_out:
            self.add(name, Array(None, None), "weight", "packed for one processor, and left out of the file", CONSTANTS)

    def _take(self, found: Found, array: Array, role: str, note: str | None) -> None:
        """One tensor, and the scales that it is quantised with."""
        name = found.name
        if found.how is NATIVE_PART:
            name = f"{found.name}.{role if role in ('weight', 'bias') else 'part'}"
            number = self._parts[name] = self._parts.get(name, -1) + 1
            name += f"_{number}" if number else ""
        self.add(name, array, role, note, found.module)
        if found.how is PARAMETER:
            self.tensors[-1].trainable = array.trainable is True
        for part, held in array.parts.items():
            apart = f"{name}.{part.replace(' ', '_')}"
            self.add(apart, held, "bookkeeping", f"{part} of a quantised weight", found.module)

    def _tell_constants(self, constants: Sequence[Tensor]) -> None:
        learned = [t for t in constants if t.role in ("weight", "bias")]
        if learned:
            size = sum(t.size for t in learned if isinstance(t.size, int))
            self.notes.append(
                f"{size:,} parameters are constants of the code, as in a frozen module: told by the operators that use "
                "them; equal constants are stored once"
            )

    def array(self, name: str, value: Any) -> Array:
        """The tensor that a value describes."""
        try:
            return self._making.array(value)
        except Wrong as why:
            raise FormatError(f"{self.file}: tensor {shown(name)} {why}") from None

    def add(self, name: str, array: Array, role: str, note: str | None, module: str) -> None:
        """One more tensor."""
        self._room -= len(name)
        if self._room < 0:
            raise FormatError(f"{self.file}: tensor {shown(name)}: names of more characters than are read")
        size = array.size if array.shape is not None else None
        self.tensors.append(Tensor(name, array.shape, array.dtype, role, None, None, array.stored, note, size))
        self.arrays.append(array)
        self.modules_of.append(module)

    # -- the network --------------------------------------------------------------------------------------------------

    def network(self, source: str, folder: Folder | None, flags: Sequence[Mapping[str, str]]) -> Network:
        """The network, with its modules as a tree."""
        tie(self.tensors, self.arrays)
        self._drop_again()
        tied = sum(t.tied_to is not None for t in self.tensors)
        if tied:
            first = next(t for t in self.tensors if t.tied_to)
            more = f" and {tied - 1:,} more" if tied > 1 else ""
            self.notes.append(f"{shown(first.name)} is {shown(first.tied_to or '')}: one storage, counted once{more}")
        made = assemble(self.tensors, self._data, folder)
        self._tell_aside()
        words = ["TorchScript", f"{len(self.tensors):,} tensor{'' if len(self.tensors) == 1 else 's'}"]
        return Network(
            self._tree(), source=source, form="torchscript", read_as=", ".join([*words, *filter(None, [made.scheme])]),
            notes=[*self.notes, *made.notes], flags=[*flags, *self.flags], also=self._also(),
        )  # fmt: skip

    def _drop_again(self) -> None:
        """Leave out attributes that are registered tensors once more: the list of an LSTM's own weights."""
        keep = [k for k, t in enumerate(self.tensors) if t.role != "other" or t.tied_to is None]
        self.tensors = [self.tensors[k] for k in keep]
        self.arrays = [self.arrays[k] for k in keep]
        self.modules_of = [self.modules_of[k] for k in keep]

    def _also(self) -> dict[str, int]:
        size = sum(t.size for t in self.tensors if t.role == "other" and isinstance(t.size, int))
        return {"unregistered": size} if size else {}

    def _tell_aside(self) -> None:
        aside: dict[str, list[int]] = {}
        for t in self.tensors:
            if t.role == "other" and isinstance(t.size, int) and t.size:
                told = aside.setdefault((t.note or "").partition(" of ")[0], [0, 0])
                told[0], told[1] = told[0] + 1, told[1] + t.size
        for why, (count, size) in aside.items():
            plural = "" if count == 1 else "s"
            self.notes.append(f"set aside, {size:,} numbers in {count:,} tensor{plural}: {escaped(why)}")

    def _data(self, k: int, limit: int) -> bytes:
        """The bytes of one small tensor."""
        array, told = self.arrays[k], f"{self.file}: {shown(self.tensors[k].name)}"
        width, storage = WIDTHS.get(array.dtype or ""), array.storage
        if storage is None or width is None or self.archive is None or id(storage.root) not in self.places:
            raise FormatError(f"{told}: its numbers do not stand in the file as they are")
        if array.size * width > limit:
            raise FormatError(f"{told} takes {array.size * width:,} bytes where at most {limit:,} make sense")
        return self.archive.open(self.places[id(storage.root)]).read(array.offset * width, array.size * width)

    def _tree(self) -> Module:
        root = Module("", tensors=[], children=[])
        made = {"": root}
        for tensor, path in zip(self.tensors, self.modules_of, strict=True):
            module_at(path, made, ".").tensors.append(tensor)  # type: ignore[attr-defined]
        for path, module in made.items():
            kind = self.modules.get(path)
            module.kind = None if kind is None else KINDS.get(kind, kind)
        return root
