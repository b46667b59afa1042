"""GGUF: counts, lengths, dimensions and offsets that overflow or reach beyond the file."""

from __future__ import annotations

import struct

from tests.attacks._attack import Attack, Count, Link
from tests.gguf_maker import T, gguf, shards, text

HEAP = "CVE-2024-21802 and the heap overflows of 2024 (Databricks): counts and lengths of GGUF are not trusted"
SIZE = "CVE-2026-33298, ggml-org/llama.cpp#19856: a size that overflows"
OOB = "CVE-2026-7482: a tensor beyond the end of the file is read"
MOST = (1 << 64) - 1


def array(kind: int, count: int, rest: bytes = b"") -> bytes:
    return gguf([text("k") + struct.pack("<IIQ", 9, kind, count) + rest]) + bytes(8)


NESTED = text("k") + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 200_000
SET = shards("m", [[T("a.weight", [3])], [T("b.weight", [4])]])
ATTACKS = [
    Attack("2^64 - 1 tensors", "m.gguf", gguf(tensor_count=MOST) + bytes(64),
           ": a list of 18,446,744,073,709,551,615 tensors (offset 24): needs "
           "461,168,601,842,738,790,375 bytes, but the file has 64 left. Cut short?", HEAP),
    Attack("2^64 - 1 keys", "m.gguf", gguf(pair_count=MOST) + bytes(64),
           ": a list of 18,446,744,073,709,551,615 keys (offset 24): needs "
           "258,254,417,031,933,722,610 bytes, but the file has 64 left. Cut short?", HEAP),
    Attack("a key of 2^64 - 1 bytes", "m.gguf", gguf([struct.pack("<Q", MOST) + bytes(99)]),
           ": key 0 (offset 32): needs 18,446,744,073,709,551,615 bytes, but the file has 99 left. "
           "Cut short?", HEAP),
    Attack("an array of 2^61 numbers", "m.gguf", array(10, 1 << 61),
           ': key "k", 2,305,843,009,213,693,952 items (offset 49): needs 18,446,744,073,709,551,616 '
           "bytes, but the file has 8 left. Cut short?", HEAP),
    Attack("an array of 2^64 - 1 strings", "m.gguf", array(8, MOST),
           ': key "k", 18,446,744,073,709,551,615 items (offset 49): needs '
           "147,573,952,589,676,412,920 bytes, but the file has 8 left. Cut short?", HEAP),
    Attack("5 million empty strings", "m.gguf", lambda: array(8, 5_000_000, bytes(40_000_000)), Count(0),
           "as many entries as fit"),
    Attack("arrays nested without end", "m.gguf", gguf([NESTED]),
           ': key "k" (offset 85): arrays nested more than 4 deep', "CWE-674"),
    Attack("a value of an unknown type", "m.gguf", gguf([text("k") + struct.pack("<I", 77) + bytes(30)]),
           ': key "k" (offset 33): unknown type 77', HEAP),
    Attack("a key twice", "m.gguf", gguf([("k", "u8", 1), ("k", "u8", 2)]),
           ': key 1 (offset 47): "k" comes twice', "parsers disagree which holds"),
    Attack("a tensor twice", "m.gguf", gguf(tensors=[T("a", [8]), T("a", [8])]),
           ': tensor 1 (offset 57): "a" comes twice', "parsers disagree which holds"),
    Attack("dimensions whose product is 0 modulo 2^64", "m.gguf", gguf(tensors=[T("a", [1 << 32, 1 << 32])], data=64),
           ': tensor 0 "a" (offset 65): impossible shape [4294967296, 4294967296]: the limits are '
           "2^48 a dimension and 2^63 in all", SIZE),
    Attack("four billion dimensions", "m.gguf", gguf(tensors=[T("a", [1], rank=MOST >> 32)], data=64),
           ': tensor 0 "a" (offset 33): 4,294,967,295 dimensions, more than 4', HEAP),
    Attack("a tensor beyond the end", "m.gguf", gguf(tensors=[T("a", [1 << 20])], data=64),
           ': tensor 0 "a" (offset 64): ends at 4,194,368 but the file stops at 128. Header says '
           "1,048,576 parameters; re-download", OOB),
    Attack("an offset near 2^64", "m.gguf", gguf(tensors=[T("a", [8], offset=MOST - 31)], data=64),
           ': tensor 0 "a" (offset 18,446,744,073,709,551,648): ends at 18,446,744,073,709,551,680 '
           "but the file stops at 128. Header says 8 parameters; re-download", OOB),
    Attack("tensors that overlap", "m.gguf", gguf(tensors=[T("a", [64]), T("b", [64], offset=32)]),
           ': tensor 1 "b" (offset 128): begins at 128, inside the tensor that ends at 352', OOB),
    Attack("an alignment of 0", "m.gguf", gguf([("general.alignment", "u32", 0)], [T("a", [8])], data=64),
           ': key "general.alignment": 0 is not a power of two',
           "division by zero: gguf.cpp checks it"),
    Attack("an alignment that is no power of two", "m.gguf",
           gguf([("general.alignment", "u32", 24)], [T("a", [8])], data=64),
           ': key "general.alignment": 24 is not a power of two', "gguf.cpp checks it"),
    Attack("rows that are no whole blocks", "m.gguf", gguf(tensors=[T("a", [33], 2)], data=64),
           ': tensor 0 "a" (offset 57): rows of 33 values of type q4_0, which come in blocks of 32', SIZE),
    Attack("a set whose shard is a link to a device", "m-00001-of-00002.gguf", SET["m-00001-of-00002.gguf"],
           "m-00002-of-00002.gguf: not a regular file",
           "CVE-2026-27489", {"m-00002-of-00002.gguf": Link("/dev/zero")}),
    Attack("a set of 65,535 shards", "m-00001-of-65535.gguf",
           gguf([("split.no", "u16", 0), ("split.count", "u16", 65_535)], [T("a", [8])]),
           ': "m-00002-of-65535.gguf" is missing: 1 of 65535 shards are in "FOLDER"; download the rest',
           "a declared count"),
]  # fmt: skip
