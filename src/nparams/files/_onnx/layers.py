"""The tree of layers in an ONNX model: by the names of arrays, or of the nodes that use them."""

from __future__ import annotations

from nparams.files._onnx.names import common
from nparams.network import Module
from nparams.network.grouping import MAX_DEPTH, separator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.files._onnx.inventory import Item


#: a name that more layers than this share is no layer's ("gpu_0/conv1_w_0")
SHARED = 12


def tree(items: Sequence[Item]) -> Module:
    """The tree in which each tensor stands in its layer; a layer is of the kind that its first weight says."""
    root = Module("", tensors=[], children=[])
    made = {"": root}
    _name_by_nodes(items)
    for item in items:
        layer = item.layer or ""
        module = made.get(layer) or _make(layer, made)
        module.tensors.append(item.tensor)  # type: ignore[attr-defined]
        module.kind = module.kind or item.kind
    return root


def _name_by_nodes(items: Sequence[Item]) -> None:
    """Where names say no layer, or the same for many, the arrays of one node are one."""
    users: dict[str | None, set[int]] = {}
    for item in items:
        if item.kind is not None and item.mark is not None:
            users.setdefault(item.layer, set()).add(id(item.mark.node))
    shared = {layer for layer, nodes in users.items() if len(nodes) > SHARED}
    groups: dict[int, list[Item]] = {}
    for item in items:
        if item.mark is not None and item.layer != "" and (item.layer is None or item.layer in shared):
            groups.setdefault(id(item.mark.node), []).append(item)
    for group in groups.values():
        label = common([item.tensor.name for item in group])
        for item in group:
            item.layer = label
    for item in items:
        if item.layer is None:
            item.layer = item.tensor.name


def _make(name: str, made: dict[str, Module]) -> Module:
    """The layer of that name and every ancestor that is still missing."""
    mark = separator(name)
    missing: list[str] = []
    while name not in made:
        missing.append(name)
        name = name.rpartition(mark)[0] if len(missing) < MAX_DEPTH else ""
    parent = made[name]
    for path in reversed(missing):
        child = Module(path, tensors=[], children=[])
        parent.children.append(child)  # type: ignore[attr-defined]
        made[path] = parent = child
    return parent
