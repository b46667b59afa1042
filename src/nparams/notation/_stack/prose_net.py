"""A fully connected network as a sentence tells it: inputs, hidden layers and outputs, in whatever order."""

from __future__ import annotations

import re

from nparams.notation._stack.prose_words import COLOUR, HAS, LIST, SIDES, UNIT, N, image

#: parts of a sentence about a fully connected network: (what it is, pattern)
PARTS = (
    ("image", rf"\b(?:input\s+(?:{HAS}))?(?:an?\s+)?{SIDES}\s*(?:pixels?\s+)?(?:{COLOUR}\s+)?(?:input\s+)?"
              rf"(?:images?|pixels?|pictures?)\b"),
    ("input", rf"\b{N}[\s-]*(?:dimensional|dim|d)\s+inputs?(?:\s+(?:vectors?|data|space))?\b"),
    ("input", rf"\b(\d+)\s+inputs?(?:\s+(?:layer\s+)?{UNIT})?\b(?!\s*(?:layer|{LIST}))"),
    ("input", rf"\binputs?(?:\s+(?:layer|vector|data|{UNIT}))?{HAS}{N}(?:\s+(?:input\s+)?{UNIT})?\b"),
    ("input", r"\b(\d+)\s+features\b"),
    ("output", rf"\b(\d+)\s+(?:outputs?(?:\s+(?:layer\s+)?{UNIT}|\s+classes)?|(?:output\s+)?class(?:es)?|"
               rf"target\s+classes|categories)\b(?!\s*layer)"),
    ("output", rf"\boutputs?(?:\s+(?:layer|vector|{UNIT}))?{HAS}{N}(?:\s+(?:output\s+)?(?:{UNIT}|class(?:es)?))?\b"),
    ("hidden", rf"\b(?:(\d+)\s+)?(?:(?:fully[\s-]connected|dense)\s+)?hidden\s+layers?\s*,?\s*"
               rf"(?:each\s+)?{HAS}{LIST}(?:\s+(?:hidden\s+)?{UNIT})?"
               r"(?:\s*,?\s*(each|per\s+(?:hidden\s+)?layer|in\s+each(?:\s+layer)?|respectively))?\b"),
    ("hidden", rf"\b()(\d+)\s+hidden(?:\s+(?:layer\s+)?{UNIT})?()\b(?!\s*layer)"),
)  # fmt: skip
#: ... with the count behind the size
BEHIND = re.compile(
    rf"\b(\d+)\s+{UNIT}\s+(?:each\s+)?in\s+(?:each\s+of\s+)?(?:the\s+)?(?:(\d+)\s+|(?:first|second|third|only|"
    rf"single)\s+)?hidden\s+layers?\b"
    rf"|\b(\d+)\s+{UNIT}\s+in\s+the\s+(input|output|last|final)\s+layer\b", re.I,
)  # fmt: skip
FOUND = [(what, re.compile(pattern, re.I)) for what, pattern in PARTS]
DEPTH = re.compile(r"\b(\d+)[\s-]+layer(?:ed|s)?\b", re.I)
NO_BIAS = re.compile(
    r"\b(?:no|without|w/o|excluding|ignoring|neglecting)\s+(?:any\s+)?bias(?:es)?(?:\s+terms?)?\b", re.I
)
#: what may be left of a sentence when its parts are taken out
LEFT = frozenset(
    """a an the and with of to has have having that consists consisting contains containing there is are in it its which
    where by from for using use uses if we you your suppose consider given let our my as followed then between connected
    neural network networks net nets nn ann dnn mlp ffn fnn fcn fcnn multilayer multi layer layers perceptron fully
    full dense feedforward feed forward model deep simple standard small basic vanilla artificial typical architecture
    classifier relu sigmoid tanh softmax activation activations function functions linear biases bias including included
    all each first second third fourth last final size sizes respectively neurons units nodes regression
    logistic""".split()
)
NAMED = re.compile(
    r"^\s*(?:(?:(?:an?|the|my|simple|deep|fully|connected|fully-connected|dense|feed-?forward|neural|mlp|ann|"
    r"dnn|fcnn?|ffn|"
    r"multi-?layer|perceptron|auto-?encoder|layers?|sizes?|architecture|with|of|is|model|\w+(?=\s+net"
    r"(?:work)?\b)|net(?:work)?)\b[\s:=]*)+)?"
    r"[(\[]*\s*(\d+(?:\s*(?:,|->|→|-|–|:|\s)\s*\d+){2,})\s*[)\]]*"
    r"(?:\s+(?:neural\s+)?(?:net(?:work)?|mlp|perceptron))?(?:[\s,]+(?:with|including)\s+(?:all\s+)?(?:bias"
    r"(?:es)?|(?:relu|tanh|sigmoid|gelu)(?:\s+activations?)?))?\s*$", re.I,
)  # fmt: skip
#: one neuron on all that comes in: the perceptron of Rosenblatt 1958, and regressions as networks
NEURON = re.compile(
    rf"^\s*(?:an?\s+)?(?:(?:single|1)[\s-]+(?:neuron|perceptron|unit)|perceptron|neuron|(?:logistic|"
    rf"linear)\s+regression)(?:\s+model)?\s+(?:with|on|of)\s+"
    rf"(\d+)\s+(?:inputs?|{UNIT})(?:\s+and\s+(?:an?\s+)?bias)?\s*$", re.I,
)  # fmt: skip


def sizes(text: str) -> str | None:
    """`MLP 784-256-10`, `fully connected 784, 256, 10`."""
    if (match := NAMED.match(text)) is not None:
        return _chain(*re.findall(r"\d+", match[1]))
    return None if (match := NEURON.match(text)) is None else f"dense 1 on {match[1]}"


def _chain(first: str, *rest: str) -> str:
    return "; ".join([f"input {first}", *(f"dense {size}" for size in rest)])


def network(text: str) -> str | None:
    """Inputs, hidden layers and outputs, in whatever order they are told."""
    said: dict[str, list[str]] = {"input": [], "hidden": [], "output": []}
    left, bare = NO_BIAS.subn(" ", BEHIND.sub(_before, text))
    for what, pattern in FOUND:
        while (match := pattern.search(left)) is not None:
            sizes = _part(what, match)
            name = "input" if what == "image" else what
            if not sizes or (said[name] and what != "hidden"):
                return None
            said[name] += sizes
            left = f"{left[: match.start()]} . {left[match.end() :]}"
    if sum(map(bool, said.values())) < 2 or not _says_nothing(left, len(said["hidden"])):
        return None
    lines = [f"input {size}" for size in said["input"]]
    lines += ["flatten"] if any("x" in size for size in said["input"]) else []
    lines += [f"dense {size}{' no bias' if bare else ''}" for size in (*said["hidden"], *said["output"])]
    return "; ".join(lines)


def _before(match: re.Match[str]) -> str:
    """16 nodes in 2 hidden layers: 2 hidden layers of 16."""
    if match[3]:
        return f"{'input' if match[4].lower() == 'input' else 'output'} layer of {match[3]}"
    return f"{match[2] or 1} hidden layers of {match[1]} each"


def _part(what: str, match: re.Match[str]) -> list[str]:
    """The sizes of one part: those of several hidden layers, the sides of an image with its channels."""
    if what == "image":
        return [image(match[1], match[2])]
    if what != "hidden":
        return [match[1]]
    sizes = re.findall(r"\d+", match[2])
    if not match[1]:
        return sizes if len(sizes) == 1 or match[3] is None or match[3].lower() == "respectively" else []
    count = int(match[1])
    if count > 1000 or len(sizes) not in (1, count):
        return []
    return sizes * count if len(sizes) == 1 else sizes


def _says_nothing(left: str, hidden: int) -> bool:
    """Whether only words that count nothing remain; `3-layer` must fit what was found, however layers are "
    "numbered."""
    for match in DEPTH.finditer(left):
        if int(match[1]) not in (hidden, hidden + 1, hidden + 2):
            return False
    words = re.findall(r"[^\W_]+", DEPTH.sub(" ", left).lower())
    return all(word in LEFT for word in words)
