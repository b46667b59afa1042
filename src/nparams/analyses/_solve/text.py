"""What solve found, as text: the best answer, a table of the nearest, shapes side by side, what was searched."""

from __future__ import annotations

from nparams.analyses._solve.facts import facts, named
from nparams.analyses._solve.shapes import near
from nparams.analyses._text import Style, short
from nparams.errors import escaped
from nparams.expr import evaluate, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nparams.analyses._solve.solution import Answer, Solution
    from nparams.network import Network

#: columns where nobody says how many there are
WIDTH = 100


def text(found: Solution, *, unicode: bool = True, width: int | None = None, explain: bool = False) -> str:
    """The answer; with `explain` the steps of the arithmetic too."""
    style = Style(unicode)
    parts = [[f"{short(found.network)}: {found.budget.says} parameters"], _wrapped(headline(found), width or WIDTH)]
    if found.answers:
        parts.append(table(found, found.answers, width or WIDTH))
    if _worth(found):
        parts.append([*_wrapped(_shapes_head(found), width or WIDTH), *table(found, found.shapes, width or WIDTH)])
    if explain:
        from nparams.analyses._solve.explain import steps

        parts.append(steps(found, style))
    parts.append(laid_out(facts(found, style, equation=not explain), width or WIDTH))
    whole = "\n\n".join("\n".join(escaped(line) for line in part) for part in parts if part)
    return spelled(whole, found.names)


def spelled(text: str, names: Mapping[str, str]) -> str:
    """The text with fields of parts written as a config has them: text_config.hidden_size."""
    for symbol, name in names.items():
        if "__" in symbol and symbol != name:
            text = text.replace(symbol, name)
    return text


def headline(found: Solution) -> str:
    """One sentence: the best answer, or why there is none."""
    best = found.best
    if best is None:
        return "No answer: none of the sizes that were tried makes a network."
    which = named(best.values)
    if found.solved:
        return f"{which}: {best.total:,} parameters, {_apart(found, best)}"
    nearest = f"the nearest is {which}: {best.total:,} parameters, {_apart(found, best)}"
    if best.gap > 0 and found.smallest:
        return (
            f"Even the smallest network that was tried, {which}, has {best.total:,} parameters, {_apart(found, best)}"
        )
    if best.gap < 0 and found.largest:
        return f"Even the largest network that was tried, {which}, has {best.total:,} parameters, {_apart(found, best)}"
    if found.budget.exact:
        what = "No " + " and ".join(best.values) + (" gives" if len(best.values) == 1 else " give")
        return f"{what} exactly {found.budget.target:,} parameters; {nearest}"
    bound = "few enough" if best.gap > 0 else "enough"
    return f"Nothing that was tried has {bound} parameters; {nearest}"


def _apart(found: Solution, answer: Answer) -> str:
    if not answer.gap:
        return "exactly" if found.budget.exact or found.budget.about else "exactly the bound"
    return f"{abs(answer.gap):,} {'more' if answer.gap > 0 else 'fewer'} than {found.budget.target:,}"


def _worth(found: Solution) -> bool:
    """Whether the shapes say more than the nearest answers do."""
    seen = [answer.values for answer in found.answers]
    return len(found.shapes) > 1 and any(shape.values not in seen for shape in found.shapes)


def _shapes_head(found: Solution) -> str:
    shape = found.shapes[0].values
    across = "from one end to the other"
    if ratio_of(found, list(shape)) and found.first in shape:
        ends = ("wide and shallow", "deep and narrow")
        across = "from {} to {}".format(*(ends if found.first in found.depths else ends[::-1]))
    return f"shapes side by side, {across}, each within {100 // near(found.budget)}% of the budget:"


# -- tables -----------------------------------------------------------------------------------------------------------


def table(found: Solution, answers: Sequence[Answer], width: int) -> list[str]:
    """One row an answer: sizes, what follows from them, the network where it has a short name, total, gap.

    Where that is too wide, what can be worked out from the rest is left out: width/depth, then what follows.
    """
    columns = _columns(found, answers)
    spare = [head for head, _ in columns if head == "width/depth" or head in answers[0].derived]
    while spare and sum(max(map(len, cells)) + 2 for _, cells in columns) - 2 > width:
        dropped = "width/depth" if "width/depth" in spare else spare[-1]
        spare.remove(dropped)
        columns = [column for column in columns if column[0] != dropped]
    *numbers, (_, remarks) = columns
    wide = [max(map(len, cells)) for _, cells in numbers]
    rows = zip(*(cells for _, cells in numbers), strict=True)
    return [
        ("  ".join(cell.rjust(w) for cell, w in zip(row, wide, strict=True)) + f"  {remark}").rstrip()
        for row, remark in zip(rows, remarks, strict=True)
    ]


def _columns(found: Solution, answers: Sequence[Answer]) -> list[tuple[str, list[str]]]:
    """(head, cells with the head first) of each column; the last is for remarks."""
    names = list(answers[0].values)
    made = [(name, [f"{each.values[name]:,}" for each in answers]) for name in names]
    spelled = [written(found.network, each.values) for each in answers]
    if all(spelled):
        made.append(("network", [str(cell) for cell in spelled]))
    made += [(name, [f"{each.derived[name]:,}" for each in answers]) for name in answers[0].derived]
    ratio = ratio_of(found, names)
    if ratio:
        made.append(("width/depth", [decimal(each.values[ratio[0]], each.values[ratio[1]]) for each in answers]))
    made.append(("parameters", [f"{each.total:,}" for each in answers]))
    made.append(("gap", [f"{each.gap:+,}" if each.gap else "0" for each in answers]))
    made.append(("", [_remark(found, each) for each in answers]))
    return [(head, [head, *cells]) for head, cells in made]


def _remark(found: Solution, answer: Answer) -> str:
    if not answer.gap:
        return "exact"
    share = decimal(abs(answer.gap) * 100, found.budget.target or 1, 2)
    if not answer.fits and not found.budget.exact:
        return "too many" if answer.gap > 0 else "too few"
    return f"{'+' if answer.gap > 0 else '-'}{share}%" if share.strip("0.") else ""


def ratio_of(found: Solution, names: Sequence[str]) -> tuple[str, str] | None:
    """(a width, the depth), where exactly one of the sizes counts copies."""
    depths = [name for name in names if name in found.depths]
    widths = [name for name in names if name not in found.depths]
    return (widths[0], depths[0]) if len(depths) == len(widths) == 1 else None


def decimal(top: int, bottom: int, digits: int = 1) -> str:
    """A quotient as a decimal, rounded, by whole numbers.

    >>> decimal(2, 3), decimal(82, 1)
    ('0.7', '82.0')
    """
    if not bottom:
        return "-"
    scale = 10**digits
    whole, rest = divmod((2 * top * scale + bottom) // (2 * bottom), scale)
    return f"{whole:,}.{rest:0{digits}}"


def written(network: Network, values: dict[str, int]) -> str | None:
    """Layer sizes with the numbers in them, 784-12-12-10; None for anything else.

    >>> import nparams
    >>> written(nparams.read("d-4*d-d"), {"d": 16})
    '16-64-16'
    """
    if network.form != "sizes" or ".." in network.read_as or " " in network.read_as:
        return None
    from nparams.analyses._solve.conditions import by_symbol
    from nparams.analyses._solve.wanted import leaf_of

    given = by_symbol({name: leaf_of(name) for name in values}, values)
    return "-".join(str(evaluate(parse(part), given)) for part in network.read_as.split("-"))


def _wrapped(sentence: str, width: int) -> list[str]:
    from textwrap import wrap

    return wrap(sentence, max(40, width), break_long_words=False, break_on_hyphens=False)


def laid_out(rows: Sequence[tuple[str, str]], width: int) -> list[str]:
    """A word and what it says on each line, long lines wrapped under themselves."""
    from textwrap import wrap

    front = max((len(word) for word, _ in rows), default=0) + 2
    lines: list[str] = []
    for word, says in rows:
        pieces = wrap(says, max(40, width - front), break_long_words=False, break_on_hyphens=False) or [""]
        lines += [f"{word:<{front}}{pieces[0]}", *(f"{'':<{front}}{piece}" for piece in pieces[1:])]
    return lines
