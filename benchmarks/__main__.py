"""python -m benchmarks [NAME ...]: one table of every comparison; exit 1 if a budget is missed."""

from __future__ import annotations

import importlib
import platform
import sys

from benchmarks._measure import Row

# Each a module beside this one with `run() -> list[Row]`.
NAMES = (
    "cli", "safetensors", "gguf", "pytorch", "onnx", "hdf5", "sharded", "remote", "stack", "pasted", "live", "configs",
    "solve",
)  # fmt: skip
# Those that need what the environment `fleet` has: run only where they are named.
FLEET = ("fleet", "fleet_memory", "fleet_report")
HEADS = ("", "ours", "other", "ratio", "budget", "")


def table(rows: list[Row]) -> str:
    """The rows under their heads, numbers aligned to the right."""
    cells = [HEADS, *((r.name, r.ours, r.other, r.ratio, r.budget, "met" if r.ok else "NOT met") for r in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for name, *numbers, verdict in cells:
        right = (n.rjust(w) for n, w in zip(numbers, widths[1:-1], strict=True))
        lines.append("  ".join((name.ljust(widths[0]), *right, verdict)).rstrip())
    return "\n".join(lines)


def main(names: list[str]) -> int:
    if unknown := set(names) - {*NAMES, *FLEET}:
        print(f"no benchmark named {', '.join(sorted(unknown))}; there are {', '.join(NAMES + FLEET)}", file=sys.stderr)
        return 2
    rows = []
    for name in names or NAMES:
        print(f"measuring {name} ...", file=sys.stderr)
        rows += importlib.import_module(f"benchmarks.{name}").run()
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    print(table(rows))
    return 0 if all(row.ok for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
