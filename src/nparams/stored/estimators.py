"""Fitted estimators of scikit-learn, in memory or in a pickle: which of their arrays are parameters of a network.

The rule goes by the attributes that fit leaves, whatever the class: `coefs_` and `intercepts_` (a network of layers),
`coef_` and `intercept_` (a linear model), `intercept_hidden_` and `intercept_visible_` with `components_` (a restricted
Boltzmann machine).  What an attribute is, a room says that knows memory, or pickles (`Objects`).
Source: https://scikit-learn.org/stable/developers/develop.html (attributes that end in _ are set by fit).
"""

from __future__ import annotations

from nparams.errors import ReadError, UnsupportedError, shown
from nparams.network import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, Protocol

    class Objects(Protocol):
        """How values are looked at: no code of theirs runs."""

        def attributes(self, value: Any) -> Mapping[str, Any] | None:
            """What an object keeps by name; None where it keeps nothing so."""

        def name(self, value: Any) -> str:
            """The name of its class."""

        def is_estimator(self, value: Any) -> bool:
            """Whether it is an estimator."""

        def is_part(self, value: Any) -> bool:
            """Whether it is an estimator, or something of scikit-learn's that holds one."""

        def predicts(self, value: Any) -> bool:
            """Whether its class has a method `predict`."""

        def shape(self, value: Any) -> tuple[int, ...] | None:
            """The sides of an array of numbers; None where it is none."""

        def sparse(self, value: Any) -> tuple[tuple[int, ...], str, int, int] | None:
            """(sides, number type, numbers kept, their bytes) of a sparse matrix; None where it is none."""

        def entries(self, value: Any) -> list[Any] | tuple[Any, ...]:
            """The entries of a list, a tuple or an array of objects; () for anything else."""

    class Found(Protocol):
        """Takes what is found."""

        notes: list[str]
        kinds: dict[str, tuple[str, dict[str, Any]]]

        def add(self, name: str, value: Any, role: str, *, note: str | None = None) -> object:
            """An array."""

        def put(self, tensor: Tensor) -> None:
            """A tensor that was made elsewhere."""

        def number(self, name: str, value: object, role: str) -> None:
            """A number of Python's in an array's place."""


#: attributes in which an estimator keeps those that it is made of, the most telling first
PARTS = (
    "best_estimator_", "steps", "transformer_list", "transformers_", "estimators_", "final_estimator_",
    "calibrated_classifiers_", "regressor_", "transformer_", "estimator_", "base_estimator_", "estimator",
        "base_estimator",
)  # fmt: skip
#: those of them that are patterns for others, or fitted only in some classes: asked where there is nothing else (before
#: scikit-learn 1.2 called base_estimator)
LAST = ("estimator_", "base_estimator_", "estimator", "base_estimator")
PATTERNS = ("estimator", "base_estimator")
#: where a calibrated classifier keeps what it learnt (before scikit-learn 0.24 under the second name)
CALIBRATORS = ("calibrators", "calibrators_")
#: attributes that say why an estimator is no network of weights, each with the reason
NO_NETWORK = (
    ("tree_", "a decision tree: nodes and thresholds, no weights"),
    ("support_vectors_", "support vectors are rows of its data: how many there are follows from the data"),
    ("dual_coef_", "a kernel method: it has a number for each row of its data"),
    ("_fit_X", "it keeps its data and compares with them"),
    ("X_train_", "it keeps its data and compares with them"),
    ("_predictors", "decision trees: nodes and thresholds, no weights"),
    ("_Booster", "boosted trees: nodes and thresholds, no weights"),  # XGBoost, LightGBM
    ("cluster_centers_", "it keeps centres, which it compares with"),
)
#: what is added to the products of a linear model; SGDOneClassSVM subtracts it (linear_model/_stochastic_gradient.py)
OFFSETS = ("intercept_", "offset_")
#: what an optimizer keeps that is not a second list of the network's own arrays
OWN_LISTS = frozenset(("params",))
SHOWN, LONGEST = 3, 4_000  # names that a note tells, characters of a name: those of estimators are short


class Estimators:
    """What estimators hold; `counted`: how many of those met are networks."""

    def __init__(self, objects: Objects, found: Found) -> None:
        self.objects = objects
        self.found = found
        self.counted = 0
        #: numbers that sparse matrices leave out
        self.zeros = 0
        #: those that tell two classes apart by one output
        self.single: list[str] = []

    def read(self, source: Any, name: str = "") -> None:
        """Put in what an estimator holds, and what those inside it hold."""
        stack: list[tuple[str, Any, bool]] = [(name, source, True)]
        seen: set[int] = set()
        while stack:
            name, value, predicts = stack.pop()
            if id(value) in seen:
                continue
            if len(name) > LONGEST:
                raise UnsupportedError("estimators inside estimators, more than are read")
            seen.add(id(value))
            if self._arrays(name, value):
                self.counted += 1
                continue
            self._calibrators(name, value)
            parts = list(self.parts(value))
            if not parts:
                self._without(name, value, predicts)
            stack.extend((joined(name, key), part, last) for key, part, last in reversed(parts))

    def held(self, value: Any) -> Mapping[str, Any]:
        """The attributes of an object, {} where it has none."""
        return self.objects.attributes(value) or {}

    # -- networks -----------------------------------------------------------------------------------------------------

    def _arrays(self, name: str, source: Any) -> bool:
        """Whether it is one of the networks that are known by their attributes; its arrays are put in."""
        held = self.held(source)
        if "coefs_" in held and "intercepts_" in held:
            self._layers(name, held)
        elif "coef_" in held and not any(mark in held for mark, _ in NO_NETWORK):
            self._linear(name, held)
        elif {"components_", "intercept_hidden_", "intercept_visible_"} <= held.keys():
            self._machine(name, held)
        else:
            return False
        return True

    def _layers(self, name: str, held: Mapping[str, Any]) -> None:
        """A network of layers, coefs_[k] (in, out) and intercepts_[k]; what its optimizer keeps is apart."""
        coefs, intercepts = map(self.objects.entries, (held["coefs_"], held["intercepts_"]))
        if len(coefs) != len(intercepts) or not coefs:
            raise UnsupportedError(f"{joined(name, 'coefs_')} and intercepts_ are no lists of as many arrays")
        for k, (weights, biases) in enumerate(zip(coefs, intercepts, strict=True)):
            layer = joined(name, f"layers.{k}")
            self._check_array(f"{layer}.coefs_", weights)
            self._check_array(f"{layer}.intercepts_", biases)
            self.found.kinds[layer] = ("Dense", {})
            self.found.add(f"{layer}.coefs_", weights, "weight")
            self.found.add(f"{layer}.intercepts_", biases, "bias")
        self._one_unit(name, held, self._sides(intercepts[-1])[:1])
        for key in ("_best_coefs", "_best_intercepts"):
            self._other(joined(name, key), held.get(key), "a second copy of the model: the best so far")
        for key, kept in self.held(held.get("_optimizer")).items():
            if key not in OWN_LISTS and isinstance(kept, (list, tuple)):
                self._other(joined(name, f"_optimizer.{key}"), kept, "the optimizer's state")

    def _linear(self, name: str, held: Mapping[str, Any]) -> None:
        """coef_ (out, in), or (in,) for one output, and intercept_ unless it was not fitted."""
        coef = held["coef_"]
        self._check_array(joined(name, "coef_"), coef)
        self.found.kinds[name] = ("Dense", {"turned": True, "row": True})
        self._weights(joined(name, "coef_"), coef)
        key = next((key for key in OFFSETS if key in held), OFFSETS[0])
        intercept = held.get(key)
        if held.get("fit_intercept", True) is not False:
            if self.objects.shape(intercept) is not None:
                self.found.add(joined(name, key), intercept, "bias")
            elif type(intercept) is float and intercept != 0.0:
                self.found.number(joined(name, key), intercept, "bias")
        sides = self._sides(coef)
        self._one_unit(name, held, sides[:1] if len(sides) == 2 else (1,))

    def _machine(self, name: str, held: Mapping[str, Any]) -> None:
        """A restricted Boltzmann machine: a weight a pair of units, a bias a unit."""
        for key in ("components_", "intercept_hidden_", "intercept_visible_"):
            self._check_array(joined(name, key), held[key])
            self.found.add(joined(name, key), held[key], "weight" if key == "components_" else "bias")
        self._other(joined(name, "h_samples_"), held.get("h_samples_"), "the state of its sampling")

    def _calibrators(self, name: str, source: Any) -> None:
        """What turns scores into probabilities, sigmoid(a·score + b): slope and offset (sklearn/calibration.py)."""
        held = self.held(source)
        key = next((key for key in CALIBRATORS if isinstance(held.get(key), list)), None)
        for k, inner in enumerate(held[key] if key else ()):
            kept, called = self.held(inner), joined(name, f"{key}.{k}")
            if "a_" in kept and "b_" in kept:
                self.found.put(Tensor(f"{called}.a_", (), "float64", "weight"))
                self.found.put(Tensor(f"{called}.b_", (), "float64", "bias"))
            else:
                self.found.notes.append(f"{called} ({self.objects.name(inner)}) is a table of its data, not counted")

    # -- arrays -------------------------------------------------------------------------------------------------------

    def _weights(self, name: str, value: Any) -> None:
        """An array, or a sparse matrix (sparsify()), which keeps the numbers that are not zero."""
        found = self.objects.sparse(value)
        if found is None:
            self.found.add(name, value, "weight")
            return
        shape, dtype, size, length = found
        note = "sparse: the numbers that are not zero are stored"
        self.found.put(Tensor(name, shape, dtype, "weight", stored=(size, length), note=note))
        self.zeros += shape[0] * (shape[1] if len(shape) > 1 else 1) - size

    def _other(self, name: str, value: object, note: str) -> None:
        for k, array in enumerate(value) if isinstance(value, (list, tuple)) else [(None, value)]:
            if self.objects.shape(array) is not None:
                self.found.add(name if k is None else f"{name}.{k}", array, "other", note=note)

    def _check_array(self, name: str, value: object) -> None:
        """Refuse what stands where fitting puts an array, or a sparse matrix."""
        if self.objects.shape(value) is None and self.objects.sparse(value) is None:
            raise UnsupportedError(f"{name} is a {self.objects.name(value)} and no array: fit the model again")

    def _sides(self, value: Any) -> tuple[int, ...]:
        found = self.objects.sparse(value)
        return (self.objects.shape(value) or ()) if found is None else found[0]

    def _one_unit(self, name: str, held: Mapping[str, Any], units: tuple[int, ...]) -> None:
        if units == (1,) and self.objects.shape(held.get("classes_")) == (2,):
            self.single.append(name)

    # -- estimators inside others ---------------------------------------------------------------------------------

    def parts(self, source: Any) -> Iterator[tuple[str, Any, bool]]:
        """(name, estimator, whether it predicts) of those inside an estimator: the best one, or else all of them."""
        held = self.held(source)
        found = False
        for key in PARTS:
            pattern = key in PATTERNS and self.objects.is_estimator(source)
            if key not in held or (key in LAST and (found or pattern)):
                continue
            inside = list(self._inside(held[key]))
            found = found or bool(inside)
            first = key in ("steps", "transformer_list", "transformers_")
            for k, (name, part) in enumerate(inside):
                label = name if first else joined(key, name)
                yield label, part, not first or (key == "steps" and k == len(inside) - 1)
            if key == "best_estimator_":
                return

    def _inside(self, value: Any) -> Iterator[tuple[str, Any]]:
        """The estimators in an attribute: itself one, or a list of them, or of (name, estimator, ...)."""
        if self.objects.is_part(value):
            yield "", value
            return
        for k, entry in enumerate(self.objects.entries(value)):
            if isinstance(entry, tuple) and len(entry) > 1 and self.objects.is_part(entry[1]):
                yield str(entry[0]), entry[1]
            elif self.objects.is_part(entry):
                yield str(k), entry

    def _without(self, name: str, source: Any, predicts: bool) -> None:
        """An estimator inside another that holds no weights: a step before the last one is told of."""
        if not self.objects.is_part(source):
            return
        if predicts and self.objects.predicts(source):
            raise self.no_network(source)
        if name and self.is_fitted(source):
            kind = self.objects.name(source)
            self.found.notes.append(f"{name} ({kind}) holds no weights: what it computed of its data is not counted")

    def said(self) -> list[str]:
        """What a user of two classes should know."""
        if not self.single:
            return []
        more = f" and {len(self.single) - SHOWN:,} more" if len(self.single) > SHOWN else ""
        which = f"{', '.join(map(shown, self.single[:SHOWN]))}{more}: " if self.single[0] else ""
        return [f"{which}two classes are told apart by one output"]

    def is_fitted(self, source: Any) -> bool:
        """Whether fit has left anything: attributes that end in one underscore."""
        return any(key.endswith("_") and not key.startswith("_") for key in self.held(source))

    def no_network(self, source: Any) -> ReadError:
        """Why an estimator cannot be counted."""
        name = self.objects.name(source)
        if not self.is_fitted(source) and not any(self.parts(source)):
            return ReadError(f"{name} has not been fitted: fit makes its arrays; fit it first, then read it")
        held = self.held(source)
        why = next((reason for mark, reason in NO_NETWORK if mark in held), None)
        if why is not None:
            return UnsupportedError(f"{name} is no network of weights: {why}")
        sides = ((key, self.objects.shape(value)) for key, value in held.items() if key.endswith("_"))
        arrays = [f"{key} {shape}" for key, shape in sides if shape]
        instead = f"; its arrays can be counted by themselves: {', '.join(arrays[:SHOWN])}" if arrays else ""
        return UnsupportedError(f"{name} is no network of weights: it has no coef_ or coefs_{instead}")


def joined(name: str, key: str) -> str:
    """Two parts of a name.

    >>> joined("", "coef_"), joined("ridge", "coef_")
    ('coef_', 'ridge.coef_')
    """
    return ".".join(part for part in (name, key) if part)
