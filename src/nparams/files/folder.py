"""A directory: the one model in it, as downloaded.  Which file was read is always said."""

from __future__ import annotations

from nparams.errors import ReadError, place, shown
from nparams.files.shards import shard_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import Folder

INDEX = ".safetensors.index.json"
#: the names that the libraries themselves give the whole model, best first
USUAL = ("model.safetensors", "diffusion_pytorch_model.safetensors", "adapter_model.safetensors")


class Choice:
    """What to read: one file, or (from a set without an index) several shards; and what to say about it."""

    __slots__ = ("file", "note", "shards")

    def __init__(self, file: str | None, shards: list[str], note: str) -> None:
        self.file = file
        self.shards = shards
        self.note = note


def choose(folder: Folder, suffixes: tuple[str, ...]) -> Choice:
    """The model in a directory: an index and its shards, the usual name, or the only model file there.

    `suffixes` are those of files that can be read.  Raises ReadError when there is none, or several with nothing to
    choose by; the message lists them.
    """
    names = folder.names()
    found = _chosen(folder.name, names, suffixes)
    if isinstance(found, list):
        return Choice(None, found, f"read from {len(found)} shards, {found[0]} to {found[-1]}; there is no index")
    left = [name for name in models(names, suffixes) if name != found and not _belongs(name, found)]
    return Choice(found, [], f"read from {found}" + (f"; not read: {_listed(left)}" if left else ""))


def _chosen(name: str, names: list[str], suffixes: tuple[str, ...]) -> str | list[str]:
    """The file to read, or the shards of a set without an index."""
    indexes = [n for n in names if n.endswith(INDEX)]
    if len(indexes) == 1 or f"model{INDEX}" in indexes:
        return f"model{INDEX}" if f"model{INDEX}" in indexes else indexes[0]
    for usual in USUAL:
        if usual in names:
            return usual
    found = models(names, suffixes)
    if len(found) == 1:
        return found[0]
    return _one_set(name, names, found)


def models(names: list[str], suffixes: tuple[str, ...]) -> list[str]:
    """The files that can be counted, by their suffixes."""
    return [n for n in names if n.endswith(suffixes)]


def _one_set(name: str, names: list[str], found: list[str]) -> str | list[str]:
    if not found:
        held = f"it holds {_listed(names)}" if names else "it is empty"
        raise ReadError(f"{place(name)}: no model that can be read in this directory; {held}")
    sets = {(s.stem, s.count, s.suffix): s for n in found if (s := shard_of(n)) is not None}
    if len(sets) == 1 and all(shard_of(n) for n in found):
        (shard,) = sets.values()
        missing = [n for n in shard.names() if n not in names]
        if missing:
            raise ReadError(f"{place(name)}: {len(missing)} of {shard.count} shards are missing: {_listed(missing)}")
        return shard.names()[0] if shard.suffix == ".gguf" else shard.names()
    raise ReadError(f"{place(name)}: several models in this directory; name one: {_listed(found)}")


def _belongs(name: str, chosen: str) -> bool:
    """Whether a file may be a shard of the set that was read: an index names its own, whatever they are called."""
    shard = shard_of(name)
    return shard is not None and (chosen.endswith(INDEX) or chosen.startswith(shard.stem))


def _listed(names: list[str], limit: int = 6) -> str:
    more = f" and {len(names) - limit:,} more" if len(names) > limit else ""
    return ", ".join(shown(n, 80)[1:-1] for n in names[:limit]) + more
