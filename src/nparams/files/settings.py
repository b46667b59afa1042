"""Settings that lie beside a checkpoint: config.json, read as data and only where a header does not tell enough."""

from __future__ import annotations

from nparams.errors import ReadError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.files.bytesource import Folder

MAX_CONFIG = 4_000_000


def config(folder: Folder | None) -> dict[str, Any]:
    """The object in config.json beside a model; {} where there is none that can be read."""
    return held_in(folder, "config.json")


def held_in(folder: Folder | None, name: str) -> dict[str, Any]:
    """The object in a JSON file beside a model; {} where there is none that can be read."""
    if folder is None or name not in folder.names():
        return {}
    from nparams.files.json_text import strict

    try:
        source = folder.open(name)
        held = strict(source.read(0, source.size)) if source.size <= MAX_CONFIG else None
    except (ReadError, ValueError, RecursionError):
        return {}
    return held if isinstance(held, dict) else {}


def mlx_settings(folder: Folder | None) -> dict[str, Any]:
    """The `quantization` object that MLX writes: group_size, bits, and exceptions by layer name."""
    for held in _places(config(folder)):
        found = held.get("quantization") or held.get("quantization_config")
        if isinstance(found, dict):
            return found
    return {}


def config_bits(folder: Folder | None) -> set[int]:
    """The widths that the groups of a compressed-tensors configuration name."""
    found: set[int] = set()
    for held in _places(config(folder)):
        groups = held.get("quantization_config")
        groups = groups.get("config_groups") if isinstance(groups, dict) else None
        for group in groups.values() if isinstance(groups, dict) else ():
            weights = group.get("weights") if isinstance(group, dict) else None
            bits = weights.get("num_bits") if isinstance(weights, dict) else None
            if type(bits) is int:
                found.add(bits)
    return found


def _places(held: dict[str, Any]) -> list[dict[str, Any]]:
    """A configuration, and the one of its text part."""
    text = held.get("text_config")
    return [held, text] if isinstance(text, dict) else [held]
