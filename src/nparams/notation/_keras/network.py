"""Callees to modules: a model's layers in order, each once, under Keras's names."""

from __future__ import annotations

from nparams.errors import NotationError
from nparams.layers._keras.layer import KerasLayer, renamed
from nparams.layers._keras.shape import ANY, told
from nparams.network import PARAMETER_ROLES, Module, Tensor
from nparams.notation._keras.custom import Custom
from nparams.notation._keras.models import Graph, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.layers._keras.shape import Shape

#: modules that one network may have
MAX_MODULES = 100_000


class Builder:
    """Makes modules; a layer that is met again is tied to its first name."""

    def __init__(self) -> None:
        #: callee -> the name under which its arrays are counted
        self.first: dict[int, str] = {}
        self.ties: list[tuple[str, str]] = []
        #: layers that nobody called
        self.idle: list[str] = []
        self.count = 0

    def root(self, callee: Any) -> Module:
        """The whole network: the layers of a model, or one layer."""
        if isinstance(callee, KerasLayer):
            made = self.layer(callee, callee.name)
            return Module(children=[] if made is None else [made])
        module = self.inner(callee, "")
        module.name = ""
        return module

    def inner(self, callee: Any, name: str) -> Module:
        """A model, its parts under its name."""
        self.first.setdefault(id(callee), name)
        prefix = f"{name}." if name else ""
        children: list[Module] = []
        taken: dict[str, int] = {}
        for word, part in _named(callee):
            again = taken[word] = taken.get(word, -1) + 1
            leaf = f"{prefix}{word}{f'_{again}' if again else ''}"
            made = self.part(part, leaf)
            if made is not None:
                children.append(made)
        own = _own(callee, prefix)
        module = Module(name, callee.kind if name else None, tensors=own, children=children, out=_ends(callee))
        if name or own:
            module.takes = _starts(callee)
        if own:
            module.kind = callee.kind
        return module

    def part(self, callee: Any, name: str) -> Module | None:
        """A layer or a model inside another one."""
        self.count += 1
        if self.count > MAX_MODULES:
            raise NotationError(f"the network has more than {MAX_MODULES:,} layers")
        owner = self.first.get(id(callee))
        if owner is not None:
            return self._tied(callee, name, owner)
        if isinstance(callee, KerasLayer):
            return self.layer(callee, name)
        return self.inner(callee, name)

    def layer(self, layer: KerasLayer, name: str) -> Module | None:
        """One layer."""
        self.first[id(layer)] = name
        if layer.module is None:
            self.idle.append(name)
            return None
        made = renamed(layer.module, name)
        if not layer.trainable:
            _freeze(made)
        else:
            _freeze_inner(layer, made)
        return made

    def _tied(self, callee: Any, name: str, owner: str) -> Module | None:
        """The same callee in a second place: shown, and counted where it stood first."""
        saved, self.first = self.first, {}
        made = self.layer(callee, name) if isinstance(callee, KerasLayer) else self.inner(callee, name)
        self.first = saved
        if made is not None:
            self.ties.append((name, owner))
            _tie(made, name, owner)
        return made


def _tie(module: Module, name: str, owner: str) -> None:
    for t in module.tensors:
        t.tied_to = owner + t.name[len(name) :]
    if module.tensors:
        module.formula = 0
        module.why = ((0, "", f"It is {owner} itself (shared): it adds nothing."),)
    for child in module.children:
        _tie(child, name, owner)


def _freeze(module: Module) -> None:
    for t in module.tensors:
        if t.role in PARAMETER_ROLES:
            t.trainable = False
    for child in module.children:
        _freeze(child)


def _freeze_inner(layer: KerasLayer, made: Module) -> None:
    """A frozen layer inside a wrapper."""
    inner = layer.args.get("layer")
    if getattr(inner, "trainable", True) is False:
        _freeze(made)


def _own(callee: Any, prefix: str) -> list[Tensor]:
    """The variables that a class of the text makes by itself."""
    if not isinstance(callee, Custom):
        return []
    tensors, taken = [], dict[str, int]()
    for variable in callee.variables:
        again = taken[variable.name] = taken.get(variable.name, -1) + 1
        shape = tuple(n for n in variable.array.shape if n is not None and n is not ...)
        whole = len(shape) == len(variable.array.shape)
        role = ("bias" if _is_bias(variable.name) else "weight") if variable.trainable else "buffer"
        tensors.append(
            Tensor(
                f"{prefix}{variable.name}{f'_{again}' if again else ''}", shape if whole else None, role=role,
                trainable=variable.trainable and callee.trainable,
            )
        )  # fmt: skip
    return tensors


def _is_bias(name: str) -> bool:
    word = name.lower().rpartition("_")[2]
    return word in ("b", "bias", "biases", "beta", "offset") or name.lower().startswith(("bias", "beta"))


def _named(callee: Any) -> list[tuple[str, Any]]:
    """Parts under their names in Keras; those of a layer of the text under its attributes."""
    if isinstance(callee, Custom) and callee.base == "Layer":
        return callee.named_parts()
    return [(part.name, part) for part in callee.parts()]


def _starts(callee: Any) -> tuple[Any, ...] | None:
    if isinstance(callee, Graph):
        return told(callee.inputs[0].shape) if callee.inputs else None
    shape = callee.start if isinstance(callee, Sequence) else getattr(callee, "came", None)
    return told(shape or ANY)


def _ends(callee: Any) -> tuple[Any, ...] | None:
    sent: Any = callee.sent if isinstance(callee, Custom) else callee.out() if hasattr(callee, "out") else None
    shape: Shape | None = sent[0] if isinstance(sent, list) and sent else sent if isinstance(sent, tuple) else None
    return None if shape is None else told(shape)
