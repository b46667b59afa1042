"""The words that a printed layer has inside its brackets: `3, 64, kernel_size=(7, 7), bias=False`.

Profilers put counts among them: ptflops `9.41 k, 0.037% Params, 118.01 MMac, 2.863% MACs, 3, 64, ...`, DeepSpeed
`590.59 k = 0.54% Params, ...`, fvcore `#params: 9.41K, #flops: 0.12G`.
"""

from __future__ import annotations

import re

#: longer words are no layer's
MOST = 20_000
PROFILED = re.compile(r"(?P<n>\d[\d.,]{0,30})[ \t]*(?P<unit>[kKMGBT]?)[ \t]*[,=][ \t]*\d[\d.]{0,20}[ \t]*%[ \t]*Params")
#: the last word of a profiler: what follows it is the layer's own
PROFILE_END = re.compile(r"(?:Params|MACs?|GMac|FLOPs?|FLOPS|latency|time)[ \t]*[,|]")
FVCORE = re.compile(r"#?params:[ \t]*(?P<n>\d[\d.,]{0,30})[ \t]*(?P<unit>[kKMGBT]?)\b[^\n]{0,80}")
UNITS = {"": 0, "k": 3, "K": 3, "M": 6, "G": 9, "B": 9, "T": 12}
INTEGER = re.compile(r"[-+]?\d{1,40}\Z")
INTEGERS = re.compile(r"(?:torch\.Size\()?[\[(]\s*(\d{1,40}(?:\s*,\s*\d{1,40})*)\s*,?\s*[\])]\)?\Z")
ARROW = re.compile(r"(\d{1,40})\s*(?:->|→|=>|-->)\s*(\d{1,40})\Z")
NAMED = re.compile(r"([^\W\d]\w{0,60})\s*=\s*(.*)\Z", re.DOTALL)
WORDS: dict[str, object] = {"True": True, "False": False, "None": None}


class Said:
    """What a layer says: sizes by their place, values by name, and the count of a profiler as (digits, power of ten).

    >>> said = Said("3, 64, kernel_size=(7, 7), bias=False")
    >>> said.placed, said.named["kernel_size"], said.named["bias"]
    ([3, 64], (7, 7), False)
    >>> Said("9.41 k, 0.037% Params, 118.01 MMac, 2.863% MACs, 3, 64").told
    (941, 1)
    """

    __slots__ = ("elided", "named", "placed", "told")

    def __init__(self, text: str) -> None:
        text = text[:MOST]
        self.told: tuple[int, int] | None = None
        if "aram" in text:
            text = self._without_profile(text)
        self.placed: list[object] = []
        self.named: dict[str, object] = {}
        #: whether something is left out: ...
        self.elided = False
        for item in split(text):
            self._take(item)

    def _without_profile(self, text: str) -> str:
        found = FVCORE.search(text)
        if found is not None:
            self.told = _scaled(found["n"], found["unit"])
            return text[: found.start()] + text[found.end() :]
        found = PROFILED.search(text)
        if found is None:
            return text
        self.told = _scaled(found["n"], found["unit"])
        *_, last = PROFILE_END.finditer(text, found.start()) if PROFILE_END.search(text, found.start()) else (None,)
        rest = text[last.end() :] if last is not None else ""
        return text[: found.start()] + rest

    def _take(self, item: str) -> None:
        if item in ("...", "…"):
            self.elided = True
            return
        named = NAMED.match(item)
        if named is not None:
            self.named.setdefault(named[1], value(named[2].strip()))
            return
        arrow = ARROW.match(item)
        if arrow is not None:
            self.placed += [int(arrow[1]), int(arrow[2])]
            return
        found = value(item)
        if not isinstance(found, str):
            self.placed.append(found)

    @property
    def sizes(self) -> bool:
        """Whether it says any size."""
        return bool(self.placed or self.named)


def _scaled(digits: str, unit: str) -> tuple[int, int] | None:
    """9.41 k as 941 times ten, so that no float is needed."""
    whole, _, part = digits.replace(",", "").rstrip(".").partition(".")
    if "." in part or not whole.isdigit():
        return None
    return int(whole + part), UNITS[unit] - len(part)


def value(text: str) -> object:
    """A number, a shape, a word of Python, or the text itself."""
    if text in WORDS:
        return WORDS[text]
    if INTEGER.match(text):
        return int(text)
    shape = INTEGERS.match(text)
    return tuple(int(side) for side in shape[1].split(",")) if shape is not None else text


def split(text: str) -> list[str]:
    """The items between commas that stand in no bracket."""
    items, depth, since = [], 0, 0
    for m in re.finditer(r"[()\[\]{},]", text):
        sign = m[0]
        if sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth = max(depth - 1, 0)
        elif depth == 0:
            items.append(text[since : m.start()])
            since = m.end()
    return [item for part in [*items, text[since:]] if (item := part.strip(" \t\n|"))]
