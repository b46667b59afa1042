"""Patterns for strict JSON in bytes, used to scan long headers piece by piece instead of building them whole."""

from __future__ import annotations

import json
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

SPACE = rb"[ \t\n\r]*+"
STRING = rb'"((?:[^"\\\x00-\x1f]++|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*+)"'
#: a key and its colon
NAME = re.compile(SPACE + STRING + SPACE + rb":" + SPACE)
#: what follows a value
AFTER = re.compile(SPACE + rb"([,}])")
#: a key, its text, and what follows
PAIR = re.compile(SPACE + STRING + SPACE + rb":" + SPACE + STRING + SPACE + rb"([,}])")
EMPTY = re.compile(rb"\{" + SPACE + rb"\}")
PIECE = 1 << 16


def text_of(body: bytes) -> str:
    """The text between the quotes of a JSON string, its escapes resolved.

    >>> text_of(rb"caf\\u00e9")
    'café'
    """
    if b"\\" not in body:
        return body.decode()
    text: str = json.loads(b'"' + body + b'"')
    return text


def excerpt(raw: bytes, at: int) -> str:
    """A few characters at `at`, for a message."""
    return raw[at : at + 20].decode("utf-8", "replace")


def bad_utf8(raw: bytes) -> int | None:
    """The first byte that is not UTF-8, checked without building the text (which may take four times the memory)."""
    if raw.isascii():
        return None
    at = 0
    while at < len(raw):
        piece = raw[at : at + PIECE]
        try:
            piece.decode("utf-8")
        except UnicodeDecodeError as error:
            whole_end = at + len(piece) == len(raw)
            if whole_end or error.reason != "unexpected end of data" or error.start < len(piece) - 3:
                return at + error.start
            at += error.start
        else:
            at += len(piece)
    return None


def strict(text: str | bytes) -> Any:
    """The value of a JSON text; ValueError for a key that comes twice, NaN, or anything else that JSON does not have.

    >>> strict('{"a": 1, "a": 2}')
    Traceback (most recent call last):
      ...
    ValueError: the key a appears twice
    """
    return DECODER.decode(text if isinstance(text, str) else text.decode())


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    held = dict(pairs)
    if len(held) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(k for k in keys if keys.count(k) > 1)} appears twice")
    return held


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse)
