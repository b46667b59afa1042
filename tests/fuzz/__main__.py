"""python -m tests.fuzz [FORMAT ...] [--count N] [--seed N]: damaged input for each reader, in little memory.

Each format runs in a process of its own under a limit on its address space; exit 1 if one lets through anything but
our own errors.
"""

from __future__ import annotations

import argparse
import json
import os
import pkgutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
MEGABYTES = 256
CHILD = """
import importlib, json, resource, sys
name, count, seed, megabytes = sys.argv[1], *map(int, sys.argv[2:])
module = importlib.import_module(f"tests.fuzz.{name}")
megabytes, count = getattr(module, "MEGABYTES", megabytes), max(1, count // getattr(module, "SLOWER", 1))
resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
print(json.dumps(module.run(count, seed)))
"""


def formats() -> list[str]:
    """Every module beside this one, but the helpers (which begin with _)."""
    return sorted(m.name for m in pkgutil.iter_modules([str(HERE)]) if not m.name.startswith("_"))


def fuzz(name: str, count: int, seed: int) -> bool:
    """Run one format and print its line; whether it held."""
    start = time.perf_counter()
    argv = [sys.executable, "-c", CHILD, name, str(count), str(seed), str(MEGABYTES)]
    child = subprocess.Popen(argv, cwd=HERE.parent.parent, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    said = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    took = f"{time.perf_counter() - start:.1f} s, peak {usage.ru_maxrss / 1024:.0f} MB"
    if child.returncode:
        print(f"{name:12} {took}: FAILED (exit {child.returncode}, seed {seed})\n{said.strip()}")
        return False
    *told, last = said.splitlines()
    result = json.loads(last)
    read = result["accepted"] + result["refused"]
    print(f"{name:12} {read:,} inputs, {took}: {result['accepted']:,} accepted, {result['refused']:,} refused")
    print("".join(f"  {line}\n" for line in told), end="")
    return True


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("format", nargs="*", help=f"among {', '.join(formats())}; default: all of them")
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    if unknown := set(asked.format) - set(formats()):
        parser.error(f"no fuzzer for {', '.join(sorted(unknown))}; there are {', '.join(formats())}")
    held = [fuzz(name, asked.count, asked.seed) for name in asked.format or formats()]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
