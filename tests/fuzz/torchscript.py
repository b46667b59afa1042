"""Damaged TorchScript archives: only our own errors, in one line, and never more parameters than bytes allow."""

from __future__ import annotations

import random

from nparams.files._torchscript.classes import classes_in
from nparams.files._torchscript.uses import Uses
from nparams.files.bytesource import MemorySource
from nparams.files.torchscript import read
from tests.fuzz._drive import drive, real
from tests.torchscript_maker import Call, Mod, T, code_of, old, old_tensor, torchscript

PACKED = Mod("torch.classes.quantized.LinearPackedParamsBase", (T([4, 3], "QInt8", scales=4), T([4])))
BODY = ("w = torch.t(CONSTANTS.c0)\nl = [CONSTANTS.c1, CONSTANTS.c2]\ny = torch.addmm(CONSTANTS.c2, x, w)\n"
        "z, _0 = torch.lstm(y, [h, h], l, True)\nq = ops.quantized.linear(torch.add(z, CONSTANTS.c2), CONSTANTS.c3)\n"
        "m = ops.prim.ConstantMKLDNNTensor()")  # fmt: skip
NET = code_of(["weight", "bias"], ["running_mean"], body=BODY)
INNER = Mod("x.y.Lin", {"training": True, "weight": T([2, 2], key="w"), "bias": None})
MAIN = {"name": "N", "parameters": [{"name": "w", "tensorId": "0"}],
        "submodules": [{"name": "a", "parameters": [{"isBuffer": True, "name": "b", "tensorId": "1"}]}]}  # fmt: skip
SEEDS = [
    torchscript(Mod("Net", {"training": True, "weight": T([4, 3]), "bias": T([4]), "running_mean": T([4]),
                            "more": [T([2]), Call("torch.jit._pickle.build_tensorlist", [[T([5])]])], "a": INNER,
                            "b": INNER, "p": PACKED, "e": Call("__torch__.x.Color", [3])}),
                {"__torch__.py": NET, "__torch__/x/y.py": code_of(["weight", "bias"], name="Lin")}),
    torchscript(Mod("Net", {}), NET, [T([4, 3]), T([20, 4]), T([20]), PACKED]),
    torchscript(Mod("Net", {"weight": T([4, 3], "Half", offset=2, stride=[1, 4], numel=20)}), NET,
                [T([]), T([3], "Long")]),
    old(MAIN, [old_tensor([4, 3], "tensors/0"), old_tensor([4], "tensors/1", "INT64")],
        {"tensors/0": 48, "tensors/1": 32}),
    *real("torchscript", largest=1 << 22)[:1],
]  # fmt: skip
DENSEST = 8  # numbers in a byte: a module that stands in two places shows them again


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` damaged archives and texts of code; how many were accepted and how many refused."""
    text_of_code(count, seed)
    return drive(count, seed, SEEDS, one)


def one(data: bytes) -> None:
    """Read one archive to its JSON."""
    network = read(MemorySource(data, "m.pt"))
    network.to_json()
    size = sum(t.size for t in network.tensors() if isinstance(t.size, int) and t.tied_to is None and not t.stored)
    assert size <= DENSEST * len(data), size


WORDS = (*"()[],=\"\n .\\", "CONSTANTS.c0", "torch.linear", "  def ", "class N(", "w = ", "  __parameters__ = [",
         "  __buffers__ = [", "torch.t", "\u2028", "\0")  # fmt: skip


def text_of_code(count: int, seed: int) -> None:
    """Damaged code, given to the two scanners of it directly: they refuse nothing."""
    rng = random.Random(seed)
    for _ in range(count):
        text = list(NET)
        for _ in range(rng.randrange(1, 30)):
            at = rng.randrange(len(text))
            text[at : at + rng.choice((0, 0, 1, 9))] = rng.choice(WORDS)
        dict(classes_in("__torch__.py", "".join(text)))
        Uses().read("".join(text))
