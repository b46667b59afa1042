"""A head compiled: how often each group of its tensors stands there, and in what shape, without a name being made."""

from __future__ import annotations

from nparams.architectures.blocks import Block, Group, TooManyError
from nparams.architectures.closures import compiled
from nparams.architectures.refusals import TRY
from nparams.architectures.shapes import Shape
from nparams.dtypes import WHOLE
from nparams.errors import ExprError, UnsupportedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nparams.architectures.blocks import Point, Row
    from nparams.architectures.closures import Names, Slots
    from nparams.architectures.entry import Entry, Head
    from nparams.architectures.names import Ranks
    from nparams.architectures.resolved import Resolved
    from nparams.architectures.shapes import Sides
    from nparams.architectures.spans import Span
    from nparams.network.listed import Alike, Linked


class Program:
    """The blocks of one head, in the order in which they are registered."""

    def __init__(self, entry: Entry, head: Head) -> None:
        self.entry = entry
        self.head = head
        self.table = entry.reading.table
        self._letters: dict[str, int] = {}
        self._shapes: dict[object, Shape] = {}
        self._ranks: Ranks | None = None
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

    def ranks(self) -> Ranks:
        """In what order the parts of names stand, found once."""
        if self._ranks is None:
            from nparams.architectures.names import ranked

            self._ranks = ranked(self.groups)
        return self._ranks

    def run(self, resolved: Resolved) -> Run:
        """How many tensors of each group a configuration has."""
        s = resolved.slots
        s.extend([None] * (self.table.size - len(s)))
        found = []
        try:
            for block in self.blocks:
                count, points = block.found(s)
                if count:
                    found.append(Found(block, count, points))
        except (TypeError, ExprError) as error:
            raise self.refusal(block, resolved, error) from None
        return Run(self, resolved, found)

    def refusal(self, block: Block, resolved: Resolved, error: Exception) -> UnsupportedError:
        """Why a block cannot be counted: the expression that has no value."""
        reading = self.entry.reading
        if isinstance(error, TooManyError):
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

    def weights(self, s: Slots) -> Iterator[int]:
        """For how many members each of the points stands, with its indices in their slots."""
        for point, weight in self.points or [((), self.count)]:
            for span, value in zip(self.block.looped, point, strict=True):
                s[span.slot] = value
            yield weight

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

    def alike(self, dtype: str | None) -> Alike:
        """How many tensors of each role, number type and size; `dtype` is that of whatever has none of its own.

        Where elements take whole bytes, all of a role are told together: as so many tensors of one element.
        """
        found: Alike = {}
        known: dict[Shape, int] = {}
        s = self.resolved.slots
        for each in self.found:
            try:
                for role, own, trainable, fixed, rows in each.block.tally:
                    kind = own or dtype
                    if not fixed or kind not in WHOLE:
                        self._apart(each, (role, kind, trainable), rows, found)
                        continue
                    elements = 0
                    for shape, many in rows:
                        size = known.get(shape)
                        if size is None:
                            size = known[shape] = shape.size(s)
                        elements += size * many
                    key = (role, kind, 1, trainable)
                    found[key] = found.get(key, 0) + elements * each.count
            except (TypeError, ExprError) as error:
                raise self.program.refusal(each.block, self.resolved, error) from None
        return found

    def _apart(self, each: Found, kind: tuple[str, str | None, bool | None], rows: list[Row], found: Alike) -> None:
        """The same for shapes that an index changes, or whose bytes go by each tensor."""
        role, dtype, trainable = kind
        s = self.resolved.slots
        for shape, many in rows:
            for weight in [each.count] if shape.fixed else each.weights(s):
                key = (role, dtype, shape.size(s), trainable)
                found[key] = found.get(key, 0) + weight * many

    def linked(self) -> Linked:
        """(role, size) -> how many tensors of it are another one."""
        found: Linked = {}
        s = self.resolved.slots
        for each in self.found:
            try:
                for shape, role in each.block.ties:
                    for weight in [each.count] if shape.fixed else each.weights(s):
                        key = (role, shape.size(s))
                        found[key] = found.get(key, 0) + weight
            except (TypeError, ExprError) as error:
                raise self.program.refusal(each.block, self.resolved, error) from None
        return found
