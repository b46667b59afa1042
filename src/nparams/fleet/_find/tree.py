"""Paths, in the order in which a walk or a store lists them -> units; what is held at a time is bounded.

The files of one folder come one after the other, but for those of its sub-folders between them, as in the order of
bytes: `a-b/…`, `a.txt`, `a/…`.  A folder is decided on when it is left, for what tells that it is one model may come
last.  One that holds more than a model does is no single model: what is complete in it is let go as it comes.
"""

from __future__ import annotations

from typing import NamedTuple

from nparams.errors import ReadError
from nparams.files._folder.table import BARE
from nparams.files.shards import shard_of
from nparams.fleet._find.choosing import Chooser
from nparams.fleet._find.named import APPLE_DOUBLE
from nparams.fleet._find.node import Node
from nparams.fleet._find.sets import is_data, sets_of
from nparams.fleet._find.whole import counted, is_mute, is_surely_one, needs_no_other
from nparams.fleet.units import FOLDER, Entry, Listing, Unit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nparams.fleet._find.globs import Globs

#: files below a folder that is no model yet; sub-folders of one; files of one that is a model, whatever comes
MOST_FILES, MOST_FOLDERS, MOST_IN_ONE = 20_000, 200, 200_000
#: files of a folder that is no single model which are sorted out together, and what a set of shards may add
CHUNK, MOST_SHARDS = 2_000, 100_000


class Trouble(NamedTuple):
    """Why a folder could not be looked into, in the place of an Entry."""

    problem: str


def units_in(place: str, name: str, listed: Iterable[tuple[str, Entry | Trouble]], globs: Globs) -> Iterator[Unit]:
    """The units below a root: `place` is its path or address, `name` its bare name; paths are relative to it.

    Raises ReadError where the root itself cannot be looked into.
    """
    tree = Tree(place, name, globs)
    for path, entry in listed:
        if isinstance(entry, Trouble):
            if not path:
                raise ReadError(entry.problem)
            yield unlisted(tree.address(path), entry.problem)
            continue
        folder, _, bare = path.rpartition("/")
        if folder != tree.top.path:
            yield from tree.go(folder)
        if tree.add(bare, path, entry):
            yield from tree.relieved()
    yield from tree.left()


def unlisted(place: str, problem: str) -> Unit:
    """The unit of a folder that cannot be looked into: its row says why."""
    return Unit(Listing(place, {}), FOLDER, (), problem)


class Tree:
    """The folders from the root to the one that is being listed."""

    def __init__(self, place: str, name: str, globs: Globs) -> None:
        self._place = place
        self._globs = globs
        self._chooser = Chooser(self.address, globs)
        self._open = [Node("", name, not globs.chooses)]
        self.top = self._open[0]
        #: files that are held below the first folder that is not decided on, and how many may be
        self._held, self._most = 0, MOST_FILES
        #: whether so many are held that those which are excluded, and tell nothing of what a folder is, are not
        self._spares = False

    def address(self, path: str) -> str:
        """The path or address of a folder below the root."""
        return f"{self._place.removesuffix('/')}/{path.lstrip('/')}" if path else self._place

    # -- moving ---------------------------------------------------------------------------------------------------

    def go(self, folder: str) -> Iterator[Unit]:
        """Leave and enter folders until the one of that path is the last that is open."""
        while self.top.path and folder != self.top.path and not folder.startswith(f"{self.top.path}/"):
            yield from self._leave()
        start = len(self.top.path) + 1 if self.top.path else 0
        for name in folder[start:].split("/") if folder != self.top.path else ():
            self._enter(name)

    def _enter(self, name: str) -> None:
        above = self.top
        marker = above.files.get(name)
        if marker is not None and not marker.size:  # what consoles of stores show a folder by
            above.forget((name,))
        path = f"{above.path}/{name}" if above.path else name
        self.top = Node(path, name, above.wanted or self._globs.takes(path))
        self.top.skipped = above.skipped or self._globs.prunes(path)
        self._open.append(self.top)

    def left(self) -> Iterator[Unit]:
        """What comes out when there is nothing more to list."""
        while self._open:
            yield from self._leave()

    def _leave(self) -> Iterator[Unit]:
        node = self._open.pop()
        self.top = above = self._open[-1] if self._open else node
        if node.skipped:
            return
        if node.loose:
            yield from self._remaining(node)
        elif above is node or above.loose:
            self._held, self._most, self._spares = 0, MOST_FILES, False
            yield from self._chooser.of(node)
        elif node.files or node.below:
            above.below.append(node)
            above.count += node.count
            above.folders += not node.is_array()
            if above.folders > MOST_FOLDERS and self._most == MOST_FILES:
                yield from self._no_single_model()

    # -- holding --------------------------------------------------------------------------------------------------

    def add(self, name: str, path: str, entry: Entry) -> bool:
        """Hold one more file of the folder that is open; True where too many are held now."""
        top = self.top
        if (
            top.skipped
            or not name
            or name.startswith(APPLE_DOUBLE)
            or (self._spares and self._globs.drops(path) and is_mute(name))
        ):
            return False
        top.files[name] = entry
        if top.loose:
            return len(top.files) >= top.chunk
        top.count += 1
        self._held += 1
        return self._held > self._most

    def relieved(self) -> Iterator[Unit]:
        """Let go of what is complete, until few enough files are held."""
        if self.top.loose:
            yield from self._flushed(self.top)
            return
        if self._globs.drops_some and not self._spares:
            self._spare()
        while self._held > self._most:
            first = next(each for each in self._open if not each.loose)
            if self._most == MOST_IN_ONE:
                yield self._too_many(first)
            elif is_surely_one(first):
                self._most = MOST_IN_ONE
            else:
                yield from self._loosened(first)
                self._held = sum(each.count for each in self._open if not each.loose)
                self._spares = False

    def _spare(self) -> None:
        """Let go of the files that are excluded and tell nothing of what a folder is."""
        self._spares = True
        held = [each for each in self._open if not each.loose]
        for node in reversed(held):
            todo = [node]
            while todo:
                each = todo.pop()
                each.forget([name for name in each.files if self._globs.drops(each.inner(name)) and is_mute(name)])
                todo += each.below
            node.count = counted(node)
        self._held = sum(each.count for each in held)

    def _too_many(self, node: Node) -> Unit:
        """A model of more files than models have: it is not read, and neither is the rest of it."""
        at = self._open.index(node)
        for each in self._open[at:]:
            each.skipped = True
            each.files, each.below = {}, []
        self._held, self._most = 0, MOST_FILES
        return unlisted(self.address(node.path), f"one model of more than {MOST_IN_ONE:,} files, which are not listed")

    def _no_single_model(self) -> Iterator[Unit]:
        """Let go of the folders that are open, as the last of them has more sub-folders than models have."""
        for each in [each for each in self._open if not each.loose]:
            if is_surely_one(each):
                self._most = MOST_IN_ONE
                break
            yield from self._loosened(each)
        self._held = sum(each.count for each in self._open if not each.loose)

    def _loosened(self, node: Node) -> Iterator[Unit]:
        node.loose = True
        node.models = any(each.form not in BARE for each in node.held.candidates)
        node.forget()  # they go part by part
        below, node.below = node.below, []
        for each in below:
            yield from self._chooser.of(each)
        node.chunk = CHUNK
        if len(node.files) >= CHUNK:
            yield from self._flushed(node)

    # -- letting go -----------------------------------------------------------------------------------------------

    def _remaining(self, node: Node) -> Iterator[Unit]:
        """The units of what is left of a folder that was let go of: one model, where it was for those below it only."""
        node.forget()
        if not node.parted and needs_no_other(node):
            yield from self._chooser.of(node)
        else:
            yield from self._flushed(node, all=True)

    def _flushed(self, node: Node, all: bool = False) -> Iterator[Unit]:
        """The units of the files of a folder that is no single model, but for a set that may go on."""
        names = sorted(node.files)
        names = names if all else names[: _complete(names)]
        part = Node(node.path, node.name, node.wanted)
        part.files = {name: node.files.pop(name) for name in names}
        node.chunk = max(CHUNK, 2 * len(node.files))
        node.parted = True
        sets = (each for each in sets_of(part.held, mixed=True) if not (node.models and is_data(each)))
        yield from self._chooser.of_sets(part, sets, mixed=True)


def _complete(names: list[str]) -> int:
    """How many of some sorted names surely are complete sets: those before the last that begin as the last one does.

    >>> _complete(["a.bin", "a.xml", "model-00001-of-00003.bin", "model-00002-of-00003.bin"])
    2
    """
    for begins in (_first_word, _whole_stem):
        last = begins(names[-1])
        at = len(names)
        while at and begins(names[at - 1]) == last:
            at -= 1
        if at:
            return at
    return len(names) if len(names) >= MOST_SHARDS or shard_of(names[-1]) is None else 0


def _first_word(name: str) -> str:
    return _whole_stem(name).partition(".")[0]


def _whole_stem(name: str) -> str:
    shard = shard_of(name)
    return shard.stem if shard is not None else name.rpartition(".")[0] or name
