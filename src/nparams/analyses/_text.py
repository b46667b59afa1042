"""Plain text for the analyses: counts, products, sums, lists of names."""

from __future__ import annotations

from itertools import pairwise

from nparams.expr import Expr, render

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nparams.analyses._terms import Term, Unit
    from nparams.expr import Size
    from nparams.network import Network

#: characters of a network's name in a sentence: as it was given, and as it was understood
SHORT, LONG = 80, 160


class Style:
    """How arithmetic is written: with · and × where the reader's side can show them."""

    __slots__ = ("dot", "style", "times")

    def __init__(self, unicode: bool = True) -> None:
        self.style = "unicode" if unicode else "text"
        self.dot = "·" if unicode else "*"
        self.times = "×" if unicode else "x"

    def number(self, size: Size) -> str:
        """A count with its digits grouped, or a formula."""
        return render(size, self.style) if isinstance(size, Expr) else f"{size:,}"

    def product(self, sizes: Iterable[Size]) -> str:
        """784·16."""
        return self.dot.join(
            f"({render(s, self.style)})" if isinstance(s, Expr) and s.op == "add" else _bare(s, self) for s in sizes
        )

    def terms(self, terms: Sequence[Term]) -> str:
        """The sum of some terms as written, equal ones together: 4·16·16 + 4·16."""
        counts: dict[tuple[Size, ...], int] = {}
        for term in terms:
            key = tuple(size for _, size in term.factors) or (1,)
            counts[key] = counts.get(key, 0) + 1
        parts = [self.product((count, *key) if count > 1 else key) for key, count in counts.items()]
        return " + ".join(parts) if parts else "0"

    def unit(self, unit: Unit) -> str:
        """A layer's count with its arithmetic: 784·16 + 16 = 12,560."""
        text = self.terms(unit.terms)
        if unit.copies != 1:
            text = f"{_bare(unit.copies, self)} {self.times} ({text})" if unit.terms else text
        total = self.number(unit.size)
        return total if text.replace(",", "") == total.replace(",", "") else f"{text} = {total}"


def _bare(size: Size, style: Style) -> str:
    return render(size, style.style) if isinstance(size, Expr) else str(size)


def called(name: str) -> str:
    """A layer's name in a sentence; a bare number, as nn.Sequential gives, says that it is a layer.

    >>> called("fc1"), called("0.2")
    ('fc1', 'layer 0.2')
    """
    return f"layer {name}" if name.replace(".", "").replace("-", "").replace(",", "").isdigit() else name


def listed(names: Sequence[str], joint: str = "and", most: int = 4) -> str:
    """Names as a sentence lists them; of many the first ones.

    >>> listed(["a", "b", "c"]), listed(["a", "b"], "or")
    ('a, b and c', 'a or b')
    """
    if len(names) > most:
        return f"{', '.join(names[:most])} {joint} {len(names) - most} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {joint} {names[-1]}"


def changes(steps: Sequence[Size], style: Style) -> str:
    """From the first total to the last: 13,002 - 42 = 12,960.

    >>> changes([13002, 12960, 12980], Style())
    '13,002 - 42 + 20 = 12,980'
    """
    differences = [after - before for before, after in pairwise(steps)]
    if not all(isinstance(difference, int) for difference in differences):
        return style.number(steps[-1])
    parts = [f"{'-' if d < 0 else '+'} {abs(d):,}" for d in differences if isinstance(d, int)]
    return f"{style.number(steps[0])} {' '.join(parts)} = {style.number(steps[-1])}"


def short(network: Network) -> str:
    """What a network is called in a sentence: as it was given (a file by its name), where that is short.

    Sizes and lists of layers come in many spellings, so of them it is what was understood.
    """
    given, said = network.source, network.read_as
    if given and network.form not in ("sizes", "stack") and len(given) < SHORT and "\n" not in given:
        return given
    said = said or given or "the network"
    return said if len(said) <= LONG else f"{said[: LONG - 1]}…"
