"""Classes written as people write them, for the closed forms in test_trace.py."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn


class BasicBlock(nn.Module):
    expansion = 1

    def __init__(self, in_planes, planes, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_planes, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.shortcut = nn.Sequential()
        if stride != 1 or in_planes != self.expansion * planes:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_planes, self.expansion * planes, 1, stride, bias=False),
                nn.BatchNorm2d(self.expansion * planes),
            )


class Bottleneck(nn.Module):
    expansion = 4

    def __init__(self, in_planes, planes, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_planes, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, self.expansion * planes, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(self.expansion * planes)
        self.downsample = None
        if stride != 1 or in_planes != self.expansion * planes:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_planes, self.expansion * planes, 1, stride, bias=False),
                nn.BatchNorm2d(self.expansion * planes),
            )


class ResNet(nn.Module):
    def __init__(self, block, layers, num_classes=1000, width=64):
        super().__init__()
        self.in_planes = width
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.layer1 = self._make_layer(block, width, layers[0], 1)
        self.layer2 = self._make_layer(block, width * 2, layers[1], 2)
        self.layer3 = self._make_layer(block, width * 4, layers[2], 2)
        self.layer4 = self._make_layer(block, width * 8, layers[3], 2)
        self.fc = nn.Linear(width * 8 * block.expansion, num_classes)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out")
            elif isinstance(m, nn.BatchNorm2d):
                nn.init.constant_(m.weight, 1)

    def _make_layer(self, block, planes, n, stride):
        strides = [stride] + [1] * (n - 1)
        layers = []
        for s in strides:
            layers.append(block(self.in_planes, planes, s))
            self.in_planes = planes * block.expansion
        return nn.Sequential(*layers)


class DoubleConv(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.block = nn.Sequential(
            nn.Conv2d(i, o, 3, padding=1, bias=False),
            nn.BatchNorm2d(o),
            nn.ReLU(),
            nn.Conv2d(o, o, 3, padding=1, bias=False),
            nn.BatchNorm2d(o),
            nn.ReLU(),
        )


class UNet(nn.Module):
    def __init__(self, in_ch=3, classes=2, base=64, depth=4):
        super().__init__()
        self.downs = nn.ModuleList()
        self.ups = nn.ModuleList()
        self.upconvs = nn.ModuleList()
        ch = in_ch
        feats = [base * 2**i for i in range(depth)]
        for f in feats:
            self.downs.append(DoubleConv(ch, f))
            ch = f
        self.bottleneck = DoubleConv(feats[-1], feats[-1] * 2)
        for f in reversed(feats):
            self.ups.append(nn.ConvTranspose2d(f * 2, f, 2, 2))
            self.upconvs.append(DoubleConv(f * 2, f))
        self.final = nn.Conv2d(base, classes, 1)


class UNet4(nn.Module):
    def __init__(self, n_channels, n_classes, c=64):
        super().__init__()
        self.inc = DoubleConv(n_channels, c)
        self.down1 = DoubleConv(c, 2 * c)
        self.down2 = DoubleConv(2 * c, 4 * c)
        self.down3 = DoubleConv(4 * c, 8 * c)
        self.up1 = DoubleConv(12 * c, 4 * c)
        self.up2 = DoubleConv(6 * c, 2 * c)
        self.up3 = DoubleConv(3 * c, c)
        self.outc = nn.Conv2d(c, n_classes, 1)


@dataclass
class GPTConfig:
    block_size: int = 1024
    vocab_size: int = 50304
    n_layer: int = 12
    n_head: int = 12
    n_embd: int = 768
    dropout: float = 0.0
    bias: bool = True


class LN(nn.Module):
    def __init__(self, ndim, bias):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(ndim))
        self.bias = nn.Parameter(torch.zeros(ndim)) if bias else None


class CSA(nn.Module):
    def __init__(self, c):
        super().__init__()
        assert c.n_embd % c.n_head == 0
        self.c_attn = nn.Linear(c.n_embd, 3 * c.n_embd, bias=c.bias)
        self.c_proj = nn.Linear(c.n_embd, c.n_embd, bias=c.bias)
        self.register_buffer(
            "bias", torch.tril(torch.ones(c.block_size, c.block_size)).view(1, 1, c.block_size, c.block_size)
        )


class MLP(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c_fc = nn.Linear(c.n_embd, 4 * c.n_embd, bias=c.bias)
        self.c_proj = nn.Linear(4 * c.n_embd, c.n_embd, bias=c.bias)


class GBlock(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.ln_1 = LN(c.n_embd, bias=c.bias)
        self.attn = CSA(c)
        self.ln_2 = LN(c.n_embd, bias=c.bias)
        self.mlp = MLP(c)


class GPT(nn.Module):
    def __init__(self, c):
        super().__init__()
        assert c.vocab_size is not None
        self.transformer = nn.ModuleDict(
            {
                "wte": nn.Embedding(c.vocab_size, c.n_embd),
                "wpe": nn.Embedding(c.block_size, c.n_embd),
                "drop": nn.Dropout(c.dropout),
                "h": nn.ModuleList([GBlock(c) for _ in range(c.n_layer)]),
                "ln_f": LN(c.n_embd, bias=c.bias),
            }
        )
        self.lm_head = nn.Linear(c.n_embd, c.vocab_size, bias=False)
        self.transformer.wte.weight = self.lm_head.weight
        self.apply(self._init)
        for pn, p in self.named_parameters():
            if pn.endswith("c_proj.weight"):
                torch.nn.init.normal_(p, mean=0.0, std=0.02 / math.sqrt(2 * c.n_layer))
        n = sum(p.numel() for p in self.parameters())
        self.n = f"{n / 1e6:.2f}M"

    def _init(self, m):
        if isinstance(m, nn.Linear):
            torch.nn.init.normal_(m.weight, std=0.02)
            if m.bias is not None:
                torch.nn.init.zeros_(m.bias)


def pair(t):
    return t if isinstance(t, tuple) else (t, t)


class VAttn(nn.Module):
    def __init__(self, dim, heads=8, dim_head=64):
        super().__init__()
        inner = dim_head * heads
        project_out = not (heads == 1 and dim_head == dim)
        self.norm = nn.LayerNorm(dim)
        self.to_qkv = nn.Linear(dim, inner * 3, bias=False)
        self.to_out = nn.Sequential(nn.Linear(inner, dim), nn.Dropout(0.0)) if project_out else nn.Identity()


class ViT(nn.Module):
    def __init__(
        self, *, image_size, patch_size, num_classes, dim, depth, heads, mlp_dim, pool="cls", channels=3, dim_head=64
    ):
        super().__init__()
        ih, iw = pair(image_size)
        ph, pw = pair(patch_size)
        assert ih % ph == 0, "Image dimensions must be divisible by the patch size."
        assert iw % pw == 0
        num_patches = (ih // ph) * (iw // pw)
        patch_dim = channels * ph * pw
        self.to_patch = nn.Sequential(nn.LayerNorm(patch_dim), nn.Linear(patch_dim, dim), nn.LayerNorm(dim))
        self.pos = nn.Parameter(torch.randn(1, num_patches + 1, dim))
        self.cls = nn.Parameter(torch.randn(1, 1, dim))
        self.layers = nn.ModuleList([])
        for _ in range(depth):
            self.layers.append(
                nn.ModuleList(
                    [
                        VAttn(dim, heads, dim_head),
                        nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, mlp_dim), nn.GELU(), nn.Linear(mlp_dim, dim)),
                    ]
                )
            )
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, num_classes)


class LSTMLM(nn.Module):
    def __init__(self, ntoken, ninp, nhid, nlayers, dropout=0.5, tie_weights=False):
        super().__init__()
        self.encoder = nn.Embedding(ntoken, ninp)
        self.rnn = nn.LSTM(ninp, nhid, nlayers, dropout=dropout)
        self.decoder = nn.Linear(nhid, ntoken)
        if tie_weights:
            if nhid != ninp:
                raise ValueError("When using the tied flag, nhid must be equal to emsize")
            self.decoder.weight = self.encoder.weight
        nn.init.uniform_(self.encoder.weight, -0.1, 0.1)


class ConvAE(nn.Module):
    def __init__(self, c, latent, size=32):
        super().__init__()
        self.enc = nn.Sequential(
            nn.Conv2d(3, c, 3, 2, 1), nn.ReLU(), nn.Conv2d(c, 2 * c, 3, 2, 1), nn.ReLU(), nn.Flatten()
        )
        self.fc = nn.Linear(2 * c * (size // 4) ** 2, latent)
        self.fc2 = nn.Linear(latent, 2 * c * (size // 4) ** 2)
        self.dec = nn.Sequential(nn.ConvTranspose2d(2 * c, c, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(c, 3, 4, 2, 1))


class Expert(nn.Module):
    def __init__(self, d, f):
        super().__init__()
        self.w1 = nn.Linear(d, f, bias=False)
        self.w2 = nn.Linear(f, d, bias=False)
        self.w3 = nn.Linear(d, f, bias=False)


class MoEBlock(nn.Module):
    def __init__(self, d, f, E, k):
        super().__init__()
        assert k <= E
        self.gate = nn.Linear(d, E, bias=False)
        self.experts = nn.ModuleList([Expert(d, f) for _ in range(E)])
        self.n = nn.LayerNorm(d)


class MoE(nn.Module):
    def __init__(self, d, f, E, k, L):
        super().__init__()
        self.layers = nn.ModuleList(MoEBlock(d, f, E, k) for _ in range(L))


class DeepMLP(nn.Module):
    def __init__(self, d_in, d_h, d_out, n):
        super().__init__()
        layers = [nn.Linear(d_in, d_h), nn.ReLU()]
        for _ in range(n - 1):
            layers += [nn.Linear(d_h, d_h), nn.ReLU()]
        layers.append(nn.Linear(d_h, d_out))
        self.net = nn.Sequential(*layers)


class DenseLayer(nn.Module):
    def __init__(s, i, k, bn):
        super().__init__()
        s.n1 = nn.BatchNorm2d(i)
        s.c1 = nn.Conv2d(i, bn * k, 1, bias=False)
        s.n2 = nn.BatchNorm2d(bn * k)
        s.c2 = nn.Conv2d(bn * k, k, 3, padding=1, bias=False)


class DenseNet(nn.Module):
    def __init__(s, growth_rate, block_config, num_init, bn_size=4, num_classes=10):
        super().__init__()
        s.f = nn.Sequential()
        s.f.add_module("conv0", nn.Conv2d(3, num_init, 7, bias=False))
        n = num_init
        for i, L in enumerate(block_config):
            b = nn.ModuleDict()
            for j in range(L):
                b[f"denselayer{j + 1}"] = DenseLayer(n + j * growth_rate, growth_rate, bn_size)
            s.f.add_module(f"denseblock{i + 1}", b)
            n = n + L * growth_rate
            if i != len(block_config) - 1:
                s.f.add_module(
                    f"transition{i + 1}", nn.Sequential(nn.BatchNorm2d(n), nn.Conv2d(n, n // 2, 1, bias=False))
                )
                n = n // 2
        s.classifier = nn.Linear(n, num_classes)


class WN(nn.Module):
    def __init__(s, h, k):
        super().__init__()
        s.c = torch.nn.utils.parametrizations.weight_norm(nn.Conv1d(h, h, k, groups=16))
        s.l = torch.nn.utils.weight_norm(nn.Linear(h, 2 * h))
        s.s = torch.nn.utils.spectral_norm(nn.Linear(h, 5))


class LlamaMLP(nn.Module):
    def __init__(s, dim, multiple_of=256, mult=1.3):
        super().__init__()
        hidden = 4 * dim
        hidden = int(2 * hidden / 3)
        hidden = int(mult * hidden)
        hidden = multiple_of * ((hidden + multiple_of - 1) // multiple_of)
        s.w1 = nn.Linear(dim, hidden, bias=False)
        s.w2 = nn.Linear(hidden, dim, bias=False)


class Swiny(nn.Module):
    def __init__(s, d, depth, rate=0.1):
        super().__init__()
        rates = [x.item() for x in torch.linspace(0, rate, depth)]
        s.b = nn.ModuleList([nn.Sequential(nn.Linear(d, d), nn.Dropout(p)) for p in rates])


class PE(nn.Module):
    def __init__(s, d_model, max_len=5000):
        super().__init__()
        pe = torch.zeros(max_len, d_model)
        pos = torch.arange(0, max_len, dtype=torch.float).unsqueeze(1)
        div = torch.exp(torch.arange(0, d_model, 2).float() * (-math.log(10000.0) / d_model))
        pe[:, 0::2] = torch.sin(pos * div)
        pe[:, 1::2] = torch.cos(pos * div)
        s.register_buffer("pe", pe.unsqueeze(0).transpose(0, 1))
        s.l = nn.Linear(d_model, d_model)
