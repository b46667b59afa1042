"""The command line: exit status, what goes to which stream, and one line for everything that cannot be done."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from nparams import __version__
from nparams.cli.main import main
from nparams.registry import COMMANDS, SOURCES, VIEWS
from tests.test_api import CHECKPOINT

SIZES = "784-16-16-10"
CAPTURE = pytest.CaptureFixture[str]


def ran(words: list[str], capsys: CAPTURE) -> tuple[int, str, str]:
    """(status, stdout, stderr) of one command line."""
    try:
        status = main(words)
    except SystemExit as leaving:  # argparse's --help and --version
        status = int(leaving.code or 0)
    out, err = capsys.readouterr()
    return status, out, err


BY_KIND = "kind,layers,weights,biases,total,share,unknown"
# command line | its whole output
PRINTED = [
    (["-q", SIZES], "13002\n"),
    ([SIZES, "-q"], "13002\n"),
    (["--quiet", "d-4*d-d"], "8*d**2 + 5*d\n"),
    (["-q", "h0..hl"], "sum(i=1..l, (h[i-1] + 1)*h[i])\n"),
    (["-q", "h0..hl", "--set", "l=3", "--set", "h=[784,16,16,10]"], "13002\n"),
    (["-q", "h0..hl", "--set", "l=3", "--set", "h=784, 16, 16, 10"], "13002\n"),
    (["-q", "d-d", "--set", "d=2**10"], "1049600\n"),
    (["-q", SIZES, "--bias", "hidden"], "12992\n"),
    (["-q", SIZES, "--bias=none"], "12960\n"),
    (["-q", SIZES, "--convention", "torch"], "13002\n"),
    (["-q", SIZES, "--from", "sizes"], "13002\n"),
    (["-q", "word-longer", "--from", "sizes"], "longer*word + longer\n"),
    (["-q", SIZES, "--expect", "13,002"], "13002\n"),
    (["-q", SIZES, "--expect", "13_002"], "13002\n"),
    (
        ["--csv", SIZES, "--by", "kind"],
        "kind,layers,weights,biases,total,share,unknown\nDense,3,12960,42,13002,1.0,0\n",
    ),
    (["--version"], f"nparams {__version__}\n"),
]


@pytest.mark.parametrize(("words", "printed"), PRINTED, ids=[" ".join(row[0]) for row in PRINTED])
def test_printed(words: list[str], printed: str, capsys: CAPTURE) -> None:
    assert ran(words, capsys) == (0, printed, "")


# command line | words of the answer
REFUSED = [
    ([], "what should be counted?"),
    (["-q"], "what should be counted?"),
    ([""], "nothing was given"),
    (["-5-3"], "size 1 is missing"),
    (["784", "-16", "10"], "size"),
    (["--bogus", SIZES], "unrecognized arguments: --bogus"),
    (["-z", SIZES], "unrecognized arguments: -z"),
    ([SIZES, "--from"], "expected one argument"),
    ([SIZES, "--from", "pictures"], 'no form is called "pictures"'),
    ([SIZES, "--bias", "some"], 'bias "some": choose one of all, hidden, none'),
    ([SIZES, "--convention", "mine"], "invalid choice: 'mine'"),
    ([SIZES, "--by", "size"], "invalid choice: 'size'"),
    ([SIZES, "--by", "kind", "--json"], "--by kind sums the rows of the table"),
    ([SIZES, "--by", "kind", "--depth", "1"], "by kind or down to a depth, not both"),
    ([SIZES, "--expect", "many"], '"many" is not a whole number'),
    ([SIZES, "--expect", "-5"], "expect"),
    ([SIZES, "--width", "wide"], '"wide" is not a whole number'),
    ([SIZES, "--json", "--csv"], "not allowed with"),
    ([SIZES, "--set", "d"], "write NAME=VALUE"),
    ([SIZES, "--set", "=3"], "write NAME=VALUE"),
    ([SIZES, "--set", "d="], "write NAME=VALUE"),
    ([SIZES, "--set", "d=3"], 'has no symbol "d"'),
    (["d-d", "--set", "d=3", "--set", "d=4"], "--set gives d twice"),
    (["d-d", "--set", "d\x1b[1m=3"], "\\x1b"),
    (["28x28x1"], "the shape of an image"),
    (["nowhere/model.gguf"], "no such file or directory"),
    (["\udcff\udcfe"], "\\udcff"),
    (["a\x1b[31m-b"], "\\x1b"),
    (["--\x1b[31m"], "\\x1b"),
    (["784-\x00"], "\\x00"),
    (["9" * 1_000_000 + "-5"], "1,000,000 characters"),
    (["(" * 1_000 + "-5"], "deep"),
    (["formats", "all"], "takes no arguments"),
    (["completion"], "bash | zsh | fish"),
    (["completion", "tcsh"], "bash | zsh | fish"),
]


@pytest.mark.parametrize(("words", "said"), REFUSED, ids=[ascii(" ".join(row[0]))[:40] for row in REFUSED])
def test_refused(words: list[str], said: str, capsys: CAPTURE) -> None:
    status, out, err = ran(words, capsys)
    assert (status, out) == (2, "")
    assert err.startswith("nparams: ")
    assert said in err
    assert err.count("\n") == 1, "one line"
    assert err.removesuffix("\n").isprintable()


def test_expect(capsys: CAPTURE) -> None:
    status, out, err = ran(["-q", SIZES, "--expect", "13001"], capsys)
    assert (status, out, err) == (1, "13002\n", "nparams: expected 13,001 parameters, found 13002\n")
    assert ran(["-q", "h0-h1", "--expect", "5"], capsys)[0] == 1


def test_notes_go_to_stderr(capsys: CAPTURE) -> None:
    status, out, err = ran(["-q", "28x28-10"], capsys)
    assert (status, out, err) == (0, "7850\n", "note: 28x28 is read as 28*28 nodes\n")


# -- other commands ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["help"]])
def test_help_shows_examples_first(words: list[str], capsys: CAPTURE) -> None:
    status, out, err = ran(words, capsys)
    assert (status, err) == (0, "")
    assert out.index("nparams 784-16-16-10") < out.index("usage:") < out.index("--latex")
    for name in [f"--{view.name}" for view in VIEWS] + [f"nparams {command.name}" for command in COMMANDS]:
        assert name in out
    assert max(map(len, out.splitlines())) <= 110


def test_formats_lists_every_source(capsys: CAPTURE) -> None:
    status, out, err = ran(["formats"], capsys)
    assert (status, err) == (0, "")
    for row in SOURCES:
        assert [line for line in out.splitlines() if line.startswith(row.form) and row.what in line]
        assert row.example in out


def test_formats_fits_a_narrow_terminal(capsys: CAPTURE, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = ran(["formats"], capsys)[1].splitlines()
    monkeypatch.setenv("COLUMNS", "100")
    narrow = ran(["formats"], capsys)[1].splitlines()
    assert len(wide) == len(SOURCES) + 1
    assert len(narrow) == 2 * len(SOURCES)
    assert max(map(len, narrow)) < 120 < max(map(len, wide))


# -- standard input ---------------------------------------------------------------------------------------------------

# what is piped in | words | status | what is printed
PIPED = [
    (b"784-16-16-10", ["-q", "-"], 0, "13002\n"),
    (b"784-16-16-10\n", ["-q", "-"], 0, "13002\n"),
    (b"\xef\xbb\xbf784 16 16 10\r\n", ["-q", "-"], 0, "13002\n"),
    (b"784\n16\n16\n10\n", ["-q", "-"], 0, "13002\n"),
    ("784 → 16 → 16 → 10".encode(), ["-q", "-"], 0, "13002\n"),
    (b"h0..hl", ["-q", "-", "--set", "h=[784,16,16,10]"], 0, "13002\n"),
    (CHECKPOINT, ["-q", "-"], 0, "12730\n"),
    (b"", ["-"], 2, "standard input is empty"),
    (b" \n", ["-"], 2, "standard input is empty"),
    (b"\x00\xff\xfe junk \x80" * 999, ["-"], 2, ""),
    (bytes(range(256)), ["-"], 2, ""),
    (b"\x1b[31mred", ["-"], 2, "\\x1b"),
]


@pytest.mark.parametrize(("data", "words", "status", "said"), PIPED, ids=[repr(row[0][:20]) for row in PIPED])
def test_standard_input(
    data: bytes, words: list[str], status: int, said: str, capsys: CAPTURE, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    found, out, err = ran(words, capsys)
    assert found == status
    assert said == out if status == 0 else said in err
    assert status == 0 or (out == "" and err.count("\n") == 1 and err.strip().isprintable())


# -- files ------------------------------------------------------------------------------------------------------------


def test_files(tmp_path: Path, capsys: CAPTURE) -> None:
    (tmp_path / "model.safetensors").write_bytes(CHECKPOINT)
    assert ran(["-q", str(tmp_path / "model.safetensors")], capsys) == (0, "12730\n", "")
    status, out, err = ran(["-q", str(tmp_path)], capsys)
    assert (status, out) == (0, "12730\n")
    assert "model.safetensors" in err  # which of its files was read


# a file's bytes | words of the answer
JUNK = [
    (b"", ""),
    (b"\x00" * 100, ""),
    (b"\xff" * 9000, ""),
    (b"GGUF", ""),
    (b"GGUF\xff\xff\xff\xff", ""),
    (b"hello\n", ""),
]


@pytest.mark.parametrize(("data", "said"), JUNK, ids=[repr(row[0][:8]) for row in JUNK])
@pytest.mark.parametrize("name", ["model.safetensors", "model.gguf", "junk", "x\x1b[31m.gguf"])
def test_files_of_junk(data: bytes, said: str, name: str, tmp_path: Path, capsys: CAPTURE) -> None:
    (tmp_path / name).write_bytes(data)
    status, out, err = ran([str(tmp_path / name)], capsys)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.strip().isprintable()
    assert said in err


def test_a_directory_with_no_model(tmp_path: Path, capsys: CAPTURE) -> None:
    for name in ("\x1b[31mred", "notes.txt"):
        (tmp_path / name).write_text("")
    status, out, err = ran([str(tmp_path)], capsys)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "no model that can be read in this directory" in err
    assert "\x1b" not in err


def test_tensors_in_json(capsys: CAPTURE) -> None:
    status, out, err = ran([SIZES, "--json", "--tensors"], capsys)
    assert (status, err) == (0, "")
    assert sum(t["adds"] for t in json.loads(out)["tensors"]) == 13002
    assert ran([SIZES, "--tensors", "-q"], capsys)[0] == 2


def test_two_files_are_compared_not_counted(tmp_path, capsys):
    for name in ("a.npy", "b.npy"):
        (tmp_path / name).write_bytes(b"")
    assert main([str(tmp_path / "a.npy"), str(tmp_path / "b.npy")]) == 2
    told = "nparams: 2 files were given; one is counted at a time, and nparams diff A B compares two\n"
    assert capsys.readouterr().err == told
