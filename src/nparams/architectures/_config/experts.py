"""Mixtures of experts in a config.json: which tensors are experts', of how many, and how many of them a token uses.

Experts are told by their names; how many there are and how many a token uses are fields of the same part of the file.
"""

from __future__ import annotations

from nparams.expr import Expr
from nparams.stored.experts import COUNTS, EMPTY, USED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TypeGuard

    from nparams.expr import Size

    #: the value of a field, by its path; None where nothing gives one
    Value = Callable[[str], object]


class Router:
    """Asked of each group of tensors, by the name that they share and their shape: (used, experts), or None."""

    __slots__ = ("_fields", "_pools", "_value", "met")

    def __init__(self, fields: Iterable[str], value: Value) -> None:
        self._fields = fields
        self._value = value
        self._pools: list[tuple[Size | None, Size]] | None = None
        #: what was answered
        self.met: dict[tuple[Size | None, Size], None] = {}

    def __call__(self, template: str, shape: Sequence[Size]) -> tuple[Size | None, Size] | None:
        """How many of how many experts a token uses of these tensors; None where they are of no expert."""
        if not _is_expert(template):
            return None
        if self._pools is None:
            self._pools = list(pools(self._fields, self._value))
        found = next((pool for pool in self._pools if _fits(pool[1], template, shape)), None)
        if found is None and not any(part == "experts" for part in template.split(".")):
            return None
        found = found or (None, 1)
        self.met[found] = None
        return found

    def notes(self) -> list[str]:
        """A sentence for each mixture that was met."""
        return [_told(used, count) for used, count in self.met]


def _is_expert(template: str) -> bool:
    """Whether a part of a name says experts that are chosen among, and none says their router.

    >>> _is_expert("mlp.experts.down_proj"), _is_expert("mlp.shared_experts.down_proj"), _is_expert("experts.router.w")
    (True, False, False)
    """
    parts = template.lower().split(".")
    if any(part in ("router", "gate", "gating") for part in parts):
        return False
    return any("expert" in part and "shared" not in part for part in parts)


def _fits(count: Size, template: str, shape: Sequence[Size]) -> bool:
    """Whether tensors may be those of so many experts: one module each, or all in one with a row or more for each."""
    after = template.partition("expert")[2].partition(".")[2]
    if after.startswith("{") or "{" in template.partition("expert")[2].partition(".")[0]:
        return True
    first = shape[0] if shape else 0
    if isinstance(first, Expr) or isinstance(count, Expr):
        return first == count or (isinstance(first, Expr) and first.op == "mul" and count in first.args)
    return first > 0 and first % count == 0


def pools(fields: Iterable[str], value: Value) -> Iterator[tuple[Size | None, Size]]:
    """(used, experts) of each part of a file that has experts; None where it does not say how many are used.

    >>> held = {"num_local_experts": 8, "num_experts_per_tok": 2, "hidden_size": 64}
    >>> list(pools(held, held.get))
    [(2, 8)]
    """
    for path in fields:
        before, dot, name = path.rpartition(".")
        if name in COUNTS and _is_count(count := value(path)):
            yield _used(before + dot, value, count), count


def _is_count(value: object) -> TypeGuard[Size]:
    """Whether a field says how many experts there are: a number, or a symbol where that is left open."""
    return isinstance(value, Expr) or (type(value) is int and value > 1)


def _used(before: str, value: Value, count: Size) -> Size | None:
    if any(type(n := value(before + name)) is int and n > 0 for name in EMPTY):
        return None  # a token may use experts without parameters instead
    told = {k for name in USED if _is_used(k := value(before + name), count)}
    return told.pop() if len(told) == 1 else None


def _is_used(value: object, count: Size) -> TypeGuard[Size]:
    return isinstance(value, Expr) or (
        type(value) is int and value >= 1 and (isinstance(count, Expr) or value <= count)
    )


def _told(used: Size | None, count: Size) -> str:
    if used is None:
        return "a mixture of experts: the file does not say how many of them a token uses, so active is unknown"
    return f"a mixture of experts: a token uses {used} of {count}"
