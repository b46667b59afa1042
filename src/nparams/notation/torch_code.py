"""PyTorch code, interpreted from its syntax tree: one layer, nn.Sequential(...), or files of classes.

Nothing of the text is run or imported.  Arguments without a value become symbols named as in the code.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from nparams.network import Network

#: what only PyTorch code has
SURE = r"\bnn\.[A-Z]\w+\b|\b(?:import|from) torch\b|\btorch\.nn\b"
#: networks of libraries, whose layers are not in the code
ELSEWHERE = r"\.from_pretrained\(|^[ \t]*(?:from|import)\s+(?:torchvision|timm|transformers)\b|\btimm\.create_model\("
#: a call with something in it, which may be a layer without its prefix
CALL = r"(?<![\w.])(?:\w*nn\.)?([A-Z][A-Za-z]*(?:[123]d)?(?:Cell)?)\s*\("
#: classes that Keras names as well; an argument's name or another class must tell
SHARED = frozenset(
    ("Sequential", "Embedding", "LSTM", "GRU", "Dropout", "Flatten", "Softmax", "ReLU", "Identity", "PReLU")
)


def may_be(text: str) -> bool:
    """Whether `text` is code that names layers of torch.nn."""
    head = text[:400_000]
    if "(" not in head:
        return False
    if re.search(SURE, head) or re.search(ELSEWHERE, head, re.MULTILINE):
        return True
    if "=>" in head:
        return False
    from nparams.layers._torch.layers import CLASSES

    called = [word for word in re.findall(CALL, head) if word in CLASSES or word == "Sequential"]
    if not called or (re.search(r"^\s*\w+\s*\((?:\s*\w+\s*)\)\s*$", head) is not None and called[0] in SHARED):
        return False
    return any(word not in SHARED for word in called) or "in_features" in head


def read(text: str, *, set: Mapping[str, object] | None = None, which: str | None = None) -> Network:
    """The network that PyTorch code builds.

    `set` gives values to names that the code leaves open; `which` names a class, a function or a variable where the
    text holds several models.  Raises NotationError with the line of what cannot be understood.

    >>> read("nn.Sequential(nn.Linear(784, 16), nn.ReLU(), nn.Linear(16, 10))").total
    12730
    """
    from nparams.notation._torch.read import network_of

    return network_of(text, dict(set or {}), which)


__all__ = ["may_be", "read"]
