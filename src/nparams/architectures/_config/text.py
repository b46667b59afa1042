"""The text of a config.json as a dict: JSON as the library reads it, bounded, and refused in one line where it is not.

huggingface/transformers writes NaN and Infinity into some files (time_step_limit of Mamba 2) and reads them back, so
these are let through here; a size that is none is refused where it is used.
"""

from __future__ import annotations

from nparams.errors import NotationError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: characters; the labels of 21,000 classes take 1.7 million
MAX_TEXT = 4_000_000
#: digits of a whole number
LONGEST = 40


def parsed(text: str) -> Any:
    """The value of a text; NotationError where it is no JSON, gives a key two values, or is too large.

    >>> parsed('{"model_type": "gpt2", "n_layer": 12}')
    {'model_type': 'gpt2', 'n_layer': 12}
    """
    import json

    if len(text) > MAX_TEXT:
        raise NotationError(f"{len(text):,} characters of JSON; a configuration of up to {MAX_TEXT:,} is read")
    decoder = json.JSONDecoder(object_pairs_hook=_object, parse_int=_whole)
    try:
        return decoder.decode(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as problem:
        place = f"line {problem.lineno:,}, column {problem.colno:,}"
        raise NotationError(f"a config.json is JSON, and this is none at {place}: {problem.msg}") from None
    except RecursionError:
        raise NotationError("a config.json nested too deep to be one") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    held = dict(pairs)
    if len(held) != len(pairs):
        for key, value in pairs:
            if held[key] is not value and held[key] != value:
                raise NotationError(f"the key {shown(key)} stands there twice, with different values")
    return held


def _whole(digits: str) -> int:
    if len(digits) > LONGEST:
        raise NotationError(f"a number of {len(digits):,} digits; up to {LONGEST} make sense in a config.json")
    return int(digits)
