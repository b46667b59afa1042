"""Squarified treemaps: rectangles of given areas that fill a rectangle and are as square as they can be.

Bruls, Huizing, van Wijk: Squarified Treemaps (2000), https://www.win.tue.nl/~vanwijk/stm.pdf
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    #: x, y, width, height
    Rect = tuple[float, float, float, float]


def squarified(areas: Sequence[float], space: Rect) -> list[Rect]:
    """A rectangle for each area, the largest first, which together are `space`, whose area is their sum.

    >>> squarified([6, 2, 1], (0, 0, 3, 3))
    [(0, 0, 2.0, 3.0), (2.0, 0, 1.0, 2.0), (2.0, 2.0, 1.0, 1.0)]
    """
    found: list[Rect] = []
    at = 0
    while at < len(areas):
        x, y, wide, high = space
        side = min(wide, high)
        end, held = _strip(areas, at, side)
        thick = held / side if side else 0.0
        place = y if wide >= high else x
        for area in areas[at:end]:
            length = area / held * side if held else 0.0
            found.append((x, place, thick, length) if wide >= high else (place, y, length, thick))
            place += length
        space = (x + thick, y, wide - thick, high) if wide >= high else (x, y + thick, wide, high - thick)
        space = (space[0], space[1], max(0.0, space[2]), max(0.0, space[3]))
        at = end
    return found


def _strip(areas: Sequence[float], at: int, side: float) -> tuple[int, float]:
    """How far the strip along the shorter side goes that begins with areas[at], and what it holds."""
    held, worst, end = areas[at], _worst(areas[at], areas[at], areas[at], side), at + 1
    while end < len(areas):
        more = held + areas[end]
        ratio = _worst(areas[at], areas[end], more, side)
        if ratio > worst:
            break
        held, worst, end = more, ratio, end + 1
    return end, held


def _worst(largest: float, smallest: float, held: float, side: float) -> float:
    """The worst ratio of length and breadth in a strip: 1 is a square."""
    if not smallest or not side:
        return float("inf")
    square = side * side / (held * held)
    return max(square * largest, 1 / (square * smallest))
