"""Values that --set gives names of the code: numbers, flags, lists, texts in quotes, expressions, names of the code."""

from __future__ import annotations

from nparams.errors import ExprError, UsageError, shown
from nparams.expr import Expr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

WORDS: dict[str, Any] = {"True": True, "true": True, "False": False, "false": False, "None": None, "none": None}


class Named(str):
    """A word that may be the name of something in the code; a symbol where it is not."""


def given_values(values: Mapping[str, object]) -> dict[str, Any]:
    """What --set says, as values of the code.

    >>> given_values({"bias": "False", "layers": ["3", "4"], "rate": "0.5", "act": "'relu'"})
    {'bias': False, 'layers': [3, 4], 'rate': 0.5, 'act': 'relu'}
    """
    return {name: given_value(name, value) for name, value in values.items()}


def given_value(name: str, value: object) -> Any:
    """One of them; UsageError for what is none of these."""
    if isinstance(value, (list, tuple)):
        entries = [given_value(name, entry) for entry in value]
        return entries if isinstance(value, list) else tuple(entries)
    if isinstance(value, (bool, int, float, Expr, dict)) or value is None:
        return value
    text = str(value).strip()
    if text in WORDS:
        return WORDS[text]
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    if text[:1] == "(" and text[-1:] == ")" and "," in text:
        return tuple(given_value(name, entry) for entry in text[1:-1].split(",") if entry.strip())
    if text.isidentifier():
        return Named(text)
    if "_" in text and text.replace("_", "").isdigit():  # a version such as 1_1, not a number
        return text
    return _number(name, text)


def _number(name: str, text: str) -> Any:
    from nparams.expr import parse, substitute

    try:
        return substitute(parse(text), {})
    except ExprError as error:
        try:
            return float(text)
        except ValueError:
            raise UsageError(f"--set {name}={shown(text)}: {error}") from None
