"""What is read at once: a file, the shards of one set, or a folder that is one model; each becomes one row.

A Unit names files of a Listing: what finding saw in one folder, with the sizes and marks of that moment.  The two can
be sent to another process or machine, and hold nothing that is open.
"""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

#: kinds of Unit
FILE, SHARDS, FOLDER = "file", "shards", "folder"
#: how the addresses of web servers begin
WEB = ("http://", "https://")


class Entry(NamedTuple):
    """One file as it was listed."""

    #: bytes; None where the listing does not say
    size: int | None
    #: changes when the file does: an etag, the commit of a repository, or mtime_ns and inode
    stamp: str


class Listing:
    """The files of one folder, by their paths in it: those of its sub-folders too where they belong to one model."""

    __slots__ = ("_inside", "files", "origin", "partial", "place", "query")

    def __init__(
        self, place: str, files: dict[str, Entry], partial: bool = False, origin: str = "", query: str = ""
    ) -> None:
        #: the folder's path on this machine, or its address, without a slash at its end
        self.place = place
        self.files = files
        #: whether nothing was listed, so that a file that a model names may be there all the same
        self.partial = partial
        #: what a web server is asked with and a table must not hold: the place with a login in it, a signature
        self.origin = origin or place
        self.query = query
        self._inside: dict[str, tuple[dict[str, None], dict[str, None]]] | None = None

    def __reduce__(self) -> tuple[object, ...]:
        return Listing, (self.place, self.files, self.partial, self.origin, self.query)

    def address(self, path: str) -> str:
        """The path or address of a file in it; of the folder itself for "".

        >>> Listing("https://host/m", {}).address("my model.bin"), Listing("/m", {}).address("my model.bin")
        ('https://host/m/my%20model.bin', '/m/my model.bin')
        """
        whole = f"{self.place}/{path}" if path else self.place
        return _without_blanks(whole) if self.place.startswith(WEB) else whole

    def inside(self, path: str) -> tuple[dict[str, None], dict[str, None]]:
        """The bare names of the files, and of the folders, in the folder at a path ("" for the whole).

        >>> Listing("m", {"a.bin": Entry(1, ""), "b/c.bin": Entry(1, "")}).inside("")
        ({'a.bin': None}, {'b': None})
        """
        if self._inside is None:
            self._inside = {"": ({}, {})}
            for each in self.files:
                self._enter(each, self._inside)
        return self._inside.get(path, ({}, {}))

    def _enter(self, path: str, made: dict[str, tuple[dict[str, None], dict[str, None]]]) -> None:
        folder, _, name = path.rpartition("/")
        made.setdefault(folder, ({}, {}))[0][name] = None
        while folder:
            below, folder = folder, folder.rpartition("/")[0]
            made.setdefault(folder, ({}, {}))[1][below.rpartition("/")[2]] = None


class Unit(NamedTuple):
    """One row to be: the model in `names` of a listing, or in the whole of it where there are no names."""

    listing: Listing
    kind: str
    #: its own files, the one that is opened first
    names: tuple[str, ...] = ()
    #: why it cannot be read, as finding saw it (a folder that may not be looked into)
    problem: str = ""

    @property
    def uri(self) -> str:
        """The path or address that `nparams` itself would take."""
        return self.listing.address(self.names[0] if self.names else "")

    @property
    def is_remote(self) -> bool:
        """Whether its bytes come from elsewhere."""
        return "://" in self.listing.place

    @property
    def entries(self) -> list[tuple[str, Entry]]:
        """The files that it is read from, by name."""
        files = self.listing.files
        return sorted((name, files[name]) for name in self.names or files if name in files)

    @property
    def size(self) -> int | None:
        """The bytes of all its files, of one under several names once; None where the listing did not say."""
        entries = [entry for _, entry in self.entries]
        if not self.is_remote:  # the mark names the inode: links, and the blobs of a hub's cache in each snapshot
            entries = list({e.stamp if ":" in e.stamp else id(e): e for e in entries}.values())
        sizes = [entry.size for entry in entries]
        return None if None in sizes else sum(size for size in sizes if size is not None)

    @property
    def stamp(self) -> str:
        """What changes when any of its files does: the file's own mark, or a hash over those of all."""
        entries = self.entries
        return entries[0][1].stamp if len(entries) == 1 and self.names else _together(entries)


def _without_blanks(address: str) -> str:
    """An address that is one word, as others take it."""
    if len(address.split()) == 1:
        return address
    from urllib.parse import quote

    return "".join(quote(c) if c.isspace() else c for c in address)


def _together(entries: Iterable[tuple[str, Entry]]) -> str:
    from hashlib import sha256

    lines = (f"{name}\0{entry.size}\0{entry.stamp}" for name, entry in entries)
    return sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:32]
