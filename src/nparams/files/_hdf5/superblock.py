"""HDF5's superblock: where the file begins, how wide its addresses are, and where its root group lies.

HDF5 File Format Specification version 3.0, II.A (superblock), II.C (its extension).
"""

from __future__ import annotations

from struct import Struct

from nparams.errors import FormatError
from nparams.files._hdf5.store import LETTERS, Store

SIGNATURE = b"\x89HDF\r\n\x1a\n"
#: the first places where a superblock may begin after a user block; then on at each doubling
FIRST = 512
#: version 0 and 1: versions of parts, widths, K of the group B-trees, flags
OLD = Struct("<8s4B4BHHI")
#: version 2 and 3
NEW = Struct("<8s4B")
#: bits of a version 3 file's flags: open for writing; ... by one who lets others read meanwhile
WRITING = 0x05


class Superblock:
    """What it says: its version, the root group's object header, and the superblock extension (or the undefined
    address)."""

    __slots__ = ("extension", "root", "version")

    def __init__(self, version: int, root: int, extension: int) -> None:
        self.version = version
        self.root = root
        self.extension = extension


def find(store: Store) -> int:
    """The offset of the signature: 0, 512 and on in doublings."""
    at = 0
    while at + len(SIGNATURE) <= store.size:
        if store.read(at, len(SIGNATURE), "signature") == SIGNATURE:
            return at
        at = 2 * at or FIRST
    head = store.read(0, min(8, store.size), "signature") if store.size else b""
    raise FormatError(f"{store.name}: signature (offset 0): {head!r} where HDF5 begins with {SIGNATURE!r}")


def read(store: Store) -> Superblock:
    """Find and read the superblock; the store takes its base and widths from it."""
    start = find(store)
    head = store.peek(start, 64, "superblock")
    if len(head) < 16:
        raise store.short("superblock", start, 48)
    version = head[8]
    if version > 3:
        raise store.bad("superblock version", f"{version}, where 0 to 3 are known", start + 8)
    return _old(store, start, version) if version < 2 else _new(store, start, version)


def _widths(store: Store, address: int, length: int, at: int) -> None:
    if address not in LETTERS or length not in LETTERS:
        raise store.bad("sizes of offsets and lengths", f"{address} and {length}, where 2, 4 and 8 are known", at)
    store.set_widths(address, length)


def _old(store: Store, start: int, version: int) -> Superblock:
    head = OLD.unpack(store.read(start, OLD.size, "superblock"))
    _, _, _, _, _, _, address, length, _, _, _, _ = head
    _widths(store, address, length, start + 13)
    # version 1 tells of chunked storage, too
    after = start + OLD.size + (4 if version == 1 else 0)
    # base, free space, end of file, driver information; then the root group's entry: name, object header
    form = store.struct("AAAA" + "LA")
    base, _, end, driver, _, root = form.unpack(store.read(after, form.size, "superblock"))
    if driver != store.undefined:
        raise store.refused("an HDF5 file in several parts (a driver of its own); count a copy made by h5repack")
    _set_end(store, start, base, end, after + 2 * store.address_width)
    return Superblock(version, root, store.undefined)


def _new(store: Store, start: int, version: int) -> Superblock:
    _, _, address, length, flags = NEW.unpack(store.read(start, NEW.size, "superblock"))
    _widths(store, address, length, start + 9)
    form = store.struct("AAAA")
    data = store.read(start, NEW.size + form.size + 4, "superblock")
    store.checked(data, "superblock", start)
    base, extension, end, root = form.unpack_from(data, NEW.size)
    _set_end(store, start, base, end, start + NEW.size + 2 * store.address_width)
    if version == 3 and flags & WRITING:
        store.flag("unclosed", "the file was not closed by the program that wrote it")
    return Superblock(version, root, extension)


def _set_end(store: Store, start: int, base: int, end: int, at: int) -> None:
    """Take the base from where the superblock really lies (as the library does), and check the end of the file."""
    if end == store.undefined or end + start - base < 0:
        raise store.bad("end of file", f"{end:,}, which is no address", at)
    end += start - base
    if end > store.size:
        raise FormatError(
            f"{store.name}: end of file (offset {at:,}): {end:,}, but the file has {store.size:,} bytes. Cut short?"
        )
    if end < store.size:
        store.flag("trailing", f"{store.size - end:,} bytes after the end that the superblock gives")
    if base != start:
        store.flag("moved", f"the superblock lies at {start:,} and says {base:,}")
    store.base = start
