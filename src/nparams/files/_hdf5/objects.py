"""Groups and datasets, as a reader of models walks them."""

from __future__ import annotations

from math import prod

from nparams.errors import shown
from nparams.files._hdf5 import (
    attributes,
    dataspace,
    datatype,
    header,
    layout,
    new_groups,
    old_groups,
    shared,
    superblock,
    values,
)
from nparams.files._hdf5.global_heap import GlobalHeap
from nparams.files._hdf5.store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.files._hdf5.attributes import Attribute
    from nparams.files._hdf5.header import Message
    from nparams.files._hdf5.links import Link
    from nparams.files.bytesource import ByteSource

#: groups inside groups
DEPTH = 100
#: names of members kept, so that a group looked at again is not read again
KEPT = 50_000
#: kinds of message of which an object has at most one
ONCE = frozenset((header.DATASPACE, header.DATATYPE, header.LAYOUT, header.SYMBOLS, header.LINK_INFO, header.PIPELINE))


class File:
    """What all objects of one file share."""

    __slots__ = ("_kept", "_links", "heap", "store")

    def __init__(self, store: Store) -> None:
        self.store = store
        self.heap = GlobalHeap(store)
        self._links: dict[int, dict[str, Link]] = {}
        self._kept = 0

    def messages(self, address: int, path: str) -> dict[int, Message]:
        """The messages of an object that describe it, by kind."""
        found: dict[int, Message] = {}
        for message in header.read(self.store, address):
            kind = message.kind
            if kind in found and kind in ONCE:
                raise self.store.bad(shown(path), f"two messages of kind {kind:#x}, where one is due", message.at)
            found[kind] = message
        return found

    def links(self, address: int, path: str, symbols: Message | None) -> dict[str, Link]:
        """The members of a group by name, in the order in which h5py gives them."""
        links = self._links.get(address)
        if links is None:
            links = self._read_links(address, path, symbols)
            if self._kept + len(links) > KEPT:
                self._links.clear()
                self._kept = 0
            self._links[address] = links
            self._kept += len(links)
        return links

    def _read_links(self, address: int, path: str, symbols: Message | None) -> dict[str, Link]:
        if symbols is not None:
            links = old_groups.links(self.store, symbols.body, symbols.at)
        else:
            links = new_groups.links(self.store, header.read(self.store, address))
        named: dict[str, Link] = {}
        for link in links:
            name = link.name
            if not name or "/" in name:
                raise self.store.bad(f"group {shown(path)}", f"a member called {shown(name)}", address)
            if name in named:
                raise self.store.bad(f"group {shown(path)}", "two members bear one name", address)
            named[name] = link
        return named


class _Object:
    """What groups and datasets have in common."""

    __slots__ = ("_bare", "_file", "address", "name")

    def __init__(self, file: File, address: int, name: str, found: dict[int, Message]) -> None:
        self._file = file
        #: whether it has no attributes
        self._bare = header.ATTRIBUTE not in found and header.ATTRIBUTE_INFO not in found
        #: of the object header: the same object reached by two names has one address
        self.address = address
        #: the absolute path
        self.name = name

    @property
    def flags(self) -> list[dict[str, str]]:
        """The file's deviations met so far: rows of kind and text."""
        return self._file.store.flags

    def attrs(self) -> dict[str, Attribute]:
        """The attributes by name."""
        if self._bare:
            return {}
        found: dict[str, Attribute] = {}
        store = self._file.store
        for body, at in attributes.bodies(store, header.read(store, self.address)):
            attribute = attributes.read(self._file.heap, body, at)
            if attribute.name in found:
                raise store.bad(shown(self.name), f"attribute {shown(attribute.name)} comes twice", at)
            found[attribute.name] = attribute
        return dict(sorted(found.items()))


class Group(_Object):
    """A group: an ordered mapping of names to groups and datasets."""

    __slots__ = ("_above", "_items", "_symbols")

    def __init__(
        self, file: File, address: int, name: str, found: dict[int, Message], above: tuple[int, ...] = ()
    ) -> None:
        super().__init__(file, address, name, found)
        #: the addresses of the groups on the way here
        self._above = (*above, address)
        self._items: list[tuple[str, Group | Dataset]] | None = None
        #: where its members stand, of a group of the older kind
        self._symbols = found.get(header.SYMBOLS)

    def items(self) -> list[tuple[str, Group | Dataset]]:
        """The members: by order of creation where the file keeps it, else by name.  Committed datatypes are left out.

        They are read once; the list is not to be changed.
        Raises UnsupportedError for a link that leads elsewhere by a path, and for data that lies elsewhere.
        """
        if self._items is None:
            opened = ((name, self._open(name, link)) for name, link in self._links().items())
            self._items = [(name, found) for name, found in opened if found is not None]
        return self._items

    def get(self, path: str) -> Group | Dataset | None:
        """The object at a path from here, or None."""
        here: Group | Dataset | None = self
        for name in filter(None, path.split("/")):
            if not isinstance(here, Group):
                return None
            link = here._links().get(name)
            here = None if link is None else here._open(name, link)
        return here

    def walk(self) -> Iterator[Dataset]:
        """Every dataset below, depth first, in order; one reached by several names comes once for each."""
        for _, found in self.items():
            if isinstance(found, Group):
                yield from found.walk()
            else:
                yield found

    def _links(self) -> dict[str, Link]:
        return self._file.links(self.address, self.name, self._symbols)

    def _open(self, name: str, link: Link) -> Group | Dataset | None:
        file, path = self._file, f"{self.name}/{name}" if self.name != "/" else f"/{name}"
        store, address = file.store, link.address
        store.objects_left -= 1
        if store.objects_left < 0:
            raise store.too_many()
        if address in self._above:
            raise store.bad(f"group {shown(path)}", "leads back to a group that it stands in", address)
        if len(self._above) >= DEPTH:
            raise store.bad(f"group {shown(path)}", f"groups nested more than {DEPTH} deep", address)
        found = file.messages(address, path)
        if header.LAYOUT in found and header.DATASPACE in found and header.DATATYPE in found:
            if header.SYMBOLS in found or header.LINK_INFO in found:
                raise store.bad(shown(path), "is a group and a dataset at once", address)
            return Dataset(file, address, path, found)
        if header.SYMBOLS in found or header.LINK_INFO in found:
            return Group(file, address, path, found, self._above)
        if header.DATATYPE in found and header.DATASPACE not in found:
            return None
        raise store.bad(shown(path), "is neither a group nor a dataset nor a datatype", address)


class Dataset(_Object):
    """A dataset: its shape, its type, and what its values take in the file."""

    __slots__ = ("_layout", "_type", "shape")

    def __init__(self, file: File, address: int, name: str, found: dict[int, Message]) -> None:
        super().__init__(file, address, name, found)
        store = file.store
        space, kind, place = found[header.DATASPACE], found[header.DATATYPE], found[header.LAYOUT]
        #: () is one value, None is none at all
        self.shape = dataspace.read(store, shared.body(store, space) if space.flags else space.body, space.at)
        self._type = datatype.read(store, shared.body(store, kind) if kind.flags else kind.body, kind.at)
        if header.EXTERNAL in found:
            raise store.refused(f"{shown(name)} keeps its data in other files: not followed; {COPY}")
        self._layout = layout.read(store, place.body, place.at)
        if self._layout.kind == layout.VIRTUAL:
            raise store.refused(f"{shown(name)} is a virtual dataset, made of other files: not followed; {COPY}")
        self._check(place.at)

    def _check(self, at: int) -> None:
        """Compact and contiguous data must be as large as the shape says, and in the file."""
        store, where, shape = self._file.store, self._layout, self.shape
        size = 0 if shape is None else prod(shape) * self._type.size
        if where.kind == layout.CHUNKED:
            if where.chunk[-1] != self._type.size or len(where.chunk) != len(shape or ()) + 1:
                raise store.bad(shown(self.name), f"chunks {list(where.chunk)} of a dataset {self._said()}", at)
        elif where.at == store.undefined and where.kind == layout.CONTIGUOUS:
            if size:
                store.flag("unwritten", f"{shown(self.name)} {self._said()}: no values were ever written")
            where.size = 0
        elif where.size not in (size, -1):
            raise store.bad(shown(self.name), f"{where.size:,} bytes for {self._said()}, which takes {size:,}", at)
        elif where.at + store.base + size > store.size:
            raise store.short(shown(self.name), where.at, size)
        else:
            where.size = size
            store.claim(self.address, size, at)

    def _said(self) -> str:
        return f"{list(self.shape or ())} of {self._type.text}"

    @property
    def elements(self) -> int:
        """How many values it has."""
        return 0 if self.shape is None else prod(self.shape)

    @property
    def dtype(self) -> str | None:
        """The canonical name of its type (dtypes.py); None where it is no plain number."""
        return self._type.dtype

    @property
    def dtype_text(self) -> str:
        """Its type in words."""
        return self._type.text

    @property
    def item_bytes(self) -> int:
        """Bytes that one value takes before any compression."""
        return self._type.size

    @property
    def stored_bytes(self) -> int:
        """Bytes that its values take in the file: fewer where they are compressed or were never written."""
        if self._layout.kind != layout.CHUNKED:
            return self._layout.size
        return sum(chunk.size for chunk in self._plan().chunks())

    def data(self, limit: int) -> bytes:
        """The values as NumPy would hold them, in the byte order of the file; at most `limit` bytes.

        Raises UnsupportedError for more, and for values behind a filter that is not read.
        """
        store, where, size = self._file.store, self._layout, self.elements * self._type.size
        if size > limit:
            raise store.refused(f"{shown(self.name)}: {size:,} bytes of values, where at most {limit:,} are read")
        if size == 0:
            return b""
        if where.size == size and where.kind != layout.CHUNKED:
            return store.raw(where.at, size, shown(self.name))
        found = self._file.messages(self.address, self.name)
        whole = bytearray(values.fill_value(store, found, self._type.size) * self.elements)
        if where.kind == layout.CHUNKED:
            plan = self._plan()
            for chunk in plan.chunks():
                plan.fill(chunk, whole)
        return bytes(whole)

    def _plan(self) -> values.Plan:
        found = self._file.messages(self.address, self.name)
        return values.Plan(self._file.store, self._layout, self.shape or (), found)


COPY = "save a copy that holds the data itself"


def open_file(source: ByteSource, *, limits: bool = True) -> Group:
    """The root group of an HDF5 file.

    Raises FormatError for a file that is damaged, cut short or hostile, UnsupportedError for one whose data lies
    elsewhere.  Only metadata is read.
    """
    store = Store(source, limits)
    block = superblock.read(store)
    if block.extension != store.undefined:
        shared.read_extension(store, block.extension)
    file = File(store)
    found = file.messages(block.root, "/")
    if header.SYMBOLS not in found and header.LINK_INFO not in found:
        raise store.bad("root group", "is no group", block.root)
    return Group(file, block.root, "/", found)
