"""Some answers of many: spread from one end to the other, so that shapes can be compared."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from nparams.analyses._solve.budget import Budget
    from nparams.analyses._solve.search import Candidate

#: shapes that are shown
SHOWN = 8
#: how near a total must be to stand beside others: a hundredth of the budget, a twentieth of one that is rounded
NEAR, ABOUT = 100, 20


def spread(front: Mapping[int, Candidate], budget: Budget, most: int = SHOWN) -> list[Candidate]:
    """At most `most` of the best candidates of each first size, evenly spread over its logarithm; smallest first."""
    close = {key: each for key, each in front.items() if _near(each, budget)}
    if len(close) <= most:
        return [close[key] for key in sorted(close)]
    low, high = max(1, min(close)), max(close)
    found: dict[int, tuple[int, Candidate]] = {}
    for key in sorted(close):
        part = _part(max(1, key), low, high, most)
        held = found.get(part)
        if held is None or close[key].rank < held[1].rank:
            found[part] = key, close[key]
    return [found[part][1] for part in sorted(found)]


def _near(candidate: Candidate, budget: Budget) -> bool:
    """Whether a total is worth showing beside others."""
    if not candidate.fits and not budget.exact:
        return False
    return abs(candidate.gap) * near(budget) <= budget.target


def near(budget: Budget) -> int:
    """Into how many parts the budget goes, of which a total may be one away."""
    return ABOUT if budget.about else NEAR


def _part(value: int, low: int, high: int, parts: int) -> int:
    """Which of `parts` parts of low..high a value lies in, each as many times the one before; by whole numbers.

    >>> [_part(value, 1, 1000, 3) for value in (1, 9, 10, 99, 100, 1000)]
    [0, 0, 1, 1, 2, 2]
    """
    part = 0
    while part + 1 < parts and value**parts * low ** (part + 1) >= high ** (part + 1) * low**parts:
        part += 1
    return part
