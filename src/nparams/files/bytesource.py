"""Where bytes come from: the one thing that a file reader sees.

A reader asks `source.read(offset, length)` and nothing else.  A source that does not hold that range yet raises
`NeedBytes(offset, length)`; its driver fetches the range and starts the reader again, so the same plain reader serves
a local file, a slice of a browser's File and a range request (`drive` is the smallest such driver).
"""

from __future__ import annotations

import os
import stat

from nparams.errors import FormatError, NparamsError, ReadError, place, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Protocol, TypeVar

    Item = TypeVar("Item")
    Result = TypeVar("Result")

    class ByteSource(Protocol):
        """A read-only run of `size` bytes with a `name` for messages."""

        name: str
        size: int

        def read(self, offset: int, length: int) -> bytes:
            """Exactly `length` bytes at `offset`; FormatError if they reach beyond the end, NeedBytes if not held."""

    class OpenSource(ByteSource, Protocol):
        """A source that is closed by leaving a `with` block."""

        def __enter__(self) -> ByteSource: ...

        def __exit__(self, *_: object) -> None: ...

    class Folder(Protocol):
        """The files that lie beside a source, by bare name."""

        name: str

        def names(self) -> list[str]:
            """Every entry's bare name, sorted."""

        def open(self, name: str) -> OpenSource:
            """The file of that bare name; ReadError if it is absent, not a regular file, or not a bare name."""

        def folders(self) -> list[str]:
            """The bare names of the folders in it that `folder` would open, sorted."""

        def folder(self, name: str) -> Folder:
            """The folder of that bare name; ReadError if it is absent, no folder, or leads out of the first one."""


class NeedBytes(NparamsError):
    """A range that the source does not hold yet; its driver fetches it and starts the reader again."""

    def __init__(self, offset: int, length: int) -> None:
        super().__init__(f"bytes {offset:,} to {offset + length:,} are not here yet")
        self.offset = offset
        self.length = length


def check_range(name: str, size: int, offset: int, length: int) -> None:
    """Raise FormatError unless 0 <= offset and offset + length <= size."""
    if offset < 0 or length < 0 or offset + length > size:
        raise FormatError(
            f"{place(name)}: wants bytes {offset:,} to {offset + length:,}, but the file has {size:,}. Cut short?"
        )


class MemorySource:
    """Bytes already in memory.

    >>> MemorySource(b"GGUF", "a.gguf").read(0, 2)
    b'GG'
    """

    __slots__ = ("_data", "name", "size")

    def __init__(self, data: bytes, name: str = "<bytes>") -> None:
        self._data = data
        self.name = name
        self.size = len(data)

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes at `offset`."""
        check_range(self.name, self.size, offset, length)
        return self._data[offset : offset + length]

    def __enter__(self) -> MemorySource:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held open."""


class FileSource:
    """A local regular file, read in place by position; use as a context manager, or let it go out of scope."""

    __slots__ = ("_fd", "name", "size")

    def __init__(self, path: str, name: str | None = None) -> None:
        self._fd = -1
        self.name = name if name is not None else path
        try:
            # O_NONBLOCK: a named pipe must be refused below, not waited for.
            self._fd = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
            status = os.fstat(self._fd)
        except (OSError, ValueError) as error:
            raise ReadError(f"{place(self.name)}: {reason(error)}") from None
        if not stat.S_ISREG(status.st_mode):
            raise ReadError(f"{place(self.name)}: not a regular file")
        self.size = status.st_size

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes at `offset`."""
        check_range(self.name, self.size, offset, length)
        try:
            os.lseek(self._fd, offset, os.SEEK_SET)
            data = os.read(self._fd, length)
            while len(data) < length and (more := os.read(self._fd, length - len(data))):
                data += more
        except OSError as error:
            raise ReadError(f"{place(self.name)}: {reason(error)}") from None
        if len(data) != length:
            raise ReadError(f"{place(self.name)}: the file became shorter while it was read")
        return data

    def close(self) -> None:
        """Close the file; closing twice is fine."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> FileSource:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    __del__ = close


class LocalFolder:
    """A local directory as a reader sees it: bare names only, regular files only, folders that lie below the first."""

    __slots__ = ("_root", "name")

    def __init__(self, path: str, root: str | None = None) -> None:
        self.name = path or "."
        #: the real path of the folder that was opened first
        self._root = root

    def names(self) -> list[str]:
        """Every entry's bare name, sorted."""
        try:
            return sorted(os.listdir(self.name))
        except OSError as error:
            raise ReadError(f"{place(self.name)}: {reason(error)}") from None

    def has(self, name: str) -> bool:
        """Whether an entry of that bare name lies there."""
        return is_bare(name) and os.path.lexists(os.path.join(self.name, name))

    def folders(self) -> list[str]:
        """The bare names of the folders in it, sorted; a link to one that lies elsewhere is none."""
        try:
            with os.scandir(self.name) as entries:
                names = sorted(entry.name for entry in entries if not entry.is_file(follow_symlinks=False))
        except OSError as error:
            raise ReadError(f"{place(self.name)}: {reason(error)}") from None
        return [name for name in names if self._inside(name)]

    def folder(self, name: str) -> LocalFolder:
        """The folder of that bare name."""
        if not is_bare(name):
            raise FormatError(f"{shown(name)}: a folder named inside a model must lie in it; paths are not followed")
        if not self._inside(name):
            raise ReadError(f"{place(self.name)}: {shown(name)} is no folder in it, or a link that leads elsewhere")
        return LocalFolder(os.path.join(self.name, name), self._top())

    def _top(self) -> str:
        if self._root is None:
            self._root = os.path.realpath(self.name)
        return self._root

    def _inside(self, name: str) -> bool:
        """Whether an entry is a folder that really lies below the one that was opened first."""
        path = os.path.join(self.name, name)
        try:
            if not os.path.isdir(path):
                return False
            real, top = os.path.realpath(path), self._top()
        except (OSError, ValueError):
            return False
        return real != top and real.startswith(os.path.join(top, ""))

    def open(self, name: str) -> FileSource:
        """The file of that bare name (a link to a regular file is one: model caches are made of them)."""
        if not is_bare(name):
            raise FormatError(f"{shown(name)}: a file named inside a model must lie beside it; paths are not followed")
        return FileSource(os.path.join(self.name, name))


class RangeSource:
    """Ranges fetched so far from somewhere else; anything not yet fetched raises NeedBytes."""

    __slots__ = ("_ranges", "name", "size")

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self.size = size
        self._ranges: list[tuple[int, bytes]] = []

    def add(self, offset: int, data: bytes) -> None:
        """Hold `data` as the bytes at `offset`."""
        self._ranges.append((offset, data))

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes at `offset`, or NeedBytes."""
        check_range(self.name, self.size, offset, length)
        for start, data in self._ranges:
            if start <= offset and offset + length <= start + len(data):
                return data[offset - start : offset - start + length]
        raise NeedBytes(offset, length)

    def __enter__(self) -> RangeSource:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held open."""


def drive(source: RangeSource, fetch: Callable[[int, int], bytes], reader: Callable[[RangeSource], Result]) -> Result:
    """Run `reader(source)`, fetching with `fetch(offset, length)` whatever it turns out to need."""
    while True:
        try:
            return reader(source)
        except NeedBytes as need:
            source.add(need.offset, fetch(need.offset, need.length))


def inside(folder: Folder, name: str) -> Folder | None:
    """The folder of that bare name in another; None where there is none (a web server does not say: then it is asked).

    >>> inside(LocalFolder("."), "no such folder") is None
    True
    """
    asked: Callable[[str], Folder | None] | None = getattr(folder, "inside", None)
    if asked is not None:
        return asked(name)
    return folder.folder(name) if name in folder.folders() else None


def each(folder: Folder, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterable[Result]:
    """The function's results for all items, in order: one by one, or at once where a folder's files come from afar.

    >>> list(each(LocalFolder("."), len, ["a", "bc"]))
    [1, 2]
    """
    at_once: Callable[[Callable[[Item], Result], Iterable[Item]], Iterable[Result]] = getattr(folder, "each", map)
    return at_once(function, items)


def is_bare(name: str) -> bool:
    """Whether `name` is a plain file name: no folder, no drive, nothing that leads elsewhere.

    >>> is_bare("model-00001-of-00002.safetensors"), is_bare("../secret"), is_bare("")
    (True, False, False)
    """
    return bool(name) and name not in (".", "..") and not any(c in name for c in "/\\:\0")


def reason(error: OSError | ValueError) -> str:
    """An operating-system error in the user's words."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "not a name that the file system accepts"
