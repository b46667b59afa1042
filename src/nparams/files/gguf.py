"""GGUF (ggml, llama.cpp): one file or a split set -> Network.

Spec: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.  Read are the header, the key-value pairs and the list
of tensors: a few MB, however large the model.  Dimensions in that list are logical, so the count is exact for every
quantisation.
"""

from __future__ import annotations

from struct import Struct

from nparams.errors import FormatError, UnsupportedError, escaped
from nparams.files._gguf.sets import complete
from nparams.files._gguf.tensors import LEAST, Listing, Seen, check_places, read_listing
from nparams.files._gguf.values import HEADER_BYTES, MAGIC, PAIR_LEAST, Cursor, alignment, pairs
from nparams.files._gguf.words import describe
from nparams.network.network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._gguf.values import Value
    from nparams.files.bytesource import ByteSource, Folder

VERSIONS = (2, 3)
# A hundred times what real files have.  A tensor costs up to 900 bytes of memory here, so 256 MB hold these.
TENSORS = 200_000
MOST_TENSORS = 10_000_000
# The formats that GGUF replaced: magic as stored -> name (ggml docs/gguf.md, "Historical State of Affairs").
OLDER = {b"lmgg": "ggml", b"fmgg": "ggmf", b"tjgg": "ggjt", b"algg": "ggla"}


class Part:
    """What one file holds: its version, byte order, kept key-value pairs and tensors."""

    __slots__ = ("listing", "name", "order", "values", "version")

    def __init__(self, name: str, version: int, order: str, values: dict[str, Value], listing: Listing) -> None:
        self.name = name
        self.version = version
        self.order = order
        self.values = values
        self.listing = listing


def is_gguf(head: bytes) -> bool:
    """Whether a file that begins with `head` is GGUF.

    >>> is_gguf(b"GGUF\\x03\\x00\\x00\\x00")
    True
    """
    return head[:4] == MAGIC


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The network in a GGUF file; of a split set, the whole set, whichever file of it is given.

    `folder` holds the other files of a set; without `limits`, ten million tensors are read.  Raises FormatError for a
    file that is damaged, cut short or hostile and for a set that is incomplete or does not belong together,
    UnsupportedError for GGUF v1 and the formats before it.

    >>> from struct import pack
    >>> from nparams.files.bytesource import MemorySource
    >>> header = b"GGUF" + pack("<IQQ", 3, 1, 0)
    >>> tensor = pack("<Q13sI2QIQ", 13, b"output.weight", 2, 4, 2, 0, 0)
    >>> read(MemorySource(header + tensor + bytes(19 + 32), "tiny.gguf")).total
    8
    """
    seen = Seen(TENSORS if limits else MOST_TENSORS)
    parts = complete(source, read_part(source, seen), folder, lambda other: read_part(other, seen))
    tensors = parts[0].listing.tensors if len(parts) == 1 else [t for part in parts for t in part.listing.tensors]
    words = describe(parts, tensors)
    network = Network(
        tensors=tensors,
        source=source.name,
        form="gguf",
        read_as=words.read_as,
        notes=words.notes,
        routes=words.routes,
        also=words.also,
    )
    network.architecture = words.architecture
    return network


def read_part(source: ByteSource, seen: Seen) -> Part:
    """One file: header, key-value pairs, tensors; what it uses is added to `seen`."""
    version, order = _version(source)
    cursor = Cursor(source, 8, order)
    cursor.text_left = seen.text_left
    tensors, keys = cursor.fields(Struct(order + "QQ"), "tensor and key counts")
    for what, count, least in (("tensors", tensors, LEAST), ("keys", keys, PAIR_LEAST)):
        if count * least > cursor.left:
            raise cursor.short(f"a list of {count:,} {what}", count * least)
    if (every := tensors + len(seen.files)) > seen.most:
        raise cursor.bad("tensor count", f"{every:,} tensors, more than any real model has", 8)
    values = pairs(cursor, keys)
    aligned = alignment(cursor, values)
    listing = read_listing(cursor, tensors, seen)
    seen.text_left = cursor.text_left
    check_places(cursor, listing, -(-cursor.position // aligned) * aligned, aligned, source.size)
    return Part(source.name, version, order, values, listing)


def _version(source: ByteSource) -> tuple[int, str]:
    """The version, and the byte order that gives it: a small number read the wrong way round has no low bits."""
    name = escaped(source.name)
    head = source.read(0, min(8, source.size))
    if head[:4] in OLDER:
        older = OLDER[head[:4]]
        raise UnsupportedError(f"{name}: the {older} format, which GGUF replaced; convert it to GGUF and count that")
    if head[:4] != MAGIC:
        raise FormatError(f"{name}: magic (offset 0): {head[:4]!r} where GGUF begins with {MAGIC!r}. Not a GGUF file")
    if source.size < HEADER_BYTES:
        raise FormatError(f"{name}: the file has {source.size} bytes, a GGUF header {HEADER_BYTES}. Cut short?")
    little = int.from_bytes(head[4:], "little")
    order = "<" if little & 0xFFFF else ">"
    version = little if order == "<" else int.from_bytes(head[4:], "big")
    if version == 1:
        raise UnsupportedError(f"{name}: GGUF v1, which ggml no longer reads; convert it to v3 and count that")
    if version not in VERSIONS:
        raise FormatError(f"{name}: version (offset 4): {version:,}, where v2 and v3 are known")
    return version, order
