"""safetensors: what is counted, and what is refused with which words."""

from __future__ import annotations

import csv
import json

import pytest

import nparams
from nparams.dtypes import BLOCKS, SAFETENSORS
from nparams.errors import NparamsError, ReadError
from nparams.files._safetensors.header import MOST_TENSORS
from nparams.files.bytesource import FileSource, MemorySource, RangeSource, drive
from nparams.files.safetensors import MAX_HEADER, MOST_HEADER, read, read_header
from tests.conftest import shared
from tests.safetensors_maker import BITS, T, entries, file_of, header_of, safetensors

W, B = T("fc1.weight", [16, 784]), T("fc1.bias", [16])
SMALL = [W, B, T("bn.num_batches_tracked", [], "I64")]
TAIL = "but 0 bytes of data follow the header. Cut download?"


def network(data: bytes, name: str = "m.safetensors") -> nparams.Network:
    return read(MemorySource(data, name))


def listed(data: bytes) -> list[tuple]:
    return [(t.name, t.shape, t.dtype, t.size, t.role) for t in network(data).tensors()]


@pytest.mark.parametrize("dtype", sorted(SAFETENSORS))
def test_every_dtype(dtype):
    """A whole number of bytes, one number short of it, and a byte too few."""
    per, width = BLOCKS[SAFETENSORS[dtype]]
    assert BITS[dtype] * per == 8 * width
    found = network(safetensors([T("a.weight", [3, 4 * per], dtype)]))
    (tensor,) = found.tensors()
    assert (tensor.dtype, tensor.size, found.total) == (SAFETENSORS[dtype], 12 * per, 12 * per)
    assert found.totals.bytes == 12 * width
    with pytest.raises(NparamsError, match="its offsets hold"):
        network(safetensors([T("a.weight", [3, 4 * per], dtype, bytes(12 * width - 1))]))
    if per > 1:
        with pytest.raises(NparamsError, match="is no whole number of bytes"):
            network(safetensors([T("a.weight", [4 * per - 1], dtype)]))


# what it shows | the tensors | metadata | total | elements | read_as | notes
COUNTED = [
    ("a small network", SMALL, None, 12_560, 12_561, "safetensors, 3 tensors", []),
    ("no tensors", [], None, 0, 0, "safetensors, 0 tensors", []),
    ("one tensor", [W], None, 12_544, 12_544, "safetensors, 1 tensor", []),
    ("a scalar is one number", [T("scale", [])], None, 1, 1, "safetensors, 1 tensor", []),
    ("a dimension of 0", [T("a.weight", [0, 5]), T("b.weight", [2])], None, 2, 2, "safetensors, 2 tensors", []),
    ("an empty name", [T("", [3])], None, 3, 3, "safetensors, 1 tensor", []),
    ("names that are not ASCII", [T("слой.weight", [3]), T("名前 😀", [2])], None, 5, 5, "safetensors, 2 tensors", []),
    ("metadata", [B], {"format": "pt", "é": "\n\"\\"}, 16, 16, "safetensors, 1 tensor", []),
    ("metadata of 100 KB", [B], {"config": "x" * 100_000}, 16, 16, "safetensors, 1 tensor", []),
    ("tied weights are absent, and that is all there is", [T("model.embed_tokens.weight", [10, 4])], None, 40, 40,
     "safetensors, 1 tensor", []),
    ("a second, averaged copy", [B, T("model_ema.fc1.bias", [16])], None, 16, 16, "safetensors, 2 tensors",
     ["set aside: 1 tensor of an averaged copy (model_ema)"]),
    ("an averaged copy alone is the model", [T("model_ema.fc1.bias", [16])], None, 16, 16, "safetensors, 1 tensor", []),
    ("optimizer state", [B, T("optimizer.state.0.exp_avg", [16])], None, 16, 16, "safetensors, 2 tensors", []),
    ("experts", [T("mlp.experts.0.up.weight", [4]), T("mlp.experts.1.up.weight", [4])], None, 8, 8,
     "safetensors, 2 tensors",
     ["a mixture of experts: the file does not say how many experts a token uses, so active is unknown"]),
    ("eight dimensions", [T("a.weight", [1, 2, 1, 2, 1, 2, 1, 2])], None, 16, 16, "safetensors, 1 tensor", []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("tensors", "metadata", "total", "elements", "read_as", "notes"),
    [c[1:] for c in COUNTED],
    ids=[c[0] for c in COUNTED],
)
def test_counted(tensors, metadata, total, elements, read_as, notes):
    found = network(safetensors(tensors, metadata))
    assert (found.total, found.totals.elements, found.read_as, found.notes) == (total, elements, read_as, notes)
    assert (found.form, found.source) == ("safetensors", "m.safetensors")
    assert {(t.name, t.shape) for t in found.tensors()} == {(t.name, tuple(t.shape)) for t in tensors}


def test_a_declared_total_is_shown_and_never_used():
    assert network(safetensors([B], {"total_parameters": "333312"})).also == {"declared": 333_312}
    assert network(safetensors([B], {"total_parameters": "-1"})).also == {}


def test_a_shard_alone_says_so():
    found = network(safetensors([B]), "x/model-00002-of-00005.safetensors")
    assert found.notes == ["this is shard 2 of 5 only; for the whole model give its index or its directory"]
    assert network(safetensors([B]), "model-00001-of-00001.safetensors").notes == []


def respelled() -> dict[str, bytes]:
    """The same file in other spellings that JSON allows."""
    held = {"__metadata__": {"a": "b"}, **entries(SMALL)}
    data = bytes(16 * 784 * 4 + 64 + 8)
    last, *others = reversed(list(held.items()))
    turned = {k: dict(reversed(v.items())) for k, v in held.items()}
    escaped = "".join(f"\\u{ord(c):04x}" for c in "fc1.weight")
    usual = json.dumps(held, separators=(",", ":"))
    return {
        "json.dumps": file_of(json.dumps(held), data),
        "indented": file_of(json.dumps(held, indent=3), data),
        "sorted keys": file_of(json.dumps(held, sort_keys=True, separators=(",", ":")), data),
        "keys turned round": file_of(json.dumps(turned, separators=(",", ":")), data),
        "tensors turned round": file_of(json.dumps(dict([last, *others]), separators=(",", ":")), data),
        "an escaped name": file_of(usual.replace("fc1.weight", escaped), data),
        "an escaped key": file_of(usual.replace("dtype", "\\u0064type"), data),
        "an escaped dtype": file_of(usual.replace("F32", "F\\u0033\\u0032"), data),
        "tabs and returns": file_of(usual.replace(",", ",\t\r\n").replace(":", " : "), data),
        "spaces in the shape only": file_of(usual.replace("[16,784]", "[ 16 , 784 ]"), data),
        "padding of every kind": file_of(usual + " \n\t\r" * 9, data),
        "no metadata, as MLX writes it": file_of('{"__metadata__":null,' + json.dumps(entries(SMALL))[1:], data),
        "metadata at the end": file_of(json.dumps({**entries(SMALL), "__metadata__": {}}, separators=(",", ":")), data),
    }


@pytest.mark.parametrize("name", respelled())
def test_any_spelling_gives_the_same_network(name):
    assert sorted(listed(respelled()[name])) == sorted(listed(safetensors(SMALL, {"a": "b"})))


def test_metadata_survives_any_spelling():
    held = read_header(MemorySource(file_of('{ "__metadata__" : { "a\\u0062" : "\\u0063" , "d":"e" } }'))).metadata
    assert held == {"ab": "c", "d": "e"}


def one(text: str, data: int = 0) -> bytes:
    """A header with one entry `a`, its object written out."""
    return file_of('{"a":' + text + "}", data)


def entry(dtype: str = '"F32"', shape: str = "[2]", offsets: str = "[0,8]", data: int = 8) -> bytes:
    return one(f'{{"dtype":{dtype},"shape":{shape},"data_offsets":{offsets}}}', data)


A = '"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}'
KNOWN = ", ".join(SAFETENSORS)
NEEDS = "it needs dtype, shape and data_offsets"
WHOLE = "needs a dtype in quotes and lists of whole numbers"
MAPPING = "__metadata__ must be an object of texts, found"
# the threat | the file | the whole message, after the file's name
REFUSED = [
    ("too short", b"1234567", "7 bytes is too short for a safetensors file (its header length alone takes 8)"),
    ("a header beyond the file", bytes([255] * 8) + b"{}",
     "header says 18,446,744,073,709,551,615 bytes at offset 0, but the file has 10. Not a safetensors file, or a cut "
     "download"),
    ("a cut header", file_of("{" + A + "}", 8)[:30],
     "header says 54 bytes at offset 0, but the file has 30. Not a safetensors file, or a cut download"),
    ("cut data", file_of("{" + A + "}", 7), "header, byte 13: \"a\" says bytes 0 to 8, but 7 bytes of data follow the "
     "header. Cut download?"),
    ("trailing data", file_of("{" + A + "}", 9),
     "the tensors end at data byte 8, but 9 bytes of data follow the header"),
    ("a header of nothing", file_of(""), 'header, byte 8: a safetensors header begins with {, found ""'),
    ("a list", file_of("[]"), 'header, byte 8: a safetensors header begins with {, found "["'),
    ("a space first", file_of(" {}"), 'header, byte 8: a safetensors header begins with {, found " "'),
    ("a byte order mark", file_of("\ufeff{}"), 'header, byte 8: a safetensors header begins with {, found "\\ufeff"'),
    ("only a brace", file_of("{"), 'header, byte 9: expected a name in quotes and a colon, found ""'),
    ("no end", file_of("{" + A, 8), 'header, byte 61: expected a comma or a closing brace, found ""'),
    ("two objects", file_of("{" + A + "}{}", 8), 'header, byte 62: found "{}" after the header\'s end'),
    ("two empty objects", file_of("{}{}"), "header, byte 10: found \"{}\" after the header's end"),
    ("zeros after the end", file_of("{" + A + "}\0\0", 8),
     'header, byte 62: found "\\x00\\x00" after the header\'s end'),
    ("a comma too many", file_of("{" + A + ",}", 8),
     'header, byte 62: expected a name in quotes and a colon, found "}"'),
    ("bad UTF-8 in a name", file_of(b'{"\xff":{}}'), "the header is not UTF-8 at byte 10"),
    ("half a surrogate in UTF-8", file_of(b'{"\xed\xa0\x80":{}}'), "the header is not UTF-8 at byte 10"),
    ("UTF-8 cut at the end", file_of(b"{}\xc3"), "the header is not UTF-8 at byte 10"),
    ("bad UTF-8 far in", file_of(b'{"' + "é".encode() * 70_000 + b"\xff" + b'":{}}'),
     "the header is not UTF-8 at byte 140,010"),
    ("half a surrogate as an escape", file_of('{"\\ud800":{}}'),
     "header, byte 9: a name with half a surrogate pair is no text"),
    ("a name twice", file_of("{" + A + "," + A.replace("[2]", "[0]").replace("0,8", "8,8") + "}", 8),
     'header: the name "a" appears twice'),
    ("a name twice, once escaped",
     file_of("{" + A + ',"\\u0061":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}}', 8),
     'header: the name "a" appears twice'),
    ("a key twice", one('{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}', 8),
     f'header, byte 13: "a" has the fields "dtype", "shape", "shape", "data_offsets"; {NEEDS}'),
    ("a field missing", one('{"dtype":"F32","shape":[2]}', 8),
     f'header, byte 13: "a" has the fields "dtype", "shape"; {NEEDS}'),
    ("a field too many", one('{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}', 8),
     f'header, byte 13: "a" has the fields "dtype", "shape", "data_offsets", "x"; {NEEDS}'),
    ("no fields", one("{}"), f'header, byte 13: "a" has the fields nothing; {NEEDS}'),
    ("a tensor that is a list", one("[]"),
     'header, byte 13: "a" needs an object with dtype, shape and data_offsets'),
    ("a tensor that is null", one("null"),
     'header, byte 13: "a" needs an object with dtype, shape and data_offsets'),
    ("nested objects", one('{"dtype":{},"shape":[2],"data_offsets":[0,8]}', 8),
     'header, byte 13: "a" needs an object with dtype, shape and data_offsets'),
    ("nested lists", entry(shape="[[2]]"),
     f'header, byte 13: "a": "{{\\"dtype\\":\\"F32\\",\\"shape\\":[[2]],\\"data_offsets\\":[0,8]}}" {WHOLE}'
     .replace('\\"', '"')),
    ("an entry of 5,000 bytes", one('{"dtype":"F32"' + " " * 5000 + ',"shape":[2],"data_offsets":[0,8]}', 8),
     'header, byte 13: "a" needs an object with dtype, shape and data_offsets'),
    ("an unknown dtype", entry('"F128"'), f'header, byte 13: "a" has the unknown dtype "F128"; known are {KNOWN}'),
    ("a dtype in small letters", entry('"f32"'),
     f'header, byte 13: "a" has the unknown dtype "f32"; known are {KNOWN}'),
    ("a shape too large", entry(shape="[3]"), 'header, byte 13: "a": (3) of F32 takes 12 bytes, its offsets hold 8'),
    ("a shape too small", entry(shape="[]"), 'header, byte 13: "a": () of F32 takes 4 bytes, its offsets hold 8'),
    ("part of a byte", entry('"F4"', "[3]", "[0,2]", 2),
     'header, byte 13: "a" of shape (3) and dtype F4 is no whole number of bytes'),
    ("nine dimensions", entry(shape="[1,1,1,1,1,1,1,1,2]"),
     'header, byte 13: "a" has 9 dimensions; at most 8 are read'),
    ("a dimension of 2^48", entry(shape="[0,281474976710656]", offsets="[0,0]", data=0),
     'header, byte 13: "a" has a dimension of 281,474,976,710,656; at most 2**48 is read'),
    ("a product beyond 64 bits", entry(shape="[4294967296,4294967296]"),
     'header, byte 13: "a": (4294967296, 4294967296) of F32 takes 73,786,976,294,838,206,464 bytes, its offsets '
     'hold 8'),
    ("offsets turned round", entry(offsets="[8,0]"),
     'header, byte 13: "a" says bytes 8 to 0, but 8 bytes of data follow the header. Cut download?'),
    ("offsets beyond 64 bits", entry(offsets="[0,18446744073709551624]"),
     'header, byte 13: "a" says bytes 0 to 18,446,744,073,709,551,624, but 8 bytes of data follow the header. '
     "Cut download?"),
    ("a number twice in one place", file_of("{" + A + ',"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}', 12),
     '"b" at data byte 4 overlaps the tensor before it'),
    ("the same data twice", file_of("{" + A + "," + A.replace('"a"', '"b"') + "}", 8),
     '"b" at data byte 0 overlaps the tensor before it'),
    ("a gap", file_of("{" + A + ',"b":{"dtype":"F32","shape":[2],"data_offsets":[12,20]}}', 20),
     '"b" at data byte 12 leaves a gap of 4 bytes before it'),
    ("a gap at the start", file_of("{" + A.replace("[0,8]", "[4,12]") + "}", 12),
     '"a" at data byte 4 leaves a gap of 4 bytes before it'),
    ("metadata that is a tensor", file_of("{" + A.replace('"a"', '"__metadata__"') + "}", 8),
     f'header, byte 39: {MAPPING} ""shape":[2],"data_of"'),
    ("metadata that is a list", file_of('{"__metadata__":["a"]}'), f'header, byte 24: {MAPPING} "["a"]}}"'),
    ("metadata of a number", file_of('{"__metadata__":{"a":1}}'), f'header, byte 25: {MAPPING} ""a":1}}}}"'),
    ("metadata nested", file_of('{"__metadata__":{"a":{"b":"c"}}}'),
     f'header, byte 25: {MAPPING} ""a":{{"b":"c"}}}}}}"'),
    ("metadata twice", file_of('{"__metadata__":{},"__metadata__":{}}'),
     'header, byte 42: the name "__metadata__" appears twice'),
    ("a metadata key twice", file_of('{"__metadata__":{"a":"1","a":"2"}}'),
     'header, byte 33: __metadata__ has "a" twice'),
    ("a name of 64 KB", file_of('{"' + "a" * 65_537 + '":{}}'),
     "header, byte 9: a name of 65,537 bytes; at most 65,536 are read"),
    ("a control character in a name", file_of('{"a\n":{}}'),
     'header, byte 9: expected a name in quotes and a colon, found ""a\\n":{}}"'),
    ("terminal escapes in a name", file_of('{"\\u001b[2J":{}}'),
     f'header, byte 21: "\\x1b[2J" has the fields nothing; {NEEDS}'),
    ("an escape that JSON lacks", file_of('{"\\x41":{}}'),
     'header, byte 9: expected a name in quotes and a colon, found ""\\x41":{}}"'),
]  # fmt: skip


@pytest.mark.parametrize(("data", "message"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_refused(data, message):
    with pytest.raises(NparamsError) as problem:
        network(data)
    assert str(problem.value) == f"m.safetensors: {message}"


# numbers that are none: (field, as written)
NUMBERS = [(field, value) for field, good in (("shape", "[2]"), ("offsets", "[0,8]")) for value in (
    good.replace(good[1], bad, 1) for bad in
    ("true", "false", "null", "2.0", "-2", "-0", "1e0", "NaN", "Infinity", '"2"', "[2]", "02", "+2", "0x2", "9" * 4301)
)] + [("offsets", "[0]"), ("offsets", "[0,4,8]"), ("offsets", "8"), ("shape", "2"), ("shape", '"[2]"'), ("shape", "{}"),
      ("dtype", "null"), ("dtype", "4"), ("dtype", "[]")]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), NUMBERS)
@pytest.mark.parametrize("before", ["", A.replace('"a"', '"b"').replace("[2]", "[0]").replace("0,8", "0,0") + ","])
def test_what_is_no_whole_number_is_refused(field, value, before):
    fields = {"dtype": '"F32"', "shape": "[2]", "offsets": "[0,8]", field: value}
    text = f'{{"dtype":{fields["dtype"]},"shape":{fields["shape"]},"data_offsets":{fields["offsets"]}}}'
    with pytest.raises(ReadError) as problem:
        network(file_of(f'{{{before}"a":{text}}}', 8))
    message = str(problem.value)
    assert "\n" not in message
    assert message.isprintable()
    assert '"a"' in message


STRANGERS = [
    ("an LFS pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64,
     "m.safetensors is a Git LFS pointer, not the model itself. Run: git lfs pull --include m.safetensors"),
    ("a web page", b"<!DOCTYPE html><html>",
     "m.safetensors is an HTML page, not a model: a download that needed a login or a different link"),
    ("empty", b"", "m.safetensors: the file is empty (0 bytes); a download that did not start?"),
    ("all zero", bytes(4096), "m.safetensors: the first 512 bytes are all zero; a cut download or a damaged disk?"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "message"), [c[1:] for c in STRANGERS], ids=[c[0] for c in STRANGERS])
def test_what_lies_in_a_models_place_is_named(tmp_path, data, message):
    path = tmp_path / "m.safetensors"
    path.write_bytes(data)
    with pytest.raises(ReadError) as problem:
        nparams.read(path)
    assert str(problem.value) == message


def sparse(path, header_bytes: int):
    """A file that claims a header of so many bytes, and has room for it."""
    with path.open("wb") as file:
        file.write(header_bytes.to_bytes(8, "little") + b"{")
        file.truncate(8 + header_bytes)
    return FileSource(str(path), "m.safetensors")


def test_header_limits(tmp_path):
    message = "a header of {:,} bytes;{} up to the format's own limit of 100,000,000"
    for size, limits, more in (
        (MOST_HEADER + 1, True, " at most 25,000,000 are read; --limits off reads"), (MAX_HEADER + 1, False, ""),
    ):  # fmt: skip
        with sparse(tmp_path / "m.safetensors", size) as source, pytest.raises(NparamsError) as problem:
            read(source, limits=limits)
        assert str(problem.value) == "m.safetensors: " + message.format(size, more)


def test_the_number_of_tensors_has_a_limit(monkeypatch):
    assert MOST_TENSORS == 120_000
    monkeypatch.setattr("nparams.files._safetensors.header.MOST_TENSORS", 20)
    raw = header_of([T(f"{i}", [0]) for i in range(21)])
    for text in (raw, raw.replace(b'"data_offsets"', b'"data\\u005foffsets"')):
        with pytest.raises(NparamsError) as problem:
            network(file_of(text))
        assert str(problem.value).endswith("more than 20 tensors in one file; --limits off reads more")
        assert len(read_header(MemorySource(file_of(text)), limits=False).tensors) == 21


@pytest.mark.parametrize("respell", [lambda h: h, lambda h: h.replace(b",", b", ")], ids=["usual", "slow"])
def test_every_cut_is_refused(respell):
    raw = respell(header_of([W._replace(shape=[2, 3]), B, T("x", [], "I64")], {"a": "b"}))
    data = file_of(raw, 24 + 64 + 8)
    assert network(data).total == 6 + 16
    for end in range(len(data)):
        with pytest.raises(NparamsError):
            network(data[:end])


@pytest.mark.parametrize("count", [1, 5000])
def test_ranges_file_and_memory_agree(tmp_path, count):
    tensors = [T(f"h.{i}.{'bias' if i % 3 else 'weight'}", [i % 7, 3]) for i in range(count)]
    data = safetensors(tensors, {"format": "pt"})
    path = tmp_path / "m.safetensors"
    path.write_bytes(data)
    asked = []

    def fetch(offset: int, length: int) -> bytes:
        asked.append((offset, length))
        return data[offset : offset + length]

    with FileSource(str(path)) as source:
        seen = [read(MemorySource(data)), read(source), drive(RangeSource("r", len(data)), fetch, read)]
    assert len({str([repr(t) for t in n.tensors()] + n.notes + [n.read_as]) for n in seen}) == 1
    assert asked == [(0, 8), (8, int.from_bytes(data[:8], "little"))]


def test_order_of_data_does_not_matter():
    held = entries(SMALL)
    turned = dict(reversed(held.items()))
    data = file_of(json.dumps(turned, separators=(",", ":")), 16 * 784 * 4 + 64 + 8)
    assert sorted(listed(data)) == sorted(listed(safetensors(SMALL)))


def test_only_the_header_is_read(tmp_path):
    path = tmp_path / "m.safetensors"
    raw = (
        header_of([])[:0] + b'{"a.weight":{"dtype":"BF16","shape":[1048576,1048576],"data_offsets":[0,2199023255552]}}'
    )
    with path.open("wb") as file:
        file.write(file_of(raw))
        file.truncate(8 + len(raw) + (1 << 41))
    reads = []

    class Watched(FileSource):
        def read(self, offset: int, length: int) -> bytes:
            reads.append(length)
            return super().read(offset, length)

    with Watched(str(path)) as source:
        assert read(source).total == 1 << 40
    assert sum(reads) == 8 + len(raw)


def test_real_files():
    models = shared("models")
    with (models / "manifest.tsv").open(newline="") as file:
        rows = [r for r in csv.DictReader(file, delimiter="\t") if r["format"].startswith("safetensors")]
    assert rows
    for row in rows:
        with FileSource(str(models / row["file"])) as source:
            if row["expected_elements"] == "REFUSE":
                with pytest.raises(NparamsError, match="bytes of data follow the header"):
                    read(source)
                continue
            found = read(source)
        assert found.totals.elements + found.totals.other == int(row["expected_elements"]), row["file"]
        assert len(list(found.tensors())) == int(row["expected_tensors"]), row["file"]
