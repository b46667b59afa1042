"""The table on disk as JSON Lines, as it is where pyarrow is not installed; what it knows, and how it writes names."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nparams.errors import UnsupportedError, UsageError
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
