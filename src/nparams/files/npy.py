"""One NumPy array (.npy): its header; the numbers are not read.  Format: numpy/lib/_format_impl.py."""

from __future__ import annotations

from nparams.errors import FormatError, place
from nparams.files import _npy
from nparams.network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import ByteSource, Folder


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The network that one array is: a single tensor, called as the file is.

    Raises FormatError for a damaged header or missing data, UnsupportedError for Python objects and records.

    >>> from nparams.files.bytesource import MemorySource
    >>> text = b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"
    >>> read(MemorySource(b"\\x93NUMPY\\x01\\x00" + bytes((len(text), 0)) + text + bytes(24), "w.npy")).total
    6
    """
    name = place(source.name)
    length = _npy.length_of(source.read(0, min(_npy.MOST, source.size)), name)
    if length > source.size:
        raise FormatError(
            f"{name}: a header of {length:,} bytes (byte 8), but the file has {source.size:,}. Cut short?"
        )
    header = _npy.parse(source.read(0, length), name)
    held, needs = source.size - length, header.size * header.width
    if held < needs:
        raise FormatError(f"{name}: {needs:,} bytes of numbers are announced, but {held:,} are there. Cut short?")
    flags = [{"kind": "trailing", "text": f"{held - needs:,} bytes after the array"}] if held > needs else []
    found = _npy.tensor(name.removesuffix(".npy"), header)
    notes = [found.note] if found.note else []
    return Network(
        tensors=[found], source=source.name, form="npy", read_as=f"NumPy array, {header.text}", notes=notes, flags=flags
    )
