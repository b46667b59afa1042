"""nparams diff: the difference of two networks as named items that sum to it, whatever their sources are."""

from __future__ import annotations

import json
from random import Random

import pytest

import nparams
from nparams import Module, Network, Tensor
from nparams.analyses._diff_text import markdown
from nparams.analyses.diff import Diff, diff
from nparams.cli.main import main
from nparams.errors import UsageError
from nparams.expr import Expr
from tests.conftest import shared
from tests.miscounts import made
from tests.safetensors_maker import T, safetensors

CAPTURE = pytest.CaptureFixture[str]
Row = tuple[str, str, int, int]

ENCODERS = "{} x encoder 16 heads 2 ff 64 on 16"
IMAGE = "input 32x32x3; conv 8 3x3{0}; {1}conv 16 3x3{0}; {1}flatten; dense 10"

# A | B | items: (what, layer, copies, difference)
CASES: list[tuple[str, str, list[Row]]] = [
    ("784-16-10", "784-16-10", []),
    ("784-16-10", "input 28x28x1; flatten; dense 16; dense 10", []),
    ("784-16-16-10", "784-16-10", [("only in A", "fc2", 1, -272)]),
    ("784-16-10", "784-16-16-10", [("only in B", "fc2", 1, 272)]),
    ("784-16-10", "784-32-10", [("other size", "fc1", 1, 12560), ("other size", "fc2", 1, 160)]),
    ("784-16-10", "input 784; dense 16 no bias; dense 10", [("biases only in A", "fc1 / dense1", 1, -16)]),
    ("input 784; dense 16 no bias; dense 10", "784-16-10", [("biases only in B", "dense1 / fc1", 1, 16)]),
    (ENCODERS.format(3), ENCODERS.format(5), [("only in B", "encoder4-5", 2, 6560)]),
    (ENCODERS.format(3), ENCODERS.format(3).replace("ff 64", "ff 32"), [("other size", "encoder1-3.ffn", 3, -3168)]),
    (ENCODERS.format(2), f"{ENCODERS.format(2)} no bias",
     [("biases only in A", "encoder1-2.attention", 2, -128), ("biases only in A", "encoder1-2.norm1-2", 4, -64),
      ("biases only in A", "encoder1-2.ffn", 2, -160)]),
    ("embedding 100 8 as emb; dense 100 tied to emb", "embedding 100 8; dense 100", [("shared in A", "dense", 1, 800)]),
    ("embedding 9 8; dense 9", "embedding 9 8 as emb; dense 9 tied to emb", [("shared in B", "dense", 1, -72)]),
    (IMAGE.format(" no bias", "batchnorm; "), IMAGE.format("", ""),
     [("folded norm", "conv1, batchnorm1", 1, -8), ("folded norm", "conv2, batchnorm2", 1, -16)]),
    (IMAGE.format("", ""), IMAGE.format(" no bias", "batchnorm; "),
     [("folded norm", "conv1, batchnorm1", 1, 8), ("folded norm", "conv2, batchnorm2", 1, 16)]),
    ("lstm 8 on 4", "gru 8 on 4", [("other size", "lstm / gru", 1, -104)]),
    ("embedding 50 8; dense 4", "embedding 50 8; lstm 8; dense 4", [("only in B", "lstm", 1, 544)]),
    ("input 4; 1900000 x dense 4", "input 4; 189999 x dense 4", [("other number", "dense[i]", 1, -34200020)]),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b", "items"), CASES)
def test_cases(a: str, b: str, items: list[Row]) -> None:
    found = nparams.diff(a, b)
    assert [(item.what, item.layer, item.copies, item.difference) for item in found.items] == items
    assert sum(row[3] for row in items) == nparams.count(b) - nparams.count(a) == found.difference  # type: ignore[operator]
    assert found.equal is (not items)


# -- sources that call and order things differently -------------------------------------------------------------------


def flat(*rows: tuple[str, tuple[int, ...]]) -> Network:
    """A network as a file gives it: names and shapes."""
    return Network(
        tensors=[Tensor(name, shape, role="bias" if name.endswith("bias") else "weight") for name, shape in rows],
        source="model.safetensors",
    )


LAYERS = [("fc1.weight", (16, 784)), ("fc1.bias", (16,)), ("fc2.weight", (10, 16)), ("fc2.bias", (10,))]
RENAMED = [("head.bias", (10,)), ("head.kernel", (16, 10)), ("body.0.kernel", (784, 16)), ("body.0.bias", (16,))]


@pytest.mark.parametrize("rows", [LAYERS, RENAMED, [(f"model.{name}", shape) for name, shape in LAYERS], LAYERS[::-1]])
def test_renamed_transposed_and_reordered_is_no_difference(rows: list[tuple[str, tuple[int, ...]]]) -> None:
    found = diff(nparams.read("784-16-10"), flat(*rows))
    assert found.equal
    assert found.matched == 2
    assert "No difference" in str(found)


def test_a_checkpoint() -> None:
    assert nparams.diff(safetensors([T(name, shape) for name, shape in LAYERS]), "784-16-10").equal


def test_fused_queries_keys_and_values_are_no_difference() -> None:
    apart = flat(*((f"h.{k}.{name}.{leaf}", shape) for k in range(3) for name in "qkv"
                   for leaf, shape in (("weight", (8, 8)), ("bias", (8,)))))  # fmt: skip
    fused = flat(
        *((f"h.{k}.qkv.{leaf}", shape) for k in range(3) for leaf, shape in (("weight", (24, 8)), ("bias", (24,))))
    )
    for found in (diff(apart, fused), diff(fused, apart)):
        assert found.equal
        assert len(found.fused) == 1, "told once for the three blocks"
    told = "h.0.q, h.0.k and h.0.v in A: the same numbers as h.0.qkv (and so in 2 more) in B."
    assert told in str(diff(apart, fused))


def test_many_heads_are_one_attention() -> None:
    """Heads of their own without biases, as tutorials write them, against one layer with biases."""
    heads = [(f"b.0.heads.{k}.{name}.weight", (4, 16)) for k in range(4) for name in ("q", "k", "v")]
    rest = [("b.0.proj.weight", (16, 16)), ("b.0.proj.bias", (16,)), ("b.0.f1.weight", (64, 16)),
            ("b.0.f1.bias", (64,)), ("b.0.f2.weight", (16, 64)), ("b.0.f2.bias", (16,))]  # fmt: skip
    found = diff(flat(*heads, *rest), nparams.read("encoder 16 heads 4 ff 64 no norm"))
    items = [(item.what, item.layer, item.difference) for item in found.items]
    assert items == [("more biases in B", "b.0 / encoder.attention", 48)]


def test_a_norm_is_not_fused_with_a_layer() -> None:
    """8 scales and 8 shifts are as many as 16 biases; they are not the same."""
    found = nparams.diff(IMAGE.format(" no bias", "batchnorm; "), IMAGE.format("", ""))
    assert found.fused == []


def test_a_whole_block_on_one_side_is_one_item() -> None:
    body = [(f"layers.{k}.{name}.weight", (8, 8)) for k in range(2) for name in ("q", "v")]
    pooler = [("pooler.dense.weight", (8, 8)), ("pooler.dense.bias", (8,)), ("pooler.norm.weight", (8,))]
    found = diff(flat(*body), flat(*body, *pooler))
    assert [(i.what, i.layer, i.in_b, i.difference) for i in found.items] == [
        ("only in B", "pooler", "2 layers, 80", 80)
    ]


def test_statistics_are_told_and_not_counted() -> None:
    found = nparams.diff("conv 8 3x3 on 3; batchnorm", "conv 8 3x3 on 3; groupnorm 2")
    assert found.equal
    assert "(and 16 in buffers, which are not counted)" in str(found)


# -- symbols ----------------------------------------------------------------------------------------------------------


def test_symbols() -> None:
    found = nparams.diff("h0-h1-h2", "h0-h1-h1-h2")
    assert str(found.difference) == "h1**2 + h1"
    assert [(item.what, str(item.difference)) for item in found.items] == [("only in B", "h1**2 + h1")]
    assert nparams.diff("d-4*d-d", "d-4*d-d").equal
    mixed = nparams.diff("d-4*d-d", "8-32-8")
    assert isinstance(mixed.difference, Expr)


# -- every pair -------------------------------------------------------------------------------------------------------


def test_items_sum_for_random_pairs() -> None:
    """Both ways round; diff itself refuses to show items that do not sum."""
    r = Random(11)
    for _ in range(60):
        a, b = nparams.read(made(r).typed), nparams.read(made(r).typed)
        there, back = diff(a, b), diff(b, a)
        assert there.difference == b.total - a.total == -back.difference  # type: ignore[operator]
        assert sum(item.difference for item in there.items) == there.difference  # type: ignore[misc]
        assert all(item.each * item.copies == item.difference for item in there.items)
        assert diff(a, a).equal


def test_one_change_is_one_item() -> None:
    """A layer left out of a random network is the only item, and is named."""
    r = Random(12)
    for _ in range(60):
        sizes = [r.randint(3, 99) for _ in range(r.randint(4, 9))]
        whole = nparams.read(sizes)
        place = r.randrange(len(whole.root.children))
        kept = [child for k, child in enumerate(whole.root.children) if k != place]
        found = diff(whole, Network(Module(children=kept)))
        assert [(item.what, item.layer) for item in found.items] == [("only in A", f"fc{place + 1}")]


def test_a_network_without_a_total_is_refused() -> None:
    with pytest.raises(UsageError, match="1 tensor has no known size"):
        diff(Network(tensors=[Tensor("a.weight", None)]), nparams.read("2-2"))


def test_long_networks_are_bounded() -> None:
    r = Random(2)
    one, other = (nparams.read([r.randint(3, 999) for _ in range(2_000)]) for _ in range(2))
    found = diff(one, other)
    assert len(found.items) > 1_000
    assert str(found).count("\n") < 250


# -- text and the command line ----------------------------------------------------------------------------------------

TABLE = """\
A  784-16-16-10: 13,002 parameters
B  784-16-10: 12,730 parameters

difference  what       layer  in A         in B
      -272  only in A  fc2    16·16 + 16  -
      -272  B - A

2 layers agree, 1 under another name."""


def test_the_table() -> None:
    assert [line.split() for line in str(nparams.diff("784-16-16-10", "784-16-10")).splitlines()] == [
        line.split() for line in TABLE.splitlines()
    ]


def test_markdown_shows_nothing_that_acts() -> None:
    hostile = Network(tensors=[Tensor("a|b<i>`*_[x](y).weight", (3,))], source="a|b\x1b[31m")
    text = markdown(diff(hostile, nparams.read("2-2")))
    assert "\\|b\\<i>" in text
    assert "\x1b" not in text + str(diff(hostile, nparams.read("2-2")))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.replace("\\|", "").count("|") == 6 for line in rows)


# words | status | what is printed
RAN = [
    (["784-10", "784-10"], 0, "No difference"),
    (["784-16-10", "784-10"], 1, "B - A"),
    (["784-16-10", "784-10", "--markdown"], 1, "| difference | what | layer | in A | in B |"),
    (["--markdown", "784-10", "input 784; dense 10"], 0, "No difference"),
    (["h0-h1", "h0-h1-h2"], 1, "h1·h2 + h2"),
    (["784-10", "784-10", "--bias-b", "none"], 1, "biases only in A"),
    (["lstm 8 on 4", "lstm 8 on 4", "--convention-b", "torch"], 1, "more biases in B"),
    (["h0-h1", "4-3", "--set", "h=[4,3]"], 2, ""),
    (["784-10", "h0-h1", "--set-b", "h=[784,10]"], 0, "No difference"),
    (["nn.LSTM(32, 128, 2)", "lstm 128 2 layers on 32", "--convention-b", "torch"], 0, "2 layers agree"),
    (
        ["nn.TransformerEncoderLayer(64, 8, 128)", "encoder 64 heads 8 ff 128"],
        0,
        "the same numbers as encoder.ffn in B",
    ),
    (["vgg16", "vgg16 bn"], 1, "only in B"),
    (["--from", "stack", "dense 10 on 3", "dense 11 on 3"], 1, "+4"),
]


@pytest.mark.parametrize(("words", "status", "said"), RAN)
def test_command(words: list[str], status: int, said: str, capsys: CAPTURE) -> None:
    assert main(["diff", *words]) == status
    out, _ = capsys.readouterr()
    assert said in out


@pytest.mark.parametrize(
    ("words", "said"),
    [([], "0 sources were given; write two"), (["784-10"], "1 sources were"), (["1-2", "2-3", "3-4"], "3 sources"),
     (["784-10", "nothing here"], "neither layer sizes"), (["1-2", "2-3", "--latex"], "unrecognized arguments")],
)  # fmt: skip
def test_command_refuses_in_one_line(words: list[str], said: str, capsys: CAPTURE) -> None:
    assert main(["diff", *words]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err


def test_json(capsys: CAPTURE) -> None:
    assert main(["diff", "784-16-16-10", "784-16-10", "--json"]) == 1
    held = json.loads(capsys.readouterr().out)
    assert (held["a"]["total"], held["b"]["total"], held["difference"], held["equal"]) == (13002, 12730, -272, False)
    assert held["items"] == [
        {"what": "only in A", "layer": "fc2", "in_a": "16·16 + 16", "in_b": None, "each": -272, "copies": 1,
         "difference": -272}
    ]  # fmt: skip
    assert isinstance(nparams.diff("1-2", "1-2"), Diff)


def test_real_files_of_one_network_explain_themselves() -> None:
    """A checkpoint, the ONNX file exported from it, and the same with its batch norms folded away."""
    folder = shared("models/Linzaer+Ultra-Light-Fast-Generic-Face-Detector-1MB/models")
    trained, exported = folder / "pretrained/version-RFB-320.pth", folder / "onnx/version-RFB-320.onnx"
    assert nparams.diff(trained, exported).equal
    found = nparams.diff(trained, folder / "onnx/version-RFB-320_simplified.onnx")
    assert {item.what for item in found.items} == {"folded norm"}
    assert (sum(item.copies for item in found.items), found.difference) == (35, -2404)
