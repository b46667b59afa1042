"""python -m tests.fuzz [NAME ...] [--count N] [--seed N] [--jobs N] [--record]: damaged input for each reader.

Each module's inputs are split into parts, every part in a process of its own under a limit on its address space; exit 1
if a reader lets through anything but our own errors.  See the package's docstring for how a module is written.
"""

from __future__ import annotations

import argparse
import json
import pkgutil
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
RECORD = HERE / "RECORD.md"
#: inputs of one process, and of a module that does not say
PART, COUNT = 10_000, 50_000
CHILD = """
import importlib, json, resource, sys
(name, _, kind), count, seed = sys.argv[1].partition("-"), *map(int, sys.argv[2:])
module = importlib.import_module(f"tests.fuzz.{name}")
megabytes, count = getattr(module, "MEGABYTES", 256), max(1, count // getattr(module, "SLOWER", 1))
try:
    with open("/proc/self/statm") as file:
        held = int(file.read().split()[0]) * resource.getpagesize()
except OSError:
    held = 0
try:
    resource.setrlimit(resource.RLIMIT_AS, (held + (megabytes << 20),) * 2)
except (OSError, ValueError):
    assert sys.platform == "darwin", "no limit on the address space could be set"
said = module.run(count, seed, kind) if kind else module.run(count, seed)
used = resource.getrusage(resource.RUSAGE_SELF)
peak = used.ru_maxrss / (1024 if sys.platform != "darwin" else 1 << 20)
print(json.dumps({**said, "peak": peak, "seconds": used.ru_utime + used.ru_stime}))
"""


class Figures(NamedTuple):
    """What one run of a module, or a part of it, came to."""

    accepted: int
    refused: int
    #: megabytes held at most by one of its processes
    peak: float
    #: of the processor, all processes together
    seconds: float

    def __add__(self, other: Figures) -> Figures:  # type: ignore[override]
        return Figures(
            self.accepted + other.accepted, self.refused + other.refused, max(self.peak, other.peak),
            self.seconds + other.seconds,
        )  # fmt: skip


class Broken(Exception):
    """A part whose process failed: what it printed."""


def modules() -> list[str]:
    """Every module beside this one, but the helpers (which begin with _); with each of its kinds, where it has some."""
    found = sorted(m.name for m in pkgutil.iter_modules([str(HERE)]) if not m.name.startswith("_"))
    kinds = {name: said(name, r'KINDS = "([^"]+)"', "").split() for name in found}
    return [full for name in found for full in ([f"{name}-{kind}" for kind in kinds[name]] or [name])]


def usual(name: str) -> int:
    """How many inputs a module asks for."""
    return int(said(name, r"COUNT = ([\d_]+)", str(COUNT)))


def said(name: str, pattern: str, otherwise: str) -> str:
    """What a module sets at the beginning of a line, read from its text: it is not imported here."""
    found = re.search(f"^{pattern}", (HERE / f"{name.partition('-')[0]}.py").read_text(), re.MULTILINE)
    return found[1] if found else otherwise


def part(name: str, count: int, seed: int) -> Figures:
    """One part in its own process.  Raises Broken."""
    argv = [sys.executable, "-c", CHILD, name, str(count), str(seed)]
    child = subprocess.run(argv, cwd=HERE.parents[1], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = child.stdout.splitlines()
    if child.returncode or not lines:
        raise Broken(f"exit {child.returncode}, --count {count} --seed {seed}\n" + "\n".join(lines[-40:]))
    for line in lines[:-1]:
        print(f"  {name}: {line}", flush=True)
    return Figures(**json.loads(lines[-1]))


def parts(count: int, seed: int) -> Iterator[tuple[int, int]]:
    """(inputs, seed) of each part."""
    for i, start in enumerate(range(0, count, PART)):
        yield min(PART, count - start), seed + i


def fuzz(name: str, count: int, seed: int, pool: ThreadPoolExecutor) -> Figures | None:
    """Run one module and print its line; None where it broke."""
    start = time.perf_counter()
    running = [pool.submit(part, name, *asked) for asked in parts(count, seed)]
    found = Figures(0, 0, 0, 0)
    for done in running:
        try:
            found += done.result()
        except Broken as problem:
            for other in running:
                other.cancel()
            print(f"{name:18} FAILED after {found.accepted + found.refused:,} inputs: {problem}", flush=True)
            return None
    inputs, took = found.accepted + found.refused, time.perf_counter() - start
    print(
        f"{name:18} {inputs:>9,} inputs in {took:.0f} s: {found.accepted:,} accepted, {found.refused:,} refused, "
        f"peak {found.peak:.0f} MB, {found.seconds:.0f} s of the processor", flush=True,
    )  # fmt: skip
    return found


# -- the record -------------------------------------------------------------------------------------------------------

HEAD = """\
# A recorded run of the fuzzers

`make fuzz` repeats it (seed {seed}); `python -m tests.fuzz --record` writes this file. A row stands here only if every
input was read, or refused by one of nparams's own errors in one printable line, within 5 s of the processor and 256 MB
of addresses beyond what the process held before it began. Peak is the most that one process held, seeds and all;
seconds are of the processor, all processes together.

| module | inputs | accepted | refused | peak MB | seconds |
|---|---:|---:|---:|---:|---:|
"""


def recorded() -> dict[str, str]:
    """The rows of the record by module."""
    lines = RECORD.read_text().splitlines() if RECORD.exists() else []
    return {line.split("|")[1].strip(): line for line in lines if re.match(r"\| [\w-]+ \| [\d,]+ \|", line)}


def record(found: dict[str, Figures], seed: int) -> None:
    """Write these modules' rows; those of other modules that still exist stay."""
    rows = {name: row for name, row in recorded().items() if name in modules()}
    for name, f in found.items():
        cells = f"{f.accepted + f.refused:,} | {f.accepted:,} | {f.refused:,} | {f.peak:.0f} | {f.seconds:,.0f}"
        rows[name] = f"| {name} | {cells} |"
    RECORD.write_text(HEAD.format(seed=seed) + "\n".join(rows[name] for name in sorted(rows)) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("name", nargs="*", help=f"among {', '.join(modules())}; default: all of them")
    parser.add_argument("--count", type=int, help=f"inputs of each module (default: its own COUNT, or {COUNT:,})")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    parser.add_argument("--record", action="store_true", help=f"write the figures to {RECORD.name}")
    asked = parser.parse_args()
    if unknown := set(asked.name) - set(modules()):
        parser.error(f"no fuzzer is called {', '.join(sorted(unknown))}; there are {', '.join(modules())}")
    broken = 0
    with ThreadPoolExecutor(asked.jobs) as pool:
        for name in asked.name or modules():
            figures = fuzz(name, asked.count or usual(name), asked.seed, pool)
            broken += figures is None
            if figures is not None and asked.record:
                record({name: figures}, asked.seed)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
