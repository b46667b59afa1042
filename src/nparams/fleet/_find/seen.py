"""Roots that were looked at, so that what is given twice, or lies below another root, is counted once."""

from __future__ import annotations

import os
from hashlib import blake2b

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class Seen:
    """Paths and addresses, 16 bytes each: a million of them take about 100 MB.

    >>> seen = Seen()
    >>> seen.enter("/models"), seen.enter("/models/a/b.pt"), seen.enter("/other"), seen.enter("/models")
    (True, False, True, False)
    """

    __slots__ = ("_digests",)

    def __init__(self) -> None:
        self._digests: set[bytes] = set()

    def enter(self, path: str) -> bool:
        """Whether a root is a new one, and lies below none of those before it."""
        if any(_digest(each) in self._digests for each in _above(path)):
            return False
        self._digests.add(_digest(path))
        return True

    def holds(self, path: str, root: str) -> bool:
        """Whether a path below a root was looked at already, as another root or below one."""
        if len(self._digests) == 1:
            return False
        return any(len(each) > len(root) and _digest(each) in self._digests for each in _above(path))


def _above(path: str) -> Iterator[str]:
    """A path, and the folders that it lies in."""
    plain = path.replace(os.sep, "/")
    start = plain.find("://") + 3 if "://" in plain else 0
    at = len(plain)
    while at > start:
        yield plain[:at]
        at = plain.rfind("/", start, at)
    if not start and plain.startswith("/"):
        yield "/"


def _digest(path: str) -> bytes:
    return blake2b(path.encode("utf-8", "surrogatepass"), digest_size=16).digest()
