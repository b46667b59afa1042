"""What a quantised layer keeps, in the order in which it saves it.

`variable_serialization_spec` in keras-team/keras keras/src/layers/core/dense.py, einsum_dense.py, embedding.py and
reversible_embedding.py.  What may be left out is told by number types and shapes: zero points are as large as their
scales and stand right behind them (Keras 3.15 leaves those of GPTQ and AWQ out), and only the bias stands before a
kernel of bytes.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Shape = tuple[int, ...]
    #: shape and number type of what stands at 0, 1, 2 …
    Kept = Sequence[tuple[Shape, str | None]]

DENSE, TABLES = ("Dense", "EinsumDense"), ("Embedding", "ReversibleEmbedding")
FLOAT8 = tuple(f"{of}_{what}" for of in ("inputs", "kernel", "outputs_grad") for what in ("scale", "amax_history"))
BYTES = frozenset(("int8", "uint8"))


def mode_of(kind: str, kept: Kept) -> str | None:
    """How a layer is quantised, by what it keeps; None where it is not.

    >>> mode_of("Dense", [((3, 2), "int8"), ((4,), "float32"), ((4,), "float32")])
    'int4'
    """
    if kind not in (*DENSE, *TABLES) or len(kept) < 2:
        return None
    types = [dtype for _, dtype in kept]
    if types[0] == "int8":
        return "int4" if _zeros(kept) or _halved(kind, kept) else "int8"
    if "uint8" in types[:2]:
        start = types.index("uint8")
        rest = len(kept) - start - 2 - (types[start + 2 : start + 3] == ["uint8"])
        return {1: "gptq", 2: "awq"}.get(rest)
    return "float8" if kind in DENSE and len(kept) in (7, 8) else None


def names_of(kind: str, mode: str, kept: Kept) -> list[str] | None:
    """The names of what a layer keeps in a mode; None where it cannot be that.

    >>> names_of("Dense", "gptq", [((5, 7), "uint8"), ((9, 2), "float32"), ((7,), "float32")])
    ['kernel', 'kernel_scale', 'g_idx']
    """
    if kind in TABLES:
        found = _of_table(kept) if mode in ("int8", "int4") else None
    elif mode in ("gptq", "awq"):
        found = _turned(mode, kept)
    elif mode == "float8":
        found = ["kernel", *(["bias"] if len(kept) == 2 + len(FLOAT8) else []), *FLOAT8]
    else:
        found = _of_kernel(kept) if mode in ("int8", "int4") else None
    return found if found is not None and len(found) == len(kept) else None


def _zeros(kept: Kept) -> int:
    """Where the zero points stand, right behind scales of the same shape; 0 if there are none."""
    for k in (2, 3):
        if len(kept) > k and kept[k][1] == "int8" and kept[k][0] == kept[k - 1][0]:
            return k
    return 0


def _halved(kind: str, kept: Kept) -> bool:
    """Whether there are twice as many scales as a kernel has columns: then it holds two numbers to a byte."""
    (weight, _), (scale, _) = kept[0], kept[-1]
    if kind in TABLES or len(weight) != 2 or len(scale) != 1:
        return False
    return weight[1] == (scale[0] + 1) // 2 != scale[0]


def _of_kernel(kept: Kept) -> list[str] | None:
    """kernel, bias?, kernel_scale, and in groups kernel_zero and g_idx."""
    zeros = _zeros(kept)
    scale = zeros - 1 if zeros else len(kept) - 1
    if kept[0][1] != "int8" or scale not in (1, 2):
        return None
    return ["kernel", *["bias"] * (scale == 2), "kernel_scale", *(["kernel_zero", "g_idx"] if zeros else [])]


def _turned(mode: str, kept: Kept) -> list[str] | None:
    """bias?, kernel, kernel_scale, kernel_zero?, awq_scales (AWQ), g_idx."""
    start = 0 if kept[0][1] == "uint8" else 1
    if len(kept) < start + 3 or kept[start][1] != "uint8":
        return None
    zeros = kept[start + 2][1] == "uint8"
    before, after = ["bias"] * start, ["awq_scales"] * (mode == "awq")
    return [*before, "kernel", "kernel_scale", *["kernel_zero"] * zeros, *after, "g_idx"]


def _of_table(kept: Kept) -> list[str] | None:
    """embeddings, its scale, in groups its zero and g_idx, and the same of the table that leads back."""
    names = ["embeddings", "embeddings_scale"]
    if kept[0][1] != "int8" or len(kept) < 2:
        return None
    grouped = _zeros(kept) == 2
    names += ["embeddings_zero", "g_idx"] if grouped else []
    if len(kept) > len(names):
        names += ["reverse_embeddings", "reverse_embeddings_scale", *["reverse_embeddings_zero"] * grouped]
    return names
