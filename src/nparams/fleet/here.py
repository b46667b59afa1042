"""Models read by several processes of this machine: a batch each at a time, so that all cores are at work.

A worker that dies (killed, out of memory) loses no row: its batch is halved until the one model is found that no worker
survives; that becomes a row which says so.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import deque
from contextlib import closing, suppress
from itertools import chain, islice
from queue import Empty, SimpleQueue
from typing import NamedTuple

from nparams.errors import InvariantError, ReadError, UsageError
from nparams.fleet._sides import sides
from nparams.fleet.batch import CONCURRENCY, check_one, count_batch
from nparams.fleet.rows import refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from concurrent.futures import ThreadPoolExecutor

    from nparams.fleet._messages import Message
    from nparams.fleet.rows import Row
    from nparams.fleet.units import Listing, Unit

    Came = list[Row] | BaseException


class How(NamedTuple):
    """How units are handed out: some numbers that differ for a disk and for what is elsewhere."""

    #: units of one message
    batch: int
    #: units that one process reads sooner than others have started
    few: int
    #: seconds that a batch may take; then its worker is taken for lost
    longest: float
    #: requests under way at once, in each process
    concurrency: int = CONCURRENCY
    tensors: bool = False


DISK = How(batch=64, few=200, longest=300.0)  # an answer takes about a tenth of a second
AWAY = How(batch=1_000, few=2_000, longest=7_200.0)  # ... and a second, or as long as a server asks to wait
TICK = 1.0  # seconds
AHEAD = 3  # batches under way for each worker
MOST_LISTINGS = 4  # listings that a worker keeps beside those of its batch
DIED = "the process that read it died (killed, or out of memory)"
#: what a worker runs: it looks for modules where the scan does, and nowhere else; Ctrl-C is the scan's to hear
BEGIN = """
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
sys.path[:] = sys.argv[1:]
from nparams.fleet.worker import main
main()
"""
#: what Python was told to leave out of account, and how it is told so again
LEFT_OUT = (("isolated", "-I"), ("ignore_environment", "-E"), ("no_user_site", "-s"))


def rows_of(
    units: Iterable[Unit], how: How = DISK, *, processes: int | None = None, tick: Callable[[], None] | None = None
) -> Iterator[Row]:
    """The rows of units, batch by batch as they are done, by so many processes (None: one a core).

    `tick` is called about every second while none come.
    """
    check_one("concurrency", how.concurrency)
    check_one("processes", processes)
    wanted = cores() if processes is None else processes
    found = iter(units)
    first = list(islice(found, how.few)) if wanted > 1 else []
    if wanted < 2 or len(first) < how.few:
        yield from _in_this(chain(first, found), how, tick)
        return
    with Pool(wanted, how) as pool:
        yield from pool.rows(chain(first, found), tick)


def _in_this(units: Iterable[Unit], how: How, tick: Callable[[], None] | None) -> Generator[Row]:
    """The rows of units that this process reads itself, of this machine or from elsewhere."""
    for is_remote, group in sides(units):
        if is_remote:
            from nparams.fleet import elsewhere

            yield from elsewhere.rows_of(group, concurrency=how.concurrency, tensors=how.tensors, tick=tick)
        else:
            for unit in group:
                yield from count_batch([unit], tensors=how.tensors)


def cores() -> int:
    """The cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


class Pool:
    """So many workers, each spoken to by a thread of its own."""

    def __init__(self, size: int, how: How) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self._size = size
        self._how = how
        self._idle: deque[Worker] = deque()
        self._all: list[Worker] = []
        #: held while workers are entered, given out, and stopped: none lives on after that
        self._lock = threading.Lock()
        self._stopped = False
        #: rows of any batch; none, or what went wrong, at its end
        self._came: SimpleQueue[Came] = SimpleQueue()
        self._threads: ThreadPoolExecutor = ThreadPoolExecutor(size, "nparams-worker")

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._stopped = True
            self._idle.clear()
            for worker in self._all:
                worker.stop()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def rows(self, units: Iterator[Unit], tick: Callable[[], None] | None = None) -> Iterator[Row]:
        """The rows of all units as they come; batches are sent as others are done."""
        under_way = 0
        while True:
            while under_way < AHEAD * self._size and (batch := list(islice(units, self._how.batch))):
                self._threads.submit(self._read, batch)
                under_way += 1
            if not under_way:
                return
            came = self._next(tick)
            if isinstance(came, BaseException):
                raise came
            under_way -= not came
            yield from came

    def _next(self, tick: Callable[[], None] | None) -> Came:
        while True:
            try:
                return self._came.get(timeout=TICK)
            except Empty:
                if tick is not None:
                    tick()

    def _read(self, units: list[Unit]) -> None:
        """Read a batch, in a thread: its rows as they come, then none, or what went wrong."""
        try:
            self._counted(units)
            self._came.put([])
        except BaseException as problem:
            self._came.put(problem)

    def _counted(self, units: list[Unit]) -> None:
        """Read units, by a worker that is free; in halves what is left where it dies of it."""
        try:
            worker = self._free()
        except OSError:  # too few handles, too many processes: as long as that is so, this one reads
            self._counted_here(units)
            return
        done: set[str] = set()
        try:
            for rows in worker.counted(units, self._how):
                done.update(row["uri"] for row in rows)
                self._came.put(rows)
        except (EOFError, OSError):
            worker.stop()
            self._in_halves([unit for unit in units if unit.uri not in done])
        else:
            self._idle.append(worker)

    def _counted_here(self, units: list[Unit]) -> None:
        with closing(_in_this(iter(units), self._how, None)) as rows:
            for row in rows:
                self._came.put([row])
                if self._stopped:
                    break

    def _free(self) -> Worker:
        """A worker that waits for work, or a new one."""
        with self._lock:
            if self._idle:
                return self._idle.popleft()
        worker = Worker()
        with self._lock:
            if self._stopped:
                worker.stop()
                raise InvariantError("a pool that was stopped has no workers")
            self._all = [each for each in self._all if not each.has_ended]
            self._all.append(worker)
        return worker

    def _in_halves(self, units: list[Unit]) -> None:
        if len(units) == 1:
            self._came.put([refused(units[0], ReadError(f"{units[0].uri}: {DIED}"))])
            return
        middle = len(units) // 2
        for half in (units[:middle], units[middle:]):
            if half:
                self._counted(half)


class Worker:
    """One process that counts batches."""

    def __init__(self) -> None:
        from nparams.fleet._messages import get

        self._process = subprocess.Popen(_program(), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        #: the listings that it holds, by id (theirs alone as long as they are held here), the last one at the end
        self._held: dict[int, Listing] = {}
        try:
            get(self._process.stdout)  # type: ignore[arg-type]
        except (EOFError, OSError):
            self.stop()
            raise UsageError(f"a process that reads models cannot be started: {sys.executable} ended at once") from None

    def counted(self, units: list[Unit], how: How) -> Iterator[list[Row]]:
        """The rows of a batch as they come; EOFError or OSError where the process has died, or does not answer."""
        from threading import Timer

        from nparams.fleet._messages import get, put

        assert self._process.stdin is not None
        assert self._process.stdout is not None
        late = Timer(how.longest, self._process.kill)
        late.start()
        try:
            put(self._process.stdin, self._message(units, how))  # type: ignore[arg-type]
            while rows := get(self._process.stdout):  # type: ignore[arg-type]
                yield rows  # type: ignore[misc]
        finally:
            late.cancel()

    def _message(self, units: list[Unit], how: How) -> Message:
        from nparams.fleet._messages import Message

        listings = {id(unit.listing): unit.listing for unit in units}
        lacking = {number: listing for number, listing in listings.items() if number not in self._held}
        self._held |= lacking
        old = [number for number in self._held if number not in listings][:-MOST_LISTINGS]
        for number in old:
            del self._held[number]
        return Message(lacking, old, [(id(unit.listing), unit[1:]) for unit in units], how.concurrency, how.tensors)

    @property
    def has_ended(self) -> bool:
        """Whether there is no process any more."""
        return self._process.poll() is not None

    def stop(self) -> None:
        """End the process; what it was at is not waited for."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            with suppress(OSError):  # what was not sent any more
                stream.close()


def _program() -> list[str]:
    """How a worker is started.

    `-m` and `-c` look for modules in the working folder first, which may be the one that is scanned: a hashlib.py in it
    would run.  -P forbids that.
    """
    flags = [word for name, word in LEFT_OUT if getattr(sys.flags, name)]
    return [sys.executable, "-P", *flags, "-c", BEGIN, *_places()]


def _places() -> list[str]:
    """Where this process looks for modules, and where nparams lies; not "", which is the folder that it works in."""
    import nparams

    held = [os.path.abspath(path) for path in sys.path if path]
    own = os.path.dirname(os.path.abspath(nparams.__path__[0]))
    if own in held:
        return held
    return [own, *held] if "" in sys.path else [*held, own]
