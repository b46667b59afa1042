"""What lies on a hub, or below an address of a web server that lists its folders.

`hub_units` gives the models of a hub, one unit a repository; `web_entries` gives files, for finding to sort into
models.  Both ask while they are read, one page at a time, and hold one page (of a web server: one a level of folders).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nparams.errors import FetchError
    from nparams.fleet.units import Entry, Unit

    #: is told of a folder that cannot be listed: its path below the root, and why
    Failed = Callable[[str, FetchError], object]


def hub_units(root: str) -> Iterator[Unit]:
    """The models of a hub, as units.

    ====================================  ==========================================================================
    ``hf://org``                          every model of an organisation or user, one unit a repository
    ``hf://models``, ``hf://*``           every model of the hub
    ``hf://org/model[@revision]``         this repository
    ``hf://org/model[@revision]/path``    a folder of it, or one file
    ``https://huggingface.co/...``        the page of any of these
    ====================================  ==========================================================================

    A repository is one unit whatever it holds: one without weights, or a gated one, gets a row that says so.  The stamp
    of every file is the commit that was listed, so that what has not changed costs no request of its own.

    Raises UsageError for an address of nothing, FetchError where the hub does not answer, refuses, or has no such
    model.
    """
    from nparams.fleet._listing.hub import units

    return units(root)


def web_entries(root: str, failed: Failed | None = None) -> Iterator[tuple[str, Entry]]:
    """The files below the address of a folder, as (path, entry), folder by folder and sorted as object stores sort.

    Understood are the pages of Apache, nginx, Caddy, lighttpd, IIS, Python's and Go's servers, the JSON of nginx, Caddy
    and lighttpd, and buckets that list themselves (ListBucketResult).  A path is written as in an address, so that root
    + path is one: plain text, where only `%`, `?`, `#` and what is no text stay quoted.  Sizes are those that a listing
    gives exactly, else None; stamps are etags (buckets) or times to the second (JSON), else "".

    A folder that cannot be listed is told to `failed`, and the others follow; without `failed` it is raised.  Raises
    UsageError for an address of no folder, FetchError where the root cannot be listed, or holds more than the limits.
    """
    from nparams.fleet._listing.web import entries

    return entries(root, failed)
