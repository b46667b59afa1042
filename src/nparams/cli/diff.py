"""nparams diff A B: what makes the totals of two sources differ, item by item."""

from __future__ import annotations

from nparams.cli.main import FAILED, FINE, write
from nparams.cli.question import answers, asked, network_of, notes, parser
from nparams.errors import UsageError

ABOUT = """\
The difference of two networks as named items that sum to it: layers in one only, biases, other sizes, what is shared.
Layers are matched by name and size, whatever form each source has.  The options of reading hold for both sources; those
that end in -b hold for B instead: diff resnet50 resnet50 --convention torch --convention-b keras.
Exit status: 0 if nothing differs, 1 if something does, 2 if a source cannot be read."""

#: options of reading that B may have of its own, and what the request calls them
OF_B = {"from": "form", "set": "set", "bias": "bias", "convention": "convention", "which": "which"}


def run(words: list[str]) -> int:
    """Print the items; FAILED where the networks differ."""
    made = parser("diff", "diff A B [options]", ABOUT)
    answers(made, "json", "markdown")
    for option, name in OF_B.items():
        action = "append" if option == "set" else "store"
        made.add_argument(
            f"--{option}-b", dest=f"{name}_of_b", action=action, metavar=option.upper(), help=f"--{option} for B alone"
        )
    request = asked(made, words)
    if len(request.words) != 2:
        raise UsageError(
            f"{len(request.words)} sources were given; write two, in quotes where they have spaces: nparams diff "
            '784-16-10 "input 784; dense 10"'
        )
    from nparams.analyses._diff_text import markdown, text
    from nparams.analyses.diff import as_json, diff
    from nparams.cli.show import speaks_unicode

    a = network_of(request, request.words[:1])
    for name in OF_B.values():
        given = getattr(request, f"{name}_of_b")
        if given is not None:
            setattr(request, name, given)
    b = network_of(request, request.words[1:])
    found = diff(a, b, unicode=speaks_unicode() or request.form_of_answer is not None)
    write({"json": as_json, "markdown": markdown}.get(request.form_of_answer or "", text)(found))
    notes(a, b)
    return FINE if found.equal else FAILED
