"""Code as people paste it: reading grows with the text, and costs little beside parsing it."""

from __future__ import annotations

import ast
import sys

from benchmarks._measure import Row, not_slower, paired, processes

REPEATS = 5
BLOCK = """
class Block(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.ln = nn.LayerNorm(d)
        self.attn = nn.MultiheadAttention(d, 8)
        self.fc = nn.Linear(d, 4 * d)
        self.proj = nn.Linear(4 * d, d)
"""
NET = """
class Net(nn.Module):
    def __init__(self, vocab=50257, d=512, layers={layers}):
        super().__init__()
        self.wte = nn.Embedding(vocab, d)
        self.h = nn.ModuleList([Block(d) for _ in range(layers)])
        self.head = nn.Linear(d, vocab, bias=False)
        self.head.weight = self.wte.weight
"""


def run() -> list[Row]:
    """A file of classes, a thousand blocks against a hundred, and a written list of layers against its syntax tree."""
    from nparams import read

    rows = []
    slow, quick = paired(lambda: read(net(1000)).total, lambda: read(net(100)).total, REPEATS)
    rows.append(not_slower("PyTorch code, 1,000 blocks / 100", slow, quick, 15))
    ours, parse = paired(lambda: read(written(2000)).total, lambda: ast.parse(written(2000)), REPEATS)
    rows.append(not_slower("2,000 written layers / ast.parse of them", ours, parse, 40))
    bare = [sys.executable, "-c", "pass"]
    whole, floor = processes([[sys.executable, "-m", "nparams", net(12), "-q"], bare], 15)
    rows.append(not_slower("nparams CODE -q / python -c pass", whole.seconds, floor.seconds, 15))
    return rows


def net(layers: int) -> str:
    return BLOCK + NET.format(layers=layers)


def written(layers: int) -> str:
    return "nn.Sequential(" + ", ".join(f"nn.Linear({k + 1}, {k + 2})" for k in range(layers)) + ")"
