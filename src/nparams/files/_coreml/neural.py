"""A Core ML neural network: the arrays of its layers, each held against the sizes that the layer says."""

from __future__ import annotations

from math import prod

from nparams.dtypes import held_bytes
from nparams.errors import shown
from nparams.files._coreml.layers import KINDS, LAYER, OPERANDS
from nparams.files._coreml.mil import DIMENSION_LIMIT
from nparams.files._slots.flow import Flow
from nparams.files._slots.judge import Judge, Verdict
from nparams.files._slots.records import Const, Node
from nparams.files._slots.table import Operators
from nparams.network.tree import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from nparams.errors import FormatError
    from nparams.files._coreml.layers import Array, Fields, Kind
    from nparams.files._protobuf.wire import Wire

TABLE = Operators(
    {**dict(OPERANDS.values()), "batchedMatmul": "w*"},
    {**dict.fromkeys(("reshape", "reshapeStatic", "reshapeDynamic", "permute", "transpose", "squeeze", "expandDims",
                      "tile", "sliceStatic", "sliceDynamic", "copy", "gather"), (0,))},
    {"concat": "*", "concatND": "*", "stack": "*"}, {},
    waves=frozenset(("sin", "cos")), products=frozenset(("multiply", "multiplyBroadcastable", "batchedMatmul")),
    gathering=frozenset(("concat", "concatND", "stack")),
)  # fmt: skip
BITS = range(1, 9)
#: what every layer has, layers with networks inside, layers with arrays
COMMON = frozenset(("name", "input", "output", "isUpdatable", "at"))
INSIDE = ("branch", "loop")
HOLDING = {kind.name: kind for kind in KINDS.values()}
#: fields of WeightParams that hold its numbers, one of them used
HELD = ("floatValue", "float16Value", "rawValue", "int8RawValue")


class Held:
    """One array of a layer, as a tensor, with the layer and the kind that it stands in."""

    __slots__ = ("kind", "layer", "tensor")

    def __init__(self, tensor: Tensor, layer: str, kind: str | None) -> None:
        self.tensor = tensor
        self.layer = layer
        self.kind = kind


class Networks:
    """The arrays of one neural network, and of those inside its branches and loops."""

    __slots__ = ("_at", "_consts", "_flow", "_names", "_updatable", "_wire", "custom", "held")

    def __init__(self, wire: Wire, updatable: bool) -> None:
        self._wire = wire
        self._updatable = updatable
        self._flow = Flow(TABLE)
        self._consts: list[tuple[Const, Held]] = []
        self._names: dict[str, int] = {}
        #: where the layer stands that is being read
        self._at = 0
        self.held: list[Held] = []
        #: custom layers by the name of their class
        self.custom: dict[str, int] = {}

    def read(self, network: Mapping[str, Any]) -> list[Held]:
        """Every array, in the order of the layers."""
        self._network(network)
        self._flow.settle()
        judge = Judge(
            self._flow, lambda const: const.name.rpartition(".")[2], lambda const: const.size == 1, TABLE.knows
        )
        for const, held in self._consts:
            verdict = judge.judge(const)
            if verdict.note is not None and verdict.note.startswith("in no slot"):
                verdict = Verdict("buffer", "a constant that reaches no weight slot of any layer")
            held.tensor.role, held.tensor.note = verdict.role, verdict.note
        return self.held

    def bad(self, at: int, problem: str) -> FormatError:
        """The error for something in a layer."""
        return self._wire.bad(LAYER, at, problem)

    def _network(self, network: Mapping[str, Any]) -> None:
        for given in network.get("preprocessing", ()):
            if "meanImage" in given:
                run = given["meanImage"].get("meanImage")
                count = 0 if run is None else run.packed // 4 + run.loose
                name = f"{given.get('featureName', '')}.meanImage"
                note = "what the input is normalised with"
                self.held.append(Held(Tensor(name, (count,), "float32", "buffer", note=note), "", None))
        for layer in network.get("layers", ()):
            self._layer(layer)

    def _layer(self, layer: Mapping[str, Any]) -> None:
        name, self._at = layer.get("name", ""), layer["at"]
        kinds = [key for key in layer if key not in COMMON]
        if len(kinds) > 1:
            raise self.bad(self._at, f"layer {shown(name)} is {' and '.join(sorted(kinds))} at once")
        for kind in kinds:
            if kind in INSIDE:
                for network in layer[kind].values():
                    self._network(network)
            elif kind in HOLDING:
                if kind == "batchedMatmul" and len(layer.get("input", ())) > 1:
                    self._node(kind, layer)
                self._arrays(HOLDING[kind], layer[kind], name, layer)
            else:
                self._node(kind, layer)

    def _node(self, op: str, layer: Mapping[str, Any]) -> None:
        inputs = [self._value(name) for name in layer.get("input", ())]
        outputs = [self._value(name) for name in layer.get("output", ())]
        self._flow.nodes.append(Node(op, layer.get("name", ""), inputs, outputs, None))

    def _value(self, name: str) -> int:
        return self._names.setdefault(name, len(self._names) + 1)

    # -- arrays -------------------------------------------------------------------------------------------------------

    def _arrays(self, kind: Kind, fields: Any, name: str, layer: Mapping[str, Any]) -> None:
        if kind.name == "custom":
            self._custom(fields, name)
        elif kind.name == "biDirectionalLSTM":
            sides = fields.get("weightParams", ())
            for k, weights in enumerate(sides):
                side = ("forward", "backward")[k] if len(sides) == 2 else f"{k}"
                for array in kind.arrays:
                    self._array({**fields, **weights}, array, f"{name}.{side}", name, kind, layer)
        else:
            for array in kind.arrays:
                self._array(fields, array, name, name, kind, layer)

    def _custom(self, fields: Any, name: str) -> None:
        """What a class of somebody's own keeps: arrays without shapes."""
        self.custom[fields.get("className", "")] = self.custom.get(fields.get("className", ""), 0) + 1
        for k, weights in enumerate(fields.get("weights", ())):
            made = self._weights(weights, None, f"{name}.weights.{k}")
            if made is not None:
                made.role, made.note = "weight", "an array of a custom layer: what it is for, the model does not say"
                self.held.append(Held(made, name, None))

    def _array(
        self, fields: Fields, array: Array, prefix: str, layer: str, kind: Kind, record: Mapping[str, Any]
    ) -> None:
        field, name, role, shape = array
        weights: Any = fields
        for part in field.split("."):
            weights = weights.get(part) if weights is not None else None
        if weights is None:
            return
        own = f"{prefix}.{name}" if name else prefix
        said = None if shape is None else self._shape(shape(fields), own)
        tensor = self._weights(weights, said, own)
        if tensor is None:
            return
        tensor.role = role or "buffer"
        if self._updatable:
            tensor.trainable = bool(weights.get("isUpdatable"))
        held = Held(tensor, layer, kind.kind)
        self.held.append(held)
        self._scales(weights, own, layer)
        if not name:
            self._loaded(held, record)

    def _shape(self, said: tuple[int, ...] | None, name: str) -> tuple[int, ...]:
        if said is None or any(not 0 <= n < DIMENSION_LIMIT for n in said):
            raise self.bad(self._at, f"{shown(name)} has the impossible shape {list(said or ())}")
        return said

    def _loaded(self, held: Held, record: Mapping[str, Any]) -> None:
        """A loaded constant is what the layers that take it make of it."""
        held.layer = ""
        tensor = held.tensor
        for name in record.get("output", ())[:1]:
            shape = tuple(n for n in tensor.shape or () if isinstance(n, int))
            const = Const(tensor.name, shape, tensor.dtype, prod(shape), self._value(name))
            self._flow.consts[const.value] = const
            self._consts.append((const, held))

    def _weights(self, held: Mapping[str, Any], shape: tuple[int, ...] | None, name: str) -> Tensor | None:
        """The tensor that a WeightParams holds, checked against its shape; None where it is empty."""
        used = [field for field in HELD if field in held and _length(held[field])]
        if not used:
            return None
        if len(used) > 1:
            raise self.bad(self._at, f"{shown(name)} keeps its numbers in {' and '.join(used)}")
        dtype, count, exact = self._counted(held, used[0], name)
        wanted = prod(shape) if shape is not None else count if exact else count * 8 // held_bytes(8, dtype)
        if (wanted != count) if exact else (held_bytes(wanted, dtype) != count):
            unit = "numbers" if exact else f"bytes of {dtype}"
            raise self.bad(self._at, f"{shown(name)} has {count:,} {unit}, where its layer says {list(shape or ())}")
        made = Tensor(name, (wanted,) if shape is None else shape, dtype)
        if not exact and dtype != "float16":
            made.stored = wanted, count
        return made

    def _counted(self, held: Mapping[str, Any], field: str, name: str) -> tuple[str, int, bool]:
        """(number type, how many numbers or bytes, whether it is numbers)."""
        value = held[field]
        if field == "floatValue":
            return "float32", value.loose + value.packed // 4, True
        if field == "float16Value":
            return "float16", value[1], False
        if field == "int8RawValue":
            return "int8", value[1], True
        bits = held.get("quantization", {}).get("numberOfBits", 0)
        if bits not in BITS:
            raise self.bad(self._at, f"{shown(name)} is quantised to {bits:,} bits, where 1 to 8 are")
        return f"uint{bits}", value[1], False

    def _scales(self, held: Mapping[str, Any], name: str, layer: str) -> None:
        quantization = held.get("quantization", {})
        for group, field, own in (("linear", "scale", "scale"), ("linear", "bias", "offset"),
                                  ("lookup", "floatValue", "lookup_table")):  # fmt: skip
            run = quantization.get(group, {}).get(field)
            count = 0 if run is None else run.loose + run.packed // 4
            if count:
                made = Tensor(f"{name}.{own}", (count,), "float32", "bookkeeping", note="of a quantised array")
                self.held.append(Held(made, layer, None))


def _length(value: Any) -> int:
    return int(value[1] if isinstance(value, tuple) else value.loose + value.packed)
