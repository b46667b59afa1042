"""Conditions as text that is read back, and what a callable is called."""

from __future__ import annotations

from nparams.expr import Expr, render

SIGNS = {"lt": "<", "le": "<=", "eq": "==", "ne": "!="}
TURNED = {"lt": ">", "le": ">=", "eq": "==", "ne": "!="}


def condition_text(condition: Expr) -> str:
    """A condition as people write it: the symbol first.

    >>> from nparams.expr import parse
    >>> condition_text(parse("[1 <= n]")), condition_text(parse("[h % a == 0]"))
    ('n >= 1', 'h % a == 0')
    """
    left, right = condition.args
    if condition.op == "lt" and (isinstance(left, int) or isinstance(right, int)):  # n > 0 is n >= 1
        left, right = (left + 1, right) if isinstance(left, int) else (left, right - 1)
        condition = Expr("le", (left, right))
    if isinstance(left, int) and not isinstance(right, int):
        return f"{render(right)} {TURNED[condition.op]} {render(left)}"
    return f"{render(left)} {SIGNS[condition.op]} {render(right)}"
