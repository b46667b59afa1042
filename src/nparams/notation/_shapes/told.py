"""Shapes in a running text: `Theta1 is 25x401, Theta2 is 10x26`, `W1 = (4, 3); b1 = (4, 1)`."""

from __future__ import annotations

import re

#: characters of the longest text
LONGEST = 5_000
#: names that only weights have: W1, b, Theta2, θ1, fc1.weight, kernel
NAME = (
    r"(?:[WbUV](?:_?\{?[a-z\d]{1,8}\}?)?|(?i:theta)_?\d*|[Θθ]_?\d*|(?:\w+[./])*\w*(?i:weights?|bias(?:es)?|kernel)\w*"
    r"|\w+\.\w+(?:\.\w+)*)"
)
SAID = (
    r"(?:\s+(?:(?i:matrix|vector|tensor)\s+)?(?:(?i:is|has|of|with)\s+)?"
    r"(?:(?i:the\s+)?(?i:shape|size|dimensions?)\s+)?|\s*[:=]\s*)"
)
SHAPE = r"(?:[(\[]\s*\d{1,12}(?:\s*,\s*\d{1,12}){0,7}\s*,?\s*[)\]]|\d{1,12}(?:\s*[x×*]\s*\d{1,12}){1,7}(?![\w.]))"
#: a bias is as long as it is: b1: 128
LONG = r"(?:b(?:_?\{?[a-z\d]{1,8}\}?)?|\w*(?i:bias(?:es)?))\s*[:=]\s*\d{1,12}(?![\w.]|\s*[x×*(\[])"
ONE = re.compile(rf"\s*(?:(?i:the|an?)\s+)?(?:({NAME}){SAID}({SHAPE})|({LONG}))")
BETWEEN = re.compile(r"\s*(?:[,;.]|\band\b)?\s*(?:\band\b)?")


def told(text: str) -> list[tuple[str, str]] | None:
    """Each name with its shape, where a text holds nothing else; at least two.

    >>> told("Theta1 is 25x401, Theta2 is 10x26")
    [('Theta1', '25, 401'), ('Theta2', '10, 26')]
    """
    if len(text) > LONGEST:
        return None
    found: list[tuple[str, str]] = []
    at = 0
    body = text.strip().rstrip(".")
    while at < len(body):
        match = ONE.match(body, at)
        if match is None:
            return None
        if match[3] is not None:
            name, _, sides = re.sub("=", ":", match[3]).partition(":")
            found.append((name.strip(), sides.strip()))
        else:
            found.append((match[1], ", ".join(re.findall(r"\d+", match[2]))))
        between = BETWEEN.match(body, match.end())
        at = match.end() if between is None else between.end()
    return found if len(found) > 1 else None


def as_lines(text: str) -> str | None:
    """The same as lines of names with shapes in brackets; None for anything else."""
    pairs = told(text)
    if pairs is None or ("\n" in text.strip() and all("(" in line for line in text.strip().split("\n"))):
        return None
    return "\n".join(f"{name} ({sides}{'' if ',' in sides else ','})" for name, sides in pairs)
