"""Damaged PyTorch checkpoints, zipped and old: only our own errors leave the readers, no tensor exceeds its storage."""

from __future__ import annotations

from nparams.files.bytesource import MemorySource
from nparams.files.pickles import read as read_pickle
from nparams.files.pytorch import read as read_zip
from nparams.files.pytorch_legacy import read as read_legacy
from tests.fuzz._drive import drive, real
from tests.old_storages import call, tensor, text
from tests.pickle_maker import G, R, S, T, legacy, module, ordered, parameter, pickled, pt

STATE = ordered(
    {"0.weight": T((2, 3)), "0.bias": T((2,), key="1"), "1.running_mean": T((2,), key="2"), "e": T((), key="3")}
)
ONE = S(24, key="9")
VIEWS = {"a": T((4, 6), ONE), "b": T((6, 4), ONE, 0, (1, 6)), "c": T((2, 6), ONE, 12), "d": T((5, 6), ONE, 0, (0, 1))}
UTILS = "torch._utils"
ODD = {
    "q": R(G(UTILS, "_rebuild_qtensor"), (S(6, "QInt8", "4").id(), 0, (2, 3), (3, 1),
           (G("torch", "per_tensor_affine"), 0.1, 0), False, ordered())),
    "s": R(G(UTILS, "_rebuild_sparse_tensor"), (R(G("torch.serialization", "_get_layout"), ("torch.sparse_coo",)),
           (T((2, 3), key="5"), T((3,), key="6"), R(G("torch", "Size"), ((4, 5),)), True))),
    "m": R(G(UTILS, "_rebuild_meta_tensor_no_storage"), (G("torch", "float16"), (2, 2), (2, 1), False)),
    "w": R(G("torch._tensor", "_rebuild_from_type_v2"), (G(UTILS, "_rebuild_wrapper_subclass"), G("torchao.x", "Y"),
           (G("torchao.x", "Y"), G("torch", "bfloat16"), (4, 4), (4, 1), 0, None, None, False),
           {"data": T((8,), key="7")})),
    "n": R(G("numpy.core.multiarray", "_reconstruct"), (G("numpy", "ndarray"), (0,), b"b"),
           (1, (2, 2), R(G("numpy", "dtype"), ("f4", False, True), (3, "<", None, None, None, -1, -1, 0)), False,
            bytes(16))),
}  # fmt: skip
RUN = {"model": STATE, "ema": ordered({"0.weight": T((2, 3), key="8")}), "epoch": 3,
       "optimizer": {"state": {0: {"exp_avg": T((2, 3), key="7")}}, "param_groups": [{"lr": 0.1}]}}  # fmt: skip
NET = module(
    "Net", {"w": parameter(T((3, 4)))}, {"b": T((3,), key="1")}, {"fc": module("Linear", {"bias": None})}, width=3
)
OLD = {"a": tensor((3, 4), call(text(12))), "b": tensor((2,), call(text(2, "1", "Long", 8)))}
SPELLINGS = ((2, False), (2, True), (4, False))
VALUES = (STATE, VIEWS, ODD, RUN, NET, OLD)
SEEDS = [
    *(pt(value, protocol=protocol, wide=wide) for value in VALUES for protocol, wide in SPELLINGS),
    *map(legacy, VALUES), pickled(OLD), pickled(OLD, 4), *real("pt_zip", "pt_legacy", largest=64_000),
]  # fmt: skip


def one(data: bytes) -> None:
    """Read one file; what is stored is in it (deflated members may be larger than they lie there)."""
    zipped = data.startswith(b"PK")
    read = read_zip if zipped else read_legacy if b"\x8a\x0a\x6c\xfc" in data[:8] else read_pickle
    network = read(MemorySource(data, "m.pt"))
    if not zipped:
        held = sum(t.size for t in network.tensors() if not t.tied_to and not t.note and isinstance(t.size, int))
        assert held <= 8 * len(data), f"{held:,} elements"
    assert network.totals.elements is not None


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` damaged files; how many were accepted and how many refused.  Anything else raises."""
    return drive(count, seed, SEEDS, one)
