"""Every model below some roots, one Unit each: what a scan is to read.

A root is a folder or a file of this machine, a bucket or a part of one (s3://, gs://, az://), an organisation or a
model of a hub (hf://), a web server's listing (https://…/), or the address of one file.  Names alone decide what is a
model; no file is opened.  Which folders are one model: `_find/whole.py`; which files are one set: `_find/sets.py`.
Units come while the walk goes on, and what is held at a time is bounded: `_find/tree.py`.
"""

from __future__ import annotations

import os
from itertools import chain, islice

from nparams._claims import ADDRESS, SCHEMES, SUFFIXES, is_address
from nparams.errors import FetchError, ReadError, UsageError, shown
from nparams.fleet._find.globs import Globs
from nparams.fleet._find.local import kind_of, walked
from nparams.fleet._find.seen import Seen
from nparams.fleet._find.sets import bare_file
from nparams.fleet._find.single import Beside, at_address, set_of
from nparams.fleet._find.tree import Trouble, units_in, unlisted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from nparams.errors import NparamsError
    from nparams.fleet.units import Entry, Unit

    Root = str | os.PathLike[str]
    Roots = Root | Iterable[Root]
    #: is told of a root that cannot be listed, and why
    Failed = Callable[[str, NparamsError], None]

#: roots in a list of at most so many were typed by somebody: a wrong one is refused before anything is read
MOST_TYPED = 1_000
#: a file that means the folder that it lies in
ENTRIES = frozenset((
    "saved_model.pb", "_METADATA", "_CHECKPOINT_METADATA", "manifest.ocdbt", ".metadata", "Manifest.json",
    "model_index.json", "modules.json", "coremldata.bin",
))  # fmt: skip


def find(roots: Roots, *, include: Iterable[str] = (), exclude: Iterable[str] = ()) -> Iterator[Unit]:
    """Every model below the roots, each once, as units to be read; roots are taken as they come, however many.

    Patterns are globs on the path below a root, or on the bare name.  They choose models and change none: see
    `_find/choosing.py`.  Folders that `exclude` names are not looked into; a file that a pattern of `include` names
    (`*.dat`, not `mine/*`) is found whatever its ending is.
    A folder that may not be looked into is a unit with `problem`.

    Raises UsageError for an address of no known kind and ReadError for a path that is not there, both at once, and
    FetchError where a store or server that is asked does not list a root, as soon as its turn comes.  Of a list of more
    than 1,000 roots, or an iterator, such a root is a unit with `problem`, and the others are found.

    >>> [unit.kind for unit in find(["https://host/a/m.safetensors", "https://host/a/n-00001-of-00002.safetensors"])]
    ['file', 'shards']
    """
    finder = Finder(include, exclude)
    if isinstance(roots, (str, os.PathLike)):
        roots = [roots]
    if not isinstance(roots, (list, tuple)) or len(roots) > MOST_TYPED:
        return finder.listed(roots)
    typed = [whole(root) for root in roots]
    for root in typed:
        check(root)
    return finder.typed(typed, _raised)


class Finder:
    """Finds models below roots, one after another; what lies below two of them is found once."""

    def __init__(self, include: Iterable[str], exclude: Iterable[str]) -> None:
        self._globs = Globs(*([each] if isinstance(each, str) else each for each in (include, exclude)))
        self._seen, self._beside = Seen(), Beside()
        #: sets of which a file was given by its address, so that nobody knows how they are listed
        self._sets: set[str] = set()

    def typed(self, roots: Iterable[str], failed: Failed) -> Iterator[Unit]:
        """The units below whole roots; `failed` is told of one that cannot be listed, and the others go on."""
        for root in roots:
            try:
                yield from self._of(root)
            except (ReadError, UsageError) as problem:
                failed(root, problem)

    def listed(self, roots: Iterable[Root]) -> Iterator[Unit]:
        """The same of roots as they come from a list; one that cannot be listed is a unit with a problem."""
        for given in roots:
            root = os.fspath(given)
            try:
                root = whole(given)
                yield from self._of(root)
            except (ReadError, UsageError) as problem:
                yield unlisted(root, str(problem))

    def _of(self, root: str) -> Iterator[Unit]:
        top = root.rstrip("/")
        if not self._seen.enter(top or root):
            return
        for unit in _below(root, self._globs, self._beside):
            inside = unit.uri == top or unit.uri.startswith(f"{top}/")
            # what stands for the root, the whole set of a shard, is remembered under its own name
            if not self._seen.holds(unit.uri, top) if inside else self._seen.enter(unit.uri):
                yield from self._once(unit)

    def _once(self, unit: Unit) -> Iterator[Unit]:
        """The unit, but for a set of shards of which another file was given before by its address."""
        name = set_of(unit)
        if name is None or name not in self._sets:
            yield unit
        if name is not None and unit.listing.partial:
            self._sets.add(name)


def _raised(root: str, problem: NparamsError) -> None:
    raise problem


def whole(given: Root) -> str:
    """A root as it stands in its units: a path from the top, an address with its scheme's usual name."""
    root = os.fspath(given)
    if not is_address(root):
        return _path(root)
    scheme, _, rest = root.strip().partition(ADDRESS)
    scheme = scheme.lower()
    if scheme == "file" and rest.removeprefix("localhost").startswith("/"):
        from urllib.parse import unquote

        return os.path.abspath(unquote(rest.removeprefix("localhost")))  # RFC 8089
    if scheme not in SCHEMES:
        known = ", ".join(f"{each}{ADDRESS}" for each in SCHEMES)
        raise UsageError(f"{shown(scheme)}{ADDRESS} is no kind of address that is known: {known}")
    if SCHEMES[scheme].form == "web" and "/" not in rest:
        rest += "/"  # all that a server lists
    return f"{_store(scheme)}{ADDRESS}{rest}"


def _path(root: str) -> str:
    scheme, mark, rest = root.strip().partition(ADDRESS)
    if mark and not rest and scheme.lower() in SCHEMES:
        raise UsageError(f"{shown(root)}: an address that names no place; for example {scheme}{ADDRESS}NAME/")
    if not root:
        raise UsageError('"": no path; . is the folder that this runs in')
    try:
        return os.path.abspath(root)
    except FileNotFoundError:
        raise ReadError(f"{shown(root)}: the folder that this runs in was removed; change to another") from None


def _store(scheme: str) -> str:
    if SCHEMES[scheme].form != "store":
        return scheme
    from nparams.remote.store import SAME

    return SAME.get(scheme, scheme)


def check(root: str) -> None:
    """ReadError where a whole root is a path that is not there."""
    if not is_address(root):
        kind_of(root)


def _below(root: str, globs: Globs, beside: Beside) -> Iterator[Unit]:
    """The units of one root, by what kind of place it is."""
    if not is_address(root):
        return _on_disk(root, globs, beside)
    form = SCHEMES[root.partition(ADDRESS)[0]].form
    return {"hub": _on_hub, "web": _on_web, "store": _in_bucket}[form](root, globs)


def _on_disk(root: str, globs: Globs, beside: Beside) -> Iterator[Unit]:
    if kind_of(root) == "folder":
        return units_in(root, os.path.basename(root), walked(root, globs), globs)
    folder, name = os.path.split(root)
    if not _fits(name, globs):
        return iter(())
    found = list(_only(_on_disk(folder, Globs(), beside), folder)) if name in ENTRIES else []
    return iter(found or beside.unit(root))


def _only(units: Iterator[Unit], folder: str) -> Iterator[Unit]:
    """The unit of a folder itself, where it is one model."""
    return islice((unit for unit in units if unit.uri == folder), 1)


def _on_hub(root: str, globs: Globs) -> Iterator[Unit]:
    from nparams.fleet._find.choosing import chosen_of_hub
    from nparams.fleet.listing import hub_units

    top = root.rstrip("/")
    for unit in hub_units(root):
        path = unit.uri.removeprefix(f"{top}/").removeprefix(f"hf{ADDRESS}") if unit.uri != top else ""
        yield from chosen_of_hub(unit, path, globs)


def _on_web(root: str, globs: Globs) -> Iterator[Unit]:
    if root.endswith("/"):
        place = root.rstrip("/")
        if "@" in place.partition("://")[2].partition("/")[0]:
            raise UsageError("the address of a folder is part of every row: give it without user and password")
        return units_in(place, place.rpartition("/")[2], _on_server(root), globs)
    if not root.partition("?")[0].endswith(SUFFIXES):
        if _is_page_of_hub(root):
            return _on_hub(root, globs)
        if _is_listed(root):
            return _on_web(f"{root}/", globs)
    unit = at_address(root)
    return iter([unit] if _fits(root.rpartition("/")[2], globs) else [])


def _on_server(root: str) -> Iterator[tuple[str, Entry | Trouble]]:
    """What a web server lists below a root; Trouble for a folder below it that it does not list."""
    from nparams.fleet.listing import web_entries

    troubles: list[tuple[str, Trouble]] = []

    def failed(path: str, problem: FetchError) -> None:
        if not path:
            raise problem
        troubles.append((path, Trouble(str(problem))))

    for found in web_entries(root, failed):
        yield from troubles
        troubles.clear()
        yield found
    yield from troubles


def _is_listed(root: str) -> bool:
    """Whether an address without a slash at its end is that of a folder that its server lists."""
    if "?" in root or "#" in root:
        return False
    try:
        next(_on_server(f"{root}/"), None)
    except FetchError:
        return False
    return True


def _is_page_of_hub(root: str) -> bool:
    from nparams.remote.address import is_hub, web_parts
    from nparams.remote.hub import endpoint

    parts = web_parts(root)
    return parts is not None and is_hub(parts, endpoint())


def _in_bucket(root: str, globs: Globs) -> Iterator[Unit]:
    folder, _, name = root.rpartition("/")
    if name not in ENTRIES and not name.endswith(SUFFIXES):
        return _below_prefix(root, globs)
    if not _fits(name, globs):
        return iter(())
    found = list(_only(_below_prefix(folder, Globs()), folder)) if name in ENTRIES else []
    return iter(found or [at_address(root)])


def _below_prefix(root: str, globs: Globs) -> Iterator[Unit]:
    from nparams.fleet._find.buckets import listed, nothing, object_at
    from nparams.remote.store import Absent, Bucket

    bucket = Bucket(root)
    key = bucket.key.rstrip("/")
    place = bucket.address(key).rstrip("/")
    entries = listed(bucket, key)
    first = next(entries, None)
    if first is not None:
        yield from units_in(place, place.rpartition("/")[2], chain([first], entries), globs)
        return
    if not key or bucket.key.endswith("/"):
        raise nothing(bucket, key)
    try:
        entry = object_at(bucket, key)
    except Absent:
        raise nothing(bucket, key) from None
    folder, _, name = place.rpartition("/")
    yield from [bare_file(folder, name, entry)] if _fits(name, globs) else []


def _fits(name: str, globs: Globs) -> bool:
    """Whether the patterns let a root pass that is one file."""
    return globs.takes(name) and not globs.drops(name)
