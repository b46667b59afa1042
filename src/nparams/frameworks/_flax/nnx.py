"""nnx: the graph of a module, its Variables by what their class says, each object once.

A Variable under two names is one (nnx.split keeps it so): the second name is tied.  Attributes are read from the
object's own dict, nothing is called.
Source: google/flax flax/nnx/variablelib.py, rnglib.py, training/optimizer.py, training/metrics.py, nn/lora.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from nparams.errors import UnsupportedError
from nparams.frameworks._arrays.gather import Gather, names
from nparams.frameworks._arrays.leaf import is_array
from nparams.frameworks._arrays.walk import entries_of
from nparams.frameworks._flax.classes import first_of, is_from, slot
from nparams.frameworks._flax.found import Found
from nparams.stored.naming import parameter_role

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    Path = tuple[str, ...]

VARIABLE = ("flax.nnx.variablelib", "Variable")
PYTREES = (("flax.nnx.pytreelib", "Pytree"), ("flax.nnx.object", "Object"))
STATES = (("flax.nnx.statelib", "State"), ("flax.nnx.statelib", "FlatState"))
GRAPHS = (("flax.nnx.graphlib", "GraphDef"), ("flax.nnx.graph", "GraphDef"))
#: classes of Variables that are no part of the model -> what they are; the nearest in a class's line of descent decides
RUN = {
    "RngState": "the state of a random number generator", "OptState": "the optimizer's state",
    "MetricState": "a metric's state", "Intermediate": "a value sown while it ran",
}  # fmt: skip
#: containers are looked into so deep to see whether they hold anything of nnx
DEEP = 4
CONTAINERS = frozenset((dict, list, tuple))
MOST = 10_000_000


def knows(source: object) -> bool:
    """Whether it is something of nnx, or a plain container of that."""
    stack: list[tuple[object, int]] = [(source, 0)]
    for _ in range(1_000):
        if not stack:
            break
        value, depth = stack.pop()
        if type(value) not in CONTAINERS and not is_array(value) and _is_known(value):
            return True
        if depth < DEEP and type(value) in CONTAINERS:
            stack += [(held, depth + 1) for _, held in entries_of(value) or ()]
    return False


def _is_known(value: object) -> bool:
    return _is_node(value) or _is_variable(value) or any(is_from(value, *kind) for kind in (*STATES, *GRAPHS))


def read(source: Any) -> Found:
    """Everything that a module, a state, or what nnx.split gives holds."""
    if any(is_from(source, *kind) for kind in GRAPHS):
        raise UnsupportedError("a GraphDef holds no arrays; give the module, or nnx.state(module)")
    walked = _Walk()
    walked.run(source)
    found = walked.found
    if walked.hidden:
        found.notes.append(
            f"{names(walked.hidden)}: Variables in a container that nnx takes for a setting; nnx.state leaves them out"
        )
    name = type(source).__name__
    said = f"Flax nnx {'module' if _is_node(source) else 'state'}"
    return Found(found, name, f"{said}, {found.counted}", walked.variables)


class _Walk:
    """One walk over a graph; `variables` is what tabulate adds up: every Variable once."""

    def __init__(self) -> None:
        self.found = Gather()
        self.variables = 0
        self.hidden: list[str] = []
        self._inside: set[int] = set()

    def run(self, root: object) -> None:
        """Visit everything, a stack of our own in place of recursion: ("" marks the end of a node)."""
        stack: list[tuple[Path, Any, str]] = [((), root, "open")]
        seen = 0
        while stack:
            path, value, state = stack.pop()
            if state == "close":
                self._inside.discard(id(value))
                continue
            seen += 1
            if seen > MOST:
                raise UnsupportedError(f"more than {MOST:,} values: modules that hold each other twice over?")
            held = self._visit(path, value, state)
            if held is not None and id(value) not in self._inside:  # a graph may point back at a module above
                self._inside.add(id(value))
                stack.append((path, value, "close"))
                stack.extend(((*path, key) if key else path, inner, mark) for key, inner, mark in reversed(list(held)))

    def _visit(self, path: Path, value: Any, state: str) -> Iterable[tuple[str, Any, str]] | None:
        """Put in what is an array; of what is not, what it holds."""
        if _is_variable(value):
            self._variable(path, value, hidden=state == "hidden")
            return None
        if is_array(value):
            self.found.add(".".join(path), value, "buffer", note="an array that is no Variable")
            return None
        if _is_node(value):
            return self._module(path, value)
        if any(is_from(value, *kind) for kind in STATES):
            return [(key, held, "open") for key, held in _state(value)]
        if any(is_from(value, *kind) for kind in GRAPHS) or isinstance(value, type):
            return None
        entries = entries_of(value) if isinstance(value, (dict, list, tuple, Mapping)) or _is_record(value) else None
        return None if entries is None else [("" if _is_split(value) else key, held, state) for key, held in entries]

    def _module(self, path: Path, value: Any) -> Iterable[tuple[str, Any, str]]:
        """The attributes of a module, as it keeps them; those that it calls settings hold nothing that is trained."""
        kept = vars(value)
        nodes = kept.get("_pytree__nodes")
        name = first_of(value, "flax.nnx.nn")
        if name is not None:
            settings = {key: held for key, held in kept.items() if isinstance(held, (int, float, str, tuple))}
            self.found.kinds.setdefault(".".join(path), (name, settings))
        for key, held in kept.items():
            if key.startswith("_pytree__") or key == "_object__state":
                continue
            is_setting = isinstance(nodes, Mapping) and nodes.get(key) is False and not _is_variable(held)
            if is_setting and not knows(held):
                continue
            yield key, held, "hidden" if is_setting else "open"

    def _variable(self, path: Path, value: Any, hidden: bool) -> None:
        """The array in a Variable, or the arrays of a container in it."""
        raw = slot(value, "_raw_value")
        arrays = [((), raw)] if is_array(raw) else _arrays(raw)
        for inner, array in arrays:
            role, note, trainable = _meaning(value, (*path, *inner))
            name = ".".join((*path, *inner))
            owner = value if not inner else None
            made = self.found.add(name, array, "other" if hidden else role, trainable, note=note, owner=owner)
            if made is not None and made[1] and note != RUN["OptState"]:
                self.variables += 0 if hidden else made[0]
            if hidden and made is not None:
                self.hidden.append(name)
                size = made[0] if role in ("weight", "bias") else 0
                self.found.also["unregistered"] = self.found.also.get("unregistered", 0) + size


def _arrays(raw: object) -> list[tuple[Path, Any]]:
    """The arrays in a container that a Variable holds, with their paths."""
    from nparams.frameworks._arrays.walk import walk

    if raw is None:
        return []
    return [(path, held) for path, held in walk(raw, lambda value: None) if is_array(held)]


def _meaning(variable: object, path: Path) -> tuple[str, str | None, bool | None]:
    """(role, note, trainable) by the class of a Variable."""
    for base in type(variable).__mro__:
        if base.__name__ in RUN and base.__module__.startswith("flax.nnx"):
            return "other", RUN[base.__name__], None
        if base.__name__ == "Param" and base.__module__ == VARIABLE[0]:
            return parameter_role(path), None, True
    return "buffer", type(variable).__name__, None


def opened(value: object) -> list[tuple[str, Any]] | None:
    """What a Variable or a state holds, for walks that know by themselves what it is for."""
    if _is_variable(value):
        return [("", slot(value, "_raw_value"))]
    return _state(value) if any(is_from(value, *kind) for kind in STATES) else None


def _is_variable(value: object) -> bool:
    return is_from(value, *VARIABLE)


def _is_node(value: object) -> bool:
    return any(is_from(value, *kind) for kind in PYTREES)


def _is_record(value: object) -> bool:
    """A training state of nnx is a dataclass."""
    return hasattr(type(value), "__dataclass_fields__") and not callable(value)


def _is_split(value: object) -> bool:
    """(graphdef, state, ...) as nnx.split gives it: the parts of one model."""
    return type(value) is tuple and any(is_from(held, *kind) for held in value for kind in GRAPHS)


def _state(value: Any) -> list[tuple[str, Any]]:
    """What a State holds, by name."""
    if is_from(value, *STATES[1]):
        keys, values = slot(value, "_keys"), slot(value, "_values")
        return [(".".join(map(str, key)), held) for key, held in zip(keys, values, strict=True)]
    return [(str(key), held) for key, held in slot(value, "_mapping").items()]
