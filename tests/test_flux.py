"""Flux code and prints: the counts that Flux's own documentation prints, what is refused, and bounds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nparams.errors import NotationError, NparamsError, UsageError
from nparams.notation import flux

# text | parameters, biases, buffers; the counts are those of the doctests in FluxML/Flux.jl src/layers/*.jl
READ = [
    ("Dense(5 => 7)", (42, 7, 0)),
    ("How many parameters does Dense(5 => 7) have?", (42, 7, 0)),
    ("Dense(5, 7, relu)", (42, 7, 0)),
    ("Dense(5 => 2, tanh; bias=false)", (10, 0, 0)),
    ("Dense(5 => 7, bias=Flux.Zeros())", (35, 0, 0)),
    ("Conv((2, 2), 3 => 7, pad=(1, 0, 1, 0))", (91, 7, 0)),
    ("Conv((5,5), 3 => 7, relu; pad=SamePad(), stride=2)", (532, 7, 0)),
    ("Conv((5,5), 3 => 7, bias=false)", (525, 0, 0)),
    ("Conv((3,), 4 => 5, σ)", (65, 5, 0)),
    ("Conv((3,3), 4 => 8; groups=2)", (152, 8, 0)),
    ("ConvTranspose((5,5), 3 => 7)", (532, 7, 0)),
    ("ConvTranspose((3,), 5 => 4, σ)", (64, 4, 0)),
    ("DepthwiseConv((5,5), 3 => 6, relu, bias=false)", (150, 0, 0)),
    ("CrossCor((5,5), 3 => 6, relu, bias=false)", (450, 0, 0)),
    ("CrossCor((3,), 4 => 5, relu)", (65, 5, 0)),
    ("Maxout(() -> Dense(5 => 7, tanh), 3)", (126, 21, 0)),
    ("Maxout(Dense(5 => 7), Dense(5 => 7))", (84, 14, 0)),
    ("Flux.Bilinear((5, 5) => 7)", (182, 7, 0)),
    ("Bilinear((8, 16) => 4, tanh; bias=false)", (512, 0, 0)),
    ("Flux.Scale(5)", (10, 5, 0)),
    ("Scale(1, 4, abs2; bias=false)", (4, 0, 0)),
    ("Embedding(26 => 4, init=Flux.identity_init(gain=22))", (104, 0, 0)),
    ("EmbeddingBag(26 => 3)", (78, 0, 0)),
    ("BatchNorm(8, relu)", (16, 8, 16)),
    ("Chain(BatchNorm(8; affine=false, track_stats=false))", (0, 0, 0)),
    ("Chain(LayerNorm(64), LayerNorm((3, 4)), GroupNorm(32, 4), InstanceNorm(8))", (128 + 24 + 64, 64 + 12 + 32, 0)),
    ("Chain(InstanceNorm(8; affine=true, track_stats=true))", (16, 8, 16)),
    ("MultiHeadAttention(64, nheads=8)", (4 * 64 * 64, 0, 0)),
    ("MultiHeadAttention(64 => 1024 => 1024, nheads = 8)", (3 * 64 * 1024 + 1024 * 1024, 0, 0)),
    ("MultiHeadAttention((64, 32, 16) => (24, 40) => 8; nheads=2, bias=true)",
     (64 * 24 + 24 + 32 * 24 + 24 + 16 * 40 + 40 + 40 * 8 + 8, 96, 0)),
    ("Parallel(vcat, a = Dense(10 => 2, tanh), b = Dense(5 => 2))", (34, 4, 0)),
    ("Parallel(+; α = Dense(10 => 2, tanh), β = Dense(5 => 2))", (34, 4, 0)),
    ("SkipConnection(Chain(Dense(5 => 5)), (mx, x) -> cat(mx, x, dims=3))", (30, 5, 0)),
    ("PairwiseFusion(+, Dense(2 => 2), Dense(2 => 2))", (12, 4, 0)),
    ("Chain(enc = Chain(Flux.flatten, Dense(10 => 5, tanh)), dec = Dense(5 => 2)) |> gpu", (67, 7, 0)),
    ("Chain((; a = Dense(5 => 7), b = Dense(7 => 2)))", (58, 9, 0)),
    ("Chain(Conv((3,3), 3 => 8), BatchNorm(8, relu), Flux.flatten, Dense(8*26*26 => 10), softmax)", (54330, 26, 16)),
    ("using Flux\nd = 64\nm = Chain(Dense(784 => d, relu), [Dense(d => d) for _ in 1:3]..., Dense(d => 10))",
     (63370, 266, 0)),
    ("Chain([Dense(2^i => 2^(i+1)) for i in 1:3])", (196, 28, 0)),
    ("e = Dense(4 => 4)\nChain(e, relu, e)", (20, 4, 0)),
    ("julia> m = Chain(Dense(10 => 5, tanh), Dense(5 => 2));", (67, 7, 0)),
    ("Chain(x -> reshape(x, :, size(x, 4)), Dense(5 => 7), x -> x .+ 1, relu.)", (42, 7, 0)),
    ("WeightNorm(Conv((3,), 1 => 2), :weight)", (11, 2, 0)),
    ("m = Chain(Conv((5, 5), 1=>6, relu),\n MaxPool((2, 2)), # comment\n Conv((5, 5), 6=>16, relu),\n MaxPool((2, 2)),"
     "\n Flux.flatten, #= block\n comment =# Dense(256=>120, relu),\n Dense(120=>84, relu),\n Dense(84=>10))",
     (44426, 236, 0)),  # FluxML/model-zoo, vision/lenet_mnist
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), READ, ids=[text[:40] for text, _ in READ])
def test_counts_are_those_that_flux_prints(text: str, wanted: tuple[int, int, int]) -> None:
    found = flux.read(text)
    assert (found.total, found.biases, found.totals.buffers) == wanted
    assert sum(row["total"] for row in found.rows()) == found.total
    assert flux.may_be(text)
    assert "\n" not in found.read_as
    assert "#" not in found.read_as


# text | total, what the other versions have
STATES = [
    ("RNN(3 => 5)", 50, {"without initial state": 45}),
    ("LSTM(3 => 5)", 190, {"without initial state": 180}),
    ("GRU(3 => 5)", 140, {"without initial state": 135}),
    ("GRUv3(3 => 5)", 140, {"without initial state": 135}),
    ("Recur(GRUCell(3 => 5))", 140, {"without initial state": 135}),
    ("Recurrence(LSTMCell(3 => 5))", 180, {"with initial state": 190}),
    ("LSTM(3 => 5; return_state = true)", 180, {"with initial state": 190}),
    ("GRUCell(3 => 5)     # 135 parameters", 135, {"with initial state": 140}),
    ("GRUCell(3 => 5)     # 140 parameters", 140, {"without initial state": 135}),
]


@pytest.mark.parametrize(("text", "total", "also"), STATES)
def test_both_versions_of_recurrent_layers_are_told(text: str, total: int, also: dict[str, int]) -> None:
    found = flux.read(text)
    assert (found.total, found.also) == (total, also)
    assert any("before the first step" in note for note in found.notes)
    assert flux.may_be(text)


PRINTED = """Chain(
  Dense(784 => 32, relu),               # 25_120 parameters
  BatchNorm(32),                        # 64 parameters, plus 64
  Dense(32 => 10),                      # 330 parameters
)         # Total: 6 trainable arrays, 25_514 parameters,
          # plus 2 non-trainable, 64 parameters, summarysize 100.7 KiB."""


def test_printed_counts_are_held_against_the_layers() -> None:
    right = flux.read(PRINTED)
    assert (right.total, right.notes, right.also) == (25514, [], {"declared": 25514})
    wrong = flux.read(PRINTED.replace("25_120", "25_121").replace("25_514", "25_515"))
    assert wrong.total == 25514
    assert wrong.notes == [
        'line 2: "Dense(784 => 32, relu)" has 25,120 parameters, not 25,121 as printed',
        "the total is 25,514, not 25,515 as printed",
    ]


def test_an_old_print_of_recurrent_layers() -> None:
    """Flux 0.14, src/layers/recurrent.jl: the doctest of RNN."""
    text = (
        "Chain(\n  Recur(\n    RNNCell(3 => 5, tanh),                # 50 parameters\n  ),\n  Dense(5 => 1),  "
        "# 6 parameters\n)         # Total: 6 trainable arrays, 56 parameters,\n"
        "          # plus 1 non-trainable, 5 parameters, summarysize 432 bytes."
    )
    found = flux.read(text)
    assert (found.total, found.also["declared"], found.also["without initial state"]) == (56, 56, 51)
    assert "told by a printed count" in found.notes[0]


def test_names_without_a_value_are_symbols() -> None:
    found = flux.read("Chain(Dense(n => m, σ), Dense(m => 1))")
    assert str(found.total) == "m*n + 2*m + 1"
    assert found.substitute({"n": 3, "m": 4}).total == 21


NOTED = [
    (
        "Here (don't laugh):\njulia> m = Chain(Dense(4 => 3), Dense(3 => 2));\njulia> m(x) == m[2](m[1](x))\ntrue",
        'passed over, for no layer is made there: line 1 ("Here (don\'t laugh):"), line 3',
    ),
    ("m = Dense(4 => 3)\nloss(x, y) = Flux.mse(m(x), y)\nopt = setup(ADAM(), m) # `a`", "line 2"),
    ("Chain(Dense(5 => 7), foo)", "foo is taken as a function without parameters"),
    ("e = Dense(4 => 4)\nChain(e, e)", "e is used more than once"),
    ("Chain(Dense(5 => 7, relu), Dropout(0.5), Dense(8 => 2))", "3 takes 8 values, but 7 come from 1"),
    ("a = Dense(3 => 4)\nb = Chain(Dense(5 => 7))", "counted is b; a is no part of it"),
]


@pytest.mark.parametrize(("text", "told"), NOTED)
def test_what_is_assumed_is_noted(text: str, told: str) -> None:
    assert any(told in note for note in flux.read(text).notes)


REFUSED = [
    ("My net:\nm = Chain(Dense(4 => 3) Dense(3 => 2))", "line 2"),
    ("Chain(\nMyBlock(3), Dense(5 => 7))", "line 2: MyBlock is defined elsewhere"),
    ("Dense(5)", 'line 1: "Dense" takes in => out: Dense(5 => 7)'),
    ("Chain(Dense(5 => 7)", 'line 1: "Chain" is not closed'),
    ("Chain(x -> Dense(3 => 4)(x))", "Dense inside a function x -> ... is made anew each time"),
    ("function f()\nend", '"function" is code that would have to run'),
    ("@layer Foo", '"@" is code that would have to run'),
    ("Dense(1.5 => 2)", '"1.5" is no size'),
    ("Dense(-1 => 2)", '"-1" is no size that can be read'),
    ("Conv((3, 3), 3 => 0)", "the number of filters is 0"),
    ("Conv((3, 3), 3 => 4; groups=2)", "groups"),
    ("MultiHeadAttention(65, nheads=8)", "65 cannot be divided among 8 heads"),
    ("a = Chain(a)", '"a" is made of itself'),
    ("n = n\nDense(n => 3)", '"n" is made of itself'),
    ("Chain(" * 2000, "nested more than 40 deep"),
    (f"Dense({'1+' * 500}1 => 2)", "a size of more than 150 operations"),
    ("\n".join(f"a{i} = Chain(a{i + 1}, a{i + 1})" for i in range(40)) + "\na40 = Dense(2 => 2)\nChain(a0)", "line"),
    ("Dense(9^9^9 => 2)", "this power is too large to work out"),
    ("Chain([Dense(2 => 2) for i in 1:1000000])", "at most 10,000 copies"),
    ("run(`rm -rf`)", "line 1"),
    ("#= open", "this comment is not closed"),
    ("layers[1]", "indexing and calls of results would have to run"),
    ("", "holds no layer"),
]


@pytest.mark.parametrize(("text", "told"), REFUSED, ids=[text[:30] for text, _ in REFUSED])
def test_refusals(text: str, told: str) -> None:
    with pytest.raises(NotationError) as caught:
        flux.read(text)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_another_convention_is_a_mistake_of_the_request() -> None:
    assert flux.read("GRU(3 => 5)", convention="keras").total == 140
    with pytest.raises(UsageError):
        flux.read("GRU(3 => 5)", convention="mine")


#: what belongs to other notations
OTHERS = [
    "784-16-10", "nn.Linear(5, 7)", "Sequential([Dense(10)])", "Dense(64, input_dim=10)", "Dense(10)", "LSTM(256)",
    "model.add(Dense(10))", "conv 32 3x3; dense 10", "Chain of layers", "[(784, 16)]", "Conv2D(32, (3,3))", "32C3-MP2",
    "(0): Linear(in_features=784, out_features=10, bias=True)", "dense_1 (Dense)  (None, 10)  7850", "", "(5*5+1)*3",
    "Embedding(1000, 64)", "model = keras.Sequential([layers.Dense(10)])", "x = nn.Sequential(nn.BatchNorm2d(3))",
    "nn.LSTM(3, 5)", "Embedding(26, 4)", "LayerNorm(64)",
]  # fmt: skip


@pytest.mark.parametrize("text", OTHERS)
def test_other_notations_are_left_alone(text: str) -> None:
    assert not flux.may_be(text)


def outcome(text: str) -> str:
    flux.may_be(text)
    try:
        found = flux.read(text)
    except NparamsError as error:
        return str(error)
    assert len(found.layers) >= 1 or found.total == 0
    return " ".join([found.read_as, *found.notes])


PIECES = st.sampled_from(
    """Dense( Conv( (3,3) Chain( Parallel( vcat Maxout( LSTM( GRUCell( Recur( BatchNorm( Scale( MultiHeadAttention( 64
    8 => -> () ( ) [ ] , ; = |> relu σ x a b + - * ^ ÷ : :weight ... . .+ for in 1:3 0 1_000 # #= =# "s" bias=false
    groups=2 nheads=2 Flux. 3×1×1_Array{Float32} parameters @ function WeightNorm( SkipConnection(""".split()
).map(lambda piece: "\n" if piece == "=#" else piece)


@given(st.one_of(st.lists(PIECES, max_size=25).map(" ".join), st.lists(PIECES, max_size=25).map("".join), st.text()))
@settings(max_examples=300, deadline=None)
def test_nothing_but_our_errors(text: str) -> None:
    assert "\n" not in outcome(text)


@given(st.sampled_from([text for text, _ in READ]), st.integers(0, 80), st.integers(0, 40), PIECES)
@settings(max_examples=300, deadline=None)
def test_mutated_code_raises_nothing_else(text: str, start: int, length: int, piece: str) -> None:
    assert "\n" not in outcome(text[:start] + piece + text[start + length :])


LONG = ["Chain(", "(", "-", "a=", "#= ", "1+", "Dense(2=>3),", "x->", "a=>", "() -> ", "# 3 parameters\n", "[", "a |> "]


@pytest.mark.parametrize("piece", LONG)
def test_long_pastes_stay_bounded(piece: str) -> None:
    assert len(outcome(piece * (100_000 // len(piece)))) < 2000
