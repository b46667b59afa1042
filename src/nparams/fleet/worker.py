"""A process that reads models: batches come in over its standard input, their rows go out.

Started by `here.py` alone, which says where Python looks for modules: never in the folder that is scanned.
"""

from __future__ import annotations

import os
import sys

from nparams.fleet._messages import READY, Message, get, put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.fleet.units import Listing


LOOK = 1.0  # seconds between looks at whether the scan is there


def main() -> None:
    """Answer batches until there are no more, or nobody who would hear."""
    from threading import Thread

    Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    try:
        _answer()
    except BrokenPipeError:
        os._exit(0)  # in silence: Python would still try to send what was not


def _answer() -> None:
    from nparams.fleet.batch import count_batch, prepare

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
        units = message.units(held)
        put(answers, count_batch(units, concurrency=message.concurrency, tensors=message.tensors))


def _end_with(scan: int) -> None:
    """End this process when the scan has ended, however it did: a batch may take long.  (Windows: after the batch.)"""
    import time

    while os.getppid() == scan:
        time.sleep(LOOK)
    os._exit(0)
