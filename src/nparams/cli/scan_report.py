"""nparams scan report DIR: what the table in DIR says."""

from __future__ import annotations

from nparams.cli.arguments import OneLine, formatter, whole
from nparams.cli.main import FAILED, FINE, say, write
from nparams.cli.request import Request
from nparams.errors import UsageError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network.many import Report

ABOUT = """\
What the table that nparams scan wrote into DIR says: how many models and parameters, which counts disagree, what is
there twice, what is suspicious; then how large models are, where the parameters are, and totals by architecture, number
type, format and quantisation.
Exit status: 0; with --strict 1 where a row has a flag or an error; 2 if there is no table, or it cannot be read."""

STDOUT = "-"


class Asked(Request):
    """The request of a report."""

    folder: str = ""
    json: bool = False
    html: str | None = None
    top: int | None = None
    strict: bool = False


def run(words: list[str]) -> int:
    """Print the report; FAILED where --strict is given and a row has a flag or an error."""
    request = _parser().parse_args(words, Asked())
    if request.top == 0:
        raise UsageError("--top is 0: each section shows 1 entry or more")
    from nparams.fleet.report import TOP, report

    found = report(request.folder, TOP if request.top is None else request.top)
    if request.html is not None:
        from nparams.views.fleet import page

        _put(request.html, page(found))
    if request.html != STDOUT:
        write(_answer(found, request))
    return _judged(found) if request.strict else FINE


def _parser() -> OneLine:
    made = OneLine(
        prog="nparams scan report", usage="nparams scan report DIR [options]", description=ABOUT, allow_abbrev=False,
        formatter_class=formatter,
    )  # fmt: skip
    made.add_argument("folder", metavar="DIR", help="the folder that nparams scan -o DIR wrote")
    made.add_argument("--json", action="store_true", help="one JSON object")
    made.add_argument("--html", metavar="FILE", help="write a page with pictures into FILE, too; - prints it instead")
    made.add_argument("--top", type=whole, metavar="N", help="entries of each section (10)")
    made.add_argument("--strict", action="store_true", help="exit 1 if a model has a flag or could not be counted")
    made.add_argument("--width", type=whole, metavar="N", help="columns of text; else the terminal's")
    return made


def _answer(found: Report, request: Asked) -> str:
    from nparams.cli.show import look_for
    from nparams.views.fleet import as_json, render

    return as_json(found) if request.json else render(found, look_for(request, drawn=True))


def _put(path: str, page: str) -> None:
    if path == STDOUT:
        write(page)
        return
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(page)
    except OSError as problem:
        raise UsageError(f"--html {shown(path)}: {(problem.strerror or 'not writable').lower()}") from None


def _judged(found: Report) -> int:
    if found.is_clean:
        return FINE
    say(f"nparams: --strict: {found.flagged:,} with flags, {found.refused:,} that could not be counted")
    return FAILED
