"""Printed models of PyTorch: totals published with them, what must be said of them, and what may stand around them.

tests/prints/ holds longer ones as they stand in public pages; the sources are beside each row.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nparams
from nparams.errors import NotationError, ReadError
from nparams.network import Network
from nparams.notation.torch_print import may_be, read

PRINTS = Path(__file__).parent / "prints"
LINEAR = "(fc): Linear(in_features=4, out_features=2, bias=True)"


def pasted(name: str) -> str:
    return (PRINTS / f"{name}.txt").read_text()


class Case(NamedTuple):
    """A text (or the name of one), its total (None: not known), what is known then, and parts of its notes."""

    text: str
    total: int | None
    notes: tuple[str, ...] = ()
    known: int | None = None


TIED = "has the shape of {}, and a print cannot show whether they are one tensor (tied)"
CASES = [
    # google-bert/bert-base-uncased: 109,482,240 parameters with its pooler
    Case("bert", 109_482_240, ("raw parameters (nn.Parameter) and tied weights cannot be seen in it, and BertModel,",)),
    # openai-community/gpt2: 124,439,808 with its head tied to wte
    Case("gpt2", 163_037_184, (TIED.format("transformer.wte"), "counted once and the total is 124,439,808")),
    # meta-llama/Llama-3.1-8B: 8,030,261,248 in its files, whatever the quantisation
    Case("llama", 8_030_261_248, ("Linear4bit: quantised weights are counted as the numbers that they stand for",
                                  "LlamaRMSNorm as RMSNorm", TIED.format("model.embed_tokens"))),
    # tiiuae/falcon-7b: 6,921,720,704 with its head tied, and adapters of rank 16
    Case("falcon_adapted", 7_221_908_352, ("the adapters (lora_*) hold 4,718,592", "total is 6,926,439,296")),
    # a MiniLM-L6 whose print and count stand in its README: "parameters = 22,565,376"
    Case("minilm", 22_565_376, ("the text says 22,565,376 parameters too",)),
    # DeepSpeed's flops profiler, tutorial: LeNet5 of 61.71 k
    Case("lenet_profiled", 61_706, ("the print's own counts agree (10 of them)",)),
    # a "hierarchical summary" with the count of each block behind its bracket
    Case("counted", 2_897_408, ("the print's own counts agree (14 of them)",)),
    # three models of one README, each printed with its own count
    Case("three", 10_689 + 12_865 + 50_689, ("3 models are printed and counted together: MLP 10,689, CNN 12,865, "
                                             "Transformer 50,689", "the in_proj beside it (24,960 parameters in all)")),
    # androidkt.com, "What is PyTorch nn.Parameters": 13 hidden neurons
    Case("(0): Linear(in_features=1, out_features=13, bias=True)\n  (1): Tanh()\n"
         "  (2): Linear(in_features=13, out_features=1, bias=True)\n", 40),
    Case("Sequential(\n  (0): Linear(in_features=2, out_features=2, bias=True)\n  (1): Linear(in_features=2, "
         "out_features=2, bias=True)\n)", 12, ("whether equal layers share their weights (tied): each is counted",)),
    # PyTorch 0.1 and 0.2
    Case("Net (\n(fc1): Linear (784 -> 200)\n(fc2): Linear (200 -> 200)\n(fc3): Linear (200 -> 10)\n)", 199_210,
         ("whether Linear has biases is not printed: they are counted, as by PyTorch's default; without these 410",)),
    Case("Conv2d (3, 64, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))\nReLU (inplace)\nDropout (p = 0.5)", 1792),
    # torchao's documentation
    Case(">>> model.linear1\nLinear(in_features=1024, out_features=1024, weight=AffineQuantizedTensor(shape=torch.Size("
         "[1024, 1024]), block_size=(1, 32), device=cuda:0, _layout=TensorCoreTiledLayout(inner_k_tiles=8)))",
         1_049_600, ("without these 1,024 the total is 1,048,576",)),
    # torch.ao: dynamic and static quantisation
    Case("SimpleLSTM(\n  (lstm): DynamicQuantizedLSTM(128, 256, batch_first=True)\n  (fc): DynamicQuantizedLinear("
         "in_features=256, out_features=10, dtype=torch.qint8, qscheme=torch.per_tensor_affine)\n)", 395_264 + 2570),
    Case("(conv): QuantizedConvReLU2d(3, 64, kernel_size=(7, 7), stride=(2, 2), scale=0.03, zero_point=0)", 9472),
    Case("(q): WQLinear_GEMM(in_features=3584, out_features=512, bias=True, w_bit=4, group_size=128)", 1_835_520),
    Case("(q): Linear8bitLt(in_features=16, out_features=4, bias=False)\n(g): QuantLinear()", None,
         ("how many parameters QuantLinear has is not printed (g), so there is no total",), known=64),
    # transformers' T5 prints no size of its norms
    Case("(q): Linear(in_features=512, out_features=512, bias=False)\n(layer_norm): T5LayerNorm()", None,
         ("T5LayerNorm",), known=262_144),
    Case("T5Stack(\n  (embed_tokens): Embedding(100, 8)\n  (0-1): 2 x T5LayerFF(\n    (layer_norm): T5LayerNorm())\n)",
         None, ("if each of them has a scale for each of the 8 numbers of an embedding, that is 16 more and the total "
                "is 816",), known=800),
    Case("(attn): GPT2Attention(\n (c_attn): Conv1D()\n (drop): Dropout(p=0.1, inplace=False)\n)", None, known=0),
    # vLLM and MLX say input_size and the like
    Case("(qkv): QKVParallelLinear(in_features=8, output_features=24, bias=False, tp_size=1)\n(o): RowParallelLinear("
         "input_features=8, output_features=8, bias=False)\n(n): RMSNorm(hidden_size=8, eps=1e-05)", 24 * 8 + 64 + 8),
    Case("(fc): Linear(input_dims=8, output_dims=4, bias=True)\n(act): ReLU()", 36),
    # peft: adapters of embeddings are parameters in a dict; DoRA's lengths are as many as rows
    Case("lora.Embedding(\n  (base_layer): Embedding(49408, 768)\n  (lora_A): ModuleDict()\n  (lora_embedding_A): "
         "ParameterDict(  (default): Parameter containing: [torch.cuda.FloatTensor of size 16x49408 (cuda:0)])\n"
         "  (lora_embedding_B): ParameterDict(  (default): Parameter containing: [torch.FloatTensor of size 768x16]))",
         49408 * 768 + 16 * 49408 + 768 * 16, ("the adapters (lora_*) hold 802,816",)),
    Case("lora.Linear(\n (base_layer): Linear(in_features=8, out_features=6, bias=False)\n (lora_A): ModuleDict(\n"
         " (default): Linear(in_features=8, out_features=2, bias=False))\n (lora_B): ModuleDict(\n (default): Linear("
         "in_features=2, out_features=6, bias=False))\n (lora_magnitude_vector): ModuleDict(\n (default): "
         "lora.dora.DoraLinearLayer())\n)", 48 + 16 + 12 + 6),
    # torchvision and detectron2: frozen norms have buffers only
    Case("Conv2d(\n  64, 128, kernel_size=(1, 1), stride=(1, 1), bias=False\n  (norm): FrozenBatchNorm2d("
         "num_features=128, eps=1e-05)\n)", 8192, ("FrozenBatchNorm2d keeps scales and shifts as buffers",)),
    # a norm of timm, a padded convolution of efficientnet-pytorch
    Case("BatchNormAct2d(\n 64, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True\n (drop): Identity()\n"
         " (act): ReLU()\n)", 128),
    Case("Conv2dStaticSamePadding(\n 3, 32, kernel_size=(3, 3), stride=(2, 2), bias=False\n (static_padding): "
         "ZeroPad2d((0, 1, 0, 1))\n)", 864),
    # parametrisations: weight normalisation keeps lengths and directions
    Case("ParametrizedConv1d(\n  4, 6, kernel_size=(3,), stride=(1,)\n  (parametrizations): ModuleDict(\n    (weight): "
         "ParametrizationList(\n      (0): _WeightNorm()\n    )\n  )\n)", 72 + 6 + 6,
         ("a length for each row (dim=0, its default), 6 in all",)),
    Case("MultiheadAttention((out_proj): _LinearWithBias(in_features=8, out_features=8, bias=True))", 4 * 64 + 4 * 8),
    # what a loop over named_modules() prints; modules that are listed again are not counted again
    Case("conv1: Conv2d(1, 20, kernel_size=(5, 5), stride=(1, 1))\nblocks.0.fc: Linear(in_features=4, out_features=2, "
         "bias=True)", 530),
    Case(f"Net(\n  {LINEAR}\n)\n('fc', Linear(in_features=4, out_features=2, bias=True))", 10),
    Case("dec.0.self_attn.out_proj: NonDynamicallyQuantizableLinear(in_features=8, out_features=8, bias=True)", 288,
         ("the in_proj beside it (216 parameters in all) is inferred",)),
    # counts that disagree, brackets that are missing, neighbours that are abridged
    Case(f"{LINEAR}, 12 params", 10, ("fc says 12 parameters, its layer has 10",)),
    Case(f"Net(\n  {LINEAR}\n  (act): ReLU()", 10, ("1 bracket is not closed: the text ends early",)),
    Case(f"Net(\n  {LINEAR}\n  (head): Linear(in_features=4, out_fea", None, ("head",), known=10),
    Case(f"(0-11): {LINEAR[6:]}", 120),
    Case(f"(0-11): 10 x {LINEAR[6:]}", 100, ("(0-11) names 12 modules, but 10 x is printed: 10 are counted",)),
    Case("(h): ModuleList(\n  (0): Block(...)\n)", None,
         ("how many parameters Block has is not printed (h.0)",), known=0),
    Case(f"Net(\n  {LINEAR}\n  ...\n)", 10, ("something is left out (...) in Net: it is not counted",)),
    Case(f"(m): Net((0-9999): 10000 x A((0-9999): 10000 x {LINEAR[6:]}))", 10**9),
]  # fmt: skip


def counted(network: Network) -> int | None:
    assert network.totals.known == sum(row.total for row in network.layers)  # type: ignore[misc]
    return network.total  # type: ignore[return-value]


@pytest.mark.parametrize("case", CASES, ids=[re.sub(r"\s+", " ", case.text)[:40] for case in CASES])
def test_cases(case: Case) -> None:
    text = pasted(case.text) if case.text.isidentifier() else case.text
    assert may_be(text)
    network = read(text)
    assert counted(network) == case.total
    if case.known is not None:
        assert network.totals.known == case.known
    for note in case.notes:
        assert any(note in found for found in network.notes), network.notes
    assert "\n" not in network.read_as
    assert len(network.read_as) <= 200


def test_names_are_those_of_the_print() -> None:
    network = read(pasted("bert"))
    assert network.described == "print of PyTorch: 151 layers, 101 with parameters"
    names = {t.name: t.shape for t in network.tensors()}
    assert names["encoder.layer.11.attention.self.query.weight"] == (768, 768)
    assert [row.name for row in network.layers][5] == "encoder.layer.0-11.attention.self.query"
    assert read(f"Net({LINEAR})").read_as == "Net(fc: Linear(in_features=4, out_features=2, bias=True))"
    assert {t.name: t.shape for t in read(pasted("gpt2")).tensors()}["transformer.h.3.attn.c_attn.weight"] == (
        768,
        2304,
    )


#: what happens to a print on its way
AROUND = {
    "indentation lost": lambda text: re.sub(r"(?m)^ +", "", text),
    "one line": lambda text: " ".join(text.split()),
    "tabs": lambda text: text.replace("  ", "\t"),
    "hard spaces": lambda text: text.replace("  ", "\u00a0 "),
    "windows": lambda text: text.replace("\n", "\r\n"),
    "comment": lambda text: re.sub(r"(?m)^", "# ", text),
    "slashes": lambda text: re.sub(r"(?m)^", "// ", text),
    "quoted": lambda text: re.sub(r"(?m)^", "> > ", text),
    "logged": lambda text: re.sub(r"(?m)^", "2024-05-04 21:29:31 | INFO | a.b:forward:101 - ", text),
    "numbered": lambda text: "\n".join(f"{k:4d}  {line}" for k, line in enumerate(text.split("\n"))),
    "rank": lambda text: re.sub(r"(?m)^", "(pid=12) ", text),
    "markdown": lambda text: f"My model (see below):\n```\n{text}\n```\nHow many parameters (roughly) does it have?",
    "unclosed": lambda text: text.rstrip().rstrip(")"),
    "closed twice": lambda text: f"{text})\n)",
    "bound method": lambda text: f"<bound method Module.parameters of {text.partition(chr(10))[2].rstrip()}>",
    "notebook": lambda text: f"import torch\nmodel = torch.load('m.pt')\nprint(model)\n\n{text.partition(chr(10))[2]}",
    "coloured": lambda text: re.sub(r"(\w+)\(", "\x1b[1;35m\\1\x1b[0m\x1b[1m(\x1b[0m", text),
    "assigned": lambda text: f"model = {text.partition(chr(10))[2]}",
    "printed": lambda text: f"print({text.partition(chr(10))[2].rstrip()})",
    "remarks": lambda text: text.replace("(\n", "(  # a block of it, nothing else)\n"),
}


@pytest.mark.parametrize("how", AROUND)
def test_around(how: str) -> None:
    text = AROUND[how](pasted("bert"))
    assert may_be(text)
    assert counted(read(text)) == 109_482_240


REFUSED = [
    ("Hello (world)", '"Hello (world)" shows no printed layer, such as (fc): Linear('),
    ("", '"" shows no printed layer'),
    ("Net(\n  (a): Conv2d(3, 64, kernel_size=(7, 7), stride=(1, 1), groups=2)\n)",
     "line 2: Conv2d: 2 groups cannot share"),
    ("(a): A(" * 3000, "more than 2,000 brackets are open at line 1"),
    ("".join(f"(r{k}): LSTM(3, {k + 1}, num_layers=1999)\n" for k in range(40)), "more than 200,000 tensors are in"),
    ("x" * 5_000_000, "a text of 5,000,000 characters"),
]  # fmt: skip


def test_refused() -> None:
    for text, error in REFUSED:
        with pytest.raises(NotationError) as caught:
            read(text)
        assert error in str(caught.value)
        assert "\n" not in str(caught.value)


OTHERS = [
    "784-16-16-10", "[784, 16, 16, 10]", "conv 32 3x3; dense 10", "nn.Conv2d(3, 64, 7)", "Linear(16, 4)",
    "nn.Sequential(nn.Linear(16, 4), nn.Linear(4, 2))", "class Net(nn.Module):\n    def __init__(self):\n        pass",
    "Dense(64, input_dim=10)", "model.add(Dense(64, input_dim=10))", "dense_1 (Dense)  (None, 10)  7850",
    "[(1, 36), (36,)]", "torch.Size([200, 20])", "L=12 H=768 A=12 V=30522", "32C3-MP2-64C3-P2-128-N10", "resnet50",
    "Chain(Dense(784 => 32, relu), Dense(32 => 10))", "(5*5*3+1)*100", "bert-base-uncased", "2 x (conv 3; dense 4)",
    "import keras\ndef block(x):\n    if (x): Dense(10)\n    return (x): Dense(3)", "def f(x): Dense(10)(x)",
    "Sequential(\n    Conv2d(3, 64, kernel_size=(3, 3), stride=(1, 1)),\n    Linear(in_features=4, out_features=2, "
    "bias=True),\n)",
]  # fmt: skip


def test_other_forms_are_not_claimed() -> None:
    for text in OTHERS:
        assert not may_be(text), text


def test_a_large_print_is_read() -> None:
    lines = "".join(f"  (fc{k}): Linear(in_features=16, out_features={k % 50}1, bias=True)\n" for k in range(15_000))
    assert len(lines) > 900_000
    assert read(f"Net(\n{lines})").total == sum(17 * int(f"{k % 50}1") for k in range(15_000))


def test_deep_nesting() -> None:
    network = read("Net(\n" + "(a): A(\n" * 1000 + LINEAR + ")" * 1001)
    assert counted(network) == 10
    assert str(network)
    assert nparams.read("N(" + "(0-1): 2 x A(" * 60 + LINEAR + ")" * 61, form="torch-print").total == 10 * 2**60


PIECES = st.sampled_from(
    [*re.findall(r"\S+\s*|\n *", pasted("bert") + pasted("lenet_profiled") + pasted("falcon_adapted")), "(", ")", "...",
     "(0-3): 4 x ", "Parameter containing: [torch.FloatTensor of size 3x4]", "LSTM(3, 4, num_layers=2)", "= "]
)  # fmt: skip


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=60))
def test_only_our_errors(text: str) -> None:
    may_be(text)
    try:
        network = read(text)
    except ReadError as error:
        told = str(error)
    else:
        told = network.read_as
        assert counted(network) == network.total
    assert "\n" not in told
