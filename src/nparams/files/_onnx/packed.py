"""Weights that an operator packs into bytes: the logical shape is in the operator's attributes.

microsoft/onnxruntime docs/ContribOperators.md (MatMulNBits, MatMulBnb4, GatherBlockQuantized, QMoE and what is made of
them); the packed array must have just the size that those attributes say.
"""

from __future__ import annotations

from math import prod

from nparams.errors import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._onnx.model import Node, Stored
    from nparams.files._onnx.reach import Mark

    #: logical shape (None: it cannot be told), number type, what to say
    Unpacked = tuple[tuple[int, ...] | None, str | None, str]

LIMIT = 1 << 48
#: operator -> {input: the attributes that say its columns and rows, bits and block}
BY_BLOCKS = {
    "MatMulNBits": {1: ("N", "K", "bits", "block_size")},
    "MatMulNBitsMlp": {3: ("N", "K", "bits", "block_size"), 6: ("N", "K", "bits", "block_size")},
    "MatMulNBitsQkv": {3: ("Nq", "K", "bits", "block_size"), 6: ("Nkv", "K", "bits", "block_size"),
                       9: ("Nkv", "K", "bits", "block_size")},
    "MatMulNBitsQLoRA": {1: ("N", "K", "bits", "block_size")},
}  # fmt: skip
BNB4 = {0: "fp4", 1: "nf4"}
BITS = 4  # what every one of them has where it says nothing


def unpacked(stored: Stored, mark: Mark) -> Unpacked | None:
    """The logical shape and number type of a weight by the node that uses it; None where they are its own."""
    node = mark.node
    if stored.dtype not in ("uint8", "int8", "int32"):
        return None
    if mark.place in BY_BLOCKS.get(node.op, {}):
        return _by_blocks(stored, node, BY_BLOCKS[node.op][mark.place])
    if node.op == "MatMulNBitsQLoRA" and mark.place in (3, 5):
        return _unknown(stored, node)
    if node.op == "MatMulBnb4":
        rows, columns = number(node, "N"), number(node, "K")
        if not rows or not columns or stored.size != (rows * columns + 1) // 2:
            return _unknown(stored, node)
        return (rows, columns), BNB4.get(number(node, "quant_type") or 0), "packed: MatMulBnb4"
    if node.op == "MatMulFpQ4":
        return _unknown(stored, node)
    if node.op == "MatMulBlockQuantizedFp4Weight" and len(stored.dims) == 2:
        return (stored.dims[0], 2 * stored.dims[1]), "nvfp4", "packed: MatMulBlockQuantizedFp4Weight"
    if node.op in ("GatherBlockQuantized", "QMoE") and stored.dtype == "uint8" and stored.dims:
        return _by_rows(stored, node)
    return None


def number(node: Node, name: str) -> int | None:
    """An attribute that is a size, if it can be one."""
    value = node.numbers.get(name)
    return value if isinstance(value, int) and 0 <= value < LIMIT else None


def _by_blocks(stored: Stored, node: Node, names: tuple[str, ...]) -> Unpacked:
    """uint8 (N, blocks, bytes of a block): K is cut into blocks, the last of them filled up."""
    rows, columns, bits, block = (number(node, name) for name in names)
    bits = BITS if bits is None else bits
    if not rows or not columns or not block or not 1 <= bits <= 8:
        return _unknown(stored, node)
    blob = block * bits // 8
    if stored.size * (4 if stored.dtype == "int32" else 1) != rows * -(-columns // block) * blob:
        return _unknown(stored, node)
    return (rows, columns), f"int{bits}", f"packed: {node.op}, blocks of {block}"


def _by_rows(stored: Stored, node: Node) -> Unpacked | None:
    """uint8, packed along the last dimension."""
    bits = number(node, "bits" if node.op == "GatherBlockQuantized" else "expert_weight_bits")
    kind = node.numbers.get("quant_type", "int")
    if bits is None:
        bits = BITS if node.op == "QMoE" else 8
    if kind in ("fp4", "wfp4afp8", "nvfp4"):
        return _doubled(stored, 2, "float4_e2m1fn", node)
    if bits not in (2, 4, 8) or kind not in ("int", "fp8"):
        return _unknown(stored, node)
    return None if bits == 8 else _doubled(stored, 8 // bits, f"uint{bits}", node)


def _doubled(stored: Stored, per_byte: int, dtype: str, node: Node) -> Unpacked:
    return (*stored.dims[:-1], stored.dims[-1] * per_byte), dtype, f"packed: {node.op}"


def _unknown(stored: Stored, node: Node) -> Unpacked:
    said = ", ".join(f"{name} {value}" for name, value in sorted(node.numbers.items())) or "its attributes"
    return None, None, f"{node.op} packs it, and {shown(said)} do not give its {list(stored.dims)} numbers a shape"


def logical_size(shape: tuple[int, ...] | None) -> int | None:
    """The numbers in a logical shape."""
    return None if shape is None else prod(shape)
