"""The table on disk as Parquet: the promises of every table, and what other engines see of it."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nparams.errors import ReadError
from nparams.fleet import store
from nparams.fleet._store import files
from nparams.fleet.rows import COLUMNS
from tests.store_cases import Cases
from tests.store_world import FIRST, SECOND, THIRD, held, on_disk, row, scan, unit


class TestParquet(Cases):
    kind = files.PARQUET

    def test_nothing_is_said_of_the_kind(self, path: str) -> None:
        with store.Table(path) as table:
            assert table.note == ""

    def test_the_schema(self, path: str) -> None:
        scan(path, FIRST, tensors=True)
        with pq.ParquetFile(self.part(path, 1)) as file:
            assert file.metadata.row_group(0).column(0).compression == "ZSTD"
            types = {field.name: str(field.type) for field in file.schema_arrow}
        assert list(types) == [column.name for column in COLUMNS]
        assert (types["uri"], types["total"], types["bits_per_parameter"]) == ("string", "int64", "double")
        assert types["dtypes"].startswith("map<string, int64")
        assert re.fullmatch(r"list<\w+: struct<kind: string, text: string>>", types["flags"])
        with pq.ParquetFile(self.part(path, 1, folder="tensors")) as file:
            beside = {field.name: str(field.type) for field in file.schema_arrow}
        assert re.fullmatch(r"list<\w+: int64>", beside["shape"])
        assert beside["trainable"] == "bool"

    def test_rewriting_keeps_the_schema(self, path: str) -> None:
        scan(path, FIRST, tensors=True)
        before = [pq.read_schema(self.part(path, 1, folder=folder)) for folder in ("models", "tensors")]
        scan(path, SECOND, tensors=True)
        scan(path, THIRD, tensors=True)
        assert [pq.read_schema(self.part(path, 1, folder=folder)) for folder in ("models", "tensors")] == before

    def test_duckdb_reads_the_parts(self, path: str) -> None:
        flags = [{"kind": "call", "text": "os.system"}, {"kind": "zip", "text": "twice"}]
        with store.Table(path, True) as table:
            table.add(row(unit("a", 7, "x"), flags=flags))
            table.add(row(unit("b", 8, "x"), bits_per_parameter=4.5, notes=["n"]))
        assert store.__doc__ is not None
        totals, found = re.findall(r"^SELECT [^;]+;", store.__doc__.replace("DIR/", f"{path}/"), re.MULTILINE)
        assert duckdb.sql(totals).fetchall() == [("/models/a", 7, 7), ("/models/b", 8, 8)]
        assert duckdb.sql(found).fetchall() == [("/models/a", *each.values()) for each in flags]
        types = dict(
            duckdb.sql(f"DESCRIBE SELECT * FROM '{path}/models/*.parquet'")
            .project("column_name, column_type")
            .fetchall()
        )
        assert types["dtypes"] == "MAP(VARCHAR, BIGINT)"
        assert types["flags"] == 'STRUCT(kind VARCHAR, "text" VARCHAR)[]'
        assert (types["total"], types["bits_per_parameter"], types["notes"]) == ("BIGINT", "DOUBLE", "VARCHAR[]")
        summed = f"SELECT uri, sum(adds), any_value(shape) FROM '{path}/tensors/*.parquet' GROUP BY uri ORDER BY uri"
        assert duckdb.sql(summed).fetchall() == [("/models/a", 15, [7, 1]), ("/models/b", 17, [8, 1])]

    def test_a_table_of_an_older_version_is_read(self, path: str) -> None:
        scan(path, FIRST)
        part = self.part(path, 1)
        old = pq.read_table(part).drop_columns(["gone", "flags", "components"])
        pq.write_table(old, part)
        first = held(path)[0]
        assert (first["gone"], first["flags"], first["components"]) == (False, [], None)
        assert scan(path, FIRST) == []
        assert scan(path, SECOND) == []
        assert [each["uri"] for each in held(path) if each["gone"]] == ["/models/m5"]
        assert held(path)[0] == first

    @pytest.mark.parametrize(("folder", "column"), [("models", "total"), ("tensors", "name")])
    def test_damage_inside_is_told_when_it_is_met(self, path: str, folder: str, column: str) -> None:
        scan(path, FIRST, tensors=True)
        part = Path(self.part(path, 1, folder=folder))
        with pq.ParquetFile(part) as file:
            group = file.metadata.row_group(0)
            [at] = [group.column(i).data_page_offset for i in range(group.num_columns)
                    if group.column(i).path_in_schema == column]  # fmt: skip
        data = part.read_bytes()
        part.write_bytes(data[:at] + bytes(12) + data[at + 12 :])
        with pytest.raises(
            ReadError, match=r": damaged \(.*; delete it and scan again: its models are read again$"
        ) as told:
            scan(path, SECOND, tensors=True), scan(path, THIRD, tensors=True)
        assert str(told.value).startswith(str(part))
        part.unlink()
        scan(path, THIRD, tensors=True)
        assert on_disk(path) == [each["uri"] for each in held(path)]
        assert len([each for each in held(path) if not each["gone"]]) == len(THIRD)

    def test_a_part_that_is_no_table_of_models(self, path: str) -> None:
        scan(path, FIRST)
        part = self.part(path, 1)
        pq.write_table(pq.read_table(part).drop_columns(["uri"]), part)
        with pytest.raises(ReadError, match=r"damaged \(it has no column uri\)"):
            scan(path, FIRST)

    def test_a_part_whose_uris_are_numbers(self, path: str) -> None:
        scan(path, FIRST)
        part = self.part(path, 1)
        table = pq.read_table(part)
        pq.write_table(table.set_column(0, "uri", pa.array(range(table.num_rows))), part)
        with pytest.raises(ReadError, match=r"damaged \(a row has no uri\)"):
            scan(path, FIRST)
