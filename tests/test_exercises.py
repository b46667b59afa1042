"""The exercise sheet: what is asked of which network, that its numbers are the network's, and that names are text."""

from __future__ import annotations

import re
from importlib import import_module

import pytest

import nparams
from nparams.expr import Expr
from nparams.network import Module, Network, Tensor
from nparams.views._exercises.facts import MOST_ROWS
from nparams.views._exercises.parts import Say, Show
from nparams.views._exercises.questions import MOST, sheet_of
from nparams.views._exercises.texts import CHOICES, FRIENDS
from nparams.views.exercises import html, render
from nparams.views.look import Look
from tests.test_views_golden import BARE, NETWORKS

CNN = "input 28x28x1; conv 32 3x3; maxpool 2; batchnorm; conv 64 3x3; flatten; dropout; dense 10"
SOURCES = [
    "784-16-16-10", "2-2-2", "3-1", "h0-h1-h2", "h0-h1-h2-h3-h4-h5", "h0..hl", "784-h1..hl-10", "d-4*d-d", CNN,
    "input 32x32x3; conv 8 3x3; gap; dense 10", "input 10x32; lstm 128; dense 5", "embedding 1000x64; gru 32; dense 3",
    "nn.LSTM(32, 128, 2, bidirectional=True)", "rnn 10 on 1", "bert-base", "gpt2", "llama-2-7b", "resnet50", "vgg16",
    "moe 8 experts top 2 ff 14336 swiglu on 4096", "attention 512 heads 8", "embedding V x d; dense V",
    "maxpool 2; relu", "[(784, 16), (16,), (16, 10), (10,)]", "transformer 512 8 6 6 2048",
]  # fmt: skip

#: a network, and what its sheet says
SAYS = [
    ("784-16-16-10", "Why do the inputs have no biases?"),
    ("784-16-16-10", "n_in·n_out = 784·16 = 12,544 weights"),
    ("784-16-16-10", "12,544 + 256 + 160 = 12,960 weights"),
    ("784-16-16-10", "12,560 / 13,002 ≈ 96.6%"),
    ("784-16-16-10", "A friend counted 12,730 parameters, not 13,002."),
    ("784-16-16-10", "They gave the inputs a bias each, 784 in all."),
    ("3-1", "| `fc1` | Dense | 3 → 1 | 1 neuron |"),
    (CNN, "k_h·k_w·c_in·c_out = 3·3·32·64 = 18,432 weights"),
    (CNN, "It keeps 64 further numbers. Why are they no parameters?"),
    (CNN, "They counted the 64 statistics of the normalisations as well."),
    (CNN, "- (a) changes it: the filters stay as they are, but `flatten` hands on one"),
    (CNN, "the share of values that `dropout` leaves out"),
    ("input 32x32x3; conv 8 3x3; gap; dense 10", "- (a) does not change it: a filter uses the same weights at every"),
    ("input 32x32x3; conv 8 3x3; gap; dense 10", "the stride of `conv`"),
    ("input 32x32x3; conv 8 3x3; gap; dense 10", "Why does `gap` have no parameters?"),
    ("input 10x32; lstm 128; dense 5", "Where does the factor 4 come from?"),
    ("input 10x32; lstm 128; dense 5", "A friend counted 17,541 parameters, not 83,077."),
    ("input 10x32; lstm 128; dense 5", "the number of time steps"),
    ("nn.LSTM(32, 128, 2, bidirectional=True)", "Here every cell keeps two biases in each gate"),
    ("nn.LSTM(32, 128, 2, bidirectional=True)", "128 cells in each of two directions"),
    ("embedding 1000x64; gru 32; dense 3", "How many weights does `embedding` have? Why does it have no bias?"),
    ("bert-base", "12·2,362,368 = 28,348,416 parameters"),
    ("bert-base", "the number of heads of `encoder.layer1-12.attention`"),
    ("gpt2", "A friend counted 163,037,184 parameters, not 124,439,808."),
    ("gpt2", "They counted `lm_head.weight` again."),
    ("transformer 512 8 6 6 2048", "In 10 lines of the table there are 6 layers each, and they counted one of each."),
    ("transformer 512 8 6 6 2048", "It is changed by (c) and (d)."),
    ("llama-2-7b", "3 matrices between 4,096 and 11,008 numbers, no bias"),
    ("moe 8 experts top 2 ff 14336 swiglu on 4096", "A token uses 2 of the 8 experts."),
    ("moe 8 experts top 2 ff 14336 swiglu on 4096", "= 352,354,304 parameters"),
    ("h0-h1-h2", "n_in·n_out = h0·h1 weights"),
    ("h0-h1-h2", "2·3 + 3 + 3·4 + 4 = 25 parameters"),
    ("h0-h1-h2-h3-h4-h5", "h0·h1 + h1·h2 + h2·h3 + h4·h5\n"),
    ("h0..hl", "There is a layer `fc[i]` for each `i` from 1 to `l`."),
    ("h0..hl", "Σ_{i=1..l} (h_{i-1} + 1)·h_i\n"),
    ("h0..hl", "2·3 + 3 + 3·4 + 4 + 4·5 + 5 = 50 parameters"),
    ("maxpool 2; relu", "None: 0. Nothing in it is learned."),
    ("resnet50", "more lines like these with 290,560 parameters altogether."),
    ("resnet50", "23,454,912 + 2,048,000 + 26,560 = 25,529,472 weights"),
]

#: a network, and what its sheet must not say: it would not be true of it, or nobody could answer
NOT = [
    ("input 10x32; lstm 128 seq; flatten; dense 5", "time steps"),
    ("lstm 128 on 9", "activation function"),
    ("gpt2", "words in a text"),
    ("llama-2-7b", "number of heads"),
    ("llama-2-7b", "without biases"),
    ("vgg16", "width of the image"),
    ("patch embedding 16 768 on 224x224x3; gap; dense 10", "width of the image"),
    ("input 9; dense 4; prelu; dense 2", "activation function"),
    ("784-16-16-10", "the number of time steps"),
    ("h0-h1-h2", "A friend"),
    ("16-16-16", "They left out the biases of the last layer"),
    ("16-16-16", "holds most"),
    ("gpt2", "the number of neurons of"),
    ("maxpool 2; relu", "A friend"),
]


def sheet(source: str, width: int = 100) -> str:
    return render(nparams.read(source), Look(width=width))


@pytest.mark.parametrize(("source", "said"), SAYS)
def test_what_is_said(source: str, said: str) -> None:
    assert " ".join(said.split()) in " ".join(sheet(source).split())


@pytest.mark.parametrize(("source", "said"), NOT)
def test_what_is_not_said(source: str, said: str) -> None:
    assert said not in " ".join(sheet(source).split())


# -- the numbers ------------------------------------------------------------------------------------------------------

PLAIN = re.compile(r"[\d,·+ ()-]+")


def worth(text: str) -> int | None:
    """A side of an equation in plain numbers, worked out by Python; None for letters and percentages."""
    return eval(text.replace(",", "").replace("·", "*").replace("²", "**2")) if PLAIN.fullmatch(text) else None


@pytest.mark.parametrize("source", SOURCES)
def test_every_line_of_arithmetic_is_true(source: str) -> None:
    lines = [line.strip() for line in sheet(source).splitlines() if line.startswith("       ")]
    assert lines or source == "maxpool 2; relu"
    for line in lines:
        sides = re.sub(r"(?<=\d) (weights?|bias(es)?|parameters?)$", "", line).split(" = ")
        values = [value for side in sides if (value := worth(side)) is not None]
        assert len(set(values)) <= 1, line
        for part, whole, percent in re.findall(r"([\d,]+) / ([\d,]+) [≈=] ([\d.]+)%", line):
            assert abs(100 * int(part.replace(",", "")) / int(whole.replace(",", "")) - float(percent)) <= 0.0501


@pytest.mark.parametrize("source", SOURCES)
def test_the_sheet_is_complete(source: str) -> None:
    network = nparams.read(source)
    made = sheet_of(network)
    assert 1 <= len(made.questions) <= MOST
    assert len(made.rows) <= MOST_ROWS
    text = sheet(source)
    asked, solved = text.split("\n## Solutions\n")
    count = len(made.questions)
    for part in (asked, solved):
        assert re.findall(r"^(\d)\. ", part, re.MULTILINE) == [str(k + 1) for k in range(count)]
    if isinstance(network.total, int) and network.total:
        assert f"{network.total:,} " in solved
        assert f"{network.total:,} " not in asked or "A friend" in asked


@pytest.mark.parametrize("source", SOURCES)
def test_friends_are_off_by_what_is_said(source: str) -> None:
    network = nparams.read(source)
    for number, total in re.findall(r"A friend counted ([\d,]+) parameters, not ([\d,]+)\.", sheet(source)):
        assert total == f"{network.total:,}"
        assert number != total


def test_a_friend_without_biases_is_another_question() -> None:
    """No friend has the number that question 3 asks for."""
    for source in SOURCES:
        network = nparams.read(source)
        assert f"A friend counted {network.weights:,} " not in sheet(source) if isinstance(network.total, int) else True


WHY = [("784-16-16-10", 12730), ("784-16-16-10", 13786), ("input 10x32; lstm 128; dense 5", 17541), ("2-3-2", 15)]


@pytest.mark.parametrize(("source", "number"), WHY)
def test_the_tool_agrees_with_the_sheet(source: str, number: int) -> None:
    """`nparams why` finds a mistake for the number that a friend counted."""
    from nparams.analyses.why import why

    assert f"A friend counted {number:,} " in sheet(source)
    assert why(nparams.read(source), number).answers


# -- the words --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", SOURCES)
def test_english(source: str) -> None:
    text = " ".join(" ".join(line for line in sheet(source).splitlines() if not line.startswith("|")).split())
    assert not re.search(r"(?<![\d,.·])\b1 (neurons|cells|filters|weights|biases|parameters|inputs)\b", text)
    assert not re.search(r"\bNone\b(?!:)|(?<![_^])\{[a-z_]+\d*\}|\.\.(?= )| [.,:?]", text)


def test_a_sheet_reads_as_it_stands() -> None:
    """Lines fit, lists stand under their numbers, and arithmetic is set in."""
    for line in render(nparams.read(CNN), Look(width=80)).splitlines():
        assert len(line) <= 80 or line.startswith(("       ", "|"))


@pytest.mark.parametrize("width", range(20, 100))
def test_a_number_at_the_start_of_a_line_is_no_list(width: int) -> None:
    text = sheet("rnn 1 on 1", width)
    assert not re.search(r"^ +\d+\. ", text, re.MULTILINE)
    assert "Cells: 1. Each" in " ".join(text.replace("\\.", ".").split())


@pytest.mark.parametrize("key", FRIENDS)
def test_a_friend_is_a_sentence(key: str) -> None:
    assert FRIENDS[key].endswith(".")
    assert FRIENDS[key][0].isupper()


@pytest.mark.parametrize("key", CHOICES)
def test_a_reason_ends_a_sentence(key: str) -> None:
    _, thing, why = CHOICES[key]
    assert thing.startswith("the ")
    assert why.endswith(".")
    assert not why[0].isupper()


# -- what is odd ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BARE)
def test_a_network_that_holds_nothing(name: str) -> None:
    assert "None: 0." in render(BARE[name]())


def test_what_is_not_known_is_not_asked() -> None:
    text = render(NETWORKS["lazy"]())
    assert "there is no total" in text
    assert "altogether" not in text
    assert "A friend" not in text


def many(count: int) -> Network:
    tensors = [Tensor(f"m.{k}.{p}.weight", (16, 8 + k % 37)) for k in range(count // 4) for p in "qkvo"]
    return Network(tensors=tensors, source="many", read_as="many")


def kinds(count: int) -> Network:
    return Network(Module(children=[
        Module(f"a{k}x", f"K{k}", tensors=[Tensor(f"a{k}x.weight", (k + 1, 3))]) for k in range(count)
    ]), source="kinds", read_as="kinds")  # fmt: skip


@pytest.mark.parametrize("network", [many(100_000), kinds(2_000)])
def test_a_large_network_gives_a_sheet(network: Network) -> None:
    assert len(render(network)) < 20_000
    assert len(html(network)) < 60_000
    largest = max(network.layers, key=lambda row: row.total)  # type: ignore[arg-type, return-value]
    assert largest.name in render(network)


def test_a_long_formula_is_not_set() -> None:
    layer = Module("fc", "Dense", tensors=[Tensor("fc.weight", (Expr("sym", (), "x" * 4_000), 2))])
    page = html(Network(Module(children=[layer]), source="x", read_as="x"))
    assert "too long to be set" in page
    assert len(page) < 10_000


def test_every_number_of_a_numeric_sheet_is_shown_alike() -> None:
    """Markdown and HTML are written from one sheet: the same sentences in both."""
    network = nparams.read(CNN)
    words = [b.template for q in sheet_of(network).questions for b in q.asked + q.solved if type(b) is Say]
    shows = [b for q in sheet_of(network).questions for b in q.solved if type(b) is Show]
    assert len(words) > 20
    assert len(shows) > 10
    assert html(network).count('class="np-show"') == len(shows)


def test_it_is_a_view() -> None:
    from nparams.registry import VIEWS

    (row,) = [view for view in VIEWS if view.name == "exercises"]
    assert import_module(row.module).render is render
