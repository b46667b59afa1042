"""Whether a file begins as a tree of Flax does: maps with words for keys, and arrays in them."""

from __future__ import annotations

from nparams.errors import FormatError
from nparams.files._flax.wire import ARRAY, EXTENSION, MAP, TEXT, Wire
from nparams.files.bytesource import MemorySource

#: bytes that are added, so that what a head announces may be there
BEYOND = 1 << 62
EXTENSIONS = (1, 2, 3)
KEYS = 40  # that are looked at
LONGEST = 200  # characters of a key


class _Head(MemorySource):
    """The beginning of a file of any size."""

    def __init__(self, head: bytes) -> None:
        super().__init__(head)
        self.size = BEYOND

    def read(self, offset: int, length: int) -> bytes:
        """What is there of these bytes."""
        return self._data[offset : offset + length]


def begins_tree(head: bytes) -> bool:
    """Whether a map begins there, each key a word, down to an array of Flax or the end of what is known."""
    if not head or not (0x81 <= head[0] <= 0x8F or head[0] in (0xDE, 0xDF)):
        return False
    wire, at, seen = Wire(_Head(head)), 0, 0
    left: list[int] = []  # entries of the maps that are open
    try:
        while seen < KEYS:
            value = wire.value(at)
            if value.kind == EXTENSION:
                return value.code in EXTENSIONS
            if value.kind == ARRAY:
                return True
            at = value.at if value.kind == MAP else value.end
            left += [value.count] if value.kind == MAP else []
            while left and not left[-1]:
                left.pop()
            if not left:
                return False
            left[-1] -= 1
            key = wire.value(at)
            if key.kind != TEXT or not _is_word(head[key.at : key.end], key.count):
                return False
            seen, at = seen + 1, key.end
    except IndexError:  # the end of what is known
        return seen > 0
    except FormatError:
        return False
    return True


def _is_word(text: bytes, length: int) -> bool:
    """Whether a key is one that a program gives: printable, no longer than a name."""
    return 0 < length <= LONGEST and text.isascii() and text.decode("ascii").isprintable()
