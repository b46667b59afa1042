"""The steps of the arithmetic, for one unknown as a teacher would write them."""

from __future__ import annotations

from nparams.analyses._solve.facts import discriminant, grouped, root
from nparams.analyses._solve.roots import written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.analyses._solve.roots import Equation
    from nparams.analyses._solve.solution import Answer, Solution
    from nparams.analyses._text import Style


def steps(found: Solution, style: Style) -> list[str]:
    """The steps; of several unknowns what the search did."""
    lines = [f"1. The total in symbols: {grouped(found.size, style)}."]
    if found.equation is None:
        return [*lines, *_by_search(found)]
    held, words = found.equation, "grouped" if style.style == "unicode" else "text"
    grid = found.in_steps
    if grid is not None:
        lines.append(
            f"   Only multiples of {grid.step:,} are asked for: {grid.name} = {grid.step:,}{style.dot}{held.name}."
        )
    whole = [*held.coefficients[:-1], held.coefficients[-1] + held.target]
    lines += [
        f"2. It is to be {found.budget.target:,}: {written(whole, held.name, words)} = {found.budget.target:,},",
        f"   so {held.text(words)}.",
    ]
    return [*lines, *_root(held, style), *_checked(found, held, style)]


def _root(held: Equation, style: Style) -> list[str]:
    if held.root is None:
        return ["3. It has no root of 0 or more: even the smallest network has more."]
    lines = []
    if held.discriminant is not None:
        lines.append(f"3. A quadratic; its discriminant is {discriminant(held, style)} = {held.discriminant:,}.")
    else:
        lines.append("3. " + ("It is linear." if held.degree == 1 else f"Its degree is {held.degree}."))
    whole = "a whole number" if "." not in held.root else "no whole number, so the nearest ones are tried"
    return [*lines, f"   The root that is no less than 0: {held.name} = {root(held, style)}, {whole}."]


def _checked(found: Solution, held: Equation, style: Style) -> list[str]:
    """The whole numbers beside the root, with their totals worked out."""
    lines = ["4. Worked out:"]
    for answer in found.answers[:2]:
        (value,) = answer.values.values()
        if found.in_steps is not None:
            value //= found.in_steps.step
        lines.append(
            f"   {held.name} = {value:,}: {_terms(held, value, style)} = {answer.total:,}{_verdict(found, answer)}"
        )
    return lines


def _terms(held: Equation, value: int, style: Style) -> str:
    """12² + 796·12 + 10 with its terms worked out."""
    whole = [*held.coefficients[:-1], held.coefficients[-1] + held.target]
    top = len(whole) - 1
    parts = [(c, top - k) for k, c in enumerate(whole) if c]
    texts = [_term(c, value, power, style) for c, power in parts]
    numbers = [f"{abs(c) * value**power:,}" for c, power in parts]
    signs = ["" if k == 0 and c > 0 else "-" if c < 0 else "+" for k, (c, _) in enumerate(parts)]
    said, sums = ([f"{s} {t}".strip() for s, t in zip(signs, each, strict=True)] for each in (texts, numbers))
    return " ".join(said) if said == sums else f"{' '.join(said)} = {' '.join(sums)}"


def _term(coefficient: int, value: int, power: int, style: Style) -> str:
    raised = f"{value:,}" + ("" if power < 2 else f"**{power}" if style.style == "text" else _raised(power))
    factors = [f"{abs(coefficient):,}"] if abs(coefficient) != 1 or not power else []
    return style.dot.join([*factors, *([raised] if power else [])])


def _raised(power: int) -> str:
    return str(power).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _verdict(found: Solution, answer: Answer) -> str:
    if not answer.gap:
        return ", exactly"
    apart = f"{abs(answer.gap):,} {'more' if answer.gap > 0 else 'fewer'}"
    return f", {apart}" + ("" if answer.fits or found.budget.exact else ": not allowed")


def _by_search(found: Solution) -> list[str]:
    """Of several unknowns, or of one that is in no polynomial: what the search did."""
    search = found.search
    assert search is not None
    inner, outer = search.grids[-1].name, ", ".join(grid.name for grid in search.grids[:-1])
    lines, step = [], 2
    if outer:
        lines.append(
            f"2. Each value of {outer} is put in, {search.rows:,} times; what is left depends on {inner} alone."
        )
        step = 3
    if search.bisected:
        lines.append(
            f"{step}. It only grows with {inner}: the last value at or below the budget and the first above it are"
        )
        lines.append("   found by halving, and no other can be nearer.")
    else:
        lines.append(f"{step}. Every value of {inner} is worked out, as the total does not only grow with it.")
    return [*lines, f"{step + 1}. Each network that is shown has been counted again, size by size."]
