"""Shapes of tensors as people paste them: totals, roles, refusals, and that no text does anything else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nparams
from nparams.errors import ExprError, NotationError, NparamsError
from nparams.notation import shapes

# text | weights, biases, buffers
READ = [
    ("Theta1 (3, 5) Theta2 (2, 4)", (23, 0, 0)),
    ("Theta1 is 25x401, Theta2 is 10x26", (10285, 0, 0)),  # a course on machine learning, week 4
    ("W1 = (4, 3); b1 = (4, 1); W2 = (1, 4); b2 = (1, 1)", (16, 5, 0)),
    ("W1: 7x5, b1: 5, W2: 5x2, b2: 2", (45, 7, 0)),
    ("W1 has shape (4, 3) and b1 has shape (4, 1).", (12, 4, 0)),
    ("conv1.weight (8, 3, 7, 7) conv1.bias (8,)", (1176, 8, 0)),
    ("[(1, 36), (9, 36), (36,)]", (360, 36, 0)),  # Keras get_weights() of an LSTM(9): stackoverflow.com/q/38080035
    ("[[1, 36], [36]]", (36, 36, 0)),
    ("[(784, 16), (16,), (16, 10), (10,)]", (12704, 26, 0)),
    ("torch.Size([200, 20])\ntorch.Size([200])\ntorch.Size([10, 200])\ntorch.Size([10])", (6000, 210, 0)),
    # four arrays of nn.LSTM(64, 512): two matrices, then their two vectors
    ("torch.Size([2048, 64])\ntorch.Size([2048, 512])\ntorch.Size([2048])\ntorch.Size([2048])", (1179648, 4096, 0)),
    ("weight_ih_l0 [2048, 64]", (131072, 0, 0)),
    ("how many parameters are [(2, 12), (3, 12), (12,)]?", (60, 12, 0)),
    ("[w.shape for w in model.get_weights()]\n> [(2, 12), (3, 12), (12,)]", (60, 12, 0)),
    ("for k, v in net.state_dict().items(): print(k, v.shape)\nfc.weight torch.Size([4, 3])\nfc.bias torch.Size([4])",
     (12, 4, 0)),
    ("| a.fc.weight | False |   (11, 4) |   44 |\n| a.fc.bias   | True  |  (11,) | 11 |", (44, 11, 0)),
    ("emb.weight  (50, 8)\nemb.LN.bias  (8,)\nThe pooler is a layer over the [CLS] token's vector", (400, 8, 0)),
    ("the ones of block 1 (see below) are\nfc.weight (9, 3)\nfc.bias (9,).", (27, 9, 0)),
    ("weight_ih_l0  [2048, 64]\nweight_hh_l0  [2048, 512]\nbias_ih_l0  [2048]\nbias_hh_l0  [2048]", (1179648, 4096, 0)),
    ("fc1.weight: torch.Size([16, 784])", (12544, 0, 0)),
    (
        "layer1.0.conv1.weight \t torch.Size([64, 64, 3, 3])\nlayer1.0.bn1.weight \t torch.Size([64])\n"
        "layer1.0.bn1.bias \t torch.Size([64])\nlayer1.0.bn1.running_mean \t torch.Size([64])\n"
        "layer1.0.bn1.num_batches_tracked \t torch.Size([])",
        (36928, 64, 65),
    ),
    ("[('fc.weight', torch.Size([10, 784])), ('fc.bias', torch.Size([10]))]", (7840, 10, 0)),
    ("{'fc.weight': torch.Size([10, 784]), 'fc.bias': torch.Size([10])}", (7840, 10, 0)),
    ("[('w', (3, 4), 'float32'), ('b', (4,), 'float32')]", (12, 4, 0)),
    ("('conv1.weight', (6, 3, 5, 5))\n('conv1.bias', (6,))", (450, 6, 0)),
    (
        "OrderedDict([('0.weight', tensor([[ 0.1, -0.2, 1e-3],\n        [0.1,  0.2, 0.3]])), "
        "('0.bias', tensor([0.1, 0.2], device='cuda:0'))])",
        (6, 2, 0),
    ),
    (
        "[<tf.Variable 'dense/kernel:0' shape=(784, 16) dtype=float32, numpy=\narray([[ 0.01, 0.2]], dtype=float32)>, "
        "<tf.Variable 'dense/bias:0' shape=(16,) dtype=float32>]",
        (12544, 16, 0),
    ),
    ("<Variable path=sequential/dense/kernel, shape=(784, 16), dtype=float32>", (12544, 0, 0)),
    (
        "<KerasVariable shape=(784, 16), dtype=float32, path=sequential/dense/kernel>\n"
        "<KerasVariable shape=(16,), dtype=float32, path=sequential/bn/moving_mean>",
        (12544, 0, 16),
    ),
    ("{'params': {'Dense_0': {'bias': (16,), 'kernel': (784, 16)}}}", (12544, 16, 0)),
    ("{'d': {'bias': ShapeDtypeStruct(shape=(16,), dtype=float32)}, 'e': {'kernel': (16, 3)}}", (48, 16, 0)),
    ("ShapeDtypeStruct(shape=(784, 16), dtype=float32)", (12544, 0, 0)),
    ("State({\n 'a': {\n 'kernel': VariableState(\n type=Param,\n value=Array([[1., 2.]], dtype=float32)\n)\n}\n})",
     (2, 0, 0)),
    ("kernel: float32[784,16]", (12544, 0, 0)),
    ("f32[784,16]", (12544, 0, 0)),
    ("(784, 16)\n(16,)", (12544, 16, 0)),
    ('{"__metadata__":{"format":"pt"},"fc.weight":{"dtype":"F32","shape":[10,784],"data_offsets":[0,31360]}}',
     (7840, 0, 0)),
    ("Parameter containing: [torch.FloatTensor of size 8x30522]", (244176, 0, 0)),
    ("torch.FloatTensor of size 16x784", (12544, 0, 0)),
    ("Parameter containing:\n 0.1  0.2\n-0.3  0.4\n[torch.FloatTensor of size 2x2]\n", (4, 0, 0)),
    (
        "fc.weight Parameter containing:\ntensor([[0.1, 0.2], [0.3, 0.4]], requires_grad=True)\n"
        "fc.bias Parameter containing:\ntensor([0.1, 0.2], requires_grad=True)",
        (4, 2, 0),
    ),
    (
        # pytorch.org/tutorials/beginner/basics/buildmodel_tutorial.html prints parameters so
        "Layer: linear_relu_stack.0.weight | Size: torch.Size([512, 784]) | Values : tensor([[ 0.0273,  0.0296],\n"
        "        [-0.0142, 0.1]], grad_fn=<SliceBackward0>) \n\n"
        "Layer: linear_relu_stack.0.bias | Size: torch.Size([512]) | Values : tensor([-0.0155], grad_fn=<S>) \n",
        (401408, 512, 0),
    ),
    ("Model's state_dict:\nconv1.weight \t torch.Size([6, 3, 5, 5])\nconv1.bias \t torch.Size([6])\n", (450, 6, 0)),
    ("array([[1., 2.], [3., 4.]], dtype=float32)", (4, 0, 0)),
    ("array([[1. 2. 3.]\n [3. 4. 5.]])", (6, 0, 0)),
    ("array([[1., 2., ..., 3.]], shape=(1000, 50))", (50000, 0, 0)),
    ("fc1.weight 16x784\nfc1.bias 16", (12544, 16, 0)),
    ("| fc1.weight | [16, 784] |\n| fc1.bias | [16] |", (12544, 16, 0)),
    ("0 conv1.weight torch.Size([6, 3, 5, 5])\n1 conv1.bias torch.Size([6])", (450, 6, 0)),
    ("dense_1: (784, 16), (16,)", (12544, 16, 0)),
    ("module.0.weight\ttorch.float32\t(64, 3)", (192, 0, 0)),
    ("bert.embeddings.word_embeddings.weight torch.Size([30522, 768]) torch.float32 True", (23440896, 0, 0)),
    ("conv1/kernel (3, 3, 1, 32)\nconv1/bias (32,)", (288, 32, 0)),
    ("fc1.weight: shape=(16, 784), dtype=float32", (12544, 0, 0)),
    ("FrozenDict({\n    params: {\n        Dense_0: {\n            bias: (16,),\n            kernel: (784, 16),\n"
     "        },\n    },\n})", (12544, 16, 0)),
    ("<tf.Variable 'W:0' shape=(784, 10) dtype=float32_ref>\n<tf.Variable 'b:0' shape=(10,) dtype=float32_ref>",
     (7840, 10, 0)),
    ("W1 (784, 16), b1 (16,), W2 (16, 10), b2 (10,)", (12704, 26, 0)),
    ("W1: (784, 16)\nb1: (16,)", (12544, 16, 0)),
    ("conv1.weight: (64, 3, 7, 7) = 9408", (9408, 0, 0)),
    ("| name | shape | params |\n|---|---|---|\n| fc.weight | [10, 784] | 7,840 |\n| fc.bias | [10] | 10 |",
     (7840, 10, 0)),
    ("llama_model_loader: - tensor    0: token_embd.weight q4_K [  4096, 32000,     1,     1 ]", (131072000, 0, 0)),
    ("0.weight\ttorch.float32\t[4, 1, 3, 3]\n1.num_batches_tracked\ttorch.int64\t[]", (36, 0, 1)),
    ("0.0.weight                (4, 1, 3, 3)         36\n0.0.bias                  (4,)                 4", (36, 4, 0)),
    ("{'flatten': [], 'dense': [(784, 16), (16,)]}", (12544, 16, 0)),
    ("fc.weight [10, 784] requires_grad=True", (7840, 0, 0)),
    ("weight 1: (784, 16)\nbias 1: (16,)", (12544, 16, 0)),
    ("tf.Tensor([[1. 2.]], shape=(1, 2), dtype=float32)", (2, 0, 0)),
    ("fc weight torch.Size([10, 784])\nfc bias torch.Size([10])", (7840, 10, 0)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), READ, ids=[text[:40] for text, _ in READ])
def test_totals_and_roles(text: str, wanted: tuple[int, int, int]) -> None:
    found = shapes.read(text)
    assert (found.weights, found.biases, found.totals.buffers) == wanted
    assert found.total == wanted[0] + wanted[1]
    assert sum(row["total"] for row in found.rows()) == found.total
    assert shapes.may_be(text)
    assert "\n" not in found.read_as


@pytest.mark.parametrize("text", [text for text, _ in READ], ids=[text[:40] for text, _ in READ])
def test_what_is_printed_back_reads_as_the_same(text: str) -> None:
    found = shapes.read(text)
    if "…" not in found.read_as:
        again = shapes.read(found.read_as)
        assert [t.shape for t in again.tensors()] == [t.shape for t in found.tensors()]
        assert (again.weights, again.biases) == (found.weights, found.biases)


REFUSED = [
    ("(None, 10)", 'line 1: "(None, 10)" has a side that is not fixed (None, a batch or a length)'),
    ("[(784, 16), (16,", 'line 1: "(16," is not closed: ) is missing at the end; was the paste cut off?'),
    ("[(784, 16), ...]", 'line 1: "..." leaves tensors out; paste all of them'),
    ("[" * 5000, "line 1: brackets are nested more than 60 deep"),
    ("a.weight (3, 4)\nLinear(784, 10)", 'line 2: "Linear(784, 10)" is no shape'),
    ("tensor([[1, 2], [3]])", "line 1: the rows of these values differ in length, so they have no shape"),
    ("{'a': 3}", "holds no shape; write for example [(784, 16), (16,)]"),
    (
        "fc.weight (784, 16)\nfc.weight (16,)",
        'line 2: "fc.weight" stands here with the shape (16,), and with (784, 16)',
    ),
    ("conv 32 (3, 3)", 'line 1: "32" before a shape is not understood'),
    ("[(0.5, 2)]", 'line 1: "0.5" is no shape'),
    ("[(d//(h - h), 2), (d,)]", "division by zero"),
    ("28x28x1", '"28x28x1" holds no shape'),
    (f"a.weight ({'9' * 200}, 2)", "line 1: a side of 200 digits: at most 100 are read"),
    (f"a.weight ({'9, ' * 40}2)", "line 1: a shape of 41 sides: at most 32 are read"),
    ("w.weight (d, 3 &)", "is no"),
    ("", "holds no shape"),
]


@pytest.mark.parametrize(("text", "told"), REFUSED)
def test_refusals_say_where_and_why(text: str, told: str) -> None:
    with pytest.raises((NotationError, ExprError)) as caught:
        shapes.read(text)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_symbols_give_a_closed_form() -> None:
    found = shapes.read("[(d, 4*d), (4*d,), (4*d, d), (d,)]")
    assert (str(found.total), str(found.biases)) == ("8*d**2 + 5*d", "5*d")
    assert found.substitute({"d": 768}).total == 8 * 768**2 + 5 * 768
    named = shapes.read("wte [vocab, d_model]\nwpe [n_ctx, d_model]")
    assert named.substitute({"vocab": 50257, "d_model": 768, "n_ctx": 1024}).total == 50257 * 768 + 1024 * 768


def test_what_is_left_out_is_unknown_and_said() -> None:
    found = shapes.read(
        "OrderedDict([('0.weight', tensor([[0.1, ..., 0.2],\n [0.1, ..., 0.3]])), ('0.bias', tensor([1.]))])"
    )
    assert (found.total, found.totals.unknown, found.totals.known) == (None, 1, 1)
    assert "print .shape instead" in found.notes[0]


# text | a note that must be there
NOTED = [
    ("w (n, 3)\nTotal params: 12", "the paste says that its total is 12; by its shapes it is 3*n"),
    ("[(784, 16), (16,)]", "is taken for its bias (1 so)"),
    ("[(3, 3, 3, 64), (64,), (64,)]", "cannot be told apart: 2 vectors counted as weights"),
    ("bn.running_mean (64,)\nbn.weight (64,)", "kept and not counted: bn.running_mean"),
    ("a.weight (4, 3)\na.weight (4, 3)", "a.weight stands twice and is counted once"),
    ("a.weight (4, 3) 13", "holds 12 numbers, not 13 as it says"),
    ("a.weight (4, 3)\nTotal params: 13", "the paste says that its total is 13; by its shapes it is 12"),
]


@pytest.mark.parametrize(("text", "told"), NOTED)
def test_what_is_inferred_is_noted(text: str, told: str) -> None:
    assert any(told in note for note in shapes.read(text).notes)


def test_types_by_any_of_their_names() -> None:
    table = [
        ("f32[3]", "float32"), ("bf16[3]", "bfloat16"), ("torch.HalfTensor of size 3", "float16"),
        ("a.weight torch.Size([3]) torch.float64", "float64"), ("array([1, 2], dtype=int64)", "int64"),
        ("<tf.Variable 'a:0' shape=(3,) dtype=float16>", "float16"),
    ]  # fmt: skip
    assert [next(iter(shapes.read(text).tensors())).dtype for text, _ in table] == [dtype for _, dtype in table]


#: what belongs to other notations
OTHERS = [
    "conv (3, 3) pool (2, 2)", "W 4x3x2 and 7 more", "b is 3", "input (28, 28) dense (10, 5)",
    "784-16-16-10", "[784, 16, 16, 10]", "conv 32 (3,3); dense 10", "Conv((5,5), 3 => 7)", "[3x3, 64; 3x3, 64] x 2",
    '{"n_layer": 12, "betas": [0.9, 0.95]}', "784x16 + 16", "(5*5*3+1)*100", "28x28x1", "input (28, 28, 1)",
    "nn.Conv2d(3, 64, (7, 7))", "Dense(64, input_shape=(784, 16))", "kernel_size = (3, 3)", "resnet50", "()", "d-4*d-d",
    "32C3-MP2-64C3-P2-128-N10", "hidden_size [3, 4]", "[(d + 1), (d + 1)]", "model.pt", "",
]  # fmt: skip


@pytest.mark.parametrize("text", OTHERS)
def test_other_notations_are_left_alone(text: str) -> None:
    assert not shapes.may_be(text)


PIECES = st.sampled_from(
    """( ) [ ] { } , : = ' " ... torch.Size( tensor( array( shape= dtype=float32 float32[ 784 16 -1 None d 4*d 0.5 1e-3
    fc.weight 'fc.bias' OrderedDict( Parameter\xa0containing: <tf.Variable <Variable of\xa0size 3x4 Total \n \t | nan
    running_mean data_offsets ² ½ ￿""".replace("\xa0", " ").split(" ")
)


def outcome(text: str) -> str:
    """The message of our error, or what was understood."""
    shapes.may_be(text)
    try:
        found = shapes.read(text)
    except NparamsError as error:
        return str(error)
    rows = [row.total for row in found.layers]
    assert not all(isinstance(n, int) for n in (*rows, found.totals.known)) or sum(rows) == found.totals.known
    return found.read_as


def test_the_heading_says_once_what_was_understood() -> None:
    shown = str(nparams.read("torch.Size([200, 20])\ntorch.Size([20])"))
    assert shown.startswith("[(200, 20), (20,)]  2 tensors, by their shapes\n\nlayer")


@given(st.one_of(st.lists(PIECES, max_size=30).map(" ".join), st.lists(PIECES, max_size=30).map("".join), st.text()))
@settings(max_examples=200)
def test_nothing_but_our_errors(text: str) -> None:
    assert "\n" not in outcome(text)


@given(st.sampled_from([text for text, _ in READ]), st.integers(0, 200), st.integers(0, 200), PIECES)
@settings(max_examples=200)
def test_mutated_pastes_raise_nothing_else(text: str, start: int, length: int, piece: str) -> None:
    assert "\n" not in outcome(text[:start] + piece + text[start + length :])


LONG = [
    "[(3, 4)",
    "a.weight (3, 4)\n",
    "'\\",
    "((",
    "tensor([[0.1, 0.2],\n",
    "a ",
    "<Variable ",
    "1, ",
    "Total ",
    "=",
    "a",
]


@pytest.mark.parametrize("piece", LONG)
def test_long_pastes_stay_bounded(piece: str) -> None:
    assert len(outcome(piece * (300_000 // len(piece)))) < 500
