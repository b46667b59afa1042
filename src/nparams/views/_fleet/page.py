"""The report as a page of its own: no script, nothing from elsewhere, and every word of a stranger's is text."""

from __future__ import annotations

from html import escape

from nparams.errors import escaped
from nparams.views._fleet.pictures import chart, treemap
from nparams.views._fleet.style import STYLE as OWN
from nparams.views._fleet.tables import kinds, sections
from nparams.views._fleet.words import answers, heading, models, spread
from nparams.views._svg.ink import shortened
from nparams.views._svg.style import STYLE as PICTURE
from nparams.views.html_style import PAGE, STYLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.network.many import Kind, Report
    from nparams.views._fleet.tables import Column, Section

#: widths of a picture: for a screen, and for a telephone
LARGE, SMALL = 1090.0, 360.0
#: characters of a name
LONGEST = 240


def drawn(report: Report) -> str:
    """The whole page."""
    title = _text(f"{report.place}: {heading(report)}"[:120])
    parts = [_head(report), _asked(report), _sizes(report), _areas(report)]
    parts += [_table(section) for section in sections(report)]
    parts += [_examples(name, found) for name, found in kinds(report)]
    body = "\n".join(part for part in parts if part)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{PAGE}\n{STYLE}\n{PICTURE}\n{OWN}\n</style>\n</head>\n<body>\n"
        f'<main class="nparams">\n{body}\n</main>\n</body>\n</html>'
    )


def _text(words: str) -> str:
    return escape(escaped(words))


def _name(words: str) -> str:
    """A stranger's name, whose direction of writing turns nothing around it."""
    return f"<bdi>{_text(shortened(words, LONGEST))}</bdi>"


def _head(report: Report) -> str:
    noun = "parameter" if report.parameters == 1 else "parameters"
    return (
        f'<h1><code>{_name(report.place)}</code> <span class="np-dim">{_text(heading(report))}</span></h1>\n'
        f'<p class="np-answer"><b>{report.parameters:,}</b><span> {noun}</span></p>'
    )


def _asked(report: Report) -> str:
    """The questions that people ask first, each with its answer."""
    told = []
    for question, sentences in answers(report):
        said = "".join(f"<dd>{_text(sentence)}</dd>" for sentence in sentences)
        told.append(f"<div><dt>{_text(question)}</dt>{said}</div>")
    return f'<dl class="np-asked">\n{"".join(told)}\n</dl>'


def _sizes(report: Report) -> str:
    return _pictures("How large models are", spread(report), chart(report, LARGE), chart(report, SMALL))


def _areas(report: Report) -> str:
    note = "areas by parameters: architectures, and in them their largest models"
    return _pictures("Where the parameters are", note, treemap(report, LARGE), treemap(report, SMALL))


def _pictures(title: str, note: str, large: str, small: str) -> str:
    """A picture for a wide page and one for a narrow one, of which one is shown."""
    if not large:
        return ""
    return (
        f'{_title(title, note)}<div class="np-picture np-large">{large}</div>\n'
        f'<div class="np-picture np-small">{small}</div></section>'
    )


def _title(title: str, note: str) -> str:
    said = f'\n<p class="np-dim">{_text(note)}</p>' if note else ""
    return f'<section aria-label="{_text(title)}">\n<h2>{_text(title)}</h2>{said}\n'


def _table(section: Section) -> str:
    bar = '<th scope="col"></th>' if section.shares else ""
    heads = "".join(f'<th scope="col"{_kind(column, "")}>{_text(column.name)}</th>' for column in section.columns)
    rows = [
        f"<tr>{''.join(_cell(column, k) for column in section.columns)}{_bar(section, k)}</tr>"
        for k in range(len(section.columns[0].cells))
    ]
    body = "\n".join(rows)
    return (
        f'{_title(section.title, section.note)}<div class="np-scroll"><table class="np-table">\n'
        f"<thead><tr>{heads}{bar}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table></div></section>"
    )


def _kind(column: Column, cell: str) -> str:
    if column.kind == "number":
        return ' class="np-num"'
    return ' class="np-wide"' if len(cell) > 24 else ""


def _cell(column: Column, k: int) -> str:
    cell = column.cells[k]
    return f"<td{_kind(column, cell)}>{_name(cell) if column.kind == 'long' else _text(cell)}</td>"


def _bar(section: Section, k: int) -> str:
    if not section.shares:
        return ""
    return f'<td class="np-bar" aria-hidden="true"><b style="width:{100 * section.shares[k]:.2f}%"></b></td>'


def _examples(title: str, found: Sequence[Kind]) -> str:
    """Each kind with its first models."""
    parts = []
    for kind in found:
        told = "".join(f"<li><code>{_name(e.uri)}</code> <span>{_name(e.text)}</span></li>" for e in kind.examples)
        head = f"{_name(kind.name)} <span>{_text(models(kind.models))}</span>"
        parts.append(f'<h3>{head}</h3>\n<ul class="np-told">{told}</ul>')
    return _title(title, "") + "\n".join(parts) + "</section>"
