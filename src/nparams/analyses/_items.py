"""The items of a difference: every layer that differs, those of repeated layers together."""

from __future__ import annotations

from nparams.analyses._matching import Matching
from nparams.analyses._pieces import Piece
from nparams.analyses._text import Style, listed
from nparams.expr import add, mul
from nparams.network.closed import tidy
from nparams.network.folding import ranges

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nparams.expr import Size

#: parts of a name that are blocks
DEEP = 12
ONLY_A, ONLY_B, CHANGED, COPIES = "only in A", "only in B", "other size", "other number"
MORE_A, MORE_B = "more biases in A", "more biases in B"
BIAS_A, BIAS_B, TIED_A, TIED_B, FOLDED = (
    "biases only in A",
    "biases only in B",
    "shared in A",
    "shared in B",
    "folded norm",
)


class Item:
    """One named part of the difference: what it is, which layer, how it is counted on each side, and what it adds.

    `each` is what one layer adds and `copies` how many equal layers there are; `difference` is what all of them add.
    """

    __slots__ = ("copies", "difference", "in_a", "in_b", "layer", "names", "what")

    def __init__(self, what: str, layer: str, in_a: str, in_b: str, difference: Size) -> None:
        self.what = what
        self.layer = layer
        #: the arithmetic on each side, empty where there is nothing
        self.in_a = in_a
        self.in_b = in_b
        self.difference = difference
        self.copies = 1
        self.names = [layer]

    @property
    def each(self) -> Size:
        """What one layer adds."""
        return self.difference // self.copies if isinstance(self.difference, int) else self.difference


def items_of(matching: Matching, style: Style) -> list[Item]:
    """An item for each layer that differs, in the order of the networks."""
    differing = [(a, b) for a, b in matching.pairs if a.sizes != b.sizes or a.copies != b.copies]
    folds = _folds(differing, matching)
    folded = {id(norm) for norm in folds.values()}
    found: list[tuple[float, Item]] = []
    for a, b in differing:
        found += [(a.place, item) for item in _changed(a, b, folds.get(id(a)), style)]
    for many, others in matching.fused:
        if (item := _apart(many, others, style)) is not None:
            found.append((many[0].place, item))
    alone_a = [p for p in matching.only_a if id(p) not in folded and p.sizes]
    alone_b = [p for p in matching.only_b if id(p) not in folded and p.sizes]
    for what, alone, sign in ((ONLY_A, alone_a, -1), (ONLY_B, alone_b, 1)):
        for group in _together(alone, matching, sign):
            found.append((group[0].place + (0.5 if sign > 0 else 0), _only(what, group, sign, style)))
    found.sort(key=lambda pair: pair[0])
    return grouped([item for _, item in found])


def _changed(a: Piece, b: Piece, norm: Piece | None, style: Style) -> Iterator[Item]:
    """A layer that is on both sides, and not the same."""
    name = a.name if a.name == b.name else f"{a.name} / {b.name}"
    told = _told(a, style), _told(b, style)
    difference = add(b.size, mul(-1, a.size))
    if norm is not None:
        in_norm = _told(norm, style)
        on_a = not a.biases
        both = (f"{told[0]}, {in_norm}", told[1]) if on_a else (told[0], f"{told[1]}, {in_norm}")
        yield Item(FOLDED, f"{name}, {norm.name}", *both, add(difference, mul(-1 if on_a else 1, norm.size)))
        return
    what = CHANGED
    if a.copies == b.copies and a.weights == b.weights and a.biases != b.biases:
        more_a = isinstance(difference, int) and difference < 0
        what = (BIAS_A if more_a else BIAS_B) if not a.biases or not b.biases else (MORE_A if more_a else MORE_B)
    elif a.copies == b.copies and a.tied and a.tied == b.weights:
        what = TIED_A
    elif a.copies == b.copies and b.tied and b.tied == a.weights:
        what = TIED_B
    elif a.copies != b.copies and a.sizes == b.sizes:
        what = COPIES
    yield Item(what, name, *told, difference if isinstance(difference, int) else tidy(difference))


def _apart(a: list[Piece], b: list[Piece], style: Style) -> Item | None:
    """Several layers that are one in the other network, where only their biases differ."""
    difference = add(*(p.size for p in b), *(mul(-1, p.size) for p in a))
    if difference == 0:
        return None
    more_a = isinstance(difference, int) and difference < 0
    held = any(p.biases for p in a), any(p.biases for p in b)
    what = (MORE_A if more_a else MORE_B) if all(held) else (BIAS_A if held[0] else BIAS_B)
    names = [_common([p.name for p in side]) if len(side) > 1 else side[0].name for side in (a, b)]
    in_a, in_b = (_told_all(side, style) for side in (a, b))
    return Item(what, " / ".join(names), in_a, in_b, difference)


def _told_all(side: list[Piece], style: Style) -> str:
    if len(side) == 1:
        return _told(side[0], style)
    return f"{len(side)} layers, {style.number(add(*(p.size for p in side)))}"


def _told(piece: Piece, style: Style) -> str:
    """784·16 + 16, with the number of copies in front."""
    parts: dict[str, int] = {}
    for sizes in piece.products:
        text = style.product(sizes or (1,))
        parts[text] = parts.get(text, 0) + 1
    text = " + ".join(f"{count}{style.dot}{part}" if count > 1 else part for part, count in parts.items()) or "0"
    return text if piece.copies == 1 else f"{style.number(piece.copies)} {style.times} ({text})"


def _only(what: str, group: list[Piece], sign: int, style: Style) -> Item:
    """Layers of one side alone: a layer, or a whole block that the other side has nothing of."""
    size = mul(sign, add(*(p.size for p in group)))
    size = size if isinstance(size, int) else tidy(size)
    name = group[0].name if len(group) == 1 else _common([p.name for p in group])
    told = _told(group[0], style) if len(group) == 1 else f"{len(group)} layers, {style.number(mul(sign, size))}"
    return Item(what, name, told if sign < 0 else "", told if sign > 0 else "", size)


def _common(names: list[str]) -> str:
    """The block that some layers stand in."""
    parts = [name.split(".") for name in names]
    shared = []
    for column in zip(*parts, strict=False):
        if len(set(column)) > 1:
            break
        shared.append(column[0])
    return ".".join(shared) or listed(names)


def _together(alone: list[Piece], matching: Matching, sign: int) -> list[list[Piece]]:
    """Layers of one side in groups: those of a block that is wholly on this side stand together."""
    side = 0 if sign < 0 else 1
    elsewhere = {""}
    for pair in [*matching.pairs, *((many[0], one[0]) for many, one in matching.fused)]:
        elsewhere.update(_blocks(pair[side].name))
    if not matching.pairs and len(alone) > 1:  # nothing agrees: what all of them stand in says nothing
        elsewhere |= set.intersection(*(set(_blocks(piece.name)) for piece in alone))
    groups: dict[str, list[Piece]] = {}
    for piece in alone:
        block = next((up for up in _blocks(piece.name) if up not in elsewhere), piece.name)
        groups.setdefault(block, []).append(piece)
    return list(groups.values())


def _blocks(name: str) -> list[str]:
    """The blocks that a layer stands in, outermost first."""
    parts = name.split(".")[:DEEP]
    return [".".join(parts[:k]) for k in range(1, len(parts))]


def _folds(differing: list[tuple[Piece, Piece]], matching: Matching) -> dict[int, Piece]:
    """Batch norms on one side only that follow a layer which has biases on the other side: folded into it."""
    found: dict[int, Piece] = {}
    for alone, side in ((matching.only_a, 0), (matching.only_b, 1)):
        norms = {norm.place: norm for norm in alone if norm.normalises}
        for pair in differing:
            bare, biased = pair[side], pair[1 - side]
            norm = norms.get(bare.place + 1)
            if (
                norm is not None and not bare.biases and biased.biases and bare.weights == biased.weights
                and add(*biased.biases) in norm.sizes and bare.copies == norm.copies
            ):  # fmt: skip
                found[id(pair[0])] = norm
                del norms[norm.place]
    return found


# -- repeated layers ---------------------------------------------------------------------------------------------------


def grouped(items: Sequence[Item]) -> list[Item]:
    """Equal items of layers that differ by a number are one, with how many there are."""
    groups: dict[object, list[Item]] = {}
    for item in items:
        groups.setdefault((item.what, squeezed(item.layer), item.in_a, item.in_b, item.difference), []).append(item)
    return [_one(group) for group in groups.values()]


def squeezed(name: str) -> str:
    """The name with # for each number in it.

    >>> squeezed("layers.12.fc2")
    'layers.#.fc#'
    """
    marked = "".join("#" if c.isdigit() else c for c in name)
    while "##" in marked:
        marked = marked.replace("##", "#")
    return marked


def _one(group: list[Item]) -> Item:
    first = group[0]
    if len(group) == 1:
        return first
    item = Item(first.what, _ranged([i.layer for i in group]), first.in_a, first.in_b,
                add(*(i.difference for i in group)))  # fmt: skip
    item.copies = len(group)
    item.names = [i.layer for i in group]
    return item


def _ranged(names: list[str]) -> str:
    """layers.0-11.fc1-2, where every pairing of the numbers is there or all of them go up together; else the first."""
    split = [_numbers(name) for name in names]
    texts, numbers = split[0]
    held = [sorted({found[k] for _, found in split}) for k in range(len(numbers))]
    pairings = 1
    for values in held:
        pairings *= len(values)
    distinct = len({tuple(found) for _, found in split}) == len(names)
    together = all(len(values) in (1, len(names)) for values in held)
    if not distinct or (pairings != len(names) and not together):
        return f"{names[0]} and {len(names) - 1} more"
    parts = [*(ranges(values) for values in held), ""]
    return "".join(text + part for text, part in zip(texts, parts, strict=True))


def _numbers(name: str) -> tuple[list[str], list[int]]:
    """The texts between the numbers of a name, and the numbers."""
    import re

    found = re.split(r"(\d{1,18})", name)
    return found[::2], [int(n) for n in found[1::2]]
