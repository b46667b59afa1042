"""The elements of a paper's table or string, each as the layer of a list that it stands for."""

from __future__ import annotations

import re

from nparams.errors import NotationError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Maker = Callable[[re.Match[str]], "Item"]

MAX_ITEMS = 20_000
MAX_DEPTH = 20
NUMBER = r"(\d{1,9})"
TIMES = r"[x×*]"


class Item:
    """A layer as a list writes it, or several in brackets; `kind`: input, conv, pool, dense, whole, other, group."""

    __slots__ = ("inner", "kind", "style", "times", "told")

    def __init__(self, kind: str, told: str = "", style: str = "") -> None:
        self.kind = kind
        self.told = told
        #: vgg, string or cell: whose padding holds
        self.style = style
        self.times = 1
        self.inner: list[Item] = []


def _conv(filters: str, kernel: str, other: str | None, stride: str | None, style: str) -> Item:
    sides = f"{kernel}x{other or kernel}"
    return Item("conv", f"conv {filters} {sides}" + (f" stride {stride}" if stride and stride != "1" else ""), style)


def _pool(word: str, size: str | None, other: str | None, stride: str | None) -> Item:
    kind = (
        "avgpool" if word[:1].lower() in ("a", "s", "m") and not word.lower().startswith(("mp", "max")) else "maxpool"
    )
    if size is None:
        return Item("pool", f"{kind} {stride or 2}", "assumed" if stride is None else "")
    return Item("pool", f"{kind} {size}x{other or size}" + (f" stride {stride}" if stride else ""))


def _input(match: re.Match[str]) -> Item:
    sides = re.findall(r"\d+", match["shape"])
    if len(sides) == 2:
        coloured = re.search(r"(?i)rgb|colou?r", match[0])
        return Item("input", f"input {'x'.join(sides)}x{3 if coloured else 1}", "" if coloured else "grey")
    return Item("input", f"input {'x'.join(sides)}")


SHAPE = rf"(?P<shape>\d{{1,9}}\s*{TIMES}\s*\d{{1,9}}(?:\s*{TIMES}\s*\d{{1,9}})?)"
STRIDE = r"(?:\s?,?\s?(?:/\s?|s(?:tride)?\s?=?\s?)(\d{1,3})(?!\s?[x×\d]))?"
#: (what is written, the item that it stands for): tried in this order wherever an element may begin
ELEMENTS: tuple[tuple[str, Maker], ...] = (
    (rf"(?:input|on|image)\s*[:=(]?\s*{SHAPE}(?:\s*(?:RGB|colou?r|gr[ae]y(?:scale)?)?\s*(?:images?)?\s*\)?)", _input),
    # VGG: conv3-64, conv3x3-64, conv<3>-64
    (
        rf"conv\s*[<⟨]?{NUMBER}(?:{TIMES}{NUMBER})?[>⟩]?\s*-\s*{NUMBER}(?:/(\d+))?(?![\w.])",
        lambda m: _conv(m[3], m[1], m[2], m[4], "vgg"),
    ),
    # ResNet: 3x3 max pool, stride 2; 7x7, 64, stride 2; 1000-d fc
    (
        rf"{NUMBER}\s*{TIMES}\s*{NUMBER}\s*(max|avg|average)[\s-]*pool(?:ing)?{STRIDE}",
        lambda m: _pool("max" if m[3].lower() == "max" else "avg", m[1], m[2], m[4]),
    ),
    (
        rf"{NUMBER}\s*{TIMES}\s*{NUMBER}\s*(?:conv)?\s*,\s*{NUMBER}{STRIDE}(?![\w.])",
        lambda m: _conv(m[3], m[1], m[2], m[4], "cell"),
    ),
    (rf"{NUMBER}\s*-\s*d(?:im)?\s*fc(?![\w.])", lambda m: Item("dense", f"dense {m[1]}")),
    # 32C3, 64C5x5, 64C3S2, 64C3/2
    (
        rf"{NUMBER}\s*c(?:onv)?{NUMBER}(?:{TIMES}{NUMBER})?(?:\(?(?:s|/){NUMBER}\)?)?(?![\w.])",
        lambda m: _conv(m[1], m[2], m[3], m[4], "string"),
    ),
    (r"(?:global[\s-]*(?:average|avg)[\s-]*pool(?:ing)?|gap|average pool)(?!\w)", lambda m: Item("whole", "gap")),
    (
        rf"(max[\s-]*pool(?:ing)?|avg[\s-]*pool(?:ing)?|mean[\s-]*pool(?:ing)?|mp|ap|p|s|pool(?:ing)?)\s?"
        rf"(?:{NUMBER}(?:{TIMES}{NUMBER})?)?(?:/{NUMBER})?(?![\w.])",
        lambda m: _pool(m[1], m[2], m[3], m[4]),
    ),
    (rf"{NUMBER}\s*([ps])(?![\w.])", lambda m: _pool(m[2], m[1], None, None)),
    (rf"(?:fc|n|sm|svm)\s*-?\s*{NUMBER}(?![\w.])", lambda m: Item("dense", f"dense {m[1]}")),
    (rf"{NUMBER}\s*(?:n|fc|f|o|sm|svm|hu)(?![\w.])", lambda m: Item("dense", f"dense {m[1]}")),
    (r"(soft-?max|relu|tanh|sigmoid)(?!\w)", lambda m: Item("other", m[1].lower().replace("-", ""))),
    (r"(?:bn|batch-?norm)(?!\w)", lambda m: Item("other", "batchnorm")),
    (r"(?:lrn|classifier|inputs?|output)(?!\w)", lambda m: Item("skip")),
    (r"do?(0?\.\d{1,6})(?![\w.])", lambda m: Item("other", f"dropout {float(m[1]):g}")),
    (r"drop-?out(?:\s*\(?(0?\.\d{1,6})\)?)?(?!\w)", lambda m: Item("other", f"dropout {float(m[1] or 0.5):g}")),
    (r"flatten(?!\w)", lambda m: Item("other", "flatten")),
    (rf"{SHAPE}(?![\w.])", _input),
    (rf"{NUMBER}(?![\w.])", lambda m: Item("dense", f"dense {m[1]}", "bare")),
)  # fmt: skip
SEPARATORS = re.compile(r"(?:[\s,;|/]|[-–—−]+>?|→)+")
LABEL = re.compile(r"(?i)conv\d(?:_[\dx]+)?(?=[\s|,:]+[\[\d])[\s|,:]*(?:\d{1,4}\s*[x×]\s*\d{1,4}[\s|]+(?=[\[\d]))?")
FRONT = re.compile(rf"(\d{{1,4}})\s*{TIMES}\s*(?=[\[(]|\d+c|conv\d|\d+fc)", re.IGNORECASE)
BACK = re.compile(rf"\s*{TIMES}\s*(\d{{1,4}})(?![\w.]*[x×c])", re.IGNORECASE)


class Words:
    """Reads a text element by element."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.count = 0
        self.table = [(re.compile(pattern, re.IGNORECASE), maker) for pattern, maker in ELEMENTS]

    def items(self, closing: str = "", depth: int = 0) -> list[Item]:
        """The elements up to a closing bracket, or the end."""
        if depth > MAX_DEPTH:
            raise self.error(f"brackets are nested more than {MAX_DEPTH} deep")
        found: list[Item] = []
        while True:
            self._skip()
            if self.at >= len(self.text):
                if closing:
                    raise self.error(f"{closing} is missing at the end")
                return found
            if self.text[self.at] == closing:
                self.at += 1
                return found
            item = self._item(depth)
            if item.kind != "skip":
                found.append(item)

    def _skip(self) -> None:
        if (match := SEPARATORS.match(self.text, self.at)) is not None:
            self.at = match.end()
        if (match := LABEL.match(self.text, self.at)) is not None:
            self.at = match.end()

    def _item(self, depth: int) -> Item:
        """One element, with how often."""
        self.count += 1
        if self.count > MAX_ITEMS:
            raise self.error(f"more than {MAX_ITEMS:,} layers are written out; write copies as conv3-64 x 12")
        times = 1
        if (match := FRONT.match(self.text, self.at)) is not None:
            times, self.at = int(match[1]), match.end()
        if self.text[self.at : self.at + 1] in ("(", "["):
            closing = {"(": ")", "[": "]"}[self.text[self.at]]
            self.at += 1
            item = Item("group")
            item.inner = self.items(closing, depth + 1)
        else:
            item = self._element()
        if item.kind != "input" and (match := BACK.match(self.text, self.at)) is not None:
            times, self.at = times * int(match[1]), match.end()
        item.times = times
        if times < 1:
            raise self.error("0 copies; write 1 or more")
        return item

    def _element(self) -> Item:
        for pattern, maker in self.table:
            if (match := pattern.match(self.text, self.at)) is not None:
                self.at = match.end()
                return maker(match)
        word = re.match(r"[^\s,;|\[\]()-]{1,40}", self.text[self.at : self.at + 60])
        told = word[0] if word is not None else self.text[self.at]
        raise self.error(
            f"{shown(told)} is not understood; elements are conv3-64, 64C3, MP2, maxpool, FC-4096, 128N, BN, softmax"
        )

    def error(self, what: str) -> NotationError:
        """The error at the place that reading has come to."""
        return NotationError(f"{shown(self.text)}, character {self.at + 1}: {what}")


__all__ = ["Item", "Words"]
