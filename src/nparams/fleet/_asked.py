"""Units that are asked for in a thread: who waits for a listing hears Ctrl-C, and is told that time goes by.

A store's listing waits in code that Python cannot interrupt (obstore), and a server may never answer.
"""

from __future__ import annotations

import threading
from itertools import islice
from queue import Empty, SimpleQueue

from nparams.fleet._threads import Daemons

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nparams.fleet.units import Unit

    #: a unit; how many were taken at last; or what went wrong
    Come = SimpleQueue[Unit | int | BaseException]

TAKEN = 32  # units that are asked for before it is looked whether they were wanted
TICK = 1.0  # seconds without any


def asked(units: Iterator[Unit], tick: Callable[[], None]) -> Iterator[Unit]:
    """The same units as they come; `tick` is called about every second while none does.

    A tick belongs to the thread that begins this: where another goes on with it, nothing is told.
    """
    come: Come = SimpleQueue()
    owner, thread = threading.current_thread(), Daemons(1, "nparams-ask")
    try:
        thread.submit(_take, units, come)
        while (found := _next(come, tick if owner is threading.current_thread() else _untold)) != 0:
            if isinstance(found, BaseException):
                raise found
            if isinstance(found, int):
                thread.submit(_take, units, come)
            else:
                yield found
    finally:
        thread.shutdown()


def _next(come: Come, tick: Callable[[], None]) -> Unit | int | BaseException:
    while True:
        try:
            return come.get(timeout=TICK)
        except Empty:
            tick()


def _take(units: Iterator[Unit], come: Come) -> None:
    """Some units, then how many they were."""
    count = 0
    try:
        for count, unit in enumerate(islice(units, TAKEN), 1):  # noqa: B007
            come.put(unit)
        come.put(count)
    except BaseException as problem:
        come.put(problem)


def _untold() -> None:
    pass
