"""What each type of layer loads from the .bin, in order: a row for every `load_model` of Tencent/ncnn src/layer/*.cpp.

A layer's parameters are numbered; what each number means is in `load_param` beside it.
"""

from __future__ import annotations

from math import prod

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    #: a parameter by its number, and what it is where the file does not say
    Get = Callable[[int, int], int]
    Loads = Iterator["Load"]

#: that a layer was given weights by another one, and loads none
DYNAMIC_CONVOLUTION, DYNAMIC_DECONVOLUTION, DYNAMIC_SCALE = 19, 28, -233
#: quantize_term of weights in blocks of 4, 6 or 8 bits: hundreds are bits, tens whether inputs are scaled, ones the
#: size of a block (src/layer/gemm.cpp, gemm_is_weight_block_quantize)
BLOCK_SIZES = (32, 64, 128)


class Wrong(ValueError):
    """Parameters that no layer of this type has."""


class Load:
    """One array in the .bin: with a flag before it that says its number type, or bare float32."""

    __slots__ = ("bits", "flagged", "name", "packed", "role", "shape")

    def __init__(
        self, name: str, role: str, shape: tuple[int, ...], flagged: bool = False, packed: int | None = None,
        bits: int = 0,
    ) -> None:  # fmt: skip
        self.name = name
        self.role = role
        self.shape = shape
        self.flagged = flagged
        #: numbers as stored, where several stand in one; and the bits of each
        self.packed = packed
        self.bits = bits

    @property
    def size(self) -> int:
        """Numbers as stored."""
        return prod(self.shape) if self.packed is None else self.packed


def weight(*shape: int, name: str = "weight") -> Load:
    """An array whose number type its flag says."""
    return Load(name, "weight", shape, flagged=True)


def plain(name: str, role: str, *shape: int) -> Load:
    """An array of float32 without a flag."""
    return Load(name, role, shape)


def scales(name: str, *shape: int) -> Load:
    """What the numbers of a quantised layer are multiplied by."""
    return Load(name, "bookkeeping", shape)


def whole(size: int, parts: int, what: str) -> int:
    """How many times `parts` goes into `size`: ncnn does not store the number of inputs."""
    if parts <= 0 or size < 0 or size % parts:
        raise Wrong(f"{what} is {size:,}, which is no multiple of {parts:,}")
    return size // parts


# -- convolutions -----------------------------------------------------------------------------------------------------


def _kernel(p: Get, sides: int) -> tuple[int, ...]:
    """Depth, height and width, as far as there are such."""
    width = p(1, 0)
    return ((), (width,), (p(11, width), width), (p(21, width), p(11, width), width))[sides]


def _convolution(sides: int, dynamic: int | None) -> Callable[[Get], Loads]:
    def loads(p: Get) -> Loads:
        if dynamic is not None and p(dynamic, 0):
            return
        outputs, kernel = p(0, 0), _kernel(p, sides)
        yield weight(outputs, whole(p(6, 0), outputs * prod(kernel), "weight_data_size (6)"), *kernel)
        if p(5, 0):
            yield plain("bias", "bias", outputs)

    return loads


def _convolution2(p: Get) -> Loads:
    yield from _convolution(2, DYNAMIC_CONVOLUTION)(p)
    if not p(DYNAMIC_CONVOLUTION, 0):
        yield from _int8(p(8, 0), p(0, 0))


def _depthwise2(p: Get) -> Loads:
    yield from _convolution(2, DYNAMIC_CONVOLUTION)(p)
    term = p(8, 0)
    if not p(DYNAMIC_CONVOLUTION, 0) and term:
        yield from _int8(term, p(7, 1) if term in (1, 101) else 1, only=term in (1, 2, 101, 102))


def _int8(term: int, count: int, only: bool = True) -> Loads:
    if term and only:
        yield scales("weight_scale", count)
        yield scales("input_scale", 1)
    if term > 100:
        yield scales("output_scale", 1)


# -- dense layers, tables, recurrences ---------------------------------------------------------------------------------


def _inner_product(p: Get) -> Loads:
    outputs = p(0, 0)
    yield weight(outputs, whole(p(2, 0), outputs, "weight_data_size (2)"))
    if p(1, 0):
        yield plain("bias", "bias", outputs)
    if p(8, 0):
        yield from _int8(1, outputs)


def _embed(p: Get) -> Loads:
    outputs = p(0, 0)
    rows = whole(p(3, 0), outputs, "weight_data_size (3)")
    if rows != p(1, 0):
        raise Wrong(f"weight_data_size (3) is {p(3, 0):,}, not {p(1, 0):,} rows (1) of {outputs:,} (0)")
    yield weight(rows, outputs)
    if p(2, 0):
        yield plain("bias", "bias", outputs)
    if p(18, 0):
        yield scales("weight_scale", 1)


def _recurrent(gates: int, biases: int, projects: bool = False) -> Callable[[Get], Loads]:
    def loads(p: Get) -> Loads:
        outputs, ways = p(0, 0), 2 if p(2, 0) == 2 else 1
        hidden = p(3, outputs) if projects else outputs
        front = (ways,) if ways > 1 else ()
        inputs = whole(p(1, 0), ways * hidden * gates, "weight_data_size (1)")
        yield weight(*front, gates * hidden, inputs, name="weight_xc")
        yield Load("bias_c", "bias", (*front, biases, hidden), flagged=True)
        yield weight(*front, gates * hidden, outputs, name="weight_hc")
        if hidden != outputs:
            yield weight(*front, outputs, hidden, name="weight_hr")
        if p(8, 0):
            yield scales("weight_xc_scale", *front, gates * hidden)
            yield scales("weight_hc_scale", *front, gates * hidden)

    return loads


def _blocks(term: int) -> tuple[int, bool, int] | None:
    """(bits, whether inputs are scaled, numbers in a block) of weights packed in blocks; None of others."""
    bits, scaled, size = term // 100, term % 100 // 10, term % 10
    if bits not in (4, 6, 8) or scaled > 1 or size >= len(BLOCK_SIZES):
        return None
    return bits, scaled == 1, BLOCK_SIZES[size]


def _packed(name: str, outputs: int, inputs: int, bits: int) -> Load:
    """Rows of numbers of a few bits, each row filled up to whole bytes."""
    return Load(name, "weight", (outputs, inputs), True, packed=-(-inputs * bits // 8) * outputs, bits=bits)


def _gemm(p: Get) -> Loads:
    m, n, k, term = p(7, 0), p(8, 0), p(9, 0), p(18, 0)
    blocks = _blocks(term)
    if p(4, 0) == 1:
        yield weight(*((k, m) if p(2, 0) else (m, k)), name="A")
    if p(5, 0) == 1:
        yield _packed("B", n, k, blocks[0]) if blocks else weight(*((n, k) if p(3, 0) else (k, n)), name="B")
    shape = {0: (1,), 1: (m,), 2: (m, 1), 3: (m, n), 4: (1, n)}.get(p(10, 0))
    if p(6, 0) == 1 and shape is not None:
        yield Load("C", "bias", shape, flagged=True)
    yield from _gemm_scales(p, blocks, term, m, n, k)


def _gemm_scales(p: Get, blocks: tuple[int, bool, int] | None, term: int, m: int, n: int, k: int) -> Loads:
    if blocks:
        yield scales("B_scale", n, -(-k // blocks[2]))
        if blocks[1]:
            yield scales("B_input_scale", k)
    elif term:
        if p(4, 0) == 1:
            yield scales("A_scale", m)
        if p(5, 0) == 1:
            yield scales("B_scale", 1)


def _attention(p: Get) -> Loads:
    width, term = p(0, 0), p(18, 0)
    inputs = whole(p(2, 0), width, "weight_data_size (2)")
    sides = (("q", width, inputs), ("k", width, p(3, width)), ("v", width, p(4, width)), ("out", inputs, width))
    blocks = _blocks(term)
    for name, rows, columns in sides:
        whose = f"{name}_weight"
        yield _packed(whose, rows, columns, blocks[0]) if blocks else weight(rows, columns, name=whose)
        yield plain(f"{name}_bias", "bias", rows)
    if blocks:
        yield from (scales(f"{name}_weight_scale", rows, -(-columns // blocks[2])) for name, rows, columns in sides)
        if blocks[1]:
            yield from (scales(f"{name}_input_scale", columns) for name, _, columns in sides)
    elif term:
        yield from (scales(f"{name}_weight_scale", rows if name != "out" else 1) for name, rows, _ in sides)


# -- vectors ----------------------------------------------------------------------------------------------------------


def _batch_norm(p: Get) -> Loads:
    for name, role in (("weight", "weight"), ("mean", "buffer"), ("variance", "buffer"), ("bias", "bias")):
        yield plain(name, role, p(0, 0))


def _norm(size: int, affine: int, bias: bool = True) -> Callable[[Get], Loads]:
    """A norm whose parameters number `size` and `affine` say how many factors it has, and whether any."""

    def loads(p: Get) -> Loads:
        if p(affine, 1):
            yield plain("weight", "weight", p(size, 0))
            if bias:
                yield plain("bias", "bias", p(size, 0))

    return loads


def _scale(p: Get) -> Loads:
    size = p(0, 0)
    if size != DYNAMIC_SCALE:
        yield plain("weight", "weight", size)
        if p(1, 0):
            yield plain("bias", "bias", size)


def _vector(name: str, role: str, size: int, usual: int = 0) -> Callable[[Get], Loads]:
    def loads(p: Get) -> Loads:
        yield plain(name, role, p(size, usual))

    return loads


def _padding(p: Get) -> Loads:
    if p(6, 0):
        yield plain("values", "buffer", p(6, 0))


def _dequantize(p: Get) -> Loads:
    yield scales("scale", p(0, 1))
    if p(1, 0):
        yield plain("bias", "bias", p(1, 0))


def _requantize(p: Get) -> Loads:
    yield scales("scale_in", p(0, 1))
    yield scales("scale_out", p(1, 1))
    if p(2, 0):
        yield plain("bias", "bias", p(2, 0))


def _memory_data(p: Get) -> Loads:
    shape = tuple(n for n in (p(2, 0), p(11, 0), p(1, 0), p(0, 0)) if n)
    if shape:
        yield Load("data", "weight", shape, flagged=p(21, 1) == 0)


#: type -> what it loads; a type that is not here and in BY_INDEX loads nothing
LOADS: Mapping[str, Callable[[Get], Loads]] = {
    "Convolution": _convolution2, "ConvolutionDepthWise": _depthwise2,
    **dict.fromkeys(("Convolution1D", "ConvolutionDepthWise1D"), _convolution(1, DYNAMIC_CONVOLUTION)),
    **dict.fromkeys(("Convolution3D", "ConvolutionDepthWise3D", "Deconvolution3D", "DeconvolutionDepthWise3D"),
                    _convolution(3, None)),
    **dict.fromkeys(("Deconvolution", "DeconvolutionDepthWise"), _convolution(2, DYNAMIC_DECONVOLUTION)),
    **dict.fromkeys(("Deconvolution1D", "DeconvolutionDepthWise1D"), _convolution(1, DYNAMIC_DECONVOLUTION)),
    "DeformableConv2D": _convolution(2, None),
    "InnerProduct": _inner_product, "Embed": _embed, "Gemm": _gemm, "MultiHeadAttention": _attention,
    "LSTM": _recurrent(4, 4, projects=True), "GRU": _recurrent(3, 4), "RNN": _recurrent(1, 1),
    "BatchNorm": _batch_norm, "LayerNorm": _norm(0, 2), "RMSNorm": _norm(0, 2, bias=False), "GroupNorm": _norm(1, 3),
    "InstanceNorm": _norm(0, 2), "Scale": _scale, "Bias": _vector("bias", "bias", 0),
    "PReLU": _vector("weight", "weight", 0), "Normalize": _vector("weight", "weight", 3), "Padding": _padding,
    "Quantize": _vector("scale", "bookkeeping", 0, 1), "Dequantize": _dequantize, "Requantize": _requantize,
    "MemoryData": _memory_data,
}  # fmt: skip
