"""Tensors that wrap others, as pickles hold them: which of the inner ones are the weight, and which its bookkeeping.

pytorch torch/_utils.py, `_rebuild_wrapper_subclass`: the wrapper tells the logical shape; what it holds is its class's
own (pytorch/ao torchao/quantization/quantize_/workflows and, before 0.11, torchao/dtypes; huggingface/optimum-quanto
optimum/quanto/tensor).
"""

from __future__ import annotations

from nparams.dtypes import BLOCKS, TORCH, bytes_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, Protocol, Self

    class Array(Protocol):
        """A tensor as described."""

        @property
        def kind(self) -> str | None:
            """The class that it is, by its name."""

        @property
        def size(self) -> int:
            """How many numbers it says that it has."""

        @property
        def shape(self) -> tuple[int, ...] | None:
            """Its logical shape."""

        @property
        def dtype(self) -> str | None:
            """Their type."""

        @property
        def told(self) -> str | None:
            """The number type that its own attributes name."""

        @property
        def stored(self) -> tuple[int, int] | None:
            """(elements, bytes) where that is not shape x dtype."""

        @property
        def parts(self) -> Mapping[str, Self]:
            """The tensors that it wraps, by name."""

        @property
        def storage(self) -> object:
            """What its own numbers stand in; None for a wrapper."""


#: last words of the names of what is not the weight itself
BOOKS = frozenset(
    ("scale", "scales", "scaler", "scalers", "zero", "zeros", "point", "points", "shift", "factor", "mean", "qmap",
     "codebook", "nf4", "metadata", "compensation", "qzeros", "batches", "hessian")
)  # fmt: skip
MOST = 64  # tensors in one wrapper
#: the densest packing: a wrapper that says more lies
DENSEST = 16
FLOAT4 = ("NVFP4Tensor", "MXTensor")


class Apart:
    """A wrapper taken apart: a tensor that the weight is in, how it is stored, its number type, the rest by name."""

    __slots__ = ("books", "dtype", "first", "stored")

    def __init__(self, first: Any, stored: tuple[int, int], dtype: str | None, books: Mapping[str, Any]) -> None:
        #: this and those in `books` are of the class of what was taken apart
        self.first = first
        self.stored = stored
        self.dtype = dtype
        self.books = books


def apart(made: Array) -> Apart | None:
    """What a wrapper holds; None where it holds nothing that the weight could be, or is larger than that."""
    books: dict[str, Array] = {}
    data: list[Array] = []
    for name, leaf in _leaves(made):
        if name.rpartition(".")[2].rpartition("_")[2] in BOOKS:
            books[name] = leaf
        else:
            data.append(leaf)
        if len(books) + len(data) > MOST:
            return None
    held = sum(_bytes(leaf) for leaf in data)
    if not data or made.size > DENSEST * max(1, held):
        return None
    return Apart(data[0], (sum(leaf.size for leaf in data), held), made.told or _dtype(made, data, held), books)


def _leaves(made: Array, before: str = "") -> Iterator[tuple[str, Array]]:
    """(path, tensor) of the innermost tensors; wrappers nest a few deep only (arrays.py, NESTED)."""
    for name, part in made.parts.items():
        if part.parts and part.storage is None:
            yield from _leaves(part, f"{before}{name}.")
        else:
            yield before + name, part


def _bytes(leaf: Array) -> int:
    return leaf.stored[1] if leaf.stored else bytes_of(leaf.size, leaf.dtype or "") or 0


def _dtype(made: Array, data: list[Array], held: int) -> str | None:
    """The inner tensor's own type, or, where several numbers share a byte, by how many."""
    kind = (made.kind or "").rpartition(".")[2]
    if len(data) == 1 and data[0].size == made.size:
        return data[0].dtype
    if kind in FLOAT4 and 2 * held == made.size:
        return "float4_e2m1fn"
    if "NF4" in kind:
        return "nf4"
    bits = 8 * held // made.size if made.size else 0
    floating = any("float" in name for name, _ in _leaves(made))
    return f"int{bits}" if 1 <= bits <= 7 and 8 * held == bits * made.size and not floating else None


# -- what the attributes of a wrapper say ------------------------------------------------------------------------------

#: how the class of a packed tensor begins -> the type of its numbers (pytorch/ao
#: torchao/quantization/quantize_/workflows/int4, torchao/prototype/mx_formats)
BY_NAME = {"Int4": "int4", "NVFP4": "float4_e2m1fn"}
#: what an attribute may call a type (torchao/prototype/mx_formats/constants.py)
SPELLED = {"fp6_e2m3": "float6_e2m3fn", "fp6_e3m2": "float6_e3m2fn", "float4_e2m1fn_x2": "float4_e2m1fn",
           "fp4_e2m1": "float4_e2m1fn"}  # fmt: skip
#: attributes that name the type of the numbers
NAMING = ("target_dtype", "elem_dtype", "_elem_dtype")


def told_by(name: str, fields: Mapping[str, Any]) -> str | None:
    """The number type that a packed tensor's own attributes name; None where they name none.

    >>> told_by("Int4Tensor", {}), told_by("AffineQuantizedTensor", {"quant_min": -8, "quant_max": 7})
    ('int4', 'int4')
    """
    for key in NAMING:
        text = str(fields.get(key)).removeprefix("torch.")
        found = SPELLED.get(text, TORCH.get(text, text))
        if found in BLOCKS:
            return found
    for start, dtype in BY_NAME.items():
        if name.startswith(start):
            return dtype
    return _by_range(fields.get("quant_min"), fields.get("quant_max"))


def _by_range(first: object, last: object) -> str | None:
    """The whole numbers from -8 to 7, or from 0 to 15, are those of four bits."""
    if type(first) is not int or type(last) is not int:
        return None
    count = last - first + 1
    bits = count.bit_length() - 1
    return f"int{bits}" if count == 1 << bits and 1 <= bits <= 8 else None
