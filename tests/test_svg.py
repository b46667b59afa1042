"""The picture: well-formed and inert, its numbers those of the network, its areas and lengths by them, and bounded."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

import nparams
from nparams.errors import NparamsError, UsageError
from nparams.network import Module, Network, Tensor
from nparams.views._svg import blocks, chain, nodes, squarify, tiles
from nparams.views._svg.style import DARK, LIGHT
from nparams.views.look import Look
from nparams.views.svg import KINDS, STYLE, kinds, picture, render
from tests.test_html import HOSTILE
from tests.test_html_hostile import words
from tests.test_views_golden import BARE, NETWORKS, nested

CNN = "input 28x28x1; conv 32 3x3; maxpool 2; flatten; dense 10"
LLAMA = '{"model_type": "llama"}'
#: elements and attributes of a picture; nothing else, so no script, style=, id, address or handler
TAGS = set("svg title desc style rect g path circle text tspan".split())
ATTRIBUTES = set(
    "viewBox width height role aria-label class x y cx cy r d dx dy text-anchor font-size font-weight stroke-width "
    "stroke-opacity transform data-row data-node data-group data-total".split()
)


def elements(text: str) -> list[ET.Element]:
    """Every element of a picture, if it is well-formed and holds only what ours may."""
    found = list(ET.fromstring(text).iter())
    for each in found:
        each.tag = each.tag.removeprefix("{http://www.w3.org/2000/svg}")
        assert each.tag in TAGS
        assert set(each.attrib) <= ATTRIBUTES
    return found


def of_class(text: str, name: str) -> list[ET.Element]:
    return [each for each in elements(text) if name in each.get("class", "").split()]


def said(text: str) -> list[str]:
    """The lines of text that are drawn."""
    return ["".join(each.itertext()) for each in elements(text) if each.tag == "text"]


def pictures(network: Network) -> Iterator[str]:
    yield render(network)
    for kind in kinds(network):
        for standalone in (True, False):
            yield picture(network, kind, standalone)


# -- what is drawn of which network -----------------------------------------------------------------------------------

CODE = """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(8, 4)
        self.act = nn.ReLU()
        self.fc2 = nn.Linear(4, 2{more})
    def forward(self, x):
        return self.fc2(self.act(self.fc1(x)))
"""
# source | the kinds of picture
DRAWN: list[tuple[str, tuple[str, ...]]] = [
    ("784-16-16-10", KINDS),
    ("h0-h1-h2", ("nodes", "blocks")),
    ("h0..hl", ("nodes", "blocks")),
    ("784-h1..hl-10", ("nodes", "blocks")),
    ("input 28x28; flatten; dense 16; dropout 0.5; dense 10", KINDS),
    ("input 8; l x dense 8; dense 2", ("nodes", "blocks")),
    ("input 8; 1000000000 x dense 8", KINDS),
    ("nn.Sequential(nn.Linear(784, 16), nn.ReLU(), nn.Linear(16, 10))", KINDS),
    (CODE.format(more=", bias=False"), KINDS),
    ("model.add(Dense(64, input_dim=10))\nmodel.add(Dense(1))", KINDS),
    ("Chain(Dense(784 => 32, relu), Dense(32 => 10))", KINDS),
    (CNN, ("treemap", "blocks")),
    ("lstm 9 on 1", ("treemap", "blocks")),
    ("conv 32 3x3 on 28x28x3; dense n", ("blocks",)),
    ("input 8; dense 8; layernorm; dense 8", ("treemap", "blocks")),
    ("resnet50", ("treemap", "blocks")),
    (LLAMA, ("treemap", "blocks")),
]


@pytest.mark.parametrize(("source", "want"), DRAWN)
def test_kinds(source: str, want: tuple[str, ...]) -> None:
    network = nparams.read(source)
    assert kinds(network) == want
    assert f"np-{want[0]}" in elements(render(network))[0].get("class", "").split()
    for kind in set(KINDS) - set(want):
        with pytest.raises(UsageError, match=f"^no {kind} can be drawn of .*: [^\n]+$"):
            picture(network, kind)


def dense(name: str, takes: int, out: int, **more: object) -> Module:
    tensors = [Tensor(f"{name}.weight", (out, takes)), Tensor(f"{name}.bias", (out,))]
    return Module(name, "Dense", takes=(takes,), out=(out,), tensors=tensors, **more)  # type: ignore[arg-type]


#: chains of equal widths that are none
NO_CHAINS = {
    "projections side by side": [dense(f"attn.{name}_proj", 8, 8) for name in "qkv"],
    "a gap": [dense("a", 8, 4), dense("b", 8, 4)],
    "two inputs": [dense("a", 8, 8), dense("b", 8, 8, inputs=("a", "x"))],
    "tied": [
        dense("a", 8, 8),
        Module("b", "Dense", takes=(8,), out=(8,), tensors=[Tensor("b.weight", (8, 8), tied_to="a.weight")]),
    ],
    "not created yet": [Module("a", "Dense", takes=(8,), out=(8,), tensors=[Tensor("a.weight", None)])],
    "another layer between": [dense("a", 8, 8), Module("p", "MaxPool"), dense("b", 8, 8)],
}


@pytest.mark.parametrize("name", NO_CHAINS)
def test_what_is_no_chain(name: str) -> None:
    assert "nodes" not in kinds(Network(Module(children=NO_CHAINS[name]), source="x", read_as="x"))


def test_a_kind_that_is_none() -> None:
    with pytest.raises(UsageError, match='no picture "pie": nodes, treemap, blocks, or auto'):
        picture(nparams.read("2-2"), "pie")


# -- columns of nodes -------------------------------------------------------------------------------------------------

# source | bias | nodes that are drawn | with a dot | lines | words that stand there
COLUMNS = [
    ("2-2-2", "all", 6, 4, 8, ["2·2 = 4 weights", "2 biases", "8 weights", "4 biases", "12 parameters"]),
    ("3-5-5-4-2", "all", 19, 16, 68, ["3·5 = 15 weights", "4·2 = 8 weights", "84 parameters"]),
    ("784-16-16-10", "all", 58, 42, 672, ["784", "784·16 = 12,544 weights", "16·10 = 160 weights", "10 biases"]),
    ("784-16-16-10", "hidden", 58, 32, 672, ["no bias", "32 biases", "12,992 parameters"]),
    ("784-16-16-10", "none", 58, 0, 672, ["no bias", "0 biases", "12,960 parameters"]),
    ("h0-h1-h2", "all", 15, 10, 50, ["h0", "h0·h1 weights", "h1 biases", "h0·h1 + h1·h2"]),
    ("h0..hl", "all", 15, 10, 55, ["h0·h1 weights", "hi-1·hi weights each", "hl biases", "Σi=1..l hi", "where l ≥ 1"]),
    ("1-1", "all", 2, 1, 1, ["input", "output", "1·1 = 1 weight", "1 bias", "2 parameters"]),
]


@pytest.mark.parametrize(("source", "bias", "drawn", "dots", "lines", "text"), COLUMNS)
def test_columns(source: str, bias: str, drawn: int, dots: int, lines: int, text: list[str]) -> None:
    made = picture(nparams.read(source, bias=bias), "nodes", standalone=False)
    marks = [each for each in of_class(made, "np-bias") if "np-over" in each.get("class", "")]
    inside = [path for group in of_class(made, "np-edges") if group.find("title") is not None for path in group]
    assert len([each for each in of_class(made, "np-node") if each.get("data-node")]) == drawn
    assert len(marks) == dots
    moves = sum(path.get("d", "").count("M") for path in inside)
    assert moves == (lines if source != "h0..hl" else 25 + 30)
    assert not set(text) - set(said(made))


@pytest.mark.parametrize("source", ["784-16-16-10", "3-5-5-4-2", "64-32-64-32-64-7", "7-" * 40 + "3"])
def test_a_page_can_light_a_row(source: str) -> None:
    """What is drawn of a row is found by the name that the row has in every other view."""
    network = nparams.read(source)
    rows = {row.name for row in network.layers}
    for kind in kinds(network):
        made = picture(network, kind, standalone=False)
        named = {each.get("data-row") for each in elements(made)} - {None}
        assert named
        assert named <= rows
    columns = of_class(picture(network, "nodes"), "np-column")
    assert [each.get("data-row") for each in columns if not each.get("data-row")] == [None]


@pytest.mark.parametrize("count", [1, 2, nodes.LINKS, nodes.LINKS + 1, 300])
def test_what_stands_under_the_columns_sums_to_the_total(count: int) -> None:
    """The layers that are left out as well: 8 more, their weights, their biases."""
    network = nparams.read("-".join(str(2 + k % 9) for k in range(count + 1)))
    shown = nodes._shown(chain.chain_of(network) or [])
    assert len(shown) <= nodes.LINKS
    assert (sum(link.weights for link in shown), sum(link.biases for link in shown)) == (  # type: ignore[misc]
        network.weights, network.biases,
    )  # fmt: skip
    text = said(picture(network, "nodes"))
    assert count <= nodes.LINKS or f"{count - 2 * nodes.EACH:,} more" in text


def test_folded_layers_stand_one_by_one() -> None:
    links = chain.chain_of(nparams.read("64-32-64-32-64-7")) or []
    assert [(link.row, link.layer) for link in links] == [
        ("fc1,3", "fc1"), ("fc2,4", "fc2"), ("fc1,3", "fc3"), ("fc2,4", "fc4"), ("fc5", "fc5"),
    ]  # fmt: skip
    assert all(a.out == b.takes for a, b in pairwise(links))


@pytest.mark.parametrize("source", [*(row[0] for row in COLUMNS), "4096-" * 9 + "10", "h0..h300"])
def test_labels_under_columns_do_not_overlap(source: str) -> None:
    """By the widths of a usual font, about 0.56 of its size a character."""
    lines: dict[str, list[tuple[float, float]]] = {}
    for each in elements(picture(nparams.read(source), "nodes", standalone=False)):
        if each.tag == "text" and each.get("text-anchor") == "middle":
            half = len("".join(each.itertext())) * float(each.get("font-size", "14")) * 0.56 / 2
            x = float(each.get("x", ""))
            lines.setdefault(each.get("y", ""), []).append((x - half, x + half))
    for spans in lines.values():
        assert all(a[1] <= b[0] for a, b in pairwise(sorted(spans)))
        assert min(spans)[0] >= 0


# -- the treemap ------------------------------------------------------------------------------------------------------

TREES: dict[str, Callable[[], Network]] = {
    "cnn": lambda: nparams.read(CNN),
    "digits": lambda: nparams.read("784-16-16-10"),
    "resnet50": lambda: nparams.read("resnet50"),
    "vgg16": lambda: nparams.read("vgg16"),
    "bert": lambda: nparams.read("bert-base-uncased"),
    "llama": lambda: nparams.read(LLAMA),
    "mixtral": lambda: nparams.read('{"model_type": "mixtral"}'),
    "nested": nested,
    "blocks in blocks": lambda: nparams.read("(dense 8; dense 8) x 3", set={"n_in": 5}),
}


@pytest.mark.parametrize("name", TREES)
def test_areas_are_shares(name: str) -> None:
    """Every tile has the part of the whole area that its number is of the total, and the numbers sum to the total."""
    network = TREES[name]()
    made = of_class(picture(network, "treemap", standalone=False), "np-tile")
    totals = [int(each.get("data-total", "")) for each in made]
    assert sum(totals) == network.total
    assert len(made) <= 2 * tiles.MOST
    boxes = [each[-1] for each in made]
    areas = [float(box.get("width", "")) * float(box.get("height", "")) for box in boxes]
    whole = max(float(box.get("x", "")) + float(box.get("width", "")) for box in boxes) - 24
    for total, area, box in zip(totals, areas, boxes, strict=True):
        slack = 0.006 * (float(box.get("width", "")) + float(box.get("height", ""))) + 1e-3
        assert abs(area - total / network.total * sum(areas)) < slack + sum(areas) * 1e-5  # type: ignore[operator]
    assert whole == pytest.approx(912, abs=0.1)
    assert not any(map(overlap, *zip(*[(a, b) for k, a in enumerate(boxes) for b in boxes[:k]], strict=True)))


def overlap(a: ET.Element, b: ET.Element) -> bool:
    ax, ay, aw, ah, bx, by, bw, bh = (float(e.get(k, "")) for e in (a, b) for k in ("x", "y", "width", "height"))
    return min(ax + aw, bx + bw) - max(ax, bx) > 0.03 and min(ay + ah, by + bh) - max(ay, by) > 0.03


@pytest.mark.parametrize("name", TREES)
def test_tiles_tell_whole_names_and_numbers(name: str) -> None:
    network = TREES[name]()
    rows = {row.name: row for row in network.layers}
    made = of_class(picture(network, "treemap"), "np-tile")
    for each in made:
        total = int(each.get("data-total", ""))
        title = each[0].text or ""
        assert f": {total:,} parameter" in title
        assert title.endswith("%")
        row = each.get("data-row")
        if row is not None:
            assert rows[row].total == total
            assert title.startswith(row)
        else:
            assert each.get("data-group") or " more: " in title


def test_groups_have_titles() -> None:
    text = said(picture(nparams.read(LLAMA), "treemap"))
    assert {"model98.1%", "layers.0-31 ×3296.1%", "mlp64.2%", "self_attn31.9%", "gate_proj", "q_proj"} <= set(text)
    assert "1,442,840,576 · 21.4%" in text
    assert "6,738,415,616 parameters" in text


def test_experts_say_how_many_are_used() -> None:
    experts = Module("experts", "Experts", routed=(2, 8), tensors=[Tensor("experts.w", (8, 4, 4))])
    network = Network(Module(children=[experts, dense("head", 4, 4)]), source="x", read_as="x")
    assert "a token uses 2 of 8" in said(picture(network, "treemap"))


@pytest.mark.parametrize(("depth", "count"), [(0, 1), (1, 7), (2, 11), (None, 49)])
def test_depth(depth: int | None, count: int) -> None:
    network = nparams.read("resnet50")
    made = of_class(render(network, Look(depth=depth)), "np-tile")
    assert len(made) == count
    assert sum(int(each.get("data-total", "")) for each in made) == network.total


@pytest.mark.parametrize("areas", [[1.0], [6, 6, 4, 3, 2, 2, 1], [5.0] * 7, [100, 1e-9], [1.0, 0.0]])
def test_squarified(areas: list[float]) -> None:
    wide = sum(areas) / 4
    made = squarify.squarified(areas, (1.0, 2.0, wide, 4.0))
    assert [w * h for _, _, w, h in made] == pytest.approx(areas, abs=1e-9)
    assert all(x >= 1 and y >= 2 and x + w <= 1 + wide + 1e-9 and y + h <= 6 + 1e-9 for x, y, w, h in made)


# -- blocks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*TREES, *NETWORKS])
def test_lengths_are_shares(name: str) -> None:
    network = (TREES | NETWORKS)[name]()
    made = of_class(picture(network, "blocks", standalone=False), "np-block")
    shown = blocks._blocks(network, Look())
    assert len(made) == len(shown) <= blocks.MOST
    if network.is_numeric:
        assert sum(block.total for block in shown) == network.totals.known  # type: ignore[misc]
        assert sum(block.weights for block in shown) == network.totals.weights  # type: ignore[misc]
        bars = {"np-weight-bar": "weights", "np-bias-bar": "biases"}
        pairs = [
            (float(bar.get("width", "")), getattr(block, bars[bar.get("class", "")]))
            for each, block in zip(made, shown, strict=True)
            for bar in each.iter()
            if bar.get("class") in bars
        ]
        longest = max(pairs, key=lambda pair: pair[1], default=(1.0, 1))
        assert all(w == pytest.approx(longest[0] * size / longest[1], abs=0.02) for w, size in pairs)


def test_rows_of_blocks() -> None:
    text = said(picture(nparams.read(CNN), "blocks"))
    assert {"conv", "Conv · 28×28×1 → 26×26×32", "320", "0.6%", "54,090", "54,410 parameters", "maxpool"} <= set(text)
    text = said(picture(nparams.read("bert-base-uncased"), "blocks"))
    assert {"encoder.layer1-12.ffn ×12", "56,669,184", "51.8%"} <= set(text)


def test_many_rows_still_sum_up() -> None:
    parts = [Module(f"{'abcdefgh'[k % 8]}{k}x", "Dense", tensors=[Tensor(f"p{k}", (k + 1,))]) for k in range(99)]
    network = Network(Module(children=parts), source="x", read_as="x")
    made = picture(network, "blocks")
    assert "and 60 more" in said(made)
    assert f"{60 * 61 // 2:,}" in said(made)


# -- numbers that are not there ---------------------------------------------------------------------------------------


def test_what_is_not_created_yet() -> None:
    network = NETWORKS["lazy"]()
    for kind in kinds(network):
        text = said(picture(network, kind))
        assert "6 parameters known" in text
        assert "1 tensor has no known size, so there is no total" in text
        assert not any("%" in line for line in text), "no shares of a total that there is not"


@pytest.mark.parametrize("name", BARE)
def test_nothing_is_drawn_of_nothing(name: str) -> None:
    network = BARE[name]()
    assert kinds(network) == ("blocks",)
    assert "0 parameters" in said(render(network))


# -- as it is written -------------------------------------------------------------------------------------------------

EVERY: dict[str, Callable[[], Network]] = {**NETWORKS, **TREES, **BARE}


@pytest.mark.parametrize("name", EVERY)
def test_every_picture_is_inert_and_says_what_it_shows(name: str) -> None:
    network = EVERY[name]()
    for made in pictures(network):
        root = elements(made)[0]
        assert root.get("role") == "img"
        assert root.get("aria-label")
        assert [each.tag for each in root].count("desc") == 1
        total = network.totals.total
        assert not isinstance(total, int) or f"{total:,} parameter" in root.get("aria-label", "")
        assert all(c.isprintable() or c == "\n" for c in made)
        numbers = re.findall(r"(?<![\w.])\d+\.(\d+)", " ".join(re.findall(r' (?:d|x|y|width|height)="([^"]*)"', made)))
        assert all(len(digits) <= 2 for digits in numbers)
        assert not re.search(r" (?:id|style|on\w+|href|xlink:href)=|url\(|@import|<script|<!--", made)
    assert [*pictures(network)] == [*pictures(EVERY[name]())], "the same each time"


def test_a_page_brings_the_style() -> None:
    network = nparams.read("2-2-2")
    assert STYLE in picture(network)
    assert "<style" not in picture(network, standalone=False)
    assert re.fullmatch(r"(\.np-svg|@media|[^{}]*\.np-svg).*", STYLE.split("{")[0])
    selectors = re.findall(r"(?:^|[}{,]\s*)((?:\.|text|rect|svg)[^{},@]*)(?=[{,])", re.sub(r"\([^)]*\)", "", STYLE))
    assert all(each.startswith(".np-svg") for each in selectors)
    made = picture(network, standalone=False)
    used = {name for each in elements(made) for name in each.get("class", "").split()}
    assert used
    assert all(name.startswith("np-") for name in used)


def test_ascii() -> None:
    network = nparams.read("h0..hl")
    made = render(network, Look(unicode=False))
    assert made.isascii()
    assert said(made) == said(render(network))


def luminance(colour: str) -> float:
    parts = [int(colour[1 + 2 * k : 3 + 2 * k], 16) / 255 for k in range(3)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: str, b: str) -> float:
    one, two = sorted((luminance(a), luminance(b)))
    return (two + 0.05) / (one + 0.05)


def under(band: str, colour: str) -> str:
    """A colour with the band of a group over it."""
    *over, part = (float(x) for x in re.findall(r"[\d.]+", band))
    mixed = [round(o * part + int(colour[1 + 2 * k : 3 + 2 * k], 16) * (1 - part)) for k, o in enumerate(over)]
    return "#" + "".join(f"{c:02x}" for c in mixed)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_contrast(theme: str) -> None:
    """Text against what it stands on: 4.5 at least (WCAG AA)."""
    held = dict(pair.split(":") for pair in theme.split(";"))
    colours = {key: f"#{value[1:] * (2 if len(value) == 4 else 1)}" for key, value in held.items() if value[0] == "#"}
    paper, ink = colours["--np-paper"], colours["--np-ink"]
    for key in ("ink", "soft", "wt", "bt"):
        assert contrast(colours[f"--np-{key}"], paper) >= 4.5
    for key in ("tone0", "tone1", "tone2", "tone3", "tone-b"):
        assert contrast(ink, colours[f"--np-{key}"]) >= 4.5
        twice = under(held["--np-band"], under(held["--np-band"], colours[f"--np-{key}"]))
        assert contrast(ink, twice) >= 4.5
    for key in ("w", "b"):
        assert contrast(colours[f"--np-{key}"], paper) >= 2.9


# -- strangers' names, and much of everything -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", [*HOSTILE, *map(words, range(40)), "x" * 10_000, "字" * 300], ids=lambda t: ascii(t)[:24]
)
def test_names_are_text(text: str) -> None:
    inner = [dense(f"{text}.0", 8, 4), dense(f"{text}.1", 4, 2)]
    one = Network(Module(children=inner), source=text, read_as=text, described=text)
    blocks = [Module(f"{text}.{k}", text, tensors=[Tensor(f"{text}.{k}.w", (k + 2, 3))]) for k in range(4)]
    two = Network(Module(children=[Module(text, text, children=blocks)]), source=text, read_as=text, notes=[text])
    for made in (*pictures(one), *pictures(two)):
        elements(made)
        assert all(c.isprintable() or c == "\n" for c in made)
        assert len(made) < 60_000


def many(count: int, *, alike: bool) -> Network:
    made = [
        Module(f"m.{k}", "Dense", tensors=[Tensor(f"m.{k}.weight", (1 if alike else k + 1,))]) for k in range(count)
    ]
    return Network(Module(children=[Module("m", children=made)]), source="x", read_as="x")


def deep(levels: int) -> Network:
    module = Module("end", "Block", tensors=[Tensor("w", (3,))])
    for k in range(levels):
        own = [Tensor(f"w{k}", (3, k + 1))] if k % 2 else []
        module = Module(f"level{levels - k}", "Block", tensors=own, children=[module])
    return Network(module, source="x", read_as="x")


LARGE: dict[str, Callable[[], Network]] = {
    "100,000 equal layers": lambda: many(100_000, alike=True),
    "5,000 different layers": lambda: many(5_000, alike=False),
    "names of 10,000 characters": lambda: Network(
        tensors=[Tensor("n" * 10_000 + f"{chr(97 + k % 26)}{k}.weight", (k + 1, 9)) for k in range(300)], source="x",
        read_as="x" * 10_000,
    ),
    "300 levels": lambda: deep(300),
    "1,000 columns": lambda: nparams.read("-".join(str(3 + k % 50) for k in range(1001))),
    "h0..h300": lambda: nparams.read("h0..h300"),
    "wide columns": lambda: nparams.read("-".join(["100000"] * 20)),
    "numbers of 400 digits": lambda: Network(
        tensors=[Tensor("a.weight", (10**200, 10**200)), Tensor("b.weight", (10**400, 3))], source="x", read_as="x"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LARGE)
def test_bounded(name: str) -> None:
    network = LARGE[name]()
    for kind in kinds(network):
        made = picture(network, kind)
        elements(made)
        assert len(made) < 300_000


def test_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    from nparams.cli.main import main

    assert main(["784-16-16-10", "--svg"]) == 0
    assert "13,002 parameters" in said(capsys.readouterr().out)


def test_a_picture_that_does_not_sum_is_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((tiles, "treemap"), (chain, "nodes")):
        network = nparams.read("784-16-16-10")
        assert network.layers
        monkeypatch.setattr(network.totals, "biases", 43)
        with pytest.raises(
            NparamsError, match=f"the biases of the {'tiles' if module is tiles else 'links'} sum to 42"
        ):
            picture(network, name)
