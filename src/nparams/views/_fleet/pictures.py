"""How large models are and where the parameters stand, as SVG: no script, no id, no style attribute, and titles."""

from __future__ import annotations

from typing import NamedTuple

from nparams.views._fleet.words import called, models, name_of, share, short, spread
from nparams.views._svg.ink import fitted, safe, shortened, tag, text, width
from nparams.views._svg.squarify import squarified
from nparams.views.look import Look, counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network.many import Area, Bin, Report
    from nparams.views._svg.squarify import Rect

#: the height of the chart's columns, of what stands below them, and of the treemap where it is wide and where it is not
HIGH, FOOT, WIDE_MAP, NARROW_MAP = 220.0, 44.0, 520.0, 560.0
#: a picture of this width and more is a wide one
WIDE = 700.0
#: tones of the architectures in their order, so that neighbours differ
TONES = ("np-tone0", "np-tone1", "np-tone2", "np-tone3")
BAND, NARROWEST, LOWEST = 20.0, 40.0, 40.0
#: tiles of models below so many pixels are one
SMALLEST = 260.0
#: characters of an address in a title
TOLD = 160


def picture(content: list[str], wide: float, high: float, label: str) -> str:
    """The element around it, with words for who cannot see it."""
    told = shortened(label, 400)
    return tag(
        "svg", "\n".join(["", tag("title", safe(told)), *filter(None, content), ""]), cls="np-svg",
        viewBox=f"0 0 {round(wide)} {round(high)}", width=wide, height=high, role="img", aria_label=told,
    )  # fmt: skip


# -- how large models are ---------------------------------------------------------------------------------------------


def chart(report: Report, wide: float) -> str:
    """A column for each bin, the powers of ten below them; nothing without a total."""
    bins = report.sizes.bins
    most = max((each.models for each in bins), default=0)
    if not most:
        return ""
    left = width(f"{most:,}", 13) + 10
    step = (wide - left - 4) / len(bins)
    parts = [
        text(left - 8, 14 + HIGH * (1 - k), f"{round(most * k):,}", "np-soft", anchor="end", size=13) for k in (0, 1)
    ]
    parts += [
        tag("path", cls="np-rule", d=f"M{left:.1f} {10 + HIGH * k / 2:.1f}H{wide:.1f}", stroke_width=1.0)
        for k in range(3)
    ]
    for k, each in enumerate(bins):
        parts.append(_column(bins, k, (left + k * step, step), most))
        parts += _mark(each, left + k * step, k and step)
    label = f"Models by number of parameters: {spread(report)}"
    parts.append(text(left + (wide - left) / 2, 10 + HIGH + 40, "parameters", "np-soft", anchor="middle", size=13))
    return picture(parts, wide, HIGH + FOOT + 12, label)


def _column(bins: tuple[Bin, ...], k: int, place: tuple[float, float], most: int) -> str:
    each, (x, step) = bins[k], place
    if not each.models:
        return ""
    high = max(1.5, HIGH * each.models / most)
    upto = f"from {short(each.least)} up to {short(_after(each.least))}" if each.least else "none"
    title = tag("title", safe(f"{models(each.models)} with {upto} parameters: {each.parameters:,} in all"))
    gap = min(3.0, step / 5)
    bar = tag("rect", cls="np-weight-bar", x=x + gap / 2, y=10 + HIGH - high, width=step - gap, height=high, rx=1.5)
    return tag("g", title + bar, cls="np-block")


def _after(least: int) -> int:
    """Where the next bin begins.

    >>> _after(1), _after(20), _after(500)
    (2, 50, 1000)
    """
    return least * 5 // 2 if str(least)[0] == "2" else 2 * least


def _mark(each: Bin, x: float, step: float) -> list[str]:
    """A power of ten below the chart, where it is not too near to the one before: every third bin has one."""
    if str(each.least).strip("0") not in ("", "1"):
        return []
    parts = [tag("path", cls="np-rule", d=f"M{x:.1f} {10 + HIGH:.1f}v5", stroke_width=1.0)]
    power = len(str(each.least)) - 1
    if not step or 3 * step > 38 or power % (3 if 9 * step > 38 else 6) == 0:
        parts.append(text(x, 10 + HIGH + 20, short(each.least), "np-soft", anchor="middle", size=13))
    return parts


# -- where the parameters are -----------------------------------------------------------------------------------------


class Tile(NamedTuple):
    """A model, or what is left of an architecture; `sums`: what stands below its name."""

    name: str
    sums: str
    title: str
    parameters: int


def treemap(report: Report, wide: float) -> str:
    """Architectures by parameters, and in each its models; nothing without parameters."""
    if not report.parameters:
        return ""
    high = WIDE_MAP if wide >= WIDE else NARROW_MAP
    areas = sorted((area for area in report.treemap if area.parameters), key=lambda area: -area.parameters)
    space = (0.0, 0.0, wide, high)
    sizes = [wide * high * area.parameters / report.parameters for area in areas]
    parts, over = [], []
    for k, (area, rect) in enumerate(zip(areas, squarified(sizes, space), strict=True)):
        parts += _area(area, rect, TONES[k % len(TONES)], report)
        over += _title(area, rect, report)
    parts.append(tag("g", "".join(over), cls="np-over"))
    held = ", ".join(f"{name_of(area)} {share(area.parameters, report.parameters)}" for area in areas[:3])
    return picture(parts, wide, high, f"Areas by parameters, architectures and in them models. The largest: {held}")


def _area(area: Area, rect: Rect, tone: str, report: Report) -> list[str]:
    """The tiles of an architecture, and a frame around them."""
    x, y, wide, high = rect
    tiles = _tiles(area, wide * high, report)
    sizes = [wide * high * tile.parameters / area.parameters for tile in tiles]
    band = _has_band(area, rect)
    parts = []
    for tile, place in zip(tiles, squarified(sizes, rect), strict=True):
        edge = tag("rect", cls=f"{tone} np-edge", x=place[0], y=place[1], width=place[2], height=place[3])
        parts.append(tag("g", tag("title", safe(tile.title)) + edge + _name(tile, place, y + band), cls="np-tile"))
    parts.append(
        tag("g", tag("rect", x=x, y=y, width=wide, height=high, stroke_width=4.0), cls="np-cut np-over")
    )  # fmt: skip
    return parts


def _tiles(area: Area, room: float, report: Report) -> list[Tile]:
    """The models that are large enough to be seen, and the others as one."""
    name = name_of(area)
    held = [part for part in area.parts if part[1] * room >= SMALLEST * area.parameters]
    tiles = [
        Tile(called(uri), short(total), f"{shortened(uri, TOLD)}: {_sums(total, report)}", total) for uri, total in held
    ]
    count, rest = area.models - len(held), area.parameters - sum(total for _, total in held)
    if rest:
        told = f"{count:,} more" if held else models(count)
        tiles.append(
            Tile(
                told,
                short(rest) if held else "",
                f"{shortened(name, 80)}: {models(count)}, {_sums(rest, report)}",
                rest,
            )
        )
    return sorted(tiles, key=lambda tile: -tile.parameters)


def _sums(parameters: int, report: Report) -> str:
    part = share(parameters, report.parameters)
    return f"{counted(parameters, 'parameter', Look())}, {part}"


def _has_band(area: Area, rect: Rect) -> float:
    return BAND if rect[2] >= NARROWEST and rect[3] >= LOWEST else 0.0


def _title(area: Area, rect: Rect, report: Report) -> list[str]:
    """The name of an architecture over its tiles, and beside it its sum and its share."""
    if not _has_band(area, rect):
        return []
    x, y, wide, _ = rect
    told = f"{short(area.parameters)} · {share(area.parameters, report.parameters)}"
    roomy = wide - 16 > width(told, 12.5) + width(shortened(name_of(area), 16), 12.5, bold=True) + 10
    name = fitted(name_of(area), wide - 14 - (width(told, 12.5) + 10 if roomy else 0), 12.5, bold=True)
    beside = tag("tspan", safe(told), dx=8.0, font_weight="400") if roomy else ""
    band = tag("rect", cls="np-band", x=x, y=y, width=wide, height=BAND)
    return [band, text(x + 7, y + 14.5, name + beside, "np-strong", size=12.5)] if name else []


def _name(tile: Tile, place: Rect, seen: float) -> str:
    """What a tile is called and holds, below the band that may cover its upper part."""
    x, y, wide, high = place
    top = max(y, seen) + 15
    if wide < 64 or top + 4 > y + high:
        return ""
    parts = text(x + 7, top, fitted(tile.name, wide - 12, 12), size=12)
    if top + 20 < y + high and width(tile.sums, 12) < wide - 12:
        parts += text(x + 7, top + 16, tile.sums, size=12)
    return parts
