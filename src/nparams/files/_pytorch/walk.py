"""Where in a pickled checkpoint the tensors stand: dictionaries, lists, modules and objects, each walked once."""

from __future__ import annotations

from nparams.errors import FormatError, shown
from nparams.files._pickle import Call, Dict, Record
from nparams.files._pytorch.arrays import MAKERS
from nparams.files._pytorch.storages import Storage
from nparams.roles import run_state
from nparams.stored._checkpoint.walk import (
    ATTRIBUTE,
    BUFFER,
    KEY,
    PARAMETER,
    PLAIN,
    TOP,
    Item,
    Spot,
    Walk,
    key_text,
    keyed,
    state_of_run,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class PickleWalk(Walk):
    """Every tensor below a value of a pickle, in order."""

    holders = frozenset((list, tuple, Dict, Record))

    def tensor(self, spot: Spot, key: str, value: Any, how: str) -> bool:
        """Whether that is a tensor; then it is kept."""
        of = value.__class__
        if (of is Call or of is Record) and value.maker.path in MAKERS:
            if how is not ATTRIBUTE or id(value) not in self.seen:
                self.items.append(Item(spot, key, value, how))
                if how is not KEY:
                    self.seen.add(id(value))
            return True
        if of is Storage:
            self.items.append(Item(spot, key, value, how))
        return of is Storage or of is Call

    def inside(self, spot: Spot, value: Any) -> Iterator[tuple[Spot, str, Any, str]]:
        """What a dictionary, a module or another object holds."""
        self._once(value)
        if value.__class__ is Dict:
            return keyed(spot, value.items())
        state = state_of(value)
        if state is not None and is_module(state):
            spot.kind, spot.loose = value.maker.name, False
            self.modules.append(spot)
            return module(spot, state)
        if value.maker.path == SCRIPTED or (state is None and value.maker.module.startswith(QUANTISED)):
            from nparams.files._torchscript.objects import parts_of

            return ((spot, name, held, KEY) for name, held in parts_of(value))
        spot.loose = spot.loose or (state is not None and not value.maker.path.startswith("collections."))
        return object_(spot, value, state)

    def not_model(self, spot: Spot, key: str, value: Any) -> str | None:
        """Why a container in a checkpoint is not the model: by what it is, or is called; None where it may be."""
        if spot.kind is not None:
            return None  # what a module registers is the model, whatever it is called
        if isinstance(value, Record) and value.maker.module.startswith("torch.optim"):
            return f"an optimizer or a scheduler ({value.maker.name[:80]})"
        if isinstance(value, Record) and value.maker.module.startswith("sklearn.") and key:
            return f"an estimator of scikit-learn ({value.maker.name[:80]})"
        if isinstance(value, Dict):
            found = state_of_run(key, {k for k in value.pairs[::2] if k.__class__ is str})
            if found is not None:
                return found
        return run_state(key) if spot.depth < TOP else None

    def _once(self, held: Dict) -> None:
        """No key twice: which of its values counts is not for a file to leave open."""
        keys = [key for key in held.pairs[::2] if key.__class__ is str]
        if len(set(keys)) == len(keys):
            return
        met: set[str] = set()
        for key in keys:
            if key in met:
                raise FormatError(f"{self.file}: the name {shown(key)} appears twice in one dictionary")
            met.add(key)


#: layers that build their state themselves (torch/ao/nn/quantized/modules/conv.py, `_ConvNd.__getstate__`)
QUANTISED = ("torch.ao.nn.", "torch.nn.quantized.", "torch.nn.intrinsic.")
#: an object that is written in C++, with a state of its own
SCRIPTED = "torch.ScriptObject"


def state_of(value: Record) -> Dict | None:
    """The attributes that an object is built with (where it has __slots__ too: a pair)."""
    state = value.state
    if state.__class__ is tuple and len(state) == 2:
        state = state[0]
    return state if state.__class__ is Dict else None


def object_(spot: Spot, value: Record, state: Dict | None) -> Iterator[tuple[Spot, str, Any, str]]:
    """An object that is no module: a dictionary or list of its class, or its attributes."""
    yield from keyed(spot, value.items())
    for k, held in enumerate(value.listed):
        yield spot, str(k), held, KEY
    if state is not None and value.maker.path != "collections.OrderedDict":  # that one's attributes are _metadata
        yield from keyed(spot, state.items())
    elif value.state.__class__ is tuple or value.state.__class__ is list:  # of a __getstate__ of its own
        for k, held in enumerate(value.state):
            yield spot, str(k), held, KEY


# -- modules ----------------------------------------------------------------------------------------------------------


def is_module(state: Dict) -> bool:
    """Whether attributes are those of an nn.Module (torch/nn/modules/module.py, `__init__`)."""
    keys = {key for key in state.pairs[::2] if key.__class__ is str}
    return "_parameters" in keys and "_modules" in keys


def module(spot: Spot, state: Dict) -> Iterator[tuple[Spot, str, Any, str]]:
    """What a module registers, in torch's order: parameters, buffers, modules; then tensors in plain attributes."""
    registered = ("_parameters", PARAMETER), ("_buffers", BUFFER), ("_modules", KEY)
    for name, how in registered:
        held = state.get(name)
        if isinstance(held, Dict):
            for k, (key, value) in enumerate(held.items()):
                yield spot, key_text(key, k), value, how
    for key, value in state.items():
        if value.__class__ is Record and value.maker.path == SCRIPTED:
            yield spot, key_text(key, 0), value, KEY  # a quantised layer's own weight
        elif key.__class__ is str and not key.startswith("_") and value.__class__ not in PLAIN:
            yield spot, key, value, ATTRIBUTE
