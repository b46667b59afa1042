"""Sources of other packages: found by their entry point, asked last, and watched."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import nparams
from nparams.cli.main import main
from nparams.errors import FormatError, NparamsError, ReadError, UnsupportedError, UsageError
from nparams.network import Network, Tensor
from nparams.registry import Source
from tests.range_server import serving
from tests.safetensors_maker import T, safetensors

EXAMPLES = Path(__file__).resolve().parent.parent / "docs" / "examples"
TOY = (EXAMPLES / "tiny.toy").read_bytes()


def install(folder: Path, points: str, **modules: str) -> None:
    """What an installed package leaves in the folder of packages."""
    folder.mkdir(exist_ok=True)
    made = folder / "other-1.0.dist-info"
    made.mkdir()
    (made / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    (made / "entry_points.txt").write_text(f"[nparams.sources]\n{points}\n")
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Installs a package for one test."""
    before = set(sys.modules)

    def installed(points: str, **modules: str) -> None:
        install(tmp_path / "site", points, **modules)
        monkeypatch.syspath_prepend(str(tmp_path / "site"))

    yield installed
    for name in set(sys.modules) - before:
        if name.startswith(("other_", "nparams_toy")):
            del sys.modules[name]


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(EXAMPLES / "plugin"))
    yield
    sys.modules.pop("nparams_toy", None)


ROW = "from nparams.registry import Source\nfrom nparams.network import Network, Tensor\n"
HEAD = "def read(source, folder=None, *, limits=True):\n"
GIVES = HEAD + "    return Network(tensors=[Tensor('w', (2, 3), 'float32')])\n"


def test_the_example_is_read_wherever_it_lies(toy: None, tmp_path: Path) -> None:
    assert nparams.read(EXAMPLES / "tiny.toy").total == 15
    assert nparams.read(TOY).total == 15
    (tmp_path / "m.toy").write_bytes(TOY)
    assert nparams.read(tmp_path).total == 15
    (tmp_path / "m").write_bytes(TOY)
    assert nparams.read(tmp_path / "m", form="toy").total == 15
    with serving() as server:
        server.files["/m.toy"] = TOY
        assert nparams.read(f"{server.address}/m.toy").total == 15


def test_its_own_refusals_are_passed_on(toy: None) -> None:
    with pytest.raises(FormatError, match=r"ends at byte 97 of 85\. Cut short"):
        nparams.read(TOY[:-12])
    with pytest.raises(FormatError):
        nparams.read(b"TOY1\xff")


def test_it_is_listed_and_can_be_forced(toy: None, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["formats"]) == 0
    assert "toy weights" in capsys.readouterr().out
    (tmp_path / "m.bin").write_bytes(TOY)
    assert main([str(tmp_path / "m.bin"), "--from", "toy", "-q"]) == 0
    assert capsys.readouterr().out == "15\n"


def test_without_it_the_form_is_unknown() -> None:
    with pytest.raises(UsageError, match='no form is called "toy"'):
        nparams.read(EXAMPLES / "tiny.toy", form="toy")
    with pytest.raises(ReadError):
        nparams.read(EXAMPLES / "tiny.toy")


def test_ours_come_first(other, tmp_path: Path) -> None:
    row = "SOURCE = Source('mine', 'file', 'other_all', 'all', 'x', ('.safetensors', '.xyz'))\n"
    other("mine = other_all:SOURCE", other_all=ROW + row + GIVES)
    (tmp_path / "m.safetensors").write_bytes(safetensors([T("a", [5])]))
    (tmp_path / "m.xyz").write_bytes(b"\x01\x02\x03\x00" * 8)
    assert nparams.read(tmp_path / "m.safetensors").total == 5
    assert nparams.read(tmp_path / "m.xyz").total == 6
    assert nparams.read(tmp_path / "m.safetensors", form="mine").total == 6


def test_what_is_known_by_name_only_may_be_read_by_another(other, tmp_path: Path) -> None:
    (tmp_path / "m.engine").write_bytes(b"ptrt" + bytes(60))
    with pytest.raises(UnsupportedError, match="TensorRT"):
        nparams.read(tmp_path / "m.engine")
    row = "SOURCE = Source('trt', 'file', 'other_trt', 'engines', 'm.engine', ('.engine',), ((0, b'ptrt'),))\n"
    other("trt = other_trt:SOURCE", other_trt=ROW + row + GIVES)
    assert nparams.read(tmp_path / "m.engine").total == 6


def test_a_file_of_text_and_a_text(other, tmp_path: Path) -> None:
    row = (
        "FILE = Source('fa', 'file', 'other_fa', 'a', 'a.fa', ('.fa',))\n"
        "TEXT = Source('fb', 'text', 'other_fb', 'b', 'b!', options='')\n"
    )
    text = "def may_be(text):\n    return text.endswith('!!')\ndef read(text):\n    return Network(tensors=[Tensor('w', (7,), 'float32')])\n"  # noqa: E501
    other("a = other_fa:FILE\nb = other_fa:TEXT", other_fa=ROW + row + GIVES, other_fb=ROW + text)
    (tmp_path / "m.fa").write_text("some words that no notation knows")
    assert nparams.read(tmp_path / "m.fa").total == 6
    assert nparams.read("nobody knows this!!").total == 7
    assert nparams.read("784-16-16-10").total == 13002


def test_a_zip_archive_by_its_members(other, tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "m.zip", "w") as made:
        made.writestr("net/weights.mine", b"x")
    with pytest.raises(UnsupportedError, match="a zip archive"):
        nparams.read(tmp_path / "m.zip")
    row = "SOURCE = Source('zipped', 'file', 'other_zip', 'z', 'm.zip', inside=('.mine',))\n"
    other("z = other_zip:SOURCE", other_zip=ROW + row + GIVES)
    assert nparams.read(tmp_path / "m.zip").total == 6


# what is wrong | the entry point | the module | words
WRONG = [
    ("no such module", "x = other_none:SOURCE", "", 'the source "x" of other cannot be loaded (ModuleNotFoundError'),
    ("an error while it is imported", "x = other_bad:SOURCE", "1 / 0", "cannot be loaded (ZeroDivisionError"),
    ("no row", "x = other_bad:SOURCE", "SOURCE = 7", "is no nparams.registry.Source"),
    ("a form of ours", "x = other_bad:SOURCE", ROW + "SOURCE = Source('gguf', 'file', 'm', 'w', 'e')",
     'is called "gguf", as another one is'),
    ("another kind", "x = other_bad:SOURCE", ROW + "SOURCE = Source('q', 'object', 'm', 'w', 'e')",
     'is of the kind "object"; other packages may offer file and text'),
    ("twice", "x = other_bad:SOURCE\ny = other_bad:SOURCE",
     ROW + "SOURCE = Source('q', 'text', 'other_bad', 'w', 'e')\ndef may_be(text): return False\n",
     'the source "y" of other is called "q", as another one is'),
]  # fmt: skip


@pytest.mark.parametrize(("points", "module", "words"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_source_that_is_wrong_is_told_and_left_out(
    other, points: str, module: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other(points, **({"other_bad": module} if module else {}))
    (tmp_path / "m.xyz").write_bytes(b"\x01\x02\x03\x00" * 8)
    with pytest.raises(ReadError) as problem:
        nparams.read(tmp_path / "m.xyz")
    assert words in str(problem.value)
    assert str(problem.value).isprintable()
    assert main(["formats"]) == 0
    assert words in capsys.readouterr().err


def test_what_goes_wrong_inside_is_one_line(other, tmp_path: Path) -> None:
    row = "SOURCE = Source('bad', 'file', 'other_in', 'b', 'b', ('.bad',))\n" + HEAD
    other("bad = other_in:SOURCE", other_in=ROW + row + "    return [][3]\n")
    (tmp_path / "m.bad").write_bytes(b"\x01\x02\x03\x00" * 8)
    with pytest.raises(ReadError, match=r"the source bad \(other_in\) failed: IndexError: list index out of range"):
        nparams.read(tmp_path / "m.bad")


def test_what_is_no_network_is_refused(other, tmp_path: Path) -> None:
    row = "SOURCE = Source('num', 'file', 'other_num', 'b', 'b', ('.num',))\n" + HEAD
    other("num = other_num:SOURCE", other_num=ROW + row + "    return 7\n")
    (tmp_path / "m.num").write_bytes(b"\x01\x02\x03\x00" * 8)
    with pytest.raises(UsageError, match='gives no Network, but "int"'):
        nparams.read(tmp_path / "m.num")


def test_nothing_of_others_is_looked_for_where_ours_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import importlib.metadata

    def never(**_: object) -> None:
        raise AssertionError("asked")

    monkeypatch.setattr(importlib.metadata, "entry_points", never)
    monkeypatch.syspath_prepend(str(tmp_path))  # so that nothing found before is used
    (tmp_path / "m.safetensors").write_bytes(safetensors([T("a", [5])]))
    assert nparams.read(tmp_path / "m.safetensors").total == 5
    assert nparams.read("784-16-16-10").total == 13002
    assert nparams.read("resnet50").total == 25_557_032
    with pytest.raises(NparamsError):
        nparams.read("784-x!-10")


def test_the_row_is_the_same_as_ours() -> None:
    made = Network(tensors=[Tensor("w", (2,), "float32")])
    assert made.total == 2
    assert Source("f", "file", "m", "w", "e").suffixes == ()
