"""The two sides of benchmarks/configs.py, each in a process of its own: `ours` and `theirs`.

With a config.json as argument: its total, as a whole process.  Without: a config in a line of standard input, its
total and the seconds of one count in a line of standard output, until the input ends.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

#: counts of ours that are measured together: one is shorter than a clock is exact
COUNTS = 200


def ours() -> tuple[Callable[[dict[str, Any]], int], int]:
    """nparams, where neither of the others can be imported."""
    sys.modules.update(dict.fromkeys(("torch", "transformers")))  # None: importing one is an ImportError
    import nparams

    return nparams.count, COUNTS  # type: ignore[return-value]


def theirs() -> tuple[Callable[[dict[str, Any]], int], int]:
    """The library itself, as torch documents it: the network without memory.

    A private switch of the library, no_init_weights, leaves out what sets numbers; that takes a third to two thirds
    of the time off, and then ties have to be made by hand.
    """
    import torch
    import transformers

    def on_meta(config: dict[str, Any]) -> int:
        held = transformers.AutoConfig.for_model(**config)
        with torch.device("meta"):
            model = getattr(transformers, config["architectures"][0])(held)
        return sum(p.numel() for p in model.parameters())

    return on_meta, 1


def main(side: str, *paths: str) -> None:
    """One file, or one config after another."""
    count, times = {"ours": ours, "theirs": theirs}[side]()
    for path in paths:
        with open(path, encoding="utf-8") as file:
            print(count(json.load(file)))
    for line in () if paths else sys.stdin:
        config = json.loads(line)
        start = time.perf_counter()
        for _ in range(times):
            total = count(config)
        print(json.dumps([total, (time.perf_counter() - start) / times]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
