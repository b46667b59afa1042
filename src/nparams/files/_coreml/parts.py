"""The models in a file, one or a pipeline of them, and the tensors of each."""

from __future__ import annotations

from math import prod

from nparams.dtypes import held_bytes
from nparams.files._coreml.model import COMMON, LINEAR, MODEL, NETWORKS, PIPELINES, UNCOUNTED
from nparams.files._coreml.names import layer_of_array, layer_of_node, leaf_of, made_up
from nparams.files._coreml.neural import Held, Networks
from nparams.files._coreml.operators import OPERATORS
from nparams.files._coreml.program import Graph, Stored
from nparams.files._slots.judge import Judge, Verdict
from nparams.files._slots.shared import tie
from nparams.files._slots.tree import Item, places
from nparams.network.tree import PARAMETER_ROLES, Tensor
from nparams.stored.naming import unique

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from nparams.files._protobuf.wire import Wire

SHARES = "reads the same place of the file of weights as {}"
MAIN = "main"  # the function that a program has always had
SPARSE = "constexpr_sparse_to_dense"
DEEPEST = 20  # pipelines inside pipelines


class Parts:
    """The tensors of every model in a file, each with its layer and the kind of it."""

    __slots__ = (
        "_taken", "_wire", "blobs", "custom", "functions", "held", "kinds", "left", "sparse", "steps", "tied",
        "unknown", "updatable",
    )  # fmt: skip

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._taken: dict[str, int] = {}
        self.held: list[Held] = []
        #: kinds of the models that were counted
        self.kinds: list[str] = []
        #: kinds that are not counted, and steps without parameters
        self.left: list[str] = []
        self.steps: list[str] = []
        #: functions of programs
        self.functions: list[str] = []
        #: operators and classes that are not known
        self.unknown: dict[str, int] = {}
        self.custom: dict[str, int] = {}
        #: what lies in a file of weights
        self.blobs: list[Stored] = []
        self.tied: list[Tensor] = []
        #: sparse parameters, and how many numbers of each are stored
        self.sparse: list[tuple[Tensor, int]] = []
        self.updatable = False

    def read(self, model: Mapping[str, Any], path: str = "", deep: int = 0) -> None:
        """Add a model, or those of a pipeline, under a path."""
        at = model.get("at", 0)
        kinds = [key for key in model if key not in COMMON]
        if len(kinds) != 1:
            said = f"{' and '.join(sorted(kinds))} at once" if kinds else "of no kind that is known"
            raise self._wire.bad(MODEL, at, f"the model is {said}")
        (kind,) = kinds
        inside = model[kind]
        self.updatable |= bool(model.get("isUpdatable"))
        if kind in PIPELINES:
            self._pipeline(inside if kind == "pipeline" else inside.get("pipeline", {}), path, deep)
        elif kind in NETWORKS:
            self._network(inside, path, bool(model.get("isUpdatable")))
        elif kind == "mlProgram":
            self._program(inside, path)
        elif kind in LINEAR:
            self._linear(inside, path)
        else:
            (self.left if kind in UNCOUNTED else self.steps).append(kind)
            return
        if kind not in PIPELINES:
            self.kinds.append(kind)

    def _pipeline(self, pipeline: Mapping[str, Any], path: str, deep: int) -> None:
        if deep > DEEPEST:
            raise self._wire.bad(MODEL, 0, f"pipelines inside pipelines, more than {DEEPEST} deep")
        names = pipeline.get("names", ())
        for k, model in enumerate(pipeline.get("models", ())):
            own = names[k] if k < len(names) and names[k] else f"models.{k}"
            self.read(model, f"{path}{own}.", deep + 1)

    def _add(self, tensor: Tensor, path: str, layer: str, kind: str | None) -> None:
        tensor.name = unique(f"{path}{tensor.name}", self._taken)
        self.held.append(Held(tensor, f"{path}{layer}" if layer else path.removesuffix("."), kind))

    def _network(self, network: Mapping[str, Any], path: str, updatable: bool) -> None:
        found = Networks(self._wire, updatable)
        for held in found.read(network):
            self._add(held.tensor, path, held.layer, held.kind)
        for name, count in found.custom.items():
            self.custom[name] = self.custom.get(name, 0) + count

    def _linear(self, model: Mapping[str, Any], path: str) -> None:
        for k, row in enumerate(model.get("weights", ())):
            count = _count(row.get("value"))
            self._add(Tensor(f"weights.{k}", (count,), "float64"), path, "", "Dense")
        if count := _count(model.get("offset")):
            self._add(Tensor("offset", (count,), "float64", "bias"), path, "", "Dense")

    # -- programs -----------------------------------------------------------------------------------------------------

    def _program(self, program: Mapping[str, Any], path: str) -> None:
        graph = Graph(self._wire)
        functions = sorted(
            program.get("functions", ()), key=lambda entry: (entry.get("key") != MAIN, entry.get("key", ""))
        )
        for entry in functions:
            function = entry.get("value", {})
            name, inputs = entry.get("key", ""), [given for given, _ in function.get("inputs", ())]
            blocks = {b.get("key", ""): b.get("value", ()) for b in function.get("blocks", ())}
            chosen = blocks.get(function.get("opset", ""), next(iter(blocks.values()), ()))
            for block in chosen[:1]:
                graph.function(name, inputs, block)
            self.functions.append(name)
        graph.flow.settle()
        self._stored(graph, path, many=len(functions) > 1)
        for op, count in graph.unknown.items():
            self.unknown[op] = self.unknown.get(op, 0) + count

    def _stored(self, graph: Graph, path: str, many: bool) -> None:
        judge = Judge(
            graph.flow, lambda const: leaf_of(const.name), lambda const: _made_up(graph, const), OPERATORS.knows
        )
        items = []
        for stored in graph.stored:
            verdict = judge.judge(stored)
            if stored.shape or verdict.role in PARAMETER_ROLES:  # one number is a setting, as coremltools lists them
                items.append(Item(self._tensor(graph, stored, verdict, many), stored, verdict))
        for item, (layer, kind) in zip(
            items, places(items, graph.flow, OPERATORS, layer_of_array, layer_of_node, made_up), strict=True
        ):
            self._add(item.tensor, path, layer, kind)
        tie(items, SHARES)
        self.tied += [item.tensor for item in items if item.tensor.tied_to is not None]
        self.blobs += [stored for stored in graph.stored if stored.source.file]

    def _tensor(self, graph: Graph, stored: Stored, verdict: Verdict, many: bool) -> Tensor:
        name = f"{stored.function}.{stored.name}" if many else stored.name
        made = Tensor(name, stored.shape, stored.dtype, verdict.role, note=verdict.note, size=stored.size)
        unpacked = None if verdict.mark is None else verdict.mark.made
        if unpacked is None or unpacked.shape is None or verdict.role == "bookkeeping":
            return made
        held = held_bytes(stored.size, stored.dtype) if stored.dtype is not None else 0
        made.shape, made.size = unpacked.shape, prod(unpacked.shape)
        made.dtype = stored.packed or stored.dtype
        made.name = f"{stored.function}.{unpacked.name}" if many else unpacked.name
        if made.size != stored.size or made.dtype != stored.dtype:
            made.stored = stored.size, held
        if unpacked.op == SPARSE and verdict.role in PARAMETER_ROLES:
            self.sparse.append((made, graph.size(unpacked.inputs[0])))
        return made


def _made_up(graph: Graph, const: Any) -> bool:
    """Whether the name of an array says nothing: it was made of its operator's, or of a number."""
    user = graph.flow.users.get(const.value)
    return made_up(const.name) or (user is not None and const.name.startswith(f"{user[0].name}_{user[1]}"))


def _count(run: Any) -> int:
    """How many numbers of eight bytes are in a run."""
    return 0 if run is None else int(run.loose + run.packed // 8)
