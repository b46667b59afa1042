"""The table and the tree as rich draws them on a terminal."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.console import RenderableType

    from nparams.views.cells import Column
    from nparams.views.look import Look

STYLES = {"layer": "bold", "total": "bold", "share": "dim", "kind": "dim", "note": "dim", "not parameters": "dim"}


def draw(made: list[Column], look: Look) -> str:
    """The columns as a rich table, as text."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    several = len(made[0].cells) > 1 and any(column.foot for column in made)
    table = Table(box=box.SIMPLE, show_footer=several, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for column in made:
        table.add_column(
            column.name,
            Text(column.foot, style="bold"),
            justify="right" if column.numeric else "left",
            style=STYLES.get(column.name),
            no_wrap=column.numeric,
            overflow="fold",
        )
    for k in range(len(made[0].cells)):
        table.add_row(*(Text(column.cells[k]) for column in made))
    return shown(table, look)


def shown(thing: RenderableType, look: Look) -> str:
    """What rich prints for `thing`, as text with its colour codes."""
    from io import StringIO

    from rich.console import Console

    out = StringIO()
    Console(
        file=out, force_terminal=True, width=look.width, color_system="auto" if look.colour else None,
        no_color=not look.colour, legacy_windows=False, highlight=False, markup=False, emoji=False,
    ).print(thing)  # fmt: skip
    return "\n".join(line for line in out.getvalue().split("\n") if line.strip())
