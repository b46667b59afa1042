"""Which attributes of configs are read while something is built, in the order of reading."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

import transformers

# Frames that read every attribute (validators, copies, what is printed) say nothing of what shapes a model.
_SKIPPED = (
    "configuration_utils.py",
    "dataclasses.py",
    "copy.py",
    "/heterogeneity/",
    "huggingface_hub",
    "transformers/generation/",
)

Reads = list[tuple[type, str]]


@contextlib.contextmanager
def noted(reads: Reads) -> Iterator[None]:
    """Note (config class, attribute) of each read that is not the library's own bookkeeping."""
    kind = transformers.PreTrainedConfig
    before = kind.__getattribute__

    def read(self: Any, name: str) -> Any:
        if not name.startswith("__"):
            reader = sys._getframe(1).f_code.co_filename
            if not any(word in reader for word in _SKIPPED):
                reads.append((type(self), type(self).attribute_map.get(name, name)))
        return before(self, name)

    kind.__getattribute__ = read  # type: ignore[method-assign]
    try:
        yield
    finally:
        kind.__getattribute__ = before  # type: ignore[method-assign]
