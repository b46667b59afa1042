"""The JSON contract: every key, always; integers exact; the rows sum to the total."""

from __future__ import annotations

import csv
import io
import json
from functools import partial
from typing import Any

import pytest

import nparams
from nparams.cli.main import main
from nparams.expr import equal, parse
from nparams.network import Module, Network, Tensor
from tests.test_api import CHECKPOINT

COUNT = (int, str)  # a symbolic size is a string
KEYS: dict[str, tuple[type, ...]] = {
    "schema": (int,), "source": (str,), "form": (str,), "read_as": (str,), "convention": (str, type(None)),
    "total": (*COUNT, type(None)), "known": COUNT, "unknown": (int,), "weights": COUNT, "biases": COUNT,
    "trainable": (*COUNT, type(None)), "frozen": (*COUNT, type(None)), "listed": COUNT, "buffers": COUNT,
    "bookkeeping": COUNT, "other": COUNT, "elements": COUNT, "parameter_bytes": (*COUNT, type(None)),
    "bytes": (*COUNT, type(None)), "bits_per_parameter": (int, float, type(None)), "embedding": (*COUNT, type(None)),
    "non_embedding": (*COUNT, type(None)), "active": (*COUNT, type(None)), "components": (dict, type(None)),
    "dtypes": (dict, type(None)), "formula": (str,), "where": (list,), "also": (dict,), "fingerprint": (str,),
    "flags": (list,), "layers": (list,), "tensors": (list, type(None)), "notes": (list,),
}  # fmt: skip
ROW: dict[str, tuple[type, ...]] = {
    "name": (str,), "kind": (str, type(None)), "copies": COUNT, "in": (list, type(None)), "out": (list, type(None)),
    "formula": (str, type(None)), "numbers": (str, type(None)), "weights": COUNT, "biases": COUNT, "total": COUNT,
    "share": (float, type(None)),
    "unknown": (int,),
}  # fmt: skip
TENSOR: dict[str, tuple[type, ...]] = {
    "name": (str,), "shape": (list, type(None)), "dtype": (str, type(None)), "role": (str,),
    "trainable": (bool, type(None)), "tied_to": (str, type(None)), "stored": (list, type(None)),
    "note": (str, type(None)), "count": (*COUNT, type(None)), "adds": (*COUNT, type(None)),
}  # fmt: skip


def mixed() -> Network:
    """A checkpoint with one of everything."""
    tensors = [
        Tensor("model.embed_tokens.weight", (100, 8), "bfloat16", trainable=True),
        *(Tensor(f"model.layers.{k}.up.weight", (16, 8), "int4", stored=(64, 64), trainable=True) for k in range(40)),
        *(Tensor(f"model.layers.{k}.up.scales", (16,), "float16", "bookkeeping") for k in range(40)),
        Tensor("model.norm.weight", (8,), "float32", trainable=False),
        Tensor("model.norm.running_mean", (8,), "float32", "buffer"),
        Tensor("lm_head.weight", (100, 8), "bfloat16", tied_to="model.embed_tokens.weight", trainable=True),
        Tensor("optimizer.step", (), "int64", "other"),
    ]
    return Network(
        tensors=tensors, source="mixed.safetensors", form="safetensors", read_as="a checkpoint", notes=["one note"]
    )


def lazy() -> Network:
    return Network(
        tensors=[Tensor("a.weight", (2, 3)), Tensor("b.weight", None)], source="lazy", form="x", read_as="lazy"
    )


NETWORKS = {
    "numbers": lambda: nparams.read("784-16-16-10"),
    "symbols": lambda: nparams.read("d-4*d-d"),
    "general": lambda: nparams.read("h0..hl"),
    "general, no bias on the outputs": lambda: nparams.read("h0..hl", bias="hidden"),
    "ends in numbers": lambda: nparams.read("784-h1..hl-10"),
    "half put in": lambda: nparams.read("h0..hl", set={"l": 2, "h0": 5}),
    "larger than 2**64": lambda: nparams.read(f"{10**30}-{10**30}-7"),
    "a file": lambda: nparams.read(CHECKPOINT),
    "a mixed file": mixed,
    "not created yet": lazy,
    "no biases": lambda: nparams.read("2-2-2", bias="none"),
    "nothing": lambda: Network(tensors=[], read_as="nothing"),
    "one number": lambda: Network(Module("s", tensors=[Tensor("s.scale", ())]), read_as="one number"),
}


def fits(found: dict[str, Any], keys: dict[str, tuple[type, ...]]) -> None:
    """The keys in their order, each of its types (a bool is no int)."""
    assert list(found) == list(keys)
    for key, value in found.items():
        assert type(value) in keys[key], (key, value)


@pytest.mark.parametrize("name", NETWORKS)
def test_contract(name: str) -> None:
    network = NETWORKS[name]()
    found = json.loads(network.to_json())
    fits(found, KEYS)
    assert found["tensors"] is None
    for row in found["layers"]:
        fits(row, ROW)
    listed = json.loads(network.to_json(tensors=True))["tensors"]
    for tensor in listed:
        fits(tensor, TENSOR)
    assert {t["name"] for t in listed} == {t.name for t in network.tensors()}


def sum_of(parts: list[Any]) -> Any:
    total: Any = 0
    for part in parts:
        total = total + parse(str(part))
    return total


@pytest.mark.parametrize("name", NETWORKS)
def test_everything_adds_up(name: str) -> None:
    network = NETWORKS[name]()
    found = json.loads(network.to_json(tensors=True))
    same = partial(equal, lower=network.lower)  # sums may have been merged under the network's conditions
    rows = found["layers"]
    known = parse(str(found["known"]))
    assert same(sum_of([found["weights"], found["biases"]]), known)
    assert same(sum_of([row["total"] for row in rows]), known)
    for row in rows:
        assert same(sum_of([row["weights"], row["biases"]]), parse(str(row["total"])))
    for whole, parts in (("total", ("embedding", "non_embedding")), ("total", ("trainable", "frozen"))):
        held = [found[part] for part in parts]
        assert None in (found[whole], *held) or same(sum_of(held), parse(str(found[whole])))
    assert found["components"] is None or same(sum_of([*found["components"].values()]), parse(str(found["total"])))
    assert (found["total"] is None) == (found["unknown"] > 0)


def test_integers_are_exact() -> None:
    big = 10**30
    text = nparams.read(f"{big}-{big}").to_json()
    assert json.loads(text)["total"] == big * big + big
    assert f'"total": {big * big + big},' in text


def test_mixed_values() -> None:
    found = json.loads(mixed().to_json())
    wanted = {
        "total": 800 + 40 * 128 + 8, "weights": 5928, "biases": 0, "listed": 6728, "buffers": 8, "bookkeeping": 640,
        "other": 1, "elements": 800 + 40 * 64 + 640 + 8 + 8 + 800, "trainable": 5920, "frozen": 8,
        "parameter_bytes": 1600 + 40 * 64 + 32, "bytes": 1600 + 40 * 64 + 32 + 1280 + 32, "embedding": 800,
        "non_embedding": 5128, "active": 5928, "dtypes": {"bfloat16": 800, "int4": 5120, "float32": 8},
        "notes": ["one note"],
    }  # fmt: skip
    assert {key: found[key] for key in wanted} == wanted
    assert found["bits_per_parameter"] == pytest.approx(8 * (4192 + 1280) / 5928, abs=1e-4)
    assert [(row["name"], row["copies"]) for row in found["layers"]] == [
        ("model.embed_tokens", 1), ("model.layers.0-39.up", 40), ("model.norm", 1), ("lm_head", 1), ("optimizer", 1),
    ]  # fmt: skip


def test_symbolic_values() -> None:
    found = json.loads(nparams.read("h0..hl").to_json())
    assert found["where"] == ["l >= 1"]
    assert found["layers"][0]["in"] == ["h[i-1]"]
    assert found["layers"][0]["copies"] == "l"
    assert found["formula"] == found["total"] == "sum(i=1..l, (h[i-1] + 1)*h[i])"


def test_no_total_when_something_is_not_created(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nparams._read.read", lambda *_, **__: lazy())
    assert main(["-q", "lazy"]) == 2
    assert "no total" in capsys.readouterr().err
    assert main(["lazy", "--expect", "6"]) == 2


@pytest.mark.parametrize("tensors", [False, True])
def test_csv_has_one_header_whatever_the_network_holds(tensors: bool) -> None:
    from nparams.views.csv import render

    empty, full = (Network(tensors=held, source="m") for held in ([], [Tensor("a.weight", (2, 3))]))
    assert render(empty, tensors=tensors).split("\n") == [render(full, tensors=tensors).split("\n")[0]]


@pytest.mark.parametrize("name", NETWORKS)
def test_csv_holds_the_rows(name: str) -> None:
    from nparams.views.csv import render

    network = NETWORKS[name]()
    read = list(csv.DictReader(io.StringIO(render(network))))
    assert [row["total"] for row in read] == [str(row["total"]) for row in network.rows()]
    assert equal(sum_of([row["total"] for row in read]), network.totals.known, network.lower)


def test_names_from_files_are_no_formulas_in_a_spreadsheet() -> None:
    from nparams.views.csv import render

    names = ["=cmd()", "+1", "-1", "@x", "a,b", 'q"q', "new\nline", "\x1b[31mred"]
    network = Network(tensors=[Tensor(f"{name}.w", (2,)) for name in names], read_as="hostile")
    read = list(csv.DictReader(io.StringIO(render(network))))
    assert len(read) == len(names)
    for row in read:
        assert row["name"][0] not in "=+-@"
        assert row["name"].isprintable()
