"""The closed form of one's own class: each written out by hand from the definitions of its layers."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import torch
from torch import nn

from nparams.expr import evaluate, free_symbols, parse
from nparams.frameworks.trace import trace
from tests.torch import trace_models as models
from tests.torch.trace_models import GPT, BasicBlock, Bottleneck, GPTConfig, ResNet, UNet, UNet4, ViT


class Case(NamedTuple):
    name: str
    make: Callable[..., Any]
    like: dict[str, Any] | None
    total: str
    where: tuple[str, ...] = ()
    points: tuple[dict[str, object], ...] = ()


class Mlp(nn.Module):
    def __init__(self, sizes: list[int], bias: bool = True) -> None:
        super().__init__()
        self.net = nn.ModuleList([nn.Linear(a, b, bias=bias) for a, b in itertools.pairwise(sizes)])


class Block(nn.Module):
    def __init__(self, hidden: int, heads: int, ratio: float = 4.0) -> None:
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(hidden), nn.MultiheadAttention(hidden, heads)
        self.norm2 = nn.LayerNorm(hidden)
        inner = int(hidden * ratio)
        self.mlp = nn.Sequential(nn.Linear(hidden, inner), nn.GELU(), nn.Linear(inner, hidden))


class Transformer(nn.Module):
    def __init__(self, hidden: int, layers: int, heads: int = 4) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Block(hidden, heads) for _ in range(layers)])
        self.norm = nn.LayerNorm(hidden)


class Residual(nn.Module):
    """A projection only where the sizes differ."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.body = nn.Linear(n_in, n_out)
        self.skip = nn.Linear(n_in, n_out, bias=False) if n_in != n_out else nn.Identity()


class Pyramid(nn.Module):
    def __init__(self, wide: int, depth: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList()
        for _ in range(depth):
            self.layers.append(nn.Conv2d(wide, wide * 2, 3, bias=False))
            wide *= 2


class Growing(nn.Module):
    """As in a dense block: each layer sees all before it."""

    def __init__(self, first: int, growth: int, depth: int) -> None:
        super().__init__()
        for k in range(depth):
            setattr(self, f"layer{k}", nn.Linear(first + k * growth, growth))


class Capped(nn.Module):
    """Channels that double up to a limit, as in a discriminator."""

    def __init__(self, wide: int, depth: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            [nn.Conv2d(wide * min(2**k, 8), wide * min(2 ** (k + 1), 8), 4, bias=False) for k in range(depth)]
        )


class Mixed(nn.Module):
    """A few dense blocks, then mixtures of experts."""

    def __init__(self, d: int, f: int, n: int, dense: int, experts: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            [
                nn.Linear(d, f) if k < dense else nn.ModuleList([nn.Linear(d, f, bias=False) for _ in range(experts)])
                for k in range(n)
            ]
        )


class Tied(nn.Module):
    def __init__(self, vocabulary: int, width: int, tie: bool) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width)
        self.head = nn.Linear(width, vocabulary, bias=False)
        if tie:
            self.head.weight = self.embed.weight


class Rounded(nn.Module):
    """Sizes by true division, rounding up, least and greatest, a multiple of 8."""

    def __init__(self, width: int) -> None:
        super().__init__()
        import math

        self.half = nn.Linear(width, int(width / 2), bias=False)
        self.up = nn.Linear(width, math.ceil(width / 3), bias=False)
        self.low = nn.Linear(width, min(width, 100), bias=False)
        self.high = nn.Linear(width, max(width // 8, 16), bias=False)
        self.eight = nn.Linear(width, 8 * ((width + 7) // 8), bias=False)
        self.part = nn.Linear(width, int(width * 0.7), bias=False)


class OnCuda(nn.Module):
    """Says where its tensors are to be."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(width, device="cuda"))
        self.shift = nn.Parameter(torch.zeros(width, device="cpu"))
        self.body = nn.Linear(width, width).to("cuda")


class Shaped(nn.Module):
    """Parameters made of other tensors."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.base = nn.Linear(width, width)
        self.like = nn.Parameter(torch.zeros_like(self.base.weight))
        self.view = nn.Parameter(torch.zeros(heads * width).view(heads, width))
        self.turned = nn.Parameter(torch.randn(width, heads).t())
        self.spread = nn.Parameter(torch.ones(1, width).repeat(heads, 1))
        self.width = nn.Linear(self.base.weight.shape[0], heads, bias=False)
        self.joined = nn.Parameter(torch.cat([torch.zeros(heads, width), torch.zeros(heads, width)], dim=1))


FLAGS = ("b", "bias", "tie", "tie_weights")
LISTS = ("layers", "sizes", "block_config")
ATTENTION = "(4*h**2 + 4*h)"  # queries, keys, values and the output: h*h + h each
MLP4 = "(h*4*h + 4*h + 4*h*h + h)"
CASES = (
    Case("layer sizes", lambda h, u, o: Mlp([h, u, o]), None, "h*u + u + u*o + o"),
    Case("a list of sizes", Mlp, {"sizes": [3, 4, 5, 6]},
         "sizes0*sizes1 + sizes1 + sizes1*sizes2 + sizes2 + sizes2*sizes3 + sizes3"),
    Case("the bias as a flag", lambda a, b, bias: Mlp([a, b], bias), {"bias": True}, "a*b + bias*b"),
    Case("a stack of equal layers", models.DeepMLP, None, "d_in*d_h + d_h + (n-1)*(d_h*d_h + d_h) + d_h*d_out + d_out",
         ("n >= 1",)),
    Case("a transformer", lambda h, n: Transformer(hidden=h, layers=n), None,
         f"n*({ATTENTION} + {MLP4} + 4*h) + 2*h", ("h%4 == 0",)),
    Case("its heads too", lambda h, n, a: Transformer(h, n, a), None,
         f"n*({ATTENTION} + {MLP4} + 4*h) + 2*h", ("h%a == 0",)),
    Case("torch.nn.Transformer", lambda d, a, n, m, f: nn.Transformer(d, a, n, m, f), None,
         "n*(4*d*d + 4*d + 2*d*f + f + d + 4*d) + m*(2*(4*d*d + 4*d) + 2*d*f + f + d + 6*d) + 4*d", ("d%a == 0",)),
    Case("torch.nn.TransformerEncoder",
         lambda d, n: nn.TransformerEncoder(nn.TransformerEncoderLayer(d, 8, 4 * d), n), None,
         "n*(4*d*d + 4*d + 8*d*d + 5*d + 4*d)", ("d%8 == 0",)),
    Case("GPT with a config",
         lambda L, a, h, V, T: GPT(GPTConfig(block_size=T, vocab_size=V, n_layer=L, n_head=a, n_embd=h)), None,
         "V*h + T*h + L*(12*h*h + 13*h) + 2*h", ("h%a == 0",)),
    Case("GPT, biases as a flag",
         lambda L, h, b: GPT(GPTConfig(80, 1000, L, 4, h, 0.0, b)), {"b": False},
         "1000*h + 80*h + L*(12*h*h + 2*h) + h + b*(L*(3*h + h + 4*h + h + 2*h) + h)", ("h%4 == 0",)),
    Case("ViT", lambda i, p, c, d, n, a, f: ViT(image_size=i, patch_size=p, num_classes=c, dim=d, depth=n, heads=a,
                                                mlp_dim=f), None,
         "6*p*p + 3*p*p*d + d + 2*d + ((i//p)*(i//p) + 1)*d + d + n*(2*d + d*3*64*a"
         " + 64*a*d + d + 2*d + d*f + f + f*d + d) + 2*d + d*c + c", ("i%p == 0",)),
    Case("ResNet of basic blocks", lambda layers, w: ResNet(BasicBlock, layers, 10, w), {"layers": [2, 3, 2, 3]},
         "3*49*w + 2*w + layers0*(18*w*w + 4*w)"
         " + (w*2*w*9 + 36*w*w + 8*w + 2*w*w + 4*w) + (layers1-1)*(72*w*w + 8*w)"
         " + (2*w*4*w*9 + 144*w*w + 16*w + 8*w*w + 8*w) + (layers2-1)*(288*w*w + 16*w)"
         " + (4*w*8*w*9 + 576*w*w + 32*w + 32*w*w + 16*w) + (layers3-1)*(1152*w*w + 32*w) + 80*w + 10",
         ("layers0 >= 1", "layers1 >= 1", "layers2 >= 1", "layers3 >= 1")),
    Case("ResNet-50 by width and classes", lambda w, c: ResNet(Bottleneck, [3, 4, 6, 3], c, w), None,
         # at w = 64 and 1000 classes the known 25,557,032
         "3*49*w + 2*w"
         " + (w*w + 9*w*w + 4*w*w + 4*w*w + 2*w + 2*w + 8*w + 8*w) + 2*(4*w*w + 9*w*w + 4*w*w + 12*w)"
         " + (8*w*w + 36*w*w + 16*w*w + 32*w*w + 4*w + 4*w + 16*w + 16*w) + 3*(16*w*w + 36*w*w + 16*w*w + 24*w)"
         " + (32*w*w + 144*w*w + 64*w*w + 128*w*w + 8*w + 8*w + 32*w + 32*w) + 5*(64*w*w + 144*w*w + 64*w*w + 48*w)"
         " + (128*w*w + 576*w*w + 256*w*w + 512*w*w + 16*w + 16*w + 64*w + 64*w)"
         " + 2*(256*w*w + 576*w*w + 256*w*w + 96*w)"
         " + 32*w*c + c", (), ({"w": 64, "c": 1000},)),
    Case("U-Net of fixed depth", lambda n, c, w: UNet4(n, c, w), None,
         "9*n*w + 9*w*w + 4*w + 18*w*w + 36*w*w + 8*w + 72*w*w + 144*w*w + 16*w + 288*w*w + 576*w*w + 32*w"
         " + 432*w*w + 144*w*w + 16*w + 108*w*w + 36*w*w + 8*w + 27*w*w + 9*w*w + 4*w + w*c + c"),
    Case("U-Net by depth", lambda w, d: UNet(3, 2, w, d), None,
         # down: 3 (or w*2^(i-1)) to w*2^i; between: to w*2^d; up: a transposed convolution and two convolutions each
         "27*w + sum(i=1..d-1, 9*w*2**(i-1)*w*2**i) + sum(i=0..d-1, 9*w**2*4**i + 4*w*2**i)"
         " + 9*w*2**(d-1)*w*2**d + 9*w**2*4**d + 4*w*2**d"
         " + sum(i=0..d-1, 4*w*2**(i+1)*w*2**i + w*2**i + 9*w*2**(i+1)*w*2**i + 9*w**2*4**i + 4*w*2**i) + 2*w + 2",
         ("d >= 1",)),
    Case("LSTM language model", models.LSTMLM, None,
         "ntoken*ninp + 4*nhid*(ninp + nhid + 2) + (nlayers-1)*4*nhid*(2*nhid + 2) + nhid*ntoken + ntoken",
         ("nlayers >= 1",)),
    Case("weights that may only be tied where widths agree", models.LSTMLM, {"tie_weights": False},
         "ntoken*ninp + 4*nhid*(ninp + nhid + 2) + (nlayers-1)*4*nhid*(2*nhid + 2) + ntoken"
         " + (1 - tie_weights)*nhid*ntoken", ("nlayers >= 1",)),
    Case("torch.nn.LSTM with a bias flag", lambda x, h, n, b: nn.LSTM(x, h, n, bias=b), {"b": True},
         "4*h*x + 4*h*h + (n-1)*8*h*h + b*n*8*h", ("n >= 1",)),
    Case("torch.nn.GRU in two directions", lambda x, h: nn.GRU(x, h, bidirectional=True), None,
         "2*(3*h*x + 3*h*h + 6*h)"),
    Case("convolutional autoencoder", models.ConvAE, {"size": 32},
         "27*c + c + 18*c*c + 2*c + 2*(2*c*(size//4)**2*latent) + latent + 2*c*(size//4)**2 + 32*c*c + c + 48*c + 3"),
    Case("mixture of experts", models.MoE, None, "L*(d*E + E*3*d*f + 2*d)", ("k <= E",)),
    Case("dense blocks, then experts", Mixed, {"d": 16, "f": 24, "n": 5, "dense": 2, "experts": 3},
         "dense*(d*f + f) + (n - dense)*experts*d*f", ("dense <= n",)),
    Case("tied or not", Tied, None, "vocabulary*width + (1 - tie)*vocabulary*width"),
    Case("channels that double", Pyramid, None, "sum(i=0..depth-1, 9*wide*2**i*wide*2**(i+1))"),
    Case("channels that double up to a limit", Capped, {"wide": 4, "depth": 7},
         "sum(i=0..depth-1, 16*wide*min(2**i, 8)*wide*min(2**(i+1), 8))", ("depth >= 3",)),
    Case("widths that grow by a number", Growing, None, "sum(k=0..depth-1, (first + k*growth)*growth + growth)"),
    Case("DenseNet with a list", models.DenseNet, {"block_config": [3, 4]},
         "147*num_init + sum(j=0..block_config0-1, 2*(num_init + j*growth_rate)"
         " + 4*growth_rate*(num_init + j*growth_rate)"
         " + 8*growth_rate + 36*growth_rate**2)"
         " + 2*(num_init + block_config0*growth_rate)"
         " + (num_init + block_config0*growth_rate)*((num_init + block_config0*growth_rate)//2)"
         " + sum(j=0..block_config1-1, 2*((num_init + block_config0*growth_rate)//2 + j*growth_rate)"
         " + 4*growth_rate*((num_init + block_config0*growth_rate)//2 + j*growth_rate)"
         " + 8*growth_rate + 36*growth_rate**2)"
         " + 10*((num_init + block_config0*growth_rate)//2 + block_config1*growth_rate) + 10"),
    Case("rounding", Rounded, None,
         "width*(width//2 + (width+2)//3 + min(width, 100) + max(width//8, 16) + 8*((width+7)//8) + trunc(0.7*width))"),
    Case("a half to a power", lambda w: nn.Linear(int((w / 2) ** 2), 3), None, "3*((w*w)//4) + 3"),
    Case("a factor that stands first", models.LlamaMLP, None,
         "2*dim*256*((trunc(1.3*((2*4*dim)//3)) + 255)//256)"),
    Case("residual projection, sizes that differ", Residual, None, "2*n_in*n_out + n_out", ("n_in != n_out",)),
    Case("devices that are not here", OnCuda, None, "width + width + width*width + width"),
    Case("made of other tensors", Shaped, None,
         "width*width + width + width*width + heads*width + heads*width + heads*width + heads*width + 2*heads*width"),
    Case("weight_norm and spectral_norm", models.WN, {"h": 32},
         "h*(h//16)*k + h + h + 2*h*h + 2*h + 2*h + 5*h + 5", ("h%16 == 0",)),
    Case("a schedule of rates", models.Swiny, None, "depth*(d*d + d)"),
    Case("a table of positions", models.PE, None, "d_model*d_model + d_model"),
    Case("a comprehension in Sequential", lambda d, n: nn.Sequential(*[nn.Linear(d, d) for _ in range(n)]), None,
         "n*(d*d + d)"),
    Case("two depths, one inside the other",
         lambda d, n, m: nn.ModuleList([nn.ModuleList([nn.Linear(d, 3) for _ in range(m)]) for _ in range(n)]), None,
         "n*m*(3*d + 3)"),
    Case("grouped convolution", lambda c, g: nn.Conv2d(c, 2 * c, 3, groups=g), {"c": 12, "g": 3},
         "2*c*(c//g)*9 + 2*c", ("c%g == 0",)),
    Case("a string that chooses", lambda d, kind: nn.Linear(d, d) if kind == "square" else nn.Linear(d, 1),
         {"kind": "square"}, "d*d + d"),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_closed_form(case: Case) -> None:
    network = trace(case.make, case.like)
    expected = parse(case.total)
    names = free_symbols(network.totals.known) | free_symbols(expected)
    for values in [*case.points, *_points(names)]:
        assert evaluate(network.totals.known, values) == evaluate(expected, values), values
    assert network.where == case.where


def _points(names: frozenset[str]) -> list[dict[str, object]]:
    """Numbers for every symbol: flags 0 and 1, small and larger sizes, all different."""
    found = []
    for flag, start in ((0, 3), (1, 5), (1, 31), (0, 40)):
        point: dict[str, object] = {}
        for k, name in enumerate(sorted(names)):
            entries = {j: start + k + 2 * j for j in range(8)}
            point[name] = flag if name in FLAGS else entries if name in LISTS else start + 3 * k
        found.append(point)
    return found
