"""Settings that lie beside a checkpoint, read as data and only where a header does not tell enough.

How weights are packed may stand in config.json, in the configuration of its text part, or in a file of the tool's own;
`quantisation` gives one answer, from the first place of the table that has any.
"""

from __future__ import annotations

from nparams.errors import ReadError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from nparams.stored.plain import Folder

MAX_CONFIG = 4_000_000
CONFIG = "config.json"
#: (file, key in it or "" for the whole, who writes it), first come
PLACES = (
    # huggingface/transformers src/transformers/configuration_utils.py
    (CONFIG, "quantization_config", "transformers"),
    # ml-explore/mlx-lm mlx_lm/utils.py (`quantize_model`)
    (CONFIG, "quantization", "MLX"),
    # vllm-project/compressed-tensors src/compressed_tensors/base.py, before it moved into quantization_config
    (CONFIG, "compression_config", "compressed-tensors"),
    # AutoGPTQ auto_gptq/quantization/config.py; ModelCloud/GPTQModel
    ("quantize_config.json", "", "AutoGPTQ"),
    # casper-hansen/AutoAWQ awq/models/_config.py; mit-han-lab/llm-awq
    ("quant_config.json", "", "AutoAWQ"),
    # NVIDIA/TensorRT-Model-Optimizer modelopt/torch/export/unified_export_hf.py
    ("hf_quant_config.json", "quantization", "ModelOpt"),
)
#: parts of a configuration that are one of their own: text_config, llm_config, thinker_config, ...
ENDING = "_config"
#: what the same setting is called
METHODS = ("quant_method", "quant_algo", "quant_type", "mode")
BITS = ("bits", "w_bit", "num_bits", "nbits", "weight_bits", "wbits")
GROUPS = ("group_size", "q_group_size", "groupsize", "block_size")
#: algorithms that name their width (ModelOpt, modelopt/torch/export/quant_utils.py)
WIDTHS = {"NVFP4": 4, "W4A16_AWQ": 4, "W4A8_AWQ": 4, "INT4_AWQ": 4, "MXFP4": 4, "FP8": 8, "W8A8_SQ_PER_CHANNEL": 8,
          "W8A16": 8, "INT8_SQ": 8, "MXFP8": 8}  # fmt: skip


class Quantisation:
    """How the settings say that weights are packed; anything that they do not say is None."""

    __slots__ = ("bits", "group", "method", "settings", "where")

    def __init__(self, where: str, settings: Mapping[str, Any]) -> None:
        #: the file and key that they stand in
        self.where = where
        self.settings = settings
        self.method = next((m for m in map(settings.get, METHODS) if isinstance(m, str)), None)
        self.bits = _whole(settings, BITS) or _width(settings, self.method)
        self.group = _whole(settings, GROUPS)


def quantisation(folder: Folder | None) -> Quantisation | None:
    """The settings of a packed checkpoint, from the first place that has any; None where there are none."""
    return next((Quantisation(where, held) for where, held in settings_in(folder)), None)


def settings_in(folder: Folder | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """(where, settings) of every place that has any, in order."""
    if folder is None:
        return
    whole: dict[str, Any] = {}
    last = ""
    for file, key, _ in PLACES:
        whole, last = (whole if file == last else held_in(folder, file)), file
        if not whole:
            continue
        for before, held in _parts(whole) if key and file == CONFIG else [("", whole)]:
            found = held.get(key) if key else held
            if isinstance(found, dict) and found:
                yield f"{file} {before}{key}".rstrip(), found


def config(folder: Folder | None) -> dict[str, Any]:
    """The object in config.json beside a model; {} where there is none that can be read."""
    return held_in(folder, CONFIG)


def is_described(held: Mapping[str, Any]) -> bool:
    """Whether a configuration says which type of model it is of (that of a Keras archive does not)."""
    return type(held.get("model_type")) is str


def held_in(folder: Folder | None, name: str) -> dict[str, Any]:
    """The object in a JSON file beside a model; {} where there is none that can be read.

    A folder with `settings`, a dict, keeps it there: several questions about one model ask for the same file.
    """
    from nparams.stored.plain import has

    if folder is None or not has(folder, name):
        return {}
    kept: dict[str, dict[str, Any]] | None = getattr(folder, "settings", None)
    if kept is None:
        return _read(folder, name)
    if name not in kept:
        kept[name] = _read(folder, name)
    return kept[name]


def _read(folder: Folder, name: str) -> dict[str, Any]:
    from nparams.stored.plain import settings

    try:
        source = folder.open(name)
        held = settings(source.read(0, source.size)) if source.size <= MAX_CONFIG else None
    except (ReadError, ValueError, RecursionError):
        return {}
    return held if isinstance(held, dict) else {}


def mlx_settings(folder: Folder | None) -> dict[str, Any]:
    """The `quantization` object that MLX writes: group_size, bits, and exceptions by layer name."""
    found = quantisation(folder)
    return {} if found is None else dict(found.settings)


def config_bits(folder: Folder | None) -> set[int]:
    """The widths that the groups of a compressed-tensors configuration name."""
    found: set[int] = set()
    for _, held in settings_in(folder):
        groups = held.get("config_groups")
        for group in groups.values() if isinstance(groups, dict) else ():
            weights = group.get("weights") if isinstance(group, dict) else None
            bits = weights.get("num_bits") if isinstance(weights, dict) else None
            if type(bits) is int:
                found.add(bits)
    return found


def _parts(held: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(path with its dot, object) of a configuration and of those of its parts, the text part first, two deep."""
    yield "", held
    inner = [(key, value) for key, value in held.items() if key.endswith(ENDING) and isinstance(value, dict)]
    inner.sort(key=lambda pair: pair[0] != "text_config")
    for key, value in inner:
        if key == "quantization_config":
            continue
        yield f"{key}.", value
        for below, deeper in value.items():
            if below.endswith(ENDING) and below != "quantization_config" and isinstance(deeper, dict):
                yield f"{key}.{below}.", deeper


def _whole(settings: Mapping[str, Any], keys: tuple[str, ...]) -> int | None:
    return next((n for n in map(settings.get, keys) if type(n) is int and n > 0), None)


def _width(settings: Mapping[str, Any], method: str | None) -> int | None:
    """The width that a flag or the algorithm's name tells (bitsandbytes: load_in_4bit)."""
    for key, bits in (("load_in_4bit", 4), ("load_in_8bit", 8)):
        if settings.get(key) is True or settings.get(f"_{key}") is True:
            return bits
    return WIDTHS.get((method or "").upper())
