"""Which role an array plays, by its path: the last part that is a word decides, numbers in lists say nothing."""

from __future__ import annotations

from nparams.roles import UNUSUAL_HINTS, role_of, says

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Path = Sequence[str]


def worded(path: Path) -> str:
    """The path without the numbers at its end.

    >>> worded(("layers", "0", "w")), worded(("biases", "2"))
    ('layers.0.w', 'biases')
    """
    end = len(path)
    while end and path[end - 1].isdigit():
        end -= 1
    return ".".join(path[:end])


def is_named(path: Path) -> bool:
    """Whether a path names its array by a word for a parameter.

    >>> is_named(("b",)), is_named(("0", "1")), is_named(("layers", "0", "1"))
    (True, False, False)
    """
    name = worded(path)
    return bool(name) and (says(name) or not path[-1].isdigit())


def parameter_role(path: Path) -> str:
    """The role of what its source registers as a parameter: a bias by its name, else a weight.

    >>> parameter_role(("Dense_0", "bias")), parameter_role(("attn", "mask"))
    ('bias', 'weight')
    """
    name = worded(path)
    return "bias" if name and role_of(name, (), None)[0] == "bias" else "weight"


def any_role(path: Path, shape: tuple[int, ...], dtype: str | None) -> tuple[str, str | None]:
    """(role, note) of an array of which only its name is known.

    >>> any_role(("batch_norm", "~", "mean_ema", "average"), (4,), "float32")
    ('buffer', 'a moving average: Haiku keeps it as state')
    """
    if len(path) > 1 and path[-1] in MOVING and path[-2].rpartition("/")[2].endswith("_ema"):
        return "buffer", "a moving average: Haiku keeps it as state"
    name = worded(path)
    return role_of(name, shape, dtype) if name else role_of("w", shape, dtype)


class Paths:
    """What many paths have in common: where none has an unusual part, the last part of each decides its role."""

    def __init__(self, paths: Iterable[Path]) -> None:
        parts: set[str] = set()
        parts.update(*paths)
        told = "\n".join(parts)
        self._usual = not any(hint in told for hint in UNUSUAL_HINTS)

    def decides(self, path: Path) -> bool:
        """Whether the last part of a path says it all."""
        return self._usual and bool(path) and not path[-1].isdigit() and path[-1] not in MOVING


#: what hk.ExponentialMovingAverage keeps (google-deepmind/dm-haiku haiku/_src/moving_averages.py)
MOVING = ("average", "hidden", "counter")


def beside(shapes: Sequence[tuple[int, ...] | None], k: int) -> bool:
    """Whether the k-th of arrays in one list is a vector beside a matrix that has a side of its length.

    >>> beside([(784, 16), (16,)], 1), beside([(784, 16), (10,)], 1)
    (True, False)
    """
    own = shapes[k]
    if own is None or len(own) != 1:
        return False
    for j in (k - 1, k + 1):
        other = shapes[j] if 0 <= j < len(shapes) else None
        if other is not None and len(other) > 1:
            return own[0] in (other[-1], other[0])
    return False


def unique(name: str, taken: dict[str, int]) -> str:
    """The name itself, or with a number where another tensor has it already.

    >>> taken = {}
    >>> [unique("w", taken) for _ in range(3)]
    ['w', 'w#2', 'w#3']
    """
    name = name or "(no name)"
    if name not in taken:
        taken[name] = 1
        return name
    while (numbered := f"{name}#{taken[name] + 1}") in taken:
        taken[name] += 1
    taken[name] += 1
    taken[numbered] = 1
    return numbered
