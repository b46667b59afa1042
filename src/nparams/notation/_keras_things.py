"""Layers and models of Keras as the interpreted code holds them: what calling them and asking them gives."""

from __future__ import annotations

from nparams.errors import NotationError
from nparams.expr import add, mul
from nparams.notation._code_values import MISSING, Native, Thing, Unknown
from nparams.notation._keras_custom import Custom, callee_of, freeze, shapes_of
from nparams.notation._keras_layer import KerasLayer
from nparams.notation._keras_models import Graph, Joined, Sequence, ends_of, input_of
from nparams.notation._keras_shape import ANY, is_size
from nparams.notation._keras_tensor import (
    Array,
    Node,
    Sides,
    array_of,
    arrays_in,
    as_code,
    mapped,
    sent_arrays,
    sides_in,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.notation._code_machine import Machine
    from nparams.notation._keras_shape import Shape

#: methods of models and layers that train, save or show, and change no array
HARMLESS = frozenset(
    "fit fit_generator evaluate evaluate_generator predict predict_generator predict_classes predict_proba compile "
    "summary save save_weights load_weights train_on_batch test_on_batch predict_on_batch get_config to_json to_yaml "
    "count_params get_weights set_weights reset_states export plot adapt add_loss add_metric reset_metrics "
    "make_predict_function numpy compute_loss compute_metrics train_step test_step print_layer_summary".split()
)


#: what a call of a layer costs, in steps of the machine
CALL = 60


class Held(Thing):
    """A layer or a model that the code holds."""

    __slots__ = ("callee",)

    def __init__(self, callee: Any) -> None:
        self.callee = callee

    def call(self, m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """On arrays."""
        return applied(m, self.callee, args, kwargs)

    def get(self, m: Machine, name: str) -> Any:
        """What Keras's layers and models answer."""
        callee = self.callee
        if name in ("name", "_name"):
            return callee.name
        if name == "trainable":
            return callee.trainable
        if isinstance(callee, KerasLayer):
            found = layer_attribute(m, callee, name)
            if found is not MISSING:
                return found
        return model_attribute(m, callee, name)

    def set(self, m: Machine, name: str, value: Any) -> None:
        """layer.trainable = False; other attributes count for nothing."""
        if name == "trainable" and isinstance(value, (bool, int)):
            freeze(self.callee, bool(value))
        elif name in ("_name", "name") and isinstance(value, str):
            self.callee.name = value

    def told(self) -> str:
        """Its name."""
        return str(self.callee.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Held) and other.callee is self.callee

    def __hash__(self) -> int:
        return id(self.callee)


def thing_of(callee: Any) -> Any:
    """What code holds for a callee."""
    return callee if isinstance(callee, Custom) else Held(callee)


def bare(value: Any, depth: int = 0) -> Any:
    """An argument as a layer wants it: callees for the layers that code hands to it."""
    callee = callee_of(value)
    if callee is not None:
        return callee
    if isinstance(value, list) and depth < 4:
        return [bare(each, depth + 1) for each in value]
    if isinstance(value, tuple) and depth < 4:
        return tuple(bare(each, depth + 1) for each in value)
    return list(value.shape) if isinstance(value, Sides) and ... not in value.shape else value


# -- calls ------------------------------------------------------------------------------------------------------------


def applied(m: Machine, callee: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Call a layer or a model on arrays; what it sends knows where it came from."""
    m.step(CALL)
    given, named = _arrays(m, callee, args, kwargs)
    inputs = arrays_in([given, named])
    if isinstance(callee, Custom) and callee.inner is None:
        inner_args, inner_named = mapped([given, named], lambda array: Array(array.shape))
        sent = callee.run(inner_args, inner_named)

        def again(shapes: list[Shape]) -> Any:
            fresh = iter(shapes)
            args, kwargs = mapped([given, named], lambda array: Array(next(fresh)))
            return shapes_of(callee.run(args, kwargs))

        node = _called(m, Node(callee, inputs, again, m.line))
        return mapped(sent, lambda array: Array(array.shape, node, _place(sent, array)))
    if isinstance(callee, KerasLayer):
        given = [array_of(m, each) if isinstance(each, Unknown) else each for each in given]
        _notice(callee, named)
        shapes = _in_order(callee, given, named)
    else:
        shapes = [array.shape for array in inputs] or [ANY]
    sent_shapes = callee.call(shapes)
    count = len(shapes)
    node = _called(m, Node(callee, inputs, lambda went: callee.call(went[:count]), m.line))
    return sent_arrays(sent_shapes, node)


def _called(m: Machine, node: Node) -> Node:
    m.library.calls.append(node)  # type: ignore[attr-defined]
    return node


def _place(sent: Any, array: Array) -> int:
    return next((i for i, each in enumerate(arrays_in(sent)) if each is array), 0)


def _arrays(m: Machine, callee: Any, args: list[Any], kwargs: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """The arguments with data of other kinds turned into arrays."""
    given = list(args)
    named = dict(kwargs)
    if not given:
        key = next((k for k in ("inputs", "x", "input", "input_tensor", "query") if k in named), None)
        if key is not None and key != "query" and not (isinstance(callee, Custom) and callee.inner is None):
            given.append(named.pop(key))
    if given and not arrays_in(given[0]):
        made = array_of(m, given[0])
        if made is not None:
            given[0] = made
        elif isinstance(given[0], (list, tuple)):
            given[0] = [array_of(m, each) or Array(ANY) for each in given[0]]
        elif not isinstance(given[0], dict):
            raise NotationError(f"{callee.name} is called on {_told(given[0])}, which is no array")
    for key in getattr(getattr(callee, "klass", None), "inputs", ()):
        if isinstance(named.get(key), Unknown):
            named[key] = array_of(m, named[key])
    if given and isinstance(given[0], (list, tuple)):
        given[0] = [each if arrays_in(each) else (array_of(m, each) or each) for each in given[0]]
    return given, named


def _told(value: Any) -> str:
    from nparams.notation._code_machine import described

    return described(value)


#: what a call says besides arrays that a layer's own arguments do not
NOTICED = ("return_attention_scores", "reverse")


def _notice(layer: KerasLayer, named: dict[str, Any]) -> None:
    for name in NOTICED:
        if name in named:
            layer.args[name] = named[name] is True
            layer.last = None


def _in_order(layer: KerasLayer, given: list[Any], named: dict[str, Any]) -> list[Shape]:
    """The shapes that a layer reads, in the order of its own arguments."""
    names = layer.klass.inputs
    if len(names) > 1 and names[0] != "inputs":
        by_name = dict(zip(names, given, strict=False)) | {key: held for key, held in named.items() if key in names}
        return [array.shape for name in names for array in arrays_in(by_name.get(name))]
    if "cell" in layer.klass.preset or layer.klass.name in ("RNN", "Bidirectional", "Embedding"):
        found = arrays_in(given[:1])
        return [array.shape for array in found[:1]] + [a.shape for a in arrays_in(given[1:]) if _cell(layer)]
    return [array.shape for array in arrays_in(given)] or [array.shape for array in arrays_in(named)] or [ANY]


def _cell(layer: KerasLayer) -> bool:
    return layer.klass.name.endswith("Cell")


# -- attributes -------------------------------------------------------------------------------------------------------


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
    raise m.error(f"{callee.name} has no layer {_told(wanted) if not isinstance(wanted, str) else wanted}")


# -- sequences --------------------------------------------------------------------------------------------------------


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
        raise m.error(f"{_told(item)} is added to {sequence.name}, which is no layer that the text explains")
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

__all__ = ["HARMLESS", "Held", "Joined", "applied", "bare", "is_size", "model_attribute", "put", "thing_of"]
