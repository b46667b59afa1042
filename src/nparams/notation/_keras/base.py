"""What keras.Model and keras.layers.Layer give to classes of the text that stand below them.

Source: keras/src/layers/layer.py (3.15).
"""

from __future__ import annotations

from nparams.layers._keras.layer import KerasLayer
from nparams.notation._code.values import MISSING, Native
from nparams.notation._keras.custom import Custom, Variable
from nparams.notation._keras.tensor import Array, Sides, sides_in

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from nparams.notation._code.machine import Machine
    from nparams.notation._code.objects import Class


def add_weight(m: Machine, owner: Custom, args: list[Any], kwargs: dict[str, Any]) -> Array:
    """self.add_weight(shape=..., name=..., trainable=...); Keras 1 and 2 took the name, or the shape, first."""
    given = dict(kwargs)
    for name, held in zip(("shape", "initializer", "dtype", "trainable"), args, strict=False):
        if isinstance(held, str) and name == "shape":
            given.setdefault("name", held)
            if len(args) > 1:
                given.setdefault("shape", args[1])
            break
        given.setdefault(name, held)
    shape = sides_in(m, given.get("shape", ()))
    if ... in shape or any(side is None for side in shape):
        raise m.error(f"{owner.cls.name}: add_weight() of a shape that is not known")
    word = given.get("name")
    made = Array(shape, name=word if isinstance(word, str) else "")
    made.variable, made.trainable = True, given.get("trainable", True) is not False
    name = made.name or f"weight_{len(owner.variables)}"
    owner.variables.append(Variable(name, made, made.trainable))
    return made


def inherited(m: Machine, owner: Custom, name: str) -> Any:
    """What keras.Model and keras.layers.Layer give to an object."""
    from nparams.notation._keras.asked import model_attribute

    if name in ("add_weight", "add_variable", "add_trainable_weight"):
        return Native(name, lambda m, args, kwargs: add_weight(m, owner, args, kwargs))
    if name in ("trainable", "name", "built"):
        return getattr(owner, name)
    if name == "training":
        return False
    if isinstance(owner.inner, KerasLayer):
        from nparams.notation._keras.asked import layer_attribute

        found = layer_attribute(m, owner.inner, name)
        if found is not MISSING:
            return found
    if name == "build":
        return Native(name, lambda m, args, kwargs: built_by_hand(m, owner, args, kwargs))
    if name in ("_layers", "layers"):
        from nparams.notation._keras.things import thing_of

        return [thing_of(part) for part in owner.parts()]
    return model_attribute(m, owner, name)


def built_by_hand(m: Machine, owner: Custom, args: list[Any], kwargs: dict[str, Any]) -> None:
    """model.build((None, 28, 28, 1)); in a class's own build() it only marks the layer as built."""
    if owner.running or (owner.built and owner.cls.find("build") is not MISSING):
        return
    held = kwargs.get("input_shape", args[0] if args else None)
    if owner.cls.find("call") is MISSING and owner.inner is None:
        return
    if isinstance(held, (list, tuple)) and held and isinstance(held[0], (list, tuple, Sides)):
        shapes = [sides_in(m, one) for one in held]
    else:
        shapes = [sides_in(m, held)]
    owner._on_shapes(shapes)


def is_keras(cls: Class) -> str | None:
    """Model, Sequential or Layer, where a class stands below one of them; the name of another class of layers too."""
    from nparams.layers._keras.layers import known

    for path in cls.externals():
        word = path.rpartition(".")[2]
        if word in ("Model", "Sequential", "Layer", "Functional"):
            return "Model" if word == "Functional" else word
        if word in ("Wrapper", "AbstractRNNCell", "MergeLayer", "Recurrent") or known(word):
            return "Layer"
    return None
