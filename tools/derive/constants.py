"""Floats that stand in code, and remember what they are multiplied with: 0.75 * hidden_size."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from nparams.frameworks._trace.numbers import Fraction, Tracked, fraction_operation


class Constant(float):
    """A float in code: Python asks it, and not the tracked number on its right, what a product of the two is."""


def _operation(name: str) -> Callable[[Constant, Any], Any]:
    real = getattr(float, f"__{name}__")

    def method(self: Constant, other: Any) -> Any:
        if isinstance(other, (Tracked, Fraction)):
            return fraction_operation(name, float.__add__(self, 0.0), other)
        return real(self, other)

    return method


for _name in ("add", "sub", "mul", "truediv", "floordiv"):
    setattr(Constant, f"__{_name}__", _operation(_name))


def remembered(modules: Iterable[Mapping[str, Any]]) -> None:
    """Put such floats in place of those in the methods of the classes that stand in modules."""
    for function in {id(f): f for module in modules for f in _methods(module)}.values():
        held = function.__code__.co_consts
        if any(type(each) is float for each in held):
            made = tuple(Constant(each) if type(each) is float else each for each in held)
            function.__code__ = function.__code__.replace(co_consts=made)


def _methods(module: Mapping[str, Any]) -> Iterator[types.FunctionType]:
    kinds = [held for held in module.values() if isinstance(held, type) and held.__module__ == module.get("__name__")]
    for kind in kinds:
        yield from (held for held in vars(kind).values() if isinstance(held, types.FunctionType))
