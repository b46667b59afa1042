"""--report: what is suspicious in a file, of files that are counted and of files that are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

import nparams
from nparams.errors import FormatError, NparamsError, telling
from nparams.network import Network, Tensor
from nparams.views import report
from tests.attacks._pt import call, name, pairs, pickled, pt, word
from tests.keras_maker import archive as keras_archive
from tests.keras_maker import layer, model
from tests.safetensors_maker import T, safetensors
from tests.test_cli import CAPTURE, ran
from tests.zip_maker import M, archive

LAMBDA = {"kind": "lambda", "text": "config.json: layer \x1b[31m has Python code"}
SUM = {"kind": "checksum", "text": "data.pkl: its bytes do not give the checksum"}
NONE = "deviations: none found, which is no promise that the file is safe"


def flagged(*flags: dict[str, str]) -> Network:
    return Network(tensors=[Tensor("w", (2, 3))], source="a/m.keras", read_as="Keras archive, 1 tensor", flags=flags)


# flags | what the report says below the heading
REPORTS = [
    ([], [NONE]),
    ([SUM], ["1 deviation found while reading:", "  checksum: data.pkl: its bytes do not give the checksum"]),
    ([LAMBDA, SUM],
     ["2 deviations found while reading:", "  lambda: config.json: layer \\x1b[31m has Python code",
      "  checksum: data.pkl: its bytes do not give the checksum"]),
]  # fmt: skip


@pytest.mark.parametrize(("flags", "lines"), REPORTS)
def test_report(flags: list[dict[str, str]], lines: list[str]) -> None:
    assert report.render(flagged(*flags)).split("\n") == ["m.keras: Keras archive, 1 tensor", "", *lines]


def test_a_file_without_deviations(tmp_path: Path, capsys: CAPTURE) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(safetensors([T("a.weight", [3])]))
    assert ran([str(path), "--report"], capsys) == (0, f"m.safetensors: safetensors, 1 tensor\n\n{NONE}\n", "")


def test_a_refused_file_tells_what_was_found_before(monkeypatch: pytest.MonkeyPatch, capsys: CAPTURE) -> None:
    def refuse(*_: object, **__: object) -> None:
        with telling([SUM]), telling([LAMBDA, SUM]):
            raise FormatError("m.keras: cut short")

    monkeypatch.setattr("nparams._read.read", refuse)
    out = "2 deviations found before the refusal:\n" + "".join(f"{line}\n" for line in REPORTS[2][1][1:])
    assert ran(["m.keras", "--report"], capsys) == (2, out, "nparams: m.keras: cut short\n")
    assert ran(["m.keras"], capsys) == (2, "", "nparams: m.keras: cut short\n")


def test_a_refused_file_where_nothing_was_found(tmp_path: Path, capsys: CAPTURE) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(b"")
    status, out, err = ran([str(path), "--report"], capsys)
    assert (status, out) == (2, "deviations before the refusal: none found\n")
    assert err.startswith("nparams: m.safetensors: the file is empty")


@pytest.mark.parametrize(("flags", "note"), [
    ([], ""), ([SUM], "note: --report shows what is suspicious in it\n"),
    ([SUM, LAMBDA], "note: --report shows 2 things that are suspicious in it\n"),
])  # fmt: skip
def test_other_views_point_to_the_report(
    flags: list[dict[str, str]], note: str, monkeypatch: pytest.MonkeyPatch, capsys: CAPTURE
) -> None:
    monkeypatch.setattr("nparams._read.read", lambda *_, **__: flagged(*flags))
    assert ran(["m.keras", "-q"], capsys) == (0, "6\n", note)
    assert ran(["m.keras", "--report"], capsys)[2] == ""


def test_telling_keeps_what_an_error_says_itself() -> None:
    error = FormatError("m.pt: cut short")
    error.flags = [LAMBDA]
    with pytest.raises(NparamsError), telling([SUM]):
        raise error
    assert error.flags == [SUM, LAMBDA]
    assert nparams.read("3-1").flags == []


# a file that is refused | the kinds of what its reader found before that
FOUND_BEFORE = [
    ("pickle: a name before a call",
     pt(pickled(pairs(a=name("os", "getcwd"), b=call("os", "system", word("x"))))), "m.pt", ["pickle", "pickle"]),
    ("archive: a checksum before a call", archive([M("m/data.pkl", pickled(call("os", "system", word("x"))), crc=1)]),
     "m.pt", ["checksum", "pickle"]),
    ("TorchScript", archive([M("m/constants.pkl", pickled(b")")), M("m/data.pkl", pickled(pairs(a=name("os",
    "getcwd"))))]),
     "m.jit", ["pickle"]),
    ("Keras: code in the configuration, and a pickle for weights",
     keras_archive(b"\x80\x02N.", model(layer("Lambda", "l"))), "m.keras", ["code"]),
    ("arrays: unlisted bytes", archive([M("a.npy", b"x")], before=b"PK\3\4" + bytes(200_000)), "m.npz", ["unlisted"]),
    ("safetensors", b"", "m.safetensors", []),
]  # fmt: skip


@pytest.mark.parametrize(("data", "file", "kinds"), [row[1:] for row in FOUND_BEFORE], ids=[r[0] for r in FOUND_BEFORE])
def test_readers_tell_what_they_found(data: bytes, file: str, kinds: list[str], tmp_path: Path) -> None:
    (tmp_path / file).write_bytes(data)
    with pytest.raises(NparamsError) as problem:
        nparams.read(tmp_path / file)
    assert [flag["kind"] for flag in problem.value.flags] == kinds
