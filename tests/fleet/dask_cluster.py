"""A Dask cluster of processes on loopback, as people start one: a scheduler, and workers under their nannies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import nparams

ROOT = Path(__file__).resolve().parent.parent.parent
PRELOAD = Path(__file__).with_name("dask_preload.py")
#: one worker more is lost under what killed one, and the last restart is soon
SETTINGS = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1", "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False"}


def environment(**more: str) -> dict[str, str]:
    """That of a process that imports the same nparams as this one."""
    path = os.pathsep.join([str(Path(nparams.__path__[0]).parent), str(ROOT)])
    return {**os.environ, "PYTHONPATH": path, **SETTINGS, **more}


Found = TypeVar("Found")


class Cluster:
    """Its processes, and the folder where its workers write down what they read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.processes: list[subprocess.Popen[bytes]] = []
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(self.file),
                    "--idle-timeout", "120s")  # fmt: skip
        self.address = until(self._written)

    def _written(self) -> str:
        import json

        return json.loads(self.file.read_text())["address"] if self.file.exists() and self.file.read_text() else ""

    def worker(self, **more: str) -> subprocess.Popen[bytes]:
        """One worker more, with one thread, and a nanny that replaces it."""
        return self._start(
            "worker", self.address, "--nthreads", "1", "--nworkers", "1", "--host", "127.0.0.1",
            "--death-timeout", "30", "--local-directory", str(self.folder), "--preload", str(PRELOAD),
            MARKS=str(self.folder), **more,
        )  # fmt: skip

    def _start(self, what: str, *words: str, **more: str) -> subprocess.Popen[bytes]:
        log = open(self.folder / f"{what}-{len(self.processes)}.log", "wb")  # noqa: SIM115
        with log:
            started = subprocess.Popen(
                [sys.executable, "-m", "dask", what, *words, "--no-dashboard"],
                env=environment(**more), stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.processes.append(started)
        return started

    def read(self) -> list[tuple[int, str]]:
        """(process, name of the file) of everything that a worker began to read."""
        file = self.folder / "read"
        lines = file.read_text(errors="surrogateescape").split("\n")[:-1] if file.exists() else []
        return [(int(pid), name) for pid, _, name in (line.partition(" ") for line in lines)]

    def forget(self) -> None:
        """Begin a new record."""
        for name in ("read", "go"):
            (self.folder / name).unlink(missing_ok=True)

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """End a process with all that it began."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def asked(self, function: object) -> object:
        """What a function answers in the scheduler's process."""
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            return client.run_on_scheduler(function)


@contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    """A cluster with so many workers, ended afterwards."""
    made = Cluster(folder)
    try:
        for _ in range(workers):
            made.worker()
        if workers:
            until(lambda: made.asked(lambda dask_scheduler: len(dask_scheduler.workers)) == workers)
        yield made
    finally:
        for process in made.processes:
            made.stop(process)


def until(found: Callable[[], Found], seconds: float = 30) -> Found:
    """The first answer of a function that is something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := found():
            return answer
        time.sleep(0.02)
    raise AssertionError(f"nothing within {seconds} s")
