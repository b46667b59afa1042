"""The layers of a Core ML neural network that hold arrays: their fields, and each array's name, role and shape.

Fields, shapes: apple/coremltools mlmodel/format/NeuralNetwork.proto, and the sizes that
mlmodel/src/Validation/NeuralNetwork/NeuralNetworkLayerValidator.cpp expects.
"""

from __future__ import annotations

from nparams.files._coreml.wire import ModelWire
from nparams.files._protobuf.schema import INT, INTS, MESSAGE, MESSAGES, RUN, SPAN, TEXT, TEXTS, Schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from nparams.files._protobuf.schema import Record
    from nparams.files._protobuf.wire import Wire

    Fields = Mapping[str, Any]
    Shape = Callable[[Fields], "tuple[int, ...] | None"]
    #: field of the array (inner messages apart by dots), its name, role, shape (None: as many as there are)
    Array = tuple[str, str, str, Shape | None]

LINEAR = Schema("LinearQuantizationParams", {1: (RUN, "scale", None), 2: (RUN, "bias", None)})
LOOKUP = Schema("LookUpTableQuantizationParams", {1: (RUN, "floatValue", None)})
QUANTIZATION = Schema("QuantizationParams", {
    1: (INT, "numberOfBits", None), 101: (MESSAGE, "linear", LINEAR), 102: (MESSAGE, "lookup", LOOKUP),
})  # fmt: skip
WEIGHTS = Schema("WeightParams", {
    1: (RUN, "floatValue", None), 2: (SPAN, "float16Value", None), 30: (SPAN, "rawValue", None),
    31: (SPAN, "int8RawValue", None), 40: (MESSAGE, "quantization", QUANTIZATION), 50: (INT, "isUpdatable", None),
})  # fmt: skip
W = (MESSAGE, WEIGHTS)


def _schema(name: str, **fields: tuple[int, Any]) -> Schema:
    """A message of some fields: name=(number, how)."""
    kinds = {"i": (INT, None), "n": (INTS, None), "w": W}
    made = {}
    for field, (number, how) in fields.items():
        kind, inner = kinds[how] if isinstance(how, str) else (MESSAGE, how)
        made[number] = (kind, field, inner)
    return Schema(name, made)


def sizes(*names: str) -> Shape:
    """The shape that some fields say, one dimension each."""
    return lambda held: tuple(held.get(name, 0) for name in names)


def listed(name: str) -> Shape:
    """The shape that a list of sizes says."""
    return lambda held: tuple(held.get(name, ()))


def _kernel(held: Fields) -> tuple[int, ...] | None:
    """A convolution's; transposed, the channels stand the other way round."""
    kernel = tuple(held.get("kernelSize", ())) or (3, 3)
    out, channels, groups = held.get("outputChannels", 0), held.get("kernelChannels", 0), held.get("nGroups", 0) or 1
    if held.get("isDeconvolution"):
        return (channels, out // groups, *kernel) if groups > 0 else None
    return (out, channels, *kernel)


def _kernel_3d(held: Fields) -> tuple[int, ...] | None:
    kernel = tuple(held.get(f"kernel{side}", 0) for side in ("Depth", "Height", "Width"))
    out, channels, groups = held.get("outputChannels", 0), held.get("inputChannels", 0), held.get("nGroups", 0) or 1
    if groups < 0:
        return None
    return (channels, out // groups, *kernel) if held.get("isDeconvolution") else (out, channels // groups, *kernel)


OUT, IN = sizes("outputVectorSize"), sizes("outputVectorSize", "inputVectorSize")
AGAIN = sizes("outputVectorSize", "outputVectorSize")
GATES = {"input": "i", "forget": "f", "blockInput": "z", "output": "o"}


def _gate(at: str, letter: str) -> tuple[Array, Array, Array]:
    """The arrays that every gate has."""
    return (
        (f"{at}WeightMatrix", f"W_{letter}", "weight", IN), (f"{at}RecursionMatrix", f"R_{letter}", "weight", AGAIN),
        (f"{at}BiasVector", f"b_{letter}", "bias", OUT),
    )  # fmt: skip


def _gates(prefix: str, weights: Mapping[str, str]) -> tuple[Array, ...]:
    """The arrays of an LSTM, under the letters of the proto's formulas: W_i, R_f, b_o, p_i."""
    made: list[Array] = []
    for gate, letter in weights.items():
        at = f"{prefix}{gate}" if gate == "blockInput" else f"{prefix}{gate}Gate"
        made += _gate(at, letter)
        if gate != "blockInput":
            made.append((f"{at}PeepholeVector", f"p_{letter}", "weight", OUT))
    return tuple(made)


def _lstm_fields() -> dict[str, tuple[int, str]]:
    made: dict[str, tuple[int, str]] = {}
    for k, gate in enumerate(("inputGate", "forgetGate", "blockInput", "outputGate")):
        made |= {f"{gate}WeightMatrix": (1 + k, "w"), f"{gate}RecursionMatrix": (20 + k, "w"),
                 f"{gate}BiasVector": (40 + k, "w")}  # fmt: skip
    peepholes = enumerate(("inputGate", "forgetGate", "outputGate"))
    return {**made, **{f"{gate}PeepholeVector": (60 + k, "w") for k, gate in peepholes}}


def _gru_fields() -> dict[str, tuple[int, str]]:
    made: dict[str, tuple[int, str]] = {}
    for k, gate in enumerate(("updateGate", "resetGate", "outputGate")):
        made |= {f"{gate}WeightMatrix": (30 + k, "w"), f"{gate}RecursionMatrix": (50 + k, "w"),
                 f"{gate}BiasVector": (70 + k, "w")}  # fmt: skip
    return made


def _gru() -> tuple[Array, ...]:
    made: list[Array] = []
    for gate, letter in (("updateGate", "z"), ("resetGate", "r"), ("outputGate", "o")):
        made += _gate(gate, letter)
    return tuple(made)


LSTM_WEIGHTS = _schema("LSTMWeightParams", **_lstm_fields())
VECTORS = {"inputVectorSize": (1, "i"), "outputVectorSize": (2, "i")}
CHANNELS, OUTS = sizes("channels"), sizes("outputChannels")


class Kind:
    """A kind of layer: its number in NeuralNetworkLayer, its fields, its arrays, the textbook's name."""

    __slots__ = ("arrays", "kind", "name", "schema")

    def __init__(self, name: str, kind: str | None, schema: Schema, *arrays: Array) -> None:
        self.name = name
        self.kind = kind
        self.schema = schema
        self.arrays = arrays


KINDS = {
    100: Kind("convolution", "Conv", _schema(
        "convolution", outputChannels=(1, "i"), kernelChannels=(2, "i"), nGroups=(10, "i"), kernelSize=(20, "n"),
        isDeconvolution=(60, "i"), weights=(90, "w"), bias=(91, "w")),
        ("weights", "weight", "weight", _kernel), ("bias", "bias", "bias", OUTS)),
    130: Kind("activation", "PReLU", _schema(
        "activation", PReLU=(25, _schema("PReLU", alpha=(1, "w"))),
        parametricSoftplus=(71, _schema("parametricSoftplus", alpha=(1, "w"), beta=(2, "w")))),
        ("PReLU.alpha", "alpha", "weight", None), ("parametricSoftplus.alpha", "alpha", "weight", None),
        ("parametricSoftplus.beta", "beta", "weight", None)),
    140: Kind("innerProduct", "Dense", _schema(
        "innerProduct", inputChannels=(1, "i"), outputChannels=(2, "i"), weights=(20, "w"), bias=(21, "w")),
        ("weights", "weight", "weight", sizes("outputChannels", "inputChannels")), ("bias", "bias", "bias", OUTS)),
    150: Kind("embedding", "Embedding", _schema(
        "embedding", inputDim=(1, "i"), outputChannels=(2, "i"), weights=(20, "w"), bias=(21, "w")),
        ("weights", "weight", "weight", sizes("outputChannels", "inputDim")), ("bias", "bias", "bias", OUTS)),
    160: Kind("batchnorm", "BatchNorm", _schema(
        "batchnorm", channels=(1, "i"), gamma=(15, "w"), beta=(16, "w"), mean=(17, "w"), variance=(18, "w")),
        ("gamma", "gamma", "weight", CHANNELS), ("beta", "beta", "bias", CHANNELS),
        ("mean", "mean", "buffer", CHANNELS), ("variance", "variance", "buffer", CHANNELS)),
    245: Kind("scale", "Scale", _schema(
        "scale", shapeScale=(1, "n"), scale=(2, "w"), shapeBias=(4, "n"), bias=(5, "w")),
        ("scale", "scale", "weight", listed("shapeScale")), ("bias", "bias", "bias", listed("shapeBias"))),
    250: Kind("bias", "Bias", _schema("bias", shape=(1, "n"), bias=(2, "w")),
              ("bias", "bias", "bias", listed("shape"))),
    290: Kind("loadConstant", None, _schema("loadConstant", shape=(1, "n"), data=(2, "w")),
              ("data", "", "", listed("shape"))),
    1070: Kind("loadConstantND", None, _schema("loadConstantND", shape=(1, "n"), data=(2, "w")),
               ("data", "", "", listed("shape"))),
    400: Kind("simpleRecurrent", "SimpleRNN", _schema(
        "simpleRecurrent", **VECTORS, weightMatrix=(30, "w"), recursionMatrix=(31, "w"), biasVector=(32, "w")),
        ("weightMatrix", "W", "weight", IN), ("recursionMatrix", "R", "weight", AGAIN),
        ("biasVector", "b", "bias", OUT)),
    410: Kind("gru", "GRU", _schema("gru", **VECTORS, **_gru_fields()), *_gru()),
    420: Kind("uniDirectionalLSTM", "LSTM", _schema("uniDirectionalLSTM", **VECTORS, weightParams=(20, LSTM_WEIGHTS)),
              *_gates("weightParams.", GATES)),
    430: Kind("biDirectionalLSTM", "LSTM", Schema("biDirectionalLSTM", {
        1: (INT, "inputVectorSize", None), 2: (INT, "outputVectorSize", None),
        20: (MESSAGES, "weightParams", LSTM_WEIGHTS)}), *_gates("", GATES)),
    500: Kind("custom", None, Schema("custom", {10: (TEXT, "className", None), 20: (MESSAGES, "weights", WEIGHTS)})),
    1040: Kind("embeddingND", "Embedding", _schema(
        "embeddingND", vocabSize=(1, "i"), embeddingSize=(2, "i"), weights=(20, "w"), bias=(21, "w")),
        ("weights", "weight", "weight", sizes("embeddingSize", "vocabSize")),
        ("bias", "bias", "bias", sizes("embeddingSize"))),
    1045: Kind("batchedMatmul", "Dense", _schema(
        "batchedMatmul", first=(5, "i"), second=(6, "i"), weights=(8, "w"), bias=(9, "w")),
        ("weights", "weight", "weight", sizes("first", "second")), ("bias", "bias", "bias", sizes("second"))),
    1350: Kind("layerNormalization", "LayerNorm", _schema(
        "layerNormalization", normalizedShape=(1, "n"), gamma=(3, "w"), beta=(4, "w")),
        ("gamma", "gamma", "weight", listed("normalizedShape")), ("beta", "beta", "bias", listed("normalizedShape"))),
    1471: Kind("convolution3d", "Conv", _schema(
        "convolution3d", outputChannels=(1, "i"), inputChannels=(2, "i"), nGroups=(10, "i"), kernelDepth=(20, "i"),
        kernelHeight=(21, "i"), kernelWidth=(22, "i"), weights=(60, "w"), bias=(61, "w"), isDeconvolution=(86, "i")),
        ("weights", "weight", "weight", _kernel_3d), ("bias", "bias", "bias", OUTS)),
}  # fmt: skip

#: layers without arrays of their own whose inputs may be loaded constants -> what those are (see _slots/table.py)
OPERANDS = {
    230: ("add", "o*"), 880: ("addBroadcastable", "o*"), 905: ("subtractBroadcastable", "o*"),
    231: ("multiply", "x*"), 900: ("multiplyBroadcastable", "x*"), 890: ("divideBroadcastable", "x*"),
    930: ("gather", "wa"), 940: ("gatherND", "wa"), 952: ("gatherAlongAxis", "wa"), 270: ("dot", "w*"),
    300: ("reshape", "-"), 1140: ("reshapeStatic", "-"), 1145: ("reshapeDynamic", "-a"), 310: ("permute", "-"),
    985: ("transpose", "-"), 1120: ("squeeze", "-"), 1125: ("expandDims", "-"), 920: ("tile", "-a"),
    995: ("sliceStatic", "-"), 1000: ("sliceDynamic", "-a*"), 320: ("concat", "-*"), 980: ("concatND", "-*"),
    925: ("stack", "-*"), 600: ("copy", "-"), 1330: ("whereBroadcastable", "a*"), 260: ("max", "a*"),
    261: ("min", "a*"), 870: ("minBroadcastable", "a*"), 875: ("maxBroadcastable", "a*"),
    885: ("powBroadcastable", "a*"), 710: ("sin", "-"), 715: ("cos", "-"),
}  # fmt: skip
BRANCH, LOOP = 605, 615


def _made_layer(wire: Wire, held: Record, depth: int, at: int) -> Record:
    if isinstance(wire, ModelWire):
        wire.one_layer(LAYER, at)
    held["at"] = at
    return held


NETWORK = Schema("NeuralNetwork", {})
BRANCHES = Schema("branch", {1: (MESSAGE, "if", NETWORK), 2: (MESSAGE, "else", NETWORK)})
LOOPS = Schema("loop", {3: (MESSAGE, "condition", NETWORK), 4: (MESSAGE, "body", NETWORK)})
LAYER = Schema("NeuralNetworkLayer", {
    1: (TEXT, "name", None), 2: (TEXTS, "input", None), 3: (TEXTS, "output", None), 10: (INT, "isUpdatable", None),
    **{number: (MESSAGE, kind.name, kind.schema) for number, kind in KINDS.items()},
    **{number: (SPAN, name, None) for number, (name, _) in OPERANDS.items()},
    BRANCH: (MESSAGE, "branch", BRANCHES), LOOP: (MESSAGE, "loop", LOOPS),
}, _made_layer)  # fmt: skip
MEAN = Schema("NeuralNetworkMeanImage", {1: (RUN, "meanImage", None)})
PREPROCESSING = Schema("NeuralNetworkPreprocessing", {1: (TEXT, "featureName", None), 11: (MESSAGE, "meanImage", MEAN)})
NETWORK.fields.update({1: (MESSAGES, "layers", LAYER), 2: (MESSAGES, "preprocessing", PREPROCESSING)})
