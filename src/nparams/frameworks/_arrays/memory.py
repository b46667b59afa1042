"""Two NumPy arrays over one memory: the same numbers, some of them, or one number read many times.

A strided view is a set of addresses: a start, and for each side a step and how often it is taken.  Steps sorted, turned
forwards and joined where one continues another, two views of the same numbers read alike, whatever their shapes (a
transposed view, a reshaped one, one that runs backwards).
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    Steps = tuple[tuple[int, int], ...]

#: addresses that are written out to see how many are distinct
MOST = 1_000_000
#: pairs of views whose ranges meet that are compared exactly
PAIRS = 10_000


class Region:
    """The numbers in memory that a view reads: where they start, their width, and (step in bytes, how many) a side."""

    __slots__ = ("start", "steps", "width")

    def __init__(self, start: int, width: int, steps: Steps) -> None:
        self.start = start
        self.width = width
        self.steps = steps

    @property
    def key(self) -> tuple[int, int, Steps]:
        """Equal for views of the same numbers."""
        return self.start, self.width, self.steps

    @property
    def end(self) -> int:
        """The first address after it."""
        return self.start + self.width + sum(step * (count - 1) for step, count in self.steps)

    @property
    def distinct(self) -> int:
        """How many numbers there are in memory.

        >>> of_strides(0, 4, (1000, 50), (0, 4)).distinct
        50
        """
        found = 1
        for _, count in self.steps:
            found *= count
        return found

    def addresses(self) -> Iterator[int]:
        """The address of every number."""
        found = [self.start]
        for step, count in self.steps:
            found = [at + step * k for at in found for k in range(count)]
        return iter(found)


def of_strides(start: int, width: int, shape: Sequence[int], strides: Sequence[int]) -> Region:
    """The region of a view, in one form for all views of the same numbers.

    >>> of_strides(96, 4, (2, 3), (12, 4)).key == of_strides(96, 4, (3, 2), (4, 12)).key
    True
    """
    steps: list[tuple[int, int]] = []
    for step, count in zip(strides, shape, strict=True):
        if step < 0:
            start += step * (count - 1)
        if step and count > 1:
            steps.append((abs(step), count))
    joined: list[tuple[int, int]] = []
    for step, count in sorted(steps):
        if joined and joined[-1][0] * joined[-1][1] == step:
            joined[-1] = (joined[-1][0], joined[-1][1] * count)
        else:
            joined.append((step, count))
    return Region(start, width, tuple(joined))


def region_of(value: Any) -> Region | None:
    """The region of a NumPy array; None for anything else, and for one without numbers."""
    numpy = sys.modules.get("numpy")
    if numpy is None or not isinstance(value, numpy.ndarray) or not value.size:
        return None
    start = value.__array_interface__["data"][0]
    if value.flags.c_contiguous:
        width = value.dtype.itemsize
        return Region(start, width, ((width, value.size),) if value.size > 1 else ())
    return of_strides(start, value.dtype.itemsize, value.shape, value.strides)


def is_whole(array: Any) -> bool:
    """Whether an array of NumPy has memory of its own, and shows each number in it once."""
    flags = array.flags
    return bool(flags.owndata and flags.forc)


def meeting(regions: Sequence[Region]) -> list[tuple[int, int]]:
    """Pairs of different regions, by their places, that hold some number in common."""
    order = sorted(range(len(regions)), key=lambda k: regions[k].start)
    found: list[tuple[int, int]] = []
    open_: list[int] = []
    compared = 0
    for k in order:
        open_ = [j for j in open_ if regions[j].end > regions[k].start]
        for j in open_:
            compared += 1
            if compared <= PAIRS and _meet(regions[j], regions[k]):
                found.append((min(j, k), max(j, k)))
        open_.append(k)
    return sorted(found)


def _meet(a: Region, b: Region) -> bool:
    """Whether two regions whose ranges meet share a number; too many to write out are taken to share one."""
    if _solid(a) and _solid(b):
        return True
    if a.distinct + b.distinct > MOST:
        return True
    return not set(a.addresses()).isdisjoint(b.addresses())


def _solid(region: Region) -> bool:
    """Whether it is one stretch of memory without gaps."""
    return not region.steps or (len(region.steps) == 1 and region.steps[0][0] == region.width)


def distinct(regions: Sequence[Region]) -> int | None:
    """How many numbers there are under all of them together; None where that is too much to write out.

    >>> whole, half = of_strides(0, 4, (10,), (4,)), of_strides(20, 4, (10,), (4,))
    >>> distinct([whole, half])
    15
    """
    if len({region.width for region in regions}) > 1:
        return None
    if all(map(_solid, regions)):
        return _stretched(regions)
    if sum(region.distinct for region in regions) > MOST:
        return None
    return len({at for region in regions for at in region.addresses()})


def _stretched(regions: Sequence[Region]) -> int:
    found, reached = 0, 0
    for region in sorted(regions, key=lambda r: r.start):
        start = max(region.start, reached)
        if region.end > start:
            found += (region.end - start) // region.width
            reached = region.end
    return found
