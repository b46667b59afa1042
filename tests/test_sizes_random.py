"""Random layer sizes: counts equal the definition, and what is printed reads back as the same network."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

import nparams
from nparams.expr import Expr, equal, evaluate, parse

BIAS = st.sampled_from(["all", "hidden", "none"])
SIZE = st.one_of(st.integers(1, 12), st.integers(1, 10**6), st.integers(10**18, 10**30))
SIZES = st.lists(SIZE, min_size=2, max_size=9)
SYMBOLIC = st.lists(
    st.one_of(st.integers(1, 99), st.sampled_from(["d", "4*d", "d*n", "(d + 1)", "2**3", "d//2", "n_in", "max(d, 3)"])),
    min_size=2, max_size=6,
)  # fmt: skip
VALUES = {"d": 6, "n": 5, "n_in": 7}
SEPARATORS = ["-", ",", ", ", " ", "x", "×", " x ", "–", "→", " -> ", " → ", " - "]


def defined(sizes: list[int], bias: str) -> tuple[int, int]:
    """Weights and biases, from the definition: one a connection, one a neuron (inputs are none)."""
    weights = sum(a * b for a, b in pairwise(sizes))
    with_bias = {"all": sizes[1:], "hidden": sizes[1:-1], "none": []}[bias]
    return weights, sum(with_bias)


def is_image(sizes: list[int]) -> bool:
    """Two equal sides of 8 or more, and 1, 3 or 4 channels: with x between them they are a shape."""
    a, b, c = (*sizes, 0, 0)[:3]
    return len(sizes) == 3 and ((a == b >= 8 and c in (1, 3, 4)) or (b == c >= 8 and a in (1, 3, 4)))


@given(SIZES, BIAS)
def test_counts_are_the_definition(sizes: list[int], bias: str) -> None:
    found = nparams.read(sizes, bias=bias)
    assert (found.weights, found.biases) == defined(sizes, bias)
    assert found.total == sum(defined(sizes, bias))
    assert all(type(n) is int for n in (found.weights, found.biases, found.total))
    for key, wanted in (("weights", found.weights), ("biases", found.biases), ("total", found.total)):
        assert sum(row[key] for row in found.rows()) == wanted


@given(SIZES, st.sampled_from(SEPARATORS))
def test_every_separator_says_the_same(sizes: list[int], separator: str) -> None:
    if not ("x" in separator or "×" in separator) or not is_image(sizes):
        assert nparams.count(separator.join(map(str, sizes))) == sum(defined(sizes, "all"))


@given(SIZES, BIAS, st.sampled_from(["text", "unicode"]))
def test_formula_of_numbers_reads_back(sizes: list[int], bias: str, style: str) -> None:
    found = nparams.read(sizes, bias=bias)
    assert evaluate(parse(found.formula(style)), {}) == found.total


@given(SYMBOLIC, BIAS, st.sampled_from(["text", "unicode"]))
def test_formula_of_symbols_reads_back(sizes: list[object], bias: str, style: str) -> None:
    found = nparams.read(sizes, bias=bias)
    assert equal(parse(found.formula(style)), found.total)


@given(SYMBOLIC, BIAS)
def test_print_back_is_the_same_network(sizes: list[object], bias: str) -> None:
    found = nparams.read(sizes, bias=bias)
    again = nparams.read(found.read_as, bias=bias, form="sizes")
    assert again.read_as == found.read_as
    assert equal(again.total, found.total)


@given(SYMBOLIC, BIAS)
def test_values_put_in_are_the_numeric_network(sizes: list[object], bias: str) -> None:
    found = nparams.read(sizes, bias=bias)
    numbers = [evaluate(parse(str(size)), VALUES) for size in sizes]
    used = {name: value for name, value in VALUES.items() if f"'{name}'" in repr(sorted(symbols(found)))}
    assert found.substitute(used).total == sum(defined(numbers, bias)) if used else True


def symbols(network: nparams.Network) -> set[str]:
    from nparams.expr import free_symbols

    return {name for t in network.tensors() for size in t.shape or () for name in free_symbols(size)}


@given(SIZES, BIAS)
def test_the_general_network_holds_every_other(sizes: list[int], bias: str) -> None:
    general = nparams.read("h0..hl", bias=bias)
    found = general.substitute({"l": len(sizes) - 1, "h": sizes})
    assert (found.weights, found.biases) == defined(sizes, bias)
    assert general.substitute({"h": sizes}).total == found.total  # the list says how long it is
    assert isinstance(general.total, Expr)
    assert evaluate(general.total, {"l": len(sizes) - 1, "h": sizes}) == found.total


@given(st.lists(SIZE, min_size=1, max_size=5), BIAS)
def test_ends_in_numbers(hidden: list[int], bias: str) -> None:
    """784-h1..hl-10: a range between two known sizes."""
    general = nparams.read("784-h1..hl-10", bias=bias)
    values = {"l": len(hidden)} | {f"h{k + 1}": size for k, size in enumerate(hidden)}
    assert general.substitute(values).total == sum(defined([784, *hidden, 10], bias))
