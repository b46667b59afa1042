"""What further questions share: words that name sources, the options of reading, notes on stderr."""

from __future__ import annotations

from nparams.cli.main import read, say
from nparams.cli.request import Request, sizes_apart

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from nparams.cli.arguments import OneLine
    from nparams.network import Network


class Asked(Request):
    """The request of a further question: the main one's options of reading, and the question's own."""

    words: list[str]
    form_of_answer: str | None = None
    most: str | None = None
    least: str | None = None
    wanted: str | None = None
    set_of_b: list[str] | None = None
    form_of_b: str | None = None
    bias_of_b: str | None = None
    convention_of_b: str | None = None
    which_of_b: str | None = None


def parser(name: str, usage: str, about: str) -> OneLine:
    """A parser of the words of one question, with the options of reading."""
    from nparams.cli.arguments import OneLine, formatter, reading

    made = OneLine(
        prog=f"nparams {name}", usage=f"nparams {usage}", description=about, add_help=False, allow_abbrev=False,
        formatter_class=formatter,
    )  # fmt: skip
    made.add_argument(
        "words",
        nargs="*",
        metavar=usage.partition(" ")[2].partition(" [")[0],
        help="sources as nparams reads them; quotes hold one with spaces together",
    )
    reading(made)
    made.add_argument("-h", "--help", action="help", help="show this help")
    return made


def answers(made: OneLine, *forms: str) -> argparse._MutuallyExclusiveGroup:
    """Options for the form of the answer: --json, --markdown; the group that they stand in."""
    group = made.add_mutually_exclusive_group()
    for form in forms:
        group.add_argument(
            f"--{form}", action="store_const", const=form, dest="form_of_answer",
            help="one JSON object" if form == "json" else "a table in Markdown",
        )  # fmt: skip
    return group


def asked(made: OneLine, words: list[str]) -> Asked:
    """The request that the words make; options may stand anywhere among them."""
    return made.parse_intermixed_args(sizes_apart(words), Asked())


def network_of(request: Asked, words: Sequence[str]) -> Network:
    """The network that some of the words name, read with the request's options."""
    request.source = list(words)
    return read(request)


def notes(*networks: Network) -> None:
    """What must be seen of each network, on stderr; of two with the side that it is about."""
    for side, network in zip("AB", networks, strict=False):
        for note in network.notes:
            say(f"note{f' ({side})' if len(networks) > 1 else ''}: {note}")
