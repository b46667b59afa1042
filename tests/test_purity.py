"""What `import nparams` and each command pulled in, asked of a fresh interpreter: start-up time is a feature."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

FRAMEWORKS = "torch tensorflow keras jax flax equinox sklearn onnx gguf safetensors sympy h5py pandas".split()
# Slow to import, and needed by no answer that is an integer and a newline (DESIGN.md, Dependencies).
SLOW = """rich numpy json dataclasses inspect importlib.metadata urllib.request hashlib fractions decimal ast
tomllib xml zipfile tempfile subprocess asyncio socket ssl ctypes logging email http pickle unittest
multiprocessing concurrent.futures""".split()

PROBE = """
import sys
before = set(sys.modules)
{code}
sys.stdout.flush()
print(*sorted(set(sys.modules) - before), sep="\\n", file=sys.stderr)
"""
RUN = """
from nparams.cli.main import main
try:
    status = main({argv!r})
except SystemExit as stop:
    status = stop.code
assert not status, status
"""


def pulled_in(code: str) -> set[str]:
    """The modules that a fresh interpreter holds after `code` and did not hold before."""
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1"}
    run = subprocess.run(
        [sys.executable, "-c", PROBE.format(code=code)], capture_output=True, text=True, check=False, env=environment
    )
    assert run.returncode == 0, run.stderr
    return set(run.stderr.split())


def pulled_in_by(*argv: str) -> set[str]:
    return pulled_in(RUN.format(argv=list(argv)))


def test_the_probe_sees_what_a_function_imports() -> None:
    assert {"json", "fractions"} <= pulled_in("import json\ndef f():\n    import fractions\nf()")


def test_import_pulls_in_the_package_alone() -> None:
    assert pulled_in("import nparams") <= {"nparams", "__future__"}


def test_a_bare_count_pulls_in_nothing_slow() -> None:
    assert pulled_in_by("784-16-16-10", "-q").isdisjoint([*SLOW, *FRAMEWORKS, "pathlib"])


def test_layer_sizes_load_no_list_of_layers() -> None:
    """Layer sizes answer fastest of all: neither the grammar of lists nor the textbook of kinds is loaded for them."""
    for text in ("784-16-16-10", "h0-h1-h2"):
        ours = {name for name in pulled_in_by(text, "-q") if name.startswith(("nparams.notation.", "nparams.layers."))}
        assert {name for name in ours if "stack" in name} <= {"nparams.notation.stack"}
        assert {name for name in ours if name.startswith("nparams.layers.")} == {"nparams.layers.dense"}


def test_a_list_of_layers_pulls_in_nothing_slow() -> None:
    assert pulled_in_by("input 28x28x1; conv 32 3x3; maxpool 2; flatten; dense 10", "-q").isdisjoint(
        [*SLOW, *FRAMEWORKS]
    )


def test_json_pulls_in_no_terminal_view() -> None:
    assert pulled_in_by("784-16-16-10", "--json").isdisjoint([*FRAMEWORKS, *(set(SLOW) - {"json", "hashlib"})])


@pytest.mark.parametrize(
    "argv",
    [["784-16-16-10"], ["784-16-16-10", "--explain"], ["784-16-16-10", "--formula"], ["--help"]],
    ids=" ".join,
)
def test_what_is_printed_to_a_pipe_needs_no_rich(argv: list[str]) -> None:
    assert pulled_in_by(*argv).isdisjoint([*FRAMEWORKS, *(set(SLOW) - {"json"})])


def test_formats_needs_what_finds_the_sources_of_other_packages_and_nothing_else() -> None:
    finding = pulled_in("from importlib.metadata import entry_points; entry_points(group='nparams.sources')")
    assert (pulled_in_by("formats") - finding).isdisjoint([*FRAMEWORKS, *(set(SLOW) - {"json"})])


def test_a_checkpoint_in_the_usual_spelling_needs_neither_patterns_nor_json() -> None:
    source = "docs/examples/tiny.safetensors"
    found = pulled_in(f"import nparams; assert nparams.read({source!r}).total == 34")
    assert "nparams.expr.parser" not in found
    assert found.isdisjoint([*SLOW, *FRAMEWORKS, "re"])


def test_a_configuration_needs_no_framework() -> None:
    code = (
        "import json, nparams\nfrom nparams.architectures import catalogue\nfrom tests.config_entries import ENTRIES\n"
        "catalogue.use(ENTRIES)\n"
        "assert nparams.count({'model_type': 'mini', 'architectures': ['MiniForCausalLM'], 'n_layer': 1}) == 872"
    )
    found = pulled_in(code)
    assert found.isdisjoint([*(set(SLOW) - {"json"}), *FRAMEWORKS, "transformers"])
    assert "nparams.architectures._config.quantised" not in found
    assert "nparams.architectures.symbolic" not in found
