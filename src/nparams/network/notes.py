"""Sentences with sizes in them, which follow when numbers are put in for symbols."""

from __future__ import annotations

from nparams.expr import Expr, free_symbols, substitute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from nparams.expr import Size


class Told(str):
    """A sentence for the user: text with {} where sizes stand.

    `until_known`: it only matters while a size in it is symbolic.

    >>> from nparams.expr import symbol
    >>> note = Told("by those of Keras it is {}", 1000 * symbol("d"))
    >>> str(note), str(note.put({"d": 3}))
    ('by those of Keras it is 1000*d', 'by those of Keras it is 3,000')
    """

    __slots__ = ("sizes", "template", "until_known")

    template: str
    sizes: tuple[Size, ...]
    until_known: bool

    def __new__(cls, template: str, *sizes: Size, until_known: bool = False) -> Told:
        """The sentence as it reads now."""
        made = super().__new__(cls, template.format(*map(number, sizes)).replace("+ -", "- "))
        made.template, made.sizes, made.until_known = template, sizes, until_known
        return made

    def put(self, values: Mapping[str, object]) -> Told | None:
        """The sentence with values for symbols; None where it no longer matters."""
        from nparams.network.closed import tidy

        sizes = tuple(tidy(substitute(size, values)) for size in self.sizes)
        if self.until_known and not any(free_symbols(size) for size in sizes):
            return None
        return Told(self.template, *sizes, until_known=self.until_known)


def number(size: Size) -> str:
    """A size in a sentence: 12,960, or an expression."""
    return str(size) if isinstance(size, Expr) else f"{size:,}"


def put_in(notes: list[str], values: Mapping[str, object]) -> list[str]:
    """The notes with values for symbols."""
    found = [note.put(values) if isinstance(note, Told) else note for note in notes]
    return [note for note in found if note is not None]
