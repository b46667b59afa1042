"""Sentences about layers as lists of layers: `2 hidden layers of 100 neurons each, 784 inputs, 10 outputs`.

Asked only where a text is no list as it stands.  A sentence is put in other words, never completed: what is left over
when its parts are found must say nothing that is counted, else it is no sentence that is understood here.
"""

from __future__ import annotations

import re

from nparams.notation._stack.prose_layer import layer
from nparams.notation._stack.prose_net import network, sizes

#: characters of the longest sentence
LONGEST = 1_000

#: "how many parameters are there in ...", "... have?"
ASKING = re.compile(
    r"^\s*(?:(?:please|calculate|compute|find|determine|count|give|what(?:'s| is| are)?|how many|the|total|"
    r"number|no\.?|"
    r"of|learnable|trainable|free|model)\s+)*(?:parameters?|params)\b\s*(?:(?:does|do|are|is|there|in|of|for|"
    r"has|have|will|"
    r"would|needed|required|by|a|an|the|this|following)\b\s*)*[:,]?\s*(?=\S)", re.I,
)  # fmt: skip
ASKED = re.compile(
    r"[\s,:]*(?:\b(?:has|have|total|number of|how many|trainable|learnable|parameters?|params|count|in total)\b\s*)*"
    r"[?.\s]*$", re.I,
)  # fmt: skip
#: a question at the end, with what it says of biases: they are counted
QUESTION = re.compile(
    r"[.,;:\s]*\b(?:and\s+)?(?:how\s+many|what\s+is|what's|calculate|compute|determine|find)\b[^.;]*\b"
    r"(?:parameters?|params)\b"
    r"[^;]{0,120}$", re.I,
)  # fmt: skip
#: ways of speaking that count nothing
SPOKEN = tuple((re.compile(pattern, re.I), put) for pattern, put in (
    (
        r"\b((?:kernel|filter|window|pool|size)s?\s*(?:of\s+|is\s+|size\s+|[=:])*\s*\d+)\s+[x×]\s+"
        r"(?=\d+\b(?!\s*[x×]))",
        r"\1x",
    ),
    (
        r"(?<![\w.×])(?<![x×]\s)(\d+)\s+[x×]\s+(\d+)(?=\s+(?:kernels?|filters?|conv|pool|max|avg|window))",
        r"\1x\2",
    ),
    (r"(?<=\d)[\s-]*by[\s-]*(?=\d)", "x"),
    (r"\bcolou?r(?:ed)?\s*\(\s*rgb\s*\)|\brgb\s*\(\s*colou?r\s*\)", "rgb"),
    (r"\b(?:you|we)\s+(?:are|do)\s+not\s+us(?:e|ing)\s+a\s+conv\w*\s+(?:network|net|layer)\b", " "),
    (r"\beach\s+(?:one\s+|neuron\s+)?(?:of\s+them\s+)?(?:is\s+)?(?:fully\s+)?connected\s+to\s+(?:the|all|"
     r"every)\s+inputs?\b", " "),
    (r"\bin\s+(?:an?|1|one|the|this)\s+(?:single\s+)?layer(?:\s+of\s+(?:an?|the)\s+(?:neural\s+)?net"
     r"(?:work)?)?\b", " "),
    (r"\b\d+\s+time[\s-]*steps?\b", " "),
    (r"\b(?:including|with)\s+(?:all\s+|the\s+)?bias(?:es)?(?:\s+(?:terms?|parameters?))?\b", " "),
))  # fmt: skip
NUMBERS = {word: str(k + 1) for k, word in enumerate("one two three four five six seven eight nine ten".split())}
NUMBERS |= {"single": "1", "eleven": "11", "twelve": "12"}
NUMBER_WORD = re.compile(
    rf"\b(?:an?\s+(?=single))?({'|'.join(NUMBERS)})(?=[\s-]+(?:fully|hidden|input|output|layers?|neurons?|"
    rf"units?|nodes?|"
    r"features?|classes|filters?|kernels?|dense|conv|lstm|gru|rnn|[a-z]+[\s-]layers?)\b)", re.I,
)  # fmt: skip


def listed(text: str) -> list[str]:
    """The lists of layers that a sentence may stand for, the likeliest first.

    >>> listed("2 hidden layers of 100 neurons each, 784 inputs, 10 outputs")[0]
    'input 784; dense 100; dense 100; dense 10'
    """
    if len(text) > LONGEST or not any(c.isdigit() for c in text):
        return []
    plain = ASKED.sub("", ASKING.sub("", text, 1), 1)
    plain = QUESTION.sub("", plain) if any(map(str.isdigit, QUESTION.sub("", plain))) else plain
    for pattern, put in SPOKEN:
        plain = pattern.sub(put, plain)
    plain = NUMBER_WORD.sub(lambda match: NUMBERS[match[1].lower()], plain)
    found = [made for make in (sizes, network, layer, _calls, _sentences) if (made := make(plain)) is not None]
    return [made for made in found if made != text]


# -- several layers ---------------------------------------------------------------------------------------------------


CALL = re.compile(r"\b([A-Za-z]\w*)\s*\(([^()]*)\)")


def _calls(text: str) -> str | None:
    """`embedding(500,32); lstm(64); dense(1)`: what stands in brackets behind a layer is told of it."""
    if CALL.search(text) is None:
        return None
    made = CALL.sub(lambda match: f"{match[1]} {match[2].replace(',', ' ')}", text)
    return re.sub(r"(?<=\d)\s*-\s*(?=[A-Za-z])", "; ", made)


def _sentences(text: str) -> str | None:
    """`A conv layer ..., followed by max pooling. Then a dense layer ...`: one layer after another."""
    made = re.sub(
        r"\s*,?\s*(?:and\s+)?(?:(?:which\s+is\s+)?followed\s+by|then(?:\s+comes)?|after\s+that)\s+", "; ", text
    )
    made = re.sub(r"(?<=[\w)])(?<!^\d)(?<!\n\d)\.\s+(?=[A-Za-z])", "; ", made)
    pieces = [_unnumbered(piece.strip(" ,-*•.\t")) for piece in re.split(r"[;\n]", made) if piece.strip(" ,-*•\t.")]
    pieces = [_after(piece, before) for before, piece in zip(["", *pieces], pieces, strict=False)]
    if len(pieces) < 2:
        return None
    return "; ".join(piece if _is_input(piece) else layer(piece) or piece for piece in pieces)


def _is_input(text: str) -> bool:
    from nparams.notation._stack.words import is_input

    return is_input(text)


def _unnumbered(text: str) -> str:
    """`Layer 1: convolutional layer ...`: the number says only where it stands."""
    from nparams.notation._stack.words import kind_at_start

    match = re.match(r"(?:\d+[.)]\s*)?layer\s+\d+\s*[:.)-]\s*(?=\S)", text, re.I)
    if match is None or kind_at_start(re.split(r"[,:]", text[match.end() :])[0]) is None:
        return text
    return text[match.end() :]


def _after(text: str, before: str) -> str:
    """`BN1: after Conv1` behind Conv1: it stands there already."""
    match = re.search(r"\s*:?\s*\bafter\s+(\w+)\s*$", text, re.I)
    return text[: match.start()] if match is not None and before.lower().startswith(match[1].lower()) else text
