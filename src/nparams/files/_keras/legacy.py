"""The HDF5 files of Keras 1 and 2, and of Keras 3 under the name .h5: a group for each layer, its variables by name.

keras-team/keras keras/src/legacy/saving/legacy_h5_format.py; keras v2.15.0 keras/saving/legacy/hdf5_format.py; 1.2.2
keras/engine/topology.py (`save_weights_to_hdf5_group`); 0.3.3 keras/models.py (`nb_layers`, param_0).
"""

from __future__ import annotations

from nparams.files._hdf5 import Dataset, Group
from nparams.files._keras import quantised
from nparams.files._keras.layers import claims, walk
from nparams.files._keras.numbers import number_of
from nparams.files._keras.roles import ADDED
from nparams.files._keras.twins import tie
from nparams.files._keras.variables import BOOKKEEPING, CLASSES, KINDS, QUANTISED, by_shape
from nparams.files._keras.weights import Read
from nparams.network import Tensor
from nparams.roles import usual_role

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._keras.config import Layer
    from nparams.files._keras.layers import Claim

MODEL, OPTIMIZER, TOP = "model_weights", "optimizer_weights", "top_level_model_weights"
#: endings of Keras 1's names: dense_1_b, lstm_1_b_i (keras 1.2.2, keras/layers/)
FIRST_BIASES = ("_b", "_b_i", "_b_f", "_b_c", "_b_o", "_b_z", "_b_r", "_b_h", "_beta")
FIRST_BUFFERS = ("_running_mean", "_running_std")


def is_legacy(root: Group) -> bool:
    """Whether a file is a model or weights of this kind."""
    attributes = root.attrs()
    return any(name in attributes for name in ("layer_names", "layer_names0", "nb_layers", "model_config")) or (
        isinstance(root.get(MODEL), Group)
    )


def read(root: Group, config: Layer | None, source: str) -> Read:
    """Every variable in such a file; `source` is its name for messages."""
    return _Reader(config, source).read(root)


class _Reader:
    def __init__(self, config: Layer | None, source: str) -> None:
        self.config = config
        self.source = source
        self.made = Read()
        self.taken: set[str] = set()
        self.places: dict[int, Tensor] = {}
        #: the name under which Keras knows a variable -> where it is stored, as (layer, tensor, dataset)
        self.known: dict[str, list[tuple[str, Tensor, Dataset]]] = {}

    def read(self, root: Group) -> Read:
        inside = root.get(MODEL)
        weights = inside if isinstance(inside, Group) else root
        layers, left = claims(weights, self.source, frozenset((OPTIMIZER, TOP, MODEL)))
        for claim in layers:
            self._layer(claim)
        for path, dataset in left:
            tensor = self._tensor((path,), dataset, None)
            if tensor is not None:
                tensor.role, tensor.note = "other", "not among layer_names and weight_names: Keras does not load it"
        for name in (TOP, OPTIMIZER):
            for at in dict.fromkeys((weights, root)):
                if isinstance(found := at.get(name), Group) and (at is weights or name == OPTIMIZER):
                    self._top(found) if name == TOP else self._optimizer(found)
        self.made.alike = tie(self.known)
        return self.made

    def _layer(self, claim: Claim) -> None:
        """One layer, or a model inside the model: its variables in Keras's order."""
        name = claim.layer
        held: dict[str, dict[str, Tensor]] = {}
        for path, dataset in claim.variables:
            full = joined(name, path.removesuffix(":0"))
            tensor = self._tensor((full, f"{name}/{path}"), dataset, name)
            if tensor is not None:
                parent, _, leaf = tensor.name.rpartition("/")
                held.setdefault(parent, {})[leaf.removesuffix(":0")] = tensor
                self.known.setdefault(path, []).append((name, tensor, dataset))
        for parent, tensors in held.items():
            self._settle(name, parent, tensors)

    def _top(self, group: Group) -> None:
        """The model's own variables, outside its layers."""
        for path, dataset in walk(group):
            full = path.removesuffix(":0")
            tensor = self._tensor((full if "/" in full else f"{TOP}/{full}",), dataset, None)
            if tensor is not None:
                tensor.role, tensor.note = _role(full.rpartition("/")[2], None, tensor)

    def _optimizer(self, group: Group) -> None:
        for path, dataset in walk(group):
            tensor = self._tensor((f"{OPTIMIZER}/{path.removesuffix(':0')}",), dataset, None)
            if tensor is not None:
                tensor.role, tensor.note = "other", "the optimizer's state"

    def _tensor(self, names: tuple[str, ...], dataset: Dataset, layer: str | None) -> Tensor | None:
        """A tensor as stored, under the first of `names` that is free; None where a dataset holds no plain numbers."""
        config = None if self.config is None or layer is None else self.config.by_name.get(layer)
        dtype, told = number_of(dataset, config)
        if dataset.shape is None or (dtype is None and told is None):
            self.made.left_out.append(names[0])
            return None
        name = next((name for name in names if name not in self.taken), names[-1])
        while name in self.taken:
            name = f"{name}'"
        self.taken.add(name)
        tensor = Tensor(name, dataset.shape, dtype, note=told)
        first = self.places.setdefault(dataset.address, tensor)
        if first is not tensor:
            tensor.tied_to, tensor.note = first.name, "the same dataset under a second name"
        self.made.tensors.append(tensor)
        return tensor

    def _settle(self, group: str, parent: str, held: dict[str, Tensor]) -> None:
        """Roles of one layer's variables, their packing, and whether they are trained."""
        way = self._way(group, parent)
        layer = way[-1] if way else None
        inside = layer.kind if layer is not None else None
        meant = _by_place(held)
        for leaf, tensor in held.items():
            tensor.role, note = _role(meant.get(leaf, leaf), inside, tensor)
            tensor.note = tensor.note or note
        if layer is not None and len(way) == 1 + parent[len(group) :].count("/"):
            self.made.kinds[parent] = KINDS.get(layer.kind, layer.kind)
        mode = None if layer is None else layer.dtype()[1]
        if mode or any(tensor.role == "bookkeeping" for tensor in held.values()):
            guess = "int8" if mode is None and not {"kernel_zero", "embeddings_zero"} & set(held) else "int4"
            self.made.scheme = quantised.unpack(held, layer, mode or guess) or self.made.scheme
        flags = [each.settings.get("trainable") for each in way]
        if not flags or not all(isinstance(flag, bool) for flag in flags):
            return
        adapted = any(leaf.startswith("lora_") for leaf in held)
        for leaf, tensor in held.items():
            fixed = tensor.role == "buffer" or tensor.dtype in ("int8", "uint8", "int4")
            fixed = fixed or (tensor.role == "bookkeeping" and mode != "float8")
            tensor.trainable = all(flags) and not fixed and not (adapted and leaf in quantised.WEIGHTS)

    def _way(self, group: str, parent: str) -> list[Layer]:
        """The layers of the configuration that lead to a variable, outermost first; [] where it does not say."""
        if self.config is None:
            return []
        layer = self.config.by_name.get(group)
        if layer is None:
            return []
        way = [layer]
        for part in parent[len(group) + 1 :].split("/"):
            inner = way[-1].by_name.get(part) if part else None
            if inner is not None:
                way.append(inner)
        return way


def _by_place(held: dict[str, Tensor]) -> dict[str, str]:
    """What param_0, param_1 … of Keras 0 are, by their shapes."""
    if not all(leaf.startswith("param_") for leaf in held):
        return {}
    kept = [(tensor.shape or (), tensor.dtype) for tensor in held.values()]
    return dict(zip(held, by_shape(kept, list(held)).names, strict=True))  # type: ignore[arg-type]


def _role(leaf: str, kind: str | None, tensor: Tensor) -> tuple[str, str | None]:
    """(role, note) of a variable by its name, and by its class where the configuration tells it."""
    shape: tuple[int, ...] = tensor.shape or ()  # type: ignore[assignment]
    for spec in CLASSES.get(kind or "", ()):
        if f"-{leaf}" in spec.split():
            return "buffer", "made as not trainable"
    if leaf.endswith(FIRST_BUFFERS):
        return "buffer", "made as not trainable"
    if leaf in BOOKKEEPING and (kind is None or kind in QUANTISED):
        return "bookkeeping", "what quantisation keeps beside the weights"
    if leaf in ADDED or (leaf.endswith(FIRST_BIASES) and len(shape) == 1):
        return "bias", None
    if leaf in ("kernel", "embeddings", "reverse_embeddings"):
        return "weight", None
    return usual_role(leaf, shape, tensor.dtype)


def joined(layer: str, path: str) -> str:
    """A variable's name below its layer's: what TensorFlow put in front, or added to the layer's name, is left out.

    >>> joined("dense_6", "sequential_2/dense_6/kernel"), joined("lstm_1", "lstm_1_2/bias"), joined("inner", "d/kernel")
    ('dense_6/kernel', 'lstm_1/bias', 'inner/d/kernel')
    """
    around = f"/{path}"
    at = around.find(f"/{layer}/")
    if at >= 0:
        return around[at + 1 :]
    first, _, rest = path.partition("/")
    if rest and first.startswith(f"{layer}_") and first[len(layer) + 1 :].isdigit():
        return f"{layer}/{rest}"
    return f"{layer}/{path}"
