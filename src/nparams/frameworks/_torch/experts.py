"""Mixtures of experts in a live model: which parameters are experts', and how many of them a token uses.

Experts are a list of modules of equal size, or parameters with one dimension for all of them; their names or their
classes say so.  How many a token uses is a plain attribute of the router, of the module around it, or a setting of the
model; where none says, or two disagree, it is unknown.
"""

from __future__ import annotations

import re

from nparams.frameworks._torch.access import look
from nparams.network import PARAMETER_ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from nparams.frameworks._torch.held import Held, Place
    from nparams.network import Tensor
    from nparams.stored.named import Made

#: a list under such a name may be of experts that are called otherwise
HINTS = ("expert", "moe", "router")
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
#: the same in the settings of a whole model, where a plain top_k is one of generation
SET = ("num_experts_per_tok", "num_experts_per_token", "experts_per_token", "moe_top_k", "moe_topk", "moe_k",
       "num_selected_experts", "n_activated_experts", "moe_router_topk", "expert_top_k")  # fmt: skip
#: what the number of experts is called
COUNTS = ("num_experts", "n_experts", "num_local_experts", "n_routed_experts", "num_routed_experts",
          "moe_num_experts", "n_local_experts", "num_moe_experts")  # fmt: skip
#: experts without parameters that a router may choose instead (meituan's LongCat-Flash)
EMPTY = ("zero_expert_num", "n_zero_experts", "num_zero_experts")
#: routers whose class says it: SwitchTransformersTop1Router, NllbMoeTop2Router
ROUTERS = re.compile(r"Top(\d)(?:Router|Gate)")
SETTINGS = ("config", "text_config", "ffn_config", "args", "cfg", "params")
NUMBERED = re.compile(r"(?:experts?_?)(\d+)$")


class Pool:
    """Experts that a router chooses among: their names begin with one of `starts`, one for each or one for all."""

    __slots__ = ("count", "place", "starts", "used", "why")

    def __init__(self, place: Place, starts: Sequence[str], count: int) -> None:
        self.place = place
        self.starts = starts
        self.count = count
        self.used: int | None = None
        self.why = ""


def route(made: Made, tensors: Sequence[Tensor], held: Held) -> None:
    """Say of each expert's parameter how many of how many a token uses, and of all of them in a note."""
    inside = by_module(tensors)
    pools = list(find(held, inside))
    for pool in pools:
        sizes = [sum(t.size for t in _below(inside, start)) for start in pool.starts]  # type: ignore[misc]
        if len(set(sizes)) > 1:
            pool.why = "its experts are not of one size"
        else:
            pool.used, pool.why = used(pool)
        for start in pool.starts:
            for t in _below(inside, start):
                made.routes[t.name] = pool.used, pool.count
    made.notes += told(pools)


def by_module(tensors: Sequence[Tensor]) -> dict[str, list[Tensor]]:
    """The parameters with a size, by the module and every module above it."""
    found: dict[str, list[Tensor]] = {}
    for t in tensors:
        if t.role in PARAMETER_ROLES and isinstance(t.size, int) and t.tied_to is None:
            name = t.name.rpartition(".")[0]
            while name:
                found.setdefault(name, []).append(t)
                name = name.rpartition(".")[0]
            found.setdefault("", []).append(t)
    return found


def _below(inside: Mapping[str, list[Tensor]], start: str) -> list[Tensor]:
    return inside.get(start, [])


# -- which are experts ------------------------------------------------------------------------------------------------


def find(held: Held, inside: Mapping[str, list[Tensor]]) -> Iterator[Pool]:
    """The outermost pools of experts."""
    taken: set[str] = set()
    for name, place in held.places.items():
        if any(above in taken for above in _above(name)):
            continue
        pool = listed(place) or numbered(place) or fused(place, inside.get(name, []))
        if pool is not None and pool.count > 1:
            taken.update(pool.starts)
            yield pool


def _above(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.rpartition(".")[0]


def is_experts(place: Place) -> bool:
    """Whether a name says experts that are chosen among."""
    key = place.key.lower()
    return "expert" in key and "shared" not in key


def listed(place: Place) -> Pool | None:
    """A list or dictionary of experts: called so, or as long as the module around it says that there are experts."""
    below = place.below()
    if len(below) < 2 or len({p.kind for p in below}) != 1 or not all(_counted(p.key) for p in below):
        return None
    around = place.parent.held if place.parent is not None else {}
    says = _first(around, COUNTS) == len(below) and _first(around, USED) is not None
    if not is_experts(place) and not (says and any(hint in place.name.lower() for hint in HINTS)):
        return None
    return Pool(place, [p.name for p in below], len(below))


def _counted(key: str) -> bool:
    return key.isdigit() or NUMBERED.match(key) is not None


def numbered(place: Place) -> Pool | None:
    """Experts as attributes: expert_0, expert_1, ... of one class."""
    below = [p for p in place.below() if NUMBERED.match(p.key)]
    if len(below) < 2 or len({p.kind for p in below}) != 1:
        return None
    return Pool(place, [p.name for p in below], len(below))


def fused(place: Place, inside: Sequence[Tensor]) -> Pool | None:
    """Parameters with a first dimension of one entry an expert, in a module whose name or class says experts."""
    if not inside or not (is_experts(place) or "Experts" in place.kind or "ExpertGLU" in place.kind):
        return None
    if "Router" in place.kind or "shared" in place.name.rpartition(".")[2].lower():
        return None
    shapes = [t.shape for t in inside]
    count = _count(place)
    stacked = {shape[0] for shape in shapes if shape is not None and len(shape) >= 3}
    if count is None and len(stacked) == 1:
        (count,) = stacked  # type: ignore[assignment]
    if count is None or not all(shape and isinstance(shape[0], int) and shape[0] % count == 0 for shape in shapes):
        return None
    if not stacked and not any(shape is not None and shape[0] != count for shape in shapes):
        return None  # one row an expert: a router's table
    return Pool(place, [place.name], count)


def _count(place: Place) -> int | None:
    """How many experts there are, by the module's attributes, those around it, or its settings."""
    here: Place | None = place
    for _ in range(3):
        if here is None:
            return None
        found = _first(here.held, COUNTS)
        for settings in _settings(here.held):
            found = found or _first(settings, COUNTS)
        if found is not None:
            return found
        here = here.parent
    return None


# -- how many a token uses --------------------------------------------------------------------------------------------


def used(pool: Pool) -> tuple[int | None, str]:
    """(how many experts a token uses, "") or (None, why that is unknown)."""
    around = pool.place.parent
    near = [pool.place, *([around] if around else []), *routers(pool.place), *routers(around)]
    if any((_first(where, EMPTY) or 0) > 0 for p in near for where in (p.held, *_settings(p.held))):
        return None, "some of its experts are empty, and a token may use those"
    told = {n for p in near if (n := _fitting(p.held, USED, pool.count)) is not None}
    if not told:
        told = {n for p in near for where in _settings(p.held) if (n := _fitting(where, SET, pool.count)) is not None}
    if not told:
        told = {int(match[1]) for p in near if (match := ROUTERS.search(p.kind))}
    if not told:
        told = set(_from_above(pool.place, pool.count))
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
        for settings in _settings(here.held):
            found = _fitting(settings, SET, count)
            if found is not None:
                yield found
                return
        here = here.parent


def _settings(held: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
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


def _first(held: Mapping[str, Any], names: Sequence[str]) -> int | None:
    return next((n for name in names if type(n := held.get(name)) is int), None)


def _fitting(held: Mapping[str, Any], names: Sequence[str], count: int) -> int | None:
    return next((n for name in names if type(n := held.get(name)) is int and 1 <= n <= count), None)


# -- what is said -----------------------------------------------------------------------------------------------------


def told(pools: Sequence[Pool]) -> list[str]:
    """One sentence for all mixtures that are alike.

    >>> told([])
    []
    """
    alike: dict[tuple[int | None, int, str], list[Pool]] = {}
    for pool in pools:
        alike.setdefault((pool.used, pool.count, pool.why), []).append(pool)
    notes = []
    for (k, count, why), held in alike.items():
        where = held[0].place.name if len(held) == 1 else f"{len(held):,} layers"
        if k is None:
            notes.append(
                f"a mixture of experts in {where}: {why} how many of {count:,} a token uses, so active is unknown"
                if why == "nothing says"
                else f"a mixture of {count:,} experts in {where}: {why}, so active is unknown"
            )
        else:
            notes.append(f"a mixture of experts in {where}: a token uses {k:,} of {count:,}")
    return notes

