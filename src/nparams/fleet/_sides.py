"""Units of this machine and those from elsewhere apart: different engines read them, each as many together as come."""

from __future__ import annotations

from collections import deque

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nparams.fleet.units import Unit

MOST_ASIDE = 2_000  # units that wait until the other side is read


def sides(units: Iterable[Unit]) -> Iterator[tuple[bool, Iterator[Unit]]]:
    """(whether they are from elsewhere, the units) by turns: all that come until too many of the other side wait.

    As with itertools.groupby, a group is used up before the next one is asked for.
    """
    left = iter(units)
    aside: dict[bool, deque[Unit]] = {False: deque(), True: deque()}
    for first in left:
        side = first.is_remote
        aside[side].append(first)
        while aside[side]:
            yield side, _of(side, aside, left)
            side = side if aside[side] else not side


def _of(side: bool, aside: dict[bool, deque[Unit]], left: Iterator[Unit]) -> Iterator[Unit]:
    while aside[side]:
        yield aside[side].popleft()
    while len(aside[not side]) < MOST_ASIDE and (unit := next(left, None)) is not None:
        if unit.is_remote is side:
            yield unit
        else:
            aside[not side].append(unit)
