"""Damage for any binary format, and what every refusal must be.

Flipped bytes, lengths at their extremes, cuts, chunks taken out, put in twice or exchanged, pieces of one file in
another.  A zip archive is damaged from outside and, with its checksums put right again, inside its members.
"""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence

from nparams.errors import InvariantError, NparamsError

BITS = (7, 8, 15, 16, 24, 31, 32, 48, 60, 61, 62, 63, 64)
EXTREMES = (0, 1, 2, 3, 4, 9, 13, *(n for bits in BITS for n in ((1 << bits) - 1, 1 << bits)))
#: how lengths are stored: bytes, byte order
WIDTHS = ((8, "<Q"), (8, ">Q"), (4, "<I"), (4, "<I"), (4, ">I"), (2, "<H"))
#: members of archives that say what the others hold, by their ending
TELLING = (".pkl", ".json", ".h5", ".npy", "/version", "byteorder", ".py")


# -- one kind of damage each: (data, all seeds, random) -> None -------------------------------------------------------

Damage = Callable[[bytearray, Sequence[bytes], random.Random], None]


def place(data: bytes | bytearray, rng: random.Random) -> int:
    """Somewhere in the data; in long ones most often near an end, where formats keep what the rest is read by."""
    size, kind = len(data), rng.random()
    if size < 4096 or kind < 0.3:
        return rng.randrange(size + 1)
    near = int(size ** rng.random())
    return near if kind < 0.65 else size - near


def flip(data: bytearray, seeds: Sequence[bytes], rng: random.Random) -> None:
    """One byte, or a few, made another; or one bit."""
    for _ in range(rng.choice((1, 1, 2, 8))):
        at = place(data, rng)
        if at < len(data):
            data[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256), data[at] ^ 1 << rng.randrange(8)))


def resize(data: bytearray, seeds: Sequence[bytes], rng: random.Random) -> None:
    """What looks like a length or a count made 0, the most, one more, one less, ..."""
    width, code = rng.choice(WIDTHS)
    for _ in range(20):
        at = min(place(data, rng), len(data) - width)
        if at < 0:
            return
        (old,) = struct.unpack_from(code, data, at)
        if 0 < old <= len(data):
            break
    new = rng.choice((0, (1 << 8 * width) - 1, rng.choice(EXTREMES), old + rng.choice((-2, -1, 1, 2, 8)), old * 2))
    struct.pack_into(code, data, at, new % (1 << 8 * width))


def widen(data: bytearray, seeds: Sequence[bytes], rng: random.Random) -> None:
    """A number of variable length (protobuf, pickle) in the place of a byte."""
    at = place(data, rng)
    data[at : at + 1] = varint(rng.choice(EXTREMES))


def cut(data: bytearray, seeds: Sequence[bytes], rng: random.Random) -> None:
    """The end of the file missing."""
    del data[place(data, rng) :]


def grow(data: bytearray, seeds: Sequence[bytes], rng: random.Random) -> None:
    """Something behind the end, or in front of the beginning."""
    more = rng.choice((bytes(rng.choice((1, 4, 64, 600))), rng.randbytes(9), bytes(rng.choice(seeds)[:4096])))
    if rng.random() < 0.8:
        data += more
    else:
        data[:0] = more


def drop(data: bytearray, seeds: Sequence[bytes], rng: random.Random) -> None:
    """A chunk taken out."""
    start = place(data, rng)
    del data[start : start + chunk(rng)]


def double(data: bytearray, seeds: Sequence[bytes], rng: random.Random) -> None:
    """A chunk put in twice, or many times."""
    start = place(data, rng)
    piece = bytes(data[start : start + chunk(rng)])
    data[start:start] = piece * rng.choice((1, 1, 2, 9))


def exchange(data: bytearray, seeds: Sequence[bytes], rng: random.Random) -> None:
    """A chunk written over another."""
    start, other, size = place(data, rng), place(data, rng), chunk(rng)
    piece = bytes(data[start : start + size])
    data[other : other + len(piece)] = piece


def blank(data: bytearray, seeds: Sequence[bytes], rng: random.Random) -> None:
    """A run of zeros or ones, as failed downloads and disks leave them."""
    start = place(data, rng)
    size = min(len(data) - start, chunk(rng))
    data[start : start + size] = rng.choice((b"\0", b"\xff")) * size


def splice(data: bytearray, seeds: Sequence[bytes], rng: random.Random) -> None:
    """A piece of another file put in."""
    other = rng.choice(seeds)
    start = place(other, rng)
    piece = other[start : start + rng.choice((8, 64, 4096))]
    at = place(data, rng)
    data[at : at + rng.choice((0, len(piece)))] = piece


def chunk(rng: random.Random) -> int:
    return rng.choice((1, 4, 8, 16, rng.randrange(64), rng.randrange(4096)))


DAMAGE: tuple[Damage, ...] = (
    flip, flip, flip, resize, resize, resize, resize, widen, cut, grow, drop, double, exchange, blank, splice,
)  # fmt: skip


def varint(number: int) -> bytes:
    """As protobuf writes it: seven bits a byte, the lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


# -- files ------------------------------------------------------------------------------------------------------------


def mutants(
    seeds: Sequence[bytes], count: int, rng: random.Random, damage: Sequence[Damage] = DAMAGE
) -> Iterator[bytes]:
    """`count` damaged copies of `seeds`, each with one to four kinds of damage."""
    archives = {i: members(seed) for i, seed in enumerate(seeds) if seed[:2] == b"PK"}
    for _ in range(count):
        which = rng.randrange(len(seeds))
        if archives.get(which) and rng.random() < 0.7:
            yield zipped(harmed(archives[which], seeds, rng, damage))
        else:
            yield hurt(seeds[which], seeds, rng, damage)


def hurt(seed: bytes, seeds: Sequence[bytes], rng: random.Random, damage: Sequence[Damage] = DAMAGE) -> bytes:
    """One damaged copy."""
    data = bytearray(seed)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        rng.choice(damage)(data, seeds, rng)
    return bytes(data)


#: a member of an archive: its name, what it holds, and the checksum of that
Member = tuple[bytes, bytes, int]


def members(data: bytes) -> list[Member]:
    """What a zip archive holds; nothing where Python cannot open it."""
    import io
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            held = [(info.filename.encode(), archive.read(info)) for info in archive.infolist()]
    except (zipfile.BadZipFile, NotImplementedError, OSError, RuntimeError, ValueError, zlib.error):
        return []
    return [(name, content, zlib.crc32(content)) for name, content in held]


def zipped(held: Sequence[Member]) -> bytes:
    """The members as an archive of stored members, its checksums right."""
    out, directory = bytearray(), bytearray()
    for name, content, crc in held:
        same = struct.pack("<HHHHIIIHH", 0x800, 0, 0, 0x21, crc, len(content), len(content), len(name), 0)
        directory += struct.pack("<4sHH", b"PK\1\2", 20, 20) + same + struct.pack("<HHHII", 0, 0, 0, 0, len(out)) + name
        out += struct.pack("<4sH", b"PK\3\4", 20) + same + name + content
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, len(held), len(held), len(directory), len(out), 0)
    return bytes(out + directory + end)


def harmed(
    held: Sequence[Member], seeds: Sequence[bytes], rng: random.Random, damage: Sequence[Damage]
) -> list[Member]:
    """The members with one of them damaged inside, or missing, or there twice, or under another name."""
    found = list(held)
    telling = [i for i, (name, _, _) in enumerate(found) if name.decode("utf-8", "replace").endswith(TELLING)]
    at = rng.choice(telling) if telling and rng.random() < 0.8 else rng.randrange(len(found))
    name, content, crc = found[at]
    what = rng.random()
    if what < 0.9:
        worse = hurt(content, [content for _, content, _ in found], rng, damage)
        found[at] = (name, worse, zlib.crc32(worse))
    elif what < 0.93:
        del found[at]
    elif what < 0.96:
        found.insert(rng.randrange(len(found) + 1), rng.choice(found))
    else:
        found[at] = (hurt(name, [name for name, _, _ in found], rng, damage)[:65_535], content, crc)
    return found


# -- refusals ---------------------------------------------------------------------------------------------------------


def check_line(problem: NparamsError) -> None:
    """A refusal is one printable line, and never a promise of ours that did not hold."""
    if isinstance(problem, InvariantError):
        raise problem
    if not str(problem).isprintable() or not str(problem):
        raise AssertionError(f"not one printable line: {problem!r}") from problem
