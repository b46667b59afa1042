"""nparams formula TYPE | config.json: the closed form in the fields of a config.json, with letters and a legend."""

from __future__ import annotations

from nparams.cli.main import FINE, say, write
from nparams.cli.question import answers, asked, network_of, notes, parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.architectures.formula import Formula
    from nparams.cli.question import Asked
    from nparams.expr import Size
    from nparams.network import Network

ABOUT = """\
The closed form of the number of parameters of a type of model (formula llama), or of one config.json, in short letters
with a legend of the fields that they stand for.  --which CLASS takes another class of the type, --set puts numbers in.
Of any other source the formula is that of nparams SOURCE --formula.  Without a name: the types that there are."""
#: names of types on one line, and characters of a sum on one
WIDE, LONG = 100, 200


def run(words: list[str]) -> int:
    """Print the formula, or the types that have one."""
    made = parser("formula", "formula TYPE|SOURCE [options]", ABOUT)
    answers(made, "json")
    made.add_argument("--latex", action="store_const", const="latex", dest="form_of_answer", help="in LaTeX")
    request = asked(made, words)
    if not request.words:
        write(listed())
        return FINE
    found = _of_type(request)
    if found is None:
        network = network_of(request, request.words)
        if not network.settings:
            return _other(network, request)
        from nparams.architectures.formula import of_config

        found = of_config(network.settings, request.which)
    write(VIEWS.get(request.form_of_answer or "", text)(found))
    for note in found.notes:
        say(f"note: {note}")
    return FINE


def _of_type(request: Asked) -> Formula | None:
    """Of a type, unless a file is called so."""
    from os.path import lexists

    from nparams.architectures.formula import is_type, of_type
    from nparams.cli.arguments import settings

    name = " ".join(request.words).strip()
    if request.form not in (None, "config") or not is_type(name) or lexists(name):
        return None
    return of_type(name, request.which, settings(request.set))


def _other(network: Network, request: Asked) -> int:
    """Any other source: its formula, as the main question prints it."""
    from nparams.cli.show import show

    request.view = {"latex": "latex", "json": "json"}.get(request.form_of_answer or "", "formula")
    write(show(network, request))
    notes(network)
    return FINE


def listed() -> str:
    """The types that there are, in lines of a width that reads well."""
    from textwrap import fill

    from nparams.architectures.catalogue import types

    return fill(" ".join(types()), WIDE, break_on_hyphens=False, break_long_words=False) or "no type has a formula here"


def text(found: Formula) -> str:
    """The formula as text, its legend under it."""
    from nparams.cli.show import speaks_unicode

    style = "unicode" if speaks_unicode() else "text"
    lines = [title(found), "", *sum_of("total", found.total, style)]
    if found.active is not None:
        lines += sum_of("active", found.active, style, "  (of routed experts those that a token uses)")
    if found.number is not None:
        lines.append(f"      = {found.number:,}")
    conditions = [*(f"where {condition}" for condition in found.where), *found.cases]
    lines += ["", *legend(found), "", *conditions, found.verified]
    return "\n".join(lines)


def sum_of(name: str, size: Size, style: str, after: str = "") -> list[str]:
    """A formula on one line; a long sum with a term on each.

    >>> from nparams.expr import parse
    >>> sum_of("total", parse("a*b + c"), "text")
    ['total = a*b + c']
    """
    from nparams.expr import Expr, render

    line = f"{name} = {render(size, style)}{after}"
    if len(line) <= LONG or not isinstance(size, Expr) or size.op != "add":
        return [line]
    terms = [render(term, style) for term in size.args]
    signed = [f"  - {term[1:]}" if term.startswith("-") else f"  + {term}" for term in terms[1:]]
    return [f"{name} ={after}", f"    {terms[0]}", *signed]


def title(found: Formula) -> str:
    """The class and its type."""
    return f"{found.head} ({found.entry.type}, transformers {found.entry.made.get('transformers', '?')})"


def legend(found: Formula) -> list[str]:
    """A line for each letter: the field, and what it is in this file."""
    wide = max((len(row.letter) for row in found.legend), default=0)
    fields = max((len(row.field) for row in found.legend), default=0)
    lines = []
    for row in found.legend:
        value = "0 or 1" if row.is_flag else "" if row.value is None else f"{row.value:,}"
        lines.append(f"  {row.letter:<{wide}}  {row.field:<{fields}}  {value}".rstrip())
    return lines


def latex(found: Formula) -> str:
    """The formula in LaTeX (amsmath), its legend as comments."""
    from nparams.expr import render

    rows = [rf"\text{{total}} &= {render(found.total, 'latex')}"]
    if found.active is not None:
        rows.append(rf"\text{{active}} &= {render(found.active, 'latex')}")
    head = [f"% {title(found)}", *(f"%{line}" for line in legend(found)), *(f"% where {each}" for each in found.where)]
    return "\n".join([*head, r"\begin{align*}", " \\\\\n".join(rows), r"\end{align*}"])


def as_json(found: Formula) -> str:
    """The formula as one JSON object: letters, and what they stand for."""
    from json import dumps

    held = {
        "schema": 1, "type": found.entry.type, "class": found.head, "formula": str(found.total),
        "active": None if found.active is None else str(found.active), "total": found.number,
        "letters": {row.letter: row.field for row in found.legend},
        "values": {row.field: row.value for row in found.legend if row.value is not None},
        "where": list(found.where), "made": found.entry.made, "verified": found.entry.heads[found.head].verified,
        "cases": found.cases, "notes": found.notes,
    }  # fmt: skip
    return dumps(held, indent=2, ensure_ascii=False)


VIEWS = {"json": as_json, "latex": latex}
