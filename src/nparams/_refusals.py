"""Texts that nothing can be made of, refused with what was looked for and what to try."""

from __future__ import annotations

import os

from nparams.errors import NotationError, ReadError, UnsupportedError, escaped, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

#: endings of files that hold text, or models of formats that are known by name only
ENDINGS = frozenset((".py", ".ipynb", ".txt", ".md", ".json", ".pb", ".pt2", ".mlmodel", ".msgpack", ".index"))
#: words that are looked for as files
MOST_WORDS = 20


def unread(name: str) -> ReadError:
    """A file of text that no notation takes for its own."""
    return UnsupportedError(
        f"{shown(name)} is text, and nothing in it is read as a network: code (PyTorch, Keras), a printed model, a "
        "summary, shapes, layer sizes or a list of layers; nparams formats lists them"
    )


def address(text: str) -> ReadError:
    """An address where a text is taken for neither a file's name nor an address.

    >>> print(address("https://host/m.pt?token=secret"))
    "https://host/m.pt" is an address, and nothing is fetched for a text that is read from here: nparams ADDRESS, \
as an argument of the command line, fetches it
    """
    return UnsupportedError(
        f"{shown(text.partition('?')[0], 200)} is an address, and nothing is fetched for a text that is read from here"
        ": nparams ADDRESS, as an argument of the command line, fetches it"
    )


def unclaimed(text: str, exists: Callable[[str], bool] | None, suffixes: tuple[str, ...]) -> ReadError:
    """A text that no notation takes for its own; `exists` tells of files, where it may be the name of one."""
    if exists and len(words := text.split()) > 1 and all(map(exists, words[:MOST_WORDS])):
        return ReadError(
            f"{len(words):,} files were given; one is counted at a time, and nparams diff A B compares two"
        )
    if exists and _is_name(text, suffixes):
        return ReadError(f"{shown(text)}: no such file or directory")
    if exists and _is_call(text):
        return NotationError(
            f"{shown(text)} is no file: python:{escaped(text)} would import the module and run the call"
        )
    return NotationError(
        f"{shown(text)} is {'not a file here, and ' if exists else ''}neither layer sizes (784-16-10, d-4*d-d; --from "
        "sizes takes longer names) nor a list of layers (input 784; dense 10), nor code, a printed model, shapes or a "
        "name that is known: nparams formats shows an example of each"
    )


def _is_call(text: str) -> bool:
    """Whether it is what python: takes, without that word before it: mypkg.models:Net(3)."""
    module, _, call = text.partition(":")
    name, mark, rest = call.partition("(")
    words = [*module.removesuffix(".py").replace("/", ".").split("."), *name.split(".")]
    return len(text) < 200 and bool(mark) and rest.endswith(")") and all(map(str.isidentifier, words))


def _is_name(text: str, suffixes: tuple[str, ...]) -> bool:
    """Whether a text is surely meant as the name of a file: it has a folder in it, or an ending that files have."""
    if len(text) > 4096 or set("()\n=;").intersection(text):
        return False
    stem = text.partition(":")[0]
    return text.endswith(suffixes) or bool(os.path.dirname(text)) or os.path.splitext(stem)[1] in ENDINGS
