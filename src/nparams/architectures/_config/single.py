"""Settings of single layers, as transformers 5 saves them, put back into the fields that the class makes them of.

A table, after the `__post_init__` of the classes: models/gemma4/configuration_gemma4.py makes `per_layer_config` of
`global_head_dim` and `num_global_key_value_heads` for the layers of full attention, and saves only what it made.
"""

from __future__ import annotations

from nparams.architectures._config.versions import at, put, without
from nparams.errors import UnsupportedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

    from nparams.architectures.entry import Entry

NAME = "per_layer_config"
#: a setting of single layers, the field that the class takes for it
FIELDS = {"head_dim": "global_head_dim", "num_key_value_heads": "num_global_key_value_heads"}
#: the layers that have it, and the flag without which the class makes no number of heads
LAYERS, FULL, GATE = "layer_types", "full_attention", "attention_k_eq_v"


def gathered(held: Mapping[str, Any], entry: Entry, places: Collection[str]) -> Mapping[str, Any]:
    """The file with fields in place of settings of single layers, in each of its `places`.

    Raises UnsupportedError where these say more than the fields can.
    """
    for place in places:
        own = at(held, place)
        if own is not None and NAME in own:
            held = _gathered(held, f"{place}." if place else "", own, entry.fields)
    return held


def _gathered(
    held: Mapping[str, Any], before: str, own: Mapping[str, Any], fields: Mapping[str, Any]
) -> Mapping[str, Any]:
    known = {name: f"{before}{field}" for name, field in FIELDS.items() if f"{before}{field}" in fields}
    if not known and not own[NAME]:
        return held
    shared = _shared(own) if known else None
    gated = f"{before}{GATE}" in fields and own.get(GATE) is not True
    if shared is None or not shared.keys() <= known.keys() or (gated and "num_key_value_heads" in shared):
        raise UnsupportedError(
            f"{before}{NAME} gives single layers settings of their own, which no formula was verified for; count the "
            "weights instead"
        )
    for name, field in known.items():
        held = put(held, field, shared.get(name, own.get(name) if name == "head_dim" else None))
    return without(held, f"{before}{NAME}")


def _shared(own: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The settings that all layers of full attention have, and no other layer; None where it is not so.

    >>> layers = ["sliding_attention", "full_attention"]
    >>> _shared({"layer_types": layers, "head_dim": 256, "per_layer_config": {"1": {"head_dim": 512}}})
    {'head_dim': 512}
    """
    layers, single = own.get(LAYERS), own[NAME] or {}
    if type(layers) is not list or not layers or layers[-1] != FULL or type(single) is not dict:
        return None
    full = {str(k) for k, word in enumerate(layers) if word == FULL}
    settings = list(single.values())
    if settings and ({*map(str, single)} != full or any(each != settings[0] for each in settings)):
        return None
    found = settings[0] if settings else {}
    return found if type(found) is dict and type(own.get("head_dim")) is int else None
