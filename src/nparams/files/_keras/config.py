"""A model's configuration (config.json, or model_config in HDF5): a tree of layers, read as data.

keras-team/keras keras/src/saving/serialization_lib.py writes it; keras/src/saving/saving_lib.py finds the same layers
by paths such as layers/dense_1 (`_walk_saveable`, `_save_container_state`), which `Layer.at` follows here.  No class is
looked up, no function is made, nothing that is named is opened.
"""

from __future__ import annotations

import json
import re

from nparams.errors import FormatError, place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

MOST_CONFIG = 8_000_000
#: objects in one configuration, and objects inside one another
MOST_LAYERS, DEEPEST = 100_000, 64
#: a Bidirectional makes two of the layer that its configuration has, and their names with these words in front
#: (keras/src/layers/rnn/bidirectional.py)
WAYS = ("forward", "backward")
#: the one layer that Keras exports under another name than its class has
EXPORTED = {"GroupQueryAttention": "GroupedQueryAttention"}
#: settings that are objects and hold no layers
PLAIN = ("_initializer", "_regularizer", "_constraint", "dtype", "activation")
#: a layer that keeps everything in a cell of its own: LSTM.cell is an LSTMCell with the same settings
CELLS = {"LSTM": "LSTMCell", "GRU": "GRUCell", "SimpleRNN": "SimpleRNNCell", "ConvLSTM1D": "ConvLSTMCell",
         "ConvLSTM2D": "ConvLSTMCell", "ConvLSTM3D": "ConvLSTMCell"}  # fmt: skip


class Layer:
    """One object of a configuration: its class, its own name, its settings, and the objects inside it by path."""

    __slots__ = ("by_name", "inner", "kind", "name", "order", "own", "settings", "shape")

    def __init__(self, kind: str, name: str, settings: dict[str, Any], shape: object, order: int) -> None:
        #: its class
        self.kind = EXPORTED.get(kind, kind)
        self.name = name
        self.settings = settings
        #: what it was built for, where the configuration says so
        self.shape = shape
        #: its place among all objects
        self.order = order
        #: path below this object (with slashes) -> what stands there
        self.inner: dict[str, Layer] = {}
        self.by_name: dict[str, Layer] = {}
        #: whether its class is one of Keras's own
        self.own = False

    def renamed(self, name: str) -> Layer:
        """The same under another name."""
        made = Layer(self.kind, name, self.settings, self.shape, self.order)
        made.inner, made.by_name, made.own = self.inner, self.by_name, self.own
        return made

    def at(self, path: tuple[str, ...]) -> tuple[Layer, int]:
        """The deepest layer on the way along `path`, and how many steps of the path lead to it."""
        found, start = self, 0
        for end in range(1, len(path) + 1):
            inside = found.inner.get("/".join(path[start:end]))
            if inside is not None:
                found, start = inside, end
        return found, start

    def way(self, path: tuple[str, ...]) -> Iterator[Layer]:
        """This layer and those on the way along `path`, outermost first."""
        found, start = self, 0
        yield found
        for end in range(1, len(path) + 1):
            inside = found.inner.get("/".join(path[start:end]))
            if inside is not None:
                found, start = inside, end
                yield found

    def dtype(self) -> tuple[str | None, str | None]:
        """(number type of its variables, quantisation mode) by its dtype policy.

        keras/src/dtype_policies/dtype_policy.py: "mixed_bfloat16" keeps float32 variables; "int8_from_float32" and the
        like are quantised.
        """
        policy = self.settings.get("dtype")
        mode: object = None
        if isinstance(policy, dict):
            inside = policy.get("config")
            inside = inside if isinstance(inside, dict) else {}
            mode = inside.get("mode")
            policy = inside.get("source_name") or inside.get("name")
        if not isinstance(policy, str):
            return None, None
        if "_from_" in policy:
            mode, _, policy = policy.partition("_from_")
        kept = "float32" if policy.startswith("mixed_") else policy
        return kept, mode.partition("/")[0] if isinstance(mode, str) else None


def snake_case(name: str) -> str:
    """A class name as the paths of a weights file spell it (keras/src/utils/naming.py, `to_snake_case`).

    >>> snake_case("Conv2DTranspose"), snake_case("PReLU"), snake_case("LSTMCell")
    ('conv2d_transpose', 'p_re_lu', 'lstm_cell')
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def older_case(name: str) -> str:
    """The same as tf.keras spells it (keras v2.15.0, keras/utils/generic_utils.py).

    >>> older_case("ConvLSTM2D")
    'conv_lst_m2d'
    """
    name = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def parse(text: bytes | str, name: str, what: str) -> dict[str, Any]:
    """The object in a JSON text; FormatError for a key that comes twice or text that is no JSON object.

    Python's json writes NaN and Infinity, and Keras with it (a Masking layer of NaN): they stand for nothing here.
    """
    try:
        held = DECODER.decode(text.decode() if isinstance(text, bytes) else text)
    except (ValueError, RecursionError) as problem:
        told = "nested too deeply" if isinstance(problem, RecursionError) else str(problem).partition("\n")[0]
        raise FormatError(f"{place(name)}: {what} is not the JSON that Keras writes: {told[:120]}") from None
    if not isinstance(held, dict):
        raise FormatError(f"{place(name)}: {what} is JSON, but no object")
    return held


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    held = dict(pairs)
    if len(held) != len(pairs):
        raise ValueError("a key appears twice")
    return held


DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=lambda text: None)


def tree(held: dict[str, Any]) -> Layer | None:
    """The layers in a configuration; None where it holds no class."""
    return _Reader().layer(held, 0)


class _Reader:
    """Makes the tree, within limits; what lies deeper stays unknown."""

    def __init__(self) -> None:
        self.count = 0

    def layer(self, held: object, depth: int) -> Layer | None:
        """The object that {"class_name": …, "config": …} describes."""
        if not isinstance(held, dict) or not isinstance(kind := held.get("class_name"), str):
            return None
        settings = held.get("config")
        if isinstance(settings, list):  # a Sequential of Keras 1 and early Keras 2
            settings = {"layers": settings}
        if not isinstance(settings, dict) or depth > DEEPEST or self.count >= MOST_LAYERS or len(kind) > 256:
            return None
        self.count += 1
        called = settings.get("name", held.get("name"))
        name = called if isinstance(called, str) else ""
        build = held.get("build_config")
        shape = build.get("input_shape", build.get("shapes_dict")) if isinstance(build, dict) else None
        made = Layer(kind, name, settings, shape, self.count)
        made.own = _is_own(held)
        for key, value in settings.items():
            if not key.endswith(PLAIN):
                self._inside(made, key, value, depth)
        _aliases(made)
        for inner in made.inner.values():
            if inner.name:
                made.by_name.setdefault(inner.name, inner)
        return made

    def _inside(self, made: Layer, key: str, value: object, depth: int) -> None:
        if isinstance(value, dict):
            inner = self.layer(value, depth + 1)
            if inner is not None:
                made.inner[key] = inner
        elif isinstance(value, list):
            used: dict[str, int] = {}
            for each in value:
                inner = self.layer(each, depth + 1)
                if inner is not None:
                    for spelt in {snake_case(inner.kind): 0, older_case(inner.kind): 0}:
                        made.inner.setdefault(f"{key}/{_numbered(spelt, used)}", inner)


def _numbered(name: str, used: dict[str, int]) -> str:
    """The second Dense of a list is dense_1 (`_get_unique_name`)."""
    number = used.get(name, -1) + 1
    used[name] = number
    return f"{name}_{number}" if number else name


def _aliases(made: Layer) -> None:
    inner = made.inner.get("layer")
    if inner is not None and made.kind == "Bidirectional":
        for way in WAYS:
            name = f"{way}_{inner.name.removeprefix('forward_').removeprefix('backward_')}"
            made.inner.setdefault(f"{way}_layer", inner.renamed(name))
    cell = CELLS.get(made.kind)
    if cell is not None and "cell" not in made.inner:
        held = made.inner["cell"] = Layer(cell, snake_case(cell), made.settings, None, made.order)
        held.own = made.own


def _is_own(held: dict[str, Any]) -> bool:
    """Whether a class is Keras's own: older configurations name no module at all."""
    module = held.get("module", "keras")
    return isinstance(module, str) and module.split(".")[0] in ("keras", "tf_keras", "tensorflow")
