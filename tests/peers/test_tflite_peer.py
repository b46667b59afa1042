"""TensorFlow Lite against the generated classes of its schema: what the flatbuffers builder writes, both read alike."""

from __future__ import annotations

import math
import random
from typing import Any

import flatbuffers
import pytest
import tflite

from nparams.files.bytesource import FileSource, MemorySource
from nparams.files.tflite import read
from nparams.network import Network
from tests.conftest import shared

#: number type of the schema -> (our name, bits)
TYPES = {
    "FLOAT32": ("float32", 32), "FLOAT16": ("float16", 16), "INT32": ("int32", 32), "UINT8": ("uint8", 8),
    "INT64": ("int64", 64), "BOOL": ("bool", 8), "INT16": ("int16", 16), "COMPLEX64": ("complex64", 64),
    "INT8": ("int8", 8), "FLOAT64": ("float64", 64), "COMPLEX128": ("complex128", 128), "UINT64": ("uint64", 64),
    "UINT32": ("uint32", 32), "UINT16": ("uint16", 16), "INT4": ("int4", 4),
}  # fmt: skip
NAMES = {getattr(tflite.TensorType, name): ours for name, (ours, _) in TYPES.items()}
WORDS = ("dense/kernel", "conv;bias", "名前", "ключ", "", "a b\tc", "StatefulPartitionedCall:0")
OPERATORS = ("CONV_2D", "FULLY_CONNECTED", "ADD", "MUL", "RESHAPE", "LSTM", "GATHER", "DEQUANTIZE", "SOFTMAX", "CUSTOM")


class Writer:
    """Builds a random model; every choice comes from one generator."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.b = flatbuffers.Builder(1024)
        self.buffers: list[int] = []

    def vector(self, start: Any, offsets: list[int]) -> int:
        """A vector of tables."""
        start(self.b, len(offsets))
        for offset in reversed(offsets):
            self.b.PrependUOffsetTRelative(offset)
        return int(self.b.EndVector())

    def ints(self, start: Any, values: list[int]) -> int:
        start(self.b, len(values))
        for value in reversed(values):
            self.b.PrependInt32(value)
        return int(self.b.EndVector())

    def buffer(self, size: int) -> int:
        """A buffer of `size` bytes (none at all for 0, or an empty vector); its number."""
        data = None
        if size or self.rng.random() < 0.3:
            data = self.b.CreateByteVector(bytes(size))
        tflite.BufferStart(self.b)
        if data is not None:
            tflite.BufferAddData(self.b, data)
        self.buffers.append(tflite.BufferEnd(self.b))
        return len(self.buffers) - 1

    def tensor(self) -> int:
        rng = self.rng
        kind = rng.choice(list(TYPES))
        shape = [rng.randint(0 if rng.random() < 0.1 else 1, 7) for _ in range(rng.randint(0, 5))]
        size = -(-math.prod(shape) * TYPES[kind][1] // 8)
        number = self.buffer(size) if rng.random() < 0.6 else 0
        name = self.b.CreateString(f"{rng.choice(WORDS)}{rng.randint(0, 30)}") if rng.random() < 0.9 else None
        dims = self.ints(tflite.TensorStartShapeVector, shape) if shape or rng.random() < 0.5 else None
        quantized = self.quantized() if rng.random() < 0.3 else None
        tflite.TensorStart(self.b)
        if dims is not None:
            tflite.TensorAddShape(self.b, dims)
        tflite.TensorAddType(self.b, getattr(tflite.TensorType, kind))
        tflite.TensorAddBuffer(self.b, number)
        if name is not None:
            tflite.TensorAddName(self.b, name)
        if quantized is not None:
            tflite.TensorAddQuantization(self.b, quantized)
        tflite.TensorAddIsVariable(self.b, rng.random() < 0.1)
        tflite.TensorAddHasRank(self.b, True)
        return int(tflite.TensorEnd(self.b))

    def quantized(self) -> int:
        tflite.QuantizationParametersStartScaleVector(self.b, 3)
        for _ in range(3):
            self.b.PrependFloat32(0.5)
        scale = self.b.EndVector()
        tflite.QuantizationParametersStart(self.b)
        tflite.QuantizationParametersAddScale(self.b, scale)
        tflite.QuantizationParametersAddQuantizedDimension(self.b, 1)
        return int(tflite.QuantizationParametersEnd(self.b))

    def operator(self, codes: int, tensors: int) -> int:
        rng = self.rng
        taken = [rng.randint(-1, tensors - 1) for _ in range(rng.randint(0, 6))]
        inputs = self.ints(tflite.OperatorStartInputsVector, taken)
        outputs = self.ints(tflite.OperatorStartOutputsVector, [rng.randrange(tensors)])
        tflite.OperatorStart(self.b)
        tflite.OperatorAddOpcodeIndex(self.b, rng.randrange(codes))
        tflite.OperatorAddInputs(self.b, inputs)
        tflite.OperatorAddOutputs(self.b, outputs)
        return int(tflite.OperatorEnd(self.b))

    def subgraph(self, codes: int) -> int:
        tensors = [self.tensor() for _ in range(self.rng.randint(1, 25))]
        operators = [self.operator(codes, len(tensors)) for _ in range(self.rng.randint(0, 12))]
        held = self.vector(tflite.SubGraphStartTensorsVector, tensors)
        used = self.vector(tflite.SubGraphStartOperatorsVector, operators)
        inputs = self.ints(tflite.SubGraphStartInputsVector, [0])
        outputs = self.ints(tflite.SubGraphStartOutputsVector, [len(tensors) - 1])
        tflite.SubGraphStart(self.b)
        tflite.SubGraphAddTensors(self.b, held)
        tflite.SubGraphAddInputs(self.b, inputs)
        tflite.SubGraphAddOutputs(self.b, outputs)
        tflite.SubGraphAddOperators(self.b, used)
        return int(tflite.SubGraphEnd(self.b))

    def code(self, name: str) -> int:
        number = getattr(tflite.BuiltinOperator, name)
        custom = self.b.CreateString("MyOperator") if name == "CUSTOM" else None
        tflite.OperatorCodeStart(self.b)
        if custom is not None:
            tflite.OperatorCodeAddCustomCode(self.b, custom)
        tflite.OperatorCodeAddDeprecatedBuiltinCode(self.b, min(number, 127))
        tflite.OperatorCodeAddBuiltinCode(self.b, number)
        return int(tflite.OperatorCodeEnd(self.b))

    def model(self) -> bytes:
        self.buffer(0)
        names = self.rng.sample(OPERATORS, self.rng.randint(1, len(OPERATORS)))
        codes = self.vector(tflite.ModelStartOperatorCodesVector, [self.code(name) for name in names])
        graphs = [self.subgraph(len(names)) for _ in range(self.rng.choice((1, 1, 1, 3)))]
        subgraphs = self.vector(tflite.ModelStartSubgraphsVector, graphs)
        buffers = self.vector(tflite.ModelStartBuffersVector, self.buffers)
        said = self.b.CreateString("made at random")
        tflite.ModelStart(self.b)
        tflite.ModelAddVersion(self.b, 3)
        tflite.ModelAddOperatorCodes(self.b, codes)
        tflite.ModelAddSubgraphs(self.b, subgraphs)
        tflite.ModelAddDescription(self.b, said)
        tflite.ModelAddBuffers(self.b, buffers)
        self.b.Finish(tflite.ModelEnd(self.b), b"TFL3")
        return bytes(self.b.Output())


Rows = list[tuple[str, tuple[int, ...], str]]


def theirs(data: bytes) -> Rows:
    """Every tensor whose buffer holds anything: name, shape, number type."""
    model = tflite.Model.GetRootAs(data, 0)
    found = []
    for g in range(model.SubgraphsLength()):
        graph = model.Subgraphs(g)
        for k in range(graph.TensorsLength()):
            tensor = graph.Tensors(k)
            if tensor.Buffer() and model.Buffers(tensor.Buffer()).DataLength():
                name = (tensor.Name() or b"").decode() or f"tensor_{k}"
                shape = tuple(int(tensor.Shape(i)) for i in range(tensor.ShapeLength()))
                found.append((name, shape, NAMES[tensor.Type()]))
    return sorted(found)


def ours(network: Network) -> Rows:
    """The same of our tensors, which stand by layer; a number after a name that is another's is taken off again."""
    names = [t.name for t in network.tensors()]
    assert len(set(names)) == len(names)
    found = []
    for t in network.tensors():
        base, mark, number = t.name.rpartition("#")
        found.append((base if mark and number.isdigit() and base in names else t.name, t.shape, str(t.dtype)))
    return sorted(found)


@pytest.mark.parametrize("seed", range(60))
def test_random_models(seed):
    data = Writer(seed).model()
    network = read(MemorySource(data, "m.tflite"))
    assert ours(network) == theirs(data)
    assert network.totals.elements == sum(math.prod(shape) for _, shape, _ in theirs(data))
    assert network.flags == []


def test_the_random_models_hold_something():
    sizes = [len(theirs(Writer(seed).model())) for seed in range(60)]
    assert sum(sizes) > 400
    assert max(sizes) > 20


def test_the_shared_models():
    checked = 0
    for path in sorted(shared("models").rglob("*.tflite")):
        with FileSource(str(path)) as source:
            assert ours(read(source)) == theirs(path.read_bytes()), path.name
        checked += 1
    assert checked >= 9


def test_the_tables_agree_with_the_generated_ones():
    from nparams.files._tflite import schema

    for number, name in schema.OPERATORS.items():
        if hasattr(tflite.BuiltinOperator, name):
            assert getattr(tflite.BuiltinOperator, name) == number
        else:
            assert number > 200, name
    for name, (canonical, _) in TYPES.items():
        assert schema.TYPES[getattr(tflite.TensorType, name)] == canonical
