"""Formulas in MathML, which browsers draw by themselves: no script, no font, no request."""

from __future__ import annotations

import re

from nparams.errors import WorkLimitError
from nparams.expr import render
from nparams.views.formula import lines as written_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.expr import Size
    from nparams.network import Network

#: characters that a formula on a page may show, and elements in one another that a browser should have to draw
LONGEST, DEEPEST = 3_000, 200
BLOCK = ' display="block"'


def math(size: Size, block: bool = False) -> str | None:
    """A <math> element, in a line of text or as a block; None where it is too long to be set.

    >>> math(13002), math(13002, block=True)
    ('<math><mn>13,002</mn></math>', '<math display="block"><mn>13,002</mn></math>')
    """
    try:
        text = render(size, "mathml")
    except WorkLimitError:
        return None
    return None if _too_long(text) else f"<math{BLOCK if block else ''}>{text}</math>"


def equation(sides: Sequence[Size | str]) -> str | None:
    """Sides with = between them, set as large as a block in a line of text; a side that is a text is MathML already.

    None where they are too long to be set.

    >>> equation([13002, "<mi>n</mi>"])
    '<math displaystyle="true"><mn>13,002</mn><mo>=</mo><mi>n</mi></math>'
    """
    try:
        text = "<mo>=</mo>".join(side if isinstance(side, str) else render(side, "mathml") for side in sides)
    except WorkLimitError:
        return None
    return None if _too_long(text) else f'<math displaystyle="true">{text}</math>'


def _too_long(text: str) -> bool:
    """Whether MathML shows too many characters, or is nested too deeply, to be set on a page."""
    if len(re.sub("<[^>]*>", "", text)) > LONGEST:
        return True
    depth = deepest = 0
    for tag in re.findall("</?", text):
        depth += 1 if tag == "<" else -1
        deepest = max(deepest, depth)
    return deepest > DEEPEST


def lines(network: Network) -> list[tuple[str, str | None, int | None]]:
    """(name, its MathML or None where that is too long, its value or None) for weights, biases and total.

    >>> import nparams
    >>> [(name, value) for name, _, value in lines(nparams.read("784-16-16-10"))]
    [('weights', 12960), ('biases', 42), ('total', 13002)]
    """
    return [(name, math(written), value) for name, written, value in written_lines(network)]
