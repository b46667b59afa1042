"""The closed form: weights, biases and total, each as it is written and, for plain numbers, what it comes to."""

from __future__ import annotations

from nparams.expr import Expr
from nparams.network.closed import written_form, written_role
from nparams.views.look import Look, asides, heading, missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.network import Network


def render(network: Network, look: Look | None = None) -> str:
    """Three lines of arithmetic under the heading."""
    look = look or Look()
    parts = [(name, look.math(written), value) for name, written, value in lines(network)]
    label = max(len(name) for name, _, _ in parts)
    wide = max(len(text) for _, text, _ in parts)
    body = [f"{name:<{label}}  {_line(text, value, wide, look)}".rstrip() for name, text, value in parts]
    return "\n".join([heading(network, look), "", *body, *_after(network, look)])


def lines(network: Network) -> list[tuple[str, Size, int | None]]:
    """(name, as written, its value or None where it is symbolic) for weights, biases and total."""
    totals = network.totals
    total = "total" if totals.total is not None else "known"
    if network.is_numeric:
        return [
            ("weights", written_role(network, "weight"), _int(totals.weights)),
            ("biases", written_role(network, "bias"), _int(totals.biases)),
            (total, written_form(network), _int(totals.known)),
        ]
    return [("weights", totals.weights, None), ("biases", totals.biases, None), (total, totals.known, None)]


def _int(size: Size) -> int | None:
    return None if isinstance(size, Expr) else size


def _line(text: str, value: int | None, wide: int, look: Look) -> str:
    """The arithmetic and its result; in a column where the lines are short enough."""
    if value is None or text == str(value):
        return text if value is None else f"{value:,}"
    limit = (look.width or 100) - 30
    return f"{text:<{wide if wide <= limit else 0}}  = {value:,}"


def _after(network: Network, look: Look) -> list[str]:
    closing = [*missing(network), *asides(network, look)]
    return ["", *closing] if closing else []
