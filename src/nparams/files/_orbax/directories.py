"""Arrays that lie in folders of their own, as zarr keeps them: NAME/.zarray, NAME/zarr.json."""

from __future__ import annotations

from nparams.errors import FormatError, shown
from nparams.files._orbax.zarr import SECOND, THIRD, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._orbax.zarr import Zarr
    from nparams.files.bytesource import Folder

MAX_RECORD = 65_536  # bytes
ARRAYS, MOST_ARRAYS = 100_000, 1_000_000
DEEPEST = 12  # folders in folders
#: folders of a checkpoint that hold no arrays
OWN = frozenset(("array_metadatas", "d", "metadata"))


def every(folder: Folder, *, limits: bool = True) -> dict[str, Zarr]:
    """Every array below a folder, by its path."""
    found: dict[str, Zarr] = {}
    most = ARRAYS if limits else MOST_ARRAYS
    stack: list[tuple[str, Folder, int]] = [("", folder, 0)]
    visited = 0
    while stack:
        path, here, depth = stack.pop()
        visited += 1
        if visited > most or depth > DEEPEST:
            raise FormatError(
                f"more folders than are read ({most:,}, {DEEPEST} inside each other): the last is {shown(path)}"
            )
        held = _record(here, path) if path else None
        if held is not None:
            found[path] = held
            continue
        inner = [name for name in here.folders() if path or name not in OWN]
        stack += [(f"{path}/{name}" if path else name, here.folder(name), depth + 1) for name in reversed(inner)]
    return found


def _record(folder: Folder, path: str) -> Zarr | None:
    """The array whose folder it is; None where it is none."""
    names = folder.names()
    name = next((name for name in (SECOND, THIRD) if name in names), None)
    if name is None:
        return None
    what = f"{shown(path, 200)[1:-1]}/{name}"
    with folder.open(name) as source:
        if source.size > MAX_RECORD:
            raise FormatError(f"{what}: {source.size:,} bytes; at most {MAX_RECORD:,} are read")
        return record(source.read(0, source.size), what)
