"""The tree of layers: by the names of arrays, or of the nodes that use them."""

from __future__ import annotations

from nparams.files._onnx.names import common
from nparams.network.grouping import module_at
from nparams.network.tree import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nparams.files._slots.flow import Flow
    from nparams.files._slots.judge import Verdict
    from nparams.files._slots.records import Const, Node
    from nparams.files._slots.table import Operators
    from nparams.network.tree import Tensor

    #: the layer that a name says, of an array or of a node; None where it says none
    Label = Callable[[str], str | None]


class Item:
    """A tensor, the array that it is made of, and what decided its role."""

    __slots__ = ("const", "tensor", "verdict")

    def __init__(self, tensor: Tensor, const: Const, verdict: Verdict) -> None:
        self.tensor = tensor
        self.const = const
        self.verdict = verdict

    @property
    def node(self) -> Node | None:
        """The node whose slot it stands in."""
        return None if self.verdict.mark is None else self.verdict.mark.node


def tree(
    items: Sequence[Item], flow: Flow, table: Operators, by_array: Label, by_node: Label, made_up: Callable[[str], bool]
) -> Module:
    """The tree in which each tensor stands in its layer; a layer is of the kind that its first weight says."""
    root = Module("", tensors=[], children=[])
    made = {"": root}
    for item, (at, kind) in zip(items, places(items, flow, table, by_array, by_node, made_up), strict=True):
        module = module_at(at, made)
        module.tensors.append(item.tensor)  # type: ignore[attr-defined]
        module.kind = module.kind or kind
    return root


def places(
    items: Sequence[Item], flow: Flow, table: Operators, by_array: Label, by_node: Label, made_up: Callable[[str], bool]
) -> list[tuple[str, str | None]]:
    """The layer that each stands in, and the kind of layer that it says."""
    groups: dict[int, list[Item]] = {}
    for item in items:
        if item.node is not None and not _is_aside(item):
            groups.setdefault(id(item.node), []).append(item)
    named = {node: _label(group, by_array, by_node, made_up) for node, group in groups.items()}
    for key, group in groups.items():
        node = group[0].node
        if node is not None and named[key] == node.name and node.op in table.adding:
            named[key] = named.get(id(flow.before(node)), named[key])  # the bias of the layer before, without a name
    found = []
    for item in items:
        own = by_array(item.const.name)
        if _is_aside(item):
            at = ""
        elif item.node is None or (own is not None and not _is_part(item)):
            at = item.tensor.name if own is None else own
        else:
            at = named[id(item.node)]
        found.append((at, _kind(item, table)))
    return found


def _label(group: Sequence[Item], by_array: Label, by_node: Label, made_up: Callable[[str], bool]) -> str:
    """The layer of one node's arrays: what the name of its weight says, or its own name, or what their names share."""
    parts = sorted((item for item in group if _is_part(item)), key=lambda item: item.tensor.role != "weight")
    if said := next((label for item in parts if (label := by_array(item.const.name))), None):
        return said
    node = group[0].node
    if node is not None and (said := node.scope or by_node(node.name)):
        return said
    own = [item.tensor.name for item in group if not made_up(item.const.name)]
    return common(own) if own or node is None else node.name


def _is_part(item: Item) -> bool:
    """Whether it stands in a slot of a layer, and not beside another operand."""
    return item.verdict.mark is not None and item.verdict.mark.letter in "wbms"


def _is_aside(item: Item) -> bool:
    """Whether it belongs to no layer: what says how, not what."""
    mark = item.verdict.mark
    return item.tensor.role == "buffer" and (mark is None or mark.letter in "aox")


def _kind(item: Item, table: Operators) -> str | None:
    mark = item.verdict.mark
    if mark is None or item.tensor.role != "weight" or mark.letter != "w":
        return None
    kind = table.kinds.get(mark.node.op)
    return None if kind == "Embedding" and len(item.tensor.shape or ()) != 2 else kind
