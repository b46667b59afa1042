"""What is given in Python and is no text: lists of sizes told from models, and what cannot be counted refused."""

from __future__ import annotations

from nparams.errors import ReadError, UnsupportedError, escaped
from nparams.expr import Expr, whole_number


def entries(source: object) -> list[object]:
    """What a list or tuple holds, past what a class derived from it makes of looking."""
    return list(list.__iter__(source) if isinstance(source, list) else tuple.__iter__(source))  # type: ignore[arg-type]


def is_stand_in(kind: type) -> bool:
    """Whether it is a class of unittest.mock, whose objects answer to everything, and mean nothing by it."""
    return any(base.__module__ == "unittest.mock" for base in kind.__mro__)


def _is_tensor(kind: type) -> bool:
    """Whether it is a class of PyTorch's tensors: asking one for a whole number may wait for a device."""
    return any((base.__module__, base.__name__) == ("torch", "Tensor") for base in kind.__mro__)


def is_size(entry: object) -> bool:
    """Whether an entry of a list can be a layer's size: a whole number, a text, an expression.

    >>> is_size(784), is_size("d"), is_size(1.5)
    (True, True, False)
    """
    try:
        if issubclass(type(entry), (str, Expr)):
            return True
        return not _is_tensor(type(entry)) and whole_number(entry) is not None
    except Exception:  # an array that is not filled yet
        return False


def uncountable(source: object) -> ReadError:
    """What nothing here can count, by its class."""
    kind = type(source)
    if issubclass(kind, type):
        name = escaped(type.__dict__["__name__"].__get__(source))
        return UnsupportedError(f"{name} is a class, not a model: make one, as in {name}(...)")
    told = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    if issubclass(kind, tuple) and {"init", "apply"} <= vars(kind).keys():  # Haiku's Transformed
        return UnsupportedError(f"{told} is functions, not a model: read what its init(...) returns, the parameters")
    return UnsupportedError(
        f"cannot count an object of type {told}: a model of PyTorch, Keras, Flax, Equinox or scikit-learn, a dict of "
        "arrays, a path, bytes, layer sizes or a text can be read"
    )
