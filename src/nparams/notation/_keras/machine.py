"""The machine for Keras code: what it knows of names, shapes and lists beside the plain one."""

from __future__ import annotations

import ast

from nparams.layers._keras.shape import is_size
from nparams.notation._code.loops import changed
from nparams.notation._code.machine import Machine
from nparams.notation._code.values import External, Unknown
from nparams.notation._keras.names import MODULES, SHAPE_NAMES, USUAL
from nparams.notation._keras.tensor import Sides

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from nparams.notation._keras.library import KerasLibrary

    Args = list[Any]
    Kwargs = dict[str, Any]


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
            word = changed(inner)
            if word is not None and isinstance(self.module.names.get(word), (list, dict, set)):
                self.module.names[word] = self.unknown(word, word)

    def _unbound(self, name: str) -> Any:
        library: Any = self.library
        library.asked_for_value = True
        try:
            return super()._unbound(name)
        finally:
            library.asked_for_value = False
