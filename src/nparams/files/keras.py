"""Keras archives (.keras): a zip of config.json and a weights file -> Network.

keras-team/keras keras/src/saving/saving_lib.py.  The weights are a HDF5 file inside the archive, read in place; the
configuration is read as data and gives the layers their names and classes.  Nothing in it is looked up or run.
"""

from __future__ import annotations

from nparams.errors import FormatError, UnsupportedError, place, shown, telling
from nparams.files._hdf5 import open_file
from nparams.files._keras import config as configs
from nparams.files._keras import danger, shards, told, weights
from nparams.files._zip import Archive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.files.bytesource import ByteSource, Folder
    from nparams.network import Network

HDF5 = b"\x89HDF\r\n\x1a\n"
CONFIG, METADATA, WEIGHTS, SHARDS = "config.json", "metadata.json", "model.weights.h5", "model.weights.json"
MOST_METADATA = 65_536


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The network in a Keras archive.

    Raises FormatError for an archive that is damaged or deceives its readers, UnsupportedError for weights in another
    form than HDF5.

    >>> import io, zipfile
    >>> from base64 import b85decode
    >>> from zlib import decompress
    >>> from nparams.files.bytesource import MemorySource
    >>> weights = decompress(b85decode(
    ...     b"c-rgqaB<`1lHy|G;9!7(|4<;r2;tv=iZ9ZtSiyh;_<OhnF)_ITS&SkK3`|T6j7(4&W*7|=7gUgEU;*<K7{oak#Or}94k4f%q"
    ...     b"XATv1e6wx5p_eDs|jQ=2_d@;2H5z4HcB!uGBOx=K(#teHr9sf)4{Dz2%?XLp)9eecmY&vr?js-01lWq;s"
    ... ))
    >>> held = io.BytesIO()
    >>> with zipfile.ZipFile(held, "w") as made:
    ...     made.writestr("model.weights.h5", weights)
    >>> read(MemorySource(held.getvalue(), "m.keras")).total
    6
    """
    if source.size >= 8 and source.read(0, 8) == HDF5:  # Keras 2 takes any name for a HDF5 file
        from nparams.files.hdf5 import read as read_hdf5

        return read_hdf5(source, folder, limits=limits)
    archive = Archive(source)
    parts = _weights(archive, source.name)
    held, rows, notes = _configuration(archive, source.name)
    config = None if held is None else configs.tree(held)
    version = _version(archive, source.name)
    with telling(archive.flags), telling(rows):
        roots = [open_file(archive.open(name), limits=limits) for name in parts]
        made = weights.read(roots, config, version)
    flags = [*archive.flags, *rows, *(flag for root in roots for flag in root.flags)]
    return told.finish(made, source, "keras", "Keras archive", version, flags, notes, told.called(config))


def _weights(archive: Archive, name: str) -> list[str]:
    """The members with the weights: one file, or the shards that a map names."""
    if WEIGHTS in archive:
        return [WEIGHTS]
    if SHARDS not in archive:
        raise _without_weights(name, archive.names)
    parts = shards.files(archive.whole(SHARDS, shards.MOST_MAP), name)
    missing = [part for part in parts if part not in archive]
    if missing:
        raise FormatError(f"{place(name)}: {SHARDS} names {shown(missing[0])}, which is not in the archive")
    return parts


def _configuration(archive: Archive, name: str) -> tuple[dict[str, Any] | None, list[dict[str, str]], list[str]]:
    """(config.json, flags, notes)."""
    if CONFIG not in archive:
        return None, [], [f"the archive has no {CONFIG}: layers are named as the weights file names them"]
    size = archive.member(CONFIG).size
    if size > configs.MOST_CONFIG:
        return None, [], [f"{CONFIG} takes {size:,} bytes and is not read: layers keep the weights file's names"]
    held = configs.parse(archive.whole(CONFIG, configs.MOST_CONFIG), name, CONFIG)
    return held, danger.flags(held, CONFIG), []


def _version(archive: Archive, name: str) -> str | None:
    if METADATA not in archive or archive.member(METADATA).size > MOST_METADATA:
        return None
    version = configs.parse(archive.whole(METADATA, MOST_METADATA), name, METADATA).get("keras_version")
    return version[:40] if isinstance(version, str) else None


def _without_weights(name: str, names: list[str]) -> FormatError | UnsupportedError:
    if "model.weights.npz" in names:
        return UnsupportedError(
            f"{place(name)}: its weights are model.weights.npz, pickled objects that Keras itself no longer loads; "
            "load it where it was made and save it again with weights in HDF5"
        )
    return FormatError(f"{place(name)}: a zip archive without {WEIGHTS}. Not a Keras archive, or cut short?")
