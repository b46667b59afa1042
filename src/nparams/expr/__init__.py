"""Exact integer expressions: the `Size` of everything that is counted.

A Size is a plain `int`, or an `Expr` in named symbols (`d`), indexed symbols (`h[i]`, where `h0` is `h[0]`) and sums.
"""

from __future__ import annotations

from nparams.expr.nodes import Expr as Expr
from nparams.expr.nodes import add as add
from nparams.expr.nodes import indexed as indexed
from nparams.expr.nodes import mul as mul
from nparams.expr.nodes import power as power
from nparams.expr.nodes import product as product
from nparams.expr.nodes import symbol as symbol
from nparams.expr.nodes import total_of as total_of
from nparams.expr.nodes import whole_number as whole_number
from nparams.expr.walk import free_symbols as free_symbols

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr.comparison import Verdict as Verdict
    from nparams.expr.comparison import compare as compare
    from nparams.expr.comparison import equal as equal
    from nparams.expr.parser import parse as parse
    from nparams.expr.substitution import replace_raw as replace_raw
    from nparams.expr.substitution import substitute as substitute
    from nparams.expr.text import render as render
    from nparams.expr.values import evaluate as evaluate

    Size = int | Expr

#: loaded on first use: a network of plain numbers needs none of them
_LATER = {
    "compare": "comparison", "equal": "comparison", "Verdict": "comparison", "evaluate": "values",
    "substitute": "substitution", "replace_raw": "substitution", "parse": "parser", "render": "text",
}  # fmt: skip


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"nparams.expr.{_LATER[name]}"), name)
