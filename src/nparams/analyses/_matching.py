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
FUSED = 8
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
        self._fuse()
        near = [
            (lambda p: bare(p, front_a), lambda p: bare(p, front_b)),
            _same(lambda p: (p.weights, p.copies) if p.weights else None),
            _same(lambda p: (p.tied or p.weights, p.copies)),
            _same(lambda p: (p.kind, len(p.sizes), p.copies) if p.sizes and p.kind is not None else None),
            _same(lambda p: (p.kind, p.copies) if p.sizes and p.kind is not None else None),
            _same(lambda p: (tuple(map(len, p.products)), p.copies) if p.sizes else None),
        ]
        for key_a, key_b in near:
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

    def _fuse(self) -> None:
        """Layers side by side whose sizes are together those of one layer on the other side."""
        self.only_a, self.only_b, found = _fused(self.only_a, self.only_b)
        self.fused += found
        self.only_b, self.only_a, found = _fused(self.only_b, self.only_a)
        self.fused += [(many, one) for one, many in found]


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
    many: list[Piece], one: list[Piece]
) -> tuple[list[Piece], list[Piece], list[tuple[list[Piece], list[Piece]]]]:
    """(what is left of many, what is left of one, [(the many, [the one])])."""
    wanted: dict[Parts, list[Piece]] = {}
    for piece in reversed(one):
        wanted.setdefault(_parts([piece]), []).append(piece)
    left: list[Piece] = []
    used: set[int] = set()
    found: list[tuple[list[Piece], list[Piece]]] = []
    at = 0
    while at < len(many):
        run = _run(many, at, wanted)
        if run:
            other = wanted[_parts(run)].pop()
            used.add(id(other))
            found.append((run, [other]))
        else:
            left.append(many[at])
        at += max(1, len(run))
    return left, [p for p in one if id(p) not in used], found


def _run(many: list[Piece], at: int, wanted: dict[Parts, list[Piece]]) -> list[Piece]:
    """Two or more layers of one parent, from a place on, that are together as large as one that is wanted."""
    parent = many[at].name.rpartition(".")[0]
    for end in range(at + 2, min(len(many), at + FUSED) + 1):
        if many[end - 1].name.rpartition(".")[0] != parent:
            break
        if wanted.get(_parts(many[at:end])):
            return many[at:end]
    return []


def _parts(group: list[Piece]) -> Parts:
    """Weights and biases of some layers together, copies and all."""
    return (
        add(*(mul(p.copies, add(*p.weights)) for p in group)),
        add(*(mul(p.copies, add(*p.biases)) for p in group)),
    )
