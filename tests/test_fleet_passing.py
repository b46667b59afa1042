"""What may pass (no handles, no memory, a transfer that failed) is a row to be read again, and never a wrong count."""

from __future__ import annotations

import errno
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nparams.errors import FetchError, FormatError, ReadError
from nparams.fleet import _passing, here, reading
from nparams.fleet._passing import most_requests, passing
from nparams.fleet.batch import count_batch
from nparams.fleet.rows import refused
from nparams.fleet.units import Entry, Listing, Unit
from tests.fleet_units import file_units, files_of, folder_unit, in_no_time, listing, serve
from tests.limits import limited, need_limits
from tests.range_server import Server, saying, serving
from tests.safetensors_maker import T, safetensors

SMALL = safetensors([T("fc.weight", [4, 3])])
#: a layer of 4 bits that is 8 times as large as it is stored: only its config.json says so
PACKED = safetensors([T("fc.qweight", [8, 64], "I32"), T("fc.qzeros", [1, 8], "I32"), T("fc.scales", [1, 64], "F16")])
GPTQ = {"model_type": "llama", "quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": 64}}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    in_no_time(monkeypatch)
    with serving() as made:
        yield made


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    made = tmp_path / "packed"
    made.mkdir()
    (made / "model.safetensors").write_bytes(PACKED)
    (made / "config.json").write_text(json.dumps(GPTQ))
    return made


def behind(problem: Exception, *more: Exception) -> Exception:
    """An error that was raised from others, as `raise ... from None` leaves them."""
    for each in more:
        problem.__context__, problem = each, each
    return problem


CHAINS: list[tuple[list[Exception], str]] = [
    ([FetchError("m: gone")], "fetch"),
    ([FetchError("m: failed", again=True)], "transfer"),
    ([OSError(errno.EMFILE, "Too many open files")], "transfer"),
    ([OSError(errno.EIO, "Input/output error")], "bug"),
    ([ReadError("m: too many open files"), OSError(errno.ENFILE, "")], "transfer"),
    ([FormatError("m: a shard is bad"), ReadError("m"), OSError(errno.ENOMEM, "")], "transfer"),
    ([FormatError("m: a shard is bad"), FetchError("m: failed", again=True)], "transfer"),
    ([FormatError("m: a shard is bad"), FetchError("m: no such file")], "format"),
]


@pytest.mark.parametrize(("chain", "kind"), CHAINS, ids=lambda value: value if isinstance(value, str) else "")
def test_an_error_is_of_the_kind_of_what_is_behind_it(chain: list[Exception], kind: str) -> None:
    behind(*chain)
    assert refused(Unit(Listing("/d", {"m": Entry(1, "1")}), "file", ("m",)), chain[0])["error_kind"] == kind


def test_errors_that_go_round_in_a_circle_end() -> None:
    one, other = ReadError("a"), ReadError("b")
    behind(one, other, one)
    assert passing(one) is None


# -- a count is never made without what could not be read now ----------------------------------------------------------


def test_settings_that_cannot_be_opened_now_are_not_left_out(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unit = folder_unit(listing(str(packed), files_of(packed)))
    (before,) = count_batch([unit])
    real = reading.FileSource

    def short(path: str) -> Any:
        if path.endswith("config.json"):
            try:
                raise OSError(errno.EMFILE, "Too many open files")
            except OSError:
                raise ReadError("config.json: too many open files") from None
        return real(path)

    monkeypatch.setattr(reading, "FileSource", short)
    (row,) = count_batch([unit])
    assert (before["total"], before["quantisation"]) == (64 * 64, "gptq 4-bit")
    assert (row["error_kind"], row["total"]) == ("transfer", None)


def test_settings_whose_transfer_fails_are_not_left_out(packed: Path, server: Server) -> None:
    files = files_of(packed)
    unit = folder_unit(listing(serve(server, files), files))
    assert count_batch([unit])[0]["total"] == 64 * 64
    server.odd["/d/config.json"] = saying(503)
    (row,) = count_batch([unit])
    assert (row["error_kind"], row["total"]) == ("transfer", None)
    assert "config.json" in row["error"]


# -- too few handles ---------------------------------------------------------------------------------------------------

FULL = """
import os, resource
resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
taken = []
try:
    while True:
        taken.append(os.dup(0))
except OSError:
    pass
rows = count_batch(units)
for each in taken:
    os.close(each)
print(json.dumps([[row["error_kind"], row["error"], row["total"]] for row in rows + count_batch(units)]))
"""
BEFORE = """
import json
import nparams
from nparams.fleet.batch import count_batch
from nparams.fleet.finding import find
units = list(find(sys.argv[1:]))
count_batch(units)
"""


@need_limits
def test_a_file_that_cannot_be_opened_now_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "m.safetensors").write_bytes(SMALL)
    run = limited(BEFORE, FULL, tmp_path, beyond=True)
    assert run.returncode == 0, run.stderr
    held = "this process may have 40; ulimit -n raises that"
    short = f"{tmp_path}/m.safetensors: too many open files ({held}): the next scan reads it again"
    assert json.loads(run.stdout) == [["transfer", short, None], [None, None, 12]]


@need_limits
@pytest.mark.parametrize("handles", [16, 24, 40])
def test_no_more_requests_are_under_way_than_there_are_handles_for(server: Server, handles: int) -> None:
    server.delay = 0.005
    server.files = {f"/d/m{k}.safetensors": SMALL for k in range(30)}
    code = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (HANDLES, HANDLES))
print(json.dumps([[row["error"], row["total"]] for row in count_batch(units)]))
""".replace("HANDLES", str(handles))
    addresses = [f"{server.address}{path}" for path in server.files]
    run = limited(BEFORE.replace("count_batch(units)\n", ""), code, *addresses, megabytes=4_000, beyond=True)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == [[None, 12]] * 30
    assert server.most_at_once <= max(1, handles // 2 - 8)


def test_requests_by_the_handles_that_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    for most, used, wanted in [(1024, 24, 64), (256, 40, 64), (100, 20, 32), (20, 18, 1), (None, 0, 64)]:
        monkeypatch.setattr(_passing, "limit", lambda most=most: most)
        monkeypatch.setattr(_passing, "_open_now", lambda used=used: used)
        assert most_requests(64) == wanted


@pytest.mark.parametrize("good", [0, 1])
def test_processes_that_cannot_be_begun_are_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, good: int
) -> None:
    for k in range(300):
        (tmp_path / f"m{k}.safetensors").write_bytes(SMALL)
    left, real = [good], subprocess.Popen

    def begun(*args: Any, **options: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return real(*args, **options)

    monkeypatch.setattr(subprocess, "Popen", begun)
    units = file_units(listing(str(tmp_path), files_of(tmp_path)))
    rows = list(here.rows_of(units, processes=2))
    assert [row["total"] for row in rows] == [12] * 300
    assert sorted(row["uri"] for row in rows) == sorted(unit.uri for unit in units)
