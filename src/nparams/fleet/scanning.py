"""A scan: everything below some roots, found, read and written into a table, what has not changed left out.

    find -> what changed -> an engine (this machine's processes, one event loop for elsewhere, or Dask) -> table

Units stream through with little held at a time.  Ctrl-C, an error and a kill leave what was committed, and the next
scan goes on from there.
"""

from __future__ import annotations

import os
from contextlib import closing, contextmanager
from itertools import chain
from typing import NamedTuple

from nparams.errors import ReadError, UsageError, shown
from nparams.fleet._asked import asked
from nparams.fleet._expected import Counting
from nparams.fleet._sides import sides
from nparams.fleet.batch import CONCURRENCY, check_one
from nparams.fleet.progress import Progress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from nparams.errors import NparamsError
    from nparams.fleet.finding import Roots
    from nparams.fleet.rows import Row
    from nparams.fleet.units import Unit

    #: takes rows, one after another
    Sink = Callable[[Row], None]

LOCAL, DASK = "local", "dask"
ENGINES = (LOCAL, DASK)


class Options(NamedTuple):
    """How a scan reads: None is "as the engine finds best"."""

    engine: str = LOCAL
    #: requests under way at once, in each process
    concurrency: int = CONCURRENCY
    #: processes: None is one for each core on a disk, one for what is elsewhere
    processes: int | None = None
    #: address of a Dask cluster
    scheduler: str | None = None
    tensors: bool = False
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    #: whether what could not be counted is read again, though it is as it was: a login or a permission may have come
    retry: bool = False


PLAIN = Options()


def scan(
    roots: Roots,
    out: str | None = None,
    *,
    listed: Iterable[str] = (),
    sink: Sink | None = None,
    progress: Progress | None = None,
    options: Options = PLAIN,
) -> Progress:
    """Count every model below some roots, into the table in the folder `out` where one is given; each row to `sink`.

    Roots are paths, or addresses: s3://bucket/prefix, gs://, az://, hf://org, https://host/folder/; `listed` are more
    of them that may be very many.  A rerun into the same folder reads only what has changed, and marks what has gone
    from below the roots, where all of it was looked at.  Returns the counters.  Raises ReadError where a root cannot be
    listed, after the others were read; where none is there, and for options that make no sense (UsageError), at once.

    >>> counted = scan(["docs/examples/tiny.safetensors"])
    >>> counted.rows, counted.parameters
    (1, 34)
    """
    _check(options)
    told = progress or Progress()
    found = Found(roots, listed, options, told)
    whole = found.roots
    counted = whole if listed == () else ()
    with _patience(whole, listed, told), Counting(counted, options.include, options.exclude, told):
        if out is None:
            _drain(_rows(iter(found), options, told, told.tell), told, sink or _nothing)
        else:
            _into(out, whole, found, told, options, sink or _nothing)
    told.end()
    if found.problem is not None:
        raise found.problem
    return told


def _check(options: Options) -> None:
    """UsageError for options that make no sense."""
    if options.engine not in ENGINES:
        raise UsageError(f"no engine is called {shown(options.engine)}: {' or '.join(ENGINES)}")
    if options.engine != DASK and options.scheduler is not None:
        raise UsageError(f"a scheduler is named ({shown(options.scheduler)}), which the engine dask has: --engine dask")
    if options.engine == DASK and options.processes is not None:
        raise UsageError("processes are for this machine; on a cluster its own workers are at work")
    check_one("concurrency", options.concurrency)
    check_one("processes", options.processes)


def _is_elsewhere(roots: Sequence[str], listed: Iterable[str]) -> bool:
    """Whether anything may come from elsewhere."""
    return listed != () or any("://" in root for root in roots)


@contextmanager
def _patience(roots: Sequence[str], listed: Iterable[str], told: Progress) -> Iterator[None]:
    """For a `with` block: servers that ask to be asked later are waited for, and the progress says so."""
    if not _is_elsewhere(roots, listed):
        yield
        return
    from nparams.fleet.elsewhere import PATIENCE
    from nparams.remote.http import client

    pauses = client().pauses
    told.waits = pauses.said
    with pauses.patient(PATIENCE):
        yield


def _into(out: str, roots: Sequence[str], found: Found, told: Progress, options: Options, sink: Sink) -> None:
    """Read into a table what it does not know yet."""
    from nparams.fleet._marks import marked
    from nparams.fleet.rows import ERRORS, TRANSFER
    from nparams.fleet.store import Table

    again = (TRANSFER, *(word for _, word in ERRORS)) if options.retry else (TRANSFER,)
    with Table(out, tensors=options.tensors, again=again) as table:
        if table.note:
            told.say(table.note)

        def is_changed(unit: Unit) -> bool:
            known = table.is_known(unit)
            told.known += known
            return not known

        def both(row: Row) -> None:
            sink(row)
            table.add(row)

        def tick() -> None:
            told.tell()
            table.tick()

        found.tick = tick
        _drain(_rows(filter(is_changed, marked(found, table.holds)), options, told, tick), told, both)
        done = table.finish(found.is_complete, roots, found.looked_at)
        told.gone = done.gone


def _drain(rows: Iterator[Row], told: Progress, sink: Sink) -> None:
    with closing(rows):  # type: ignore[type-var]
        for row in rows:
            sink(row)
            told.row(row)


def _rows(units: Iterator[Unit], options: Options, told: Progress, tick: Callable[[], None]) -> Iterator[Row]:
    """The rows of units, by the engine that was asked for; `tick` is called now and then, also where none come."""
    if options.engine == DASK:
        from nparams.fleet import on_dask

        yield from on_dask.run(
            units, scheduler=options.scheduler, concurrency=options.concurrency, tensors=options.tensors, tell=told.say,
            tick=tick,
        )  # fmt: skip
        return
    from nparams.fleet import here

    for is_remote, group in sides(units):
        how = (here.AWAY if is_remote else here.DISK)._replace(concurrency=options.concurrency, tensors=options.tensors)
        processes = options.processes or 1 if is_remote else options.processes
        yield from here.rows_of(group, how, processes=processes, tick=tick)


def _nothing(row: Row) -> None:
    """A row that nobody wants beside the table."""


class Found:
    """The units below the roots; of a root that cannot be listed the problem is kept, and the others are read."""

    def __init__(self, roots: Roots, listed: Iterable[str], options: Options, told: Progress) -> None:
        from nparams.fleet.finding import Finder, whole

        self._chosen = bool(options.include or options.exclude)
        #: what could not be looked into
        self._closed: list[str] = []
        self._problems: list[NparamsError] = []
        self._told = told
        #: the roots by their whole paths and addresses
        self.roots = [whole(root) for root in ([roots] if isinstance(roots, (str, os.PathLike)) else roots)]
        _check_roots(self.roots, listed)
        finder = Finder(options.include, options.exclude)
        self._units = chain(finder.typed(self.roots, self._failed), finder.listed(listed))
        self._is_elsewhere = _is_elsewhere(self.roots, listed)
        #: is called while none comes from elsewhere
        self.tick = told.tell

    def __iter__(self) -> Iterator[Unit]:
        for unit in asked(self._units, self.tick) if self._is_elsewhere else self._units:
            if unit.problem:
                self._closed.append(f"{unit.uri.rstrip('/')}/")  # a store's ends with one, beside the model's there
            yield unit

    def _failed(self, root: str, problem: NparamsError) -> None:
        self._closed.append(f"{root.rstrip('/')}/")
        self._problems.append(problem)
        if len(self.roots) > 1:
            self._told.say(f"not listed: {problem}")

    @property
    def problem(self) -> NparamsError | None:
        """What is to be raised when all was read, because a root could not be listed."""
        if len(self._problems) < 2:
            return self._problems[0] if self._problems else None
        return ReadError(f"{len(self._problems):,} places could not be listed; the first: {self._problems[0]}")

    @property
    def is_complete(self) -> bool:
        """Whether all below the roots was looked for, and not what some patterns chose."""
        return not self._chosen

    def looked_at(self, uri: str) -> bool:
        """Whether a place was looked into."""
        return not f"{uri}/".startswith(tuple(self._closed))


def _check_roots(roots: Sequence[str], listed: Iterable[str]) -> None:
    """ReadError where no root is there: nothing is begun then."""
    from nparams.fleet.finding import check

    problems = []
    for root in roots:
        try:
            check(root)
        except ReadError as problem:
            problems.append(problem)
    if problems and len(problems) == len(roots) and listed == ():
        raise problems[0]
