"""Damage for any binary format: flipped bytes, lengths at their extremes, cuts, and pieces of one file in another.

And what every refusal must be.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from nparams.errors import InvariantError, NparamsError

BITS = (7, 8, 15, 16, 24, 31, 32, 48, 60, 61, 62, 63, 64)
EXTREMES = (0, 1, 2, 3, 4, 9, 13, *(n for bits in BITS for n in ((1 << bits) - 1, 1 << bits)))


def mutants(seeds: Sequence[bytes], count: int, rng: random.Random) -> Iterator[bytes]:
    """`count` damaged copies of `seeds`, each with one to four kinds of damage."""
    fields = [lengths(seed) for seed in seeds]
    for _ in range(count):
        which = rng.randrange(len(seeds))
        data = bytearray(seeds[which])
        for _ in range(rng.choice((1, 1, 1, 2, 4))):
            rng.choice(DAMAGE)(data, fields[which], seeds, rng)
        yield bytes(data)


def lengths(data: bytes) -> list[tuple[int, int, str]]:
    """(place, bytes, byte order) of everything that looks like a length or a count."""
    found = []
    for width in (4, 8):
        for place in range(len(data) - width + 1):
            for order in ("little", "big"):
                if 0 < int.from_bytes(data[place : place + width], order) <= len(data):  # type: ignore[arg-type]
                    found.append((place, width, order))
    return found


def flip(data: bytearray, fields: list[tuple[int, int, str]], seeds: Sequence[bytes], rng: random.Random) -> None:
    for _ in range(rng.choice((1, 1, 2, 8))):
        if data:
            data[rng.randrange(len(data))] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))


def resize(data: bytearray, fields: list[tuple[int, int, str]], seeds: Sequence[bytes], rng: random.Random) -> None:
    place, width, order = rng.choice(fields) if fields else (0, 8, "little")
    old = int.from_bytes(data[place : place + width], order)  # type: ignore[arg-type]
    new = rng.choice((rng.choice(EXTREMES), old + rng.choice((-2, -1, 1, 2, 8)), old * 2, old << 32))
    data[place : place + width] = (new % (1 << 8 * width)).to_bytes(width, order)  # type: ignore[arg-type]


def cut(data: bytearray, fields: list[tuple[int, int, str]], seeds: Sequence[bytes], rng: random.Random) -> None:
    del data[rng.randrange(len(data) + 1) :]


def drop(data: bytearray, fields: list[tuple[int, int, str]], seeds: Sequence[bytes], rng: random.Random) -> None:
    start = rng.randrange(len(data) + 1)
    del data[start : start + rng.choice((1, 4, 8, rng.randrange(64)))]


def splice(data: bytearray, fields: list[tuple[int, int, str]], seeds: Sequence[bytes], rng: random.Random) -> None:
    other = rng.choice(seeds)
    start = rng.randrange(len(other) + 1)
    piece = other[start : start + rng.choice((8, 64, len(other)))]
    place = rng.randrange(len(data) + 1)
    data[place : place + rng.choice((0, len(piece)))] = piece


Damage = Callable[[bytearray, list[tuple[int, int, str]], Sequence[bytes], random.Random], None]
DAMAGE: tuple[Damage, ...] = (flip, flip, resize, resize, resize, cut, drop, splice)


def check_line(problem: NparamsError) -> None:
    """A refusal is one printable line, and never a promise of ours that did not hold."""
    if isinstance(problem, InvariantError):
        raise problem
    if not str(problem).isprintable() or not str(problem):
        raise AssertionError(f"not one printable line: {problem!r}") from problem
