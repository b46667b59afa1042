"""Values of configurations: what kinds there are, and what stands in a slot for each."""

from __future__ import annotations

from nparams.architectures.closures import FIELD_BITS, Entries

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

#: numbers beyond these are refused before anything is worked out with them
LEAST, MOST = -(1 << (FIELD_BITS - 1)), 1 << (FIELD_BITS - 1)
#: entries of a list in a configuration
MAX_ENTRIES = 100_000

TYPES: dict[str, type] = {
    "int": int, "bool": bool, "str": str, "float": float, "none": type(None), "ints": list, "strs": list,
    "bools": list, "mixed": list,
}  # fmt: skip
#: word for a kind of list -> the kinds of its entries
LISTS: dict[str, tuple[type, ...]] = {"ints": (int,), "strs": (str,), "bools": (bool,)}


class _Missing:
    """What a configuration does not have."""


MISSING = _Missing()


def kind_of(value: object) -> str:
    """The word for the kind of a value.

    >>> kind_of(3), kind_of(True), kind_of(None), kind_of([1, 2]), kind_of(["a"])
    ('int', 'bool', 'none', 'ints', 'strs')
    """
    if isinstance(value, list):
        return next((word for word, kinds in LISTS.items() if all_of(value, kinds)), "mixed")
    return next((word for word, kind in TYPES.items() if kind is type(value)), "none")


def slot_value(value: object) -> object:
    """What stands in a slot for a value: whole numbers, flags as 0 and 1, entries of a list; None for the rest."""
    if type(value) is int:
        return value
    if value is True or value is False:
        return int(value)
    return Entries([int(each) for each in value]) if isinstance(value, list) and all_of(value, (int, bool)) else None


def all_of(values: list[Any], kinds: tuple[type, ...]) -> bool:
    """Whether they are all of these kinds; whole numbers within bounds."""
    return all(type(value) in kinds and (type(value) is not int or LEAST <= value < MOST) for value in values)


def fits(values: list[Any], word: str) -> bool:
    """Whether a list is of the kind that a word says; a mixed one holds what others do, and lists and objects of it."""
    if word != "mixed":
        return word in LISTS and all_of(values, LISTS[word])
    held: list[Any] = []
    inner = [values]
    while inner and len(held) <= MAX_ENTRIES:
        for value in inner.pop():
            if isinstance(value, list | dict):
                inner.append(list(value.values()) if isinstance(value, dict) else value)
                held.append(None)
            else:
                held.append(value)
    return len(held) <= MAX_ENTRIES and all_of(held, (int, bool, str, float, type(None)))


def fits_any(value: Any, words: Sequence[str]) -> bool:
    """Whether a value is of one of the kinds that words tell; a whole number is fine where one that need not be is.

    >>> fits_any(3, ["int"]), fits_any(True, ["int"]), fits_any([1], ["none", "ints"]), fits_any(3, ["float"])
    (True, False, True, True)
    """
    if isinstance(value, list | tuple):
        held = list(value)
        return any(fits(held, word) for word in words)
    return any(TYPES[word] is type(value) or (word == "float" and type(value) is int) for word in words)


class Known:
    """Values that were verified, each of its kind (true is no 1); a list of words is known where each of them is.

    Whether a value may be of a kind that none of them is, the kinds of the field say.

    >>> known = Known([1, 2, "a", [3]])
    >>> known.has(1), known.has(3), known.has([3]), known.has(["a", "a"]), known.has(["a", "b"]), known.has([1])
    (True, False, True, True, False, False)
    >>> Known(["auto"]).has(48), Known(["auto"]).has("none"), Known(["p2c", "c2p"]).has(["p2c"])
    (True, False, True)
    """

    __slots__ = ("_kinds", "_plain", "values")

    def __init__(self, values: list[Any]) -> None:
        self.values = values
        self._kinds = {*map(type, values)}
        self._plain = {(type(value), value) for value in values if not isinstance(value, list)}

    def has(self, value: Any) -> bool:
        """Whether a value is one of them."""
        if not isinstance(value, list):
            return value.__class__ not in self._kinds or (value.__class__, value) in self._plain
        if value in self.values:
            return True
        words = str in self._kinds and all(isinstance(word, str) for word in value)
        return all((str, word) in self._plain for word in value) if words else list not in self._kinds


def look_up(config: Mapping[str, Any], path: str) -> Any:
    """What stands at a dotted path; MISSING where nothing does."""
    found: Any = config
    for name in path.split("."):
        if not hasattr(found, "get"):
            return MISSING
        found = found.get(name, MISSING)
    return found


def with_value(config: Mapping[str, Any], path: list[str], value: Any) -> Mapping[str, Any]:
    """A copy in which a path has this value."""
    made = dict(config)
    if len(path) > 1:
        inner = made.get(path[0])
        value = with_value(inner if isinstance(inner, dict) else {}, path[1:], value)
    made[path[0]] = value
    return made
