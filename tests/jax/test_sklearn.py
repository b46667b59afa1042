"""scikit-learn: networks, linear models, and estimators made of these; what is none is refused by name."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import (
    Lasso,
    LinearRegression,
    LogisticRegression,
    Perceptron,
    PoissonRegressor,
    Ridge,
    SGDClassifier,
    SGDOneClassSVM,
)
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import BernoulliRBM, MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeRegressor

import nparams
from tests.jax.compare import Case, check

pytestmark = pytest.mark.filterwarnings("ignore")
X = np.arange(240.0).reshape(60, 4) % 7 + np.arange(60.0)[:, None] % 3
THREE, TWO = np.arange(60) % 3, np.arange(60) % 2
Y = X @ np.array([1.0, 2.0, 3.0, 4.0])
BOTH = np.stack([Y, -Y], 1)
ONE_OUTPUT = "two classes are told apart by one output"


def mlp(y, *hidden, kind=MLPClassifier, **settings):
    return kind(hidden_layer_sizes=hidden, max_iter=2, random_state=0, **{"solver": "lbfgs", **settings}).fit(X, y)


def sparse():
    made = SGDClassifier(random_state=0).fit(X, THREE)
    made.coef_[:, 1:3] = 0
    return made.sparsify()


SMALL = 4 * 5 + 5 * 1
# since 1.9 a network keeps the best of its arrays so far (_best_coefs): another copy, and with early stopping the
# same; Adam keeps two moments of each number, SGD one velocity
CASES = [
    Case("three classes", lambda: mlp(THREE, 5), 4 * 5 + 5 * 3, 5 + 3, {"other": 43}),
    Case("two classes", lambda: mlp(TWO, 5), SMALL, 5 + 1, {"other": 31}, notes=(ONE_OUTPUT,)),
    Case("784-16-16-10", lambda: MLPClassifier((16, 16), max_iter=1).fit(np.eye(784)[:20], np.arange(20) % 10),
         784 * 16 + 16 * 16 + 16 * 10, 42, {"other": 3 * 13_002}),
    Case("two outputs", lambda: mlp(BOTH, 5, 3, kind=MLPRegressor), 4 * 5 + 5 * 3 + 3 * 2, 5 + 3 + 2,
         {"other": 41 + 10}),
    Case("Adam's moments", lambda: mlp(Y, 5, kind=MLPRegressor, solver="adam"), SMALL, 6, {"other": 3 * 31}),
    Case("SGD's velocities", lambda: mlp(Y, 5, kind=MLPRegressor, solver="sgd", learning_rate_init=1e-6), SMALL, 6,
         {"other": 2 * 31}),
    Case("early stopping", lambda: mlp(THREE, 5, solver="adam", early_stopping=True), 35, 8, {"other": 2 * 43}),
    Case("linear", lambda: LinearRegression().fit(X, Y), 4, 1),
    Case("linear without intercept", lambda: LinearRegression(fit_intercept=False).fit(X, Y), 4, 0),
    Case("linear, two outputs", lambda: LinearRegression().fit(X, BOTH), 2 * 4, 2),
    Case("Ridge", lambda: Ridge().fit(X, Y), 4, 1),
    Case("Lasso", lambda: Lasso().fit(X, Y), 4, 1),
    Case("Poisson", lambda: PoissonRegressor().fit(X, Y), 4, 1),
    Case("logistic, two classes", lambda: LogisticRegression().fit(X, TWO), 4, 1, notes=(ONE_OUTPUT,)),
    Case("logistic, three", lambda: LogisticRegression().fit(X, THREE), 3 * 4, 3),
    Case("logistic without intercept", lambda: LogisticRegression(fit_intercept=False).fit(X, THREE), 3 * 4, 0),
    Case("SGD without intercept", lambda: SGDClassifier(fit_intercept=False).fit(X, THREE), 3 * 4, 0),
    Case("Perceptron", lambda: Perceptron().fit(X, THREE), 3 * 4, 3),
    # what SGDOneClassSVM subtracts from its products is its bias
    Case("one class", lambda: SGDOneClassSVM(random_state=0).fit(X), 4, 1),
    Case("LinearSVC", lambda: LinearSVC().fit(X, THREE), 3 * 4, 3),
    Case("discriminant", lambda: LinearDiscriminantAnalysis().fit(X, THREE), 3 * 4, 3),
    Case("sparse", sparse, 3 * 4, 3, {"elements": 3 * 2 + 3, "also": {"nonzero": 3 * 2 + 3}}),
    Case("machine", lambda: BernoulliRBM(5, n_iter=1, batch_size=10).fit(X), 5 * 4, 5 + 4, {"other": 10 * 5}),
    Case("pipeline", lambda: make_pipeline(StandardScaler(), Ridge()).fit(X, Y), 4, 1,
         notes=("standardscaler (StandardScaler) holds no weights",)),
    Case("search", lambda: GridSearchCV(Ridge(), {"alpha": [1, 2]}).fit(X, Y), 4, 1),
    Case("one against the rest", lambda: OneVsRestClassifier(LogisticRegression()).fit(X, THREE), 3 * 4, 3,
         notes=(ONE_OUTPUT,)),
    Case("an output each", lambda: MultiOutputRegressor(Ridge()).fit(X, BOTH), 2 * 4, 2),
    Case("votes", lambda: VotingClassifier([("a", LogisticRegression()), ("b", Perceptron())]).fit(X, THREE), 24, 6),
    Case("bags", lambda: BaggingClassifier(LogisticRegression(), 3, random_state=0).fit(X, THREE), 3 * 12, 3 * 3),
    Case("stack", lambda: StackingClassifier([("a", LogisticRegression())], LogisticRegression()).fit(X, THREE),
         3 * 4 + 3 * 3, 3 + 3),
    # three folds, each with a slope and an offset that turn scores into probabilities
    Case("calibrated", lambda: CalibratedClassifierCV(LinearSVC(), cv=3).fit(X, TWO), 3 * (4 + 1), 3 * (1 + 1),
         notes=(ONE_OUTPUT,)),
    Case("calibrated by a table", lambda: CalibratedClassifierCV(LinearSVC(), cv=3, method="isotonic").fit(X, TWO),
         3 * 4, 3, notes=(ONE_OUTPUT, "(IsotonicRegression) is a table of its data, not counted")),
    Case("target", lambda: TransformedTargetRegressor(Ridge()).fit(X, Y), 4, 1, notes=("holds no weights",)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_part_is_right(case):
    made = case.make()
    before = sorted(vars(made))
    network = check(case._replace(make=lambda: made))
    assert network.form == "sklearn"
    assert sorted(vars(made)) == before


def test_rows_are_dense_layers():
    rows = nparams.read(mlp(THREE, 5)).rows()
    assert [(row["name"], row["kind"], row["numbers"]) for row in rows if row["total"]] == [
        ("layers.0", "Dense", "4*5 + 5"),
        ("layers.1", "Dense", "5*3 + 3"),
    ]
    (row,) = nparams.read(Ridge().fit(X, Y)).rows()
    assert (row["kind"], row["in"], row["out"], row["numbers"]) == ("Dense", [4], [1], "4*1 + 1")


def changed(value):
    made = LinearRegression().fit(X, Y)
    made.coef_ = value
    return made


REFUSED = [
    ("no array", lambda: changed(None), "coef_ is a NoneType and no array"),
    ("a list", lambda: changed([1.0, 2.0]), "coef_ is a list and no array"),
    ("MLPClassifier", MLPClassifier, "has not been fitted: fit makes its arrays; fit it first"),
    ("pipeline", lambda: make_pipeline(StandardScaler(), Ridge()), "Ridge has not been fitted"),
    ("votes", lambda: VotingClassifier([("a", Ridge())]), "VotingClassifier has not been fitted"),
    ("tree", lambda: DecisionTreeRegressor().fit(X, Y), "DecisionTreeRegressor is no network of weights: a decision"),
    ("forest", lambda: RandomForestClassifier(2).fit(X, THREE), "is no network of weights: a decision tree"),
    ("tree in a pipeline", lambda: make_pipeline(StandardScaler(), DecisionTreeRegressor()).fit(X, Y), "decision tree"),
    ("neighbours", lambda: KNeighborsClassifier().fit(X, THREE), "it keeps its data and compares with them"),
    ("kernel", lambda: SVC().fit(X, THREE), "support vectors are rows of its data"),
    ("linear kernel", lambda: SVC(kernel="linear").fit(X, THREE), "support vectors are rows of its data"),
    ("process", lambda: GaussianProcessRegressor().fit(X[:9], Y[:9]), "it keeps its data"),
    ("PCA", lambda: PCA(2).fit(X), "its arrays can be counted by themselves: mean_ (4,), components_ (2, 4)"),
    ("scaler", lambda: StandardScaler().fit(X), "it has no coef_ or coefs_"),
]


@pytest.mark.parametrize(("name", "make", "words"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_no_network_is_refused_by_name(name, make, words):
    with pytest.raises(nparams.NparamsError) as refusal:
        nparams.read(make())
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)
