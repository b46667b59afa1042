"""The count in LaTeX, to paste into a report (amsmath)."""

from __future__ import annotations

from nparams.errors import escaped
from nparams.expr import Expr
from nparams.expr import render as expression
from nparams.views.formula import lines
from nparams.views.look import Look, missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network import Network


def render(network: Network, look: Look | None = None) -> str:
    r"""An align* block: weights, biases, total; sizes in plain numbers worked out.

    >>> import nparams
    >>> print(render(nparams.read("2-2")))
    % 2-2
    \begin{align*}
    \text{weights} &= 2 \cdot 2 = 4 \\
    \text{biases} &= 2 \\
    \text{total} &= 2 \cdot 2 + 2 = 6
    \end{align*}
    """
    body = []
    for name, written, value in lines(network):
        text = expression(written, "latex")
        result = "" if value is None or not isinstance(written, Expr) else f" = {grouped(value)}"
        body.append(rf"\text{{{name}}} &= {text}{result}")
    head = f"% {escaped(network.read_as)}"
    where = [f"% where {condition}" for condition in network.where] + [f"% {line}" for line in missing(network)]
    return "\n".join([head, *where, r"\begin{align*}", " \\\\\n".join(body), r"\end{align*}"])


def grouped(value: int) -> str:
    """A number with commas that LaTeX does not space as punctuation.

    >>> grouped(13002)
    '13{,}002'
    """
    return f"{value:,}".replace(",", "{,}")
