"""Where in a checkpoint the tensors stand: dictionaries, lists, modules and objects, each walked once."""

from __future__ import annotations

from nparams.errors import FormatError, place, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    #: (where it stands, its key, the value, how it is held)
    Entry = tuple["Spot", str, Any, str]

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
    """A tensor as found: `value` is still what the checkpoint says of it."""

    __slots__ = ("how", "key", "spot", "value")

    def __init__(self, spot: Spot, key: str, value: Any, how: str) -> None:
        self.spot = spot
        self.key = key
        self.value = value
        self.how = how


class Walk:
    """Every tensor below a value, in order.

    What values are is for a class derived from this to say: those of a pickle, or objects in memory.
    """

    #: the classes of what may hold tensors
    holders: frozenset[type] = frozenset()

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
        self.root.why = self.not_model(self.root, "", value)
        if not self.tensor(self.root, "tensor", value, KEY):
            stack: list[Iterator[Entry]] = []
            if self.holds(value):
                stack.append(self.entries(self.root, value))
            while stack:
                for spot, key, held, how in stack[-1]:
                    if held.__class__ in PLAIN or self.tensor(spot, key, held, how):
                        continue
                    if self.holds(held) and id(held) not in self.seen:
                        why = WHY.get(how) or self.not_model(spot, key, held)
                        stack.append(self.entries(Spot(spot, key, why), held))
                        break
                else:
                    stack.pop()
        return self.items

    def entries(self, spot: Spot, value: Any) -> Iterator[Entry]:
        """What a container holds, each with the spot that it stands in, its key, and how it is held."""
        self.seen.add(id(value))
        if spot.depth > DEEPEST:
            raise FormatError(f"{self.file}: {shown(spot.key)}: containers more than {DEEPEST} deep")
        if value.__class__ is list or value.__class__ is tuple:
            if spot.key.endswith(PACKED) and len(value) == 2:
                return ((spot, name, held, KEY) for name, held in zip(("weight", "bias"), value, strict=True))
            return ((spot, str(k), held, KEY) for k, held in enumerate(value))
        return self.inside(spot, value)

    # -- what a class derived from this says --------------------------------------------------------------------------

    def holds(self, value: Any) -> bool:
        """Whether a value may hold tensors."""
        return value.__class__ in self.holders

    def tensor(self, spot: Spot, key: str, value: Any, how: str) -> bool:
        """Whether that is a tensor; then it is kept."""
        raise NotImplementedError

    def inside(self, spot: Spot, value: Any) -> Iterator[Entry]:
        """What a container holds that is neither a list nor a tuple."""
        raise NotImplementedError

    def not_model(self, spot: Spot, key: str, value: Any) -> str | None:
        """Why a container is not the model: by what it is, or is called; None where it may be."""
        raise NotImplementedError


#: a packed layer's weight and bias (pytorch torch/ao/nn/quantized/modules/linear.py, `LinearPackedParams`)
PACKED = "_packed_params"
WHY = {ATTRIBUTE: "kept beside the modules, not registered"}


def key_text(key: Any, k: int) -> str:
    """A dictionary's k-th key as part of a name."""
    if key.__class__ is str:
        return str(key)
    if key.__class__ in PLAIN:
        return key.decode("utf-8", "backslashreplace") if isinstance(key, bytes) else str(key)[:100]
    return f"?{k}"


def keyed(spot: Spot, pairs: Iterable[tuple[Any, Any]]) -> Iterator[Entry]:
    """The entries of a dictionary."""
    return ((spot, key_text(key, k), held, KEY) for k, (key, held) in enumerate(pairs))


def state_of_run(key: str, names: set[str]) -> str | None:
    """Why a dictionary with those keys is the state of an optimizer or a scheduler; None where it may be a model."""
    of = f" ({key[:80]})" if key else ""
    if "param_groups" in names and "state" in names:
        return f"an optimizer's state{of}"
    if "last_epoch" in names and ("_step_count" in names or "base_lrs" in names):
        return f"a scheduler's state{of}"
    return None
