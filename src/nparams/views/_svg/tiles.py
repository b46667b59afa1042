"""What a treemap shows of the tree of modules: groups with groups and tiles in them, the small ones as one tile.

The largest group is opened first, until there are enough tiles; what is never opened is a tile with everything in it.
"""

from __future__ import annotations

from heapq import heappop, heappush

from nparams.errors import InvariantError
from nparams.network.folding import mark_between
from nparams.network.rows import branches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.network import Network
    from nparams.network.rows import Branch

#: tiles that are drawn, levels of groups, and which part of the whole a group that is opened has at least, and a tile
MOST, DEEPEST = 220, 7
GROUP, TILE = 600, 18_000
#: names of the smallest parts that their tile tells
NAMED = 4


class Tile:
    """A rectangle: a module with everything in it, in all its copies; with `parts` a group of others.

    `name` is what it is called in its group, `path` what its row in the table is called; `copies` how many equal ones
    stand in it (of the tree as it is folded).  `more` says how many modules are collected in it.
    """

    __slots__ = (
        "biases", "branch", "copies", "depth", "kind", "lead", "more", "name", "parts", "path", "times", "weights",
    )  # fmt: skip

    def __init__(
        self, name: str, path: str, weights: int, biases: int, *, kind: str | None = None, copies: int = 1,
        branch: Branch | None = None, times: int = 1, depth: int = 0, more: int = 0,
    ) -> None:  # fmt: skip
        self.name = name
        self.path = path
        self.weights = weights
        self.biases = biases
        self.kind = kind
        self.copies = copies
        self.branch = branch
        #: how many copies of the tile itself stand in the network, for all that its groups are repeated
        self.times = times
        self.depth = depth
        self.more = more
        #: what stands before a name that is a bare number, where there is room
        self.lead = ""
        self.parts: list[Tile] = []

    @property
    def total(self) -> int:
        """The parameters in it."""
        return self.weights + self.biases

    @property
    def is_row(self) -> bool:
        """Whether a row of the table stands for the same: a layer, not several."""
        return not self.more and (self.branch is None or not self.branch.children)


def tiles(network: Network, depth: int | None = None) -> Tile:
    """The root of what is drawn; what its leaves hold sums to the network's total (InvariantError otherwise).

    >>> import nparams
    >>> [(part.name, part.total) for part in tiles(nparams.read("784-16-16-10")).parts]
    [('fc1', 12560), ('fc2', 272), ('fc3', 170)]
    """
    root = _tile(branches(network), "", "", 1, 0)
    whole = root.total
    heap: list[tuple[int, int, Tile]] = [] if depth == 0 else [(-whole, 0, root)]
    count, order = 1, 0
    while heap and count < MOST:
        _, _, tile = heappop(heap)
        parts = _parts(tile, whole, MOST - count)
        if len(parts) < 2:
            continue
        tile.parts = parts
        count += len(parts) - 1
        for part in parts:
            order += 1
            if part.total * GROUP > whole and part.depth < (DEEPEST if depth is None else depth):
                heappush(heap, (-part.total, order, part))
    _check(root, network)
    return root


def _tile(branch: Branch, name: str, path: str, times: int, depth: int) -> Tile:
    """A branch with all that is in it, `times` because its groups are repeated; a chain of groups of one is one."""
    copies, weights, biases = (_whole(size) for size in (branch.copies, branch.weights, branch.biases))
    weights, biases = weights * times, biases * times
    while len(held := [part for part in branch.children if part.total]) == 1 and _held(branch) == (0, 0):
        inner, times = held[0], times * _whole(branch.copies)
        mark = mark_between(branch.module.name, inner.module.name) if name else ""
        name = f"{name}{mark}{inner.name}"
        path = _joined(path, branch, inner)
        copies *= _whole(inner.copies)
        branch = inner
    return Tile(
        name, path, weights, biases, kind=branch.module.kind, copies=copies, branch=branch, times=times, depth=depth
    )


def _held(branch: Branch) -> tuple[int, int]:
    """Weights and biases of a module without those in it."""
    copies = _whole(branch.copies)
    inner = [sum(_whole(getattr(part, role)) for part in branch.children) for role in ("weights", "biases")]
    return _whole(branch.weights) - copies * inner[0], _whole(branch.biases) - copies * inner[1]


def _whole(size: object) -> int:
    if not isinstance(size, int):
        raise InvariantError(f"a treemap has numbers: {size}")
    return size


def _joined(path: str, parent: Branch, child: Branch) -> str:
    """The name of the child's row, as the table has it."""
    if not parent.module.name:
        return child.name
    if child.module.name == parent.module.name:
        return path
    return f"{path}{mark_between(parent.module.name, child.module.name)}{child.name}"


def _parts(tile: Tile, whole: int, room: int) -> list[Tile]:
    """What stands in a group, the largest first; what is too small or too much to be drawn as one tile."""
    branch = tile.branch
    if branch is None:
        return []
    times = tile.times * _whole(branch.copies)
    held = [part for part in branch.children if part.total]
    held.sort(key=lambda part: -_whole(part.total))
    shown = [part for part in held[: max(2, room)] if _whole(part.total) * times * TILE >= whole]
    rest = held[len(shown) :]
    if len(rest) == 1:
        shown, rest = held, []
    parts = []
    for part in shown:
        parts.append(_tile(part, part.name, _joined(tile.path, branch, part), times, tile.depth + 1))
        if part.name[:1].isdigit() and tile.name:
            parts[-1].lead = f"{tile.lead}{tile.name}{mark_between(branch.module.name, part.module.name)}"
    if rest:
        parts.append(_rest(rest, tile, times))
        if tile.depth > 1 and 2 * parts[-1].total > tile.total:
            return []
    weights, biases = _held(branch)
    if parts and (weights or biases):
        weights, biases = weights * tile.times, biases * tile.times
        parts.append(Tile("its own", tile.path, weights, biases, kind=tile.kind, depth=tile.depth + 1))
    return sorted(parts, key=lambda part: -part.total)


def _rest(rest: Sequence[Branch], tile: Tile, times: int) -> Tile:
    weights, biases = (sum(_whole(getattr(part, role)) for part in rest) * times for role in ("weights", "biases"))
    named = ", ".join(part.name[:40] for part in rest[:NAMED]) + (", …" if len(rest) > NAMED else "")
    path = f"{tile.path}: {named}" if tile.path else named
    return Tile(f"{len(rest):,} more", path, weights, biases, depth=tile.depth + 1, more=len(rest))


def leaves(root: Tile) -> list[Tile]:
    """The tiles that are no groups, without recursion."""
    found: list[Tile] = []
    stack = [root]
    while stack:
        tile = stack.pop()
        stack.extend(reversed(tile.parts))
        found += [] if tile.parts else [tile]
    return found


def _check(root: Tile, network: Network) -> None:
    """What the tiles say sums to the total, or nothing is drawn."""
    held = leaves(root)
    for name, want in (("weights", network.totals.weights), ("biases", network.totals.biases)):
        found = sum(getattr(tile, name) for tile in held)
        if found != want:
            raise InvariantError(f"the {name} of the tiles sum to {found:,}, not to {want:,}")
