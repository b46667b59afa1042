"""A process that reads models: batches come in over its standard input, their rows go out as they are read.

Started by `here.py` alone, which says where Python looks for modules: never in the folder that is scanned.
"""

from __future__ import annotations

import os
import sys
from time import monotonic

from nparams.fleet._messages import READY, Message, get, put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nparams.fleet.rows import Row
    from nparams.fleet.units import Listing, Unit


LOOK = 1.0  # seconds between looks at whether the scan is there
SOME, LONG = 100, 1.0  # rows that are told together, seconds after which fewer are: what a scan that ends early loses


def main() -> None:
    """Answer batches until there are no more, or nobody who would hear."""
    from threading import Thread

    Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    try:
        _answer()
    except BrokenPipeError:
        os._exit(0)  # in silence: Python would still try to send what was not


def _answer() -> None:
    from nparams.fleet.batch import prepare

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what anything prints must not stand among the answers
    prepare()
    put(answers, READY)
    held: dict[int, Listing] = {}
    while True:
        try:
            message = get(sys.stdin.buffer)
        except EOFError:
            return
        assert isinstance(message, Message)
        _count(message, message.units(held), lambda rows: put(answers, rows))


def _count(message: Message, units: list[Unit], told: Callable[[list[Row]], None]) -> None:
    """Tell the rows of a batch: those of this machine together, those from elsewhere as they come; at last, none."""
    from nparams.fleet.batch import count_batch

    here, elsewhere = ([unit for unit in units if unit.is_remote is remote] for remote in (False, True))
    if here:
        told(count_batch(here, tensors=message.tensors))
    if elsewhere:
        _as_they_come(message, elsewhere, told)
    told([])


def _as_they_come(message: Message, units: list[Unit], told: Callable[[list[Row]], None]) -> None:
    from nparams.fleet.elsewhere import rows_of

    held: list[Row] = []
    since = monotonic()

    def tell() -> None:
        nonlocal since
        since = monotonic()
        if held:
            told(held)
            held.clear()

    for row in rows_of(units, concurrency=message.concurrency, tensors=message.tensors, tick=tell):
        held.append(row)
        if len(held) >= SOME or monotonic() - since > LONG:
            tell()
    tell()


def _end_with(scan: int) -> None:
    """End this process when the scan has ended, however it did: a batch may take long.  (Windows: after the batch.)"""
    import time

    while os.getppid() == scan:
        time.sleep(LOOK)
    os._exit(0)
