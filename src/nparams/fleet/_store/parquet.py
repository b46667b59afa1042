"""Parts of a table as Parquet (zstd), by pyarrow: one row group a file, of a few thousand rows."""

from __future__ import annotations

from itertools import islice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from typing import Any, BinaryIO

    from nparams.fleet.rows import Column, Row

BATCH = 5_000  # rows that are Python objects at once
COMPRESSION = "zstd"


def schema(columns: Sequence[Column]) -> Any:
    """The Arrow schema of a table."""
    import pyarrow as pa

    text = pa.string()
    types = {
        "text": text,
        "int": pa.int64(),
        "decimal": pa.float64(),
        "flag": pa.bool_(),
        "map": pa.map_(text, pa.int64()),
        "flags": pa.list_(pa.struct([("kind", text), ("text", text)])),
        "texts": pa.list_(text),
        "ints": pa.list_(pa.int64()),
    }
    return pa.schema([(column.name, types[column.kind]) for column in columns])


def write(file: BinaryIO, columns: Sequence[Column], rows: Iterable[Row]) -> None:
    """Write plain rows; OSError where that fails."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    maps = [column.name for column in columns if column.kind == "map"]
    types = schema(columns)
    left = iter(rows)
    made = [types.empty_table()]
    while some := [_with_items(row, maps) for row in islice(left, BATCH)]:
        made.append(pa.Table.from_pylist(some, types))
    pq.write_table(pa.concat_tables(made), file, compression=COMPRESSION)


def read(path: str, columns: Sequence[Column]) -> Iterator[Row]:
    """The rows of a part with these columns; what the part does not have is None.

    Raises ValueError or OSError where it is damaged.
    """
    import pyarrow.parquet as pq

    with open(path, "rb") as raw, pq.ParquetFile(raw) as file:
        if "uri" not in file.schema_arrow.names:
            raise ValueError("it has no column uri")
        held = [column for column in columns if column.name in file.schema_arrow.names]
        names = [column.name for column in held]
        absent = dict.fromkeys(column.name for column in columns if column not in held)
        for batch in file.iter_batches(BATCH, columns=names, use_threads=False):
            values = [_values(column, batch.column(column.name)) for column in held]
            for each in zip(*values, strict=True):
                row = {**absent, **dict(zip(names, each, strict=True))}
                if not isinstance(row["uri"], str):
                    raise ValueError("a row has no uri")
                yield row


def copy(path: str, file: BinaryIO, drop: Collection[int], gone: Mapping[int, str | None]) -> None:
    """Write the part again, without the rows at the places `drop` and with other values of `gone`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with open(path, "rb") as raw, pq.ParquetFile(raw) as old:
        table = old.read(use_threads=False)
    if gone:
        if "gone" not in table.column_names:
            table = table.append_column("gone", pa.nulls(table.num_rows, pa.string()))
        index = table.column_names.index("gone")
        values = [gone.get(i, value) for i, value in enumerate(table.column(index).to_pylist())]
        table = table.set_column(index, table.schema.field(index), pa.array(values, pa.string()))
    kept = pa.array([i not in drop for i in range(table.num_rows)], pa.bool_())
    pq.write_table(table.filter(kept), file, compression=COMPRESSION)


def _with_items(row: Row, maps: Iterable[str]) -> Row:
    """Maps as the pairs that Arrow makes a map of."""
    return {**row, **{name: list(row[name].items()) for name in maps if row[name] is not None}}


def _values(column: Column, array: Any) -> list[Any]:
    values: list[Any] = array.to_pylist()
    return [None if pairs is None else dict(pairs) for pairs in values] if column.kind == "map" else values
