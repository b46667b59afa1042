"""The part of benchmarks/configs.py that runs where torch and transformers are; prints [name, [ours, theirs]] rows."""

from __future__ import annotations

import json
import sys

import torch
import transformers

import nparams
from benchmarks._measure import paired
from benchmarks.configs import CONFIGS, COUNTS, REPEATS, many


def on_meta(config: dict[str, object]) -> int:
    """What the library itself does: build the network without memory, and add up."""
    held = transformers.AutoConfig.for_model(**config)
    with torch.device("meta"):
        model = getattr(transformers, config["architectures"][0])(held)  # type: ignore[index]
    return sum(p.numel() for p in model.parameters())


def main() -> None:
    """Both answers must agree before they are timed."""
    rows = []
    for name, config in CONFIGS.items():
        ours, theirs = nparams.count(config), on_meta(config)
        if ours != theirs:
            raise SystemExit(f"{name}: {ours:,} here, {theirs:,} on the meta device")
        mine, other = paired(lambda config=config: many(config), lambda config=config: on_meta(config), REPEATS)  # type: ignore[misc]
        rows.append((name, (mine / COUNTS, other)))
    json.dump(rows, sys.stdout)


if __name__ == "__main__":
    main()
