"""Paddle: state dicts, programs and their weights, against files that Paddle wrote and what it says of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import nparams
from nparams.errors import NparamsError
from nparams.files.bytesource import LocalFolder, MemorySource, RangeSource, drive
from nparams.files.paddle import read
from tests.estimator_maker import array
from tests.paddle_maker import (
    BF16,
    INT64,
    UINT8,
    desc,
    f4,
    op,
    pair,
    parameter,
    pdmodel,
    pdparams,
    pir,
    var,
    variable,
)  # fmt: skip
from tests.pickle_maker import G, R, pickled

DATA = Path(__file__).parent / "data" / "paddle"
VERSIONS = (2, 3)


def told(version: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DATA / f"listing_{version}.json").read_text())
    return found


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("file", ["net", "half", "run"])
def test_state_dicts_as_paddle_lists_them(file: str, version: int) -> None:
    listing = told(version)["half" if file == "half" else "net"]
    tensors = [t for t in nparams.read(DATA / f"{file}_{version}.pdparams").tensors() if t.role != "other"]
    assert [[t.name, list(t.shape or ()), t.dtype] for t in tensors] == [row[:3] for row in listing]
    # Paddle makes statistics and buffers as what is not trained; nothing else is
    assert [t.role in ("weight", "bias") for t in tensors] == [row[3] and row[0] != "scale" for row in listing]


@pytest.mark.parametrize("version", VERSIONS)
def test_one_parameter_under_two_names(version: int) -> None:
    """A recurrent layer registers the arrays of its cell twice: Paddle's own list of parameters has each once."""
    network = nparams.read(DATA / f"net_{version}.pdparams")
    once = sum(product(shape) for name, shape, _, trained in told(version)["program"] if trained)
    assert (network.total, once) == (198, 198)
    assert network.totals.listed == 198 + 90
    assert nparams.read(DATA / f"run_{version}.pdparams").totals.other == told(version)["optimizer"]


def product(shape: list[int]) -> int:
    found = 1
    for n in shape:
        found *= n
    return found


@pytest.mark.parametrize("file", ["program_2.pdmodel", "program_2.pdiparams", "program_3.json", "program_3.pdiparams"])
def test_programs_as_paddle_lists_them(file: str) -> None:
    listing = told(int(file[8]))["program"]
    network = nparams.read(DATA / file)
    tensors = sorted(network.tensors(), key=lambda t: t.name)
    assert [[t.name, list(t.shape or ()), t.dtype, t.role in ("weight",
        "bias")] for t in tensors if t.name != "eager_tmp_0"] == listing  # fmt: skip
    assert {t.name: t.role for t in tensors}["eager_tmp_0"] == "buffer"
    assert (network.total, network.totals.buffers) == (198, 4 + 4)


def test_a_folder_is_read_by_the_weights(tmp_path: Path) -> None:
    for name in ("program_2.pdmodel", "program_2.pdiparams"):
        (tmp_path / name).write_bytes((DATA / name).read_bytes())
    network = nparams.read(tmp_path)
    assert network.total == 198
    assert (
        network.notes[-1] == "read from program_2.pdiparams; not read: program_2.pdmodel (the program of the weights)"
    )


def test_weights_alone_are_numbered(tmp_path: Path) -> None:
    (tmp_path / "a.pdiparams").write_bytes((DATA / "program_2.pdiparams").read_bytes())
    network = nparams.read(tmp_path / "a.pdiparams")
    assert network.total == 198 + 8
    assert [t.name for t in network.tensors()][:2] == ["variable.0", "variable.1"]
    assert network.notes[0].startswith(
        "the program (a.pdmodel or .json) does not lie beside it: its variables are numbered"
    )
    (tmp_path / "a.pdmodel").write_bytes(pdmodel(var("w", (3, 2))))
    assert "describes other variables" in nparams.read(tmp_path / "a.pdiparams").notes[0]
    (tmp_path / "a.pdmodel").write_bytes(b"\xff\xff")
    assert "the program beside it is not read" in nparams.read(tmp_path / "a.pdiparams").notes[0]


# -- what a small maker writes -----------------------------------------------------------------------------------------

STATE = {"fc.weight": f4(4, 3), "fc.bias": f4(3), "bn._mean": f4(3), "bn._variance": f4(3)}
BIG = {"w@@.0": f4(4), "w@@.1": f4(2), "b": f4(2), "UnpackBigParamInfor@@": {"w": {"OriginShape": (2, 3),
    "slices": ["w@@.0", "w@@.1"]}}}  # fmt: skip
#: what it shows | file | its bytes | weights, biases, buffers, other
CASES = [
    ("a state dict", "a.pdparams", pdparams(STATE), (12, 3, 6, 0)),
    ("protocol 2", "a.pdparams", pdparams(STATE, protocol=2), (12, 3, 6, 0)),
    ("by Paddle's names", "a.pdparams", pickled({"linear_0.w_0": f4(4, 3), "linear_0.b_0": f4(3),
     "batch_norm_0.w_1": f4(3), "batch_norm2d_12.w_2": f4(3), "batch_norm_0.w_0": f4(3)}), (15, 3, 6, 0)),
    ("a buffer", "a.pdparams", pdparams({"scale": f4(4), "w": f4(2, 2)}, {"scale": "eager_tmp_0",
     "w": "linear_0.w_0"}), (4, 0, 4, 0)),
    ("two names for one", "a.pdparams", pdparams({"c": f4(4), "d": f4(4)}, {"c": "x", "d": "x"}), (4, 0, 0, 0)),
    ("two names for two", "a.pdparams", pdparams({"c": f4(4), "d": f4(5)}, {"c": "x", "d": "x"}), (9, 0, 0, 0)),
    ("a copy of a model", "a.pdparams", pickled({"model": {"w": pair("x", f4(4))}, "ema": {"w": pair("x", f4(4))}}),
     (4, 0, 0, 4)),
    ("one tensor", "a.pdparams", pickled(pair("linear_0.w_0", f4(4, 3))), (12, 0, 0, 0)),
    ("bfloat16 as Paddle keeps it", "a.pdparams", pdparams({"x": array((4,), "u2", bytes(8))}), (4, 0, 0, 0)),
    ("slices of what is more than 4 GB", "a.pdparams", pickled(BIG), (6, 2, 0, 0)),
    ("a small one of another name", "a.bin", pdparams({}, {"x": "y"}, w=f4(4)), (4, 0, 0, 0)),
    ("a program", "a.pdmodel", pdmodel(var("linear_0.w_0", (4, 3)), var("linear_0.b_0", (3,)), var("x", (-1, 4),
     persistable=0),
     var("feed", (), of=9), var("buf", (7,), parameter=0)), (12, 3, 7, 0)),
    ("roles by operators", "a.pdmodel", pdmodel(var("scale", (3,)), var("off", (3,)), var("m", (3,)), var("v", (3,)),
     op("batch_norm", X="x", Scale="scale", Bias="off", Mean="m", Variance="v")), (3, 3, 6, 0)),
    ("a program that does not say", "a.pdmodel", pdmodel(var("fc_0.w_0", (4, 3), parameter=None), var("fc_0.b_0", (3,),
     parameter=None)),
     (12, 3, 0, 0)),
    ("a program in training", "a.pdmodel", pdmodel(var("fc_0.w_0", (4, 3)), var("fc_0.w_0_moment1_0", (4, 3),
     parameter=0),
     var("learning_rate_0", (1,), parameter=0)), (12, 0, 0, 13)),
    ("quantised", "a.pdmodel", pdmodel(var("conv.w_0", (4, 3), UINT8), var("s", (4,), parameter=0),
     op("dequantize_linear", X="conv.w_0", Scale="s")), (12, 0, 0, 0)),
    ("rows", "a.pdmodel", pdmodel(var("emb", (9, 3), of=8)), (27, 0, 0, 0)),
    ("a program as JSON", "a.json", pir(parameter(1, "w", [4, 3]), parameter(2, "linear_0.b_0", [3]),
     parameter(3, "rng", [], "t_ui8", (0, 1, 0)), parameter(4, "old", [2], told=None)), (14, 3, 0, 0)),
    ("variables", "a.pdiparams", variable((4, 3)) + variable((3,), BF16) + variable((2,), INT64), (15, 0, 2, 0)),
    ("levels of detail", "a.pdiparams", variable((4, 3), levels=(bytes(16), bytes(24))), (12, 0, 0, 0)),
    ("a scalar and nothing", "a.pdiparams", variable(()) + variable((0, 3)), (1, 0, 0, 0)),
]  # fmt: skip


@pytest.mark.parametrize(("what", "file", "data", "parts"), CASES, ids=[row[0] for row in CASES])
def test_every_part_is_right(what: str, file: str, data: bytes, parts: tuple[int, ...], tmp_path: Path) -> None:
    (tmp_path / file).write_bytes(data)
    network = nparams.read(tmp_path / file)
    assert (network.weights, network.biases, network.totals.buffers, network.totals.other) == parts
    assert network.form.startswith("paddle")
    assert network.flags == []


REFUSED = [
    ("an optimizer's state", "a.pdopt", pdparams(STATE), "a.pdopt is an optimizer's state of Paddle, not a model"),
    ("no arrays", "a.pdparams", pickled({"a": 1}), "is a pickle of Paddle's without arrays"),
    ("a call", "a.pdparams", pickled({"a": R(G("os", "system"), ("id",))}), "calls os.system (opcode REDUCE at"),
    ("something outside", "a.pdparams", b"\x80\x02K\x01Q.", "keeps arrays outside itself"),
    ("too few bytes", "a.pdparams", pdparams({"w": array((4,), "f4", bytes(8))}),
     'tensor "w" takes 16 bytes by its shape, but 8'),
    ("slices that are missing", "a.pdparams", pickled({**BIG, "UnpackBigParamInfor@@": {"w": {"OriginShape": (2, 3),
     "slices": ["w@@.7"]}}}), '"w" is kept in slices that are not there'),
    ("slices of another size", "a.pdparams", pickled({**BIG, "UnpackBigParamInfor@@": {"w": {"OriginShape": (2, 4),
     "slices": ["w@@.0", "w@@.1"]}}}), 'tensor "w" has 8 numbers by its shape, but 6 in its slices'),
    ("no program", "a.pdmodel", b"\x0a\x02\x08\x00", "no program of Paddle: no block with variables in it"),
    ("a program cut short", "a.pdmodel", pdmodel(var("w", (4, 3)))[:-9], "ends beyond"),
    ("an unknown number type", "a.pdmodel", pdmodel(var("w", (4,), 77)), '"w" has the unknown number type 77'),
    ("a stored shape that is open", "a.pdmodel", pdmodel(var("w", (-1, 4))),
     '"w" is stored, and has the shape "[-1, 4]"'),
    ("two of one name", "a.pdmodel", pdmodel(var("w", (4,)), var("w", (4,))), 'two variables are called "w"'),
    ("JSON that is none", "a.json", pir()[:-2], "its program is no JSON"),
    ("JSON of another kind", "a.json", pir().replace(b"regions", b"rivers"),
     "parameters that are described in no known way"),
    ("a name that is a number", "a.json", pir(parameter(1, 3, [4])), "parameters that are described in no known way"),
    ("a size below 0", "a.json", pir(parameter(1, "w", [-1])), '"w" is stored, and has the shape "[-1]"'),
    ("an unknown type in JSON", "a.json", pir(parameter(1, "w", [4], "t_posit")),
     '"w" has the unknown number type "t_posit"'),
    ("one value twice", "a.json", pir(parameter(1, "w", [4]), parameter(1, "v", [4])), "two parameters are called"),
    ("numbers that are not there", "a.pdiparams", variable((4, 3), length=20),
     "variable 0 takes 48 bytes by its shape, but 20"),
    ("a version of the future", "a.pdiparams", variable((4,), version=7),
     "variable 0: version 7 and 0 levels, where 0 belongs"),
    ("a million levels", "a.pdiparams", b"\0\0\0\0" + (1_000_000).to_bytes(8, "little") + bytes(40),
     "version 0 and 1,000,000 levels"),
    ("a level beyond the file", "a.pdiparams", b"\0\0\0\0\1" + bytes(7) + b"\xff" * 8 + bytes(40),
     "levels of detail that end beyond"),
    ("sizes of a megabyte", "a.pdiparams", bytes(16) + (1 << 20).to_bytes(4, "little") + bytes(40),
     "1,048,576 bytes of sizes"),
    ("a size of 2^60", "a.pdiparams", variable((), told=desc((1 << 60,))),
     "sizes that are no whole numbers from 0 to 2**48"),
    ("an unknown kind of variable", "a.pdiparams", variable((4,), 77), "variable 0 has the unknown number type 77"),
    ("cut in the middle", "a.pdiparams", variable((4,)) + variable((4,))[:9], "bytes of a variable, but"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "file", "data", "words"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_refused(what: str, file: str, data: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / file).write_bytes(data)
    with pytest.raises(NparamsError) as found:
        nparams.read(tmp_path / file)
    assert words in str(found.value)
    assert str(found.value).isprintable()


def test_numbers_are_stepped_over(tmp_path: Path) -> None:
    """Of 40 MB of variables the sizes are read; small ones that lie beside each other together."""
    data = b"".join(variable((1000, 1000)) + variable((1000,)) for _ in range(10))
    taken = []

    def fetch(offset: int, length: int) -> bytes:
        taken.append(length)
        return data[offset : offset + length]

    network = drive(RangeSource("a.pdiparams", len(data)), fetch, lambda s: read(s, LocalFolder(str(tmp_path))))
    assert network.total == 10_010_000
    assert sum(taken) < 100_000
    assert len(taken) < 25


def test_the_slices_of_a_model_are_no_arrays_of_their_own() -> None:
    names = [t.name for t in read(MemorySource(pickled(BIG), "a.pdparams")).tensors()]
    assert names == ["w", "b"]
