"""TorchScript archives: roles by what classes register, packed layers, constants in a layer's place, older archives."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nparams.errors import FormatError, NparamsError
from nparams.files.bytesource import MemorySource
from nparams.files.torchscript import read
from tests.torchscript_maker import Call, Global, Mod, Raw, T, code_of, old, old_tensor, torchscript
from tests.zip_maker import M

SHARED = (Path(__file__).parents[1] / os.environ.get("NPARAMS_SHARED", "../shared")).resolve()
NET = code_of(["weight", "bias"], ["running_mean"])


def network(data: bytes):
    return read(MemorySource(data, "m.pt"))


def roles(data: bytes) -> dict[str, tuple[tuple[int, ...] | None, str]]:
    return {t.name: (t.shape, t.role) for t in network(data).tensors()}


def net(**held: object) -> Mod:
    return Mod("Net", {"training": True, **held})


def with_constants(body: str, *constants: object, frozen: bool = True, **held: object) -> bytes:
    state = held if frozen else {"training": False, **held}
    return torchscript(Mod("Net", state), code_of(body=body), constants)


LINEAR = "__torch__.torch.classes.quantized.LinearPackedParamsBase"
PACKED = Mod(LINEAR.removeprefix("__torch__."), (T([4, 3], "QInt8", scales=4), T([4])))
CONV = Mod("torch.classes.quantized.Conv2dPackedParamsBase",
           ("2", Call("torch.jit._pickle.build_tensorlist", [[T([11], "Short"), T([6, 3, 3, 3], "QInt8", scales=0)]]),
            Call("torch.jit._pickle.restore_type_tag", [[T([6])], "List[Optional[Tensor]]"])))  # fmt: skip
SHARED_LIST = [T([4])]
# what it shows | the archive | name -> (shape, role) | total
CASES = [
    ("parameters and buffers", torchscript(net(weight=T([4, 3]), bias=T([4]), running_mean=T([4])), NET),
     {"weight": ((4, 3), "weight"), "bias": ((4,), "bias"), "running_mean": ((4,), "buffer")}, 16),
    ("a parameter whose name is a buffer's elsewhere", torchscript(net(pe=T([4, 3])), code_of(["pe"])),
     {"pe": ((4, 3), "weight")}, 12),
    ("attributes that are not registered",
     torchscript(net(weight=T([4, 3]), extra=T([7]), more=[T([2]), T([5])], last={"a": T([1])}, pair=(T([6]), 3)), NET),
     {"weight": ((4, 3), "weight"), "extra": ((7,), "other"), "more.0": ((2,), "other"), "more.1": ((5,), "other"),
      "last.a": ((1,), "other"), "pair.0": ((6,), "other")}, 12),
    ("modules inside modules",
     torchscript(net(a=Mod("x.y.Lin", {"training": True, "weight": T([2, 2]), "bias": None}),
                     b=Mod("x.y.Lin", {"training": True, "weight": T([2, 2]), "bias": T([2])})),
                 {"__torch__.py": code_of(), "__torch__/x/y.py": code_of(["weight", "bias"], name="Lin")}),
     {"a.weight": ((2, 2), "weight"), "b.weight": ((2, 2), "weight"), "b.bias": ((2,), "bias")}, 10),
    ("one storage under two names",
     torchscript(net(weight=T([4, 3], key="w"), tied=T([4, 3], key="w")), code_of(["weight", "tied"])),
     {"weight": ((4, 3), "weight"), "tied": ((4, 3), "weight")}, 12),
    ("a registered tensor in a list once more",
     torchscript(net(weight=T([4, 3], key="w"), flat=[T([4, 3], key="w")]), NET), {"weight": ((4, 3), "weight")}, 12),
    ("a class without buffers in its text, as before 1.5",
     torchscript(net(weight=T([4, 3]), running_mean=T([4], trained=False), x=T([3, 3])), code_of(["weight"], None)),
     {"weight": ((4, 3), "weight"), "running_mean": ((4,), "buffer"), "x": ((3, 3), "buffer")}, 12),
    ("a list of what is registered, in a class without buffers in its text",
     torchscript(net(flat=[T([4, 3], key="w")], weight=T([4, 3], key="w")), code_of(["weight"], None)),
     {"weight": ((4, 3), "weight")}, 12),
    ("no code", torchscript(net(weight=T([4, 3]), running_mean=T([4], trained=False)), {}),
     {"weight": ((4, 3), "weight"), "running_mean": ((4,), "buffer")}, 12),
    ("several classes in one file",
     torchscript(net(weight=T([2]), a=Mod("B", {"training": True, "weight": T([3])})),
                 code_of(["weight"]) + "\n" + code_of([], ["weight"], name="B")),
     {"weight": ((2,), "weight"), "a.weight": ((3,), "buffer")}, 2),
    ("a packed linear layer", torchscript(net(p=PACKED), code_of()),
     {"p.weight": ((4, 3), "weight"), "p.weight.scales": ((4,), "bookkeeping"),
      "p.weight.zero_points": ((4,), "bookkeeping"), "p.bias": ((4,), "bias")}, 16),
    ("a packed convolution", torchscript(net(p=CONV), code_of()),
     {"p.part": ((11,), "bookkeeping"), "p.weight": ((6, 3, 3, 3), "weight"), "p.bias": ((6,), "bias")}, 168),
    ("a quantised layer that builds its own state",
     torchscript(net(c=Mod("Q", (3, 6, T([6, 3, 1, 1], "QInt8", scales=0), T([6]), 0.5, True))), code_of()),
     {"c.weight": ((6, 3, 1, 1), "weight"), "c.bias": ((6,), "bias")}, 24),
    ("a member of an enumeration, a device, a type",
     torchscript(net(weight=T([2]), e=Call("__torch__.x.Color", [3]), d=Call("torch.device", ["cpu"])), NET),
     {"weight": ((2,), "weight")}, 2),
    ("constants of a module that is not frozen",
     with_constants("y = torch.add(torch.mul(x, CONSTANTS.c0), CONSTANTS.c1)", T([3]), T([3]), frozen=False),
     {"CONSTANTS.c0": ((3,), "other"), "CONSTANTS.c1": ((3,), "other")}, 0),
    ("frozen: layers",
     with_constants(
         "y = torch.conv2d(x, CONSTANTS.c0, CONSTANTS.c1, [1, 1])\n"
         "z = torch.batch_norm(y, CONSTANTS.c2, CONSTANTS.c2, CONSTANTS.c3, CONSTANTS.c3, False)\n"
         "e = torch.embedding(CONSTANTS.c4, z)",
         T([6, 3, 1, 1]), T([6]), T([6]), T([6]), T([9, 4])),
     {"CONSTANTS.c0": ((6, 3, 1, 1), "weight"), "CONSTANTS.c1": ((6,), "bias"), "CONSTANTS.c2": ((6,), "weight"),
      "CONSTANTS.c3": ((6,), "buffer"), "CONSTANTS.c4": ((9, 4), "weight")}, 66),
    ("frozen: a weight that is turned, by a name, in a list",
     with_constants(
         "w = torch.t(CONSTANTS.c0)\nl = [CONSTANTS.c1, CONSTANTS.c2]\n"
         "y = torch.addmm(CONSTANTS.c3, x, w)\nz, _0, _1 = torch.lstm(y, [h, h], l, True, 1, 0., False, False, True)",
         T([4, 3]), T([20, 4]), T([20]), T([4])),
     {"CONSTANTS.c0": ((4, 3), "weight"), "CONSTANTS.c1": ((20, 4), "weight"), "CONSTANTS.c2": ((20,), "bias"),
      "CONSTANTS.c3": ((4,), "bias")}, 116),
    ("frozen: operands",
     with_constants("y = torch.add_(torch.mul(x, CONSTANTS.c0), CONSTANTS.c1)\nz = torch.add(y, CONSTANTS.c2)",
                    T([3]), T([1, 3]), T([5, 3])),
     {"CONSTANTS.c0": ((3,), "weight"), "CONSTANTS.c1": ((1, 3), "bias"), "CONSTANTS.c2": ((5, 3), "weight")}, 21),
    ("frozen: a token beside the data",
     with_constants("c = torch.expand(CONSTANTS.c0, [n, -1, -1])\ny = torch.cat([c, x], 1)", T([1, 1, 8])),
     {"CONSTANTS.c0": ((1, 1, 8), "weight")}, 8),
    ("frozen: numbers, indices, and what no layer uses",
     with_constants("y = torch.mul(x, CONSTANTS.c0)\nz = torch.add(y, CONSTANTS.c1)\nv = torch.foo(CONSTANTS.c2)",
                    T([]), T([3], "Long"), T([3])),
     {f"CONSTANTS.c{k}": (shape, "other") for k, shape in enumerate([(), (3,), (3,)])}, 0),
    ("frozen: a packed layer", with_constants("y = ops.quantized.linear(x, CONSTANTS.c0, 0.1, 3)", PACKED),
     {"CONSTANTS.c0.weight": ((4, 3), "weight"), "CONSTANTS.c0.weight.scales": ((4,), "bookkeeping"),
      "CONSTANTS.c0.weight.zero_points": ((4,), "bookkeeping"), "CONSTANTS.c0.bias": ((4,), "bias")}, 16),
    ("a name that is given anew",
     with_constants("w = CONSTANTS.c0\nw = torch.relu(x)\ny = torch.linear(x, w)", T([4, 3])),
     {"CONSTANTS.c0": ((4, 3), "other")}, 0),
]  # fmt: skip


@pytest.mark.parametrize(("data", "expected", "total"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_every_kind_of_tensor(data, expected, total):
    assert roles(data) == expected
    assert network(data).total == total


def test_what_is_said_of_a_network():
    found = network(torchscript(net(weight=T([4, 3]), bias=T([4], trained=False), running_mean=T([4])), NET))
    assert (found.read_as, found.form, found.notes, found.flags) == ("TorchScript, 3 tensors", "torchscript", [], [])
    assert [t.trainable for t in found.tensors()] == [True, False, None]
    assert found.root.kind == "Net"


def test_kinds_are_the_classes_of_modules():
    lin = Mod("torch.nn.modules.linear.Linear", {"training": True, "weight": T([2, 2])})
    found = network(torchscript(net(a=lin, b=Mod("my.Own", {"training": True, "weight": T([2, 3])})), {}))
    assert [(m.name, m.kind) for m in found.root.children] == [("a", "Dense"), ("b", "Own")]


def test_what_is_tied_is_said_and_counted_once():
    found = network(torchscript(net(weight=T([4, 3], key="w"), tied=T([4, 3], key="w")), code_of(["weight", "tied"])))
    assert [t.tied_to for t in found.tensors()] == [None, "weight"]
    assert found.notes == ['"tied" is "weight": one storage, counted once']
    assert (found.totals.listed, found.totals.elements) == (24, 24)


def test_a_module_in_two_places_is_listed_in_both():
    lin = Mod("Lin", {"training": True, "weight": T([2, 2])})
    found = network(torchscript(net(a=lin, b=lin), code_of()))
    assert [(t.name, t.tied_to) for t in found.tensors()] == [("a.weight", None), ("b.weight", "a.weight")]
    assert found.total == 4


def test_what_is_set_aside_is_said():
    found = network(torchscript(net(weight=T([4, 3]), extra=T([7])), NET, [T([2])]))
    assert (found.total, found.totals.elements, found.also["unregistered"]) == (12, 12, 9)
    assert found.notes == [
        "set aside, 7 numbers in 1 tensor: kept beside the modules, not registered",
        "set aside, 2 numbers in 1 tensor: a constant",
    ]


def test_constants_in_a_layers_place_are_said():
    found = network(with_constants("y = torch.linear(x, CONSTANTS.c0)", T([4, 3])))
    assert found.notes[0].startswith("12 parameters are constants of the code, as in a frozen module")


def test_weights_that_are_left_out_of_the_file_have_no_total():
    body = "w = ops.prim.ConstantMKLDNNTensor()\ny = torch.linear(ops.prim.mkldnn_convolution(x, w), CONSTANTS.c0)"
    found = network(with_constants(body, T([4, 3])))
    assert (found.total, found.totals.known, found.totals.unknown) == (None, 12, 1)


def test_bytes_behind_a_pickle_are_flagged():
    assert network(torchscript(net(weight=T([2])), NET, more=[M("net/extra/note", b"x")])).flags == []
    found = network(torchscript(net(weight=T([2])), NET, [Raw(b"Nt.tail(")]))
    assert [flag["kind"] for flag in found.flags] == ["trailing"]


# -- archives of PyTorch 1.0 to 1.3 -----------------------------------------------------------------------------------

MAIN = {"name": "Net", "parameters": [{"name": "w", "tensorId": "0"}, {"isBuffer": True, "name": "b", "tensorId": "1"}],
        "submodules": [{"name": "fc", "parameters": [{"isBuffer": False, "name": "bias", "tensorId": "2"}]},
                       {"name": "again", "parameters": [{"name": "weight", "tensorId": "0"}]}]}  # fmt: skip
TABLE = [old_tensor([4, 3], "tensors/0"), old_tensor([4], "tensors/1", "INT64", trained=False),
         old_tensor([4], "tensors/2", offset=2)]  # fmt: skip
SIZES = {"tensors/0": 48, "tensors/1": 32, "tensors/2": 24}


def test_an_old_archive():
    data = old(MAIN, TABLE, SIZES)
    assert roles(data) == {
        "w": ((4, 3), "weight"), "b": ((4,), "buffer"), "fc.bias": ((4,), "bias"), "again.weight": ((4, 3), "weight"),
    }  # fmt: skip
    found = network(data)
    assert (found.total, found.totals.elements) == (16, 32)
    assert [(t.tied_to, t.trainable) for t in found.tensors()] == [
        (None, True), (None, None), (None, True), ("w", True),
    ]  # fmt: skip


def changed(k: int, **fields: object) -> list[dict[str, object]]:
    return [{**row, **fields} if i == k else row for i, row in enumerate(TABLE)]


# what is wrong | the archive | what the message says
OLD_BROKEN = [
    ("no JSON", old({}, [], {}, "{"), "model.json holds no module of TorchScript"),
    ("another JSON", old({}, [], {}, "[1]"), "model.json holds no module of TorchScript"),
    ("nested JSON", old({}, [], {}, "[" * 100_000), "model.json holds no module of TorchScript"),
    ("a key twice", old({}, [], {}, '{"mainModule":{},"mainModule":{}}'), "model.json holds no module of TorchScript"),
    ("a tensor beyond the table", old(MAIN, TABLE[:1], SIZES), 'tensor "b" is not in the table of tensors'),
    ("a number type", old(MAIN, changed(0, dataType="QUAD"), SIZES), 'tensor "w" has the unknown number type "QUAD"'),
    ("a storage that is cut", old(MAIN, TABLE, {**SIZES, "tensors/2": 20}),
     'tensor "fc.bias" reaches to number 6 of storage tensors/2, which holds 5'),
    ("a storage that is not there", old(MAIN, TABLE, {"tensors/1": 32}),
     'tensor "w" reaches to number 12 of storage tensors/0, which holds 0'),
    ("a shape of texts", old(MAIN, changed(0, dims=["a"]), SIZES),
     'tensor "w" has a shape of what are no whole numbers'),
    ("a shape of floats", old(MAIN, changed(0, dims=[1.5]), SIZES),
     'tensor "w" has a shape of what are no whole numbers'),
    ("a shape below zero", old(MAIN, changed(0, dims=["-4", "-3"]), SIZES),
     'tensor "w" has a shape of what are no whole numbers'),
    ("a huge shape", old(MAIN, changed(0, dims=["9" * 18, "3"]), SIZES),
     'tensor "w" has a dimension that is no whole number from 0 to 2**48'),
    ("steps of another length", old(MAIN, changed(0, strides=["1"]), SIZES),
     'tensor "w" has 2 dimensions and 1 steps'),
    ("nothing", old({"parameters": 3, "submodules": [3, None]}, [], {}), 0),
]  # fmt: skip


@pytest.mark.parametrize(("data", "message"), [c[1:] for c in OLD_BROKEN], ids=[c[0] for c in OLD_BROKEN])
def test_old_archives_that_are_broken_are_refused(data, message):
    if message == 0:
        assert network(data).total == 0
        return
    with pytest.raises(FormatError) as problem:
        network(data)
    assert str(problem.value) == f"m.pt: {message}"


# -- what is refused --------------------------------------------------------------------------------------------------

LOOP = Mod("Net", {"training": True})
LOOP.state["me"] = LOOP  # type: ignore[index]
DEEP = b"N"
for _ in range(400):
    DEEP = b"c__torch__\nNet\n)\x81}X\x01\x00\x00\x00a" + DEEP + b"sb"
WIDE = Mod("Net", {"training": True, "weight": T([2])})
for _ in range(60):
    WIDE = Mod("Net", {"training": True, "a": WIDE, "b": WIDE})
EMPTY = [1]
for _ in range(60):
    EMPTY = [EMPTY, EMPTY]
EMPTY = net(a=EMPTY)

# the threat | the archive | what the message says
HOSTILE = [
    ("no module", torchscript([1, 2]), "m.pt: data.pkl holds no module of TorchScript"),
    ("a module of another kind", torchscript(Global("torch.nn.Linear")),
     "m.pt: data.pkl holds no module of TorchScript"),
    ("a call", torchscript(net(a=Call("os.system", ["id"]))), "calls os.system (opcode REDUCE at"),
    ("a call in the constants", torchscript(net(), "", [Call("builtins.eval", ["1"])]), "calls builtins.eval"),
    ("a call of torch's own", torchscript(net(a=Call("torch.load", ["x"]))), "calls torch.load"),
    ("a storage that is cut", torchscript(net(weight=T([4, 3])), NET, short=1),
     'm.pt: storage "0" has 48 bytes by the pickle, but its member has 47. Cut short, or changed'),
    ("a view outside its storage", torchscript(net(weight=T([4, 3], numel=11)), NET),
     'm.pt: tensor "weight" reaches to number 12 of storage 0, which holds 11'),
    ("objects too deep", torchscript(Raw(DEEP), NET), "objects more than 300 deep"),
    ("two folders", torchscript(net(), NET, more=[M("other/data.pkl", b"N.")]),
     "m.pt: the archive has 2 folders with a data.pkl, where one belongs"),
    ("no folder", torchscript(net(), NET, root="a/b"), "m.pt: the archive has no data.pkl"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "message"), [c[1:] for c in HOSTILE], ids=[c[0] for c in HOSTILE])
def test_hostile_archives_are_refused(data, message):
    with pytest.raises(NparamsError) as problem:
        network(data)
    assert type(problem.value) is FormatError
    assert message in str(problem.value)
    assert "\n" not in str(problem.value)


def test_code_beyond_any_size_is_refused(monkeypatch):
    monkeypatch.setattr("nparams.files.torchscript.MAX_CODE", 100)
    with pytest.raises(FormatError, match=r"m\.pt: more than 100 bytes of code"):
        network(torchscript(net(), {f"{k}.py": "#" * 40 for k in range(3)}))


def test_objects_that_hold_themselves_are_walked_once():
    assert network(torchscript(LOOP, NET)).total == 0


def test_modules_shared_again_and_again_do_not_multiply():
    found = network(torchscript(WIDE, NET))
    assert found.total == 2
    assert any("modules stand in several places" in note for note in found.notes)
    assert network(torchscript(EMPTY, NET)).total == 0


# statements that are no use of a constant, or a strange one: nothing is refused for them
STRANGE = [
    "y = torch.linear(x, CONSTANTS.c0", "y = )]CONSTANTS.c0", "y = torch.linear(CONSTANTS.c0[)", "CONSTANTS.c0 = 3",
    "y = " + "[" * 50_000 + "CONSTANTS.c0", "y = " + "torch.t(" * 20_000 + "CONSTANTS.c0",
    "y = torch.linear(x, CONSTANTS.c99999)", "y = torch.linear(x, CONSTANTS.c" + "9" * 50 + ")",
    "\n".join(f"a{k} = [CONSTANTS.c0, CONSTANTS.c1, {'' if not k else f'a{k - 1}, a{k - 1}'}]" for k in range(200)),
    'y = torch.format("CONSTANTS.c0', "y = 'CONSTANTS.c0\"", "y = torch.linear(x, \"CONSTANTS.c0\")",
]  # fmt: skip


@pytest.mark.parametrize("body", STRANGE, ids=lambda body: body[:30])
def test_strange_statements_are_passed_over(body):
    assert network(with_constants(body, T([4, 3]), T([4]))).total in (0, 12, 16)


def test_the_shared_model():
    file = SHARED / "models/snakers4+silero-vad/src/silero_vad/data/silero_vad.jit"
    if not file.exists():
        pytest.skip(f"{file} is not here (set NPARAMS_SHARED)")
    found = network(file.read_bytes())
    assert (found.total, found.totals.buffers, found.totals.elements) == (462_594, 82_688, 545_282)
