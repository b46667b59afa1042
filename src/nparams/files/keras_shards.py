"""Keras weights in several files, by their map (name.weights.json) -> Network."""

from __future__ import annotations

from nparams.errors import FormatError, ReadError, place
from nparams.files._hdf5 import open_file
from nparams.files._keras import shards, told, weights
from nparams.files.bytesource import each

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import ByteSource, Folder
    from nparams.network import Network


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The network in the shards that a map names; `folder` holds them."""
    if source.size > shards.MOST_MAP:
        raise FormatError(f"{place(source.name)}: a map of {source.size:,} bytes; at most {shards.MOST_MAP:,} are read")
    names = shards.files(source.read(0, source.size), source.name)
    if folder is None:
        raise ReadError(f"{place(source.name)}: the map of {len(names):,} files that are not at hand; give the folder")
    roots = [open_file(opened, limits=limits) for opened in each(folder, folder.open, names)]
    made = weights.read(roots, None)
    flags = [flag for root in roots for flag in root.flags]
    version = "3" if made.named else None
    what = "Keras 3 weights" if version else "Keras weights"
    return told.finish(made, source, "keras-shards", what, version, flags, [], f"{len(names):,} shards")
