"""Keras as a library of interpreted code: what calling a name of keras, tf.keras or TensorFlow makes.

Source: keras/api of Keras 3.15; keras/layers of Keras 1.2 and 2.
"""

from __future__ import annotations

import ast

from nparams.layers._keras.layer import is_callee
from nparams.layers._keras.layers import REFUSED, Shop, known
from nparams.layers._keras.old import ALIASES
from nparams.layers._keras.shape import ANY
from nparams.notation._code.builtins import builtin
from nparams.notation._code.library import Library
from nparams.notation._code.machine import Machine
from nparams.notation._code.objects import Class, Function, Instance
from nparams.notation._code.values import MISSING, External, Native, Unknown
from nparams.notation._keras.asked import open_loop, put
from nparams.notation._keras.base import inherited, is_keras
from nparams.notation._keras.custom import Custom, callee_of
from nparams.notation._keras.elsewhere import Elsewhere, Network, data_of, obtained, padding_for, rates, variable
from nparams.notation._keras.inputs import channels_first, runner_of, said_input
from nparams.notation._keras.merging import called_function, merged_arrays, merged_models
from nparams.notation._keras.models import Graph, Sequence
from nparams.notation._keras.names import APPLICATIONS, FUNCTIONS, MODELS, ROOTS, USUAL
from nparams.notation._keras.ops import OPS, call_op
from nparams.notation._keras.tensor import Array, Node, arrays_in, sides_in
from nparams.notation._keras.things import HARMLESS, Held, bare

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from nparams.layers.layer import Setting

    Args = list[Any]
    Kwargs = dict[str, Any]


class KerasLibrary(Library):
    """keras, tf.keras and what code around them uses."""

    harmless = HARMLESS
    calls_make = True

    def __init__(self, setting: Setting, age: int, growing: frozenset[str] = frozenset()) -> None:
        #: whether a name's value is wanted, or only whether it may be a layer (see KerasMachine)
        self.asked_for_value = True
        #: names that the text adds layers to
        self.growing = growing
        self.shop = Shop(setting, age)
        #: every layer and model that the code made, in order
        self.made: list[Any] = []
        #: whether the code says where channels stand
        self.ordered = False
        #: statements that could not be followed
        self.failed: list[ast.stmt] = []
        #: networks whose layers the text does not hold
        self.elsewhere: list[Elsewhere] = []
        #: calls on arrays, for layer.output
        self.calls: list[Node] = []
        #: the arrays at the ends of sequences, for model.output
        self.starts: dict[int, Any] = {}

    # -- names --------------------------------------------------------------------------------------------------------

    def name(self, m: Machine, word: str) -> Any:
        """keras, layers, Dense in a paste without imports."""
        return self.value_of(m, word) if self.asked_for_value else Unknown(word, m.line)

    def value_of(self, m: Machine, word: str) -> Any:
        """The same for whoever wants the value itself."""
        if (
            word in self.growing and word not in USUAL
        ):  # model.add(...) in a paste that begins after model = Sequential()
            return self._sequential(m, [], {})
        if word in USUAL:
            return m.external(USUAL[word])
        if known(word) or word in (*MODELS, "Input", "InputLayer", "Layer", "Merge") or word in REFUSED:
            return External(f"keras.layers.{word}")
        return External(f"keras.applications.{word}") if word.startswith(APPLICATIONS) else MISSING

    def external(self, m: Machine, path: str) -> Any:
        """tf.newaxis, and constants of the backend."""
        root, _, last = path.rpartition(".")
        if path in ("numpy.linspace", "np.linspace"):
            return Native(path, rates)
        if root in ("six.moves", "builtins", "future.builtins", "past.builtins"):
            return builtin(last)
        return None if last == "newaxis" and path.partition(".")[0] in ROOTS else MISSING

    def has(self, path: str) -> bool:
        """Whether a dotted name is Keras's own, which code asks for newer functions."""
        return path.partition(".")[0] in ROOTS

    def lose(self, node: ast.stmt, why: str) -> None:
        """A statement was left in the middle: what it may have put into lists and dicts is not known."""
        self.failed.append(node)

    def makes(self, path: str) -> bool:
        """keras.layers.X(...) makes a layer."""
        last = path.rpartition(".")[2]
        ours = path.partition(".")[0] in ROOTS
        return ours and (
            known(last) or last in (*MODELS, "Input", "Merge") or ("applications" in path and last[:1].isupper())
        )

    # -- calls --------------------------------------------------------------------------------------------------------

    def call(self, m: Machine, path: str, args: Args, kwargs: Kwargs) -> Any:
        """A layer, a model, an input, or a function on arrays."""
        root, last = path.partition(".")[0], path.rpartition(".")[2]
        if last.lstrip("_") == "obtain_input_shape":
            return obtained(self.shop.first, args, kwargs)
        if last == "correct_pad":
            return padding_for(self.shop.first, args, kwargs)
        if root not in ROOTS and not any(word in path for word in ("keras", "applications", "addons", "hub")):
            return MISSING
        if root in ("numpy", "np"):
            return self._numpy(m, last, args, kwargs)
        if "applications" in path and last[:1].isupper():
            return self._elsewhere(m, last)
        for find in (self._model, self._layer, self._backend):
            found = find(m, path, last, args, kwargs)
            if found is not MISSING:
                return found
        return MISSING

    def _model(self, m: Machine, path: str, last: str, args: Args, kwargs: Kwargs) -> Any:
        if last == "Sequential":
            return self._sequential(m, args, kwargs)
        if last in ("Model", "Functional"):
            return self._graph(m, args, kwargs)
        if last in ("Input", "InputLayer"):
            return self._input(m, args, kwargs)
        if last == "load_model" or last.startswith("model_from_"):
            return self._elsewhere(m, last)
        if last == "clone_model" and args:
            return args[0]
        return MISSING

    def _elsewhere(self, m: Machine, name: str) -> Network:
        made = Elsewhere(name, m.line)
        self.elsewhere.append(made)
        return Network(made)

    def _sequential(self, m: Machine, args: Args, kwargs: Kwargs) -> Held:
        name = kwargs.get("name", args[1] if len(args) > 1 else None)
        made = Sequence(name if isinstance(name, str) else self.shop.name("Sequential"))
        self.made.append(made)
        given = kwargs.get("layers", args[0] if args else None)
        if given is not None:
            items = m.entries(given) if not isinstance(given, str) else None
            if items is None:
                raise m.error("the layers of this Sequential are not known")
            for item in items:
                put(m, made, item)
        return Held(made)

    def _graph(self, m: Machine, args: Args, kwargs: Kwargs) -> Any:
        inputs = kwargs.get("inputs", kwargs.get("input", args[0] if args else None))
        outputs = kwargs.get("outputs", kwargs.get("output", args[1] if len(args) > 1 else None))
        name = kwargs.get("name", args[2] if len(args) > 2 else None)
        starts = arrays_in(inputs)
        if not arrays_in(outputs):
            if isinstance(outputs, Unknown) or outputs is None:
                raise m.error("the outputs of this Model are not known: Model(inputs, outputs)")
            raise m.error("the outputs of this Model are no arrays: Model(inputs, outputs)")
        made = Graph(name if isinstance(name, str) else self.shop.name("Functional"), starts, outputs)
        self.made.append(made)
        return Held(made)

    def _input(self, m: Machine, args: Args, kwargs: Kwargs) -> Array:
        whole = kwargs.get("batch_shape", kwargs.get("batch_input_shape"))
        if whole is not None:
            return Array(sides_in(m, whole))
        held = kwargs.get("shape", kwargs.get("input_shape", args[0] if args else None))
        batch = kwargs.get("batch_size")
        if held is None and "tensor" not in kwargs and "input_tensor" not in kwargs and not args:
            raise m.error("an Input without a shape: Input(shape=(784,))")
        sides = sides_in(m, held)
        first = batch if isinstance(batch, int) else None
        name = kwargs.get("name")
        if self.shop.age == 1 and ... not in sides:
            channels_first(self, (None, *sides))
        return Array(ANY if ... in sides else (first, *sides), name=name if isinstance(name, str) else "")

    def _layer(self, m: Machine, path: str, last: str, args: Args, kwargs: Kwargs) -> Any:
        if last == "Merge":
            return merged_models(self, m, args, kwargs)
        if last == "merge":
            return merged_arrays(self, m, args, kwargs)
        if (known(last) or last in REFUSED) and not path.startswith(("keras.initializers", "keras.optimizers")):
            return self.make(m, last, args, kwargs)
        if last in FUNCTIONS and ".layers." in f".{path}":
            return called_function(self, m, FUNCTIONS[last], args, kwargs)
        if last == "Layer" and "layers" in path:
            return self.make(m, "Identity", [], {})
        return MISSING

    def make(self, m: Machine, word: str, args: Args, kwargs: Kwargs) -> Held:
        """A layer of a class of keras.layers."""
        if m.repeats:
            raise open_loop(m)
        layer = self.shop.layer(word, [bare(a) for a in args], {key: bare(held) for key, held in kwargs.items()})
        layer.resolve = lambda held: m.size_of(held) if isinstance(held, Unknown) else held
        if layer.says is not None or "input_shape" in layer.args or "input_dim" in layer.args:
            layer.says = said_input(m, layer)
        function = layer.args.get("function")
        if layer.says is not None and layer.klass.preset.get("rank") == 2 and layer.args.get("data_format") is None:
            layer.first = channels_first(self, layer.says)
        if layer.klass.name == "Lambda" and isinstance(function, (Function, Native, External)):
            layer.runner = runner_of(m, function, layer.args.get("arguments"))
        if layer.klass.name in ("TimeDistributed", "Bidirectional", "SpectralNormalization", "WeightNormalization"):
            inner = layer.args.get("layer")
            if not is_callee(inner):
                raise m.error(f"what {word} wraps is not known")
        self.made.append(layer)
        return Held(layer)

    # -- functions ----------------------------------------------------------------------------------------------------

    def _backend(self, m: Machine, path: str, last: str, args: Args, kwargs: Kwargs) -> Any:
        if last in ("image_data_format", "image_dim_ordering"):
            return ("channels_first" if self.shop.first else "channels_last") if last.endswith("format") else (
                "th" if self.shop.first else "tf")  # fmt: skip
        if last in ("set_image_data_format", "set_image_dim_ordering"):
            self.shop.first = bool(args) and args[0] in ("channels_first", "th")
            self.ordered = True
            return None
        if last == "load_data":
            return data_of(path)
        if last in ("Variable", "variable", "get_variable"):
            return variable(m, last, args, kwargs)
        if "initializer" in path.lower() and not arrays_in([args, kwargs]):
            return Native(last, lambda m, args, kwargs: call_op(m, "zeros", args, kwargs))
        if last in OPS and (arrays_in([args, kwargs]) or OPS[last] is OPS["zeros"]):
            return call_op(m, last, args, kwargs)
        if last == "is_keras_tensor":
            return bool(arrays_in(args))
        if last == "get_source_inputs" and args:
            return args
        if last == "function" and "backend" not in path:  # @tf.function
            return args[0] if args else Native(last, lambda m, args, kwargs: args[0] if args else None)
        return call_op(m, last, args, kwargs) if arrays_in([args, kwargs]) else MISSING

    def _numpy(self, m: Machine, last: str, args: Args, kwargs: Kwargs) -> Any:
        filled = ("zeros", "ones", "empty", "rand", "randn", "randint", "random", "random_sample", "full", "normal",
                  "uniform")  # fmt: skip
        if last in ("normal", "uniform"):
            size = kwargs.get("size", args[2] if len(args) > 2 else None)
            return Array(sides_in(m, size)) if size is not None else MISSING
        if last in filled:
            return call_op(m, last, args, kwargs)
        if not arrays_in([args, kwargs]):
            return MISSING
        found = call_op(m, last, args, kwargs)
        return m.unknown(f"np.{last}(...)") if isinstance(found, Array) and not found.shape else found

    # -- classes of the text ------------------------------------------------------------------------------------------

    def is_module(self, cls: Class) -> bool:
        """Whether it stands below keras.Model or keras.layers.Layer."""
        return is_keras(cls) is not None

    def instance(self, m: Machine, cls: Class) -> Instance | None:
        """A layer or a model, where a class stands below keras.Model or keras.layers.Layer."""
        base = is_keras(cls)
        if base is None:
            return None
        made = Custom(m, cls, self.shop.name(cls.name), base)
        self.made.append(made)
        return made

    def start(self, m: Machine, owner: Instance, path: str, args: Args, kwargs: Kwargs) -> None:
        """super().__init__(...): a name, layers of a Sequential, inputs and outputs of a graph, or a layer's own."""
        if not isinstance(owner, Custom):
            return
        word = path.rpartition(".")[2]
        if isinstance(kwargs.get("name"), str):
            owner.name = kwargs["name"]
        if kwargs.get("trainable") is False:
            owner.trainable = False
        if isinstance(owner.inner, Sequence):
            owner.inner.name = owner.name
            for item in m.entries(kwargs.get("layers", args[0] if args else [])) or []:
                put(m, owner.inner, item)
        elif owner.base == "Model" and (args or "inputs" in kwargs) and arrays_in([args, kwargs]):
            owner.inner = self._graph(m, args, {**kwargs, "name": owner.name}).callee
            self.made.pop()
        elif known(word):
            owner.inner = self.make(m, word, args, {"name": owner.name, **kwargs}).callee
            self.made.pop()

    def inherited(self, m: Machine, owner: Instance, path: str, name: str) -> Any:
        """The methods of keras.Model and keras.layers.Layer."""
        return inherited(m, owner, name) if isinstance(owner, Custom) else MISSING

    def is_a(self, m: Machine, value: Any, path: str) -> bool | None:
        """isinstance(layer, keras.layers.Dense)."""
        word = path.rpartition(".")[2]
        callee = callee_of(value)
        if isinstance(value, Array):
            return word in ("Tensor", "KerasTensor", "Variable")
        if callee is None:
            return None if isinstance(value, Unknown) else False
        if word == "Layer":
            return True
        if word in ("Model", "Functional"):
            return isinstance(callee, (Sequence, Graph)) or (isinstance(callee, Custom) and callee.base != "Layer")
        if word == "Sequential":
            return isinstance(callee, Sequence)
        klass = getattr(callee, "klass", None)
        return klass is not None and klass.name == ALIASES.get(word, word)
