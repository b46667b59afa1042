"""Variables of a graph, by the shapes that it says: their numbers lie in a checkpoint."""

from __future__ import annotations

from nparams.dtypes import TENSORFLOW
from nparams.files._onnx.inventory import Item
from nparams.files._onnx.model import Stored
from nparams.files._tensorflow.bundle import Entry
from nparams.files._tensorflow.graph import VARIABLES
from nparams.files._tensorflow.shapes import ELEMENTS_LIMIT, NO_NUMBERS
from nparams.files._tensorflow.variables import tensors_of, variables_of
from nparams.network import Tensor
from nparams.roles import role_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._onnx.model import Node
    from nparams.files._tensorflow.graph import Graph

#: how such a tensor is stored: not here
VARIABLE = "variable"


def variable_entries(graph: Graph) -> tuple[list[Entry], list[Node]]:
    """(the variables of the main graph, those of them whose shapes or number types are not known)."""
    found, unknown = [], []
    for node in graph.main.nodes.values():
        kind = node.numbers.get("dtype", 0)
        if node.op not in VARIABLES or kind in NO_NUMBERS:
            continue
        entry = Entry(node.name, kind if isinstance(kind, int) else 0, tuple(map(int, node.outputs)))
        if node.numbers.get("known") and kind in TENSORFLOW and entry.size < ELEMENTS_LIMIT:
            found.append(entry)
        else:
            unknown.append(node)
    return found, unknown


def variable_items(graph: Graph) -> list[Item]:
    """One item for each variable of the main graph; those of no known shape have none."""
    entries, unknown = variable_entries(graph)
    held = variables_of(entries, None)
    items = [_item(tensor, ELSEWHERE) for tensor in tensors_of(held)]
    for node in unknown:
        dtype = TENSORFLOW.get(node.numbers.get("dtype", 0))  # type: ignore[arg-type]
        role, note = role_of(node.name, (1,), dtype)
        items.append(_item(Tensor(node.name, None, dtype, role, note=note), "a variable whose shape is not said"))
    return items


ELSEWHERE = "a variable: its numbers are in a checkpoint"


def _item(tensor: Tensor, what: str) -> Item:
    size = tensor.size if isinstance(tensor.size, int) else 0
    stored = Stored(tensor.name, (), tensor.dtype, size)
    stored.how = VARIABLE
    tensor.stored = 0, 0
    tensor.note = "; ".join(said for said in (tensor.note, what) if said)
    return Item(tensor, stored, None, None)
