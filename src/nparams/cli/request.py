"""What one command line asks for; its defaults stand here and nowhere else."""

from __future__ import annotations


class Request:
    """The main question: sources and options, as `nparams --help` explains them."""

    source: list[str] = []  # noqa: RUF012  # replaced, never changed: argparse copies before it appends
    set: list[str] = []  # noqa: RUF012
    view: str | None = None
    tensors: bool = False
    quiet: bool = False
    form: str | None = None
    bias: str | None = None
    convention: str | None = None
    which: str | None = None
    library: bool = False
    limits: str = "on"
    expect: int | None = None
    depth: int | None = None
    by: str | None = None
    width: int | None = None
    #: what stood on standard input, once it has been read
    taken: str | bytes | None = None


def parse(words: list[str]) -> Request:
    """The request that the words make; words without an option need no parser, and start faster."""
    words = sizes_apart(words)
    if words and not any(word[:1] == "-" and word != "-" for word in words):
        request = Request()
        request.source = words
        return request
    from nparams.cli.arguments import parsed

    return parsed(words)


def sizes_apart(words: list[str]) -> list[str]:
    """ "-5-3" and "-16" are sizes, not options: argparse takes a word with a space in it for what it is."""
    return [f" {word}" if word[:1] == "-" and word[1:2].isdigit() else word for word in words]
