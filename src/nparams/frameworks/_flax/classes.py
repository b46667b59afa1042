"""Classes of Flax, told by where they are defined: its packages are not imported to compare with."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def is_from(value: object, module: str, name: str) -> bool:
    """Whether a value is of a class of that name, or one derived from it.

    >>> is_from(KeyError(), "builtins", "LookupError"), is_from(3, "builtins", "str")
    (True, False)
    """
    return any(base.__name__ == name and base.__module__ == module for base in type(value).__mro__)


def first_of(value: object, package: str) -> str | None:
    """The name of the nearest class that a package defines.

    >>> first_of(KeyError(), "builtins"), first_of(KeyError(), "flax")
    ('KeyError', None)
    """
    start = f"{package}."
    return next(
        (c.__name__ for c in type(value).__mro__ if c.__module__ == package or c.__module__.startswith(start)), None
    )


def slot(value: object, name: str) -> Any:
    """An attribute that a class keeps in a slot of its own, without asking its properties."""
    return object.__getattribute__(value, name)


def boxed(value: object) -> bool:
    """Whether it is an array in a box that says how it is partitioned (flax/core/meta.py AxisMetadata)."""
    return is_from(value, "flax.core.meta", "AxisMetadata") and "value" in vars(value)
