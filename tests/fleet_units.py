"""Units made by hand, where a test is not about finding them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from nparams.fleet import _fetching
from nparams.fleet.units import FILE, FOLDER, Entry, Listing, Unit
from nparams.remote import http
from tests.range_server import Server

#: columns that say where and when, and not what
APART = ("uri", "read_at", "stamp")


def files_of(folder: Path) -> dict[str, Path]:
    """Every file below a folder, by its path in it."""
    return {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}


def listing(place: str, files: dict[str, Path], stamp: str = "1") -> Listing:
    return Listing(place, {name: Entry(path.stat().st_size, stamp) for name, path in files.items()})


def file_units(made: Listing, names: Iterable[str] | None = None) -> list[Unit]:
    """Each file of a listing as a unit of its own."""
    return [Unit(made, FILE, (name,)) for name in (made.files if names is None else names)]


def folder_unit(made: Listing) -> Unit:
    return Unit(made, FOLDER)


def serve(server: Server, files: dict[str, Path], under: str = "d") -> str:
    """Put files on a web server; the address of their folder."""
    server.files |= {f"/{under}/{name}": path for name, path in files.items()}
    return f"{server.address}/{under}"


def told(row: dict[str, Any], shown: Callable[[str], str] = lambda text: text) -> dict[str, Any]:
    """What a row says of a model, wherever it lies."""
    return {key: value for key, value in row.items() if key not in APART}


def in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever fails is tried again at once."""
    monkeypatch.setattr(http, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(_fetching, "FIRST_WAIT", 0.01)
