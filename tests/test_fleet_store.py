"""The table on disk as JSON Lines, as it is where pyarrow is not installed; what it knows, and how it writes names."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nparams.errors import ReadError, UnsupportedError, UsageError
from nparams.expr import parse
from nparams.fleet import store
from nparams.fleet._store import files, home
from nparams.fleet._store.known import KEY, NEVER, RECORD, Index
from nparams.fleet._store.plain import safe, unsafe
from nparams.fleet.rows import tensor_rows
from nparams.network import Network, Tensor
from tests.store_cases import Cases
from tests.store_world import FIRST, row, scan, unit


@pytest.fixture(autouse=True)
def no_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "has_pyarrow", lambda: False)


class TestLines(Cases):
    kind = files.LINES

    def test_a_line_says_how_to_get_parquet(self, path: str) -> None:
        with store.Table(path) as table:
            assert table.note == (
                "pyarrow is not installed: the table is JSON Lines, not Parquet; pip install 'nparams[scan]'"
            )

    def test_each_line_is_an_object_of_its_own(self, path: str) -> None:
        scan(path, {"m\u2028é": (5, "x")})
        [line] = Path(self.part(path, 1)).read_bytes().splitlines()
        assert json.loads(line)["uri"] == "/models/m\u2028é"

    def test_a_table_keeps_its_kind(self, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
        scan(path, {"m": (1, "x")})
        monkeypatch.setattr(home, "has_pyarrow", lambda: True)
        with store.Table(path) as table:
            assert table.note == ""
            table.add(row(unit("n", 1, "x")))
        assert [os.path.splitext(name)[1] for name in os.listdir(f"{path}/models")] == [".jsonl"] * 2

    def test_parquet_needs_pyarrow(self, path: str) -> None:
        os.mkdir(path)
        Path(path, "scan.json").write_text('{"what": "nparams scan", "schema": 1, "kind": "Parquet", "scans": []}')
        told = f"{path}: its parts are Parquet, which needs pyarrow: pip install 'nparams[scan]'"
        with pytest.raises(UsageError) as caught:
            scan(path, FIRST)
        assert str(caught.value) == told
        with pytest.raises(UsageError) as caught:
            list(store.rows(path))
        assert str(caught.value) == told


@pytest.mark.parametrize("path", ["s3://bucket/counts", "hf://org", ""])
def test_a_table_is_no_address(path: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        scan(path, FIRST)
    assert str(caught.value) == f'"{path}": a table is written to a disk; name a folder of this machine'
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("line", ['{"uri": "\\ud800"}', '{"uri": 1}', "[" * 100_000, "{}", "x", "[]"])
def test_lines_that_are_no_rows(tmp_path: Path, line: str) -> None:
    path = str(tmp_path / "counts")
    scan(path, FIRST)
    part = Path(path, "models", "part-0001-00001.jsonl")
    part.write_text(line + "\n")
    with pytest.raises(
        ReadError, match=r"part-0001-00001\.jsonl: damaged \(line 1 is no row\); delete it and scan again"
    ):
        scan(path, FIRST)


def test_a_description_that_is_none(tmp_path: Path) -> None:
    path = str(tmp_path / "counts")
    scan(path, FIRST)
    Path(path, "scan.json").write_text("[" * 100_000)
    with pytest.raises(ReadError, match=r"scan\.json: not the scan\.json of nparams scan; name another folder$"):
        scan(path, FIRST)


@pytest.mark.parametrize(
    "more",
    [{"shape": (2**63,)}, {"shape": (2**62, 2)}, {"shape": (1,), "stored": (1, 2**63)}, {"shape": (parse("n"),)}],
)
def test_a_tensor_beyond_what_a_table_holds_is_refused(more: dict[str, Any]) -> None:
    network = Network(tensors=[Tensor("m", role="other", **more)])
    with pytest.raises(UnsupportedError, match=r"/m: a tensor's size is beyond what a table holds, 2\^63 - 1$"):
        tensor_rows(unit("m", 1, "x"), network)


@given(
    st.text(st.sampled_from("\\ud8f0\udcff\ud800a/"), max_size=12),
    st.text(st.sampled_from("\\udc8f0\udcff"), max_size=9),
)
def test_no_two_names_become_one(one: str, other: str) -> None:
    safe(one).encode()
    assert unsafe(safe(one)) == one
    assert (safe(one) == safe(other)) is (one == other)


KEYS = st.binary(min_size=KEY, max_size=KEY) | st.sampled_from(
    [bytes(KEY), bytes(KEY - 1) + b"\1", b"\0\0" + b"\1" * 14]
)


@given(st.lists(st.tuples(KEYS, st.binary(min_size=15, max_size=15) | st.just(NEVER), st.integers(1, 255))))
def test_the_index_is_a_dict(puts: list[tuple[bytes, bytes, int]]) -> None:
    index, expected = Index(), {}
    for key, mark, state in puts:
        assert index.state(key) == expected.get(key, (0, 0))[1]
        index.put(key, mark, state)
        expected[key] = mark, state
    assert {key: (index.mark(key), index.state(key)) for key in expected} == expected


def test_bytes_across_two_records_are_no_key() -> None:
    index = Index()
    for i in range(1, 9):
        index.put(bytes(2) + bytes((i,)) * 14, NEVER, 1)
    assert index.state(bytes(KEY)) == 0
    index.put(bytes(KEY), NEVER, 2)
    assert index.state(bytes(KEY)) == 2
    assert KEY + len(NEVER) + 1 == RECORD
