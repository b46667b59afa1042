"""Fleets: a bucket 50 ms away, a disk, two workers of a cluster, and the memory of whole scans.

    .venv/fleet/bin/python -m benchmarks fleet

The bucket is tests/fast_server.py in a process of its own; both sides of each row read the same files, and their totals
are compared with those that the files were made with.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import obstore
from obstore.store import S3Store

from benchmarks._fleet import by_two_requests, units_of
from benchmarks._measure import Ran, Row, faster, megabytes, process, processes
from nparams.files.bytesource import RangeSource
from nparams.fleet import here
from nparams.fleet.batch import count_batch, prepare
from nparams.fleet.reading import row_of
from nparams.fleet.store import rows as rows_in
from nparams.fleet.units import Unit
from tests.fast_contents import Generated
from tests.fast_server import Fast, serving
from tests.fleet_corpus import build

LATENCY = 0.05
AT_ONCE = 32  # of ours, and threads of the pool: where the journeys are the limit, and not one processor
MORE_AT_ONCE = 128  # of ours against the serial reader: of 64, 1,280/s is the limit at 50 ms
REMOTE, SERIAL = 8_000, 80  # files that ours reads, and the serial reader, for which they take 8 s
HEADER = 132_000  # bytes of a file that may be read, where its header fits
LOCAL = 10_000  # models of a corpus on disk
DASK, BATCH, EACH = 2_400, 200, 16  # files, in a batch, requests at once in each process: latency is the limit
FEW, MANY = 6_000, 20_000  # models of whole scans: more than the rows of one part
MOST, FLAT = 500_000_000, 1.25  # bytes of memory, and how much more many may take than few
Totals = dict[str, int]


def run() -> list[Row]:
    """Every row; the report's are those of fleet_report.py, the table's of fleet_memory.py."""
    with bucket(Generated(1_000_000)) as server:
        rows = [*remote(server), *dask()]
    with bucket(Generated(1_000_000, unlike=True)) as server:
        rows[1:1] = unlike(server)
    return [*rows, *local(), *memory()]


@contextmanager
def bucket(contents: Generated, latency: float = LATENCY) -> Iterator[Fast]:
    """A server, and the variables by which obstore finds it."""
    before = dict(os.environ)
    with serving(contents, latency) as server:
        os.environ.update(server.environment)
        try:
            yield server
        finally:
            os.environ.clear()
            os.environ.update(before)


def timed(call: Callable[[], Totals]) -> tuple[float, Totals]:
    start = time.perf_counter()
    found = call()
    return time.perf_counter() - start, found


def per_second(count: int, seconds: float) -> str:
    return f"{count / seconds:,.0f}/s" if count > 99 * seconds else f"{count / seconds:,.1f}/s"


def more(name: str, ours: tuple[int, float], other: tuple[int, float], limit: float) -> Row:
    """Ours must do at least `limit` times as many a second; both are (files, seconds)."""
    ratio = ours[0] / ours[1] * other[1] / other[0]
    return Row(name, per_second(*ours), per_second(*other), f"{ratio:,.1f} x", f">= {limit:g} x", ratio >= limit)


def totals(rows: Sequence[dict[str, Any]]) -> Totals:
    """Of rows by their uri; none of them may be refused."""
    refused = [f"{row['uri']}: {row['error']}" for row in rows if row["error_kind"]]
    assert not refused, refused[:3]
    return {row["uri"]: row["total"] for row in rows}


# -- a bucket ----------------------------------------------------------------------------------------------------------


def remote(server: Fast) -> list[Row]:
    """Files/s against a serial reader and a pool of threads, and bytes a file.

    The files are of four kinds in turn: their headers recur, as among steps of training and fine-tunes.
    """
    contents = Generated(1_000_000)
    units, wanted = units_of(contents, REMOTE)
    few, few_wanted = units_of(contents, SERIAL)
    prepare()  # as `nparams scan` is
    ours(few, AT_ONCE)  # connections, imports
    sides: dict[str, Callable[[], Totals]] = {
        "most": lambda: ours(units, MORE_AT_ONCE), "ours": lambda: ours(units, AT_ONCE), "pool": lambda: pooled(units),
        "two": lambda: spread(units),
    }  # fmt: skip
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(3):
        for name, read in sides.items():
            server.forget()
            seconds, found = timed(read)
            assert found == wanted
            taken[name].append(seconds)
            if name == "ours":
                mean = server.counted()["bytes"] / REMOTE
    serial, found = timed(lambda: by_two_requests(server.address, few))
    assert found == few_wanted
    most, mine, pool, two = ((REMOTE, statistics.median(taken[name])) for name in sides)
    return [
        more(f"bucket 50 ms away: a serial reader, {MORE_AT_ONCE} at once against it", most, (SERIAL, serial), 100),
        more("  with --processes 2", two, (SERIAL, serial), 100),
        more(f"  {AT_ONCE} threads, two requests a file, as many at once", mine, pool, 1.5),
        Row("  bytes a file, beside two exact ranges", f"{mean:,.0f}", f"{exact(contents):,.0f}", "",
            f"<= {HEADER:,}", mean <= HEADER),
    ]  # fmt: skip


def unlike(server: Fast) -> list[Row]:
    """The same of files of which each has a header of its own, so that each is read from its first byte to its last.

    One core is the limit then, and no hundredfold is reached: the budget keeps what there is.
    """
    contents = Generated(1_000_000, unlike=True)
    units, wanted = units_of(contents, REMOTE)
    few, few_wanted = units_of(contents, SERIAL)
    taken = []
    for _ in range(3):
        seconds, found = timed(lambda: ours(units, MORE_AT_ONCE))
        assert found == wanted
        taken.append(seconds)
    serial, found = timed(lambda: by_two_requests(server.address, few))
    assert found == few_wanted
    most = (REMOTE, statistics.median(taken))
    return [more("  no two headers alike", most, (SERIAL, serial), 50)]


def ours(units: Sequence[Unit], concurrency: int) -> Totals:
    return totals(count_batch(units, concurrency=concurrency))


def spread(units: Sequence[Unit]) -> Totals:
    """As a scan with two processes, their start included."""
    how = here.AWAY._replace(concurrency=MORE_AT_ONCE // 2)
    return totals(list(here.rows_of(units, how, processes=2)))


def pooled(units: Sequence[Unit]) -> Totals:
    """As many threads: eight bytes, then the header, then our reader over what is here."""
    store = S3Store("bucket")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return totals(list(pool.map(lambda unit: pooled_row(store, unit), units)))


def pooled_row(store: S3Store, unit: Unit) -> dict[str, Any]:
    key = unit.uri.split("/", 3)[3]
    first = bytes(obstore.get_range(store, key, start=0, length=8))
    header = bytes(obstore.get_range(store, key, start=8, length=int.from_bytes(first, "little")))
    source = RangeSource(unit.uri, unit.size or 0)
    # zeros as they follow: a reader that looks at the first kilobytes of a file needs no third request
    source.add(0, first + header + bytes(4096))
    return row_of(unit, lambda path: source)


def exact(contents: Generated) -> float:
    """The mean bytes of a header with its length."""
    held = [contents.get(contents.keys[n]) for n in range(12)]
    return statistics.mean(len(each.head) for each in held if each is not None)


# -- a cluster ---------------------------------------------------------------------------------------------------------


def dask() -> list[Row]:
    """Two workers against one process, with the same requests at once in each."""
    from distributed import LocalCluster

    from nparams.fleet import on_dask

    units, wanted = units_of(Generated(1_000_000), DASK)
    settings = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": ":0"}
    with LocalCluster(**settings) as cluster:
        options = {"scheduler": cluster.scheduler_address, "batch": BATCH, "concurrency": EACH}
        list(on_dask.run(iter(units[: 2 * BATCH]), **options))  # imports, connections
        two, found = timed(lambda: totals(list(on_dask.run(iter(units), **options))))
        assert found == wanted
    one, found = timed(lambda: totals(count_batch(units, concurrency=EACH)))
    assert found == wanted
    return [more("two Dask workers: one process, 50 ms away", (DASK, two), (DASK, one), 1.5)]


# -- a disk ------------------------------------------------------------------------------------------------------------


SCAN = (
    "import sys, tempfile; from nparams.cli.main import main; "
    "sys.exit(main(['scan', sys.argv[1], '-q', '-o', tempfile.mkdtemp(dir=sys.argv[2])]))"
)
LOOP = (
    "import sys; from nparams.fleet import find; from nparams.fleet.reading import local_opener, row_of; "
    "print(len([row_of(unit, local_opener(unit.listing)) for unit in find([sys.argv[1]])]))"
)


def local() -> list[Row]:
    """A scan of a corpus into a table against a loop of the same reader, both whole processes that find the models."""
    with tempfile.TemporaryDirectory(prefix="nparams-fleet-") as folder:
        os.mkdir(f"{folder}/tables")
        expected = build(f"{folder}/corpus", LOCAL)
        words = [f"{folder}/corpus", f"{folder}/tables"]
        scanning, loop = processes([[sys.executable, "-c", text, *words] for text in (SCAN, LOOP)], 3)
        for table in os.listdir(f"{folder}/tables"):
            broken = expected.broken(list(rows_in(f"{folder}/tables/{table}")))
            assert not broken, broken[:3]
    name = f"disk, {LOCAL:,} models of a corpus: a loop of the same reader"
    return [faster(name, scanning.seconds, loop.seconds, 1.5)]


# -- memory ------------------------------------------------------------------------------------------------------------


def memory() -> list[Row]:
    """Whole processes of `nparams scan` over a bucket: many models beside few."""
    few, many = (scanning(count) for count in (FEW, MANY))
    name = f"memory: a scan of {MANY:,} models in a bucket, beside {FEW:,}"
    ratio, budget = many.peak / few.peak, f"< {megabytes(MOST)}, <= {FLAT} x"
    ok = many.peak < MOST and ratio <= FLAT
    return [Row(name, megabytes(many.peak), megabytes(few.peak), f"{ratio:.2f} x", budget, ok)]


def scanning(count: int) -> Ran:
    with tempfile.TemporaryDirectory(prefix="nparams-fleet-") as out, bucket(Generated(count), 0.0):
        words = [sys.executable, "-m", "nparams", "scan", "s3://bucket/models", "-o", f"{out}/table", "--quiet"]
        ran = process(words, 1)
        found = sum(row["total"] for row in rows_in(f"{out}/table"))
        assert found == sum(map(Generated(count).total, range(count)))
    return ran
