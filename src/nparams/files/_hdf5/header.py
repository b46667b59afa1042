"""Object headers: the messages that describe a group, dataset or committed datatype.

HDF5 File Format Specification version 3.0, IV.A.1 (header prefixes), IV.A.2.q (continuation), IV.A.2 (message flags).
"""

from __future__ import annotations

from struct import Struct

from nparams.files._hdf5.store import HEADERS, LARGEST, Store

NIL, DATASPACE, LINK_INFO, DATATYPE, OLD_FILL, FILL, LINK, EXTERNAL, LAYOUT = range(9)
GROUP_INFO, PIPELINE, ATTRIBUTE, COMMENT, OLD_TIME, SHARED_TABLE, CONTINUATION, SYMBOLS = range(10, 18)
TIME, BTREE_K, DRIVER, ATTRIBUTE_INFO, REFERENCES, FILE_SPACE, CACHE_IMAGE = range(18, 25)
LAST_KNOWN = CACHE_IMAGE
#: bits of a message's flags
IS_SHARED, MUST_BE_KNOWN = 0x02, 0x80
#: version, number of messages, references, bytes of messages
V1 = Struct("<BxHII")
V1_MESSAGE, V2_MESSAGE = Struct("<HHB3x"), Struct("<BHB")
#: bits of a version 2 header: width of its size, creation order kept, attribute limits, times
WIDTH, ORDERED, LIMITS, TIMES = 0x03, 0x04, 0x10, 0x20
#: read at once: most headers are smaller
FIRST_READ = 512
#: headers that are not larger are kept
KEPT_BYTES = 4096
#: messages and blocks of one header
MESSAGES = 65_535
BLOCKS = 1024


class Message:
    """One message: its kind, flags and body, and where the body lies."""

    __slots__ = ("at", "body", "flags", "kind")

    def __init__(self, kind: int, flags: int, body: bytes, at: int) -> None:
        self.kind = kind
        self.flags = flags
        self.body = body
        self.at = at


def read(store: Store, at: int) -> list[Message]:
    """Every message of the object at `at`, in order, but for continuations and empty ones.  Not to be changed."""
    found = store.headers.get(at)
    if found is not None:
        return found
    head = store.peek(at, FIRST_READ, "object header")
    if head[:4] != b"OHDR":
        return _version_1(store, at, head)
    found, size = _version_2(store, at, head)
    if size <= KEPT_BYTES:
        if len(store.headers) >= HEADERS:
            store.headers.clear()
        store.headers[at] = found
    return found


def _version_1(store: Store, at: int, head: bytes) -> list[Message]:
    if len(head) < 16:
        raise store.short("object header", at, 16)
    version, _, _, size = V1.unpack_from(head)
    if version != 1:
        raise store.bad("object header", f"begins {head[:4]!r}, which is no version known", at)
    found: list[Message] = []
    body = head[16 : 16 + size] if 16 + size <= len(head) else store.read(at + 16, size, "object header")
    more = _messages_1(store, body, at + 16, found)
    if more:
        blocks = [(at + 16, size)]
        while more:
            start, length = _next_block(store, blocks, more, at)
            more += _messages_1(store, store.read(start, length, "object header"), start, found)
    return found


def _next_block(store: Store, blocks: list[tuple[int, int]], more: list[tuple[int, int]], at: int) -> tuple[int, int]:
    """The next continuation block: none twice, none inside another."""
    start, length = more.pop(0)
    store.spend(8 + len(blocks) // 4, "object header")
    if len(blocks) >= BLOCKS or any(start < b + n and b < start + length for b, n in blocks):
        raise store.bad("object header", f"goes on at {start + store.base:,}, inside itself", at)
    blocks.append((start, length))
    if sum(n for _, n in blocks) > LARGEST:
        raise store.bad("object header", f"more than {LARGEST:,} bytes, more than any real object has", at)
    return start, length


def _messages_1(store: Store, data: bytes, at: int, found: list[Message]) -> list[tuple[int, int]]:
    """Add the messages of a version 1 block to `found`; return where it goes on."""
    more: list[tuple[int, int]] = []
    place, end, unpack = 8, len(data), V1_MESSAGE.unpack_from
    while place <= end:
        kind, size, flags = unpack(data, place - 8)
        after = place + size
        if after > end:
            raise store.bad("object header message", f"{size:,} bytes, where {end - place:,} are left", at + place - 8)
        if kind == CONTINUATION:
            more.append(_continued(store, data[place:after], at + place))
        elif kind:
            if kind > LAST_KNOWN and flags & MUST_BE_KNOWN:
                raise _unknown(store, kind, at + place)
            found.append(Message(kind, flags, data[place:after], at + place))
            if len(found) > MESSAGES:
                raise store.bad("object header", f"more than {MESSAGES:,} messages", at)
        place = after + 8
    store.spend(8 + len(found) + end // 32, "object header")
    return more


def _continued(store: Store, body: bytes, at: int) -> tuple[int, int]:
    form = store.struct("AL")
    if len(body) < form.size:
        raise store.bad("object header continuation", f"{len(body)} bytes, where {form.size} are due", at)
    start, length = form.unpack_from(body)
    return start, length


def _unknown(store: Store, kind: int, at: int) -> Exception:
    return store.bad("object header message", f"kind {kind:#x} is not known, and marked as one that must be", at)


def _version_2(store: Store, at: int, head: bytes) -> tuple[list[Message], int]:
    """The messages, and the bytes that they take."""
    flags = head[5] if len(head) > 5 else 0
    if len(head) < 8 or head[4] != 2:
        raise store.bad("object header", f"begins {head[:6]!r}, where version 2 is due", at)
    start = 6 + (16 if flags & TIMES else 0) + (4 if flags & LIMITS else 0)
    width = 1 << (flags & WIDTH)
    if len(head) < start + width:
        raise store.short("object header", at, start + width)
    size = int.from_bytes(head[start : start + width], "little")
    start += width
    whole = start + size + 4
    data = head[:whole] if whole <= len(head) else store.read(at, whole, "object header")
    data = store.checked(data, "object header", at)
    found: list[Message] = []
    more = _messages_2(store, data[start:], at + start, flags, found)
    if more:
        blocks = [(at, whole)]
        while more:
            begin, length = _next_block(store, blocks, more, at)
            if length < 8:
                raise store.bad("object header continuation", f"{length} bytes, where 8 are the least", begin)
            size += length
            body = store.block(begin, length, b"OCHK", "object header continuation")
            more += _messages_2(store, body[4:], begin + 4, flags, found)
    return found, size


def _messages_2(store: Store, data: bytes, at: int, header: int, found: list[Message]) -> list[tuple[int, int]]:
    """Add the messages of a version 2 block to `found`; return where it goes on.  A gap may end the block."""
    more: list[tuple[int, int]] = []
    least = 6 if header & ORDERED else 4
    place, end, unpack = least, len(data), V2_MESSAGE.unpack_from
    while place <= end:
        kind, size, flags = unpack(data, place - least)
        after = place + size
        if after > end:
            raise store.bad("object header message", f"{size:,} bytes, where {end - place:,} are left", at + place)
        if kind == CONTINUATION:
            more.append(_continued(store, data[place:after], at + place))
        elif kind:
            if kind > LAST_KNOWN and flags & MUST_BE_KNOWN:
                raise _unknown(store, kind, at + place)
            found.append(Message(kind, flags, data[place:after], at + place))
            if len(found) > MESSAGES:
                raise store.bad("object header", f"more than {MESSAGES:,} messages", at)
        place = after + least
    store.spend(8 + len(found) + end // 32, "object header")
    return more
