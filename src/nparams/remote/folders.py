"""The files beside a file that lies elsewhere: opened once each, several at a time."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod

from nparams.errors import FetchError
from nparams.remote.ranges import check_bare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeVar

    from nparams.remote.ranges import RemoteFile

    Item = TypeVar("Item")
    Result = TypeVar("Result")

AT_ONCE = 16  # requests


class RemoteFolder(ABC):
    """A folder elsewhere, as a reader sees it; what kind of place it is in, a subclass knows."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._files: dict[str, RemoteFile | FetchError] = {}
        self._lock = threading.Lock()

    # -- what a kind of place answers -----------------------------------------------------------------------------

    @abstractmethod
    def fetched(self, name: str) -> RemoteFile:
        """The file of a bare name, its first range fetched; FetchError where there is none."""

    @abstractmethod
    def names(self) -> list[str]:
        """Every entry's bare name, sorted."""

    @abstractmethod
    def folders(self) -> list[str]:
        """The bare names of the folders in it, sorted."""

    @abstractmethod
    def folder(self, name: str) -> RemoteFolder:
        """The folder of that bare name."""

    def has(self, name: str) -> bool:
        """Whether there is a file of that bare name."""
        return name in self.names()

    # -- what all of them do --------------------------------------------------------------------------------------

    def open(self, name: str) -> RemoteFile:
        """The file of that bare name; asked for once, however often it is opened."""
        check_bare(name)
        with self._lock:
            found = self._files.get(name)
        if found is None:
            try:
                found = self.fetched(name)
            except FetchError as problem:
                if problem.again:
                    raise
                found = problem
            self.holds(name, found)
        if isinstance(found, FetchError):
            raise found
        return found

    def holds(self, name: str, found: RemoteFile | FetchError) -> None:
        """Keep what was found under a bare name."""
        with self._lock:
            self._files[name] = found

    def each(self, function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """The function's results for all items, in order, several at a time; the first error in order is raised."""
        held = list(items)
        if len(held) < 2:
            return [function(item) for item in held]
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(min(AT_ONCE, len(held)), "nparams") as pool:
            made = [pool.submit(function, item) for item in held]
            try:
                return [each.result() for each in made]
            except KeyboardInterrupt:
                from nparams.remote.http import client

                with client().pauses.called_off():  # the pool ends when its threads do
                    pool.shutdown(cancel_futures=True)
                raise
            finally:
                for each in made:
                    each.cancel()
