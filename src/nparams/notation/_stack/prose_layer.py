"""One layer as a sentence tells it: `3x3 conv with 64 input channels and 128 output channels`."""

from __future__ import annotations

import re

from nparams.notation._stack.prose_words import CHANNELS, COLOUR, HAS, SIDES, UNIT, image
from nparams.notation._stack.tokens import Token, tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.layers.kind import Kind

#: an image or a volume that comes in: it may be told before the layer or behind it
IMAGE = re.compile(
    rf"[\s,;.]*\b(?:(?:on|over|applied\s+to|to|for|from|of)\s+)?(?:an?\s+|the\s+|your\s+|our\s+)?(?:input\s+"
    rf"(?:image\s+|volume\s+)?(?:that\s+is\s+|is\s+|of\s+|size\s+)*)?(?:an?\s+)?"
    rf"{SIDES}\s*(?:pixels?\s+)?(?:{COLOUR}\s+)?(?:input\s+)?(?:images?|inputs?|volume|picture)\b"
    rf"|[\s,;.]*\b(?:on|over|for|from|with)?\s*(?:an?\s+|the\s+|your\s+)?input(?:\s+(?:image|volume|tensor|size|"
    rf"shape|dimensions?|feature\s+map))*(?:\s+(?:that|is|are|has|of|size|shape|an?))*\s*[:=]?\s*{SIDES}", re.I,
)  # fmt: skip
ON_COLOUR_IMAGE = re.compile(
    rf"[\s,]*\b(?:(?:on|over|to|for|with|from|of)\s+)?(?:an?\s+|the\s+)?{COLOUR}\s+(?:images?|inputs?|"
    rf"pictures?)\b", re.I
)  # fmt: skip
ON_COLOUR = re.compile(rf"[\s,]*\b(?:on|over|with|to|in)\s+{COLOUR}\s*$", re.I)
INTO = re.compile(r"(?<![\w.x×])(\d+)\s*(?:[-=]+>|→|to)\s*(\d+)(?![\w.x×])")
#: "64 output 10" says 10 of the output, "64 output channels, 10 ..." says 64
END = r"(?![\w-]|\s*[=:])"
#: nouns for what comes into a layer, and goes out
ENTERS = (
    rf"(?:\b(?:over|on|from|with|for)\s+)?(?<![\w.x])(\d+)\s+(?:input|in|incoming)(?:[\s_-]+(?:channels?|depth|{UNIT}){END}|{END}(?!\s+\d))",
    rf"\b(?:input|in|incoming)[\s_-]+(?:channels?|depth|size|{UNIT}){HAS}(\d+)(?![\w.x])",
    r"\bin\s*=\s*(\d+)(?![\w.x])",
    rf"\b(?:on|over|applied\s+to)\s+(\d+)\s+(?:colou?r\s+)?(?:channels?|{UNIT})\b",
    r"\b(?:input\s+)?depth\s*(?:of|is|=|:)?\s*(\d+)(?![\w.x])",
)
LEAVES = (
    rf"(?:\b(?:to|with|for)\s+)?(?<![\w.x])(\d+)\s+(?:output|out|outgoing)(?:[\s_-]+(?:channels?|{UNIT}){END}|{END}(?!\s+\d))",
    rf"\b(?:output|out|outgoing)[\s_-]+(?:channels?|size|{UNIT}){HAS}(\d+)(?![\w.x])",
    r"\bout\s*=\s*(\d+)(?![\w.x])",
)
#: what a layer of each kind calls what it sends
SENDS = {"Conv": "filters", "ConvTranspose": "filters", "SeparableConv": "filters", "Dense": "units", "LSTM": "units",
         "GRU": "units", "SimpleRNN": "units"}  # fmt: skip
QUIET = re.compile(
    r"\b(?:(?:that|which)\s+(?:are|is)\s+(?:each\s+)?|(?:has|have|having|uses?|using|contains?|containing)\s+|"
    r"vanilla\s+)", re.I
)  # fmt: skip
#: what a sentence begins with before it names its layer
OPENING = re.compile(
    r"^(?:[\s,.]*\b(?:suppose|assume|consider|given|if|say|let|that|you|we|i|your|our|the|an?|there|is|are|have|"
    r"has|had|use|used|using|"
    r"it|this|and|then|now|want|apply|applying|passed|pass|through|convolv(?:e|ed)|filter(?=\s+it)|input(?=\s+"
    r"(?:is|and))|with|by|to|of|where)\b)+[\s,.]*", re.I,
)  # fmt: skip
DEEP = re.compile(r"(?<![\w.x×])(\d+)\s*[x×]\s*(\d+)\s*[x×]\s*(\d+)(?![\w.x×])")
FILTERS = re.compile(r"\b(?:filters?|kernels?)\b", re.I)


def layer(text: str) -> str | None:
    """One layer, told in words: what comes in as `on`, what goes out under its kind's own word."""
    text, on = _image_in(QUIET.sub(" ", text))
    text = OPENING.sub("", re.sub(r"(?:\s*,)?\s*\band\s+", " ", text))
    text = re.sub(r"(?<![\w.])(\d+(?:\s*[x×]\s*\d+)+)\s+kernels?(?:\s+sizes?)?\b", r" kernel=\1 ", text, count=1)
    kind = _kind_in(text)
    if kind is None:
        if FILTERS.search(text) is None:
            return None
        text, on = _deep(f"conv {text}", on)
        kind = _kind_in("conv")
    text = _going_out(text, kind)
    if on is None:
        text, on = _coming_in(text, kind)
    if kind.name == "Dense" and on is not None and "x" in on:
        return f"input {on}; flatten; {text}"
    return _with(text, on)


def _kind_in(text: str) -> Any:
    """The kind of layer that a sentence begins with."""
    from nparams.notation._stack.words import kind_at_start

    plain = re.sub(r"[-=]+>|[→,]", " ", text)
    return kind_at_start(re.split(r"[;:]", plain)[0]) or kind_at_start(plain.replace(":", " "))


def _going_out(text: str, kind: Kind) -> str:
    """What is said to go out, under the kind's own word."""
    sends = SENDS.get(kind.name)
    if sends is None:
        return text
    if kind.name != "Dense":  # dense 784 -> 10 may be two layers as well
        text = INTO.sub(rf" {sends}=\2 in=\1 ", text, count=1)
    for pattern in LEAVES:
        text, count = re.subn(pattern, rf" {sends}=\1 ", text, count=1, flags=re.I)
        if count:
            break
    return text


def _coming_in(text: str, kind: Kind) -> tuple[str, str | None]:
    """The number that is said to come in, taken out of the text."""
    if kind.name == "DepthwiseConv":
        text = re.sub(r"(?<![\w.x])(\d+)\s+channels?\b", r" in=\1 ", text, count=1)
    if SENDS.get(kind.name) == "filters":
        text = _in_and_out(text)
    for pattern in ENTERS:
        if (match := re.search(pattern, text, re.I)) is not None:
            return f"{text[: match.start()]} {text[match.end() :]}", match[1]
    return text, None


def _image_in(text: str) -> tuple[str, str | None]:
    """What an image that is told brings: its sides, or its channels alone; and the text without it."""
    if (match := IMAGE.search(text)) is not None:
        return f"{text[: match.start()]} {text[match.end() :]}", image(match[1] or match[3], match[2])
    if (match := ON_COLOUR.search(text) or ON_COLOUR_IMAGE.search(text)) is not None:
        return f"{text[: match.start()]} {text[match.end() :]}", CHANNELS[match[1][0].lower()]
    return text, None


def _deep(text: str, on: str | None) -> tuple[str, str | None]:
    """Filters of 3x3x3 slide along two sides of as many channels as their third."""
    match = DEEP.search(text)
    if match is None or (on is not None and on.split("x")[-1] != match[3]):
        return text, on
    return f"{text[: match.start()]}{match[1]}x{match[2]}{text[match.end() :]}", on or match[3]


def _in_and_out(text: str) -> str:
    """`conv 3 64 7x7`: of two sizes beside a kernel the channels that come in stand first, as in a layer's name."""
    bare = [token for token in _tokens(text) if token.kind in ("size", "shape")]
    if sorted(token.kind for token in bare) != ["shape", "size", "size"] or re.search(r"[=:]|\bon\b", text):
        return text
    first, second = (token.text for token in bare if token.kind == "size")
    if not (first.isalnum() and second.isalnum()):
        return text
    return re.sub(rf"(?<![\w.x]){first}[\s,]+{second}(?![\w.x])", f"filters={second} in={first}", text, count=1)


def _tokens(text: str) -> list[Token]:
    from nparams.errors import NotationError

    try:
        return tokens(text)
    except NotationError:
        return []


def _with(text: str, on: str | None) -> str:
    text = " ".join(text.replace(",", " ").split())
    return f"{text} on {on}" if on is not None else text
