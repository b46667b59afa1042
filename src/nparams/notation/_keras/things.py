"""Layers and models of Keras as the interpreted code holds them: what calling them and asking them gives."""

from __future__ import annotations

from nparams.errors import NotationError
from nparams.layers._keras.layer import KerasLayer
from nparams.layers._keras.shape import ANY
from nparams.notation._code.values import MISSING, Thing, Unknown
from nparams.notation._keras.custom import Custom, callee_of, freeze, shapes_of
from nparams.notation._keras.tensor import (
    Array,
    Node,
    Sides,
    array_of,
    arrays_in,
    mapped,
    sent_arrays,
)

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from nparams.layers._keras.shape import Shape
    from nparams.notation._code.machine import Machine

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
        from nparams.notation._keras.asked import layer_attribute, model_attribute

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
            raise NotationError(f"{callee.name} is called on {described_in(given[0])}, which is no array")
    for key in getattr(getattr(callee, "klass", None), "inputs", ()):
        if isinstance(named.get(key), Unknown):
            named[key] = array_of(m, named[key])
    if given and isinstance(given[0], (list, tuple)):
        given[0] = [each if arrays_in(each) else (array_of(m, each) or each) for each in given[0]]
    return given, named


def described_in(value: Any) -> str:
    from nparams.notation._code.machine import described

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
