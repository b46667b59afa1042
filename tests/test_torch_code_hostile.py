"""Hostile and broken PyTorch code: a right count or one line of ours; nothing runs, opens, imports, hangs or grows.

All texts are read in one process of its own, under limits on memory and processor time, with an audit hook that notes
whatever is opened, imported, compiled to run or started.
"""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nparams
from nparams.errors import InvariantError, NparamsError
from tests.hostile_code import CLASS, FC, GROUPS, PIECES, net

CHILD = """
import json, resource, sys
import nparams
from nparams.errors import InvariantError, NparamsError

asked = json.load(sys.stdin)
resource.setrlimit(resource.RLIMIT_AS, (asked["megabytes"] << 20,) * 2)
resource.setrlimit(resource.RLIMIT_CPU, (asked["seconds"],) * 2)
noted = []

def watch(event, arguments):
    if event in ("open", "import", "exec") or event.startswith(("os.", "subprocess.", "socket.", "shutil.", "ctypes.")):
        target = str(getattr(arguments[0], "co_filename", arguments[0])) if arguments else ""
        # where code is not Python, Python's parser looks for the line in a file of the name <unknown>
        if not target.startswith(("nparams", "<unknown>")) and "/nparams/" not in target:
            noted.append(f"{event} {target}")

def answer(text):
    try:
        network = nparams.read(text, form="torch-code", paths=False, **asked["options"])
        str(network), network.to_json()
        return {"total": None if network.total is None else str(network.total)}
    except InvariantError as problem:
        return {"crash": f"InvariantError: {problem}"}
    except NparamsError as problem:
        return {"error": str(problem)}
    except BaseException as problem:
        return {"crash": f"{type(problem).__name__}: {str(problem)[:200]}"}

for text in asked["first"]:
    answer(text)  # loads what is loaded on first use
sys.addaudithook(watch)
for text in asked["texts"]:
    noted.clear()
    said = answer(text)
    print(json.dumps({**said, "noted": noted[:5]}), flush=True)
"""
#: texts that make everything load that is loaded late
FIRST = [
    "nn.Linear(3, 4)",
    "nn.Sequential(nn.LSTM(n, 3), nn.Linear(a, 2))",
    "nn.Linear(\x07",
    net("self.l = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2), n)", arguments=", n"),
]


def ran(
    program: str, texts: list[str], megabytes: int = 700, seconds: int = 60, **options: Any
) -> list[dict[str, Any]]:
    """What reading each text gives; the last answer is a crash where the process died of a text."""
    asked = {"texts": texts, "first": FIRST, "megabytes": megabytes, "seconds": seconds, "options": options}
    child = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(asked), capture_output=True, text=True, check=False, cwd=Path(nparams.__file__).parents[1],
    )  # fmt: skip
    found = [json.loads(line) for line in child.stdout.splitlines()]
    if len(found) < len(texts):
        found.append({"crash": f"exit {child.returncode}: {child.stderr[-300:]}", "noted": []})
    return found


answers = functools.partial(ran, CHILD)


def problem(said: dict[str, Any], expected: int | str | None) -> str | None:
    """What is wrong with an answer."""
    if "crash" in said:
        return str(said["crash"])
    if said["noted"]:
        return f"did {said['noted']}"
    if "error" in said and (not said["error"] or not said["error"].isprintable()):
        return f"not one printable line: {said['error']!r}"
    if expected == -1:
        return f"{said['total']}, and no total is right" if said.get("total") else None
    if expected is not None and said.get("total") != str(expected):
        return f"{said.get('total', said.get('error'))}, not {expected}"
    return None


@pytest.mark.parametrize("group", GROUPS)
def test_a_count_or_one_line(group: str) -> None:
    rows = GROUPS[group]
    found = answers([text for text, _ in rows.values()])
    faults = {name: problem(said, rows[name][1]) for name, said in zip(rows, found, strict=False)}
    assert {name: fault for name, fault in faults.items() if fault} == {}
    assert len(found) == len(rows)


def test_the_hook_notes_what_runs() -> None:
    """The tests above would see it."""
    probe = CHILD.replace("network = ", "open('/dev/null'); import antigravity; network = ")
    (said,) = ran(probe.replace('asked["first"]', "[]"), ["nn.Linear(3, 4)"])
    assert said["noted"][:2] == ["open /dev/null", "import antigravity"]


def test_a_class_cut_anywhere() -> None:
    cuts = [CLASS[:end] for end in range(20, len(CLASS), 5)]
    found = answers(cuts)
    assert [(cuts[k][-40:], fault) for k, said in enumerate(found) if (fault := problem(said, None))] == []
    assert len(found) == len(cuts)
    assert sum("error" in said for said in found) > len(cuts) / 4


MANY = 10_000
REMARK = "  # " + "and so on " * 8
LONG: dict[str, tuple[str, int | None]] = {
    "lines of a class": (net(*(f"self.fc{i} = nn.Linear(10, 10){REMARK}" for i in range(MANY))), 110 * MANY),
    "one long line": ("nn.Sequential(" + f"nn.Linear(10, 10), {' ' * 80}" * MANY + ")", 110 * MANY),
    "layers in lines": (f"model.append(nn.Linear(10, 10)){REMARK}\n" * MANY, None),
    "classes": ("".join(f"class A{i}(nn.Module):\n    pass{REMARK}\n" for i in range(MANY)), None),
}


@pytest.mark.parametrize("name", LONG)
def test_a_paste_of_a_megabyte(name: str) -> None:
    """It is read, or refused in one line, inside the limits on processor time and memory."""
    text, expected = LONG[name]
    assert len(text) > 950_000
    (said,) = answers([text], megabytes=1500, seconds=60)
    assert problem(said, expected if "total" in said else None) is None


VALUES = ("10**10**10", "__import__('os')", "", "a b", "\ud800", "9" * 6000, "(" * 999, "-1", "2.5", "n", "L*d")
CHOICES = ("__class__", "", "Net.fc", "os", "nn", "\ud800", "Net()", "a" * 9999, "self", "__init__", "Net.__init__")


def test_hostile_values() -> None:
    text = net("self.fc = nn.Linear(n, 4)", arguments=", n")
    assert [(v, f) for v in VALUES for said in answers([text], set={"n": v}) if (f := problem(said, None))] == []


def test_hostile_choices() -> None:
    assert [(c, f) for c in CHOICES for said in answers([net(FC)], which=c) if (f := problem(said, None))] == []


@settings(max_examples=200)
@given(st.lists(st.sampled_from(PIECES), max_size=30), st.sampled_from(["", " "]))
def test_only_our_errors_leave(pieces: list[str], between: str) -> None:
    said = "a network"
    try:
        str(nparams.read(between.join(pieces) or "nn", form="torch-code", paths=False))
    except InvariantError:
        raise
    except NparamsError as error:
        said = str(error)
    assert said
    assert said.isprintable()
