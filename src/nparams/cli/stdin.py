"""nparams -: text or a model file on standard input."""

from __future__ import annotations

import sys

from nparams.errors import NotationError, ReadError

MAX_BYTES = 67_108_864  # 64 MiB


def taken() -> str | bytes:
    """What standard input holds: text, or the bytes of a file that is no text."""
    if sys.stdin is None:
        raise ReadError("standard input is closed: pipe in layer sizes such as 784-16-16-10, or a model file")
    data = sys.stdin.buffer.read(MAX_BYTES)
    if sys.stdin.buffer.read(1):
        raise ReadError(
            "standard input holds more than 64 MB; give the file's name instead, then only its header is read"
        )
    if not data.strip():
        raise NotationError("standard input is empty: pipe in layer sizes such as 784-16-16-10, or a model file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data
    return data if "\0" in text else text.strip()
