"""The picture of layers in the order of the network: a block each, as long as what it holds."""

from __future__ import annotations

from nparams.expr import Expr, add
from nparams.views._svg.frame import SIDE, WIDTH, Picture, part_of
from nparams.views._svg.ink import at, fitted, line, safe, shortened, sized, tag, text, width
from nparams.views.cells import shown_rows
from nparams.views.html_tree import sizes
from nparams.views.look import Look, counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.expr import Size
    from nparams.network import Network
    from nparams.network.rows import Row

#: rows that are drawn, and levels of modules that are tried where there are more
MOST, LEVELS = 40, 6
#: where the names, the blocks and the numbers stand
NAME, BLOCK, NUMBER, SHARE = SIDE + 22, 356.0, WIDTH - SIDE, 62.0
#: room for a number
WIDEST = 340.0
#: the heights of a row and of its block
ROW, BARE, BAR = 46.0, 30.0, 20.0


class Block:
    """What is drawn of a row, or of the rows that are left out together."""

    __slots__ = ("biases", "copies", "ends", "kind", "name", "row", "total", "unknown", "weights")

    def __init__(
        self, name: str, weights: Size, biases: Size, total: Size, *, kind: str = "", ends: str = "", copies: Size = 1,
        unknown: int = 0, row: str = "",
    ) -> None:  # fmt: skip
        self.name = name
        self.weights = weights
        self.biases = biases
        self.total = total
        self.kind = kind
        #: what flows in and out, as HTML
        self.ends = ends
        self.copies = copies
        self.unknown = unknown
        self.row = row

    @property
    def bare(self) -> bool:
        """Whether it holds nothing."""
        return self.total == 0 and not self.unknown


class Scale:
    """How long a block is that holds so much."""

    __slots__ = ("largest", "longest")

    def __init__(self, longest: float, largest: int) -> None:
        self.longest = longest
        self.largest = largest

    def of(self, size: int) -> float:
        """The length for a size; numbers of any length are divided as integers."""
        return self.longest * (size / self.largest) if self.largest else 0.0


def draw(network: Network, look: Look, *, standalone: bool) -> str:
    """The picture of the rows down to the look's depth, or as deep as there is room."""
    picture = Picture(network, "blocks", WIDTH, standalone=standalone)
    blocks = _blocks(network, look)
    totals = [block.total for block in blocks if isinstance(block.total, int)]
    largest = max(totals, default=0)
    if not blocks:
        picture.note("There is no layer in it: 0 parameters.")
    scale = Scale(_longest(blocks), largest)
    start = picture.top
    for k, block in enumerate(blocks):
        high = BARE if block.bare else ROW
        picture.add(_step(picture.top + high / 2, first=k == 0, last=k == len(blocks) - 1, high=high))
        picture.add(_block(block, picture.top, high, scale, network))
        picture.top += high
    if largest:
        picture.add(tag("path", cls="np-rule", d=f"M{at(BLOCK)} {at(start)}V{at(picture.top)}"))
    picture.top += 4
    picture.sum()
    return picture.done(_said(blocks))


# -- which rows -------------------------------------------------------------------------------------------------------


def _blocks(network: Network, look: Look) -> list[Block]:
    """The rows that are drawn: of many, those of whole modules; of still more, the largest, the others as one."""
    rows = shown_rows(network, look.depth)
    for depth in range(1, LEVELS) if len(rows) > MOST and look.depth is None else ():
        whole = shown_rows(network, depth)
        if len(whole) > MOST and depth > 1:
            break
        rows = whole
    if len(rows) <= MOST:
        return [_of(row) for row in rows]
    kept, rest = _largest(rows)
    return [*map(_of, kept), _together(rest)]


def _of(row: Row) -> Block:
    ends = "" if row.takes is None and row.out is None else f"{sizes(row.takes) or '?'} → {sizes(row.out) or '?'}"
    return Block(
        row.name or "(root)", row.weights, row.biases, row.total, kind=row.kind or "", ends=ends, copies=row.copies,
        unknown=row.unknown, row=row.name,
    )  # fmt: skip


def _largest(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """The largest rows in their order, and the others; of symbols, the first ones."""
    order = list(range(len(rows)))
    if all(isinstance(row.total, int) for row in rows):
        order.sort(key=lambda k: (-rows[k].total, k))
    kept = set(order[: MOST - 1])
    return [rows[k] for k in sorted(kept)], [row for k, row in enumerate(rows) if k not in kept]


def _together(rest: Sequence[Row]) -> Block:
    weights, biases, total = (add(*(getattr(row, name) for row in rest)) for name in ("weights", "biases", "total"))
    return Block(f"and {len(rest):,} more", weights, biases, total, unknown=sum(row.unknown for row in rest))


# -- what is drawn ----------------------------------------------------------------------------------------------------


def _longest(blocks: Sequence[Block]) -> float:
    """The length of the longest block: what the longest number leaves."""
    numbers = [f"{block.total:,}{' + ?' * bool(block.unknown)}" for block in blocks if isinstance(block.total, int)]
    widest = max((width(words, 14, bold=True) for words in numbers), default=0.0)
    return max(160.0, NUMBER - SHARE - widest - 24 - BLOCK)


def _step(y: float, *, first: bool, last: bool, high: float) -> str:
    """A point on the line that goes through the layers."""
    x, top, bottom = SIDE + 4, y if first else y - high / 2, y if last else y + high / 2
    return tag("path", cls="np-rule", d=f"M{at(x)} {at(top)}V{at(bottom)}") + tag(
        "circle", cls="np-dot", cx=x, cy=y, r=2.6
    )


def _block(block: Block, top: float, high: float, scale: Scale, network: Network) -> str:
    """One row: its name, what it is, its block and its number."""
    y = top + high / 2
    parts = [tag("title", safe(_told(block)))]
    parts += _names(block, y)
    if isinstance(block.total, Expr):
        parts.append(_forms(block, y))
    elif block.unknown:
        parts += [_bars(block, y, scale), _unknown(block, y, scale)]
    elif not block.bare:
        parts += [_bars(block, y, scale), _numbers(block, y, network)]
    return tag("g", "".join(parts), cls="np-block", data_row=shortened(block.row, 300))


def _told(block: Block) -> str:
    held = counted(block.total, "parameter", Look()) if isinstance(block.total, int) else "a size in symbols"
    return f"{shortened(block.name, 200)}: {held}{' and what is not known' if block.unknown else ''}"


def _names(block: Block, y: float) -> list[str]:
    copies = f" ×{sized(block.copies)}" if block.copies != 1 else ""
    under = " · ".join(part for part in (safe(shortened(block.kind, 40)), block.ends) if part)
    room = BLOCK - NAME - 14
    if block.bare:
        wide = min(room, width(shortened(block.name, 200), 13, mono=True))
        name = fitted(block.name, room * 0.6, 13, mono=True)
        wide = min(room * 0.6, wide)
        rest = line(under, WIDTH - NAME - wide - 50, 12.5)
        return [
            text(NAME, y + 4, name, "np-mono np-soft", size=13),
            text(NAME + wide + 14, y + 4, rest, "np-soft", size=12.5),
        ]
    name = fitted(block.name, room - width(copies, 14, mono=True), 14, mono=True)
    many = tag("tspan", line(copies, room, 14), cls="np-strong") if copies else ""
    base = y - 2 if under else y + 5
    lines = [text(NAME, base, name + many, "np-mono np-strong", size=14)]
    return [*lines, *([text(NAME, y + 15, line(under, room, 12.5), "np-soft", size=12.5)] if under else [])]


def _bars(block: Block, y: float, scale: Scale) -> str:
    """Weights, then biases, in lengths by their numbers."""
    parts, x = [], BLOCK
    for size, cls in ((block.weights, "np-weight-bar"), (block.biases, "np-bias-bar")):
        if isinstance(size, int) and size:
            length = scale.of(size)
            parts.append(tag("rect", cls=cls, x=x, y=y - BAR / 2, width=length, height=BAR))
            x += length
    return "".join(parts)


def _numbers(block: Block, y: float, network: Network) -> str:
    share = part_of(block.total, network) if isinstance(block.total, int) else ""
    return _number(sized(block.total), y) + text(NUMBER, y + 5, share, "np-soft", anchor="end")


def _unknown(block: Block, y: float, scale: Scale) -> str:
    """An open outline where a size is not known."""
    x = BLOCK + (scale.of(block.total) if isinstance(block.total, int) else 0)
    outline = tag("rect", cls="np-unknown", x=x, y=y - BAR / 2, width=64.0, height=BAR)
    more = f"{block.total:,} + ?" if block.total else "?"
    return outline + _number(more, y)


def _number(words: str, y: float) -> str:
    return text(NUMBER - SHARE, y + 5, fitted(words, WIDEST, 14, bold=True), "np-strong", anchor="end")


def _forms(block: Block, y: float) -> str:
    """Weights and biases in symbols, a line each."""
    room = WIDTH - SIDE - BLOCK - 10
    pairs = [(block.weights, "weights", "np-wt"), (block.biases, "biases", "np-bt")]
    lines = [(f"{sized(size)} {noun}", cls) for size, noun, cls in pairs if size != 0]
    base = y + 5 if len(lines) == 1 else y - 4
    return "".join(text(BLOCK + 10, base + 19 * k, line(words, room, 14), cls) for k, (words, cls) in enumerate(lines))


def _said(blocks: Sequence[Block]) -> str:
    return f"{len(blocks):,} rows from top to bottom, each with a block as long as the parameters that it holds."
