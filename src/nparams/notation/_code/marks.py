"""Marks that a paste brings along: quotes of word processors, entities of HTML, numbers and signs in front of lines."""

from __future__ import annotations

import re
from itertools import pairwise

#: quotes and marks that a word processor or a keyboard for Chinese puts in place of Python's own
MARKS = str.maketrans(
    "“”„‟＂‘’‚‛＇（），：；＝［］｛｝＿\u2003\u2002\u3000×−",
    "\"\"\"\"\"'''''(),:;=[]{}_   *-",
    "\u200b\u200c\u200d\u2060",
)
ENTITY = re.compile(r"&(?:gt|lt|amp|quot|apos|nbsp|#\d{1,6}|#x[0-9a-fA-F]{1,5});")
NUMBERED = re.compile(r"[ \t]*(\d{1,6})(?:[.:|)](?=\s|$)|(?=\s|$))")


def plain(text: str) -> str:
    """The text with Python's own marks: quotes, brackets; entities of HTML and numbers in front of lines taken off.

    >>> plain("x = ‘a’\\ny = x &gt; 3")
    "x = 'a'\\ny = x > 3"
    """
    if ENTITY.search(text):
        from html import unescape

        text = ENTITY.sub(lambda m: unescape(m[0]).replace("\u00a0", " "), text)
    if "<br" in text:
        text = re.sub(r"<br ?/?>", "", text)
    text = re.sub(r"\\[ \t]+$", r"\\", text.translate(MARKS), flags=re.M)
    return _unmarked(_unnumbered(text))


def _unmarked(text: str) -> str:
    """Without the mark that a quotation or a change has in front of each line."""
    lines = [line for line in text.split("\n") if line.strip()]
    for mark in (">", "+"):
        if len(lines) > 1 and all(line.lstrip().startswith(mark) and line.lstrip()[:2] != ">>" for line in lines):
            return re.sub(rf"^[ \t]*\{mark} ?" if mark == ">" else r"^[ \t]*\+", "", text, flags=re.M)
    return text


def _unnumbered(text: str) -> str:
    """Without the numbers of lines, where each line has one and they go up by one."""
    lines = text.split("\n")
    found = [NUMBERED.match(line) for line in lines if line.strip()]
    if len(found) < 2 or None in found:
        return text
    numbers = [int(m[1]) for m in found if m]
    if any(later - earlier != 1 for earlier, later in pairwise(numbers)):
        return text
    return "\n".join(NUMBERED.sub("", line, count=1) for line in lines)
