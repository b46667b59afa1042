"""HDF5: models and weights of Keras, and any file of named arrays -> Network.

What Keras writes is recognised by its attributes and groups; of any other file every dataset of numbers is counted.
The layout is read by files/_hdf5: metadata only, whatever the size of the data.
"""

from __future__ import annotations

from nparams.errors import telling
from nparams.files._hdf5 import open_file
from nparams.files._keras import told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import ByteSource, Folder
    from nparams.network import Network


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The network in an HDF5 file: a Keras model or its weights, or a plain file of arrays.

    Raises FormatError for a file that is damaged, UnsupportedError for one whose data lies in other files.

    >>> from base64 import b85decode
    >>> from zlib import decompress
    >>> from nparams.files.bytesource import MemorySource
    >>> one = decompress(b85decode(
    ...     b"c-rgqaB<`1lHy|G;9!7(|4?up%3lDb)nX<DG2j6H9xg#lOm09HqX+{76B7d?6I6y7MgzqK733LMz&r&8aSjIYdLWBK2q?#B0"
    ...     b"97Rcr3GU|-4Nz#0$EH#$ZmrHHh!Ruk_?QD4CNkBt#|f*S^xk_wk7!"
    ... ))
    >>> read(MemorySource(one, "one.h5")).total
    6
    """
    root = open_file(source, limits=limits)
    with telling(root.flags):
        return told.network(root, source, folder)
