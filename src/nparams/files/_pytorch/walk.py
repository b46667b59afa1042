"""Where in a checkpoint the tensors stand: dictionaries, lists, modules and objects, each walked once."""

from __future__ import annotations

from nparams.errors import FormatError, place, shown
from nparams.files._pickle import Call, Dict, Record
from nparams.files._pytorch.arrays import MAKERS
from nparams.files._pytorch.storages import Storage
from nparams.roles import run_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

DEEPEST = 300  # containers inside each other: real models nest a few dozen deep
TOP = 2  # containers whose keys tell what a checkpoint keeps
#: plain values, which hold no tensors
PLAIN = frozenset((type(None), bool, int, float, str, bytes))
#: how a tensor stands in the container above it
PARAMETER, BUFFER, ATTRIBUTE, KEY, BESIDE = "parameter", "buffer", "attribute", "key", "beside"


class Spot:
    """A container in the tree of names; the root has no parent."""

    __slots__ = ("depth", "key", "kind", "loose", "parent", "prefix", "top", "why")

    def __init__(self, parent: Spot | None, key: str, why: str | None = None, kind: str | None = None) -> None:
        self.parent = parent
        self.key = key
        self.depth: int = 0 if parent is None else parent.depth + 1
        #: the one below the root that this is or stands in
        self.top: Spot | None = None if parent is None else parent.top or self
        #: why what stands here is not the model
        self.why: str | None = why if parent is None or parent.why is None else parent.why
        #: the class of a module
        self.kind = kind
        #: whether it is or stands in an object that is no module, and in no module of that
        self.loose: bool = parent is not None and parent.loose
        #: the name of what stands here, but for its last part; made when it is asked for
        self.prefix: str | None = None

    def chain(self) -> list[Spot]:
        """From below the root down to this."""
        found: list[Spot] = []
        spot = self
        while spot.parent is not None:
            found.append(spot)
            spot = spot.parent
        return found[::-1]


class Item:
    """A tensor as found: `value` is still what the pickle says of it."""

    __slots__ = ("how", "key", "spot", "value")

    def __init__(self, spot: Spot, key: str, value: Any, how: str) -> None:
        self.spot = spot
        self.key = key
        self.value = value
        self.how = how


class Walk:
    """Every tensor below a value, in order; `classes` of modules by their spots."""

    def __init__(self, file: str) -> None:
        self.file = place(file)
        self.value: Any = None
        self.items: list[Item] = []
        self.root = Spot(None, "")
        #: modules found, in order
        self.modules: list[Spot] = []
        self.seen: set[int] = set()

    def run(self, value: Any) -> list[Item]:
        """Walk; FormatError for containers that nest too deep."""
        self.value = value
        self.root.why = not_model(self.root, "", value)
        if not self._tensor(self.root, "tensor", value, KEY):
            stack: list[Iterator[tuple[Spot, str, Any, str]]] = []
            if value.__class__ in HOLDERS:
                stack.append(self._inside(self.root, value))
            while stack:
                for spot, key, held, how in stack[-1]:
                    if held.__class__ in PLAIN or self._tensor(spot, key, held, how):
                        continue
                    if held.__class__ in HOLDERS and id(held) not in self.seen:
                        stack.append(self._inside(Spot(spot, key, WHY.get(how) or not_model(spot, key, held)), held))
                        break
                else:
                    stack.pop()
        return self.items

    def _tensor(self, spot: Spot, key: str, value: Any, how: str) -> bool:
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

    def _inside(self, spot: Spot, value: Any) -> Iterator[tuple[Spot, str, Any, str]]:
        """What a container holds, each with the spot that it stands in, its key, and how it is held."""
        self.seen.add(id(value))
        if spot.depth > DEEPEST:
            raise FormatError(f"{self.file}: {shown(spot.key)}: containers more than {DEEPEST} deep")
        if value.__class__ is list or value.__class__ is tuple:
            if spot.key.endswith(PACKED) and len(value) == 2:
                return ((spot, name, held, KEY) for name, held in zip(("weight", "bias"), value, strict=True))
            return ((spot, str(k), held, KEY) for k, held in enumerate(value))
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


#: a packed layer's weight and bias (pytorch torch/ao/nn/quantized/modules/linear.py, `LinearPackedParams`)
PACKED = "_packed_params"
#: layers that build their state themselves (torch/ao/nn/quantized/modules/conv.py, `_ConvNd.__getstate__`)
QUANTISED = ("torch.ao.nn.", "torch.nn.quantized.", "torch.nn.intrinsic.")
#: an object that is written in C++, with a state of its own
SCRIPTED = "torch.ScriptObject"
HOLDERS = frozenset((list, tuple, Dict, Record))
WHY = {ATTRIBUTE: "kept beside the modules, not registered"}


def key_text(key: Any, k: int) -> str:
    """A dictionary's k-th key as part of a name."""
    if key.__class__ is str:
        return str(key)
    if key.__class__ in PLAIN:
        return key.decode("utf-8", "backslashreplace") if isinstance(key, bytes) else str(key)[:100]
    return f"?{k}"


def keyed(spot: Spot, pairs: Iterable[tuple[Any, Any]]) -> Iterator[tuple[Spot, str, Any, str]]:
    """The entries of a dictionary."""
    return ((spot, key_text(key, k), held, KEY) for k, (key, held) in enumerate(pairs))


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


# -- what is not the model --------------------------------------------------------------------------------------------


def not_model(spot: Spot, key: str, value: Any) -> str | None:
    """Why a container in a checkpoint is not the model: by what it is, or is called; None where it may be."""
    if spot.kind is not None:
        return None  # what a module registers is the model, whatever it is called

    if isinstance(value, Record) and value.maker.module.startswith("torch.optim"):
        return f"an optimizer or a scheduler ({value.maker.name[:80]})"
    if isinstance(value, Dict):
        keys = {k for k in value.pairs[::2] if k.__class__ is str}
        if "param_groups" in keys and "state" in keys:
            return f"an optimizer's state{f' ({key[:80]})' if key else ''}"
        if "last_epoch" in keys and ("_step_count" in keys or "base_lrs" in keys):
            return f"a scheduler's state{f' ({key[:80]})' if key else ''}"
    return run_state(key) if spot.depth < TOP else None
