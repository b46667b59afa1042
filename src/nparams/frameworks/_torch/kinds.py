"""What each module of a live model is: which class of torch.nn, if any, and the attributes that tell its sizes.

Taken once a module while the model is read, so that the tree can be made later and without the model.
"""

from __future__ import annotations

from operator import itemgetter

from nparams.layers._torch.held import ends_as
from nparams.layers._torch.layers import CLASSES
from nparams.layers._torch.recover import BASES, FIELDS
from nparams.layers._torch.signatures import CONTAINERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nparams.layers._torch.layers import TorchClass

    #: dotted name, what its class is, and the values of the class's fields (None: it has none)
    Snapshot = tuple[str, "Known", Any]


class Known:
    """What is known of a class of modules.

    `word`: its name; `cls`: the layer of torch.nn that it is or derives from; `container`: it holds what it is given;
    `fields`: the attributes of an object that tell its sizes; `take`: takes them out of an object's dict.
    """

    __slots__ = ("cls", "container", "fields", "scripted", "splits", "take", "word")

    def __init__(self, word: str, cls: TorchClass | None = None, *, container: bool = False) -> None:
        self.word = word
        self.cls = cls
        self.container = container
        #: whether it holds what a parametrization made of one parameter
        self.splits = False
        #: whether objects of it hide their attributes in a compiled one
        self.scripted = False
        like = cls or ends_as(word)
        self.fields = FIELDS.get(like.rule, ()) if like is not None and not container else ()
        self.take: Callable[[Any], Any] | None = itemgetter(*self.fields) if self.fields else None

    def attributes(self, values: Any) -> dict[str, Any]:
        """The values of a snapshot by name, where they are plain."""
        if values is None:
            return {}
        several = values if len(self.fields) > 1 else (values,)
        return {name: value for name, value in zip(self.fields, several, strict=True) if _is_plain(value)}


#: a module under another name: all that is in it stands in one row
AGAIN = Known("again", container=True)
#: classes that were met; cleared before it could become many
_KNOWN: dict[type, Known] = {}
MOST = 4_096


def snapshot(name: str, module: Any) -> Snapshot:
    """What the tree needs of a module."""
    known = _KNOWN.get(type(module)) or known_of(type(module))
    if known.take is None:
        return (name, known, None) if not known.scripted else _scripted(name, module)
    held = module.__dict__
    try:
        return name, known, known.take(held)
    except KeyError:
        values = tuple(map(held.get, known.fields))
        return name, known, values if len(values) > 1 else values[0]


def again(name: str) -> Snapshot:
    """A module that stood earlier under another name."""
    return name, AGAIN, None


def known_of(cls: type) -> Known:
    """What is known of a class, remembered."""
    if len(_KNOWN) >= MOST:
        _KNOWN.clear()
    known = _KNOWN[cls] = _learned(cls)
    return known


def _learned(cls: type) -> Known:
    names = [(base.__module__, base.__name__) for base in cls.__mro__]
    if names[0] == ("torch.nn.utils.parametrize", f"Parametrized{names[1][1]}"):  # made for one object: what it was
        names = names[1:]
    for place, (where, word) in enumerate(names):
        if where == "torch.jit._script" and word == "ScriptModule":
            made = Known(cls.__name__, container=True)
            made.scripted = True
            return made
        if (where, word) == ("torch.nn.utils.parametrize", "ParametrizationList"):
            made = Known(word, container=True)
            made.splits = True
            return made
        if where.startswith("torch.nn.") and (found := _of_torch(word, names[0][1])) is not None:
            return Known(names[0][1]) if place and word == "Module" else found
    return Known(cls.__name__)


def _of_torch(word: str, own: str) -> Known | None:
    """A class of torch.nn by its name; `own` is the name of the class that derives from it."""
    if word in CONTAINERS:
        return Known(own, container=True)
    found = CLASSES.get(BASES.get(word, word))
    return None if found is None else Known(own, found)


# -- scripted modules -------------------------------------------------------------------------------------------------

_SCRIPTED: dict[str, Known] = {}


def _scripted(name: str, module: Any) -> Snapshot:
    """A compiled module: its class stands in its type's name, its attributes are constants of that."""
    held = module.__dict__
    path = str(held["_c"]._type().qualified_name())
    parts = [part for part in path.split(".") if not part.startswith("___torch_mangle_")]
    key = ".".join(parts).removeprefix("__torch__.")
    if key not in _SCRIPTED:
        if len(_SCRIPTED) >= MOST:
            _SCRIPTED.clear()
        where, _, word = key.rpartition(".")
        of_torch = _of_torch(word, word) if where.startswith("torch.nn.") else None
        _SCRIPTED[key] = Known(word) if of_torch is None else of_torch
    known = _SCRIPTED[key]
    if not known.fields:
        return name, known, None
    fixed, inner = held["_concrete_type"].get_constants(), held["_c"]
    values = tuple(
        fixed[field] if field in fixed else inner.getattr(field) if inner.hasattr(field) else None
        for field in known.fields
    )
    return name, known, values if len(values) > 1 else values[0]


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(type(each) is int for each in value)
    return type(value) in (int, str, bool)
