"""The engine on Dask: a real cluster of separate processes, one of which dies, and what users see."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Generator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import nparams
from nparams.errors import FetchError, InvariantError, NparamsError, UsageError
from nparams.fleet import on_dask, store
from nparams.fleet._dask import cluster as connecting
from nparams.fleet._dask.task import checked, counted
from nparams.fleet.batch import count_batch
from nparams.fleet.progress import Progress
from nparams.fleet.scanning import Options, scan
from nparams.fleet.units import FILE, Entry, Listing, Unit
from tests.fleet.dask_cluster import Cluster, cluster, environment, until
from tests.planted_code import planted
from tests.range_server import serving
from tests.safetensors_maker import T, safetensors

Row = dict[str, Any]
OTHERS = {"cut.safetensors": safetensors([T("w", [3])])[:-5], "odd\udcff.safetensors": safetensors([T("w", [3])])}


@pytest.fixture(scope="module")
def shared_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster")) as made:
        yield made


@pytest.fixture
def workers(shared_cluster: Cluster) -> Cluster:
    shared_cluster.forget()
    return shared_cluster


def models(folder: Path, *more: str, count: int = 40) -> list[Unit]:
    """Files of 1, 2, 3 ... parameters, and one of a single one under each further name, that one in the middle."""
    names = [f"m{k:02}.safetensors" for k in range(count)]
    names[count // 2 : count // 2] = more
    for k, name in enumerate(names):
        (folder / name).write_bytes(OTHERS.get(name) or safetensors([T("w", [k + 1])]))
    listing = Listing(str(folder), {name: Entry(os.stat(folder / name).st_size, "mark") for name in names})
    return [Unit(listing, FILE, (name,)) for name in names]


def by_uri(rows: list[Row]) -> list[Row]:
    return sorted(({**row, "read_at": None} for row in rows), key=lambda row: row["uri"])


def names(rows: list[Row]) -> list[str]:
    return sorted(row["uri"].rpartition("/")[2] for row in rows)


def refusals(rows: list[Row]) -> dict[str, str]:
    return {row["uri"].rpartition("/")[2]: f"{row['error_kind']}: {row['error']}" for row in rows if row["error"]}


# -- the same rows ------------------------------------------------------------------------------------------------


def test_the_rows_are_those_of_one_process(workers: Cluster, tmp_path: Path) -> None:
    units = models(tmp_path, *OTHERS)
    units.append(Unit(units[0].listing, FILE, ("closed",), "may not be looked into"))
    told: list[str] = []
    rows = list(on_dask.run(iter(units), scheduler=workers.address, batch=7, tensors=True, tell=told.append))
    for row, same in zip(by_uri(rows), by_uri(count_batch(units, tensors=True)), strict=True):
        assert row == same
    assert [row["tensors"][0]["shape"] for row in rows if row["total"] == 5] == [[5]]
    assert refusals(rows).keys() == {"cut.safetensors", "closed"}
    assert len({pid for pid, _ in workers.read()}) == 2
    assert told == ["Dask: 2 workers, 2 threads"]


def test_without_an_address_processes_of_this_machine_are_the_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", environment()["PYTHONPATH"])
    before = children()
    rows = list(on_dask.run(iter(models(tmp_path)), batch=10))
    assert sorted(row["total"] for row in rows) == list(range(1, 41))
    assert children() == before


def test_dasks_own_settings_name_a_cluster(workers: Cluster, tmp_path: Path) -> None:
    import dask

    with dask.config.set({"scheduler-address": workers.address}):
        assert len(list(on_dask.run(iter(models(tmp_path))))) == 40
    assert len(workers.read()) == 40


def test_no_more_is_taken_than_workers_can_do(workers: Cluster, tmp_path: Path) -> None:
    units = models(tmp_path, "waits0", "waits1", count=120)
    units = [unit for unit in units if "waits" in unit.uri] + [unit for unit in units if "waits" not in unit.uri]
    taken = iter(units)
    rows: list[Row] = []
    with Running(on_dask.run(taken, scheduler=workers.address, batch=1), rows):
        until(lambda: sum("waits" in name for _, name in workers.read()) == 2)
        assert len(list(taken)) >= 120 - 2 * on_dask.AHEAD
        (workers.folder / "go").touch()
    assert len(rows) <= 2 * on_dask.AHEAD + 2


def test_what_has_come_is_in_the_table_while_nothing_comes(
    workers: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, out, told = tmp_path / "models", str(tmp_path / "out"), Progress()
    folder.mkdir()
    models(folder, "waits.safetensors", count=3)
    monkeypatch.setattr(on_dask, "run", partial(on_dask.run, batch=1))
    monkeypatch.setattr(store, "SECONDS", float("inf"))
    options = Options(engine="dask", scheduler=workers.address)
    scanning = threading.Thread(target=scan, args=([str(folder)], out), kwargs={"progress": told, "options": options})
    scanning.start()
    until(lambda: told.rows == 3)
    monkeypatch.setattr(store, "SECONDS", 0.0)
    until(lambda: os.path.isdir(out) and len(list(store.rows(out))) == 3)
    (workers.folder / "go").touch()
    scanning.join(60)
    assert len(list(store.rows(out))) == 4


def test_a_local_path_that_workers_do_not_see(workers: Cluster, tmp_path: Path) -> None:
    units = models(tmp_path, count=3)
    (tmp_path / "m01.safetensors").unlink()
    rows = list(on_dask.run(iter(units), scheduler=workers.address))
    (said,) = refusals(rows).values()
    assert said.startswith("transfer: m01.safetensors: the worker on ")
    assert said.endswith(
        "finds nothing there: local paths need a disk that all workers see at the same place, or has it gone since it "
        "was listed?"
    )
    assert names(rows) == ["m00.safetensors", "m01.safetensors", "m02.safetensors"]


# -- workers die --------------------------------------------------------------------------------------------------


class Running:
    """Rows that are taken in a thread, so that the test can do harm meanwhile."""

    def __init__(self, found: Iterator[Row], rows: list[Row]) -> None:
        self.problem: BaseException | None = None
        self._thread = threading.Thread(target=self._take, args=(found, rows))

    def _take(self, found: Iterator[Row], rows: list[Row]) -> None:
        try:
            rows.extend(found)
        except BaseException as problem:
            self.problem = problem

    def __enter__(self) -> Running:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(60)
        assert not self._thread.is_alive()


def test_what_a_killed_worker_was_at_is_read_again_and_nothing_else(workers: Cluster, tmp_path: Path) -> None:
    units, rows = models(tmp_path, "waits.safetensors"), list[Row]()
    with Running(on_dask.run(iter(units), scheduler=workers.address, batch=3), rows) as running:
        (killed,) = until(lambda: [pid for pid, name in workers.read() if name == "waits.safetensors"])
        until(lambda: rows)
        os.kill(killed, signal.SIGKILL)
        until(lambda: len([pid for pid, name in workers.read() if name == "waits.safetensors"]) == 2)
        (workers.folder / "go").touch()
    assert running.problem is None
    assert names(rows) == sorted(unit.names[0] for unit in units)
    assert not refusals(rows)
    twice = {name for name, times in Counter(name for _, name in workers.read()).items() if times > 1}
    assert "waits.safetensors" in twice
    assert twice <= {name for pid, name in workers.read() if pid == killed}


def test_a_file_that_kills_its_workers_is_a_row(workers: Cluster, tmp_path: Path) -> None:
    units = models(tmp_path, "killer.safetensors")
    rows = list(on_dask.run(iter(units), scheduler=workers.address, batch=20))
    assert names(rows) == sorted(unit.names[0] for unit in units)
    died = f"read: {tmp_path}/killer.safetensors: the process that read it died (killed, or out of memory)"
    assert refusals(rows) == {"killer.safetensors": died}


@pytest.mark.parametrize("kind", ["ValueError", "TimeoutError", "OSError"])
def test_a_batch_that_breaks_is_read_in_parts(workers: Cluster, tmp_path: Path, kind: str) -> None:
    units = models(tmp_path, f"raises.{kind}.safetensors", count=20)
    rows = list(on_dask.run(iter(units), scheduler=workers.address, batch=10))
    assert names(rows) == sorted(unit.names[0] for unit in units)
    assert refusals(rows) == {f"raises.{kind}.safetensors": f"bug: {kind}: a batch that breaks"}


class Slow:
    """A future whose rows are asked of a worker that is gone, twice, before Dask knows where they are made again."""

    status = "finished"

    def __init__(self, rows: bytes) -> None:
        self.asked = 0
        self.rows = rows

    def __await__(self) -> Generator[object, None, bytes]:
        self.asked += 1
        return asyncio.sleep(60 if self.asked < 3 else 0, self.rows).__await__()

    def add_done_callback(self, call: Callable[[Slow], None]) -> None:
        call(self)


def test_rows_that_were_on_a_lost_worker_are_asked_for_anew(tmp_path: Path) -> None:
    units = models(tmp_path, count=3)
    future = Slow(counted(units, 1, False))

    class Client:
        def submit(self, *_: object, **__: object) -> Slow:
            return future

        def nthreads(self) -> dict[str, int]:
            return {"worker": 1}

        def sync(self, awaited: Callable[..., Coroutine[object, object, bytes]], future: Slow, seconds: float) -> bytes:
            waited.append(seconds)
            return asyncio.run(awaited(future, seconds / 100))

    waited: list[float] = []
    rows = list(on_dask._Work(Client(), (1, False), lambda line: None).rows([units]))
    assert names(rows) == ["m00.safetensors", "m01.safetensors", "m02.safetensors"]
    assert waited == [2.0, 4.0, 8.0]


def test_a_scheduler_that_goes_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "CONNECT", 1)
    with cluster(tmp_path, workers=1) as made:
        units, rows = models(tmp_path, "waits.safetensors"), list[Row]()
        with Running(on_dask.run(iter(units), scheduler=made.address, batch=3), rows) as running:
            until(lambda: [name for _, name in made.read() if name == "waits.safetensors"])
            made.stop(made.processes[0])
    assert isinstance(running.problem, FetchError)
    assert running.problem.again
    assert str(running.problem) == (
        f'the Dask scheduler "{made.address}" was lost, or has dropped the work: what was read is kept, and the same '
        "command goes on with the rest"
    )


# -- Ctrl-C -------------------------------------------------------------------------------------------------------

SCAN = """
import sys
from nparams.fleet.on_dask import run
from nparams.fleet.units import FILE, Entry, Listing, Unit
import asyncio
import os
if __name__ == "__main__":
    folder, address = sys.argv[1:]
    listing = Listing(folder, {name: Entry(None, "") for name in sorted(os.listdir(folder))})
    rows = run((Unit(listing, FILE, (name,)) for name in listing.files), scheduler=address or None, batch=1)
    try:
        for _ in range(100_000):
            for row in rows:
                print(row["total"], flush=True)
            rows = run((Unit(listing, FILE, (name,)) for name in listing.files), scheduler=None, batch=1)
    except KeyboardInterrupt:
        rows.close()
        print("closed")
"""


def left_of(group: int) -> list[str]:
    """The processes of a group that still run."""
    stats = [stat.read_text().rpartition(")") for stat in Path("/proc").glob("[0-9]*/stat")]
    return [name for name, _, rest in stats if rest.split()[2] == str(group) and rest.split()[0] != "Z"]


def interrupted(address: str, folder: Path) -> tuple[str, str]:
    """What a process shows that is interrupted, with all that it began, as a terminal does it."""
    started = subprocess.Popen(
        [sys.executable, "-c", SCAN, str(folder), address], env=environment(), start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert started.stdout is not None
    first = started.stdout.readline()
    os.killpg(started.pid, signal.SIGINT)
    out, said = started.communicate(timeout=30)
    until(lambda: not left_of(started.pid))
    return first + out, said


def test_ctrl_c_takes_back_what_is_under_way_and_leaves_a_cluster_as_it_was(workers: Cluster, tmp_path: Path) -> None:
    models(tmp_path, "waits0.safetensors", "waits1.safetensors")
    pids = workers.asked(worker_processes)
    out, said = interrupted(workers.address, tmp_path)
    assert out.endswith("closed\n")
    assert said == ""
    (workers.folder / "go").touch()
    until(lambda: workers.asked(tasks) == 0)
    assert workers.asked(worker_processes) == pids


AS_ROWS_ARE_ASKED_FOR = """
import os, signal, time
import distributed
asked = distributed.Future._result
def interrupted(*given, **named):
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.3)  # the main thread has been interrupted, and what it asked for has not begun
    return asked(*given, **named)
distributed.Future._result = interrupted
"""


def test_ctrl_c_while_rows_are_asked_for_is_as_quiet(workers: Cluster, tmp_path: Path) -> None:
    models(tmp_path)
    command = [sys.executable, "-c", AS_ROWS_ARE_ASKED_FOR + SCAN, str(tmp_path), workers.address]
    ended = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=60)
    assert (ended.stdout, ended.stderr) == ("closed\n", "")


def test_ctrl_c_ends_the_processes_that_were_begun_here(tmp_path: Path) -> None:
    models(tmp_path)
    out, said = interrupted("", tmp_path)
    assert out.endswith("closed\n")
    assert said == ""


def tasks(dask_scheduler: object) -> int:
    return len(dask_scheduler.tasks)  # type: ignore[attr-defined]


def worker_processes(dask_scheduler: object) -> list[str]:
    return sorted(dask_scheduler.workers)  # type: ignore[attr-defined]


def children() -> set[str]:
    """The processes that this one began, but those that Python keeps for itself."""
    here = Path("/proc/self/task").glob("*/children")
    found = {pid for task in here for pid in task.read_text().split()}
    return {pid for pid in found if b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()}


# -- what users see -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("has", "said"),
    [("0.0.9", 'nparams "0.0.9"'), ("", 'no nparams ("import of nparams halted; None in sys.modules")')],
)
def test_workers_with_another_nparams(workers: Cluster, tmp_path: Path, has: str, said: str) -> None:
    wrong = workers.worker(WORKER_HAS=has)
    try:
        until(lambda: len(workers.asked(worker_processes)) == 3)  # type: ignore[arg-type]
        with pytest.raises(UsageError) as refused:
            next(on_dask.run(iter(models(tmp_path)), scheduler=workers.address))
    finally:
        workers.stop(wrong)
        until(lambda: len(workers.asked(worker_processes)) == 2)  # type: ignore[arg-type]
    told, _, rest = str(refused.value).partition(": the worker tcp://127.0.0.1:")
    assert told == "1 of 3 workers have another nparams"
    assert rest.partition(" ")[2] == (
        f"has {said}, and this is {nparams.__version__}: pip install 'nparams[remote]=={nparams.__version__}' there, "
        "and start the workers again"
    )


@pytest.mark.parametrize("has", ["0.0.9", ""])
def test_a_worker_that_comes_later_is_asked_too(tmp_path: Path, has: str) -> None:
    told: list[str] = []
    with cluster(tmp_path, workers=0) as made:
        rows = on_dask.run(iter(models(tmp_path)), scheduler=made.address, tell=told.append)
        with Running(rows, []) as running:
            until(lambda: told)
            made.worker(WORKER_HAS=has)
    assert told[0] == "Dask: no worker yet; waiting for one to join"
    assert isinstance(running.problem, UsageError)
    assert "the worker that came later has n" in str(running.problem)


NOBODY = "is it running, and may this machine reach it? `dask scheduler` starts one"


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "CONNECT", 1)
    with pytest.raises(FetchError, match="Dask: no scheduler answers") as refused:
        next(on_dask.run(iter([]), scheduler="tcp://127.0.0.1:9"))
    assert str(refused.value) == f'Dask: no scheduler answers at "tcp://127.0.0.1:9" within 1 s: {NOBODY}'


def test_another_server_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "CONNECT", 1)
    with serving() as server, pytest.raises(FetchError, match=f"no scheduler answers.*{NOBODY[:10]}"):
        next(on_dask.run(iter([]), scheduler=server.address.replace("http", "tcp")))


@pytest.mark.parametrize("address", ["carrier-pigeon://coop:1", "tcp://", "127.0.0.1:x", "tcp://host.invalid:8786"])
def test_what_is_no_address(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr(connecting, "CONNECT", 1)
    with pytest.raises(FetchError, match=r"^Dask: no scheduler answers at \".*\n?.* starts one$"):
        next(on_dask.run(iter([]), scheduler=address))


def test_dask_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError) as refused:
        next(on_dask.run(iter([])))
    assert str(refused.value) == (
        "the engine dask needs distributed: pip install 'nparams[dask]', or distributed beside it"
    )


def test_no_workers_can_be_begun_here(monkeypatch: pytest.MonkeyPatch) -> None:
    import distributed

    def refuses(**options: object) -> None:
        raise RuntimeError("Cluster failed to start:\nno more processes")

    monkeypatch.setattr(distributed, "LocalCluster", refuses)
    with pytest.raises(UsageError) as refused:
        next(on_dask.run(iter([])))
    assert str(refused.value) == (
        'Dask cannot begin workers on this machine ("Cluster failed to start:\\nno more processes"): '
        "name the scheduler of a cluster"
    )


def test_rows_that_are_not_those_of_the_batch(tmp_path: Path) -> None:
    units = models(tmp_path, count=3)
    rows = count_batch(units)
    for wrong in (rows[:2], [*rows, rows[0]], [rows[0], rows[0], rows[1]]):
        with pytest.raises(InvariantError, match="rows for 3 models"):
            checked(wrong, units)
    assert issubclass(InvariantError, NparamsError)


def test_no_code_of_the_folder_that_is_scanned_runs(tmp_path: Path) -> None:
    """Workers of this machine are begun by multiprocessing, in the folder where the scan is."""
    folder = tmp_path / "models"
    folder.mkdir()
    units = models(folder)
    planted(folder, tmp_path / "ran")
    script = tmp_path / "nparams"
    script.write_text("import sys; from nparams.cli.main import main\nif __name__ == '__main__': sys.exit(main())")
    run = subprocess.run(
        [sys.executable, str(script), "scan", ".", "--engine", "dask"], capture_output=True, text=True, check=False,
        cwd=folder, env={**environment(), "PYTHONPATH": os.path.dirname(nparams.__path__[0])},
    )  # fmt: skip
    assert not (tmp_path / "ran").exists(), (tmp_path / "ran").read_text()
    assert (run.returncode, len(run.stdout.splitlines())) == (0, len(units)), run.stderr
