"""Groups since HDF5 1.8: links as messages of the object header, or in a fractal heap where they are many.

HDF5 File Format Specification version 3.0: IV.A.2.c (The Link Info Message), IV.A.2.g (The Link Message).
"""

from __future__ import annotations

from struct import Struct

from nparams.errors import shown
from nparams.files._hdf5 import btree2, header
from nparams.files._hdf5.fractal_heap import FractalHeap
from nparams.files._hdf5.links import NAME_BYTES, Link, soft, text
from nparams.files._hdf5.store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.files._hdf5.header import Message

HARD, SOFT, EXTERNAL = 0, 1, 64
#: bits of a link's flags: width of its name's length; then what else is there
NAME_WIDTH, HAS_ORDER, HAS_KIND, HAS_ENCODING = 0x03, 0x04, 0x08, 0x10
#: bits of the flags of link and attribute info
ORDER_KEPT, ORDER_INDEXED = 1, 2
#: a link's id in the heap
HASH, HEAP_ID = 4, 7
ORDER = Struct("<q")


def links(store: Store, messages: Sequence[Message]) -> list[Link]:
    """The members of a group with these messages: by creation where that is kept, else by name."""
    found, ordered = [], False
    for message in messages:
        if message.kind == header.LINK:
            found.append(_link(store, message.body, message.at))
        elif message.kind == header.LINK_INFO:
            flags, heap, tree = info(store, message, 8)
            ordered = bool(flags & ORDER_KEPT)
            if heap != store.undefined:
                found += _dense(store, heap, tree)
    found.sort(key=lambda link: (link.made, link.key) if ordered else link.key)
    return found


def info(store: Store, message: Message, order_bytes: int) -> tuple[int, int, int]:
    """Flags, heap and name index of a link info or attribute info message."""
    body, start = message.body, 2
    if len(body) < 2 or body[0]:
        raise store.bad("link or attribute info", f"begins {body[:2]!r}, where version 0 is due", message.at)
    if body[1] & ORDER_KEPT:
        start += order_bytes
    form = store.struct("AA")
    if start + form.size > len(body):
        raise store.bad("link or attribute info", f"{len(body)} bytes, too few", message.at)
    heap, tree = form.unpack_from(body, start)
    return body[1], heap, tree


def _dense(store: Store, heap_at: int, tree_at: int) -> list[Link]:
    heap, tree = FractalHeap(store, heap_at), btree2.Tree(store, tree_at)
    if tree.kind != btree2.LINK_NAMES or tree.record != HASH + HEAP_ID:
        raise store.bad("B-tree", f"kind {tree.kind}, where {btree2.LINK_NAMES} is due", tree_at)
    if tree.total > store.objects_left:
        raise store.too_many()
    return [_link(store, *heap.get(identity)) for identity in heap.ordered(record[HASH:] for record in tree.records())]


def _link(store: Store, body: bytes, at: int) -> Link:
    """The hard link in a message; any other is refused."""
    store.spend(3, "link")
    if len(body) < 4 or body[0] != 1:
        raise store.bad("link", f"begins {body[:2]!r}, where version 1 is due", at)
    flags, place, kind, made = body[1], 2, HARD, -1
    if flags & HAS_KIND:
        kind, place = body[place], place + 1
    if flags & HAS_ORDER:
        (made,), place = ORDER.unpack(_cut(store, body, place, 8, at)), place + 8
    place += 1 if flags & HAS_ENCODING else 0
    width = 1 << (flags & NAME_WIDTH)
    length, place = int.from_bytes(_cut(store, body, place, width, at), "little"), place + width
    key, place = _cut(store, body, place, length, at), place + length
    if not 0 < length <= NAME_BYTES:
        raise store.bad("link", f"a name of {length:,} bytes", at)
    if kind != HARD:
        raise _elsewhere(store, kind, text(key), body[place:])
    (address,) = store.address.unpack(_cut(store, body, place, store.address_width, at))
    return Link(key, address, made)


def _cut(store: Store, body: bytes, start: int, length: int, at: int) -> bytes:
    if start + length > len(body):
        raise store.bad("link", f"its message of {len(body)} bytes ends in the middle", at)
    return body[start : start + length]


def _elsewhere(store: Store, kind: int, name: str, value: bytes) -> Exception:
    """The error for a link that is no hard one; its value begins with two bytes of length."""
    if kind == SOFT:
        return store.refused(soft(name, value[2:].rstrip(b"\0")))
    if kind == EXTERNAL:
        file, _, path = value[3:].rstrip(b"\0").partition(b"\0")
        where = f"{shown(text(path))} in {shown(text(file))}"
        return store.refused(f"an external link {shown(name)} -> {where}: not followed; count that file")
    return store.refused(f"a link {shown(name)} of a kind that a program defined ({kind}): not followed")
