"""Equinox: a module is a tree of its fields; an array of fractions is a parameter, others are kept with it.

Equinox has no class for parameters and no flag for training: eqx.is_inexact_array is the filter that its examples train
by, so that is the rule here, and `trainable` is not known.  State (eqx.nn.State, StateIndex) is no parameter.
Source: patrick-kidger/equinox equinox/_module/, equinox/_filters.py, equinox/nn/_stateful.py, equinox/nn/_shared.py.
"""

from __future__ import annotations

import re

from nparams.errors import UnsupportedError
from nparams.frameworks._arrays.gather import Gather
from nparams.frameworks._arrays.kinds import tree
from nparams.frameworks._arrays.leaf import is_array, is_inexact
from nparams.frameworks._arrays.remarks import recurrent
from nparams.frameworks._arrays.walk import entries_of, kept, walk
from nparams.network import Network
from nparams.stored.naming import parameter_role

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

#: an array is never written to, and a tree has its leaves apart: https://docs.kidger.site/equinox/api/nn/shared/
AGAIN = "one array, counted once; Equinox, which updates each place by itself, makes them two (eqx.nn.Shared ties them)"
STATE = "Equinox's state"
#: containers are looked into so deep to see whether they hold a module
DEEP, LOOKED = 4, 1_000


def claims(source: object) -> bool:
    """Whether it is a module of Equinox, or a plain container of one.

    >>> claims({"a": 1.0}), claims((1, 2))
    (False, False)
    """
    stack: list[tuple[object, int]] = [(source, 0)]
    for _ in range(LOOKED):
        if not stack:
            return False
        value, depth = stack.pop()
        plain = type(value) in (dict, list, tuple)
        if not plain and not is_array(value) and (_is_module(value) or _is(value, "State")):
            return True
        if depth < DEEP and plain:
            stack += [(held, depth + 1) for _, held in entries_of(value) or ()]
    return False


def read(source: Any) -> Network:
    """The network that a module is, with its state where both are given as a pair.

    Raises UnsupportedError where there is no array at all.
    """
    found = _Found()
    found.collect(source)
    gathered = found.gathered
    if not gathered.tensors:
        raise UnsupportedError(f"{type(source).__name__} holds no arrays; give the module, not its static part")
    gathered.finish()
    gathered.notes += recurrent(gathered.tensors, gathered.kinds, turned=True)
    model = source[0] if type(source) is tuple and source and _is_module(source[0]) else source
    return Network(
        tensors=gathered.tensors,
        tree=tree(gathered.kinds, turned=True),
        source=type(model).__name__,
        form="equinox",
        read_as=type(model).__name__,
        described=f"Equinox module, {gathered.counted}",
        notes=gathered.notes,
        also=gathered.also,
    )


class _Found:
    """The arrays of a module and of its state."""

    def __init__(self) -> None:
        self.gathered = Gather(AGAIN)
        #: id of what a StateIndex holds first: its state, whatever its numbers are
        self._state: list[object] = []

    def collect(self, source: Any) -> None:
        """Put in every array, in the order of the fields."""
        if type(source) is tuple and any(_is(held, "State") for held in source):  # (model, state)
            for part in source:
                self.collect(part)
            return
        for path, value in walk(source, self._opened):
            if is_array(value):
                self._add(path, value)
        self._note_classes(source)

    def _add(self, path: tuple[str, ...], value: Any) -> None:
        in_state = STATE in path
        path = tuple(part for part in path if part != STATE)
        dtype = getattr(value.dtype, "name", str(value.dtype))
        if in_state or not is_inexact(dtype):
            note = STATE if in_state else f"{dtype}: not trained"
            self.gathered.add(".".join(path), value, "buffer", note=note)
        else:
            self.gathered.add(".".join(path), value, parameter_role(path))

    def _opened(self, value: object) -> Iterable[tuple[str, Any]] | None:
        """The fields of a module that are no settings; state under a mark of its own."""
        if _is(value, "State"):
            held = vars(value).get("_state")
            return [(f"{STATE}", {_named(key): inner for key, inner in held.items()})] if isinstance(held, dict) else []
        if _is(value, "StateIndex"):
            return [(STATE, vars(value).get("init"))]
        return _fields(value) if _is_module(value) else None

    def _note_classes(self, source: object) -> None:
        """The layers by their names, with their settings, for rows."""
        stack: list[tuple[tuple[str, ...], Any]] = [((), source)]
        for _ in range(1_000_000):
            if not stack:
                return
            path, value = stack.pop()
            if is_array(value):
                continue
            entries = self._opened(value) if _is_module(value) or _is(value, "State") else None
            name = _layer(value)
            if name is not None:
                settings = {key: held for key, held in kept(value).items() if isinstance(held, (int, str, tuple))}
                self.gathered.kinds.setdefault(".".join(path), (name, settings))
            entries = entries_of(value) if entries is None else entries
            stack.extend(((*path, key), held) for key, held in entries or ())


def _fields(value: Any) -> list[tuple[str, Any]]:
    """The fields of a module, but those that are static."""
    held = kept(value)
    fields = type(value).__dataclass_fields__
    return [(name, held[name]) for name, f in fields.items() if name in held and not f.metadata.get("static", False)]


def _layer(value: object) -> str | None:
    """The name of the layer of equinox.nn that it is."""
    return next((c.__name__ for c in type(value).__mro__ if c.__module__.startswith("equinox.nn")), None)


def _is_module(value: object) -> bool:
    return hasattr(type(value), "__dataclass_fields__") and any(
        base.__name__ == "Module" and base.__module__.startswith("equinox") for base in type(value).__mro__
    )


def _is(value: object, name: str) -> bool:
    return any(base.__name__ == name and base.__module__.startswith("equinox.nn") for base in type(value).__mro__)


def _named(marker: object) -> str:
    """The name of a state: the path that make_with_state gives it ("Net.layers[1].batch_counter"), or a plain word.

    >>> _named("Net.layers[1].batch_counter"), _named(object())
    ('layers.1.batch_counter', 'state')
    """
    if not isinstance(marker, str):
        return "state"
    parts = re.findall(r"[^.\[\]'\"]+", marker)
    return ".".join(parts[1:] if len(parts) > 1 else parts)
