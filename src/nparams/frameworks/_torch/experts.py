"""Mixtures of experts in a live model: which parameters are experts', and how many of them a token uses.

Experts are a list of modules of equal size, or parameters with one dimension for all of them; their names or their
classes say so.  How many a token uses is a plain attribute of the router, of the module around it, or a setting of the
model; where none says, or two disagree, it is unknown.
"""

from __future__ import annotations

import re

from nparams.frameworks._torch.routing import USED, first, routers, settings_of, used
from nparams.network import PARAMETER_ROLES
from nparams.stored.experts import COUNTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from nparams.frameworks._torch.held import Held, Place
    from nparams.network import Tensor
    from nparams.stored.named import Made

#: a list under such a name may be of experts that are called otherwise
HINTS = ("expert", "moe", "router")
NUMBERED = re.compile(r"(?:experts?_?)(\d+)$")


class Pool:
    """Experts that a router chooses among: `held` are their parameters, one list for each or one for all of them."""

    __slots__ = ("count", "held", "place", "used", "why")

    def __init__(self, place: Place, held: Sequence[Sequence[Tensor]], count: int) -> None:
        self.place = place
        self.held = held
        self.count = count
        self.used: int | None = None
        self.why = ""


def route(made: Made, tensors: Sequence[Tensor], held: Held) -> None:
    """Say of each expert's parameter how many of how many a token uses, and of all of them in a note."""
    pools = find(held, by_module(tensors))
    for pool in pools:
        if len({sum(t.size for t in one) for one in pool.held}) > 1:  # type: ignore[misc]
            pool.why = "its experts are not of one size"
        elif not pool.why:
            pool.used, pool.why = used(pool.place, pool.count)
        made.routes.update({t.name: (pool.used, pool.count) for one in pool.held for t in one})
    made.notes += told(pools)


def by_module(tensors: Sequence[Tensor]) -> dict[str, list[Tensor]]:
    """The parameters with a size, by the module that they stand in."""
    found: dict[str, list[Tensor]] = {}
    for t in tensors:
        if t.role in PARAMETER_ROLES and isinstance(t.size, int) and t.tied_to is None:
            found.setdefault(t.name.rpartition(".")[0], []).append(t)
    return found


# -- which are experts ------------------------------------------------------------------------------------------------


def find(held: Held, inside: Mapping[str, list[Tensor]]) -> list[Pool]:
    """The outermost pools of experts, and what looks like one and is not understood."""
    pools: list[Pool] = []
    taken: set[str] = set()
    near: set[str] = set()
    for place in held.places.values():
        above = list(_above(place.name))
        if any(name in taken for name in above):
            continue
        pool = listed(place, inside) or numbered(place, inside) or fused(place, inside.get(place.name, ()))
        if pool is not None:
            taken.update({place.name} if pool.count == len(pool.held) and is_experts(place) else ())
            taken.update(p.name for p in place.below() if _counted(p.key) and len(pool.held) > 1)
            near.update(("", *above), (p.name for p in routers(place.parent)), (p.name for p in routers(place)))
            if pool.count > 1:
                pools.append(pool)
    pools += [pool for place in held.places.values() if (pool := _suspected(place, near, inside))]
    return pools


def _above(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.rpartition(".")[0]


def is_experts(place: Place) -> bool:
    """Whether a name says experts that are chosen among."""
    key = place.key.lower()
    return "expert" in key and "shared" not in key


def listed(place: Place, inside: Mapping[str, list[Tensor]]) -> Pool | None:
    """A list or dictionary of experts: called so, or as long as the module around it says that there are experts."""
    below = place.below()
    if not below or not all(_counted(p.key) for p in below):
        return None
    around = place.parent.held if place.parent is not None else {}
    says = first(around, COUNTS) == len(below) and first(around, USED) is not None
    if not is_experts(place) and not (says and any(hint in place.name.lower() for hint in HINTS)):
        return None
    pool = Pool(place, [_all_in(p, inside) for p in below], len(below))
    if len({p.kind for p in below}) > 1:
        pool.why = "its experts are not of one kind"
    return pool


def _counted(key: str) -> bool:
    return key.isdigit() or NUMBERED.match(key) is not None


def numbered(place: Place, inside: Mapping[str, list[Tensor]]) -> Pool | None:
    """Experts as attributes: expert_0, expert_1, ... of one class."""
    below = [p for p in place.below() if NUMBERED.match(p.key)]
    if len(below) < 2 or len({p.kind for p in below}) != 1:
        return None
    return Pool(place, [_all_in(p, inside) for p in below], len(below))


def _all_in(place: Place, inside: Mapping[str, list[Tensor]]) -> list[Tensor]:
    """The parameters of a module and of those in it."""
    found: list[Tensor] = []
    stack = [place]
    while stack:
        here = stack.pop()
        found += inside.get(here.name, ())
        stack += here.below()
    return found


def fused(place: Place, own: Sequence[Tensor]) -> Pool | None:
    """Parameters of one module with a first dimension of one entry an expert: its name or class says experts."""
    if not own or not _says_experts(place):
        return None
    count = _count(place)
    stacked = {sides[0] for t in own if len(sides := _sides(t)) >= 3}
    if stacked:
        pool = Pool(place, [[t for t in own if t.shape and t.shape[0] in stacked]], count or max(stacked))
        if stacked != {pool.count}:
            pool.why = "its parameters are not stacked for as many"
        return pool
    if count is None or count < 2:
        return None
    rows = [t for t in own if len(sides := _sides(t)) > 1 and sides[0] != count and sides[0] % count == 0]
    return Pool(place, [rows], count) if rows and len(rows) == len(own) else None  # rows of all experts on end


def _sides(t: Tensor) -> tuple[int, ...]:
    """Its shape in plain numbers."""
    return tuple(d for d in t.shape or () if isinstance(d, int))


def _says_experts(place: Place) -> bool:
    """Whether a module, or the one around it, is called experts or is of such a class, and is no router."""
    if any(word in f"{place.key} {place.kind}".lower() for word in ("router", "gating", "shared")):
        return False
    around = place.parent
    return is_experts(place) or "Expert" in place.kind or (around is not None and is_experts(around))


def _count(place: Place) -> int | None:
    """How many experts there are, by the module's attributes, those around it, or its settings."""
    here: Place | None = place
    for _ in range(3):
        if here is None:
            return None
        found = first(here.held, COUNTS)
        for settings in settings_of(here.held):
            found = found or first(settings, COUNTS)
        if found is not None:
            return found
        here = here.parent
    return None


def _suspected(place: Place, near: Iterable[str], inside: Mapping[str, list[Tensor]]) -> Pool | None:
    """A module that chooses among experts which are kept in no way that is known (as rows of a table, say)."""
    count, chosen = first(place.held, COUNTS), first(place.held, USED)
    if count is None or chosen is None or not 1 <= chosen < count or place.name in near:
        return None
    if any(word in f"{place.key} {place.kind}".lower() for word in ("router", "gate", "gating")):
        return None
    rows = [t for t in _all_in(place, inside) if t.shape and t.shape[0] in (count, count * count)]
    pool = Pool(place, [rows], count)
    pool.why = "they are kept in no way that is known"
    return pool if rows else None


# -- what is said -----------------------------------------------------------------------------------------------------


def told(pools: Sequence[Pool]) -> list[str]:
    """One sentence for all mixtures that are alike.

    >>> told([])
    []
    """
    alike: dict[tuple[int | None, int, str], dict[str, None]] = {}
    for pool in pools:
        around = pool.place if is_experts(pool.place) or pool.place.parent is None else pool.place.parent
        alike.setdefault((pool.used, pool.count, pool.why), {})[around.name] = None
    notes = []
    for (k, count, why), held in alike.items():
        where = (next(iter(held)) or "the model") if len(held) == 1 else f"{len(held):,} layers"
        if k is None:
            notes.append(
                f"a mixture of experts in {where}: {why} how many of {count:,} a token uses, so active is unknown"
                if why == "nothing says"
                else f"a mixture of {count:,} experts in {where}: {why}, so active is unknown"
            )
        else:
            notes.append(f"a mixture of experts in {where}: a token uses {k:,} of {count:,}")
    return notes
