"""Tables that are odd: strangers' words, damage, nothing in them; and what a reader of the docs and a terminal does."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nparams.errors import NparamsError, ReadError, UsageError
from nparams.fleet._report.table import Table
from nparams.fleet.report import report
from nparams.views._fleet.words import answers, off
from tests import documents
from tests.fleet_tables import WRITERS, row, rows, written

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = [
    "<script>alert(1)</script>", "a\x1b[31m", "a\x00b", "\u202egnp.exe", "a\nb", "'; DROP TABLE held; --", "*?[a]",
]  # fmt: skip


@pytest.mark.parametrize("kind", WRITERS)
def test_strangers_words_come_through(tmp_path: Path, kind: str) -> None:
    flags = [{"kind": HOSTILE[0], "text": HOSTILE[1]}]
    made = [row(uri, architecture=uri, format=uri, dtypes={uri: 10}, flags=flags) for uri in HOSTILE]
    found = report(written(tmp_path, made, kind), 100)
    assert {each.name for each in found.architectures.top} == set(HOSTILE)
    assert {each.name for each in found.dtypes.top} == set(HOSTILE)
    assert [(kind.name, kind.models) for kind in found.flags] == [(HOSTILE[0], len(HOSTILE))]
    assert not found.is_clean


def test_all_gone_or_all_refused(tmp_path: Path) -> None:
    gone = report(written(tmp_path / "gone", [row("a", gone="2026-11-02T00:00:00Z")]))
    assert (gone.models, gone.gone, gone.parameters, gone.sizes.bins, gone.is_clean) == (0, 1, 0, (), True)
    refused = report(written(tmp_path / "refused", [row("a", None, error_kind="format", error="cut short")]))
    assert (refused.models, refused.refused, refused.sizes.half, refused.treemap) == (0, 1, None, ())
    assert not refused.is_clean


def test_names_of_folders_are_no_patterns(tmp_path: Path) -> None:
    folder = tmp_path / "scans [1]* 'of' ?"
    written(tmp_path / "scans 1 'of' x", [row("other")])
    assert report(written(folder, [row("a")])).models == 1
    (folder / "models" / ".part-0001-00002.parquet.tmp").write_bytes(b"half")
    assert report(str(folder)).models == 1


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("name", ["total=7", "gone=2025", "architecture=FAKE", "read_at=2025-01-01", "uri=x"])
def test_names_of_folders_are_no_columns(tmp_path: Path, kind: str, name: str) -> None:
    found = report(written(tmp_path / "format=gguf" / name, [row("a", 15), row("b", 5)], kind))
    assert (found.models, found.parameters, found.formats.top[0].name) == (2, 20, "safetensors")
    assert {group.name for group in found.architectures.top} == {row("a")["architecture"]}
    assert found.first == row("a")["read_at"]


@pytest.mark.parametrize("name", ["~", "s3:", "b\udcff"])
def test_names_of_folders_are_no_other_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "made" / "x", [row("a", 15)])
    (tmp_path / "made").rename(tmp_path / name)
    assert report(f"{name}//x" if name == "s3:" else f"{name}/x").parameters == 15


def test_a_machine_without_a_place_for_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "absent"))
    assert report(written(tmp_path, [row("a", 15)])).parameters == 15


@pytest.mark.parametrize("kind", WRITERS)
def test_what_older_tables_did_not_have_is_not_known(tmp_path: Path, kind: str) -> None:
    written(tmp_path, [row("a", 15, quantisation="gptq"), row("b", 5)], kind, a_part=1)
    without(tmp_path / "models" / f"part-0001-00001.{kind}", "quantisation")
    found = report(str(tmp_path))
    assert [(group.name, group.models) for group in found.quantisations.top] == [(None, 2)]
    without(tmp_path / "models" / f"part-0001-00002.{kind}", "quantisation")
    assert report(str(tmp_path)).parameters == 20


def without(part: Path, column: str) -> None:
    import pyarrow.parquet as pq

    if part.suffix == ".parquet":
        pq.write_table(pq.read_table(part).drop_columns([column]), part)
    else:
        lines = [json.loads(line) for line in part.read_text().splitlines()]
        part.write_text("".join(json.dumps({k: v for k, v in line.items() if k != column}) + "\n" for line in lines))


def test_a_scan_that_ends_while_its_table_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stood in the old parts and stands in a new one is met once, neither missed nor twice."""
    written(tmp_path, [row("a", 1), row("b", 2)], a_part=1)
    models = tmp_path / "models"
    taken = Table._take

    def changed(self: Table, *given: Any) -> None:
        taken(self, *given)
        if (models / "part-0001-00001.parquet").exists():
            written(tmp_path / "new", [row("a", 100)])
            os.replace(tmp_path / "new" / "models" / "part-0001-00001.parquet", models / "part-0002-00001.parquet")
            os.unlink(models / "part-0001-00001.parquet")

    monkeypatch.setattr(Table, "_take", changed)
    assert report(str(tmp_path)).parameters == 102


def test_a_table_that_never_rests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, [row("a", 1)])
    times = iter(range(1, 1000))
    taken = Table._take

    def changed(self: Table, *given: Any) -> None:
        taken(self, *given)
        os.utime(self.parts[0], ns=(0, next(times)))

    monkeypatch.setattr(Table, "_take", changed)
    with pytest.raises(ReadError, match=r": a scan is changing the table just now: ask again when it has ended$"):
        report(str(tmp_path))


def test_models_of_a_hub_whose_sizes_no_list_tells(tmp_path: Path) -> None:
    """They are compared by the bytes of their numbers; where those are not known either, they are one architecture."""
    held = [row(uri, 5, fingerprint="f" * 32, size=None, bytes=20) for uri in "abc"]
    found = report(written(tmp_path / "all", held))
    assert (found.copies.groups, found.copies.models, found.copies.bytes) == (1, 2, 40)
    assert answers(found)[0][1] == ["3 models with 15 parameters; how large their files are is not known"]
    unknown = [row(uri, 5, fingerprint="f" * 32, size=None, bytes=None, dtypes=None) for uri in "abc"]
    found = report(written(tmp_path / "unknown", unknown))
    assert (found.copies.groups, found.families.groups, found.families.models) == (0, 1, 3)


def test_a_declared_total_that_no_column_holds_is_the_furthest(tmp_path: Path) -> None:
    words = "declared 18,446,744,073,709,551,616 is 1,537,228,672,809,129,301.33 x the total"
    made = [
        row("a", 12, declared=None, disagreement=words),
        row("b", 12, declared=1200, disagreement="declared 1,200 is"),
    ]
    first, second = map(off, report(written(tmp_path, made)).disagreements.top)
    assert first == ("1,537,228,672,809,129,301.33 x", "declared 18,446,744,073,709,551,616")
    assert second == ("100 x", "declared 1,200")


def test_a_table_of_another_age_is_not_guessed_at(tmp_path: Path) -> None:
    written(tmp_path, [row("a")])
    (tmp_path / "scan.json").write_text('{"what": "nparams scan", "schema": 2, "kind": "Parquet", "nparams": "9.0"}')
    with pytest.raises(UsageError, match=r': a table of nparams "9.0", which this version does not know; upgrade'):
        report(str(tmp_path))


# what stands in the folder | what is said
REFUSED: list[tuple[Callable[[Path], object], str]] = [
    (lambda at: None, r'"\S+" holds no table: nparams scan PATH -o DIR makes one'),
    (lambda at: (at / "models").write_text(""), r"\S+ holds no table \(not a directory\): .*"),
    (lambda at: (at / "models").mkdir(), r"\S+: the table is empty: there is no part in models/ yet"),
    (lambda at: written(at, [], "parquet"), r"\S+: the table is empty: there is no part in models/ yet"),
    (lambda at: (written(at, [row("a")]), written(at, [row("a")], "jsonl")), r"\S+: its parts are Parquet and JSON.*"),
    (
        lambda at: (written(at, []), (at / "models/part-0001-00001.jsonl").write_text("")),
        r"\S+: the table is empty: .*",
    ),
]


@pytest.mark.parametrize(("make", "said"), REFUSED)
def test_no_table(tmp_path: Path, make: Callable[[Path], object], said: str) -> None:
    make(tmp_path)
    with pytest.raises(UsageError) as problem:
        report(str(tmp_path))
    assert re.fullmatch(said, str(problem.value)), problem.value


def cut(part: Path) -> None:
    part.write_bytes(part.read_bytes()[:-9])


def overwritten(part: Path) -> None:
    data = bytearray(part.read_bytes())
    data[200:400] = bytes(200)
    part.write_bytes(data)


def something_else(part: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if part.suffix == ".parquet":
        pq.write_table(pa.table({"a": [1]}), part)
    else:
        part.write_text('{"uri": 1\n')


@pytest.mark.parametrize("damage", [cut, overwritten, something_else])
@pytest.mark.parametrize("kind", WRITERS)
def test_a_damaged_part_is_named(tmp_path: Path, kind: str, damage: Callable[[Path], None]) -> None:
    written(tmp_path, rows(50), kind, a_part=10)
    damage(tmp_path / "models" / f"part-0001-00003.{kind}")
    with pytest.raises(ReadError) as problem:
        report(str(tmp_path))
    said = str(problem.value)
    assert said.startswith(f"part-0001-00003.{kind}: no whole part of a table (")
    assert said.endswith("; move it away and scan again: what it held is then read again")
    assert said.isprintable()
    assert len(said) < 320


def test_without_duckdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, [row("a")], "jsonl")
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(NparamsError, match=r"pip install 'nparams\[scan\]'"):
        report(str(tmp_path))


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "table", rows(100))
    report("table")
    assert list(place.iterdir()) == []
    assert sorted(each.name for each in tmp_path.iterdir()) == ["table", "temporary"]


def test_a_question_that_is_interrupted(tmp_path: Path) -> None:
    """Ctrl-C while DuckDB works is what it is everywhere, and another RuntimeError stays one."""
    with Table(written(tmp_path, [row("a")])) as table:
        connection = table._connection
        for raised, expected in (("Query interrupted", KeyboardInterrupt), ("something else", RuntimeError)):

            def refuse(*_: object, raised: str = raised) -> None:
                raise RuntimeError(raised)

            table._connection = SimpleNamespace(execute=refuse, close=connection.close)
            with pytest.raises(expected):
                table.ask("SELECT 1")
        table._connection = connection
        assert table.ask("SELECT current_setting('enable_progress_bar')") == [(False,)]


def test_the_questions_in_the_docs_can_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has an answer, of a table in scans/."""
    import duckdb

    monkeypatch.chdir(tmp_path)
    written(tmp_path / "scans", rows(2_000))
    blocks = list(documents.blocks(ROOT / "docs/fleet-report.md", "sql"))
    assert len(blocks) == 6
    with duckdb.connect() as connection:
        for block in blocks:
            assert connection.execute(block.text).fetchall(), f"line {block.line}"


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from nparams.cli.scan_report import run

    folder = written(tmp_path, [row("a", flags=[{"kind": "pickle", "text": "calls os.system"}])])
    assert run([folder]) == 0
    assert "1 model with 10 parameters" in capsys.readouterr().out
    assert run([folder, "--strict", "--json"]) == 1
    out, err = capsys.readouterr()
    assert '"parameters": 10' in out
    assert err == "nparams: --strict: 1 with flags, 0 that could not be counted\n"
