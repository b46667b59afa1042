"""GGUF: what is counted, and what is refused with which words."""

from __future__ import annotations

import contextlib
import csv
from pathlib import Path

import pytest

from nparams.dtypes import BLOCKS, GGML, GGML_REMOVED
from nparams.errors import NparamsError, shown
from nparams.files.bytesource import FileSource, LocalFolder, MemorySource, RangeSource, drive
from nparams.files.gguf import TENSORS, is_gguf, read
from tests.conftest import shared
from tests.gguf_maker import F16, F32, KINDS, Q4_0, Q4_K, Q8_0, T, gguf, pair, shards, text, value
from tests.limits import limited, need_limits

LLAMA = ("general.architecture", "str", "llama")
MOE = [LLAMA, ("llama.expert_count", "u32", 4), ("llama.expert_used_count", "u32", 1)]
UNKNOWN = "ggml type {} is not known (removed, or newer than this version); counted exactly, bytes unknown"
TIED = "no output.weight: the output head is tied to token_embd.weight and counted once"
EVERY_KIND = [(f"k.{kind}", kind, 1 if kind != "str" else "é") for kind in KINDS if kind != "arr"]
ARRAYS = [
    (f"a.{kind}", "arr", (kind, [1, 0, 1] if kind != "str" else ["a", "", "é"])) for kind in KINDS if kind != "arr"
]
NESTED = ("n", "arr", ("arr", [("arr", [("arr", [("str", ["deep"])])]), ("u16", [7])]))
SMALL = [T("token_embd.weight", [64, 10], Q8_0), T("blk.0.a.weight", [64, 2], F16), T("blk.0.a.bias", [2])]
VALID = gguf([LLAMA, *EVERY_KIND, *ARRAYS, NESTED], SMALL)


def total_of(data: bytes) -> int:
    found = read(MemorySource(data, "m.gguf"))
    return sum(t.size for t in found.tensors() if t.role in ("weight", "bias"))


# what it shows | the file | parameters | shapes | read_as | notes
COUNTED = [
    ("every kind of value", VALID, 640 + 128 + 2, [(10, 64), (2, 64), (2,)], "GGUF v3, 3 tensors, llama", [TIED]),
    ("version 2", gguf(version=2, tensors=[T("a", [3])]), 3, [(3,)], "GGUF v2, 1 tensor", []),
    ("big-endian", gguf([LLAMA, *EVERY_KIND, *ARRAYS, NESTED], SMALL, order=">"), 770, [(10, 64), (2, 64), (2,)],
     "GGUF v3, 3 tensors, llama, big-endian", [TIED]),
    ("big-endian version 2", gguf(order=">", version=2, tensors=[T("a", [3])]), 3, [(3,)],

     "GGUF v2, 1 tensor, big-endian", []),
    ("dimensions are stored fastest first", gguf(tensors=[T("a", [2, 3, 4, 5])]), 120, [(5, 4, 3, 2)],
     "GGUF v3, 1 tensor", []),
    ("no dimensions is one number", gguf(tensors=[T("a", [])]), 1, [()], "GGUF v3, 1 tensor", []),
    ("a dimension of 0", gguf(tensors=[T("a", [0]), T("b", [4])]), 4, [(0,), (4,)], "GGUF v3, 2 tensors", []),
    ("a vocabulary alone", gguf([LLAMA, ("tokenizer.ggml.tokens", "arr", ("str", ["a"] * 9))]), 0, [],
     "GGUF v3, 0 tensors, llama",
     ["no tensors: this file holds metadata only (a vocabulary, usually), no network"]),
    ("rope factors are not parameters", gguf(tensors=[T("rope_freqs.weight", [64]), T("output.weight", [2])]), 2,
     [(64,), (2,)], "GGUF v3, 2 tensors", []),
    ("an alignment of its own", gguf([("general.alignment", "u32", 256)], [T("a", [1]), T("b", [1])], alignment=256), 2,
     [(1,), (1,)], "GGUF v3, 2 tensors", []),
    ("gaps between tensors", gguf(tensors=[T("a", [1]), T("b", [1], offset=320)]), 2, [(1,), (1,)],
     "GGUF v3, 2 tensors", []),
    ("tensors not in the order of their data", gguf(tensors=[T("a", [1], offset=32), T("b", [1], offset=0)]), 2,
     [(1,), (1,)], "GGUF v3, 2 tensors", []),
    ("no padding after the last tensor", gguf(tensors=[T("a", [1])], data=4), 1, [(1,)], "GGUF v3, 1 tensor", []),
    ("a name with NULs at its end", gguf(tensors=[T(b"a\0\0", [5])]), 5, [(5,)], "GGUF v3, 1 tensor", []),
    ("a type that was removed", gguf(tensors=[T("a", [7], 4), T("b", [9], 4, offset=64)], data=128), 16, [(7,), (9,)],
     "GGUF v3, 2 tensors",
     ['"a" and 1 more: ' + UNKNOWN.format(4)]),
    ("a type of the future", gguf(tensors=[T("a", [7], 4242)], data=1), 7, [(7,)], "GGUF v3, 1 tensor",
     ['"a": ' + UNKNOWN.format(4242)]),
    ("an output head of its own", gguf([LLAMA], [*SMALL, T("output.weight", [64, 10])]), 1410,
     [(10, 64), (2, 64), (2,), (10, 64)], "GGUF v3, 4 tensors, llama", []),
    ("an encoder has no head to tie", gguf([("general.architecture", "str", "bert")], SMALL), 770,
     [(10, 64), (2, 64), (2,)], "GGUF v3, 3 tensors, bert", []),
    ("a LoRA adapter", gguf([LLAMA, ("general.type", "str", "adapter")], [T("blk.0.a.weight.lora_a", [8, 2])]), 16,
     [(2, 8)], "GGUF v3, 1 tensor, llama",
     ["general.type is adapter: these are the parameters of a LoRA adapter, without the model it adapts"]),
    ("an importance matrix", gguf([("general.type", "str", "imatrix")], [T("blk.0.a.weight.in_sum2", [8])]), 0, [(8,)],
     "GGUF v3, 1 tensor", ["general.type is imatrix: statistics for quantising a model, none of them a parameter"]),
    ("a declared count is shown, never used",
     gguf([("general.parameter_count", "u64", 99)], [T("a", [5])]), 5, [(5,)], "GGUF v3, 1 tensor",
     ["the file declares 99 parameters; its tensors hold 5, which is what is counted"]),
    ("terminal escapes in the architecture", gguf([("general.architecture", "str", "\x1b[31m")], [T("a", [5])]), 5,
     [(5,)], "GGUF v3, 1 tensor, \\x1b[31m", []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "total", "shapes", "read_as", "notes"), [c[1:] for c in COUNTED], ids=[c[0] for c in COUNTED]
)
def test_counted(data, total, shapes, read_as, notes):
    found = read(MemorySource(data, "m.gguf"))
    assert (total_of(data), [t.shape for t in found.tensors()]) == (total, shapes)
    assert (found.read_as, found.notes, found.form, found.source) == (read_as, notes, "gguf", "m.gguf")


@pytest.mark.parametrize("kind", sorted(GGML))
def test_every_ggml_type(kind):
    block, width = BLOCKS[GGML[kind]]
    data = gguf(tensors=[T("a.weight", [3 * block, 5], kind)], data=15 * width)
    (tensor,) = read(MemorySource(data)).tensors()
    assert (tensor.dtype, tensor.size, tensor.shape) == (GGML[kind], 15 * block, (5, 3 * block))
    with pytest.raises(NparamsError, match="but the file stops at"):
        read(MemorySource(data[:-1]))


@pytest.mark.parametrize("kind", sorted(GGML_REMOVED))
def test_every_removed_type_is_counted_and_noted(kind):
    (tensor,) = read(MemorySource(gguf(tensors=[T("a", [33, 5], kind)], data=999))).tensors()
    note = f"ggml type {kind} is not known: bytes unknown"
    assert (tensor.dtype, tensor.size, tensor.note) == (f"ggml_type_{kind}", 165, note)


def stacked(used: int | None = 1, first: int = 4) -> bytes:
    keys = [LLAMA, ("llama.expert_count", "u32", 4)] + [("llama.expert_used_count", "u32", used)] * (used is not None)
    return gguf(keys, [T("blk.0.ffn_up_exps.weight", [8, 16, first]), T("blk.0.ffn_up_shexp.weight", [8, 16])])


UNSTACKED = gguf(MOE, [T(f"blk.0.ffn_up.{i}.weight", [8]) for i in range(4)])
STACK = "blk.0.ffn_up_exps.weight"
UNSAID = f'"{STACK}" holds experts, but llama.expert_count and .expert_used_count do not say how many a token uses'
ODD = '"{}" is not 4 experts of equal size: active is not known'
ROUTED = [
    ("stacked experts", stacked(), {STACK: (1, 4)}, []),
    ("one tensor an expert", UNSTACKED, {f"blk.0.ffn_up.{i}.weight": (1, 4) for i in range(4)}, []),
    ("used count missing", stacked(None), {STACK: (None, 1)}, [UNSAID]),
    ("more used than there are", stacked(5), {STACK: (None, 1)}, [UNSAID]),
    ("none used", stacked(0), {STACK: (None, 1)}, [UNSAID]),
    ("another number of experts", stacked(1, 3), {STACK: (None, 1)}, [ODD.format(STACK)]),
    ("experts that cannot be shared out", gguf(MOE, [T("blk.0.ffn_up.0.weight", [7])]),
     {"blk.0.ffn_up.0.weight": (None, 1)}, [ODD.format("blk.0.ffn_up.0.weight")]),
    ("a norm over experts", gguf(MOE, [T("blk.0.ffn_norm_exps.weight", [4])]), {}, []),
]  # fmt: skip


@pytest.mark.parametrize(("data", "routes", "notes"), [c[1:] for c in ROUTED], ids=[c[0] for c in ROUTED])
def test_experts(data, routes, notes):
    found = read(MemorySource(data))
    assert (found.routes, found.notes) == (routes, notes)


def test_declared_count_is_shown():
    assert read(MemorySource(gguf([("general.parameter_count", "u64", 5)], [T("a", [5])]))).also == {"declared": 5}


HUGE = (1 << 64) - 1
TWO = [T("a", [8]), T("b", [8], offset=0)]


def one(name: str | bytes = "a", dims=(8,), kind: int = F32, **more) -> bytes:
    return gguf(tensors=[T(name, dims, kind, **more)], data=32)


def keyed(key: str | bytes, kind: int, rest: bytes) -> bytes:
    """A file whose only key-value pair is written out by hand."""
    return gguf([text(key) + kind.to_bytes(4, "little") + rest]) + bytes(8)


def array(kind: int, count: int, rest: bytes = b"") -> bytes:
    return keyed("k", 9, kind.to_bytes(4, "little") + count.to_bytes(8, "little") + rest)


DEEP = ("arr", [("arr", [("arr", [("arr", [("u8", [1])])])])])
# the threat | the file | the whole message
REFUSED = [
    ("empty", b"", "magic (offset 0): b'' where GGUF begins with b'GGUF'. Not a GGUF file"),
    ("another format", b"PK\3\4" + bytes(60),
     "magic (offset 0): b'PK\\x03\\x04' where GGUF begins with b'GGUF'. Not a GGUF file"),
    ("ggjt", b"tjgg" + bytes(60), "the ggjt format, which GGUF replaced; convert it to GGUF and count that"),
    ("only a magic", b"GGUF", "the file has 4 bytes, a GGUF header 24. Cut short?"),
    ("version 0", gguf(version=0), "version (offset 4): 0, where v2 and v3 are known"),
    ("version 1", gguf(version=1), "GGUF v1, which ggml no longer reads; convert it to v3 and count that"),
    ("version 1, big-endian", gguf(version=1, order=">"),
     "GGUF v1, which ggml no longer reads; convert it to v3 and count that"),
    ("version 4", gguf(version=4), "version (offset 4): 4, where v2 and v3 are known"),
    ("tensors beyond the file", gguf(tensor_count=1 << 60),
     ("a list of 1,152,921,504,606,846,976 tensors (offset 24): needs 28,823,037,615,171,174,400 bytes, "
     "but the file has 0 left. Cut short?")),
    ("keys beyond the file", gguf(pair_count=HUGE),
     ("a list of 18,446,744,073,709,551,615 keys (offset 24): needs 258,254,417,031,933,722,610 bytes, "
     "but the file has 0 left. Cut short?")),
    ("more tensors than any model", gguf(tensor_count=TENSORS + 1) + bytes(25 * TENSORS + 25),
     "tensor count (offset 8): 200,001 tensors, more than any real model has"),
    ("more keys than any model", gguf(pair_count=100_001) + bytes(1_400_014),
     "key count (offset 16): 100,001 keys, more than any real file has"),
    ("an empty key", gguf([("", "u8", 1)]) + bytes(8), "key 0 (offset 32): its name is empty"),
    ("a key twice", gguf([("k", "u8", 1), ("k", "u8", 1)]), 'key 1 (offset 47): "k" comes twice'),
    ("a key beyond the file", gguf([HUGE.to_bytes(8, "little") + bytes(20)]),
     "key 0 (offset 32): needs 18,446,744,073,709,551,615 bytes, but the file has 20 left. Cut short?"),
    ("a key of 64 KB", gguf([("k" * 65_536, "u8", 1)]),
     "key 0 (offset 32): 65,536 bytes of text, more than any real file has"),
    ("a key that is not UTF-8", gguf([(b"a\xff", "u8", 1)]), "key 0 (offset 32): not UTF-8 at byte 1 of its text"),
    ("terminal escapes in a key", gguf([pair("\x1b[2J", "u8", 1)] * 2), 'key 1 (offset 53): "\\x1b[2J" comes twice'),
    ("a value of no known type", keyed("k", 13, b""), 'key "k" (offset 33): unknown type 13'),
    ("a value cut off", gguf([text("k" * 40) + bytes([12, 0, 0, 0]) + bytes(4)]),
     'key "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk" (offset 76): needs 8 bytes, but the file has 4 left. Cut short?'),
    ("an array of no known type", array(99, 1), 'key "k" (offset 37): array of unknown type 99'),
    ("an array beyond the file", array(4, 1 << 60),
     ('key "k", 1,152,921,504,606,846,976 items (offset 49): needs 4,611,686,018,427,387,904 bytes, '
     "but the file has 8 left. Cut short?")),
    ("strings beyond the file", array(8, 2),
     'key "k", 2 items (offset 49): needs 16 bytes, but the file has 8 left. Cut short?'),
    ("a string in an array beyond the file", array(8, 2, (99).to_bytes(8, "little") + bytes(8)),
     'key "k" string 0 (offset 49): ends at 156 but the file stops at 73. Cut short?'),
    ("the last string beyond the file", array(8, 2, bytes(8) + HUGE.to_bytes(8, "little")),
     'key "k" string 1 (offset 49): ends at 18,446,744,073,709,551,680 but the file stops at 73. Cut short?'),
    ("a string beyond the file", keyed("k", 8, (99).to_bytes(8, "little")),
     'key "k" string 0 (offset 37): ends at 144 but the file stops at 53. Cut short?'),
    ("arrays nested five deep", gguf([("k", "arr", DEEP)]), 'key "k" (offset 85): arrays nested more than 4 deep'),
    ("alignment 0", gguf([("general.alignment", "u32", 0)]),
     'key "general.alignment": 0 is not a power of two'),
    ("alignment 24", gguf([("general.alignment", "u32", 24)]),
     'key "general.alignment": 24 is not a power of two'),
    ("alignment of another type", gguf([("general.alignment", "u64", 32)]),
     'key "general.alignment" (offset 49): must be of type u32, and is u64'),
    ("alignment an array", gguf([("general.alignment", "arr", ("u32", [32]))]),
     'key "general.alignment" (offset 49): must be of type u32, and is arr'),
    ("an architecture that is not UTF-8", gguf([("general.architecture", "str", b"\xc3(")]),
     'key "general.architecture" (offset 64): not UTF-8 at byte 0 of its text'),
    ("a tensor without a name", one(""), "tensor 0 (offset 24): its name is empty"),
    ("a name of NULs", one("\0\0"), "tensor 0 (offset 24): its name is empty"),
    ("a tensor twice", gguf(tensors=[T("a", [8]), T("a", [8])]), 'tensor 1 (offset 57): "a" comes twice'),
    ("names that differ in NULs", gguf(tensors=[T("a", [8]), T("a\0", [8])]), 'tensor 1 (offset 57): "a" comes twice'),
    ("a name of 64 KB", one("a" * 65_536), "tensor 0 (offset 32): 65,536 bytes of text, more than any real file has"),
    ("a name that is not UTF-8", one(b"\xed\xa0\x80"), "tensor 0 (offset 32): not UTF-8 at byte 0 of its text"),
    ("five dimensions", one(dims=[1] * 5), 'tensor 0 "a" (offset 33): 5 dimensions, more than 4'),
    ("2^32 - 1 dimensions", one(rank=(1 << 32) - 1), 'tensor 0 "a" (offset 33): 4,294,967,295 dimensions, more than 4'),
    ("a negative dimension", one(dims=[HUGE]),
     ('tensor 0 "a" (offset 57): impossible shape [18446744073709551615]'
      ": the limits are 2^48 a dimension and 2^63 in all")),
    ("a dimension of 2^48", one(dims=[0, 1 << 48]),
     ('tensor 0 "a" (offset 65): impossible shape [0, 281474976710656]'
      ": the limits are 2^48 a dimension and 2^63 in all")),
    ("2^64 elements", one(dims=[1 << 32, 1 << 32], offset=0),
     ('tensor 0 "a" (offset 65): impossible shape [4294967296, 4294967296]'
      ": the limits are 2^48 a dimension and 2^63 in all")),
    ("a type below 0", one(kind=HUGE >> 32), 'tensor 0 "a" (offset 57): impossible type -1'),
    ("a row that is not whole blocks", one(dims=[33, 32], kind=Q4_0),
     'tensor 0 "a" (offset 65): rows of 33 values of type q4_0, which come in blocks of 32'),
    ("one number of a block type", one(dims=[], kind=Q4_K),
     'tensor 0 "a" (offset 49): rows of 1 values of type q4_k, which come in blocks of 256'),
    ("an offset off the grid", one(offset=33), 'tensor 0 "a" (offset 97): offset 33 is not a multiple of 32'),
    ("tensors that overlap", gguf(tensors=TWO),
     'tensor 1 "b" (offset 96): begins at 96, inside the tensor that ends at 128'),
    ("a tensor beyond the file", gguf(tensors=[T("a", [8])], data=31),
     'tensor 0 "a" (offset 64): ends at 96 but the file stops at 95. Header says 8 parameters; re-download'),
    ("an offset beyond the file", gguf(tensors=[T("a", [8], offset=1 << 63)], data=32),
     ('tensor 0 "a" (offset 9,223,372,036,854,775,872): ends at 9,223,372,036,854,775,904 but the file stops at 96. '
     "Header says 8 parameters; re-download")),
    ("more of an unknown type than bytes could hold", gguf(tensors=[T("a", [1 << 40], 4242)], data=32),
     ('tensor 0 "a" (offset 64): ends at 137,438,953,536 but the file stops at 96. '
     "Header says 1,099,511,627,776 parameters; re-download")),
    ("no room for an empty tensor", gguf(tensors=[T("a", [0])])[:63],
     'tensor 0 "a" (offset 64): ends at 64 but the file stops at 63. Header says 0 parameters; re-download'),
]  # fmt: skip


@pytest.mark.parametrize(("data", "message"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_refused(data, message):
    with pytest.raises(NparamsError) as problem:
        read(MemorySource(data, "m.gguf"))
    assert str(problem.value) == f"m.gguf: {message}"


def test_cut_anywhere_is_refused():
    padding = 24  # after the last tensor's 8 bytes; the one part that may be missing
    assert total_of(VALID[:-padding]) == total_of(VALID)
    for length in range(len(VALID) - padding):
        with pytest.raises(NparamsError):
            read(MemorySource(VALID[:length], "m.gguf"))


@pytest.mark.parametrize("order", ["<", ">"])
def test_any_byte_may_be_wrong(order):
    data = bytearray(gguf([LLAMA, NESTED], SMALL, order=order))
    for place in range(len(data)):
        for wrong in (0, 1, 0x7F, 0xFF, data[place] ^ 0x80):
            kept, data[place] = data[place], wrong
            with contextlib.suppress(NparamsError):
                read(MemorySource(bytes(data), "m.gguf"))
            data[place] = kept


def long_file(order: str = "<") -> bytes:
    """Strings of every length around the edges of the reader's buffer, one far longer than it."""
    words = ["x" * n for n in (*range(300), 70_000, 0, 1, 300_000)]
    return gguf([("t", "arr", ("str", words * 9)), LLAMA, ("s", "f32", 1.0)], SMALL, order=order)


@pytest.mark.parametrize("order", ["<", ">"])
def test_ranges_file_and_memory_agree(order, tmp_path):
    data = long_file(order)
    path = tmp_path / "m.gguf"
    path.write_bytes(data)
    asked = []

    def fetch(offset: int, length: int) -> bytes:
        asked.append((offset, length))
        return data[offset : offset + length]

    seen = [read(MemorySource(data)), read(FileSource(str(path))), drive(RangeSource("r", len(data)), fetch, read)]
    assert len({str([repr(t) for t in n.tensors()] + n.notes + [n.read_as]) for n in seen}) == 1
    assert len(asked) > 5
    assert len(asked) == len(set(asked))


def test_only_the_head_is_read(tmp_path):
    path = tmp_path / "m.gguf"
    head = gguf(tensors=[T("a", [1 << 30, 1 << 10])], data=0)
    with path.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + (1 << 42))
    reads = []

    class Watched(FileSource):
        def read(self, offset: int, length: int) -> bytes:
            reads.append(length)
            return super().read(offset, length)

    with Watched(str(path)) as source:
        (tensor,) = read(source).tensors()
    assert tensor.size == 1 << 40
    assert sum(reads) <= (1 << 16) + 8


def test_metadata_beyond_the_limit_is_refused(tmp_path):
    path = tmp_path / "m.gguf"
    head = array(8, 1, (1 << 31).to_bytes(8, "little"))[:-8]
    with path.open("wb") as file:
        file.write(head)
        file.truncate(1 << 33)
    with FileSource(str(path), "m.gguf") as source, pytest.raises(NparamsError) as problem:
        read(source)
    assert str(problem.value).endswith("metadata reaches beyond 1,073,741,824 bytes, more than any real file has")


def test_is_gguf():
    assert is_gguf(VALID[:4])
    assert not is_gguf(b"GGU")
    assert not is_gguf(b"lmggGGUF")


# -- split sets -------------------------------------------------------------------------------------------------------

SETS = [[T("token_embd.weight", [4, 3])], [T("blk.0.a.weight", [5])], [T("blk.0.b.weight", [6])]]
NAMES = [f"m-0000{i}-of-00003.gguf" for i in (1, 2, 3)]


def write_set(folder: Path, **changed: bytes | None) -> None:
    """The set of SETS; changed: m1=bytes replaces the first file, m1=None removes it."""
    for i, (name, data) in enumerate(shards("m", SETS, [LLAMA]).items(), 1):
        data = changed.get(f"m{i}", data)
        if data is not None:
            (folder / name).write_bytes(data)


def read_from(folder: Path, name: str) -> object:
    with FileSource(str(folder / name)) as source:
        return read(source, LocalFolder(str(folder)))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("first_empty", [False, True])
def test_any_file_of_a_set_gives_the_set(tmp_path, name, first_empty):
    sets = [[], SETS[0] + SETS[1], SETS[2]] if first_empty else SETS
    for file, data in shards("m", sets, [LLAMA]).items():
        (tmp_path / file).write_bytes(data)
    found = read_from(tmp_path, name)
    assert [t.name for t in found.tensors()] == ["token_embd.weight", "blk.0.a.weight", "blk.0.b.weight"]
    assert sum(t.size for t in found.tensors()) == 23
    assert (found.read_as, found.notes) == ("GGUF v3, 3 tensors, llama, 3 shards", [TIED])


def split(no: int, count: int, tensors: int = 3) -> list[tuple[str, str, int]]:
    return [("split.no", "u16", no), ("split.count", "u16", count), ("split.tensors.count", "i32", tensors)]


# the threat | what is changed | which file is given | the message, after the given file's path
BROKEN_SETS = [
    ("one missing", {"m2": None}, 0,
     ': "m-00002-of-00003.gguf" is missing: 2 of 3 shards are in "FOLDER"; download the rest'),
    ("two missing", {"m1": None, "m2": None}, 2,
     ': "m-00001-of-00003.gguf" is missing: 1 of 3 shards are in "FOLDER"; download the rest'),
    ("a tensor in two files", {"m2": gguf(split(1, 3), SETS[0])}, 0,
     ': tensor 0 (offset 106): "token_embd.weight" is in FOLDER/m-00001-of-00003.gguf too'),
    ("a file of another set", {"m2": gguf([*split(1, 3), ("general.architecture", "str", "gpt2")], SETS[1])}, 0,
     ': key "general.architecture" is "gpt2", but "llama" in FOLDER/m-00001-of-00003.gguf: not one set'),
    ("files swapped", {"m2": gguf(split(2, 3), SETS[1])}, 0,
     ": split.no is 2 and split.count 3, where its name says 1 and 3: not one set"),
    ("a file that is not split", {"m2": gguf([], SETS[1])}, 0,
     ": split.no is absent and split.count absent, where its name says 1 and 3: not one set"),
    ("a tensor short", {"m2": gguf(split(1, 3), [])}, 0, ": split.tensors.count is 3, but the 3 shards hold 2"),
    ("the set's size disagrees", {"m2": gguf(split(1, 3, 4), SETS[1])}, 0,
     ': key "split.tensors.count" is "4", but "3" in FOLDER/m-00001-of-00003.gguf: not one set'),
    ("a count that is text", {"m1": gguf([("split.count", "str", "3")])}, 0,
     ': key "split.count" is the text "3" where a number belongs'),
    ("a count that the name denies", {"m1": gguf(split(0, 60_000))}, 0,
     ": one of 60,000 shards, but not named NAME-00001-of-60000.gguf, so the others can not be found"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "given", "message"), [c[1:] for c in BROKEN_SETS], ids=[c[0] for c in BROKEN_SETS])
def test_broken_sets(tmp_path, changed, given, message):
    write_set(tmp_path, **changed)
    with pytest.raises(NparamsError) as problem:
        read_from(tmp_path, NAMES[given])
    # a long path is shortened in the message, and how long it is depends on the machine
    text = str(problem.value).replace(shown(str(tmp_path)), '"FOLDER"').replace(str(tmp_path), "FOLDER")
    assert text.partition("gguf")[2] == message


def test_a_set_without_its_folder_is_refused():
    data = shards("m", SETS)[NAMES[1]]
    with pytest.raises(NparamsError) as problem:
        read(MemorySource(data, NAMES[1]))
    assert str(problem.value) == f"{NAMES[1]}: shard 2 of 3, and the others are not at hand; give it in its folder"


def test_a_name_alone_makes_no_set():
    found = read(MemorySource(gguf(tensors=SETS[1]), NAMES[1]))
    assert found.notes == ["its name says shard 2 of 3, the file says nothing of a split: counted alone"]


def test_a_link_out_of_the_folder_is_no_shard(tmp_path):
    write_set(tmp_path, m2=None)
    (tmp_path / NAMES[1]).mkdir()
    with pytest.raises(NparamsError, match="not a regular file"):
        read_from(tmp_path, NAMES[0])


# -- real files, and limits -------------------------------------------------------------------------------------------


def test_real_files():
    models = shared("models")
    with (models / "manifest.tsv").open(newline="") as file:
        rows = [r for r in csv.DictReader(file, delimiter="\t") if r["format"].startswith("gguf")]
    assert rows
    for row in rows:
        with FileSource(str(models / row["file"])) as source:
            if row["expected_elements"] == "REFUSE":
                with pytest.raises(NparamsError, match=r"but the file stops at 122\. Header says 8,192 parameters"):
                    read(source)
                continue
            tensors = list(read(source).tensors())
        assert sum(t.size for t in tensors) == int(row["expected_elements"]), row["file"]
        assert len(tensors) == int(row["expected_tensors"]), row["file"]


def most_text() -> bytes:
    """As many keys and tensor names as fit, each widened to four bytes a character by one rare letter."""
    keys = [(f"{i}" + "k" * 150 + "😀", "u8", 1) for i in range(50_000)]
    return gguf(keys, [T(f"{i}😀", [1, 1, 1, 1], offset=0) for i in range(2)])


def most_tensors() -> bytes:
    count = TENSORS
    entry = b"".join(
        text(f"{i}.😀".ljust(34, "x")) + value("u32", 4) + b"".join(value("u64", n) for n in (1 << 20, 300, 300, 0))
        + value("u32", F32) + value("u64", 0) for i in range(count)
    )  # fmt: skip
    return gguf(tensor_count=count) + entry + bytes(32)


ATTACKS = {
    "2^60 strings": array(8, 1 << 60),
    "2^60 numbers": array(4, 1 << 60),
    "2^60 arrays": array(9, 1 << 60),
    "a string of 2^60 bytes": array(8, 1, (1 << 60).to_bytes(8, "little")),
    "2^60 tensors": gguf(tensor_count=1 << 60),
    "2^60 keys": gguf(pair_count=1 << 60),
    "a name of 2^60 bytes": gguf([(1 << 60).to_bytes(8, "little") + bytes(99)]),
    "a kept string of 16 MB": gguf([("general.architecture", "str", "a" * (1 << 24))]),
    "5 million empty strings": array(8, 5_000_000, bytes(40_000_000)),
    "a million empty arrays": array(9, 1_000_000, bytes(12_000_000)),
    "as much text as is allowed": most_text(),
    "as many tensors as are allowed": most_tensors(),
}
BEFORE = """
from nparams.errors import NparamsError, shown
from nparams.files.bytesource import FileSource
from nparams.files.gguf import read
"""
CHILD = """
try:
    read(FileSource(sys.argv[1]))
except NparamsError as problem:
    print(type(problem).__name__, problem)
else:
    print("counted")
"""


@need_limits
@pytest.mark.parametrize("name", ATTACKS)
def test_memory_stays_under_256_mb(tmp_path, name):
    path = tmp_path / "m.gguf"
    path.write_bytes(ATTACKS[name])
    run = limited(BEFORE, CHILD, path)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith(("FormatError", "counted"))
