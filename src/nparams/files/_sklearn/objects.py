"""How the records of a pickle are looked at where they stand for estimators, arrays and sparse matrices."""

from __future__ import annotations

from nparams.dtypes import bytes_of
from nparams.files._pickle import Call, Dict, Record
from nparams.files._pytorch.array import Wrong, product, tuple_of
from nparams.files._pytorch.others import numpy_dtype, numpy_type
from nparams.stored.estimators import PARTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

#: packages whose objects are estimators: scikit-learn's own, and those that are made like them
PACKAGES = frozenset("sklearn imblearn sklearn_extra sklearnex daal4py mlxtend skopt category_encoders".split())
#: attributes that make an object of any other class one
SIGNS = (("coefs_", "intercepts_"), ("coef_", "intercept_"), *((key,) for key in PARTS if key.endswith("s_")))
#: how the names of classes end that predict, and the other names of scikit-learn's own (tests/jax holds them to it)
ENDINGS = ("Classifier", "Regressor", "Regression", "NB", "SVC", "SVR", "KMeans", "Mixture", "ClassifierCV")
PREDICT = frozenset(
    """AffinityPropagation BayesianRidge Birch CCA CalibratedClassifierCV ClassifierChain ElasticNet ElasticNetCV
    EllipticEnvelope GridSearchCV HalvingGridSearchCV HalvingRandomSearchCV IsolationForest KernelRidge LabelPropagation
    LabelSpreading Lars LarsCV Lasso LassoCV LassoLars LassoLarsCV LassoLarsIC LinearDiscriminantAnalysis
    LocalOutlierFactor LogisticRegressionCV MeanShift MultiTaskElasticNet MultiTaskElasticNetCV MultiTaskLasso
    MultiTaskLassoCV NearestCentroid OneClassSVM OrthogonalMatchingPursuit OrthogonalMatchingPursuitCV PLSCanonical
    Perceptron Pipeline QuadraticDiscriminantAnalysis RFE RFECV RandomizedSearchCV RegressorChain Ridge RidgeCV
    SGDOneClassSVM _BinaryGaussianProcessClassifierLaplace _ConstantPredictor""".split()
)
WRAPPER = "joblib.numpy_pickle.NumpyArrayWrapper"
RECONSTRUCT = frozenset(f"numpy.{core}.multiarray._reconstruct" for core in ("core", "_core"))
MASKED = frozenset(f"numpy.{module}._mareconstruct" for module in ("ma.core", "ma"))
SCALAR = frozenset(f"numpy.{core}.multiarray.scalar" for core in ("core", "_core"))
FROM_BUFFER = frozenset(f"numpy.{core}.numeric._frombuffer" for core in ("core", "_core"))
ARRAYS = RECONSTRUCT | SCALAR | FROM_BUFFER | {WRAPPER}


class InPickle:
    """Answers by the records' classes and states."""

    def __init__(self) -> None:
        #: by identity: the attributes of objects that were asked before
        self._held: dict[int, Mapping[str, Any] | None] = {}

    def attributes(self, value: Any) -> Mapping[str, Any] | None:
        if value.__class__ is not Record or value.maker.path in ARRAYS:
            return None
        if id(value) not in self._held:
            state = value.state
            if state.__class__ is tuple and len(state) == 2:
                state = state[0]
            pairs = state.items() if isinstance(state, Dict) else ()
            self._held[id(value)] = {key: held for key, held in pairs if key.__class__ is str}
        return self._held[id(value)]

    def name(self, value: Any) -> str:
        if isinstance(value, (Record, Call)):
            return value.maker.name[:80]
        return "dict" if isinstance(value, Dict) else type(value).__name__

    def is_estimator(self, value: Any) -> bool:
        if value.__class__ is not Record or value.maker.path in ARRAYS:
            return False
        root, _, rest = value.maker.module.partition(".")
        if root in PACKAGES:
            return not rest.startswith(NO_ESTIMATORS) and value.maker.name not in HOLDERS
        held = self.attributes(value) or {}
        return any(all(key in held for key in keys) for keys in SIGNS)

    def is_part(self, value: Any) -> bool:
        """Third-party classes stand among steps as well; of those only the state is seen."""
        if self.is_estimator(value):
            return True
        return value.__class__ is Record and bool(self.attributes(value)) and not value.maker.module.startswith(
            ("numpy", "scipy", "builtins", "collections", "pandas")
        )  # fmt: skip

    def predicts(self, value: Any) -> bool:
        name = self.name(value)
        return name in PREDICT or name.endswith(ENDINGS)

    def shape(self, value: Any) -> tuple[int, ...] | None:
        if not isinstance(value, (Record, Call)) or value.maker.path not in ARRAYS:
            return None
        shape, dtype = described(value)
        numpy_type(dtype)
        return shape

    def sparse(self, value: Any) -> tuple[tuple[int, ...], str, int, int] | None:
        if value.__class__ is not Record or not value.maker.module.startswith("scipy.sparse"):
            return None
        held = self.attributes(value) or {}
        kept = held.get("data")
        if not isinstance(kept, (Record, Call)) or kept.maker.path not in ARRAYS:
            return None
        shape = tuple_of(held.get("_shape"))
        product(shape)
        size, dtype = product(self.shape(kept) or ()), numpy_dtype(described(kept)[1])
        if dtype is None or not 1 <= len(shape) <= 2:
            raise Wrong("is a sparse matrix of what is no plain number")
        return shape, dtype, size, bytes_of(size, dtype) or 0

    def entries(self, value: Any) -> list[Any] | tuple[Any, ...]:
        if value.__class__ is list or value.__class__ is tuple:
            return value
        if value.__class__ is Record and value.maker.path == WRAPPER and value.listed:
            value = value.listed[0]  # joblib: an array of objects is a pickle inside
        if value.__class__ is Record and value.maker.path in RECONSTRUCT and value.state.__class__ is tuple:
            held = value.state[-1] if value.state else None
            return held if held.__class__ is list else ()
        return ()


#: what holds estimators and is none (sklearn/calibration.py)
HOLDERS = frozenset(("_CalibratedClassifier",))
#: modules of scikit-learn's whose classes are no estimators: losses, optimizers, trees, splitters, validated settings
NO_ESTIMATORS = (
    "_loss", "neural_network._stochastic_optimizers", "tree._tree", "tree._criterion", "tree._splitter", "utils",
    "metrics", "externals",
    "linear_model._sgd_fast", "linear_model.sgd_fast", "neighbors._kd_tree", "neighbors._ball_tree",
    "model_selection._split",
    "ensemble._hist_gradient_boosting.predictor", "ensemble._hist_gradient_boosting.binning",
    "gaussian_process.kernels", "feature_extraction._stop_words", "preprocessing._csr_polynomial_expansion", "callback",
)  # fmt: skip


def described(value: Any) -> tuple[tuple[int, ...], Any]:
    """(sides, dtype) of an array, as its record gives them; Wrong where it gives none."""
    path = value.maker.path
    try:
        if path in SCALAR:
            return (), value.args[0]
        if path == WRAPPER:
            shape, dtype = value.state.get("shape"), value.state.get("dtype")
        elif path in FROM_BUFFER:
            dtype, shape = value.args[1], value.args[2]
        else:
            shape, dtype = value.state[-4], value.state[-3]
    except (IndexError, AttributeError, TypeError, ValueError):
        raise Wrong("is an array that is described in no known way") from None
    shape = tuple_of(shape)
    product(shape)
    return shape, dtype
