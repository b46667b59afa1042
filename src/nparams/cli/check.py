"""nparams check SOURCE --expect N | --max N | --min N: whether the total keeps its bounds, for CI."""

from __future__ import annotations

from nparams.cli.main import FAILED, FINE, write
from nparams.cli.question import asked, network_of, notes, parser
from nparams.errors import UsageError

ABOUT = """\
One line: whether the total is the expected one and within its bounds.  N is a whole number (13,002 or 13_002); --max
and --min also take exact multiples of a thousand, million, billion or trillion: 500K, 1.5M, 7B, 1T.
Exit status: 0 if every bound holds, 1 if one does not, 2 if the source cannot be read."""


def run(words: list[str]) -> int:
    """Print one line; FAILED where a bound does not hold."""
    made = parser("check", "check SOURCE [--expect N] [--max N] [--min N] [options]", ABOUT)
    made.add_argument("--expect", dest="wanted", metavar="N", help="the total must be N")
    made.add_argument("--max", dest="most", metavar="N", help="the total must be N at most")
    made.add_argument("--min", dest="least", metavar="N", help="the total must be N at least")
    request = asked(made, words)
    if not request.words:
        raise UsageError("what should be checked? For example: nparams check 784-16-16-10 --max 20,000")
    from nparams.analyses.check import bounds, check

    wanted = bounds(request.wanted, request.most, request.least)
    network = network_of(request, request.words)
    found = check(network, wanted)
    write(found.line)
    notes(network)
    return FINE if found.holds else FAILED
