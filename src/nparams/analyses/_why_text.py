"""What `why` found, as text and as JSON."""

from __future__ import annotations

from nparams.analyses._text import short
from nparams.errors import escaped
from nparams.expr import Expr, add, mul

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.analyses.why import Why

#: answers, and layers of one answer, that a text shows
SHOWN, LAYERS = 3, 6


def text(found: Why) -> str:
    """The answer as text."""
    network, style = found.network, found.style
    name = short(network)
    total = style.number(network.totals.known)
    if found.equal:
        return escaped(f"{name} has {total} parameters: yes, that is the total.")
    lines = [f"{name} has {total} parameters{_apart(found)}."]
    for k, answer in enumerate(found.answers[:SHOWN]):
        front = f"{k + 1}. " if len(found.answers) > 1 else ""
        lines.append(f"{front}{answer.says}: {answer.sum}.")
        lines += [f"  {unit}: {before}; you have {after}" for unit, before, after in answer.layers[:LAYERS]]
        if len(answer.layers) > LAYERS:
            lines.append(f"  and so on, in {len(answer.layers):,} layers")
    if len(found.answers) > SHOWN:
        more = len(found.answers) - SHOWN
        lines.append(f"{more} less common {'explanations give' if more > 1 else 'explanation gives'} it too.")
    if found.formula is not None and (not found.answers or isinstance(found.asked, Expr)):
        lines += found.formula.lines
    if not found.explained:
        lines.append(_rounded(found) or _none(found))
    return "\n".join(escaped(line) for line in lines)


def _apart(found: Why) -> str:
    difference = add(found.network.totals.known, mul(-1, found.asked))
    if not isinstance(difference, int):
        return ""
    return f", {abs(difference):,} {'more' if difference > 0 else 'less'} than {found.style.number(found.asked)}"


def _rounded(found: Why) -> str:
    """A number with three zeros or more at its end that is the nearest to the total, or to another count of it."""
    asked = found.asked
    if not isinstance(asked, int) or asked <= 0 or asked % 1000:
        return ""
    unit = 1000
    while asked % (unit * 10) == 0:
        unit *= 10
    network = found.network
    for name, size in (("", network.totals.known), *network.also.items()):
        if isinstance(size, int) and asked >= unit * 10 and (size + unit // 2) // unit * unit == asked:
            which = f"another count of it ({name}: {size:,})" if name else "its total"
            return f"That is {which}, rounded to the nearest {unit:,}: no mistake is needed for it."
    return ""


def _none(found: Why) -> str:
    singles, pairs = found.tried
    told = f", nor does any of {pairs:,} pairs of them" if pairs else ""
    return f"None of the {singles:,} mistakes that are tried gives {found.style.number(found.asked)}{told}."


def as_json(found: Why) -> str:
    """The answer as one JSON object."""
    from json import dumps

    from nparams.network.rows import plain

    network = found.network
    singles, pairs = found.tried
    held = {
        "schema": 1, "source": network.source, "read_as": network.read_as, "total": plain(network.total),
        "asked": plain(found.asked), "equal": found.equal, "explained": found.explained,
        "answers": [
            {"mistakes": a.mistakes, "says": a.says, "sum": a.sum,
             "layers": [{"name": name, "before": before, "after": after} for name, before, after in a.layers]}
            for a in found.answers
        ],
        "missing": _rows(found, "missing"),
        "extra": _rows(found, "extra"),
        "tried": {"single": singles, "pairs": pairs}, "notes": list(network.notes),
    }  # fmt: skip
    return dumps(held, indent=2, ensure_ascii=False)


def _rows(found: Why, which: str) -> list[dict[str, object]]:
    """Missing or extra terms as JSON holds them."""
    rows = [] if found.formula is None else getattr(found.formula, which)
    return [{"term": str(row["term"]), "layers": row["layers"]} for row in rows]
