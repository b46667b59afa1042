"""A question around what is asked about: `How many parameters does ... have?`, `What is ...?`."""

from __future__ import annotations

import re

MAX_LONG = 4_000
# Patterns as text, so that a text that asks nothing compiles none of them.
FRONT = (
    r"(?i)\s*(?:please\s+)?(?:how\s+many|what\s+(?:is|are)|what's|(?:the\s+)?number\s+of|count|calculate|compute)\s+"
    r"(?:the\s+)?(?:number\s+of\s+)?(?:(?:total|trainable|learnable|free)\s+)?"
    r"(?:(?:parameters|params|weights)(?:\s+and\s+biases)?\s+)?"
    r"(?:(?:does|do|has|have|are\s+there\s+in|are\s+in|are|is|in|of|for)\s+)?(?:(?:an?|the|this|my)\s+)?"
)
BACK = r"(?i)\s*(?:(?<=\s)(?:have|has|contain|in total|parameters|params))?\s*\?*\s*\Z"
#: how a question begins
ASKS = frozenset(("please", "how", "what", "what's", "the", "number", "count", "calculate", "compute"))


def asked(text: str) -> str:
    """What a question is about; the text itself where it is none.

    >>> asked("How many parameters does Dense(5 => 7) have?"), asked("What is (5*5*3+1)*100?"), asked("784-16-10")
    ('Dense(5 => 7)', '(5*5*3+1)*100', '784-16-10')
    """
    if len(text) > MAX_LONG or text.lstrip()[:20].partition(" ")[0].lower() not in ASKS:
        return text
    front = re.match(FRONT, text)
    if front is None:
        return text
    rest = text[front.end() :]
    back = re.search(BACK, rest)
    return rest[: back.start()].strip() if back is not None else rest.strip()
