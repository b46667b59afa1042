"""What a file is, by its first bytes: the sources' own magic, and what is often found in a model's place."""

from __future__ import annotations

from nparams.errors import FormatError, UnsupportedError, bare_name, place
from nparams.files.strangers import last_guess, stranger, zip_stranger
from nparams.stored.plain import has

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol, TypeVar

    from nparams.files.bytesource import ByteSource, Folder

    class FileKind(Protocol):
        """A row of the registry, as far as it matters here."""

        form: str
        what: str
        suffixes: tuple[str, ...]
        magic: tuple[tuple[int, bytes], ...]
        inside: tuple[str, ...]
        beside: tuple[tuple[str, str], ...]

    Row = TypeVar("Row", bound=FileKind)

HEAD = 512
ZIP = (b"PK\x03\x04", b"PK\x05\x06")


def recognise(source: ByteSource, files: Sequence[Row], folder: Folder | None = None) -> Row | None:
    """The row of `files` that reads this file: by magic bytes, by what it lies beside in `folder`, or by the members of
    an archive; by its name only where the format has neither; None where nothing tells.

    Raises FormatError for an empty or all-zero file, UnsupportedError for what is known and not counted.
    """
    head = source.read(0, min(HEAD, source.size))
    if not head:
        raise FormatError(f"{place(source.name)}: the file is empty (0 bytes); a download that did not start?")
    for row in files:  # a long mark is sure: then no other table is loaded
        if any(_sure(source.name, row, head, offset, mark) for offset, mark in row.magic) and not (
            _is_weak(row) and any(row is not other and source.name.endswith(other.suffixes) for other in files)
        ):
            return row
    if folder is not None and not head.startswith(ZIP) and (found := _beside(source.name, files, folder)) is not None:
        return found
    refuse_strangers(source.name, head)
    if head.startswith(ZIP):
        return _archive(source, files, folder)
    for row in files:
        if row.suffixes and not row.magic and not row.inside and source.name.endswith(row.suffixes):
            return row
    for row in files:
        if any(_marked(source, head, offset, mark) for offset, mark in row.magic):
            return row
    return None


def _beside(name: str, files: Sequence[Row], folder: Folder) -> Row | None:
    """The row of a file that is known by another one beside it: net.bin by net.param."""
    bare = bare_name(name)
    for row in files:
        for ending, other in row.beside:
            if bare.endswith(ending) and has(folder, bare.removesuffix(ending) + other):
                return row
    return None


def _sure(name: str, row: FileKind, head: bytes, offset: int, mark: bytes) -> bool:
    """Whether a mark is there that no other kind of file has by chance: a long one, or one that fits the name."""
    if head[offset : offset + len(mark)] != mark:
        return False
    return len(mark) >= 4 or (name.endswith(row.suffixes) and b"\0" in head[:offset])


def _is_weak(row: FileKind) -> bool:
    """Whether the marks of a kind are few bits among zeros, which begin other files too: those that are named so."""
    return any(len(mark.replace(b"\0", b"")) < 3 < len(mark) for _, mark in row.magic)


def _marked(source: ByteSource, head: bytes, offset: int, mark: bytes) -> bool:
    """Whether a mark is there; an offset below 0 is one from the end of the file."""
    if offset < 0:
        return source.size >= -offset and source.read(source.size + offset, len(mark)) == mark
    if offset < HEAD:
        return head[offset : offset + len(mark)] == mark
    return offset + len(mark) <= source.size and source.read(offset, len(mark)) == mark


def is_of(source: ByteSource, head: bytes, row: FileKind) -> bool:
    """Whether a file is of one kind, as far as the row tells: its magic, its members, or else its name.

    >>> from nparams.files.bytesource import MemorySource
    >>> class Toy:
    ...     form, what, suffixes, magic, inside = "toy", "a toy", (".toy",), ((0, b"TOY"),), ()
    >>> is_of(MemorySource(b"TOY1", "a.bin"), b"TOY1", Toy)
    True
    """
    if row.magic:
        return any(_marked(source, head, offset, mark) for offset, mark in row.magic)
    if row.inside:
        from nparams.files._zip_end import listing

        return head.startswith(ZIP) and any(ending.encode() in listing(source) for ending in row.inside)
    return bool(row.suffixes) and source.name.endswith(row.suffixes)


def _archive(source: ByteSource, files: Sequence[Row], folder: Folder | None) -> Row:
    """What a zip archive is, by the members that its directory lists, then by what it lies beside."""
    from nparams.files._zip_end import listing

    listed = listing(source)
    for row in files:
        if any(ending.encode() in listed for ending in row.inside):
            return row
    if folder is not None and (found := _beside(source.name, files, folder)) is not None:
        return found
    from nparams.files._zip import Archive

    what = zip_stranger(Archive(source).names) or "a zip archive with no model in it that is read; unpack it first"
    raise UnsupportedError(f"{place(source.name)} is {what}")


#: bytes of a text file that are read
MAX_TEXT = 4_000_000


def readable_text(source: ByteSource, files: Sequence[FileKind]) -> str | None:
    """The text in a file that no format claims, by name or by its first bytes; None where it is something else.

    A text of more than 4 MB is none that a person wrote (a config.json with the labels of 21,000 classes has 2 MB).
    """
    head = source.read(0, min(HEAD, source.size))
    if not head or b"\0" in head or source.name.endswith(tuple(suffix for row in files for suffix in row.suffixes)):
        return None
    if stranger(source.name, head) is not None:
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
    if (what := stranger(name, head)) is not None:
        raise UnsupportedError(f"{place(name)} is {what}")
    if not head.strip(b"\0"):
        raise FormatError(f"{place(name)}: the first {len(head)} bytes are all zero; a cut download or a damaged disk?")


def unknown(source: ByteSource, files: Sequence[FileKind]) -> UnsupportedError | FormatError:
    """What to say of a file that nothing recognises."""
    name, head = source.name, source.read(0, min(HEAD, source.size))
    if name.endswith(".json") and source.size > MAX_TEXT:
        return FormatError(f"{place(name)}: {source.size:,} bytes of JSON; up to {MAX_TEXT:,} are read")
    if (what := last_guess(name, head)) is not None:
        return UnsupportedError(f"{place(name)} is {what}")
    for row in files:
        if name.endswith(row.suffixes):
            return FormatError(
                f"{place(name)}: its ending is that of {row.form} files, but it begins {head[:12]!r}. Damaged, or "
                "wrongly named?"
            )
    readable = ", ".join(row.form for row in files)
    return UnsupportedError(f"{place(name)}: unknown kind of file (it begins {head[:12]!r}). Files read: {readable}")
