"""The picture of a chain of Dense layers: columns of nodes, and a line for each weight between two that are drawn.

A wide column shows its first and its last nodes; a long chain its first and its last layers; what is left out is told.
"""

from __future__ import annotations

from nparams.expr import Expr, add
from nparams.views._svg.frame import WIDTH, Picture
from nparams.views._svg.ink import at, line, plain, sized, tag, text, told, width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.expr import Size
    from nparams.network import Network
    from nparams.views._svg.chain import Link

#: nodes of a column that are drawn, and the first and last ones of a wider one
MOST, ENDS = 16, 8
#: first and last nodes of a column whose width is a symbol, beside few nodes and beside many
SYMBOL, BESIDE_MANY = (3, 2), (6, 4)
#: links that are drawn, first and last ones of more
LINKS, EACH = 9, 4
#: free space beside the outer columns
EDGE = 84.0


class Column:
    """A column of nodes at x: their places, and what stands in each of them (1, 2, ..., 784)."""

    __slots__ = ("head", "link", "names", "places", "role", "tail", "width", "x")

    def __init__(self, wide: Size, link: Link | None, role: str, x: float) -> None:
        self.width = wide
        #: nodes that are drawn above and below a gap
        self.head, self.tail = SYMBOL
        if not isinstance(wide, Expr):
            self.head, self.tail = (wide, 0) if wide <= MOST else (ENDS, ENDS)
        #: the link that ends here; None where the inputs stand
        self.link = link
        self.role = role
        self.x = x
        self.names: list[str] = []
        self.places: list[float] = []

    @property
    def biased(self) -> bool:
        """Whether its nodes are neurons that have a bias."""
        return self.link is not None and self.link.biases != 0

    @property
    def gap(self) -> int:
        """How many places the gap takes."""
        return 0 if not self.tail else 1 if isinstance(self.width, Expr) else 2

    @property
    def slots(self) -> int:
        """Places from its first node to its last."""
        return self.head + self.gap + self.tail


def draw(network: Network, links: Sequence[Link], *, standalone: bool) -> str:
    """The picture of these links."""
    shown = _shown(links)
    step = min(250.0, (WIDTH - 2 * EDGE) / len(shown))
    wide = max(580.0, 2 * EDGE + step * len(shown))
    step = (wide - 2 * EDGE) / len(shown)
    picture = Picture(network, "nodes", wide, standalone=standalone)
    columns = _columns(shown, step)
    pitch, bottom = _place(columns, picture.top + 50)
    radius = min(0.36 * pitch, 16.0)
    for link, before, after in zip(shown, columns, columns[1:], strict=False):
        picture.add(_edges(link, before, after, radius))
    for column in columns:
        picture.add(_nodes(column, radius), *_above(column, picture.top, step))
    picture.top = bottom
    _below(picture, shown, columns, step)
    picture.sum(mark="node")
    return picture.done(_said(links))


def _shown(links: Sequence[Link]) -> list[Link]:
    """The links that are drawn; those in the middle of a long chain as one."""
    from nparams.views._svg.chain import Link

    if len(links) <= LINKS:
        return list(links)
    middle = links[EACH:-EACH]
    rows = {link.row for link in middle}
    weights, biases = (add(*(getattr(link, name) for link in middle)) for name in ("weights", "biases"))
    count = add(*(link.count for link in middle))
    row = middle[0].row if len(rows) == 1 else ""
    return [
        *links[:EACH],
        Link(row, "", middle[0].takes, middle[-1].out, weights, biases, None, count),
        *links[-EACH:],
    ]


def _columns(links: Sequence[Link], step: float) -> list[Column]:
    roles = ["inputs", *["hidden"] * (len(links) - 1), "outputs"]
    made = [Column(links[0].takes, None, roles[0], EDGE)]
    for k, link in enumerate(links, 1):
        made.append(Column(link.out, link, roles[k], EDGE + step * k))
    return made


# -- places -----------------------------------------------------------------------------------------------------------


def _place(columns: Sequence[Column], top: float) -> tuple[float, float]:
    """Give every node its place, all columns centred on one line; the distance of two, and where the highest ends."""
    if max(column.slots for column in columns) > MOST // 2:
        for column in columns:
            column.head, column.tail = BESIDE_MANY if isinstance(column.width, Expr) else (column.head, column.tail)
    slots = max(column.slots for column in columns)
    pitch = max(20.0, min(64.0, 330.0 / slots))
    high = max(slots * pitch, 150.0)
    for column in columns:
        y = top + (high - pitch * column.slots) / 2 + pitch / 2
        column.places = [y + pitch * k for k in range(column.head)]
        column.places += [y + pitch * (column.head + column.gap + k) for k in range(column.tail)]
        column.names = [f"{k + 1}" for k in range(column.head)]
        column.names += [_name(column.width, column.tail - 1 - k) for k in range(column.tail)]
    return pitch, top + high


def _name(wide: Size, before: int) -> str:
    """The node that stands so many before the last one."""
    return plain(sized(add(wide, -before)))


# -- what is drawn ----------------------------------------------------------------------------------------------------


def _edges(link: Link, before: Column, after: Column, radius: float) -> str:
    """The lines into each node as one path, all of a layer as one group; only their ends where layers are left out."""
    lines = len(before.places) * len(after.places)
    strong = 0.5 if link.count != 1 else max(0.3, min(0.85, 6 / max(1, lines) ** 0.5))
    title = told(f"{link.row or 'layers left out'}: {plain(_weights(link))}")
    paths = _stubs(before, after, radius) if link.count != 1 else _full(before, after, radius)
    dots = _dots(before, after) if link.count != 1 else ""
    return tag(
        "g", title + "".join(paths), cls="np-edges", data_row=link.row, stroke_opacity=strong,
        stroke_width=1.1 if lines > 60 else 1.4,
    ) + dots  # fmt: skip


def _full(before: Column, after: Column, radius: float) -> list[str]:
    a, b = at(before.x), at(after.x)
    starts = [f"M{a} {at(y)}L{b} " for y in before.places]
    return [
        tag("path", data_node=name, d="".join(start + at(y) for start in starts))
        for y, name in zip(after.places, after.names, strict=True)
    ]


def _stubs(before: Column, after: Column, radius: float) -> list[str]:
    """From every node a little way towards the middle, and from there into every node."""
    middle = (before.places[0] + before.places[-1]) / 2
    reach = (after.x - before.x) * 0.24
    ends = [(before, before.x, before.x + reach), (after, after.x, after.x - reach)]
    lines = [
        f"M{at(x)} {at(y)}L{at(to)} {at(y + (middle - y) * 0.24 + lean)}"
        for column, x, to in ends
        for y in column.places
        for lean in (-8, 0, 8)
    ]
    return [tag("path", d="".join(lines))]


def _dots(before: Column, after: Column) -> str:
    x, y = (before.x + after.x) / 2, (before.places[0] + before.places[-1]) / 2
    step = min(13.0, (after.x - before.x) / 9)
    return "".join(tag("circle", cls="np-dot", cx=x + step * k, cy=y, r=3.0) for k in (-1, 0, 1))


def _nodes(column: Column, radius: float) -> str:
    """A circle each, and a dot in it where it has a bias; three dots where nodes are left out."""
    row = "" if column.link is None else column.link.row
    cls = "np-node np-input" if column.link is None else "np-node"
    parts = [told(_each(column))]
    for y, name in zip(column.places, column.names, strict=True):
        parts.append(tag("circle", cls=cls, data_row=row, data_node=name, cx=column.x, cy=y, r=radius))
        if column.biased:
            parts.append(tag("circle", cls="np-bias np-over", cx=column.x, cy=y, r=radius * 0.44))
    if column.tail:
        middle = (column.places[column.head - 1] + column.places[column.head]) / 2
        parts += [tag("circle", cls="np-dot", cx=column.x, cy=middle + 8 * k, r=1.9) for k in (-1, 0, 1)]
    return tag("g", "".join(parts), cls="np-column", data_row=row)


def _each(column: Column) -> str:
    """What a column is, in words."""
    count = plain(sized(column.width))
    if column.link is None:
        return f"{count} {'input, which has' if column.width == 1 else 'inputs, which have'} no bias"
    noun = "neuron" if column.width == 1 else "neurons"
    return f"{column.link.row or 'last of the layers left out'}: {count} {noun}, {plain(_biases(column.link))}"


def _above(column: Column, top: float, step: float) -> list[str]:
    role = column.role if column.width != 1 or column.role == "hidden" else column.role[:-1]
    return [
        text(column.x, top + 16, line(sized(column.width), step - 8, 18), "np-strong", anchor="middle", size=18),
        text(column.x, top + 34, role, "np-soft", anchor="middle", size=13),
    ]


def _below(picture: Picture, links: Sequence[Link], columns: Sequence[Column], step: float) -> None:
    """The biases under each column, the weights under each gap."""
    y = picture.top + 18
    points = 14.0 if step > 120 else 12.5
    for column in columns[1:]:
        if column.link is not None and (column.link.count == 1 or isinstance(column.link.count, Expr)):
            words = line(_biases(column.link), step - 8, points)
            cls = "np-bt" if column.biased else "np-soft"
            picture.add(text(column.x, y, words, cls, anchor="middle", size=points))
    tall = 0
    for link, before, after in zip(links, columns, columns[1:], strict=False):
        brace = f"M{at(before.x + 5)} {at(y + 10)}v6H{at(after.x - 5)}v-6"
        picture.add(tag("path", cls="np-rule", d=brace))
        rows = _lines(link, step - 16, points)
        for k, (words, cls) in enumerate(rows):
            place = ((before.x + after.x) / 2, y + 36 + 18 * k)
            picture.add(text(*place, line(words, step - 6, points), cls, anchor="middle", size=points))
        tall = max(tall, len(rows))
    picture.top = y + 36 + 18 * (tall - 1) + 14


def _lines(link: Link, room: float, points: float) -> list[tuple[str, str]]:
    """What stands under a gap, in lines that are no longer than `room`, each with its class."""
    if isinstance(link.count, int) and link.count != 1:
        lines = [(f"{link.count:,} more", "np-soft"), (_held(link), "np-wt"), (_biases(link), "np-bt")]
        return [(words if _fits(words, room, points) else words.partition(" ")[0], cls) for words, cls in lines]
    whole = _weights(link)
    if _fits(whole, room, points):
        return [(whole, "np-wt")]
    first, equal, rest = whole.rpartition(" = ")
    if not equal:
        first, _, rest = whole.rpartition(" ")
    rest = rest if _fits(rest, room, points) else rest.partition(" ")[0]
    return [(f"{first}{equal.rstrip()}", "np-wt"), (rest, "np-wt")]


def _fits(words: str, room: float, points: float) -> bool:
    return width(plain(words), points) <= room


def _held(link: Link) -> str:
    return f"{sized(link.weights)} {'weight' if link.weights == 1 else 'weights'}"


def _weights(link: Link) -> str:
    """784·16 = 12,544 weights; of layers that are left out, how many and what they hold."""
    product = "" if link.product is None else sized(link.product)
    if isinstance(link.count, Expr):
        return f"{product} weights each"
    if link.count != 1:
        return f"{link.count:,} layers more: {_held(link)}"
    if not product or not isinstance(link.weights, int):
        return f"{product} weights" if product else _held(link)
    return f"{product} = {_held(link)}"


def _biases(link: Link) -> str:
    if link.biases == 0:
        return "no bias"
    return f"{sized(link.biases)} {'bias' if link.biases == 1 else 'biases'}"


def _said(links: Sequence[Link]) -> str:
    widths = [plain(sized(links[0].takes)), *(plain(sized(link.out)) for link in links)]
    named = ", ".join(widths[:12]) + (", and so on" if len(widths) > 12 else "")
    return (
        f"Columns of nodes from left to right, {named}; every node is joined by a line, a weight, to every node of the "
        "next column, and a dot in a node is its bias."
    )
