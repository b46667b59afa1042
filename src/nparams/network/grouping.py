"""A flat list of named tensors as a tree: `model.layers.0.mlp.up.weight` stands in `model.layers.0.mlp.up`."""

from __future__ import annotations

from nparams.network.tree import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nparams.expr import Size
    from nparams.network.tree import Tensor

#: deeper names keep their first part whole, so that a hostile name costs no more than its length
MAX_DEPTH = 32


def group(tensors: Sequence[Tensor], routes: Mapping[str, tuple[Size | None, Size]] | None = None) -> Module:
    """The tree in which each tensor stands in the module that its name's dots (or slashes) say."""
    root = Module("", tensors=[], children=[])
    made: dict[str, Module] = {"": root}
    for tensor in tensors:
        parent, _, _ = tensor.name.rpartition(separator(tensor.name))
        module = module_at(parent, made)
        module.tensors.append(tensor)  # type: ignore[attr-defined]
    return root


def separator(name: str) -> str:
    """What divides the parts of a name: a dot, or a slash where there is no dot."""
    return "." if "." in name or "/" not in name else "/"


def module_at(name: str, made: dict[str, Module], mark: str | None = None) -> Module:
    """The module of that name, made with every ancestor that is still missing.

    `made` holds the modules so far by name, the root as "" among them; `mark` divides the parts of names (None: see
    separator).
    """
    mark = separator(name) if mark is None else mark
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
