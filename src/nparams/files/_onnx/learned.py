"""Operators of ai.onnx.ml: models that keep what they learned in attributes.

onnx/onnx docs/Operators-ml.md.  Coefficients and intercepts of a linear model are its parameters, as scikit-learn's
coef_ and intercept_ are.  A forest's nodes and a machine's support vectors are no parameters of a network.
"""

from __future__ import annotations

from nparams.errors import UnsupportedError, place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from nparams.files._onnx.model import Node

#: operator -> ((attribute, role), ...)
LINEAR = {
    "LinearRegressor": (("coefficients", "weight"), ("intercepts", "bias")),
    "LinearClassifier": (("coefficients", "weight"), ("intercepts", "bias")),
    "Scaler": (("scale", "buffer"), ("offset", "buffer")),
}
#: what is no network, in words
OTHERS = {
    "TreeEnsembleClassifier": "a forest of decision trees", "TreeEnsembleRegressor": "a forest of decision trees",
    "TreeEnsemble": "a forest of decision trees", "SVMClassifier": "a support vector machine",
    "SVMRegressor": "a support vector machine",
}  # fmt: skip
INSTEAD = {
    "a forest of decision trees": "The number of its leaves is no parameter count; count the trees with what wrote it",
    "a support vector machine": "Its support vectors are samples, not parameters; count them with what wrote it",
}


def foreign(nodes: Iterable[Node]) -> dict[str, int]:
    """What a model holds that is no network: {what: how many}."""
    found: dict[str, int] = {}
    for node in nodes:
        if node.op in OTHERS:
            found[OTHERS[node.op]] = found.get(OTHERS[node.op], 0) + 1
    return found


def refusal(name: str, what: str) -> UnsupportedError:
    """The error for a model that is nothing else."""
    return UnsupportedError(f"{place(name)}: {what} in ONNX, not a neural network. {INSTEAD[what]}")
