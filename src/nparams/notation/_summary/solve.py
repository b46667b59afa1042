"""What a layer can be, from its count and the shapes around it: whole numbers only, and few of them.

Everything is solved for: a count of q for each filter leaves kernel·channels, whose few divisors are tried.  A kernel
longer than LONGEST is not looked for.
"""

from __future__ import annotations

from math import isqrt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

#: the longest side of a kernel that is looked for; every odd one up to USUAL is an everyday kernel
LONGEST, USUAL = 31, 11
#: channels of an image
IMAGE = (1, 3)
#: from here on an explanation is too far-fetched to be taken, even where it is the only one
UNUSUAL = 5


class Option:
    """One thing that a layer can be: the layer's kind and arguments, how the count comes about, and how usual it is.

    `rank` 0 is the most usual.  `said`: what was not printed and follows from the count.
    """

    __slots__ = ("given", "rank", "said", "told", "word")

    def __init__(self, word: str, given: dict[str, object], told: str, rank: int = 0, said: str = "") -> None:
        self.word = word
        self.given = given
        self.told = told
        self.rank = rank
        self.said = said

    def __repr__(self) -> str:
        return f"Option({self.word}, {self.given}, {self.told}, {self.rank})"


def best(options: list[Option]) -> tuple[Option | None, int]:
    """The only option of the lowest rank, unless that is UNUSUAL, and how many others there are.

    >>> best([Option("a", {}, "", 1), Option("b", {}, "", 0)])[0].word
    'b'
    """
    if not options:
        return None, 0
    least = min(option.rank for option in options)
    found = [option for option in options if option.rank == least]
    return (found[0] if len(found) == 1 and least < UNUSUAL else None), len(options) - 1


def root(n: int, rank: int) -> int | None:
    """The whole number whose `rank`-th power is n.

    >>> root(9, 2), root(27, 3), root(10, 2)
    (3, 3, None)
    """
    side = n if rank == 1 else isqrt(n) if rank == 2 else next((k for k in range(1, LONGEST + 1) if k**3 >= n), 0)
    return side if side**rank == n else None


def kernels(size: int, rank: int) -> Iterator[tuple[tuple[int, ...], int]]:
    """Kernels that cover so many positions, with a rank: equal sides, odd ones first; else 1 x n."""
    side = root(size, rank)
    if side is not None and side <= LONGEST * (8 if rank == 1 else 1):
        yield (side,) * rank, 0 if side % 2 or side == 2 else 1
    elif rank == 2:
        pairs = [
            (a, size // a) for a in range(1, min(isqrt(size), LONGEST) + 1) if size % a == 0 and size // a <= LONGEST
        ]
        for a, b in pairs:
            yield (a, b), 3 if a == 1 else 4


def groups(c: int, f: int) -> Iterator[int]:
    """Into how many groups c channels and f filters can be cut: all, then the others from the largest."""
    from math import gcd

    common = gcd(c, f)
    if common > 65_536:
        return
    small = [g for g in range(2, isqrt(common) + 1) if common % g == 0]
    yield from sorted({common, *small, *(common // g for g in small)} - {1}, reverse=True)


def conv(count: int, f: int, c: int | None, rank: int, kernel: tuple[int, ...] | None = None) -> list[Option]:
    """A convolution with f filters: (kernel·channels + 1)·f, or without the 1."""
    found: list[Option] = []
    if f < 1 or count % f:
        return found
    for bias in (True, False):
        q = count // f - bias
        if q > 0:
            found += _known(q, f, c, rank, bias, kernel) if c else _open(q, f, rank, bias, kernel)
    return found


def _known(q: int, f: int, c: int, rank: int, bias: bool, kernel: tuple[int, ...] | None) -> list[Option]:
    found = []
    if q % c == 0:
        found = [_option(k, c, f, bias, at, "kernel {k}") for k, at in kernels(q // c, rank) if kernel in (None, k)]
    if any(option.rank == 0 for option in found):
        return found
    for g in groups(c, f):
        if q * g % c == 0:
            for k, at in kernels(q * g // c, rank):
                if kernel in (None, k) and at < 2:
                    found.append(_option(k, c, f, bias, at + (1 if g == c else 2), "kernel {k} in {g} groups", g))
    return found


def _open(q: int, f: int, rank: int, bias: bool, kernel: tuple[int, ...] | None) -> list[Option]:
    found = []
    tried = [kernel] if kernel else [(side,) * rank for side in range(1, LONGEST + 1)]
    for k in tried:
        size = 1
        for side in k:
            size *= side
        if q % size:
            continue
        c, side = q // size, k[0]
        usual = kernel is not None or (side % 2 == 1 and 1 < side <= USUAL)
        if usual:
            at = 0 if c in IMAGE else 1 if c % 4 == 0 else 4 if kernel else UNUSUAL
        else:
            at = 2 if c in IMAGE and 1 < side <= USUAL else UNUSUAL
        found.append(_option(k, c, f, bias, at if bias else max(at + 3, 3), "kernel {k} on {c} channels"))
    return found


def _option(k: tuple[int, ...], c: int, f: int, bias: bool, rank: int, said: str, g: int = 1) -> Option:
    given: dict[str, object] = {"k": k, "c_in": c, "c_out": f, "rank": len(k), "bias": bias}
    if g != 1:
        given["g"] = g
    sides = "x".join(map(str, k))
    inner = "·".join([*map(str, k), str(c) if g == 1 else f"{c}/{g}"])
    told = f"({inner} + 1)·{f}" if bias else f"{inner}·{f}"
    said = said.format(k=sides, c=c, g=g).replace("on 1 channels", "on 1 channel")
    if len(set(k)) > 1:
        said = said.replace(sides, f"{sides} (or turned)")
    return Option("conv", given, told, rank, said + ("" if bias else ", no bias"))


def dense(count: int, f: int, n: int | None) -> list[Option]:
    """A dense layer with f neurons: (inputs + 1)·f, or without the 1."""
    if f < 1 or count % f:
        return []
    q = count // f
    if n is not None:
        return [_dense(n, f, bias, 0, "" if bias else "no bias") for bias in (True, False) if q == n + bias]
    found = [_dense(q - 1, f, True, 0, f"{_inputs(q - 1)} and biases")] if q > 1 else []
    return [*found, _dense(q, f, False, 1, f"{_inputs(q)}, no bias")]


def _dense(n: int, f: int, bias: bool, rank: int, said: str) -> Option:
    told = f"({n} + 1)·{f}" if bias else f"{n}·{f}"
    return Option("dense", {"n_in": n, "n_out": f, "bias": bias}, told, rank, said)


def _inputs(n: int) -> str:
    return f"{n:,} input{'' if n == 1 else 's'}"


def recurrent(word: str, count: int, h: int, n: int | None, vectors: tuple[int, ...], ways: int = 1) -> list[Option]:
    """A recurrent layer with h cells: gates·(h·(n + h) + vectors·h) for each direction."""
    gates = {"simplernn": 1, "lstm": 4, "gru": 3}[word]
    found: list[Option] = []
    if h < 1 or count % (gates * h * ways):
        return found
    q = count // (gates * h * ways)
    for place, v in enumerate(vectors):
        inputs = q - h - v
        if inputs > 0 and n in (None, inputs):
            given: dict[str, object] = {"n": inputs, "h": h, "bias": v > 0}
            if v:
                given["vectors"] = v
            if ways == 2:
                given["bidirectional"] = True
            front = "·".join(str(m) for m in (ways, gates) if m > 1)
            bias = "" if v == 0 else f" + {h}" if v == 1 else f" + {v}·{h}"
            told = f"{h}·({inputs} + {h}){bias}"
            said = "" if n is not None else _inputs(inputs) + ("" if v < 2 else " and two vectors of biases")
            found.append(Option(word, given, f"{front}·({told})" if front else told, place, said))
    return found
