"""The exercise sheet in HTML, and names of strangers in both forms: only our tags, and nothing that acts."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

import nparams
from nparams.expr import Expr
from nparams.network import Module, Network, Tensor
from nparams.views._exercises.parts import Choices
from nparams.views._exercises.questions import sheet_of
from nparams.views.exercises import html, render
from nparams.views.look import Look
from tests.test_exercises import SOURCES, sheet
from tests.test_html import HOSTILE, hostile
from tests.test_mathml import ELEMENTS
from tests.test_views_golden import BARE, NETWORKS

TAGS = {"section", "h2", "p", "code", "table", "thead", "tbody", "tr", "th", "td", "ol", "li"} | ELEMENTS
ATTRIBUTES = {("class", None), ("scope", None), ("type", "a"), ("form", "prefix"), ("displaystyle", "true")}
CLASSES = {"np-exercises", "np-solutions", "np-questions", "np-answers", "np-layers", "np-show"}


class Piece(HTMLParser):
    """The text of a piece of HTML; what is not one of our tags and attributes, or not well-formed, fails the test."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.counts: dict[str, int] = {}
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        for name, value in attrs:
            assert (name, None) in ATTRIBUTES or (name, value) in ATTRIBUTES
            assert name != "class" or value in CLASSES
        self.counts[tag] = self.counts.get(tag, 0) + 1
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


@pytest.mark.parametrize("source", SOURCES)
def test_html(source: str) -> None:
    network = nparams.read(source)
    page = html(network)
    piece = Piece(page)
    assert piece.counts["section"] == piece.counts["h2"] == 2
    assert page.count('<section class="np-solutions">') == 1
    count = len(sheet_of(network).questions)
    choices = sum(len(b.items) for q in sheet_of(network).questions for b in q.asked + q.solved if type(b) is Choices)
    assert piece.counts["li"] == 2 * count + choices
    said = "".join(piece.text)
    assert said.count("A friend") == sheet(source).count("A friend")
    if isinstance(network.total, int) and network.total:
        assert f"{network.total:,}" in said


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:20])
def test_words_of_strangers_are_text(text: str) -> None:
    network = hostile(text)
    network.where = ()
    said = "".join(Piece(html(network)).text)
    assert all(c.isprintable() or c == "\n" for c in said)
    for look in (Look(width=80), Look(unicode=False)):
        lines = render(network, look)
        assert all(c.isprintable() or c == "\n" for c in lines)
        bare = re.sub(r"`[^`\n]*`", "", re.sub(r"\\.", "", lines))
        assert not re.search(r"<\w|^ {0,3}(#+ (?!Exercises|Solutions)|```)", bare, re.MULTILINE)
        assert look.unicode or lines.isascii()


@pytest.mark.parametrize("text", HOSTILE[:6], ids=ascii)
def test_symbols_of_strangers_are_text(text: str) -> None:
    size = Expr("sym", (), text)
    layer = Module("fc", "Dense", {text: size}, size, tensors=[Tensor("fc.weight", (size,))])
    network = Network(Module(children=[layer]), source="x", read_as="x")
    Piece(html(network))
    assert render(network)


def test_a_bar_in_a_name_keeps_its_cell() -> None:
    rows = [line for line in render(NETWORKS["hostile"]()).splitlines() if line.startswith("| `")]
    assert len(rows) == 8
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}


@pytest.mark.parametrize("name", BARE)
def test_a_network_that_holds_nothing(name: str) -> None:
    assert "None: 0." in "".join(Piece(html(BARE[name]())).text)
