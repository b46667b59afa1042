"""The sequences of a block: how many literals come next, and what is copied from before (RFC 8878, 3.1.1.3.2)."""

from __future__ import annotations

from nparams.files._zstd.bits import PAD, Damaged, Work, backwards, probabilities, single, states

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._zstd.bits import States

PREDEFINED, RLE, FSE, REPEAT = 0, 1, 2, 3
#: code -> (what its bits are added to, how many bits)
LITERALS = [
    *((k, 0) for k in range(16)), (16, 1), (18, 1), (20, 1), (22, 1), (24, 2), (28, 2), (32, 3), (40, 3), (48, 4),
    (64, 6), *((1 << k, k) for k in range(7, 17)),
]  # fmt: skip
MATCHES = [
    *((k + 3, 0) for k in range(32)), (35, 1), (37, 1), (39, 1), (41, 1), (43, 2), (47, 2), (51, 3), (59, 3), (67, 4),
    (83, 4), (99, 5), *((3 + (1 << k), k) for k in range(7, 17)),
]  # fmt: skip
OFFSETS = [(1 << k, k) for k in range(32)]
#: how often each code occurs, and the size of the table, where a block does not say
USUAL_LITERALS = ([4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1,
                   -1, -1, -1, -1], 6)  # fmt: skip
USUAL_OFFSETS = ([1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1], 5)
USUAL_MATCHES = ([1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1], 6)  # fmt: skip
#: for literals, offsets, matches: (what a code means, usual table, largest table)
KINDS = ((LITERALS, USUAL_LITERALS, 9), (OFFSETS, USUAL_OFFSETS, 8), (MATCHES, USUAL_MATCHES, 9))
#: bytes of a stream that any one sequence fits into: 31 + 16 + 16 bits of numbers, 9 + 8 + 9 of states, and a shift
LOAD = 13
COST = 8  # of a sequence, where a literal's is 1


class Sequences:
    """Runs the sequences of one block after the other; tables and the last three offsets go from block to block."""

    __slots__ = ("_offsets", "_tables", "_work")

    def __init__(self, work: Work) -> None:
        self._work = work
        self._tables: list[States | None] = [None, None, None]
        self._offsets = [1, 4, 8]

    def run(self, block: bytes, at: int, literals: bytes, out: bytearray, most: int) -> None:
        """Add to `out` what the sequences make of the literals; at most `most` bytes in all."""
        count, at = _count(block, at)
        if not count:
            if at != len(block):
                raise Damaged("a block without sequences goes on after its literals")
            _take(out, literals, most)
            return
        self._work.spend(COST * count)
        at = self._describe(block, at)
        done = self._play(block[at:], count, literals, out, most)
        _take(out, literals[done:], most)

    def _describe(self, block: bytes, at: int) -> int:
        """Take in the three tables; where the bits begin."""
        if at >= len(block):
            raise Damaged("a block ends before its sequences")
        modes = block[at]
        if modes & 3:
            raise Damaged("a reserved bit is set before the sequences of a block")
        at += 1
        for k, (meanings, usual, log) in enumerate(KINDS):
            mode = modes >> (6 - 2 * k) & 3
            if mode == PREDEFINED:
                self._tables[k] = _usual(k, usual)
            elif mode == RLE:
                if at >= len(block) or block[at] >= len(meanings):
                    raise Damaged("a block has no code for its sequences")
                self._tables[k] = single(block[at])
                at += 1
            elif mode == FSE:
                counts, size, used = probabilities(block[at:], log, len(meanings))
                self._tables[k] = states(counts, size)
                at += used
            elif self._tables[k] is None:
                raise Damaged("a block uses the table of the one before, and there is none")
        return at

    def _play(self, data: bytes, count: int, literals: bytes, out: bytearray, most: int) -> int:
        """Every sequence; how many literals were used."""
        stream, at = backwards(data)
        end, done, recent = 8 * PAD, 0, self._offsets
        (l_codes, l_widths, l_bases), (o_codes, o_widths, o_bases), (m_codes, m_widths, m_bases) = self._ready()
        states_, at = _initial(stream, at, [len(l_codes), len(o_codes), len(m_codes)])
        l_state, o_state, m_state = states_
        while True:
            if at < end:
                raise Damaged("the sequences of a block are cut short")
            count -= 1
            start = max(((at + 7) >> 3) - LOAD, 0)
            held, left = int.from_bytes(stream[start : start + LOAD], "little"), at - 8 * start
            code = o_codes[o_state]
            left -= code
            offset = (1 << code) + (held >> left & ((1 << code) - 1))
            base, width = MATCHES[m_codes[m_state]]
            left -= width
            match = base + (held >> left & ((1 << width) - 1))
            base, width = LITERALS[l_codes[l_state]]
            left -= width
            length = base + (held >> left & ((1 << width) - 1))
            if count:
                width = l_widths[l_state]
                left -= width
                l_state = l_bases[l_state] + (held >> left & ((1 << width) - 1))
                width = m_widths[m_state]
                left -= width
                m_state = m_bases[m_state] + (held >> left & ((1 << width) - 1))
                width = o_widths[o_state]
                left -= width
                o_state = o_bases[o_state] + (held >> left & ((1 << width) - 1))
            at = 8 * start + left
            if done + length > len(literals) or len(out) + length + match > most:
                raise Damaged("a sequence makes more bytes than its block may hold")
            out += literals[done : done + length]
            done += length
            offset = _offset(offset, length, recent)
            if not 0 < offset <= len(out):
                raise Damaged(f"a sequence copies from {offset:,} bytes back, where there are {len(out):,}")
            _copy(out, offset, match)
            if not count:
                break
        if at != end:
            raise Damaged("the sequences of a block do not end where their bits do")
        return done

    def _ready(self) -> list[States]:
        return [table for table in self._tables if table is not None]


#: predefined tables that were made before
_MADE: dict[int, States] = {}


def _usual(k: int, usual: tuple[list[int], int]) -> States:
    if k not in _MADE:
        _MADE[k] = states(*usual)
    return _MADE[k]


def _count(block: bytes, at: int) -> tuple[int, int]:
    """(how many sequences, where what follows begins)."""
    first = block[at : at + 1]
    width = 1 if first < b"\x80" else 2 if first < b"\xff" else 3
    if not first or at + width > len(block):
        raise Damaged("a block ends before its sequences")
    told = block[at : at + width]
    if width == 1:
        return told[0], at + 1
    if width == 2:
        return (told[0] - 128 << 8) + told[1], at + 2
    return told[1] + (told[2] << 8) + 0x7F00, at + 3


def _initial(stream: bytes, at: int, sizes: list[int]) -> tuple[list[int], int]:
    """The first states of literals, offsets and matches."""
    found = []
    for size in sizes:
        width = size.bit_length() - 1
        at -= width
        if at < 8 * PAD:
            raise Damaged("the sequences of a block are cut short")
        found.append(int.from_bytes(stream[at >> 3 : (at >> 3) + 4], "little") >> (at & 7) & (size - 1))
    return found, at


def _offset(value: int, length: int, recent: list[int]) -> int:
    """How far back a sequence copies from: told by itself, or one of the last three, which then comes first.

    Without literals it is the next one of these, or the last less 1.
    """
    if value > 3:
        offset, place = value - 3, 2
    else:
        place = value - 1 + (length == 0)
        offset = recent[place] if place < 3 else recent[0] - 1
    if place:
        recent[1], recent[2] = recent[0], recent[1] if place > 1 else recent[2]
        recent[0] = offset
    return offset


def _copy(out: bytearray, offset: int, match: int) -> None:
    """Copy bytes that were made before, which may reach into what is being made."""
    start = len(out) - offset
    if match <= offset:
        out += out[start : start + match]
        return
    piece = bytes(out[start:])
    out += (piece * (match // offset + 1))[:match]


def _take(out: bytearray, literals: bytes, most: int) -> None:
    if len(out) + len(literals) > most:
        raise Damaged("a block makes more bytes than it may hold")
    out += literals
