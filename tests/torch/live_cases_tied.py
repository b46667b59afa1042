"""Live PyTorch models in which names share memory: ties, layers met twice, views, expanded and sparse parameters,
and layers that the framework does not know of.

A tied tensor is counted once and listed under each of its names (DESIGN §2 `tied_to`, §3 `listed`).
"""

from __future__ import annotations

import torch
from torch import nn

from tests.live import Case


class Language(nn.Module):
    """A head that is the embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.emb, self.head = nn.Embedding(100, 16), nn.Linear(16, 100, bias=False)
        self.head.weight = self.emb.weight


class Autoencoder(nn.Module):
    """A decoder whose weight is a new Parameter over the encoder's numbers, turned."""

    def __init__(self) -> None:
        super().__init__()
        self.enc, self.dec = nn.Linear(12, 5), nn.Linear(5, 12)
        self.dec.weight = nn.Parameter(self.enc.weight.detach().t())


class TwoNames(nn.Module):
    """A module under two names."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3, bias=False)
        self.fc = nn.Linear(8, 8)
        self.same = self.fc


class OneParameterTwoNames(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.zeros(6, 10))
        self.v = self.w


class OneStorage(nn.Module):
    """Two Parameters over exactly the same numbers: training one changes the other."""

    def __init__(self) -> None:
        super().__init__()
        base = torch.zeros(60)
        self.a, self.b = nn.Parameter(base), nn.Parameter(base.view(6, 10))


class Slices(nn.Module):
    """Two Parameters in one storage that share no number (what a flattened model looks like)."""

    def __init__(self) -> None:
        super().__init__()
        flat = torch.zeros(30)
        self.p, self.q = nn.Parameter(flat[:12].view(3, 4)), nn.Parameter(flat[12:])


class EverySecond(nn.Module):
    """Interleaved: the ranges of addresses overlap, the numbers do not."""

    def __init__(self) -> None:
        super().__init__()
        flat = torch.zeros(20)
        self.even, self.odd = nn.Parameter(flat[::2]), nn.Parameter(flat[1::2])


class Overlap(nn.Module):
    """15 numbers of which 5 belong to both: each Parameter is counted, memory once (DESIGN §3 `also.here`)."""

    def __init__(self) -> None:
        super().__init__()
        flat = torch.zeros(15)
        self.p, self.q = nn.Parameter(flat[:10]), nn.Parameter(flat[5:])


class FlatAndParts(nn.Module):
    """A flat Parameter and the parts of it, all registered."""

    def __init__(self) -> None:
        super().__init__()
        flat = torch.zeros(100)
        self.flat = nn.Parameter(flat)
        self.p, self.q = nn.Parameter(flat[:60].view(6, 10)), nn.Parameter(flat[60:])


class SquareTurned(nn.Module):
    """A square and its transpose: the same numbers in another order."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.zeros(4, 4))
        self.b = nn.Parameter(self.a.detach().t())


class Expanded(nn.Module):
    """50 rows that are one row: 1,000 logical numbers over 50 stored ones (PEERS.md)."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.zeros(1, 50).expand(20, 50))


class ExpandedToo(nn.Module):
    """The row itself is a parameter as well: the same 50 numbers, so tied; the longer name lists all 1,000."""

    def __init__(self) -> None:
        super().__init__()
        row = torch.zeros(1, 50)
        self.row, self.rows = nn.Parameter(row), nn.Parameter(row.expand(20, 50))


class Shared(nn.Module):
    """A block in two branches."""

    def __init__(self) -> None:
        super().__init__()
        block = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6))
        self.left, self.right = nn.Sequential(block, nn.Linear(6, 2)), nn.Sequential(nn.Linear(3, 4), block)


class EncoderDecoder(nn.Module):
    """T5's table: one embedding for encoder, decoder and head."""

    def __init__(self) -> None:
        super().__init__()
        self.shared = nn.Embedding(50, 8)
        self.encoder = nn.ModuleDict({"embed_tokens": self.shared, "fc": nn.Linear(8, 8)})
        self.decoder = nn.ModuleDict({"embed_tokens": nn.Embedding(50, 8), "fc": nn.Linear(8, 8)})
        self.decoder["embed_tokens"].weight = self.shared.weight
        self.lm_head = nn.Linear(8, 50, bias=False)
        self.lm_head.weight = self.shared.weight


class TiedBuffers(nn.Module):
    """One table of positions for two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(2, 3), nn.Linear(3, 4)
        table = torch.zeros(7)
        self.a.register_buffer("table", table)
        self.b.register_buffer("table", table)


class BufferOverParameter(nn.Module):
    """A buffer that shows a parameter's numbers: the parameter is counted, its memory once."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.zeros(8))
        self.register_buffer("view", self.w.detach())


class TiedFrozen(nn.Module):
    """Tied, and frozen under one name only: two Parameter objects over one memory.  The first owns the count, its
    flag too (DESIGN §2 tied_to)."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.zeros(9))
        self.b = nn.Parameter(self.a.detach(), requires_grad=False)


class SparseWeight(nn.Module):
    """100 logical numbers of which 5 are stored; their bytes are those of values and indices (DESIGN §2 `stored`)."""

    def __init__(self, layout: str) -> None:
        super().__init__()
        dense = torch.zeros(10, 10)
        dense[range(5), range(5)] = 1
        self.weight = nn.Parameter(dense.to_sparse() if layout == "coo" else dense.to_sparse_csr())
        self.bias = nn.Parameter(torch.zeros(10))


class Hidden(nn.Module):
    """Layers in a plain list: the optimizer never sees them (PEERS.md §5.7: 18 registered, 144 not)."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = [nn.Linear(8, 8), nn.Linear(8, 8)]
        self.head = nn.Linear(8, 2)


class HiddenDict(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.heads = {"a": [nn.Linear(3, 4)], "b": (nn.Parameter(torch.zeros(5)),)}
        self.fc = nn.Linear(2, 3)


class Teacher(nn.Module):
    """A teacher kept out of the student on purpose: hidden all the same."""

    def __init__(self) -> None:
        super().__init__()
        self.student = nn.Linear(4, 2)
        self.__dict__["teacher"] = nn.Linear(10, 10)


class AlsoRegistered(nn.Module):
    """A plain list of layers that are registered too: nothing is hidden."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(2, 3), nn.Linear(3, 4)
        self.order = [self.a, self.b]


class Child(nn.Module):
    def __init__(self, parent: nn.Module) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)
        self.parent = [parent]


class BackReference(nn.Module):
    """A child that knows its parent through a list: a cycle, nothing hidden."""

    def __init__(self) -> None:
        super().__init__()
        self.child = Child(self)


class RegisteredCycle(nn.Module):
    """A child whose registered submodule is its parent: names would go on for ever; each module is met once."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(2, 2)
        self.child = nn.Sequential(nn.Linear(2, 3))
        self.child.add_module("parent", self)


class LocalCaches(nn.Module):
    """Plain attributes that hold tensors but no parameters: not kept with the model, so not counted at all."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(2, 2)
        self.cache, self.history = torch.zeros(50), [torch.zeros(9)]


def repeats() -> nn.Module:
    layer = nn.Linear(3, 3)
    return nn.ModuleList([layer] * 4)


def repeated_lists() -> nn.Module:
    relu = nn.ReLU()
    return nn.ModuleList([nn.ModuleList([nn.Linear(4, 4), relu]) for _ in range(8)])


TIED = (
    Case("a head that is the embedding", Language,
         {"weights": 100 * 16, "listed": 2 * 1600, "embedding": 1600}, ("head.weight", "emb.weight")),
    Case("a transposed view", Autoencoder,
         {"weights": 12 * 5, "biases": 5 + 12, "listed": 2 * 60 + 17}, ("dec.weight",)),
    Case("a module under two names", TwoNames,
         {"weights": 72 + 64, "biases": 8, "listed": 72 + 2 * (64 + 8)}, (("same", "fc"),)),
    Case("a parameter under two names", OneParameterTwoNames, {"weights": 60, "listed": 120}, ("v",)),
    Case("two Parameters over one storage", OneStorage, {"weights": 60, "listed": 120}, ("b",)),
    Case("slices of one storage", Slices, {"weights": 12 + 18}),
    Case("every second number", EverySecond, {"weights": 10 + 10}),
    # total counts each; parameter_bytes is "each memory once" (DESIGN §3); elements what numel() would sum
    Case("a partial overlap", Overlap, {"weights": 10 + 10, "also": {"here": 15}, "parameter_bytes": 4 * 15},
         (("overlap", "share", "same memory"),)),
    Case("a flat parameter and its parts", FlatAndParts,
         {"weights": 100 + 60 + 40, "also": {"here": 100}, "parameter_bytes": 4 * 100}),
    Case("a square turned", SquareTurned, {"weights": 16, "listed": 32}),
    Case("expanded", Expanded,
         {"weights": 20 * 50, "elements": 50, "parameter_bytes": 4 * 50, "also": {"here": 50}}, ("w",)),
    Case("a row and its expansion", ExpandedToo,
         {"weights": 50, "listed": 50 + 1000, "elements": 50 + 50}),
    Case("a block in two branches", Shared,
         {"weights": 4 * 6 + 6 + 6 * 2 + 3 * 4, "biases": 6 + 6 + 2 + 4,
          "listed": 2 * (24 + 6 + 6 + 6) + 12 + 2 + 12 + 4, "buffers": 2 * 6 + 1,
          "elements": 2 * (42 + 13) + 30, "bytes": 4 * (42 + 30) + 4 * 12 + 8}),
    Case("one layer four times in a list", repeats, {"weights": 9, "biases": 3, "listed": 4 * 12}),
    Case("one activation in eight lists", repeated_lists, {"weights": 8 * 16, "biases": 8 * 4}),
    Case("encoder and decoder share", EncoderDecoder,
         {"weights": 50 * 8 + 2 * 64, "biases": 2 * 8, "listed": 4 * 400 + 2 * 72, "embedding": 400}),
    Case("tied buffers", TiedBuffers,
         {"weights": 6 + 12, "biases": 3 + 4, "buffers": 7, "elements": 25 + 2 * 7, "bytes": 4 * (25 + 7)}),
    # the same memory in two roles: the parameter's bytes, and no more for the buffer (DESIGN §3 "each memory once")
    Case("a buffer over a parameter", BufferOverParameter,
         {"weights": 8, "buffers": 0, "elements": 16, "bytes": 4 * 8}),
    Case("tied and half frozen", TiedFrozen, {"weights": 9, "listed": 18, "trainable": 9}),
    Case("sparse COO", lambda: SparseWeight("coo"),
         {"weights": 100, "biases": 10, "elements": 5 + 10, "parameter_bytes": 4 * 5 + 2 * 5 * 8 + 4 * 10,
          "also": {"here": 15}}),
    Case("sparse CSR", lambda: SparseWeight("csr"),
         {"weights": 100, "biases": 10, "elements": 5 + 10,
          "parameter_bytes": 4 * 5 + (5 + 11) * 8 + 4 * 10, "also": {"here": 15}}),
    # layers that the framework does not register have the role `other` (DESIGN §2, role 1)
    Case("layers in a plain list", Hidden,
         {"weights": 8 * 2, "biases": 2, "other": 144, "also": {"unregistered": 2 * (64 + 8)}},
         ("layers", "ModuleList")),
    Case("layers and parameters in a plain dict", HiddenDict,
         {"weights": 6, "biases": 3, "other": 21, "also": {"unregistered": 12 + 4 + 5}}, ("heads",)),
    Case("a teacher beside", Teacher,
         {"weights": 8, "biases": 2, "other": 110, "also": {"unregistered": 110}}, ("teacher",)),
    Case("a list of registered layers", AlsoRegistered, {"weights": 6 + 12, "biases": 7}),
    Case("a reference back", BackReference, {"weights": 9, "biases": 3}),
    Case("a registered cycle", RegisteredCycle, {"weights": 4 + 6, "biases": 2 + 3}),
    Case("caches of plain tensors", LocalCaches, {"weights": 4, "biases": 2}),
)  # fmt: skip
