"""What an object is to Keras, by its class alone, and its attributes without running a line of anybody's code.

Source: keras-team/keras keras/src/layers/layer.py, backend/common/variables.py, metrics/metric.py and
random/seed_generator.py; keras-team/tf-keras tf_keras/src/engine/base_layer.py and metrics/base_metric.py.
"""

from __future__ import annotations

from sys import modules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

#: packages that hold a Keras; TensorFlow brought one of its own up to 2.5
PACKAGES = ("keras", "tf_keras", "keras_core")
INSIDE = "tensorflow.python.keras"
#: (name of a base class, how the name of its module ends) -> what its objects are; the first that fits
BASES = {
    ("Metric", "metrics.metric"): "metric", ("Metric", "metrics.base_metric"): "metric",
    ("Metric", "keras.metrics"): "metric", ("Layer", "layers.layer"): "layer",
    ("Layer", "engine.base_layer"): "layer", ("Variable", "common.variables"): "variable",
    ("KerasVariable", "common.variables"): "variable", ("SeedGenerator", "random.seed_generator"): "seed",
    # a variable of TensorFlow is one of Keras 2 only where a layer holds it
    ("Variable", "tensorflow.python.ops.variables"): "tensorflow",
}  # fmt: skip
MODELS = frozenset(("Model", "Sequential", "Functional"))


class Class:
    """What is known of a class."""

    __slots__ = ("builds", "library", "model", "name", "old", "plain", "what")

    def __init__(self, cls: type) -> None:
        mro = type.mro(cls)
        self.name = cls.__name__
        #: layer, variable, metric, seed, tensorflow; None where it is none of Keras's
        self.what = next((found for base in mro if (found := _base(base))), None)
        #: the class of Keras that it is, or stands below
        self.library = next((base.__name__ for base in mro if of_keras(base)), None)
        #: whether it is a class of Keras itself
        self.plain = of_keras(cls)
        #: whether it is a model, and not only a layer
        self.model = any(base.__name__ in MODELS and of_keras(base) for base in mro)
        #: whether it is of Keras 2
        self.old = any(_base(base) and ".engine" in base.__module__ for base in mro)
        #: whether a class of somebody's own makes weights in its build()
        self.builds = not of_keras(next((base for base in mro if "build" in vars(base)), object))


def of_keras(cls: type) -> bool:
    """Whether a class is Keras's own.

    >>> of_keras(int)
    False
    """
    module = str(cls.__module__)
    return module.partition(".")[0] in PACKAGES or module.startswith(INSIDE)


def _base(cls: type) -> str | None:
    module = str(cls.__module__)
    for (name, ending), what in BASES.items():
        if cls.__name__ == name and module.endswith(ending) and (what == "tensorflow" or of_keras(cls)):
            return what
    return None


class Classes:
    """Classes met so far, each looked at once."""

    def __init__(self) -> None:
        self._known: dict[type, Class] = {}

    def of(self, thing: object) -> Class:
        """What is known of the class of `thing`."""
        cls = type(thing)
        return self._known.get(cls) or self._known.setdefault(cls, Class(cls))


def is_known(thing: object, *what: str) -> bool:
    """Whether an object is one of these to Keras; never raises.

    >>> is_known(3, "layer")
    False
    """
    cls = type(thing)
    if not any(name in modules for name in (*PACKAGES, INSIDE)) or cls.__module__ == "builtins":
        return False
    return any(_base(base) in what for base in type.mro(cls))


def attributes(thing: object) -> dict[str, Any]:
    """An object's own attributes; those that torch.nn.Module keeps as submodules are found by `attribute`."""
    try:
        return object.__getattribute__(thing, "__dict__")  # type: ignore[no-any-return]
    except AttributeError:
        return {}


def attribute(thing: object, name: str) -> Any:
    """One attribute, where the object itself has it; on torch a layer's layers stand among its submodules."""
    held = attributes(thing)
    if name in held:
        return held[name]
    inner = held.get("_modules")
    return dict.get(inner, name) if issubclass(type(inner), dict) else None  # type: ignore[arg-type]


def plain(held: object) -> object:
    """A list, tuple or dict itself, where TensorFlow has put its own around it.

    tensorflow/python/trackable/data_structures.py: ListWrapper is a list that keeps its entries in another one, and
    stand-ins (_DictWrapper, _TupleWrapper) go for what they hold; a TensorShape keeps its sides as a tuple.
    """
    if not type(held).__module__.startswith("tensorflow"):
        return held
    if type(held).__name__ == "TensorShape":
        return attributes(held).get("_dims", getattr(held, "_dims", None))
    inner = attributes(held).get("_storage") if issubclass(type(held), list) else getattr(held, "__wrapped__", None)
    return held if inner is None else inner


def listed(held: object) -> Iterator[Any]:
    """The entries of a list or tuple, whatever class of lists it is, as C would read them."""
    if held is None or type(held) is list or type(held) is tuple:  # nearly always
        return iter(held or ())
    held = plain(held)
    if issubclass(type(held), list):
        return list.__iter__(held)  # type: ignore[arg-type]
    return tuple.__iter__(held) if issubclass(type(held), tuple) else iter(())  # type: ignore[arg-type]


def valued(held: object) -> list[Any]:
    """The values of a dict in the same way."""
    if held is None or type(held) is dict:
        return list(held.values()) if held else []
    held = plain(held)
    return list(dict.values(held)) if issubclass(type(held), dict) else []  # type: ignore[arg-type]
