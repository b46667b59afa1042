"""Threads that wait for others: a process that ends does not wait for them, as it does for those of an executor.

concurrent/futures/thread.py, `_python_exit`: Python joins every thread of every executor before it ends, whatever
`shutdown` was told.  A server that does not answer would hold up a scan that was stopped for as long as it likes.
"""

from __future__ import annotations

import sys
import threading
from concurrent.futures import Executor, Future
from contextlib import suppress
from queue import Empty, SimpleQueue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ParamSpec, TypeVar

    Given = ParamSpec("Given")
    Result = TypeVar("Result")

    #: what a call returned, or what it raised
    Answer = tuple[Result | None, BaseException | None]
    #: a call, and the future that gets what it returns
    Call = tuple[Future[Any], Callable[[], Any]]

LOOK = 0.5  # seconds: how long Ctrl-C may take where a wait cannot be broken off


class Daemons(Executor):
    """At most so many threads, begun as they are needed, which end with the process."""

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._calls: SimpleQueue[Call | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        #: calls that are not done, queued ones too
        self._under_way = 0

    def submit(self, function: Callable[Given, Result], /, *args: Given.args, **kwargs: Given.kwargs) -> Future[Result]:
        """Call a function in a thread."""
        future: Future[Result] = Future()
        with self._lock:
            self._under_way += 1
            self._calls.put((future, lambda: function(*args, **kwargs)))
            if self._threads < min(self._under_way, self._most):
                self._threads += 1
                name = f"{self._name}-{self._threads}"
                threading.Thread(target=self._work, name=name, daemon=True).start()
        return future

    def shutdown(self, wait: bool = False, *, cancel_futures: bool = True) -> None:
        """End the threads when they are done with what they are at; what has not begun is cancelled."""
        with suppress(Empty):
            while (call := self._calls.get_nowait()) is not None:
                call[0].cancel()
        for _ in range(self._threads):
            self._calls.put(None)

    def _work(self) -> None:
        # Held here: where this thread reads it while Python ends, to let go of it would be fatal
        # (Modules/_io/bufferedio.c, `_enter_buffered_busy`)
        held = sys.stdin  # noqa: F841
        while (call := self._calls.get()) is not None:
            future, function = call
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(function())
                except BaseException as problem:
                    future.set_exception(problem)
            del call, future, function  # nothing of what was done is held while this waits
            with self._lock:
                self._under_way -= 1


def result_of(thread: Daemons, function: Callable[[], Result]) -> Result:
    """What a function returns that is called in a thread, while this one waits and can be interrupted.

    Future.result waits on a threading.Condition, which is Python code: KeyboardInterrupt in the midst of that becomes
    "RuntimeError: release unlocked lock".
    """
    answers: SimpleQueue[Answer[Result]] = SimpleQueue()
    thread.submit(_answer, function, answers)
    while True:
        with suppress(Empty):
            result, problem = answers.get(timeout=LOOK)
            break
    if problem is not None:
        raise problem
    return result  # type: ignore[return-value]


def _answer(function: Callable[[], Result], answers: SimpleQueue[Answer[Result]]) -> None:
    try:
        answers.put((function(), None))
    except BaseException as problem:
        answers.put((None, problem))
