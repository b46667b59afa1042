"""The folder of a table: whether it is one, of which kind its files are, and scan.json, which says both."""

from __future__ import annotations

import json
import os
from typing import NamedTuple

from nparams._claims import is_address
from nparams.errors import ReadError, UsageError, escaped, shown
from nparams.fleet._store.files import KINDS, LINES, PARQUET, TEMPORARY, Kind, unwritable, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, BinaryIO

SCAN, LOCK, MODELS, TENSORS = "scan.json", ".lock", "models", "tensors"
SCHEMA = 1
INSTALL = "pip install 'nparams[scan]'"
#: what may stand in a folder before there is a scan.json: a scan that was killed at its very beginning
BEGUN = frozenset((LOCK, SCAN + TEMPORARY))
MOST_SCANS = 100  # of which scan.json tells
MOST_ROOTS = 100  # of each


class Home(NamedTuple):
    """A folder that holds a table."""

    path: str
    kind: Kind
    scan: dict[str, Any]

    def folder(self, name: str) -> str:
        """The path of a folder or file in it."""
        return os.path.join(self.path, name)

    def say(self, scan: Mapping[str, Any]) -> None:
        """Write scan.json with one more scan in it; of the roots, and of the scans, as many as a person would read."""
        roots = list(scan["roots"])
        kept = {**scan, "roots": [ascii(root)[1:-1] for root in roots[:MOST_ROOTS]], "of_roots": len(roots)}
        self.scan["scans"] = [*self.scan["scans"], kept][-MOST_SCANS:]
        _write(self.path, self.scan)


def prepare(path: str) -> None:
    """Make the folder where it is absent.  UsageError where it is no folder, or holds something else than a table."""
    if is_address(path) or not path:
        raise UsageError(f"{shown(path)}: a table is written to a disk; name a folder of this machine")
    try:
        os.makedirs(path, exist_ok=True)
        held = os.listdir(path)
    except FileExistsError:
        raise UsageError(f"{escaped(path)}: a file, and a table is a folder; name an empty or a new one") from None
    except OSError as problem:
        raise UsageError(f"{escaped(path)}: {problem.strerror or problem}") from None
    strange = sorted(name for name in held if name not in BEGUN)
    if strange and SCAN not in held:
        raise UsageError(
            f"{escaped(path)}: holds {shown(strange[0])} and no {SCAN}, so it is no scan's table; name an empty folder"
        )


def opened(path: str) -> Home:
    """The table in a folder.  ReadError where there is none, UsageError where this installation cannot read it."""
    scan = _scan(path)
    kind = _kind(path, scan)
    if kind is PARQUET and not has_pyarrow():
        raise UsageError(f"{escaped(path)}: its parts are Parquet, which needs pyarrow: {INSTALL}")
    if not isinstance(scan.get("scans"), list):
        scan["scans"] = []
    return Home(path, kind, scan)


def check(path: str) -> None:
    """Errors as `opened`, where there is a scan.json at all: somebody may have copied the parts alone."""
    if os.path.lexists(os.path.join(path, SCAN)):
        _kind(path, _scan(path))


def _kind(path: str, scan: Any) -> Kind:
    if not isinstance(scan, dict) or scan.get("what") != "nparams scan":
        raise ReadError(f"{os.path.join(escaped(path), SCAN)}: not the {SCAN} of nparams scan; name another folder")
    kind = KINDS.get(str(scan.get("kind")))
    if scan.get("schema") != SCHEMA or kind is None:
        raise UsageError(
            f"{escaped(path)}: a table of nparams {shown(str(scan.get('nparams')))}, which this version does not know; "
            "upgrade nparams, or name another folder"
        )
    return kind


def _scan(path: str) -> Any:
    try:
        with open(os.path.join(path, SCAN), "rb") as file:
            return json.loads(file.read())
    except FileNotFoundError:
        raise ReadError(f"{escaped(path)}: no table of a scan: there is no {SCAN} in it") from None
    except OSError as problem:
        raise ReadError(f"{os.path.join(escaped(path), SCAN)}: {problem.strerror or problem}") from None
    except (ValueError, RecursionError):
        return None


def made(path: str) -> Home:
    """A new table, or the one that is there."""
    from nparams import __version__

    if not os.path.exists(os.path.join(path, SCAN)):
        kind = PARQUET if has_pyarrow() else LINES
        scan = {"what": "nparams scan", "schema": SCHEMA, "kind": kind.name, "nparams": __version__, "scans": []}
        _write(path, scan)
    home = opened(path)
    try:
        for name in (MODELS, TENSORS):
            os.makedirs(home.folder(name), exist_ok=True)
    except OSError as problem:
        raise unwritable(path, problem) from None
    return home


def _write(path: str, scan: Mapping[str, Any]) -> None:
    text = json.dumps(scan, indent=1).encode() + b"\n"

    def fill(file: BinaryIO) -> None:
        file.write(text)

    write(os.path.join(path, SCAN), fill)


def has_pyarrow() -> bool:
    """Whether Parquet can be written and read here."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        return False
    return True
