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


def text_of(body: bytes) -> str:
    """The text between the quotes of a JSON string, its escapes resolved.

    >>> text_of(rb"caf\\u00e9")
    'café'
    """
    if b"\\" not in body:
        return body.decode()
    text: str = json.loads(b'"' + body + b'"')
    return text


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
