"""Archives of torch.export: what is counted in every layout, what is refused in which words, how little is read."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

import nparams
from nparams.errors import NparamsError
from nparams.files.bytesource import MemorySource, RangeSource, drive
from nparams.files.pt2 import read
from tests.pickle_maker import G, R, S, T, parameter, pt
from tests.pt2_maker import LONG, listed, meta, model, old, payload, program, pt2
from tests.zip_maker import M, archive

NET = {
    "emb.weight": payload("weight_0", meta((11, 8))), "head.weight": payload("weight_0", meta((11, 8))),
    "fc.weight": payload("weight_1", meta((16, 8))), "fc.bias": payload("weight_2", meta((16,), grad=False)),
    "bn.running_mean": payload("weight_3", meta((16,), grad=False), parameter=False),
    "bn.num_batches_tracked": payload("weight_4", meta((), LONG, grad=False), parameter=False),
}  # fmt: skip
CONSTANTS = {
    "mask": payload("tensor_0", meta((3, 4), grad=False), parameter=False),
    "packed": payload("custom_obj_0", None, parameter=False, pickled=True),
}
OBJECT = M("data/constants/custom_obj_0", b"PK whatever")
#: one run of ten numbers, seen whole, turned, and in two parts that overlap in two numbers
VIEWS = {
    "a": payload("weight_0", meta((10, 4))), "t": payload("weight_0", meta((4, 10), steps=(1, 4))),
    "b": payload("weight_1", meta((6, 4))), "c": payload("weight_1", meta((6, 4), offset=16)),
}  # fmt: skip
SHARED = [M("data/weights/weight_0", bytes(160)), M("data/weights/weight_1", bytes(160)),
          M("data/weights/model_weights_config.json", listed(VIEWS))]  # fmt: skip
OTHER = {"weight": payload("weight_9", meta((3, 2))), "bias": payload("weight_10", meta((3,)))}
STATE = {"fc.weight": T((3, 2)), "fc.bias": T((3,), key="1"), "scale": T((3,), key="2"), "tied": T((3, 2))}
MARKED = {"w": parameter(T((3, 2))), "stat": T((3,), key="1")}
INT8 = R(
    G("torch._tensor", "_rebuild_from_type_v2"),
    (G("torch._utils", "_rebuild_wrapper_subclass"), G("torchao.q", "Int8Tensor"),
     (G("torchao.q", "Int8Tensor"), G("torch", "float32"), (4, 6), (6, 1), 0, None, None, False),
     {"int_data": T((4, 6), S(24, "Char")), "scale": T((4,), key="1")}),
)  # fmt: skip
SUBCLASS = [
    M("data/weights/weight_0", pt(INT8)),
    M("data/weights/model_weights_config.json", listed({"fc.weight": payload("weight_0", meta((4, 6)), pickled=True)})),
]
COMPILED = [M("data/aotinductor/model/abc.wrapper.so", b"\x7fELF"),
            M("data/aotinductor/model/weights_config.json", b'{"fc.weight": ["weight_0", [4, 3], [3, 1], 0]}'),
            M("data/weights/weight_0", pt(T((4, 3))))]  # fmt: skip
EMPTY = [M("data/weights/weight_0"), M("data/weights/model_weights_config.json", listed({"w": payload("weight_0",
    meta((30, 4)))}))]  # fmt: skip


class Case(NamedTuple):
    """An archive: its parameters and buffers, the words of its notes, the kinds of its flags."""

    name: str
    data: bytes
    total: int
    buffers: int = 0
    other: int = 0
    notes: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    names: tuple[str, ...] | None = None
    bookkeeping: int = 0


CASES = [
    Case("a model", pt2(*model("model", NET, CONSTANTS), OBJECT), 88 + 128 + 16, 16 + 1 + 12, notes=(
        '"head.weight" is "emb.weight": one storage', "1 constants are objects and no tensors")),
    Case("one of the names that a writer chooses", pt2(*model("decode", OTHER), root="archive/"), 9,
         names=("weight", "bias")),
    Case("two models", pt2(*model("a", NET), *model("b", OTHER)), 232 + 9, 17, names=None, notes=("counted once",)),
    Case("the same weights again", pt2(*model("prefill", OTHER), *model("decode", {
        k: {**v, "path_name": f"w{v['path_name']}"} for k, v in OTHER.items()})), 9, other=0 + 6 + 3,
        notes=("the weights of prefill stored again, for decode",)),
    Case("views", pt2(*SHARED), 40 + 24 + 24, notes=('"t" is "a"', '"b" and "c" share some of their numbers')),
    Case("a subclass of torch.Tensor", pt2(*SUBCLASS), 24, bookkeeping=4),
    Case("shapes without numbers", pt2(*EMPTY), 120, notes=("1 tensor without numbers: shapes alone were exported",)),
    Case("weights beside compiled code", pt2(*COMPILED), 12, notes=("only the weights packed beside it are counted",)),
    Case("a model with compiled code", pt2(*model("model", OTHER), COMPILED[0]), 9,
         notes=("its compiled code (AOTInductor) is not looked at",)),
    Case("torch 2.8.0", pt2(M("models/model.json", program(["fc.weight", "fc.bias", "tied"], ["scale"])),
         M("data/weights/model.pt", pt(STATE)), M("data/constants/model.pt", pt({"c": T((4,))}))), 9, 3 + 4,
         notes=('"tied" is "fc.weight"',)),
    Case("torch 2.5", old(STATE, program(["fc.weight", "fc.bias", "tied"], ["scale"]), {"c": T((5,))}), 9, 3 + 5),
    Case("torch 2.1", old(STATE, program(["fc.weight", "fc.bias", "tied"], ["scale"], before_2_2=True),
         names=("state_dict.json", "")), 9, 3),
    Case("torch 2.2", old(STATE, program(["fc.weight", "fc.bias", "tied"], ["scale"]), {"c": T((5,))},
         names=("state_dict.pt", "tensor_constants.pt")), 9, 3 + 5),
    Case("a program that says nothing", old(MARKED, b"{}"), 6 + 3),
    Case("a program too long to be parsed", old(MARKED, b'{"a": [' + b"1," * 2_100_000 + b"1]}"), 6 + 3,
         notes=("the graph of the program is too long to be parsed",)),
    Case("members that nothing reads", pt2(*model("model", OTHER), M("data/weights/weight_77", bytes(9)), M("x/y",
         b"")),
         9, flags=("unread",)),
    Case("no weights", pt2(*model("model", {})), 0, notes=("no tensors: the program has no weights",)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_part_is_right(case: Case) -> None:
    network = nparams.read(case.data)
    totals = network.totals
    found = network.total, totals.buffers, totals.other, totals.bookkeeping
    assert found == (case.total, case.buffers, case.other, case.bookkeeping)
    assert network.form == "pt2"
    for words in case.notes:
        assert any(words in note for note in network.notes), network.notes
    assert tuple(flag["kind"] for flag in network.flags) == case.flags
    if case.names is not None:
        assert tuple(t.name for t in network.tensors()) == case.names


def test_what_is_trained_is_said() -> None:
    tensors = {t.name: t for t in read(MemorySource(pt2(*model("model", NET)), "m.pt2")).tensors()}
    assert {name: t.trainable for name, t in tensors.items()} == {
        "emb.weight": True, "head.weight": True, "fc.weight": True, "fc.bias": False, "bn.running_mean": None,
        "bn.num_batches_tracked": None,
    }  # fmt: skip
    assert tensors["bn.num_batches_tracked"].dtype == "int64"
    assert tensors["fc.bias"].role == "bias"


#: numbers of ScalarType -> torch's name and bytes of a number (torch/_export/serde/schema.py)
DTYPES = {1: ("uint8", 1), 2: ("int8", 1), 6: ("float16", 2), 8: ("float64", 8), 10: ("complex64", 8), 12: ("bool", 1),
          13: ("bfloat16", 2), 28: ("uint16", 2), 29: ("float8_e4m3fn", 1), 35: ("uint64", 8)}  # fmt: skip


@pytest.mark.parametrize("code", DTYPES)
def test_number_types(code: int) -> None:
    name, width = DTYPES[code]
    config = listed({"w": payload("weight_0", meta((3, 5), code))})
    data = pt2(M("data/weights/weight_0", bytes(15 * width)), M("data/weights/model_weights_config.json", config))
    (tensor,) = nparams.read(data).tensors()
    assert (tensor.dtype, tensor.role, tensor.size) == (name, "weight", 15)


def one(held: Any, length: int = 24, **told: Any) -> bytes:
    """An archive of one weight."""
    config = listed({"w": {**payload("weight_0", held), **told}})
    return pt2(M("data/weights/weight_0", bytes(length)), M("data/weights/model_weights_config.json", config))


LIST = "data/weights/model_weights_config.json"
REFUSED = [
    ("cut short", one(meta((2, 3)), 20),
     'tensor "w" reaches to number 6 of storage m/data/weights/weight_0, which holds 5'),
    ("a member that is not there", pt2(M(LIST, listed({"w": payload("weight_0", meta((2,)))}))),
     'it has no member "m/data/weights/weight_0"'),
    ("an unknown number type", one(meta((2, 3), 99)), 'tensor "w" has the unknown number type 99'),
    ("a number type that is true", one(meta((2, 3), True)), 'tensor "w" has the unknown number type True'),
    ("a sparse layout", one(meta((2, 3), layout=1)), 'tensor "w" has the layout 1; only dense ones (7) are read'),
    ("a side below 0", one(meta((-2, 3), steps=(3, 1))), 'tensor "w" has a side that is no whole number'),
    ("an expression as a side", one({**meta((2,)), "sizes": [{"as_expr": {"expr_str": "s0"}}]}),
     'tensor "w" has a side that is no whole number'),
    ("a side of 2^60", one(meta((1 << 60,))), 'tensor "w" has a dimension that is no whole number from 0 to 2**48'),
    ("fewer steps than sides", one(meta((2, 3), steps=(1,))), 'tensor "w" is described in no known way'),
    ("no description", one(None), 'tensor "w" has no tensor_meta: neither shape nor number type'),
    ("no path", one(meta((2, 3)), path_name=7), 'tensor "w" has no path_name: the member that keeps it'),
    ("no config", pt2(M(LIST, b"{}")), "has no config: the list of what is stored"),
    ("no JSON", pt2(M(LIST, b"{]")), "is no JSON: Expecting property name"),
    ("a list", pt2(M(LIST, b"[]")), "is no JSON object"),
    ("a name twice", pt2(M(LIST, b'{"config": {"w": {}, "w": {}}}')), "is no JSON: the key w appears twice"),
    ("a model without a list", pt2(M("models/model.json", b"{}")),
     'it has a model "model" without a list of its weights'),
    ("compiled code alone", pt2(COMPILED[0]),
     "holds compiled code alone (AOTInductor), whose weights cannot be listed"),
    ("nothing", pt2(), "holds no exported program, whose weights cannot be listed"),
    ("an old one without weights", archive([M("serialized_exported_program.json", b"{}")]),
     "an exported program without serialized_state_dict.pt: its weights"),
    ("an old one without a program", archive([M("serialized_state_dict.pt", pt(STATE))]),
     'it has no "serialized_exported_program.json": the exported program'),
    ("an old one of something else", old([T((2,))], b"{}"), "holds no dictionary of tensors"),
    ("an old one that calls", archive([M("serialized_exported_program.json", b"{}"),
     M("serialized_state_dict.pt", pt(None, pickle=b"\x80\x02cos\nsystem\n(X\x02\0\0\0idtR."))]),
     "calls os.system (opcode REDUCE at 22). Nothing was run."),
]  # fmt: skip


@pytest.mark.parametrize(("what", "data", "words"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_refused(what: str, data: bytes, words: str) -> None:
    with pytest.raises(NparamsError) as found:
        read(MemorySource(data, "m.pt2"))
    assert words in str(found.value)
    assert str(found.value).isprintable()


def test_only_lists_are_read() -> None:
    """Of 40 MB of weights nothing is read: the archive's directory, the lists, and nothing twice."""
    weights = {f"{k}.weight": payload(f"weight_{k}", meta((1000, 1000))) for k in range(10)}
    data = pt2(*model("model", weights))
    taken: list[int] = []

    def fetch(offset: int, length: int) -> bytes:
        taken.append(length)
        return data[offset : offset + length]

    network = drive(RangeSource("m.pt2", len(data)), fetch, read)
    assert network.total == 10_000_000
    assert sum(taken) < 100_000
    assert len(taken) < 20
