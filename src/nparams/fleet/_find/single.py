"""A root that is one file: its unit, with the files beside it that it is read with."""

from __future__ import annotations

import os

from nparams._claims import FILES
from nparams.files._folder.endings import endings_of
from nparams.files._folder.inventory import INDEX, form_of
from nparams.files.shards import shard_of
from nparams.fleet._find.local import entry_of, fence_of
from nparams.fleet._find.sets import NEAR, Set, Units, inventory, sets_of
from nparams.fleet._find.tree import MOST_FILES, Trouble
from nparams.fleet.reading import BESIDE as SETTINGS
from nparams.fleet.units import FILE, SHARDS, WEB, Entry, Listing, Unit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

#: what is known of a file that is named by its address alone, before it is read
UNKNOWN = Entry(None, "")
#: shards that a set may be said to have, where nobody has seen them
MOST_UNSEEN = 2_000
MOST_NEAR = 1_000  # names in a folder, for each file that is read with any of those beside it


class Beside:
    """Files of this machine that are given one by one; the folder of the last one is kept, as they come together."""

    __slots__ = ("_folder", "_names", "_sets")

    def __init__(self) -> None:
        self._folder = ""
        self._names: list[str] = []
        self._sets: dict[str, Set] = {}

    def unit(self, path: str) -> Iterator[Unit]:
        """The unit of a file: of a shard or an index the whole set; none where it went away."""
        folder, name = os.path.split(path)
        self._look_into(folder)
        found = self._sets.get(name) or _alone(folder, name)
        fence, files = fence_of(folder), {}
        # a file that is given is read wherever a link leads; those beside it only where they lie there
        own = os.path.join(os.path.dirname(os.path.realpath(path)), "")
        for each in dict.fromkeys((*found.names, *SETTINGS, *self._near(found))):
            entry = entry_of(os.path.join(folder, each), own if each == name else fence)
            if entry is not None and not isinstance(entry, Trouble):
                files[each] = entry
        if found.names[0] in files:
            yield Units(folder, files).of(found)

    def _look_into(self, folder: str) -> None:
        """Sort out the names in a folder, unless it is too large, or may not be listed."""
        if folder == self._folder:
            return
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            names = []
        self._folder, self._names = folder, names if len(names) <= MOST_FILES else []
        held = sets_of(inventory(self._names))
        self._sets = {name: each for each in held for name in each.names}

    def _near(self, found: Set) -> list[str]:
        ending = NEAR.get(found.form)
        if ending is None or len(self._names) > MOST_NEAR:
            return []
        return [name for name in self._names if name.endswith(ending)]


def _alone(folder: str, name: str) -> Set:
    """The set of a file whose folder says nothing of it."""
    shard = shard_of(name)
    if shard is None or shard.count > MOST_UNSEEN:
        return Set(FILE, (name,), "")
    there = [each for each in shard.names() if os.path.lexists(os.path.join(folder, each))]
    return Set(SHARDS, tuple(there), "")


def at_address(address: str) -> Unit:
    """The unit of a file elsewhere, without asking for it: size and mark are those of the answer when it is read.

    The other shards of a set are known by their names.

    >>> at_address("s3://bucket/a/m-00002-of-00003.gguf").names
    ('m-00001-of-00003.gguf', 'm-00002-of-00003.gguf', 'm-00003-of-00003.gguf')
    """
    is_web = address.startswith(WEB)  # in a store a key may hold any character
    path, _, query = address.partition("?") if is_web else (address, "", "")
    origin, _, name = path.rpartition("/")
    shard = shard_of(name)
    names = [name] if shard is None or shard.count > MOST_UNSEEN else shard.names()
    files = dict.fromkeys(names, UNKNOWN)
    form = form_of(name, endings_of(FILES)) or ""
    kind = SHARDS if len(names) > 1 or form.endswith("-index") else FILE
    scheme, mark, rest = origin.partition("://")
    host, slash, below = rest.partition("/")
    place = f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{below}" if is_web else origin
    return Unit(Listing(place, files, partial=True, origin=origin, query=query), kind, tuple(files))


def set_of(unit: Unit) -> str | None:
    """What an index, its shards and the whole set of them have in common; None for what is no set.

    >>> [set_of(at_address(f"s3://b/m{end}")) for end in (".bin.index.json", "-00001-of-00002.bin", ".bin")]
    ['s3://b/m.bin', 's3://b/m.bin', None]
    >>> set_of(at_address("s3://b/m.bin.index.fp16.json")), set_of(at_address("s3://b/m.fp16-00001-of-00002.bin"))
    ('s3://b/m.fp16.bin', 's3://b/m.fp16.bin')
    """
    if unit.kind != SHARDS:
        return None
    shard, index = shard_of(unit.names[0]), INDEX.fullmatch(unit.names[0])
    if index is not None:
        variant = f".{index['variant']}" if index["variant"] else ""
        return f"{unit.listing.place}/{index['stem']}{variant}{index['suffix']}"
    return unit.uri if shard is None else f"{unit.listing.place}/{shard.stem}{shard.suffix}"
