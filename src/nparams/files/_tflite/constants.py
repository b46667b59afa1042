"""The tensors of a TensorFlow Lite model that hold numbers, and where these lie.

A tensor is a constant if its buffer holds anything (google-ai-edge/LiteRT tflite/core/interpreter_builder.cc,
get_readonly_data): inside the flatbuffer, behind it (files of more than 2 GB), or in another file.  The checks are
those of tflite/core/tools/verifier.cc.  What is in a buffer is never read, its length is.
"""

from __future__ import annotations

from math import prod

from nparams.dtypes import bytes_of
from nparams.errors import shown
from nparams.files._tflite.schema import (
    INDEX_BYTES,
    NO_NUMBERS,
    TYPES,
    Buffer,
    External,
    Model,
    Quantization,
    Sparsity,
    SubGraph,
    TensorField,
)  # fmt: skip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._flatbuffer import Table

DIMENSIONS = 8
ELEMENTS_LIMIT = (1 << 63) - 1
NONE = -1  # the number of a tensor that is left out
BEHIND = 1  # an offset up to this means that a buffer is not behind the flatbuffer
# Several times what the largest real files have (a language model: ten signatures of 3,000 tensors each), and few
# enough that the worst file takes seconds.
CONSTANTS, TENSORS, BUFFERS = 40_000, 150_000, 150_000


class Constant:
    """One tensor that holds numbers: its place (subgraph, number), name, shape, number type, and its buffer."""

    __slots__ = ("buffer", "dtype", "key", "length", "name", "packed", "quantized", "shape", "size", "sparse", "what")

    def __init__(self, key: tuple[int, int], name: str, buffer: tuple[str, int], length: int) -> None:
        self.key = key
        self.name = name
        #: which store of the file, and the number in it
        self.buffer = buffer
        #: bytes that the buffer holds
        self.length = length
        self.shape: tuple[int, ...] = ()
        self.size = 1
        self.dtype: str | None = None
        #: what it holds where that is no numbers
        self.what: str | None = None
        #: whether its record says how its numbers are quantised
        self.quantized = False
        #: the numbers that are stored, where zeros are left out
        self.sparse: int | None = None
        #: whether more bytes are there than its numbers take
        self.packed = False


class Reading:
    """What one model's tensors have used so far."""

    __slots__ = ("_buffers", "_external", "_subgraphs", "constants", "left", "most", "scales", "seen")

    def __init__(self, model: Table, more: int) -> None:
        #: bytes in each buffer
        self._buffers = _lengths(model, more)
        self._external = _external(model, more)
        self._subgraphs: list[Table] = []
        self.constants: list[Constant] = []
        #: tensors that hold another tensor's scales or zero points
        self.scales: set[tuple[int, int]] = set()
        self.most = CONSTANTS * more
        self.left = TENSORS * more
        self.seen = 0

    def read(self, subgraph: Table, number: int) -> int:
        """Add the constants of one subgraph; how many tensors it has."""
        self._subgraphs.append(subgraph)
        what = f"subgraph {number} tensor"
        k = -1
        for k, tensor in enumerate(subgraph.tables(SubGraph.TENSORS, what, self.left)):
            found = self._constant(tensor, (number, k))
            if found is None:
                continue
            self.constants.append(found)
            if len(self.constants) > self.most:
                raise tensor.buffer.bad(
                    what, tensor.at, f"more than {self.most:,} constants, more than any real file has"
                )
        self.left -= k + 1
        self.seen += k + 1
        return k + 1

    def name_of(self, key: tuple[int, int]) -> str:
        """The name of any tensor, stored or not; empty where it has none or is not there."""
        tensor = self._subgraphs[key[0]].entry(SubGraph.TENSORS, key[1], "tensor")
        return "" if tensor is None else tensor.text(TensorField.NAME)

    def _constant(self, tensor: Table, key: tuple[int, int]) -> Constant | None:
        quantized = self._quantization(tensor, key)
        index = tensor.number(TensorField.BUFFER, "I")
        if index >= max(1, len(self._buffers)):
            raise tensor.buffer.bad(tensor.what, tensor.at, f"buffer {index:,} of {len(self._buffers):,}")
        length, store = (self._buffers[index], "buffer") if index else (0, "")  # buffer 0 means none, whatever it holds
        if not length:
            index = tensor.number(TensorField.EXTERNAL, "I")
            length, store = self._external.get(index, 0), "external buffer"
        if not length:
            return None
        found = Constant(key, tensor.text(TensorField.NAME), (store, index), length)
        found.quantized = quantized
        _describe(found, tensor)
        return found

    def _quantization(self, tensor: Table, key: tuple[int, int]) -> bool:
        """Whether the record says how numbers are quantised, and which tensors hold the scales where they lie apart."""
        record = tensor.table(TensorField.QUANTIZATION, f"{tensor.what} quantization")
        if record is None:
            return False
        details = None
        if record.number(Quantization.DETAILS_TYPE, "B") in Quantization.IN_TENSORS:
            details = record.table(Quantization.DETAILS, f"{record.what} details")
        if details is not None:
            scales, zeros = details.number(Quantization.SCALES, "i"), details.number(Quantization.ZERO_POINTS, "i")
            self.scales.add((key[0], scales))
            self.scales.add((key[0], zeros or NONE))  # a number that is left out reads as 0 too
        return details is not None or record.length(Quantization.SCALE, 4) > 0


def _describe(found: Constant, tensor: Table) -> None:
    """Shape, number type, and whether the buffer holds what these take."""
    kind = tensor.number(TensorField.TYPE, "B")
    found.dtype, found.what = TYPES.get(kind), NO_NUMBERS.get(kind)
    named = f"{tensor.what} {shown(found.name)}"
    if found.dtype is None and found.what is None:
        raise tensor.buffer.bad(named, tensor.at, f"number type {kind}, where schema v3 knows up to {max(TYPES)}")
    found.shape = tensor.numbers(TensorField.SHAPE, "i", DIMENSIONS)
    if any(n < 0 for n in found.shape) or prod(found.shape) > ELEMENTS_LIMIT:
        raise tensor.buffer.bad(named, tensor.at, f"impossible shape {list(found.shape)} of a constant")
    found.size = prod(found.shape)
    if found.dtype is None:
        return
    layout = tensor.table(TensorField.SPARSITY, f"{tensor.what} sparsity")
    if layout is not None:
        found.sparse = _stored(layout, named)
    needed = bytes_of(found.size if found.sparse is None else found.sparse, found.dtype) or 0
    if needed > found.length:
        problem = f"{found.dtype} {list(found.shape)} takes {needed:,} bytes, its buffer holds {found.length:,}"
        raise tensor.buffer.bad(named, tensor.at, problem)
    found.packed = needed < found.length


def _stored(layout: Table, named: str) -> int:
    """How many numbers a sparse tensor stores: dense dimensions are whole, sparse ones as long as their indices."""
    stored = 1
    for k, dimension in enumerate(layout.tables(Sparsity.DIMENSIONS, f"{layout.what} dimension", 2 * DIMENSIONS)):
        if not dimension.number(Sparsity.FORMAT, "b"):
            size = dimension.number(Sparsity.DENSE_SIZE, "i")
            if size < 0:
                raise layout.buffer.bad(named, dimension.at, f"dense size {size} of its dimension {k}")
            stored *= size
            continue
        segments, indices = (
            _length(dimension, kind, vector)
            for kind, vector in (
                (Sparsity.SEGMENTS_TYPE, Sparsity.SEGMENTS), (Sparsity.INDICES_TYPE, Sparsity.INDICES),
            )
        )  # fmt: skip
        if segments != stored + 1:
            problem = f"{segments:,} segments of its dimension {k}, where {stored + 1:,} belong"
            raise layout.buffer.bad(named, dimension.at, problem)
        stored = indices
    return stored


def _length(dimension: Table, kind: int, vector: int) -> int:
    width = INDEX_BYTES.get(dimension.number(kind, "B"))
    held = None if width is None else dimension.table(vector, f"{dimension.what} indices")
    return 0 if held is None or width is None else held.length(0, width)


def _lengths(model: Table, more: int) -> list[int]:
    """The bytes in each buffer of the model."""
    held = []
    for buffer in model.tables(Model.BUFFERS, "buffer", BUFFERS * more):
        length, offset = buffer.length(Buffer.DATA, 1), buffer.number(Buffer.OFFSET, "Q")
        if not length and offset > BEHIND:
            length = buffer.number(Buffer.SIZE, "Q")
            if length + offset > buffer.buffer.size:
                problem = f"ends at {length + offset:,} but the file stops at {buffer.buffer.size:,}. Cut short?"
                raise buffer.buffer.bad(buffer.what, buffer.at, problem)
        held.append(length)
    return held


def _external(model: Table, more: int) -> dict[int, int]:
    """The bytes of each buffer that lies in another file, by its id."""
    tables = model.tables(Model.EXTERNAL, "external buffer", BUFFERS * more)
    return {table.number(External.ID, "I"): table.number(External.LENGTH, "Q") for table in tables}
