"""Layers told in sentences, as askers and exam papers write them: what is understood, and what is rather refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nparams
from nparams.errors import NotationError, NparamsError
from nparams.notation._stack.prose import listed

# sentence | what it is read as | total, or the closed form
READ: list[tuple[str, str, int | str]] = [
    # fully connected networks
    ("3 inputs, 4 hidden neurons, 2 outputs", "input 3; dense 4; dense 2", 16 + 10),
    ("2 hidden layers of 50 units each, 20 inputs, 5 outputs", "input 20; 2 x dense 50; dense 5",
     1050 + 2550 + 255),
    ("one hidden layer with 6 units, input 4, output 3", "input 4; dense 6; dense 3", 30 + 21),
    ("A feedforward network with 12 inputs, two hidden layers with 8 and 6 neurons respectively and a single output",
     "input 12; dense 8; dense 6; dense 1", 104 + 54 + 7),
    ("30 inputs, 7 nodes in 2 hidden layers and 4 nodes in the output layer", "input 30; 2 x dense 7; dense 4",
     217 + 56 + 32),
    ("a network with 9 inputs, 5 nodes in each of 3 hidden layers and 2 outputs",
     "input 9; 3 x dense 5; dense 2", 50 + 30 + 30 + 12),
    ("1 hidden layer ( 6 hidden units ), 2 inputs, 1 output", "input 2; dense 6; dense 1", 18 + 7),
    ("An input layer with 11 nodes\nA first hidden layer with 7 nodes\nA second hidden layer with 3 nodes",
     "input 11; dense 7; dense 3", 84 + 24),
    ("A 3-layer network: 10 inputs, 5 hidden units, 2 outputs", "input 10; dense 5; dense 2", 55 + 12),
    ("10 inputs, 5 hidden units and 2 outputs, without biases", "input 10; dense 5 no bias; dense 2 no bias", 60),
    ("a 20x20 RGB image fully connected to 15 hidden units, 3 classes", "input 20x20x3; flatten; dense 15; dense 3",
     1200 * 15 + 15 + 48),
    ("MLP 30-20-10", "input 30; dense 20; dense 10", 620 + 210),
    ("fully connected 30, 20, 10", "input 30; dense 20; dense 10", 620 + 210),
    ("Network([30, 20, 10])", "input 30; dense 20; dense 10", 620 + 210),
    ("autoencoder 30 5 30", "input 30; dense 5; dense 30", 155 + 180),
    ("XOR network 2-3-1 with biases", "input 2; dense 3; dense 1", 9 + 4),
    ("perceptron with 5 inputs", "dense 1 on 5", 6),
    ("logistic regression with 8 features", "dense 1 on 8", 9),
    ("softmax regression with 100 inputs and 4 classes", "input 100; dense 4", 404),
    ("how many parameters are there in a network with 3 inputs, 4 hidden units and 2 outputs?",
     "input 3; dense 4; dense 2", 26),
    # convolutions
    ("12 filters of size 5x5x3", "conv 12 5x5 on 3", (75 + 1) * 12),
    ("12 filters that are each 5x5", "conv 12 5x5", "300*c_in + 12"),
    ("12 5x5 filters on an RGB image", "conv 12 5x5 on 3", 76 * 12),
    ("3x3 conv with 16 input channels and 24 output channels", "conv 24 3x3 on 16", 145 * 24),
    ("3x3 conv, 16 in, 24 out", "conv 24 3x3 on 16", 145 * 24),
    ("3x3 conv 16 -> 24", "conv 24 3x3 on 16", 145 * 24),
    ("Conv 3x3, 16→24", "conv 24 3x3 on 16", 145 * 24),
    ("conv 1x1 256 to 24", "conv 24 1x1 on 256", 257 * 24),
    ("conv2d 16 24 3x3", "conv2d 24 3x3 on 16", 145 * 24),
    ("conv2d in=16 out=24 k=3", "conv2d 24 3 on 16", 145 * 24),
    ("Conv layer: 12 filters 3x3, 3 input channels, no bias", "conv 12 3x3 no bias on 3", 27 * 12),
    ("conv layer 12 filters 3x3, input depth 32", "conv 12 3x3 on 32", 289 * 12),
    ("A Conv2D layer with a 3x3 kernel, 16 input channels, and 24 filters", "conv2d 24 3x3 on 16", 145 * 24),
    ("conv layer with 12 filters of size 5x5 on a 90x90x3 image", "conv 12 5x5 on 90x90x3", 76 * 12),
    ("Suppose your input is a 90 by 90 color (RGB) image, and you use a convolutional layer with 12 filters that are "
     "each 5x5. How many parameters does this hidden layer have (including the bias parameters)?",
     "conv 12 5x5 on 90x90x3", 76 * 12),
    ("You have an input volume that is 31x31x16, and convolve it with 12 filters that are each 5x5, using a stride of "
     "2 and no padding", "conv 12 5x5 stride 2 valid on 31x31x16", 401 * 12),
    ("If you have 12 filters that are 5 x 5 x 3 in one layer of a neural network, how many parameters does that layer "
     "have?", "conv 12 5x5 on 3", 76 * 12),
    ("input-channel: 16, output-channel: 24, filter-size: 3", "conv 24 3 on 16", 145 * 24),
    ("a regular 3x3 convolution over 16 input channels and 24 output channels", "conv 24 3x3 on 16", 145 * 24),
    ("depthwise conv 3x3 24 channels", "depthwiseconv 3x3 on 24", 240),
    ("depthwise separable conv 3x3 16 -> 24", "sepconv 24 3x3 on 16", 144 + 16 * 24 + 24),
    ("conv layer with 16 3 x 3 filters on 8 channels", "conv 16 3x3 on 8", 73 * 16),
    ("12 filters of size 3 x 3 on RGB", "conv 12 3x3 on 3", 28 * 12),
    # other layers
    ("GRU: input=32, hidden=16", "gru 16 inputs=32", 3 * (16 * 48 + 16)),
    ("CONV1: 12 5x5 filters at stride 4, pad 0, input 25x25x3",
     "input 25x25x3; conv 12 5x5 stride 4 padding 0 as CONV1", 76 * 12),
    ("embedding(500,32); lstm(16); dense(1)", "embedding 500 32; lstm 16; dense 1", 16000 + 64 * 49 + 17),
    ("input(30)-hidden(20)-output(10)", "input 30; dense 20; dense 10", 620 + 210),
    ("30, 20, 10 with relu", "input 30; dense 20; dense 10", 620 + 210),
    ("token embedding 50x8 + position embedding 12x8", "embedding 50 8; positionembedding 12 dim 8", 496),
    ("LSTM with 30 units and 10 input features", "lstm 30 on 10", 4 * (30 * 40 + 30)),
    ("LSTM with 30 units on 10 features", "lstm 30 on 10", 4 * (30 * 40 + 30)),
    ("SimpleRNN with 4 units, 20 time steps and 3 features", "rnn 4 inputs=3", 4 * 7 + 4),
    ("2 layer LSTM, hidden size 30, input 10", "lstm 30 layers=2 inputs=10", 4 * (30 * 40 + 30) + 4 * (30 * 60 + 30)),
    ("vanilla RNN 3 -> 4", "rnn 4 on 3", 4 * 7 + 4),
    ("BatchNormalization layer applied to 24 neurons", "batchnorm on 24", 48),
    ("dense layer 15 neurons on 20x20x3 image", "input 20x20x3; flatten; dense 15", 1200 * 15 + 15),
    ("If a dense layer has 12 input neurons and 7 output neurons", "input 12; dense 7", 91),
    # one layer after another
    ("Input: 16×16×3\nConv1: 4 filters, kernel 3×3, padding = same\nBN1: after Conv1\nMaxPool1: 2x2\n"
     "Flatten → FC1(10)", "",
     112 + 8 + 2570),
    ("input 16x16x1\n1. Layer 1: convolutional layer with the ReLU nonlinear activation function, 6 5×5 filters with "
     "stride 1.\n2. Layer 2: 2×2 max-pooling layer", "", 26 * 6),
    ("a conv layer with 6 5x5 filters on a 16x16x1 image, followed by flatten and then a dense layer with 2 units", "",
     26 * 6 + 864 * 2 + 2),
]  # fmt: skip


@pytest.mark.parametrize(("text", "read_as", "total"), READ, ids=[row[0][:50] for row in READ])
def test_sentences(text: str, read_as: str, total: int | str) -> None:
    network = nparams.read(text, paths=False)
    assert str(network.total) == str(total)
    assert network.form == "stack"
    assert network.source == text
    assert not read_as or network.read_as == read_as


#: something that is counted is left over, or does not fit: no number is better than a wrong one
REFUSED = [
    "lstm 64 output 10",
    "RNN hidden size 128 input 28 output 10",
    "784 inputs, hidden layers of 100 and 50, output",
    "3 inputs, 2 outputs and 4 hidden layers",
    "10 layers of 100 neurons, 5 inputs",
    "5 hidden units, 3 inputs, 2 outputs, 10 epochs",
    "3 inputs, 3 hidden layers of 5 and 6 neurons, 2 outputs",
    "A 7-layer network: 10 inputs, 5 hidden units, 2 outputs",
    "784 inputs, 10 outputs, one global bias",
    "hidden layers of 100, 50 neurons each, 10 outputs, 784 inputs",
    "12 filters of size 5x5x3 and 4 filters of size 3x3x12",
    "12 filters of size 5x5x3 on a 32x32x4 image of 7 kinds",
    "3 inputs, 10**9 hidden layers of 5, 2 outputs",
    "2 inputs, 2000000 hidden layers of 5 units each, 2 outputs",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_left_over_is_refused(text: str) -> None:
    with pytest.raises(NotationError):
        nparams.read(text, paths=False)
    with pytest.raises(NotationError):
        nparams.read(text, form="stack")


def test_what_is_a_list_already_is_no_sentence() -> None:
    """A list that is read as it stands is never put in other words, and its errors stay its own."""
    assert nparams.read("input 4; dense 3; dense 2").read_as == "input 4; dense 3; dense 2"
    with pytest.raises(NotationError, match="is not a layer that is known"):
        nparams.read("input 4; dens 3; nonsense 2")
    assert listed("a" * 2000 + " 3 inputs, 4 hidden units") == []


PIECES = st.sampled_from(
    ["2", "100", "784", "3x3", "28x28x1", "hidden", "layers", "of", "units", "each", "inputs", "outputs", "filters",
     "conv", "lstm", "with", "and", ",", ".", ";", "->", "image", "RGB", "on", "kernel", "input", "channels", "(", ")",
     "how many parameters", "layer 1:", "followed by", "\n", "=", "to", "in", "classes", "no bias", "x", "by"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=14).map(" ".join))
def test_only_our_errors_leave_it(text: str) -> None:
    try:
        network = nparams.read(text, form="stack")
    except NparamsError as error:
        said = str(error)
    else:
        said = network.read_as
    assert said.isprintable()
