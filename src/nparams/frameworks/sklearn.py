"""scikit-learn: fitted estimators that are networks of weights, and estimators that hold such estimators.

The rule goes by the attributes that fit leaves, whatever the class: `coefs_` and `intercepts_` (a network of layers),
`coef_` and `intercept_` (a linear model), `intercept_hidden_` and `intercept_visible_` with `components_` (a restricted
Boltzmann machine).  Attributes are read from the object's own dict, so that no property computes anything.
Source: https://scikit-learn.org/stable/developers/develop.html (attributes that end in _ are set by fit).
"""

from __future__ import annotations

from nparams.errors import ReadError, UnsupportedError
from nparams.frameworks._arrays.gather import Gather, names
from nparams.frameworks._arrays.kinds import tree
from nparams.frameworks._arrays.leaf import is_array
from nparams.network import Network, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

#: attributes in which an estimator keeps those that it is made of, the most telling first
PARTS = (
    "best_estimator_", "steps", "transformer_list", "transformers_", "estimators_", "final_estimator_",
    "calibrated_classifiers_", "regressor_", "transformer_", "estimator_", "estimator",
)  # fmt: skip
#: those of them that are patterns for others, or fitted only in some classes: asked where there is nothing else
LAST = ("estimator_", "estimator")
#: attributes that say why an estimator is no network of weights, each with the reason
NO_NETWORK = (
    ("tree_", "a decision tree: nodes and thresholds, no weights"),
    ("support_vectors_", "support vectors are rows of its data: how many there are follows from the data"),
    ("dual_coef_", "a kernel method: it has a number for each row of its data"),
    ("_fit_X", "it keeps its data and compares with them"),
    ("X_train_", "it keeps its data and compares with them"),
    ("_predictors", "decision trees: nodes and thresholds, no weights"),
    ("cluster_centers_", "it keeps centres, which it compares with"),
)
#: what is added to the products of a linear model; SGDOneClassSVM subtracts it (linear_model/_stochastic_gradient.py)
OFFSETS = ("intercept_", "offset_")
#: what an optimizer keeps that is not a second list of the network's own arrays
OWN_LISTS = frozenset(("params",))
SHOWN = 3


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
    found = _Found()
    found.estimator("", source)
    if not found.counted:
        raise _no_network(source)
    gathered = found.gathered
    if found.single:
        which = f"{names(found.single)}: " if found.single[0] else ""
        gathered.notes.append(f"{which}two classes are told apart by one output")
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


class _Found:
    """The arrays of an estimator and of those inside it; `counted`: how many of these are networks."""

    def __init__(self) -> None:
        self.gathered = Gather()
        self.counted = 0
        #: numbers that sparse matrices leave out
        self.zeros = 0
        #: those that tell two classes apart by one output
        self.single: list[str] = []

    def estimator(self, name: str, source: Any) -> None:
        """Put in what an estimator holds, and what those inside it hold."""
        stack: list[tuple[str, Any, bool]] = [(name, source, True)]
        seen: set[int] = set()
        while stack:
            name, value, predicts = stack.pop()
            if id(value) in seen:
                continue
            seen.add(id(value))
            if self._arrays(name, value):
                self.counted += 1
                continue
            self._calibrators(name, value)
            parts = list(_parts(value))
            if not parts:
                self._without(name, value, predicts)
            stack.extend((_joined(name, key), part, last) for key, part, last in reversed(parts))

    def _calibrators(self, name: str, source: Any) -> None:
        """What turns scores into probabilities, sigmoid(a·score + b): slope and offset (sklearn/calibration.py)."""
        held = getattr(source, "__dict__", {}).get("calibrators")
        for k, inner in enumerate(held if isinstance(held, list) else ()):
            kept, called = vars(inner), _joined(name, f"calibrators.{k}")
            if "a_" in kept and "b_" in kept:
                self.gathered.put(Tensor(f"{called}.a_", (), "float64", "weight"))
                self.gathered.put(Tensor(f"{called}.b_", (), "float64", "bias"))
            else:
                self.gathered.notes.append(f"{called} ({type(inner).__name__}) is a table of its data, not counted")

    def _arrays(self, name: str, source: Any) -> bool:
        """Whether it is one of the networks that are known by their attributes; its arrays are put in."""
        held = vars(source)
        if "coefs_" in held and "intercepts_" in held:
            self._layers(name, held)
        elif "coef_" in held and not any(mark in held for mark, _ in NO_NETWORK):
            self._linear(name, held)
        elif {"components_", "intercept_hidden_", "intercept_visible_"} <= held.keys():
            self._machine(name, held)
        else:
            return False
        return True

    def _layers(self, name: str, held: dict[str, Any]) -> None:
        """A network of layers, coefs_[k] (in, out) and intercepts_[k]; what its optimizer keeps is apart."""
        for k, (weights, biases) in enumerate(zip(held["coefs_"], held["intercepts_"], strict=True)):
            layer = _joined(name, f"layers.{k}")
            _check_array(f"{layer}.coefs_", weights)
            _check_array(f"{layer}.intercepts_", biases)
            self.gathered.kinds[layer] = ("Dense", {})
            self.gathered.add(f"{layer}.coefs_", weights, "weight")
            self.gathered.add(f"{layer}.intercepts_", biases, "bias")
        self._one_unit(name, held, len(held["intercepts_"][-1]))
        for key in ("_best_coefs", "_best_intercepts"):
            self._other(_joined(name, key), held.get(key), "a second copy of the model: the best so far")
        for key, kept in vars(held["_optimizer"]).items() if "_optimizer" in held else ():
            if key not in OWN_LISTS and isinstance(kept, (list, tuple)):
                self._other(_joined(name, f"_optimizer.{key}"), kept, "the optimizer's state")

    def _linear(self, name: str, held: dict[str, Any]) -> None:
        """coef_ (out, in), or (in,) for one output, and intercept_ unless it was not fitted."""
        _check_array(_joined(name, "coef_"), held["coef_"])
        self.gathered.kinds[name] = ("Dense", {"turned": True, "row": True})
        self._weights(_joined(name, "coef_"), held["coef_"])
        key = next((key for key in OFFSETS if key in held), OFFSETS[0])
        intercept = held.get(key)
        if held.get("fit_intercept", True) is not False and is_array(intercept):
            self.gathered.add(_joined(name, key), intercept, "bias")
        elif held.get("fit_intercept", True) is not False and type(intercept) is float and intercept != 0.0:
            self.gathered.number(_joined(name, key), intercept, "bias")
        coef = held["coef_"]
        self._one_unit(name, held, coef.shape[0] if len(coef.shape) == 2 else 1)

    def _one_unit(self, name: str, held: dict[str, Any], units: int) -> None:
        classes = held.get("classes_")
        if units == 1 and classes is not None and is_array(classes) and classes.shape == (2,):
            self.single.append(name)

    def _weights(self, name: str, value: Any) -> None:
        """An array, or a sparse matrix (sparsify()), which keeps the numbers that are not zero."""
        if is_array(value):
            self.gathered.add(name, value, "weight")
            return
        shape, kept = tuple(int(side) for side in value.shape), value.data
        size = int(kept.size)
        note = "sparse: the numbers that are not zero are stored"
        stored = (size, int(kept.nbytes))
        self.gathered.put(Tensor(name, shape, kept.dtype.name, "weight", stored=stored, note=note))
        self.zeros += shape[0] * (shape[1] if len(shape) > 1 else 1) - size

    def _machine(self, name: str, held: dict[str, Any]) -> None:
        """A restricted Boltzmann machine: a weight a pair of units, a bias a unit."""
        self.gathered.add(_joined(name, "components_"), held["components_"], "weight")
        for key in ("intercept_hidden_", "intercept_visible_"):
            self.gathered.add(_joined(name, key), held[key], "bias")
        self._other(_joined(name, "h_samples_"), held.get("h_samples_"), "the state of its sampling")

    def _other(self, name: str, value: object, note: str) -> None:
        for k, array in enumerate(value) if isinstance(value, (list, tuple)) else [(None, value)]:
            if is_array(array):
                self.gathered.add(name if k is None else f"{name}.{k}", array, "other", note=note)

    def _without(self, name: str, source: Any, predicts: bool) -> None:
        """An estimator inside another that holds no weights: a step before the last one is told of."""
        if not claims(source):
            return
        if predicts and hasattr(type(source), "predict"):
            raise _no_network(source)
        if name and _is_fitted(source):
            self.gathered.notes.append(
                f"{name} ({type(source).__name__}) holds no weights: what it computed of its data is not counted"
            )


def _check_array(name: str, value: object) -> None:
    """Refuse what stands where fitting puts an array, or a sparse matrix."""
    package = type(value).__module__.partition(".")[0]
    if not is_array(value) and (package != "scipy" or not hasattr(type(value), "nnz")):
        raise UnsupportedError(f"{name} is a {type(value).__name__} and no array: fit the model again")


def _parts(source: Any) -> Iterator[tuple[str, Any, bool]]:
    """(name, estimator, whether it predicts) of those inside an estimator: the best one, or else all of them."""
    try:
        held = vars(source)
    except TypeError:
        return
    found = False
    for key in PARTS:
        if key not in held or (key in LAST and (found or (claims(source) and key == "estimator"))):
            continue
        inside = list(_estimators(held[key], key == "steps"))
        found = found or bool(inside)
        first = key in ("steps", "transformer_list", "transformers_")
        for k, (name, part) in enumerate(inside):
            label = name if first else _joined(key, name)
            yield label, part, not first or (key == "steps" and k == len(inside) - 1)
        if key == "best_estimator_":
            return


def _estimators(value: Any, is_steps: bool) -> Iterator[tuple[str, Any]]:
    """The estimators in an attribute: itself one, or a list of them, or of (name, estimator, ...)."""
    if _is_part(value):
        yield "", value
        return
    flat = value.ravel().tolist() if is_array(value) and getattr(value.dtype, "kind", "") == "O" else value
    for k, entry in enumerate(flat if isinstance(flat, (list, tuple)) else ()):
        if isinstance(entry, tuple) and len(entry) > 1 and _is_part(entry[1]):
            yield str(entry[0]), entry[1]
        elif _is_part(entry):
            yield str(k), entry


def _is_part(value: object) -> bool:
    return claims(value) or (
        type(value).__module__.startswith("sklearn.") and "estimator" in getattr(value, "__dict__", ())
    )


def _joined(name: str, key: str) -> str:
    return ".".join(part for part in (name, key) if part)


def _is_fitted(source: Any) -> bool:
    """Whether fit has left anything: attributes that end in one underscore."""
    return any(key.endswith("_") and not key.startswith("_") for key in vars(source))


def _no_network(source: Any) -> ReadError:
    """Why an estimator cannot be counted."""
    name = type(source).__name__
    if not _is_fitted(source) and not any(_parts(source)):
        return ReadError(f"{name} has not been fitted: fit makes its arrays; fit it first, then read it")
    held = vars(source)
    why = next((reason for mark, reason in NO_NETWORK if mark in held), None)
    if why is not None:
        return UnsupportedError(f"{name} is no network of weights: {why}")
    arrays = [f"{key} {tuple(v.shape)}" for key, v in held.items() if key.endswith("_") and is_array(v) and v.shape]
    instead = f"; its arrays can be counted by themselves: {', '.join(arrays[:SHOWN])}" if arrays else ""
    return UnsupportedError(f"{name} is no network of weights: it has no coef_ or coefs_{instead}")
