"""Random expressions over all operations, and the values to try them with."""

from __future__ import annotations

import random

from hypothesis import strategies as st

from nparams.errors import ExprError
from nparams.expr import Expr, evaluate
from nparams.expr.arithmetic import Work

NAMES = ("a", "b", "n", "d_k", "i", "j")
INDICES = ("i", "j")
BINARY = ("floordiv", "mod", "ceildiv", "lt", "le", "eq", "ne")


def leaves() -> st.SearchStrategy[int | Expr]:
    return st.one_of(
        st.integers(-3, 7),
        st.sampled_from(NAMES).map(lambda name: Expr("sym", (), name)),
        st.integers(0, 3).map(lambda k: Expr("idx", (k,), "h")),
    )


def nodes(inner: st.SearchStrategy[int | Expr]) -> st.SearchStrategy[int | Expr]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    index = st.sampled_from(INDICES)
    return st.one_of(
        st.builds(
            lambda op, args: Expr(op, args), st.sampled_from(("add", "add", "mul", "mul", "max", "min")), several
        ),
        st.builds(lambda op, a, b: Expr(op, (a, b)), st.sampled_from(BINARY), inner, inner),
        st.builds(lambda a, b: Expr("pow", (a, b)), inner, st.integers(0, 3)),
        st.builds(lambda a: Expr("idx", (a,), "h"), inner),
        st.builds(lambda a, c: Expr("trunc", (a,), c), inner, st.sampled_from((0.25, 0.29, 1.5, 2.0, 1e-05))),
        st.builds(lambda i, a, b, body: Expr("sum", (a, b, body), i), index, bounds(inner), bounds(inner), inner),
    )


def bounds(inner: st.SearchStrategy[int | Expr]) -> st.SearchStrategy[int | Expr]:
    """Ends of ranges: mostly n + k or a small number, now and then anything."""
    near = st.builds(
        lambda name, k: Expr("add", (Expr("sym", (), name), k)), st.sampled_from(NAMES), st.integers(-2, 2)
    )
    return st.one_of(st.integers(-2, 4), near, near, inner)


trees = st.recursive(leaves(), nodes, max_leaves=9)


def values_for(seed: int) -> dict[str, object]:
    """Small sizes of 0 or more for every name; h has an entry at every index that small numbers reach."""
    rng = random.Random(seed)
    top = (1, 3, 6, 80)[seed % 4]
    values: dict[str, object] = {name: rng.randint(0, top) for name in NAMES}
    return values | {"h": {k: rng.randint(0, 6) for k in range(-60, 200)}}


def value_of(size: int | Expr, values: dict[str, object]) -> int | None:
    """The value, or None where there is none (a division by less than 1, too large, no entry)."""
    try:
        return evaluate(size, values, Work(20_000))
    except ExprError:
        return None
