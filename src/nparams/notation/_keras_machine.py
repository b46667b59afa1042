"""The machine for Keras code: what it knows of names, shapes and lists beside the plain one."""

from __future__ import annotations

import ast
from re import sub

from nparams.expr import indexed
from nparams.notation._code_loops import CHANGING
from nparams.notation._code_machine import Machine
from nparams.notation._code_values import External, Unknown
from nparams.notation._keras_names import MODULES, SHAPE_NAMES, USUAL
from nparams.notation._keras_shape import is_size
from nparams.notation._keras_tensor import Sides

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from nparams.expr import Expr
    from nparams.notation._keras_library import KerasLibrary

    Args = list[Any]
    Kwargs = dict[str, Any]


def _changed(node: ast.AST) -> str | None:
    """The name that a piece of code puts something into: xs.append(1), d[k] = v."""
    held: ast.expr | None = None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGING:
        held = node.func.value
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
        held = node.value
    while isinstance(held, (ast.Attribute, ast.Subscript)):
        held = held.value
    return held.id if isinstance(held, ast.Name) else None


class KerasMachine(Machine):
    """A machine for which a loop over layers, `for layer in self.blocks: x = layer(x)`, is never idle.

    Whether a body can be passed over is asked before the loop's variable has a value; what it calls may be a layer.
    """

    def __init__(self, library: KerasLibrary, given: dict[str, Any]) -> None:
        super().__init__(library, given)
        library.asked_for_value = False

    def bind(self, name: str, value: Any) -> None:
        """A name that code keeps for a module of Keras, and that has no value, is that module."""
        if name in MODULES and (value is None or isinstance(value, Unknown)) and name not in self.given:
            value = External(USUAL[name])
        super().bind(name, value)

    def attribute(self, owner: Any, name: str) -> Any:
        """Shapes are tuples that also have as_list() and rank; a side has a value."""
        if isinstance(owner, tuple) and name in SHAPE_NAMES:
            return Sides(owner).get(self, name)
        if name == "value" and (owner is None or is_size(owner)):
            return owner
        return super().attribute(owner, name)

    def lookup(self, name: str) -> Any:
        """A list that a statement which could not be followed may have changed is not known."""
        library: Any = self.library
        while library.failed:
            self._forget(library.failed.pop())
        return super().lookup(name)

    def _forget(self, node: ast.stmt) -> None:
        for inner in ast.walk(node):
            self.step()
            word = _changed(inner)
            if word is not None and isinstance(self.module.names.get(word), (list, dict, set)):
                self.module.names[word] = self.unknown(word, word)

    def symbol_of(self, value: Unknown) -> int | Expr:
        """len(chars) is one symbol as long as chars is the same."""
        inner = value.text[4:-1] if value.name is None and value.text.startswith("len(") else ""
        held = self.lookup(inner) if inner.isidentifier() else None
        if isinstance(held, Unknown):
            value = held.parts.setdefault(("len",), value)
        if value.entry is not None and "[" in value.text:
            return self._entry(value, value.entry[1])
        return super().symbol_of(value)

    def _entry(self, value: Unknown, index: int) -> int | Expr:
        """X.shape[1] is X_shape1, which y.shape[1] is not."""
        stem = sub(r"\W+", "_", value.text.rpartition("[")[0]).strip("_")
        if not stem or not stem[-1].isalpha() or index < 0 or len(stem) > 40:
            return super().symbol_of(value)
        if (word := f"{stem}{index}") in self.given and is_size(made := self.take(word)):
            return made  # type: ignore[no-any-return]
        self.symbols.setdefault(word, value)
        return indexed(stem, index)

    def _unbound(self, name: str) -> Any:
        library: Any = self.library
        library.asked_for_value = True
        try:
            return super()._unbound(name)
        finally:
            library.asked_for_value = False
