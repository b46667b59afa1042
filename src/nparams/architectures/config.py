"""config.json of a model, as the transformers library writes it: the exact count, with nothing installed.

`model_type` names an entry of the catalogue, `architectures` a class of it; the entry's formulas, derived by machine
from that class's own constructor, are worked out on the fields of the file.  A type, a class or a value that no entry
was verified for is refused by name.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

    from nparams.network import Network

#: keys by which a text that begins as JSON is known for a configuration
SIGNS = (
    '"model_type"', '"architectures"', '"_class_name"', '"peft_type"', '"pretrained_cfg"', '"preprocess_cfg"',
    '"sentence_transformers.',
)  # fmt: skip
TYPE = "model_type"


def claims(text: str) -> bool:
    """Never before the file system was asked."""
    return False


def may_be(text: str) -> bool:
    """Whether a text is JSON of a kind that a config.json is, or is taken for.

    >>> may_be('{"model_type": "llama"}'), may_be('{"n_layer": 12, "n_embd": 768}')
    (True, False)
    """
    start = text[:64].lstrip("\ufeff \t\r\n")[:1]
    return start in ("{", "[") and any(sign in text for sign in SIGNS)


def is_settings(source: object) -> bool:
    """Whether a dict of Python's is a configuration: it says its type, and holds plain values only.

    >>> is_settings({"model_type": "llama", "hidden_size": 64}), is_settings({"w": [[1.0]]})
    (True, False)
    """
    if type(source) is not dict or SETTINGS.isdisjoint(source):
        return False
    kinds = {*map(type, source.values())}
    return kinds <= PLAIN or (
        kinds <= PLAIN_OR_PARTS and all(_is_plain(value) for value in source.values() if type(value) is dict)
    )


SETTINGS = frozenset((TYPE, "architectures", "_class_name", "peft_type", "pretrained_cfg"))
PLAIN = frozenset((str, int, float, bool, type(None), list, tuple))
PLAIN_OR_PARTS = PLAIN | {dict}


def _is_plain(inner: dict[object, object]) -> bool:
    """By its first value: a dict of arrays holds nothing else."""
    return all(type(value) in PLAIN or type(value) is dict for value in list(inner.values())[:1])


def read(
    source: str | Mapping[str, Any],
    *,
    which: str | None = None,
    set: Mapping[str, object] | None = None,
    free: Collection[str] = (),
) -> Network:
    """The network that a config.json describes, given as text or as the dict that it holds.

    `which` names one of its type's classes; `set` puts other values in place of the file's; the fields in `free` stay
    symbols, and `set` may then hold expressions in them.  Raises NotationError for text that is no JSON,
    UnsupportedError for what no entry of the catalogue was verified for.

    >>> read({"model_type": "no-such-type"})
    Traceback (most recent call last):
      ...
    nparams.errors.UnsupportedError: model_type "no-such-type" has no formula here, ...
    """
    from nparams.architectures._config.asked import Asked

    if free:
        from nparams.architectures._config.given import parted

        numbers, expressions = parted(set or {})
        network = Asked(held_in(source), numbers).open(which, free, expressions)
    else:
        network = Asked(held_in(source), set).network(which)
    network.architecture = held_in(source)[TYPE]
    if type(source) is str:
        network.source = source
    return network


def held_in(source: str | Mapping[str, Any]) -> Mapping[str, Any]:
    """The object in a text or dict; UnsupportedError where it is another program's, or says no type."""
    held: Any = source
    if isinstance(held, str):
        from nparams.architectures._config.text import parsed

        held = parsed(held)
    if type(held) is dict and type(held.get(TYPE)) is str:
        return held
    from nparams.architectures._config import strangers

    raise strangers.refusal(held) if isinstance(held, dict) else strangers.not_an_object(held)
