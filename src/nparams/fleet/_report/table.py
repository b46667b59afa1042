"""The parts of a table as one table of DuckDB, of the columns that a report needs, one row a uri.

It is a temporary table: within MEMORY, beyond that on disk in a folder that goes with it.
"""

from __future__ import annotations

import os
import re

from nparams.errors import ReadError, UsageError, escaped, place, shown
from nparams.fleet._store.home import check
from nparams.fleet.rows import COLUMNS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from tempfile import TemporaryDirectory
    from typing import Any

#: names of parts, with the numbers of their run and in it; what is being written has another name
PART = re.compile(r"part-(\d+)-(\d+)\.(parquet|jsonl)")
#: kinds of Column -> types of DuckDB
TYPES = {
    "text": "VARCHAR", "int": "BIGINT", "decimal": "DOUBLE", "map": "MAP(VARCHAR, BIGINT)",
    "flags": "STRUCT(kind VARCHAR, text VARCHAR)[]", "texts": "VARCHAR[]",
}  # fmt: skip
NEEDED = (
    "uri", "format", "total", "elements", "declared", "disagreement", "dtypes", "quantisation", "architecture",
    "fingerprint", "flags", "error_kind", "error", "bytes", "size", "reader", "read_at", "gone",
)  # fmt: skip
KINDS = {column.name: TYPES[column.kind] for column in COLUMNS}
#: without this a file is no part, whatever columns another has; of the rest an older table may lack some
NAMING = {"uri"}
SCHEMA = ", ".join(f"{name}: '{kind}'" for name, kind in KINDS.items())
#: a column of a part is what stands in the part: DuckDB would take `total=7` in a folder's name for one, too
PLAIN = "hive_partitioning = false"
READERS = {
    "parquet": f"read_parquet(?, {PLAIN}, union_by_name = true{{name}})",
    "jsonl": f"read_json(?, {PLAIN}, format = 'newline_delimited', columns = {{{{{SCHEMA}}}}}{{name}})",
}
#: of DuckDB's own; each of its threads takes some
MEMORY, THREADS = "512MB", 4
#: the run and the number in it that the name of a part holds
NUMBERS = tuple(rf"regexp_extract(part, '-([0-9]+)-([0-9]+)[.][a-z]+$', {k})::BIGINT" for k in (1, 2))
SUPERSEDED = f"""
DELETE FROM held WHERE rowid IN (
    SELECT id FROM (
        SELECT rowid AS id,
            row_number() OVER (PARTITION BY uri ORDER BY {NUMBERS[0]} DESC, {NUMBERS[1]} DESC, read_at DESC) AS age
        FROM held WHERE uri IN (SELECT uri FROM held GROUP BY uri HAVING count(*) > 1)
    ) WHERE age > 1
)"""
INSTALL = "a report asks its table by DuckDB, which is not installed here: pip install 'nparams[scan]'"
TRIES = 5  # times that parts are read which a scan changes meanwhile
AGAIN = "move it away and scan again: what it held is then read again"
MOST_SAID = 160  # characters of what DuckDB says of a file


class Table:
    """`with Table(DIR) as table: table.ask("SELECT ... FROM here")`.

    `held` has every row, `here` those that are not gone, and `counted` those of them that were counted.  Raises
    UsageError where DuckDB or a table lacks, and ReadError for a part that is damaged, in one line.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.parts = parts_of(folder)

    def __enter__(self) -> Table:
        try:
            import duckdb
        except ImportError:
            raise UsageError(INSTALL) from None
        self._errors = duckdb.Error
        self._stopped = duckdb.InterruptException
        self._beyond = _beyond()
        settings = {
            "memory_limit": MEMORY, "threads": str(min(THREADS, os.cpu_count() or 1)),
            "temp_directory": self._beyond.name if self._beyond else "", "preserve_insertion_order": "false",
            "autoinstall_known_extensions": "false", "autoload_known_extensions": "false",
        }  # fmt: skip
        self._connection: Any = None
        try:
            self._connection = duckdb.connect(config=settings)
            self.ask("SET enable_progress_bar = false")  # after two seconds it would write into standard output
            self._load()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.close()
        if self._beyond is not None:
            self._beyond.cleanup()

    def ask(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of an answer; `values` stand for the question's ? in their order."""
        try:
            return self._asked(question, *values)
        except self._errors as problem:
            raise ReadError(f"{shown(self.folder)}: {said_in(problem)}") from None

    def _asked(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """Ctrl-C during a question comes as RuntimeError (duckdb, tools/pythonpkg/src/pyresult.cpp) or as its own."""
        try:
            found: list[tuple[Any, ...]] = self._connection.execute(question, list(values)).fetchall()
        except (self._stopped, RuntimeError) as problem:
            if isinstance(problem, self._stopped) or "interrupt" in str(problem).lower():
                raise KeyboardInterrupt from None
            raise
        return found

    def _load(self) -> None:
        self._settled()
        if self.ask("SELECT count(*) = 0 FROM held")[0][0]:
            raise UsageError(f"{shown(self.folder)}: the table is empty: the scan found no model, or has not begun")
        if self.ask("SELECT count(*) > count(DISTINCT hash(uri)) FROM held")[0][0]:
            self._settled(parts=True)
            self.ask(SUPERSEDED)
        self.ask("CREATE TEMP VIEW here AS SELECT * FROM held WHERE gone IS NULL")
        self.ask("CREATE TEMP VIEW counted AS SELECT * FROM here WHERE error_kind IS NULL")

    def _settled(self, parts: bool = False) -> None:
        """All parts, as they stood at one time: a scan that ends puts others in the place of some."""
        for _ in range(TRIES):
            self.parts = parts_of(self.folder)
            before = list(map(_mark, self.parts))
            try:
                self._fill(parts)
            except ReadError:
                if list(map(_mark, self.parts)) == before:
                    raise
                continue
            if list(map(_mark, self.parts)) == before:
                return
        raise ReadError(f"{shown(self.folder)}: a scan is changing the table just now: ask again when it has ended")

    def _fill(self, parts: bool = False) -> None:
        """All parts in one pass; where that fails, each by itself tells which it is."""
        try:
            self._take(self.parts, parts)
        except self._errors as problem:
            for part in self.parts:
                self._try(part)
            raise ReadError(f"{shown(self.folder)}: the table cannot be read: {said_in(problem)}") from None

    def _take(self, parts: Sequence[str], named: bool) -> None:
        source = READERS[parts[0].rpartition(".")[2]].format(name=", filename = true" if named else "")
        paths = [literal(self._told(part)) for part in parts]
        there = {name for name, *_ in self._asked(f"DESCRIBE SELECT * FROM {source}", paths)}
        columns = [f"{name if name in there | NAMING else 'NULL'}::{KINDS[name]} AS {name}" for name in NEEDED]
        select = f"SELECT {', '.join(columns)}{', filename AS part' if named else ''} FROM {source}"
        self._asked(f"CREATE OR REPLACE TEMP TABLE held AS {select}", paths)
        if self._asked("SELECT count(*) > 0 FROM held WHERE uri IS NULL")[0][0]:
            raise self._errors("a row has no uri")

    def _told(self, part: str) -> str:
        """A part's path as DuckDB can be told it, which is UTF-8: by a link where its folder's name is not."""
        folder, name = os.path.split(part)
        try:
            folder.encode()
        except UnicodeEncodeError:
            if self._beyond is None:
                raise UsageError(
                    f"{shown(self.folder)}: rename the folder: DuckDB takes no name that is not UTF-8"
                ) from None
            link = os.path.join(self._beyond.name, "models")
            if not os.path.lexists(link):
                os.symlink(folder, link)
            return os.path.join(link, name)
        return part

    def _try(self, part: str) -> None:
        try:
            self._take([part], False)
        except self._errors as problem:
            raise ReadError(f"{place(part)}: no whole part of a table ({said_in(problem)}); {AGAIN}") from None


def _beyond() -> TemporaryDirectory[str] | None:
    """A folder for what the memory does not hold; None on a machine that has no place for one."""
    from tempfile import TemporaryDirectory

    try:
        return TemporaryDirectory(prefix="nparams-", ignore_cleanup_errors=True)
    except OSError:
        return None


def _mark(part: str) -> tuple[int, int, int] | None:
    """What is another when the part is; None where it is gone."""
    try:
        found = os.stat(part)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def parts_of(folder: str) -> list[str]:
    """The paths of a table's parts, by run and number; UsageError where there are none, or parts of two kinds."""
    check(folder)
    models = os.path.abspath(os.path.join(folder, "models"))  # ~ and s3:// would mean other places to DuckDB
    try:
        named = [found for name in os.listdir(models) if (found := PART.fullmatch(name))]
    except OSError as problem:
        reason = "" if isinstance(problem, FileNotFoundError) else f" ({(problem.strerror or 'not readable').lower()})"
        raise UsageError(f"{shown(folder)} holds no table{reason}: nparams scan PATH -o DIR makes one") from None
    if not named:
        raise UsageError(f"{shown(folder)}: the table is empty: there is no part in models/ yet")
    if len({found[3] for found in named}) > 1:
        raise UsageError(f"{shown(folder)}: its parts are Parquet and JSON Lines; a table has parts of one kind")
    return [os.path.join(models, found[0]) for found in sorted(named, key=lambda found: (int(found[1]), int(found[2])))]


def literal(path: str) -> str:
    """A path as DuckDB takes it, to which *, ? and [ mean other files too.

    >>> literal("scans [1]/models/part-0001-00001.parquet")
    'scans [[]1]/models/part-0001-00001.parquet'
    """
    return re.sub(r"[\[*?]", r"[\g<0>]", path)


def said_in(problem: BaseException) -> str:
    """The first line of an error of DuckDB's, without the class that it begins with."""
    line = str(problem).strip().split("\n")[0].partition("Error: ")
    told = escaped(line[2] or line[0])
    return told if len(told) <= MOST_SAID else f"{told[:MOST_SAID]}..."
