"""NeMo archives (.nemo): a tar archive with a checkpoint of PyTorch and its settings in it.

NVIDIA/NeMo nemo/core/connectors/save_restore_connector.py (`_make_nemo_file_from_folder`): `model_config.yaml`,
`model_weights.ckpt`, what the settings name; with distributed checkpoints a folder `model_weights` instead.  The
checkpoint is read where it lies in the archive; nothing is unpacked to disk, and the settings are not read.
"""

from __future__ import annotations

from nparams.errors import FormatError, UnsupportedError, escaped, place, shown
from nparams.files._joblib.packed import unpacked
from nparams.files._tar import Tar
from nparams.stored._checkpoint.model import plural

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import ByteSource, Folder
    from nparams.network import Network

CHECKPOINT, LIST = ".ckpt", ".metadata"
#: what the weights are called, whatever else ends in .ckpt
USUAL = "model_weights.ckpt"
ZIP = b"PK"
#: what the first member of a tar archive is called that is one, whatever the file is
FIRST = (b"model_config.yaml", b"./model_config.yaml", USUAL.encode(), b"./" + USUAL.encode())


def may_be(head: bytes) -> bool:
    """Whether a file begins as a tar archive of NeMo's does.

    >>> may_be(b"./model_config.yaml" + bytes(493)), may_be(b"readme.txt" + bytes(502))
    (True, False)
    """
    return head[:100].rstrip(b"\0") in FIRST


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The network of the one checkpoint in a .nemo archive.

    Raises FormatError for a damaged archive, UnsupportedError for one of several slices, or without a checkpoint.
    """
    archive = Tar(unpacked(source))
    name = _checkpoint(archive, place(source.name))
    inside = archive.open(name)
    network = _read(name, inside, limits)
    others = len(archive.members) - 1
    network.source, network.form = source.name, "nemo"
    network.read_as = f"NeMo archive, {escaped(name)}: {network.read_as}"
    if others and name.endswith(CHECKPOINT):
        network.notes.append(f"not read: {plural(others, 'other file')} of the archive (settings, tokenizers)")
    return network


def _checkpoint(archive: Tar, file: str) -> str:
    """The member that holds the weights."""
    names = [name for name in archive.members if name.endswith(CHECKPOINT)]
    lists = [name for name in archive.members if name.rpartition("/")[2] == LIST]
    usual = [name for name in names if name.rpartition("/")[2] == USUAL]
    found = usual or names or lists
    if not found:
        raise UnsupportedError(f"{file} is a tar archive without {USUAL} in it; unpack it and count a file of it")
    if len(found) > 1:
        raise UnsupportedError(
            f"{file} holds {len(found):,} checkpoints ({shown(found[0])}, {shown(found[1])} ...), each a slice of "
            "every tensor for one device, which are not joined; count the model in one piece"
        )
    return found[0]


def _read(name: str, inside: ByteSource, limits: bool) -> Network:
    """The checkpoint by its own reader."""
    from nparams.files import dcp, pytorch, pytorch_legacy

    if not inside.size:
        raise FormatError(f"{place(inside.name)}: the checkpoint in the archive is empty")
    if name.endswith(LIST):
        return dcp.read(inside, None, limits=limits)
    zipped = inside.read(0, min(len(ZIP), inside.size)) == ZIP
    if zipped:
        return pytorch.read(inside, None, limits=limits)
    return pytorch_legacy.read(inside, None, limits=limits)
