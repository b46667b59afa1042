"""Hostile config.json files: fields of the wrong kind, huge numbers, parts that are none, settings of packed weights.

Each is read as a dict and, where JSON has it, as text; what is read is printed in every view.  Only our own errors
leave the reader, each one printable line, and a total never changes by how a checkpoint is packed.
"""

from __future__ import annotations

import json
import random
import signal
from importlib import import_module
from typing import Any

import nparams
from nparams.architectures import catalogue
from nparams.errors import NparamsError, UsageError
from nparams.registry import VIEWS
from tests.config_entries import ENTRIES
from tests.fuzz._mutate import check_line

#: the seconds of one input; no test but a fuzzer may look at the clock
SECONDS = 10
SLOWER = 10
MEGABYTES = 512
#: layers that are still written out in every view
VIEWED = 2_000
VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, 2, 3, 7, 64, -1, 10**9, 2**63, 2**64, 10**39, -(10**30), 0.5, 2.0, 1e300, float("inf"),
    float("nan"), "", "8", "relu", "full_attention", "\x1b[31m", "\ud800", "é" * 300, [], [1], ["attention"] * 3,
    ["full_attention", 1, None], [[1]], [0] * 5000, {}, {"0": "a", "1": "b"}, {"hidden_size": 4}, {"a": {"b": {}}},
    {"num_labels": 3, "id2label": {"0": "x"}}, {"layer_types": ["mamba", "full_attention"]},
)  # fmt: skip
KEYS = (
    "architectures", "auto_map", "dtype", "torch_dtype", "id2label", "num_labels", "quantization_config",
    "quantization",
    "text_config", "text_config_dict", "vision_config", "vision_config_dict", "layer_types", "per_layer_config",
    "pruned_heads", "tie_word_embeddings", "num_nextn_predict_layers", "num_experts_per_tok", "num_experts",
    "zero_expert_num", "n_embed", "n_embd", "num_hidden_layers", "is_gated", "_class_name", "peft_type",
)  # fmt: skip
SETTINGS = {
    "quant_method": ("gptq", "awq", "bitsandbytes", "fp8", "mxfp4", "compressed-tensors", "mlx", "aqlm", 4, None),
    "bits": (4, 8, 3, 0, -4, "4", 10**30), "group_size": (128, -1, 0, 32, 3, None, 2**70), "mode": ("affine", "x"),
    "load_in_4bit": (True, False, 1), "load_in_8bit": (True, None), "bnb_4bit_quant_type": ("nf4", "fp4", 7),
    "bnb_4bit_use_double_quant": (True, 0), "weight_block_size": ([128, 128], [0, 1], [1], None, "x", [-1, 2]),
    "format": ("pack-quantized", "float-quantized", "nvfp4-pack-quantized", 1),
    "modules_to_not_convert": (None, [], ["lm_head"], ["re:.*(a|b)+$"], ["model.layers.*.fc"], [1, None], "lm_head",
                               ["a" * 300 + "*"]),
    "config_groups": ({}, {"g": {}}, {"g": {"targets": ["Linear"], "weights": {
        "num_bits": 4, "type": "int", "strategy": "group", "group_size": 4, "symmetric": False}}}, {"g": 1}, [1]),
    "ignore": (["re:" + ".*" * 40], ["re:.*lm_head"], [[]]),
}  # fmt: skip


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` damaged configurations; how many were accepted and how many refused.  Anything else raises."""
    rng = random.Random(seed)
    catalogue.use(ENTRIES)
    signal.signal(signal.SIGALRM, _too_slow)
    try:
        accepted = sum(survives(damaged(rng), rng) for _ in range(count))
    finally:
        catalogue.use(None)
    return {"accepted": accepted, "refused": count - accepted}


def damaged(rng: random.Random) -> dict[str, Any]:
    """A configuration of one of the entries with some of its fields, and others, replaced."""
    kind = rng.choice([*ENTRIES])
    held: dict[str, Any] = {"model_type": kind}
    if rng.random() < 0.8:
        held["architectures"] = [rng.choice([*ENTRIES[kind]["heads"]])]
    for _ in range(rng.choice((0, 1, 1, 2, 3, 6))):
        path = rng.choice((rng.choice([*ENTRIES[kind]["fields"]]), rng.choice(KEYS)))
        before, _, name = path.rpartition(".")
        place = held.setdefault(before, {}) if before else held
        if isinstance(place, dict):
            place[name] = rng.choice(VALUES)
    if rng.random() < 0.4:
        names = rng.sample([*SETTINGS], rng.randrange(1, len(SETTINGS)))
        held["quantization_config"] = {name: rng.choice(SETTINGS[name]) for name in names}
    return held


def survives(held: dict[str, Any], rng: random.Random) -> bool:
    """Whether a configuration is read; then it is printed in every way as well."""
    signal.alarm(SECONDS)
    try:
        return _read(held, rng)
    except BaseException:
        print(f"not one of our errors, for {held!r}"[:2_000].encode("ascii", "replace").decode(), flush=True)
        raise
    finally:
        signal.alarm(0)


def _too_slow(*_: object) -> None:
    raise TimeoutError(f"no answer in {SECONDS} s")


def _read(held: dict[str, Any], rng: random.Random) -> bool:
    source: Any = json.dumps(held) if rng.random() < 0.5 else held
    try:
        network = nparams.read(source)
        total = network.total
        plain = nparams.read({key: value for key, value in held.items() if not key.startswith("quant")}).total
        assert total == plain, "packing changed the total"
        for line in (network.read_as, *network.notes):
            assert line.isprintable(), repr(line)
        _show(network)
    except NparamsError as problem:
        check_line(problem)
        return False
    return True


def _show(network: nparams.Network) -> None:
    """Every view, of a network that is not too large to be written out."""
    try:
        if sum(1 for _ in network.tensors()) > VIEWED:
            return
    except UsageError:
        return
    for name in (*(view.module for view in VIEWS), "nparams.views.tensors"):
        import_module(name).render(network)
