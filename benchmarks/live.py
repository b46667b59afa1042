"""Live PyTorch models: time beside a bare sum and other counters, and the answers on the tricky cases of the tests.

torch and the counters live in an environment of their own (`make test-ecosystem` builds it); without it there is
nothing to compare.  The other counters give a total and are right where it is; ours is right where every part is, and
is asked about more cases: models not created yet, state dicts.  What is right is what the cases say: two Parameters
over the same numbers, for one, are counted once.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks._measure import Row, not_slower

ECOSYSTEM = Path(sys.prefix).parent / "ecosystem" / "bin" / "python"
FLOOR = "sum(p.numel())"
#: how many times as long as each ours may take (DESIGN §9 for the bare sum); fvcore and Lightning give sums of sums
LIMITS = {FLOOR: 3, "fvcore": 1.5, "Lightning": 1.5, "torchinfo": 1}


def run() -> list[Row]:
    """Rows of times, then one of answers for each counter."""
    if not ECOSYSTEM.exists():
        print(f"no {ECOSYSTEM}: make test-ecosystem builds it; without torch there is nothing to compare with",
              file=sys.stderr)  # fmt: skip
        return []
    told = subprocess.run([str(ECOSYSTEM), "-m", "benchmarks._live"], capture_output=True, text=True, check=True)
    found = json.loads(told.stdout)
    return [*map(timed, found["times"]), *(answered(name, tally) for name, tally in found["answers"].items())]


def timed(measured: tuple[str, str, float, float]) -> Row:
    model, other, mine, theirs = measured
    return not_slower(f"{'' if other == FLOOR else '  '}live torch, {model}: {other}", mine, theirs, LIMITS[other])


def answered(name: str, tally: Mapping[str, list[str]]) -> Row:
    """How many cases a counter gets right; only ours has a budget."""
    right, wrong, crash, absent, changed = (len(tally[each]) for each in ("right", "wrong", "crash", "n/a", "changed"))
    asked = right + wrong + crash
    mine = name == "nparams"
    if mine and (wrong or crash):
        print(f"not right: {', '.join(tally['wrong'] + tally['crash'])}", file=sys.stderr)
    told = f"{wrong} wrong, {crash} crashed, {absent} n/a, {changed} changed"
    budget = f"{asked} of {asked}" if mine else ""
    ok = not mine or (right == asked and not changed)
    return Row(f"tricky live models: {name}", f"{right} right", told, f"{100 * right / asked:.0f} %", budget, ok)
