"""Models that exist as a listing alone, a scan of them into a table, and a process that is killed at every step of it.

`python -m tests.store_world DIR KIND` scans generations of models into tables below DIR.  Before each call that changes
the disk in the last scan a child is killed at that moment (`kill -9`), and the scan is resumed; a line of JSON tells of
each.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

import nparams
from nparams.fleet import store
from nparams.fleet._store import files, home
from nparams.fleet.rows import COLUMNS, empty, now
from nparams.fleet.units import FILE, Entry, Listing, Unit

ROOT = "/models"
CALLS = ("replace", "fsync", "unlink", "makedirs")
#: name -> size and stamp
World = Mapping[str, tuple[int | None, str]]
FIRST: World = {f"m{i}": (100 + i, f"{i}:1") for i in range(9)}
#: without m5, which the third one has again
SECOND: World = {name: seen for name, seen in FIRST.items() if name != "m5"}
#: m0 m1 m6 m7 m8 as they were; m2 m3 changed; m4 vanished; m5 back; m9 to m12 new
THIRD: World = {
    name: (9_000, "changed") if name in ("m2", "m3") else (100, f"{name}:1") if name in ("m9", "m10", "m11", "m12") else
    FIRST[name] for name in ("m0", "m1", "m10", "m11", "m12", "m2", "m3", "m5", "m6", "m7", "m8", "m9")
}  # fmt: skip


def unit(name: str, size: int | None, stamp: str, root: str = ROOT) -> Unit:
    """A file that is one model."""
    return Unit(Listing(root.rstrip("/"), {name: Entry(size, stamp)}), FILE, (name,))


def row(of: Unit, **more: Any) -> dict[str, Any]:
    """What reading a unit would give; its numbers follow from its size."""
    made = empty()
    made |= {"uri": of.uri, "kind": of.kind, "size": of.size, "stamp": of.stamp, "reader": nparams.__version__}
    made |= {"total": of.size, "dtypes": {"float32": of.size or 0}, "read_at": now()}
    made["tensors"] = [tensor(of.uri, f"{i}.weight", (of.size or 0) + i) for i in range(2)]
    return made | more


def tensor(uri: str, name: str, n: int) -> dict[str, Any]:
    """A row of one tensor, as network/written.py makes it."""
    return {
        "uri": uri, "name": name, "shape": [n, 1], "dtype": "float32", "role": "weight", "trainable": None,
        "tied_to": None, "stored": None, "note": None, "count": n, "adds": n,
    }  # fmt: skip


def scan(path: str, world: World, *, tensors: bool = False, root: str = ROOT, complete: bool = True) -> list[str]:
    """Scan a world into the table at `path`; the names that were read, in their order."""
    read = []
    with store.Table(path, tensors) as table:
        for name, (size, stamp) in world.items():
            each = unit(name, size, stamp, root)
            if not table.is_known(each):
                read.append(name)
                table.add(row(each))
        table.finish(complete, [root])
    return read


def held(path: str) -> list[dict[str, Any]]:
    """The rows of a table by their uri, without times."""
    found = [{**each, "read_at": None, "gone": each["gone"] is not None} for each in store.rows(path)]
    return sorted(found, key=lambda each: str(each["uri"]))


def tensors_held(path: str) -> list[tuple[Any, ...]]:
    """The tensors of a table: uri, name, count."""
    return sorted((each["uri"], each["name"], each["count"]) for each in store.tensors(path))


def on_disk(path: str) -> list[str]:
    """The uris that stand in the parts, those that do not count too."""
    kind = home.opened(path).kind
    folder = os.path.join(path, home.MODELS)
    found = (kind.read(os.path.join(folder, part.name(kind.ending)), COLUMNS) for part in files.parts(folder, kind))
    return sorted(each["uri"] for some in found for each in some)


def names(path: str) -> list[str]:
    """Every file of a table, by its path in it."""
    return sorted(
        os.path.relpath(os.path.join(folder, name), path) for folder, _, found in os.walk(path) for name in found
    )


def kill_at(moment: int) -> None:
    """Kill this process before the call of that number that changes the disk: it then is as the call before left it."""
    calls = count()

    def deadly(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            if next(calls) == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **named)

        return call

    for name in CALLS:
        setattr(os, name, deadly(getattr(os, name)))


def killed(path: str, world: World, moment: int) -> bool:
    """Scan in a child that is killed at a moment; False where it had ended before that."""
    child = os.fork()
    if not child:
        try:
            kill_at(moment)
            scan(path, world, tensors=True)
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1] == signal.SIGKILL


def story(folder: str, earlier: Sequence[World], world: World) -> Iterator[dict[str, Any]]:
    """What the disk held after each kill, what the resumed scan read, and what the table held then."""
    base, path = os.path.join(folder, "base"), os.path.join(folder, "table")
    shutil.rmtree(base, ignore_errors=True)
    os.makedirs(base)
    for each in earlier:
        scan(base, each, tensors=True)
    for moment in count():
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(base, path)
        if not killed(path, world, moment):
            return
        after = held(path) if os.path.exists(os.path.join(path, home.SCAN)) else []
        read = scan(path, world, tensors=True)
        yield {"after": after, "read": read, "rows": held(path), "tensors": tensors_held(path),
               "on_disk": on_disk(path), "names": names(path)}  # fmt: skip


def main() -> None:
    """Tell the story of one kind of part."""
    folder, kind = sys.argv[1:]
    store.ROWS = 2
    os.fsync = lambda fd: None  # a killed process loses nothing that it wrote; a disk without power may
    if kind == "lines":
        home.has_pyarrow = lambda: False
    else:
        import pyarrow.parquet  # noqa: F401  # so that no child loads it again
    for stage, (earlier, world) in {"first": ([], FIRST), "third": ([FIRST, SECOND], THIRD)}.items():
        for told in story(folder, earlier, world):
            print(json.dumps({"stage": stage, **told}))


if __name__ == "__main__":
    main()
