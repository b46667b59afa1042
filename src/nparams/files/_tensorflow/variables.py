"""The variables of a checkpoint as tensors: names that users know, roles, and what is set aside."""

from __future__ import annotations

from collections import Counter
from re import split as cut

from nparams.dtypes import INTEGERS, bytes_of
from nparams.files._tensorflow.names import TRACKED, USED, Names, copies, path_of, role
from nparams.network import PARAMETER_ROLES, Tensor
from nparams.roles import says

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.files._tensorflow.bundle import Entry
    from nparams.files._tensorflow.objects import Objects

#: what programs call a variable that was given no name
UNNAMED = "Variable"


class Variable:
    """One variable: its entry, the object that it is, and what it is shown as."""

    __slots__ = ("aside", "at", "entry", "given", "is_statistic", "name", "path", "trainable")

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.path = path_of(entry.key)
        #: the number of its object, where the graph of objects knows it
        self.at: int | None = None
        #: the name that the program gave it, and the one that is shown
        self.given = ""
        self.name = ""
        #: why it is no part of the model
        self.aside: str | None = None
        self.trainable: bool | None = None
        #: whether it is one of the statistics of the data that a layer keeps
        self.is_statistic = False


def variables_of(
    entries: Sequence[Entry], objects: Objects | None, trainable: frozenset[str] | None = None
) -> list[Variable]:
    """The variables that hold numbers, in the order of a model's layers as far as that is known.

    `trainable` are the names that a graph of TensorFlow 1 lists as such; None where there is no such list.
    """
    held = [Variable(entry) for entry in entries if entry.dtype is not None]
    names = Names([each.entry for each in held])
    for each in held:
        _describe(each, objects, names)
        each.is_statistic = names.is_normalization(each.entry)
        if trainable is not None and each.aside is None:
            each.trainable = each.path in trainable
    _set_used_aside(held)
    _set_copies_aside(held)
    _name(held)
    return sorted(held, key=_order)


def _describe(each: Variable, objects: Objects | None, names: Names) -> None:
    """What the graph of objects says of a variable, else what its key does."""
    each.aside = names.run_state(each.entry)
    each.at = None if objects is None else objects.find(each.entry.key)
    if each.at is None or objects is None:
        return
    node = objects.nodes[each.at]
    each.given = objects.name_of(each.at, each.entry.key).removesuffix(":0")
    each.trainable = node.trainable if node.variable else None
    why = objects.aside(each.at)
    if why is not None:
        each.aside = f"of {why}, not of the model"
    elif not names.is_run_leaf(each.path):
        each.aside = None


def _set_used_aside(held: Sequence[Variable]) -> None:
    """Keras 3 stores the variables that an exported model uses twice: one of each pair is the model's."""
    first = Counter((each.given, each.entry.shape) for each in held if each.path.startswith(f"{TRACKED}/"))
    for each in held:
        key = each.given, each.entry.shape
        if each.path.startswith(f"{USED}/") and first[key] > 0:
            first[key] -= 1
            each.aside = f"a second copy of a variable that is here under {TRACKED}/ too"


def _set_copies_aside(held: Sequence[Variable]) -> None:
    """An averaged or older copy of the whole model, beside the model."""
    left = [each for each in held if each.aside is None]
    found = copies([(each.path, each.entry.shape) for each in left])
    for each in left if found else ():
        if each.path.partition("/")[0] in found:
            each.aside = "a second copy of a model that is also here"


def _name(held: Sequence[Variable]) -> None:
    """The name that the program gave, where that is one variable's only, else the key."""
    own = Counter(each.given for each in held if each.aside is None)
    taken: set[str] = set()
    for each in sorted(held, key=lambda one: one.aside is not None):
        name = each.given
        plain = name and name.partition("_")[0] != UNNAMED and own[name] < 2 and name not in taken
        each.name = name if plain else each.path
        if each.name in taken:
            each.name = f"{each.path}#{sum(one.startswith(each.path) for one in taken) + 1}"
        taken.add(each.name)


def _order(each: Variable) -> tuple[bool, int, list[tuple[bool, int, str]]]:
    """As the program met its objects; by name, and numbers in it as numbers, where that is not known."""
    parts = cut(r"(\d{1,18})", each.path)
    return each.at is None, each.at or 0, [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts]


def tensors_of(held: Sequence[Variable]) -> list[Tensor]:
    """One tensor for each variable."""
    any_trained = any(each.trainable for each in held if each.aside is None)
    return [_tensor(each, any_trained) for each in held]


def _tensor(each: Variable, any_trained: bool) -> Tensor:
    entry = each.entry
    found, note = ("other", each.aside) if each.aside is not None else role(each.name, each.path, entry)
    if found in PARAMETER_ROLES and each.trainable is False and any_trained and not says(each.name):
        found, note = "buffer", "made to be left untrained"
    if found in PARAMETER_ROLES and not each.trainable and each.is_statistic:
        found, note = "buffer", "statistics of the data, like normalization/mean"
    if found in PARAMETER_ROLES and entry.dtype in INTEGERS:
        found, note = "buffer", f"{entry.dtype}: not trainable"
    stored = None
    if entry.bytes and not entry.slices and entry.bytes != bytes_of(entry.size, entry.dtype or ""):
        stored = entry.size, entry.bytes
    trainable = each.trainable if found in PARAMETER_ROLES else None
    return Tensor(each.name, entry.shape, entry.dtype, found, trainable, None, stored, note, entry.size)
