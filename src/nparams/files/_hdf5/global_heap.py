"""Global heaps: where strings of variable length lie.

HDF5 File Format Specification version 3.0, III.E (Global Heap).
"""

from __future__ import annotations

from nparams.files._hdf5.store import Store


class GlobalHeap:
    """The collections of one file, those met last kept."""

    __slots__ = ("_collections", "store")

    def __init__(self, store: Store) -> None:
        self.store = store
        self._collections: dict[int, dict[int, tuple[int, int]]] = {}

    def place(self, at: int, index: int) -> tuple[int, int]:
        """Where object `index` of the collection at `at` begins, and its bytes."""
        collection = self._collections.get(at)
        if collection is None:
            if len(self._collections) >= 4:
                del self._collections[next(iter(self._collections))]
            collection = self._collections[at] = self._read(at)
        if index not in collection:
            raise self.store.bad("global heap", f"there is no object {index}", at)
        return collection[index]

    def _read(self, at: int) -> dict[int, tuple[int, int]]:
        """The place of each object, by its index; 0 is the free space at the end."""
        store = self.store
        # both heads are filled up to a multiple of 8 bytes
        fill = "x" * (-store.length_width % 8)
        form, entry = store.struct(f"4sB3xL{fill}"), store.struct(f"HHxxxxL{fill}")
        mark, version, size = form.unpack(store.read(at, form.size, "global heap"))
        if mark != b"GCOL" or version != 1:
            raise store.bad("global heap", f"begins {mark!r}, version {version}, where b'GCOL', 1 is due", at)
        end, place = at + size, at + form.size
        if end + store.base > store.size:
            raise store.short("global heap", at, size)
        found: dict[int, tuple[int, int]] = {}
        while place + entry.size <= end:
            store.spend(2, "global heap")
            index, _, length = entry.unpack(store.read(place, entry.size, "global heap"))
            if index == 0:
                break
            place += entry.size
            if length > end - place or index in found:
                problem = f"object {index} of {length:,} bytes is there twice, or reaches beyond the end"
                raise store.bad("global heap", problem, place - entry.size)
            found[index] = (place, length)
            place += -(-length // 8) * 8
        return found
