"""A zip archive as the folder that it was: members by bare name, each a window on the archive.  Nothing is unpacked.

Only members that are stored as they are can be read in place; small ones (a config) may be deflated where the format
allows it.
"""

from __future__ import annotations

from nparams.errors import FormatError, ReadError, UnsupportedError, place, shown
from nparams.files._zip import STORED
from nparams.files.bytesource import is_bare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from nparams.files._zip import Archive
    from nparams.files.bytesource import ByteSource

    #: name -> member of the archive, or the folder of that name
    Entries = Mapping[str, "str | Entries"]

#: bytes of a deflated member that are inflated: a config, never weights
MOST_INFLATED = 4_000_000
#: members, and folders inside one another; each folder costs a dict
MOST_MEMBERS, DEEPEST = 50_000, 8


class ZipFile:
    """One member, open: a ByteSource whose name is its path in the archive."""

    __slots__ = ("_inner", "name", "size")

    def __init__(self, inner: ByteSource, name: str) -> None:
        self._inner = inner
        self.name = name
        self.size = inner.size

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes at `offset`."""
        return self._inner.read(offset, length)

    def __enter__(self) -> ZipFile:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held open."""


class ZipFolder:
    """A folder in an archive, as `bytesource.Folder` has it.

    >>> import io, zipfile
    >>> from nparams.files._zip import Archive
    >>> from nparams.files.bytesource import MemorySource
    >>> held = io.BytesIO()
    >>> with zipfile.ZipFile(held, "w") as made:
    ...     made.writestr("vae/config.json", b"{}")
    >>> folder = whole(Archive(MemorySource(held.getvalue(), "sd.dduf")), "sd.dduf")
    >>> folder.folders(), folder.folder("vae").open("config.json").name
    (['vae'], 'sd.dduf/vae/config.json')
    """

    __slots__ = ("_archive", "_entries", "name")

    def __init__(self, archive: Archive, entries: Entries, name: str) -> None:
        self._archive = archive
        self._entries = entries
        self.name = name

    def names(self) -> list[str]:
        """Every entry's bare name, sorted."""
        return sorted(self._entries)

    def folders(self) -> list[str]:
        """The bare names of the folders in it, sorted."""
        return sorted(name for name, held in self._entries.items() if not isinstance(held, str))

    def folder(self, name: str) -> ZipFolder:
        """The folder of that bare name; ReadError if there is none."""
        held = self._entries.get(name)
        if held is None or isinstance(held, str):
            raise ReadError(f"{place(self.name)}: {shown(name)} is no folder in it")
        return ZipFolder(self._archive, held, f"{self.name}/{name}")

    def open(self, name: str) -> ZipFile:
        """The member of that bare name; ReadError if there is none, UnsupportedError if it is compressed and large."""
        held = self._entries.get(name)
        if not isinstance(held, str):
            raise ReadError(f"{place(self.name)}: it holds no file {shown(name)}")
        member = self._archive.member(held)
        if member.method != STORED and member.size > MOST_INFLATED:
            raise UnsupportedError(
                f"{place(self.name)}: {shown(held)} is compressed in the archive, so its header cannot be read in "
                "place; unpack it, or zip it again without compression (zip -0)"
            )
        return ZipFile(self._archive.open(held), f"{self.name}/{name}")


def whole(archive: Archive, name: str) -> ZipFolder:
    """The top folder of an archive that is called `name`.

    Raises FormatError for too many members, one whose name leads out of the archive, or that is a file and a folder.
    """
    if len(archive.names) > MOST_MEMBERS:
        raise FormatError(f"{place(name)}: {len(archive.names):,} members; at most {MOST_MEMBERS:,} are read")
    top: dict[str, str | Entries] = {}
    for member in archive.names:
        folder, parts = top, member.split("/")
        last = parts.pop()
        if len(parts) > DEEPEST or not all(map(is_bare, parts)) or not (is_bare(last) or (parts and not last)):
            raise FormatError(f"{place(name)}: a member is called {shown(member)}: paths are not followed")
        for part in parts:
            inner = folder.setdefault(part, {})
            if not isinstance(inner, dict):
                raise FormatError(f"{place(name)}: {shown(part)} is a file in it, and a folder too")
            folder = inner
        if last and folder.setdefault(last, member) is not member:
            raise FormatError(f"{place(name)}: {shown(member)} is a file in it, and a folder too")
    return ZipFolder(archive, top, name)
