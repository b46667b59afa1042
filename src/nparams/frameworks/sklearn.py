"""scikit-learn: fitted estimators that are networks of weights, and estimators that hold such estimators.

Which of their arrays are parameters, stored/estimators.py says, for memory and files alike.  Attributes are read from
the object's own dict, so that no property computes anything.
"""

from __future__ import annotations

from nparams.frameworks._arrays.gather import Gather
from nparams.frameworks._arrays.kinds import tree
from nparams.frameworks._arrays.leaf import is_array
from nparams.network import Network
from nparams.stored.estimators import PATTERNS, Estimators

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def claims(source: object) -> bool:
    """Whether it is an estimator of scikit-learn, or of a class derived from its BaseEstimator.

    >>> claims("MLPClassifier")
    False
    """
    return any(base.__name__ == "BaseEstimator" and base.__module__ == "sklearn.base" for base in type(source).__mro__)


def read(source: Any) -> Network:
    """The network that a fitted estimator is.

    Raises ReadError for one that has not been fitted, UnsupportedError for what is no network of weights.
    """
    gathered = Gather()
    found = Estimators(_InMemory(), gathered)
    found.read(source)
    if not found.counted:
        raise found.no_network(source)
    gathered.notes += found.said()
    gathered.finish()
    if found.zeros:
        gathered.also["nonzero"] = gathered.known - found.zeros
    name = type(source).__name__
    return Network(
        tensors=gathered.tensors,
        tree=tree(gathered.kinds),
        source=name,
        form="sklearn",
        read_as=name,
        described=f"scikit-learn, {gathered.counted}",
        notes=gathered.notes,
        also=gathered.also,
    )


class _InMemory:
    """How objects that a program holds are looked at."""

    def attributes(self, value: Any) -> Mapping[str, Any] | None:
        held: Any = getattr(value, "__dict__", None)
        return held if isinstance(held, dict) else None

    def name(self, value: Any) -> str:
        return type(value).__name__

    def is_estimator(self, value: Any) -> bool:
        return claims(value)

    def is_part(self, value: Any) -> bool:
        held = getattr(value, "__dict__", ())
        return claims(value) or (type(value).__module__.startswith("sklearn.") and any(key in held for key in PATTERNS))

    def predicts(self, value: Any) -> bool:
        return hasattr(type(value), "predict")

    def shape(self, value: Any) -> tuple[int, ...] | None:
        return tuple(value.shape) if is_array(value) else None

    def sparse(self, value: Any) -> tuple[tuple[int, ...], str, int, int] | None:
        if type(value).__module__.partition(".")[0] != "scipy" or not hasattr(type(value), "nnz"):
            return None
        kept = value.data
        return tuple(int(side) for side in value.shape), kept.dtype.name, int(kept.size), int(kept.nbytes)

    def entries(self, value: Any) -> list[Any] | tuple[Any, ...]:
        if is_array(value) and getattr(value.dtype, "kind", "") == "O":
            value = value.ravel().tolist()
        return value if isinstance(value, (list, tuple)) else ()
