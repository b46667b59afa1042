"""Orbax checkpoints: a folder of JAX's arrays, with one tree or several items of them -> Network.

google/orbax checkpoint/orbax/checkpoint: `_METADATA` lists the leaves of a tree, `manifest.ocdbt` or a folder for each
array holds zarr's record of its shape.  A step of a CheckpointManager holds an item in each folder (`default`,
`params`, `state`, ...).  No number of any array is read.
"""

from __future__ import annotations

from nparams.errors import ReadError, UnsupportedError, place, shown
from nparams.files._orbax.checkpoint import read_checkpoint
from nparams.files._orbax.items import is_tree, items_of
from nparams.network import Network
from nparams.stored.named import undecided
from nparams.stored.sections import PARAMS, meaning
from nparams.stored.trees import tensors_of, told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nparams.files._orbax.checkpoint import Checkpoint
    from nparams.files.bytesource import ByteSource, Folder
    from nparams.stored.trees import Leaf

FORM = "orbax"
TOLD = 6  # names in a note


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The network in the folder that an entry file lies in: `_METADATA`, `_CHECKPOINT_METADATA` or `manifest.ocdbt`.

    Raises FormatError for a checkpoint that is damaged or hostile, ReadError where parts of it are not here.
    """
    if folder is None:
        raise ReadError(f"{place(source.name)}: one file of an Orbax checkpoint, which is a folder; give the folder")
    if not folder.names():
        raise UnsupportedError(
            f"{place(source.name)}: an Orbax checkpoint is many files, and nothing lists those beside this one (a web "
            "server does not): give its folder, on disk or in a store (gs://, s3://)"
        )
    return read_folder(folder, source.name, limits=limits)


def read_folder(folder: Folder, name: str, *, limits: bool = True) -> Network:
    """The network in a folder: one tree, or the items of one step; `name` is what was given."""
    if is_tree(folder):
        made = read_checkpoint(folder, limits=limits)
        return _network(made.leaves, [made], name, folder, [])
    items = items_of(folder)
    if not items:
        raise UnsupportedError(f"{place(name)}: no folder beside it holds a tree of arrays that Orbax wrote")
    read_items = {item: read_checkpoint(folder.folder(item), limits=limits) for item in items}
    leaves = _joined(read_items)
    left = [f"{each}/" for each in folder.folders() if each not in items and not each.startswith(".")]
    notes = [f"items of this step that were read: {_listed(items)}{_rest(left)}"] if len(items) + len(left) > 1 else []
    return _network(leaves, list(read_items.values()), name, folder, notes)


def _joined(items: Mapping[str, Checkpoint]) -> list[Leaf]:
    """The leaves of all items, each under its item's name, but for the only one that may be the model."""
    if len(items) == 1:
        return next(iter(items.values())).leaves
    model = [item for item in items if meaning(item)[0] != "other"]
    for item, made in items.items():
        role, note, _ = meaning(item)
        if PARAMS in items and item != PARAMS and any(PARAMS in leaf.path[:-1] for leaf in made.leaves):
            role, note = "other", f"beside the item {PARAMS}, which is the model"
        for leaf in made.leaves:
            if role == "other" and model:
                leaf.why = leaf.why or note or "not the model"
            if len(model) != 1 or item not in model or PARAMS in items:
                leaf.path = (item, *leaf.path)
    return [leaf for made in items.values() for leaf in made.leaves]


def _network(leaves: list[Leaf], made: Sequence[Checkpoint], name: str, folder: Folder, notes: list[str]) -> Network:
    arrays = sum(leaf.why is None for leaf in leaves)
    if not arrays:
        raise UnsupportedError(f"{place(name)}: an Orbax checkpoint without arrays, so without a network")
    tensors = tensors_of(leaves)
    kept = " and ".join(dict.fromkeys(each.where for each in made))
    kept = f"Orbax ({kept})" if kept != "zarr" or any(each.listed for each in made) else kept
    if not all(each.listed for each in made):
        notes = [*notes, "there is no list of the leaves (_METADATA): names are those of the stored arrays"]
    return Network(
        tensors=tensors, source=name, form=FORM, flags=[flag for each in made for flag in each.flags],
        read_as=f"{kept}, {arrays:,} array{'' if arrays == 1 else 's'}",
        notes=[*notes, *told(tensors), *(() if any(t.trainable for t in tensors) else undecided(tensors))],
    )  # fmt: skip


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - TOLD:,} more" if len(names) > TOLD else ""
    return ", ".join(shown(name, 80)[1:-1] for name in names[:TOLD]) + more


def _rest(left: Sequence[str]) -> str:
    return f"; not read, for they hold no arrays: {_listed(left)}" if left else ""
