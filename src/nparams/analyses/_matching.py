"""Which layer of one network is which of another: by name and size, by size, by name, by kind; the rest is in one only.

Names from different sources differ (`model.` in front, other words), and files order layers as they like; sizes do not.
So what agrees in all its sizes is the same, wherever it stands and whatever it is called.  Everything is linear in the
number of layers.
"""

from __future__ import annotations

from nparams.expr import add, mul

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from nparams.analyses._pieces import Piece
    from nparams.expr import Size

    Pair = tuple[Piece, Piece]
    Fused = tuple[list[Piece], list[Piece]]
    Parts = tuple[Size, Size]

#: layers side by side that may be one in the other network (queries, keys and values)
FUSED, FUSED_WIDE = 8, 40
#: words in front of names that are tried without
PREFIXES = 4


class Matching:
    """Pairs, groups that are one layer in the other network, and what is left on each side."""

    __slots__ = ("fused", "only_a", "only_b", "pairs")

    def __init__(self, a: list[Piece], b: list[Piece]) -> None:
        self.pairs: list[Pair] = []
        self.fused: list[Fused] = []
        self.only_a, self.only_b = a, b
        front_a, front_b = _fronts(a, b)

        def bare(piece: Piece, front: str) -> str:
            return piece.name.removeprefix(front)

        both = [
            (
                lambda p: (bare(p, front_a), p.sizes, p.tied, p.copies),
                lambda p: (bare(p, front_b), p.sizes, p.tied, p.copies),
            ),
            _same(lambda p: (p.kind, p.sizes, p.tied, p.copies)),
            _same(lambda p: (p.sizes, p.copies) if p.sizes else None),
        ]
        for key_a, key_b in both:
            self._match(key_a, key_b)
        self._fuse(biases=True, wide=False)
        self._fuse(biases=True, wide=True)
        near = [
            (lambda p: bare(p, front_a), lambda p: bare(p, front_b)),
            _same(lambda p: (p.weights, p.copies) if p.weights else None),
            _same(lambda p: (p.tied or p.weights, p.copies)),
            _same(lambda p: (p.kind, len(p.sizes), p.copies) if p.sizes and p.kind is not None else None),
            _same(lambda p: (p.kind, p.copies) if p.sizes and p.kind is not None else None),
            _same(lambda p: (tuple(map(len, p.products)), p.copies) if p.sizes else None),
        ]
        for key_a, key_b in near[:3]:
            self._match(key_a, key_b)
        self._fuse(biases=False, wide=True)
        for key_a, key_b in near[3:]:
            self._match(key_a, key_b)

    def _match(self, key_a: Callable[[Piece], Hashable], key_b: Callable[[Piece], Hashable]) -> None:
        """Pair what has the same key, in order; a key of None is nobody's."""
        waiting: dict[Hashable, list[Piece]] = {}
        for piece in reversed(self.only_b):
            waiting.setdefault(key_b(piece), []).append(piece)
        left, taken = [], set()
        for piece in self.only_a:
            key = key_a(piece)
            found = waiting.get(key) if key is not None else None
            if found:
                other = found.pop()
                taken.add(id(other))
                self.pairs.append((piece, other))
            else:
                left.append(piece)
        self.only_a = left
        self.only_b = [piece for piece in self.only_b if id(piece) not in taken]

    def _fuse(self, *, biases: bool, wide: bool) -> None:
        """Layers side by side whose sizes are together those of one layer on the other side.

        `biases`: whether these must agree as well; `wide`: not only layers of one parent, but of one block.
        """
        self.only_a, self.only_b, found = _fused(self.only_a, self.only_b, biases, wide)
        self.fused += found
        self.only_b, self.only_a, found = _fused(self.only_b, self.only_a, biases, wide)
        self.fused += [(one, many) for many, one in found]


def _same(key: Callable[[Piece], Hashable]) -> tuple[Callable[[Piece], Hashable], Callable[[Piece], Hashable]]:
    return key, key


def _fronts(a: list[Piece], b: list[Piece]) -> tuple[str, str]:
    """What to leave out in front of the names of each side, so that most of them agree: "model.", "module."."""
    names_a, names_b = [p.name for p in a], [p.name for p in b]
    best, most = ("", ""), -1
    for front_a in _candidates(names_a):
        held = {name.removeprefix(front_a) for name in names_a}
        for front_b in _candidates(names_b):
            agree = sum(name.removeprefix(front_b) in held for name in names_b)
            if agree > most:
                best, most = (front_a, front_b), agree
    return best


def _candidates(names: list[str]) -> list[str]:
    """Nothing, and the first one or two parts that most names begin with."""
    counts: dict[str, int] = {}
    for name in names:
        parts = name.split(".")
        for depth in (1, 2):
            if len(parts) > depth:
                front = ".".join(parts[:depth]) + "."
                counts[front] = counts.get(front, 0) + 1
    often = sorted(counts, key=lambda front: -counts[front])
    return ["", *often[:PREFIXES]]


def _fused(
    many: list[Piece], one: list[Piece], biases: bool, wide: bool
) -> tuple[list[Piece], list[Piece], list[Fused]]:  # fmt: skip
    """(what is left of many, what is left of one, [(the many, [the one])])."""
    wanted: dict[Parts, list[Piece]] = {}
    for piece in reversed(one):
        wanted.setdefault(_parts(piece, biases), []).append(piece)
    left: list[Piece] = []
    used: set[int] = set()
    found: list[Fused] = []
    at = 0
    while at < len(many):
        end, key = _run(many, at, wanted, biases, wide)
        if end > at:
            other = wanted[key].pop()
            used.add(id(other))
            found.append((many[at:end], [other]))
        else:
            left.append(many[at])
        at = max(at + 1, end)
    return left, [p for p in one if id(p) not in used], found


def _run(
    many: list[Piece], at: int, wanted: dict[Parts, list[Piece]], biases: bool, wide: bool
) -> tuple[int, Parts]:  # fmt: skip
    """Where a run of two or more layers of one block ends that are together as large as one that is wanted; else at."""
    block = many[at].name.split(".")[:-1]
    weights, rest = _parts(many[at], biases)
    reach = (FUSED_WIDE if block else 0) if wide else FUSED
    if many[at].normalises:  # a norm is never a part of what it norms
        return at, (0, 0)
    for end in range(at + 1, min(len(many), at + reach)):
        if many[end].normalises:
            break
        parts = many[end].name.split(".")[:-1]
        if parts != block:
            if not wide:
                break
            block = [one for one, other in zip(block, parts, strict=False) if one == other]
            if not block or parts[: len(block)] != block:
                break
        more = _parts(many[end], biases)
        weights, rest = add(weights, more[0]), add(rest, more[1])
        if wanted.get((weights, rest)) and (biases or block):
            return end + 1, (weights, rest)
    return at, (0, 0)


def _parts(piece: Piece, biases: bool) -> Parts:
    """Weights, and biases where they matter, copies and all."""
    return mul(piece.copies, add(*piece.weights)), mul(piece.copies, add(*piece.biases)) if biases else 0
