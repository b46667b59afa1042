"""The treemap in text: boxes with areas by numbers of parameters, drawn with lines."""

from __future__ import annotations

from nparams.network.many import Area
from nparams.views._fleet.cells import ended, wide
from nparams.views._fleet.words import called, models, name_of, share, short
from nparams.views._svg.squarify import squarified

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network.many import Report
    from nparams.views.look import Look

#: columns and lines of the whole; a character is about twice as high as it is wide
WIDEST, HIGH, ASPECT = 120, 17, 2
NARROWEST = 48
#: characters of the smallest box: what is smaller is part of the last one
SMALLEST = 44
#: lines of sums, and of models after them
SUMS, MODELS = 3, 5
UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8
LINES = {
    UP | DOWN: "│", LEFT | RIGHT: "─", DOWN | RIGHT: "┌", DOWN | LEFT: "┐", UP | RIGHT: "└", UP | LEFT: "┘",
    UP | DOWN | RIGHT: "├", UP | DOWN | LEFT: "┤", LEFT | RIGHT | DOWN: "┬", LEFT | RIGHT | UP: "┴",
    UP | DOWN | LEFT | RIGHT: "┼",
}  # fmt: skip
PLAIN = {UP | DOWN: "|", LEFT | RIGHT: "-"}


def drawn(report: Report, look: Look) -> list[str]:
    """The lines of the picture; nothing where there is one box, or no room."""
    width = min(WIDEST, look.width or 80)
    boxes = _boxes(report, width * HIGH)
    if len(boxes) < 2 or width < NARROWEST:
        return []
    space = (0.0, 0.0, float(width - 1), float(ASPECT * (HIGH - 1)))
    whole = sum(box.parameters for box in boxes)
    areas = [space[2] * space[3] * box.parameters / whole for box in boxes]
    bits = [[0] * width for _ in range(HIGH)]
    words = [[" "] * width for _ in range(HIGH)]
    for box, (x, y, wider, higher) in zip(boxes, squarified(areas, space), strict=True):
        left, right = round(x), round(x + wider)
        top, bottom = round(y / ASPECT), round((y + higher) / ASPECT)
        _frame(bits, left, right, top, bottom)
        _write(words, _told(box, report), left + 1, right, top + 1, bottom, look)
    return ["".join(map(_character, *row, [look] * width)).rstrip() for row in zip(bits, words, strict=True)]


def _boxes(report: Report, room: int) -> list[Area]:
    """The largest first, the small ones as one, unless that is small too."""
    held = [area for area in report.treemap if area.parameters]
    least = SMALLEST * report.parameters
    kept = [area for area in held if area.architectures == 1 and area.parameters * room >= least]
    left = [area for area in held if area not in kept]
    rest = [left[0] if len(left) == 1 else _joined(left)] if sum(a.parameters for a in left) * room >= least else []
    return sorted([*kept, *rest], key=lambda area: -area.parameters)


def _joined(areas: list[Area]) -> Area:
    architectures, models = sum(area.architectures for area in areas), sum(area.models for area in areas)
    return Area(None, architectures, models, sum(area.parameters for area in areas), ())


def _told(box: Area, report: Report) -> list[str]:
    """What is written into a box, a line each, as far as there is room: its largest models last."""
    sums = f"{short(box.parameters)}  {share(box.parameters, report.parameters)}"
    return [
        name_of(box),
        sums,
        models(box.models),
        *(f"{short(total)}  {called(uri)}" for uri, total in box.parts[:MODELS]),
    ]


def _frame(bits: list[list[int]], left: int, right: int, top: int, bottom: int) -> None:
    for x in range(left, right):
        for y in (top, bottom):
            bits[y][x] |= RIGHT
            bits[y][x + 1] |= LEFT
    for y in range(top, bottom):
        for x in (left, right):
            bits[y][x] |= DOWN
            bits[y + 1][x] |= UP


def _write(
    words: list[list[str]], told: list[str], left: int, right: int, top: int, bottom: int, look: Look
) -> None:  # fmt: skip
    """As many lines as there is room for, a column from the frame where that is wide enough."""
    pad = right - left > wide(look.name(told[0]))
    room = right - left - pad
    for y, text in zip(range(top, bottom), told, strict=False):
        text = look.name(text)
        if top < y < top + SUMS and wide(text) > room:
            break
        x = left + pad
        for c in ended(text, room, look) if room > 3 else "":
            words[y][x] = c
            if wide(c) == 2:
                words[y][x + 1] = ""
            x += max(1, wide(c))


def _character(bits: int, word: str, look: Look) -> str:
    if not bits:
        return word
    return LINES[bits] if look.unicode else PLAIN.get(bits, "+")
