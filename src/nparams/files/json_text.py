"""Patterns for strict JSON text, used to scan long headers piece by piece instead of building them whole."""

from __future__ import annotations

import json
import re

SPACE = r"[ \t\n\r]*+"
STRING = r'"((?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*+)"'
#: a key and its colon
NAME = re.compile(rf"{SPACE}{STRING}{SPACE}:{SPACE}")
#: what follows a value
AFTER = re.compile(rf"{SPACE}([,}}])")
#: a key, its text, and what follows
PAIR = re.compile(rf"{SPACE}{STRING}{SPACE}:{SPACE}{STRING}{SPACE}([,}}])")


def text_of(body: str) -> str:
    """The text between the quotes of a JSON string, its escapes resolved.

    >>> text_of(r"caf\\u00e9")
    'café'
    """
    if "\\" not in body:
        return body
    text: str = json.loads(f'"{body}"')
    return text
