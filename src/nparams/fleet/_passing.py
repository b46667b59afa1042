"""What a later try may not meet: transfers that failed, and what a system runs out of while many models are read.

None of that is a fault of a model: its row says so, and the next scan reads it again.
"""

from __future__ import annotations

import errno
import os

from nparams.errors import FetchError, escaped

#: what a system has no more of
SHORT = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOMEM))
MOST_CHAIN = 20  # errors behind an error that are looked at
#: handles that a request may take (a redirect leads to another host), and those that are left for all else: listings,
#: parts of the table, modules that are imported
EACH, ROOM = 2, 16
OPEN_NOW = ("/proc/self/fd", "/dev/fd")


class NotNow(Exception):
    """A file cannot be read now: none of ours, so that no reader takes the file for one that is absent or damaged."""


def passing(problem: BaseException) -> OSError | FetchError | None:
    """The error that may pass, which is behind another one or is it; None where there is none."""
    at: BaseException | None = problem
    for _ in range(MOST_CHAIN):
        if isinstance(at, FetchError) and at.again:
            return at
        if isinstance(at, OSError) and at.errno in SHORT:
            return at
        if at is None:
            break
        at = at.__cause__ or at.__context__
    return None


def told(uri: str, problem: OSError) -> str:
    """What ran short while a model was read, in a line."""
    most = limit() if problem.errno == errno.EMFILE else None
    held = f" (this process may have {most:,}; ulimit -n raises that)" if most is not None else ""
    return f"{escaped(uri)}: {os.strerror(problem.errno or 0).lower()}{held}: the next scan reads it again"


def limit() -> int | None:
    """How many files this process may have open; None where nobody says."""
    try:
        import resource
    except ImportError:  # not on every system
        return None
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return None if soft == resource.RLIM_INFINITY else soft


def most_requests(wanted: int) -> int:
    """So many requests at once as are wanted, or as there are handles for; one at least."""
    most = limit()
    return wanted if most is None else max(1, min(wanted, (most - _open_now() - ROOM) // EACH))


def _open_now() -> int:
    for folder in OPEN_NOW:
        try:
            return len(os.listdir(folder))
        except OSError as problem:
            if problem.errno in SHORT:
                return limit() or 0
    return 0
