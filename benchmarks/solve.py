"""Designing backwards: a million combinations of sizes against trying each of them as a plain Python function."""

from __future__ import annotations

import sys

from benchmarks._measure import Row, faster, not_slower, paired, processes

REPEATS = 3
#: two unknowns whose grids have more than a million combinations
GPT, LAYERS, WIDTHS, TARGET = "n_layer=L d_model=d n_vocab=50257 n_ctx=1024", 128, 8_192, 1_300_000_000
#: a total that does not only grow, so that every value is worked out
UNEVEN, VALUES = "784-h%97+h//5+1-10", 1_000_000


def run() -> list[Row]:
    """The search over a million combinations that bisects, the one that tries each, and a whole command."""
    rows = []
    ours, other = paired(bisected, tried, REPEATS)
    rows.append(faster("solve, 1,048,576 combinations that only grow / each tried", ours, other, 4))
    ours, other = paired(by_value, by_function, REPEATS)
    rows.append(not_slower("solve, 1,000,000 values one by one / a Python function", ours, other, 8))
    bare = [sys.executable, "-c", "pass"]
    words = [sys.executable, "-m", "nparams", "solve", "784-h-h-10", "--max", "10000"]
    whole, floor = processes([words, bare], 15)
    rows.append(not_slower("nparams solve 784-h-h-10 --max 10000 / python -c pass", whole.seconds, floor.seconds, 12))
    return rows


def bisected() -> object:
    from nparams import solve

    return solve(GPT, total=TARGET, range={"L": (1, LAYERS), "d": (1, WIDTHS)})


def tried() -> object:
    """The nearest, by the closed form written out in Python."""
    return min(
        abs(layers * (12 * d * d + 13 * d) + 51_283 * d - TARGET)
        for layers in range(1, LAYERS + 1)
        for d in range(1, WIDTHS + 1)
    )


def by_value() -> object:
    from nparams import solve

    return solve(UNEVEN, total=TARGET, range={"h": (1, VALUES)})


def by_function() -> object:
    return min(abs(795 * (h % 97 + h // 5 + 1) + 10 - TARGET) for h in range(1, VALUES + 1))
