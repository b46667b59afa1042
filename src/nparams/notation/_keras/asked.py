"""What layers and models of Keras answer to the code that holds them: layers, output, add, build."""

from __future__ import annotations

from nparams.errors import NotationError
from nparams.expr import add, mul
from nparams.layers._keras.layer import KerasLayer
from nparams.layers._keras.shape import ANY
from nparams.notation._code.values import MISSING, Native, Unknown
from nparams.notation._keras.custom import Custom, callee_of
from nparams.notation._keras.models import Graph, Sequence, ends_of, input_of
from nparams.notation._keras.tensor import (
    Array,
    Node,
    arrays_in,
    as_code,
    sent_arrays,
    sides_in,
)
from nparams.notation._keras.things import HARMLESS, applied, described_in, thing_of

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from nparams.notation._code.machine import Machine


def layer_attribute(m: Machine, layer: KerasLayer, name: str) -> Any:
    """units, filters, kernel_size, layer.layer ..."""
    if name == "layer" and "layer" in layer.args:
        return thing_of(layer.args["layer"])
    if name in layer.args and not hasattr(layer.args[name], "call"):
        return layer.args[name]
    if name in layer.klass.params and name not in ("layer", "cell", "cells"):
        held = layer.klass.params[name]
        return MISSING if type(held) is object else held
    return MISSING


def model_attribute(m: Machine, callee: Any, name: str) -> Any:
    """What layers and models have in common, and what sequences have besides."""
    sequence = callee.inner if isinstance(callee, Custom) and isinstance(callee.inner, Sequence) else callee
    if isinstance(sequence, Sequence) and name in SEQUENCE:
        return Native(name, lambda m, args, kwargs: SEQUENCE[name](m, sequence, args, kwargs))
    if name == "layers" and hasattr(callee, "parts"):
        return [thing_of(part) for part in callee.parts()]
    if name == "get_layer":
        return Native(name, lambda m, args, kwargs: _get_layer(m, callee, args, kwargs))
    if name in ("output", "outputs", "input", "inputs"):
        return _end(m, callee, name)
    if name in ("output_shape", "input_shape"):
        held = _end(m, callee, name[:-6])
        return as_code(held.shape) if isinstance(held, Array) else m.unknown(name)
    if name == "build":
        return Native(name, lambda m, args, kwargs: _build(m, callee, args, kwargs))
    if name == "compute_output_shape":
        return Native(name, lambda m, args, kwargs: _output_shape(m, callee, args, kwargs))
    if name in ("call", "__call__"):
        return Native(name, lambda m, args, kwargs: applied(m, callee, args, kwargs))
    if name == "count_params":
        return Native(name, lambda m, args, kwargs: m.unknown("count_params()"))
    if name in ("fit", "fit_generator", "predict", "train_on_batch", "evaluate"):
        return Native(name, lambda m, args, kwargs: _fitted(m, callee, args, kwargs))
    if name in HARMLESS:
        return Native(name, lambda m, args, kwargs: m.unknown(f"{name}(...)"))
    return m.unknown(f"{callee.name}.{name}")


def _fitted(m: Machine, callee: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Training on arrays of a known shape builds a model that did not know its input."""
    data = args[0] if args else kwargs.get("x")
    arrays = arrays_in(data)
    if arrays and isinstance(callee, Sequence) and callee.start is None and len(arrays) == 1:
        callee.begin((None, *arrays[0].shape[1:]) if ... not in arrays[0].shape else ANY)
    elif arrays and isinstance(callee, Custom) and callee.sent is None:
        callee._on_shapes([(None, *array.shape[1:]) if ... not in array.shape else ANY for array in arrays])
    return m.unknown("fit(...)")


def _build(m: Machine, callee: Any, args: list[Any], kwargs: dict[str, Any]) -> None:
    held = kwargs.get("input_shape", args[0] if args else None)
    shape = sides_in(m, held)
    if isinstance(callee, Sequence):
        callee.begin(shape if held is not None else ANY)
    elif isinstance(callee, KerasLayer):
        callee.call([shape])


def _output_shape(m: Machine, callee: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """What a call would send; a layer is not built by it."""
    shape = sides_in(m, kwargs.get("input_shape", args[0] if args else None))
    kept = (callee.module, callee.last) if isinstance(callee, KerasLayer) else None
    sent = callee.call([shape])
    if kept is not None:
        callee.module, callee.last = kept
    return as_code(sent) if isinstance(sent, tuple) else m.unknown("compute_output_shape(...)")


def _end(m: Machine, callee: Any, name: str) -> Any:
    """model.output, model.input, layer.output: arrays that are part of the graph."""
    one = name in ("output", "input")
    if isinstance(callee, Custom) and callee.inner is not None:
        return _end(m, callee.inner, name)
    if isinstance(callee, Graph):
        held = ends_of(callee.outputs) if name.startswith("output") else callee.inputs
        return held[0] if one and len(held) == 1 else list(held)
    if isinstance(callee, Sequence):
        return _sequence_end(m, callee, name)
    for node in reversed(m.library.calls):  # type: ignore[attr-defined]
        if node.callee is callee:
            if name.startswith("input"):
                return node.inputs[0] if one and node.inputs else list(node.inputs)
            sent = sent_arrays(_kept(node), node)
            return sent if one or isinstance(sent, list) else [sent]
    return m.unknown(f"{callee.name}.{name}")


def _kept(node: Node) -> Any:
    return node.run([array.shape for array in node.inputs])


def _sequence_end(m: Machine, sequence: Sequence, name: str) -> Any:
    """The arrays at the ends of a sequence: its layers called one after the other."""
    sequence.finish()
    start = m.library.starts.get(id(sequence))  # type: ignore[attr-defined]
    if start is None or start[0].shape != sequence.start or start[2] != len(sequence.items):
        assert sequence.start is not None
        first = array = Array(sequence.start)
        for item in sequence.items:
            array = applied(m, item, [array], {})
        start = m.library.starts[id(sequence)] = (first, array, len(sequence.items))  # type: ignore[attr-defined]
    held = start[1] if name.startswith("output") else start[0]
    return held if name in ("output", "input") else [held]


def _get_layer(m: Machine, callee: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    wanted = kwargs.get("name", kwargs.get("index", args[0] if args else None))
    parts = callee.parts() if hasattr(callee, "parts") else []
    for i, part in enumerate(parts):
        if wanted in (part.name, i):
            return thing_of(part)
    if isinstance(wanted, int) and -len(parts) <= wanted < 0:
        return thing_of(parts[wanted])
    if isinstance(wanted, Unknown):
        return m.unknown("get_layer(...)")
    raise m.error(f"{callee.name} has no layer {described_in(wanted) if not isinstance(wanted, str) else wanted}")


def _add(m: Machine, sequence: Sequence, args: list[Any], kwargs: dict[str, Any]) -> None:
    item = args[0] if args else kwargs.get("layer")
    put(m, sequence, item)


def put(m: Machine, sequence: Sequence, item: Any) -> None:
    """One more layer at the end; an Input says what comes in."""
    if m.repeats:
        raise open_loop(m)
    if isinstance(item, Array):
        if not sequence.items:
            sequence.begin(item.shape)
        return
    callee = callee_of(item)
    if callee is None:
        raise m.error(f"{described_in(item)} is added to {sequence.name}, which is no layer that the text explains")
    if isinstance(callee, Sequence) and callee.start is None and input_of(callee) is not None and not sequence.items:
        callee.begin(input_of(callee) or ANY)
    sequence.add(callee)


def open_loop(m: Machine) -> NotationError:
    """A loop whose number of turns is a symbol makes layers."""
    turns = str(add(m.repeats[-1][2], 1, mul(-1, m.repeats[-1][1])))
    hint = f"; --set {turns}=... gives it" if turns.isidentifier() else f": {turns[:40]}"
    return m.error(f"how many layers the loop makes is not known{hint}")


def _pop(m: Machine, sequence: Sequence, args: list[Any], kwargs: dict[str, Any]) -> None:
    sequence.pop()


SEQUENCE = {"add": _add, "pop": _pop}
