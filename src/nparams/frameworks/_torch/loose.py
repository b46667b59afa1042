"""Parameters without their model: a list of them, an iterator as `model.parameters()` gives it, a single one."""

from __future__ import annotations

import sys
from itertools import islice

from nparams.errors import ReadError, UnsupportedError
from nparams.frameworks._torch.access import items, shape_of
from nparams.frameworks._torch.hidden import is_parameter
from nparams.frameworks._torch.notes import listed
from nparams.frameworks._torch.walk import Walk
from nparams.roles import registered_role
from nparams.stored.naming import beside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

#: iterators of Python's own that people hand over: model.parameters(), filter(..., model.parameters()), chain(a, b)
ITERATORS = frozenset(("generator", "filter", "map", "chain", "islice", "list_iterator", "tuple_iterator"))
#: what may be looked at again and again
CONTAINERS = frozenset(("list", "tuple", "set", "frozenset", "deque", "dict_values", "odict_values", "dict_items",
                        "odict_items"))  # fmt: skip
#: tensors that an iterator may give
MOST = 10_000_000


def is_tensor(value: object) -> bool:
    """Whether it is a tensor of PyTorch's, by its class alone."""
    return issubclass(type(value), sys.modules["torch"].Tensor)


def is_named(value: object) -> bool:
    """Whether it is a pair of a name and a tensor, as named_parameters gives them."""
    return type(value) is tuple and len(value) == 2 and isinstance(value[0], str) and is_tensor(value[1])


def is_iterator(source: object) -> bool:
    """Whether it is an iterator of Python's own."""
    return type(source).__name__ in ITERATORS and type(source).__module__ in ("builtins", "itertools")


def holds_tensors(source: Any) -> bool:
    """Whether it is a tensor, or a container of Python's own of tensors, named or not, and of nothing else."""
    kind = type(source)
    if kind.__name__ in CONTAINERS and kind.__module__ in ("builtins", "collections"):
        return bool(source) and all(is_tensor(each) or is_named(each) for each in islice(source, MOST))
    return is_tensor(source)


def gathered(source: Any, walk: Walk) -> list[str]:
    """Put tensors into a walk; the names of vectors that stand beside a matrix and are taken for biases."""
    entries = list(_entries(source))
    shapes = [None if name is not None or is_lazy(t) else shape_of(t, name) for name, t in entries]
    guessed = []
    for k, (name, t) in enumerate(entries):
        called = str(k) if name is None else name
        if is_parameter(t) and name is not None:
            role = registered_role(called)
        else:
            role = "bias" if shapes[k] is not None and beside(shapes, k) else "weight"
            guessed += [called] if role == "bias" else []
        walk.put(called, t, role)
    return guessed


def _entries(source: Any) -> Iterator[tuple[str | None, Any]]:
    if is_tensor(source):
        yield "tensor", source
        return
    for each in _drawn(source):
        if is_named(each):
            yield each
        elif is_tensor(each):
            yield None, each
        else:
            raise UnsupportedError(
                f"{type(source).__name__} of {type(each).__name__}: of iterators, those of tensors are read, such as "
                "model.parameters() or model.named_parameters()"
            )


def _drawn(source: Any) -> Iterator[Any]:
    """What an iterator gives; one that breaks off gives no list."""
    try:
        yield from islice(source, MOST)
    except Exception as problem:
        told = f"{type(problem).__name__} before its end"
        raise ReadError(f"a {type(source).__name__} raises {told}: nothing is known of the rest") from problem


def is_lazy(t: Any) -> bool:
    """Whether a tensor has no shape yet."""
    return issubclass(type(t), sys.modules["torch.nn.parameter"].UninitializedTensorMixin)


def note(guessed: list[str]) -> list[str]:
    """What must be said of roles that only shapes tell."""
    if not guessed:
        return []
    told = f"vectors beside a matrix with a side of their length are taken for biases ({listed(guessed)})"
    return [f"without names, {told}"]


def exported(program: Any, walk: Walk) -> None:
    """A program of torch.export: what is a parameter and what a buffer stands in its signature.

    pytorch/pytorch torch/export/exported_program.py; state and constants by name.
    """
    held = object.__getattribute__(program, "__dict__")
    state, signature = held["_state_dict"], held["_graph_signature"]
    inputs = [(spec.kind.name, spec.target) for spec in signature.input_specs]
    for name in (target for kind, target in inputs if kind == "PARAMETER"):
        walk.put(name, state[name], registered_role(name))
    constants = dict(items(held.get("_constants")))
    for kind, name in inputs:
        if kind == "BUFFER" and (t := state.get(name, constants.get(name))) is not None:
            walk.put(name, t, "buffer")
