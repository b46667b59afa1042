"""An event loop for whoever is no coroutine, also where another loop runs already, as in a notebook.

It runs in a thread of its own, which Ctrl-C never meets: KeyboardInterrupt in the midst of a loop's own work leaves it
such that it can be neither gone on with nor ended well.
"""

from __future__ import annotations

import asyncio

from nparams.fleet._threads import Daemons, result_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any, TypeVar

    Result = TypeVar("Result")


class Driven:
    """An event loop that runs while it is called, and rests between."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        #: one, so that who was interrupted may call again: that begins when the last call has ended
        self._thread = Daemons(1, "nparams-loop")

    def call(self, function: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """What a coroutine function returns."""
        return result_of(self._thread, lambda: self._loop.run_until_complete(function()))

    def close(self) -> None:
        """Let go of it, when nothing is under way any more."""
        self._loop.close()
        self._thread.shutdown()
