"""A process of benchmarks/fleet_memory.py: it adds rows to a table, or scans again over those that are there.

python -m benchmarks._fleet_memory new DIR N       N models are read
python -m benchmarks._fleet_memory same DIR N      ... are unchanged
python -m benchmarks._fleet_memory changed DIR N   ... have another stamp each: all are read, and their old rows removed
python -m benchmarks._fleet_memory fewer DIR N     after that: every second one is gone
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from nparams import __version__
from nparams.fleet.rows import empty, now
from nparams.fleet.store import Table
from nparams.fleet.units import FILE, Entry, Listing, Unit

ROOT = "s3://models/of/many/teams"
ARCHITECTURES = ("llama", "qwen3", "bert", "t5", "whisper", None)
FLAGS = [{"kind": "pickle", "text": "archive/data.pkl would call os.system"}]


def units(n: int, how: str) -> Iterator[Unit]:
    """A thousand models a folder, each with an etag."""
    names = [f"checkpoint-{i:07}.safetensors" for i in range(1_000)]
    for i in range(0, n, 2 if how == "fewer" else 1):
        stamp = f"{i:032x}-2" if how in ("changed", "fewer") else f"{i:032x}"
        name = names[i % 1_000]
        yield Unit(Listing(f"{ROOT}/team-{i // 1_000:05}", {name: Entry(1_000_000 + i, stamp)}), FILE, (name,))


def row(unit: Unit, i: int) -> dict[str, Any]:
    """What a counted model's row holds, in texts of usual lengths."""
    total = 1_000_000 + 17 * i
    made: dict[str, Any] = empty()
    made |= {"uri": unit.uri, "kind": unit.kind, "size": unit.size, "stamp": unit.stamp, "reader": __version__}
    made |= {"format": "safetensors", "form": "safetensors", "read_as": f"safetensors: {i % 900} tensors", "unknown": 0}
    made |= {"total": total, "weights": total - 512, "biases": 512, "buffers": 0, "bookkeeping": 0, "other": 0}
    made |= {"elements": total, "parameter_bytes": 2 * total, "bytes": 2 * total, "bits_per_parameter": 16.0}
    made |= {"dtypes": {"bfloat16": total - 512, "float32": 512}, "components": {"backbone": total}}
    made |= {"architecture": ARCHITECTURES[i % 6], "fingerprint": f"{i % 50_000:064x}", "read_at": now()}
    if i % 10 == 0:
        made |= {"flags": FLAGS, "notes": ["the declared total is that of the unpacked model"], "declared": 2 * total}
    return made


def main(how: str, path: str, n: int) -> None:
    with Table(path) as table:
        for i, unit in enumerate(units(n, how)):
            if not table.is_known(unit):
                table.add(row(unit, i))
        done = table.finish(True, [ROOT])
    expected = {"new": (n, 0, 0), "same": (0, n, 0), "changed": (n, 0, 0), "fewer": (0, (n + 1) // 2, n // 2)}[how]
    assert done == expected, done


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
