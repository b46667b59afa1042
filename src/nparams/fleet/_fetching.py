"""Ranges of files elsewhere for an event loop: through obstore as it is asynchronous, over HTTP in threads."""

from __future__ import annotations

import asyncio
import random

from nparams.errors import FetchError
from nparams.fleet._threads import Daemons
from nparams.remote.ranges import Part

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from nparams.fleet.units import Listing
    from nparams.remote.store import Bucket
    from nparams.remote.web import WebFile

    class Place(Protocol):
        """The files of one listing, range by range."""

        async def fetch(self, path: str, offset: int, length: int) -> Part:
            """The bytes at `offset`, fewer only at the file's end; FetchError where none come."""


TRIES = 3
FIRST_WAIT, LONGEST_WAIT = 0.5, 20.0  # seconds before another try, where the client's own tries were in vain
MOST_FILES = 1000  # files of one place whose last address is kept
WEB, HUB = ("http", "https"), ("hf",)


class Fetcher:
    """All places that a scan fetches from: `concurrency` requests are under way at most."""

    def __init__(self, concurrency: int) -> None:
        self._free = asyncio.Semaphore(concurrency)
        self._concurrency = concurrency
        self._threads: Daemons | None = None
        self._buckets: dict[str, Bucket] = {}
        #: the place of the listing that was asked for last: units come listing by listing
        self._last: tuple[Listing, Place] | None = None
        self.requests = 0
        self.fetched = 0

    def place(self, listing: Listing) -> Place:
        """Where the files of a listing are fetched from.  Raises UsageError where that needs what is not installed."""
        if self._last is None or self._last[0] is not listing:
            self._last = listing, self._made(listing)
        return self._last[1]

    def _made(self, listing: Listing) -> Place:
        scheme = listing.place.partition("://")[0].lower()
        if scheme in HUB:
            return InThreads(_hub_file(listing), self.threads())
        if scheme in WEB:
            return InThreads(_web_file(listing), self.threads())
        return InBucket(self._bucket(listing.place), listing)

    async def fetch(self, place: Place, path: str, offset: int, length: int) -> Part:
        """A range; asked for again, later each time, where the transfer failed."""
        wait = FIRST_WAIT
        for left in range(TRIES - 1, -1, -1):
            try:
                async with self._free:
                    self.requests += 1
                    part = await place.fetch(path, offset, length)
                    self.fetched += len(part.data)
                    return part
            except FetchError as problem:
                if not (problem.again and left):
                    raise
            await asyncio.sleep(wait * random.uniform(0.5, 1.5))
            wait = min(4 * wait, LONGEST_WAIT)
        raise AssertionError("unreachable")

    def threads(self) -> Daemons:
        """The threads that wait for answers over HTTP."""
        if self._threads is None:
            self._threads = Daemons(self._concurrency, "nparams-fetch")
        return self._threads

    def close(self) -> None:
        """Let go of threads; what is under way is not waited for."""
        if self._threads is not None:
            self._threads.shutdown()

    def _bucket(self, address: str) -> Bucket:
        from nparams.remote.store import Bucket

        root = "/".join(address.split("/", 3)[:3])
        if root not in self._buckets:
            self._buckets[root] = Bucket(f"{root}/")
        return self._buckets[root]


class InBucket:
    """Objects of a store whose keys begin with the listing's place."""

    __slots__ = ("_bucket", "_listing", "_prefix")

    def __init__(self, bucket: Bucket, listing: Listing) -> None:
        self._bucket = bucket
        self._listing = listing
        inside = listing.place.split("/", 3)
        self._prefix = f"{inside[3]}/" if len(inside) > 3 and inside[3] else ""

    async def fetch(self, path: str, offset: int, length: int) -> Part:
        """A range; of a listed object's beginning without asking for its mark again."""
        import obstore

        entry, key = self._listing.files.get(path), self._prefix + path
        store = self._bucket.store
        try:
            if offset == 0 and entry is not None and entry.size is not None:
                end = min(length, entry.size)
                data = await obstore.get_range_async(store, key, start=0, end=end) if end else b""
                return Part(memoryview(data), entry.size)  # not copied: a reader takes a part of it
            got = await obstore.get_async(store, key, options=_wanted(offset, length, entry and entry.stamp))
            return Part(bytes(await got.bytes_async()), int(got.meta["size"]), got.meta.get("e_tag"))
        except Exception as problem:
            return await self._again(path, offset, length, problem)

    async def _again(self, path: str, offset: int, length: int, problem: Exception) -> Part:
        """What a failure means; where the bucket lies in another region, the range from there."""
        from nparams.remote.store import failed, is_empty

        if offset == 0 and await asyncio.to_thread(is_empty, self._bucket, self._prefix + path, problem):
            return Part(b"", 0)
        if await asyncio.to_thread(self._bucket.moved, problem):
            return await self.fetch(path, offset, length)
        name = self._listing.address(path)
        if type(problem).__name__ == "PreconditionError":
            raise FetchError(f"{name}: the file was changed while it was read; try again", again=True) from None
        raise failed(name, problem) from None


def _wanted(offset: int, length: int, stamp: str | None) -> Any:
    quoted = stamp if stamp and stamp.startswith('"') else None
    return {"range": (offset, offset + length), **({"if_match": quoted} if quoted else {})}


def _web_file(listing: Listing) -> Callable[[str], WebFile]:
    """What makes the files of a web server's listing."""
    from urllib.parse import quote

    from nparams.remote.web import WebFile, words

    def made(path: str) -> WebFile:
        query = f"?{listing.query}" if listing.query else ""
        return WebFile(f"{listing.origin}/{quote(path, safe='/%')}{query}", listing.address(path), {}, words)

    return made


def _hub_file(listing: Listing) -> Callable[[str], WebFile]:
    """What makes the files of a repository, or of a folder in one, of the very commit that was listed."""
    from nparams.remote.address import of_hub
    from nparams.remote.hub import Files

    wanted = of_hub(listing.place.replace("%", "%25"))  # a place is written as it is, and an address is unquoted
    files, start = Files(wanted), f"{wanted.path}/" if wanted.path else ""
    commit = next((entry.stamp for entry in listing.files.values()), "")
    if commit.isalnum():
        files.revision = commit

    def made(path: str) -> WebFile:
        return files.web(start + path)

    return made


class InThreads:
    """Files that are fetched by calls that wait: one thread each."""

    __slots__ = ("_file", "_files", "_threads")

    def __init__(self, file: Callable[[str], WebFile], threads: Daemons) -> None:
        self._file = file
        self._files: dict[str, WebFile] = {}
        self._threads = threads

    async def fetch(self, path: str, offset: int, length: int) -> Part:
        """A range, when a thread is free."""
        file = self._files.get(path)
        if file is None:
            file = self._files[path] = self._file(path)
            if len(self._files) > MOST_FILES:
                self._files.pop(next(iter(self._files)))
        return await asyncio.get_running_loop().run_in_executor(self._threads, file.fetch, offset, length)
