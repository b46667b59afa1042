"""The objects of a TorchScript archive: modules and what they hold, walked with their paths, without recursion.

pytorch torch/csrc/jit/serialization/pickler.cpp (`pushIValueImpl`): a module is an instance of a class below
`__torch__.`, built from the dictionary of its attributes; an object of a class that is written in C++
(`__torch__.torch.classes.`), a packed weight mostly, is built from whatever its own __getstate__ gives.
"""

from __future__ import annotations

from nparams.errors import FormatError, place, shown
from nparams.files._pickle import CALLS, Call, Dict, Record
from nparams.files._pytorch.arrays import is_array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from nparams.files._pickle.values import Make
    from nparams.files._torchscript.classes import Registered

OWN, NATIVE = "__torch__.", "__torch__.torch.classes."
DEEPEST = 300  # objects inside each other
MOST_AGAIN = 10_000  # objects that stand in several places and are listed in each

PARAMETER, BUFFER, ATTRIBUTE, UNKNOWN, NATIVE_PART = "parameter", "buffer", "attribute", "unknown", "native"


class Calls(dict[str, "Make"]):
    """The calls that such a pickle may make: the usual ones, torch.jit's marks of types, members of its own classes."""

    __slots__ = ()

    def get(self, path: str, default: Any = None) -> Any:
        """How a call of that name is recorded; None if it may not be called."""
        if path.startswith(("torch.jit._pickle.build_", "torch.jit._pickle.restore_type_tag", OWN)):
            return Call
        return CALLS.get(path)


class Found:
    """A tensor: its path, what the pickle says of it, how it is held, and the module that it stands in."""

    __slots__ = ("how", "module", "name", "value")

    def __init__(self, name: str, value: Any, how: str, module: str) -> None:
        self.name = name
        self.value = value
        self.how = how
        #: the path of the module
        self.module = module


class Objects:
    """Every tensor below a value, in order."""

    def __init__(self, file: str, classes: Mapping[str, Registered]) -> None:
        self.file = place(file)
        self.classes = classes
        self.found: list[Found] = []
        #: path of a module -> the name of its class, in order
        self.modules: dict[str, str] = {}
        #: modules that were met again and not listed again
        self.skipped = 0
        self._seen: set[int] = set()
        self._again = 0

    def run(self, value: Any, name: str = "") -> None:
        """Walk below `value`, whose own name is `name`; FormatError for objects that nest too deep."""
        stack = [(id(value), self._inside(value, name, name))]
        open_ = {id(value)}
        while stack:
            for path, held, how, module in stack[-1][1]:
                held = unwrapped(held)
                if is_array(held):
                    self.found.append(Found(path, held, how, module))
                elif isinstance(held, (Record, list, tuple, Dict)) and self._enter(held, open_):
                    if len(stack) > DEEPEST:
                        raise FormatError(f"{self.file}: {shown(path)}: objects more than {DEEPEST} deep")
                    open_.add(id(held))
                    stack.append((id(held), self._inside(held, path, module)))
                    break
            else:
                open_.discard(stack.pop()[0])

    def _enter(self, held: Any, open_: set[int]) -> bool:
        """Whether to look inside: not in itself, and again only so often."""
        if id(held) in self._seen:
            self._again += 1
            if id(held) in open_ or self._again > MOST_AGAIN:
                self.skipped += id(held) not in open_
                return False
        self._seen.add(id(held))
        return True

    def _inside(self, value: Any, path: str, module: str) -> Iterator[tuple[str, Any, str, str]]:
        """What a value holds: (path, value, how, path of the module)."""
        if isinstance(value, Record) and not is_module(value):
            yield from native(value, path, module)
        elif isinstance(value, Record):
            yield from self._attributes(value, path)
        elif isinstance(value, Dict):
            for key, held in value.items():
                yield f"{path}.{key if isinstance(key, str) else '?'}", held, ATTRIBUTE, module
        elif isinstance(value, (list, tuple)):
            for k, held in enumerate(value):
                yield f"{path}.{k}", held, ATTRIBUTE, module  # nothing in a list is registered

    def _attributes(self, value: Record, path: str) -> Iterator[tuple[str, Any, str, str]]:
        registered = self.classes.get(value.maker.path)
        self.modules.setdefault(path, value.maker.name)
        state = value.state if isinstance(value.state, Dict) else Dict()
        keys = [key for key in state.pairs[::2] if isinstance(key, str)]
        if len(set(keys)) != len(keys):
            twice = next(key for k, key in enumerate(keys) if key in keys[:k])
            raise FormatError(f"{self.file}: {shown(path)} holds {shown(twice)} twice")
        before = f"{path}." if path else ""
        for key, held in state.items():
            name = key if isinstance(key, str) else "?"
            yield before + name, held, _how(registered, name), path


def _how(registered: Registered | None, name: str) -> str:
    if registered is None:
        return UNKNOWN
    if name in registered.parameters:
        return PARAMETER
    if registered.buffers is None:
        return BUFFER
    return BUFFER if name in registered.buffers else ATTRIBUTE


def unwrapped(value: Any) -> Any:
    """A value without torch.jit's marks of its type: build_tensorlist(list), restore_type_tag(list, type)."""
    for _ in range(4):
        if not (isinstance(value, Call) and value.maker.module == "torch.jit._pickle" and value.args):
            break
        value = value.args[0]
    return value


def is_module(value: Record) -> bool:
    """Whether an object is built from its attributes, and not from what its class's own __getstate__ gives."""
    return isinstance(value.state, Dict) and not value.maker.path.startswith(NATIVE)


MOST_PARTS = 10_000


def native(value: Record, path: str, module: str) -> Iterator[tuple[str, Any, str, str]]:
    """The tensors in the state of an object that builds it itself (one written in C++, a quantised layer), in order."""
    number = 0
    stack, seen = [own_state(value)], {id(value)}
    while stack and number < MOST_PARTS:
        held = unwrapped(stack.pop())
        if is_array(held):
            yield path, held, NATIVE_PART, module
            number += 1
        elif isinstance(held, (list, tuple, Record, Dict)) and id(held) not in seen:
            seen.add(id(held))
            inner = (
                [own_state(held)] if isinstance(held, Record) else held.pairs[1::2] if isinstance(held, Dict) else held
            )
            stack.extend(reversed(inner))


def parts_of(value: Record) -> Iterator[tuple[str, Any]]:
    """(weight, bias, weight_1, …; what the pickle says of it) of the tensors in such an object."""
    numbers: dict[str, int] = {}
    for _, held, _, _ in native(value, "", ""):
        name = "weight" if held.maker.name == "_rebuild_qtensor" or _dimensions(held) > 1 else "bias"
        number = numbers[name] = numbers.get(name, -1) + 1
        yield f"{name}_{number}" if number else name, held


def _dimensions(held: Any) -> int:
    """How many dimensions a tensor has, by the arguments that make it (a parameter's first one is a tensor)."""
    for _ in range(4):
        if not (isinstance(held, Call) and held.args and is_array(held.args[0])):
            break
        held = held.args[0]
    shape = held.args[2] if isinstance(held, Call) and len(held.args) > 2 else ()
    return len(shape) if isinstance(shape, tuple) else 0


def own_state(value: Record) -> Any:
    """What an object is built from, but for what it holds twice: the biases of a packed recurrent cell.

    pytorch aten/src/ATen/native/RNN.cpp, `QuantizedCellParamsDynamic::__getstate__`: (type, biases, [], which bias,
    packed layers, which hold the biases again).  torch.save puts the name of the class behind the state.
    """
    state = value.state
    if value.maker.path == "torch.ScriptObject" and isinstance(state, tuple) and len(state) == 2:
        state = state[0]
    if isinstance(state, tuple) and len(state) == 5 and isinstance(state[0], str):
        packed = unwrapped(state[4])
        if isinstance(packed, list) and any(isinstance(one, Record) for one in packed):
            return packed
    return state
