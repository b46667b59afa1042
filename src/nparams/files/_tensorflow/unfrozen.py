"""Variables of a graph that is not frozen: it says their shapes, and their numbers lie in a checkpoint."""

from __future__ import annotations

from nparams.dtypes import TENSORFLOW
from nparams.files._onnx.inventory import Item
from nparams.files._onnx.model import Stored
from nparams.files._tensorflow.bundle import DIMENSION_LIMIT, DIMENSIONS, Entry
from nparams.files._tensorflow.graph import VARIABLES
from nparams.files._tensorflow.variables import tensors_of, variables_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._tensorflow.graph import Graph

#: how such a tensor is stored: not here
VARIABLE = "variable"


def variable_entries(graph: Graph) -> list[Entry]:
    """The variables of the main graph whose shapes are known."""
    found = []
    for node in graph.main.nodes.values():
        kind, known = node.numbers.get("dtype", 0), node.numbers.get("known", 0)
        if node.op not in VARIABLES or not known or not isinstance(kind, int) or kind not in TENSORFLOW:
            continue
        shape = tuple(map(int, node.outputs))
        if len(shape) <= DIMENSIONS and all(n < DIMENSION_LIMIT for n in shape):
            found.append(Entry(node.name, kind, shape))
    return found


def variable_items(graph: Graph) -> list[Item]:
    """One item for each variable of the main graph."""
    held = variables_of(variable_entries(graph), None)
    items = []
    for each, tensor in zip(held, tensors_of(held), strict=True):
        stored = Stored(tensor.name, each.entry.shape, each.entry.dtype, each.entry.size)
        stored.how = VARIABLE
        tensor.stored = 0, 0
        tensor.note = "; ".join(said for said in (tensor.note, "a variable: its numbers are in a checkpoint") if said)
        items.append(Item(tensor, stored, None, None))
    return items
