"""The index of a sharded model: name -> file, and what it says of the whole."""

from __future__ import annotations

from nparams.errors import FormatError, place
from nparams.files._safetensors.raw_text import bad_utf8
from nparams.files._shards.index_text import Index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import ByteSource

MOST_INDEX, MAX_INDEX = 64_000_000, 400_000_000  # bytes: by default, and with limits off
MOST_MAPPED, MAX_MAPPED = 500_000, 10_000_000  # tensors
MARK = b"\xef\xbb\xbf"


def read_index(source: ByteSource, *, limits: bool = True) -> tuple[dict[str, str], dict[str, object]]:
    """(name -> shard, metadata) of an index file, scanned pair by pair so that memory follows the map."""
    name, most = place(source.name), MOST_INDEX if limits else MAX_INDEX
    if source.size > most:
        more = "; --limits off reads more" if limits else ""
        raise FormatError(f"{name}: an index of {source.size:,} bytes; at most {most:,} are read{more}")
    raw = source.read(0, source.size)
    bad = bad_utf8(raw)
    if bad is not None:
        raise FormatError(f"{name}: not UTF-8 at byte {bad:,}, so not an index of shards")
    held = Index(raw.removeprefix(MARK), name, MOST_MAPPED if limits else MAX_MAPPED).run()
    if "weight_map" not in held:
        raise FormatError(f"{name}: no weight_map of tensor names to files, so not an index of shards")
    metadata = held.get("metadata")
    return held["weight_map"], metadata if isinstance(metadata, dict) else {}
