"""The folders of one step: which of them hold trees of arrays, by the names in them alone.

google/orbax checkpoint/orbax/checkpoint/_src/handlers/composite_checkpoint_handler.py; an item that is not named is
`default`.
"""

from __future__ import annotations

from nparams.errors import FormatError, bare_name, place
from nparams.files._flax.head import begins_tree
from nparams.files._orbax.ocdbt import NAME
from nparams.files._orbax.tree import METADATA
from nparams.files._orbax.zarr import SECOND, THIRD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import Folder

#: what Orbax writes beside the items of a step
STEP = "_CHECKPOINT_METADATA"
DEFAULT = "default"
TREES = frozenset((METADATA, NAME))
#: leaves in one file (google/orbax checkpoint/orbax/checkpoint/msgpack_utils.py), until Orbax 0.5
TOGETHER, HEAD = "checkpoint", 512
RECORDS = frozenset((SECOND, THIRD))
#: folders of a tree that are no items
PARTS = frozenset(("array_metadatas", "d"))
MOST = 1_000
LOOKED = 6  # folders of arrays


def is_tree(folder: Folder) -> bool:
    """Whether a folder holds a tree of arrays: its list, its database, or folders that are arrays."""
    names = folder.names()
    if not TREES.isdisjoint(names) or (TOGETHER in names and _is_packed(folder)):
        return True
    inner = [name for name in folder.folders() if not name.startswith(".")]
    return any(not RECORDS.isdisjoint(folder.folder(name).names()) for name in inner[:LOOKED])


def _is_packed(folder: Folder) -> bool:
    """Whether its file `checkpoint` is msgpack: TensorFlow writes a text of that name."""
    if TOGETHER in folder.folders():
        return False
    with folder.open(TOGETHER) as source:
        return begins_tree(source.read(0, min(HEAD, source.size)))


def items_of(folder: Folder) -> list[str]:
    """The folders in a step that hold trees, by name."""
    inner = [name for name in folder.folders() if not name.startswith(".") and name not in PARTS]
    if len(inner) > MOST:
        raise FormatError(f"{place(folder.name)}: {len(inner):,} folders in one step; at most {MOST:,} are looked at")
    return [name for name in inner if is_tree(folder.folder(name))]


def is_step(folder: Folder) -> bool:
    """Whether a folder is one step that was saved: it says so, or bears a number, or holds the one item."""
    bare = bare_name(folder.name)
    names = folder.names()
    numbered = bare.rpartition("_")[2].isdigit()
    return (STEP in names or DEFAULT in names or numbered) and bool(items_of(folder))
