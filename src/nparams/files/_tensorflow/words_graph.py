"""What is said of a graph: the print-back, notes and flags."""

from __future__ import annotations

from nparams.errors import shown
from nparams.files._tensorflow.slots import COMPILED
from nparams.files._tensorflow.stored import REPEATED
from nparams.files._tensorflow.unfrozen import VARIABLE
from nparams.files._tensorflow.words import many
from nparams.network import PARAMETER_ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nparams.files._onnx.inventory import Item
    from nparams.files._tensorflow.graph import Graph


def told(graph: Graph, items: Sequence[Item]) -> str:
    """The print-back: how many nodes, constants and functions."""
    count = sum(len(scope.nodes) for scope in graph.scopes())
    variables = sum(item.stored.how == VARIABLE for item in items)
    parts = ["TensorFlow graph", many(count, "node"), many(len(items) - variables, "constant")]
    return ", ".join([
        *parts, *([many(variables, "variable")] if variables else []),
        *([many(len(graph.called), "function")] if graph.called else []),
    ])  # fmt: skip


def notes_of(graph: Graph, items: Sequence[Item]) -> list[str]:
    """Everything that a user must see."""
    return [*_variables(items), *of_constants(graph, items), *_unused(graph)]


def of_constants(graph: Graph, items: Sequence[Item]) -> list[str]:
    """What is to be said of constants, and of what holds more of them inside."""
    return [*_repeated(items), *compiled(graph), *_unknown(items)]


def _variables(items: Sequence[Item]) -> Iterator[str]:
    found = [item for item in items if item.stored.how == VARIABLE]
    if found:
        yield (
            f"not frozen: {many(len(found), 'variable')} counted by the shapes that the graph says; their numbers lie "
            "in a checkpoint"
        )


def _repeated(items: Sequence[Item]) -> Iterator[str]:
    found = [i for i in items if i.stored.how == REPEATED and i.tensor.role in PARAMETER_ROLES and i.stored.size > 1]
    if found:
        yield (
            f"{many(len(found), 'weight')} of one number repeated, {shown(found[0].tensor.name)} the first: stored "
            "once, counted by the shape"
        )


def compiled(graph: Graph) -> Iterator[str]:
    """Operators that hold a compiled program, whose weights are not stored openly."""
    found = sorted({node.op for scope in graph.scopes() for node in scope.nodes.values() if node.op in COMPILED})
    for op in found:
        yield (
            f"{op}: a part compiled by {COMPILED[op]}; constants inside it are not stored openly and not counted. "
            "Count the model that it was compiled from"
        )


def _unknown(items: Sequence[Item]) -> Iterator[str]:
    """Constants that count by their name and shape alone."""
    found = [i for i in items if i.mark is None and i.tensor.role in PARAMETER_ROLES and i.stored.how != VARIABLE]
    if found:
        size = sum(item.stored.size for item in found)
        yield (
            f"{many(len(found), 'constant')} of {many(size, 'number')} in no slot that is known, "
            f"{shown(found[0].tensor.name)} the first: by name and shape"
        )


def _unused(graph: Graph) -> Iterator[str]:
    if graph.unused:
        plural = "s that nothing in the graph calls are" if graph.unused > 1 else " that nothing in the graph calls is"
        yield f"{graph.unused:,} function{plural} left out"


def flags_of(graph: Graph) -> list[dict[str, str]]:
    """What is odd and can be counted: operators that run code of their own."""
    found = sorted({node.op for scope in graph.scopes() for node in scope.nodes.values() if node.op in RUNS_CODE})
    return [{"kind": "code", "text": f"{op}: {RUNS_CODE[op]}"} for op in found]


#: operators that read, write or run something of the machine that runs the graph
#: (https://github.com/tensorflow/tensorflow/blob/master/SECURITY.md: "models are programs")
RUNS_CODE = {
    "PyFunc": "calls a function of Python", "PyFuncStateless": "calls a function of Python",
    "EagerPyFunc": "calls a function of Python", "ReadFile": "reads a file", "WriteFile": "writes a file",
    "MatchingFiles": "lists files",
}  # fmt: skip
