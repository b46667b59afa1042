"""A sharded safetensors model: `model.safetensors.index.json` maps each tensor's name to the file that holds it.

The index names files, so it is not trusted: a bare name in the same folder, nothing else.  The shards' own headers are
what is counted; the index must agree with them name by name.
"""

from __future__ import annotations

from nparams.errors import FormatError, ReadError, place, shown
from nparams.files.index_text import Index
from nparams.files.named import Entry, assemble
from nparams.files.safetensors import data_of, read_header, told
from nparams.files.safetensors_header import Header
from nparams.network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import ByteSource, Folder

MAX_INDEX = 400_000_000
MAX_SHARDS = 100_000


def read(source: ByteSource, folder: Folder | None = None) -> Network:
    """The whole network of an index file and the shards beside it.

    Raises FormatError for an index that is not what it should be, or that disagrees with a shard; ReadError for a shard
    that is not there.
    """
    weight_map, metadata = read_index(source)
    if folder is None:
        raise ReadError(f"{place(source.name)}: an index alone holds no shapes; its shards must lie beside it")
    shards = list(dict.fromkeys(weight_map.values()))
    if len(shards) > MAX_SHARDS:
        raise FormatError(f"{place(source.name)}: names {len(shards):,} shards; at most {MAX_SHARDS:,} are read")
    network = read_set(shards, folder, source.name, weight_map)
    declared = metadata.get("total_parameters")
    if type(declared) is int and declared >= 0:
        _compare(network, declared)
    return network


def read_index(source: ByteSource) -> tuple[dict[str, str], dict[str, object]]:
    """(name -> shard, metadata) of an index file, scanned pair by pair so that memory follows the map."""
    name = place(source.name)
    if source.size > MAX_INDEX:
        raise FormatError(f"{name}: an index of {source.size:,} bytes; at most {MAX_INDEX:,} are read")
    try:
        text = source.read(0, source.size).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(f"{name}: not UTF-8 at byte {error.start}, so not an index of shards") from None
    held = Index(text, name).run()
    if "weight_map" not in held:
        raise FormatError(f"{name}: no weight_map of tensor names to files, so not an index of shards")
    metadata = held.get("metadata")
    return held["weight_map"], metadata if isinstance(metadata, dict) else {}


def read_set(shards: list[str], folder: Folder, name: str, weight_map: dict[str, str] | None = None) -> Network:
    """The network that lies in several safetensors files."""
    entries: list[Entry] = []
    origin: dict[str, tuple[str, Header]] = {}
    files: list[tuple[str, Header]] = []
    unmapped = 0
    for shard in shards:
        header = _open(shard, folder, name)
        files.append((shard, Header([], header.metadata, header.length)))
        unmapped += _collect(header, files[-1], entries, origin, weight_map, name)
    _check_map(weight_map, origin, name)
    made = assemble(entries, lambda entry, limit: _data(folder, origin[entry.name], entry, limit), folder)
    notes = [*made.notes]
    if unmapped:
        notes.append(f"{unmapped:,} tensors lie in a shard but not in the index; they are counted")
    return Network(
        tensors=made.tensors, source=name, form="safetensors", notes=notes, routes=made.routes,
        read_as=told(Header(entries, {}, 0), made.scheme, len(shards)),
    )  # fmt: skip


def _open(shard: str, folder: Folder, name: str) -> Header:
    try:
        return read_header(folder.open(shard))
    except ReadError as error:
        raise type(error)(f"{place(name)}: {error}") from None


def _collect(
    header: Header, file: tuple[str, Header], entries: list[Entry], origin: dict[str, tuple[str, Header]],
    weight_map: dict[str, str] | None, name: str,
) -> int:  # fmt: skip
    """Add a shard's entries; how many of them the index does not know."""
    shard, unmapped = file[0], 0
    for entry in header.entries:
        if entry.name in origin:
            raise FormatError(
                f"{place(name)}: {shown(entry.name)} lies in both {shown(origin[entry.name][0])} and {shown(shard)}"
            )
        origin[entry.name] = file
        if weight_map is not None and weight_map.get(entry.name) != shard:
            if entry.name in weight_map:
                told_of = shown(weight_map[entry.name])
                raise FormatError(
                    f"{place(name)}: {shown(entry.name)} should lie in {told_of}, but lies in {shown(shard)}"
                )
            unmapped += 1
    entries.extend(header.entries)
    return unmapped


def _check_map(weight_map: dict[str, str] | None, origin: dict[str, tuple[str, Header]], name: str) -> None:
    for tensor, shard in (weight_map or {}).items():
        if tensor not in origin:
            raise FormatError(f"{place(name)}: says {shown(tensor)} lies in {shown(shard)}, but it does not")


def _data(folder: Folder, file: tuple[str, Header], entry: Entry, limit: int) -> bytes:
    return data_of(folder.open(file[0]), file[1], entry, limit)


def _compare(network: Network, declared: int) -> None:
    network.also["declared"] = declared
    if network.total is not None and network.total != declared:
        network.notes.append(f"the index declares {declared:,} parameters; counted are {network.total:,}")
