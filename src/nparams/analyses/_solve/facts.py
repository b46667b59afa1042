"""What stands under the answers: the closed form, the equation of one unknown, what was searched and assumed."""

from __future__ import annotations

from nparams.analyses._solve.ranges import BUDGET, DEFAULT
from nparams.analyses._solve.roots import written
from nparams.analyses._text import listed
from nparams.expr import Expr, render

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from nparams.analyses._solve.roots import Equation
    from nparams.analyses._solve.solution import Solution
    from nparams.analyses._text import Style

#: characters of a closed form that are shown
LONGEST = 300


def named(values: Mapping[str, int]) -> str:
    """h = 12; several joined by commas."""
    return ", ".join(f"{name} = {value:,}" for name, value in values.items())


def facts(found: Solution, style: Style, *, equation: bool = True) -> list[tuple[str, str]]:
    """(word, what it says) for each line under the answers."""
    rows = []
    form = grouped(found.size, style)
    if equation and len(form) <= LONGEST:
        rows.append(("total", form))
    if equation and found.equation is not None:
        rows += _equation(found, found.equation, style)
    rows += [("follows" if k == 0 else "", each.says) for k, each in enumerate(found.relations)]
    rows.append(("searched", searched(found)))
    if found.network.where:
        rows.append(("where", listed(list(found.network.where), most=6)))
    return rows


def grouped(size: int | Expr, style: Style) -> str:
    """A closed form for people: with digits grouped where the reader's side shows Unicode."""
    return render(size, "grouped" if style.style == "unicode" else "text")


def _equation(found: Solution, held: Equation, style: Style) -> list[tuple[str, str]]:
    """The equation, its discriminant and its root; what the root is in steps of."""
    words = "grouped" if style.style == "unicode" else "text"
    grid = found.in_steps
    front = f"with {grid.name} = {grid.step:,}{style.dot}{held.name}: " if grid is not None else ""
    rows = [("equation", front + held.text(words))]
    if held.discriminant is not None:
        rows.append(("discriminant", f"{discriminant(held, style)} = {held.discriminant:,}"))
    if held.root is not None:
        rows.append(("root", f"{held.name} = {root(held, style)}"))
    return rows


def discriminant(held: Equation, style: Style) -> str:
    """796² + 4·1·9,990."""
    a, b, c = held.coefficients
    square = f"{b:,}²" if style.style == "unicode" else f"{b:,}**2"
    return f"{square} {'-' if c > 0 else '+'} 4{style.dot}{a:,}{style.dot}{abs(c):,}"


def root(held: Equation, style: Style) -> str:
    """The root to some digits, with the formula of a quadratic."""
    value = held.root or ""
    cut = "." in value
    dots = ("…" if style.style == "unicode" else "...") if cut else ""
    if held.degree == 1:
        a, c = held.coefficients
        return f"{-c:,} / {a:,} = {value}{dots}"
    if held.degree == 2 and held.discriminant is not None:
        a, b, _ = held.coefficients
        sign = f"√{held.discriminant:,}" if style.style == "unicode" else f"sqrt({held.discriminant:,})"
        return f"({-b:,} + {sign}) / {2 * a:,} = {value}{dots}"
    return f"{value}{dots} (by bisection, in whole numbers)"


def searched(found: Solution) -> str:
    """Which values were searched, that all of them were, and how."""
    search = found.search
    assert search is not None
    told = listed([grid.says() for grid in found.grids], most=8)
    if len(found.grids) == 1:
        return _one(found, told)
    last, others = search.grids[-1].name, ", ".join(grid.name for grid in search.grids[:-1])
    how = f"for each {others} the best {last} by bisection, as the total only grows with it"
    if search.bisected < search.rows:
        how = f"for each {others} every {last} one by one" + (", or by bisection" if search.bisected else "")
    hits = ""
    if found.budget.exact and search.exact > len(found.answers):
        hits = f"; {'at least ' if search.more else ''}{search.exact:,} of them hit it exactly"
    return f"all {found.candidates:,} combinations of {told}; {how}{_ends(found)}{hits}"


def _one(found: Solution, told: str) -> str:
    grid = found.grids[0]
    search = found.search
    assert search is not None
    if not search.bisected:
        return f"{told}: each of the {found.candidates:,} values, one by one{_ends(found)}"
    if found.ends.get(grid.name) != BUDGET:
        told = f"{told}: all {found.candidates:,} values"
    elif grid.step == 1:
        told = f"every {grid.name} >= {grid.first:,}"
    else:
        told = f"{grid.name} = {grid.first:,}, {grid.value(1):,}, {grid.value(2):,} and so on without end"
    steps = "".join(f"; {each}" for each in _steps(found))
    return f"{told}, by bisection: the total only grows with {grid.name}{steps}"


def _ends(found: Solution) -> str:
    """Why the grids end where they do, and which steps they have, where nobody asked for it."""
    parts = []
    budget = [grid.name for grid in found.grids if found.ends.get(grid.name) == BUDGET]
    if budget:
        parts.append(f"any larger {listed(budget, 'or')} exceeds the budget")
    for grid in found.grids:
        if found.ends.get(grid.name) == DEFAULT:
            parts.append(f"{grid.name} ends at {grid.last or 0:,} unless --range {grid.name}=1..N says otherwise")
    return "".join(f"; {part}" for part in [*parts, *_steps(found)])


def _steps(found: Solution) -> list[str]:
    return [f"multiples of {step:,} unless --multiple {name}=M says otherwise" for name, step in found.steps.items()]


__all__ = ["discriminant", "facts", "grouped", "named", "root", "searched", "written"]
