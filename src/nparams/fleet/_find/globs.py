"""Which paths are looked at: patterns of the user's, and folders that never hold anybody's models.

A pattern is a glob on the path below the root, `*` crosses `/`, or on the bare name alone (Python's fnmatch, letters as
they are).  What matches a folder goes for all below it.
"""

from __future__ import annotations

import re
from fnmatch import translate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

#: bare names of folders that are not visited, and why
SKIPPED = {
    ".git": "copies of what lies in the work tree, under other names",
    ".hg": "copies of what lies in the work tree, under other names",
    ".svn": "copies of what lies in the work tree, under other names",
    "__pycache__": "compiled Python",
    "node_modules": "packages of JavaScript",
    ".ipynb_checkpoints": "copies that Jupyter makes",
    ".no_exist": "empty files that say what a model on the hub lacks (huggingface_hub file_download.py)",
    ".locks": "empty files that the hub's cache locks with",
    "lost+found": "what a check of the disk left, for root alone",
    ".Trash": "thrown away",
    "$RECYCLE.BIN": "thrown away",
    "System Volume Information": "for the system alone",
}
#: ends of paths of such folders: `.cache/huggingface` below a home holds the models of the hub's cache itself
SKIPPED_BELOW = {
    ".cache/huggingface/download": "what the hub's client notes of each file that it fetched into a folder",
    ".cache/huggingface/upload": "what the hub's client notes of each file that it sends",
    ".cache/huggingface/trash": "thrown away",
}
#: how the bare name of a folder begins in the hub's cache, for what is no model (docs/source/en/guides/manage-cache.md)
OTHERS_OF_HUB = ("datasets--", "spaces--")
#: the cache's folder of one model, and the folder in it whose files the snapshots link to
MODEL_OF_HUB, BLOBS = "models--", "blobs"


class Globs:
    """The patterns of --include and --exclude."""

    __slots__ = ("_exclude", "_include", "_named")

    def __init__(self, include: Iterable[str] = (), exclude: Iterable[str] = ()) -> None:
        patterns = [_cleaned(each) for each in include]
        self._include = _one_of(patterns)
        self._exclude = _one_of([_cleaned(each) for each in exclude])
        #: those that name files, and not just a place to look in
        self._named = _one_of([each for each in patterns if each.rpartition("/")[2].strip("*")])

    @property
    def chooses(self) -> bool:
        """Whether only what is named is wanted."""
        return self._include is not None

    @property
    def narrows(self) -> bool:
        """Whether there are any patterns."""
        return self.chooses or self.drops_some

    @property
    def drops_some(self) -> bool:
        """Whether there is anything to exclude."""
        return self._exclude is not None

    def prunes(self, path: str) -> bool:
        """Whether a folder is not visited.

        >>> globs = Globs(exclude=["old*", "*/tmp"])
        >>> [globs.prunes(path) for path in ("a/.git", "a/older", "a/tmp", "tmp", "models--a--b/blobs", "blobs")]
        [True, True, True, False, True, False]
        """
        above, _, name = path.rpartition("/")
        if name in SKIPPED or name.startswith(OTHERS_OF_HUB):
            return True
        if name == BLOBS and above.rpartition("/")[2].startswith(MODEL_OF_HUB):
            return True
        return any(f"/{path}".endswith(f"/{end}") for end in SKIPPED_BELOW) or self.drops(path)

    def drops(self, path: str) -> bool:
        """Whether a path is excluded."""
        return _fits(self._exclude, path)

    def takes(self, path: str) -> bool:
        """Whether a path is one of those that are wanted."""
        return self._include is None or _fits(self._include, path)

    def names(self, path: str) -> bool:
        """Whether a file is named, and so is read whatever its ending is.

        >>> globs = Globs(["*.dat", "mine/*"])
        >>> [(globs.takes(path), globs.names(path)) for path in ("a/b.dat", "mine/README.md", "b.bin")]
        [(True, True), (True, False), (False, False)]
        """
        return _fits(self._named, path)

    def reaches(self, path: str) -> bool:
        """Whether a file of that path below the root would be looked at at all, by the patterns."""
        parts = path.split("/")
        above = ["/".join(parts[:k]) for k in range(1, len(parts))]
        if any(map(self.prunes, above)) or self.drops(path):
            return False
        return self.takes(path) or any(map(self.takes, above))


def _cleaned(pattern: str) -> str:
    """A pattern as one on the path below the root: without ./ before it, or / behind it."""
    return pattern.removeprefix("./").removeprefix("**/").rstrip("/")


def _one_of(patterns: list[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(translate(each) for each in patterns)) if patterns else None


def _fits(pattern: re.Pattern[str] | None, path: str) -> bool:
    return pattern is not None and (
        pattern.match(path) is not None or pattern.match(path.rpartition("/")[2]) is not None
    )
