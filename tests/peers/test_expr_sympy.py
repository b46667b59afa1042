"""sympy and our own evaluation give the same numbers."""

from __future__ import annotations

import pytest
import sympy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nparams.expr import Expr, evaluate, parse
from nparams.expr.sympy import to_sympy
from nparams.expr.walk import free_symbols
from tests.expressions import trees, value_of, values_for

VALUES = {"a": 7, "b": 2, "n": 4, "l": 3, "i": 5, "h": [784, 16, 16, 10, 3, 2, 1, 5, 6]}
CASES = [
    "sum(i=1..l, (h[i-1] + 1)*h[i])",
    "a//b + ceildiv(a, b) + a%b",
    "max(a, b, 5) - min(a, 3)",
    "[a<b] + 2*[b<=2] + 4*[a==7] + 8*[a!=7]",
    "sum(i=-3..n, max(i, 0))",
    "sum(i=5..b, h[i])",
    "sum(i=5..b, 1)",
    "sum(i=1..n, sum(j=1..i, i*j))",
    "sum(i=1..n, sum(i=1..i, i))",
    "i*sum(i=i..n + 4, i)",
    "sum(i=1..n, sum(j=i..2, 1))",
    "trunc(0.7*10) + trunc(0.29*(a + 93)) + trunc(0.1*(a + 3))",
    "trunc(-0.5*a)",
    "2**n + a**2",
]


def in_sympy(size: int | Expr, values: dict[str, object]) -> int:
    made = to_sympy(size)
    for name in free_symbols(size):
        value = values[name]
        if isinstance(value, int):
            made = made.subs(sympy.Symbol(name, integer=True, nonnegative=True), value)
    made = made.doit()
    entries = values["h"]
    items = entries.items() if isinstance(entries, dict) else enumerate(entries)  # type: ignore[arg-type]
    base = sympy.IndexedBase("h", integer=True, nonnegative=True)
    return int(made.subs({base[k]: v for k, v in items}).doit())


@pytest.mark.parametrize("text", CASES)
def test_the_same_number(text: str) -> None:
    size = parse(text)
    assert in_sympy(size, VALUES) == evaluate(size, VALUES)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(trees.filter(lambda e: isinstance(e, Expr) and not {"h"} & free_symbols(e)), st.integers(0, 50))
def test_random_expressions(size: int | Expr, seed: int) -> None:
    values = {k: v % 5 if isinstance(v, int) else v for k, v in values_for(seed).items()}
    ours = value_of(size, values)
    if ours is not None and abs(ours) < 10**9:
        assert in_sympy(size, values) == ours
