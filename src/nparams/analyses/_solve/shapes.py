"""Some answers of many: spread from one end to the other, so that shapes can be compared."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from nparams.analyses._solve.budget import Budget
    from nparams.analyses._solve.search import Candidate

#: shapes that are shown
SHOWN = 8
#: how near a total must be, in parts of the budget, where the budget itself does not say
NEAR = 100


def spread(front: Mapping[int, Candidate], budget: Budget, most: int = SHOWN) -> list[Candidate]:
    """At most `most` of the best candidates of each first size, evenly spread over its logarithm; smallest first."""
    near = {key: each for key, each in front.items() if _near(each, budget)}
    if len(near) <= most:
        return [near[key] for key in sorted(near)]
    low, high = max(1, min(near)), max(near)
    found: dict[int, tuple[int, Candidate]] = {}
    for key in sorted(near):
        part = _part(max(1, key), low, high, most)
        held = found.get(part)
        if held is None or near[key].rank < held[1].rank:
            found[part] = key, near[key]
    return [found[part][1] for part in sorted(found)]


def _near(candidate: Candidate, budget: Budget) -> bool:
    """Whether a total is worth showing beside others: it fits, and is no more than a hundredth away."""
    if not candidate.fits and not budget.exact:
        return False
    return budget.rounded or abs(candidate.gap) * NEAR <= budget.target


def _part(value: int, low: int, high: int, parts: int) -> int:
    """Which of `parts` parts of low..high a value lies in, each as many times the one before; by whole numbers.

    >>> [_part(value, 1, 1000, 3) for value in (1, 9, 10, 99, 100, 1000)]
    [0, 0, 1, 1, 2, 2]
    """
    part = 0
    while part + 1 < parts and value**parts * low ** (part + 1) >= high ** (part + 1) * low**parts:
        part += 1
    return part
