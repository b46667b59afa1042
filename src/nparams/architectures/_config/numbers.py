"""The number type that a config.json says its weights are stored in, and whether it says that they are packed."""

from __future__ import annotations

from nparams.dtypes import TORCH
from nparams.errors import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

#: what the setting is called, the one that wins first (transformers src/transformers/configuration_utils.py,
#: `__post_init__`: "If both are provided, keep `dtype`")
WORDS = ("dtype", "torch_dtype")
#: keys of a config.json that say how its checkpoint is packed (stored/settings.py names who writes them)
KEYS = ("quantization_config", "quantization", "compression_config")
#: parts whose setting is asked where the whole has none: composite files of version 4 keep it there
PARTS = ("text_config", "thinker_config", "llm_config", "language_config", "decoder")


def dtype_of(held: Mapping[str, Any], is_plain: bool = False) -> tuple[str | None, str | None]:
    """(number type, note): None where the file does not say, and where its word is not known, with a note of that.

    `is_plain`: the file has no parts.

    >>> dtype_of({"torch_dtype": "bfloat16"}), dtype_of({})
    (('bfloat16', None), (None, None))
    >>> dtype_of({"dtype": "auto"})
    (None, 'dtype "auto" is no number type, so bytes are unknown')
    """
    parts = () if is_plain else [part for key in PARTS if type(part := held.get(key)) is dict]
    for place in (held, *parts):
        for word in WORDS:
            said = place.get(word)
            if said is None:
                continue
            found = TORCH.get(said.removeprefix("torch.")) if type(said) is str else None
            if found is None:
                return None, f"{word} {shown(str(said))} is no number type, so bytes are unknown"
            return found, None
    return None, None


def settings_of(held: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The settings of a packed checkpoint, of the whole file or of its text part; None where it is not packed."""
    inner = held.get("text_config")
    for place in (held, inner if type(inner) is dict else {}):
        for key in KEYS:
            found = place.get(key)
            if isinstance(found, dict) and found:
                return found if key != "quantization" else {"quant_method": "mlx", **found}
    return None
