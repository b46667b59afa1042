"""The locks: exact versions with hashes, no addresses, of the names that pyproject.toml declares."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

import nparams

ROOT = Path(__file__).resolve().parent.parent
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PIN = re.compile(r"([a-z0-9._-]+)==\S+(?: ; [^\\]+)? \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+")


def wanted(name: str) -> set[str]:
    """The requirements that requirements/NAME.in asks for, those of the files it includes too."""
    lines = [line.strip() for line in (ROOT / "requirements" / f"{name}.in").read_text().splitlines()]
    included = [wanted(line.removeprefix("-r ").removesuffix(".in")) for line in lines if line.startswith("-r ")]
    return {line for line in lines if line and not line.startswith(("#", "-"))}.union(*included)


def group(name: str) -> set[str]:
    """A dependency group of pyproject.toml, those it includes too."""
    entries = PROJECT["dependency-groups"][name]
    included = [group(entry["include-group"]) for entry in entries if isinstance(entry, dict)]
    return {entry for entry in entries if isinstance(entry, str)}.union(*included)


def pinned(lock: Path) -> set[str]:
    return set(PIN.findall(lock.read_text()))


@pytest.mark.parametrize(
    ("lock", "named"),
    [("core", "test"), *((name, name) for name in "peers torch jax ecosystem remote fleet derive check".split())],
)
def test_the_groups_and_the_locks_ask_for_the_same(lock: str, named: str) -> None:
    assert wanted(lock) == group(named) | set(PROJECT["project"]["dependencies"])


def test_the_build_lock_is_of_the_build_back_end() -> None:
    assert wanted("build") == set(PROJECT["build-system"]["requires"])


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_holds_pins_with_hashes_and_nothing_else(lock: Path) -> None:
    rest = [line for line in PIN.sub("", lock.read_text()).splitlines() if not re.match(r" *#|$", line)]
    assert rest == []
    assert "://" not in lock.read_text()
    assert {re.split(r"[\[>=]", line)[0] for line in wanted(lock.stem)} <= pinned(lock)


def test_the_core_environment_is_without_arrays() -> None:
    assert pinned(ROOT / "requirements/core.txt").isdisjoint({"numpy", "sympy", "safetensors", "gguf", "torch"})


def test_the_installed_package_is_this_one() -> None:
    assert nparams.__version__ == version("nparams")
    assert nparams.__file__ is not None
    assert Path(nparams.__file__).with_name("py.typed").is_file()
