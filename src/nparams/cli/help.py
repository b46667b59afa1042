"""nparams help: the same as nparams --help."""

from __future__ import annotations

from nparams.cli.main import FINE, write


def run(words: list[str]) -> int:
    """Print the help."""
    from nparams.cli.arguments import parser

    write(parser().format_help().rstrip())
    return FINE
