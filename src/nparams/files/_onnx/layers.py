"""The tree of layers in an ONNX model: by the names of arrays, or of the nodes that use them."""

from __future__ import annotations

from nparams.network import Module
from nparams.network.grouping import MAX_DEPTH, separator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.files._onnx.inventory import Item


def tree(items: Sequence[Item]) -> Module:
    """The tree in which each tensor stands in its layer; a layer is of the kind that its first weight says."""
    root = Module("", tensors=[], children=[])
    made = {"": root}
    for item in items:
        module = made.get(item.layer) or _make(item.layer, made)
        module.tensors.append(item.tensor)  # type: ignore[attr-defined]
        module.kind = module.kind or item.kind
    return root


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
