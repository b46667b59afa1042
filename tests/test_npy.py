"""NumPy arrays and archives of them: what is counted, and what is refused with which words."""

from __future__ import annotations

import csv

import pytest

import nparams
from nparams.errors import NparamsError
from nparams.files.bytesource import MemorySource, RangeSource, drive
from nparams.files.npy import read as read_npy
from nparams.files.npz import read as read_npz
from tests.conftest import shared
from tests.npy_maker import array, npz, of

# what it shows | the file | shape, canonical dtype, role
ARRAYS = [
    ("two dimensions", of("<f4", "3, 4", 48), (3, 4), "float32", "weight"),
    ("one dimension", of("<f8", "3,", 24), (3,), "float64", "weight"),
    ("one number", of("<f2", "", 2), (), "float16", "weight"),
    ("no numbers", of("<f4", "0, 7", 0), (0, 7), "float32", "weight"),
    ("big-endian", of(">f4", "2,", 8), (2,), "float32", "weight"),
    ("complex", of("<c16", "2,", 32), (2,), "complex128", "weight"),
    ("whole numbers", of("<i8", "2,", 16), (2,), "int64", "buffer"),
    ("truth values", of("|b1", "2,", 2), (2,), "bool", "buffer"),
    ("text", of("<U5", "2,", 40), (2,), None, "other"),
    ("dates", of("<M8[ns]", "2,", 16), (2,), None, "other"),
    ("raw values, as bfloat16 is kept", of("|V2", "2, 3", 12), (2, 3), None, "weight"),
    ("long double", of("<f16", "2,", 32), (2,), None, "weight"),
    ("version 2", array("{'descr': '<f4', 'fortran_order': True, 'shape': (2,)}", 8, 2), (2,), "float32", "weight"),
    ("version 3", array("{'descr': '<f4', 'fortran_order': True, 'shape': (2,)}", 8, 3), (2,), "float32", "weight"),
    ("another order of keys", array("{'shape': (2L, 5L), 'descr':'<f4','fortran_order':False}  \n", 40), (2, 5),
     "float32", "weight"),
]  # fmt: skip

# what it shows | the file | the error
REFUSED = [
    ("objects", of("|O", "3,", 8),
     "w.npy: an array of Python objects: a pickle, which is not loaded. Save each array itself with np.savez"),
    ("records", array("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,), }", 12),
     "w.npy: an array of records (several fields a value), which is no tensor"),
    ("cut short", of("<f4", "3, 4", 47), "w.npy: 48 bytes of numbers are announced, but 47 are there. Cut short?"),
    ("a header cut short", of("<f4", "3,", 0)[:40],
     "w.npy: a header of 68 bytes (byte 8), but the file has 40. Cut short?"),
    ("nothing but the magic", b"\x93NUMPY\x01\x00",
     "w.npy: b'\\x93NUMPY' where a NumPy array begins with b'\\x93NUMPY'. Damaged, or cut short?"),
    ("another version", array("{}", 0, 4), "w.npy: version 4.0 of the NumPy format (byte 6); 1.0 to 3.0 are known"),
    ("a long header", array("{}", 0, 2, 1 << 30),
     "w.npy: a header of 1,073,741,836 bytes (byte 8); at most 65,547 are read"),
    ("an unknown type", of("<q4", "3,", 12), 'w.npy: its header has the unknown number type "<q4"; known are b1, i1'),
    ("a type that is none", of("f4; x", "3,", 12), 'w.npy: its header has "f4; x" is no number type of NumPy'),
    ("a negative dimension", of("<f4", "-3,", 12), "w.npy: \"{'descr': '<f4', 'fortran_"),
    ("a dimension beyond all", of("<f4", "999999999999999999,", 12),
     "w.npy: its header has a dimension of 999,999,999,999,999,999; at most 2**48 is read"),
    ("digits without end", of("<f4", "9" * 500, 12), "w.npy: its header has the shape (9999"),
    ("dimensions without end", of("<f4", "1," * 65, 12), "w.npy: its header has the shape (1,1,"),
    ("an expression", array("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), 'x': __import__('os')}", 12),
     "w.npy: \"{'descr': '<f4', 'fortran_"),
    ("a call for a shape", array("{'descr': '<f4', 'fortran_order': False, 'shape': (open('x'),)}", 12),
     "w.npy: \"{'descr': '<f4', 'fortran_"),
    ("a key twice", array("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", 12),
     "w.npy: \"{'descr': '<f4', 'descr': "),
    ("a terminal's escapes", array("{'descr': '\x1b[31m', 'fortran_order': False, 'shape': (3,)}", 12),
     'w.npy: its header has "\\x1b[31m" is no number type of NumPy'),
]  # fmt: skip

KERNEL, BIAS, STEP = of("<f4", "3, 4", 48), of("<f4", "4,", 16), of("<i4", "", 4)
MLX = {
    "a.weight.npy": of("<u4", "64, 8", 2048),
    "a.scales.npy": of("<f2", "64, 1", 128),
    "a.biases.npy": of("<f2", "64, 1", 128),
}

# what it shows | the members | (weights, biases, buffers, bookkeeping, other, elements)
ARCHIVES = [
    ("a layer", {"d/kernel.npy": KERNEL, "d/bias.npy": BIAS}, (12, 4, 0, 0, 0, 16)),
    ("the state of an optimizer", {"k.npy": KERNEL, "opt_state/0/mu/k.npy": KERNEL}, (12, 0, 0, 0, 12, 12)),
    ("the training step", {"k.npy": KERNEL, "step.npy": STEP}, (12, 0, 0, 0, 1, 12)),
    ("moving statistics", {"bn/moving_mean.npy": BIAS, "bn/gamma.npy": BIAS}, (4, 0, 4, 0, 0, 8)),
    ("packed by MLX, 4 bits in groups of 64", MLX, (4096, 0, 0, 128, 0, 640)),
]


@pytest.mark.parametrize(("data", "shape", "dtype", "role"), [r[1:] for r in ARRAYS], ids=[r[0] for r in ARRAYS])
def test_arrays(data, shape, dtype, role):
    (found,) = read_npy(MemorySource(data, "dir/w.npy")).tensors()
    assert (found.name, found.shape, found.dtype, found.role) == ("w", shape, dtype, role)
    (again,) = read_npz(MemorySource(npz({"w.npy": data}, deflated=True), "w.npz")).tensors()
    assert (again.name, again.shape, again.dtype, again.role) == ("w", shape, dtype, role)


@pytest.mark.parametrize(("data", "error"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_is_refused(data, error):
    with pytest.raises(NparamsError) as found:
        read_npy(MemorySource(data, "dir/w.npy"))
    assert str(found.value).startswith(error)
    assert str(found.value).isprintable()
    with pytest.raises(NparamsError, match=r"w\.npz: "):
        read_npz(MemorySource(npz({"w.npy": data}), "w.npz"))


@pytest.mark.parametrize("deflated", [False, True])
@pytest.mark.parametrize(("members", "sums"), [r[1:] for r in ARCHIVES], ids=[r[0] for r in ARCHIVES])
def test_archives(members, sums, deflated, tmp_path):
    (tmp_path / "config.json").write_text('{"quantization": {"group_size": 64, "bits": 4}}')
    (tmp_path / "w.npz").write_bytes(npz(members, deflated))
    totals = nparams.read(tmp_path / "w.npz").totals
    assert sums == (
        totals.weights, totals.biases, totals.buffers, totals.bookkeeping, totals.other, totals.elements
    )  # fmt: skip


def test_what_is_odd_is_flagged():
    assert read_npy(MemorySource(of("<f4", "1,", 9), "w.npy")).flags == [
        {"kind": "trailing", "text": "5 bytes after the array"}
    ]
    assert read_npz(MemorySource(npz({"w.npy": BIAS, "a\x1b.txt": b"?"}), "w.npz")).flags == [
        {"kind": "unexpected-member", "text": "1 members are no arrays, the first a\\x1b.txt"}
    ]


def test_numbers_without_a_name_are_told():
    found = read_npz(MemorySource(npz({"w.npy": of("|V2", "2, 3", 12)}), "w.npz"))
    assert found.total == 6
    assert found.totals.parameter_bytes == 12
    assert found.notes == [
        "1 arrays have no named number type, the first w: number type |V2: 2 bytes a value, of a kind that is not "
        "written"
    ]


def test_numbers_are_not_read():
    data = npz({f"{k}.npy": of("<f4", "250000,", 1_000_000) for k in range(3)})
    source, asked = RangeSource("w.npz", len(data)), []

    def fetch(offset: int, length: int) -> bytes:
        asked.append(length)
        return data[offset : offset + length]

    assert drive(source, fetch, read_npz).total == 750_000
    assert sum(asked) < 2_000


@pytest.mark.parametrize("form", ["npy", "npz"])
def test_real_files(form):
    listed = shared("models/manifest.tsv")
    rows = [row for row in csv.DictReader(listed.read_text().splitlines(), delimiter="\t") if row["format"] == form]
    assert rows
    for row in rows:
        found = nparams.read(listed.parent / row["file"])
        assert (found.form, found.totals.elements) == (form, int(row["expected_elements"]))


def test_arrays_that_no_name_calls_a_network_are_doubted():
    odd = npz({"mel_80.npy": of("<f4", "80, 201", 64320)})
    assert read_npz(MemorySource(odd, "w.npz")).notes == [
        "arrays without a word of a network: weights by their shapes and number types alone"
    ]
    assert read_npz(MemorySource(npz({"W1.npy": KERNEL, "b1.npy": BIAS}), "w.npz")).notes == []
