"""What drives the derivation of entries: processes with limits, files that are never half, one text for an entry."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tools.derive import text
from tools.derive.__main__ import arguments, chosen, settle
from tools.derive.errors import NoEntry
from tools.derive.pool import Limits, Outcome, each
from tools.derive.store import Store, write

LIMITS = Limits(30.0, 2**31)
ENTRY: dict[str, Any] = {
    "type": "toy",
    "schema": 1,
    "made": {"transformers": "5.24.0", "engine": 1, "heads": "all", "source": "00"},
    "fields": {"width": 4, "depth": 2},
    "rules": [["width", [["width__none", "depth"]]], ["depth", [["depth__none", {"value": 3}]]]],
    "heads": {
        "ToyModel": {
            "verified": {"configs": 60, "refused": 0, "seed": 1, "distinct": 60},
            "base": "",
            "cells": [
                {"tensors": [["embed.weight", ["width", "8"], "Embedding"]]},
                {
                    "tensors": [
                        ["layers.{i}.weight", ["width", "width"], "Linear"],
                        ["layers.{i}.bias", ["width"], "Linear", {"role": "bias"}],
                    ],
                    "if": "[0 < i]",
                    "over": [["i", "depth"]],
                },
            ],
        }
    },
}
TEXT = """\
{
"schema": 1,
"type": "toy",
"made": {"transformers": "5.24.0", "engine": 1, "heads": "all", "source": "00"},
"fields": {
  "depth": 2,
  "width": 4
},
"rules": [
  ["depth", [["depth__none", {"value": 3}]]],
  ["width", [["width__none", "depth"]]]
],
"heads": {
"ToyModel": {
 "base": "",
 "verified": {"configs": 60, "refused": 0, "seed": 1, "distinct": 60},
 "cells": [
 {"tensors": [
  ["embed.weight", ["width", "8"], "Embedding"]
]},
 {"over": [["i", "depth"]], "if": "[0 < i]", "tensors": [
  ["layers.{i}.weight", ["width", "width"], "Linear"],
  ["layers.{i}.bias", ["width"], "Linear", {"role": "bias"}]
]}
]
}
}
}
"""


def test_an_entry_has_one_text_with_a_tensor_a_line() -> None:
    assert text.dumps(ENTRY) == TEXT
    assert text.loads(TEXT) == {**ENTRY, "rules": ENTRY["rules"][::-1]}
    assert text.dumps(text.loads(TEXT)) == TEXT
    assert text.dumps(dict(reversed(ENTRY.items()))) == TEXT


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ('{"a": 1, "b": 2, "a": 3}', "the key 'a' stands twice in one object"),
        ('{"a": {"b": NaN}}', "NaN is no number of an entry"),
        ("[]", "an entry is a JSON object, not list"),
    ],
)
def test_what_is_no_entry(bad: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        text.loads(bad)


def work(name: str) -> Any:
    """A child's work that goes as its name says."""
    if name == "raises":
        raise RuntimeError("out of paper")
    if name == "hangs":
        signal.pause()
    if name == "eats":
        kept = bytearray(2**28)
        kept[:: 2**12] = b"x" * 2**16
        signal.pause()
    if name == "dies":
        os.kill(os.getpid(), signal.SIGTERM)
    if name == "leaves":
        os._exit(3)
    print("at work on", name, flush=True)
    return {"name": name, "long": "x" * 300_000}


@pytest.mark.parametrize(
    ("name", "limits", "ended", "log"),
    [
        ("works", LIMITS, "", "at work on works"),
        ("raises", LIMITS, "exit code 70", "RuntimeError: out of paper"),
        ("hangs", Limits(0.2, 2**31), "no answer within 0.2 s", ""),
        ("eats", Limits(30.0, 2**28), "more than 0.25 GiB of memory", ""),
        ("dies", LIMITS, "ended by signal 15", ""),
        ("leaves", LIMITS, "exit code 3", ""),
    ],
)
def test_how_a_process_ends(name: str, limits: Limits, ended: str, log: str) -> None:
    (outcome,) = each(work, [name], 2, limits)
    assert (outcome.name, outcome.ended) == (name, ended)
    assert log in outcome.log
    assert outcome.answer == (None if ended else {"name": name, "long": "x" * 300_000})


def test_many_names_a_few_at_a_time() -> None:
    names = [f"n{i}" for i in range(7)]
    assert sorted(outcome.answer["name"] for outcome in each(work, names, 3, LIMITS)) == names


def test_leaving_ends_the_processes_at_work() -> None:
    running = each(work, ["works", "hangs"], 2, LIMITS)
    assert next(running).name == "works"
    running.close()  # type: ignore[attr-defined]
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    write(tmp_path / "deep/a.json", "one")
    with contextlib.suppress(UnicodeEncodeError):
        write(tmp_path / "deep/a.json", "two \udc80")
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["a.json"]
    assert (tmp_path / "deep/a.json").read_text() == "one"


REFUSED = {"kind": "not verified", "reason": "2 of 50 differ", "transformers": "5.24.0", "source": "00", "engine": 1}


def test_a_type_is_verified_or_refused_never_both(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.refuse("toy", REFUSED)
    store.refuse("art", REFUSED)
    assert list(store.refusals()) == ["art", "toy"]
    store.keep(ENTRY)
    assert (store.verified(), list(store.refusals())) == (["toy"], ["art"])
    assert (tmp_path / "entries/toy.json").read_text() == TEXT
    store.refuse("toy", REFUSED)
    assert (store.verified(), list(store.refusals())) == ([], ["art", "toy"])
    assert len((tmp_path / "refused.json").read_text().splitlines()) == 4


def test_an_entry_is_carried_to_a_version_with_the_same_sources(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.keep(ENTRY)
    for version in ("5.24.0", "5.25.0"):
        store.carry("toy", version)
    assert store.entry("toy")["made"] == {**ENTRY["made"], "carried": "5.25.0"}  # type: ignore[index]


KNOWN = ["art", "new", "old", "toy"]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("toy art", "toy art"),
        ("--all", "new old"),
        ("--all --heads all", "new old"),
        ("--all --redo refused", "art new old"),
        ("--redo refused", "art"),
        ("--redo not-verified", "art"),
        ("--redo failed", ""),
        ("--redo stale", "art new old toy"),
        ("--redo all", "art toy"),
        ("--all --redo all", "art new old toy"),
        ("toy art --redo refused", "art"),
        ("--diff", "toy"),
    ],
)
def test_which_types_are_derived(words: str, names: str, tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.keep(ENTRY)
    store.refuse("art", REFUSED)
    assert " ".join(chosen(arguments(words.split()), store, KNOWN)) == names


def test_what_becomes_of_an_answer(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert settle(Outcome("toy", {"entry": ENTRY}, "", 1.0, 2, ""), store, keep=False)[0] == "verified"
    assert store.verified() == []
    got = settle(Outcome("toy", {"entry": ENTRY}, "", 1.0, 2, ""), store, keep=True)
    assert got == ("verified", "1 class, 60 configs, 0 refused, 2 cells")
    assert settle(Outcome("toy", {"refused": REFUSED}, "", 1.0, 2, ""), store, keep=True) == (
        "not verified",
        "2 of 50 differ",
    )
    assert json.loads((tmp_path / "refused.json").read_text()) == {"toy": REFUSED}


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"kind": "limit"}, "kept"),
        ({"kind": "failed"}, "kept"),
        ({"kind": "not verified"}, "not verified"),
        ({"kind": "limit", "transformers": "5.25.0"}, "limit"),
        ({"kind": "failed", "engine": 2}, "failed"),
    ],
)
def test_an_entry_is_not_lost_to_a_slow_day(changes: dict[str, Any], word: str, tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.keep(ENTRY)
    assert settle(Outcome("toy", {"refused": {**REFUSED, **changes}}, "", 1.0, 2, ""), store, keep=True)[0] == word
    assert store.has("toy") == (word == "kept")


def test_a_refusal_is_one_line_of_a_known_kind() -> None:
    assert NoEntry("two\n  lines").reason == "two lines"
    with pytest.raises(ValueError, match="'other' is no kind of refusal: one of no class"):
        NoEntry("why", kind="other")


def changed(path: list[Any], value: Any) -> dict[str, Any]:
    """ENTRY with one value replaced."""
    entry: dict[str, Any] = json.loads(json.dumps(ENTRY))
    at: Any = entry
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return entry


CELL = ["heads", "ToyModel", "cells", 1]


@pytest.mark.parametrize(
    ("new", "lines"),
    [
        (ENTRY, []),
        (changed(["made", "transformers"], "5.25.0"), []),
        (changed(["heads", "ToyModel", "verified", "configs"], 70), []),
        (
            changed([*CELL, "tensors", 1, 1], ["2*width"]),
            [
                "toy: transformers 5.24.0 -> 5.24.0",
                "  ToyModel",
                "  - 8*width + Σ_{i=0..depth-1} [0 < i]*(width*width + width)",
                "  + 8*width + Σ_{i=0..depth-1} [0 < i]*(width*width + 2*width)",
            ],
        ),
        (changed(["fields", "width"], 5), ["toy: transformers 5.24.0 -> 5.24.0", '-  "width": 4', '+  "width": 5']),
        (changed([*CELL, "tensors", 1, 0], "layers.{i}.b"), ["toy: transformers 5.24.0 -> 5.24.0"]),
    ],
)
def test_what_a_new_derivation_changes(new: dict[str, Any], lines: list[str]) -> None:
    from tools.derive.difference import difference

    got = difference(ENTRY, new)
    assert [line for line in lines if line not in got] == []
    assert bool(got) == bool(lines)
