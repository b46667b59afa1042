"""JSON that is nested deeper than a browser's stack: refused as Python itself refuses it elsewhere.

Under Pyodide the scanner of the standard library, which calls itself for every bracket, overflows the browser's stack
before Python's own limit is reached, and takes Python down with it.  `guard` lets it see nothing that is so deep.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Scan = Callable[[str, int], Any]

#: brackets within brackets that are read; configurations and headers have five
DEEPEST = 500
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_BETWEEN = re.compile(r"[^\[\]{}]+")


def is_deep(text: str) -> bool:
    """Whether brackets of JSON stand deeper within each other than is read.

    >>> is_deep('{"a": [1, {"b": "[[[["}]}'), is_deep("[" * 501)
    (False, True)
    """
    if text.count("[") + text.count("{") <= DEEPEST:
        return False
    depth = 0
    for bracket in _BETWEEN.sub("", _TEXT.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > DEEPEST:
            return True
    return False


def guard() -> None:
    """From now on every JSON decoder that is made looks first; the one that json.loads uses, too."""
    import json.decoder
    import json.scanner

    made = json.scanner.make_scanner

    def make_scanner(context: Any) -> Scan:
        return _looking(made(context))

    json.scanner.make_scanner = make_scanner  # type: ignore[misc, assignment]
    usual: Any = json._default_decoder  # type: ignore[attr-defined]
    usual.scan_once = _looking(usual.scan_once)


def _looking(scan: Scan) -> Scan:
    def once(text: str, index: int) -> Any:
        if is_deep(text):
            raise RecursionError("JSON that is nested too deeply")
        return scan(text, index)

    return once
