"""Groups as they were before HDF5 1.8, and as they are written to this day unless asked otherwise.

HDF5 File Format Specification version 3.0: IV.A.2.r (The Symbol Table Message), III.A.1 (version 1 B-trees), III.B
(symbol table nodes), III.C (symbol table entries), III.D (local heaps).
"""

from __future__ import annotations

from itertools import pairwise
from struct import Struct

from nparams.errors import shown
from nparams.files._hdf5.links import NAME_BYTES, Link, soft
from nparams.files._hdf5.store import Store

#: mark, kind of node, level, entries
NODE = Struct("<4sBBH")
#: mark, version, symbols
SYMBOL_NODE = Struct("<4sBxH")
GROUP_NODE = 0
#: what the scratch-pad of an entry holds: nothing, a group's B-tree and heap, where in the heap a soft link leads
NOTHING, GROUP, SOFT = range(3)
#: read at once: the names of a small group; of another, one name; a node of either kind
HEAP_READ, NAME_READ, NODE_READ = 4096, 64, 512


class Heap:
    """A local heap: the names of one group's members."""

    __slots__ = ("_whole", "at", "size", "store")

    def __init__(self, store: Store, at: int) -> None:
        form = store.struct("4sB3xLLA")
        mark, version, size, _, start = form.unpack(store.read(at, form.size, "local heap"))
        if mark != b"HEAP" or version:
            raise store.bad("local heap", f"begins {mark!r}, version {version}, where b'HEAP', 0 is due", at)
        if start + size + store.base > store.size:
            raise store.short("local heap", start, size)
        self.store = store
        self.at = start
        self.size = size
        #: all of it where it is small
        self._whole = store.read(start, size, "local heap") if size <= HEAP_READ else b""

    def text(self, offset: int, what: str) -> bytes:
        """The bytes at `offset` up to the next NUL."""
        end = self._whole.find(b"\0", offset)
        if end >= 0:
            return self._whole[offset:end]
        left = min(self.size - offset, NAME_BYTES + 1)
        if left <= 0:
            raise self.store.bad(what, f"begins at {offset:,} of a local heap of {self.size:,} bytes", self.at)
        length = min(left, NAME_READ)
        while True:
            found = self.store.read(self.at + offset, length, what)
            end = found.find(b"\0")
            if end >= 0:
                return found[:end]
            if length == left:
                raise self.store.bad(what, f"has no end within {left:,} bytes", self.at + offset)
            length = min(left, 16 * length)


def links(store: Store, body: bytes, at: int) -> list[Link]:
    """The members of the group whose symbol table message is `body`, by name."""
    form = store.struct("AA")
    if len(body) < form.size:
        raise store.bad("symbol table message", f"{len(body)} bytes, where {form.size} are due", at)
    tree, heap_at = form.unpack_from(body)
    heap = Heap(store, heap_at)
    found: list[Link] = []
    for node in _leaves(store, tree):
        _symbols(store, node, heap, found)
        if len(found) > store.objects_left:
            raise store.too_many()
    if len(found) > 1:
        _check_order(store, found, tree)
    return found


def _check_order(store: Store, found: list[Link], at: int) -> None:
    """Names stand in order in the tree, so none comes twice, and whoever looks one up finds the same."""
    for before, after in pairwise(found):
        if before.key >= after.key:
            problem = f"{shown(after.name)} stands after {shown(before.name)}: twice, or out of order"
            raise store.bad("group", problem, at)


def _leaves(store: Store, root: int) -> list[int]:
    """The addresses of the symbol table nodes, from left to right."""
    level, nodes = tree_node(store, root)
    if level == 0 and len(nodes) == 1:
        return nodes
    seen: set[int] = {root}
    while True:
        if len(seen) + len(nodes) != len(seen.union(nodes)):
            raise store.bad("group B-tree", "a node stands in it twice", root)
        if not level:
            return nodes
        seen.update(nodes)
        below: list[int] = []
        for node in nodes:
            found, children = tree_node(store, node)
            if found != level - 1:
                raise store.bad("group B-tree", f"a node of level {found}, where {level - 1} is due", node)
            below += children
        level, nodes = level - 1, below


def tree_node(store: Store, at: int) -> tuple[int, list[int]]:
    """The level of a group's B-tree node, and its children."""
    # after the head left and right siblings; then a key before each child
    siblings = NODE.size + 2 * store.address_width
    data = store.peek(at, NODE_READ, "group B-tree")
    if len(data) < siblings:
        raise store.short("group B-tree", at, siblings)
    mark, kind, level, used = NODE.unpack_from(data)
    if mark != b"TREE" or kind != GROUP_NODE:
        raise store.bad("group B-tree", f"begins {mark!r}, kind {kind}, where b'TREE', 0 is due", at)
    store.spend(4 + used, "group B-tree")
    form = store.struct("LA" * used)
    data = data[siblings : siblings + form.size]
    if len(data) < form.size:
        data = store.read(at + siblings, form.size, "group B-tree")
    return level, list(form.unpack(data)[1::2])


def _symbols(store: Store, at: int, heap: Heap, found: list[Link]) -> None:
    """Add the symbols of one node to `found`."""
    data = store.peek(at, NODE_READ, "symbol table node")
    if len(data) < SYMBOL_NODE.size:
        raise store.short("symbol table node", at, SYMBOL_NODE.size)
    mark, version, count = SYMBOL_NODE.unpack_from(data)
    if mark != b"SNOD" or version != 1:
        raise store.bad("symbol table node", f"begins {mark!r}, version {version}, where b'SNOD', 1 is due", at)
    store.spend(4 + 4 * count, "symbol table node")
    form = store.struct("LAI4xI12x")
    data = data[SYMBOL_NODE.size : SYMBOL_NODE.size + count * form.size]
    if len(data) < count * form.size:
        data = store.read(at + SYMBOL_NODE.size, count * form.size, "symbol table node")
    for offset, header, cached, scratch in form.iter_unpack(data):
        link = Link(heap.text(offset, "name of a group's member"), header)
        if cached == SOFT:
            raise store.refused(soft(link.name, heap.text(scratch, "soft link")))
        if cached > SOFT:
            raise store.bad("symbol table entry", f"cache type {cached}, where 0 to 2 are known", at)
        found.append(link)
