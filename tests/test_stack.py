"""Lists of layers: every kind with its variants, every way of writing a list, each number worked out by hand."""

from __future__ import annotations

import csv
from typing import Any

import pytest

import nparams
from nparams.expr import Expr, equal, parse
from nparams.layers.catalogue import kinds
from nparams.layers.kind import Kind
from tests.conftest import shared

Case = tuple[str, str | None, int | str]


def read(text: str, convention: str | None = None, **options: Any) -> nparams.Network:
    return nparams.read(text, form="stack", convention=convention, **options)


def same(found: object, wanted: int | str) -> bool:
    """Whether a count is the number, or the expression, that was worked out."""
    assert isinstance(found, (int, Expr))
    return equal(found, parse(wanted)) if isinstance(wanted, str) else type(found) is int and found == wanted


def rows_of(network: nparams.Network) -> list[object]:
    """What each row with parameters holds."""
    return [row.total for row in network.layers if row.total != 0]


ENCODER = 4 * 8 * 8 + 2 * 8 * 16 + 2 * 8  # of width 8, 16 inside, norms with scales only, no biases

# what is typed | whose layers (None: the textbook's) | the total, from the definition of each layer
KINDS: list[Case] = [
    ("conv 32 3x3 s2 no bias on 16 + BN + relu", None, 9 * 16 * 32 + 2 * 32),
    ("dense d + e on 3", None, "4*d + 4*e"),
    ("conv 3x3 on 3", None, "(3*3*3 + 1)*c_out"),
    ("input 4; hidden layer: 16 neurons; output layer: 2 neurons", None, (4 + 1) * 16 + (16 + 1) * 2),
    ("layer1: 10 neurons on 4", None, (4 + 1) * 10),
    ("Conv layer: 6 5x5 filters on 1", None, (5 * 5 + 1) * 6),
    # dense
    ("dense 10 on 784", None, 784 * 10 + 10),
    ("dense 10 on 784 no bias", None, 784 * 10),
    ("linear 784 10", None, 784 * 10 + 10),
    ("fc 10 inputs=784", None, 784 * 10 + 10),
    ("dense 10", None, "n_in*10 + 10"),
    ("dense n on m", None, "m*n + n"),
    ("dense 4*d on d", None, "4*d**2 + 4*d"),
    ("input n; dense 10", None, "10*n + 10"),
    ("input 400x3; dense 8", None, 3 * 8 + 8),  # the same weights at every step
    ("input 28x28x1; dense 10", None, 28 * 28 * 10 + 10),
    ("input 28x28x1; dense 10", "keras", 1 * 10 + 10),
    ("input 28x28x1; dense 10", "torch", 1 * 10 + 10),
    ("input 3x224x224; dense 10", "torch", 224 * 10 + 10),  # torch.nn.Linear acts on the last side
    ("input 3x224x224; dense 10", None, 3 * 224 * 224 * 10 + 10),
    ("dense 64 lora 8 on 128", None, 128 * 64 + 64 + 8 * (128 + 64)),
    ("dense 64 lora 8 dora on 128", None, 128 * 64 + 64 + 8 * (128 + 64) + 64),
    ("dense 64 lora 8 no bias on 128", None, 128 * 64 + 8 * (128 + 64)),
    ("lora 16 on 4096 to 4096", None, 16 * (4096 + 4096)),
    ("lora 16 768 3072 dora", None, 16 * (768 + 3072) + 3072),
    # convolutions
    ("conv 32 3x3 on 3", None, (3 * 3 * 3 + 1) * 32),
    ("conv 32 3x3 on 3 no bias", None, 3 * 3 * 3 * 32),
    ("conv 32 5x3 on 4", None, (5 * 3 * 4 + 1) * 32),
    ("conv 32 3 on 3", None, (3 * 3 * 3 + 1) * 32),  # an image, unless something else is known
    ("input 28x28x1; conv 32 3x3", None, (3 * 3 * 1 + 1) * 32),
    ("input 100x8; conv 16 5", None, (5 * 8 + 1) * 16),  # along the one side that comes in
    ("conv1d 16 5 on 8", None, (5 * 8 + 1) * 16),
    ("conv3d 64 3x3x3 on 3", None, (3 * 3 * 3 * 3 + 1) * 64),
    ("conv3d 64 3 on 3", None, (3 * 3 * 3 * 3 + 1) * 64),
    ("input 3x16x112x112; conv3d 64 3x3x3", None, (3 * 3 * 3 * 3 + 1) * 64),
    ("conv 64 3x3 groups 4 on 32", None, 3 * 3 * (32 // 4) * 64 + 64),
    ("conv 32 3x3 groups 32 on 32", None, 3 * 3 * 32 + 32),
    ("conv 64 3x3 dilation 2 on 32", None, (3 * 3 * 32 + 1) * 64),
    ("conv 64 3x3 stride 2 padding 1 on 32", None, (3 * 3 * 32 + 1) * 64),
    ("conv 16 5x5 table 6x3 9x4 1x6 on 6", None, 5 * 5 * (6 * 3 + 9 * 4 + 1 * 6) + 16),  # LeNet-5's C3: 1,516
    ("conv 32 3x3", None, "9*c_in*32 + 32"),
    ("conv n k on c", None, "k**2*c*n + n"),
    ("input n x n x c; conv 3 3x3", None, "27*c + 3"),
    ("conv 64 3x3 groups g on c", None, "9*(c//g)*64 + 64"),
    ("deconv 64 2x2 stride 2 on 128", None, (2 * 2 * 128 + 1) * 64),
    ("deconv 64 4x4 stride 2 groups 2 on 32", None, 4 * 4 * 32 * (64 // 2) + 64),
    ("deconv 64 2x2 on 128 no bias", None, 2 * 2 * 128 * 64),
    ("conv2dtranspose 3 5x5 on 16", None, (5 * 5 * 16 + 1) * 3),
    ("conv1d transpose 3 5 on 16", None, (5 * 16 + 1) * 3),
    ("depthwise conv 3x3 on 32", None, (3 * 3 + 1) * 32),
    ("depthwise conv 3x3 multiplier 2 on 32", None, (3 * 3 + 1) * 32 * 2),
    ("depthwise conv 3x3 on 32 no bias", None, 3 * 3 * 32),
    ("dw 3 on 32; conv 64 1x1", None, (3 * 3 + 1) * 32 + (32 + 1) * 64),
    ("sepconv 32 3x3 on 16", None, 3 * 3 * 16 + (16 + 1) * 32),
    ("sepconv 32 3x3 on 16", "keras", 3 * 3 * 16 + (16 + 1) * 32),
    ("sepconv 32 3x3 on 16", "torch", (3 * 3 + 1) * 16 + (16 + 1) * 32),
    ("sepconv 32 3x3 multiplier 2 on 16", None, 3 * 3 * 16 * 2 + (16 * 2 + 1) * 32),
    ("sepconv 32 3x3 on 16 no bias", "torch", 3 * 3 * 16 + 16 * 32),
    ("separable conv1d 32 5 on 16", None, 5 * 16 + (16 + 1) * 32),
    ("patch embedding 16 768 on 224x224x3", None, 16 * 16 * 3 * 768 + 768),
    ("input 224x224x3; patch embedding 16 768; flatten; dense 1", None, (16 * 16 * 3 + 1) * 768 + 14 * 14 * 768 + 1),
    ("locally connected 8 3x3 on 28x28x1", None, 26 * 26 * (3 * 3 * 1 + 1) * 8),
    ("locally connected 8 3x3 on 28x28x1 no bias", None, 26 * 26 * 3 * 3 * 1 * 8),
    ("input 10x4; locallyconnected1d 6 3", None, 8 * (3 * 4 + 1) * 6),
    # norms
    ("batchnorm 64", None, 2 * 64),
    ("batchnorm 64", "torch", 2 * 64),
    ("batchnorm 64", "keras", 2 * 64),
    ("batchnorm 64 no beta", None, 64),
    ("batchnorm 64 no scale", None, 64),
    ("batchnorm 64 affine=False", None, 0),
    ("input 8x8x3; bn", None, 2 * 3),
    ("layernorm 768", None, 2 * 768),
    ("layernorm 768 no bias", None, 768),
    ("layernorm elementwise_affine=False on 768", None, 0),
    ("input 28x28x3; layernorm", None, 2 * 3),
    ("input 28x28x3; layernorm 28x28x3", None, 2 * 28 * 28 * 3),
    ("groupnorm 32 on 64", None, 2 * 64),
    ("groupnorm groups 8 channels 64", None, 2 * 64),
    ("instancenorm 64", None, 2 * 64),
    ("instancenorm 64", "torch", 0),
    ("instancenorm 64 affine", "torch", 2 * 64),
    ("rmsnorm 4096", None, 4096),
    ("rmsnorm d", None, "d"),
    ("layerscale 768", None, 768),
    ("prelu 64", None, 64),
    ("prelu 1 on 64", None, 1),
    ("input 8x8x3; prelu", None, 3),
    ("input 8x8x3; prelu", "torch", 1),
    ("input 8x8x3; prelu", "keras", 8 * 8 * 3),
    # recurrent layers: a gate weighs n inputs and h outputs
    ("rnn 64 on 32", None, 64 * (32 + 64) + 64),
    ("rnn 64 on 32", "torch", 64 * (32 + 64) + 2 * 64),
    ("rnn 64 on 32 no bias", "torch", 64 * (32 + 64)),
    ("rnn 32 64", None, 64 * (32 + 64) + 64),
    ("birnn 8 on 4", None, 2 * (8 * (4 + 8) + 8)),
    ("lstm 128 on 64", None, 4 * (128 * (64 + 128) + 128)),
    ("lstm 128 on 64", "torch", 4 * (128 * (64 + 128) + 2 * 128)),
    ("lstm 128 on 64", "keras", 4 * (128 * (64 + 128) + 128)),
    ("lstm h on n", None, "4*(h*(n + h) + h)"),
    ("lstm 128", None, "4*(128*(n + 128) + 128)"),
    ("lstm 50 layers=3 on 20 no bias", None, 4 * 50 * (20 + 50) + 2 * 4 * 50 * (50 + 50)),  # 54,000
    ("lstm 20 50 3 no bias", None, 4 * 50 * (20 + 50) + 2 * 4 * 50 * (50 + 50)),
    ("lstm 128 layers=2 on 32", "torch", 4 * 128 * (32 + 128 + 2) + 4 * 128 * (128 + 128 + 2)),  # 215,040
    ("lstm 8 layers=L on 4", None, "4*8*(4 + 8 + 1) + (L - 1)*4*8*(8 + 8 + 1)"),
    ("bilstm 8 on 4", None, 2 * 4 * 8 * (4 + 8 + 1)),
    ("lstm 20 projection 15 on 10", "torch", 4 * 20 * 10 + 4 * 20 * 15 + 2 * 4 * 20 + 15 * 20),  # 2,460
    ("lstm 20 proj_size 15 layers 2 on 10 no bias", None, 80 * (10 + 15) + 15 * 20 + 80 * (15 + 15) + 15 * 20),
    ("lstm 8 peephole on 4", None, 4 * 8 * (4 + 8 + 1) + 3 * 8),
    ("lstm 8 learned state on 4", None, 4 * 8 * (4 + 8 + 1) + 2 * 8),
    ("lstm 8 learned state projection 3 on 4", None, 4 * 8 * (4 + 3 + 1) + 3 * 8 + 3 + 8),
    ("bilstm 8 learned state on 4", None, 2 * (4 * 8 * (4 + 8 + 1) + 2 * 8)),
    ("gru 8 learned state on 4", None, 3 * 8 * (4 + 8 + 1) + 8),
    ("bidirectional lstm 8 summed on 4; dense 1", None, 2 * 4 * 8 * (4 + 8 + 1) + 8 + 1),
    ("bidirectional lstm 8 on 4; dense 1", None, 2 * 4 * 8 * (4 + 8 + 1) + 2 * 8 + 1),
    ("lstm 8 bias vectors 2 on 4", None, 4 * 8 * (4 + 8 + 2)),
    ("cudnnlstm 8 on 4", "keras", 4 * 8 * (4 + 8 + 2)),
    ("gru 32 on 32", None, 3 * (32 * (32 + 32) + 32)),
    ("gru 32 on 32", "torch", 3 * (32 * (32 + 32) + 2 * 32)),
    ("gru 32 on 32", "keras", 3 * (32 * (32 + 32) + 2 * 32)),  # reset_after
    ("gru 32 reset_after on 32", None, 3 * (32 * (32 + 32) + 2 * 32)),
    ("gru 32 reset_after=False on 32", "keras", 3 * (32 * (32 + 32) + 32)),
    ("bigru 16 layers=2 on 8", "torch", 2 * 3 * 16 * (8 + 16 + 2) + 2 * 3 * 16 * (32 + 16 + 2)),
    ("convlstm 64 3x3 on 3", None, 4 * (3 * 3 * (3 + 64) + 1) * 64),
    ("convlstm 64 3x3 on 3 no bias", None, 4 * 3 * 3 * (3 + 64) * 64),
    ("input 10x8x8x3; convlstm 4 3x3 same peephole", None, 4 * (3 * 3 * (3 + 4) + 1) * 4 + 3 * 4 * 8 * 8),
    # attention: the heads share the width, d/h numbers each
    ("attention 512 heads 8", None, 4 * 512 * 512 + 4 * 512),
    ("attention 512", None, 4 * 512 * 512 + 4 * 512),
    ("attention 512 no bias", None, 4 * 512 * 512),
    ("attention 512 heads 8 kv 2", None, 2 * 512 * 512 + 2 * 512 * 128 + 2 * 512 + 2 * 128),
    ("attention 512 heads 8 kv heads 2 no bias", None, 2 * 512 * 512 + 2 * 512 * 128),
    ("mqa 512 heads 8 no bias", None, 2 * 512 * 512 + 2 * 512 * 64),
    ("attention 512 heads 4 head dim 64", None, 4 * 512 * 256 + 3 * 256 + 512),
    ("attention 512 heads 8 value dim 32", None, 2 * 512 * 512 + 2 * 512 * 256 + 512 + 512 + 256 + 512),
    ("attention 512 heads 8 kdim 256 vdim 128", None, 2 * 512 * 512 + 256 * 512 + 128 * 512 + 4 * 512),
    ("attention 512 vdim 128", None, 3 * 512 * 512 + 128 * 512 + 4 * 512),  # values alone
    ("attention 512 kdim 128", None, 3 * 512 * 512 + 128 * 512 + 4 * 512),  # keys alone
    ("attention 512 memory 128", None, 2 * 512 * 512 + 2 * 128 * 512 + 4 * 512),  # both
    ("cross attention 512 heads 8 memory 256", None, 2 * 512 * 512 + 2 * 256 * 512 + 4 * 512),
    ("attention 512 heads 8 qk norm", None, 4 * 512 * 512 + 4 * 512 + 2 * 64),
    ("attention 512 no qkv bias", None, 4 * 512 * 512 + 512),
    ("attention 512 no out bias", None, 4 * 512 * 512 + 3 * 512),
    ("attention 512 no output projection", None, 3 * (512 * 512 + 512)),
    ("attention 512 add bias kv", None, 4 * 512 * 512 + 4 * 512 + 2 * 512),
    ("attention 64 lora 4 no bias", None, 4 * 64 * 64 + 4 * 4 * (64 + 64)),
    ("attention 64 lora 4 targets qv no bias", None, 4 * 64 * 64 + 2 * 4 * (64 + 64)),
    (
        "mla 5120 heads 128 kv rank 512 q rank 1536 nope 128 rope 64 value dim 128", None,
        5120 * 1536 + 1536 + 1536 * 128 * (128 + 64) + 5120 * (512 + 64) + 512 + 512 * 128 * (128 + 128)
        + 128 * 128 * 5120,
    ),
    (
        "mla 64 heads 4 kv rank 16 nope 8 rope 4 value dim 8", None,
        64 * 4 * (8 + 4) + 64 * (16 + 4) + 16 + 16 * 4 * (8 + 8) + 4 * 8 * 64,
    ),
    # what transformers are built of
    ("ffn 3072 on 768", None, 768 * 3072 + 3072 + 3072 * 768 + 768),
    ("ffn 768 3072", None, 768 * 3072 + 3072 + 3072 * 768 + 768),
    ("ffn 3072 on 768 no bias", None, 2 * 768 * 3072),
    ("ffn 4*d on d", None, "8*d**2 + 5*d"),
    ("gated ffn 3072 on 768", None, 3 * 768 * 3072),
    ("swiglu 3072 on 768", None, 3 * 768 * 3072),
    ("ffn 3072 gated bias on 768", None, 3 * 768 * 3072 + 2 * 3072 + 768),
    ("encoder 768 heads 12 ff 3072", None, 4 * (768 * 768 + 768) + 2 * 768 * 3072 + 3072 + 768 + 2 * 2 * 768),
    ("encoder 8 heads 2 ff 16 no bias", None, 4 * 8 * 8 + 2 * 8 * 16 + 2 * 8),
    ("encoder 8 heads 2 ff 16 no norms", None, 4 * (8 * 8 + 8) + 2 * 8 * 16 + 16 + 8),
    ("encoder 8 heads 2 ff 16 no attention bias", None, 4 * 8 * 8 + 2 * 8 * 16 + 16 + 8 + 2 * 2 * 8),
    ("encoder 8 heads 2 ff 16 layers 3", None, 3 * (4 * (8 * 8 + 8) + 2 * 8 * 16 + 16 + 8 + 2 * 2 * 8)),
    (
        "encoder 8 heads 2 ff 16 layers 3 final norm", None,
        3 * (4 * (8 * 8 + 8) + 2 * 8 * 16 + 16 + 8 + 2 * 2 * 8) + 2 * 8,
    ),
    ("encoder 8 heads 4 kv 2 ff 16 no bias", None, 2 * 8 * 8 + 2 * 8 * 4 + 2 * 8 * 16 + 2 * 8),
    ("decoder 512 heads 8 ff 2048", None, 8 * (512 * 512 + 512) + 2 * 512 * 2048 + 2048 + 512 + 3 * 2 * 512),
    ("decoder 8 ff 16 memory 4 no bias", None, 4 * 8 * 8 + 2 * 8 * 8 + 2 * 4 * 8 + 2 * 8 * 16 + 3 * 8),
    (
        "transformer 512 8 6 6 2048", None,
        6 * (4 * (512 * 512 + 512) + 2 * 512 * 2048 + 2048 + 512 + 2 * 2 * 512)
        + 6 * (8 * (512 * 512 + 512) + 2 * 512 * 2048 + 2048 + 512 + 3 * 2 * 512) + 2 * 2 * 512,
    ),  # 44,140,544, what torch.nn.Transformer() holds
    ("moe 8 experts top 2 ff 14336 swiglu on 4096", None, 8 * 3 * 4096 * 14336 + 4096 * 8),
    ("moe 4 experts top 1 ff 16 on 8", None, 4 * (2 * 8 * 16 + 16 + 8) + 8 * 4),
    ("moe 4 experts top 1 ff 16 router bias on 8", None, 4 * (2 * 8 * 16 + 16 + 8) + 8 * 4 + 4),
    ("moe 4 experts top 2 ff 16 swiglu 2 shared on 8", None, (4 + 2) * 3 * 8 * 16 + 8 * 4),
    ("encoder 8 heads 2 ff 16 4 experts top 2 no bias", None, 4 * 8 * 8 + 4 * 2 * 8 * 16 + 8 * 4 + 2 * 8),
    # tables and lone arrays
    ("embedding 50257 768", None, 50257 * 768),
    ("embedding V d", None, "V*d"),
    ("input 20 tokens; embedding 100 8; flatten; dense 1", None, 100 * 8 + 20 * 8 + 1),
    ("input 20 tokens; embedding bag 100 8; dense 1", None, 100 * 8 + 8 + 1),  # one row, of all tokens
    ("positions 1024 on 768", None, 1024 * 768),
    ("positions 1024 768", None, 1024 * 768),
    ("input 50x16; positions", None, 50 * 16),
    ("class token on 768", None, 768),
    ("param 3x4", None, 3 * 4),
    ("param 1", None, 1),
    ("param 2x3x4x5", None, 2 * 3 * 4 * 5),
    ("scalar", None, 1),
    ("param d", None, "d"),
    ("buffer 3x4", None, 0),
    ("relpos buckets 32 heads 12", None, 32 * 12),  # T5
    ("relpos window 7 heads 3", None, (2 * 7 - 1) ** 2 * 3),  # Swin
    ("relpos distance 16 dim 64", None, (2 * 16 + 1) * 64),  # Shaw et al.
    # layers of a few dense parts
    ("bilinear 20 30 40", None, 20 * 30 * 40 + 40),
    ("bilinear 20 30 40 no bias", None, 20 * 30 * 40),
    ("maxout 7 pieces 3 on 5", None, 3 * (5 * 7 + 7)),
    ("highway 64", None, 2 * (64 * 64 + 64)),
    ("se 16 on 64", None, 64 * 4 + 4 + 4 * 64 + 64),
    ("se 16 on 64 no bias", None, 2 * 64 * 4),
    ("squeeze and excitation ratio 4 on c no bias", None, "2*c*(c//4)"),
    ("primarycaps 32 8 9x9 stride 2 on 256", None, (9 * 9 * 256 + 1) * 32 * 8),
    ("digitcaps 10 16 on 1152x8", None, 1152 * 10 * 8 * 16),
    ("digitcaps 10 16 bias on 1152x8", None, 1152 * 10 * 8 * 16 + 10 * 16),
    ("capsule 10 16 in dim 8 inputs 1152", None, 1152 * 10 * 8 * 16),
    ("gcn 16 on 1433", None, 1433 * 16 + 16),
    ("gcn 16 on 1433 no bias", None, 1433 * 16),
    # layers without parameters: what they send is seen by the dense layer after them
    ("input 28x28x1; maxpool 2; flatten; dense 1", None, 14 * 14 + 1),
    ("input 28x28x1; maxpool 3 s2; flatten; dense 1", None, 13 * 13 + 1),  # (28 - 3)//2 + 1
    ("input 28x28x1; maxpool 3 s2 ceil; flatten; dense 1", None, 14 * 14 + 1),
    ("input 7x7x1; maxpool 2 s2 ceil; flatten; dense 1", None, 4 * 4 + 1),
    ("input 7x7x1; maxpool 2 same; flatten; dense 1", None, 4 * 4 + 1),
    ("input 7x7x1; maxpool 2; flatten; dense 1", None, 3 * 3 + 1),
    ("input 7x7x1; maxpool 3 s2 padding 1; flatten; dense 1", None, 4 * 4 + 1),  # (7 + 2 - 3)//2 + 1
    ("input 5x5x1; maxpool 2 stride 3 padding 1 ceil; flatten; dense 1", None, 2 * 2 + 1),  # one window less
    ("input 4x4x1; maxpool 2 stride 4 padding 1 ceil; flatten; dense 1", None, 2 * 2 + 1),
    ("input 28x28x6; avgpool 2; flatten; dense 1", None, 14 * 14 * 6 + 1),
    ("input 12x6; maxpool1d 3; flatten; dense 1", None, 4 * 6 + 1),
    ("input 8x8x8x2; maxpool3d 2; flatten; dense 1", None, 4 * 4 * 4 * 2 + 1),
    ("input 28x20x6; maxpool 2x4; flatten; dense 1", None, 14 * 5 * 6 + 1),
    ("input 28x28x6; gap; dense 1", None, 6 + 1),
    ("input 28x28x6; global max pooling; dense 1", None, 6 + 1),
    ("input 28x28x6; adaptive avgpool 7x7; flatten; dense 1", None, 7 * 7 * 6 + 1),
    ("input 28x28x6; adaptive avgpool 3; flatten; dense 1", None, 3 * 3 * 6 + 1),
    ("input 4x5x6; flatten; dense 1", None, 4 * 5 * 6 + 1),
    ("input 6; dropout 0.5; relu; identity; dense 1", None, 6 + 1),
    ("input 12544; reshape 7x7x256; conv 1 1x1", None, 256 + 1),
    ("input 7x7x3; upsample 2; flatten; dense 1", None, 14 * 14 * 3 + 1),
    ("input 4x4x8; pixelshuffle 2; flatten; dense 1", None, 8 * 8 * 2 + 1),
    ("input 4x4x8; pixelshuffle 2; conv 1 1x1", None, 2 + 1),
    ("input 4x4x8; pixel unshuffle 2; conv 1 1x1", None, 8 * 4 + 1),
    ("input 4x4x8; zeropad 1; flatten; dense 1", None, 6 * 6 * 8 + 1),
    ("input 4x4x8; crop 1; flatten; dense 1", None, 2 * 2 * 8 + 1),
    ("input 5; repeatvector 10; flatten; dense 1", None, 5 * 10 + 1),
    ("input 50x16; transpose; dense 1", None, 50 + 1),
    # words in any order, symbols in any place
    ("bidirectional lstm 8 layers=2 on 4", None, 2 * 4 * 8 * (4 + 8 + 1) + 2 * 4 * 8 * (16 + 8 + 1)),
    ("lstm 8 bidirectional no bias on 4", None, 2 * 4 * 8 * (4 + 8)),
    ("lstm 8 peephole no bias on 4", None, 4 * 8 * (4 + 8) + 3 * 8),
    ("gru 8 seq no bias on 4", None, 3 * 8 * (4 + 8)),
    ("ffn 16 gated no bias on 8", None, 3 * 8 * 16),
    ("moe 4 experts top 2 ff 16 swiglu no bias on 8", None, 4 * 3 * 8 * 16 + 8 * 4),
    ("moe 4 experts top 2 ff 16 swiglu shared 1 shared ff 32 on 8", None, 4 * 3 * 8 * 16 + 3 * 8 * 32 + 8 * 4),
    ("moe E experts top 2 ff f no bias on d", None, "2*d*f*E + d*E"),
    ("attention 8 heads 2 qk norm no bias", None, 4 * 8 * 8 + 2 * 4),
    ("encoder 8 heads 2 ff 16 rmsnorm no bias", None, ENCODER),
    ("encoder 8 heads 2 ff 16 swiglu rms no bias", None, ENCODER + 8 * 16),
    ("batchnorm affine no statistics on 4", None, 2 * 4),
    ("attention d heads h", None, "4*d**2 + 4*d"),
    ("attention d heads h kv k no bias", None, "2*(h*(d//h)*d) + 2*k*(d//h)*d"),
    ("encoder d heads h ff f", None, "4*d**2 + 4*d + 2*d*f + f + d + 4*d"),
    ("conv 32 k3x3 s2 on 16", None, (3 * 3 * 16 + 1) * 32),
    ("embedding 100 8 lora 2", None, 100 * 8 + 2 * (100 + 8)),
    ("embedding 50257x768", None, 50257 * 768),
    ("L x dense d on d", None, "L*(d**2 + d)"),
    ("10 units dense on 784", None, 785 * 10),
    ("a fully connected layer with 10 neurons on 784", None, 785 * 10),
    ("conv 32, 3x3, same on 16", None, (9 * 16 + 1) * 32),
    ("CONV 32 3X3 SAME ON 16", None, (9 * 16 + 1) * 32),
    ("conv 32 3x3 same activation='relu' on 16", None, (9 * 16 + 1) * 32),
    ("1) dense 5 on 4\n2) dense 3", None, 5 * 5 + 6 * 3),
    ("2-layer lstm 32 on 4", None, 4 * 32 * (4 + 32 + 1) + 4 * 32 * (32 + 32 + 1)),
    ("lstm 32, 2 layers on 4", None, 4 * 32 * (4 + 32 + 1) + 4 * 32 * (32 + 32 + 1)),
    ("attention d h", None, "4*d**2 + 4*d"),
    ("attention d1 heads h1", None, "4*d1**2 + 4*d1"),
    ("8 heads attention 512", None, 4 * 512 * 512 + 4 * 512),
    ("12-head attention 768", None, 4 * 768 * 768 + 4 * 768),
    ("encoder d ff f", None, "4*d**2 + 4*d + 2*d*f + f + d + 4*d"),
    ("L x encoder d ff 4*d", None, "L*(12*d**2 + 13*d)"),  # 4*d**2 + 4*d, 8*d**2 + 5*d, and two norms
    ("ffn d f", None, "2*d*f + f + d"),
    ("ffn 4d on d", None, "8*d**2 + 5*d"),
    ("dense 4d on d", None, "4*d**2 + 4*d"),
    ("lstm n h L", None, "4*h*(n + h + 1) + (L - 1)*4*h*(2*h + 1)"),
    ("lstm h1 on n1", None, "4*h1*(n1 + h1 + 1)"),
    ("input h0; lstm h1; lstm h2", None, "4*h1*(h0 + h1 + 1) + 4*h2*(h1 + h2 + 1)"),
    ("relpos b h", None, "b*h"),
    ("groupnorm g c", None, "2*c"),
    ("digitcaps n d on 1152x8", None, "1152*n*8*d"),
    ("highway n1", None, "2*(n1**2 + n1)"),
    ("conv f 3x3 stride s on c", None, "9*c*f + f"),
    ("conv f k3 s2 p1 on c", None, "9*c*f + f"),  # of a layer with windows, k3 is an argument and no symbol
    ("conv k filters 3x3 on c", None, "9*c*k + k"),
    ("conv k3 8 on 3", None, (3 * 3 * 3 + 1) * 8),
    ("conv 6 5x5 filters on 1", None, (5 * 5 + 1) * 6),
    ("conv 128 filters that are each 7x7 on 3", None, (7 * 7 * 3 + 1) * 128),
    ("conv 32 3x3 with a stride of 2 on 16", None, (9 * 16 + 1) * 32),
    ("input 27x27x48; conv 64 kernels of 5 x 5 x 48", None, (5 * 5 * 48 + 1) * 64),  # over all 48 channels
    ("FC-4096 on 512", None, 513 * 4096),
    ("fc6: dense 4096 on 512", None, 513 * 4096),
    ("784 inputs; dense 10", None, 785 * 10),
    ("input (None, 28, 28, 1); flatten; dense 10", None, 28 * 28 * 10 + 10),
    ("2 x 3 x (dense 4 on 4)", None, 2 * 3 * 5 * 4),
    ("input 64; block x3 (dense 64; relu)", None, 3 * 65 * 64),
    ("3 dense layers 64 on 64", None, 3 * 65 * 64),
    ("dense 64 on 64 x 3", None, 3 * 65 * 64),
    ("dense 64 on 64 x L", None, "L*65*64"),
]  # fmt: skip

# what is typed | whose layers | what each layer with parameters holds
LISTS: list[tuple[str, str | None, list[int | str]]] = [
    ("input 28x28x1; conv 32 3x3; maxpool 2; flatten; dense 10", None, [(3 * 3 + 1) * 32, (13 * 13 * 32 + 1) * 10]),
    (
        "input 28x28x1; conv 32 3x3; maxpool 2; flatten; dense 100; dense 10", None,
        [(3 * 3 + 1) * 32, (13 * 13 * 32 + 1) * 100, (100 + 1) * 10],
    ),
    ("input 28x28x1; conv 10 3x3 same; flatten; dense 2", "keras", [(3 * 3 + 1) * 10, (28 * 28 * 10 + 1) * 2]),
    (
        "input 32x32x1; conv 6 5x5; avgpool 2; conv 16 5x5; avgpool 2; conv 120 5x5; flatten; dense 84; dense 10", None,
        [(25 + 1) * 6, (25 * 6 + 1) * 16, (25 * 16 + 1) * 120, (120 + 1) * 84, (84 + 1) * 10],
    ),  # LeNet-5 without its table: 61,706
    (
        "input 3x224x224; conv 64 11x11 s4 pad 2; maxpool 3 s2; conv 192 5x5 pad 2; maxpool 3 s2; conv 384 3x3 pad 1; "
        "conv 256 3x3 pad 1; conv 256 3x3 pad 1; maxpool 3 s2; flatten; dense 4096; dense 4096; dense 1000", "torch",
        [
            (121 * 3 + 1) * 64, (25 * 64 + 1) * 192, (9 * 192 + 1) * 384, (9 * 384 + 1) * 256, (9 * 256 + 1) * 256,
            (6 * 6 * 256 + 1) * 4096, (4096 + 1) * 4096, (4096 + 1) * 1000,
        ],
    ),  # 224 -> 55 -> 27 -> 13 -> 6: 61,100,840
    (
        "input 224x224x3; 2 x conv 64 3x3 same; maxpool 2; 2 x conv 128 3x3 same; maxpool 2; 3 x conv 256 3x3 same; "
        "maxpool 2; 3 x conv 512 3x3 same; maxpool 2; 3 x conv 512 3x3 same; maxpool 2; flatten; 2 x dense 4096; "
        "dense 1000", None,
        [
            (27 + 1) * 64, (9 * 64 + 1) * 64, (9 * 64 + 1) * 128, (9 * 128 + 1) * 128, (9 * 128 + 1) * 256,
            2 * (9 * 256 + 1) * 256, (9 * 256 + 1) * 512, 2 * (9 * 512 + 1) * 512, 3 * (9 * 512 + 1) * 512,
            (7 * 7 * 512 + 1) * 4096, (4096 + 1) * 4096, (4096 + 1) * 1000,
        ],
    ),  # VGG-16: 138,357,544
    ("input 400x3; lstm 50; dense 1", "keras", [4 * (50 * (3 + 50) + 50), 50 + 1]),
    ("input 28x28; simplernn 128; dense 10", "keras", [128 * (28 + 128) + 128, (128 + 1) * 10]),
    ("input 64x15; gru 16 seq; timedistributed dense 8", None, [3 * 16 * (15 + 16 + 1), (16 + 1) * 8]),
    ("input 16x8x8x3; timedistributed conv 4 3x3", None, [(3 * 3 * 3 + 1) * 4]),
    (
        "input 5x8x8x3; td conv 4 3x3; td maxpool 2; td flatten; lstm 6; dense 2", None,
        [(9 * 3 + 1) * 4, 4 * 6 * (3 * 3 * 4 + 6 + 1), (6 + 1) * 2],
    ),
    ("input 12x8; conv1d 16 3; maxpool 2; flatten; dense 4", None, [(3 * 8 + 1) * 16, (5 * 16 + 1) * 4]),
    ("input 30; repeatvector 7; lstm 5 seq; timedistributed dense 2", None, [4 * 5 * (30 + 5 + 1), (5 + 1) * 2]),
    ("input 400x3; lstm 50; flatten; dense 1", None, [4 * (50 * (3 + 50) + 50), 50 + 1]),  # the last step alone
    ("input 400x3; lstm 50 return_sequences; flatten; dense 1", None, [4 * 50 * (3 + 50 + 1), 400 * 50 + 1]),
    ("input 400x3; lstm 50 return_sequences=True; gru 8; dense 1", None, [10800, 3 * 8 * (50 + 8 + 1), 8 + 1]),
    # a sequence of tokens
    (
        "input 512 tokens; embedding 30522 128; bilstm 64; dense 2", None,
        [30522 * 128, 2 * 4 * 64 * (128 + 64 + 1), (2 * 64 + 1) * 2],
    ),
    ("tokens 20; embedding 100 8; flatten; dense 1", None, [100 * 8, 20 * 8 + 1]),
    ("input tokens 20; embedding 100 8; positions; encoder 8 ff 32", None, [
        100 * 8, 20 * 8, 4 * (8 * 8 + 8), 2 * 8, 2 * 8 * 32 + 32 + 8, 2 * 8,
    ]),
    # windows: floor((n + 2p - k)/s) + 1
    ("input 227x227x3; conv 96 11x11 s4; flatten; dense 1", None, [(121 * 3 + 1) * 96, 55 * 55 * 96 + 1]),
    ("input 28x28x1; conv 2 3x3 s2 same; flatten; dense 1", None, [(9 + 1) * 2, 14 * 14 * 2 + 1]),
    ("input 28x28x1; conv 2 3x3 padding full; flatten; dense 1", None, [(9 + 1) * 2, 30 * 30 * 2 + 1]),
    ("input 28x28x1; conv 2 3x3 dilation 2; flatten; dense 1", None, [(9 + 1) * 2, 24 * 24 * 2 + 1]),
    ("input 28x20x1; conv 2 5x3 stride 2x1; flatten; dense 1", None, [(15 + 1) * 2, 12 * 18 * 2 + 1]),
    ("input 28x20x1; conv 2 5x3 padding 2x1; flatten; dense 1", None, [(15 + 1) * 2, 28 * 20 * 2 + 1]),
    ("input 10x4; conv1d 2 3 causal; flatten; dense 1", None, [(3 * 4 + 1) * 2, 10 * 2 + 1]),
    ("input 4x4x256; deconv 8 4x4 stride 2 padding 1; flatten; dense 1", None, [(16 * 256 + 1) * 8, 8 * 8 * 8 + 1]),
    ("input 4x4x256; deconv 8 3x3 stride 2 padding 1 output padding 1; flatten; dense 1", None, [
        (9 * 256 + 1) * 8, 8 * 8 * 8 + 1,
    ]),  # 2*(4 - 1) + 3 - 2 + 1 = 8
    ("input 4x4x8; deconv 3 2x2 stride 3; flatten; dense 1", None, [(4 * 8 + 1) * 3, 11 * 11 * 3 + 1]),  # 3*3 + 2
    ("input 4x4x8; deconv 3 2x2 stride 3; flatten; dense 1", "keras", [(4 * 8 + 1) * 3, 12 * 12 * 3 + 1]),  # 4*3
    ("input 4x4x8; deconv 3 5x5 stride 2 same; flatten; dense 1", None, [(25 * 8 + 1) * 3, 8 * 8 * 3 + 1]),
    # capsules, from the image on
    (
        "input 28x28x1; conv 256 9x9; primarycaps 32 8 9x9 s2; digitcaps 10 16", None,
        [(81 + 1) * 256, (81 * 256 + 1) * 256, 6 * 6 * 32 * 10 * 8 * 16],
    ),
    # branches
    (
        "input 28x28x192; concat (conv 64 1x1 | conv 96 1x1; conv 128 3x3 same | conv 16 1x1; conv 32 5x5 same | "
        "maxpool 3 s1 same; conv 32 1x1); gap; dense 10", None,
        [
            193 * 64, 193 * 96, (9 * 96 + 1) * 128, 193 * 16, (25 * 16 + 1) * 32, 193 * 32,
            (64 + 128 + 32 + 32 + 1) * 10,
        ],
    ),  # GoogLeNet's 3a
    ("input 8; concat (dense 3 | dense 4 | ); dense 1", None, [9 * 3, 9 * 4, 3 + 4 + 8 + 1]),
    ("input 8; (dense 3 | dense 4); dense 1", None, [9 * 3, 9 * 4, 3 + 4 + 1]),
    ("input 8; parallel (dense 3 | dense 4); dense 1", None, [9 * 3, 9 * 4, 3 + 4 + 1]),
    ("input 8; multiply (dense 3 | dense 3 sigmoid); dense 1", None, [9 * 3, 9 * 3, 3 + 1]),
    ("input 8; add (dense 3 | dense 3); dense 1", None, [9 * 3, 9 * 3, 3 + 1]),
    ("input 8; residual (dense 5; relu; dense 8); dense 1", None, [9 * 5, 6 * 8, 8 + 1]),
    ("input 8; skip (dense 5; relu; dense 8); dense 1", None, [9 * 5, 6 * 8, 8 + 1]),
    (
        "input 56x56x64; residual (conv 128 3x3 s2 pad 1 no bias; bn; relu; conv 128 3x3 pad 1 no bias; bn | "
        "conv 128 1x1 s2 no bias; bn); relu; gap; dense 10", "torch",
        [9 * 64 * 128, 2 * 128, 9 * 128 * 128, 2 * 128, 64 * 128, 2 * 128, (128 + 1) * 10],
    ),
    ("input 56x56x64; 3 x residual (conv 64 3x3 same; bn; relu; conv 64 3x3 same; bn)", None, [
        3 * (9 * 64 + 1) * 64, 3 * 2 * 64, 3 * (9 * 64 + 1) * 64, 3 * 2 * 64,
    ]),
    # names
    (
        "input 64x64x3; conv 16 3x3 same as c1; maxpool 2; conv 32 3x3 same; upsample 2; concat c1; conv 1 1x1", None,
        [(27 + 1) * 16, (9 * 16 + 1) * 32, 32 + 16 + 1],
    ),
    ("input 8; dense 4 as a; dense 3; goto a; dense 5", None, [9 * 4, 5 * 3, 5 * 5]),
    ("input 8; dense 4 as a; dense 4; add a; dense 5", None, [9 * 4, 5 * 4, 5 * 5]),
    ("input 8; dense 4 as a; goto input; dense 3 as b; concat a b; dense 5", None, [9 * 4, 9 * 3, 8 * 5]),
    # shared weights: counted once
    (
        "embedding 50257 768 as wte; positions 1024; 12 x encoder 768 heads 12 ff 3072; ln; "
        "dense 50257 no bias tied to wte", None,
        [
            50257 * 768, 1024 * 768, 12 * 4 * (768 * 768 + 768), 12 * 2 * 768, 12 * (2 * 768 * 3072 + 3072 + 768),
            12 * 2 * 768, 2 * 768,
        ],
    ),  # GPT-2: 124,439,808
    ("embedding 100 8 as e; dense 100 tied to e", None, [100 * 8, 100]),  # the bias is its own
    ("input 8; dense 8 as a; relu; reuse a; reuse a; dense 2", None, [9 * 8, 9 * 2]),
    ("input 8; dense 5 as enc; dense 8 tied to enc", None, [8 * 5 + 5, 8]),
    ("input 8; (dense 8; relu) as b; b2: dense 8; reuse b2", None, [9 * 8, 9 * 8]),
    # copies
    ("input 64; 3 x dense 64", None, [3 * 65 * 64]),
    ("input 64; dense 64 x 3", None, [3 * 65 * 64]),
    ("input 64; dense 64 x3", None, [3 * 65 * 64]),
    ("input 64; dense 64 × 3", None, [3 * 65 * 64]),
    ("input 64; dense 64 * 3", None, [3 * 65 * 64]),
    ("input 64; 3 times dense 64", None, [3 * 65 * 64]),
    ("input 64; (dense 64; relu) x 3", None, [3 * 65 * 64]),
    ("input 64; 3 x (dense 64; relu)", None, [3 * 65 * 64]),
    ("input 64; 3x(dense 64; relu)", None, [3 * 65 * 64]),
    ("input 64; 3 * (dense 64; relu)", None, [3 * 65 * 64]),
    ("input 64; repeat 3 (dense 64; relu)", None, [3 * 65 * 64]),
    ("input 64; 2 x (3 x (dense 64; relu); dense 64)", None, [2 * 3 * 65 * 64, 2 * 65 * 64]),
    ("input 64; 2 x (dense 32; dense 64)", None, [2 * 65 * 32, 2 * 33 * 64]),
    ("input 10; 3 x dense 64", None, [11 * 64, 2 * 65 * 64]),
    ("input 10; 2 x (dense 64; dense 32)", None, [11 * 64, 65 * 32, 33 * 64, 65 * 32]),
    ("input 8; L x (dense 8; relu)", None, ["L*72"]),
    ("L x (M x (dense d)) on d", None, ["L*M*(d**2 + d)"]),
    ("input 10; L x (dense 64)", None, [11 * 64, "(L - 1)*65*64"]),
    ("embedding V d; L x (encoder d ff 4*d); ln; dense V no bias", None, [
        "V*d", "L*(4*d**2 + 4*d)", "L*2*d", "L*(8*d**2 + 5*d)", "L*2*d", "2*d", "V*d",
    ]),
    ("3 x conv 32 3x3 on 32", None, [3 * (9 * 32 + 1) * 32]),
    ("3 x dense 8 on 4", None, [5 * 8, 2 * 9 * 8]),  # on holds for the first
    ("input 784; dense h1; dense h2", None, ["785*h1", "h1*h2 + h2"]),
    ("1000 x dense 8 on 8", None, [1000 * 9 * 8]),
]  # fmt: skip

CONV = "input 28x28x1; conv 32 3x3; maxpool 2; flatten; dense 10"
SAME = "input 28x28x3; conv 32 3x3 same"
STRIDED = "conv 32 3x3 stride 2 on 16"
UNBIASED = "conv 32 3x3 no bias on 16"
GROUPED = "conv 32 3x3 groups 4 on 16"
LSTM = "input 16x8; lstm 32 seq"

# what is typed | another way to say the same
SPELLINGS = [
    (CONV, CONV),
    # between layers
    ("input 28x28x1\nconv 32 3x3\nmaxpool 2\nflatten\ndense 10", CONV),
    ("input 28x28x1, conv 32 3x3, maxpool 2, flatten, dense 10", CONV),
    ("input 28x28x1 -> conv 32 3x3 -> maxpool 2 -> flatten -> dense 10", CONV),
    ("input 28x28x1 → conv 32 3x3 → maxpool 2 → flatten → dense 10", CONV),
    ("input 28x28x1 => conv 32 3x3 ==> maxpool 2 --> flatten ⇒ dense 10", CONV),
    ("input 28x28x1 ➜ conv 32 3x3 ➔ maxpool 2 ⟶ flatten ➝ dense 10", CONV),
    ("- input 28x28x1\n- conv 32 3x3\n- maxpool 2\n- flatten\n- dense 10\n", CONV),
    ("* input 28x28x1\n* conv 32 3x3\n* maxpool 2\n* flatten\n* dense 10", CONV),
    ("• input 28x28x1\n• conv 32 3x3\n• maxpool 2\n• flatten\n• dense 10", CONV),
    ("1. input 28x28x1\n2. conv 32 3x3\n3. maxpool 2\n4. flatten\n5. dense 10", CONV),
    ("# LeNet, nearly\ninput 28x28x1; conv 32 3x3 # 26x26\nmaxpool 2\n\n\nflatten;; dense 10;\n", CONV),
    ("\t input 28x28x1 ;conv 32 3x3;  maxpool 2;flatten ; dense 10  ", CONV),
    # inputs
    ("28x28x1; conv 32 3x3; maxpool 2; flatten; dense 10", CONV),
    ("(28, 28, 1); conv 32 3x3; maxpool 2; flatten; dense 10", CONV),
    ("input (28, 28, 1); conv 32 3x3; maxpool 2; flatten; dense 10", CONV),
    ("input 28 28 1; conv 32 3x3; maxpool 2; flatten; dense 10", CONV),
    ("input 28 x 28 x 1; conv 32 3x3; maxpool 2; flatten; dense 10", CONV),
    ("input 28×28×1; conv 32 3×3; maxpool 2; flatten; dense 10", CONV),
    ("input: 28x28x1; conv 32 3x3; maxpool 2; flatten; dense 10", CONV),
    ("input shape 28x28x1; conv 32 3x3; maxpool 2; flatten; dense 10", CONV),
    ("input_shape=(28, 28, 1); conv 32 3x3; maxpool 2; flatten; dense 10", CONV),
    ("input image 28x28 grayscale; conv 32 3x3; maxpool 2; flatten; dense 10", CONV),
    ("input batch 32 28x28x1; conv 32 3x3; maxpool 2; flatten; dense 10", CONV),
    ("input 28x28x1 batch size 32; conv 32 3x3; maxpool 2; flatten; dense 10", CONV),
    ("784; dense 10", "input 784; dense 10"),
    ("input 784 -> 10", "input 784; dense 10"),
    ("input size 784; dense 10", "input 784; dense 10"),
    ("INPUT 784; DENSE 10", "input 784; dense 10"),
    ("image 32x32 rgb; conv 8 3x3", "input 32x32x3; conv 8 3x3"),
    ("input 1x28x28; conv 8 3x3", "input 1x28x28; conv 8 3x3"),
    ("input 5x8x9 channels first; conv 8 3x3", "input 5x8x9 channels first; conv 8 3x3"),
    ("input 3x32x32 channels last; conv 8 3x3", "input 3x32x32 channels last; conv 8 3x3"),
    ("input 100 tokens; embedding 1000 16", "input 100 tokens; embedding 1000 16"),
    ("tokens 100; embedding 1000 16", "input 100 tokens; embedding 1000 16"),
    # padding, strides and other options
    ("input 28x28x3; conv 32 3x3 padding=same", SAME),
    ("input 28x28x3; conv 32 3x3 padding='same'", SAME),
    ("input 28x28x3; conv 32 3x3 padding 'same'", SAME),
    ('input 28x28x3; conv 32 3x3 padding = "same"', SAME),
    ("input 28x28x3; conv 32 3x3 same padding", SAME),
    ("input 28x28x3; conv 32 3x3 with same padding", SAME),
    ("input 28x28x3; conv 32 filters 3x3 same", SAME),
    ("input 28x28x3; conv filters=32 kernel_size=3x3 same", SAME),
    ("input 28x28x3; conv filters=32, kernel_size=(3, 3), padding='same'", SAME),
    ("input 28x28x3; conv 32 filters of size 3x3 same", SAME),
    ("input 28x28x3; conv 32 filters each 3x3, same padding", SAME),
    ("input 28x28x3; 3x3 conv 32 same", SAME),
    ("input 28x28x3; conv 32 (3, 3) same", SAME),
    ("input 28x28x3; conv 32 3x3 same relu", SAME),
    ("input 28x28x3; convolutional layer 32 3x3 same", SAME),
    ("conv 32 3x3 s2 on 16", STRIDED),
    ("conv 32 3x3 s=2 on 16", STRIDED),
    ("conv 32 3x3 strides 2 on 16", STRIDED),
    ("conv 32 3x3, stride 2 on 16", STRIDED),
    ("conv 32 3x3 strides=(2,2) on 16", "conv 32 3x3 stride 2x2 on 16"),
    ("conv 32 kernel 3x3 stride 2 in channels 16", "conv 32 3x3 stride 2 inchannels 16"),
    ("conv 32 3x3 bias=False on 16", UNBIASED),
    ("conv 32 3x3 use_bias=False on 16", UNBIASED),
    ("conv 32 3x3 without bias on 16", UNBIASED),
    ("conv 32 3x3 no biases on 16", UNBIASED),
    ("conv 32 3x3 bias off on 16", UNBIASED),
    ("conv 32 3x3 bias=0 on 16", UNBIASED),
    ("conv 32 3x3 groups=4 on 16", GROUPED),
    ("conv 32 3x3 4 groups on 16", GROUPED),
    ("conv 32 3x3 groups 4 from 16", GROUPED),
    ("conv 32 kernel_size=3 on 16", "conv 32 3 on 16"),
    ("conv 32 k=3 on 16", "conv 32 3 on 16"),
    ("Conv1: 32 filters, kernel 3x3, stride 1, padding = same", "conv 32 3x3 stride 1 same as Conv1"),
    ("Conv1: 32 filters, kernel 3x3\nFC: 10 units", "conv 32 3x3 as Conv1; dense 10"),
    ("conv1 32 3x3; conv2 64 3x3", "conv 32 3x3 as conv1; conv 64 3x3 as conv2"),
    ("enc: dense 4 on 8", "dense 4 on 8 as enc"),
    ("dense 4 on 8 named enc", "dense 4 on 8 as enc"),
    ("dense 10 on 784 softmax", "dense 10 on 784"),
    ("fully-connected 10 on 784", "dense 10 on 784"),
    ("output layer with 10 classes on 84", "dense 10 on 84"),
    ("max pooling 2x2", "maxpool 2x2"),
    ("MaxPooling2D (2, 2)", "maxpool2d 2x2"),
    ("max-pool 2x2 stride 2", "maxpool 2x2 stride 2"),
    ("dropout 0.5", "dropout 0.5"),
    ("dropout p=0.5", "dropout rate 0.5"),
    ("dropout 50%", "dropout 50%"),
    ("input 16x8; lstm 32 units, return_sequences=True", LSTM),
    ("input 16x8; LSTM units=32 sequences", LSTM),
    ("input 16x8; bidirectional LSTM 32", "input 16x8; lstm 32 bidirectional"),
    ("input 16x8; bi-LSTM 32", "input 16x8; lstm 32 bidirectional"),
    ("input 16x8; lstm 32 bidirectional=True", "input 16x8; lstm 32 bidirectional"),
    ("input 16x8; lstm 32, 2 layers", "input 16x8; lstm 32 layers=2"),
    ("multi-head attention 512, 8 heads", "attention 512 8"),
    ("masked multi-head self-attention 512 heads=8", "attention 512 8"),
    ("embedding vocab_size=50257 dim=768", "embedding 50257 768"),
    # copies
    ("input 64; dense 64; dense 64; dense 64", "input 64; 3 x dense 64"),
    ("input 64; dense 64 x 3", "input 64; 3 x dense 64"),
    ("input 64; dense 64 x3", "input 64; 3 x dense 64"),
    ("input 64; (dense 64; relu) x 3", "input 64; 3 x (dense 64; relu)"),
    ("input 64; 3x(dense 64, relu)", "input 64; 3 x (dense 64; relu)"),
]


@pytest.mark.parametrize(("text", "convention", "total"), KINDS, ids=[f"{row[0]} {row[1] or ''}" for row in KINDS])
def test_kinds(text: str, convention: str | None, total: int | str) -> None:
    found = read(text, convention)
    assert same(found.total, total)
    reads_back(found, convention)


@pytest.mark.parametrize(("text", "convention", "rows"), LISTS, ids=[row[0][:60] for row in LISTS])
def test_lists(text: str, convention: str | None, rows: list[int | str]) -> None:
    found = read(text, convention)
    totals = rows_of(found)
    assert len(totals) == len(rows), totals
    assert all(map(same, totals, rows)), totals
    reads_back(found, convention)


@pytest.mark.parametrize(("text", "canonical"), SPELLINGS, ids=[ascii(row[0][:60]) for row in SPELLINGS])
def test_spellings(text: str, canonical: str) -> None:
    found, wanted = read(text), read(canonical)
    assert found.read_as == wanted.read_as
    assert same_count(found, wanted)
    reads_back(found)


# what is typed | what is printed back
CANONICAL = [
    (CONV, CONV),
    (" 28x28x1 , CONV2D 32 kernel=3x3 padding='same' ,max-pool 2", "input 28x28x1; conv2d 32 3x3 same; maxpool 2"),
    ("input 64; dense 64; dense 64; dense 64", "input 64; 3 x dense 64"),
    ("input 64; (dense 64, relu) x 3 as tail", "input 64; 3 x (dense 64; relu) as tail"),
    ("input 8; skip (dense 5 | dense 5); branches (dense 3 | dense 4)",
     "input 8; residual (dense 5 | dense 5); concat (dense 3 | dense 4)"),
    ("enc: dense 4 without bias on 8; dec: dense 8 tied with enc",
     "dense 4 no bias on 8 as enc; dense 8 tied to enc as dec"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "canonical"), CANONICAL, ids=[ascii(row[0][:60]) for row in CANONICAL])
def test_printed_back(text: str, canonical: str) -> None:
    assert read(text).read_as == canonical


def reads_back(found: nparams.Network, convention: str | None = None) -> None:
    """What is printed back is the same network, and is printed back as itself."""
    again = read(found.read_as, convention)
    assert again.read_as == found.read_as
    assert same_count(found, again)
    assert [repr(row.total) for row in again.layers] == [repr(row.total) for row in found.layers]


def same_count(one: nparams.Network, other: nparams.Network) -> bool:
    assert one.total is not None
    return other.total is not None and equal(one.total, other.total)


def test_every_kind_is_here() -> None:
    seen: set[str | None] = set()
    for text, convention, _ in KINDS:
        for module in walk(read(text, convention)):
            seen.add(module.kind)
    assert set(kinds()) <= seen, f"no case for {', '.join(sorted(set(kinds()) - seen))}"  # type: ignore[arg-type]


def walk(network: nparams.Network) -> list[nparams.Module]:
    found, stack = [], [network.root]
    while stack:
        found.append(stack.pop())
        stack.extend(found[-1].children)
    return found


@pytest.mark.parametrize("kind", kinds().values(), ids=kinds())
def test_example(kind: Kind) -> None:
    for convention in (None, "torch", "keras"):
        found = read(kind.example, convention)
        assert kind.name in {module.kind for module in walk(found)}
        reads_back(found, convention)


# what is typed | what is trained | what is frozen
TRAINED = [
    ("dense 64 lora 8 on 128", 8 * (128 + 64), 128 * 64 + 64),
    ("dense 64 lora 8 dora on 128", 8 * (128 + 64) + 64, 128 * 64 + 64),
    ("attention 64 lora 4 targets qv", 2 * 4 * (64 + 64), 4 * (64 * 64 + 64)),
    ("frozen dense 5 on 4; dense 3", 6 * 3, 5 * 5),
    ("dense 5 on 4 frozen; dense 3", 6 * 3, 5 * 5),
    ("dense 5 on 4 nontrainable; dense 3", 6 * 3, 5 * 5),
    ("frozen batchnorm 8; dense 2", 9 * 2, 2 * 8),
    ("embedding 100 8 lora 2", 2 * (100 + 8), 100 * 8),
    ("4 x dense 8 frozen on 8; dense 3 lora 1", 8 + 3, 4 * 9 * 8 + 9 * 3),
]


@pytest.mark.parametrize(("text", "trainable", "frozen"), TRAINED, ids=[row[0] for row in TRAINED])
def test_trained(text: str, trainable: int, frozen: int) -> None:
    totals = read(text).totals
    assert (totals.trainable, totals.frozen, totals.total) == (trainable, frozen, trainable + frozen)
    reads_back(read(text))


# what is typed | what one token uses
ACTIVE: list[tuple[str, int | str | None]] = [
    ("moe 8 experts top 2 ff 14336 swiglu on 4096", 2 * 3 * 4096 * 14336 + 4096 * 8),
    ("moe 4 experts top 1 ff 16 2 shared on 8", (1 + 2) * (2 * 8 * 16 + 16 + 8) + 8 * 4),
    ("12 x encoder 8 ff 16 4 experts top 2 no bias", 12 * (4 * 8 * 8 + 2 * 2 * 8 * 16 + 8 * 4 + 2 * 8)),
    ("moe 4 experts ff 16 on 8", None),
]


@pytest.mark.parametrize(("text", "active"), ACTIVE, ids=[row[0] for row in ACTIVE])
def test_active(text: str, active: int | str | None) -> None:
    found = read(text).totals.active
    assert found is None if active is None else same(found, active)


# what is typed | convention | listed (shared tensors as often as they stand there) | total
SHARED = [
    ("embedding 100 8 as e; dense 100 no bias tied to e", 2 * 100 * 8, 100 * 8),
    ("input 8; dense 8 as a; reuse a; reuse a", 3 * 72, 72),
    ("input 8; dense 8 as a; 3 x reuse a", 4 * 72, 72),
    ("input 8; (dense 8; relu) as b; reuse b", 2 * 72, 72),
]


@pytest.mark.parametrize(("text", "listed", "total"), SHARED, ids=[row[0] for row in SHARED])
def test_shared_weights(text: str, listed: int, total: int) -> None:
    found = read(text)
    assert (found.totals.listed, found.total) == (listed, total)


# what is typed | convention | which other total | what it is
ALSO: list[tuple[str, str | None, str, int | str]] = [
    ("lstm 128 on 64", None, "torch", 4 * 128 * (64 + 128 + 2)),
    ("lstm 128 on 64", None, "keras", 4 * 128 * (64 + 128 + 1)),
    ("lstm 128 on 64", "torch", "textbook", 4 * 128 * (64 + 128 + 1)),
    ("gru 32 on 32; dense 1", "all", "keras", 3 * 32 * (32 + 32 + 2) + 33),
    ("gru h on n", None, "keras", "3*h*(n + h + 2)"),
    ("batchnorm 64", "keras", "framework", 4 * 64),  # with the moving mean and variance
    ("input 32; dense 8", "keras", "framework", 33 * 8),
    ("input 8x8x3; conv 16 3x3 no bias; bn; relu", None, "folded", (27 + 1) * 16),
    ("input 8x8x3; conv 16 3x3; bn; relu", None, "folded", (27 + 1) * 16),
    ("input 8x8x16; 3 x (conv 16 3x3 no bias; bn); dense 2", "torch", "folded", 3 * (9 * 16 + 1) * 16 + 17 * 2),
    ("3 x (conv 16 3x3 no bias; bn) on 16", None, "folded", 3 * (9 * 16 + 1) * 16),
    ("input 8x8x16; residual (conv 16 3x3 same no bias; bn)", None, "folded", (9 * 16 + 1) * 16),
    ("conv n 3x3 no bias on 3; bn", None, "folded", "27*n + n"),
    ("deconv 16 3x3 no bias on 3; bn", None, "folded", (27 + 1) * 16),
    ("depthwise conv 3x3 no bias on 3; bn", None, "folded", (9 + 1) * 3),
    ("sepconv 16 3x3 on 3; bn", None, "folded", 9 * 3 + (3 + 1) * 16),
    ("sepconv 16 3x3 no bias on 3; bn", None, "folded", 9 * 3 + (3 + 1) * 16),
]


@pytest.mark.parametrize(("text", "convention", "which", "total"), ALSO, ids=[f"{r[0]} {r[2]}" for r in ALSO])
def test_also(text: str, convention: str | None, which: str, total: int | str) -> None:
    assert same(read(text, convention).also[which], total)


# nothing that a convolution could take in
NOT_FOLDED = ["conv 16 3x3 no bias on 3; bn no statistics", "conv 16 3x3 on 3; relu; bn", "conv 16 3x3 on 3; layernorm",
              "conv 16 3x3 on 3", "bn 3"]  # fmt: skip


@pytest.mark.parametrize("text", NOT_FOLDED)
def test_not_folded(text: str) -> None:
    assert "folded" not in read(text).also


def test_all_conventions_side_by_side() -> None:
    found = read("input 8x8x3; conv 4 3x3; prelu; gap; gru 5", "all")
    totals = {name: network.total for name, network in found.conventions.items()}
    conv, gate = (27 + 1) * 4, 5 * (4 + 5)
    assert totals == {
        "textbook": conv + 4 + 3 * (gate + 5),
        "torch": conv + 1 + 3 * (gate + 2 * 5),
        "keras": conv + 6 * 6 * 4 + 3 * (gate + 2 * 5),
    }
    assert found.total == totals["textbook"]


# bias | weights, biases of `input 8; dense 6; conv`-like lists, where every layer could have some
BIASES = [
    ("all", 8 * 6 + 6 * 4, 6 + 4),
    ("hidden", 8 * 6 + 6 * 4, 6),
    ("none", 8 * 6 + 6 * 4, 0),
]


@pytest.mark.parametrize(("bias", "weights", "biases"), BIASES, ids=[row[0] for row in BIASES])
def test_bias(bias: str, weights: int, biases: int) -> None:
    found = read("input 8; dense 6; relu; dense 4", bias=bias)
    assert (found.weights, found.biases, found.total) == (weights, biases, weights + biases)
    assert read("input 8; dense 6; dense 4 bias", bias=bias).biases == (biases or 0) + 4 * (bias != "all")


# what is typed with symbols | what they are | what is typed with numbers
PUT_IN: list[tuple[str, dict[str, object], str]] = [
    ("embedding V d; L x (encoder d ff 4*d); ln; dense V", {"V": 100, "d": 8, "L": 3},
     "embedding 100 8; 3 x encoder 8 ff 32; ln; dense 100"),
    ("lstm h on n; dense 1", {"h": 5, "n": 3}, "lstm 5 on 3; dense 1"),
    ("dense 10", {"n_in": 784}, "dense 10 on 784"),
    ("lstm 8 layers=L on 4", {"L": 3}, "lstm 8 layers=3 on 4"),
    ("input 10; L x (dense 64)", {"L": 4}, "input 10; 4 x dense 64"),
    ("input 10; L x (dense 64)", {"L": 1}, "input 10; dense 64"),
    ("input nxnxc; conv f k; flatten; dense m", {"n": 9, "c": 3, "f": 4, "k": 3, "m": 2},
     "input 9x9x3; conv 4 3x3; flatten; dense 2"),
]  # fmt: skip


@pytest.mark.parametrize(("symbolic", "values", "numeric"), PUT_IN, ids=[row[0] for row in PUT_IN])
def test_numbers_for_symbols(symbolic: str, values: dict[str, object], numeric: str) -> None:
    for convention in (None, "torch", "keras"):
        found, wanted = read(symbolic, convention, set=values), read(numeric, convention)
        assert (found.total, found.weights, found.biases) == (wanted.total, wanted.weights, wanted.biases)
        assert found.totals.active == wanted.totals.active


def answered() -> list[dict[str, str]]:
    lines = shared("cases/answered_cases.tsv").read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader([line for line in lines if not line.startswith("#")], delimiter="\t", quoting=3))


def test_answered_questions() -> None:
    """What people asked in public, with the answer that was checked; each named part is a sum of tensors."""
    asked = 0
    for row in answered():
        text, _, options = row["typed"].partition(" :: ")
        if not options and row["expected_total"] and is_list(text):
            _answer(text, row)
            asked += 1
    assert asked >= 20


def is_list(text: str) -> bool:
    try:
        return nparams.read(text, paths=False).form == "stack"
    except nparams.NparamsError:
        return False


def _answer(text: str, row: dict[str, str]) -> None:
    said = row["convention"].lower()
    convention = "keras" if "keras" in said else "torch" if "torch" in said else None
    found = read(text, "textbook" if "tf1" in said else convention)
    total = found.also.get("framework", found.total) if convention == "keras" and "tf1" not in said else found.total
    assert total == int(row["expected_total"]), row["id"]
    sizes = [t.size for t in found.tensors() if convention == "keras" or t.role in ("weight", "bias")]
    sums = {sum(sizes[a:b]) for a in range(len(sizes)) for b in range(a + 1, len(sizes) + 1)} | {0}  # type: ignore[arg-type]
    for part in filter(None, row["expected_layers"].split(";")):
        assert int(part.partition("=")[2]) in sums, f"{row['id']}: {part}"


# -- networks that only one convention makes ---------------------------------------------------------------------------

ONE_CONVENTION: list[Case] = [
    # the textbook connects every value of the image, so its network has no sides for the convolution
    ("input 8x9x5; dense 3; conv 2 1x1", "keras", (5 + 1) * 3 + (3 + 1) * 2),
    ("input 4x4x8; deconv 3 2x2 stride 3; reshape 432; dense 1", "keras", (4 * 8 + 1) * 3 + 12 * 12 * 3 + 1),
    # after torch.nn.Linear on the last side of 5x8x9, the 5 are still the channels of BatchNorm2d
    ("input 5x8x9 channels first; dense 3; batchnorm", "torch", (9 + 1) * 3 + 2 * 5),
    ("input 5x8x9 channels first; dense 3", "keras", (9 + 1) * 3),
]


@pytest.mark.parametrize(("text", "convention", "total"), ONE_CONVENTION, ids=[row[0] for row in ONE_CONVENTION])
def test_one_convention(text: str, convention: str | None, total: int | str) -> None:
    assert same(read(text, convention).total, total)
