"""A float field times a size, cut off: int(config.mlp_ratio * config.hidden_size) as a symbol of its own.

No exact expression says what a float with a long binary fraction gives; Python's own product does, on numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from nparams.expr import Expr
from nparams.expr.nodes import build
from tools.derive.compiled import value
from tools.derive.environment import WORD
from tools.derive.indices import Size, has_rounds
from tools.derive.tracking import name_of

#: symbol -> (path of the float field, the size that it is multiplied with)
TIMES: dict[str, tuple[str, Expr]] = {}
#: binary places up to which a float is two integers, and the largest product
SHORT, LARGEST = 1024, 1 << 63


def floats_in(values: Mapping[str, Any]) -> dict[float, str]:
    """The floats that are no short fraction, with their fields; not one that two fields have."""
    found: dict[float, list[str]] = {}
    for path, held in values.items():
        if type(held) is float and math.isfinite(held) and held.as_integer_ratio()[1] > SHORT:
            found.setdefault(held, []).append(path)
    return {held: paths[0] for held, paths in found.items() if len(paths) == 1}


def with_fields(size: Any, floats: Mapping[float, str]) -> Any:
    """A size with the field in place of its number, wherever one is multiplied and cut off."""
    if not isinstance(size, Expr) or not floats:
        return size
    parts = tuple(with_fields(a, floats) for a in size.args)
    path = floats.get(float(str(size.label))) if size.op == "trunc" else None
    if path is not None and isinstance(parts[0], Expr) and not has_rounds(parts[0]):
        return Expr("sym", (), _symbol(path, parts[0]))
    return build(size.op, parts, size.label) if parts != size.args else size


def _symbol(path: str, inner: Expr) -> str:
    name = f"{name_of(path)}__times__{str(inner).translate(WORD)}"
    TIMES.setdefault(name, (path, inner))
    return name


def product(held: Any, size: Size, env: Mapping[str, Any]) -> int | None:
    """What Python makes of int(held * size); None where it is no whole number of a sensible size."""
    number = value(size, env)
    if type(held) not in (int, float) or number is None or number < 0 or not math.isfinite(held) or held < 0:
        return None
    made = held * number
    return int(made) if max(made, number) < LARGEST else None
