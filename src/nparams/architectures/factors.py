"""Sizes that a class makes with a fraction: int(mlp_ratio*hidden_size), exactly as Python's doubles give it."""

from __future__ import annotations

from nparams.architectures.closures import compiled
from nparams.architectures.slots import read
from nparams.architectures.values import MOST
from nparams.errors import ExprError, WorkLimitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.architectures.closures import Names, Slots

#: the word of such a test of a field
TIMES = "times"


class Factor:
    """A field's value times an expression, the fraction cut off, in a slot of its own."""

    __slots__ = ("code", "place", "slot")

    def __init__(self, slot: int, place: int, text: str, names: Names) -> None:
        self.slot = slot
        self.place = place
        self.code = compiled(read(text), names)

    def put(self, values: list[Any], slots: Slots) -> None:
        """Bring the slot up to these values; nothing where one of the two is no number."""
        try:
            slots[self.slot] = cut(values[self.place], self.code(slots))
        except WorkLimitError:
            raise
        except (TypeError, ExprError):
            slots[self.slot] = None


def cut(factor: object, size: int) -> int | None:
    """int(factor*size), None where either is no number that a size is made with.

    >>> cut(4.363636363636363, 1408), cut(0.29, 100), cut(4, 1408), cut(float("nan"), 1408), cut(-1.5, 2)
    (6144, 28, 5632, None, None)
    """
    if type(factor) not in (int, float) or not 0 <= factor < MOST or not 0 <= size < MOST:  # type: ignore[operator]
        return None
    product = int(factor * size)  # type: ignore[operator]
    return product if product < MOST else None
