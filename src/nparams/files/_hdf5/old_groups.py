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
#: first read for a name: most are shorter
NAME_READ = 64


class Heap:
    """A local heap: the names of one group's members."""

    __slots__ = ("at", "size", "store")

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

    def text(self, offset: int, what: str) -> bytes:
        """The bytes at `offset` up to the next NUL."""
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
    level, nodes = -1, [root]
    seen = set(nodes)
    while True:
        below: list[int] = []
        for node in nodes:
            found, children = tree_node(store, node)
            if level not in (-1, found):
                raise store.bad("group B-tree", f"a node of level {found}, where {level} is due", node)
            level = found
            below += children
        store.spend(len(below), "group B-tree")
        if len(seen) + len(below) != len(seen.union(below)):
            raise store.bad("group B-tree", "a node stands in it twice", root)
        if level == 0:
            return below
        seen.update(below)
        level, nodes = level - 1, below


def tree_node(store: Store, at: int) -> tuple[int, list[int]]:
    """The level of a group's B-tree node, and its children."""
    store.spend(4, "group B-tree")
    head = NODE.unpack(store.read(at, NODE.size, "group B-tree"))
    mark, kind, level, used = head
    if mark != b"TREE" or kind != GROUP_NODE:
        raise store.bad("group B-tree", f"begins {mark!r}, kind {kind}, where b'TREE', 0 is due", at)
    # left and right siblings; then a key before each child
    form = store.struct("LA" * used)
    data = store.read(at + NODE.size + 2 * store.address_width, form.size, "group B-tree")
    return level, list(form.unpack(data)[1::2])


def _symbols(store: Store, at: int, heap: Heap, found: list[Link]) -> None:
    """Add the symbols of one node to `found`."""
    mark, version, count = SYMBOL_NODE.unpack(store.read(at, SYMBOL_NODE.size, "symbol table node"))
    if mark != b"SNOD" or version != 1:
        raise store.bad("symbol table node", f"begins {mark!r}, version {version}, where b'SNOD', 1 is due", at)
    store.spend(4 + 4 * count, "symbol table node")
    form = store.struct("LAI4xI12x")
    data = store.read(at + SYMBOL_NODE.size, count * form.size, "symbol table node")
    for offset, header, cached, scratch in form.iter_unpack(data):
        key = heap.text(offset, "name of a group's member")
        link = Link(key, header)
        if cached == SOFT:
            raise store.refused(soft(link.name, heap.text(scratch, "soft link")))
        if cached > SOFT:
            raise store.bad("symbol table entry", f"cache type {cached}, where 0 to 2 are known", at)
        found.append(link)
