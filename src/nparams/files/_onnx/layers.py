"""The tree of layers in an ONNX model: by the names of arrays, or of the nodes that use them."""

from __future__ import annotations

from nparams.files._onnx.names import common, is_made_up, layer_of
from nparams.files._onnx.slots import KINDS, key_of
from nparams.network import Module, Network
from nparams.network.grouping import module_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from nparams.files._onnx.inventory import Item
    from nparams.files._onnx.model import Node


#: a name that more layers than this share is no layer's ("gpu_0/conv1_w_0")
SHARED = 12


class Layered(Network):
    """A network of flat tensors whose tree, made when a view asks, is that of the layers they stand in."""

    def __init__(self, items: Sequence[Item], kind_of: Callable[[Node], str | None] | None = None, **rest: Any) -> None:
        super().__init__(tensors=[item.tensor for item in items], **rest)
        self._items = items
        self._kind_of = kind_of or kind_of_node

    @property
    def root(self) -> Module:
        """The tree of layers."""
        if self._root is None:
            self._root = tree(self._items, self._kind_of)
        return self._root


def kind_of_node(node: Node) -> str | None:
    """The textbook kind of the layer that an operator of ONNX is."""
    return KINDS.get(key_of(node.op, node.domain))


def tree(items: Sequence[Item], kind_of: Callable[[Node], str | None] = kind_of_node) -> Module:
    """The tree in which each tensor stands in its layer; `kind_of` gives the kind of layer that a node is.

    A layer is of the kind that its first weight says, and stands where the first of its nodes runs.
    """
    root = Module("", tensors=[], children=[])
    made = {"": root}
    kinds = [_kind(item, kind_of) for item in items]
    found = zip(items, _layers(items, kinds), kinds, strict=True)
    for item, layer, kind in sorted(found, key=lambda one: one[0].place):
        module = module_at(layer, made)
        module.tensors.append(item.tensor)  # type: ignore[attr-defined]
        module.kind = module.kind or kind
    return root


def _kind(item: Item, kind_of: Callable[[Node], str | None]) -> str | None:
    """The textbook kind of the layer that a weight belongs to."""
    if item.node is None or item.tensor.role != "weight" or (item.mark is not None and item.mark.letter != "w"):
        return None
    return kind_of(item.node)


def _layers(items: Sequence[Item], kinds: Sequence[str | None]) -> list[str]:
    """The layer of each; where names say none, or the same for many, the arrays of one node are one."""
    named = [_named(item) for item in items]
    users: dict[str | None, set[int]] = {}
    for item, layer, kind in zip(items, named, kinds, strict=True):
        if kind is not None:
            users.setdefault(layer, set()).add(id(item.node))
    shared = {None, *(layer for layer, nodes in users.items() if len(nodes) > SHARED)} - {""}
    groups: dict[int, list[str]] = {}
    for item, layer in zip(items, named, strict=True):
        if item.node is not None and layer in shared:
            groups.setdefault(id(item.node), []).append(item.tensor.name)
    labels = {node: common(names) for node, names in groups.items()}
    return [
        (
            labels[id(item.node)]
            if item.node is not None and layer in shared
            else layer
            if layer is not None
            else item.tensor.name
        )
        for item, layer in zip(items, named, strict=True)
    ]


def _named(item: Item) -> str | None:
    """The layer that a name says: "" for what belongs to none, None where the name does not say."""
    mark, alone = item.mark, item.stored.size == 1 and is_made_up(item.tensor.name)
    argument = item.tensor.role == "buffer" and (mark is None or mark.letter == "a" or alone)
    return "" if argument or item.tensor.role == "other" else layer_of(item.tensor.name, item.node)
