"""Tensors of PyTorch in plain pickles: storages as the bytes of an old torch.save, read as data."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

import nparams
from nparams.errors import FormatError
from nparams.files._pytorch import nested
from nparams.files.bytesource import MemorySource
from nparams.files.pickles import read
from tests.old_storages import MAGIC, call, tensor, text
from tests.pickle_maker import G, R, S, parameter, pickled, pt


def network(value: Any, protocol: int = 4) -> Any:
    return read(MemorySource(pickled(value, protocol), "x.pkl"))


MODEL = {
    "fc.weight": tensor((3, 4), call(text(12, "1"))), "fc.bias": tensor((3,), call(text(3, "2"))),
    "bn.running_mean": tensor((3,), call(text(3, "3"))),
    "bn.num_batches_tracked": tensor((), call(text(1, "4", "Long", 8))),
}  # fmt: skip


@pytest.mark.parametrize("protocol", [2, 4])
def test_a_state_dict_is_counted(protocol: int) -> None:
    made = network(MODEL, protocol)
    assert [(t.name, t.shape, t.dtype, t.role) for t in made.tensors()] == [
        ("fc.weight", (3, 4), "float32", "weight"), ("fc.bias", (3,), "float32", "bias"),
        ("bn.running_mean", (3,), "float32", "buffer"), ("bn.num_batches_tracked", (), "int64", "buffer"),
    ]  # fmt: skip
    assert (made.total, made.totals.elements, made.flags, made.form) == (15, 19, [], "pickle")


@pytest.mark.parametrize("size", [10, 20_000, 1_000_000])
def test_numbers_of_any_length_stay_where_they_are(size: int) -> None:
    assert network({"w": tensor((size,), call(text(size)))}).total == size


def test_one_storage_that_is_kept_twice_is_tied() -> None:
    made = network({"a.weight": tensor((3, 4), call(text(12))), "b.weight": tensor((3, 4), call(text(12)))})
    assert (made.total, made.totals.elements) == (12, 24)


def test_parameters_and_checkpoints_may_hold_them() -> None:
    held = {"state_dict": {"w": parameter(tensor((2, 3), call(text(6))))}}
    assert nparams.read(pt({**held, "more": {"v": tensor((5,), call(text(5, "7")))}})).total == 11


def test_bytes_as_protocol_2_writes_them() -> None:
    for size in (10, 40_000):
        held = R(G("_codecs", "encode"), (text(size).decode("latin-1"), "latin1"))
        assert network({"w": tensor((size,), call(held))}, 2).total == size


HOSTILE = b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00id\x85R."
CALLED = r"x\.pkl calls torch\.storage\._load_from_bytes \(opcode REDUCE at [\d,]+\)\. Nothing was run\. "
TOO_FEW = r"x\.pkl calls torch\.storage\._load_from_bytes with a storage of 48 bytes where"
# what it shows | the argument | the message
WRONG = [
    ("a call inside", MAGIC + HOSTILE, CALLED),
    ("a call before", HOSTILE + text(12), CALLED),
    ("a call among the keys", text(12).split(pickle.dumps(["9000"], 2))[0] + HOSTILE + bytes(56), CALLED),
    ("another of them inside", MAGIC + pickled(call(text(12))) + pickle.dumps(["9000"], 2), CALLED),
    ("a list", MAGIC + pickle.dumps([1], 2), CALLED),
    ("a tensor, and no storage", MAGIC + pickled(tensor((2, 3), S(6).id())), CALLED),
    ("a part of a storage", text(12, view=("8", 1, 3)), CALLED),
    ("an archive", pt({"w": tensor((1,), S(1).id())}), CALLED),
    ("nothing", b"", CALLED),
    ("a number", 3, CALLED),
    ("text", "abc", CALLED),
    ("another magic number", text(12, front=pickle.dumps(1, 2) * 3), CALLED),
    ("the keys of another", text(12).replace(pickle.dumps(["9000"], 2), pickle.dumps(["9001"], 2)), CALLED),
    ("an unknown class", text(12, of="Posit"), CALLED),
    ("cut short", text(12)[:-1], TOO_FEW + " 47 are"),
    ("bytes behind it", text(12) + b"x", TOO_FEW + " 49 are"),
    ("longer than is read at once", text(12) + bytes(100_000), TOO_FEW + " 100,048 are"),
]  # fmt: skip


@pytest.mark.parametrize(("held", "told"), [c[1:] for c in WRONG], ids=[c[0] for c in WRONG])
def test_other_bytes_are_refused(held: Any, told: str) -> None:
    with pytest.raises(FormatError, match=told):
        network({"w": tensor((3, 4), call(held))})


def test_a_tensor_beyond_such_a_storage_is_refused() -> None:
    with pytest.raises(FormatError, match="reaches to number 13 of storage 9000, which holds 12"):
        network({"w": tensor((3, 4), call(text(12)), 1)})


def test_there_is_an_end_to_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nested, "MOST", 2)
    with pytest.raises(FormatError, match="keeps more than 2 storages inside itself"):
        network([tensor((1,), call(text(1, str(k)))) for k in range(3)])
