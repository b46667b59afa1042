"""Tensors whose names differ by an index, in groups; how often each group stands there in each run."""

from __future__ import annotations

import re
from functools import lru_cache

from nparams.expr import Expr
from nparams.network.closed import tidy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.frameworks._trace.arguments import Point
    from nparams.frameworks._trace.run import Item, Run

    #: where the indices of a name stand: their numbers, left to right
    Indices = tuple[int, ...]

NUMBERS = re.compile(r"\d+")
MARK = "#"


def template(name: str) -> str:
    """A name with its indices left out.

    >>> template("layers.0.attn.w1"), indices("layers.0.attn.w1")
    ('layers.#.attn.w#', (0, 1))
    """
    return NUMBERS.sub(MARK, name)


def indices(name: str) -> Indices:
    """The indices that template left out."""
    return tuple(map(int, NUMBERS.findall(name)))


def with_indices(pattern: str, words: list[str]) -> str:
    """The template with words in place of its marks."""
    parts = pattern.split(MARK)
    return "".join(part + (words[k] if k < len(words) else "") for k, part in enumerate(parts))


class Key:
    """What the tensors of one group have in common."""

    __slots__ = ("dims", "dtype", "owner", "pattern", "role", "text", "tied", "trainable")

    def __init__(self, item: Item, dims: tuple[Size, ...]) -> None:
        self.pattern = template(item.name)
        self.dims = dims
        self.role = item.role
        self.dtype = item.dtype
        self.trainable = item.trainable
        self.owner = item.owner
        self.tied = None if item.tied_to is None else template(item.tied_to)
        self.text = (self.pattern, tuple(map(str, dims)), self.role, self.dtype, self.trainable, self.tied, self.owner)

    @property
    def family(self) -> tuple[object, ...]:
        """What it shares with groups of other shapes under the same names."""
        return (self.text[0], *self.text[2:])

    @property
    def told(self) -> str:
        """Its name for a message."""
        return self.pattern.replace(MARK, "*")

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and self.text == other.text


@lru_cache(maxsize=10_000)
def canonical(size: Expr) -> Size:
    """A size multiplied out: equal ones are one."""
    return tidy(size)


class Sampled:
    """One run as counts: for each group, the indices of its members, in order."""

    __slots__ = ("found", "names", "point", "run")

    def __init__(self, point: Point, run: Run, dims: dict[str, tuple[Size, ...]]) -> None:
        self.point = point
        self.run = run
        self.found: dict[Key, list[Indices]] = {}
        self.names: dict[str, Key] = {}
        for item in run.items:
            key = Key(item, tuple(canonical(d) if isinstance(d, Expr) else d for d in dims[item.name]))
            self.found.setdefault(key, []).append(indices(item.name))
            self.names[item.name] = key

    def counts(self) -> dict[Key, int]:
        """How often each group stands there."""
        return {key: len(members) for key, members in self.found.items()}
