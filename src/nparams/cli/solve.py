"""nparams solve SOURCE --total N | --max N | --min N: which sizes give that many parameters."""

from __future__ import annotations

from nparams.cli.main import FAILED, FINE, read, say, write
from nparams.cli.question import Asked, answers, parser
from nparams.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from nparams.analyses._solve.wanted import Wanted
    from nparams.analyses.solve import Make, Solution
    from nparams.cli.arguments import OneLine
    from nparams.network import Network

ABOUT = """\
Which sizes bring the total to N: letters in SOURCE vary (784-h-h-10), or the fields of a config that --vary names.  The
answers are whole numbers with exact counts, best first; what was searched is said.  --total takes a number in full
(13002 or 13_002: exactly that) or rounded (350k, 1M, 1.3B: about that many); --max and --min are bounds.
Exit status: 0 if an answer is what was asked for, 1 if the nearest is not, 2 if the question or source is unclear."""


class Sought(Asked):
    """The request of solve: what the total should be, and what may vary."""

    total: str | None = None
    vary: list[str] = []  # noqa: RUF012  # replaced, never changed: argparse copies before it appends
    range: list[str] = []  # noqa: RUF012
    multiple: list[str] = []  # noqa: RUF012
    keep: list[str] = []  # noqa: RUF012
    top: int = 5
    explain: bool = False


def run(words: list[str]) -> int:
    """Print the answers; FAILED where none is what was asked for."""
    from nparams.cli.request import sizes_apart

    request = _parser().parse_intermixed_args(sizes_apart(words), Sought())
    if not request.words:
        raise UsageError("which network? For example: nparams solve 784-h-h-10 --max 10000")
    from nparams.analyses.solve import solve

    found = solve(_maker(request), _wanted(request))
    write(_answer(found, request))
    for note in found.notes:
        say(f"note: {note}")
    return FINE if found.solved else FAILED


def _maker(request: Sought) -> Make:
    """What makes the network: of what the words name, or of a type of model with its own defaults."""
    from os.path import lexists

    from nparams.architectures.formula import is_type

    name = " ".join(request.words).strip()
    request.source = request.words
    if request.form in (None, "config") and is_type(name) and not lexists(name):
        request.source, request.form = [f'{{"model_type": "{name}"}}'], "config"

    def make(free: Collection[str], given: Mapping[str, object]) -> Network:
        network = read(request, free=free, given=given)
        if request.source != request.words:
            network.source = name
        return network

    return make


def _parser() -> OneLine:
    """The parser of its words."""
    from nparams.cli.arguments import whole

    made = parser("solve", "solve SOURCE [--total N] [--max N] [--min N] [options]", ABOUT)
    made.add_argument("--total", metavar="N", help="the total should be N")
    made.add_argument("--max", dest="most", metavar="N", help="N parameters at most")
    made.add_argument("--min", dest="least", metavar="N", help="N parameters at least")
    made.add_argument("--vary", action="append", metavar="NAME,...", help="sizes that may vary; letters all do")
    made.add_argument("--range", action="append", metavar="NAME=A..B", help="the values that one may have; repeatable")
    made.add_argument("--multiple", action="append", metavar="NAME=M", help="only multiples of M; repeatable")
    made.add_argument(
        "--keep", action="append", metavar="NAME,...", help="fields that do not follow the width of a config"
    )
    made.add_argument("--top", type=whole, metavar="N", help="how many of the nearest answers are shown (5)")
    group = answers(made, "json")
    group.add_argument("--explain", action="store_true", help="the steps of the arithmetic")
    group.add_argument("-q", "--quiet", action="store_true", help="the best answer alone, as --set takes it")
    return made


def _wanted(request: Sought) -> Wanted:
    """The question that the words ask."""
    from nparams.analyses._solve.budget import Budget
    from nparams.analyses._solve.wanted import Wanted
    from nparams.cli.arguments import settings

    def names(given: list[str]) -> list[str]:
        return [name for text in given for name in text.split(",")]

    return Wanted(
        Budget.of(request.total, request.most, request.least),
        vary=names(request.vary),
        ranges=settings(request.range, "--range"),
        multiples=settings(request.multiple, "--multiple"),
        given=settings(request.set),
        keep=names(request.keep),
        top=request.top,
    )


def _answer(found: Solution, request: Sought) -> str:
    if request.form_of_answer == "json":
        from nparams.analyses._solve.told import as_json

        return as_json(found)
    if request.quiet:
        return str(found.best) if found.best else ""
    import os

    from nparams.analyses._solve.text import text
    from nparams.cli.show import columns, is_terminal, speaks_unicode

    width = columns() if is_terminal() or "COLUMNS" in os.environ else None
    return text(found, unicode=speaks_unicode(), width=width, explain=request.explain)
