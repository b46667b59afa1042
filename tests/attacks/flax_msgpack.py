"""Flax's msgpack: lengths that lie, maps without end, shapes beyond all memory, extensions of others."""

from __future__ import annotations

from tests.attacks._attack import Attack, Count
from tests.flax_maker import Raw, array, chunked, extension, pack

MSGPACK = "msgpack-python: a length is believed before the bytes are there (msgpack/msgpack-python#239, max_*_len)"
FLAX = "flax.serialization.msgpack_restore: numpy.frombuffer of what a file says (google/flax)"
PICKLE = "numpy arrays of objects are pickles (CVE-2019-6446)"


def net(**more: object) -> bytes:
    """A dense layer of 6 numbers, and what is put beside it."""
    return pack({"params": {"kernel": array([2, 3]), **more}})


ATTACKS = [
    Attack("a map of 2^32 - 1 entries", "m.msgpack", b"\xdf\xff\xff\xff\xff\xa6params\x80",
           ": byte 0: a map of 4,294,967,295 entries, but the file has 8 bytes left. Cut short?", MSGPACK),
    Attack("a list of 2^32 - 1 entries", "m.msgpack", b"\x81\xa6params\xdd\xff\xff\xff\xff",
           ": byte 8: a list of 4,294,967,295 entries, but the file has 0 bytes left. Cut short?", MSGPACK),
    Attack("a key of 4 GB", "m.msgpack", b"\x81\xdb\xff\xff\xff\xf0params",
           ": byte 1: text of 4,294,967,280 bytes, but the file has 6 bytes left. Cut short?", MSGPACK),
    Attack("an array of 4 GB", "m.msgpack", b"\x81\xa6kernel\xc9\xff\xff\xff\xff\x01\x93",
           ": byte 8: an extension of 4,294,967,295 bytes, but the file has 1 bytes left. Cut short?", MSGPACK),
    Attack("a million maps in each other", "m.msgpack", lambda: b"\x81\xa1a" * 1_000_000,
           ": byte 600: maps inside maps, more than 200 deep", "CWE-674"),
    Attack("a million lists in each other", "m.msgpack", lambda: b"\x81\xa1a" + b"\x91" * 1_000_000,
           ": byte 202: maps inside maps, more than 200 deep", "CWE-674"),
    Attack("twenty million nothings", "m.msgpack",
           lambda: pack({"kernel": array([2, 3])})[:-24] + bytes(24) + b"\xdd\x01\x31\x2d\x00" + b"\xc0" * 20_000_000,
           ": byte 55: 20,000,005 bytes follow the end of the tree. Not a file of Flax, or damaged?", MSGPACK),
    Attack("ten million nothings in the tree", "m.msgpack",
           lambda: net(none=Raw(b"\xdd\x00\x98\x96\x80" + b"\xc0" * 10_000_000)),
           ": byte 700,069: more values than any real file has; --limits off reads more", MSGPACK),
    Attack("a million numbers", "m.msgpack", lambda: net(**{str(k): 1 for k in range(1_000_000)}),
           ": byte 1,488,956: more than 200,000 arrays and numbers; --limits off reads more", MSGPACK),
    Attack("a key twice", "m.msgpack", Raw(b"\x82\xa1w\x01\xa1w\x02"), ': byte 4: the key "w" appears twice',
           "readers that disagree: the first or the last"),
    Attack("a shape beyond all memory", "m.msgpack", net(w=array([1 << 47] * 60, data=bytes(4))),
           ': byte 72: "params.w" has more than 2**62 numbers', FLAX),
    Attack("a side below 0", "m.msgpack", net(w=array([-2, -3], data=bytes(24))),
           ': byte 73: "params.w" has a side that is no whole number from 0 to 2**48', FLAX),
    Attack("fewer numbers than the shape takes", "m.msgpack", net(w=array([2, 3], data=bytes(20))),
           ': byte 88: "params.w": float32 [2, 3] takes 24 bytes, and 20 are there', FLAX),
    Attack("an array of objects", "m.msgpack", net(w=array([2], "object", bytes(16))),
           ': "params.w" has the unknown number type "object"', PICKLE),
    Attack("an array of text that would be huge", "m.msgpack", net(w=array([1 << 47], "str128", bytes(4))),
           ': "params.w" has the unknown number type "str128"', FLAX),
    Attack("an extension of another program", "m.msgpack", net(w=extension(42, b"os.system")),
           ": byte 65: an extension of type 42; Flax writes 1, 2 and 3", "extensions that loaders hand to hooks"),
    Attack("pieces that do not fit", "m.msgpack", net(w=chunked([1 << 40, 1 << 40], [array([4])])),
           ': byte 170: "params.w": its pieces hold 4 numbers, and its shape [1099511627776, 1099511627776] has '
           "1,208,925,819,614,629,174,706,176", FLAX),
    Attack("a name that acts", "m.msgpack", net(**{"\x1b]0;t\x07\x1b[2J": array([2])}), Count(8),
    "CVE-2003-0063's kind"),
    Attack("a name that is no UTF-8", "m.msgpack", net(**{"w\udcff": array([2])}),
           ': byte 64: "w�" is no UTF-8', FLAX),
    Attack("a cut download", "m.msgpack", net()[:-10],
           ": byte 16: an extension of 41 bytes, but the file has 31 bytes left. Cut short?", "a cut download"),
    Attack("a pickle with its ending", "m.msgpack",
    b"\x80\x04\x95\x10\0\0\0\0\0\0\0\x8c\x02os\x94\x8c\x06system\x94\x93.",
           ": byte 1: 26 bytes follow the end of the tree. Not a file of Flax, or damaged?", "picklescan"),
]  # fmt: skip
