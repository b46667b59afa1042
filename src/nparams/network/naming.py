"""Names in which an index stands, such as layers.[2*i].weight, with numbers put in."""

from __future__ import annotations

import re

from nparams.errors import ExprError
from nparams.expr import Expr, free_symbols, parse, substitute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

BRACKETS = re.compile(r"\[([^\[\]]+)\]")


def put_in_name(name: str, values: Mapping[str, object]) -> str:
    """The name with a number wherever brackets hold an expression that the values give one; else as it is.

    >>> put_in_name("block[i].conv", {"i": 3}), put_in_name("net.[2*i + 1].weight", {"i": 3}), put_in_name("a[0]", {})
    ('block3.conv', 'net.7.weight', 'a[0]')
    """
    return BRACKETS.sub(lambda found: _put(found, values), name) if "[" in name else name


def _put(found: re.Match[str], values: Mapping[str, object]) -> str:
    try:
        inside = parse(found[1])
        if not isinstance(inside, Expr) or not free_symbols(inside) & values.keys():
            return found[0]
        value = substitute(inside, values)
    except ExprError:
        return found[0]
    return str(value) if isinstance(value, int) else f"[{value}]"
