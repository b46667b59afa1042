"""What was understood of Keras code, in one line: Sequential: Conv2D(32, 3x3) -> Flatten -> Dense(10)."""

from __future__ import annotations

from nparams.expr import Expr
from nparams.layers._keras.klass import REQUIRED
from nparams.layers._keras.layer import KerasLayer
from nparams.layers._keras.shape import ANY, is_size
from nparams.network import PARAMETER_ROLES
from nparams.notation._keras.custom import Custom
from nparams.notation._keras.models import Graph, Joined, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.network import Module

LONGEST = 200
#: arguments of layers that tell most of them, beside those that must be said
TELLING = ("pool_size", "size", "cropping", "groups")


def told(callee: Any, module: Module) -> tuple[str, str]:
    """The network in one line, and in words."""
    if isinstance(callee, KerasLayer):
        return _cut(word(callee)), f"Keras, one layer ({callee.klass.name})"
    parts = callee.parts()
    title = callee.cls.name if isinstance(callee, Custom) else "Model" if isinstance(callee, Graph) else callee.kind
    if callee.name == "layers":
        title = "layers"
    words = [*_start(callee), *_counted([word(part) for part in parts[:60]])]
    line = f"{title}: {(' -> ' if isinstance(callee, Sequence) else ', ').join(words)}"
    return _cut(line), f"Keras, {_amount(module)}"


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _amount(module: Module) -> str:
    count = held = 0
    stack = [module]
    while stack:
        inner = stack.pop()
        if not inner.children and inner.kind is not None:
            count += 1
        held += any(t.role in PARAMETER_ROLES for t in inner.tensors)
        stack += inner.children
    return f"{count:,} layers, {held:,} with parameters" if count != 1 else "1 layer"


def _start(callee: Any) -> list[str]:
    if isinstance(callee, Graph):
        shapes = [array.shape for array in callee.inputs]
    elif isinstance(callee, Sequence) and callee.start is not None:
        shapes = [callee.start]
    else:
        return []
    return [f"Input{_sides(shape[1:])}" for shape in shapes if shape != ANY and len(shape) > 1]


def _sides(shape: Any) -> str:
    return "(" + ", ".join("None" if n is None else str(n).replace(" ", "") for n in shape if n is not ...) + ")"


def word(part: Any) -> str:
    """A layer as short as it can be told.

    >>> from nparams.layers.layer import Setting
    >>> from nparams.layers._keras.layers import Shop
    >>> word(Shop(Setting("keras")).layer("Conv2D", [32, (3, 3)], {}))
    'Conv2D(32, 3x3)'
    """
    if isinstance(part, Custom):
        return part.cls.name
    if isinstance(part, Joined):
        return f"Merge({', '.join(word(model) for model in part.models[:4])})"
    if not isinstance(part, KerasLayer):
        inner = part.parts() if hasattr(part, "parts") else []
        return f"{part.kind if hasattr(part, 'kind') else part.name}({', '.join(word(each) for each in inner[:4])}" + (
            ", ...)" if len(inner) > 4 else ")"
        )
    said = [_value(name, held, part) for name, held in _telling(part)]
    return f"{part.klass.name}({', '.join(said)})" if said else part.klass.name


def _telling(layer: KerasLayer) -> list[tuple[str, Any]]:
    params = layer.klass.params
    return [
        (name, layer.args.get(name, params.get(name)))
        for name in params
        if (params[name] is REQUIRED and name in layer.args and name not in ("rate", "stddev", "function", "scale"))
        or (name in TELLING and layer.args.get(name, params[name]) not in (1, None))
    ]


def _value(name: str, held: Any, layer: KerasLayer) -> str:
    if isinstance(held, (tuple, list)) and held and all(is_size(n) for n in held):
        return "x".join(str(n) for n in held)
    rank = layer.klass.preset.get("rank")
    if is_size(held) and name in ("kernel_size", "pool_size", "size") and isinstance(rank, int):
        return "x".join([str(held)] * rank)
    if isinstance(held, (KerasLayer, Sequence, Graph, Custom)):
        return word(held)
    if isinstance(held, (int, str, Expr)) or held is None:
        return str(held)[:40]
    if isinstance(held, (tuple, list)):
        return ", ".join(_value(name, each, layer) for each in held[:4])
    return str(getattr(held, "name", None) or getattr(held, "text", "?"))[:40]


def _counted(parts: list[str]) -> list[str]:
    """Equal neighbours once: 3 x Dense(16)."""
    found: list[list[Any]] = []
    for part in parts:
        if found and found[-1][0] == part:
            found[-1][1] += 1
        else:
            found.append([part, 1])
    return [part if times == 1 else f"{times} x {part}" for part, times in found]
