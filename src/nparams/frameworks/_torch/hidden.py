"""Modules and parameters that stand in plain lists, dicts and the like: the framework does not know of them."""

from __future__ import annotations

import sys
from collections import OrderedDict, defaultdict, deque
from itertools import islice

from nparams.frameworks._torch.access import items, own

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from nparams.frameworks._torch.access import Class
    from nparams.frameworks._torch.walk import Walk

#: attributes that every module has, in the order in which they are set (pytorch/pytorch torch/nn/modules/module.py,
#: `Module.__init__`)
FIRST = (
    "training", "_parameters", "_buffers", "_non_persistent_buffers_set", "_backward_pre_hooks", "_backward_hooks",
    "_is_full_backward_hook", "_forward_hooks", "_forward_hooks_with_kwargs", "_forward_hooks_always_called",
    "_forward_pre_hooks", "_forward_pre_hooks_with_kwargs", "_state_dict_hooks", "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks", "_load_state_dict_post_hooks", "_modules",
)  # fmt: skip
#: and what torch.compile keeps beside its modules (torch/_dynamo/eval_frame.py)
OWN = frozenset((*FIRST, "_orig_mod"))
#: values that hold nothing; classes are told by identity, for their equality may be for a metaclass to say
PLAIN = frozenset(map(id, (int, float, bool, str, type(None), complex, bytes, type, range, slice)))
SEQUENCES = frozenset(map(id, (list, tuple, set, frozenset, deque)))
MAPPINGS = frozenset(map(id, (dict, OrderedDict, defaultdict)))
#: entries of one container that are looked at, and containers in containers
MOST, DEEPEST = 100_000, 5


def suspects(told: Class, attributes: dict[str, Any]) -> list[tuple[str, Any]]:
    """The attributes of a module in which others may stand that are not registered."""
    usual = tuple(islice(attributes, len(FIRST))) == FIRST
    rest = islice(attributes.items(), len(FIRST), None) if usual else attributes.items()
    found = [
        (key, value) for key, value in rest if id(type(value)) not in PLAIN and key not in OWN and _may_hold(value)
    ]
    if not found and not told.foreign:
        told.clean = len(attributes)  # classes of PyTorch's own set the same attributes in every object
    return found


def _may_hold(value: Any) -> bool:
    kind = id(type(value))
    if kind in SEQUENCES:
        return not PLAIN.issuperset(map(id, map(type, islice(value, MOST))))
    if kind in MAPPINGS:
        return not PLAIN.issuperset(map(id, map(type, islice(value.values(), MOST))))
    return is_module(value) or is_parameter(value) or is_record(value)


def is_record(value: object) -> bool:
    """Whether it is an object of a data class, by what its classes keep themselves: none of them is asked."""
    mro = type(value).__mro__
    return len(mro) > 1 and any("__dataclass_fields__" in vars(base) for base in mro)


def is_module(value: object) -> bool:
    """Whether it is a module, by its class alone."""
    return issubclass(type(value), sys.modules["torch.nn"].Module)


def is_parameter(value: object) -> bool:
    """Whether it is a parameter, of whatever class of tensors."""
    kind = type(value)
    if not issubclass(kind, sys.modules["torch"].Tensor):
        return False
    marked = "_is_param" in object.__getattribute__(value, "__dict__")  # pytorch/pytorch torch/nn/parameter.py
    return marked or issubclass(kind, sys.modules["torch.nn"].Parameter)


class Group:
    """What stands in attributes of one name, of objects of one class; `places` are those of the walk."""

    __slots__ = ("label", "layers", "places", "where")

    def __init__(self, label: str, where: str) -> None:
        self.label = label
        #: what holds it, in words
        self.where = where
        #: whether whole layers stand there
        self.layers = False
        self.places: list[range] = []


def add_unregistered(walk: Walk) -> list[Group]:
    """Walk over what the models hold and do not register; it stands at the end of what the walk has found."""
    if not walk.suspects:
        return []
    registered = set(map(id, walk.held))
    groups: dict[str, Group] = {}
    walk.enter_aside()
    searched: set[int] = set()  # settings stand in every layer, and are looked through once
    k = 0
    while k < len(walk.suspects):  # what is found may hold more
        name, cls, key, value = walk.suspects[k]
        k += 1
        if id(value) in searched:
            continue
        searched.add(id(value))
        first, layers = len(walk.names), False
        for path, thing in _inside(f"{name}.{key}" if name else key, value):
            layers = _add(walk, path, thing, registered) or layers
        if len(walk.names) > first:
            group = groups.setdefault(f"{cls}.{key}", Group(f"{cls}.{key}", _called(value)))
            group.layers = group.layers or layers
            group.places.append(range(first, len(walk.names)))
    return list(groups.values())


def _add(walk: Walk, path: str, thing: Any, registered: set[int]) -> bool:
    """One module or parameter, less what is registered elsewhere; nothing of one that holds the model itself.

    Whether it is a module.
    """
    if is_parameter(thing):
        if id(thing) not in registered:
            registered.add(id(thing))
            walk.put(path, thing, "other")
        return False
    if id(thing) in walk.modules or _holds(thing, walk.first):
        return False
    start = len(walk.names)
    walk.run(path, thing)
    walk.drop(start, registered)
    return True


def _holds(module: Any, wanted: object) -> bool:
    """Whether a module stands in another: then the other is its parent, and not a part of it."""
    stack, seen = [module], {id(module)}
    while stack:
        for _, child in items(own(stack.pop()).get("_modules")):
            if child is wanted:
                return True
            if child is not None and id(child) not in seen:
                seen.add(id(child))
                stack.append(child)
    return False


def _inside(path: str, value: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Every module and parameter in containers of Python's own and in data classes."""
    kind = id(type(value))
    if kind in PLAIN or depth > DEEPEST:
        return
    if is_module(value) or is_parameter(value):
        yield path, value
    elif kind in SEQUENCES or kind in MAPPINGS or is_record(value):
        for key, entry in islice(_entries(value), MOST):
            yield from _inside(f"{path}.{key}", entry, depth + 1)


def _entries(value: Any) -> Iterable[tuple[object, Any]]:
    if id(type(value)) in MAPPINGS:
        return ((key if type(key) in (str, int) else k, entry) for k, (key, entry) in enumerate(value.items()))
    if id(type(value)) in SEQUENCES:
        return enumerate(value)
    try:
        return items(object.__getattribute__(value, "__dict__"))
    except AttributeError:
        return ()


def _called(value: object) -> str:
    kind = type(value)
    return f"a plain {kind.__name__}" if id(kind) in SEQUENCES or id(kind) in MAPPINGS else "a plain attribute"
