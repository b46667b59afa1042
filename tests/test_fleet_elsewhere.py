"""Many models elsewhere from one event loop: the rows are those of the files on disk, and nothing stops the others."""

from __future__ import annotations

import _thread
import asyncio
import gc
import json
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest

from nparams.errors import UsageError
from nparams.fleet import _sides, elsewhere, here
from nparams.fleet.batch import count_batch
from nparams.fleet.finding import find
from nparams.fleet.scanning import Options, scan
from nparams.fleet.units import FILE, Entry, Listing, Unit
from nparams.remote.ranges import FIRST
from tests.conftest import REPOSITORY, shared
from tests.fleet_units import file_units, files_of, folder_unit, in_no_time, listing, serve, told
from tests.gguf_maker import T as G
from tests.gguf_maker import gguf
from tests.range_server import Handler, Server, Sparse, serving, whole
from tests.safetensors_maker import T, file_of, header_of, safetensors

SMALL = safetensors([T("fc.weight", [4, 3]), T("fc.bias", [4])])
MILLION = 1_000_000


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    in_no_time(monkeypatch)
    with serving() as made:
        yield made


def sparse(tensors: int) -> Sparse:
    head = file_of(header_of([T(f"layers.{k}.weight", [MILLION]) for k in range(tensors)]))
    return Sparse(head, len(head) + 4 * tensors * MILLION)


def served(server: Server, files: dict[str, bytes | Sparse], stamp: str = "") -> list[Unit]:
    """Units of files on the server, as a listing with sizes names them."""
    server.files |= {f"/d/{name}": content for name, content in files.items()}
    sizes = {name: len(each) if isinstance(each, bytes) else each.size for name, each in files.items()}
    made = Listing(f"{server.address}/d", {name: Entry(size, stamp) for name, size in sizes.items()})
    return file_units(made)


def by_name(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["uri"].rpartition("/")[2]: row for row in rows}


# -- the same rows ----------------------------------------------------------------------------------------------------


def compared(server: Server, folder: Path) -> int:
    """Every file of a folder, from the disk and from the server; how many there were."""
    files = files_of(folder)
    here = count_batch(file_units(listing(str(folder), files)))
    away = {row["uri"]: row for row in count_batch(file_units(listing(serve(server, files), files)))}
    for row in here:
        other = away[f"{server.address}/d/{Path(row['uri']).relative_to(folder)}"]
        if row["error"]:
            assert other["error_kind"] == row["error_kind"]
        else:
            assert told(other) == told(row)
    assert len(away) == len(here)
    return len(here)


def test_every_example_gives_the_same_row_from_afar(server: Server) -> None:
    assert compared(server, REPOSITORY / "docs/examples") > 30


def test_every_shared_file_gives_the_same_row_from_afar(server: Server) -> None:
    assert compared(server, shared("models")) > 90


def test_a_folder_is_one_row_from_afar_too(server: Server) -> None:
    for name in ("adapter", "run", "digits_dcp", "digits.mlpackage"):
        files = files_of(REPOSITORY / "docs/examples" / name)
        (here,) = count_batch([folder_unit(listing(str(REPOSITORY / "docs/examples" / name), files))])
        (away,) = count_batch([folder_unit(listing(serve(server, files, name), files))])
        assert here["total"] is not None
        assert told(away) == told(here)


# -- what it costs -----------------------------------------------------------------------------------------------------


def test_a_header_that_fits_costs_one_request(server: Server) -> None:
    rows = count_batch(served(server, {f"m{k}.safetensors": sparse(100) for k in range(20)}))
    assert [row["total"] for row in rows] == [100 * MILLION] * 20
    assert [each.range for each in server.asked] == [(0, FIRST - 1)] * 20


def test_any_other_header_costs_two(server: Server) -> None:
    (row,) = count_batch(served(server, {"m.safetensors": sparse(10_000)}))
    assert row["total"] == 10_000 * MILLION
    assert len(server.asked) == 2


def test_a_file_that_was_listed_without_its_size_costs_no_more(server: Server) -> None:
    (unit,) = served(server, {"m.safetensors": SMALL})
    unit.listing.files["m.safetensors"] = Entry(None, "")
    (row,) = count_batch([unit])
    assert (row["total"], row["size"], row["stamp"]) == (16, len(SMALL), '"1"')
    assert len(server.asked) == 1


def test_a_signature_and_a_login_are_sent_and_stand_in_no_row(server: Server) -> None:
    server.files["/d/m x.safetensors"] = SMALL
    host = server.address.removeprefix("http://")
    (row,) = count_batch(find([f"http://me:secret@{host}/d/m%20x.safetensors?signature=abc"]))
    assert (row["total"], row["uri"]) == (16, f"{server.address}/d/m%20x.safetensors")
    assert "secret" not in repr(row)
    assert "signature" not in repr(row)
    assert server.asked[0].headers["authorization"].startswith("Basic ")
    assert len(server.asked) == 1


def test_shards_are_asked_for_at_once(server: Server) -> None:
    names = [f"model-{k:05}-of-00024.safetensors" for k in range(1, 25)]
    files: dict[str, bytes | Sparse] = {
        name: safetensors([T(f"layers.{k}.weight", [8, 8])]) for k, name in enumerate(names)
    }
    weights = {f"layers.{k}.weight": name for k, name in enumerate(names)}
    files["model.safetensors.index.json"] = json.dumps({"metadata": {}, "weight_map": weights}).encode()
    units = served(server, files)
    server.delay = 0.02
    (row,) = count_batch([folder_unit(units[0].listing)])
    assert row["total"] == 24 * 64
    assert sorted(server.paths) == sorted(server.files)
    assert server.most_at_once > 8


def test_no_more_requests_are_under_way_than_wanted(server: Server) -> None:
    server.delay = 0.005
    rows = count_batch(served(server, {f"m{k}.safetensors": SMALL for k in range(60)}), concurrency=5)
    assert len(rows) == 60
    assert 1 < server.most_at_once <= 5


def test_a_reader_that_goes_on_and_on_gets_a_thread(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its file is a chain of pieces far apart: started again for each, it would read its beginning over and over."""
    starts = []
    real = elsewhere.row_of

    def counting(unit: Unit, *args: Any, **options: Any) -> Any:
        starts.append(threading.current_thread().name)
        return real(unit, *args, **options)

    monkeypatch.setattr(elsewhere, "row_of", counting)
    monkeypatch.setattr(elsewhere, "MOST_STARTS", 2)
    words = ("tokenizer.ggml.tokens", "arr", ("str", ["w" * 40] * 60_000))
    data = gguf([("general.architecture", "str", "llama"), words], [G("output.weight", [2, 4])])
    (row,) = count_batch(served(server, {"m.gguf": data}))
    assert (row["total"], row["architecture"], row["error"]) == (8, "llama", None)
    assert [name.startswith("nparams-read") for name in starts] == [False, False, True]


# -- whatever goes wrong -----------------------------------------------------------------------------------------------


def failing(times: int, status: int = 503) -> Any:
    left = [times]

    def answer(handler: Handler) -> bool:
        if left[0]:
            left[0] -= 1
            handler.give(status, b"")
            return True
        return False

    return answer


def test_a_transfer_that_fails_is_tried_again(server: Server) -> None:
    units = served(server, {"m.safetensors": SMALL})
    server.odd["/d/m.safetensors"] = failing(6)
    (row,) = count_batch(units)
    assert row["total"] == 16
    assert len(server.asked) == 7


def test_what_fails_for_good_is_one_row_to_be_read_again(server: Server) -> None:
    units = served(server, {"a.safetensors": SMALL, "b.safetensors": SMALL, "c.safetensors": SMALL})
    server.odd["/d/b.safetensors"] = failing(1000)
    rows = by_name(count_batch(units))
    assert [rows[f"{name}.safetensors"]["total"] for name in "abc"] == [16, None, 16]
    assert rows["b.safetensors"]["error_kind"] == "transfer"
    assert "failed (503)" in rows["b.safetensors"]["error"]


def test_what_has_gone_since_it_was_listed_is_a_row(server: Server) -> None:
    units = served(server, {"a.safetensors": SMALL, "b.safetensors": SMALL})
    del server.files["/d/a.safetensors"]
    rows = by_name(count_batch(units))
    assert rows["a.safetensors"]["error_kind"] == "fetch"
    assert "no such file (404)" in rows["a.safetensors"]["error"]
    assert rows["b.safetensors"]["total"] == 16


def test_a_file_that_changes_while_it_is_read_is_read_another_time(server: Server) -> None:
    (unit,) = served(server, {"m.safetensors": sparse(10_000)})
    unit.listing.files["m.safetensors"] = Entry(17, "")
    (row,) = count_batch([unit])
    assert (row["error_kind"], row["total"]) == ("transfer", None)
    assert "was changed while it was read" in row["error"]


def test_another_version_of_one_size_is_noticed_by_its_mark(server: Server) -> None:
    """A list that tells sizes alone: the first answer tells the version."""
    server.files["/d/m.safetensors"] = sparse(10_000)
    (unit,) = served(server, {"m.safetensors": sparse(10_000)})
    server.tags = iter(['"1"', *repeat('"2"', 100)])
    (row,) = count_batch([unit])
    assert (row["error_kind"], row["total"]) == ("transfer", None)
    assert "was changed while it was read" in row["error"]


def test_a_server_that_knows_no_ranges_and_tells_sizes(server: Server) -> None:
    """It sends the whole of a file that is longer than what was asked for."""
    (unit,) = served(server, {"m.safetensors": safetensors([T("w", [50_000])])})
    server.odd["/d/m.safetensors"] = whole
    assert count_batch([unit])[0]["total"] == 50_000


def test_a_list_that_alternates_is_read_as_one_that_is_sorted(server: Server, tmp_path: Path) -> None:
    (tmp_path / "m.safetensors").write_bytes(SMALL)
    away = [f"m{k}.safetensors" for k in range(60)]
    units = served(server, dict.fromkeys(away, SMALL))
    server.delay = 0.05
    places = [place for unit in units for place in (unit.uri, f"{tmp_path}/x/../m.safetensors")]
    found = list[Any]()
    scan([], listed=[*places, str(tmp_path / "absent.gguf")], sink=found.append)
    assert sorted(row["uri"] for row in found) == sorted(
        [*(u.uri for u in units), f"{tmp_path}/m.safetensors", f"{tmp_path}/absent.gguf"]
    )
    assert server.most_at_once > 10


def test_sides_lose_nothing_and_hold_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_sides, "MOST_ASIDE", 5)
    for pattern in ("", "h", "a", "ha" * 50, "h" * 30 + "a" * 30, "a" + "h" * 20 + "aa" * 9, "hhahaaah" * 20):
        units = [Unit(Listing("s3://b" if c == "a" else "/b", {}), FILE, (f"{k}",)) for k, c in enumerate(pattern)]
        taken = [(side, list(group)) for side, group in _sides.sides(iter(units))]
        assert all(unit.is_remote is side for side, group in taken for unit in group)
        assert sorted(int(unit.names[0]) for _, group in taken for unit in group) == list(range(len(units)))
        assert len(taken) <= len(units) // 5 + 2


def test_a_host_that_is_not_there_stops_no_other(server: Server) -> None:
    lost = Unit(Listing("http://127.0.0.1:9/d", {"m.safetensors": Entry(9, "")}), FILE, ("m.safetensors",))
    rows = count_batch([lost, *served(server, {"m.safetensors": SMALL})])
    assert sorted(str(row["total"]) for row in rows) == ["16", "None"]


def test_a_store_that_nobody_may_ask_stops_no_other(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """No account, or no obstore: what is said of one is its row."""
    for name in ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_USE_EMULATOR"):
        monkeypatch.delenv(name, raising=False)
    closed = Unit(Listing("az://container/d", {"m.safetensors": Entry(9, "")}), FILE, ("m.safetensors",))
    rows = by_name(count_batch([closed, *served(server, {"open.safetensors": SMALL})]))
    assert rows["open.safetensors"]["total"] == 16
    assert (rows["m.safetensors"]["error_kind"], rows["m.safetensors"]["total"]) == ("read", None)


def test_damage_is_one_row(server: Server) -> None:
    units = served(server, {"a.safetensors": SMALL[:-5], "b.safetensors": b"", "c.safetensors": SMALL})
    rows = by_name(count_batch(units))
    assert [rows[f"{name}.safetensors"]["error_kind"] for name in "abc"] == ["format", "format", None]


def nothing_lives() -> None:
    """No thread of a scan goes on."""
    for thread in threading.enumerate():
        if thread.name.startswith("nparams"):
            thread.join(5)
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("nparams")]


def test_what_is_left_early_leaves_nothing_under_way(server: Server) -> None:
    server.delay = 0.02
    rows = elsewhere.rows_of(served(server, {f"m{k}.safetensors": SMALL for k in range(500)}), concurrency=8)
    assert next(rows)["total"] == 16
    rows.close()
    asked = len(server.asked)
    assert asked < 200
    nothing_lives()


def test_whoever_waits_is_told_that_time_goes_by(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "TICK", 0.02)
    server.delay = 0.2
    ticks: list[int] = []
    rows = elsewhere.rows_of(served(server, {"m.safetensors": SMALL}), tick=lambda: ticks.append(1))
    assert [row["total"] for row in rows] == [16]
    assert len(ticks) > 2


def test_units_are_taken_as_they_are_needed(server: Server) -> None:
    """A list of a million is not read to its end before the first is."""
    (unit,) = served(server, {"m.safetensors": SMALL})
    taken = 0

    def endless() -> Iterator[Unit]:
        nonlocal taken
        while True:
            taken += 1
            yield unit

    rows = elsewhere.rows_of(endless(), concurrency=4)
    assert [next(rows)["total"] for _ in range(50)] == [16] * 50
    rows.close()
    assert taken < 1000


def test_an_error_in_what_finds_comes_out(server: Server) -> None:
    (unit,) = served(server, {"m.safetensors": SMALL})

    def broken() -> Iterator[Unit]:
        yield unit
        raise OSError("the listing broke off")

    with pytest.raises(OSError, match="broke off"):
        list(elsewhere.rows_of(broken()))


@pytest.mark.parametrize("wrong", [0, -1])
def test_a_concurrency_below_one_is_refused(server: Server, wrong: int) -> None:
    units = served(server, {"m.safetensors": SMALL})
    for rows in (
        lambda: count_batch(units, concurrency=wrong),
        lambda: count_batch([], concurrency=wrong),
        lambda: list(elsewhere.rows_of(units, concurrency=wrong)),
        lambda: list(here.rows_of(units, here.AWAY._replace(concurrency=wrong), processes=1)),
        lambda: scan([units[0].uri], options=Options(concurrency=wrong)),
    ):
        with pytest.raises(UsageError, match=f"concurrency is {wrong}: it takes one at least"):
            rows()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*use of fork.*")
def test_processes_that_are_forked_hear_no_answers_to_each_other(server: Server) -> None:
    """Each has its parent's connections, and makes its own."""
    server.delay = 0.01
    units = served(server, {f"m{k}.safetensors": safetensors([T("w", [k + 1])]) for k in range(300)})
    count_batch(units[:64])
    with ProcessPoolExecutor(3, multiprocessing.get_context("fork")) as pool:
        parts = [pool.submit(count_batch, units[k::3]) for k in range(3)]
        rows = by_name([row for part in parts for row in part.result(60)])
    assert {name: row["total"] for name, row in rows.items()} == {f"m{k}.safetensors": k + 1 for k in range(300)}


# -- where an event loop runs already, as in a notebook ---------------------------------------------------------------


def in_a_loop(function: Callable[[], Any]) -> Any:
    """What a function gives that is called while a loop runs in its thread."""

    async def called() -> Any:
        return function()

    loop = asyncio.new_event_loop()  # Ctrl-C is heard as in a notebook: asyncio.run hears it in its own way
    try:
        return loop.run_until_complete(called())
    finally:
        loop.close()


def test_rows_come_where_a_loop_runs(server: Server) -> None:
    units = served(server, {f"m{k}.safetensors": SMALL for k in range(100)})
    rows = in_a_loop(lambda: count_batch(units))
    assert [row["total"] for row in rows] == [16] * 100
    gc.collect()


def test_whoever_waits_where_a_loop_runs_is_told_too(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "TICK", 0.02)
    server.delay = 0.2
    ticks: list[int] = []
    units = served(server, {"m.safetensors": SMALL})
    rows = in_a_loop(lambda: list(elsewhere.rows_of(units, tick=lambda: ticks.append(1))))
    assert ([row["total"] for row in rows], len(ticks) > 2) == ([16], True)


def test_what_is_left_early_where_a_loop_runs_leaves_nothing_under_way(server: Server) -> None:
    """Begun outside of the loop, gone on with and closed in it."""
    server.delay = 0.02
    rows = elsewhere.rows_of(served(server, {f"m{k}.safetensors": SMALL for k in range(500)}), concurrency=8)
    assert next(rows)["total"] == 16
    assert in_a_loop(lambda: next(rows))["total"] == 16
    in_a_loop(rows.close)
    assert len(server.asked) < 200
    gc.collect()
    nothing_lives()


@pytest.mark.parametrize("around", [in_a_loop, lambda function: function()], ids=["a loop", "none"])
def test_an_interrupt_ends_it_well(server: Server, around: Callable[[Any], Any]) -> None:
    server.delay = 4.0
    units = served(server, {"m.safetensors": SMALL})
    soon = threading.Timer(0.3, _thread.interrupt_main)

    def read() -> None:
        soon.start()
        list(elsewhere.rows_of(units))

    with pytest.raises(KeyboardInterrupt):
        around(read)
    gc.collect()


def test_an_error_comes_out_where_a_loop_runs(server: Server) -> None:
    def broken() -> Iterator[Unit]:
        raise OSError("the listing broke off")
        yield

    with pytest.raises(OSError, match="broke off"):
        in_a_loop(lambda: list(elsewhere.rows_of(broken())))
