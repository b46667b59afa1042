"""Bits and tables of finite state entropy (RFC 8878, section 4.1)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    #: for each state: the symbol, how many bits lead to the next one, what they are added to
    States = tuple[list[int], list[int], list[int]]

#: bytes of zeros that are put before a stream, so that it can be looked at beyond its end
PAD = 16


class Damaged(ValueError):
    """What a frame cannot hold; the message says what is wrong with it."""


class TooMuch(Damaged):
    """What may be a frame, and is more than is read; the message says of what."""


class Work:
    """How much may still be done: coded literals, and sequences, each of which takes as long as eight of them."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self, amount: int) -> None:
        """Take some of it; TooMuch where there is less."""
        self.left -= amount
        if self.left < 0:
            raise TooMuch("it is packed so tightly that it takes more work than is done")


def backwards(data: bytes) -> tuple[bytes, int]:
    """(a stream that is read from its end, where its first bit stands): its last byte has a 1 before the bits."""
    if not data or not data[-1]:
        raise Damaged("a stream of bits has no end mark")
    return bytes(PAD) + data, 8 * (PAD + len(data) - 1) + data[-1].bit_length() - 1


class Forward:
    """Bits from the beginning, lowest first: what tables are described by."""

    __slots__ = ("_data", "at")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def peek(self, count: int) -> int:
        """The next bits as a number; zeros beyond the end."""
        start = self.at >> 3
        return int.from_bytes(self._data[start : start + 4], "little") >> (self.at & 7) & ((1 << count) - 1)

    def check(self) -> None:
        """Refuse a description that goes on where there is nothing."""
        if self.at > 8 * len(self._data):
            raise Damaged("a table is cut short")

    @property
    def bytes_read(self) -> int:
        """How many bytes the description takes."""
        return (self.at + 7) >> 3


def probabilities(data: bytes, most_log: int, most_symbols: int) -> tuple[list[int], int, int]:
    """(how often each symbol occurs, the table's size as a power of 2, bytes read); -1 stands for less than one."""
    bits = Forward(data[: most_symbols * 2 + 8])
    log = bits.peek(4) + 5
    bits.at = 4
    if log > most_log:
        raise Damaged(f"a table of 2**{log} states, where 2**{most_log} is the most")
    left, counts = (1 << log) + 1, list[int]()
    while left > 1:
        if len(counts) >= most_symbols:
            raise Damaged(f"a table of more than {most_symbols} symbols")
        width = left.bit_length()
        value, low = bits.peek(width), (1 << (width - 1)) - 1
        threshold = (1 << width) - 1 - left
        if value & low < threshold:
            value, width = value & low, width - 1
        elif value > low:
            value -= threshold
        bits.at += width
        bits.check()
        left -= abs(value - 1)
        counts.append(value - 1)
        if value == 1:
            _repeat(bits, counts, most_symbols)
    if left != 1:
        raise Damaged("a table whose parts are more than the whole")
    bits.check()
    return counts, log, bits.bytes_read


def _repeat(bits: Forward, counts: list[int], most: int) -> None:
    """How many more symbols do not occur, told two bits at a time."""
    more = 3
    while more == 3:
        more = bits.peek(2)
        bits.at += 2
        bits.check()
        counts += [0] * more
        if len(counts) > most:
            raise Damaged(f"a table of more than {most} symbols")


def states(counts: Sequence[int], log: int) -> States:
    """The decoding table that these counts make."""
    size = 1 << log
    symbols, last = [0] * size, size - 1
    for symbol, count in enumerate(counts):
        if count == -1:
            symbols[last] = symbol
            last -= 1
    at, step, mask = 0, (size >> 1) + (size >> 3) + 3, size - 1
    for symbol, count in enumerate(counts):
        for _ in range(max(count, 0)):
            symbols[at] = symbol
            at = at + step & mask
            while at > last:
                at = at + step & mask
    return _bases(symbols, counts, log)


def _bases(symbols: list[int], counts: Sequence[int], log: int) -> States:
    nexts = [abs(count) for count in counts]
    widths, bases = [], []
    for symbol in symbols:
        number = nexts[symbol]
        nexts[symbol] += 1
        width = log + 1 - number.bit_length()
        widths.append(width)
        bases.append((number << width) - (1 << log))
    return symbols, widths, bases


def single(symbol: int) -> States:
    """The table of a symbol that is the only one: it takes no bits."""
    return [symbol], [0], [0]
