"""What in a checkpoint is the model, under which names, in which roles."""

from __future__ import annotations

from nparams.errors import FormatError, escaped, place, shown
from nparams.network import Tensor
from nparams.roles import HINTS, UNUSUAL_HINTS, registered_role, role_of, usual_role, words_of
from nparams.stored._checkpoint.aside import set_aside
from nparams.stored._checkpoint.ties import overlap, tie
from nparams.stored._checkpoint.walk import ATTRIBUTE, BESIDE, BUFFER, KEY, PACKED, PARAMETER, Item, Spot, Walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from nparams.stored._checkpoint.array import Array

MOST_TOLD = 8
MAX_NAME = 65_536
MAX_NAMES = 16_000_000  # characters of all names together
#: last words of keys that hold the model as a whole: model_state_dict, state_dict, net, params_ema
WRAPPERS = frozenset(
    ("dict", "model", "module", "net", "network", "nn", "params", "parameters", "weights", "weight", "state", "ema",
     "swa", "generator", "checkpoint")
)  # fmt: skip
#: what wrappers of modules put before every name: DistributedDataParallel and DataParallel, torch.compile
WRAPPED = ("module.", "_orig_mod.", "_fsdp_wrapped_module.")


class Model:
    """The tensors of a checkpoint, in order, and what should be said of them."""

    def __init__(self, file: str, walk: Walk, describe: Callable[[Item], Array], where: str = "the file") -> None:
        self.file = place(file)
        self.tensors: list[Tensor] = []
        #: as described, in the same order
        self.arrays: list[Array] = []
        self.notes: list[str] = []
        self.also: dict[str, int] = {}
        #: what the tensors stand in, in words
        self.where = where
        self.walk = walk
        self.describe = describe
        self.base = self.walk.root
        #: those of roles.HINTS that occur in the names
        self.hints: frozenset[str] = frozenset()
        #: whether the model is of modules, and not a dictionary of their tensors
        self.whole = False
        #: what was taken away in front of every name
        self.cut = ""

    def read(self, value: Any, in_dictionary: bool) -> Model:
        """Find, describe, name and weigh every tensor below a value; whether the whole checkpoint is a dictionary."""
        items = self.walk.run(value)
        self.arrays = [self.describe(item) for item in items]
        set_aside(items, self.arrays, in_dictionary)
        self.base = self._base(items)
        self._name(items)
        self._unwrap(items)
        self._take_apart()
        self._tie()
        self.whole = any(item.how in (PARAMETER, BUFFER) and item.spot.why is None for item in items)
        return self

    # -- what is the model --------------------------------------------------------------------------------------------

    def _base(self, items: list[Item]) -> Spot:
        """The container that the whole model stands in, where its key says only that."""
        spots = {id(item.spot): item.spot for item in items if item.spot.why is None and item.how is not BESIDE}
        line: list[Spot] = []  # from below the root down to where the first tensor of the model stands
        within: dict[int, int] = {id(self.walk.root): 0}  # how much of that line a container is below
        common = -1
        for spot in spots.values():
            if common < 0:
                line = spot.chain()
                within.update((id(here), k + 1) for k, here in enumerate(line))
                common = len(line)
            common = min(common, shared(spot, within))
        base = self.walk.root
        for here in line[: max(common, 0)]:
            if not is_wrapper(here):
                break
            base = here
            if here.kind is not None:
                break
        return base

    # -- names and roles ----------------------------------------------------------------------------------------------

    def _name(self, items: list[Item]) -> None:
        names = self._names(items)
        self.hints = hints_in("\n".join(names))
        by_leaf = self.hints.isdisjoint(UNUSUAL_HINTS)
        known: dict[tuple[str, object, str | None], tuple[str, str | None]] = {}
        for name, item, array in zip(names, items, self.arrays, strict=True):
            plain = by_leaf and item.how is KEY and array.note is None and item.spot.why is None
            if plain and not (array.parameter or array.buffer or array.trainable):
                leaf = name[name.rfind(".") + 1 :]
                told = known.get((leaf, array.shape, array.dtype))
                if told is None:
                    told = known[leaf, array.shape, array.dtype] = usual_role(leaf, array.shape or (), array.dtype)
            else:
                told = role_in(item, array, name)
            size = None if array.shape is None else array.size
            self.tensors.append(
                Tensor(name, array.shape, array.dtype, told[0], array.trainable, None, array.stored, told[1], size)
            )

    def _names(self, items: list[Item]) -> list[str]:
        """Every tensor's name, from the container that the model stands in."""
        names, room = [], MAX_NAMES
        for item in items:
            name = name_of(item, self.base)
            room -= len(name)
            if room < 0 or len(name) > MAX_NAME:
                raise FormatError(f"{self.file}: its tensors have names of more characters than are read")
            names.append(name)
        return names

    def _unwrap(self, items: list[Item]) -> None:
        """Take away what a wrapper of modules put before every name of the model."""
        model = [t for t in self.tensors if t.role != "other"]
        cut = ""
        while model and (prefix := next((p for p in WRAPPED if model[0].name.startswith(p, len(cut))), None)):
            if not all(t.name.startswith(cut + prefix) for t in model) or any(t.name == cut + prefix for t in model):
                break
            cut += prefix
        if cut:
            self.cut = cut
            for t in model:
                t.name = t.name[len(cut) :]
            self.notes.append(f"names are given without the {cut} before each, which a wrapper of the model put there")

    def _take_apart(self) -> None:
        """Give what a packed weight wraps, its scales and the like, rows of their own."""
        if not any(array.parts for array in self.arrays):
            return
        from nparams.stored._packed.wrapped import apart

        tensors, arrays = [], []
        for t, array in zip(self.tensors, self.arrays, strict=True):
            tensors.append(t)
            arrays.append(array)
            if not array.parts or (array.kind or "").endswith(".DTensor"):
                continue
            books: Mapping[str, Array] = array.parts  # a scale for each channel, of what PyTorch itself has quantised
            if array.storage is None:
                found = apart(array)
                if found is None:
                    raise FormatError(f"{self.file}: tensor {shown(t.name)} is larger than what it wraps could hold")
                t.stored, t.dtype, books = found.stored, found.dtype, found.books
                arrays[-1] = found.first  # two wrappers of one storage are one weight
                if t.role != "other":
                    t.note = f"packed: {escaped((array.kind or 'a wrapper').rpartition('.')[2][:60])}"
            role = "other" if t.role == "other" else "bookkeeping"
            for name, part in books.items():
                tensors.append(
                    Tensor(f"{t.name}.{name}", part.shape, part.dtype, role, None, None, part.stored, t.note)
                )
                arrays.append(part)
        self.tensors, self.arrays = tensors, arrays

    def _tie(self) -> None:
        tied, left = tie(self.tensors, self.arrays)
        told = [t for t in self.tensors if t.tied_to and t.role != "other"] if tied else ()
        if told:
            first = told[0]
            more = f"; so are {len(told) - 1:,} more" if len(told) > 1 else ""
            self.notes.append(f"{shown(first.name)} is {shown(first.tied_to or '')}: one storage, counted once{more}")
        shared = overlap(left)
        if shared:
            one, other, _ = shared[0]
            twice = sum(numbers for _, _, numbers in shared)
            total = sum(
                t.size
                for t in self.tensors
                if t.role in ("weight", "bias") and not t.tied_to and isinstance(t.size, int)
            )
            self.also["here"] = total - twice
            self.notes.append(
                f"{shown(one)} and {shown(other)} share some of their numbers without being the same tensor: "
                f"{twice:,} numbers of {self.where} are counted more than once"
            )

    def told(self) -> list[str]:
        """A sentence for each reason why something was set aside."""
        aside: dict[str, list[int]] = {}
        for t in self.tensors:
            if t.role == "other" and isinstance(t.size, int) and not t.tied_to:
                held = aside.setdefault(t.note or "", [0, 0])
                held[0], held[1] = held[0] + 1, held[1] + t.size
        return [
            f"set aside, {plural(size, 'number')} in {plural(count, 'tensor')}: {escaped(why)}"
            for why, (count, size) in list(aside.items())[:MOST_TOLD]
        ]

    def kinds(self) -> dict[str, str]:
        """The class of every module, by its name."""
        named = ((prefix_of(spot, self.base)[:-1], spot.kind or "") for spot in self.walk.modules if spot.why is None)
        return {name.removeprefix(self.cut): kind for name, kind in named}


def plural(count: int, what: str) -> str:
    """A count with its noun.

    >>> plural(1, "tensor"), plural(1000, "tensor")
    ('1 tensor', '1,000 tensors')
    """
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def hints_in(names: str) -> frozenset[str]:
    """Those of roles.HINTS that occur in any of the names."""
    return frozenset(hint for hint in HINTS if hint in names)


def shared(spot: Spot, within: dict[int, int]) -> int:
    """How much of a line of containers a spot is below; what is found out on the way is kept."""
    path: list[Spot] = []
    here = spot
    while id(here) not in within:
        path.append(here)
        assert here.parent is not None  # the root is in it
        here = here.parent
    found = within[id(here)]
    within.update((id(passed), found) for passed in path)
    return found


def is_wrapper(spot: Spot) -> bool:
    """Whether the key of a container says only that the model is in it."""
    if spot.key.endswith(PACKED):
        return False
    words = words_of(spot.key[:80])
    return bool(words) and (words[-1] in WRAPPERS or spot.kind is not None)


def name_of(item: Item, base: Spot) -> str:
    """The keys from below `base` down to a tensor, joined by dots."""
    return f"{prefix_of(item.spot, base)}{item.key}"


def prefix_of(spot: Spot, base: Spot) -> str:
    if spot.prefix is None:
        parts = []
        here: Spot | None = spot
        while here is not None and here is not base and here.parent is not None:
            parts.append(here.key)
            here = here.parent
        spot.prefix = ".".join(reversed(parts)) + "." if parts else ""
    return spot.prefix


def role_in(item: Item, array: Array, name: str) -> tuple[str, str | None]:
    """(role, note): by what the file knows of it, else by its name."""
    if item.spot.why is not None or item.how is ATTRIBUTE:
        return "other", item.spot.why or "kept beside the modules, not registered"
    if item.how is BESIDE:
        return "buffer", "kept beside the model, in no module of it"
    if item.how is BUFFER or array.buffer:
        return "buffer", array.note or "registered as a buffer"
    if item.how is PARAMETER or array.parameter or array.trainable:
        return registered_role(name), array.note
    of = None if array.note and array.note.startswith("quantised") else array.dtype
    found, note = role_of(name, array.shape or (), of)
    return found, note or array.note
