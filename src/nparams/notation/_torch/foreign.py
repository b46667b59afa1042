"""Code of other frameworks that looks like PyTorch's: `nn.Module` and `nn.Dense` mean others there."""

from __future__ import annotations

import re

from nparams.errors import NotationError

#: packages with layers of their own
PACKAGES = {
    "flax": "Flax", "haiku": "Haiku", "equinox": "Equinox", "stax": "Stax", "mxnet": "MXNet", "paddle": "Paddle",
    "mlx": "MLX", "mindspore": "MindSpore", "tinygrad": "tinygrad", "chainer": "Chainer", "jittor": "Jittor",
    "oneflow": "OneFlow", "objax": "Objax", "sonnet": "Sonnet", "trax": "Trax",
}  # fmt: skip
IMPORT = re.compile(rf"^[ \t]*(?:import|from)[ \t]+(?:\w+\.)*({'|'.join(PACKAGES)})\b", re.M)
TORCH = re.compile(r"^[ \t]*(?:import|from)[ \t]+torch\b", re.M)
#: what only Flax has: layers that are made while they are called, or in setup() (flax/linen/module.py)
COMPACT = re.compile(r"^[ \t]*@(?:nn|linen)\.compact\b", re.M)
SETUP = re.compile(r"^[ \t]*def setup\(self\)", re.M)
LAYER = re.compile(r"\bnn\.(?:Dense|Conv|Embed|DenseGeneral)\(")


def refuse_foreign(text: str) -> None:
    """Raise NotationError for code of another framework.

    >>> try:
    ...     refuse_foreign("import flax.linen as nn")
    ... except NotationError as error:
    ...     print(str(error)[:47])
    line 1: this is code of Flax, which is not read
    """
    if TORCH.search(text):
        return
    m = IMPORT.search(text)
    name = PACKAGES[m[1]] if m is not None else "Flax"
    if m is None:
        m = COMPACT.search(text) or (SETUP.search(text) if LAYER.search(text) else None)
    if m is None:
        return
    line = text.count("\n", 0, m.start()) + 1
    raise NotationError(
        f"line {line}: this is code of {name}, which is not read; paste its printed table of parameters, their shapes, "
        "or the layers in words"
    )
