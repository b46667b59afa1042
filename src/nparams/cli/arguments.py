"""The options of the main question, and the help that shows examples first."""

from __future__ import annotations

import argparse
import os
import re

from nparams.cli.request import Request
from nparams.errors import UsageError, shown
from nparams.registry import COMMANDS, TYPED, VIEWS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

EXAMPLES = """\
How many parameters does this neural network have, and why?

  nparams 784-16-16-10                 the count, layer by layer
  nparams 784-16-16-10 --explain       step by step
  nparams h0-h1-h2 --formula           in symbols
  nparams h0..hl --set l=3 --set h=[784,16,16,10]
  nparams "input 28x28x1; conv 32 3x3; maxpool 2; flatten; dense 10"
  nparams lstm 128 on 64 --explain     one layer; nparams layers lists the kinds
  nparams model.py:Net                 PyTorch or Keras code: read, never run
  nparams "python:mypkg:Net(16)"       code of yours: imported and run, then counted
  nparams "python:mypkg:Net(h, n)"     its closed form, traced and verified
  nparams resnet50                     a textbook network, by its name
  nparams config.json                  a model of transformers, by derived formulas
  nparams model.safetensors            a checkpoint: only its header is read
  nparams hf://org/model               a model elsewhere (https://, s3://, ...): its headers only
  nparams model.gguf --json            for programs
  nparams -q 784-16-16-10              the bare number
  nparams why 784-16-16-10 12,960      "I got 12,960": which mistake gives that
  nparams diff A B                     what makes two sources differ
  nparams solve 784-h-h-10 --max 10k   which sizes that many parameters allow
"""


class OneLine(argparse.ArgumentParser):
    """argparse with errors of one line."""

    def error(self, message: str) -> NoReturn:
        """Refuse in one line (argparse itself prints the usage as well)."""
        raise UsageError(f"{message}. Try: {self.prog} --help")


class Parser(OneLine):
    """The main question's: examples first."""

    def format_help(self) -> str:
        """Examples, then options, then the other commands."""
        told = [row.help.split(": ", 1) for row in COMMANDS]
        commands = "\n".join(f"  nparams {usage:<21} {text}" for usage, text in told)
        return f"{EXAMPLES}\n{super().format_help()}\nother commands:\n{commands}\n"


def parser() -> Parser:
    """The parser of the main question."""
    made = Parser(
        prog="nparams", usage="nparams SOURCE [options]", add_help=False, allow_abbrev=False, formatter_class=formatter
    )
    made.add_argument(
        "source",
        nargs="*",
        metavar="SOURCE",
        help="sizes, layers, code, a print, a name, ... (nparams formats), a file, a directory, or - for stdin",
    )
    shown_as = made.add_argument_group("what to print (the table, unless one is named)")
    views = shown_as.add_mutually_exclusive_group()
    for view in VIEWS:
        views.add_argument(f"--{view.name}", action="store_const", const=view.name, dest="view", help=view.help)
    views.add_argument("-q", "--quiet", action="store_true", help="the bare number, or the closed form in symbols")
    shown_as.add_argument("--tensors", action="store_true", help="one row a tensor; with --json or --csv, in that form")
    what = reading(made)
    what.add_argument("--expect", type=whole, metavar="N", help="exit 1 unless the total is N")
    look = made.add_argument_group("how it looks")
    look.add_argument("--depth", type=whole, metavar="N", help="levels of modules: what is deeper is summed into them")
    look.add_argument("--by", choices=("kind",), help="sum the rows by kind of layer")
    look.add_argument("--width", type=whole, metavar="N", help="columns of the output")
    about = made.add_argument_group("about")
    about.add_argument("-h", "--help", action="help", help="show this help")
    about.add_argument("--version", action="version", version=version())
    return made


def reading(made: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """The options that say how a source is read, of the main question and of others."""
    what = made.add_argument_group("what to count")
    what.add_argument("--from", dest="form", metavar="FORM", help=f"read SOURCE as: {', '.join(TYPED)}")
    what.add_argument(
        "--set",
        action="append",
        metavar="NAME=VALUE",
        help="a number, a list or an expression for a symbol; repeatable",
    )
    what.add_argument(
        "--bias", metavar="WHICH", help="biases of layer sizes: all (every neuron), hidden (none on the outputs), none"
    )
    what.add_argument(
        "--convention",
        choices=("textbook", "torch", "keras", "all"),
        help="whose layer definitions hold where the source does not say; all: side by side",
    )
    what.add_argument("--which", metavar="NAME", help="one of several models in code; model.py:Net says the same")
    what.add_argument(
        "--with-library", action="store_true", dest="library",
        help="count a config.json by the model that the transformers library makes of it, without its numbers",
    )  # fmt: skip
    what.add_argument("--limits", choices=("on", "off"), help="off: read headers of up to the format's own limit")
    return what


class Formatter(argparse.HelpFormatter):
    """argparse's own, but words with hyphens (torch-print) stay whole."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        from textwrap import wrap

        return wrap(" ".join(text.split()), width, break_on_hyphens=False)


#: columns of the help
WIDEST = 100


def formatter(prog: str) -> Formatter:
    """Told its width: argparse's own question to the terminal would load shutil at every start."""
    return Formatter(prog, max_help_position=26, width=_width())


def _width() -> int:
    """COLUMNS where it is set; else the terminal's, up to what reads well; else that."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit():
        return int(columns)
    try:
        return min(os.get_terminal_size(1).columns or WIDEST, WIDEST)
    except OSError:
        return WIDEST


def parsed(words: list[str]) -> Request:
    """The request; UsageError if it has no source, or asks for two things at once."""
    request = parser().parse_args(words, Request())
    if request.tensors and (request.view not in (None, "json", "csv") or request.quiet):
        raise UsageError("--tensors goes alone, or with --json or --csv")
    if request.by is not None and (request.view not in (None, "table", "markdown", "csv") or request.tensors):
        raise UsageError("--by kind sums the rows of the table; it goes alone, or with --markdown or --csv")
    if not request.source:
        raise UsageError("what should be counted? For example: nparams 784-16-16-10. See: nparams --help")
    return request


def whole(text: str) -> int:
    """A whole number, with _ or , between its digits if the user likes.

    >>> whole("13,002")
    13002
    """
    digits = text.replace(",", "").replace("_", "")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 1000:
        raise argparse.ArgumentTypeError(f"{shown(text)} is not a whole number")
    return int(digits)


def settings(given: list[str], option: str = "--set") -> dict[str, object]:
    """--set l=3 --set h=[784,16], or --set l=3,h=[784,16], as {"l": "3", "h": ["784", "16"]}.

    >>> settings(["l=3", "h=[784, 16]"]) == settings(["l=3,h=[784, 16]"])
    True
    >>> settings(["l=3", "h=[784, 16]"])
    {'l': '3', 'h': ['784', '16']}
    """
    values: dict[str, object] = {}
    for text in (each for texts in given for each in apart(texts)):
        name, sign, value = text.partition("=")
        name, value = name.strip(), value.strip()
        if not sign or not name or not value:
            raise UsageError(f"{option} {shown(text)}: write NAME=VALUE, such as {EXAMPLES_OF[option]}")
        if name in values:
            raise UsageError(f"{option} gives {name} twice")
        listed = value[0] == "[" or ("," in value and "(" not in value)
        values[name] = entries(value) if listed else value
    return values


EXAMPLES_OF = {"--set": "l=3 or h=[784,16,16,10]", "--range": "l=2..48", "--multiple": "hidden_size=128"}


def apart(text: str) -> list[str]:
    """Several settings in one word: a comma before NAME= begins the next.

    >>> apart("l=3,h=784,16,w=max(2,3)")
    ['l=3', 'h=784,16', 'w=max(2,3)']
    """
    return re.split(r",(?=\s*[A-Za-z_][\w.]*\s*=(?!=))", text)


def entries(text: str) -> list[str]:
    """The entries of [784, 16, 10] as text."""
    return [entry.strip() for entry in text.removeprefix("[").removesuffix("]").split(",")]


def version() -> str:
    """nparams and its version."""
    from nparams import __version__

    return f"nparams {__version__}"
