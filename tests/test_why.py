"""nparams why: the mistakes that give another number, the most common first, and a plain none."""

from __future__ import annotations

import json
from contextlib import suppress
from random import Random

import pytest

import nparams
from nparams.analyses._formula import parsed
from nparams.analyses._mistakes import TABLE
from nparams.analyses.why import Why, why
from nparams.cli.main import main
from nparams.errors import NparamsError, UsageError
from tests.conftest import shared
from tests.miscounts import FAMILIES, counted, image, keras_code, made, sequence

CAPTURE = pytest.CaptureFixture[str]
GPT2 = (
    "embedding 50257 768 as emb; positions 1024; 12 x encoder 768 heads 12 ff 3072; layernorm; "
    "dense 50257 no bias tied to emb"
)
MIXTRAL = (
    "embedding 32000 4096; 32 x (attention 4096 heads 32 kv 8 no bias; rmsnorm; moe 8 experts top 2 ff 14336 swiglu; "
    "rmsnorm); rmsnorm; dense 32000 no bias"
)
MNIST = "input 28x28x1; conv 32 3x3 valid; maxpool 2; flatten; dense 100; dense 10"
TWO = "input 8x8x3; conv 4 3x3 same; conv 5 3x3 same"
CODE = "nn.Sequential(nn.Conv2d(3,8,3), nn.BatchNorm2d(8), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8*13*13,10))"
ALEXNET = (
    "input 3x227x227; conv 96 11x11 s4; maxpool 3 s2; conv 256 5x5 pad 2 groups 2; maxpool 3 s2; conv 384 3x3 pad 1; "
    "conv 384 3x3 pad 1 groups 2; conv 256 3x3 pad 1 groups 2; maxpool 3 s2; flatten; dense 4096; dense 4096; "
    "dense 1000"
)

ATTENTION_8 = 64 * 64 * (3 * 8 + 1) + 4 * 64  # queries, keys and values times 8 heads

# source | number | a mistake of one of the first three answers | words of that answer | where from, or its arithmetic
EXPLAINED = [
    ("784-16-16-10", 12960, "no biases", "You left out the 42 biases", "784*16 + 16*16 + 16*10"),
    ("784-16-16-10", 12992, "no biases of the output", "the 10 biases of the output layer, fc3", "13,002 - 10"),
    ("784-16-16-10", 13786, "biases of the inputs", "You gave the 784 inputs biases too", "13,002 + 784"),
    ("784-16-16-10", 12963, "one bias for each layer", "not one for each neuron", "12,960 + 3"),
    ("784-16-16-10", 12961, "one bias in all", "one bias for the whole network", "12,960 + 1"),
    ("784-16-16-10", 13274, "one block too many or too few", "one layer of 16 to 16 too many", "13,002 + 272"),
    ("784-16-16-10", 12730, "one block too many or too few", "one layer of 16 to 16 too few", "13,002 - 272"),
    ("784-16-16-10", 42, "a part of the total", "the biases only", "16 + 16 + 10"),
    ("784-16-16-10", 826, "neurons counted", "nodes, the inputs too", "784 + 42"),
    ("784-16-16-10", 52008, "bytes counted", "bytes: 4 for each", "4*13,002"),
    ("784-16-16-10", 272, "one layer alone", "fc2 alone", "16*16 + 16"),
    ("10-64-1", 705, "no biases", "the 64 biases of fc1", "mlp-09"),
    ("2-2-1", 4, "bias nodes inside the sizes", "one node of each layer", "mlp-19"),
    ("input 300x300x3; flatten; dense 100", 27000001, "one bias for each layer", "", "mlp-07"),
    ("input 256x256x3; conv 128 7x7", 18816, "no biases", "128 biases", "cnn-05"),
    ("input 256x256x3; conv 128 7x7", 6400, "input channels forgotten", "every channel that comes in", "cnn-05"),
    (MNIST, 542088, "no biases", "142 biases", "cnn-01 without its slip"),
    (MNIST, 628630, "another image before the dense layer", "padding same", "28 halves to 14: 14*14*32"),
    (MNIST, 18330, "a factor of the flattened size forgotten", "positions alone", "13*13, not 13*13*32"),
    (MNIST, 4630, "a factor of the flattened size forgotten", "channels alone", "32"),
    (MNIST, 2164630, "another image before the dense layer", "pooling makes the image smaller", "26*26*32"),
    ("input 32x32x1; conv 6 5x5", 122304, "image size multiplied in", "weights and biases", "LeNet-5's connections"),
    ("conv 32 3x3 groups 4 on 64", 18464, "groups ignored", "in groups", "3*3*64*32 + 32"),
    ("depthwise conv 3x3 on 32", 9248, "groups ignored", "in groups", "3*3*32*32 + 32"),
    ("sepconv 16 3x3 on 8 no bias", 1152, "groups ignored", "in groups", "cnn-17"),
    (ALEXNET, 62378344, "groups ignored", "in groups", "cnn-07, cnn-08"),
    ("batchnorm 64", 256, "statistics counted", "128 running means and variances", "norm-01"),
    ("conv 32 3x3 s2 on 16 no bias; batchnorm", 4608, "norms left out", "64 scales and shifts", "cnn-39"),
    ("input 64; lstm 128", 66048, "what comes in forgotten", "weights of the input", "rnn-27"),
    ("rnn 50 on 1", 100, "recurrence forgotten", "the recurrence", "50*1 + 50"),
    ("rnn 50 on 1", 150, "recurrence forgotten", "one output to each cell", "50*1 + 50 + 50, not 2,600"),
    ("lstm 128 on 64", 24704, "number of gates", "several gates", "98,816/4"),
    ("lstm 128 on 64", 74112, "number of gates", "3 gates", "98,816/4*3"),
    ("lstm 128 on 64", 99328, "one or two bias vectors", "two bias vectors", "torch.nn.LSTM: + 4*128"),
    ("gru 32 on 32", 6336, "another convention", "Keras", "rnn-11"),
    ("input 16x4096; lstm 256", 17246978048, "a formula with the wrong numbers", "steps (16) for", "rnn-01"),
    ("input 16x10; lstm 8", 800, "time steps used", "steps do not count", "4*(16*8 + 8*8 + 8)"),
    ("input 16x10; bilstm 8 seq; dense 1", 625, "number of directions", "one direction", "608 + 17"),
    ("input 9x10; bilstm 8; dense 2", 1234, "input of both directions not doubled", "both", "8*2 + 2, not 16*2 + 2"),
    (GPT2, 163037184, "what is shared counted twice", "shared (tied)", "tr-07"),
    (GPT2, 85056000, "a part of the total", "embeddings", "without 50257*768 + 1024*768"),
    (GPT2, 84934656, "a part of the total", "matrices only", "12*12*768*768"),
    (GPT2, 123653376, "a table left out", "learned positions", "1024*768"),
    ("attention 64 heads 8 kv 2", 16640, "shared key and value heads ignored", "shared here", "4*64*64 + 4*64"),
    ("attention 64 heads 8", ATTENTION_8, "heads multiplied in", "heads share the width", "tr-08"),
    (MIXTRAL, 12879925248, "a part of the total", "active", "tr-19"),
    (MIXTRAL, 57933856768, "experts", "multiplied everything by the 8", "8*7,241,732,096"),
    ("lora 16 on 4096 to 4096", 65536, "half of an adapter", "one of the two matrices", "16*4096"),
    ("32 x attention 4096 heads 32 no bias lora 16", 4194304, "half of an adapter", "adapter of one matrix", "tr-17"),
    ("digitcaps 10 16 on 1152x8", 1497600, "routing counted", "worked out, not learned", "cnn-35: + 2*1152*10"),
    ("param 1; conv1d 2 3 on 1", 8, "bare parameters left out", "bare parameter", "oth-03"),
    (TWO, 252, "the image's channels everywhere", "3 channels", "5*9*3 + 5"),
    (TWO, 2057, "a weight for each pixel", "", "8*8*3*4 + 4 + 8*8*4*5 + 5"),
    ("input 9x9x3; conv 4 3x3", 304, "a bias at each position", "position", "108 + 4*7*7"),
    ("input 8x8x3; conv 4 3x3 same no bias; batchnorm", 620, "a scale for each value", "", "108 + 2*8*8*4"),
    ("sepconv 16 3x3 on 8", 72, "half of a separable convolution", "mixes the channels", "3*3*8"),
    ("input 8x8x3; conv 4 3x3 pad 1", 304, "padding or stride used", "padding", "5*5*3*4 + 4"),
    ("input 20x20x3; maxpool 2; flatten; dense 10", 3022, "weights of pooling", "each channel", "3,010 + 2*2*3"),
    ("input 6x6x5; gap; dense 7", 1267, "global pool left out", "global pool", "6*6*5*7 + 7"),
    ("input 9x6; lstm 5 seq; lstm 12; dense 2", 1178, "an upper layer fed the input", "", "6, not 5"),
    ("input 12; dense 12 no bias; dense 5", 221, "biases that are not there", "12 biases of dense1", "209 + 12"),
    ("20-12-5", 330, "outputs or inputs off by one", "6 outputs", "317 + 13"),
    ("nn.LSTM(32, 128, 2)", 214016, "one or two bias vectors", "one bias vector", "discuss.pytorch 193073: - 2*512"),
    ("nn.LSTM(32, 128, 2)", 82944, "one layer of a stack", "first of its layers", "rnn-17: l0"),
    ("nn.LSTM(32, 16, 2, bidirectional=True)", 10752, "input of both directions not doubled", "", "l1: 16, not 32"),
    ("nn.MultiheadAttention(64, 8)", 12480, "matrices of attention", "brings the heads together", "- 64*65"),
    (CODE, 13744, "no biases", "26 biases", "216 + 8 + 8*13*13*10, the shifts too"),
    (CODE, 330, "a factor of the flattened size forgotten", "channels alone", "224 + 16 + 8*10 + 10"),
    (CODE, 13786, "statistics counted", "running means", "13,770 + 2*8"),
    ("resnet50", 25610152, "statistics counted", "53,120", "torchvision"),
    ("bert-base-uncased", 85054464, "a part alone, or left out", "alone", "12 layers of 7,087,872"),
    ("input 8x8x3; concat (conv 4 1x1 | conv 6 1x1); conv 5 3x3", 225, "joined channels forgotten", "both", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "number", "mistake", "words", "origin"), EXPLAINED, ids=[f"{r[2]}-{r[1]}" for r in EXPLAINED]
)
def test_explained(source: str, number: int, mistake: str, words: str, origin: str) -> None:
    found = nparams.why(source, number)
    first = [answer for answer in found.answers[:3] if answer.mistakes == [mistake]]
    assert first, f"{origin}: {[(answer.mistakes, answer.says) for answer in found.answers]}"
    assert any(words in answer.says for answer in first)
    assert all(answer.sum.endswith(f"= {number:,}") for answer in found.answers), "the arithmetic gives the number"


INJECTED = {word.partition(":")[0] for seed in range(40) for word in made(Random(seed)).room}


def test_every_mistake_of_the_table_has_a_case() -> None:
    assert {row.name for row in TABLE} - {row[2] for row in EXPLAINED} - INJECTED == set()


# two mistakes together: source | number | both
TOGETHER = [
    (MNIST, 628488, ["no biases", "another image before the dense layer"]),
    ("input 32x32x3; conv 8 3x3; conv 16 3x3; flatten; dense 10", 125656, ["no biases", "input channels forgotten"]),
    ("input 16x10; bilstm 8 seq; dense 1", 592, ["no biases", "number of directions"]),
]  # fmt: skip


@pytest.mark.parametrize(("source", "number", "both"), TOGETHER)
def test_two_together(source: str, number: int, both: list[str]) -> None:
    found = nparams.why(source, number)
    assert both in [
        sorted(answer.mistakes, key=both.index) for answer in found.answers[:3] if set(answer.mistakes) == set(both)
    ]
    assert all(answer.sum.endswith(f"= {number:,}") for answer in found.answers)


# source | number: nothing that is tried gives it
NONE = [(MNIST, 541988), ("784-16-16-10", 541988), ("784-16-16-10", 1), (GPT2, 123000000), (GPT2, 117000000)]


@pytest.mark.parametrize(("source", "number"), NONE)
def test_none(source: str, number: int) -> None:
    found = nparams.why(source, number)
    assert not found.explained
    assert not found.answers
    assert str(found).splitlines()[-1].startswith("None of the ")
    assert f"gives {number:,}" in str(found)


# -- injected mistakes, and numbers that are none ---------------------------------------------------------------------

NETWORKS = 500


def test_the_plain_counter_and_nparams_agree() -> None:
    r = Random(3)
    for family in FAMILIES:
        for _ in range(25):
            network = family(r)
            assert nparams.count(network.typed) == counted(network.layers), network.typed


def test_an_injected_mistake_is_among_the_first_three(capsys: CAPTURE) -> None:
    """Networks and mistakes are counted apart (miscounts.py); the answer must name the mistake, and its layer."""
    r = Random(4)
    places: list[int | None] = []
    while len(places) < NETWORKS:
        network = made(r)
        wrong = r.choice(network.room)
        number = counted(network.layers, frozenset([wrong]))
        if number == counted(network.layers):
            continue
        name = wrong.partition(":")[0]
        answers = why(nparams.read(network.typed), number).answers
        places.append(next((k for k, answer in enumerate(answers) if name in answer.mistakes), None))
    found = sum(place is not None and place < 3 for place in places)
    with capsys.disabled():
        print(f"\ninjected: {found} of {NETWORKS} among the first three, {places.count(0)} the first")
    assert found >= NETWORKS * 98 // 100
    assert places.count(0) >= NETWORKS * 90 // 100


def test_injected_mistakes_in_keras_code() -> None:
    """The same arrays under other names and in another order."""
    r = Random(7)
    found = tried = 0
    while tried < 80:
        network = r.choice((image, sequence))(r)
        wrong = r.choice(network.room)
        number = counted(network.layers, frozenset([wrong]))
        if number != counted(network.layers):
            tried += 1
            read = nparams.read(keras_code(network))
            assert read.total == counted(network.layers)
            found += any(wrong.partition(":")[0] in answer.mistakes for answer in why(read, number).answers[:3])
    assert found >= tried * 98 // 100


def test_random_numbers_are_mostly_not_explained(capsys: CAPTURE) -> None:
    r = Random(5)
    none = tried = 0
    while tried < NETWORKS:
        network = made(r)
        right = counted(network.layers)
        number = r.randint(right // 2, 2 * right)
        if number != right:
            tried += 1
            none += not why(nparams.read(network.typed), number).explained
    with capsys.disabled():
        print(f"random: none for {none} of {NETWORKS}")
    assert none >= NETWORKS * 80 // 100


def test_two_injected_mistakes_are_often_found(capsys: CAPTURE) -> None:
    r = Random(6)
    found = tried = 0
    common = {"no biases", "input channels forgotten", "another image before the dense layer", "statistics counted",
              "recurrence forgotten", "number of directions", "norms left out", "a table left out",
              "shared key and value heads ignored", "what is shared counted twice", "biases of the inputs"}  # fmt: skip
    while tried < 60:
        network = made(r)
        room = [word for word in network.room if word.partition(":")[0] in common]
        if len(room) < 2:
            continue
        pair = r.sample(room, 2)
        number = counted(network.layers, frozenset(pair))
        if number in [counted(network.layers, frozenset(some)) for some in ([], pair[:1], pair[1:])]:
            continue
        tried += 1
        names = {word.partition(":")[0] for word in pair}
        found += any(set(a.mistakes) == names for a in why(nparams.read(network.typed), number).answers[:3])
    with capsys.disabled():
        print(f"two together: {found} of {tried}")
    assert found >= tried * 80 // 100


# -- formulas ---------------------------------------------------------------------------------------------------------

SIX = "h0-h1-h2-h3-h4-h5"
# source | formula | lines of the answer
FORMULAS = [
    (SIX, "h0*h1+h1*h2+h2*h3+h4*h5+h1+h2+h3+h4+h5", ["Missing: h3·h4 (fc4)"]),
    (SIX, "h0*h1+h1*h2+h2*h3+h3*h4+h4*h5+h1+h2+h3+h4+h5+h0", ["You gave the inputs biases too", "Too many: h0"]),
    (SIX, "h0*h1+h1*h2+h2*h3+h3*h4+h4*h5", ["You left out the biases:", "Missing: h5 (fc5)"]),
    ("d-d", "2*d**2", ["Missing: d (fc1)", "Too many: d²"]),
    ("h0..hl", "sum(i=1..l, h[i-1]*h[i])", ["You left out the biases", "Missing: Σ_{i=1..l} h_i (fc[i])"]),
    ("784-16-16-10", "784*16 + 16*16 + 16 + 16 + 10", ["Missing: 10·16 (fc3)"]),
    ("784-16-16-10", "784*16 + 16*16 + 16*10", ["You left out the 42 biases: 13,002 - 42 = 12,960."]),
    ("a-b-b-c", "a*b + 2*b**2 + b*c", ["one layer of b to b too many"]),
]


@pytest.mark.parametrize(("source", "formula", "lines"), FORMULAS)
def test_formulas(source: str, formula: str, lines: list[str]) -> None:
    found = nparams.why(source, formula, **({"bias": "none"} if source == "a-b-b-c" else {}))
    assert found.explained
    assert not found.equal
    for line in lines:
        assert line in str(found)


@pytest.mark.parametrize(
    ("source", "number"),
    [
        (SIX, "(h0+1)*h1 + (h1+1)*h2 + (h2+1)*h3 + (h3+1)*h4 + (h4+1)*h5"),
        ("d-4*d-d", "8*d**2 + 5*d"),
        ("784-16-16-10", "13,002"),
        ("784-16-16-10", "13_002"),
        ("784-16-16-10", "785*16 + 17*16 + 17*10"),
        ("h0..hl", "sum(i=1..l, (h[i-1] + 1)*h[i])"),
    ],
)
def test_what_is_equal_is_said_to_be(source: str, number: str) -> None:
    found = nparams.why(source, number)
    assert found.equal
    assert found.explained
    assert "yes, that is the total" in str(found)


# -- what cannot be asked ---------------------------------------------------------------------------------------------

# source | number | words of the error
REFUSED = [
    ("784-16-16-10", "h0*h1", "the formula has h, but the network's sizes are numbers"),
    ("784-16-16-10", "12,960 or so", "neither a whole number nor a formula"),
    ("784-16-16-10", "", "neither a whole number nor a formula"),
    ("784-16-16-10", "1.5M", "is rounded, and only an exact number shows a mistake"),
    ("784-16-16-10", "~13 thousand", "is rounded"),
    ("784-16-16-10", "≈13,000", "is rounded"),
    ("784-16-16-10", "13 02", "neither a whole number nor a formula"),
    ("784-16-16-10", "(" * 5000, "neither a whole number nor a formula"),
    ("784-16-16-10", "9**9**9**9", "neither a whole number nor a formula"),
    ("784-16-16-10", "1" * 5000, "neither a whole number nor a formula"),
    ("784-16-16-10", "__import__('os')", "neither a whole number nor a formula"),
    ("h0-h1", "h0*h1+" * 9_000 + "h1", "a formula of 54,002 characters: at most 50,000"),
    ("784-16-16-10", "5//0", "division by zero"),
    ("h0-h1", "12", "give its symbols numbers with --set, or a formula"),
]


@pytest.mark.parametrize("number", ["13,002", "13_002", "13 002", "13'002", "13\u202f002"])
def test_digits_in_groups(number: str) -> None:
    assert nparams.why("784-16-16-10", number).equal


def test_a_letter_of_a_formula_is_no_unit() -> None:
    assert nparams.why("784-M", "785M").equal


@pytest.mark.parametrize(("source", "number", "words"), REFUSED, ids=[r[1][:20] for r in REFUSED])
def test_refused(source: str, number: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        nparams.why(source, number)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_number_is_read_as_people_write_it() -> None:
    assert [parsed(text) for text in ("541,988", "541_988", "541988", " 541988 ")] == [541988] * 4


def test_a_network_without_a_total_is_refused() -> None:
    unknown = nparams.Network(tensors=[nparams.Tensor("a.weight", None)])
    with pytest.raises(UsageError, match="1 tensor has no known size"):
        why(unknown, 5)


def test_long_networks_are_bounded() -> None:
    r = Random(1)
    long = nparams.read([r.randint(3, 9) for _ in range(1_500)])
    assert isinstance(why(long, 5), Why)
    copies = nparams.read("input 8; 100000 x dense 8; dense 3")
    assert nparams.why(copies, copies.total + 72).answers[0].mistakes == ["one block too many or too few"]  # type: ignore[operator]
    symbols = nparams.read("-".join(f"h{i}" for i in range(70)))
    assert "Missing: h3·h4 (fc4)" in str(why(symbols, f"{symbols.formula()} - h3*h4"))


# -- the command line -------------------------------------------------------------------------------------------------

# words | status | lines or words of stdout
RAN = [
    (["784-16-16-10", "12,960"], 0, "You left out the 42 biases: 13,002 - 42 = 12,960."),
    (["784-16-16-10", "13002"], 0, "yes, that is the total"),
    (["784-16-16-10", "541,988"], 1, "None of the"),
    (["784-16-16-10", "12960", "--bias", "none"], 0, "yes, that is the total"),
    (["--bias=none", "784-16-16-10", "13_002"], 0, "biases that are not there"),
    (["lstm", "128", "on", "64", "--convention", "keras", "99328"], 0, "two bias vectors"),
    (["h0-h1-h2", "--set", "h=[784,16,10]", "12704"], 0, "You left out the 26 biases"),
    (["--from", "stack", "dense 10 on 784", "7840"], 0, "You left out the 10 biases of dense"),
]


@pytest.mark.parametrize(("words", "status", "said"), RAN)
def test_command(words: list[str], status: int, said: str, capsys: CAPTURE) -> None:
    assert main(["why", *words]) == status
    out, _ = capsys.readouterr()
    assert said in out


@pytest.mark.parametrize(
    ("words", "said"),
    [([], "write a source and the number you got"), (["784-10"], "write a source and the number you got"),
     (["784-10", "5", "--tree"], "unrecognized arguments: --tree. Try: nparams why --help"),
     (["nothing here", "5"], "neither layer sizes"), (["784-10", "x y"], "neither a whole number nor a formula")],
)  # fmt: skip
def test_command_refuses_in_one_line(words: list[str], said: str, capsys: CAPTURE) -> None:
    assert main(["why", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


def test_json(capsys: CAPTURE) -> None:
    assert main(["why", "784-16-16-10", "12960", "--json"]) == 0
    held = json.loads(capsys.readouterr().out)
    assert (held["total"], held["asked"], held["equal"], held["explained"]) == (13002, 12960, False, True)
    assert held["answers"][0]["mistakes"] == ["no biases"]
    assert held["answers"][0]["layers"][0] == {
        "name": "fc1", "before": "784·16 + 16 = 12,560", "after": "784·16 = 12,544",
    }  # fmt: skip
    assert main(["why", SIX, FORMULAS[0][1], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["missing"] == [{"term": "h3*h4", "layers": ["fc4"]}]


def test_plain_text_where_the_terminal_has_no_dots() -> None:
    assert "784*16 + 16" in str(why(nparams.read("784-16-10"), 12704, unicode=False))


# -- wrong public answers ---------------------------------------------------------------------------------------------

# row of answered_cases.tsv | the number that was published or asked about | the mistake, None: none explains it
PUBLIC = [
    ("mlp-09", 705, "no biases"),
    ("mlp-21", 13216, "one block too many or too few"),
    ("cnn-01", 541988, None),
    ("rnn-27", 66048, "what comes in forgotten"),
    ("oth-03", 8, "bare parameters left out"),
    ("mlp-07", 27000001, "one bias for each layer"),
    ("cnn-05", 18816, "no biases"),
    ("cnn-05", 6400, "input channels forgotten"),
    ("cnn-17", 1152, "groups ignored"),
    ("rnn-01", 17246978048, "a formula with the wrong numbers"),
    ("rnn-11", 6240 + 33, "one or two bias vectors"),
    ("norm-01", 256, "statistics counted"),
]


@pytest.mark.parametrize(("row", "number", "mistake"), PUBLIC)
def test_public_answers(row: str, number: int, mistake: str | None) -> None:
    lines = shared("cases/answered_cases.tsv").read_text("utf-8").splitlines()
    fields = next(line.split("\t") for line in lines if line.startswith(f"{row}\t"))
    typed, *options = fields[1].split(" :: ")
    given = dict(zip(options[0].split()[::2], options[0].split()[1::2], strict=True)) if options else {}
    if row == "rnn-11":
        given = {"--convention": "keras"}
    found = nparams.why(typed, number, **{name[2:]: value for name, value in given.items()})
    names = [name for answer in found.answers[:3] for name in answer.mistakes]
    assert (mistake in names) if mistake else not found.explained


def test_names_do_not_act_on_the_terminal() -> None:
    hostile = nparams.Network(
        tensors=[nparams.Tensor("a\x1b[31m.weight", (3, 2)), nparams.Tensor("b\n.bias", (3,), role="bias")]
    )
    assert all(line.isprintable() for line in str(why(hostile, 6)).splitlines())
    assert all(line.isprintable() for line in str(why(hostile, 3)).splitlines())


def test_only_our_errors_leave() -> None:
    r = Random(9)
    marks = "0123456789hd*+-()[]^%,._ Σ·×\x00\x1bé"
    for _ in range(300):
        text = "".join(r.choice(marks) for _ in range(r.randint(0, 24)))
        for source in ("784-16-10", "h0-h1-h2"):
            with suppress(NparamsError):
                str(nparams.why(source, text))


# a number as papers round it is no mistake | source, number, words of the answer
ROUNDED = [
    ("784-16-16-10", 13000, "That is its total, rounded to the nearest 1,000"),
    (GPT2, 124_000_000, "That is its total, rounded to the nearest 1,000,000"),
    (MIXTRAL, 46_700_000_000, "That is its total, rounded to the nearest 100,000,000"),
    (MIXTRAL, 56_000_000_000, "None of the"),
    (GPT2, 117_000_000, "None of the"),
    ("784-16-16-10", 10000, "None of the"),
]


@pytest.mark.parametrize(("source", "number", "words"), ROUNDED)
def test_a_rounded_total_is_told(source: str, number: int, words: str) -> None:
    found = why(nparams.read(source), number)
    assert words in str(found)
    assert not found.answers
