"""Tests of a field's value: the 0, 1 or whole number that expressions see of what is none itself."""

from __future__ import annotations

from nparams.architectures.closures import Entries

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Sign = Callable[[object, object], object]

#: a fraction that needs more under its bar than this was not meant as a ratio of sizes
MAX_UNDER = 1_024
MAX_RATIO = 1e6
#: indices that are gone through one by one, at most: no list is asked about a greater one
MOST_INDICES = 250_000


def _none(value: object, wanted: object) -> int:
    return 1 if value is None else 0


def _is(value: object, wanted: object) -> int | Entries:
    """Whether it is this value; of a list, for each of its entries."""
    if isinstance(value, list) and not isinstance(wanted, list):
        return Entries([_same(each, wanted) for each in value])
    return _same(value, wanted)


def _same(value: object, wanted: object) -> int:
    return 1 if type(value) is type(wanted) and value == wanted else 0


def _length(value: object, wanted: object) -> int | None:
    return len(value) if isinstance(value, list) else None


def _list(value: object, wanted: object) -> int:
    return 1 if isinstance(value, list) else 0


def _has(value: object, wanted: object) -> Entries | None:
    """For each index whether it stands in the list: `i in mlp_only_layers`.

    >>> _has([1, 3], None).held
    [0, 1, 0, 1]
    """
    if not isinstance(value, list):
        return None
    held = {each for each in value if type(each) is int and 0 <= each < MOST_INDICES}
    return Entries([1 if k in held else 0 for k in range(max(held, default=-1) + 1)])


def _in(value: object, wanted: object) -> int | None:
    """Whether a word stands in a list of words, or in a text.

    >>> _in(["c2p", "p2c"], "c2p"), _in("p2c", "c2p"), _in(None, "c2p")
    (1, 0, None)
    """
    return int(wanted in value) if isinstance(value, list | str) else None


def _above(value: object, wanted: object) -> int | None:
    ratio = _ratio(value)
    return None if ratio is None else ratio[0]


def _under(value: object, wanted: object) -> int | None:
    ratio = _ratio(value)
    return None if ratio is None else ratio[1]


def _ratio(value: object) -> tuple[int, int] | None:
    """A number as the exact fraction that it is, None where that is no short one.

    >>> _ratio(4.0), _ratio(2.5), _ratio(0.1)
    ((4, 1), (5, 2), None)
    """
    if type(value) is int:
        return value, 1
    if type(value) is not float or not 0 <= value <= MAX_RATIO:
        return None
    above, under = value.as_integer_ratio()
    return (above, under) if under <= MAX_UNDER else None


#: word of a test -> (the field's value, what the test names) -> what stands in its slot, None where there is no number
SIGNS: dict[str, Sign] = {
    "none": _none, "is": _is, "in": _in, "len": _length, "list": _list, "has": _has, "num": _above, "den": _under,
}  # fmt: skip
