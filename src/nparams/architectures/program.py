"""The cells of a head compiled: how often each group of tensors stands there, and in what shape, without a name made.

Cells that repeat over the same indices under the same condition are one block, so that the condition is asked once.
Only an index that something depends on is gone through; any other multiplies, so 10**9 equal layers are one product.
"""

from __future__ import annotations

from nparams.architectures.closures import WORK, compiled, guarded
from nparams.architectures.refusals import TRY
from nparams.architectures.slots import read
from nparams.errors import ExprError, UnsupportedError
from nparams.expr import Expr, free_symbols, product

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from nparams.architectures.closures import Code, Names, Slots
    from nparams.architectures.entry import Entry, Head
    from nparams.architectures.reading import Resolved
    from nparams.expr import Size
    from nparams.expr.arithmetic import Work

    #: the values of a block's indices that are gone through, and for how many members they stand
    Point = tuple[tuple[int, ...], int]
    Sides = tuple[tuple[int, ...], int]

#: operations that a member which is looked at by itself counts for: a quarter of a million of them at most
COST = 8


class Shape:
    """The sides of a tensor as expressions, and their product."""

    __slots__ = ("codes", "fixed", "letters", "sizes")

    def __init__(self, texts: Sequence[str | int], names: Names, letters: Sequence[str]) -> None:
        self.sizes = tuple(read(text) for text in texts)
        self.codes = [compiled(size, names) for size in self.sizes]
        self.letters = {letter for size in self.sizes for letter in free_symbols(size)}.intersection(letters)
        #: whether it is the same for every index
        self.fixed = not self.letters

    def of(self, s: Slots) -> Sides:
        """The sides and how many entries; TypeError or ExprError where a side is no size."""
        sides = tuple([code(s) for code in self.codes])
        for side in sides:
            if side < 0:
                raise ExprError(f"a side of {side:,}")
        return sides, product(sides)  # type: ignore[return-value]


class Group:
    """Tensors whose names differ by indices and whose shapes are told by one expression."""

    __slots__ = ("block", "dtype", "name", "role", "shape", "sides", "tied", "trainable", "word")

    def __init__(self, name: str, sides: Sequence[str], word: str, extra: dict[str, Any], block: Block) -> None:
        self.name = name
        self.word = word
        self.role: str = extra.get("role", "weight")
        self.tied: str | None = extra.get("tied")
        self.dtype: str | None = extra.get("dtype")
        parameter = self.role in ("weight", "bias")
        self.trainable: bool | None = not extra.get("frozen", False) if parameter else None
        self.block = block
        self.sides = sides
        self.shape = block.shape(sides)


class Span:
    """An index of a block: its letter, how many values it takes and the first of them."""

    __slots__ = ("count", "count_size", "first", "first_size", "letter", "looped", "slot")

    def __init__(self, told: Sequence[Any], names: Names, slot: int) -> None:
        self.letter: str = told[0]
        self.slot = slot
        self.count_size = read(told[1])
        self.first_size: Size = read(told[2]) if len(told) > 2 else 0
        self.count = compiled(self.count_size, names)
        self.first = compiled(self.first_size, names)
        #: whether each of its values has to be looked at
        self.looped = False

    def many(self, s: Slots) -> int:
        """How many values, none where nothing says; ExprError for fewer than none."""
        try:
            found = self.count(s)
            missing = found < 0
        except TypeError:
            return 0
        if missing:
            raise ExprError(f"{found:,} of them")
        return found

    def values(self, s: Slots) -> range:
        """The values."""
        first = self.first(s)
        return range(first, first + self.many(s))


class Block:
    """Cells over the same indices under the same condition."""

    __slots__ = ("always", "condition", "each", "groups", "letters", "looped", "names", "program", "spans", "tally")

    def __init__(self, cell: dict[str, Any], program: Program) -> None:
        self.program = program
        self.names: Names = program.table
        self.spans: list[Span] = []
        for told in cell.get("over", ()):
            slot = program.letter(told[0])
            self.spans.append(Span(told, self.names, slot))
            self.names = self.names.inside(told[0], slot)
        self.letters = [span.letter for span in self.spans]
        self.condition = read(cell.get("if", 1))
        self.always, self.each = self._split()
        self.groups: list[Group] = []
        self.tally: list[list[Any]] = []

    def _split(self) -> tuple[Code | None, Code | None]:
        """The condition in two: what no index changes, and what has to be asked for each."""
        parts = _factors(self.condition)
        moving = [part for part in parts if not free_symbols(part).isdisjoint(self.letters)]
        fixed = [part for part in parts if free_symbols(part).isdisjoint(self.letters) and part != 1]
        return self._guard(fixed), self._guard(moving)

    def _guard(self, parts: list[Size]) -> Code | None:
        if not parts:
            return None
        return guarded(parts[0] if len(parts) == 1 else Expr("mul", tuple(parts)), self.names)

    def shape(self, sides: Sequence[str]) -> Shape:
        """The shape of these sides, made once."""
        return self.program.shape(tuple(sides), self.names, self.letters)

    def settle(self) -> None:
        """Once all groups are there: which indices must be gone through, and which groups are counted together."""
        wanted = set(free_symbols(self.condition)).union(*(group.shape.letters for group in self.groups))
        for span in reversed(self.spans):
            span.looped = span.letter in wanted
            wanted |= free_symbols(span.count_size) | (free_symbols(span.first_size) if span.looped else set())
        self.looped = [span for span in self.spans if span.looped]
        counted: dict[tuple[object, ...], list[Any]] = {}
        for group in self.groups:
            if group.tied is None:
                key = (id(group.shape), group.role, group.dtype, group.trainable)
                counted.setdefault(key, [group.shape, *key[1:], 0])[4] += 1
        self.tally = list(counted.values())

    # -- under the values of one configuration --------------------------------------------------------------------

    def found(self, s: Slots) -> tuple[int, list[Point] | None]:
        """How many members there are; and where it matters which, the values of the indices that are gone through."""
        if self.always is not None:
            holds = self.always(s)
            if holds == 0:
                return 0, None
            if holds != 1:
                raise ExprError(f"a condition of {holds:,}")
        if not self.looped:
            count = 1
            for span in self.spans:
                count *= span.many(s)
            return count, None
        points = list(self._single(s) if len(self.spans) == 1 else self._points(s, 0, (), 1))
        return sum([weight for _, weight in points]), points

    def _single(self, s: Slots) -> Iterator[Point]:
        span, each = self.spans[0], self.each
        values, slot = span.values(s), span.slot
        for value in _within(s, values):
            s[slot] = value
            if each is None or _holds(each(s)):
                yield (value,), 1

    def _points(self, s: Slots, k: int, held: tuple[int, ...], weight: int) -> Iterator[Point]:
        if k == len(self.spans):
            if self.each is None or _holds(self.each(s)):
                yield held, weight
            return
        span = self.spans[k]
        if not span.looped:
            if many := span.many(s):
                yield from self._points(s, k + 1, held, weight * many)
            return
        values = span.values(s)
        for value in _within(s, values):
            s[span.slot] = value
            yield from self._points(s, k + 1, (*held, value), weight)

    def texts(self) -> Iterator[tuple[Size, Names]]:
        """Every expression of the block."""
        for span in self.spans:
            yield span.count_size, self.names
            yield span.first_size, self.names
        yield self.condition, self.names
        for group in self.groups:
            yield from ((size, self.names) for size in group.shape.sizes)


class _TooManyError(ExprError):
    """More members that may differ than are gone through."""


def _within(s: Slots, values: range) -> range:
    """The values of an index, if so many may still be gone through."""
    work: Work = s[WORK]
    work.left -= COST * (values.stop - values.start)
    if work.left < 0:
        raise _TooManyError("more layers that may differ than are looked at one by one")
    return values


def _holds(value: int) -> bool:
    if value == 1 or value == 0:
        return value == 1
    raise ExprError(f"a condition of {value:,}")


def _factors(size: Size) -> list[Size]:
    return list(size.args) if isinstance(size, Expr) and size.op == "mul" else [size]


class Program:
    """The blocks of one head, in the order in which they are registered."""

    def __init__(self, entry: Entry, head: Head) -> None:
        self.entry = entry
        self.head = head
        self.table = entry.reading.table
        self._letters: dict[str, int] = {}
        self._shapes: dict[object, Shape] = {}
        found: dict[str, Block] = {}
        #: every group with its block, in the order of the entry
        self.groups: list[Group] = []
        for cell in head.cells:
            key = repr((cell.get("over"), cell.get("if")))
            block = found.get(key) or found.setdefault(key, Block(cell, self))
            for told in cell["tensors"]:
                extra = told[3] if len(told) > 3 else {}
                self.groups.append(Group(told[0], told[1], told[2], extra, block))
                block.groups.append(self.groups[-1])
        self.blocks = list(found.values())
        self.tied = [group for group in self.groups if group.tied is not None]
        for block in self.blocks:
            block.settle()

    def letter(self, name: str) -> int:
        """The slot of an index: one for each letter."""
        if name not in self._letters:
            self._letters[name] = self.table.fresh()
        return self._letters[name]

    def shape(self, sides: tuple[str, ...], names: Names, letters: Sequence[str]) -> Shape:
        """The shape of these sides, made once for all groups that have it."""
        made = Shape(sides, names, letters)
        key = (sides, None if made.fixed else tuple(letters))
        return self._shapes.setdefault(key, made)

    def run(self, resolved: Resolved) -> Run:
        """How many tensors of each group a configuration has."""
        s = resolved.slots
        s.extend([None] * (self.table.size - len(s)))
        found = []
        for block in self.blocks:
            try:
                count, points = block.found(s)
            except (TypeError, ExprError) as error:
                raise self.refusal(block, resolved, error) from None
            if count:
                found.append(Found(block, count, points))
        return Run(self, resolved, found)

    def refusal(self, block: Block, resolved: Resolved, error: Exception) -> UnsupportedError:
        """Why a block cannot be counted: the expression that has no value."""
        reading = self.entry.reading
        if isinstance(error, _TooManyError):
            return UnsupportedError(f"{self.entry.type}: {error}; {TRY}")
        for size, names in block.texts():
            try:
                if compiled(size, names)(resolved.slots) >= 0:
                    continue
            except (TypeError, ExprError):
                pass
            return reading.no_size(str(size), resolved.values, error if isinstance(error, ExprError) else None)
        return reading.no_size(str(block.condition), resolved.values, error)


class Found:
    """A block that is there: how many members it has, and which (None: every value of every index)."""

    __slots__ = ("block", "count", "points")

    def __init__(self, block: Block, count: int, points: list[Point] | None) -> None:
        self.block = block
        self.count = count
        self.points = points

    def members(self, s: Slots) -> Iterator[tuple[int, ...]]:
        """The values of all indices of each member, which also stand in their slots."""
        spans = self.block.spans
        for point, _ in self.points or [((), 1)]:
            for span, value in zip(self.block.looped, point, strict=True):
                s[span.slot] = value
            yield from self._below(s, spans, 0, ())

    def _below(self, s: Slots, spans: list[Span], k: int, held: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        if k == len(spans):
            yield held
            return
        span = spans[k]
        for value in [s[span.slot]] if span.looped else span.values(s):
            s[span.slot] = value
            yield from self._below(s, spans, k + 1, (*held, value))


class Run:
    """What one configuration has of a head."""

    __slots__ = ("found", "program", "resolved", "shapes")

    def __init__(self, program: Program, resolved: Resolved, found: list[Found]) -> None:
        self.program = program
        self.resolved = resolved
        self.found = found
        self.shapes: dict[Shape, Sides] = {}

    def sides(self, shape: Shape, block: Block) -> Sides:
        """The sides of a shape and their product under the values of the indices now."""
        known = self.shapes.get(shape)
        if known is not None:
            return known
        try:
            made = shape.of(self.resolved.slots)
        except (TypeError, ExprError) as error:
            raise self.program.refusal(block, self.resolved, error) from None
        if shape.fixed:
            self.shapes[shape] = made
        return made

    def counted(self) -> Iterator[tuple[Sides, list[Any], int]]:
        """The sides, what the tensors have in common (a row of `tally`), and how many of them there are."""
        s = self.resolved.slots
        for found in self.found:
            for told in found.block.tally:
                if told[0].fixed:
                    yield self.sides(told[0], found.block), told, found.count * told[4]
                    continue
                for point, weight in found.points or ():
                    for span, value in zip(found.block.looped, point, strict=True):
                        s[span.slot] = value
                    yield self.sides(told[0], found.block), told, weight * told[4]
