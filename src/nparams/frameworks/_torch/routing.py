"""How many experts a token uses: a plain attribute of a router, of the module around it, or a setting of the model."""

from __future__ import annotations

import re

from nparams.frameworks._torch.access import look
from nparams.stored.experts import EMPTY
from nparams.stored.experts import USED as SET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from nparams.frameworks._torch.held import Place

#: what the number of experts that a token uses is called on a router or the module around it
USED = (
    "num_experts_per_tok",  # transformers' routers
    "top_k",  # the same, and most code that is written by hand
    "topk",
    "experts_per_token",  # meta-pytorch/torchtune torchtune/modules/moe/moe.py, `TokenChoiceTopKRouter`
    "num_experts_per_token",
    "n_activated_experts",  # deepseek-ai/DeepSeek-V3 inference/model.py
    "num_selected_experts",
    "num_activated_experts",
    "moe_top_k",  # databricks/dbrx
    "moe_topk",  # Tencent-Hunyuan
    "moe_k",  # PaddlePaddle/ERNIE
    "router_topk",
    "moe_router_topk",  # NVIDIA/Megatron-LM megatron/core/transformer/transformer_config.py
    "n_active_experts",
    "active_experts",
    "k",  # davidmrau/mixture-of-experts moe.py
)
#: routers whose class says it: SwitchTransformersTop1Router, NllbMoeTop2Router
ROUTERS = re.compile(r"Top(\d)(?:Router|Gate)")
SETTINGS = ("config", "text_config", "ffn_config", "args", "cfg", "params")


def used(place: Place, count: int) -> tuple[int | None, str]:
    """(how many experts a token uses, "") or (None, why that is unknown)."""
    around = place.parent
    near = [place, *([around] if around else []), *routers(place), *routers(around)]
    if any((first(where, EMPTY) or 0) > 0 for p in near for where in (p.held, *settings_of(p.held))):
        return None, "some of its experts are empty, and a token may use those"
    told = {n for p in near if (n := _fitting(p.held, USED, count)) is not None}
    if not told:
        told = {n for p in near for where in settings_of(p.held) if (n := _fitting(where, SET, count)) is not None}
    if not told:
        told = {int(match[1]) for p in near if (match := ROUTERS.search(p.kind))}
    if not told:
        told = set(_from_above(place, count))
    if len(told) == 1:
        return told.pop(), ""
    return None, "its attributes disagree" if told else "nothing says"


def routers(place: Place | None) -> list[Place]:
    """The routers in a module."""
    below = [] if place is None else place.below()
    return [p for p in below if any(word in f"{p.key} {p.kind}".lower() for word in ("router", "gate", "gating"))]


def _from_above(place: Place, count: int) -> Iterator[int]:
    """What the settings of the nearest module above say."""
    here: Place | None = place
    while here is not None:
        for settings in settings_of(here.held):
            found = _fitting(settings, SET, count)
            if found is not None:
                yield found
                return
        here = here.parent


def settings_of(held: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The plain attributes of the settings that a module keeps, and of those inside them."""
    for key in SETTINGS:
        outer = _plain(held.get(key))
        if outer:
            yield outer
            for inner in SETTINGS:
                if deeper := _plain(outer.get(inner)):
                    yield deeper


def _plain(value: Any) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    if value is None or isinstance(value, type) or type(value).__module__ == "builtins":
        return {}
    try:
        found = look(value, "__dict__")
    except AttributeError:
        return {}
    return found if isinstance(found, dict) else {}


def first(held: Mapping[str, Any], names: Sequence[str]) -> int | None:
    """The first of those attributes that is a whole number."""
    return next((n for name in names if type(n := held.get(name)) is int), None)


def _fitting(held: Mapping[str, Any], names: Sequence[str], count: int) -> int | None:
    return next((n for name in names if type(n := held.get(name)) is int and 1 <= n <= count), None)
