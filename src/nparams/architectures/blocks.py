"""The cells of a head that repeat over the same indices under the same condition, compiled together as one block.

Only an index that something depends on is gone through; any other multiplies, so 10**9 equal layers are one product.
"""

from __future__ import annotations

from nparams.architectures.closures import WORK, guarded
from nparams.architectures.slots import read
from nparams.architectures.spans import ENDS, Limit, Span
from nparams.errors import ExprError
from nparams.expr import Expr, free_symbols

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from nparams.architectures.closures import Code, Names, Slots
    from nparams.architectures.program import Program
    from nparams.architectures.shapes import Shape
    from nparams.expr import Size
    from nparams.expr.arithmetic import Work

    #: the values of a block's indices that are gone through, and for how many members they stand
    Point = tuple[tuple[int, ...], int]
    #: a shape, and how many tensors of a member have it
    Row = tuple[Shape, int]
    #: role, number type, trainable, whether the shapes are the same for every index, these
    Kind = tuple[str, str | None, bool | None, bool, list[Row]]

#: operations that a member which is looked at by itself counts for: a quarter of a million of them at most
COST = 8


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


class Block:
    """Cells over the same indices under the same condition."""

    __slots__ = (
        "always", "asked", "condition", "each", "groups", "letters", "looped", "names", "program", "spans", "tally",
        "ties",
    )  # fmt: skip

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
        #: the condition in two: what no index changes, and what has to be asked for each
        self.always, self.each = self._split()
        self.groups: list[Group] = []
        self.tally: list[Kind] = []
        self.ties: list[tuple[Shape, str]] = []

    def _split(self) -> tuple[Code | None, Code | None]:
        """Both parts of the condition, without the comparisons that say where an index begins or ends."""
        fixed, moving = [], []
        for part in _factors(self.condition):
            if free_symbols(part).isdisjoint(self.letters):
                fixed.append(part)
            elif not self._limits(part):
                moving.append(part)
        #: what is asked for each
        self.asked = frozenset[str]().union(*map(free_symbols, moving))
        return self._guard([part for part in fixed if part != 1]), self._guard(moving)

    def _limits(self, part: Size) -> bool:
        """Whether a comparison only limits an index, by what indices outside it may change; the index keeps it."""
        if not isinstance(part, Expr) or part.op not in ENDS:
            return False
        for side, other, ends in zip(part.args, part.args[::-1], ENDS[part.op], strict=True):
            letter = side.label if isinstance(side, Expr) and side.op == "sym" else None
            for k, span in enumerate(self.spans):
                if span.letter == letter and free_symbols(other).isdisjoint(self.letters[k:]):
                    span.limits.append(Limit(*ends, other, self.names))
                    return True
        return False

    def _guard(self, parts: list[Size]) -> Code | None:
        if not parts:
            return None
        return guarded(parts[0] if len(parts) == 1 else Expr("mul", tuple(parts)), self.names)

    def shape(self, sides: Sequence[str]) -> Shape:
        """The shape of these sides, made once."""
        return self.program.shape(tuple(sides), self.names, self.letters)

    def settle(self) -> None:
        """Once all groups are there: which indices must be gone through, and which groups are counted together."""
        wanted = self.asked.union(*(group.shape.letters for group in self.groups))
        for span in reversed(self.spans):
            span.looped = span.letter in wanted
            wanted |= span.symbols()
        self.looped = [span for span in self.spans if span.looped]
        counted: dict[tuple[str, str | None, bool | None, bool], dict[Shape, int]] = {}
        for group in self.groups:
            if group.tied is None:
                rows = counted.setdefault((group.role, group.dtype, group.trainable, group.shape.fixed), {})
                rows[group.shape] = rows.get(group.shape, 0) + 1
        self.tally = [(*key, list(rows.items())) for key, rows in counted.items()]
        self.ties = [(group.shape, group.role) for group in self.groups if group.tied is not None]

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
        points = self._single(s) if len(self.spans) == 1 else list(self._points(s, 0, (), 1))
        return sum([weight for _, weight in points]), points

    def _single(self, s: Slots) -> list[Point]:
        """The points of a block with one index: what most are, so without calls that can be spared."""
        span, each = self.spans[0], self.each
        found: list[Point] = []
        slot = span.slot
        for value in _within(s, span.values(s)):
            s[slot] = value
            holds = 1 if each is None else each(s)
            if holds == 1:
                found.append(((value,), 1))
            elif holds != 0:
                _holds(holds)
        return found

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


class TooManyError(ExprError):
    """More members that may differ than are gone through."""


def _within(s: Slots, values: range) -> range:
    """The values of an index, if so many may still be gone through."""
    work: Work = s[WORK]
    work.left -= COST * (values.stop - values.start)
    if work.left < 0:
        raise TooManyError("more layers that may differ than are looked at one by one")
    return values


def _holds(value: int) -> bool:
    if value == 1 or value == 0:
        return value == 1
    raise ExprError(f"a condition of {value:,}")


def _factors(size: Size) -> list[Size]:
    return list(size.args) if isinstance(size, Expr) and size.op == "mul" else [size]
