"""What a file is, by its first bytes: the sources' own magic, and what is often found in a model's place."""

from __future__ import annotations

from nparams.errors import FormatError, UnsupportedError, place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol, TypeVar

    from nparams.files.bytesource import ByteSource

    class FileKind(Protocol):
        """A row of the registry, as far as it matters here."""

        form: str
        what: str
        suffixes: tuple[str, ...]
        magic: tuple[tuple[int, bytes], ...]
        inside: tuple[str, ...]

    Row = TypeVar("Row", bound=FileKind)

HEAD = 512
ZIP = (b"PK\x03\x04", b"PK\x05\x06")

#: (offset, bytes, what it is and what to do): recognised, and not counted
STRANGERS = (
    (0, b"version https://git-lfs", "a Git LFS pointer, not the model itself. Run: git lfs pull"),
    (0, b"<!DOCTYPE", "an HTML page, not a model: a download that needed a login or a different link"),
    (0, b"<!doctype", "an HTML page, not a model: a download that needed a login or a different link"),
    (0, b"<html", "an HTML page, not a model: a download that needed a login or a different link"),
    (0, b"<?xml", "an XML file; OpenVINO models are not read yet"),
    (0, b"lmgg", "a ggml file from before GGUF; convert it with llama.cpp's own script"),
    (0, b"ggjt", "a ggml file from before GGUF; convert it with llama.cpp's own script"),
    (0, b"tjgg", "a ggml file from before GGUF; convert it with llama.cpp's own script"),
    (0, b"fmgg", "a ggml file from before GGUF; convert it with llama.cpp's own script"),
    (0, b"\x1f\x8b", "a gzip archive; unpack it first"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-zip archive; unpack it first"),
    (0, b"BZh", "a bzip2 archive; unpack it first"),
    (0, b"\xfd7zXZ\x00", "an xz archive; unpack it first"),
    (0, b"\x28\xb5\x2f\xfd", "a Zstandard archive; unpack it first"),
    (257, b"ustar", "a tar archive; unpack it first"),
    (0, b"\x7fELF", "a program, not a model"),
    (0, b"MZ", "a program, not a model"),
    (0, b"\x89PNG", "a picture, not a model"),
    (0, b"\xff\xd8\xff", "a picture, not a model"),
    (0, b"%PDF", "a PDF document, not a model"),
)


def recognise(source: ByteSource, files: Sequence[Row]) -> Row | None:
    """The row of `files` that reads this file: by magic bytes, or by the members of an archive; by its name only where
    the format has neither; None where nothing tells.

    Raises FormatError for an empty or all-zero file, UnsupportedError for what is known and not counted.
    """
    head = source.read(0, min(HEAD, source.size))
    if not head:
        raise FormatError(f"{place(source.name)}: the file is empty (0 bytes); a download that did not start?")
    if head.startswith(ZIP):
        return _archive(source, files)
    refuse_strangers(source.name, head)
    for row in files:
        if row.suffixes and not row.magic and not row.inside and source.name.endswith(row.suffixes):
            return row
    for row in files:
        if any(_marked(source, head, offset, mark) for offset, mark in row.magic):
            return row
    return None


def _marked(source: ByteSource, head: bytes, offset: int, mark: bytes) -> bool:
    if offset < HEAD:
        return head[offset : offset + len(mark)] == mark
    return offset + len(mark) <= source.size and source.read(offset, len(mark)) == mark


def _archive(source: ByteSource, files: Sequence[Row]) -> Row:
    """What a zip archive is, by the members that its directory lists."""
    from nparams.files._zip_end import listing

    listed = listing(source)
    for row in files:
        if any(ending.encode() in listed for ending in row.inside):
            return row
    raise UnsupportedError(f"{place(source.name)}: a zip archive with no model in it that is read; unpack it first")


#: bytes of a text file that are read
MAX_TEXT = 2_000_000


def readable_text(source: ByteSource, files: Sequence[FileKind]) -> str | None:
    """The text in a file that no format claims, by name or by its first bytes; None where it is something else.

    A text of more than 2 MB is none that a person wrote.
    """
    head = source.read(0, min(HEAD, source.size))
    if not head or b"\0" in head or source.name.endswith(tuple(suffix for row in files for suffix in row.suffixes)):
        return None
    if any(head[offset : offset + len(mark)] == mark for offset, mark, _ in STRANGERS):
        return None
    if any(head[offset : offset + len(mark)] == mark for row in files for offset, mark in row.magic if offset == 0):
        return None
    if source.size > MAX_TEXT:
        return None
    try:
        return source.read(0, source.size).decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def refuse_strangers(name: str, head: bytes) -> None:
    """Raise UnsupportedError if `head` begins something else that is known by name."""
    for offset, mark, what in STRANGERS:
        if head[offset : offset + len(mark)] == mark:
            raise UnsupportedError(f"{place(name)} is {what}")
    if not head.strip(b"\0"):
        raise FormatError(f"{place(name)}: the first {len(head)} bytes are all zero; a cut download or a damaged disk?")


def unknown(source: ByteSource, files: Sequence[FileKind]) -> UnsupportedError | FormatError:
    """What to say of a file that nothing recognises."""
    name, head = source.name, source.read(0, min(HEAD, source.size))
    for row in files:
        if name.endswith(row.suffixes):
            return FormatError(
                f"{place(name)}: named like {row.what}, but it begins {head[:12]!r}. Damaged, or wrongly named?"
            )
    readable = ", ".join(row.form for row in files)
    return UnsupportedError(f"{place(name)}: unknown kind of file (it begins {head[:12]!r}). Files read: {readable}")
