"""The data files that a record of OCDBT names: paths below the checkpoint's own folder, each part a bare name.

google/tensorstore tensorstore/kvstore/ocdbt/format/data_file_id_codec.cc, `ReadDataFileTable`.
"""

from __future__ import annotations

from nparams.errors import FormatError, ReadError, shown
from nparams.files.bytesource import is_bare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    from nparams.files._orbax.record import Cursor
    from nparams.files.bytesource import ByteSource, Folder, OpenSource

MAX_PATH = 4_096
DEEPEST = 6  # folders of a path
MOST_OPEN = 32  # files
MOST_FILES = 100_000  # that one record names


class DataFile:
    """A file of the database: its path, and the part of it that paths in that file's own records begin with."""

    __slots__ = ("base", "path")

    def __init__(self, base: str, path: str) -> None:
        self.base = base
        self.path = path


def table(cursor: Cursor, base: str) -> list[DataFile]:
    """The files that a record names; `base` is what their paths begin with."""
    count = cursor.number()
    if not count:
        return []
    if count > MOST_FILES:
        raise cursor.bad(f"names {count:,} data files; at most {MOST_FILES:,} are read")
    prefixes = [0, *cursor.numbers(count - 1)]
    suffixes = cursor.numbers(count)
    bases = cursor.numbers(count)
    found: list[DataFile] = []
    last = b""
    for prefix, suffix, own in zip(prefixes, suffixes, bases, strict=True):
        if prefix > len(last) or not own <= prefix + suffix <= MAX_PATH:
            raise cursor.bad(f"a path of {prefix:,} + {suffix:,} bytes, {own:,} of them its base")
        last = last[:prefix] + cursor.take(suffix)
        path = base + _text(cursor, last)
        found.append(DataFile(base + _text(cursor, last[:own]), path))
    return found


def _text(cursor: Cursor, path: bytes) -> str:
    if not path.isascii():
        raise cursor.bad(f"the path {shown(path.decode('latin-1'))}, which OCDBT does not write")
    return path.decode("ascii")


class Opened:
    """Data files that are open; the one that was opened first is closed where there are too many."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._open: dict[str, tuple[OpenSource, ByteSource]] = {}

    def source(self, path: str, what: str) -> ByteSource:
        """The file of that path; FormatError where it leads anywhere but below the folder."""
        held = self._open.get(path)
        if held is not None:
            return held[1]
        *parents, name = path.split("/")
        if len(parents) > DEEPEST or not all(map(is_bare, (*parents, name))):
            raise FormatError(f"{what}: names the data file {shown(path)}; only files below the checkpoint are read")
        if len(self._open) >= MOST_OPEN:
            oldest = next(iter(self._open))
            self._open.pop(oldest)[0].__exit__(None, None, None)
        folder = self._folder
        try:
            for parent in parents:
                folder = folder.folder(parent)
            opened = folder.open(name)
        except ReadError as problem:
            raise ReadError(f"{what}: its data file {shown(path)} is not here: {problem}") from None
        source = opened.__enter__()
        self._open[path] = opened, source
        return source

    def __enter__(self) -> Opened:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        for opened, _ in self._open.values():
            opened.__exit__(None, None, None)
        self._open.clear()
