"""HDF5's metadata on the standard library: groups, datasets, attributes; data only where a small dataset is asked for.

Specification: "HDF5 File Format Specification Version 3.0" (support.hdfgroup.org/documentation/hdf5/latest/
_f_m_t3.html; version 4.0 for what HDF5 2.0 added), checked against HDFGroup/hdf5 src/.

>>> from nparams.files.bytesource import MemorySource
>>> open_file(MemorySource(b"not HDF5"))
Traceback (most recent call last):
nparams.errors.FormatError: <bytes>: signature (offset 0): b'not HDF5' where HDF5 begins with b'\\x89HDF\\r\\n\\x1a\\n'
"""

from nparams.files._hdf5.attributes import Attribute
from nparams.files._hdf5.objects import Dataset, Group, open_file

__all__ = ["Attribute", "Dataset", "Group", "open_file"]
