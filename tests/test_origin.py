"""The question that started it, in full: every known answer, in numbers and in symbols, in every form it is printed in.

Sources: the digit network of Grant Sanderson's "But what is a neural network?" has 13,002 weights and biases; the rest
is the definition, worked out by hand.
"""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest

from nparams.cli.main import main
from nparams.expr import equal, parse

GENERAL = "sum(i=1..l, (h[i-1] + 1)*h[i])"


class Row(NamedTuple):
    """What is typed, and the answer: integers, or expressions in the symbols of the question."""

    words: list[str]
    weights: str
    biases: str
    total: str
    latex: str  # a piece that a report would hold
    taught: str  # a sentence or sum that an explanation would hold


ROWS = {
    "the digit network": Row(
        ["784-16-16-10"], "12960", "42", "13002",
        r"784 \cdot 16 + 16 + 16 \cdot 16 + 16 + 16 \cdot 10 + 10 = 13{,}002",
        "12,544 + 256 + 160 = 12,960",
    ),
    "the same, no bias on the output layer": Row(
        ["784-16-16-10", "--bias", "hidden"], "12960", "32", "12992", "= 12{,}992", "16 + 16 = 32",
    ),
    "the same, no biases": Row(
        ["784-16-16-10", "--bias", "none"], "12960", "0", "12960", "= 12{,}960", "Its neurons have no bias.",
    ),
    "two, two, two": Row(["2-2-2"], "8", "4", "12", "= 12", "8 + 4 = 12"),
    "six layers in symbols": Row(
        ["h0-h1-h2-h3-h4-h5"],
        "h0*h1 + h1*h2 + h2*h3 + h3*h4 + h4*h5",
        "h1 + h2 + h3 + h4 + h5",
        "h0*h1 + h1*h2 + h2*h3 + h3*h4 + h4*h5 + h1 + h2 + h3 + h4 + h5",
        r"\text{weights} &=", "h3·h4",
    ),
    "any number of layers": Row(
        ["h0..hl"], "sum(i=1..l, h[i-1]*h[i])", "sum(i=1..l, h[i])", GENERAL, r"\sum_{", "Σ_{i=1..l} (h_{i-1} + 1)·h_i",
    ),
    "any number of layers, written with dots": Row(
        ["h0-h1-...-hl"], "sum(i=1..l, h[i-1]*h[i])", "sum(i=1..l, h[i])", GENERAL, r"\sum_{", "i = 1, …, l",
    ),
    "the general network at the digit network": Row(
        ["h0..hl", "--set", "l=3", "--set", "h=[784,16,16,10]"], "12960", "42", "13002", "= 13{,}002",
        "12,544 + 256 + 160 = 12,960",
    ),
}  # fmt: skip


def said(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What one command line prints."""
    status = main(words)
    out, err = capsys.readouterr()
    assert (status, err) == (0, ""), words
    return out


def number(text: str) -> str:
    """An integer as people read it; an expression as it is."""
    return f"{int(text):,}" if text.isdigit() else text


def sums(table: str) -> list[str]:
    """Weights, biases and total as a table closes them: its line of sums, or its only row."""
    lines = table.split("\n\n")[1].splitlines()
    ends = [lines[0].index(name) + len(name) for name in ("weights", "biases", "total")]
    return [lines[-1][:end].split()[-1] for end in ends]


@pytest.mark.parametrize("name", ROWS)
def test_bare_number(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    row = ROWS[name]
    answer = said([*row.words, "-q"], capsys).strip()
    assert answer == row.total if row.total.isdigit() else equal(parse(answer), parse(row.total))


@pytest.mark.parametrize("name", ROWS)
def test_json(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    row = ROWS[name]
    found = json.loads(said([*row.words, "--json"], capsys))
    for key, wanted in (("weights", row.weights), ("biases", row.biases), ("total", row.total), ("formula", row.total)):
        assert isinstance(found[key], int) == (wanted.isdigit() and key != "formula"), key
        assert equal(parse(str(found[key])), parse(wanted)), key


@pytest.mark.parametrize("name", ROWS)
def test_formula(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    row = ROWS[name]
    lines = {line.split("  ")[0]: line for line in said([*row.words, "--formula"], capsys).splitlines()}
    for key, wanted in (("weights", row.weights), ("biases", row.biases), ("total", row.total)):
        sides = lines[key].removeprefix(key).split(" = ")
        assert equal(parse(sides[0].replace(",", "")), parse(wanted)), key
        assert sides[-1].strip() == number(wanted) or not wanted.isdigit(), key


@pytest.mark.parametrize("name", ROWS)
def test_table(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    row = ROWS[name]
    table = said(row.words, capsys)
    if row.total.isdigit():
        assert [number(row.weights), number(row.biases), number(row.total)] == sums(table)
        assert f"{number(row.total)} parameters = {number(row.weights)} weights + {number(row.biases)} bias" in table
    else:
        stated = {line.split()[0]: line for line in table.splitlines() if line and not line.startswith(" ")}
        assert equal(parse(stated["total"].removeprefix("total")), parse(row.total))


@pytest.mark.parametrize("name", ROWS)
def test_latex(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = said([*ROWS[name].words, "--latex"], capsys)
    assert ROWS[name].latex in text
    assert text.count("{") == text.count("}")
    assert text.count(r"\left") == text.count(r"\right")
    assert text.count(r"\begin{align*}") == text.count(r"\end{align*}") == 1


@pytest.mark.parametrize("name", ROWS)
def test_explanation(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    row = ROWS[name]
    text = said([*row.words, "--explain"], capsys)
    assert row.taught in text
    assert "Why do the inputs have no bias?" in text
    for wanted in (row.weights, row.biases, row.total):
        assert not wanted.isdigit() or number(wanted) in text


@pytest.mark.parametrize("name", ROWS)
def test_print_back(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every view for people says first what was understood."""
    words = ROWS[name].words
    understood = json.loads(said([*words, "--json"], capsys))["read_as"]
    for view in ([], ["--explain"], ["--formula"], ["--latex"]):
        assert understood in said([*words, *view], capsys).splitlines()[0], view
