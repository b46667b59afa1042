"""safetensors: eight bytes of length, a JSON header of names, shapes and places, then the numbers.

Specification: huggingface/safetensors README.md; the order of checks is that of safetensors/src/tensor.rs
(`read_metadata`, `validate`).  Nothing but the header is read, apart from a few bytes where a packing scheme keeps the
true shape in a tensor.  The header is scanned entry by entry, so memory follows the tensors, not the JSON.
"""

from __future__ import annotations

from nparams.errors import FormatError, place, shown
from nparams.files.named import Entry, assemble
from nparams.files.safetensors_header import Header, scan
from nparams.network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.files.bytesource import ByteSource, Folder

LENGTH_BYTES = 8
MAX_HEADER = 100_000_000  # the format's own limit (MAX_HEADER_SIZE)


def read(source: ByteSource, folder: Folder | None = None) -> Network:
    """The network in one safetensors file; `folder` holds the files beside it (a config.json may tell the packing).

    Raises FormatError for a header that breaks the format, with the field and the place.
    """
    header = read_header(source)
    made = assemble(header.entries, lambda entry, limit: data_of(source, header, entry, limit), folder)
    notes = [*made.notes, *shard_notes(source.name, folder)]
    also = declared(header.metadata)
    return Network(
        tensors=made.tensors, source=source.name, form="safetensors", read_as=told(header, made.scheme), notes=notes,
        routes=made.routes, also=also,
    )  # fmt: skip


def told(header: Header, scheme: str | None, shards: int = 1) -> str:
    """The print-back: how many tensors, in how many files, and how they are packed."""
    count = len(header.entries)
    parts = ["safetensors", f"{count:,} tensor{'' if count == 1 else 's'}"]
    return ", ".join([*parts, *([f"{shards} shards"] if shards > 1 else []), *([scheme] if scheme else [])])


def read_header(source: ByteSource) -> Header:
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
    if length > MAX_HEADER:
        raise FormatError(f"{name}: a header of {length:,} bytes; the format allows {MAX_HEADER:,}")
    return scan(source.read(LENGTH_BYTES, length), size - LENGTH_BYTES - length, source.name)


def data_of(source: ByteSource, header: Header, entry: Entry, limit: int) -> bytes:
    """The bytes of one small tensor (a packed weight's shape, a quantisation state)."""
    length = entry.end - entry.start
    if length > limit:
        raise FormatError(
            f"{place(source.name)}: {shown(entry.name)} takes {length:,} bytes where at most {limit} make sense"
        )
    return source.read(LENGTH_BYTES + header.length + entry.start, length)


def declared(metadata: dict[str, str]) -> dict[str, Size]:
    """A total that the file declares about itself: shown beside the count, never used."""
    text = metadata.get("total_parameters", "")
    return {"declared": int(text)} if text.isascii() and text.isdigit() and len(text) < 40 else {}


def shard_notes(name: str, folder: Folder | None) -> list[str]:
    """A note when the file is one shard of a set."""
    from nparams.files.shards import shard_of

    bare = name.replace("\\", "/").rpartition("/")[2]
    found = shard_of(bare)
    if found is None:
        return []
    return [f"this is shard {found.number} of {found.count} only; for the whole model give its index or its directory"]
