"""Filter pipelines: what was done to each chunk before it was written, and how to undo it.

HDF5 File Format Specification version 3.0, IV.A.2.l (The Data Storage - Filter Pipeline Message).
"""

from __future__ import annotations

from struct import Struct

from nparams.files._hdf5.checksum import fletcher32
from nparams.files._hdf5.store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._hdf5.header import Message

DEFLATE, SHUFFLE, FLETCHER32 = 1, 2, 3
#: filters with a number below this bear no name in version 2
NAMED = 256
FILTERS = 32
#: bytes of a type whose values can be shuffled
WIDTH = 4096
#: number, bytes of the name, flags, client values
V1, V2 = Struct("<HHHH"), Struct("<HHH")


class Filter:
    """One filter: its number, and its client values."""

    __slots__ = ("number", "values")

    def __init__(self, number: int, values: tuple[int, ...]) -> None:
        self.number = number
        self.values = values


def read(store: Store, message: Message, body: bytes) -> list[Filter]:
    """The filters in the order in which they were applied."""
    if len(body) < 2 or body[0] not in (1, 2) or body[1] > FILTERS:
        raise store.bad("filter pipeline", f"begins {body[:2]!r}", message.at)
    version, count = body[0], body[1]
    place, found = 8 if version == 1 else 2, []
    for _ in range(count):
        number, length, values, place = _head(store, message, body, version, place)
        place += -(-length // 8) * 8 if version == 1 else length
        form = Struct(f"<{values}I")
        if place + form.size > len(body):
            raise _short(store, message, body)
        found.append(Filter(number, form.unpack_from(body, place)))
        place += form.size + (4 if version == 1 and values % 2 else 0)
    return found


def _head(store: Store, message: Message, body: bytes, version: int, place: int) -> tuple[int, int, int, int]:
    """Number, bytes of the name, client values of the filter at `place`, and where its head ends."""
    number = int.from_bytes(body[place : place + 2], "little")
    form = V1 if version == 1 or number >= NAMED else V2
    if place + form.size > len(body):
        raise _short(store, message, body)
    fields = form.unpack_from(body, place)
    return number, fields[1] if form is V1 else 0, fields[-1], place + form.size


def _short(store: Store, message: Message, body: bytes) -> Exception:
    return store.bad("filter pipeline", f"its message of {len(body)} bytes ends in the middle", message.at)


def undo(store: Store, pipeline: list[Filter], mask: int, data: bytes, size: int, at: int) -> bytes:
    """A chunk of `size` bytes as it was before `pipeline`; bit i of `mask` says that filter i was left out."""
    for i, step in reversed(list(enumerate(pipeline))):
        if mask >> i & 1:
            continue
        if step.number == DEFLATE:
            data = _inflated(store, data, size, at)
        elif step.number == SHUFFLE:
            width = step.values[0] if step.values else 1
            if width > WIDTH:
                raise store.bad("chunk", f"shuffled by {width:,} bytes, more than any type has", at)
            data = _unshuffled(data, width)
        elif step.number == FLETCHER32:
            store.spend(len(data) // 16, "chunk")
            if len(data) < 4 or int.from_bytes(data[-4:], "little") != fletcher32(data[:-4]):
                raise store.bad("chunk", "its checksum is wrong. Damaged?", at)
            data = data[:-4]
        else:
            raise store.refused(f"data behind filter {step.number} is not read; save a copy without compression")
    if len(data) != size:
        raise store.bad("chunk", f"{len(data):,} bytes, where {size:,} are due", at)
    return data


def _inflated(store: Store, data: bytes, size: int, at: int) -> bytes:
    import zlib

    try:
        machine = zlib.decompressobj()
        # a checksum may have been added before
        return machine.decompress(data, size + 4)
    except zlib.error as problem:
        raise store.bad("chunk", f"cannot be inflated ({problem})", at) from None


def _unshuffled(data: bytes, width: int) -> bytes:
    """Undo the shuffle: first bytes of all values, then second ones; what is left over stays at the end."""
    count = len(data) // width if width > 1 else 0
    if count < 2:
        return data
    found = bytearray(count * width)
    for i in range(width):
        found[i::width] = data[i * count : (i + 1) * count]
    return bytes(found) + data[count * width :]
