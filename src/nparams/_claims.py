"""Who claims a source: the rows of the registry, asked in their order, ours before those of other packages."""

from __future__ import annotations

import os
from importlib import import_module

from nparams.errors import ReadError, UsageError, shown
from nparams.registry import SOURCES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nparams.files.bytesource import ByteSource, Folder
    from nparams.network import Network
    from nparams.registry import Source

BY_FORM = {row.form: row for row in SOURCES}
TEXTS = [row for row in SOURCES if row.kind == "text"]
FILES = [row for row in SOURCES if row.kind == "file"]
SCHEMES = {scheme: row for row in SOURCES if row.kind == "address" for scheme in row.schemes}
OBJECTS = [row for row in SOURCES if row.kind == "object"]
#: how the address of a model elsewhere begins: hf://, https://, s3://, ...
ADDRESS = "://"
LONGEST_SCHEME = 10
STORE = "store"  # the form of addresses of object stores
#: sizes and lists of layers take texts that other notations know better, so they are asked last
ASKED = sorted(TEXTS, key=lambda row: row.form in ("sizes", "stack"))
#: signs that a list of plain sizes rarely has: then the others are asked first
SIGNS = frozenset("()[]{}*^+=·²×,")
SUFFIXES = tuple(suffix for row in FILES for suffix in row.suffixes)


#: the modules of rows that were loaded
_LOADED: dict[str, Any] = {}


def loaded(row: Source) -> Any:
    """The module that a row names, loaded on first use."""
    if row.module not in _LOADED:
        _LOADED[row.module] = import_module(row.module)
    return _LOADED[row.module]


def recognised(source: ByteSource, folder: Folder | None = None) -> Source:
    """The row that reads a file: by its first bytes, else by what a format without a magic finds in them.

    What is none of ours, or known by name only, other packages are asked for.
    """
    from nparams.files.sniff import HEAD, recognise, unknown

    try:
        row = recognise(source, FILES, folder)
        head = source.read(0, min(HEAD, source.size))
        row = row or next((row for row in FILES if row.looks and loaded(row).may_be(head)), None)
        if row is None:
            raise unknown(source, FILES)
    except ReadError as problem:
        row = foreign_file(source)
        if row is None:
            from nparams._foreign import said

            raise said(problem) from None
    return row


def foreign_rows(kind: str) -> list[Source]:
    """The rows of other packages."""
    from nparams._foreign import foreign

    return [row for row in foreign().rows.values() if row.kind == kind]


def foreign_form(form: str) -> Source:
    """The row of another package by its form; UsageError where none has it."""
    from nparams._foreign import foreign, said

    if form not in foreign().rows:
        raise said(UsageError(f"no form is called {shown(form)}: choose one of {', '.join(BY_FORM)}"))
    return foreign().rows[form]


def foreign_file(source: ByteSource) -> Source | None:
    """The row of another package that takes a file for its own."""
    from nparams.files.sniff import HEAD, is_of

    rows = foreign_rows("file")
    head = source.read(0, min(HEAD, source.size)) if rows else b""
    for row in rows:
        if is_of(source, head, row) or (row.looks and loaded(row).may_be(head)):
            return row
    return None


def made_by(row: Source, call: Callable[[], Any]) -> Network:
    """What a source makes; one of another package may do anything, and is watched."""
    if row.form in BY_FORM:
        return call()  # type: ignore[no-any-return]
    from nparams._foreign import read

    return read(row, call)


def claimant(text: str) -> Source | None:
    """The first notation that takes a text for its own."""
    for row in ASKED:  # each is loaded when those before it have passed
        if loaded(row).may_be(text):
            return row
    return BY_FORM["sizes"] if loaded(BY_FORM["sizes"]).claims(text) else None


def foreign_claimant(text: str) -> Source | None:
    """The first notation of another package that takes a text for its own."""
    return next((row for row in foreign_rows("text") if loaded(row).may_be(text)), None)


def is_path(text: str) -> bool:
    return ("/" in text or os.sep in text) and exists(text)


def is_address(text: str) -> bool:
    """Whether a text is the address of something elsewhere: a scheme of letters, and not two words but in a store."""
    scheme, mark, rest = text.strip().partition(ADDRESS)
    word = scheme.isascii() and scheme.isalnum() and len(scheme) <= LONGEST_SCHEME
    row = SCHEMES.get(scheme.lower()) if mark else None
    spaced = row is not None and row.form == STORE and text.isprintable()  # keys are quoted nowhere
    return bool(mark and rest) and word and (spaced or len(text.split()) == 1)


def is_on_hub(text: str) -> bool:
    """Whether a text that names nothing here may be a model on the hub: org/model, and no such folder here."""
    folder, mark, rest = text.partition("/")
    if not mark or "/" in rest or len(text.split()) != 1 or text.endswith(SUFFIXES) or os.path.isdir(folder):
        return False
    from nparams.notation.name import is_whole
    from nparams.remote.address import is_bare

    return is_bare(text.strip()) and not is_whole(text)


def exists(text: str) -> bool:
    try:
        return len(text) < 4096 and os.path.lexists(text)
    except ValueError:
        return False
