"""One writer at a time: a lock on a file, which the system lets go of when its process ends, however it ends."""

from __future__ import annotations

import os
import sys

from nparams.errors import UsageError, escaped

#: descriptors of locks that this process holds: a child that is forked must not keep them when its parent is killed
_held: set[int] = set()


class Lock:
    """The lock on a file; UsageError where another process (or another Table of this one) holds it."""

    __slots__ = ("_fd",)

    def __init__(self, path: str) -> None:
        folder = escaped(os.path.dirname(path))
        self._fd = -1
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
            _held.add(self._fd)
            _take(self._fd)
        except (BlockingIOError, PermissionError) as problem:
            held = self._fd >= 0
            self.release()
            told = "another scan is writing here; wait for it, or name another folder" if held else _told(problem)
            raise UsageError(f"{folder}: {told}") from None
        except OSError as problem:
            self.release()
            raise UsageError(f"{folder}: {_told(problem)}") from None

    def release(self) -> None:
        """Let go of it; twice is fine."""
        if self._fd in _held:
            _held.discard(self._fd)
            os.close(self._fd)
        self._fd = -1


def _told(problem: OSError) -> str:
    return f"cannot be locked against a second scan ({problem.strerror or problem}); name another folder"


def _take(fd: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _leave_to_parent() -> None:
    """In a forked child: its copy of a descriptor would hold the lock as long as it lives."""
    for fd in _held:
        os.close(fd)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)
