"""Every sum of the contract: trained, stored, routed, split."""

from __future__ import annotations

import pytest

from nparams.errors import InvariantError
from nparams.expr import equal, parse
from nparams.network import Module, Network, Tensor

T = Tensor


def flat(*tensors: Tensor, **options: object) -> Network:
    return Network(tensors=list(tensors), source="test", read_as="test", **options)  # type: ignore[arg-type]


W = T("a.weight", (4, 5), "float32", trainable=True)
B = T("a.bias", (4,), "float32", "bias", trainable=False)
MEAN = T("a.running_mean", (4,), "float32", "buffer")
STEPS = T("a.num_batches_tracked", (), "int64", "buffer")
SCALES = T("a.scales", (10,), "float16", "bookkeeping")
ADAM = T("optimizer.exp_avg", (100,), "float32", "other")
PACKED = T("q.weight", (8, 8), "int4", stored=(8, 32))
LAZY = T("lazy.weight", None, "float32")
ODD = T("odd.weight", (7,), None)

# what it shows | tensors | sums
SUMS = [
    ("trained and frozen", [W, B], {"trainable": 20, "frozen": 4, "total": 24, "weights": 20, "biases": 4}),
    ("not said whether trained", [W, T("b.weight", (2,), "float32")], {"trainable": None, "frozen": None, "total": 22}),
    ("roles", [W, B, MEAN, STEPS, SCALES, ADAM],
     {"total": 24, "buffers": 5, "bookkeeping": 10, "other": 100, "elements": 39, "listed": 24}),
    ("bytes", [W, B, MEAN, STEPS], {"parameter_bytes": 96, "bytes": 120, "bits_per_parameter": 32.0}),
    ("bookkeeping makes a parameter dearer", [T("a.weight", (4, 5), "int4"), SCALES],
     {"parameter_bytes": 10, "bytes": 30, "bits_per_parameter": 12.0}),
    ("packed", [PACKED], {"total": 64, "elements": 8, "parameter_bytes": 32, "bits_per_parameter": 4.0}),
    ("tied", [W, T("head.weight", (4, 5), "float32", tied_to="a.weight", trainable=True)],
     {"total": 20, "listed": 40, "elements": 40, "trainable": 20, "parameter_bytes": 80}),
    ("not created yet, under two names", [W, LAZY, T("head.weight", None, "float32", tied_to="lazy.weight")],
     {"total": None, "known": 20, "unknown": 1, "listed": 20}),
    ("not created yet", [W, LAZY],
     {"total": None, "known": 20, "unknown": 1, "trainable": None, "parameter_bytes": None, "bytes": None,
      "bits_per_parameter": None, "active": None}),
    ("a number type that nobody says", [W, ODD],
     {"total": 27, "parameter_bytes": None, "bytes": None, "bits_per_parameter": None, "dtypes": None}),
    ("a number type that nobody knows", [T("a.weight", (3,), "posit8")], {"total": 3, "parameter_bytes": None}),
    ("types", [W, PACKED, T("c.weight", (6,), "bfloat16")],
     {"dtypes": {"float32": 20, "int4": 64, "bfloat16": 6}, "parameter_bytes": 80 + 32 + 12}),
    ("empty", [], {"total": 0, "known": 0, "unknown": 0, "bits_per_parameter": None, "dtypes": {}}),
    ("larger than any machine word", [T("a.weight", (2**40, 2**40), "float64")],
     {"total": 2**80, "parameter_bytes": 2**83, "bits_per_parameter": 64.0}),
]  # fmt: skip


@pytest.mark.parametrize(("tensors", "sums"), [row[1:] for row in SUMS], ids=[row[0] for row in SUMS])
def test_sums(tensors: list[Tensor], sums: dict[str, object]) -> None:
    network = flat(*tensors)
    assert {key: getattr(network.totals, key) for key in sums} == sums
    by_tree = Network(network.root, read_as="test").totals
    assert {key: getattr(by_tree, key) for key in sums} == sums, "a tree of the same tensors adds up to the same"


# number type | elements | bytes: structs of ggml (src/ggml-common.h), the rest by their bits
WIDTHS = [
    ("float32", 10, 40), ("bfloat16", 10, 20), ("int4", 3, 2), ("float4_e2m1fn", 64, 32), ("nf4", 64, 32),
    ("int3", 8, 3), ("q4_0", 4096, 2304), ("q8_0", 64, 68), ("q4_k", 512, 288), ("q6_k", 256, 210), ("mxfp4", 64, 34),
    ("complex64", 2, 16), ("bool", 9, 9), ("float8_e4m3fn", 5, 5),
]  # fmt: skip


@pytest.mark.parametrize(("dtype", "count", "held"), WIDTHS)
def test_bytes_of_number_types(dtype: str, count: int, held: int) -> None:
    assert flat(T("a.weight", (count,), dtype)).totals.parameter_bytes == held


# -- experts ----------------------------------------------------------------------------------------------------------

# what it shows | the experts' weight | k, E | used
ROUTED = [
    ("2 of 8", (8, 3, 4), (2, 8), 24), ("all of them", (4, 5), (4, 4), 20), ("not said", (8, 3), (None, 8), None),
    ("none", (8, 3), (0, 8), 0),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "route", "used"), [row[1:] for row in ROUTED], ids=[row[0] for row in ROUTED])
def test_routed_experts(shape: tuple[int, ...], route: tuple[int | None, int], used: int | None) -> None:
    dense, experts = T("d.weight", (10,)), T("e.weight", shape)
    wanted = None if used is None else 10 + used
    assert flat(dense, experts, routes={"e.weight": route}).totals.active == wanted
    tree = Module(children=[Module("d", tensors=[dense]), Module("e", tensors=[experts], routed=route)])
    assert Network(tree).totals.active == wanted


def test_experts_that_stand_apart_are_added_up_before_they_are_shared() -> None:
    """4 experts of 3 x 5 + 3 numbers, of which a token uses 2: no tensor of one expert is divisible by 4."""
    apart = [t for e in range(4) for t in (T(f"e.{e}.weight", (3, 5)), T(f"e.{e}.bias", (3,), role="bias"))]
    totals = flat(T("d.weight", (10,)), *apart, routes={t.name: (2, 4) for t in apart}).totals
    assert (totals.total, totals.active) == (10 + 4 * 18, 10 + 2 * 18)


def test_experts_that_cannot_share_are_a_bug() -> None:
    for route in ((2, 3), (9, 8), (1, 0)):
        with pytest.raises(InvariantError, match="experts cannot share"):
            assert flat(T("e.weight", (8, 2)), routes={"e.weight": route}).totals.active


def test_routed_in_symbols() -> None:
    d, f, experts, used = (parse(name) for name in ("d", "f", "E", "k"))
    routed = Module("e", tensors=[T("e.weight", (experts, d, f))], routed=(used, experts))
    network = Network(Module(tensors=[T("d.weight", (d, d))], children=[routed]), read_as="test")
    made = network.substitute({"d": 3, "f": 5, "E": 8, "k": 2})
    assert (made.total, made.totals.active) == (9 + 120, 9 + 30)
    assert equal(network.total, parse("d**2 + E*d*f"))


# -- splits -----------------------------------------------------------------------------------------------------------

LLAMA = [
    T("model.embed_tokens.weight", (10, 4)),
    T("model.layers.0.mlp.up_proj.weight", (6, 4)),
    T("lm_head.weight", (10, 4)),
]


def test_embedding_and_the_rest() -> None:
    import json

    tied = T("lm_head.weight", (10, 4), tied_to="model.embed_tokens.weight")
    found = json.loads(flat(*LLAMA[:2], tied).to_json())
    assert (found["embedding"], found["non_embedding"], found["total"]) == (40, 24, 64)
    untied = json.loads(flat(*LLAMA).to_json())
    assert untied["embedding"] + untied["non_embedding"] == untied["total"] == 104


def test_components_sum_to_the_total() -> None:
    from nparams.network.split import components

    network = flat(
        *LLAMA, T("vision_tower.encoder.layers.0.fc1.weight", (7, 3)), T("multi_modal_projector.linear_1.weight", (5,))
    )
    parts = components(network)
    assert parts is not None
    assert sum(parts.values()) == network.total
    assert len(parts) >= 3


def test_fingerprint() -> None:
    from nparams.network.split import fingerprint

    half = [T(t.name, t.shape, "float16") for t in LLAMA]
    other = [*LLAMA[:2], T("lm_head.weight", (4, 10))]
    first = fingerprint(flat(*LLAMA))
    assert fingerprint(flat(*half)) == first == fingerprint(flat(*LLAMA[::-1]))
    assert fingerprint(flat(*LLAMA, MEAN)) == first, "buffers are no parameters"
    assert fingerprint(flat(*other)) != first
