"""Hostile PyTorch code: damaged model files and pastes; only our own errors leave the reader, in bounded time.

The files are those that stand with the tests; a folder of further ones may be named by NPARAMS_PUBLIC.  What is read is
printed in every way as well.
"""

from __future__ import annotations

import os
import random
import re
import signal
from collections.abc import Callable
from pathlib import Path

import nparams
from nparams.errors import NparamsError
from tests.fuzz._mutate import check_line
from tests.hostile_code import CLASS, GROUPS, PIECES

#: the seconds of one input; no test but a fuzzer may look at the clock
SECONDS = 20
PUBLIC = Path(os.environ.get("NPARAMS_PUBLIC", Path(__file__).parents[2] / ".venv/public"))
#: characters of the longest file that is damaged
LONGEST = 40_000

BLOCKS = """
import math
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class Config:
    vocab_size: int = 100
    n_layer: int = 2
    n_head: int = 4
    n_embd: int = 32
    bias: bool = True


class Attention(nn.Module):
    def __init__(self, config):
        super().__init__()
        assert config.n_embd % config.n_head == 0
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd, bias=config.bias)
        self.c_proj = nn.Linear(config.n_embd, config.n_embd, bias=config.bias)
        self.register_buffer("mask", torch.tril(torch.ones(8, 8)).view(1, 1, 8, 8))


class Block(nn.Module):
    def __init__(self, config, norm_layer=partial(nn.LayerNorm, eps=1e-6)):
        super().__init__()
        self.ln_1 = norm_layer(config.n_embd)
        self.attn = Attention(config)
        self.mlp = nn.Sequential(OrderedDict([
            ("fc", nn.Linear(config.n_embd, 4 * config.n_embd)),
            ("act", nn.GELU()),
            ("proj", nn.Linear(4 * config.n_embd, config.n_embd)),
        ]))


class GPT(nn.Module):
    def __init__(self, config=Config()):
        super().__init__()
        self.transformer = nn.ModuleDict(dict(
            wte=nn.Embedding(config.vocab_size, config.n_embd),
            h=nn.ModuleList([Block(config) for _ in range(config.n_layer)]),
        ))
        self.lm_head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        self.transformer.wte.weight = self.lm_head.weight
        self.pos = nn.Parameter(torch.zeros(1, 8, config.n_embd))
        self.apply(self._init_weights)

    def _init_weights(self, module):
        if isinstance(module, nn.Linear):
            torch.nn.init.normal_(module.weight, mean=0.0, std=0.02)
"""
STAGES = """
class Basic(nn.Module):
    expansion = 1

    def __init__(self, in_planes, planes, stride=1):
        super(Basic, self).__init__()
        self.conv1 = nn.Conv2d(in_planes, planes, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.shortcut = nn.Sequential()
        if stride != 1 or in_planes != self.expansion * planes:
            self.shortcut = nn.Sequential(nn.Conv2d(in_planes, self.expansion * planes, 1), nn.BatchNorm2d(planes))


class ResNet(nn.Module):
    def __init__(self, block, num_blocks, num_classes=10):
        super(ResNet, self).__init__()
        self.in_planes = 8
        self.layer1 = self._make_layer(block, 8, num_blocks[0], stride=1)
        self.layer2 = self._make_layer(block, 16, num_blocks[1], stride=2)
        self.linear = nn.Linear(16 * block.expansion, num_classes)

    def _make_layer(self, block, planes, num_blocks, stride):
        strides = [stride] + [1] * (num_blocks - 1)
        layers = []
        for stride in strides:
            layers.append(block(self.in_planes, planes, stride))
            self.in_planes = planes * block.expansion
        return nn.Sequential(*layers)


def ResNet18(**kwargs):
    return ResNet(Basic, [2, 2], **kwargs)


cfg = {"a": [8, "M", 16, "M"], "b": [8, 16]}


def make_layers(cfg, batch_norm=False):
    layers = []
    in_channels = 3
    for v in cfg:
        if v == "M":
            layers += [nn.MaxPool2d(kernel_size=2, stride=2)]
        else:
            conv2d = nn.Conv2d(in_channels, v, kernel_size=3, padding=1)
            layers += [conv2d, nn.BatchNorm2d(v), nn.ReLU(inplace=True)] if batch_norm else [conv2d, nn.ReLU()]
            in_channels = v
    return nn.Sequential(*layers)


net = make_layers(cfg["a"], batch_norm=True)
"""
NUMBERS = ("0", "1", "-1", "2", "3", "64", "1000", "10**9", "2**64", "9" * 40, "1.5", "1e9", "None", "True", "n", "'a'",
           "[1]", "()", "10**10**10", "2**31 - 1", "float('inf')")  # fmt: skip


def seeds() -> list[str]:
    """Texts to damage: ours, and the public files where they are unpacked."""
    found = [
        BLOCKS,
        STAGES,
        CLASS,
        *(text for rows in GROUPS.values() for text, _ in rows.values() if len(text) < 3000),
    ]
    files = sorted(PUBLIC.rglob("*.py")) if PUBLIC.is_dir() else []
    for file in files:
        text = file.read_text(encoding="utf-8", errors="replace")
        if "nn.Module" in text and len(text) < LONGEST:
            found.append(text)
    return found


def tokens(text: str) -> list[tuple[int, int]]:
    """Where each word, number and sign stands."""
    return [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]


# -- damage -----------------------------------------------------------------------------------------------------------


def token_deleted(text: str, other: str, rng: random.Random) -> str:
    start, end = rng.choice(tokens(text) or [(0, 0)])
    return text[:start] + text[end:]


def token_replaced(text: str, other: str, rng: random.Random) -> str:
    start, end = rng.choice(tokens(text) or [(0, 0)])
    first, last = rng.choice(tokens(other) or [(0, 0)])
    return text[:start] + rng.choice((other[first:last], rng.choice(PIECES))) + text[end:]


def tokens_swapped(text: str, other: str, rng: random.Random) -> str:
    found = tokens(text)
    if len(found) < 2:
        return text
    at = rng.randrange(len(found) - 1)
    (a, b), (c, d) = found[at], found[rng.randrange(at + 1, min(len(found), at + 12))]
    return text[:a] + text[c:d] + text[b:c] + text[a:b] + text[d:]


def number_changed(text: str, other: str, rng: random.Random) -> str:
    found = list(re.finditer(r"\b\d+\b", text))
    if not found:
        return text
    chosen = rng.choice(found)
    return text[: chosen.start()] + rng.choice(NUMBERS) + text[chosen.end() :]


def name_changed(text: str, other: str, rng: random.Random) -> str:
    """One name made another, wherever it stands."""
    names = sorted(set(re.findall(r"\b[a-zA-Z_]\w*", text)))
    if not names:
        return text
    old, new = rng.choice(names), rng.choice(names)
    return re.sub(rf"\b{old}\b", new, text)


def line_deleted(text: str, other: str, rng: random.Random) -> str:
    lines = text.split("\n")
    at = rng.randrange(len(lines))
    return "\n".join(lines[:at] + lines[at + rng.choice((1, 1, 2, 5)) :])


def line_doubled(text: str, other: str, rng: random.Random) -> str:
    lines = text.split("\n")
    at, size = rng.randrange(len(lines)), rng.choice((1, 1, 3, 10))
    return "\n".join(lines[: at + size] + lines[at : at + size] * rng.choice((1, 1, 2, 50)) + lines[at + size :])


def line_moved(text: str, other: str, rng: random.Random) -> str:
    lines = text.split("\n")
    line = lines.pop(rng.randrange(len(lines)))
    lines.insert(rng.randrange(len(lines) + 1), line)
    return "\n".join(lines)


def line_from_another(text: str, other: str, rng: random.Random) -> str:
    lines = text.split("\n")
    lines.insert(rng.randrange(len(lines) + 1), rng.choice(other.split("\n")))
    return "\n".join(lines)


def indented(text: str, other: str, rng: random.Random) -> str:
    lines = text.split("\n")
    at = rng.randrange(len(lines))
    lines[at] = rng.choice((f"    {lines[at]}", lines[at][4:], lines[at].lstrip(), f"\t{lines[at]}"))
    return "\n".join(lines)


def cut(text: str, other: str, rng: random.Random) -> str:
    at = rng.randrange(len(text) + 1)
    return rng.choice((text[:at], text[:at], text[at:]))


def spliced(text: str, other: str, rng: random.Random) -> str:
    return text[: rng.randrange(len(text) + 1)] + other[rng.randrange(len(other)) :]


def span_doubled(text: str, other: str, rng: random.Random) -> str:
    at, size = rng.randrange(len(text) + 1), rng.choice((1, 5, 30, 200))
    return text[:at] + text[at : at + size] * rng.choice((2, 2, 3, 40)) + text[at + size :]


def put_in(text: str, other: str, rng: random.Random) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice(PIECES) + text[at:]


Damage = Callable[[str, str, random.Random], str]
#: damage that often leaves Python, which is what goes deepest, comes more often
DAMAGE: tuple[Damage, ...] = (
    *[number_changed] * 5, *[name_changed] * 4, *[line_deleted] * 3, *[line_doubled] * 2, *[token_replaced] * 2,
    *[tokens_swapped] * 2, line_moved, line_moved, line_from_another, line_from_another, token_deleted, indented, cut,
    spliced, span_doubled, put_in,
)  # fmt: skip


def damaged(texts: list[str], rng: random.Random) -> str:
    text = rng.choice(texts)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        text = rng.choice(DAMAGE)(text, rng.choice(texts), rng)
    return text


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` damaged texts; how many were accepted and how many refused.  Anything else raises."""
    rng = random.Random(seed)
    texts = seeds()
    accepted = 0
    signal.signal(signal.SIGALRM, _too_slow)
    for _ in range(count):
        text = damaged(texts, rng)
        which = rng.choice((None, None, *re.findall(r"^(?:class|def) (\w+)", text, re.M)))
        signal.alarm(SECONDS)
        try:
            accepted += survives(text, which)
        except BaseException:
            print(f"not one of our errors, for {text!r} and {which}", flush=True)
            raise
        finally:
            signal.alarm(0)
    return {"accepted": accepted, "refused": count - accepted}


def _too_slow(*_: object) -> None:
    raise TimeoutError(f"no answer in {SECONDS} s")


def survives(text: str, which: str | None) -> bool:
    """Whether the code is read; then it is printed in every way as well."""
    try:
        network = nparams.read(text, form="torch-code", which=which, paths=False)
    except NparamsError as problem:
        check_line(problem)
        return False
    for work in (str, nparams.Network.explain, nparams.Network.to_json, nparams.Network.formula):
        try:
            work(network)
        except NparamsError as problem:
            check_line(problem)
    return True
