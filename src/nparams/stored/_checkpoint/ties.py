"""Tensors over one storage: which are one and the same, and how many different numbers they hold together."""

from __future__ import annotations

from nparams.dtypes import BLOCKS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.network import Tensor
    from nparams.stored._checkpoint.array import Array

    #: storage, first byte, bytes (all of them) or steps (some of them)
    Extent = tuple[str, int, object]
    #: which storage, first byte, byte behind it, name, bytes of a number
    Left = tuple[int, int, int, str, int]

#: who owns a count that several share: the first parameter, else the first buffer, ...
ORDER = {"weight": 0, "bias": 0, "buffer": 1, "bookkeeping": 2, "other": 3}


def extent_of(array: Array) -> Extent | None:
    """Which bytes a tensor shows: two tensors of equal extent are one, however they are shaped or turned."""
    storage = array.storage
    if storage is None or not array.size:
        return None
    per, width = BLOCKS[array.dtype or "uint8"]
    first = storage.start + array.offset * width // per
    steps = sorted((step, d) for d, step in zip(array.shape or (), array.stride, strict=False) if d > 1)
    reached = 1
    for step, d in steps:
        if step != reached:
            return storage.root.key, first, (width, per, tuple(steps))
        reached *= d
    return storage.root.key, first, -(-reached * width // per)


def tie(tensors: Sequence[Tensor], arrays: Sequence[Array]) -> tuple[int, list[Left]]:
    """Tie tensors of equal extent, in place; (how many, the dense parameters that are left in storages used twice)."""
    held_by = [id(array.storage.root) for array in arrays if array.storage is not None]
    if len(set(held_by)) == len(held_by):
        return 0, []
    used: dict[int, list[int]] = {}
    for k, array in enumerate(arrays):
        if array.storage is not None:
            used.setdefault(id(array.storage.root), []).append(k)
    tied = 0
    left: list[Left] = []
    for which, held in enumerate(several for several in used.values() if len(several) > 1):
        owners: dict[Extent, Tensor] = {}
        for k in sorted(held, key=lambda k: ORDER[tensors[k].role]):
            extent = extent_of(arrays[k])
            if extent is None:
                continue
            owner = owners.setdefault(extent, tensors[k])
            if owner is not tensors[k]:
                tensors[k].tied_to = owner.name
                tied += 1
            elif isinstance(extent[2], int) and tensors[k].role in ("weight", "bias"):
                width = BLOCKS[arrays[k].dtype or "uint8"][1]
                left.append((which, extent[1], extent[1] + extent[2], tensors[k].name, width))
    return tied, left


def overlap(left: list[Left]) -> list[tuple[str, str, int]]:
    """Parameters that share some of their numbers and are not the same: (one, the other, how many numbers both hold).

    >>> overlap([(0, 0, 40, "a", 4), (0, 20, 60, "b", 4), (0, 60, 80, "c", 4)])
    [('a', 'b', 5)]
    """
    found = []
    reached, owner, storage = 0, "", -1
    for which, first, behind, name, width in sorted(left):
        if which == storage and first < reached:
            found.append((owner, name, (min(behind, reached) - first) // width))
        if which != storage or behind > reached:
            reached, owner, storage = behind, name, which
    return found
