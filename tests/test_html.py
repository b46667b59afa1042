"""The HTML view: well-formed, inert whatever strangers named their layers, bounded, and its lines add up."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

import nparams
from nparams.errors import InvariantError
from nparams.expr import Expr
from nparams.network import Module, Network, Tensor
from nparams.views.html import MOST_ROWS, fragment, render
from nparams.views.html_style import PAGE, STYLE
from nparams.views.html_tree import MOST_LINES, MOST_TENSORS
from nparams.views.look import Look
from tests.test_views_golden import NETWORKS, mixed

VOID = {"meta"}
TAGS = set(
    "html head meta title style body div p span b i sub code ul li dl dt dd details summary table thead tbody tfoot tr "
    "th td".split()
)
ATTRIBUTES = {"class", "style", "open", "scope", "aria-hidden", "charset", "name", "content", "lang"}
STYLED = re.compile(r"(flex:[\d.]+|width:[\d.]+%|--np-cols:[\d.emcqw ]+)")


class Page(HTMLParser):
    """The tags, attributes and text of a page; a tag that is closed out of turn fails the test."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.classes: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        self.classes += [value or "" for name, value in attrs if name == "class"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def shown(text: str) -> str:
    return "".join(Page(text).text)


def inert(text: str) -> Page:
    """The page, if it holds nothing that acts: only our tags and attributes, styles without addresses."""
    page = Page(text)
    assert page.tags <= TAGS
    assert {name for name, _ in page.attributes} <= ATTRIBUTES
    assert all(STYLED.fullmatch(value or "") for name, value in page.attributes if name == "style")
    assert not re.search(r"url\(|@import|expression\(|src=|href=", STYLE + PAGE)
    return page


HOSTILE = [
    "<script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</details></div>",
    "' onmouseover='alert(1)",
    "&lt;b&gt;",
    "<!--",
    "]]>",
    "javascript:alert(1)",
    "\x00\x1b[31m",
    "\u202eleft",
    "\ud800",
    "new\nline",
    "${7*7}{{7*7}}",
    "<svg/onload=alert(1)>",
    "</title><h1>",
    "x" * 3000,
]


def hostile(text: str) -> Network:
    """A network whose every word is the stranger's."""
    inner = Module(
        f"{text}.inner", text, {"a": 2}, Expr("sym", (), "a") * 3, takes=(2,), out=(3,),
        tensors=[
            Tensor(f"{text}.inner.weight", (2, 3), "float32", note=text),
            Tensor(f"{text}.inner.again", (2, 3), text, tied_to=f"{text}.inner.weight", stored=(1, 4)),
            Tensor(f"{text}.inner.seen", (), text, "buffer"),
        ],
    )  # fmt: skip
    twice = [Module(f"{text}.{k}", text, tensors=[Tensor(f"{text}.{k}.w", (4,), trainable=False)]) for k in range(3)]
    return Network(
        Module(text, text, children=[inner, *twice]), source=text, form=text, read_as=text, described=text,
        notes=[text], also={text: 1, "folded": 3}, flags=[{"kind": text, "text": text}],
        remarks=[(text, text, None)], where=[text],
    )  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:20])
@pytest.mark.parametrize("look", [None, Look(unicode=False)])
def test_words_of_strangers_are_text(text: str, look: Look | None) -> None:
    network = hostile(text)
    network.where = ()  # conditions are parsed: they cannot be any text
    page = inert(render(network, look))
    said = "".join(page.text)
    assert "alert(1)" not in said or text[:10] in said
    assert all(c.isprintable() or c in "\n\u2002" for c in said)
    assert inert(f"<div>{fragment(network)}</div>").tags >= {"div", "details"}


@pytest.mark.parametrize("text", HOSTILE[:6], ids=ascii)
def test_symbols_of_strangers_are_text(text: str) -> None:
    """A traced class may call its arguments anything."""
    size = Expr("sym", (), text)
    layer = Module("fc", "Dense", {text: size}, size, tensors=[Tensor("fc.weight", (size,))])
    inert(render(Network(Module(children=[layer]), source="x", read_as="x")))
    entry = Module(tensors=[Tensor("w", (Expr("idx", (0,), text), 2))])
    inert(render(Network(entry, source="x", read_as="x")))


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_is_well_formed(name: str) -> None:
    network = NETWORKS[name]()
    page = inert(render(network))
    assert "".join(page.text).count("weight") >= 1
    assert network._repr_html_() == fragment(network)
    assert render(network, Look(unicode=False)).isascii()
    assert shown(render(network, Look(unicode=False))) == "".join(page.text)


def test_two_outputs_on_one_page_agree() -> None:
    one, two = fragment(NETWORKS["digits"]()), fragment(NETWORKS["symbols"]())
    styles = re.findall(r"<style>.*?</style>", one + two, re.S)
    assert styles == [f"<style>\n{STYLE}\n</style>"] * 2
    assert "id=" not in one


def test_every_rule_is_kept_to_our_own() -> None:
    """A selector that does not begin with .nparams would change the notebook around it."""
    inner = re.sub(r"@(?:container|media)[^{]*\{", "", STYLE)
    selectors = [each for rule in re.findall(r"([^{}]+)\{", inner) for each in rule.split(",")]
    assert len(selectors) > 50
    assert [each for each in selectors if not each.strip().startswith(".nparams")] == []
    assert inner.count("{") + 2 == inner.count("}")  # the two at-rules
    assert "</" not in STYLE + PAGE


# text | what a reader sees of it, in this order
SEEN = [
    ("784-16-16-10", ["784-16-16-10", "13,002 parameters", "12,960 weights 99.7%", "42 biases 0.3%", "fc1", "Dense",
                      "784 → 16", "784·16 + 16", "12,544", "16", "12,560", "96.6%", "n_in·n_out + n_out", "sum",
                      "12,960", "42", "13,002", "the same as a table of 3 rows"]),
    ("d-4*d-d", ["8·d² + 5·d parameters", "weights", "8·d²", "biases", "5·d", "fc1", "4·d²", "4·d", "4·d² + 4·d"]),
    ("h0..hl", ["Σi=1..l (hi-1 + 1)·hi parameters", "where l ≥ 1", "fc[i]", "×l", "hi-1 → hi"]),
    ("input 32x32x3; conv 8 3x3; batchnorm", ["3·3·3·8", "216", "+ 16 buffers", "running_mean", "buffer, not counted"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "seen"), SEEN)
def test_what_is_seen(text: str, seen: list[str]) -> None:
    said = shown(render(nparams.read(text))).replace("nin·nout + nout", "n_in·n_out + n_out")
    place = 0
    for words in seen:
        place = said.find(words, place)
        assert place >= 0, (words, said)


def test_ties_frozen_experts_and_copies_are_seen() -> None:
    expert = Module("moe", "Experts", routed=(2, 8), tensors=[Tensor("moe.w", (8, 3, 4), trainable=False)])
    table = Module("embed", "Embedding", tensors=[Tensor("embed.weight", (10, 4), trainable=True)])
    head = Module("head", "Dense", tensors=[Tensor("head.weight", (10, 4), tied_to="embed.weight")])
    blocks = [
        Module(f"blocks.{k}", "Block", children=[Module(f"blocks.{k}.fc", "Dense", tensors=[Tensor("w", (5,))])])
        for k in range(12)
    ]
    said = shown(render(Network(Module(children=[table, expert, *blocks, head]), source="x", read_as="net")))
    # 10·4 + 8·3·4 + 12·5
    for words in (
        "196 parameters",
        "tied to embed.weight",
        "frozen",
        "a token uses 2 of 8",
        "×12 of 5",
        "each of the 12:",
    ):
        assert words in said
    assert "30.6%" in said  # 60 of 196, all twelve blocks together


def test_an_unknown_part_is_no_total() -> None:
    lazy = Module("fc", "Dense", tensors=[Tensor("fc.weight", None), Tensor("fc.bias", (10,), role="bias")])
    said = shown(render(Network(Module(children=[lazy]), source="x", read_as="net")))
    for words in (
        "10 parameters known",
        "1 tensor has no known size, so there is no total",
        "not created yet",
        "10 + ?",
    ):
        assert words in said


def test_lines_that_do_not_sum_are_not_shown() -> None:
    network = nparams.read("784-16-16-10")
    network.totals.weights = 12961
    with pytest.raises(InvariantError, match=r"12,961|12,960"):
        render(network)


# modules in a row, all different | how many are left out of the tree, and of the table
WIDE = [(MOST_LINES, 0, MOST_LINES - MOST_ROWS), (10_000, 10_000 - MOST_LINES, 10_000 - MOST_ROWS)]


@pytest.mark.parametrize(("count", "tree", "table"), WIDE)
def test_a_large_network_is_a_small_page(count: int, tree: int, table: int) -> None:
    layers = [
        Module(f"m{k}", "Dense", tensors=[Tensor(f"m{k}.weight", (k + 1,)), Tensor(f"m{k}.bias", (1,), role="bias")])
        for k in range(count)
    ]
    page = render(Network(Module(children=layers), source="x", read_as="net"))
    assert len(page) < 900_000
    said = shown(page)
    left = sum(k + 2 for k in range(MOST_LINES, count))
    assert (f"… and {tree:,} more: {left:,} parameters" in said) is (tree > 0)
    assert f"… and {table:,} rows more" in said
    assert page.count("np-tensor") - STYLE.count("np-tensor") <= MOST_TENSORS


def test_a_deep_network_is_drawn_without_recursion() -> None:
    module = Module("leaf", "Dense", tensors=[Tensor("leaf.weight", (3,))])
    for k in range(3000):
        module = Module(f"level{k}", "Block", children=[module])
    said = shown(render(Network(module, source="x", read_as="net")))
    assert "… and 1 more: 3 parameters" in said


def test_a_module_of_many_tensors_is_cut() -> None:
    tensors = [Tensor(f"w{k}", (2,)) for k in range(MOST_TENSORS + 5)]
    assert "… and 5 tensors" in shown(render(Network(Module(tensors=tensors), source="x", read_as="net")))


@pytest.mark.parametrize(("depth", "opened"), [(0, 0), (1, 0), (2, 2), (None, 2)])
def test_depth_says_what_stands_open(depth: int | None, opened: int) -> None:
    blocks = [
        Module(f"{name}", "Block", children=[Module(f"{name}.fc", "Dense", tensors=[Tensor("w", (size,))])])
        for name, size in (("encoder", 5), ("decoder", 6))
    ]
    page = fragment(Network(Module(children=blocks), source="x", read_as="net"), Look(depth=depth))
    assert page.count("<details open>") == opened


def test_a_table_cell_of_arithmetic_is_set_as_such() -> None:
    page = fragment(nparams.read("784-16-16-10"))
    assert page.count("<td><i>n</i><sub>in</sub>·<i>n</i><sub>out</sub> + <i>n</i><sub>out</sub></td>") == 3


def test_ipython_prints_the_table() -> None:
    class Printer:
        said = ""

        def text(self, words: str) -> None:
            self.said += words

    printer = Printer()
    mixed()._repr_pretty_(printer, False)
    assert printer.said == str(mixed())
