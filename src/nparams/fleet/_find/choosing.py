"""Folders that were decided on -> their units, and which of these the patterns of the user's let pass.

A pattern chooses rows and changes none: what is one model is told from all that lies in a folder, and then

- `--include` takes a model by the path of a folder that it is or lies in, or by a file of the weights that it is
  counted from: of a set any of its files, of a folder those that its reader would choose.  Of a folder that is not
  taken so, what is named in it comes as though nothing were around it; and a file that is named and is nobody's
  weights is a unit by itself.
- `--exclude` leaves a model out where all the weights that it could be counted from are excluded; of one set a file is
  enough, for what is left of it cannot be counted.  Anything else of a model that is excluded changes nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from nparams.fleet._find.node import Node
from nparams.fleet._find.parts import is_same_state, members
from nparams.fleet._find.sets import Set, Units, bare_file, sets_of, weights_of
from nparams.fleet._find.whole import counted_from, files_of, is_state, rule_of
from nparams.fleet.units import FOLDER, Listing, Unit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from nparams.fleet._find.globs import Globs
    from nparams.fleet._find.whole import Rule
    from nparams.fleet.units import Entry


class Whole(NamedTuple):
    """A folder that is one model: its node, those that belong to it (itself too), and the rule."""

    node: Node
    inside: list[Node]
    rule: Rule | None


class Chooser:
    """Makes the units of folders below one root, and gives those that are wanted."""

    def __init__(self, address: Callable[[str], str], globs: Globs) -> None:
        #: the path or address of what has a path below the root
        self._address = address
        self._globs = globs

    def of(self, node: Node) -> Iterator[Unit]:
        """The units of a folder and all below it."""
        todo = [node]
        while todo:
            each = todo.pop()
            if is_state(each):
                continue
            rule = rule_of(each)
            below = [inner for inner in each.below if not is_same_state(inner, each)]
            if rule is None:
                yield from self.of_sets(each, sets_of(each.held))
            else:
                inside, below = members(each, rule)
                unit = Unit(Listing(self._address(each.path), files_of(each, inside)), FOLDER)
                whole = Whole(each, inside, rule)
                if self._is_taken(whole):
                    yield from self._of_whole(whole, unit)
                else:
                    below = each.below
                    yield from self.of_sets(each, sets_of(each.held))
            todo += sorted(below, key=lambda one: one.path, reverse=True)

    def of_repository(self, node: Node, unit: Unit) -> Iterator[Unit]:
        """A repository of a hub, which is one model whatever it holds; or what is named in it."""
        whole = Whole(node, members(node, None)[0], rule_of(node))
        if self._is_taken(whole):
            yield from self._of_whole(whole, unit)
            return
        yield from self.of_sets(node, sets_of(node.held))
        for each in node.below:
            yield from self.of(each)

    def of_sets(self, node: Node, sets: Iterable[Set], mixed: bool = False) -> Iterator[Unit]:
        """The units of the files of a folder that is no single model, and those of files that are named besides."""
        units = Units(self._address(node.path), node.files, mixed)
        weights: set[str] = set()
        for each in sets:
            weights.update(each.names)
            if (node.wanted or self._names_one(node, each.names)) and not self._drops(
                node, (each.names[0], *weights_of(each))
            ):
                yield units.of(each)
        yield from self._named(node, weights)

    def _of_whole(self, whole: Whole, unit: Unit) -> Iterator[Unit]:
        """The unit of a folder that is one model, and those of files that are named and are none of its weights."""
        if self._is_dropped(whole):
            return
        yield unit
        if self._globs.chooses and any(counted_from(*whole)):
            for each in whole.inside:
                yield from self._named(each, {name for one in sets_of(each.held, mixed=True) for name in one.names})

    def _named(self, node: Node, weights: set[str]) -> Iterator[Unit]:
        """The units of files that are read because a pattern names them, whatever they are."""
        if node.wanted:
            return
        for name, entry in node.files.items():
            path = node.inner(name)
            if name not in weights and self._globs.names(path) and not self._globs.drops(path):
                yield bare_file(self._address(node.path), name, entry)

    # -- patterns -------------------------------------------------------------------------------------------------

    def _is_taken(self, whole: Whole) -> bool:
        if whole.node.wanted:
            return True
        groups = counted_from(*whole)
        if not any(groups):
            return any(self._names_one(each, each.files) for each in whole.inside)
        return any(self._names_one(each, one.names) for group in groups for each, one in group)

    def _is_dropped(self, whole: Whole) -> bool:
        if not self._globs.drops_some:
            return False
        groups = counted_from(*whole)
        if not any(groups):
            paths = [each.inner(name) for each in whole.inside for name in each.files]
            return bool(paths) and all(map(self._globs.drops, paths))
        return any(group and all(self._drops(each, weights_of(one)) for each, one in group) for group in groups)

    def _names_one(self, node: Node, names: Iterable[str]) -> bool:
        """Whether one of the files of a folder is wanted."""
        return any(self._globs.takes(node.inner(name)) for name in names)

    def _drops(self, node: Node, names: Iterable[str]) -> bool:
        """Whether one of the files of a folder is excluded."""
        return self._globs.drops_some and any(self._globs.drops(node.inner(name)) for name in names)


def chosen_of_hub(unit: Unit, path: str, globs: Globs) -> Iterator[Unit]:
    """What the patterns let pass of the unit of a repository whose path below the root is `path`."""
    if path and globs.prunes(path):
        return
    if unit.names:
        yield from [unit] if globs.takes(unit.names[0]) and not globs.drops(unit.names[0]) else []
    elif unit.problem or not (globs.chooses or globs.drops_some):
        yield unit
    else:
        start = len(path) + 1 if path else 0
        chooser = Chooser(lambda each: unit.listing.address(each[start:]), globs)
        node, files = _grown(path, unit.listing.files, globs)
        left = unit if len(files) == len(unit.listing.files) else Unit(Listing(unit.listing.place, files), unit.kind)
        yield from chooser.of_repository(node, left)


def _grown(path: str, files: dict[str, Entry], globs: Globs) -> tuple[Node, dict[str, Entry]]:
    """(the folders of a listing, what lies in them): without those that are excluded, which nobody looks into."""
    top = Node(path, path.rpartition("/")[2], not globs.chooses or bool(path and globs.takes(path)))
    nodes: dict[str, Node | None] = {"": top}
    left = {}
    for name, entry in files.items():
        folder, _, bare = name.rpartition("/")
        node = _at(folder, nodes, globs)
        if node is not None:
            node.files[bare] = left[name] = entry
    return top, left


def _at(folder: str, nodes: dict[str, Node | None], globs: Globs) -> Node | None:
    """The node of a folder, made with those above it; None where it is not visited."""
    parts = folder.split("/") if folder else []
    for k in range(1, len(parts) + 1):
        here, above = "/".join(parts[:k]), nodes["/".join(parts[: k - 1])]
        if here not in nodes:
            nodes[here] = _below(above, parts[k - 1], globs)
    return nodes[folder]


def _below(above: Node | None, name: str, globs: Globs) -> Node | None:
    path = above.inner(name) if above is not None else ""
    if above is None or globs.drops(path):
        return None
    node = Node(path, name, above.wanted or globs.takes(path))
    above.below.append(node)
    return node
