"""The treemap: where the parameters are, each module a rectangle in the one that it stands in.

An area is its share of the whole to the last parameter: no tile gives way to a title or a border.  Titles of groups lie
over them as bands, and in each tile the biases have their own part of it in the other colour.
"""

from __future__ import annotations

from nparams.views._svg.frame import SIDE, WIDTH, Picture, part_of
from nparams.views._svg.ink import at, fitted, safe, shortened, sized, tag, text, width
from nparams.views._svg.squarify import squarified
from nparams.views._svg.tiles import Tile, leaves, tiles
from nparams.views.look import Look, counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network import Network
    from nparams.views._svg.squarify import Rect

#: the height of the whole, and where it has few tiles
HIGH, FEW, LOW = 560.0, 6, 340.0
#: the height of a band, and the least size of a group that has one
BAND, NARROWEST, LOWEST = 18.0, 44.0, 34.0
#: tones of the commonest kinds of layers; all others have the last
TONES = 3


def draw(network: Network, look: Look, *, standalone: bool) -> str:
    """The picture of all modules down to the look's depth."""
    root = tiles(network, look.depth)
    picture = Picture(network, "treemap", WIDTH, standalone=standalone)
    high = HIGH if len(leaves(root)) > FEW else LOW
    placed = Placed(root, (SIDE, picture.top, WIDTH - 2 * SIDE, high), network)
    tones = _tones(root)
    labels: list[str] = []
    for tile, rect, seen in placed.tiles:
        picture.add(_tile(tile, rect, tones, network))
        labels += _label(tile, rect, seen, network)
    picture.add(tag("g", "".join(placed.lines), cls="np-cut np-over"))
    picture.add(tag("g", "".join([*placed.bands, *labels]), cls="np-over"))
    picture.top += high + 8
    picture.sum(mark="tile")
    _legend(picture, root, tones)
    return picture.done(f"Rectangles with areas by numbers of parameters, nested as modules are: {_largest(root)}.")


class Placed:
    """Where every tile stands: (tile, its rectangle, where what no band covers begins), and the bands of the groups."""

    def __init__(self, root: Tile, space: Rect, network: Network) -> None:
        self.tiles: list[tuple[Tile, Rect, float]] = []
        self.lines: list[str] = []
        self.bands: list[str] = []
        self.network = network
        stack = [(root, space, space[1])]
        while stack:
            tile, rect, seen = stack.pop()
            if not tile.parts:
                self.tiles.append((tile, rect, seen))
                continue
            below = self._band(tile, rect, seen)
            areas = [rect[2] * rect[3] * (part.total / tile.total) for part in tile.parts]
            for part, place in reversed(list(zip(tile.parts, squarified(areas, rect), strict=True))):
                stack.append((part, place, max(place[1], below)))
        self.lines.reverse()  # the lines of outer groups over those of inner ones

    def _band(self, tile: Tile, rect: Rect, seen: float) -> float:
        """The title of a group over what stands in it, if there is room; where it ends."""
        x, y, wide, high = rect
        if not tile.depth:
            return seen
        self.lines.append(tag("rect", x=x, y=y, width=wide, height=high, stroke_width=4.0 if tile.depth == 1 else 2.5))
        if wide < NARROWEST or y + high - seen < LOWEST:
            return seen
        share = part_of(tile.total, self.network)
        roomy = wide > 110
        name = _named(tile, wide - 12 - (width(share, 11.5) + 10 if roomy else 0), 12)
        self.bands.append(tag("rect", cls="np-band", x=x, y=seen, width=wide, height=BAND - 1))
        beside = tag("tspan", share, dx=7.0, font_weight="400") if roomy else ""
        self.bands.append(text(x + 6, seen + 13, name + beside, "np-strong", size=12) if name else "")
        return seen + BAND


def _named(tile: Tile, room: float, size: float) -> str:
    """The name of a tile and how often it is there."""
    copies = f" ×{tile.copies:,}" if tile.copies != 1 else ""
    room -= width(copies, size, bold=True)
    whole = f"{tile.lead}{tile.name}"
    words = whole if width(whole, size, bold=True) <= room else tile.name
    name = fitted(words or "network", room, size, bold=True)
    return f"{name}{copies}" if name else ""


def _tile(tile: Tile, rect: Rect, tones: dict[str | None, str], network: Network) -> str:
    """Its weights and its biases, each by its area, along the longer side."""
    x, y, wide, high = rect
    parts = [_told(tile, network)]
    done = 0.0
    for held, cls in ((tile.weights, _tone(tile, tones)), (tile.biases, "np-tone-b")):
        part = held / tile.total
        if held and wide >= high:
            parts.append(tag("rect", cls=cls, x=x + wide * done, y=y, width=wide * part, height=high))
        elif held:
            parts.append(tag("rect", cls=cls, x=x, y=y + high * done, width=wide, height=high * part))
        done += part
    edge = tag("rect", cls="np-cut", x=x, y=y, width=wide, height=high, stroke_width=1.0)
    path = shortened(tile.path, 300)
    row, group = (path, "") if tile.is_row else ("", "" if tile.more else path)
    return tag(
        "g", "".join(parts) + edge, cls="np-tile", data_row=row, data_group=group, data_total=str(tile.total)
    )  # fmt: skip


def _told(tile: Tile, network: Network) -> str:
    """The title of a tile: its whole name, what it holds, and its share."""
    copies = f" ×{tile.copies:,}" if tile.copies != 1 else ""
    kind = f" ({shortened(tile.kind, 40)})" if tile.kind else ""
    name = f"{tile.name}: {tile.path}" if tile.more else tile.path or "network"
    words = f"{shortened(name, 200)}{copies}{kind}: {counted(tile.total, 'parameter', Look())}"
    share = part_of(tile.total, network)
    return tag("title", safe(words) + (f", {share}" if share else ""))


def _label(tile: Tile, rect: Rect, seen: float, network: Network) -> list[str]:
    """The name, the number and the share, as far as there is room; in a narrow tile downwards."""
    x, y, wide, high = rect
    room = y + high - seen
    if 14 <= wide < 34 and room > 90:
        return [_downwards(tile, rect, seen, network)]
    size = 17.0 if wide > 170 and room > 90 else 14.0 if wide > 96 and room > 54 else 11.5
    name = _named(tile, wide - 10, size)
    if wide < 34 or room < size + 4 or not name:
        return []
    pad = 5 if size < 14 else 8
    base = seen + pad + size * 0.8
    lines = [text(x + pad, base, name, "np-strong", size=size)]
    small = size * 0.82 if size > 12 else 11
    share = part_of(tile.total, network)
    held = [f"{tile.total:,}", share] if share else [f"{tile.total:,}"]
    both = " · ".join(held)
    for words in [*([both] if width(both, small) < wide - 2 * pad else held), *_used(tile)]:
        base += small * 1.4
        if base + 4 > y + high or width(words, small) > wide - pad - 2:
            break
        lines.append(text(x + pad, base, words, size=small))
    return lines


def _downwards(tile: Tile, rect: Rect, seen: float, network: Network) -> str:
    x, y, wide, high = rect
    room, size = y + high - seen - 16, min(13.0, wide - 3)
    words = " · ".join(filter(None, (f"{tile.total:,}", part_of(tile.total, network))))
    name = _named(tile, room, size)
    after = width(shortened(tile.name, 200), size, bold=True) + width(words, size * 0.85) + 20 < room
    beside = tag("tspan", words, dx=9.0, font_weight="400", font_size=size * 0.85) if after and name else ""
    place = f"rotate(90 {at(x + wide / 2)} {at(seen + 8)})"
    return text(x + wide / 2, seen + 8 + size * 0.35, name + beside, "np-strong", size=size, transform=place)


def _used(tile: Tile) -> list[str]:
    """How many of its experts a token uses."""
    routed = None if tile.branch is None else tile.branch.module.routed
    if routed is None or routed[0] is None:
        return []
    return [f"a token uses {sized(routed[0])} of {sized(routed[1])}"]


# -- tones ------------------------------------------------------------------------------------------------------------


def _tones(root: Tile) -> dict[str | None, str]:
    """The commonest kinds of layers, each with its tone."""
    held: dict[str | None, int] = {}
    for tile in leaves(root):
        held[tile.kind] = held.get(tile.kind, 0) + (0 if tile.more else tile.weights)
    kinds = sorted(held, key=lambda kind: -held[kind])
    return {kind: f"np-tone{k}" for k, kind in enumerate(kinds[:TONES]) if k == 0 or held[kind] * 200 > root.total}


def _tone(tile: Tile, tones: dict[str | None, str]) -> str:
    other = f"np-tone{TONES}"
    return other if tile.more else tones.get(tile.kind, other)


def _legend(picture: Picture, root: Tile, tones: dict[str | None, str]) -> None:
    """Which tone is which kind of layer."""
    others = any(_tone(tile, tones) not in tones.values() for tile in leaves(root))
    named = [(kind or "not named", cls) for kind, cls in tones.items()]
    named += [("others", f"np-tone{TONES}")] if others else []
    if len(named) < 2:
        return
    x = SIDE
    picture.top += 4
    for kind, cls in named:
        name = fitted(kind, 220, 13)
        picture.add(tag("rect", cls=cls, x=x, y=picture.top - 10, width=14.0, height=12.0))
        picture.add(text(x + 22, picture.top, name, "np-soft", size=13))
        x += 22 + width(shortened(kind, 60), 13) + 18
    picture.top += 18


def _largest(root: Tile) -> str:
    held = sorted(leaves(root), key=lambda tile: -tile.total)[:3]
    named = [f"{shortened(tile.path or 'network', 60)} {tile.total:,}" for tile in held]
    return f"the largest {'is' if len(named) == 1 else 'are'} {', '.join(named)}"
