"""Whether a text is a list of layers at all."""

from __future__ import annotations

import re

from nparams.notation._stack.text import MAX_TEXT, SEPARATOR

#: a call of code, which is another notation: Dense(10), nn.Linear(784, 10), model.add(...)
CODE = r"\s*(?:[\w.]+\s*=\s*)?[\w.]+\([^)]"


#: characters of a question in words; more is no question
MAX_SENTENCE = 5_000


def is_list(text: str) -> bool:
    """Whether some element begins as a layer does, or several do nearly, or a sentence says so."""
    if len(text) > MAX_TEXT or not any(c.isalpha() for c in text):
        return False
    if _is_call(text):
        return _is_sentence(text) and re.search(r"\w\s*=|\.\w", text) is None
    return _names_layers(text) or _is_sentence(text)


def _is_call(text: str) -> bool:
    """Whether it begins as a call of code does, and not as a group of layers."""
    from nparams.notation._stack.text import group_front

    return bool(re.match(CODE, text)) and group_front(text, len(text) - len(text.lstrip()), len(text)) is None


def _names_layers(text: str) -> bool:
    from nparams.notation._stack.words import is_input, kind_at_start

    pieces = [p.strip() for p in re.split(rf"{SEPARATOR}|[()]", text[:20_000]) if p.strip()]
    return any(is_input(piece) or kind_at_start(piece) is not None or _nearly(piece) for piece in pieces)


def _is_sentence(text: str) -> bool:
    """Whether a text stands for a list of layers in other words: 32 filters of size 3x3x3."""
    from nparams.notation._stack.prose import listed

    if len(text) > MAX_SENTENCE:
        return False
    return any(_names_layers(words) and not _is_call(words) for words in listed(text))


def _nearly(piece: str) -> bool:
    """A word close to a layer's name with a number after it: densee 10."""
    from difflib import get_close_matches

    from nparams.layers.catalogue import words

    match = re.match(r"([^\W\d_]{3,})\s+\d", piece)
    return match is not None and bool(get_close_matches(match[1].lower(), list(words()), 1, 0.75))
