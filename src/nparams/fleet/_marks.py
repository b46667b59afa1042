"""Marks of objects that were given one by one, asked for where the table holds them: what has not changed is not read.

A store's list tells them of a whole folder; of an address alone nobody has.
"""

from __future__ import annotations

from contextlib import suppress

from nparams._claims import ADDRESS, SCHEMES, STORE
from nparams.errors import FetchError, NparamsError
from nparams.fleet.units import Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from nparams.fleet.units import Unit
    from nparams.remote.store import Bucket

WINDOW, THREADS = 64, 32  # objects that are asked for together, and requests at once


def marked(units: Iterable[Unit], is_held: Callable[[Unit], bool]) -> Iterator[Unit]:
    """The units, in their order; those of objects without a mark that the table holds with one."""
    waiting: list[Unit] = []
    buckets: dict[str, Bucket] = {}
    for unit in units:
        if not (_is_bare(unit) and is_held(unit)):
            yield from _asked(waiting, buckets)
            yield unit
            continue
        waiting.append(unit)
        if len(waiting) >= WINDOW:
            yield from _asked(waiting, buckets)
    yield from _asked(waiting, buckets)


def _is_bare(unit: Unit) -> bool:
    """Whether it is an object, or several, of which only the address is known."""
    scheme, mark, _ = unit.listing.place.partition(ADDRESS)
    return unit.listing.partial and bool(mark) and SCHEMES[scheme].form == STORE


def _asked(waiting: list[Unit], buckets: dict[str, Bucket]) -> Iterator[Unit]:
    if not waiting:
        return
    from concurrent.futures import ThreadPoolExecutor

    for unit in waiting:
        _open(_root(unit), buckets)
    with ThreadPoolExecutor(min(THREADS, len(waiting)), "nparams-marks") as pool:
        list(pool.map(lambda unit: _ask(unit, buckets.get(_root(unit))), waiting))
    yield from waiting
    waiting.clear()


def _root(unit: Unit) -> str:
    return "/".join(unit.listing.place.split("/", 3)[:3])


def _open(root: str, buckets: dict[str, Bucket]) -> None:
    from nparams.remote.store import Bucket

    if root not in buckets:
        with suppress(NparamsError):  # its reader will meet it
            buckets[root] = Bucket(f"{root}/")


def _ask(unit: Unit, bucket: Bucket | None) -> None:
    """Put size and mark of its objects into its listing; what cannot be had its reader will meet."""
    if bucket is None:
        return
    from nparams.fleet._find.buckets import object_at

    below = unit.listing.place.split("/", 3)[3:]
    before = f"{below[0]}/" if below else ""
    files = unit.listing.files
    try:
        found: dict[str, Entry] = {name: object_at(bucket, before + name) for name in files}
    except FetchError:
        return
    files.update(found)
