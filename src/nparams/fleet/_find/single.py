"""A root that is one file: its unit, with the files beside it that it is read with."""

from __future__ import annotations

import os

from nparams._claims import FILES
from nparams.files._folder.inventory import endings_of, form_of
from nparams.files.shards import shard_of
from nparams.fleet._find.local import entry_of, fence_of
from nparams.fleet._find.sets import Set, inventory, sets_of, unit_of
from nparams.fleet._find.tree import MOST_FILES, Trouble
from nparams.fleet.reading import BESIDE as SETTINGS
from nparams.fleet.units import FILE, SHARDS, Entry, Listing, Unit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

#: what is known of a file that is named by its address alone, before it is read
UNKNOWN = Entry(None, "")
#: shards that a set may be said to have, where nobody has seen them
MOST_UNSEEN = 2_000
#: the folder that was looked into last: files of one folder mostly come together
_LAST: list[tuple[str, dict[str, Set]]] = [("", {})]


def at_path(path: str) -> Iterator[Unit]:
    """The unit of a file of this machine: of a shard or an index the whole set; none where it went away."""
    folder, name = os.path.split(path)
    found = _sets_in(folder).get(name) or _alone(folder, name)
    fence, wanted = fence_of(folder), dict.fromkeys((*found.names, *SETTINGS))
    files = {}
    for each in wanted:
        # a file that is given is read wherever a link leads; those beside it only where they lie there
        own = os.path.join(os.path.dirname(os.path.realpath(path)), "") if each == name else fence
        entry = entry_of(os.path.join(folder, each), own)
        if entry is not None and not isinstance(entry, Trouble):
            files[each] = entry
    if found.names[0] in files:
        yield unit_of(folder, found, files)


def _sets_in(folder: str) -> dict[str, Set]:
    """The sets of a folder by the names of their files; {} for one that is too large, or may not be listed."""
    if _LAST[0][0] != folder:
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            names = []
        held = sets_of(inventory(names if len(names) <= MOST_FILES else ()), mixed=True)
        _LAST[0] = folder, {name: each for each in held for name in each.names}
    return _LAST[0][1]


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
    path, mark, query = address.partition("?")
    place, _, name = path.rpartition("/")
    shard = shard_of(name)
    names = [name] if shard is None or shard.count > MOST_UNSEEN else shard.names()
    files = {f"{each}{mark}{query}": UNKNOWN for each in names}
    form = form_of(name, endings_of(FILES)) or ""
    kind = SHARDS if len(names) > 1 or form.endswith("-index") else FILE
    return Unit(Listing(place, files, partial=True), kind, tuple(files))
