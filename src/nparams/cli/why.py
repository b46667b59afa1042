"""nparams why SOURCE N: which mistakes in counting give N instead."""

from __future__ import annotations

from nparams.cli.main import FAILED, FINE, write
from nparams.cli.question import answers, asked, network_of, notes, parser
from nparams.errors import UsageError

ABOUT = """\
Which mistakes in counting give N (one, or two together), the most common first, each with its arithmetic.  N is a
number (12,960 or 12_960) or a formula, in quotes: why h0-h1-h2 "h0*h1 + h1 + h2" names the terms that are missing.
Exit status: 0 if N is the total or is explained, 1 if nothing that is tried gives it, 2 if a source cannot be read."""


def run(words: list[str]) -> int:
    """Answer the question; FAILED where nothing gives the number."""
    made = parser("why", "why SOURCE N [options]", ABOUT)
    answers(made, "json")
    request = asked(made, words)
    if len(request.words) < 2:
        raise UsageError("write a source and the number you got: nparams why 784-16-16-10 12,960")
    from nparams.analyses._why_text import as_json, text
    from nparams.analyses.why import why
    from nparams.cli.show import speaks_unicode

    network = network_of(request, request.words[:-1])
    found = why(network, request.words[-1].strip(), unicode=speaks_unicode() or request.form_of_answer == "json")
    write(as_json(found) if request.form_of_answer == "json" else text(found))
    notes(network)
    return FINE if found.explained else FAILED
