"""The table in Markdown, for an issue, a README or a lab report."""

from __future__ import annotations

from nparams.views.cells import columns
from nparams.views.look import Look, asides, heading, summary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network import Network


def render(network: Network, look: Look | None = None) -> str:
    """The heading, the table with its sum line, the answer, and what else there is to say."""
    look = look or Look()
    made = columns(network, look)
    lines = [_line([_cell(c.name) for c in made]), _line(["---:" if c.numeric else ":---" for c in made])]
    lines += [_line([_cell(c.cells[k]) for c in made]) for k in range(len(made[0].cells))]
    if any(c.foot for c in made):
        lines.append(_line([f"**{_cell(c.foot)}**" if c.foot else "" for c in made]))
    answer = [f"**{_cell(line)}**" for line in summary(network, look).split("\n")]
    items = [f"- {_cell(line)}" for line in (*asides(network, look), *map(look.text, network.notes))]
    head = _cell(heading(network, look)).replace("\n", "  \n")
    return "\n".join([head, "", *lines, "", "  \n".join(answer), *([""] if items else []), *items])


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


#: what Markdown or HTML would act on, in names that strangers chose
SPECIAL = str.maketrans({c: f"\\{c}" for c in "\\`*_{}[]<>|#"})


def _cell(text: str) -> str:
    return text.translate(SPECIAL)
