"""The table: plain aligned text, or drawn by rich on a terminal."""

from __future__ import annotations

from nparams.views.cells import Column, columns, fitted
from nparams.views.look import Look, asides, heading, summary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network import Network


def render(network: Network, look: Look | None = None) -> str:
    """What was understood, one row a layer, and the answer."""
    look = look or Look()
    made = fitted(columns(network, look), look.width)
    table = _drawn(made, look) if look.rich else _plain(made)
    ending = [summary(network, look), *asides(network, look)]
    return "\n".join([heading(network, look), "", table, "", *ending])


def _drawn(made: list[Column], look: Look) -> str:
    """As rich draws it, or plain where rich is not installed."""
    from nparams.views.terminal import draw

    try:
        return draw(made, look)
    except ImportError:
        return _plain(made)


def _plain(made: list[Column]) -> str:
    count = len(made[0].cells)
    lines = [_line(made, [c.name for c in made])]
    lines += [_line(made, [c.cells[k] for c in made]) for k in range(count)]
    if count > 1 and any(c.foot for c in made):
        lines.append(_line(made, [c.foot for c in made]))
    return "\n".join(lines)


def _line(made: list[Column], cells: list[str]) -> str:
    padded = [
        cell.rjust(column.width) if column.numeric else cell.ljust(column.width)
        for column, cell in zip(made, cells, strict=True)
    ]
    return "  ".join(padded).rstrip()
