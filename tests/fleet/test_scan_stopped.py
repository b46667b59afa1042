"""Ctrl-C while a store's listing does not come: obstore waits where Python cannot interrupt it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fast_server import Fast
from tests.range_server import serving
from tests.remote.s3_server import without_login
from tests.scan_stopped import pressed, stalling


@pytest.mark.parametrize("how", [[], ["-q"], ["--processes", "2"]])
def test_ctrl_c_ends_a_scan_whose_bucket_is_not_listed(
    how: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_login(monkeypatch, tmp_path)
    with serving() as server, stalling() as stall:
        for name, value in Fast(server.address).environment.items():
            monkeypatch.setenv(name, value)
        server.odd["/bucket"] = stall
        code, out, err = pressed(["s3://bucket/models", *how], stall.reached.is_set)
    assert (code, out, [line[:8] for line in err.splitlines()]) == (130, "", ["stopped:"]), err
