"""A program in MIL as a graph of operators, and what it stores."""

from __future__ import annotations

from math import prod

from nparams.dtypes import held_bytes
from nparams.errors import shown
from nparams.files._coreml.mil import CONST, CONSTEXPR, OPERATION, Block, Op, Value
from nparams.files._coreml.operators import OPERATORS, UNPACKING
from nparams.files._slots.flow import Flow
from nparams.files._slots.records import Const, Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from nparams.errors import FormatError
    from nparams.files._protobuf.wire import Wire

DEEPEST = 30  # blocks inside blocks
LOOP = "while_loop"


class Stored(Const):
    """A constant of a program: where its numbers lie, and the function that it stands in."""

    __slots__ = ("function", "packed", "source")

    def __init__(self, name: str, value: Value, number: int, function: str) -> None:
        super().__init__(name, value.shape, value.dtype, value.size, number, text=value.text)
        self.function = function
        self.source = value
        #: the number type of what its bytes pack, where that is not its own
        self.packed: str | None = None
        if value.file:
            self.memory = (value.file, value.offset)


class Graph:
    """The graph of one program: its functions do not share names, but may share memory."""

    __slots__ = ("_shapes", "_values", "flow", "stored", "unknown", "wire")

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.flow = Flow(OPERATORS)
        self.stored: list[Stored] = []
        #: operators that are not known -> how many
        self.unknown: dict[str, int] = {}
        self._values = 0
        #: shapes of what is stored or unpacked, by value
        self._shapes: dict[int, tuple[int, ...]] = {}

    def function(self, name: str, inputs: Sequence[str], block: Block) -> None:
        """Add one function."""
        scope = Scope(self, name, None, 0)
        for given in inputs:
            self.flow.inputs.add(scope.define(given, block.operations[0].at if block.operations else 0))
        scope.read(block)

    def value(self) -> int:
        """The number of a new value."""
        self._values += 1
        return self._values

    def bad(self, at: int, problem: str) -> FormatError:
        """The error for something in an operation."""
        return self.wire.bad(OPERATION, at, problem)

    def size(self, number: int | None) -> int:
        """How many numbers a value has that is stored or unpacked; 0 for another."""
        return prod(self._shapes[number]) if number in self._shapes else 0

    def keep(self, name: str, value: Value, number: int, function: str) -> None:
        """One more constant; the text of a setting is in the graph, and no array."""
        made = Stored(name, value, number, function)
        if not value.text:
            self.stored.append(made)
        self.flow.consts[number] = made
        self._shapes[number] = value.shape

    # -- what is unpacked when the model is compiled ------------------------------------------------------------------

    def unpack(self, op: Op, given: dict[str, int], results: list[int]) -> None:
        """Hold the shapes that a constexpr operator says against its operands'."""
        checked = Unpacked(self, op, given)
        for number, wanted, (name, shape) in zip(results, checked.sizes(), op.outputs, strict=False):
            if shape is None or prod(shape) != wanted:
                said = "no fixed shape" if shape is None else f"shape {list(shape)}"
                raise self.bad(op.at, f"{op.type} {shown(name)} has {said}, where its operands give {wanted:,} numbers")
            self._shapes[number] = shape

    def shape(self, op: Op, given: dict[str, int], name: str) -> tuple[int, ...]:
        """The shape of an operand that must be stored."""
        found = self._shapes.get(given.get(name, -1))
        if found is None:
            raise self.bad(op.at, f"{op.type}: its {name} is not stored")
        return found


class Unpacked:
    """The sizes of what a constexpr operator makes, by its operands (coremltools .../ops/defs/iOS16 and iOS18)."""

    __slots__ = ("_given", "_graph", "_op")

    def __init__(self, graph: Graph, op: Op, given: dict[str, int]) -> None:
        self._graph = graph
        self._op = op
        self._given = given

    def _shape(self, name: str) -> tuple[int, ...]:
        return self._graph.shape(self._op, self._given, name)

    def sizes(self) -> Iterator[int]:
        """How many numbers each output has."""
        data = UNPACKING[self._op.type][0]
        kind = self._op.type.removeprefix(CONSTEXPR)
        if kind == "lut_to_dense":
            yield self._looked_up(data)
        elif kind == "sparse_to_dense":
            yield self._spread(data)
        elif kind == "lut_to_sparse":
            vector = self._shape("lut")[-1:] or (1,)
            yield prod(self._shape("indices_mask")) * vector[0]
            yield prod(self._shape(data)) * vector[0]
        elif kind == "sparse_blockwise_shift_scale":
            yield prod(self._shape("data_mask"))
            yield prod(self._shape(data))
        else:
            yield prod(self._shape(data))

    def _looked_up(self, data: str) -> int:
        """One number for each index, or a vector; before iOS18 indices are packed into bytes."""
        lut, indices = self._shape("lut"), self._shape(data)
        if len(lut) != 1:
            return prod(indices) * (lut[-1] if lut else 1)
        bits, wanted = max(lut[0] - 1, 1).bit_length(), prod(self._op.outputs[0][1] or ())
        kind = f"uint{bits}"
        if bits > 8 or held_bytes(wanted, kind) != prod(indices):
            problem = f"{prod(indices):,} bytes of indices do not hold {wanted:,} of {bits} bits"
            raise self._graph.bad(self._op.at, f"{self._op.type}: {problem}")
        const = self._graph.flow.consts.get(self._given.get(data, -1))
        if isinstance(const, Stored):
            const.packed = kind
        return wanted

    def _spread(self, data: str) -> int:
        """One number for each bit of the mask; before iOS18 it is packed into bytes."""
        mask, held = self._shape("mask"), prod(self._shape(data))
        const = self._graph.flow.consts.get(self._given.get("mask", -1))
        wanted = prod(self._op.outputs[0][1] or ()) if self._op.outputs else 0
        packed = const is not None and const.dtype == "uint8" and len(mask) == 1
        if packed and held_bytes(wanted, "uint1") != prod(mask):
            raise self._graph.bad(self._op.at, f"{self._op.type}: {prod(mask):,} bytes of mask for {wanted:,} numbers")
        wanted = wanted if packed else prod(mask)
        if held > wanted:
            raise self._graph.bad(self._op.at, f"{self._op.type}: {held:,} numbers for a shape of {wanted:,}")
        return wanted


class Scope:
    """One block while it is read: the values that names mean in it and around it."""

    __slots__ = ("_around", "_deep", "_function", "_graph", "_names")

    def __init__(self, graph: Graph, function: str, around: Scope | None, deep: int) -> None:
        self._graph = graph
        self._function = function
        self._around = around
        self._deep = deep
        self._names: dict[str, int] = {}

    def define(self, name: str, at: int) -> int:
        """A new value of that name."""
        if name in self._names:
            raise self._graph.bad(at, f"the name {shown(name)} is defined twice in one block")
        number = self._names[name] = self._graph.value()
        return number

    def find(self, name: str) -> int | None:
        """The value of a name, here or in the blocks around; None where nothing has it."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope._names:
                return scope._names[name]
            scope = scope._around
        return None

    def read(self, block: Block) -> None:
        """The operations of a block."""
        if self._deep > DEEPEST:
            raise self._graph.bad(0, f"blocks inside blocks, more than {DEEPEST} deep")
        for op in block.operations:
            if op.type == CONST:
                self._const(op)
            else:
                self._operation(op)

    def _const(self, op: Op) -> None:
        for name, _ in op.outputs[:1]:
            number = self.define(name, op.at)
            if op.value is not None:
                self._graph.keep(name, op.value, number, self._function)

    def _operation(self, op: Op) -> None:
        graph = self._graph
        places, inputs = self._inputs(op)
        results = [self.define(name, op.at) for name, _ in op.outputs]
        if op.blocks:
            self._inner(op, places, inputs, results)
            return
        node = Node(op.type, op.outputs[0][0] if op.outputs else op.type, inputs, results, places)
        if op.type.startswith(CONSTEXPR):
            if op.type not in UNPACKING:
                raise graph.bad(op.at, f"{shown(op.type)} unpacks a weight in a way that is not known here")
            graph.unpack(op, {p: v for p, v in zip(places, inputs, strict=True) if v is not None}, results)
            node.shape = op.outputs[-1][1] if op.outputs else None
        elif not OPERATORS.knows(op.type):
            graph.unknown[op.type] = graph.unknown.get(op.type, 0) + 1
        graph.flow.nodes.append(node)

    def _inputs(self, op: Op) -> tuple[list[str], list[int | None]]:
        """The inputs, what is handed on before the rest; values that stand in the operation itself are stored ones."""
        first = OPERATORS.through.get(op.type, ())
        found = []
        for name, given in sorted(op.inputs, key=lambda one: (one[0] not in first, one[0] != "indices")):
            for k, what in enumerate(given):
                found.append((name, self._given(op, name if len(given) == 1 else f"{name}_{k}", what)))
        return [name for name, _ in found], [value for _, value in found]

    def _given(self, op: Op, name: str, what: Any) -> int | None:
        if isinstance(what, str):
            return self.find(what)
        if what is None:
            return None
        number = self._graph.value()
        self._graph.keep(f"{op.outputs[0][0] if op.outputs else op.type}.{name}", what, number, self._function)
        return number

    def _inner(self, op: Op, places: list[str], inputs: list[int | None], results: list[int]) -> None:
        """The blocks of a loop or a condition: what goes in, what comes out, what goes round."""
        joins = self._graph.flow.joins
        given = [v for p, v in zip(places, inputs, strict=True) if p == "loop_vars"] if op.type == LOOP else []
        for k, block in enumerate(op.blocks):
            scope = Scope(self._graph, self._function, self, self._deep + 1)
            starts = [scope.define(name, op.at) for name in block.inputs]
            scope.read(block)
            ends = [scope.find(name) for name in block.outputs] if op.type != LOOP or k else []
            for start, source in zip(starts, given, strict=False):
                if source is not None:
                    joins.setdefault(start, []).append(source)
            for target in (starts if op.type == LOOP else [], results):
                for number, end in zip(target, ends, strict=False):
                    if end is not None:
                        joins.setdefault(number, []).append(end)
