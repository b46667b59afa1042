"""The report as text: the answers, how large models are, where the parameters stand, and the tables."""

from __future__ import annotations

from nparams.views._fleet import boxes, chart
from nparams.views._fleet.cells import MOST, plain, ready, shortened, wide
from nparams.views._fleet.tables import kinds, sections
from nparams.views._fleet.words import NAMED, answers, heading, models, spread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.network.many import Kind, Report
    from nparams.views._fleet.cells import Cells
    from nparams.views._fleet.tables import Section
    from nparams.views.look import Look

BOLD, DIM, END = "\x1b[1m", "\x1b[2m", "\x1b[0m"


def drawn(report: Report, look: Look) -> str:
    """All of it, a section under the other."""
    parts = [_head(report, look), _sizes(report, look)]
    made = [_section(section, look) for section in sections(report)]
    picture = boxes.drawn(report, look)
    if picture:
        title = _title("Where the parameters are", "areas by parameters", look)
        made.insert(1, "\n".join([title, *picture]))
    made += [_examples(title, found, look) for title, found in kinds(report)]
    return "\n\n".join(part for part in [*parts, *made] if part)


def _head(report: Report, look: Look) -> str:
    place, told = look.name(report.place), look.name(heading(report))
    apart = look.width is not None and wide(f"{place}: {told}") > look.width
    lines = [_bold(place, look), *_wrapped(told, look), ""] if apart else [f"{_bold(place, look)}: {told}", ""]
    for question, sentences in answers(report):
        lines.append(_bold(question, look))
        for sentence in sentences:
            lines += _wrapped(look.name(sentence), look)
    return "\n".join(lines)


def _wrapped(sentence: str, look: Look, indent: int = 2) -> list[str]:
    """An indented sentence, broken between words where the terminal ends."""
    lines, line = [], " " * (indent - 1)
    for word in sentence.split():
        if look.width is not None and wide(line) + 1 + wide(word) > look.width and line.strip():
            lines.append(line)
            line = " " * (indent + 1)
        line = f"{line} {word}"
    return [*lines, line]


def _sizes(report: Report, look: Look) -> str:
    lines = chart.drawn(report.sizes.bins, look)
    if not lines:
        return ""
    told = spread(report)
    return "\n".join([_title("How large models are", "models by parameters", look), *lines, *_wrapped(told, look)])


def _title(title: str, note: str, look: Look) -> str:
    """A title, and beside or below it what is to be said of it."""
    head = _bold(title, look)
    if not note:
        return head
    if look.width is not None and len(title) + 2 + len(note) > look.width:
        return "\n".join([head, *(_dim(line, look) for line in _wrapped(note, look))])
    return f"{head}{_dim(f': {note}', look)}"


def _section(section: Section, look: Look) -> str:
    made = ready(section, look)
    return "\n".join([_title(section.title, section.note, look), *_table(made, look)])


def _examples(title: str, found: Sequence[Kind], look: Look) -> str:
    """Each kind with its first models: addresses stand whole, to be copied."""
    lines = [_bold(title, look)]
    for kind in found:
        lines += _wrapped(f"{shortened(look.name(kind.name), NAMED, look)}: {models(kind.models)}", look)
        for example in kind.examples:
            uri, text = (shortened(look.name(words), MOST, look) for words in example)
            lines += _wrapped(f"{uri}: {text}" if text else uri, look, 4)
    return "\n".join(lines)


def _table(made: Sequence[Cells], look: Look) -> list[str]:
    """As rich draws it on a terminal, or plain where rich is not installed."""
    if look.rich:
        from nparams.views.cells import Column
        from nparams.views.terminal import draw

        columns = []
        for cells in made:
            columns.append(Column(cells.name, lambda row, look: "", numeric=cells.kind == "number"))
            columns[-1].cells = cells.cells
        try:
            return draw(columns, look).split("\n")
        except ImportError:
            pass
    return plain(list(made))


def _bold(words: str, look: Look) -> str:
    return f"{BOLD}{words}{END}" if look.rich and look.colour else words


def _dim(words: str, look: Look) -> str:
    return f"{DIM}{words}{END}" if look.rich and look.colour else words
