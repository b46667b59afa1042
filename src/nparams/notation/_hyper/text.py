"""Pairs of a hyper-parameter and its value, in any of the ways that people write them.

`L=12 H=768`, `n_layer: 12`, `"n_layer": 12`, `n_layer: int = 12`, `GPTConfig(n_layer=12)`, `--n-layer 12`, `12-layer`.
"""

from __future__ import annotations

import re

from nparams.errors import NotationError, shown
from nparams.notation._hyper.words import role_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_TEXT = 100_000
MAX_PAIRS = 1_000
EXAMPLE = "n_layer=12 d_model=768 n_head=12 n_vocab=50257 n_ctx=1024"

#: what may stand before the first pair: a script, a class, a title that ends with a colon or a bracket
FRONT = re.compile(
    r"\s*(?:(?:python3?\s+)?[\w./-]+\.py(?=\s+--))?"
    r"(?:(?:@[\w.]+(?:\([^()\n]*\))?\s*)*class\s+(?P<class>\w+)\s*(?:\([^()\n]*\))?\s*:)?"
)
TITLE = re.compile(
    r"\s*(?P<title>[A-Za-z][\w.+/-]*(?: [\w.+/-]+){0,5})\s*(?:[:(]\s*(?!int\b|\d+\s*"
    r"(?:[,;})\n]|$))|\s+-\s+|\s+with\s+)(?=\S)"
)
SKIPPED = re.compile(r"(?:[\s,;{}()|]|\.(?=\s|$)|[-*•]\s|#[^\n]*|\band\b|\"\"\"[^\"]*\"\"\")+")
OPENED = re.compile(r"(?:(?P<name>[A-Za-z_][\w.]*)\s*=\s*)?(?P<call>[A-Za-z_][\w.]*)?\s*[({]")
FLAG = re.compile(r"--?(?P<key>[A-Za-z][\w-]*)(?:\s*=\s*|\s+(?!-))?")
KEY = re.compile(
    r"(?P<quote>[\"']?)(?P<key>[A-Za-z_][\w.]*(?:[ -][A-Za-z]\w*){0,3})(?P=quote)[ \t]*"
    r"(?:(?P<type>:[ \t]*(?:Optional\[\w+\]|int|float|bool|str|Any)(?:[ \t]*\|[ \t]*None)?[ \t]*=)"
    r"|=>|[=:])(?![=:])[ \t]*"
)
COUNTED = re.compile(r"(?P<number>\d[\d,_]*)[ \t]*-?[ \t]*(?P<key>[A-Za-z][A-Za-z_]*(?:[ -](?!and\b)[A-Za-z]+)?)\b")
#: d_model 12288, vocab size of 50257: a name that is known, and its number
SPACED = re.compile(
    r"(?P<key>[A-Za-z_]\w*(?:[ -](?!of\b|is\b)[A-Za-z]\w*)?)[ \t]+(?:of[ \t]+|is[ \t]+)?"
    r"(?P<number>\d{1,3}(?:,\d{3})+(?!\w|,\d)|\d+(?:_\d+)*(?![\w.]))"
)
NUMBER = r"\d{1,3}(?:,\d{3})+(?!\w|,\d)|\d+(?:_\d+)*(?![\w.])"
NAME = r"[A-Za-z_]\w*(?:\.\w+)*(?![\w(\[\"'])"
VALUE = re.compile(
    rf"(?P<string>\"[^\"\n]*\"|'[^'\n]*')"
    rf"|(?P<rate>[-+]?(?:\d+\.\d*|\.\d+)(?:[eE][-+]?\d+)?(?!\w)|[-+]?\d+[eE][-+]?\d+(?!\w)|-\d+(?!\w))"
    rf"|(?P<size>(?:{NUMBER}|{NAME})(?:[ \t]*(?:\*\*|//|[*+])[ \t]*(?:{NUMBER}|{NAME}))*)"
    r"|(?P<other>[^\s,;(){}\[\]]+)"
)

#: words that say something without a value: (pattern, name, value)
BARE = tuple((re.compile(rf"{pattern}(?![\w=:])", re.IGNORECASE), key, value) for pattern, key, value in (
    (r"tied(?:[ \t]+(?:head|output|embeddings?|weights))?", "tie_word_embeddings", "True"),
    (r"(?:untied|not[ \t]+tied)(?:[ \t]+(?:head|output|embeddings?|weights))?", "tie_word_embeddings", "False"),
    (r"(?:with[ \t]+(?:a[ \t]+)?)?pooler", "add_pooling_layer", "True"),
    (r"(?:no|without)[ \t]+(?:a[ \t]+)?pooler", "add_pooling_layer", "False"),
    (r"qkv[ \t]+bias(?:es)?", "qkv_bias", "True"),
    (r"(?:no|without)[ \t]+bias(?:es)?", "bias", "False"),
))  # fmt: skip


class Pair:
    """A hyper-parameter as it was written: its key, what kind of value it has, the value as text, and its place."""

    __slots__ = ("key", "kind", "place", "value")

    def __init__(self, key: str, kind: str, value: str, place: int) -> None:
        self.key = key
        #: "size", "rate", "string", "flag" (said without a value), "other", "none"
        self.kind = kind
        self.value = value
        self.place = place

    def __str__(self) -> str:
        return f"{self.key}={self.value}"


class Scan:
    """The pairs of a text, and the title that stood before them."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_TEXT:
            raise NotationError(f"{len(text):,} characters of hyper-parameters: at most {MAX_TEXT:,} are read")
        self.text = text
        self.title = ""
        self.pairs: list[Pair] = []
        self.at = 0
        self._front()
        while self._next():
            pass

    def _front(self) -> None:
        match = FRONT.match(self.text)
        if match is not None:
            self.title = match["class"] or ""
            self.at = match.end()
        title = TITLE.match(self.text, self.at)
        if title is not None and self._begins(title.end()) and not self._is_pair(title):
            self.title, self.at = title["title"], title.end()

    def _begins(self, at: int) -> bool:
        """Whether a pair stands at a place."""
        return KEY.match(self.text, at) is not None or self._counts(at)

    def _counts(self, at: int) -> bool:
        """Whether a number of something known stands at a place."""
        counted = COUNTED.match(self.text, at)
        return counted is not None and role_of(counted["key"]) is not None

    def _is_pair(self, title: re.Match[str]) -> bool:
        """Whether a title is a key with a value after all: n_layer: L."""
        key = KEY.match(self.text, title.start("title"))
        if key is not None and self._counts(key.end()):
            return False  # BERT-Base: 12-layer
        return (
            key is not None
            and VALUE.match(self.text, key.end()) is not None
            and self.text[key.end()] not in "{("
            and (KEY.match(self.text, key.end()) is None)
        )

    def _next(self) -> bool:
        """Read what stands at a place; whether there is more."""
        skipped = SKIPPED.match(self.text, self.at)
        if skipped is not None:
            self.at = skipped.end()
        if self.at >= len(self.text):
            return False
        if len(self.pairs) >= MAX_PAIRS:
            raise NotationError(f"more than {MAX_PAIRS:,} hyper-parameters")
        if not (self._opened() or self._flag() or self._pair() or self._counted() or self._spaced() or self._bare()):
            piece = self.text[self.at : self.at + 40].split("\n")[0]
            raise NotationError(
                f"{shown(piece)}, at character {self.at + 1}, is not understood; write name=value, for example "
                f"{EXAMPLE}"
            )
        return True

    def _opened(self) -> bool:
        """CONFIG = {, GPTConfig(: what stands inside is read."""
        match = OPENED.match(self.text, self.at)
        if match is None or self.pairs or not (match["name"] or match["call"]):
            return False
        self.title = self.title or match["call"] or match["name"]
        if match["name"] and match["call"] in (None, "dict"):
            self.title = match["name"]
        self.at = match.end()
        return True

    def _flag(self) -> bool:
        match = FLAG.match(self.text, self.at)
        if match is None:
            return False
        place, self.at = self.at + 1, match.end()
        value = VALUE.match(self.text, self.at)
        if value is None or (self.text[match.end() - 1] not in "= \t"):
            self.pairs.append(Pair(match["key"], "flag", "true", place))
        else:
            self._take(match["key"], value, place)
        return True

    def _pair(self) -> bool:
        match = KEY.match(self.text, self.at)
        if match is None:
            return False
        place, key = self.at + 1, self._key(match["key"])
        self.at = match.end()
        after = self.text[self.at : self.at + 1]
        if after in ("\n", "\r", "", "#", ",", "}"):
            if after in ("", ",", "}"):
                self.pairs.append(Pair(key, "none", "", place))
            return True  # model: and its hyper-parameters on the lines below
        if after in "[({":
            self._bracket(key, place)
            return True
        value = VALUE.match(self.text, self.at)
        if value is None:
            return False
        self._take(key, value, place)
        return True

    def _key(self, words: str) -> str:
        """The longest end of several words that is known; what stands before it at the very front is a title."""
        parts = re.split(r"[ -]", words)
        for k in range(len(parts)):
            if role_of(" ".join(parts[k:])) is not None:
                if k and not self.pairs:
                    self.title = self.title or " ".join(parts[:k])
                return " ".join(parts[k:]) if k == 0 or not self.pairs else words
        return words

    def _counted(self) -> bool:
        """12-layer, 768-hidden, 12 heads."""
        match = COUNTED.match(self.text, self.at)
        if match is None:
            return False
        self.pairs.append(Pair(match["key"], "size", match["number"], self.at + 1))
        self.at = match.end()
        return True

    def _spaced(self) -> bool:
        match = SPACED.match(self.text, self.at)
        if match is None or role_of(match["key"]) is None or (len(match["key"]) == 1 and not self.pairs):
            return False
        self.pairs.append(Pair(match["key"], "size", match["number"], self.at + 1))
        self.at = match.end()
        return True

    def _bare(self) -> bool:
        """tied head, no pooler: what is said without a value."""
        for pattern, key, value in BARE:
            if self.pairs and (match := pattern.match(self.text, self.at)) is not None:
                self.pairs.append(Pair(key, "size", value, self.at + 1))
                self.at = match.end()
                return True
        return False

    def _take(self, key: str, value: re.Match[str], place: int) -> None:
        kind, text = str(value.lastgroup), value[0]
        self.at = value.end()
        if kind == "string":
            text = text[1:-1]
        if kind == "size" and text.lower() in ("none", "null"):
            kind = "none"
        if self.text[self.at : self.at + 1] in ("(", "[") and self.at < len(self.text):
            self._bracket(key, place)  # nn.GELU(), torch.float32
            return
        self.pairs.append(Pair(key, kind, text, place))

    def _bracket(self, key: str, place: int) -> None:
        """A value in brackets, which is no size."""
        start, depth = self.at, 0
        for mark in re.compile(r"[()\[\]{}]").finditer(self.text, self.at):
            depth += 1 if mark[0] in "([{" else -1
            if depth == 0:
                self.at = mark.end()
                self.pairs.append(Pair(key, "other", self.text[start : self.at], place))
                return
        raise NotationError(f"{shown(self.text[start : start + 30])}, at character {start + 1}, is never closed")


def pairs_of(text: str) -> Iterator[Pair]:
    """The pairs of a text; NotationError where something is no pair.

    >>> [str(pair) for pair in pairs_of('{"n_layer": 12, "n_embd": 768}')]
    ['n_layer=12', 'n_embd=768']
    """
    return iter(Scan(text).pairs)
