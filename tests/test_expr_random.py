"""Random expressions: what is rendered, substituted, multiplied out or called equal keeps its value everywhere."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nparams.errors import ExprError, WorkLimitError
from nparams.expr import Expr, add, compare, equal, evaluate, mul, parse, render, replace_raw, substitute
from nparams.expr.poly import Canonical
from tests.expressions import NAMES, trees, value_of, values_for

SEEDS = range(12)
RANDOM = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def same_everywhere(a: int | Expr, b: int | Expr, seeds: range = SEEDS) -> None:
    for seed in seeds:
        values = values_for(seed)
        one, other = value_of(a, values), value_of(b, values)
        assert None in (one, other) or one == other, f"{a} = {one}, {b} = {other} at {values}"


def canonical(size: int | Expr, lower: dict[str, int] | None = None) -> int | Expr | None:
    try:
        table = Canonical(lower)
        return table.expr(table.canonical(size))
    except ExprError:
        return None


@RANDOM
@given(trees)
@pytest.mark.parametrize("style", ["text", "unicode"])
def test_rendered_text_parses_back(style: str, size: int | Expr) -> None:
    try:
        read = parse(render(size, style))
    except WorkLimitError:  # brackets nested too deeply
        return
    same_everywhere(size, read)
    again = parse(render(read, style))  # the product of -1 and a number comes back as the number
    assert again == read or (isinstance(again, int) and equal(again, read))
    if canonical(size) is not None:
        assert equal(size, read)


@settings(RANDOM, max_examples=400)
@given(trees)
def test_the_canonical_form_has_the_same_value(size: int | Expr) -> None:
    multiplied = canonical(size)
    if multiplied is not None:
        same_everywhere(size, multiplied)


@RANDOM
@given(trees, st.integers(1, 3))
def test_lower_bounds_hold(size: int | Expr, least: int) -> None:
    multiplied = canonical(size, dict.fromkeys(NAMES, least))
    if multiplied is None:
        return
    for seed in SEEDS:
        values = {k: max(v, least) if isinstance(v, int) else v for k, v in values_for(seed).items()}
        one, other = value_of(size, values), value_of(multiplied, values)
        assert None in (one, other) or one == other


@RANDOM
@given(trees, st.integers(0, 1_000), st.sets(st.sampled_from((*NAMES, "h"))))
def test_substituting_some_first_changes_nothing(size: int | Expr, seed: int, some: set[str]) -> None:
    values = values_for(seed)
    whole = value_of(size, values)
    try:
        left = substitute(size, {name: values[name] for name in some})
    except ExprError:
        return
    rest = value_of(left, values)
    assert None in (whole, rest) or whole == rest


@RANDOM
@given(trees, st.dictionaries(st.sampled_from(NAMES), trees, max_size=3))
@pytest.mark.parametrize("put_in", [substitute, replace_raw])
def test_an_expression_put_in_is_not_captured(
    put_in: Callable[..., int | Expr], size: int | Expr, incoming: dict[str, int | Expr]
) -> None:
    try:
        made = put_in(size, incoming)
    except ExprError:
        return
    for seed in SEEDS:
        values = values_for(seed)
        worked_out = {name: value_of(part, values) for name, part in incoming.items()}
        if None not in worked_out.values():
            one, other = value_of(size, values | worked_out), value_of(made, values)
            assert None in (one, other) or one == other


@RANDOM
@given(trees, trees)
def test_different_comes_with_a_witness(a: int | Expr, b: int | Expr) -> None:
    verdict = compare(a, b)
    if verdict.answer == "different":
        assert evaluate(a, verdict.witness) != evaluate(b, verdict.witness)
    elif verdict.answer == "equal":
        same_everywhere(a, b)


def rewritten(size: int | Expr, rng: random.Random) -> int | Expr:
    """`size` changed somewhere by a rule that is right, or very nearly right."""
    if isinstance(size, int) or not size.args:
        return rng.choice(LAWS)(size, rng)
    if rng.random() < 0.4:
        return rng.choice(LAWS)(size, rng)
    k = rng.randrange(len(size.args))
    return Expr(size.op, (*size.args[:k], rewritten(size.args[k], rng), *size.args[k + 1 :]), size.label)


def _swapped(e: int | Expr, rng: random.Random) -> int | Expr:
    return Expr(e.op, e.args[::-1], e.label) if isinstance(e, Expr) and len(e.args) == 2 else e


def _bumped(e: int | Expr, rng: random.Random) -> int | Expr:
    return e + rng.choice((-1, 0, 1)) if isinstance(e, int) else add(e, rng.choice((-1, 0, 1)))


def _split(e: int | Expr, rng: random.Random) -> int | Expr:
    """A sum cut in two at an index that may lie outside its range."""
    if not isinstance(e, Expr) or e.op != "sum":
        return e
    first, last, body = e.args
    cut = rng.choice((first, last, add(first, 1), add(last, -1), 0, 2, Expr("sym", (), "a")))
    return add(Expr("sum", (first, cut, body), e.label), Expr("sum", (add(cut, 1), last, body), e.label))


def _shifted(e: int | Expr, rng: random.Random) -> int | Expr:
    if not isinstance(e, Expr) or e.op != "sum":
        return e
    first, last, body = e.args
    by = rng.choice((1, -2, Expr("sym", (), "a"), Expr("sym", (), "j")))
    moved = replace_raw(body, {str(e.label): add(Expr("sym", (), str(e.label)), mul(-1, by))})
    return Expr("sum", (add(first, by), add(last, by), moved), e.label)


def _squared(e: int | Expr, rng: random.Random) -> int | Expr:
    return mul(e, e)


def _divided(e: int | Expr, rng: random.Random) -> int | Expr:
    by = rng.choice((1, 2, 3, Expr("sym", (), "a"), Expr("idx", (0,), "h")))
    return Expr(rng.choice(("floordiv", "ceildiv")), (mul(e, by), by))


def _multiplied_out(e: int | Expr, rng: random.Random) -> int | Expr:
    return canonical(e) or 0 if canonical(e) is not None else e


LAWS = (_swapped, _bumped, _split, _shifted, _squared, _divided, _multiplied_out)


@settings(RANDOM, max_examples=400)
@given(trees, st.integers(0, 10**6))
@example(parse("sum(i=1..n, h[i])"), 3)
def test_equal_means_equal_values(size: int | Expr, seed: int) -> None:
    rng = random.Random(seed)
    other = rewritten(rewritten(size, rng), rng)
    if equal(size, other):
        same_everywhere(size, other)
