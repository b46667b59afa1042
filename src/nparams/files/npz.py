"""NumPy arrays in a zip archive (.npz): the first bytes of each member; compressed ones are inflated no further.

Format: numpy/lib/_npyio_impl.py, `savez`: a member NAME.npy for each array.  Flax, MLX and published vision
transformers keep weights so.
"""

from __future__ import annotations

from nparams.errors import FormatError, escaped, place, telling
from nparams.files import _npy
from nparams.files._zip import Archive
from nparams.network import Network
from nparams.stored.named import assemble, undecided

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import ByteSource, Folder
    from nparams.network import Tensor

#: arrays of one file; each costs a read of a few bytes
MAX_ARRAYS, MOST_ARRAYS = 200_000, 1_000_000
FIRST = 256  # bytes that nearly every header fits into


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The network in an .npz file: one tensor a member, by the member's name.

    Raises FormatError for a damaged archive or array, UnsupportedError for arrays of Python objects.

    >>> import io, zipfile
    >>> from nparams.files.bytesource import MemorySource
    >>> text = b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"
    >>> held = io.BytesIO()
    >>> with zipfile.ZipFile(held, "w") as made:
    ...     made.writestr("w.npy", b"\\x93NUMPY\\x01\\x00" + bytes((len(text), 0)) + text + bytes(24))
    >>> read(MemorySource(held.getvalue(), "w.npz")).total
    6
    """
    archive = Archive(source)
    arrays = [name for name in archive.names if name.endswith(".npy")]
    most = MAX_ARRAYS if limits else MOST_ARRAYS
    if len(arrays) > most:
        more = "; --limits off reads more" if limits else ""
        raise FormatError(f"{place(source.name)}: {len(arrays):,} arrays; at most {most:,} are read{more}")
    with telling(archive.flags):
        headers = {name.removesuffix(".npy"): _header(archive, name, place(source.name)) for name in arrays}
        tensors = [_npy.tensor(name, header) for name, header in headers.items()]
        made = assemble(tensors, lambda k, limit: _data(archive, headers, tensors[k], limit), folder)
    flags = [*archive.flags, *_extra(archive)]
    read_as = ", ".join(["NumPy archive", _counted(len(tensors)), *([made.scheme] if made.scheme else [])])
    return Network(
        tensors=tensors, source=source.name, form="npz", read_as=read_as, routes=made.routes, flags=flags,
        parts=made.parts, notes=[*made.notes, *undecided(tensors), *_unnamed(tensors)],
    )  # fmt: skip


def _counted(arrays: int) -> str:
    return f"{arrays:,} array{'' if arrays == 1 else 's'}"


def _header(archive: Archive, member: str, file: str) -> _npy.Header:
    name, size = f"{file}: {escaped(member)}", archive.member(member).size
    start = archive.start(member, min(FIRST, size))
    length = _npy.length_of(start, name)
    if length > size:
        raise FormatError(f"{name}: a header of {length:,} bytes, but the member has {size:,}")
    header = _npy.parse(start[:length] if length <= len(start) else archive.start(member, length), name)
    if (needs := length + header.size * header.width) != size:
        raise FormatError(f"{name}: its header announces {needs:,} bytes in all, but the member has {size:,}")
    return header


def _data(archive: Archive, headers: dict[str, _npy.Header], tensor: Tensor, limit: int) -> bytes:
    """The bytes of one small array, where a packing scheme keeps the true shape in it."""
    header = headers[tensor.name]
    length = header.size * header.width
    if length > limit:
        raise FormatError(f"{escaped(tensor.name)} takes {length:,} bytes where at most {limit:,} make sense")
    return archive.start(f"{tensor.name}.npy", header.data + length)[header.data :]


def _extra(archive: Archive) -> list[dict[str, str]]:
    """Members that are no arrays: NumPy hands them out as bytes."""
    others = [name for name in archive.names if not name.endswith((".npy", "/"))]
    told = f"{len(others):,} members are no arrays, the first {escaped(others[0])}" if others else ""
    return [{"kind": "unexpected-member", "text": told}] if others else []


def _unnamed(tensors: list[Tensor]) -> list[str]:
    """What --tensors says of each array whose numbers have no name is worth one note."""
    odd = [t for t in tensors if t.dtype is None and t.role != "other"]
    return (
        [f"{len(odd):,} arrays have no named number type, the first {escaped(odd[0].name)}: {odd[0].note}"]
        if odd
        else []
    )
