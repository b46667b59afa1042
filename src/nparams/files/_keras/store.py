"""The weights file of Keras 3 (and tf.keras since 2.12): a group `vars` for each object, at the object's path.

keras-team/keras keras/src/saving/saving_lib.py, `_save_state` and `H5IOStore`: layers/dense_1/vars/0 is the first
variable of the second Dense among the model's layers.  Files saved on Windows by tf.keras have backslashes in the names
of groups.  Since 3.6 each `vars` bears the object's own name as an attribute.
"""

from __future__ import annotations

from nparams.errors import FormatError, shown
from nparams.files._hdf5 import Dataset, Group
from nparams.files._keras.layers import counted, walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

VARS = "vars"
#: containers that a path leads through: no objects themselves
CONTAINERS = frozenset(("layers", "_layer_checkpoint_dependencies", "cells"))


class Stored:
    """One object's variables: where it stands, its own name where the file says it, and what it keeps by key."""

    __slots__ = ("kept", "name", "path")

    def __init__(self, path: tuple[str, ...], name: str | None, kept: list[tuple[str, Dataset, int]]) -> None:
        self.path = path
        self.name = name
        #: (key, dataset, which of the files it is in)
        self.kept = kept


def plain_datasets(root: Group) -> list[tuple[str, Dataset]] | None:
    """Every dataset by its path; None for such a file, which has variables 0, 1 … in a group `vars`, or a named one."""
    found: list[tuple[str, Dataset]] = []
    for path, dataset in walk(root):
        before, _, leaf = path.replace("\\", "/").rpartition("/")
        if before.rpartition("/")[2] == VARS and (leaf.isdigit() or _is_named(root, path)):
            return None
        found.append((path, dataset))
    # a model without variables has the groups all the same
    return None if not found and isinstance(root.get(VARS), Group) else found


def _is_named(root: Group, path: str) -> bool:
    """Whether the group of a dataset bears an object's name."""
    group = root.get(path.rpartition("/")[0])
    return isinstance(group, Group) and "name" in group.attrs()


def objects(roots: Sequence[Group]) -> tuple[list[Stored], list[tuple[tuple[str, ...], Dataset, int]]]:
    """(every object that is stored, in the order of paths as a person counts; datasets that belong to none).

    Several roots are the shards of one model: an object's variables may lie in two of them.
    """
    found: dict[tuple[str, ...], Stored] = {}
    stray: list[tuple[tuple[str, ...], Dataset, int]] = []
    stack: list[tuple[tuple[str, ...], Group, int]] = [((), root, k) for k, root in enumerate(roots)]
    while stack:
        path, group, shard = stack.pop()
        stored = _stored(found, path[:-1], group) if path[-1:] == (VARS,) else None
        before = {key for key, _, _ in stored.kept} if stored is not None else set()
        for name, member in group.items():
            if not isinstance(member, Dataset):
                stack.append(((*path, *name.replace("\\", "/").split("/")), member, shard))
            elif stored is None:
                stray.append(((*path, name), member, shard))
            elif name in before:
                told = shown("/".join((*path, name)))
                raise FormatError(f"{told} is there twice: readers would see different files")
            else:
                stored.kept.append((name, member, shard))
    for each in found.values():
        each.kept.sort(key=lambda row: counted(row[0]))
    return sorted(found.values(), key=lambda each: [counted(part) for part in each.path]), stray


def _stored(found: dict[tuple[str, ...], Stored], path: tuple[str, ...], group: Group) -> Stored:
    """The object at a path, and its own name where this file says it."""
    held = group.attrs().get("name")
    name = held.value() if held is not None else None
    stored = found.setdefault(path, Stored(path, None, []))
    stored.name = stored.name or (name if isinstance(name, str) else None)
    return stored
