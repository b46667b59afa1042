"""The sheet in Markdown: it reads well as it stands, too."""

from __future__ import annotations

import re
from string import Formatter
from textwrap import wrap

from nparams.errors import escaped
from nparams.expr import Expr, render
from nparams.views._exercises.parts import Name, Ratio, Say, Show, one_of
from nparams.views.cells import cut
from nparams.views.look import Look

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.expr import Size
    from nparams.views._exercises.parts import Block, Sheet, Slot

#: what Markdown or HTML would act on, in names that strangers chose
SPECIAL = str.maketrans({c: f"\\{c}" for c in "\\`*_{}[]<>|#"})
#: what would begin a list where a line happens to begin with the end of a sentence
NUMBER = re.compile(r"^( *\d+)\.(?= |$)")
#: lines of arithmetic are set in from the text, which makes them code in Markdown
INDENT, CODE = "   ", "       "
#: characters of arithmetic that a sheet shows
LONGEST = 3_000


def written(sheet: Sheet, look: Look) -> str:
    """The whole sheet."""
    writer = _Writer(look)
    lines = [f"# {sheet.title}", "", *writer.given(sheet)]
    lines += writer.numbered([question.asked for question in sheet.questions])
    lines += ["", "## Solutions", "", *writer.numbered([question.solved for question in sheet.questions])]
    return look.text("\n".join(lines))


class _Writer:
    def __init__(self, look: Look) -> None:
        self.look = look
        self.width = min(look.width or 80, 100)

    def given(self, sheet: Sheet) -> list[str]:
        """The network in words and its table of layers."""
        name, words = sheet.given
        lines = [*self._wrapped(f"The network: {self._code(escaped(name))}", ""), ""] if name.strip() else []
        if words:
            lines += [*self._wrapped(_plain(words), ""), ""]
        if sheet.rows:
            lines += [_row(sheet.head), _row([":---"] * len(sheet.head))]
            lines += [_row([self.sentence(cell, in_table=True) for cell in row]) for row in sheet.rows]
            lines.append("")
        for say in sheet.rest:
            lines += [*self._wrapped(self.sentence(say), ""), ""]
        return lines

    def numbered(self, items: Sequence[Sequence[Block]]) -> list[str]:
        """Questions or solutions under their numbers."""
        lines: list[str] = []
        for k, blocks in enumerate(items):
            body = self._blocks(blocks)
            lines += [f"{k + 1}. {body[0].lstrip()}", *body[1:], ""]
        return lines[:-1]

    def _blocks(self, blocks: Sequence[Block]) -> list[str]:
        lines: list[str] = []
        said = shown = False
        for block in blocks:
            new = self._block(block)
            together = said and isinstance(block, Say)
            if lines and not together and not (shown and isinstance(block, Show)):
                lines.append("")
            if together:
                new = self._wrapped(" ".join([*(_tail(lines)), *(line.strip() for line in new)]), INDENT)
            lines += new
            said, shown = isinstance(block, Say), isinstance(block, Show)
        return lines

    def _block(self, block: Block) -> list[str]:
        if isinstance(block, Say):
            return self._wrapped(self.sentence(block), INDENT)
        if isinstance(block, Show):
            return [f"{CODE}{self.arithmetic(block)}"]
        lines: list[str] = []
        for letter, item in zip("abcdefghijkl", block.items, strict=False):
            lines += self._wrapped(f"- ({letter}) {self.sentence(item)}", INDENT, f"{INDENT}  ")
        return lines

    def _wrapped(self, words: str, indent: str, following: str | None = None) -> list[str]:
        lines = wrap(
            words, max(self.width, 20), initial_indent=indent, break_long_words=False, break_on_hyphens=False,
            subsequent_indent=indent if following is None else following,
        )  # fmt: skip
        return [NUMBER.sub(r"\1\\.", line) for line in lines]

    # -- pieces -----------------------------------------------------------------------------------------------------

    def sentence(self, say: Say, *, in_table: bool = False) -> str:
        """A sentence with its slots filled; what is not a slot is ours, or a name in a layer's own sentence."""
        pieces = []
        for words, slot, _, _ in Formatter().parse(say.template):
            pieces.append(_plain(words))
            if slot is not None:
                pieces.append(self._slot(say.slots[slot], in_table=in_table))
        return one_of("".join(pieces))

    def _slot(self, slot: Slot, *, in_table: bool) -> str:
        if isinstance(slot, int):
            return self.math(slot)
        if isinstance(slot, str):
            slot = slot if self.look.unicode or isinstance(slot, Name) else slot.replace("≥", ">=").replace("≤", "<=")
            shown = cut(self.look.name(slot), self.look)
            return self._code(shown, in_table=in_table) if isinstance(slot, Name) else _plain(shown)
        text = self.math(slot)
        return self._code(text, in_table=in_table) if len(text) <= LONGEST else "…"

    def _code(self, shown: str, *, in_table: bool = False) -> str:
        """A name or a formula set as code, where it can be: in a table a | divides cells, even in code."""
        if "`" in shown or not shown.strip() or not shown.isprintable():
            return _plain(shown)
        return f"`{shown.replace('|', chr(92) + '|') if in_table else shown}`"

    def math(self, size: Size) -> str:
        """A size as an explanation writes it."""
        return f"{size:,}" if isinstance(size, int) else render(size, "grouped" if self.look.unicode else "text")

    def arithmetic(self, show: Show) -> str:
        """Sides that are equal, and what they count."""
        sides = [self._side(side) for side in show.sides]
        sides = [side for side in sides if len(side) <= LONGEST] or ["(a formula too long to be set)"]
        return f"{' = '.join(sides)}{f' {show.noun}' if show.noun else ''}"

    def _side(self, side: Size | Ratio) -> str:
        if isinstance(side, Ratio):
            about = "≈" if self.look.unicode else "~"
            sign = " =" if side.exact else f" {about}" if side.percent[0].isdigit() else ","
            return f"{side.part:,} / {side.whole:,}{sign} {side.percent}"
        return escaped(self.math(side)) if isinstance(side, Expr) else self.math(side)


def _tail(lines: list[str]) -> list[str]:
    """The paragraph at the end of the lines, taken off them."""
    found: list[str] = []
    while lines and lines[-1]:
        found.insert(0, lines.pop().strip())
    return found


def _plain(text: str) -> str:
    return escaped(text).translate(SPECIAL)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |")
