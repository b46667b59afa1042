"""Run one function on many names, each in a process of its own, forked from this one after the slow imports.

A child has a limit of time and of resident memory (address space is no measure of a framework), a process group of its
own, and an alarm that ends it should this process be gone.  What it returns comes back as JSON through a pipe; a child
that ends without a whole answer is told by how it ended.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

LOOK_S = 0.25  # how often memory and time are looked at
ROOM = 1.25  # a function may know its limit and answer in time; one that does not is ended this much later
PAGE = os.sysconf("SC_PAGE_SIZE")


class Limits(NamedTuple):
    """Seconds and bytes of resident memory that one child may take."""

    seconds: float
    bytes: int


class Outcome(NamedTuple):
    """What became of a name: `answer`, or None and `ended` says why."""

    name: str
    answer: Any
    ended: str
    seconds: float
    peak_bytes: int
    log: str


class Child:
    """A forked process at work on one name."""

    def __init__(self, work: Callable[[str], Any], name: str, limits: Limits) -> None:
        self.name, self.limits, self.started, self.stopped = name, limits, time.monotonic(), ""
        self.log = tempfile.TemporaryFile()  # noqa: SIM115  closed when the outcome is read
        self.pipe, inner = os.pipe()
        self.said = bytearray()
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if not self.pid:
            os.close(self.pipe)
            answer(work, name, inner, self.log.fileno(), limits)
        os.close(inner)
        with contextlib.suppress(OSError):  # the child does it too: whoever comes first
            os.setpgid(self.pid, self.pid)

    def listen(self) -> bool:
        """Take what the child has said; whether it is at its end."""
        chunk = os.read(self.pipe, 1 << 16)
        self.said += chunk
        return not chunk

    def look(self) -> None:
        """End a child that is over a limit."""
        if time.monotonic() - self.started > self.limits.seconds * ROOM:
            self.stop(f"no answer within {self.limits.seconds:g} s")
        elif resident(self.pid) > self.limits.bytes:
            self.stop(f"more than {self.limits.bytes / 2**30:g} GiB of memory")

    def stop(self, why: str) -> None:
        """End the child and whatever it started."""
        self.stopped = self.stopped or why
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def outcome(self) -> Outcome:
        """Wait for the end, and tell it."""
        os.close(self.pipe)
        _, status, usage = os.wait4(self.pid, 0)
        seconds = time.monotonic() - self.started
        peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        self.log.seek(0)
        log = self.log.read().decode("utf-8", "replace")
        self.log.close()
        code = os.waitstatus_to_exitcode(status)
        ended = self.stopped or ("" if code == 0 else f"ended by signal {-code}" if code < 0 else f"exit code {code}")
        return Outcome(self.name, None if ended else json.loads(self.said), ended, seconds, peak, log)


def each(work: Callable[[str], Any], names: Iterable[str], jobs: int, limits: Limits) -> Iterator[Outcome]:
    """The outcome of work(name) for every name, as they end, `jobs` at a time.

    Leaving early, by an exception, Ctrl-C or a request to end, ends the children that are at work.
    """
    gc.freeze()  # what is there now stays shared between the processes
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    waiting, running = iter(names), dict[int, Child]()
    try:
        while True:
            while len(running) < jobs and (name := next(waiting, None)) is not None:
                child = Child(work, name, limits)
                running[child.pipe] = child
            if not running:
                return
            yield from ended(running)
    finally:
        for child in running.values():
            child.stop("stopped")
            child.outcome()
        gc.unfreeze()
        signal.signal(signal.SIGTERM, before)


def ended(running: dict[int, Child]) -> Iterator[Outcome]:
    """Wait a moment; the outcomes of the children that are at their end."""
    ready, _, _ = select.select(list(running), [], [], LOOK_S)
    done = [running[pipe] for pipe in ready if running[pipe].listen()]
    for child in running.values():
        child.look()
    for child in done:
        del running[child.pipe]
        yield child.outcome()


def answer(work: Callable[[str], Any], name: str, pipe: int, log: int, limits: Limits) -> NoReturn:
    """The child's life: work, say the answer, end without the parent's clean-up."""
    code = 70
    try:
        os.setpgid(0, 0)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(int(limits.seconds * ROOM) + 10)
        os.dup2(log, 1)
        os.dup2(log, 2)
        sys.stdout = sys.stderr = open(log, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115
        text = json.dumps(work(name), allow_nan=False).encode()
        while text:
            text = text[os.write(pipe, text) :]
        code = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def resident(pid: int) -> int:
    """The bytes of memory that a process holds now; 0 where the system does not say."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError, ValueError):
        return 0
