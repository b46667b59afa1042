"""nparams diff A B: what makes the totals of two sources differ, item by item."""

from __future__ import annotations

from nparams.cli.main import FAILED, FINE, write
from nparams.cli.question import answers, asked, network_of, notes, parser
from nparams.errors import UsageError

ABOUT = """\
The difference of two networks as named items that sum to it: layers in one only, biases, other sizes, what is shared.
Layers are matched by name and size, whatever form each source has.  The options of reading hold for both sources.
Exit status: 0 if nothing differs, 1 if something does, 2 if a source cannot be read."""


def run(words: list[str]) -> int:
    """Print the items; FAILED where the networks differ."""
    made = parser("diff", "diff A B [options]", ABOUT)
    answers(made, "json", "markdown")
    request = asked(made, words)
    if len(request.words) != 2:
        raise UsageError(
            f"{len(request.words)} sources were given; write two, in quotes where they have spaces: nparams diff "
            '784-16-10 "input 784; dense 10"'
        )
    from nparams.analyses._diff_text import markdown, text
    from nparams.analyses.diff import as_json, diff
    from nparams.cli.show import speaks_unicode

    a, b = (network_of(request, [word]) for word in request.words)
    found = diff(a, b, unicode=speaks_unicode() or request.form_of_answer is not None)
    write({"json": as_json, "markdown": markdown}.get(request.form_of_answer or "", text)(found))
    notes(a, b)
    return FINE if found.equal else FAILED
