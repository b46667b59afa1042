"""Networks as papers write them: totals that can be worked out by hand, what is assumed, what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nparams.errors import NotationError, NparamsError, UsageError
from nparams.notation import paper

VGG16 = (
    "conv3-64 conv3-64 maxpool conv3-128 conv3-128 maxpool conv3-256 conv3-256 conv3-256 maxpool conv3-512 conv3-512 "
    "conv3-512 maxpool conv3-512 conv3-512 conv3-512 maxpool FC-4096 FC-4096 FC-1000 soft-max"
)
LENET = 5 * 5 * 32 + 32 + 5 * 5 * 32 * 64 + 64
#: arXiv 1704.04861, table 1: mult-adds apart, the rows' shapes sum to the 4.2 million of table 8
MOBILENET = """Type / Stride | Filter Shape | Input Size
Conv / s2 | 3 × 3 × 3 × 32 | 224 × 224 × 3
Conv dw / s1 | 3 × 3 × 32 dw | 112 × 112 × 32
Conv / s1 | 1 × 1 × 32 × 64 | 112 × 112 × 32
Conv dw / s2 | 3 × 3 × 64 dw | 112 × 112 × 64
Conv / s1 | 1 × 1 × 64 × 128 | 56 × 56 × 64
Conv dw / s1 | 3 × 3 × 128 dw | 56 × 56 × 128
Conv / s1 | 1 × 1 × 128 × 128 | 56 × 56 × 128
Conv dw / s2 | 3 × 3 × 128 dw | 56 × 56 × 128
Conv / s1 | 1 × 1 × 128 × 256 | 28 × 28 × 128
Conv dw / s1 | 3 × 3 × 256 dw | 28 × 28 × 256
Conv / s1 | 1 × 1 × 256 × 256 | 28 × 28 × 256
Conv dw / s2 | 3 × 3 × 256 dw | 28 × 28 × 256
Conv / s1 | 1 × 1 × 256 × 512 | 14 × 14 × 256
5× Conv dw / s1 | 3 × 3 × 512 dw | 14 × 14 × 512
5× Conv / s1 | 1 × 1 × 512 × 512 | 14 × 14 × 512
Conv dw / s2 | 3 × 3 × 512 dw | 14 × 14 × 512
Conv / s1 | 1 × 1 × 512 × 1024 | 7 × 7 × 512
Conv dw / s2 | 3 × 3 × 1024 dw | 7 × 7 × 1024
Conv / s1 | 1 × 1 × 1024 × 1024 | 7 × 7 × 1024
Avg Pool / s1 | Pool 7 × 7 | 7 × 7 × 1024
FC / s1 | 1024 × 1000 | 1 × 1 × 1024
Softmax / s1 | Classifier | 1 × 1 × 1000"""

# text | total
READ = [
    (f"input 224x224x3; {VGG16}", 138357544),  # arXiv 1409.1556, table 2: 138 million
    (f"{VGG16.replace(' ', ' | ')} on 3x224x224", 138357544),
    ("\n".join(["input (224 × 224 RGB image)", *VGG16.split()]), 138357544),
    ("on 224x224x3; conv3-64 x2, maxpool", 1792 + 36928),
    ("on 64x64x256; conv1-512, conv3-512", 256 * 512 + 512 + 9 * 512 * 512 + 512),
    ("28x28-32C5-P2-64C5-P2-1024N-10N", LENET + 1024 * 1024 + 1024 + 10250),
    ("28x28x1-32c5-2s-64c5-2s-128-10", LENET + 1024 * 128 + 128 + 1290),
    # arXiv 1202.2745, §3.1 (MNIST): 1x29x29-20C4-MP2-40C5-MP3-150N-10N
    ("1x29x29-20C4-MP2-40C5-MP3-150N-10N", 340 + 20040 + 360 * 150 + 150 + 1510),
    # arXiv 1511.00363, §3.2 (CIFAR-10), 3x3 convolutions that keep the sides
    (
        "3x32x32-(2×128C3)−MP2−(2×256C3)−MP2−(2×512C3)−MP2−(2×1024FC)−10SVM",
        sum(9 * a * b + b for a, b in ((3, 128), (128, 128), (128, 256), (256, 256), (256, 512), (512, 512)))
        + 8192 * 1024 + 1024 + 1024 * 1024 + 1024 + 10250,
    ),
    ("3x32x32-32C3-64C3S2-GAP-10", 896 + 18496 + 650),
    ("28x28-32C3-BN-ReLU-P2-D0.5-10", 320 + 64 + 13 * 13 * 32 * 10 + 10),
    ("32C3-MP2-64C3-P2-128-N10 on 28x28x1", 320 + 18496 + 1600 * 128 + 128 + 1290),
    ("Input-28x28x1-32C5-P2-10", 832 + 12 * 12 * 32 * 10 + 10),
    ("3x32x32-32C3(s2)-GAP-10", 896 + 330),
    ("784-300N-10N", 784 * 300 + 300 + 3010),
    ("Conv / s2 3 x 3 x 3 x 32", 864),
    ("Conv dw / s1, 3 x 3 x 32 dw", 288),
    (MOBILENET, 4209088),
    ("on 56x56x64 [3x3, 64; 3x3, 64] x 2", 4 * 36928),
    ("on 56x56x64 [1×1, 64 / 3×3, 64 / 1×1, 256] ×3", 0),
]  # fmt: skip


def bottlenecks(width: int, out: int, copies: int, c: int) -> int:
    total = 0
    for _ in range(copies):
        total += c * width + width + 9 * width * width + width + width * out + out
        c = out
    return total


@pytest.mark.parametrize(("text", "total"), READ[:-1], ids=[text[:40] for text, _ in READ[:-1]])
def test_totals(text: str, total: int) -> None:
    found = paper.read(text)
    assert (found.total, found.form, found.source) == (total, "paper", text)
    assert sum(row["total"] for row in found.rows()) == total
    assert paper.may_be(text)


def test_a_cell_of_bottlenecks() -> None:
    assert paper.read(READ[-1][0]).total == bottlenecks(64, 256, 3, 64)


def test_the_mobilenet_rows_are_its_weights() -> None:
    """The rows are the weights; batch norms (21,888 scales and shifts) and 1,000 biases make Keras' 4,231,976."""
    assert paper.read(MOBILENET).total == 4231976 - 21888 - 1000


SYMBOLIC = [
    ("conv3-64 x2, maxpool, FC-4096", {"c_in": 3, "n_in": 112 * 112 * 64}, 38720 + 802816 * 4096 + 4096),
    ("32C3-MP2-64C3-P2-128-N10", {"c_in": 1, "n_in": 1600}, 320 + 18496 + 1600 * 128 + 128 + 1290),
    ("FC-4096 FC-4096 FC-1000 soft-max", {"n_in": 25088}, 123642856),
    ("[3x3, 64; 3x3, 64] x 2", {"c_in": 64}, 4 * 36928),
]


@pytest.mark.parametrize(("text", "values", "total"), SYMBOLIC)
def test_without_an_input_it_is_a_closed_form(text: str, values: dict[str, object], total: int) -> None:
    found = paper.read(text)
    assert not isinstance(found.total, int)
    assert found.substitute(values).total == total
    assert any("is not said" in note for note in found.notes)
    assert paper.may_be(text)


NOTED = [
    ("28x28-32C5-10", "taken as grey, 1 channel"),
    ("28x28x1-32C5-10", "convolutions are not padded (valid)"),
    ("28x28x1-32C5-10", "with padding that keeps the sides (same) it is 251,722"),
    ("28x28x1 conv5-32 FC-10", "padded so that sides keep their length, as in the VGG paper"),
    ("3x8x8-(2x8C3)-MP2-(2x8C3)-10", "unpadded, the convolutions do not fit"),
    ("Conv dw / s1, 3 x 3 x 32 dw", "the filter shapes hold no biases"),
    ("[3x3, 64; 3x3, 64] x 2", "where a batch norm follows it"),
]


@pytest.mark.parametrize(("text", "told"), NOTED)
def test_what_is_assumed_is_noted(text: str, told: str) -> None:
    assert any(told in note for note in paper.read(text).notes)


def test_options_are_those_of_a_list() -> None:
    assert paper.read("28x28x1-32C5-10", bias="none").biases == 0
    assert paper.read("Conv dw / s1, 3 x 3 x 32 dw", bias="all").total == 320
    assert paper.read("28x28x1-32C5-BN-10", convention="keras").also["framework"] == 832 + 64 + 64 + 184330
    for options in ({"bias": "some"}, {"convention": "mine"}):
        with pytest.raises(UsageError):
            paper.read("32C3-10", **options)


REFUSED = [
    ("conv3-64 foo", 'character 10: "foo" is not understood'),
    ("[3x3, 64; 3x3, 64] x 0", "character 23: 0 copies"),
    ("[] x 2", "brackets with nothing in them"),
    ("[3x3, 64; 3x3", "character 14: ] is missing at the end"),
    ("(32C3-10", ") is missing at the end"),
    ("28-32C3-10", "write the sides of the image"),
    ("28x28x1-14x14x3-32C3", "two inputs are given"),
    ("Conv / s2 3 x 3", 'row 1: "3 x 3" is no filter shape of Conv'),
    ("Conv / s2 3 x 3 x 3 x 32\nfoo", 'row 2: "foo" is not understood'),
    ("conv3-0", "the number of filters is 0"),
    ("", "names no layer"),
    ("(" * 3000 + "32C3", "nested more than 20 deep"),
]


@pytest.mark.parametrize(("text", "told"), REFUSED, ids=[text[:30] for text, _ in REFUSED])
def test_refusals(text: str, told: str) -> None:
    with pytest.raises(NotationError) as caught:
        paper.read(text)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


#: what belongs to other notations
OTHERS = [
    "784-16-10", "784-1000-1000-10", "d-4*d-d", "784x16x10", "conv 32 3x3; dense 10", "resnet50", "h0-h1", "28x28x1",
    "input 28x28x1; conv 32 3x3; maxpool 2; flatten; dense 10", "Conv((5,5), 3 => 7)", "nn.Conv2d(3, 64, 7)", "lenet-5",
    "conv1: 32 filters", "[784, 16]", "L=12 H=768", "vgg-16", "conv3d 64 3x3x3", "mobilenet v1", "model-32c3.pt",
    "(784+1)*16", "784*16", "[(784, 16), (16,)]", "", "gpt2", "n-10-n",
]  # fmt: skip


@pytest.mark.parametrize("text", OTHERS)
def test_other_notations_are_left_alone(text: str) -> None:
    assert not paper.may_be(text)


def outcome(text: str) -> str:
    paper.may_be(text)
    try:
        found = paper.read(text)
    except NparamsError as error:
        return str(error)
    return " ".join([found.read_as, *found.notes])


PIECES = st.sampled_from(
    """28x28 3x32x32 32C3 64C5S2 conv3-64 conv1-8 MP2 P2 2s maxpool FC-10 N10 128N 10 BN D0.5 GAP softmax ( ) [ ] - , ;
    | / x × x2 2x [3x3,\xa064;3x3,\xa064] 3x3,64 Conv\xa0/\xa0s2 dw 3x3x3x8 0 99999999 on input foo"""
    .replace("\xa0", "_").split()
).map(lambda piece: piece.replace("_", " "))  # fmt: skip


@given(st.one_of(st.lists(PIECES, max_size=12).map(" ".join), st.lists(PIECES, max_size=12).map("-".join), st.text()))
@settings(max_examples=200, deadline=None)
def test_nothing_but_our_errors(text: str) -> None:
    assert "\n" not in outcome(text)


LONG = ["32C3-", "conv3-64 ", "(", "[3x3, 64] x 2 ", "input ", " ", "Conv / s2 3x3x3x3\n", "\n", "FC-1   ", "9"]


@pytest.mark.parametrize("piece", LONG)
def test_long_pastes_stay_bounded(piece: str) -> None:
    assert len(outcome(piece * (190_000 // len(piece)))) < 100_000
