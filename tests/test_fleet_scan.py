"""nparams scan as a user runs it: from a tree to rows, again after changes, and after whatever ends it early."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import nparams
from nparams.cli.main import main
from nparams.errors import ReadError
from nparams.fleet.scanning import Options, scan
from nparams.fleet.store import rows
from tests.conftest import REPOSITORY
from tests.range_server import Handler, Server, hub, saying, serving
from tests.safetensors_maker import T, safetensors
from tests.scan_stopped import pressed, stalling

#: a scan that tells after every commit, and commits often
SLOW = """
import sys
from nparams.fleet import store, here
store.ROWS, here.DISK = 50, here.DISK._replace(few=60, batch=20)
real = store.Table.commit
def commit(self):
    real(self)
    print("committed", flush=True)
store.Table.commit = commit
from nparams.cli.main import main
sys.exit(main(["scan", *sys.argv[1:]]))
"""


def tree(folder: Path, count: int) -> Path:
    """So many models of different sizes, a repository, an adapter and a damaged file."""
    for k in range(count):
        made = folder / f"d{k % 7}" / f"m{k}.safetensors"
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_bytes(safetensors([T("fc.weight", [k + 1, 3]), T("fc.bias", [k + 1])]))
    (folder / "repository").mkdir()
    (folder / "repository/config.json").write_text('{"model_type": "bert"}')
    (folder / "repository/model.safetensors").write_bytes(safetensors([T("fc.weight", [4, 3])]))
    (folder / "d0/cut.safetensors").write_bytes(safetensors([T("fc.weight", [4, 3])])[:-1])
    return folder


def table(folder: Path) -> dict[str, dict[str, Any]]:
    """The rows by uri, without when they were read; each uri has one."""
    found = list(rows(str(folder)))
    assert len({row["uri"] for row in found}) == len(found)
    return {row["uri"]: {key: value for key, value in row.items() if key != "read_at"} for row in found}


def test_every_model_is_one_row(tmp_path: Path) -> None:
    folder = tree(tmp_path / "models", 30)
    told = scan([str(folder)], str(tmp_path / "out"))
    found = table(tmp_path / "out")
    assert (told.rows, told.refused, len(found)) == (32, 1, 32)
    assert found[f"{folder}/d3/m10.safetensors"]["total"] == 11 * 3 + 11
    repository = found[f"{folder}/repository"]
    assert (repository["kind"], repository["total"], repository["architecture"]) == ("folder", 12, "bert")
    assert found[f"{folder}/d0/cut.safetensors"]["error_kind"] == "format"
    assert told.parameters == sum(4 * (k + 1) for k in range(30)) + 12


def test_a_rerun_reads_what_has_changed_and_marks_what_has_gone(tmp_path: Path) -> None:
    folder, out = tree(tmp_path / "models", 30), str(tmp_path / "out")
    scan([str(folder)], out)
    again = scan([str(folder)], out)
    assert (again.rows, again.known, again.gone) == (0, 32, 0)
    (folder / "d1/m1.safetensors").write_bytes(safetensors([T("fc.weight", [100, 100])]))
    (folder / "d2/m2.safetensors").unlink()
    (folder / "d2/new.safetensors").write_bytes(safetensors([T("fc.weight", [5, 5])]))
    (folder / "repository/config.json").write_text('{"model_type": "llama"}')
    third = scan([str(folder)], out)
    assert (third.rows, third.known, third.gone) == (3, 29, 1)
    found = table(tmp_path / "out")
    gone = found.pop(f"{folder}/d2/m2.safetensors")
    assert gone["gone"] is not None
    scan([str(folder)], str(tmp_path / "fresh"))
    assert found == table(tmp_path / "fresh")
    assert found[f"{folder}/repository"]["architecture"] == "llama"


def test_what_was_refused_is_read_again_on_request(tmp_path: Path) -> None:
    folder, out = tree(tmp_path / "models", 5), str(tmp_path / "out")
    scan([str(folder)], out)
    assert scan([str(folder)], out).rows == 0
    again = scan([str(folder)], out, options=Options(retry=True))
    assert (again.rows, again.refused, again.known) == (1, 1, 6)
    assert len(table(tmp_path / "out")) == 7


def test_another_root_leaves_the_rows_of_the_first(tmp_path: Path) -> None:
    one, two, out = tree(tmp_path / "one", 5), tree(tmp_path / "two", 5), str(tmp_path / "out")
    scan([str(one)], out)
    assert scan([str(two)], out).gone == 0
    assert len(table(tmp_path / "out")) == 14
    assert {row["gone"] for row in table(tmp_path / "out").values()} == {None}


def test_what_was_not_looked_at_is_not_gone(tmp_path: Path) -> None:
    """Neither what --include leaves out nor what lies in a folder that cannot be opened."""
    folder, out = tree(tmp_path / "models", 10), str(tmp_path / "out")
    scan([str(folder)], out)
    assert scan([str(folder)], out, options=Options(include=["*m3*"])).gone == 0
    (folder / "d0").chmod(0)
    try:
        if os.access(folder / "d0", os.R_OK):
            pytest.skip("this user may open every folder")
        assert scan([str(folder)], out).gone == 0
    finally:
        (folder / "d0").chmod(0o755)


def test_disk_and_web_in_one_scan(tmp_path: Path) -> None:
    folder = tree(tmp_path / "models", 5)
    with serving() as server:
        server.files["/m.safetensors"] = safetensors([T("fc.weight", [7, 3])])
        scan([str(folder)], str(tmp_path / "out"), listed=[f"{server.address}/m.safetensors"])
        found = table(tmp_path / "out")
        assert found[f"{server.address}/m.safetensors"]["total"] == 21
    assert len(found) == 8


def test_rows_of_a_web_server_lead_back_to_their_models(tmp_path: Path) -> None:
    """A row's address is what `nparams` takes, or of a folder what a scan takes, with a slash at its end or without."""
    folder = tree(tmp_path / "my models", 3)
    (folder / "d0/m0.safetensors").rename(folder / "d0/m 0 %41.safetensors")
    with served(tmp_path) as server:
        for root in (server, f"{server}/", f"{server}/my%20models"):
            found = list[Any]()
            scan(root, sink=found.append)
            assert sorted(row["total"] or 0 for row in found) == [0, 4, 8, 12, 12]
            for row in found:
                again = list[Any]()
                scan([row["uri"]], sink=again.append)
                assert [(each["uri"], each["total"]) for each in again] == [(row["uri"], row["total"])]
                if row["kind"] == "file" and row["total"]:
                    assert nparams.read(row["uri"]).total == row["total"]


class Silent(SimpleHTTPRequestHandler):
    broken: frozenset[str] = frozenset()

    def do_GET(self) -> None:
        if self.path in self.broken:
            self.send_error(500)
        else:
            super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_what_lies_in_a_folder_that_a_server_fails_at_has_not_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, out = tree(tmp_path / "models", 8), tmp_path / "out"
    with served(folder) as server:
        assert scan([f"{server}/"], str(out)).rows == 10
        monkeypatch.setattr(Silent, "broken", frozenset(["/d0/"]))
        assert scan([f"{server}/"], str(out)).gone == 0
    assert [uri for uri, row in table(out).items() if row["gone"]] == []
    assert table(out)[f"{server}/d0/"]["error_kind"] == "read"


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Python's own server over a folder."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_tensors_are_rows_of_their_own(tmp_path: Path) -> None:
    folder = tree(tmp_path / "models", 3)
    scan([str(folder)], str(tmp_path / "out"), options=Options(tensors=True))
    from nparams.fleet.store import tensors

    found = list(tensors(str(tmp_path / "out")))
    assert sum(row["adds"] for row in found) == sum(row["total"] or 0 for row in table(tmp_path / "out").values())
    assert len(found) == 7


def test_a_hub_is_asked_for_what_has_a_new_commit_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE")
    files = {"config.json": b'{"model_type": "bert"}', "model.safetensors": safetensors([T("fc.weight", [4, 3])])}
    with serving() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
        for name in ("org/one", "org/two", "org/three"):
            hub(server, name, files)
        assert scan(["hf://org"], str(tmp_path / "out")).parameters == 36
        assert len(server.asked) == 1 + 2 * 3
        server.forget()
        assert scan(["hf://org"], str(tmp_path / "out")).known == 3
        assert server.paths == ["/api/models"]
        server.models["org/two"]["sha"] = "f" * 40
        server.files |= {f"/org/two/resolve/{'f' * 40}/{name}": content for name, content in files.items()}
        again = scan(["hf://org"], str(tmp_path / "out"))
        assert (again.rows, again.known, again.gone) == (1, 2, 0)
        del server.models["org/one"]
        assert scan(["hf://org"], str(tmp_path / "out")).gone == 1
    found = table(tmp_path / "out")
    assert [(uri, row["kind"], row["total"], row["architecture"]) for uri, row in sorted(found.items())] == [
        (f"hf://org/{name}", "folder", 12, "bert") for name in ("one", "three", "two")
    ]


# -- the command -------------------------------------------------------------------------------------------------------


def test_without_a_table_the_rows_are_json_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tree(tmp_path / "models", 3)
    assert main(["scan", str(folder)]) == 0
    out, err = capsys.readouterr()
    found = [json.loads(line) for line in out.splitlines()]
    assert sorted(row["total"] or 0 for row in found) == [0, 4, 8, 12, 12]
    assert err.startswith("5 models read, 36 parameters, 1 refused; ")


def test_strict_fails_where_one_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tree(tmp_path / "models", 3)
    assert main(["scan", str(folder), "--strict", "-q"]) == 1
    (folder / "d0/cut.safetensors").unlink()
    assert main(["scan", str(folder), "--strict", "-q"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "nparams: what should be scanned? For example: nparams scan models/ -o counts"),
        (["no/such/folder"], "no/such/folder"),
        (["docs", "--engine", "spark"], "invalid choice: 'spark'"),
        (["docs", "-o", "README.md"], "README.md"),
        (["docs", "--concurrency", "0"], "nparams: concurrency is 0: it takes one at least"),
        ([""], 'nparams: "": no path; . is the folder that this runs in'),
        (["s3://"], 'nparams: "s3://": an address that names no place; for example s3://NAME/'),
        (
            ["docs", "--scheduler", "tcp://host:8786"],
            'a scheduler is named ("tcp://host:8786"), which the engine dask has',
        ),
        (["docs", "--engine", "dask", "--processes", "2"], "processes are for this machine"),
        (["docs", "--processes", "0"], "nparams: processes is 0: it takes one at least"),
    ],
)
def test_what_makes_no_sense_is_one_line(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err
    assert len(err.splitlines()) == 1


def test_a_folder_that_is_removed_while_one_stands_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path / "there"
    there.mkdir()
    monkeypatch.chdir(there)
    there.rmdir()
    assert main(["scan", "."]) == 2
    assert capsys.readouterr().err == 'nparams: ".": the folder that this runs in was removed; change to another\n'


def test_roots_and_patterns_may_be_one_text_or_a_path(tmp_path: Path) -> None:
    folder = tree(tmp_path / "models", 3)
    assert [scan(root).rows for root in (folder, str(folder), [folder])] == [5, 5, 5]
    assert scan(folder, options=Options(include="m0.*")).rows == 1
    assert scan(folder, options=Options(exclude="m0.*")).rows == 4
    assert scan(f"file://localhost{folder}").rows == 5


def test_where_there_is_no_model_the_summary_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree(tmp_path, 3)
    assert main(["scan", str(tmp_path), "--include", "*.{gguf,onnx}"]) == 0
    assert capsys.readouterr().err.startswith("no model found; ")


def test_places_come_from_standard_input(tmp_path: Path) -> None:
    folder = tree(tmp_path / "models", 20)
    places = "\n".join(str(path) for path in sorted(folder.glob("d*/m*.safetensors")))
    ran = run(["-"], places)
    assert ran.returncode == 0
    assert len(ran.stdout.splitlines()) == 20


def run(words: list[str], text: str = "") -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "nparams", "scan", *words]
    return subprocess.run(argv, input=text, capture_output=True, text=True, check=False, timeout=60)


# -- ended early -------------------------------------------------------------------------------------------------------


def started(folder: Path, out: Path) -> subprocess.Popen[str]:
    argv = [sys.executable, "-c", SLOW, str(folder), "-o", str(out), "--processes", "2"]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("commits", [1, 3])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_scan_that_is_ended_goes_on_where_it_was(tmp_path: Path, how: signal.Signals, commits: int) -> None:
    folder, out = tree(tmp_path / "models", 500), tmp_path / "out"
    child = started(folder, out)
    assert child.stdout is not None
    for _ in range(commits):
        assert child.stdout.readline() == "committed\n"
    child.send_signal(how)
    _, err = child.communicate(timeout=30)
    assert child.returncode == (130 if how is signal.SIGINT else -signal.SIGKILL)
    if how is signal.SIGINT:
        assert "the same command goes on from there" in err
    done = len(list(rows(str(out))))
    assert 50 * commits <= done < 502
    rest = scan([str(folder)], str(out))
    assert (rest.rows, rest.known, rest.gone) == (502 - done, done, 0)
    scan([str(folder)], str(tmp_path / "whole"))
    assert table(out) == table(tmp_path / "whole")


def test_ctrl_c_ends_a_scan_whose_server_asks_to_wait() -> None:
    with serving() as server:
        names = [f"/d/m{k}.safetensors" for k in range(8)]
        for name in names:
            server.odd[name] = saying(429, headers={"Retry-After": "100"})
        words = [f"{server.address}{name}" for name in names]
        code, _, err = pressed(words, lambda: server.asked)
    assert (code, [line[:8] for line in err.splitlines()]) == (130, ["stopped:"]), err


def pages(server: Server, stalls: Callable[[Handler], bool]) -> None:
    """A server that lists two folders, and does not answer for the second."""
    for place, names in (("/d/", ["a/", "b/"]), ("/d/a/", ["m0.safetensors", "m1.safetensors"])):
        links = "".join(f'<a href="{name}">{name}</a>\n' for name in names)
        text = f'<html><title>Index of {place}</title><pre><a href="../">../</a>\n{links}</pre></html>'
        server.odd[place] = saying(200, text.encode(), {"Content-Type": "text/html"})
    server.odd["/d/b/"] = stalls
    server.files |= {f"/d/a/m{k}.safetensors": safetensors([T("fc.weight", [k + 1, 3])]) for k in range(2)}


@pytest.mark.parametrize("how", [[], ["--processes", "2"]])
def test_ctrl_c_ends_a_scan_whose_listing_does_not_come(how: list[str]) -> None:
    with serving() as server, stalling() as stall:
        pages(server, stall)
        code, _, err = pressed([f"{server.address}/d/", *how], stall.reached.is_set)
    assert (code, [line[:8] for line in err.splitlines()]) == (130, ["stopped:"]), err


def test_what_was_found_is_read_while_a_listing_does_not_come() -> None:
    with serving() as server, stalling() as stall:
        pages(server, stall)
        found = {f"/d/a/m{k}.safetensors" for k in range(2)}
        words = [f"{server.address}/d/a/", f"{server.address}/d/b/"]
        pressed(words, lambda: stall.reached.is_set() and found <= set(server.paths))


def test_ctrl_c_ends_a_scan_that_waits_for_places(tmp_path: Path) -> None:
    """Standard input is still open, and read by a thread, when Python ends."""
    with serving() as server:
        server.files["/m.safetensors"] = safetensors([T("fc.weight", [7, 3])])
        code, _, err = pressed(["-"], lambda: server.asked, f"{server.address}/m.safetensors\n")
    assert (code, [line[:8] for line in err.splitlines()]) == (130, ["stopped:"]), err


#: a scan that reads a few addresses in several processes, and tells of every row that is added to its table
SPREAD = """
import sys
from nparams.fleet import store, here
here.AWAY = here.AWAY._replace(few=2)
real = store.Table.add
def add(self, row):
    real(self, row)
    print("added", flush=True)
store.Table.add = add
from nparams.cli.main import main
sys.exit(main(["scan", *sys.argv[1:], "--processes", "2"]))
"""


def test_ctrl_c_loses_no_batch_of_processes(tmp_path: Path) -> None:
    """What has been read of a batch is in the table, though the rest of it does not come."""
    names, out = [f"/m{k}.safetensors" for k in range(30)], str(tmp_path / "out")
    with serving() as server, stalling() as stall:
        server.files |= {name: safetensors([T("fc.weight", [7, 3])]) for name in names}
        server.odd |= dict.fromkeys(names[20:], stall)
        argv = [sys.executable, "-c", SPREAD, *(f"{server.address}{name}" for name in names), "-o", out]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert [child.stdout.readline() for _ in range(20)] == ["added\n"] * 20
            assert server.at_once > 0
            child.send_signal(signal.SIGINT)
            child.communicate(timeout=30)
    assert child.returncode == 130
    assert [row["total"] for row in rows(out)] == [21] * 20


def test_a_root_that_cannot_be_listed_stops_no_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A disk that is not mounted, a server that is down: the others are read, and its own models have not gone."""
    first, second, out = tree(tmp_path / "a", 10), tree(tmp_path / "b", 10), tmp_path / "out"
    scan([str(first), str(second)], str(out))
    first.rename(tmp_path / "away")
    (second / "d0/m0.safetensors").unlink()
    (second / "d0/new.safetensors").write_bytes(safetensors([T("fc.weight", [4, 3])]))
    with serving() as server:
        assert main(["scan", str(first), f"{server.address}/absent/", str(second), "-o", str(out)]) == 2
    told = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("pyarrow is not installed")]
    assert told[0] == f'not listed: "{first}": no such file or directory'
    assert told[1].startswith("not listed: ")
    assert "404" in told[1]
    assert told[2].startswith("1 model read, 12 parameters, 11 unchanged, 1 gone; ")
    assert told[3:] == [f'nparams: 2 places could not be listed; the first: "{first}": no such file or directory']
    assert [uri for uri, row in table(out).items() if row["gone"]] == [str(second / "d0/m0.safetensors")]
    assert str(second / "d0/new.safetensors") in table(out)


def test_where_no_root_is_there_nothing_is_begun(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r'absent": no such file or directory$'):
        scan([str(tmp_path / "absent"), str(tmp_path / "other")], str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_model_that_is_typed_and_listed_is_one_row(tmp_path: Path) -> None:
    folder, found = tree(tmp_path / "models", 3), list[Any]()
    scan([str(folder)], listed=[str(folder), str(folder / "d0/m0.safetensors")], sink=found.append)
    assert len(found) == len({row["uri"] for row in found}) == 5


def test_a_place_in_a_list_that_is_not_there_is_a_row(tmp_path: Path) -> None:
    """One bad line must not end a list of a million."""
    folder = tree(tmp_path / "models", 3)
    found: list[dict[str, Any]] = []
    scan([], listed=[str(tmp_path / "absent.gguf"), str(folder / "d0/m0.safetensors")], sink=found.append)
    assert sorted(str(row["error_kind"]) for row in found) == ["None", "read"]


def test_the_examples_are_scanned_without_a_refusal_that_is_a_bug() -> None:
    found: list[dict[str, Any]] = []
    scan([str(REPOSITORY / "docs/examples")], sink=found.append)
    assert "bug" not in {row["error_kind"] for row in found}
    assert len(found) > 15
