"""Patterns for strict JSON in bytes, used to scan long headers piece by piece instead of building them whole."""

from __future__ import annotations

import json
import re

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
