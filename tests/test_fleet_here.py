"""Models of this machine in several processes: every row once, whatever happens to a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Any

import pytest

import nparams
from nparams.errors import UsageError
from nparams.fleet import here
from nparams.fleet.batch import count_batch
from nparams.fleet.units import FILE, Entry, Listing, Unit
from tests.conftest import REPOSITORY
from tests.fleet_units import file_units, files_of, listing, told
from tests.range_server import serving
from tests.safetensors_maker import T, safetensors

#: what a worker imports before it begins: a reader that dies of the files called killer
DEADLY = """
import os, signal
from nparams.fleet import batch
real = batch.row_of
def row_of(unit, *args, **options):
    if "killer" in unit.uri:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(unit, *args, **options)
batch.row_of = row_of
"""

#: ... and one that takes its time, but for the first
SLOW = """
import time
from nparams.fleet import batch
real, read = batch.row_of, []
def row_of(*args, **options):
    read.append(time.sleep(0.3 if len(read) > 400 else 0))
    return real(*args, **options)
batch.row_of = row_of
"""


@pytest.fixture
def units(tmp_path: Path) -> list[Unit]:
    """A thousand files in two folders."""
    made: list[Unit] = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        for k in range(500):
            (tmp_path / folder / f"m{k}.safetensors").write_bytes(safetensors([T("fc.weight", [k + 1, 3])]))
        made += file_units(listing(str(tmp_path / folder), files_of(tmp_path / folder)))
    return made


def uris(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(row["uri"] for row in rows)


def test_the_rows_are_those_of_one_process(units: list[Unit]) -> None:
    rows = sorted(here.rows_of(units, processes=2), key=lambda row: str(row["uri"]))
    plain = sorted(count_batch(units), key=lambda row: str(row["uri"]))
    assert uris(rows) == uris(plain)
    assert [told(row) for row in rows] == [told(row) for row in plain]


def test_few_models_start_no_process(units: list[Unit], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(here, "Worker", None)
    assert len(list(here.rows_of(units[: here.DISK.few - 1], processes=2))) == here.DISK.few - 1
    assert len(list(here.rows_of(units, processes=1))) == 1000


def test_examples_with_tensors_go_through_a_process(units: list[Unit]) -> None:
    folder = REPOSITORY / "docs/examples"
    examples = file_units(listing(str(folder), files_of(folder)))
    rows = {row["uri"]: row for row in here.rows_of([*units, *examples], here.DISK._replace(tensors=True), processes=2)}
    row = rows[f"{folder}/tiny.gguf"]
    assert sum(tensor["adds"] for tensor in row["tensors"]) == row["total"] > 0
    assert len(rows) == 1000 + len(examples)


def test_a_process_that_is_killed_loses_no_row(units: list[Unit]) -> None:
    """Both are killed while the rows come, at several moments."""
    with here.Pool(2, here.DISK) as pool:
        rows = []
        for row in pool.rows(iter(units)):
            rows.append(row)
            if len(rows) % 200 == 1:
                for worker in list(pool._all):
                    worker._process.kill()
    assert uris(rows) == sorted(unit.uri for unit in units)
    assert {row["error"] for row in rows} == {None}


def test_a_model_that_no_process_survives_is_a_row(
    units: list[Unit], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(DEADLY)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, sys.path)]))
    killer = Unit(Listing(str(tmp_path), {"killer.bin": Entry(1, "1")}), FILE, ("killer.bin",))
    rows = {row["uri"]: row for row in here.rows_of([*units[:300], killer, *units[300:]], processes=2)}
    assert len(rows) == 1001
    refused = [row for row in rows.values() if row["error"]]
    assert [(row["uri"], row["error_kind"]) for row in refused] == [(killer.uri, "read")]
    assert refused[0]["error"].endswith("the process that read it died (killed, or out of memory)")


def test_a_process_that_does_not_answer_is_given_up(units: list[Unit]) -> None:
    worker = here.Worker()
    os.kill(worker._process.pid, signal.SIGSTOP)
    with pytest.raises(EOFError):
        list(worker.counted(units[:1], here.DISK._replace(longest=0.2)))
    worker.stop()


def test_processes_that_cannot_be_started_are_said(units: list[Unit], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(UsageError, match="cannot be started: /bin/false ended at once"):
        list(here.rows_of(units, processes=2))


def test_rows_that_are_not_taken_leave_no_process(units: list[Unit]) -> None:
    rows = here.rows_of(units, processes=2)
    next(rows)
    pool = rows.gi_frame.f_locals["pool"]
    rows.close()
    assert [worker._process.poll() is not None for worker in pool._all] == [True] * len(pool._all)
    assert pool._all


def test_processes_read_what_is_elsewhere_too(units: list[Unit]) -> None:
    with serving() as server:
        server.delay = 0.02
        server.files = {f"/d/m{k}.safetensors": safetensors([T("fc.weight", [k + 1, 3])]) for k in range(300)}
        held = Listing(f"{server.address}/d", {f"m{k}.safetensors": Entry(None, "") for k in range(300)})
        how = here.AWAY._replace(few=100, batch=50, concurrency=8)
        rows = list(here.rows_of([*units[:200], *file_units(held)], how, processes=2))
        assert server.most_at_once > 8
    assert sum(row["total"] for row in rows if row["uri"].startswith("http")) == 3 * 300 * 301 // 2
    assert len(rows) == 500


# arguments of Python, run in a checkout's folder | PYTHONPATH
CHECKOUTS = [
    (["-c", "from nparams.cli.main import main; import sys; sys.exit(main())"], None),
    (["-m", "nparams"], None),
    (["-P", "-m", "nparams"], "."),
    (["-P", "-m", "nparams"], "{checkout}"),
]


@pytest.mark.parametrize(("words", "paths"), CHECKOUTS)
def test_the_processes_of_a_checkout_are_of_it_too(
    units: list[Unit], tmp_path: Path, words: list[str], paths: str | None
) -> None:
    """Another nparams may be installed: what reads is the one that was started."""
    checkout = tmp_path / "check:out"  # a name that no PYTHONPATH can hold
    if paths is not None:
        checkout = tmp_path / "checkout"
    copytree(nparams.__path__[0], checkout / "nparams", ignore=ignore_patterns("__pycache__"))
    init = checkout / "nparams/__init__.py"
    init.write_text(init.read_text() + '\n__version__ = "0.0.7"\n')
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if paths is not None:
        environment["PYTHONPATH"] = paths.format(checkout=checkout)
    run = subprocess.run(
        [sys.executable, *words, "scan", "--processes", "2", str(tmp_path / "a")],
        capture_output=True, text=True, check=False, cwd=checkout, env=environment,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    assert (len(rows), {row["reader"] for row in rows}) == (500, {"0.0.7"})


#: a scan whose processes read for a while, and which tells of them
LONG = """
import sys
from nparams.fleet import here
from nparams.fleet.finding import find
rows = here.rows_of(find(sys.argv[1:]), here.DISK._replace(batch=BATCH), processes=2)
next(rows)
pool = rows.gi_frame.f_locals["pool"]
print(*(worker._process.pid for worker in pool._all), flush=True)
input()
"""


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no list of processes here")
@pytest.mark.parametrize("batch", [1, 400])
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_processes_end_in_silence_with_their_scan(
    units: list[Unit], tmp_path: Path, end: signal.Signals, batch: int
) -> None:
    (tmp_path / "sitecustomize.py").write_text(SLOW)
    paths = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    scan = subprocess.Popen(
        [sys.executable, "-c", LONG.replace("BATCH", str(batch)), str(tmp_path / "a"), str(tmp_path / "b")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    assert scan.stdout is not None
    workers = [int(word) for word in scan.stdout.readline().split()]
    assert workers
    assert all(map(is_alive, workers))
    scan.send_signal(end)
    _, said = scan.communicate(timeout=60)  # workers hold its standard error open: the last of them has ended
    assert said == ""
    assert not any(map(is_alive, workers))
