"""The constants of a graph as tensors with roles, each under a name of its own and in a layer."""

from __future__ import annotations

from nparams.dtypes import bytes_of
from nparams.files._onnx.inventory import Item
from nparams.files._onnx.judge import Verdict, judge
from nparams.files._onnx.names import is_made_up
from nparams.files._tensorflow.graph import constants
from nparams.files._tensorflow.reach import STATISTIC, Reach
from nparams.files._tensorflow.slots import KINDS
from nparams.files._tensorflow.stored import REPEATED
from nparams.network import PARAMETER_ROLES, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from nparams.files._onnx.model import Node, Stored
    from nparams.files._onnx.reach import Mark
    from nparams.files._tensorflow.graph import Graph, Scope


def kind_of(node: Node) -> str | None:
    """The textbook kind of the layer that an operator of TensorFlow is."""
    return KINDS.get(node.op)


def items_of(graph: Graph) -> list[Item]:
    """One item for each constant, graph by graph."""
    reach = Reach(graph)
    taken: set[str] = set()
    items, place = [], 0
    for scope in graph.scopes():
        places = {id(node): place + k for k, node in enumerate(scope.nodes.values(), 1)}
        place += len(places)
        for node, stored in constants(scope):
            item = _item(scope, node, stored, reach.marks.get(id(node), {}), taken)
            item.place = places.get(id(item.node), 0)
            items.append(item)
    return items


def _item(scope: Scope, node: Node, stored: Stored, marks: Mapping[str, Mark], taken: set[str]) -> Item:
    verdict = _verdict(stored, marks)
    name = _name(scope, node.name)
    while name in taken:
        name = f"{name}#"
    taken.add(name)
    held = None if stored.bytes is None else (stored.size, stored.bytes)
    if held is None and stored.dtype is not None and (bytes_of(stored.size, stored.dtype) or 0) < stored.size:
        held = stored.size, stored.size  # numbers of less than a byte take a whole one
    note = "; ".join(said for said in (verdict.note, stored.note, REPEATS if stored.how == REPEATED else None) if said)
    tensor = Tensor(name, stored.dims, stored.dtype, verdict.role, None, None, held, note or None, stored.size)
    return Item(tensor, stored, verdict.mark, None if verdict.mark is None else verdict.mark.node)


def _is_single(stored: Stored) -> bool:
    """Whether it is one number that an operator calls its own; a layer of one channel has shape (1,)."""
    return stored.size == 1 and len(stored.dims) != 1 and not is_variable(stored.name)


#: names of a single trained number
SINGLE = frozenset(("W", "w", "b", "B", "weight", "weights", "bias", "biases", "kernel", "gamma", "beta", "alpha",
                    "scale", "logit_scale", "temperature", "slope", "intercept"))  # fmt: skip
#: what a converter calls a variable that it froze
READ = ("ReadVariableOp", "Variable")


def is_variable(name: str) -> bool:
    """Whether a name is that of something trained: operators call their own constants add/y or random_uniform/min.

    >>> is_variable("W"), is_variable("scale/ReadVariableOp"), is_variable("dropout/random_uniform/min")
    (True, True, False)
    """
    leaf = name.removesuffix("/resource")
    leaf = leaf[leaf.rfind("/") + 1 :]
    return leaf.startswith(READ) or leaf in SINGLE


REPEATS = "stored as one number, repeated"


def _name(scope: Scope, name: str) -> str:
    """The name of a constant; in a function, with that before it where it is made up."""
    name = name.removesuffix("/resource")
    return f"{scope.name}/{name}" if scope.name and is_made_up(name) else name


def _verdict(stored: Stored, marks: Mapping[str, Mark]) -> Verdict:
    """What a constant is, by its uses; by its name where it reaches nothing that is known."""
    if stored.text:
        return Verdict("buffer", None)
    statistic = marks.get(STATISTIC)
    if statistic is not None and marks.keys().isdisjoint("wbxo"):
        return Verdict("buffer", f"a statistic by the arithmetic before {statistic.node.op}", statistic)
    verdict = judge(stored, {letter: mark for letter, mark in marks.items() if letter != STATISTIC})
    operand = verdict.mark is None or verdict.mark.letter in "xo"
    if operand and verdict.role in PARAMETER_ROLES and _is_single(stored):
        used = "" if verdict.mark is None else f" in {verdict.mark.node.op}"
        return Verdict("buffer", f"one number{used}: a constant of the graph", verdict.mark)
    if verdict.mark is None and verdict.role in PARAMETER_ROLES and not marks and stored.how == REPEATED:
        return Verdict("buffer", "one number repeated, in no slot that is known")
    return verdict
