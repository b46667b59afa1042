"""PyTorch checkpoints: what is counted under which names and roles, and what is refused with which words."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import Any

import pytest

from nparams.dtypes import TORCH, TORCH_STORAGES
from nparams.errors import FormatError, NparamsError
from nparams.files import pytorch, pytorch_legacy
from nparams.files.bytesource import FileSource, LocalFolder, MemorySource, RangeSource, drive
from nparams.network import Network
from tests.conftest import shared
from tests.pickle_maker import (
    MAGIC,
    SYSTEM,
    G,
    P,
    R,
    Raw,
    S,
    T,
    legacy,
    module,
    ordered,
    parameter,
    pt,
    storages_in,
    strides,
)
from tests.zip_maker import M

UTILS = "torch._utils"


def read(data: bytes, **options: Any) -> Network:
    of = pytorch if data.startswith(b"PK") else pytorch_legacy
    return of.read(MemorySource(data, "x.pt"), **options)


FORMS: list[Callable[..., bytes]] = [
    pt,
    lambda value: pt(value, wide=True),
    lambda value: pt(value, protocol=4),
    legacy,
]
NAMES = ["zip", "zip, wide memo", "zip, protocol 4", "legacy"]


def each(held: dict[str, Any], front: str = "") -> dict[str, Any]:
    """The same with a storage of its own for each tensor."""
    return {f"{front}{name}": T(shape, key=f"{front}{name}") for name, shape in held.items()}


STATE = {"conv.weight": (4, 3, 2, 2), "conv.bias": (4,), "bn.weight": (4,), "bn.bias": (4,), "bn.running_mean": (4,),
         "bn.num_batches_tracked": ()}  # fmt: skip
WEIGHTS, BIASES, BUFFERS = 52, 8, 5
STEP = {"step": T((), key="s0"), "exp_avg": T((4, 3, 2, 2), key="s1"), "exp_avg_sq": T((4, 3, 2, 2), key="s2")}
OPTIMIZER = {"state": {0: STEP}, "param_groups": [{"lr": 0.1, "params": [0, 1]}]}
SMALL = {"weight": (2, 2), "bias": (2,)}


def state(front: str = "", of: dict[str, Any] = STATE, name: str = "") -> Any:
    return ordered({name + n: T(shape, key=front + n) for n, shape in of.items()})


def numpy_array(shape: Any, kind: str, held: Any) -> R:
    return R(G("numpy.core.multiarray", "_reconstruct"), (G("numpy", "ndarray"), (0,), b"b"),
             (1, shape, R(G("numpy", "dtype"), (kind, False, True)), False, held))  # fmt: skip


NUMPY = numpy_array((2, 3), "f4", bytes(24))
NET_A, NET_B = (module("Net", modules={"fc": module("Fc", {"w": parameter(T((4,), key=key))})}) for key in "pq")
# what it shows | the value | weights | biases | buffers | other | first names
MODELS = [
    ("a state dict", state(), 52, 8, 5, 0, ["conv.weight", "conv.bias"]),
    ("a plain dictionary", each(STATE), 52, 8, 5, 0, ["conv.weight"]),
    ("under a key", {"model_state_dict": state(), "epoch": 3, "args": R(G("argparse", "Namespace"), (), {"lr": 1},
     new=True)},
     52, 8, 5, 0, ["conv.weight"]),
    ("under two keys", {"state": {"model": state()}, "epoch": 3}, 52, 8, 5, 0, ["conv.weight"]),
    ("under a key that says nothing", {"abc": state()}, 52, 8, 5, 0, ["abc.conv.weight"]),
    ("DataParallel", state(name="module."), 52, 8, 5, 0, ["conv.weight"]),
    ("compiled, and DataParallel", {"net": state(name="_orig_mod.module.")}, 52, 8, 5, 0, ["conv.weight"]),
    ("module. before some names only", {**each({"module.a": (3,)}), **each({"c": (2,)})}, 5, 0, 0, 0, ["module.a"]),
    ("an optimizer beside it", {"state_dict": state(), "optimizer": OPTIMIZER}, 52, 8, 5, 97, ["conv.weight"]),
    ("an optimizer under any key", {"state_dict": state(), "x": OPTIMIZER}, 52, 8, 5, 97, ["conv.weight"]),
    ("optimizers in a list", {"state_dict": state(), "y": [OPTIMIZER]}, 52, 8, 5, 97, ["conv.weight"]),
    ("an optimizer alone", OPTIMIZER, 0, 0, 0, 97, ["state.0.step", "state.0.exp_avg"]),
    ("an optimizer of a GAN", {"g": state(), "optimG": {"a": T((7,), key="o")}}, 52, 8, 5, 7, ["g.conv.weight"]),
    ("a scheduler", {"m": state(), "s": {"last_epoch": 3, "_step_count": 4, "t": T((3,), key="o")}}, 52, 8, 5, 3,
     ["m.conv.weight"]),
    ("states of random numbers", {"model": state(), "cuda_rng_state": [T((816,), S(816, "Byte", "o"))],
     "rng_state": T((5056,), S(5056, "Byte", "p"))}, 52, 8, 5, 5872, ["conv.weight"]),
    ("numbers of the run", {"model": state(), "loss": T((), key="l"), "best": T((1,), key="b"), "lr": 0.1}, 52, 8, 5, 2,
     ["conv.weight"]),
    ("a tensor beside the model", {"model": state(), "prior": T((7,), key="l")}, 52, 8, 12, 0, ["conv.weight",
     "prior"][:1]),
    ("a trained tensor beside the model", {"model": state(), "z": T((7,), key="l", trained=True)}, 59, 8, 5, 0,
     ["model.conv.weight"]),
    ("a parameter beside the model", {"model": state(), "z": parameter(T((7,), key="l"))}, 59, 8, 5, 0,
     ["model.conv.weight"]),
    ("tensors with a list beside them", {"a": T((7,)), "b": T((8,), key="1"), "c": [T((2, 2), key="2")]}, 11, 8, 0, 0,
     ["a"]),
    ("arrays of numpy beside the model", {"model": state(), "mean": NUMPY}, 52, 8, 5, 6, ["conv.weight"]),
    ("arrays of numpy alone", {"w": NUMPY}, 6, 0, 0, 0, ["w"]),
    ("bytes as protocol 2 writes them", {"w": numpy_array((3,), "i2", R(G("_codecs", "encode"), ("\xff" * 6,
     "latin1")))},
     0, 0, 3, 0, ["w"]),
    ("an array of texts", {"w": numpy_array((3,), "U5", bytes(60)), "o": numpy_array((2,), "O8", ["a", "b"])},
     0, 0, 0, 5, ["w", "o"]),
    ("two whole models, one an average", {"model": NET_A, "ema": NET_B, "epoch": 1}, 4, 0, 0, 4, ["fc.w"]),
    ("a module whose part is called as a copy", module("Net", modules={"avg": NET_A, "fc": NET_B}), 8, 0, 0, 0,
     ["avg.fc.w"]),
    ("an average beside it", {"model": state(), "ema": state("e")}, 52, 8, 5, 65, ["conv.weight"]),
    ("an average without statistics", {"model": state(), "model_ema": state("e", {"a": (4, 3, 2, 2), "b": (4,)})}, 52,
     8, 5,
     52, ["conv.weight"]),
    ("an average alone", {"ema": state(), "epoch": 1}, 52, 8, 5, 0, ["conv.weight"]),
    ("an average of something else", {"d": state("d", SMALL), "g_ema": state()}, 56, 10, 5, 0, ["d.weight", "d.bias"]),
    ("two models", {"generator": state(), "discriminator": state("d", SMALL)}, 56, 10, 5, 0, ["generator.conv.weight"]),
    ("a list", [T((2, 3)), (T((4,), key="1"), {"bias": T((5,), key="2")})], 10, 5, 0, 0, ["0", "1.0", "1.1.bias"]),
    ("a tensor", T((2, 3)), 6, 0, 0, 0, ["tensor"]),
    ("a parameter", parameter(T((2, 3))), 6, 0, 0, 0, ["tensor"]),
    ("nothing", {"epoch": 3}, 0, 0, 0, 0, []),
    ("None", None, 0, 0, 0, 0, []),
    ("keys of every kind", {1: T((1,)), None: T((2,), key="1"), 2.5: T((3,), key="2"), b"k": T((4,), key="3"),
     False: T((5,), key="4")}, 15, 0, 0, 0, ["1", "None", "2.5", "k"]),
    ("an object that holds a state dict", R(G("my", "Checkpoint"), (), {"net": state()}, new=True), 52, 8, 5, 0,
     ["conv.weight"]),
    ("a subclass of a dictionary", R(G("my", "Bunch"), (), pairs={"w": T((3,))}, new=True), 3, 0, 0, 0, ["w"]),
    ("words that a model may have too", {"scaler.mean": T((3,)), "optimal.weight": T((4,), key="1")}, 7, 0, 0, 0,
     ["scaler.mean"]),
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS, ids=NAMES)
@pytest.mark.parametrize(("value", "weights", "biases", "buffers", "other", "names"), [c[1:] for c in MODELS],
                         ids=[c[0] for c in MODELS])  # fmt: skip
def test_what_is_the_model(value, weights, biases, buffers, other, names, form):
    network = read(form(value))
    found, totals = [t.name for t in network.tensors()], network.totals
    assert (network.weights, network.biases, totals.buffers, totals.other) == (weights, biases, buffers, other)
    assert found[: len(names)] == names
    assert network.flags == []
    assert totals.elements == weights + biases + buffers
    assert network.form == ("pytorch" if form is not legacy else "pytorch-legacy")


NOTES = [
    ({"model": state(), "optimizer": OPTIMIZER, "loss": T((), key="l")},
     ["set aside, 97 numbers in 3 tensors: an optimizer's state (optimizer)",
      "set aside, 1 number in 1 tensor: a number beside the model"]),
    ({"model": state(), "ema": state("e")},
     ["set aside, 65 numbers in 6 tensors: a second copy (ema) of a model that is also here"]),
    (state(name="module."),
     ["names are given without the module. before each, which a wrapper of the model put there"]),
    ({"epoch": 3}, ["no tensors: this file holds something else than a network"]),
    ({"a": T((6,)), "b": T((6,))}, ['"b" is "a": one storage, counted once']),
    ({"a": T((6,)), "b": T((6,)), "c": T((6,))}, ['"b" is "a": one storage, counted once; so are 1 more']),
    ({"a": T((6,), S(6)), "b": T((4,), S(6), 2)},
     ['"a" and "b" share some of their numbers without being the same tensor: 4 numbers of the file are counted more '
      "than once"]),
    (module("Net", {"w": T((3,))}, None, {"a": module("Linear")}),
     ["a whole model was saved: its classes (2) are not loaded, only what they hold is read"]),
]  # fmt: skip


@pytest.mark.parametrize(("value", "notes"), NOTES)
def test_notes(value, notes):
    assert read(pt(value)).notes == notes


# -- dtypes, views -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(TORCH_STORAGES))
def test_every_class_of_storages(kind):
    held = {"0": 48 * 16}
    of = P(("storage", G("torch.cuda" if kind == "Float" else "torch", f"{kind}Storage"), "0", "cuda:0", 48))
    (t,) = read(pt({"w": T((6, 8), of)}, storages=held)).tensors()
    assert (t.dtype, t.shape) == (TORCH_STORAGES[kind], (6, 8))


@pytest.mark.parametrize("name", sorted(TORCH))
def test_every_dtype_over_plain_bytes(name):
    held = R(G(UTILS, "_rebuild_tensor_v3"),
             (S(48 * 16, "Untyped").id(), 0, (6, 8), (8, 1), False, ordered(), G("torch", name)))  # fmt: skip
    (t,) = read(pt({"w": held})).tensors()
    assert (t.dtype, t.shape) == (TORCH[name], (6, 8))


ONE = S(24)
VIEWS = [
    ("the same", {"a": T((4, 6), ONE), "b": T((4, 6), ONE)}, 24, {"b": "a"}, None),
    ("turned", {"a": T((4, 6), ONE), "b": T((6, 4), ONE, 0, (1, 6))}, 24, {"b": "a"}, None),
    ("flattened", {"a": T((24,), ONE), "b": T((2, 3, 4), ONE)}, 24, {"b": "a"}, None),
    ("with sides of one", {"a": T((24,), ONE), "b": T((1, 24, 1), ONE, 0, (99, 1, 77))}, 24, {"b": "a"}, None),
    ("halves", {"a": T((2, 6), ONE), "b": T((2, 6), ONE, 12)}, 24, {}, None),
    ("a part", {"a": T((4, 6), ONE), "b": T((2, 6), ONE, 12)}, 36, {}, 24),
    ("parts that meet", {"a": T((10,), ONE), "b": T((10,), ONE, 5), "c": T((9,), ONE, 15)}, 29, {}, 24),
    ("every second", {"a": T((12,), ONE, 0, (2,)), "b": T((12,), ONE, 1, (2,)), "c": T((12,), ONE, 0, (2,))}, 24,
     {"c": "a"}, None),
    ("expanded", {"a": T((24, 5), ONE, 0, (1, 0)), "b": T((24, 5), ONE, 0, (1, 0))}, 120, {"b": "a"}, None),
    ("what is the model owns", {"optimizer": {"a": T((24,), ONE)}, "model": {"b": T((24,), ONE)}}, 24,
     {"optimizer.a": "b"}, None),
    ("a parameter owns, not a buffer", {"running_mean": T((24,), ONE), "w": T((24,), ONE)}, 24, {"running_mean": "w"},
     None),
    ("no numbers", {"a": T((0, 6), S(0)), "b": T((0, 6), S(0))}, 0, {}, None),
]  # fmt: skip


@pytest.mark.parametrize(("value", "total", "tied", "here"), [c[1:] for c in VIEWS], ids=[c[0] for c in VIEWS])
def test_views(value, total, tied, here):
    for form in FORMS:
        network = read(form(value))
        assert (network.total, network.also.get("here")) == (total, here)
        assert {t.name: t.tied_to for t in network.tensors() if t.tied_to} == tied


def test_expanded_numbers_are_stored_once():
    (t,) = read(pt({"w": T((24, 5), ONE, 0, (1, 0))})).tensors()
    assert (t.shape, t.size, t.stored, t.note) == ((24, 5), 120, (24, 96), "expanded: 24 stored numbers shown as 120")


def test_parts_of_storages_in_old_files():
    """view_metadata: files from before 1.6 name a part of a storage by a key of its own."""
    whole = S(24)
    value = {
        "a": T((24,), whole.id(None)),
        "b": T((4,), whole.id(("part", 20, 4))),
        "c": T((4,), whole.id(("part", 20, 4))),
    }
    network = read(legacy(value, keys=["0"], tail=(24).to_bytes(8, "little") + bytes(96)))
    assert [(t.name, t.shape, t.tied_to) for t in network.tensors()] == [
        ("a", (24,), None),
        ("b", (4,), None),
        ("c", (4,), "b"),
    ]
    assert network.also == {"here": 24}


def test_parameters_of_before_04():
    """Parameter(data) built from (requires_grad, volatile, hooks)."""
    frozen = R(G("torch.nn.parameter", "Parameter"), (T((3,)),), (False, False, ordered()))
    trained = R(G("torch.nn.parameter", "Parameter"), (T((4,), key="1"),), (True, False, ordered()))
    plain = R(G(UTILS, "_rebuild_tensor"), (S(5, key="2").id(), 0, (5,), (1,)))
    found = [(t.name, t.role, t.trainable) for t in read(legacy({"a": frozen, "b": trained, "c": plain})).tensors()]
    assert found == [("a", "weight", False), ("b", "bias", True), ("c", "weight", None)]


def test_a_wrapper_without_numbers():
    of = G("my.tensors", "Fake")
    made = R(G("torch._tensor", "_rebuild_from_type_v2"), (G(UTILS, "_rebuild_wrapper_subclass"), of,
             (of, G("torch", "float16"), (1 << 40,), (1,), 0, None, None, True), {}))  # fmt: skip
    (t,) = read(pt({"w": made})).tensors()
    assert (t.shape, t.dtype, t.stored) == ((1 << 40,), "float16", (0, 0))
    assert t.note == "a shape without numbers of its own (my.tensors.Fake)"


# -- whole modules ----------------------------------------------------------------------------------------------------

LINEAR = module("Linear", {"weight": parameter(T((4, 3), key="w")), "bias": parameter(T((4,), key="b"), False)})
NET = module(
    "Net", {"scale": parameter(T((), key="s")), "absent": None, "mask": parameter(T((4, 4), key="m"))},
    {"pe": T((7, 3), key="p"), "running_mean": T((4,), key="r"), "none": None},
    {"fc": LINEAR, "again": LINEAR, "act": module("ReLU"), "nothing": None},
    width=3, extra=T((5,), key="x"), kept=[T((2,), key="y"), LINEAR],
)  # fmt: skip


@pytest.mark.parametrize("form", FORMS, ids=NAMES)
@pytest.mark.parametrize(
    "wrap", [lambda m: m, lambda m: {"model": m, "ema": None, "epoch": 3}], ids=["bare", "wrapped"]
)
def test_whole_modules(form, wrap):
    network = read(form(wrap(NET)))
    found = {t.name: (t.role, t.trainable, t.shape) for t in network.tensors()}
    assert found == {
        "scale": ("weight", True, ()), "mask": ("weight", True, (4, 4)), "pe": ("buffer", None, (7, 3)),
        "running_mean": ("buffer", None, (4,)), "fc.weight": ("weight", True, (4, 3)), "fc.bias": ("bias", False, (4,)),
        "extra": ("other", None, (5,)), "kept.0": ("other", None, (2,)),
    }  # fmt: skip
    assert (network.total, network.totals.trainable, network.totals.frozen) == (33, 29, 4)
    assert {row.name: row.kind for row in network.layers if row.name} == {"fc": "Dense", "kept": None}


def test_a_module_may_be_a_method_and_settings():
    """What real modules keep in plain attributes: a method (fused YOLO), partial, a logger, enumerations, paths."""
    held = module("Net", {"w": T((3,))}, forward=R(G("builtins", "getattr"), (NET, "forward_fuse")),
                  norm=R(G("functools", "partial"), (G("torch.nn.modules.normalization", "LayerNorm"),), (1, (), {},
                  None)),
                  act=R(G("builtins", "getattr"), (G("torch._C", "_VariableFunctionsClass"), "relu")),
                  log=R(G("logging", "getLogger"), ("a",)), path=R(G("pathlib", "PosixPath"), ("a", "b")),
                  size=R(G("torch", "Size"), ((1, 2),)), dtype=G("torch", "float32"))  # fmt: skip
    assert read(pt(held)).total == 3


# -- damage -----------------------------------------------------------------------------------------------------------


def made(*args: Any) -> dict[str, Any]:
    return {"w": R(G(UTILS, "_rebuild_tensor_v2"), args)}


ID = S(6).id()
MORE = (False, ordered())
NOT_FIT = 'tensor "w" is made by _rebuild_tensor_v2 with arguments that do not fit it'
HOSTILE = "Nothing was run. This file is hostile or not a checkpoint"
# what it shows | the value | the message behind "x.pt: "
WRONG = [
    ("beyond its storage", {"w": T((2, 4), S(6))}, 'tensor "w" reaches to number 8 of storage 0, which holds 6'),
    ("an offset beyond", {"w": T((2, 3), S(6), 1)}, 'tensor "w" reaches to number 7 of storage 0, which holds 6'),
    ("steps beyond", {"w": T((2, 3), S(6), 0, (4, 1))}, 'tensor "w" reaches to number 7 of storage 0, which holds 6'),
    ("an offset below 0", {"w": T((2, 3), S(6), -1)}, 'tensor "w" begins at no whole number of elements'),
    ("an offset that is true", {"w": T((2, 3), S(7), True)}, 'tensor "w" begins at no whole number of elements'),
    ("steps below 0", {"w": T((2, 3), S(6), 0, (-3, 1))}, 'tensor "w" has steps that are no whole numbers'),
    ("a size below 0", made(ID, 0, (-2, 3), (3, 1), *MORE),
     'tensor "w" has a dimension that is no whole number from 0 to 2**48'),
    ("a size that is true", made(ID, 0, (True, 3), (3, 1), *MORE),
     'tensor "w" has a dimension that is no whole number from 0 to 2**48'),
    ("a size that is a number with a point", made(ID, 0, (2.0, 3), (3, 1), *MORE),
     'tensor "w" has a dimension that is no whole number from 0 to 2**48'),
    ("a size of 2**48", made(ID, 0, (1 << 48,), (0,), *MORE),
     'tensor "w" has a dimension that is no whole number from 0 to 2**48'),
    ("2**63 numbers of one", made(ID, 0, (1 << 47, 1 << 16), (0, 0), *MORE), 'tensor "w" has more than 2**62 elements'),
    ("65 dimensions", made(ID, 0, (1,) * 65, (1,) * 65, *MORE), 'tensor "w" has 65 dimensions; at most 64 are read'),
    ("more steps than sides", made(ID, 0, (2, 3), (3, 1, 1), *MORE), NOT_FIT),
    ("too few arguments", made(ID, 0), NOT_FIT),
    ("no arguments", made(), NOT_FIT),
    ("a size that is none", made(ID, 0, None, (1,), *MORE), 'tensor "w" has a shape that is no tuple'),
    ("no storage", made(3, 0, (1,), (1,), *MORE), 'tensor "w" is a view on what is no storage'),
    ("an unknown dtype", {"w": R(G(UTILS, "_rebuild_tensor_v3"), (S(6, "Untyped").id(), 0, (6,), (1,), False, ordered(),
     G("torch", "posit8")))}, 'tensor "w" has the unknown dtype torch.posit8'),
    ("an array of numpy without its numbers", {"w": numpy_array((2, 3), "f4", bytes(23))},
     'tensor "w" takes 24 bytes by its shape, but 23 are there'),
    ("a parameter of nothing", {"w": parameter(3)}, 'tensor "w" is made of what is no tensor'),
    ("a tensor of itself", {"w": R(G(UTILS, "_rebuild_parameter"), (Raw(b"h\x00"), True, ordered()))}, None),
    ("a name twice", R(G("collections", "OrderedDict"), ([["w", T((1,))], ["w", T((2,), key="1")]],)),
     'the name "w" appears twice in one dictionary'),
    ("lists in lists", Raw(b"]" * 400 + b"a" * 399), 'the name'),
]  # fmt: skip


@pytest.mark.parametrize(("value", "told"), [c[1:] for c in WRONG[:-1]], ids=[c[0] for c in WRONG[:-1]])
def test_impossible_tensors(value, told):
    held = {"0": 24, **storages_in(value)}
    with pytest.raises(NparamsError) as caught:
        read(pt(value, storages=held))
    if told is not None:
        assert str(caught.value) == f"x.pt: {told}"


def sid(*parts: Any) -> dict[str, Any]:
    return {"w": T((6,), P(parts))}


FLOAT = G("torch", "FloatStorage")
# what it shows | the persistent id | what the message says of it
IDS = [
    ("an unknown class", sid("storage", G("torch", "PositStorage"), "0", "cpu", 6),
     "keeps numbers in a storage of the unknown class torch.PositStorage"),
    ("a class from elsewhere", sid("storage", G("os", "FloatStorage"), "0", "cpu", 6),
     "keeps numbers in a storage of the unknown class os.FloatStorage"),
    ("elements below 0", sid("storage", FLOAT, "0", "cpu", -6), "describes a storage in no known way"),
    ("elements that are text", sid("storage", FLOAT, "0", "cpu", "6"), "describes a storage in no known way"),
    ("2**62 elements", sid("storage", FLOAT, "0", "cpu", 1 << 62), "describes a storage in no known way"),
    ("a class that is text", sid("storage", "FloatStorage", "0", "cpu", 6), "describes a storage in no known way"),
    ("a key that is a list", sid("storage", FLOAT, [], "cpu", 6), "names a storage by what is no text"),
    ("too short", sid("storage", FLOAT), "keeps something outside itself that is no storage"),
    ("something else", sid("weights", FLOAT, "0", "cpu", 6), "keeps something outside itself that is no storage"),
    ("a number", {"w": T((6,), P(7))}, "keeps something outside itself under an id that is no tuple"),
    ("one key, two classes", {"a": T((6,), S(6)), "b": T((6,), S(6, "Int"))},
     "describes storage 0 twice, and differently"),
    ("one key, two sizes", {"a": T((6,), S(6)), "b": T((6,), S(7))}, "describes storage 0 twice, and differently"),
    ("a part outside", sid("storage", FLOAT, "0", "cpu", 6, ("p", 4, 3)),
     "describes a part of storage 0 that is not inside it"),
    ("a part in no known way", sid("storage", FLOAT, "0", "cpu", 6, "p"),
     "describes a part of a storage in no known way"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "told"), [c[1:] for c in IDS], ids=[c[0] for c in IDS])
def test_storages_in_no_known_way(value, told):
    for data in (pt(value, storages={"0": 24}), legacy(value, keys=["0"], tail=bytes(32), storages={"0": 24})):
        with pytest.raises(FormatError) as caught:
            read(data)
        assert f" {told} (opcode BINPERSID at " in str(caught.value)
        assert str(caught.value).endswith(HOSTILE)


GOOD = {"w": T((6,))}
# what it shows | the file | the whole message
FILES = [
    ("no pickle", pt(GOOD, root="").replace(b"data.pkl", b"data.xyz"),
     "x.pt: the archive has no member called data.pkl"),
    ("two pickles", pt(GOOD, M("n/data.pkl", b"N.")),
     "x.pt: the archive has 2 members called data.pkl, where one belongs"),
    ("a storage that is missing", pt(GOOD, storages={}),
     'x.pt: storage "0" has 24 bytes by the pickle, but its member has 0. Cut short, or changed'),
    ("a storage that is short", pt(GOOD, storages={"0": 23}),
     'x.pt: storage "0" has 24 bytes by the pickle, but its member has 23. Cut short, or changed'),
    ("a call", pt(None, pickle=b"\x80\x02cos\nsystem\n(X\x02\0\0\0idtR."),
     f"x.pt: data.pkl calls os.system (opcode REDUCE at 22). {HOSTILE}"),
    ("a call of a model's own code", pt({"w": R(G("my.models", "build"), (3,))}),
     "x.pt: data.pkl calls my.models.build (opcode REDUCE at 38). Nothing was run. This file is hostile or keeps "
     "objects of its own; where you trust it, load it and torch.save(model.state_dict())"),
    ("a call after the tensors", pt({**GOOD, "x": R(G("builtins", "eval"), ("1",))}), None),
    ("a broken pickle", pt(None, pickle=b"\x80\x02]"),
     "x.pt: data.pkl: the pickle, byte 3: ends without its last opcode (STOP). Cut short?"),
    ("an empty pickle", pt(None, pickle=b""),
     "x.pt: data.pkl: the pickle, byte 0: ends without its last opcode (STOP). Cut short?"),
    ("old, cut in the numbers", legacy(GOOD)[:-1], None),
    ("old, cut in the keys", legacy(GOOD, tail=b"")[:-3], None),
    ("old, another magic", legacy(GOOD, head=(7, 1001, SYSTEM)),
     "x.pt: its magic number (offset 0) is not PyTorch's. Damaged?"),
    ("old, another protocol", legacy(GOOD, head=(MAGIC, 7, SYSTEM)),
     "x.pt: its protocol (offset 15) is not PyTorch's. Damaged?"),
    ("old, keys that are no list", legacy(GOOD, keys={"0": 1}), None),
    ("old, a key too many", legacy(GOOD, keys=["0", "1"]),
     "x.pt: the keys of its storages do not fit the tensors that view them. Damaged?"),
    ("old, a key twice", legacy(GOOD, keys=["0", "0"]),
     "x.pt: the keys of its storages do not fit the tensors that view them. Damaged?"),
    ("old, a key missing", legacy(GOOD, keys=[]), "x.pt: 1 storages are viewed and not stored. Damaged?"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "told"), [c[1:] for c in FILES], ids=[c[0] for c in FILES])
def test_damaged_files(data, told):
    with pytest.raises(FormatError) as caught:
        read(data)
    assert told is None or str(caught.value) == told


def test_what_is_odd_is_flagged():
    def kinds(data: bytes) -> list[str]:
        network = read(data)
        assert network.total == 6
        return [flag["kind"] for flag in network.flags]

    assert kinds(pt(GOOD)) == kinds(legacy(GOOD)) == []
    assert kinds(pt(GOOD, behind=b"cos\nsystem\n)R.")) == ["trailing"]
    assert kinds(legacy(GOOD) + b"more") == ["trailing"]
    assert kinds(pt({**GOOD, "f": G("os", "system")})) == ["pickle"]
    assert kinds(pt(GOOD, M("m/other.pkl", b"cos\nsystem\n)R."))) == ["unread"]
    assert kinds(pt(GOOD, storages={"0": 24, "1": 24})) == ["unread"]
    assert kinds(pt(GOOD, M("m/.data/serialization_id", b"1"), M("m/.format_version", b"1"))) == []
    data = bytearray(pt(GOOD))
    at = data.index(b"m/data.pkl", 100) - 46 + 16  # the checksum, in the directory
    data[at] ^= 1
    assert kinds(bytes(data)) == ["checksum"]


def test_a_missing_storage_of_nothing_is_no_damage():
    assert read(pt({"w": T((0,), S(0))}, storages={})).total == 0


# -- how it is read ---------------------------------------------------------------------------------------------------


class Counting:
    """A source that says what was read of it."""

    name = "x.pt"

    def __init__(self, data: bytes) -> None:
        self.data, self.size, self.got = data, len(data), 0

    def read(self, offset: int, length: int) -> bytes:
        self.got += length
        return MemorySource(self.data).read(offset, length)


@pytest.mark.parametrize(("form", "of"), [(pt, pytorch), (legacy, pytorch_legacy)], ids=["zip", "legacy"])
def test_numbers_are_not_read(form, of):
    source = Counting(form({f"w{k}": T((3_000_000,), key=str(k)) for k in range(3)}))
    assert of.read(source).total == 9_000_000
    assert source.size > 36_000_000
    assert source.got < 2_500_000


@pytest.mark.parametrize(("form", "of"), [(pt, pytorch), (legacy, pytorch_legacy)], ids=["zip", "legacy"])
def test_bytes_may_come_piece_by_piece(form, of):
    data = form({"a": T((6,)), "b": T((7,), key="1")})
    source = RangeSource("x.pt", len(data))
    assert drive(source, lambda offset, length: data[offset : offset + length], lambda s: of.read(s)).total == 13


def test_packed_weights_in_a_checkpoint(tmp_path):
    """GPTQ, 4 bits: eight numbers in each int32; the shape comes from the siblings."""
    held = {"q_proj.qweight": T((8, 16), S(128, "Int", "a")), "q_proj.qzeros": T((2, 2), S(4, "Int", "b")),
            "q_proj.scales": T((2, 16), S(32, "Half", "c")), "q_proj.g_idx": T((64,), S(64, "Int", "d"))}  # fmt: skip
    network = read(pt(held))
    assert (network.total, network.totals.bookkeeping) == (64 * 16, 4 + 32 + 64)
    assert network.read_as == "PyTorch, 4 tensors, GPTQ"


def test_hostile_names():
    """Names longer than are read, by keys that are used again and again."""
    deep = T((1,))
    for _ in range(250):
        deep = {"k" * 60_000: deep}
    with pytest.raises(FormatError, match="names of more characters than are read"):
        read(pt(deep))


def test_the_collector_is_left_as_it_was():
    import gc

    assert gc.isenabled()
    read(pt(GOOD))
    with pytest.raises(FormatError):
        read(pt(GOOD, storages={}))
    assert gc.isenabled()


def test_shapes_are_those_of_their_strides():
    assert strides((2, 3, 4)) == (12, 4, 1)


# -- real files -------------------------------------------------------------------------------------------------------


def test_the_shared_real_files():
    """Every checkpoint of the manifest: elements, and parameters where they are given."""
    seen = 0
    with shared("models/manifest.tsv").open(newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if row["format"] not in ("pt_zip", "pt_legacy"):
                continue
            path = shared(f"models/{row['file']}")
            with FileSource(str(path)) as source:
                of = pytorch if row["format"] == "pt_zip" else pytorch_legacy
                network = of.read(source, LocalFolder(str(path.parent)))
            assert network.totals.elements == int(row["expected_elements"]), row["file"]
            assert row["expected_total"] in ("", str(network.total)), row["file"]
            assert network.flags == [], row["file"]
            seen += 1
    assert seen >= 20
