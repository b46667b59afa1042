"""The tensors of a model in Keras's order, each variable once: the layer that made it owns it."""

from __future__ import annotations

from nparams.dtypes import bytes_of
from nparams.frameworks._keras import packed, roles, training, unbuilt, wrapped
from nparams.frameworks._keras.arguments import arguments, shapes
from nparams.frameworks._keras.expected import klass_of
from nparams.frameworks._keras.variables import Facts
from nparams.frameworks._keras.walk import Met, flag, own, trains, unused
from nparams.network import PARAMETER_ROLES, Tensor
from nparams.network.listed import Listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    #: (name inside its layer, what is known of it, whether it was made as trainable)
    Held = list[tuple[str, Facts, bool]]


class Collected:
    """What a walk over a model found."""

    def __init__(self, found: list[tuple[Met, Any]]) -> None:
        self.tensors = Listed()
        self.met = [met for met, _ in found]
        #: (name, kind, first and last place) of what training keeps
        self.aside: list[tuple[str, str, int, int]] = []
        self.waiting: list[Met] = []
        self.tied: list[tuple[str, str]] = []
        #: packing in words -> how many layers
        self.schemes: dict[str, int] = {}
        #: the ranks of adapters
        self.ranks: dict[str, int] = {}
        #: elements of model.weights, as summary() counts them
        self.summed = self.trained = 0
        self._kinds: dict[Any, Any] = {}
        self._owner: dict[int, tuple[int, str]] = {}
        self._flags = [flag(layer) for _, layer in found]
        self._held = [held_by(layer, met) for met, layer in found]
        self._own_all()
        for (met, layer), held in zip(found, self._held, strict=True):
            self._layer(met, layer, held)
        self._training(found)

    def _own_all(self) -> None:
        """Who owns each variable: the first layer that keeps it, or one inside that which keeps it too."""
        for met, held in zip(self.met, self._held, strict=True):
            for leaf, facts, _ in held if met.again is None else ():
                place, _ = self._owner.get(facts.key, (None, ""))
                if place is None or place < met.place < self.met[place].end:
                    self._owner[facts.key] = met.place, _joined(met.name, leaf)

    # -- one layer --------------------------------------------------------------------------------------------------

    def _layer(self, met: Met, layer: Any, held: Held) -> None:
        met.first = len(self.tensors)
        klass = klass_of(met.cls.library)
        if klass is not None:
            met.args, met.shapes = arguments(layer, klass.name, klass), shapes(layer)
        self._trains = trains(met, self._flags)
        quantised = roles.is_quantised([facts for _, facts, _ in held])
        packs = _packs(layer, held) if quantised else {}
        for leaf, facts, made in held:
            self._variable(met, leaf, facts, made, quantised, packs.get(facts.key))
        for tensor in wrapped.buffers(layer, met, {leaf for leaf, _, _ in held}):
            self.tensors.put(tensor)
        self._waiting(met)
        for name, state in training.seeds(layer) if met.again is None else ():
            self._other(f"{_joined(met.name, name)}/{Facts(state).name}", state)
        met.last = len(self.tensors)

    def _variable(self, met: Met, leaf: str, facts: Facts, made: bool, quantised: bool, pack: Any) -> None:
        name = _joined(met.name, leaf)
        role, note = roles.role_of(facts, made, quantised)
        if pack is None and quantised and facts.name in roles.PACKED and facts.dtype == "uint8":
            role, note = "bookkeeping", "room for the packed kernel, which calibration fills"
        place, owner = self._owner[facts.key]
        trainable = made if met.cls.old else facts.trainable  # Keras 2 knows two lists, and flags of layers
        learns = (trainable and self._trains) if role in PARAMETER_ROLES else None
        if place != met.place or met.again is not None or owner != name:
            tensor = Tensor(name, facts.shape, facts.dtype, role, learns, owner, note=note)
            if met.again is None:
                self.tied.append((name, owner))
            if pack is not None:
                _unpack(tensor, facts, pack)
            self.tensors.put(tensor)
            return
        self.summed += facts.size
        self.trained += facts.size if learns else 0
        if pack is not None and (pack[0] != facts.shape or pack[1] != facts.dtype):
            tensor = Tensor(name, facts.shape, facts.dtype, role, learns, note=note)
            _unpack(tensor, facts, pack)
            self.tensors.put(tensor)
        elif facts.dtype is None:
            self.tensors.put(Tensor(name, facts.shape, None, role, learns, note=note, size=facts.size))
        else:
            kind = facts.shape, facts.dtype, role, note, facts.size, learns
            self.tensors.add(name, self._kinds.setdefault(kind, kind))
        if pack is not None:
            self.schemes[pack[2]] = self.schemes.get(pack[2], 0) + 1
        if leaf in roles.ADAPTERS:
            self.ranks[name] = facts.shape[-1] if leaf.endswith("_a") else facts.shape[0]

    def _waiting(self, met: Met) -> None:
        missing = unbuilt.missing(met) if not met.built and not self._held[met.place] else []
        for tensor in missing:
            self.tensors.put(tensor)
        if missing:
            self.waiting.append(met)

    # -- what is no part of the model -----------------------------------------------------------------------------

    def _other(self, name: str, variable: Any) -> None:
        facts = Facts(variable)
        if facts.key in self._owner:
            return
        self._owner[facts.key] = -1, name
        self.tensors.put(Tensor(name, facts.shape, facts.dtype, "other", None, size=facts.size))

    def _training(self, found: list[tuple[Met, Any]]) -> None:
        for kind, of in (("optimizer", _optimizer), ("metrics", _metrics)):
            first, taken = len(self.tensors), set[str]()
            for met, layer in found:
                for name, variable in of(layer) if met.again is None else ():
                    self._other(unused(f"{kind}/{name}", taken), variable)
            if len(self.tensors) > first:
                self.aside.append((kind, kind.capitalize(), first, len(self.tensors)))


def held_by(layer: Any, met: Met) -> Held:
    """The variables that a layer keeps itself, under names that tell them apart."""
    names = wrapped.names(layer, met)
    taken: set[str] = set()
    found: Held = []
    for variable, made in own(layer):
        facts = Facts(variable)
        inner = names.get(facts.key)
        facts.name = inner or facts.name
        found.append((unused(facts.name, taken), facts, made or inner is not None))
    return found


def _packs(layer: Any, held: Held) -> dict[int, Any]:
    """The packed weights of a quantised layer; one beside a kernel that is still whole is not yet its weight."""
    whole = any(facts.name == "kernel" and facts.dtype not in ("int8", "uint8") for _, facts, _ in held)
    return {
        facts.key: packed.logical(layer, facts.name, facts)
        for _, facts, _ in held
        if facts.name in roles.PACKED and facts.dtype in ("int8", "uint8") and not (whole and facts.dtype == "uint8")
    }


def _unpack(tensor: Tensor, facts: Facts, pack: Any) -> None:
    shape, dtype, scheme = pack
    width = None if facts.dtype is None else bytes_of(facts.size, facts.dtype)
    if width is not None and (shape != facts.shape or dtype != facts.dtype):
        tensor.stored = facts.size, width
    tensor.shape, tensor.dtype = shape, dtype
    tensor.size = None
    if shape is not None:
        tensor.size = 1
        for side in shape:
            tensor.size *= side
    tensor.note = f"packed: {scheme}" if shape is not None else f"packed: {scheme}; the layer does not tell its size"


def _joined(name: str, leaf: str) -> str:
    return f"{name}/{leaf}" if name else leaf


def _optimizer(layer: Any) -> list[tuple[str, Any]]:
    return [(Facts(variable).name, variable) for variable in training.optimizer_variables(layer)]


def _metrics(layer: Any) -> list[tuple[str, Any]]:
    return [(f"{name}/{Facts(variable).name}", variable) for name, variable in training.metric_variables(layer)]
