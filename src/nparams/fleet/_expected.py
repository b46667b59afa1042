"""How many models there are in all, found out beside a scan: its own finder is never far ahead of its readers."""

from __future__ import annotations

import threading
from contextlib import suppress

from nparams._claims import ADDRESS, SCHEMES, STORE
from nparams.errors import NparamsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from nparams.fleet.progress import Progress

MOST = 0.5  # seconds that its end is waited for: a listing that does not answer is left to itself


class Counting:
    """`with Counting(roots, ...)`: a thread walks the roots once more, and tells `progress` when it has counted all."""

    def __init__(
        self, roots: Sequence[str], include: Sequence[str], exclude: Sequence[str], progress: Progress
    ) -> None:
        self._walk = roots, include, exclude
        self._progress = progress
        self._stopped = False
        self._thread = threading.Thread(target=self._count, name="nparams-count", daemon=True)

    def __enter__(self) -> None:
        if self._progress.is_shown and self._walk[0] and all(map(_is_cheap, self._walk[0])):
            self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped = True
        if self._thread.is_alive():
            self._thread.join(MOST)

    def _count(self) -> None:
        from nparams.fleet.finding import find

        roots, include, exclude = self._walk
        count = 0
        with suppress(NparamsError):  # the scan itself meets it and says so
            for _ in find(roots, include=include, exclude=exclude):
                count += 1
                if self._stopped:
                    return
            if not self._stopped:
                self._progress.expected = count


def _is_cheap(root: str) -> bool:
    """Whether a root may be walked a second time: a bucket lists a thousand names for a request, a hub counts them."""
    scheme, mark, _ = root.partition(ADDRESS)
    return not mark or SCHEMES[scheme].form == STORE
