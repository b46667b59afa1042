"""nparams check, the pre-commit hook and the action: one line, an exit status, and no way for an input to run code."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import nparams
from nparams.analyses.check import Bounds, bounds, check, multiple, whole
from nparams.cli.main import main
from nparams.errors import UsageError

CAPTURE = pytest.CaptureFixture[str]
REPOSITORY = Path(__file__).resolve().parent.parent
NET = "784-16-16-10"

# words | status | the line
RAN = [
    ([NET, "--expect", "13,002"], 0, f"ok: {NET} has 13,002 parameters (as expected)"),
    ([NET, "--expect", "13_002"], 0, f"ok: {NET} has 13,002 parameters (as expected)"),
    ([NET, "--expect=13000"], 1, f"not as expected: {NET} has 13,002 parameters, 2 more than the 13,000 expected"),
    ([NET, "--expect", "13010"], 1, f"not as expected: {NET} has 13,002 parameters, 8 less than the 13,010 expected"),
    ([NET, "--max", "13002"], 0, f"ok: {NET} has 13,002 parameters (at most 13,002)"),
    ([NET, "--max", "13K"], 1, f"too many: {NET} has 13,002 parameters, 2 more than the 13,000 allowed"),
    ([NET, "--max", "7B"], 0, f"ok: {NET} has 13,002 parameters (at most 7,000,000,000)"),
    ([NET, "--min", "13002"], 0, f"ok: {NET} has 13,002 parameters (at least 13,002)"),
    ([NET, "--min", "13.003k"], 1, f"too few: {NET} has 13,002 parameters, 1 less than the 13,003 needed"),
    ([NET, "--min", "1K", "--max", "1M", "--expect", "13002"], 0,
     f"ok: {NET} has 13,002 parameters (as expected, at most 1,000,000, at least 1,000)"),
    ([NET, "--expect", "13002", "--max", "2"], 1,
     f"too many: {NET} has 13,002 parameters, 13,000 more than the 2 allowed"),
    ([NET, "--bias", "none", "--expect", "12960"], 0, f"ok: {NET} has 12,960 parameters (as expected)"),
    (["--max", "100K", "lstm", "128", "on", "64"], 0, "ok: lstm 128 on 64 has 98,816 parameters (at most 100,000)"),
    (["h0-h1", "--set", "h=[2,3]", "--expect", "9"], 0, "ok: h0-h1 with h = [2, 3] has 9 parameters (as expected)"),
    (["--max=1", "--", "-"], 2, ""),
]  # fmt: skip


@pytest.mark.parametrize(("words", "status", "line"), RAN)
def test_command(words: list[str], status: int, line: str, capsys: CAPTURE, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["check", *words]) == status
    out, _ = capsys.readouterr()
    assert out == (f"{line}\n" if line else "")


# words | words of the error
REFUSED = [
    ([], "what should be checked?"),
    ([NET], "nothing to check: give --expect N, --max N or --min N"),
    ([NET, "--max"], "expected one argument"),
    ([NET, "--expect", "13K"], '--expect "13K" is not a whole number'),
    ([NET, "--expect", "-5"], "expect"),
    ([NET, "--expect", "1e4"], "is not a whole number"),
    ([NET, "--max", "many"], '--max "many" is not a whole number'),
    ([NET, "--max", "1.0005K"], "is not a whole number of parameters"),
    ([NET, "--max", "1.5"], "is not a whole number"),
    ([NET, "--max", "K"], "is not a number"),
    ([NET, "--max", "1.x5M"], "is not a number"),
    ([NET, "--max", "²M"], "is not a number"),
    ([NET, "--max", "5", "--min", "6"], "--min 6 is more than --max 5"),
    (["h0-h1", "--max", "5"], "the total of h0-h1 is h0*h1 + h1: give its symbols numbers"),
    (["nothing here", "--max", "5"], "neither layer sizes"),
]


@pytest.mark.parametrize(("words", "said"), REFUSED, ids=[" ".join(row[0]) for row in REFUSED])
def test_refused(words: list[str], said: str, capsys: CAPTURE) -> None:
    assert main(["check", *words]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err


def test_multiples_are_exact() -> None:
    assert [multiple(text, "--max") for text in ("1.5M", "7B", "0.5k", "1T", "1.50K", "12_000", "1,000")] == [
        1_500_000, 7_000_000_000, 500, 10**12, 1_500, 12_000, 1_000,
    ]  # fmt: skip
    assert whole(str(10**900), "--expect") == 10**900
    with pytest.raises(UsageError, match="not a whole number"):
        whole("9" * 1_001, "--expect")


def test_the_function() -> None:
    network = nparams.read(NET)
    assert check(network, Bounds(13002, None, None)).holds
    assert not check(network, bounds(None, "13K", None)).holds
    with pytest.raises(UsageError, match="1 tensor has no known size"):
        check(nparams.Network(tensors=[nparams.Tensor("a.weight", None)]), Bounds(1, None, None))


def test_a_file_is_called_by_its_name(tmp_path: Path) -> None:
    file = tmp_path / "tiny.py"
    file.write_text("import torch.nn as nn\n\nmodel = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))\n")
    network = nparams.read(file)
    network.source = "tiny.py"
    assert check(network, bounds("26", None, None)).line == "ok: tiny.py has 26 parameters (as expected)"
    assert check(nparams.read("784 16 10"), bounds(None, "1M", None)).line.startswith("ok: 784-16-10 has ")


# -- the hook and the action ------------------------------------------------------------------------------------------


def fields(text: str) -> dict[str, str]:
    """The plain `name: value` lines of a YAML file."""
    found = re.findall(r"^[- ]*(\w[\w-]*): (.+)$", text, re.MULTILINE)
    return dict(found)


def test_the_hook_runs_the_command() -> None:
    text = (REPOSITORY / ".pre-commit-hooks.yaml").read_text("utf-8")
    held = fields("\n".join(line for line in text.splitlines() if not line.startswith("#")))
    assert held["id"] == "nparams-check"
    assert (held["entry"], held["language"]) == ("nparams check", "python")
    assert held["pass_filenames"] == "false", "the source is an argument of the hook, not a changed file"
    assert "\t" not in text


ACTION = (REPOSITORY / "action.yml").read_text("utf-8")


def steps() -> dict[str, tuple[dict[str, str], str]]:
    """{name of a step: (its env, its script)}."""
    found = {}
    for block in ACTION.split("    - name: ")[1:]:
        head, _, script = block.partition("      run: |\n")
        env = dict(re.findall(r"^        (\w+): (.+)$", head, re.MULTILINE))
        found[block.splitlines()[0]] = (env, "\n".join(line[8:] for line in script.splitlines()))
    return found


def test_inputs_reach_the_shell_through_the_environment_alone() -> None:
    held = steps()
    assert list(held) == ["install", "check"]
    assert "using: composite" in ACTION
    for env, script in held.values():
        assert "${{" not in script, "an expression inside a script is text that the shell reads as code"
        assert all(re.search(rf'"\${name}"|\$\{{{name}', script) for name in env), "quoted, each"
    said = set(re.findall(r"^  (\w+):$", ACTION.partition("inputs:")[2].partition("runs:")[0], re.MULTILINE))
    used = set(re.findall(r"\$\{\{ inputs\.(\w+) \}\}", ACTION))
    assert said == used == {"source", "expect", "max", "min", "python"}


def test_the_action_installs_its_own_checkout() -> None:
    env, script = steps()["install"]
    assert env["NPARAMS_ACTION"] == "${{ github.action_path }}"
    assert "-m pip install" in script
    assert '"$NPARAMS_ACTION"' in script


def act(folder: Path, **inputs: str) -> tuple[int, str, str]:
    """(status, output, summary) of the action's check step, run as a workflow runs it."""
    _, script = steps()["check"]
    names = ("SOURCE", "EXPECT", "MAX", "MIN")
    environment = {
        **os.environ, "GITHUB_STEP_SUMMARY": str(folder / "summary.md"), "NPARAMS_PYTHON": sys.executable,
        "PYTHONPATH": os.pathsep.join(sys.path), **{f"NPARAMS_{name}": inputs.get(name.lower(), "") for name in names},
    }  # fmt: skip
    run = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    summary = folder / "summary.md"
    return run.returncode, run.stdout + run.stderr, summary.read_text("utf-8") if summary.exists() else ""


def test_the_action_checks_and_writes_the_table(tmp_path: Path) -> None:
    status, out, summary = act(tmp_path, source=NET, expect="13002", max="20K")
    assert (status, out) == (0, f"ok: {NET} has 13,002 parameters (as expected, at most 20,000)\n")
    assert "| layer |" in summary
    status, out, _ = act(tmp_path, source=NET, max="10K")
    assert status == 1
    assert "too many" in out
    assert act(tmp_path, source=NET)[0] == 2
    assert act(tmp_path, source="no such thing", max="5")[0] == 2


@pytest.mark.parametrize(
    "hostile", ["$(touch owned)", "`touch owned`", "; touch owned", '"; touch owned; "', "--help", "-q"]
)
def test_the_action_runs_no_input(hostile: str, tmp_path: Path) -> None:
    for name in ("source", "expect", "max", "min"):
        status, _, _ = act(tmp_path, **{"source": NET, "max": "20K", name: hostile})
        assert status == 2
        assert not (tmp_path / "owned").exists()
