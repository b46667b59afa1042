"""The literals of a block: bytes as they are, one byte again and again, or coded by Huffman (RFC 8878, 3.1.1.3.1)."""

from __future__ import annotations

from nparams.files._zstd.bits import PAD, Damaged, Work, backwards, probabilities, states

TYPE_CHECKING = False
if TYPE_CHECKING:
    #: for the next `bits` bits: the symbol, and how many of the bits are its
    Codes = tuple[bytes, bytes, int]

RAW, RLE, COMPRESSED = 0, 1, 2
MOST_BITS = 11
SYMBOLS, WEIGHTS = 256, 255
WEIGHT_LOG = 6  # the most for the table that weights are coded by
#: what of the third, fourth and fifth byte belongs to a header, and the bits of each of its two sizes
WIDTHS = ((3, 10), (3, 10), (4, 14), (5, 18))


class Literals:
    """Reads the literals of one block after the other; a block may use the codes of the one before."""

    __slots__ = ("_codes", "_work")

    def __init__(self, work: Work) -> None:
        self._work = work
        self._codes: Codes | None = None

    def read(self, block: bytes, most: int) -> tuple[bytes, int]:
        """(the literals, where they end in the block)."""
        if not block:
            raise Damaged("a block of compressed bytes is empty")
        kind, how = block[0] & 3, block[0] >> 2 & 3
        if kind <= RLE:
            return _plain(block, kind, how, most)
        width, bits = WIDTHS[how]
        if width > len(block):
            raise Damaged("a block ends in the header of its literals")
        told = int.from_bytes(block[:width], "little") >> 4
        size, packed = told & ((1 << bits) - 1), told >> bits
        end = width + packed
        if size > most or end > len(block):
            raise Damaged(f"{size:,} literals in {packed:,} bytes, which the block does not have")
        self._work.spend(size)
        at = width
        if kind == COMPRESSED:
            self._codes, at = _described(block, width, end)
        if self._codes is None:
            raise Damaged("a block uses the codes of the one before, and there are none")
        return _decoded(block[at:end], size, self._codes, 1 if how == 0 else 4), end


def _plain(block: bytes, kind: int, how: int, most: int) -> tuple[bytes, int]:
    """Literals that are not coded: all of them, or one."""
    width = (1, 2, 1, 3)[how]
    size = int.from_bytes(block[:width], "little") >> (3 if width == 1 else 4)
    stored = size if kind == RAW else 1
    if size > most or width + stored > len(block):
        raise Damaged(f"{size:,} literals, which the block does not have")
    piece = block[width : width + stored]
    return (piece if kind == RAW else piece * size), width + stored


def _described(block: bytes, at: int, end: int) -> tuple[Codes, int]:
    """(the codes that a block describes, where the streams begin)."""
    if at >= end:
        raise Damaged("a block has no codes for its literals")
    told = block[at]
    at += 1
    if told >= 128:
        count = told - 127
        after = at + (count + 1) // 2
        if after > end:
            raise Damaged("the codes of a block are cut short")
        weights = [byte >> shift & 15 for byte in block[at:after] for shift in (4, 0)][:count]
    else:
        after = at + told
        if after > end:
            raise Damaged("the codes of a block are cut short")
        weights = _weights(block[at:after])
    return _codes(weights), after


def _weights(data: bytes) -> list[int]:
    """Weights that are coded by two states taking turns; they end where the bits do."""
    counts, log, used = probabilities(data, WEIGHT_LOG, MOST_BITS + 2)
    symbols, widths, bases = states(counts, log)
    stream, at = backwards(data[used:])
    end = 8 * PAD

    def take(count: int) -> int:
        nonlocal at
        at -= count
        start = at >> 3
        return int.from_bytes(stream[start : start + 4], "little") >> (at & 7) & ((1 << count) - 1)

    one, two = take(log), take(log)
    if at < end:
        raise Damaged("the weights of codes are cut short")
    found: list[int] = []
    while len(found) < WEIGHTS:
        found.append(symbols[one])
        one, two, width, base = two, one, widths[one], bases[one]
        if at - width < end:
            found.append(symbols[one])
            return found
        two = base + take(width)
    raise Damaged(f"more than {WEIGHTS} weights of codes")


def _codes(weights: list[int]) -> Codes:
    """The table of codes by the weights of all symbols but the last, whose weight makes the sum a power of 2."""
    if not weights or max(weights) > MOST_BITS:
        raise Damaged("the weights of codes are none")
    total = sum((1 << weight) >> 1 for weight in weights)
    if not total:
        raise Damaged("the weights of codes are all 0")
    bits = total.bit_length()
    rest = (1 << bits) - total
    if bits > MOST_BITS or rest & (rest - 1) or len(weights) >= SYMBOLS:
        raise Damaged("the weights of codes do not add up")
    weights = [*weights, rest.bit_length()]
    symbols, lengths = bytearray(), bytearray()
    for weight in range(1, bits + 1):
        span = 1 << (weight - 1)
        for symbol, own in enumerate(weights):
            if own == weight:
                symbols += bytes((symbol,)) * span
                lengths += bytes((bits + 1 - weight,)) * span
    return bytes(symbols), bytes(lengths), bits


def _decoded(data: bytes, size: int, codes: Codes, streams: int) -> bytes:
    """The literals in one stream, or in four whose sizes stand before them."""
    if streams == 1:
        return bytes(_stream(data, size, codes))
    if len(data) < 10 or size < 6:
        raise Damaged("four streams of literals in too few bytes")
    ends = [int.from_bytes(data[k : k + 2], "little") for k in (0, 2, 4)]
    each, at, out = (size + 3) // 4, 6, bytearray()
    for length in ends:
        out += _stream(data[at : at + length], each, codes)
        at += length
    if at >= len(data) or size < 3 * each:
        raise Damaged("the last of four streams of literals is empty")
    return bytes(out + _stream(data[at:], size - 3 * each, codes))


def _stream(data: bytes, size: int, codes: Codes) -> bytearray:
    """Symbols from the end of a stream to its beginning: the next bits say which, and how many were its."""
    symbols, lengths, bits = codes
    stream, at = backwards(data)
    end, mask, out, k = 8 * PAD, (1 << bits) - 1, bytearray(size), 0
    while k < size:
        if at <= end:
            raise Damaged("a stream of literals is cut short")
        start = ((at + 7) >> 3) - 8
        held = int.from_bytes(stream[start : start + 8], "little")
        left = at - 8 * start
        while left >= bits and k < size:
            code = held >> (left - bits) & mask
            out[k] = symbols[code]
            left -= lengths[code]
            k += 1
        at = 8 * start + left
    if at != end:
        raise Damaged("a stream of literals does not end where its bits do")
    return out
