"""Pickles by joblib, or compressed: arrays as bare bytes among the opcodes, whole files by zlib, gzip, bzip2 or xz.

joblib joblib/numpy_pickle.py and joblib/compressor.py; see _joblib/.  What is in them is read as pickles are.
"""

from __future__ import annotations

from nparams.files import pickles
from nparams.files._joblib.packed import ZLIB, packing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import ByteSource, Folder
    from nparams.network import Network


def may_be(head: bytes) -> bool:
    """Whether a file begins as a compressed pickle does that no name tells of (joblib.dump(model, path, compress=3)).

    >>> import zlib
    >>> may_be(zlib.compress(b"\\x80\\x04\\x95" + bytes(40))), may_be(b"x\\x9c" + bytes(40))
    (True, False)
    """
    if packing(head) != ZLIB:
        return False
    import zlib

    try:
        return zlib.decompressobj().decompress(head, 2)[:1] == b"\x80"
    except zlib.error:
        return False


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The network in a file of joblib's: an estimator of scikit-learn, or arrays under names; see pickles.py.

    Raises FormatError for a damaged or hostile file, UnsupportedError for one that holds no network.
    """
    network = pickles.read(source, folder, limits=limits)
    network.form = "joblib"
    return network
