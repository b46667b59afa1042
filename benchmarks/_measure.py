"""Measuring: two callables in turn, whole processes, and a row of the printed table."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

# What is installed has its bytecode: it is not compiled again in every process.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


class Row(NamedTuple):
    """One comparison: what was measured of ours and of the other, the ratio that the budget speaks of, and whether
    it was met."""

    name: str
    ours: str
    other: str
    ratio: str
    budget: str
    ok: bool


def not_slower(name: str, ours: float, other: float, limit: float) -> Row:
    """Ours may take at most `limit` times as long as the other; both in seconds."""
    ratio = ours / other
    return Row(name, seconds(ours), seconds(other), f"{ratio:.2f} x", f"<= {limit:g} x", ratio <= limit)


def faster(name: str, ours: float, other: float, limit: float) -> Row:
    """Ours must be at least `limit` times faster than the other; both in seconds."""
    ratio = other / ours
    return Row(name, seconds(ours), seconds(other), f"{ratio:.1f} x", f">= {limit:g} x", ratio >= limit)


def below(name: str, ours: int, other: int, limit: int) -> Row:
    """Ours must stay below `limit`; all in bytes."""
    return Row(name, megabytes(ours), megabytes(other), f"{ours / other:.2f} x", f"< {megabytes(limit)}", ours < limit)


def seconds(value: float) -> str:
    return f"{value * 1000:,.3g} ms" if value < 1 else f"{value:,.3g} s"


def megabytes(value: int) -> str:
    return f"{value / 1e6:,.0f} MB"


def paired(f: Callable[[], object], g: Callable[[], object], repeats: int) -> tuple[float, float]:
    """The median seconds of `f` and of `g`, called in turn `repeats` times each (after one call of each to warm up)."""
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(-1, repeats):
        for call, kept in zip((f, g), times, strict=True):
            start = time.perf_counter()
            call()
            if turn >= 0:
                kept.append(time.perf_counter() - start)
    return statistics.median(times[0]), statistics.median(times[1])


# A process inherits its parent's peak memory, so a small one of its own does the starting and the waiting.
TIMER = """
import json, os, sys, time
found = []
for _ in range(int(sys.argv[1])):
    for argv in json.loads(sys.argv[2]):
        start = time.perf_counter()
        child = os.fork()
        if not child:
            out = os.open(os.devnull, os.O_WRONLY)
            os.dup2(out, 1)
            os.execvp(argv[0], argv)
        _, status, usage = os.wait4(child, 0)
        found.append((time.perf_counter() - start, usage.ru_maxrss, status))
print(json.dumps(found))
"""


class Ran(NamedTuple):
    """Of several runs of one command: the median seconds, and the largest peak memory in bytes."""

    seconds: float
    peak: int


def processes(commands: Sequence[Sequence[str]], repeats: int) -> list[Ran]:
    """Run whole processes in turn, `repeats` times each; their standard output is thrown away.

    Raises RuntimeError if one of them fails.
    """
    argv = [sys.executable, "-I", "-S", "-c", TIMER, str(repeats), json.dumps([list(c) for c in commands])]
    found = json.loads(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)
    unit = 1 if sys.platform == "darwin" else 1024
    ran = []
    for i, command in enumerate(commands):
        mine = found[i :: len(commands)]
        if any(status for _, _, status in mine):
            raise RuntimeError(f"failed: {' '.join(command)}")
        ran.append(Ran(statistics.median(took for took, _, _ in mine), unit * max(peak for _, peak, _ in mine)))
    return ran


def process(argv: Sequence[str], repeats: int) -> Ran:
    """Run one whole process `repeats` times."""
    return processes([argv], repeats)[0]
