"""read(anything) -> Network: who claims it, load that module, read."""

from __future__ import annotations

import os
from importlib import import_module

from nparams.errors import NotationError, ReadError, UnsupportedError, UsageError, shown
from nparams.network import Network
from nparams.registry import SOURCES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from nparams.expr import Size
    from nparams.files.bytesource import ByteSource, Folder
    from nparams.registry import Source

BY_FORM = {row.form: row for row in SOURCES}
FILES = [row for row in SOURCES if row.kind == "file"]


def read(
    source: object, *, form: str | None = None, bias: str | None = None, set: Mapping[str, object] | None = None
) -> Network:
    """The network that `source` describes: text, a path, bytes, or a list of layer sizes.

    `form` forces a source ("sizes", "safetensors", ...); `bias` is "all", "hidden" or "none" for layer sizes; `set`
    gives values for symbols.  Raises ReadError (its text is one line for the user) or UsageError.

    >>> read("784-16-16-10").total, read([784, 16, 16, 10]).biases
    (13002, 42)
    >>> read("h0..hl", set={"l": 3, "h": [784, 16, 16, 10]}).total
    13002
    """
    options = {} if bias is None else {"bias": bias}
    network = _read(source, form, options)
    return network.substitute(set) if set else network


def count(source: object, **options: Any) -> Size:
    """The total of `source`: an int, or an expression for a symbolic network; the options are those of read.

    Raises ReadError if a tensor is not created yet, so that no total exists.

    >>> count("784-16-16-10"), str(count("h0-h1"))
    (13002, 'h0*h1 + h1')
    """
    network = read(source, **options)
    if network.total is None:
        raise ReadError(f"{network.source}: {network.totals.unknown} tensors have no known size, so there is no total")
    return network.total


def _read(source: object, form: str | None, options: Mapping[str, str]) -> Network:
    if isinstance(source, Network):
        return source
    if form is not None and form not in BY_FORM:
        raise UsageError(f"no form is called {shown(form)}: choose one of {', '.join(BY_FORM)}")
    if isinstance(source, (list, tuple)):
        sizes = import_module(BY_FORM["sizes"].module)
        return _text(BY_FORM["sizes"], sizes.from_sizes(source), options)
    if isinstance(source, os.PathLike):
        return _path(os.fspath(source), form, options)
    if isinstance(source, (bytes, bytearray)):
        from nparams.files.bytesource import MemorySource

        return _bytes(MemorySource(bytes(source)), None, form, options)
    if isinstance(source, str):
        return _string(source, form, options)
    raise UnsupportedError(f"cannot count an object of type {type(source).__module__}.{type(source).__qualname__}")


def _string(text: str, form: str | None, options: Mapping[str, str]) -> Network:
    """Text, or the name of a file: numbers are sizes whatever the folder holds; else a file that exists wins."""
    if form is not None:
        row = BY_FORM[form]
        return _text(row, text, options) if row.kind == "text" else _path(text, form, options)
    if not text.strip():
        raise NotationError("nothing was given: type layer sizes such as 784-16-16-10, or the name of a model file")
    texts = [(row, import_module(row.module)) for row in SOURCES if row.kind == "text"]
    for row, module in texts:
        if module.claims(text) and not _is_path(text):
            return _text(row, text, options)
    if _exists(text):
        return _path(text, None, options)
    for row, module in texts:
        if module.may_be(text):
            return _text(row, text, options)
    raise _unclaimed(text)


def _is_path(text: str) -> bool:
    return ("/" in text or os.sep in text) and _exists(text)


def _exists(text: str) -> bool:
    try:
        return len(text) < 4096 and os.path.lexists(text)
    except ValueError:
        return False


def _unclaimed(text: str) -> ReadError:
    suffixes = tuple(s for row in SOURCES for s in row.suffixes)
    if text.endswith(suffixes) or os.path.dirname(text):
        return ReadError(f"{shown(text)}: no such file or directory")
    return NotationError(
        f"{shown(text)} is not a file here, and not a list of sizes: sizes are numbers or one-letter symbols, "
        "784-16-10 or d-4*d-d (--from sizes takes longer names)"
    )


def _text(row: Source, text: str, options: Mapping[str, str]) -> Network:
    network: Network = import_module(row.module).read(text, **options)
    return network


def _path(path: str, form: str | None, options: Mapping[str, str]) -> Network:
    from nparams.files.bytesource import FileSource, LocalFolder

    if os.path.isdir(path):
        _refuse_options(options, path)
        return _folder(LocalFolder(path))
    with FileSource(path) as source:
        return _bytes(source, LocalFolder(os.path.dirname(path)), form, options)


def _folder(folder: Folder) -> Network:
    from nparams.files.folder import choose

    choice = choose(folder, tuple(s for row in FILES for s in row.suffixes))
    if choice.file is None:
        from nparams.files.safetensors_index import read_set

        network = read_set(choice.shards, folder, folder.name)
    else:
        network = _bytes(folder.open(choice.file), folder, None, {})
        network.source = folder.name
    network.notes.append(choice.note)
    return network


def _bytes(source: ByteSource, folder: Folder | None, form: str | None, options: Mapping[str, str]) -> Network:
    from nparams.files.sniff import recognise

    _refuse_options(options, source.name)
    row = BY_FORM[form] if form is not None else recognise(source, FILES)
    network: Network = import_module(row.module).read(source, folder)
    return network


def _refuse_options(options: Mapping[str, str], name: str) -> None:
    if options:
        raise UsageError(f"--bias chooses biases for layer sizes; {shown(name)} says itself which it has")
