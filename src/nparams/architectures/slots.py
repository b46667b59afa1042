"""Which slot each name of an entry has: its fields, the tests of them, and the indices that expressions count with."""

from __future__ import annotations

from nparams.architectures.closures import FIELD_BITS
from nparams.errors import ExprError, shown
from nparams.expr import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nparams.expr import Size


class Table:
    """Names to slots; the first slot counts the work.

    >>> table = Table()
    >>> table.add("hidden_size"), table.add("dim1"), table.entry("dim", 1), table.size
    (1, 2, 2, 3)
    """

    __slots__ = ("_more", "held", "size")

    def __init__(self, more: Callable[[str], int | None] = lambda name: None) -> None:
        self.held: dict[str, int] = {}
        #: asked for a name that is not there: its slot, if it has one after all
        self._more = more
        self.size = 1

    def add(self, name: str) -> int:
        """A slot for a name, the one that it has already if it has one."""
        found = self.held.get(name)
        if found is None:
            found = self.held[name] = self.fresh()
        return found

    def fresh(self) -> int:
        """One more slot."""
        self.size += 1
        return self.size - 1

    def slot(self, name: str) -> int:
        """The slot of a name; ExprError where it has none."""
        if name not in self.held:
            slot = self._more(name)
            if slot is None:
                raise ExprError(f"{shown(name)} is no field")
            self.held[name] = slot
        return self.held[name]

    def entry(self, name: str, index: int) -> int | None:
        """The slot of a name that ends in a number (dim1, dim_1), which is read as an entry of a list otherwise."""
        return self.held.get(f"{name}{index}", self.held.get(f"{name}_{index}"))

    def inside(self, index: str, slot: int, bits: int = FIELD_BITS) -> Inner:
        """These names and an index."""
        return Inner(self, index, slot, bits)

    def width(self, name: str) -> int:
        """How many bits the value of a name has at most."""
        return FIELD_BITS


class Inner:
    """Names with one more, which hides another of the same spelling."""

    __slots__ = ("bits", "index", "outer", "place")

    def __init__(self, outer: Table | Inner, index: str, place: int, bits: int) -> None:
        self.bits = bits
        self.outer = outer
        self.index = index
        self.place = place

    def slot(self, name: str) -> int:
        """The slot of a name; ExprError where it has none."""
        return self.place if name == self.index else self.outer.slot(name)

    def entry(self, name: str, index: int) -> int | None:
        """The slot of a name that ends in a number."""
        return self.outer.entry(name, index)

    def fresh(self) -> int:
        """One more slot."""
        return self.outer.fresh()

    def inside(self, index: str, slot: int, bits: int = FIELD_BITS) -> Inner:
        """These names and an index."""
        return Inner(self, index, slot, bits)

    def width(self, name: str) -> int:
        """How many bits the value of a name has at most."""
        return self.bits if name == self.index else self.outer.width(name)


def symbol_of(path: str) -> str:
    """How expressions write a field: a dotted path with two underscores for each dot.

    >>> symbol_of("text_config.hidden_size")
    'text_config__hidden_size'
    """
    return path.replace(".", "__")


def read(text: str | int) -> Size:
    """An expression of an entry, which may be a plain number."""
    return text if isinstance(text, int) else parse(text)
