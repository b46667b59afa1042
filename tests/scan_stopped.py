"""nparams scan in a process of its own that gets Ctrl-C, and servers that do not answer."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event

from tests.range_server import Handler

LONG = 30.0  # seconds after which what does not happen never does


class Stall:
    """Answers no request until it is over."""

    def __init__(self) -> None:
        self.reached, self.over = Event(), Event()

    def __call__(self, handler: Handler) -> bool:
        self.reached.set()
        self.over.wait(2 * LONG)
        return False


@contextmanager
def stalling() -> Iterator[Stall]:
    """A stall for the length of a `with` block."""
    made = Stall()
    try:
        yield made
    finally:
        made.over.set()


def pressed(words: list[str], ready: Callable[[], object], text: str = "") -> tuple[int, str, str]:
    """A scan that gets Ctrl-C as soon as something is so, its standard input open: its status, and what it said."""
    child = subprocess.Popen(
        [sys.executable, "-m", "nparams", "scan", *words], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    assert child.stdin is not None
    with child:
        try:
            child.stdin.write(text)
            child.stdin.flush()
            until = time.monotonic() + LONG
            while not ready():
                assert child.poll() is None, child.communicate()
                assert time.monotonic() < until, "what was waited for did not come"
                time.sleep(0.005)
            child.send_signal(signal.SIGINT)
            child.wait(LONG)
            out, err = child.communicate()
        finally:
            child.kill()
    return child.returncode, out, err
