"""How large models are, as columns of a terminal: one bin beside the other, a decade under every three."""

from __future__ import annotations

from nparams.views._fleet.words import short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.network.many import Bin
    from nparams.views.look import Look

#: lines of the highest column; columns of text where there is no limit
HIGH, WIDTH = 7, 80
EIGHTHS = " ▁▂▃▄▅▆▇█"


def drawn(bins: Sequence[Bin], look: Look) -> list[str]:
    """The lines of the chart; nothing without bins, or where there is no room."""
    most = max((each.models for each in bins), default=0)
    margin = len(f"{most:,}")
    room = (look.width or WIDTH) - margin - 2
    each = min(3, room // len(bins)) if bins else 0
    if not most or each < 1:
        return []
    levels = [_level(b.models, most) for b in bins]
    wall, corner, floor = ("│", "└", "─") if look.unicode else ("|", "+", "-")
    lines = []
    for row in reversed(range(HIGH)):
        label = f"{most:,}" if row == HIGH - 1 else ""
        body = "".join(_cell(level - 8 * row, look) * (each - (each > 1)) + " " * (each > 1) for level in levels)
        lines.append(f"{label:>{margin}} {wall}{body}".rstrip())
    lines.append(f"{'0':>{margin}} {corner}{floor * (each * len(bins))}")
    lines.append(" " * (margin + 2) + _scale(bins, each))
    return lines


def _level(models: int, most: int) -> int:
    """A height in eighths of a line; what is there can be seen."""
    return max(1, round(8 * HIGH * models / most)) if models else 0


def _cell(level: int, look: Look) -> str:
    eighth = max(0, min(8, level))
    return EIGHTHS[eighth] if look.unicode else "#" if eighth > 3 else "." if eighth else " "


def _scale(bins: Sequence[Bin], each: int) -> str:
    """The powers of ten under their columns, as many as there is room for."""
    line = ""
    for k, found in enumerate(bins):
        if str(found.least).strip("0") in ("", "1") and (not line or len(line) < k * each):
            line = line.ljust(k * each) + short(found.least)
    return line
