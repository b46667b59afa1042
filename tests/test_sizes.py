"""Layer sizes: every way of writing them, what is printed back, and what is counted."""

from __future__ import annotations

import pytest

import nparams
from nparams.cli.main import main
from nparams.expr import equal, parse

DIGITS = 13002  # 784-16-16-10, worked out by hand in test_origin.py
BIG = 10**300

# what is typed | the canonical form | the total, by hand
WRITTEN = [
    ("784-16-16-10", "784-16-16-10", DIGITS),
    ("[784, 16, 16, 10]", "784-16-16-10", DIGITS),
    ("(784, 16, 16, 10)", "784-16-16-10", DIGITS),
    ("[784, 16, 16, 10,]", "784-16-16-10", DIGITS),
    ("784,16,16,10", "784-16-16-10", DIGITS),
    ("784 16 16 10", "784-16-16-10", DIGITS),
    ("  784\t16  16 10\n", "784-16-16-10", DIGITS),
    ("784 - 16 - 16 - 10", "784-16-16-10", DIGITS),
    ("784 -> 16 -> 16 -> 10", "784-16-16-10", DIGITS),
    ("784->16->16->10", "784-16-16-10", DIGITS),
    ("784 --> 16 ==> 16 => 10", "784-16-16-10", DIGITS),
    ("784 → 16 ⇒ 16 ➜ 10", "784-16-16-10", DIGITS),
    ("784–16–16–10", "784-16-16-10", DIGITS),  # en dash
    ("784—16—16—10", "784-16-16-10", DIGITS),  # em dash
    ("784−16‑16‐10", "784-16-16-10", DIGITS),  # minus, non-breaking hyphen, hyphen
    ("784x16x16x10", "784-16-16-10", DIGITS),
    ("784X16X16X10", "784-16-16-10", DIGITS),
    ("784×16×16×10", "784-16-16-10", DIGITS),
    ("784 x 16 x 16 x 10", "784-16-16-10", DIGITS),
    ("7_84-1_6-16-10", "784-16-16-10", DIGITS),
    ("784-10", "784-10", 7850),
    ("2x2x2", "2-2-2", 12),
    ("7x7x3", "7-7-3", 80),
    ("28x28x2", "28-28-2", 870),
    ("1_000-10", "1000-10", 10010),
    ("1-1", "1-1", 2),
    ("28x28-16-10", "784-16-10", 12730),
    ("4*7-2", "28-2", 58),
    ("2**10-1", "1024-1", 1025),
    ("h0-h1-h2", "h0-h1-h2", "h0*h1 + h1*h2 + h1 + h2"),
    ("h0,h1,h2", "h0-h1-h2", "h0*h1 + h1*h2 + h1 + h2"),
    ("h0 h1 h2", "h0-h1-h2", "h0*h1 + h1*h2 + h1 + h2"),
    ("h0 -> h1 -> h2", "h0-h1-h2", "h0*h1 + h1*h2 + h1 + h2"),
    ("h_0-h_1", "h0-h1", "h0*h1 + h1"),
    ("h[0]-h[1]", "h0-h1", "h0*h1 + h1"),
    ("d-4*d-d", "d-4*d-d", "8*d**2 + 5*d"),
    ("d - 4 * d - d", "d-4*d-d", "8*d**2 + 5*d"),
    ("d-4·d-d", "d-4*d-d", "8*d**2 + 5*d"),
    ("d-(d+1)", "d-(d + 1)", "d**2 + 2*d + 1"),
    ("d_model-d_ff", "d_model-d_ff", "d_model*d_ff + d_ff"),
    ("784-n-10", "784-n-10", "784*n + n + 10*n + 10"),
    ("h0..hl", "h0..hl", "sum(i=1..l, (h[i-1] + 1)*h[i])"),
    ("h0-h1-...-hl", "h0..hl", "sum(i=1..l, (h[i-1] + 1)*h[i])"),
    ("h0, h1, …, hl", "h0..hl", "sum(i=1..l, (h[i-1] + 1)*h[i])"),
    ("h0 -> h1 -> ... -> hl", "h0..hl", "sum(i=1..l, (h[i-1] + 1)*h[i])"),
    ("h_0, h_1, ..., h_l", "h0..hl", "sum(i=1..l, (h[i-1] + 1)*h[i])"),
    ("h[0]..h[l]", "h0..hl", "sum(i=1..l, (h[i-1] + 1)*h[i])"),
    ("h0-...-h3", "h0-h1-h2-h3", "h0*h1 + h1 + h1*h2 + h2 + h2*h3 + h3"),
    ("h0..h3", "h0-h1-h2-h3", "h0*h1 + h1 + h1*h2 + h2 + h2*h3 + h3"),
    ("n0..nL", "n0..nL", "sum(i=1..L, (n[i-1] + 1)*n[i])"),
    ("784-h1..hl-10", "784-h1..hl-10", "785*h[1] + sum(i=2..l, (h[i-1] + 1)*h[i]) + 10*h[l] + 10"),
    (f"{BIG}-{BIG}", f"{BIG}-{BIG}", BIG * BIG + BIG),
]  # fmt: skip


@pytest.mark.parametrize(("text", "canonical", "total"), WRITTEN, ids=[repr(row[0][:40]) for row in WRITTEN])
def test_written(text: str, canonical: str, total: int | str) -> None:
    found = nparams.read(text)
    assert found.form == "sizes"
    assert found.read_as == canonical
    assert equal(found.total, parse(total) if isinstance(total, str) else total)
    assert type(found.total) is type(parse(total)) if isinstance(total, str) else found.total == total
    assert nparams.read(canonical).read_as == canonical  # what is printed back can be typed again


@pytest.mark.parametrize(
    "line", ["784 16 16 10", "784, 16, 16, 10", "784 → 16 → 16 → 10", "784 - 16 - 16 - 10", "[784, 16, 16, 10]"]
)
def test_unquoted(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Sizes that a shell has cut into several arguments."""
    assert main(["-q", *line.split()]) == 0
    assert capsys.readouterr().out == f"{DIGITS}\n"


# bias | weights, biases of 784-16-16-10 | of h0..hl
BIASES = [
    ("all", 12960, 42, "sum(i=1..l, h[i-1]*h[i])", "sum(i=1..l, h[i])"),
    ("hidden", 12960, 32, "sum(i=1..l-1, h[i-1]*h[i]) + h[l-1]*h[l]", "sum(i=1..l-1, h[i])"),
    ("none", 12960, 0, "sum(i=1..l, h[i-1]*h[i])", "0"),
]


@pytest.mark.parametrize("row", BIASES, ids=[row[0] for row in BIASES])
def test_bias(row: tuple[str, int, int, str, str]) -> None:
    bias, weights, biases, all_weights, all_biases = row
    numeric, general = nparams.read("784-16-16-10", bias=bias), nparams.read("h0..hl", bias=bias)
    assert (numeric.weights, numeric.biases, numeric.total) == (weights, biases, weights + biases)
    assert equal(general.weights, parse(all_weights), general.lower)
    assert equal(general.biases, parse(all_biases), general.lower)
    values = {"l": 3, "h": [784, 16, 16, 10]}
    assert general.substitute(values).total == numeric.total


# text | what is said in words
DESCRIBED = [
    ("784-16-16-10", "fully connected: 784 inputs, hidden layers 16 and 16, 10 outputs"),
    ("784-16-10", "fully connected: 784 inputs, hidden layer 16, 10 outputs"),
    ("5-1", "fully connected: 5 inputs, no hidden layer, 1 output"),
    ("1-2000-3", "fully connected: 1 input, hidden layer 2,000, 3 outputs"),
    ("-".join("1" * 12), "fully connected: 1 input, 10 hidden layers, 1 output"),
    ("h0..hl", "fully connected: h0 inputs, a hidden layer for each size between, hl outputs"),
]


@pytest.mark.parametrize(("text", "words"), DESCRIBED)
def test_described(text: str, words: str) -> None:
    assert nparams.read(text).described == words


# text | where
CONDITIONS = [("h0..hl", "l >= 1"), ("784-h1..hl-10", "l >= 1"), ("h0..h[l+1]", "l + 1 >= 1"), ("784-16", "")]


@pytest.mark.parametrize(("text", "where"), CONDITIONS)
def test_conditions(text: str, where: str) -> None:
    assert ", ".join(nparams.read(text).where) == where


def test_an_image_as_one_layer_is_said() -> None:
    assert nparams.read("28x28-16-10").notes == ["28x28 is read as 28*28 nodes"]


def test_index_letter_is_free() -> None:
    """i and j are taken: the sum runs over another letter."""
    found = nparams.read("i-j-h0..hl")
    assert equal(found.substitute({"i": 2, "j": 3, "h": [4, 5]}).total, nparams.read("2-3-4-5").total)
