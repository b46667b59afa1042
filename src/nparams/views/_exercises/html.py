"""The sheet as a piece of HTML: headings, ordered lists, formulas in MathML; no style, script or id of its own."""

from __future__ import annotations

from html import escape
from string import Formatter

from nparams.errors import escaped
from nparams.views._exercises.parts import Choices, Name, Ratio, Say, Show, one_of
from nparams.views.cells import cut
from nparams.views.look import Look
from nparams.views.mathml import equation, math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.views._exercises.parts import Block, Sheet, Slot

LOOK = Look()


def written(sheet: Sheet) -> str:
    """The whole sheet, questions and solutions each in a section."""
    asked = _numbered("np-questions", [question.asked for question in sheet.questions])
    solved = _numbered("np-answers", [question.solved for question in sheet.questions])
    given, words = (_text(part) for part in sheet.given)
    rest = "".join(f"<p>{sentence(say)}</p>" for say in sheet.rest)
    return (
        f'<section class="np-exercises">\n<h2>{_text(sheet.title)}</h2>\n'
        f"{f'<p>The network: <code>{given}</code></p>' if given.strip() else ''}\n"
        f"{f'<p>{words}</p>' if words else ''}\n{_table(sheet)}{rest}\n{asked}\n</section>\n"
        f'<section class="np-solutions">\n<h2>Solutions</h2>\n{solved}\n</section>'
    )


def _table(sheet: Sheet) -> str:
    if not sheet.rows:
        return ""
    head = "".join(f'<th scope="col">{_text(words)}</th>' for words in sheet.head)
    body = "\n".join(
        f'<tr><th scope="row">{sentence(row[0])}</th>{"".join(f"<td>{sentence(cell)}</td>" for cell in row[1:])}</tr>'
        for row in sheet.rows
    )
    return f'<table class="np-layers">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>\n'


def _numbered(kind: str, items: Sequence[Sequence[Block]]) -> str:
    lines = [f"<li>{''.join(map(_block, _joined(blocks)))}</li>" for blocks in items]
    return f'<ol class="{kind}">\n' + "\n".join(lines) + "\n</ol>"


def _joined(blocks: Sequence[Block]) -> list[str | Show | Choices]:
    """Sentences that follow each other are one paragraph."""
    found: list[str | Show | Choices] = []
    for block in blocks:
        if not isinstance(block, Say):
            found.append(block)
        elif found and isinstance(found[-1], str):
            found[-1] = f"{found[-1]} {sentence(block)}"
        else:
            found.append(sentence(block))
    return found


def _block(block: str | Show | Choices) -> str:
    if isinstance(block, str):
        return f"<p>{block}</p>"
    if isinstance(block, Choices):
        return f'<ol type="a">{"".join(f"<li>{sentence(item)}</li>" for item in block.items)}</ol>'
    return f'<p class="np-show">{_arithmetic(block)}</p>'


def _arithmetic(show: Show) -> str:
    sides = [_ratio(side) if isinstance(side, Ratio) else side for side in show.sides]
    drawn = equation(sides) or "(a formula too long to be set)"
    percent = [f"{_sign(side)} {side.percent}" for side in show.sides if isinstance(side, Ratio)]
    return f"{drawn}{''.join(percent)}{f' {show.noun}' if show.noun else ''}"


def _sign(side: Ratio) -> str:
    return " =" if side.exact else " ≈" if side.percent[0].isdigit() else ","


def _ratio(side: Ratio) -> str:
    return f"<mfrac><mn>{side.part:,}</mn><mn>{side.whole:,}</mn></mfrac>"


def sentence(say: Say) -> str:
    """A sentence with its slots filled."""
    pieces = []
    for words, slot, _, _ in Formatter().parse(say.template):
        pieces.append(_text(words))
        if slot is not None:
            pieces.append(_slot(say.slots[slot]))
    return one_of("".join(pieces))


def _slot(slot: Slot) -> str:
    if isinstance(slot, int):
        return f"{slot:,}"
    if not isinstance(slot, str):
        return math(slot) or "…"
    shown = _text(cut(slot, LOOK))
    return f"<code>{shown}</code>" if isinstance(slot, Name) else shown


def _text(words: str) -> str:
    return escape(escaped(words))
