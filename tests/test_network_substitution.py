"""Numbers for symbols: what fits gives the numeric network, what does not is refused in one line."""

from __future__ import annotations

import pytest

import nparams
from nparams.errors import UsageError
from nparams.expr import equal, mul, parse, symbol
from nparams.network import Module, Network, Tensor

# sizes | values | the total
PUT_IN = [
    ("h0..hl", {"l": 3, "h": [784, 16, 16, 10]}, 13002),
    ("h0..hl", {"h": [784, 16, 16, 10]}, 13002),
    ("h0..hl", {"l": "3", "h": ["784", "16", "4*4", "10"]}, 13002),
    ("h0..hl", {"l": 3, "h0": 784, "h1": 16, "h2": 16, "h3": 10}, 13002),
    ("h0..hl", {"l": 3, "h[0]": 784, "h[1]": 16, "h[2]": 16, "h[3]": 10}, 13002),
    ("h0..hl", {"l": 1}, "h0*h1 + h1"),
    ("h0..hl", {"l": "n"}, "sum(i=1..n, (h[i-1] + 1)*h[i])"),
    ("h0..hl", {"l": "n", "h": [784, 10]}, 7850),
    ("784-h1..hl-10", {"l": 2, "h1": 16, "h2": 16}, 13002),
    ("784-h1..hl-10", {"l": 1, "h1": 16}, 12730),
    ("h0-h1-h2", {"h": [2, 3, 4]}, 25),
    ("h0-h1", {"h0": 5}, "6*h1"),
    ("d-4*d-d", {"d": 768}, 4722432),
    ("d-4*d-d", {"d": "2*e"}, "32*e**2 + 10*e"),
    ("n-m", {"n": "m", "m": "n"}, "m*n + n"),  # all at once, not one after the other
    ("n-m", {"n": 10**300, "m": 1}, 10**300 + 1),
]


@pytest.mark.parametrize(("sizes", "values", "total"), PUT_IN, ids=[f"{row[0]} {str(row[1])[:40]}" for row in PUT_IN])
def test_put_in(sizes: str, values: dict[str, object], total: int | str) -> None:
    found = nparams.read(sizes, set=values)
    assert equal(found.total, parse(total) if isinstance(total, str) else total)
    assert equal(sum((row.total for row in found.layers), 0), found.total)
    assert found.read_as.startswith(f"{sizes} with ")


# sizes | values | words of the answer
REFUSED = [
    ("h0..hl", {"x": 3}, 'h0..hl has no symbol "x". Its symbols: h, l'),
    ("784-10", {"d": 3}, 'has no symbol "d"'),
    ("h0..hl", {"i": 3}, 'has no symbol "i"'),  # the index of a sum is nobody's to set
    ("h0..hl", {"l": 0}, "this network needs l >= 1"),
    ("h0..hl", {"h": [5]}, "this network needs l >= 1"),
    ("h0..hl", {"h": []}, "this network needs l >= 1"),
    ("784-h1..hl-10", {"l": 0}, "this network needs l >= 1"),
    ("h0..hl", {"l": -1}, "l = -1: a size cannot be negative"),
    ("h0..hl", {"l": "-1"}, "a size cannot be negative"),
    ("d-d", {"d": 0}, "every size must be at least 1"),
    ("h0..hl", {"h": [5, 0]}, "every size must be at least 1"),
    ("d-(d-3)-d", {"d": 2}, "every size must be at least 1"),
    ("h0..hl", {"l": 3, "h": [5, 6]}, "h has 2 entries, but l + 1 = 4 are needed here"),
    ("h0..hl", {"l": "2*n", "h": [5, 6]}, "give n a number as well"),
    ("h0-h1-h2", {"h": [2, 3]}, "h"),
    ("h0..hl", {"l": 3, "h": 5}, "h has entries (h0, h1, ...): give it a list"),
    ("h0..hl", {"h": 5}, "h has entries (h0, h1, ...): give it a list"),
    ("h0-h1", {"h0": [5, 3]}, "h0 is one size"),
    ("d-d", {"d": [5, 3]}, "d needs one whole number, not a list"),
    ("h0..hl", {"l": [3], "h": [1, 2]}, "l"),
    ("d-d", {"d": 1.5}, "d = 1.5 is not a whole number"),
    ("d-d", {"d": "1.5"}, '"1.5" is not a whole number'),
    ("d-d", {"d": None}, "is not a whole number"),
    ("d-d", {"d": True}, "is not a whole number"),
    ("d-d", {"d": "4*"}, "d: "),
    ("d-d", {"d": ""}, "d: "),
    ("d-d", {"": 3}, "is not a symbol"),
    ("d-d", {"4": 3}, "is not a symbol"),
    ("d-d", {"d+1": 3}, "is not a symbol"),
    ("d-d", {"h[i]": 3}, "is not a symbol"),
    ("d-d", {"\x1b[31m": 3}, "\\x1b"),
    ("d-d", {"d": "10**10**9"}, "too large"),
    ("d-d", {"d": "(" * 5000 + "1" + ")" * 5000}, "deep"),
    ("d-d", {"d": "sum(i=1..10**12, i)"}, "d"),
    ("h0..hl", {"l": 10**12}, "at most"),
    ("h0..hl", {"h": [1, 2], "h0": 1}, "twice"),
    ("h0..hl", {"h0": 1, "h[0]": 2}, "twice"),
]


@pytest.mark.parametrize(
    ("sizes", "values", "words"), REFUSED, ids=[f"{row[0]} {ascii(row[1])[:40]}" for row in REFUSED]
)
def test_refused(sizes: str, values: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        nparams.read(sizes, set=values)
    assert words in str(caught.value)
    assert str(caught.value).isprintable()


# values | where
CONDITIONS = [({"l": 3}, ""), ({"h0": 5}, "l >= 1"), ({"l": "n"}, "n >= 1"), ({"l": "n + 1"}, "")]


@pytest.mark.parametrize(("values", "where"), CONDITIONS)
def test_conditions(values: dict[str, object], where: str) -> None:
    found = ", ".join(nparams.read("h0..hl", set=values).where)
    assert found.replace("≤", "<=").replace(" ", "") == where.replace(" ", "") or where == ""


def test_the_first_network_is_unchanged() -> None:
    general = nparams.read("h0..hl")
    before = str(general)
    assert general.substitute({"h": [2, 3]}).total == 9
    assert str(general) == before


def test_partial_values_then_the_rest() -> None:
    found = nparams.read("h0..hl").substitute({"l": 2}).substitute({"h0": 4}).substitute({"h1": 3, "h2": 2})
    assert found.total == nparams.count("4-3-2")


def test_shapes_without_a_formula_keep_the_symbols_that_they_had() -> None:
    """A traced class has no letters of the textbook: its rows show its own symbols beside the numbers."""
    h = symbol("h")
    block = Module("up", tensors=[Tensor("up.weight", (mul(4, h), h)), Tensor("up.bias", (mul(4, h),), role="bias")])
    (row,) = Network(Module(children=[block])).substitute({"h": 64}).layers
    assert (str(row.formula), str(row.numbers), row.total) == ("h*(4*h) + 4*h", "64*(4*64) + 4*64", 4 * 64 * 64 + 256)
    (row,) = Network(Module(children=[block])).substitute({"h": "2*d"}).layers
    assert (str(row.formula), row.total) == ("h*(4*h) + 4*h", parse("16*d**2 + 8*d"))
