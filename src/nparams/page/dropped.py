"""Files that were dropped on the page: read in place, slice by slice, as the disk's files are."""

from __future__ import annotations

from nparams.errors import FormatError, ReadError, shown
from nparams.files.bytesource import check_range, is_bare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nparams.network import Network

    #: (number of the file, offset, length) -> bytes
    Read = Callable[[int, int, int], bytes]

#: what several files are called together
TOGETHER = "dropped files"
#: bytes that are fetched at least: many small reads of a header become one
BLOCK = 65_536


class DroppedFile:
    """One file, as a reader sees it; the block that was fetched last is kept.

    >>> a = DroppedFile(Dropped(lambda k, offset, length: b"GGUF"[offset : offset + length], [("a.gguf", 4)]), 0)
    >>> a.read(1, 2), a.size
    (b'GU', 4)
    """

    __slots__ = ("_block", "_files", "_number", "_start", "name", "size")

    def __init__(self, files: Dropped, number: int) -> None:
        self._files = files
        self._number = number
        self.name, self.size = files.given[number]
        self._start, self._block = 0, b""

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes at `offset`."""
        check_range(self.name, self.size, offset, length)
        if not (self._start <= offset and offset + length <= self._start + len(self._block)):
            wanted = min(max(length, BLOCK), self.size - offset)
            self._start, self._block = offset, self._files.fetch(self._number, offset, wanted)
        begin = offset - self._start
        return self._block[begin : begin + length]

    def __enter__(self) -> DroppedFile:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held open."""


class Dropped:
    """The files, which are each other's folder; `taken` says how many bytes of them were read.

    A folder that was dropped gives its files under their paths; those of one model lie in one folder, or in folders of
    that one (a pipeline's parts).
    """

    def __init__(self, read: Read, given: Sequence[tuple[str, int]], prefix: str = "", name: str = TOGETHER) -> None:
        self._fetch = read
        self.given = list(given)
        self.taken = 0
        self.name = name
        #: what the names of this folder's files begin with
        self._prefix = prefix
        self._above: Dropped = self

    def fetch(self, number: int, offset: int, length: int) -> bytes:
        """Bytes of a file; ReadError where the browser does not give them (the file was changed or moved)."""
        found = self._fetch(number, offset, length)
        if len(found) != length:
            raise ReadError(f"{shown(self.given[number][0])}: the file became shorter while it was read")
        self._above.taken += length
        return found

    def _inside(self) -> list[str]:
        return [name[len(self._prefix) :] for name, _ in self.given if name.startswith(self._prefix)]

    def names(self) -> list[str]:
        """Every entry's bare name, sorted."""
        return sorted({name.partition("/")[0] for name in self._inside()})

    def folders(self) -> list[str]:
        """The bare names of the folders among them, sorted."""
        return sorted({name.partition("/")[0] for name in self._inside() if "/" in name})

    def folder(self, name: str) -> Dropped:
        """The folder of that bare name."""
        if not is_bare(name) or name not in self.folders():
            raise ReadError(f"{shown(name)} is no folder among the dropped files")
        made = Dropped(self._fetch, self.given, f"{self._prefix}{name}/", name)
        made._above = self._above
        return made

    def open(self, name: str) -> DroppedFile:
        """The file of that bare name."""
        if not is_bare(name):
            raise FormatError(f"{shown(name)}: a file named inside a model must lie beside it; paths are not followed")
        for number, (path, _) in enumerate(self.given):
            if path == self._prefix + name:
                return DroppedFile(self, number)
        raise ReadError(f"{shown(name)} is not among the dropped files: drop it together with the others")


def network_of(files: Dropped) -> Network:
    """The one network in the files, as `nparams FILE` or `nparams FOLDER` reads it."""
    from nparams._read import Request

    request = Request(None, {}, limits=True, paths=False)
    if len(files.given) == 1 and "/" not in files.given[0][0]:
        return request.bytes(files.open(files.given[0][0]), files)
    folder = files
    while not any("/" not in name for name in folder._inside()) and len(folder.folders()) == 1:
        folder = folder.folder(folder.folders()[0])  # a folder was dropped: what is asked about is in it
    return request.folder(folder)
