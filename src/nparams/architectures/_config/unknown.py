"""Types that the catalogue does not have: refused by name, never counted by a neighbour's formula."""

from __future__ import annotations

from nparams.errors import UnsupportedError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

WEIGHTS = "count its weights instead (their header is enough)"


def unknown(kind: str, held: Mapping[str, Any]) -> UnsupportedError:
    """What to say of a type: code of its own, or one that no formula was derived for.

    >>> print(unknown("chatglm", {"auto_map": {"AutoModel": "modeling_chatglm.ChatGLMModel"}}))
    model_type "chatglm" is code of the repository's own (auto_map), which is never run, and no formula is taken from \
another type: count its weights instead (their header is enough)
    """
    if held.get("auto_map"):
        return UnsupportedError(
            f"model_type {shown(kind)} is code of the repository's own (auto_map), which is never run, and no formula "
            f"is taken from another type: {WEIGHTS}"
        )
    return UnsupportedError(
        f"model_type {shown(kind)} has no formula here, and none is taken from another type: {WEIGHTS}, or "
        "--with-library, where the transformers library knows it"
    )
