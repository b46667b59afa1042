"""Settings that lie beside a checkpoint: config.json, read as data and only where a header does not tell enough."""

from __future__ import annotations

import json

from nparams.errors import ReadError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import Folder

MAX_CONFIG = 4_000_000


def config(folder: Folder | None) -> dict[str, object]:
    """The object in config.json beside a model; {} where there is none that can be read."""
    if folder is None or "config.json" not in folder.names():
        return {}
    try:
        source = folder.open("config.json")
        held = json.loads(source.read(0, min(source.size, MAX_CONFIG)))
    except (ReadError, ValueError, RecursionError):
        return {}
    return held if isinstance(held, dict) else {}


def mlx_settings(folder: Folder | None) -> dict[str, object]:
    """The `quantization` object that MLX writes: group_size, bits, and exceptions by layer name."""
    held = config(folder)
    text = held.get("text_config")
    for place in (held, text if isinstance(text, dict) else {}):
        found = place.get("quantization") or place.get("quantization_config")
        if isinstance(found, dict):
            return found
    return {}
