"""Published models: the count of a config.json alone against figures that others printed, each with its source.

`data/published_configs.json` holds for every model the fields of its config.json that bear on the count and
- `total`: the exact figure, or `printed`: a rounded one, to whose digits the count must round;
- `published` and `extra`, where the published figure holds more than the parameters of the class (a tied head stored
  once more, a draft head, buffers, scales of a quantisation): `published` less the sum of `extra` is `total`;
- `active_printed`: what its publisher says a token uses, and whether that leaves out the embedding table.
"""

from __future__ import annotations

import ast
import json
import operator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import nparams
from nparams.errors import NparamsError, UnsupportedError
from nparams.network import Network
from nparams.network.split import embedding
from tests.conftest import shared

Entry = dict[str, Any]
ENTRIES: list[Entry] = json.loads((Path(__file__).parent / "data/published_configs.json").read_text())
UNITS = {"K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
FILES = Path(__file__).parent / "data/configs"  # whole config.json files: model -> file, the figures are those above
WHOLE = {
    "Qwen/Qwen3-8B": "Qwen3-8B", "Qwen/Qwen3-VL-8B-Instruct": "Qwen3-VL-8B-Instruct",
    "Qwen/Qwen3.5-35B-A3B": "Qwen3.5-35B-A3B", "openai/gpt-oss-20b": "gpt-oss-20b",
    "deepseek-ai/DeepSeek-R1": "DeepSeek-V3", "google/gemma-4-26B-A4B-it": "gemma-4-26B-A4B",
    "nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16": "NVIDIA-Nemotron-3-Nano-30B-A3B-BF16",
    "ibm-granite/granite-3.1-1b-a400m-instruct": "granite-3.1-1b-a400m-instruct",
    "HuggingFaceTB/SmolLM3-3B": "SmolLM3-3B", "mistralai/Devstral-Small-2507": "Devstral-Small-2507",
    "allenai/olmOCR-7B-0225-preview": "olmOCR-7B-0225-preview",
    "openai/whisper-large-v3-turbo": "whisper-large-v3-turbo", "google/flan-t5-large": "flan-t5-large",
}  # fmt: skip
HELD_MORE = [entry for entry in ENTRIES if "extra" in entry]
ACTIVE = [entry for entry in ENTRIES if "active_printed" in entry]
OWN = ("tied", "buffer")  # kinds of `extra` that the class itself has
OPERATORS = {ast.Add: operator.add, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv}


def names(entries: list[Entry]) -> list[str]:
    return [entry["name"] for entry in entries]


def value(text: str) -> int:
    """The value of plain arithmetic: whole numbers, sums, products, quotients rounded down.

    >>> value("2*(3 + 4)//5")
    2
    """

    def of(node: ast.expr) -> int:
        if isinstance(node, ast.BinOp):
            return int(OPERATORS[type(node.op)](of(node.left), of(node.right)))
        assert isinstance(node, ast.Constant), text
        assert isinstance(node.value, int), text
        return node.value

    return of(ast.parse(text, mode="eval").body)


def head(network: nparams.Network) -> int:
    """The parameters of a head that is no lookup table."""
    return sum(row.total for row in network.layers if row.name == "lm_head")  # type: ignore[misc]


def rounds_to(count: int, printed: str) -> bool:
    """Whether `count` rounds to the digits of `printed`; zeros that end a whole number are no digits.

    >>> rounds_to(86_567_656, "86.57M"), rounds_to(86_567_656, "86.56M"), rounds_to(428_658_688, "400M")
    (True, False, True)
    """
    figure = Fraction(printed[:-1])
    _, point, decimals = printed[:-1].partition(".")
    digits = len(decimals) if point else len(printed[:-1].rstrip("0")) - len(printed[:-1])
    step = Fraction(UNITS[printed[-1]]) / Fraction(10) ** digits
    return abs(count - figure * UNITS[printed[-1]]) * 2 <= step


def counted(config: dict[str, Any] | Path) -> Network:
    """The network of a config.json; an expected failure while the catalogue has no such model type."""
    try:
        return nparams.read(config)
    except NparamsError as no:
        pytest.xfail(str(no))


def test_every_figure_is_sourced_once() -> None:
    for entry in ENTRIES:
        assert (entry["total"] is None) != (entry["printed"] is None), entry["name"]
        assert entry["source"]["url"].startswith("https://"), entry["name"]
        figure = entry.get("published") or entry["total"] or entry["printed"].rstrip("KMBT")
        quoted = entry["source"]["quote"].replace(",", "").replace("_", "")
        in_bytes = entry.get("published", entry["total"] or 0) * 2  # total_size of a file of 2-byte numbers
        assert str(figure) in quoted or str(in_bytes) in quoted, entry["name"]
    assert len(set(names(ENTRIES))) == len(ENTRIES) >= 60
    assert len({entry["model_type"] for entry in ENTRIES}) >= 35


@pytest.mark.parametrize("entry", HELD_MORE, ids=names(HELD_MORE))
def test_what_a_published_figure_holds_besides(entry: Entry) -> None:
    assert entry["published"] - sum(value(item["numbers"]) for item in entry["extra"]) == entry["total"]


@pytest.mark.parametrize("entry", ENTRIES, ids=names(ENTRIES))
def test_total(entry: Entry) -> None:
    total = counted(entry["config"]).total
    if entry["total"] is not None:
        assert total == entry["total"]
    else:
        assert isinstance(total, int)
        assert rounds_to(total, entry["printed"]), total


@pytest.mark.parametrize("entry", HELD_MORE, ids=names(HELD_MORE))
def test_what_the_count_itself_keeps_apart(entry: Entry) -> None:
    """Heads counted again are `listed`; persistent buffers are `buffers`: facts of the class, not of a file."""
    network = counted(entry["config"])
    again, kept = (sum(value(item["numbers"]) for item in entry["extra"] if item["kind"] == kind) for kind in OWN)
    assert again == 0 or network.totals.listed == entry["total"] + again
    assert kept == 0 or network.totals.buffers == kept


@pytest.mark.parametrize("entry", ACTIVE, ids=names(ACTIVE))
def test_active(entry: Entry) -> None:
    network, printed = counted(entry["config"]), entry["active_printed"]
    used, tables = network.totals.active, embedding(network)
    assert isinstance(used, int)
    assert isinstance(tables, int)
    without = tables if "- embedding" in printed["counts"] else 0
    without += head(network) if "- head" in printed["counts"] else 0
    assert rounds_to(used - without, printed["figure"]), used
    assert printed["figure"][:-1] in printed["source"]["quote"]


@pytest.mark.parametrize("model", WHOLE)
def test_whole_files(model: str) -> None:
    """A whole file, with all its odd fields, gives what the fields that bear on the count give."""
    entry = next(entry for entry in ENTRIES if entry["name"] == model)
    total = counted(FILES / f"{WHOLE[model]}.json").total
    assert isinstance(total, int)
    assert total == entry["total"] or rounds_to(total, entry["printed"] or "0M")


def test_a_type_that_only_its_own_code_knows() -> None:
    """Kimi-K2 names DeepSeek's class and a type of its own: nobody's formula is borrowed."""
    with pytest.raises(UnsupportedError, match="kimi_k2"):
        nparams.read(FILES / "Kimi-K2-Instruct.json")


def test_shared_real_configs() -> None:
    """Every entry of the shared real configurations gives the total that stands there."""
    entries = json.loads(shared("cases/real_configs.json").read_text())
    missing = []
    for entry in entries:
        try:
            network = nparams.read(entry["config"])
        except NparamsError as no:
            missing.append(f"{entry['name']} ({str(no)[:60]} …)")
            continue
        assert network.total == entry["expected_total"], entry["name"]
    if missing:
        pytest.xfail("; ".join(missing))


#: what tiiuae/falcon-mamba-7b says: the class makes 16*4096 of it, and the checkpoint is 8192 wide
FALCON_MAMBA = {"model_type": "falcon_mamba", "expand": 16, "hidden_size": 4096, "time_step_rank": 256}


def test_a_file_that_contradicts_what_the_class_makes_is_refused() -> None:
    with pytest.raises(UnsupportedError, match=r"^intermediate_size = 8192 in the file, and falcon_mamba makes 65536"):
        nparams.read({**FALCON_MAMBA, "intermediate_size": 8192})
    with pytest.raises(UnsupportedError, match=r"^intermediate_size = 1 in the file"):
        nparams.read({**FALCON_MAMBA, "intermediate_size": 1})
    agreeing = nparams.read({**FALCON_MAMBA, "intermediate_size": 65536})
    assert agreeing.total == nparams.read(FALCON_MAMBA).total


def test_a_field_that_was_never_varied_is_refused_by_name() -> None:
    """gpt_neo's layers go with attention_types, so that no random config had another number of them."""
    with pytest.raises(UnsupportedError, match=r"num_layers = 12 was not verified for gpt_neo"):
        nparams.read({"model_type": "gpt_neo", "num_layers": 12, "architectures": ["GPTNeoForCausalLM"]})
