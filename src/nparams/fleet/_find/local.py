"""The files below a folder of this machine: depth first, in the order of bytes, without following links out of it."""

from __future__ import annotations

import os
import re
import stat

from nparams.errors import ReadError, shown
from nparams.files.bytesource import reason
from nparams.fleet._find.tree import Trouble
from nparams.fleet.units import Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.fleet._find.globs import Globs

#: a snapshot in a hub's cache, the files of which are links to the blobs of its own repository
SNAPSHOT = re.compile(r"(.*[/\\]models--[^/\\]+)[/\\]snapshots[/\\][^/\\]+(?:[/\\].*)?", re.DOTALL)


def walked(root: str, globs: Globs) -> Iterator[tuple[str, Entry | Trouble]]:
    """(path below the root, with slashes; its entry) of every regular file; Trouble for a folder that is closed.

    A link to a folder is not entered, one to a file is that file where it lies below the root.  What is neither file
    nor folder (a pipe, a device) is left out: it is not even opened.
    """
    fence = fence_of(root)
    #: (path below the root, what is left in it: folders end with a slash, the next one stands last)
    todo = [("", ["/"])]
    while todo:
        here, left = todo[-1]
        folder, before = os.path.join(_joined(root, here), ""), f"{here}/" if here else ""
        while left:
            name = left.pop()
            if not name.endswith("/"):
                entry = entry_of(folder + name, fence)
                if entry is not None:
                    yield (here if isinstance(entry, Trouble) else before + name), entry
                if isinstance(entry, Trouble):
                    left.clear()  # it would be said of each of them
            elif name == "/" or not globs.prunes(before + name[:-1]):
                inner = before + name[:-1]
                names = _names(root, inner)
                if isinstance(names, Trouble):
                    yield inner, names
                    continue
                todo.append((inner, names))
                break
        else:
            todo.pop()


def _names(root: str, path: str) -> list[str] | Trouble:
    """The names in a folder, the last one first; those of folders end with a slash, so that they sort as keys do."""
    try:
        with os.scandir(_joined(root, path)) as entries:
            names = [f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name for entry in entries]
    except (OSError, ValueError) as error:
        return Trouble(f"{shown(path or root, 200)}: this folder cannot be looked into: {reason(error)}")
    names.sort(reverse=True)
    return names


def _joined(root: str, path: str) -> str:
    return os.path.join(root, path.replace("/", os.sep)) if path else root


def entry_of(path: str, fence: str) -> Entry | Trouble | None:
    """The size of a regular file, and what changes with it; None for what is none, or lies beyond the fence."""
    try:
        status = os.lstat(path)
    except PermissionError as error:
        return Trouble(f"{shown(path, 200)}: the files of this folder cannot be looked at: {reason(error)}")
    except (OSError, ValueError):
        return None  # it went away
    if stat.S_ISLNK(status.st_mode):
        try:
            real = os.path.realpath(path)
            if not real.startswith(fence):
                return None
            status = os.lstat(real)
        except (OSError, ValueError):
            return None  # it leads nowhere, or in a circle
    if not stat.S_ISREG(status.st_mode):
        return None
    return Entry(status.st_size, f"{status.st_mtime_ns}:{status.st_ino}")


def fence_of(root: str) -> str:
    """How the real paths of files below a root begin: of a snapshot in a hub's cache those of its repository.

    >>> fence_of(os.path.join(os.sep, "absent", "models--a--b", "snapshots", "c0ffee")).split(os.sep)[1:]
    ['absent', 'models--a--b', '']
    """
    real = os.path.realpath(root)
    snapshot = SNAPSHOT.fullmatch(real)
    return os.path.join(real if snapshot is None else snapshot[1], "")


def kind_of(path: str) -> str:
    """Whether a path is a "file" or a "folder"; ReadError where it is neither, or is not there."""
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        raise ReadError(f"{shown(path, 200)}: {reason(error)}") from None
    if stat.S_ISDIR(status.st_mode):
        return "folder"
    if stat.S_ISREG(status.st_mode):
        return "file"
    raise ReadError(f"{shown(path, 200)}: neither a file nor a folder")
