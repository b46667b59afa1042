"""Arithmetic as people type it: what it comes to, which layers it could be, and what is no arithmetic."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nparams.errors import ExprError, NotationError, NparamsError
from nparams.expr import equal, parse
from nparams.notation import arithmetic

# text | total, biases, the first note
READ = [
    (
        "(5*5*3+1)*100",
        7600,
        100,
        "it could be a convolution with 100 filters of 5x5 over 3 channels, with biases; or a "
        "dense layer 75 -> 100, with biases",
    ),
    # stackoverflow.com/q/38080035: Keras' LSTM(256) on 4,096 features
    (
        "4*(4097*256+256^2)",
        4457472,
        0,
        "it could be an LSTM of 256 cells on 4,096 inputs, with biases (the 1 in 4,097); "
        "or an LSTM of 256 cells on 4,097 inputs, without biases",
    ),
    ("4*(1*9 + 9*9 + 9)", 396, 36, "it could be an LSTM of 9 cells on 1 input, with biases"),
    ("4 x [2(2+3)+2]", 48, 8, "it could be an LSTM of 2 cells on 3 inputs, with biases"),
    ("3*(13*20+20*20+20)", 2040, 60, "it could be a GRU of 20 cells on 13 inputs, with biases"),
    ("3*(32*32+32*32+2*32)", 6336, 192, "it could be a GRU of 32 cells on 32 inputs, with 2 bias vectors a gate"),
    (
        "784*16+16*16+16*10+16+16+10",
        13002,
        42,
        "it could be the fully connected network 784-16-16-10, with all its biases",
    ),
    ("784*16+16*16+16*10", 12960, 0, "it could be the fully connected network 784-16-16-10, without biases"),
    ("784*16+16*16+16*10+16+16", 12992, 32, "it could be the fully connected network 784-16-16-10, with 2 of 3 biases"),
    ("(784+1)×16 + (16+1)×10", 12730, 26, "it could be the fully connected network 784-16-10, with all its biases"),
    ("784x16 + 16", 12560, 16, "it could be a dense layer 784 -> 16, with biases"),
    (
        "7*7*3*64",
        9408,
        0,
        "it could be a convolution with 64 filters of 7x7 over 3 channels, without biases; or a dense "
        "layer 147 -> 64, without biases",
    ),
    (
        "3·3·64·128 + 128",
        73856,
        128,
        "it could be a convolution with 128 filters of 3x3 over 64 channels, with biases; "
        "or a dense layer 576 -> 128, with biases",
    ),
    (
        "4*(512*512+512)",
        1050624,
        2048,
        "it could be attention of width 512 (4 projections), with biases; or 4 dense layers 512 -> 512, with biases",
    ),
    (
        "50257*768",
        38597376,
        0,
        "it could be a dense layer 50,257 -> 768, without biases; or an embedding of 50,257 entries by 768",
    ),
    (
        "(25+1)*6",
        156,
        6,
        "it could be a convolution with 6 filters of 5x5 over 1 channel, with biases; or a dense layer "
        "25 -> 6, with biases",
    ),
    (
        "5*5*6*10+16",
        1516,
        0,
        "5*5*6*10 could be a convolution with 10 filters of 5x5 over 6 channels, without biases; "
        "or a dense layer 150 -> 10, without biases",
    ),
    (
        "4,097*256",
        1048832,
        0,
        "it could be a dense layer 4,097 -> 256, without biases; or an embedding of 4,097 entries by 256",
    ),
    # LeCun et al. 1998, table I: C3 of LeNet-5
    (
        "6*(5*5*3+1)+9*(5*5*4+1)+(5*5*6+1)",
        1516,
        16,
        "6*(5*5*3 + 1) could be a convolution with 6 filters of 5x5 over 3 channels, with biases; or a dense layer "
        "75 -> 6, with biases",
    ),
    ("2*4*((32+64)*64+64)", 49664, 512, "it could be a bidirectional LSTM of 64 cells on 32 inputs, with biases"),
    (
        "50257*768 + 1024*768 + 12*(12*768^2 + 13*768) + 2*768",  # GPT-2 small
        124439808,
        0,
        "50257*768 could be a dense layer 50,257 -> 768, without biases; or an embedding of 50,257 entries by 768",
    ),
    (
        "64*(3*3*32+1)",
        18496,
        64,
        "it could be a convolution with 64 filters of 3x3 over 32 channels, with biases; or a "
        "dense layer 288 -> 64, with biases",
    ),
    (
        "3x3x32x64 + 64",
        18496,
        64,
        "it could be a convolution with 64 filters of 3x3 over 32 channels, with biases; or a "
        "dense layer 288 -> 64, with biases",
    ),
    ("256*4096*4 + 256*256*4 + 256*4", 4457472, 1024, "it could be an LSTM of 256 cells on 4,096 inputs, with biases"),
    (
        "512*512*4 + 4*512",
        1050624,
        2048,
        "it could be attention of width 512 (4 projections), with biases; or 4 dense layers 512 -> 512, with biases",
    ),
    ("100*3 - 5 + 2", 297, 0, ""),
    ("2**10 + 2²", 1028, 0, ""),
    ("(3)(4)", 12, 0, "it could be a dense layer 3 -> 4, without biases; or an embedding of 3 entries by 4"),
]


@pytest.mark.parametrize(("text", "total", "biases", "note"), READ, ids=[row[0] for row in READ])
def test_it_is_worked_out_and_told(text: str, total: int, biases: int, note: str) -> None:
    found = arithmetic.read(text)
    assert (found.total, found.biases) == (total, biases)
    assert sum(row["total"] for row in found.rows()) == total
    if note:
        assert found.notes[0] == note
    assert arithmetic.may_be(text)


# text | total, first note
SYMBOLIC = [
    (
        "12*L*d^2 + V*d",
        "12*L*d**2 + V*d",
        "12*L*d**2 could be L transformer blocks of width d, matrices only",
    ),
    ("12d²", "12*d**2", "it could be a transformer block of width d, matrices only"),
    ("12*L*d^2 + 13*L*d", "12*L*d**2 + 13*L*d", "it could be L transformer blocks of width d"),
    ("12d²+13d", "12*d**2 + 13*d", "it could be a transformer block of width d"),
    ("n_in*n_out + n_out", "n_in*n_out + n_out", "it could be a dense layer n_in -> n_out, with biases"),
    ("4*(n*h+h^2+h)", "4*h*n + 4*h**2 + 4*h", "it could be an LSTM of h cells on n inputs, with biases"),
    ("h0*h1+h1*h2+h1+h2", "h0*h1 + h1*h2 + h1 + h2", "it could be the fully connected network h0-h1-h2, with all"),
    ("vocab*d + 512*d", "vocab*d + 512*d", "vocab*d could be a dense layer"),
]


@pytest.mark.parametrize(("text", "total", "note"), SYMBOLIC)
def test_symbols_give_a_closed_form(text: str, total: str, note: str) -> None:
    found = arithmetic.read(text)
    assert found.total is not None
    assert equal(found.total, parse(total))
    assert found.notes[0].startswith(note)
    assert arithmetic.may_be(text)


CLAIMS = [
    ("What is (5*5*3+1)*100 = 7600?", "it is 7,600, as the text says"),
    ("64x3x3x32 (weights) + 32 (biases) = 18,464", "it is 18,464, as the text says"),
    ("(128x3x3)x1,024 (weights) + 1,024 (biases) = 1,180,672", "it is 1,180,672, as the text says"),
    ("(5*5*3+1)*100 = 7600", "it is 7,600, as the text says"),
    ("(5*5*3+1)*100 = 7,601", "it is 7,600, not 7,601 as the text says"),
    ("784*16 + 16 = 12544 parameters?", "it is 12,560, not 12,544 as the text says"),
    ("(3*3*3 + 1) * 20 = (27 + 1) * 20 = 560", "it is 560, as the text says"),
    (r"\(10 \times (9 + 1) = 100\)", "it is 100, as the text says"),
    (r"$5^{2} \cdot 6 + 6 = 156$", "it is 156, as the text says"),
    ("dense_2 : (61+1)*55 = 3,410", "it is 3,410, as the text says"),
    ("Parameters of the second layer = (100 x 64) + 64 = 6,464", "it is 6,464, as the text says"),
    ("= 32 * (3*3*16 + 1) = 4641 parameters", "it is 4,640, not 4,641 as the text says"),
    ("34,944 + 614,656 + 885,120 = 1534720", "it is 1,534,720, as the text says"),
    ("12*d = 24", "it is 12*d, which is 24 only for some values of its symbols"),
]


@pytest.mark.parametrize(("text", "note"), CLAIMS)
def test_a_claim_is_checked(text: str, note: str) -> None:
    found = arithmetic.read(text)
    assert found.notes[-1] == note
    assert "declared" in found.also
    assert arithmetic.may_be(text)


def test_a_wrong_step_is_told() -> None:
    found = arithmetic.read("(5*5*3 + 1)*8 = (75 + 2)*8 = 608")
    assert found.notes[-2:] == ['the step "(75 + 2)*8" is 616, not 608', "it is 608, as the text says"]


def test_every_summand_of_a_transformer_is_told() -> None:
    notes = arithmetic.read("50257*768 + 1024*768 + 12*(12*768^2 + 13*768) + 2*768").notes
    assert "could be 12 transformer blocks of width 768" in notes[2]
    assert "2*768 could be a layer norm or batch norm of 768 (scales and shifts)" in notes[3]


def test_an_open_question_is_no_claim() -> None:
    for text in ("784*16 =", "784*16 = ?", "784*16", "n = 784*16"):
        found = arithmetic.read(text)
        assert (found.total, found.also) == (12544, {})


REFUSED = [
    ("2*3-10", '"2*3-10" is -4: a count of parameters is 0 or more'),
    ("a*-3", "is -3*a: a count of parameters is 0 or more"),
    ("(3+", "character 4: expected a number"),
    ("784/2*3", "'/' may leave a fraction"),
    ("1.5*2", '"1.5" is not a whole number'),
    ("2^(2^70)", "too large to work out"),
    ("", "has no arithmetic"),
    ("d//(h-h)*2", "division by zero"),
    ("= 3", "has no arithmetic"),
    ("__import__('os')*2", "does not belong in an expression"),
    (f"2*{'(' * 100}3", "nested more than 60 deep"),
    ("+".join(["2*3"] * 3000), "a sum of 3,000 terms: at most 2,000 are read"),
    ("2*3+" * 10000, "40,000 characters of arithmetic: at most 20,000 are read"),
]


@pytest.mark.parametrize(("text", "told"), REFUSED, ids=[text[:30] for text, _ in REFUSED])
def test_refusals(text: str, told: str) -> None:
    with pytest.raises((NotationError, ExprError)) as caught:
        arithmetic.read(text)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


#: what belongs to other notations
OTHERS = [
    "784-16-10",
    "d-4*d-d",
    "d - 4*d - d",
    "784x16x10",
    "784 × 16 × 10",
    "[784, 16]",
    "784,256,10",
    "h0-h1",
    "h0..hl",
    "4*d-d",
    "32C3-MP2-64C3-P2-128-N10",
    "L=12 H=768",
    "3 x (conv 64 3x3; relu)",
    "resnet50",
    "resnext50_32x4d",
    "conv 32 3x3",
    "1,000,200",
    "28x28x1",
    "784 16 10",
    "model.pt",
    "784*16-10",
    "nn.Linear(3*4, 10)",
    "d_model",
    "3*dense 64",
    "Dense(5 => 7)",
    "a b",
    "",
    "784->16*4->10",
    "is 62,378,344 right?",
    "[(784, 16), (16,)]",
    "12 * (dense 3; relu)",
    "conv1: 32 3x3",
    "input: 28*28",
    "layers: 3*4",
    "x = Dense(3*4)",
    "12",
    "784 + d",
]


@pytest.mark.parametrize("text", OTHERS)
def test_other_notations_are_left_alone(text: str) -> None:
    assert not arithmetic.may_be(text)


def outcome(text: str) -> str:
    arithmetic.may_be(text)
    try:
        found = arithmetic.read(text)
    except NparamsError as error:
        return str(error)
    assert sum(t.size is None for t in found.tensors()) == 0
    assert len(found.layers) >= 1
    return " ".join([found.read_as, *found.notes])


PIECES = st.sampled_from(["784", "16", "1", "0", "d", "h[1]", "+", "-", "*", "x", "^", "**", "(", ")", "[", "]", ",",
                          "=", "?", "²", "//", "%", "max(", " ", "{", "}", "Σ_{i=1..l}", "9" * 30, "3"])  # fmt: skip


@given(st.one_of(st.lists(PIECES, max_size=25).map("".join), st.text()))
@settings(max_examples=300)
def test_nothing_but_our_errors(text: str) -> None:
    assert "\n" not in outcome(text)


SUMS = st.recursive(
    st.integers(0, 9).map(str) | st.sampled_from(["d", "h"]),
    lambda inner: st.tuples(inner, st.sampled_from("+*"), inner).map(lambda t: f"({t[0]}{t[1]}{t[2]})"),
    max_leaves=12,
)


@given(SUMS)
@settings(max_examples=200)
def test_multiplied_out_it_is_what_the_parser_says(text: str) -> None:
    found = arithmetic.read(text)
    assert found.total is not None
    assert equal(found.total, parse(text))


@pytest.mark.parametrize(
    "text",
    [
        "(" * 60 + "3",
        "(1+" * 59 + "1" + ")" * 59 + "*2",
        "(2+3)" * 3000,
        "2*3+" * 4000 + "1",
        "(a+b)^12*(c+d)^12",
        "9^9^9",
        "x" * 19999,
        "1 x " * 4000 + "2",
    ],
)
def test_long_and_deep_sums_stay_bounded(text: str) -> None:
    assert len(outcome(text)) < 2000
