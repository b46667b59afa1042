"""Batches of units on the workers of a Dask cluster (extra `dask`), and their rows as they come back.

dask/distributed, distributed/scheduler.py `remove_worker`: what a lost worker was at is run again elsewhere, and only
that; a task under which `allowed-failures` + 1 workers were lost (4, unless the cluster's settings say otherwise) ends
in KilledWorker.  Tasks that merely shared a worker with it can end so too: such batches are read again in ever smaller
parts after all others, and no unit is called a killer before a worker was lost with nothing of ours but it on the
cluster.
"""

from __future__ import annotations

import pickle
from contextlib import ExitStack, suppress
from itertools import islice
from queue import Empty, SimpleQueue
from time import monotonic

from nparams.errors import FetchError, ReadError, UsageError, shown
from nparams.fleet._dask.cluster import connected, quiet
from nparams.fleet._dask.task import LATER, VERSION, Call, check_versions, checked
from nparams.fleet.batch import CONCURRENCY
from nparams.fleet.rows import refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from nparams.fleet.rows import Row
    from nparams.fleet.units import Unit

    Batch = list[Unit]

BATCH = 300  # units in a task: seconds of work, and little that is done twice where a worker is lost
AHEAD = 3  # batches under way for each thread of a worker: the next is there when one ends
LEAST = 4  # ... and where no worker has come yet, so that a cluster that grows with its work begins to
PARTS = 8  # of a batch under which workers died
LOOK = 1.0  # seconds between looks at how many workers there are
SOON = 2.0  # seconds that rows may take to come, twice as many each time that they do not


def run(
    units: Iterable[Unit],
    *,
    scheduler: str | None = None,
    batch: int = BATCH,
    concurrency: int = CONCURRENCY,
    tensors: bool = False,
    tell: Callable[[str], None] | None = None,
    tick: Callable[[], None] | None = None,
) -> Iterator[Row]:
    """The rows of all units, batch by batch as workers finish them: every unit once, in no order.

    `scheduler` is the address of a cluster that runs (tcp://host:8786); else DASK_SCHEDULER_ADDRESS or Dask's own
    settings name one; else processes of this machine are the workers, until the last row.  `tell` gets a line where
    the workers change; `tick` is called about every second while no rows come.  Closing the iterator, or an exception
    that ends it, takes back what is under way and leaves a cluster that was there before as it was.

    Raises UsageError where Dask is not installed or workers have another nparams, FetchError where the cluster cannot
    be reached or is lost.
    """
    with ExitStack() as stack:
        stack.enter_context(quiet())
        client = stack.enter_context(connected(scheduler))
        work = _Work(client, (concurrency, tensors), tell or _unheard, tick)
        stack.callback(work.stop)
        check_versions(client.run(*VERSION, on_error="return"))
        yield from work.rows(_cut(units, batch))


class _Work:
    """What is under way on a cluster."""

    def __init__(
        self,
        client: Any,
        options: tuple[int, bool],
        tell: Callable[[str], None],
        tick: Callable[[], None] | None = None,
    ) -> None:
        from uuid import uuid4

        self._client = client
        self._options = options
        self._tell = tell
        self._tick = tick
        #: begins the keys of the tasks; Dask's dashboard shows what stands before the first "-"
        self._name = f"count_batch-{uuid4().hex}"
        self._sent = 0
        self._under_way: dict[Any, Batch] = {}
        self._patience: dict[Any, float] = {}
        self._done: SimpleQueue[Any] = SimpleQueue()
        self._again: list[Batch] = []
        self._dead: list[Batch] = []
        self._threads: int | None = None
        self._looked = 0.0

    def rows(self, batches: Iterable[Batch]) -> Iterator[Row]:
        """The rows of all batches; see above for what becomes of those under which workers died."""
        yield from self._all(batches)
        alone: list[Batch] = []
        while self._dead:
            dead, self._dead = self._dead, []
            alone += [units for units in dead if len(units) == 1]
            yield from self._all([part for units in dead if len(units) > 1 for part in _parts(units, PARTS)])
        for units in alone:
            yield from self._all([units])
            dead, self._dead = self._dead, []
            yield from (refused(unit, _killer(unit)) for units in dead for unit in units)

    def stop(self) -> None:
        """Take back what is under way: a scheduler that has gone needs no telling."""
        taken = list(self._under_way)
        self._under_way.clear()
        with suppress(Exception):
            self._client.cancel(taken)

    def _all(self, batches: Iterable[Batch]) -> Iterator[Row]:
        left = iter(batches)
        while True:
            self._look()
            while len(self._under_way) < max(LEAST, AHEAD * (self._threads or 0)):
                units = self._again.pop() if self._again else next(left, None)
                if units is None:
                    break
                self._send(units)
            if not self._under_way:
                return
            try:
                done = self._done.get(timeout=LOOK)
            except Empty:
                if self._tick is not None:
                    self._tick()
            else:
                yield from self._result(done)

    def _look(self) -> None:
        """How many threads the workers have, asked once a LOOK: workers come and go."""
        now = monotonic()
        if self._threads is not None and now < self._looked + LOOK:
            return
        try:
            found = self._client.nthreads()
        except OSError:
            raise _lost(self._client) from None
        self._looked = now
        threads = sum(found.values())
        if threads != self._threads:
            self._tell(_told(len(found), threads))
        self._threads = threads

    def _send(self, units: Batch) -> None:
        self._sent += 1
        key = f"{self._name}-{self._sent}"
        task = pickle.dumps(Call(units, *self._options))
        future = self._client.submit(pickle.loads, task, key=key, pure=False)
        self._under_way[future] = units
        future.add_done_callback(self._done.put)

    def _result(self, future: Any) -> list[Row]:
        """The rows of a batch that is done; none yet where it is read again, or where they do not come soon."""
        from asyncio import CancelledError

        patience = self._patience.pop(future, SOON)
        try:
            packed = self._client.sync(_awaited, future, patience)
        except (Exception, CancelledError) as problem:
            if future.status == "error":
                return self._failed(self._under_way.pop(future), problem)
            if not isinstance(problem, TimeoutError):
                raise _lost(self._client) from None
            # The worker that has them was lost just now, and Dask tries its address for half a minute
            # (distributed.comm.timeouts.connect); whoever asks anew is told where they are made again.
            self._patience[future] = 2 * patience
            future.add_done_callback(self._done.put)
            return []
        return checked(pickle.loads(packed), self._under_way.pop(future))

    def _failed(self, units: Batch, problem: BaseException) -> list[Row]:
        """What becomes of a batch that ended in an exception: its parts are read, at the end where workers died."""
        from distributed import KilledWorker

        if isinstance(problem, KilledWorker):
            self._dead.append(units)
        elif isinstance(problem, UsageError):
            raise problem
        elif isinstance(problem, ModuleNotFoundError) and str(problem.name).startswith("nparams"):
            check_versions({LATER: problem})
        elif len(units) == 1:
            return [refused(units[0], problem)]
        else:
            self._again += _parts(units, 2)
        return []


async def _awaited(future: Any, seconds: float) -> bytes:
    """What a task gave.

    distributed/utils.py `sync`: a timeout given there wraps the coroutine, and Ctrl-C before that has begun leaves it
    unawaited, of which Python warns.
    """
    from asyncio import timeout

    async with timeout(seconds):
        packed: bytes = await future
        return packed


def _cut(units: Iterable[Unit], batch: int) -> Iterator[Batch]:
    left = iter(units)
    while some := list(islice(left, max(1, batch))):
        yield some


def _parts(units: Batch, most: int) -> list[Batch]:
    """A batch in at most so many parts of about one length.

    >>> [len(part) for part in _parts([None] * 300, 8)], _parts([1, 2, 3], 2)
    ([38, 38, 38, 38, 38, 38, 38, 34], [[1, 2], [3]])
    """
    return list(_cut(units, -(-len(units) // most)))


def _killer(unit: Unit) -> ReadError:
    from nparams.fleet.here import DIED

    return ReadError(f"{unit.uri}: {DIED}")


def _lost(client: Any) -> FetchError:
    return FetchError(
        f"the Dask scheduler {_address(client)} was lost, or has dropped the work: what was read is kept, and the same "
        f"command goes on with the rest",
        again=True,
    )


def _address(client: Any) -> str:
    return shown(str(getattr(client.scheduler, "address", "?")), 200)


def _told(workers: int, threads: int) -> str:
    """How many are at work, in a line.

    >>> _told(1, 4), _told(0, 0)
    ('Dask: 1 worker, 4 threads', 'Dask: no worker yet; waiting for one to join')
    """
    if not workers:
        return "Dask: no worker yet; waiting for one to join"
    return f"Dask: {workers:,} worker{'s' * (workers != 1)}, {threads:,} thread{'s' * (threads != 1)}"


def _unheard(line: str) -> None:
    pass
