"""Models elsewhere, many at a time in one thread: a reader says which bytes it lacks, they come, it starts again.

A reader is a pure function of bytes, so it needs no thread of its own while it waits.  One that has been started again
and again (its file is a long chain of pieces) goes on in a thread, where it waits for each range instead.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from itertools import islice

from nparams.files.bytesource import NeedBytes
from nparams.fleet._driven import Driven
from nparams.fleet._fetching import Fetcher
from nparams.fleet._passing import NotNow, most_requests, passing
from nparams.fleet._threads import Daemons
from nparams.fleet.batch import CONCURRENCY, check_one
from nparams.fleet.folder import all_of
from nparams.fleet.reading import row_of
from nparams.fleet.units import Entry
from nparams.remote.http import client
from nparams.remote.ranges import FIRST, Part, RemoteFile
from nparams.remote.store import Forked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from nparams.files.bytesource import OpenSource
    from nparams.fleet._fetching import Place
    from nparams.fleet.rows import Row
    from nparams.fleet.units import Unit

PATIENCE = 900.0  # seconds that a request waits, in all, because servers ask it to: a hub counts five minutes
MOST_STARTS = 12  # times that a reader is started again before it gets a thread
THREADS = 4  # readers that may wait in one
TAKEN = 32  # units that are taken from where they come at once
SOME, SOON = 64, 0.05  # rows that are handed on together; seconds after which fewer are
TICK = 1.0  # seconds without any
UNKNOWN = Entry(None, "")


def rows_of(
    units: Iterable[Unit], *, concurrency: int = CONCURRENCY, tensors: bool = False,
    tick: Callable[[], None] | None = None,
) -> Iterator[Row]:  # fmt: skip
    """The rows of units elsewhere, as they are done, with so many requests under way.

    Where it is left early, what is under way is given up.  `tick` is called about every second while no row comes.
    """
    check_one("concurrency", concurrency)
    loop, engine = Driven(), Engine(iter(units), concurrency, tensors)
    try:
        with client().pauses.patient(PATIENCE):
            while (done := loop.call(engine.some)) is not None:
                if not done and tick is not None:
                    tick()
                yield from done
    finally:
        with client().pauses.called_off():
            loop.call(engine.close)
        loop.close()


class Lacking(NeedBytes):
    """A range that is not here yet, of the file of a path in the unit's listing."""

    def __init__(self, path: str, offset: int, length: int) -> None:
        super().__init__(offset, length)
        self.path = path


class Later:
    """The place that the ranges of a listed file come from: they are told, and come later."""

    __slots__ = ("_path",)

    def __init__(self, path: str) -> None:
        self._path = path

    def fetch(self, offset: int, length: int) -> Part:
        """Raise Lacking."""
        raise Lacking(self._path, offset, length)


class Engine:
    """The units that are being read, each in a task of one event loop."""

    def __init__(self, units: Iterator[Unit], concurrency: int, tensors: bool) -> None:
        self._units = units
        self._concurrency = most_requests(concurrency)
        self._tensors = tensors
        self._fetcher = Fetcher(self._concurrency)
        #: where units come from may wait (a listing): it is asked in a thread, and by one at a time
        self._finder = Daemons(1, "nparams-find")
        self._readers = Daemons(THREADS, "nparams-read")
        self._found: deque[Unit] = deque()
        self._asking = asyncio.Lock()
        self._taking: asyncio.Future[int] | None = None
        self._ended = False
        self._done: list[Row] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()

    async def some(self) -> list[Row] | None:
        """Rows that are done since the last time, none where it has waited for a while; None after the last."""
        if not self._tasks and not self._ended:
            self._tasks = {asyncio.ensure_future(self._work()) for _ in range(self._concurrency)}
        under_way = any(not task.done() for task in self._tasks)
        if not self._done and under_way:
            await self._wait()
        for task in self._tasks:
            if task.done():
                task.result()  # a listing that failed is not passed over
        done, self._done = self._done, []
        return done if done or under_way else None

    async def _wait(self) -> None:
        """Until a row is done, or a task has ended; a little longer where more are about to be."""
        self._woken.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), TICK)
        if 0 < len(self._done) < SOME:
            await asyncio.sleep(SOON)

    async def close(self) -> None:
        """Give up what is under way."""
        under_way = self._tasks | asyncio.all_tasks() - {asyncio.current_task()}  # a `some` that was interrupted too
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        if self._taking is not None:
            self._taking.cancel()  # it may never end, and would tell a loop that is closed by then
        self._fetcher.close()
        for pool in (self._finder, self._readers):
            pool.shutdown()

    async def _work(self) -> None:
        """One unit after another."""
        try:
            while (unit := await self._next()) is not None:
                row = await Reading(unit, self._fetcher, self._readers, self._tensors).row()
                self._done.append(row)  # to the list as it is now
                self._woken.set()
        finally:
            self._woken.set()

    async def _next(self) -> Unit | None:
        if not self._found:
            async with self._asking:
                while not self._found and not self._ended:
                    await self._ask()
        return self._found.popleft() if self._found else None

    async def _ask(self) -> None:
        """Begin to take some more, and wait a moment: each is there as soon as it has come."""
        if self._taking is None:
            self._taking = asyncio.get_running_loop().run_in_executor(self._finder, self._take)
        await asyncio.wait((self._taking,), timeout=SOON)
        if self._taking.done():
            taking, self._taking = self._taking, None
            self._ended = not taking.result()

    def _take(self) -> int:
        """Take some units, in the finder's thread; how many they were."""
        count = 0
        for count, unit in enumerate(islice(self._units, TAKEN), 1):  # noqa: B007
            self._found.append(unit)
        return count


class Reading:
    """One unit: the files of it that were opened, with the ranges that are here."""

    __slots__ = ("_fetcher", "_files", "_place", "_readers", "_tensors", "_unit")

    def __init__(self, unit: Unit, fetcher: Fetcher, readers: Daemons, tensors: bool) -> None:
        self._unit = unit
        self._fetcher = fetcher
        self._readers = readers
        self._tensors = tensors
        self._files: dict[str, RemoteFile | Exception] = {}
        self._place: Place | None = None

    async def row(self) -> Row:
        """The unit's row."""
        await self._begin()
        for _ in range(MOST_STARTS):
            try:
                return row_of(self._unit, self._opened, tensors=self._tensors)
            except NeedBytes as need:
                # without the frames that they were raised in: those hold this one, and with it all that was fetched
                lacking = [each.with_traceback(None) for each in all_of(need) if isinstance(each, Lacking)]
            if len(lacking) == 1:
                await self._take(lacking[0])
            else:
                await asyncio.gather(*map(self._take, lacking))
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._row_at_leisure, loop)

    async def _begin(self) -> None:
        """Fetch the beginning of a unit that is one file: its reader surely asks for that."""
        if len(self._unit.names) == 1 and not self._unit.problem:
            name = self._unit.names[0]
            try:
                file = self._opened(name)
            except Lacking as need:
                await self._take(need)
            else:
                await self._take(Lacking(name, 0, min(FIRST, file.size)))

    def _row_at_leisure(self, loop: asyncio.AbstractEventLoop) -> Row:
        """The row, in a thread: what is lacking is waited for."""

        def opened(path: str) -> OpenSource:
            file = self._files.get(path)
            if file is None:
                asyncio.run_coroutine_threadsafe(self._take(Lacking(path, 0, FIRST)), loop).result()
            file = self._opened(path)
            file.origin = Awaited(self, path, loop)
            return file

        return row_of(self._unit, opened, tensors=self._tensors)

    def _opened(self, path: str) -> RemoteFile:
        """The file of a path; with nothing in it yet where its size is known from the listing."""
        file = self._files.get(path)
        if file is None:
            entry = self._unit.listing.files.get(path)
            if entry is None or entry.size is None:
                raise Lacking(path, 0, FIRST)
            listed = Part(b"", entry.size, entry.stamp if entry.stamp.startswith('"') else None)
            file = self._files[path] = RemoteFile(self._unit.listing.address(path), Later(path), listed)
        if isinstance(file, Exception):
            if passing(file) is None:
                raise file
            raise NotNow from file
        return file

    async def _take(self, need: Lacking) -> None:
        """Fetch a range for the file that lacks it; a failure is kept, for the reader to meet."""
        if not need.length:
            return  # an empty file has its beginning
        try:
            part = await self.fetch(need.path, need.offset, need.length)
            self._keep(need, part)
        except Forked:  # so it is with every unit: the process is wrong
            raise
        except Exception as problem:  # no login for one place, an odd answer: a row that says so, and the others go on
            self._files[need.path] = problem

    def _keep(self, need: Lacking, part: Part) -> None:
        file = self._files.get(need.path)
        if isinstance(file, RemoteFile):
            file.took(need.offset, need.length, part)
            return
        listing = self._unit.listing
        self._files[need.path] = RemoteFile(listing.address(need.path), Later(need.path), part)
        if not listing.files.get(need.path, UNKNOWN).stamp:  # of what was listed the row tells what the list does
            listing.files[need.path] = Entry(part.total, part.tag or "")

    async def fetch(self, path: str, offset: int, length: int) -> Part:
        """A range of one of the unit's files."""
        if self._place is None:
            self._place = self._fetcher.place(self._unit.listing)
        return await self._fetcher.fetch(self._place, path, offset, length)


class Awaited:
    """The place that ranges come from for a reader in a thread: the event loop fetches, the thread waits."""

    __slots__ = ("_loop", "_path", "_reading")

    def __init__(self, reading: Reading, path: str, loop: asyncio.AbstractEventLoop) -> None:
        self._reading = reading
        self._path = path
        self._loop = loop

    def fetch(self, offset: int, length: int) -> Part:
        """The bytes at `offset`."""
        return asyncio.run_coroutine_threadsafe(self._reading.fetch(self._path, offset, length), self._loop).result()
