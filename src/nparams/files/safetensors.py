"""safetensors: eight bytes of length, a JSON header of names, shapes and places, then the numbers.

Specification: huggingface/safetensors README.md; the checks are those of safetensors/src/tensor.rs (`read_metadata`,
`validate`).  Nothing but the header is read, apart from a few bytes where a packing scheme keeps the true shape in a
tensor.
"""

from __future__ import annotations

from nparams.errors import FormatError, bare_name, place, shown
from nparams.files._safetensors.header import scan
from nparams.files.said import declared_in, say_total, told
from nparams.network import Network
from nparams.stored.named import assemble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._safetensors.spec import Header
    from nparams.files.bytesource import ByteSource, Folder

LENGTH_BYTES = 8
MOST_HEADER = 25_000_000  # what clients of model hubs read
MAX_HEADER = 100_000_000  # the format's own limit (MAX_HEADER_SIZE)


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The network in one safetensors file; `folder` holds the files beside it (a config.json may tell the packing).

    Raises FormatError for a header that breaks the format, with the field and the place; `limits=False` reads headers
    up to the format's own limit.

    >>> from nparams.files.bytesource import MemorySource
    >>> header = b'{"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}'
    >>> read(MemorySource(len(header).to_bytes(8, "little") + header + bytes(24))).total
    6
    """
    header = read_header(source, limits=limits)
    data = lambda k, limit: data_of(source, header, k, limit)  # noqa: E731
    made = assemble(header.tensors, data, folder, header.hints, header.metadata)
    network = Network(
        tensors=header.tensors, source=source.name, form="safetensors", notes=[*made.notes, *shard_notes(source.name)],
        read_as=told("safetensors", len(header.tensors), made.scheme), routes=made.routes, parts=made.parts,
    )  # fmt: skip
    if header.metadata:
        say_total(network, declared_in(header.metadata), "the file")
    return network


def read_header(source: ByteSource, *, limits: bool = True) -> Header:
    """The checked header of a safetensors file."""
    name, size = place(source.name), source.size
    if size < LENGTH_BYTES:
        raise FormatError(f"{name}: {size} bytes is too short for a safetensors file (its header length alone takes 8)")
    length = int.from_bytes(source.read(0, LENGTH_BYTES), "little")
    if length > size - LENGTH_BYTES:
        raise FormatError(
            f"{name}: header says {length:,} bytes at offset 0, but the file has {size:,}. "
            "Not a safetensors file, or a cut download"
        )
    if length > (MOST_HEADER if limits else MAX_HEADER):
        more = f" at most {MOST_HEADER:,} are read; --limits off reads" if limits else ""
        raise FormatError(f"{name}: a header of {length:,} bytes;{more} up to the format's own limit of {MAX_HEADER:,}")
    return scan(source.read(LENGTH_BYTES, length), size - LENGTH_BYTES - length, source.name, limits)


def data_of(source: ByteSource, header: Header, k: int, limit: int) -> bytes:
    """The bytes of one small tensor (a packed weight's shape, a quantisation state)."""
    start, length = header.starts[k], header.ends[k] - header.starts[k]
    if length > limit:
        name = shown(header.tensors.names[k])
        raise FormatError(f"{place(source.name)}: {name} takes {length:,} bytes where at most {limit:,} make sense")
    return source.read(LENGTH_BYTES + header.length + start, length)


def shard_notes(name: str) -> list[str]:
    """A note when the file is one shard of a set."""
    if "-of-" not in name:
        return []
    from nparams.files.shards import shard_of

    found = shard_of(bare_name(name))
    if found is None or found.count == 1:
        return []
    return [f"this is shard {found.number} of {found.count} only; for the whole model give its index or its directory"]
