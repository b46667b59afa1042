"""The row of a model: every column against what its file was made of, and no file that stops those after it."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

import pytest

from nparams import __version__
from nparams.errors import (
    ExprError,
    FetchError,
    FormatError,
    InvariantError,
    NotationError,
    ReadError,
    UnsupportedError,
    UsageError,
    WorkLimitError,
    telling,
)
from nparams.files.bytesource import MemorySource, NeedBytes, RangeSource
from nparams.fleet import batch, reading, rows
from nparams.fleet.folder import ListedFolder
from nparams.fleet.reading import row_of
from nparams.fleet.units import FILE, FOLDER, SHARDS, Entry, Listing, Unit
from nparams.network import Network, Tensor
from tests import packers as p
from tests import pickle_maker as pk
from tests.gguf_maker import F16, F32, Q4_K, gguf
from tests.gguf_maker import T as G
from tests.safetensors_maker import T, index_of, safetensors

Row = dict[str, Any]
A = "model.layers.0.a"


def unit_of(files: Mapping[str, bytes], *names: str, kind: str = FILE, place: str = "models") -> Unit:
    """A unit of files in memory."""
    listing = Listing(place, {name: Entry(len(data), f"mark of {name}") for name, data in files.items()})
    return Unit(listing, kind, names)


def row(files: Mapping[str, bytes], *names: str, kind: str = FILE, tensors: bool = False) -> Row:
    """The row of a unit of files in memory: the first file, unless names or a kind say otherwise."""
    unit = unit_of(files, *(names or (() if kind == FOLDER else (next(iter(files)),))), kind=kind)
    return row_of(unit, lambda path: MemorySource(files[path], f"models/{path}"), tensors=tensors)


def one(*tensors: T, name: str = "m.safetensors", metadata: Mapping[str, str] | None = None, **beside: object) -> Row:
    """The row of a safetensors file with settings beside it, each by its name without ending."""
    texts = {f"{key}.json": json.dumps(held).encode() for key, held in beside.items()}
    return row({name: safetensors(tensors, metadata), **texts})


def print_of(**shapes: tuple[int, ...]) -> str:
    """The fingerprint, by its definition: the sorted lines of name and shape."""
    lines = sorted(f"{name}\t{','.join(map(str, shape))}" for name, shape in shapes.items())
    return sha256("\n".join(lines).encode()).hexdigest()[:32]


PLAIN = [T("w", [3, 4]), T("b", [3], "BF16")]


def test_every_column_of_a_plain_file() -> None:
    data = safetensors(PLAIN)
    found = row({"m.safetensors": data})
    assert {key: value for key, value in found.items() if value not in (None, []) and key != "read_at"} == {
        "uri": "models/m.safetensors", "kind": "file", "format": "safetensors", "form": "safetensors",
        "read_as": "safetensors, 2 tensors", "total": 15, "unknown": 0, "weights": 12, "biases": 3, "buffers": 0,
        "bookkeeping": 0, "other": 0, "elements": 15, "dtypes": {"float32": 12, "bfloat16": 3},
        "components": {"backbone": 15}, "parameter_bytes": 54, "bytes": 54, "bits_per_parameter": 28.8,
        "fingerprint": print_of(w=(3, 4), b=(3,)), "size": len(data), "stamp": "mark of m.safetensors",
        "reader": __version__,
    }  # fmt: skip
    assert len(found["read_at"]) == len("2026-01-01T00:00:00Z")


GPTQ = {"quantization_config": {"quant_method": "gptq", "bits": 4}}
# what it shows | the row | columns
SETS: list[tuple[str, Callable[[], Row], Row]] = [
    ("a declared total that is true", lambda: one(*PLAIN, metadata={"total_parameters": "15"}),
     {"total": 15, "declared": 15, "disagreement": None}),
    ("a declared total of another", lambda: one(*PLAIN, metadata={"num_params": "1500"}),
     {"total": 15, "declared": 1500, "disagreement": "declared 1,500 is 100 x the total"}),
    ("a declared total that is too small", lambda: one(*PLAIN, metadata={"num_params": "6"}),
     {"declared": 6, "disagreement": "declared 6 is 1/2.5 of the total"}),
    ("a declared total that no table holds", lambda: one(*PLAIN, metadata={"num_params": str(15 * 10**20)}),
     {"total": 15, "declared": None,
      "disagreement": f"declared {15 * 10**20:,} is 100,000,000,000,000,000,000 x the total"}),
    ("a declared total in config.json", lambda: row(
        {"model.safetensors": safetensors(PLAIN), "config.json": b'{"model_type": "toy", "num_parameters": 30}'},
        kind=FOLDER), {"declared": 30, "disagreement": "declared 30 is 2 x the total", "architecture": "toy"}),
    ("buffers", lambda: one(*PLAIN, T("bn.running_mean", [7]), T("bn.num_batches_tracked", [], "I64")),
     {"total": 15, "buffers": 8, "elements": 23, "bytes": 54 + 28 + 8, "parameter_bytes": 54,
      "disagreement": "elements 23 = total 15 + buffers 8"}),
    ("the state of a run", lambda: one(*PLAIN, T("optimizer.state.0.exp_avg", [99])),
     {"total": 15, "other": 99, "elements": 15, "disagreement": None}),
    # 12 x 64 words hold 96 x 64 numbers of 4 bits; 3 x 8 zeros, 3 x 64 scales, 96 places
    ("GPTQ", lambda: one(*p.gptq(A, 64, 96, 4, bias=True)),
     {"total": 6144 + 64, "bookkeeping": 24 + 192 + 96, "elements": 768 + 24 + 192 + 96 + 64, "quantisation": "int4",
      "dtypes": {"int4": 6144, "float16": 64},
      "disagreement": "elements 1,144 = total 6,208 + bookkeeping 312 - by the way they are stored 5,376"}),
    ("GPTQ, as its settings call it", lambda: one(*p.gptq(A, 64, 96, 4), config=GPTQ), {"quantisation": "gptq 4-bit"}),
    ("GPTQ, settings without a name", lambda: one(*p.gptq(A, 64, 96, 4), quantize_config={"bits": 4}),
     {"quantisation": "int4"}),
    # 64 x 128 numbers in 128 x 8 words; 4 x 8 zeros, 4 x 64 scales
    ("AWQ", lambda: one(*p.awq(A, 64, 128), config={"quantization_config": {"quant_method": "awq", "w_bit": 4}}),
     {"total": 8192, "bookkeeping": 32 + 256, "elements": 1024 + 32 + 256, "quantisation": "awq 4-bit"}),
    ("bitsandbytes", lambda: one(*p.bitsandbytes4(A, (24, 40))), {"total": 960, "quantisation": "nf4"}),
    ("bitsandbytes, as its settings call it", lambda: one(
        *p.bitsandbytes4(A, (24, 40)),
        config={"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True}}),
     {"total": 960, "quantisation": "bitsandbytes 4-bit", "dtypes": {"nf4": 960}}),
    ("settings of a method that is no text", lambda: one(*PLAIN, config={"quantization_config": {"quant_method": 4}}),
     {"quantisation": None}),
    ("tied tensors", lambda: row({"m.pt": pk.pt(pk.ordered({"embed.weight": TIED, "head.weight": TIED}))}),
     {"format": "pytorch", "total": 40, "elements": 80, "components": {"backbone": 40},
      "disagreement": "elements 80 = total 40 + tied again 40", "fingerprint": print_of(**{"embed.weight": (10, 4)})}),
    ("parts", lambda: one(T("visual.a.weight", [4]), T("model.b.weight", [3]), T("mm.0.bias", [2])),
     {"components": {"vision": 4, "backbone": 3, "projector": 2}, "total": 9}),
    ("an adapter", lambda: one(T("q.lora_A.weight", [2, 8]), T("q.lora_B.weight", [8, 2])),
     {"components": {"adapter": 32}, "total": 32}),
    ("nothing at all", lambda: row({"m.safetensors": b"\2\0\0\0\0\0\0\0{}"}),
     {"total": 0, "components": {}, "dtypes": {}, "bits_per_parameter": None, "fingerprint": print_of()}),
    ("GGUF", lambda: row({"m.gguf": GGUF}),
     {"format": "gguf", "architecture": "llama", "total": 1024 + 256 + 5, "buffers": 4, "elements": 1289,
      "quantisation": "q4_k", "declared": 1285, "dtypes": {"q4_k": 1024, "float16": 256, "float32": 5},
      "parameter_bytes": 4 * 144 + 512 + 20, "disagreement": "elements 1,289 = total 1,285 + buffers 4"}),
    ("GGUF beside settings of another file", lambda: row({"m.gguf": GGUF, "config.json": json.dumps(GPTQ).encode()}),
     {"quantisation": "q4_k", "architecture": "llama"}),
    ("shards without an index", lambda: row(
        {"m-00001-of-00002.safetensors": safetensors([T("a.weight", [3])]),
         "m-00002-of-00002.safetensors": safetensors([T("b.bias", [2])]),
         "else.safetensors": safetensors(PLAIN), "config.json": b'{"model_type": "toy"}'},
        "m-00001-of-00002.safetensors", "m-00002-of-00002.safetensors", kind=SHARDS),
     {"kind": "shards", "total": 5, "architecture": "toy", "uri": "models/m-00001-of-00002.safetensors"}),
    ("a folder with an index", lambda: row(INDEXED, kind=FOLDER),
     {"kind": "folder", "format": "safetensors", "total": 7, "uri": "models"}),
    ("an index itself", lambda: row(INDEXED),
     {"kind": "file", "format": "safetensors", "total": 7, "uri": "models/model.safetensors.index.json"}),
    # its head's weight is the table of 11 x 8, and its bias is registered twice
    ("a config.json alone", lambda: row({"config.json": json.dumps(BERT).encode()}),
     {"format": "config", "architecture": "bert", "total": 867, "elements": 966, "declared": None,
      "disagreement": "elements 966 = total 867 + tied again 99"}),
]  # fmt: skip
TIED = pk.T([10, 4], key="0")
GGUF = gguf(
    [("general.architecture", "str", "llama"), ("general.parameter_count", "u64", 1285)],
    [G("blk.0.ffn_up.weight", [256, 4], Q4_K), G("output.weight", [16, 16], F16), G("blk.0.ffn_up.bias", [5], F32),
     G("rope_freqs.weight", [4], F32)],
)  # fmt: skip
INDEXED = {
    "model.safetensors.index.json": index_of({"a": "m-1.safetensors", "b": "m-2.safetensors"}),
    "m-1.safetensors": safetensors([T("a", [3])]), "m-2.safetensors": safetensors([T("b", [4])]),
}  # fmt: skip
BERT = {"model_type": "bert", "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
        "intermediate_size": 16, "vocab_size": 11, "max_position_embeddings": 6, "type_vocab_size": 2}  # fmt: skip


@pytest.mark.parametrize(("made", "expected"), [c[1:] for c in SETS], ids=[c[0] for c in SETS])
def test_columns(made, expected):
    found = made()
    assert {key: found[key] for key in expected} == expected
    assert found["error_kind"] is None
    check(found)


# -- what a row is, whatever comes ------------------------------------------------------------------------------------

WHOLE = lambda value: type(value) is int and value <= rows.MOST  # noqa: E731
IS: dict[str, Callable[[Any], bool]] = {
    "text": lambda value: type(value) is str, "int": WHOLE, "decimal": lambda value: type(value) in (int, float),
    "map": lambda value: all(type(k) is str and WHOLE(n) for k, n in value.items()),
    "texts": lambda value: all(type(each) is str for each in value),
    "flags": lambda value: all(each.keys() == {"kind", "text"} and type(each["text"]) is str for each in value),
}  # fmt: skip
LONGEST = rows.MOST_TEXT * 10 + 3  # every character as an escape


def check(found: Row) -> None:
    """A row has every column, in order, each of its kind; printable, bounded, and the same after a journey."""
    assert tuple(found) == rows.NAMES
    for column in rows.COLUMNS:
        value = found[column.name]
        assert (value is None and column.kind not in ("texts", "flags")) or IS[column.kind](value), column.name
    said = [*found["notes"], *(flag["text"] for flag in found["flags"])]
    said += [found[name] for name in ("read_as", "error", "quantisation", "architecture", "disagreement")]
    assert all(text is None or (text.isprintable() and len(text) <= LONGEST) for text in said)
    assert len(found["notes"]) <= rows.MOST_TEXTS
    assert len(found["flags"]) <= rows.MOST_TEXTS + 1
    assert pickle.loads(pickle.dumps(found)) == found
    assert json.loads(json.dumps(found)) == found
    assert (found["total"] is None) or found["error"] is None
    assert (found["error"] is None) == (found["error_kind"] is None)


def test_columns_have_a_kind_that_tables_know() -> None:
    assert len(set(rows.NAMES)) == len(rows.COLUMNS)
    assert {column.kind for column in rows.COLUMNS} == IS.keys()
    assert all(column.what for column in rows.COLUMNS)


def test_rows_share_nothing() -> None:
    first = row({"m.safetensors": b""})
    first["flags"].append("x")
    first["notes"].append("x")
    second = row({"m.safetensors": b""})
    assert second["flags"] == second["notes"] == []


def test_a_row_is_small_on_its_way() -> None:
    """Rows travel between processes: names of columns and all, a plain one takes less than a kilobyte."""
    assert len(pickle.dumps(one(*PLAIN), protocol=5)) < 1_000


HOSTILE = "\x1b[31m\nname\u202e" + "x" * 5_000


def test_what_strangers_write() -> None:
    """Texts from a file are cut and escaped; the path of a file is what it is, for it is how it is opened."""
    found = one(*PLAIN, config={"model_type": HOSTILE, "quantization_config": {"quant_method": HOSTILE}})
    for name in ("architecture", "quantisation"):
        assert found[name].startswith("\\x1b[31m\\nname\\u202exxx")
        assert found[name].endswith("x...")
    check(found)
    named = row({"\x1b[31m\n.safetensors": b"no"})
    assert named["uri"] == "models/\x1b[31m\n.safetensors"
    assert named["error"].startswith("\\x1b[31m\\n.safetensors: its ending is that of safetensors files")
    check(named)
    held = row({"m.gguf": gguf([("general.architecture", "str", HOSTILE)], [G("a.weight", [4])])})
    check(held)


@pytest.mark.parametrize("data", [b"", b"\0" * 600, b"GGUF", b"PK\3\4", b"\x80\2c", b"{", b"[" * 100_000, b"\xff" * 99])
def test_a_bad_file_is_a_row(data):
    found = row({"m.bin": data})
    assert (found["total"], found["error_kind"] in ("format", "unsupported", "read")) == (None, True)
    check(found)


def test_a_deep_settings_file_is_no_settings() -> None:
    deep = b'{"quantization_config":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001
    found = row({"m.safetensors": safetensors(PLAIN), "config.json": deep})
    assert (found["total"], found["quantisation"], found["architecture"]) == (15, None, None)


# -- refusals ---------------------------------------------------------------------------------------------------------


class Mute(Exception):
    """An error of a package that fails when it is asked for its message."""

    flags = 7

    def __str__(self) -> str:
        raise ValueError


# what was raised | the kind of error | its line
PROBLEMS = [
    (FormatError("m: cut"), "format", "m: cut"),
    (UnsupportedError("m is a sound"), "unsupported", "m is a sound"),
    (FetchError("no such repository"), "fetch", "no such repository"),
    (FetchError("timed out", again=True), "transfer", "timed out"),
    (NotationError("nothing here"), "read", "nothing here"),
    (ReadError("m: no permission"), "read", "m: no permission"),
    (UsageError("too many"), "read", "too many"),
    (ExprError("division by zero"), "read", "division by zero"),
    (WorkLimitError("too large"), "read", "too large"),
    (InvariantError("rows do not sum"), "bug", "rows do not sum"),
    (ZeroDivisionError("division by zero"), "bug", "ZeroDivisionError: division by zero"),
    (KeyError("k"), "bug", "KeyError: 'k'"),
    (MemoryError(), "bug", "MemoryError: "),
    (RecursionError("maximum depth"), "bug", "RecursionError: maximum depth"),
    (Mute(), "bug", "Mute"),
    (ValueError(HOSTILE), "bug", "ValueError: \\x1b[31m\\nname\\u202e"),
]  # fmt: skip


@pytest.mark.parametrize(("problem", "kind", "line"), PROBLEMS, ids=[type(c[0]).__name__ for c in PROBLEMS])
def test_what_is_raised_is_a_row(monkeypatch, problem, kind, line):
    def raises(*_: object) -> Network:
        raise problem

    monkeypatch.setattr(reading, "network_of", raises)
    found = row({"m.safetensors": b""})
    assert (found["error_kind"], found["error"][: len(line)], found["total"]) == (kind, line, None)
    assert (found["flags"], found["size"], found["uri"]) == ([], 0, "models/m.safetensors")
    check(found)


def test_flags_are_kept_where_a_file_is_refused() -> None:
    call = pk.pt(pk.R(pk.G("os", "system"), ("true",)))
    found = row({"m.pt": call})
    assert (found["total"], found["flags"]) == (
        None, [{"kind": "pickle", "text": "it names os.system, which no checkpoint needs"}],
    )  # fmt: skip
    assert found["error"].startswith("m.pt: data.pkl calls os.system")
    flags = [{"kind": "odd", "text": f"{k}\n"} for k in range(60)]
    with pytest.raises(FormatError) as caught, telling(flags):
        raise FormatError("m: cut")
    found = rows.refused(unit_of({"m": b""}, "m"), caught.value)
    assert found["flags"][:2] == [{"kind": "odd", "text": "0\\n"}, {"kind": "odd", "text": "1\\n"}]
    assert found["flags"][50:] == [{"kind": "more", "text": "10 more"}]
    check(found)


def test_what_finding_could_not_look_into_is_a_row() -> None:
    unit = unit_of({}, kind=FOLDER)._replace(problem="models: permission denied")
    found = row_of(unit, lambda path: MemorySource(b""))
    assert (found["error_kind"], found["error"]) == ("read", "models: permission denied")


#: a network that no table holds | the end of the line
BEYOND = [
    (Network(tensors=[Tensor("w", (2**32, 2**32), "float32")], flags=[{"kind": "odd", "text": "x"}]),
     "total is 18446744073709551616, and a table holds whole numbers up to 2^63 - 1"),
    (Network(tensors=[Tensor("m", (2**63,), "float32", role="other")]),
     "other is 9223372036854775808, and a table holds whole numbers up to 2^63 - 1"),
    (Network(tensors=[Tensor("w", (2**62,), "float32")]),
     "parameter_bytes is 18446744073709551616, and a table holds whole numbers up to 2^63 - 1"),
    (Network(tensors=[Tensor("w", (10**3_000,), "float32")]),
     "total has 9,966 bits, and a table holds whole numbers up to 2^63 - 1"),
]  # fmt: skip


@pytest.mark.parametrize(("network", "line"), BEYOND)
def test_numbers_that_no_table_holds(monkeypatch, network, line):
    monkeypatch.setattr(reading, "network_of", lambda *_: network)
    found = row({"\x1b.npy": b""})
    assert (found["error_kind"], found["error"]) == ("unsupported", f"models/\\x1b.npy: {line}")
    assert found["flags"] == network.flags
    check(found)


def test_symbols_are_no_numbers_of_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    from nparams import read

    monkeypatch.setattr(reading, "network_of", lambda *_: read("d-4*d-d"))
    found = row({"m.txt": b""})
    assert (found["error_kind"], found["total"]) == ("unsupported", None)
    assert "total is 8*d**2 + 5*d, and a table holds whole numbers" in found["error"]


def test_a_tensor_that_is_not_made_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Network(tensors=[Tensor("a.weight", (2, 3), "float32"), Tensor("b.weight", None, "float32")])
    monkeypatch.setattr(reading, "network_of", lambda *_: made)
    found = row({"m.keras": b""})
    assert (found["total"], found["unknown"], found["weights"]) == (None, 1, 6)
    assert (found["components"], found["disagreement"], found["bytes"]) == (None, None, None)
    assert found["fingerprint"] == print_of(**{"a.weight": (2, 3)})
    check(found)


def test_what_a_listing_says_that_no_table_holds() -> None:
    listing = Listing("https://host", {"m.safetensors": Entry(2**70, "x")})
    found = rows.refused(Unit(listing, FILE, ("m.safetensors",)), FormatError("m: cut"))
    assert (found["size"], found["error_kind"]) == (None, "format")


def test_bytes_that_are_lacking_are_not_an_error_of_the_file() -> None:
    unit = unit_of({"m.safetensors": bytes(100)}, "m.safetensors")
    with pytest.raises(NeedBytes):
        row_of(unit, lambda path: RangeSource(path, 100))


def deep(depth: int = 0) -> int:
    return deep(depth + 1) + 1


def short() -> None:
    raise MemoryError("as Python says where none is left")


def test_one_file_stops_no_scan(tmp_path, monkeypatch) -> None:
    """Whatever happens in the second of three, the third is counted; only the user stops a scan."""
    names = ("a.safetensors", "b.safetensors", "c.safetensors")
    for name in names:
        (tmp_path / name).write_bytes(safetensors(PLAIN))
    listing = Listing(str(tmp_path), {name: Entry(None, "") for name in names})
    units = [Unit(listing, FILE, (name,)) for name in names]
    real, happens = reading.network_of, [deep, short, lambda: 1 // 0]

    def odd(unit: Unit, folder: ListedFolder) -> Network:
        if unit.names == ("b.safetensors",):
            happens[0]()
        return real(unit, folder)

    monkeypatch.setattr(reading, "network_of", odd)
    for name in ("RecursionError", "MemoryError", "ZeroDivisionError"):
        found = batch.count_batch(units)
        assert [each["total"] for each in found] == [15, None, 15]
        assert (found[1]["error_kind"], found[1]["error"].partition(":")[0]) == ("bug", name)
        happens.pop(0)
    happens.append(lambda: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        batch.count_batch(units)


# -- a row for every tensor -------------------------------------------------------------------------------------------


def test_tensors_beside_the_row() -> None:
    found = row({"m.safetensors": safetensors(PLAIN)}, tensors=True)
    told = [(t["uri"], t["name"], t["shape"], t["dtype"], t["role"], t["count"]) for t in found["tensors"]]
    assert told == [
        ("models/m.safetensors", "w", [3, 4], "float32", "weight", 12),
        ("models/m.safetensors", "b", [3], "bfloat16", "bias", 3),
    ]
    assert "tensors" not in row({"m.safetensors": b"bad"}, tensors=True)


def test_more_tensors_than_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    from nparams import read

    monkeypatch.setattr(reading, "network_of", lambda *_: read("input 8; 1000000 x (dense 8; relu)"))
    found = row({"m.txt": b""}, tensors=True)
    assert (found["total"], found["error"], found.pop("tensors")) == (72 * 10**6, None, [])
    assert found["notes"][-1] == "2,000,000 tensors: too many to list one by one, at most 1,000,000"
    check(found)


def test_a_shape_that_no_table_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Network(tensors=[Tensor("a", (2**63, 0), "float32")], flags=[{"kind": "odd", "text": "x"}])
    monkeypatch.setattr(reading, "network_of", lambda *_: made)
    assert row({"m.npy": b""})["total"] == 0
    found = row({"m.npy": b""}, tensors=True)
    assert (found["error_kind"], found["flags"]) == ("unsupported", made.flags)
    assert found["error"] == "models/m.npy: a tensor's size is beyond what a table holds, 2^63 - 1"


# -- settings beside a model ------------------------------------------------------------------------------------------


def test_settings_are_read_once_for_a_row() -> None:
    files = {"m.safetensors": safetensors(p.gptq(A, 64, 96, 4)), "config.json": json.dumps(GPTQ).encode()}
    opened: list[str] = []

    def opener(path: str) -> MemorySource:
        opened.append(path)
        return MemorySource(files[path], path)

    found = row_of(unit_of(files, "m.safetensors"), opener)
    assert (found["quantisation"], sorted(opened)) == ("gptq 4-bit", ["config.json", "m.safetensors"])


def test_units_travel() -> None:
    unit = unit_of({"m.safetensors": bytes(3), "config.json": bytes(4)}, "m.safetensors")
    unit.listing.inside("")
    back = pickle.loads(pickle.dumps(unit))
    assert (back.uri, back.size, back.stamp, back.kind) == (unit.uri, 3, "mark of m.safetensors", FILE)
    assert back.listing.inside("") == unit.listing.inside("")
