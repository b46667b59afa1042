"""Every fuzzer runs, and the runner tells what happened; the long runs are `make fuzz`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nparams.errors import FormatError, InvariantError
from tests.fuzz import __main__ as runner
from tests.fuzz import _drive, _mutate
from tests.limits import need_limits

INPUTS = 40


@need_limits
@pytest.mark.parametrize("name", runner.modules())
def test_a_few_inputs(name: str) -> None:
    found = runner.part(name, INPUTS, 1)
    if name.startswith("real-") and not _drive.MODELS.exists() and not found.accepted + found.refused:
        pytest.skip("the shared real files are absent")
    assert found.accepted + found.refused > 0, name


def test_every_wire_reader_gets_a_million() -> None:
    for name in ("pickle", "protobuf", "flatbuffer", "hdf5"):
        assert runner.usual(name) == 1_000_000, name
    kinds = {name for name in runner.modules() if name.startswith("real-")}
    assert len(kinds) == 13
    assert {runner.usual(name) for name in kinds} == {50_000}


def test_the_same_seed_gives_the_same_inputs() -> None:
    import random

    seeds = [bytes(range(200)), _mutate.zipped([(b"a.json", b"{}", 0), (b"b", bytes(300), 0)])]
    first, second, other = (list(_mutate.mutants(seeds, 300, random.Random(seed))) for seed in (1, 1, 2))
    assert first == second != other
    assert len(set(first)) > 250


def test_damaged_members_have_their_checksums() -> None:
    held = [(b"a.json", b"{}" * 50, 0), (b"data/0", bytes(100), 0)]
    held = [(name, content, _mutate.zlib.crc32(content)) for name, content, _ in held]
    assert _mutate.members(_mutate.zipped(held)) == held
    import random

    for seed in range(200):
        worse = _mutate.harmed(held, [b"x" * 9], random.Random(seed), _mutate.DAMAGE)
        assert all(crc == _mutate.zlib.crc32(content) for _, content, crc in worse)


def test_parts_add_up() -> None:
    assert list(runner.parts(25_000, 7)) == [(10_000, 7), (10_000, 8), (5_000, 9)]
    a, b = runner.Figures(1, 2, 30.0, 4.0), runner.Figures(10, 20, 3.0, 40.0)
    assert a + b == runner.Figures(11, 22, 30.0, 44.0)


def test_the_record_keeps_other_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "RECORD", tmp_path / "RECORD.md")
    runner.record({"gguf": runner.Figures(1_000, 2_000, 17.6, 61.2)}, 0)
    runner.record({"npy": runner.Figures(5, 6, 7, 8)}, 0)
    assert runner.recorded() == {
        "gguf": "| gguf | 3,000 | 1,000 | 2,000 | 18 | 61 |",
        "npy": "| npy | 11 | 5 | 6 | 7 | 8 |",
    }


def refuse(data: bytes) -> None:
    raise FormatError("m.bin: no")


def break_a_promise(data: bytes) -> None:
    raise InvariantError("rows do not sum")


def say_two_lines(data: bytes) -> None:
    raise FormatError("m.bin:\nno")


@pytest.mark.parametrize("reader", [break_a_promise, say_two_lines, lambda data: {}["x"]])
def test_what_is_no_refusal_is_told_and_kept(
    reader: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_drive.tempfile, "tempdir", str(tmp_path))
    with pytest.raises((InvariantError, AssertionError, KeyError)):
        _drive.drive(5, 1, [b"seed"], reader)  # type: ignore[arg-type]
    (kept,) = tmp_path.iterdir()
    assert f"in {kept}" in capsys.readouterr().out


def test_what_is_refused_is_counted() -> None:
    assert _drive.drive(5, 1, [b"seed"], refuse) == {"accepted": 0, "refused": 5}
    assert _drive.drive(5, 1, [b"seed"], len) == {"accepted": 5, "refused": 0}


def test_a_broken_part_ends_the_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(runner, "CHILD", "print('what came'); raise SystemExit(3)")
    with ThreadPoolExecutor(1) as pool:
        assert runner.fuzz("npy", 30_000, 4, pool) is None
    out = capsys.readouterr().out
    assert "FAILED after 0 inputs: exit 3, --count 10000 --seed 4" in out
    assert "what came" in out
