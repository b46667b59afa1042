"""HDF5 files built by hand, a structure at a time, so that each can be wrong in one place.

Addresses and lengths take 8 bytes.  Objects have version 2 headers unless asked otherwise.
"""

from __future__ import annotations

from math import prod
from struct import pack

from nparams.files._hdf5.checksum import lookup3

UNDEFINED = (1 << 64) - 1
MARK = b"\x89HDF\r\n\x1a\n"
Message = tuple[int, bytes]

F32 = pack("<B3sI", 0x11, b"\x20\x1f\x00", 4) + pack("<HHBBBBI", 0, 32, 23, 8, 0, 23, 127)
I32 = pack("<B3sI", 0x10, b"\x08\x00\x00", 4) + pack("<HH", 0, 32)
LINK_INFO = (2, pack("<BBQQ", 0, 0, UNDEFINED, UNDEFINED))


class Maker:
    """A file in the making: what is put in gets an address; `done` puts the superblock before it."""

    def __init__(self, version: int = 2) -> None:
        self.version = version
        self.data = bytearray(48 if version >= 2 else 96)

    def put(self, data: bytes) -> int:
        at = len(self.data)
        self.data += data
        return at

    def sealed(self, data: bytes) -> int:
        """A block with its checksum."""
        return self.put(data + pack("<I", lookup3(data)))

    def header(self, *messages: Message, flags: int = 0) -> int:
        """A version 2 object header."""
        body = b"".join(pack("<BHB", kind, len(data), flags) + data for kind, data in messages)
        return self.sealed(b"OHDR" + pack("<BBI", 2, 2, len(body)) + body)

    def old_header(self, *messages: Message) -> int:
        """A version 1 object header."""
        filled = [(kind, data + bytes(-len(data) % 8)) for kind, data in messages]
        body = b"".join(pack("<HHB3x", kind, len(data), 0) + data for kind, data in filled)
        return self.put(pack("<BxHII4x", 1, len(messages), 1, len(body)) + body)

    def dataset(self, *dims: int, kind: bytes = F32, size: int | None = None, at: int | None = None) -> int:
        """A contiguous dataset of zeros; `size` and `at` lie about them."""
        real = prod(dims) * 4
        place = self.put(bytes(min(real, 4096))) if at is None else at
        return self.header(space(*dims), (3, kind), contiguous(place, real if size is None else size))

    def group(self, **links: int) -> int:
        return self.header(LINK_INFO, *(link(name, at) for name, at in links.items()))

    def old_group(self, links: list[tuple[bytes, int]], **odd: int) -> int:
        """A group of the older kind, with one symbol table node."""
        names, entries = bytearray(8), b""
        for name, at in links:
            entries += pack("<QQI4x16x", len(names), at, odd.get("cache", 0))
            names += name + bytes(8 - len(name) % 8)
        node = self.put(b"SNOD" + pack("<BxH", 1, len(links)) + entries)
        tree = self.put(
            b"TREE" + pack("<BBHQQ", 0, odd.get("level", 0), 1, UNDEFINED, UNDEFINED) + pack("<3Q", 0, node, 8)
        )
        segment = self.put(bytes(names))
        heap = self.put(b"HEAP" + pack("<B3xQQQ", 0, odd.get("heap", len(names)), 1, segment))
        return self.old_header((17, pack("<QQ", tree, heap)))

    def done(self, root: int, *, end: int | None = None, extension: int = UNDEFINED, flags: int = 0) -> bytes:
        """The file, its root group at `root`."""
        end = len(self.data) if end is None else end
        if self.version >= 2:
            head = MARK + pack("<BBBBQQQQ", self.version, 8, 8, flags, 0, extension, end, root)
            self.data[:48] = head + pack("<I", lookup3(head))
        else:
            head = MARK + pack("<8BHHI", self.version, 0, 0, 0, 0, 8, 8, 0, 4, 16, 0)
            self.data[:96] = head + pack("<QQQQQQI4x16x", 0, UNDEFINED, end, UNDEFINED, 0, root, 0)
        return bytes(self.data)


def space(*dims: int, version: int = 2, rank: int | None = None, kind: int = 1) -> Message:
    count = len(dims) if rank is None else rank
    head = pack("<BBBB", version, count, 0, kind if dims else 0) + (bytes(4) if version == 1 else b"")
    return 1, head + pack(f"<{len(dims)}Q", *dims)


def contiguous(at: int, size: int) -> Message:
    return 8, pack("<BBQQ", 3, 1, at, size)


def link(name: str, at: int, kind: int | None = None, value: bytes = b"") -> Message:
    key = name.encode()
    if kind is None:
        return 6, pack("<BBH", 1, 1, len(key)) + key + pack("<Q", at)
    return 6, pack("<BBBH", 1, 9, kind, len(key)) + key + value


def attribute(name: str, kind: bytes, shape: Message, data: bytes) -> Message:
    key = name.encode() + b"\0"
    return 12, pack("<BBHHHB", 3, 0, len(key), len(kind), len(shape[1]), 1) + key + kind + shape[1] + data
