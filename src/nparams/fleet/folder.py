"""A folder of a Listing, as a reader sees it: the names as they were listed, and files opened by whoever holds them."""

from __future__ import annotations

from nparams.errors import FormatError, ReadError, place, shown
from nparams.files.bytesource import NeedBytes, is_bare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from typing import Any, TypeVar

    from nparams.files.bytesource import OpenSource
    from nparams.fleet.units import Listing

    Item = TypeVar("Item")
    Result = TypeVar("Result")
    #: opens the file of a path in the listing
    Opener = Callable[[str], OpenSource]


MOST_TOGETHER = 64  # ranges that are asked for at once


class ListedFolder:
    """The folder at `path` in a listing ("" for the whole); of its own files those in `only`, where it is given."""

    __slots__ = ("_here", "_listing", "_open", "_path", "name", "settings")

    def __init__(self, listing: Listing, opener: Opener, path: str = "", only: Collection[str] | None = None) -> None:
        self.name = listing.address(path)
        self._listing = listing
        self._open = opener
        self._path = f"{path}/" if path else ""
        #: the files of settings in it that were read, for the next question about the same model
        self.settings: dict[str, dict[str, Any]] = {}
        files, folders = listing.inside(path)
        self._here = (files, folders) if only is None else ({n: None for n in files if n in only}, {})

    def names(self) -> list[str]:
        """Every entry's bare name, sorted."""
        return sorted({*self._here[0], *self._here[1]})

    def has(self, name: str) -> bool:
        """Whether an entry of that bare name was listed."""
        return name in self._here[0] or name in self._here[1]

    def folders(self) -> list[str]:
        """The bare names of the folders in it, sorted."""
        return sorted(self._here[1])

    def folder(self, name: str) -> ListedFolder:
        """The folder of that bare name."""
        if name not in self._here[1]:
            raise ReadError(f"{place(self.name)}: {shown(name)} is no folder in it")
        return ListedFolder(self._listing, self._open, self._path + name)

    def open(self, name: str) -> OpenSource:
        """The file of that bare name."""
        if name not in self._here[0]:  # what was listed lies here, whatever it is called
            if not is_bare(name):
                raise FormatError(
                    f"{shown(name)}: a file named inside a model must lie beside it; paths are not followed"
                )
            if not self._listing.partial:
                raise ReadError(f"{place(name)}: no such file or directory")
        return self._open(self._path + name)

    def each(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterable[Result]:
        """The function's results for all items; what all of them still need is told together, to be fetched at once."""
        return together(function, items)


class NeedMany(NeedBytes):
    """Several ranges that are lacking, of one file or of several."""

    def __init__(self, needs: Sequence[NeedBytes]) -> None:
        super().__init__(needs[0].offset, needs[0].length)
        self.needs: list[NeedBytes] = [each for need in needs for each in all_of(need)]


def all_of(need: NeedBytes) -> list[NeedBytes]:
    """The single ranges that are lacking."""
    return need.needs if isinstance(need, NeedMany) else [need]


def together(function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """The function's results in order; NeedMany with what they lack, where several items lack bytes."""
    found, lacking = [], []
    for item in items:
        try:
            found.append(function(item))
        except NeedBytes as need:
            lacking.append(need)
        if len(lacking) >= MOST_TOGETHER:
            break
    if lacking:
        raise NeedMany(lacking)
    return found
