"""An event loop for whoever is no coroutine, also where another loop runs already, as in a notebook."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any, TypeVar

    Result = TypeVar("Result")


class Driven:
    """An event loop that runs while it is called, and rests between."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        #: held while it runs: who was interrupted may call again before the call in another thread has ended
        self._runs = threading.Lock()

    def call(self, function: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """What a coroutine function returns; from a thread of its own where a loop runs in this one."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return self._run(function)
        with ThreadPoolExecutor(1, "nparams-loop") as pool:
            return pool.submit(self._run, function).result()

    def _run(self, function: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        with self._runs:
            return self._loop.run_until_complete(function())

    def close(self) -> None:
        """Let go of it, when nothing is under way any more."""
        self._loop.close()
