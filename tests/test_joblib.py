"""scikit-learn's estimators in pickles, plain, by joblib and compressed: what is counted and what is refused.

tests/jax reads the files of the real libraries, beside the live estimators.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import pickle
import zlib
from pathlib import Path
from typing import NamedTuple

import pytest

import nparams
from nparams.errors import NparamsError
from nparams.files import joblib, pickles
from nparams.files._joblib import packed
from nparams.files.bytesource import MemorySource, RangeSource, drive
from tests.estimator_maker import Wrapped, array, dumped, estimator, frame, from_buffer, mlp, objects, scalar
from tests.pickle_maker import G, R, pickled

DIGITS = 784 * 16 + 16 * 16 + 16 * 10
ADAM = R(G("sklearn.neural_network._stochastic_optimizers", "AdamOptimizer"), (), {
    "params": [array((4, 5)), array((5,))], "ms": [array((4, 5)), array((5,))], "vs": [array((4, 5)), array((5,))],
    "t": 3}, new=True)  # fmt: skip
RIDGE = estimator("Ridge", coef_=array((4,)), intercept_=scalar(), fit_intercept=True)
SCALER = estimator(
    "StandardScaler", "sklearn.preprocessing._data", mean_=array((4,)), scale_=array((4,)), n_features_in_=4
)
TREE = estimator("DecisionTreeRegressor", "sklearn.tree._classes", tree_=R(
    G("sklearn.tree._tree", "Tree"), (4, array((1,), "i8"), 1), {"nodes": array((7,), "V64", bytes(448)),
        "values": array((7, 1, 1))}))  # fmt: skip
FOREST = estimator("RandomForestRegressor", "sklearn.ensemble._forest", estimators_=[TREE, TREE], n_outputs_=1)
PIPELINE = estimator("Pipeline", "sklearn.pipeline", steps=[("scale", SCALER), ("ridge", RIDGE)])
SEARCH = estimator("GridSearchCV", "sklearn.model_selection._search", estimator=estimator("Ridge"),
    best_estimator_=PIPELINE,
                   cv_results_={"a": R(G("numpy.ma.core", "_mareconstruct"), (), (False, (2,)))})  # fmt: skip
SPARSE = R(G("scipy.sparse._csr", "csr_matrix"), (), {
    "_shape": (3, 4), "data": array((5,)), "indices": array((5,), "i4"), "indptr": array((4,), "i4")},
        new=True)  # fmt: skip
BINARY = array((2,), "i8")


class Case(NamedTuple):
    """A pickle: its weights and biases, what else is in it, the words of its notes."""

    name: str
    value: object
    weights: int
    biases: int
    other: int = 0
    notes: tuple[str, ...] = ()
    names: tuple[str, ...] | None = None


CASES = [
    Case("784-16-16-10", mlp(784, 16, 16, 10), DIGITS, 42),
    Case("protocol 5", mlp(784, 16, 16, 10, make=from_buffer), DIGITS, 42),
    Case("two classes", mlp(4, 5, 1, classes_=BINARY), 25, 6, notes=("two classes are told apart by one output",)),
    Case("Adam", mlp(4, 5, _optimizer=ADAM), 20, 5, 50),
    Case("the best so far", mlp(4, 5, _best_coefs=[array((4, 5))], _best_intercepts=[array((5,))]), 20, 5, 25),
    Case("linear", RIDGE, 4, 1, names=("coef_", "intercept_")),
    Case("an intercept that is Python's", estimator("Ridge", coef_=array((4,)), intercept_=0.5), 4, 1,
         notes=('"intercept_": a Python number',)),
    Case("no intercept", estimator("Ridge", coef_=array((4,)), intercept_=0.0, fit_intercept=False), 4, 0),
    Case("sparse", estimator("SGDClassifier", coef_=SPARSE, intercept_=array((3,))), 12, 3),
    Case("a pipeline", PIPELINE, 4, 1, notes=("scale (StandardScaler) holds no weights",),
         names=("ridge.coef_", "ridge.intercept_")),
    Case("a search", SEARCH, 4, 1, names=("best_estimator_.ridge.coef_", "best_estimator_.ridge.intercept_")),
    Case("many in an array", estimator("OneVsRest", "sklearn.multiclass", estimators_=objects(RIDGE, mlp(3, 2))), 10,
         3),
    Case("of a class of one's own", estimator("Net", "mylab.nets", coefs_=[array((3, 2))], intercepts_=[array((2,))]),
         6, 2),
    Case("beside other things", {"scaler": SCALER, "model": RIDGE, "labels": ["a", "b"]}, 4, 1,
         notes=("scaler (StandardScaler) holds no weights",), names=("model.coef_", "model.intercept_")),
    Case("in a tuple", (RIDGE, mlp(3, 2)), 10, 3),
    Case("beside trees", {"forest": FOREST, "net": mlp(3, 2)}, 6, 2, notes=("forest is not counted: DecisionTree",)),
    Case("a scaler beside arrays", {"W1": array((3, 2)), "b1": array((2,)), "scaler": SCALER}, 6, 2, 8,
         notes=("an estimator of scikit-learn (StandardScaler)",)),
    Case("twice one estimator", estimator("Voting", "sklearn.ensemble._voting", estimators_=[RIDGE, RIDGE]), 4, 1),
]  # fmt: skip


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_part_is_right(case: Case, protocol: int) -> None:
    network = pickles.read(MemorySource(pickled(case.value, protocol), "m.pkl"))
    assert (network.weights, network.biases, network.totals.other) == (case.weights, case.biases, case.other)
    assert network.form == "pickle"
    for words in case.notes:
        assert any(words in note for note in network.notes), network.notes
    if case.names is not None:
        assert tuple(t.name for t in network.tensors()) == case.names


def test_rows_are_dense_layers() -> None:
    rows = pickles.read(MemorySource(pickled(mlp(4, 5, 3)), "m.pkl")).rows()
    assert [(row["name"], row["kind"], row["total"]) for row in rows] == [
        ("layers.0", "Dense", 25), ("layers.1", "Dense", 18),
    ]  # fmt: skip


REFUSED = [
    ("a tree", TREE, "m.pkl: DecisionTreeRegressor is no network of weights: a decision tree: nodes and thresholds"),
    ("a forest", FOREST, "m.pkl: DecisionTreeRegressor is no network of weights: a decision tree"),
    ("a scaler", SCALER, "m.pkl: StandardScaler is no network of weights: it has no coef_ or coefs_; its arrays "),
    ("a forest after a scaler", estimator("Pipeline", "sklearn.pipeline", steps=[("s", SCALER), ("f", FOREST)]),
     "m.pkl: DecisionTreeRegressor is no network"),
    ("half of it", estimator("Voting", "sklearn.ensemble._voting", estimators_=[RIDGE, TREE]),
     "m.pkl: DecisionTreeRegressor is no network"),
    ("not fitted", estimator("Ridge", alpha=1.0), "m.pkl: Ridge has not been fitted: fit makes its arrays"),
    ("several without weights", [SCALER, FOREST], "m.pkl: DecisionTreeRegressor is no network of weights"),
    ("lists of other lengths", estimator("MLP", "sklearn.x", coefs_=[array((2, 3))], intercepts_=[]),
     "m.pkl: coefs_ and intercepts_ are no lists of as many arrays"),
    ("no array", estimator("Ridge", coef_="x", intercept_=0.0),
     "m.pkl: coef_ is a str and no array: fit the model again"),
    ("too few bytes", estimator("Ridge", coef_=array((4,), held=bytes(8))),
     "takes 32 bytes by its shape, but 8 are there"),
    ("a shape below 0", estimator("Ridge", coef_=array((-4,), held=b"")), "has a dimension that is no whole number"),
    ("an array that is not built", estimator("Ridge", coef_=R(G("numpy._core.multiarray", "_reconstruct"), ())),
     "is an array that is described in no known way"),
    ("many inside each other", None, "estimators inside estimators, more than are read"),
]  # fmt: skip


def deep(levels: int) -> R:
    made = RIDGE
    for _ in range(levels):
        made = estimator("Pipeline", "sklearn.pipeline", steps=[("a" * 500, made)])
    return made


@pytest.mark.parametrize(("what", "value", "words"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_refused(what: str, value: object, words: str) -> None:
    with pytest.raises(NparamsError) as found:
        pickles.read(MemorySource(pickled(deep(10) if value is None else value), "m.pkl"))
    assert words in str(found.value)
    assert str(found.value).isprintable()


# -- joblib -----------------------------------------------------------------------------------------------------------

NET = mlp(784, 16, 16, 10, make=Wrapped)
INNER = pickle.dumps(["a", "b"], 5)
VARIANTS = {
    "protocol 4": dumped(NET), "protocol 2": dumped(NET, 2), "a frame": frame(dumped(NET)),
    "before 1.2": dumped(mlp(784, 16, 16, 10, make=lambda shape: Wrapped(shape, aligned=None))),
    "an array of objects": dumped(mlp(784, 16, 16, 10, make=Wrapped, classes_=Wrapped((2,), "O8", INNER))),
    "texts": dumped(mlp(784, 16, 16, 10, make=Wrapped, classes_=Wrapped((2,), "U5", numbers=40))),
    "scikit-learn's own joblib": dumped(mlp(784, 16, 16, 10, make=lambda shape: Wrapped(
        shape, module="sklearn.externals.joblib.numpy_pickle"))),
}  # fmt: skip
PACKED = {
    "zlib": zlib.compress, "zlib at its least": lambda data: zlib.compress(data, 1), "gzip": gzip.compress,
    "bzip2": bz2.compress, "xz": lzma.compress, "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "two streams": lambda data: gzip.compress(data[:500]) + gzip.compress(data[500:]),
}  # fmt: skip


@pytest.mark.parametrize("name", VARIANTS)
def test_arrays_among_opcodes(name: str) -> None:
    network = joblib.read(MemorySource(VARIANTS[name], "m.joblib"))
    assert (network.weights, network.biases, network.form) == (DIGITS, 42, "joblib")
    assert network.flags == []


@pytest.mark.parametrize("name", PACKED)
def test_compressed_files(name: str, tmp_path: Path) -> None:
    for file in ("m.joblib", "m.pkl", "m.pkl.gz"):
        (tmp_path / file).write_bytes(PACKED[name](VARIANTS["protocol 4"]))
        network = nparams.read(tmp_path / file)
        assert (network.total, network.form) == (13_002, "joblib")


def test_a_compressed_file_of_any_name(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(zlib.compress(VARIANTS["protocol 4"]))
    assert nparams.read(tmp_path / "model").total == 13_002


def test_plain_arrays_by_joblib() -> None:
    network = joblib.read(MemorySource(dumped({"W1": Wrapped((3, 2)), "b1": Wrapped((2,))}), "m.joblib"))
    assert (network.weights, network.biases) == (6, 2)
    assert network.read_as == "joblib, 2 tensors"


def test_numbers_are_stepped_over() -> None:
    """Of 80 MB in one array a few windows are read: what stands around the numbers."""
    data = dumped(mlp(10_000, 1_000, make=Wrapped))
    taken = []

    def fetch(offset: int, length: int) -> bytes:
        taken.append(length)
        return data[offset : offset + length]

    assert drive(RangeSource("m.joblib", len(data)), fetch, joblib.read).total == 10_001_000
    assert len(taken) <= 3
    assert sum(taken) < 3_000_000


BAD = [
    ("numbers that are not there", dumped(mlp(4, 5, make=Wrapped))[:-200], "an array of 160 bytes, but"),
    ("a length that lies", dumped({"a": Wrapped((1 << 40, 4), numbers=8)}),
     "an array of 35,184,372,088,832 bytes, but"),
    ("a shape that is a number", dumped({"a": R(G("joblib.numpy_pickle", "NumpyArrayWrapper"), (), {"shape": 3,
     "dtype": array((1,)).state[2]}, new=True)}), "an array of joblib's whose shape is no tuple"),
    ("a side below 0", dumped({"a": Wrapped((-3,), numbers=0)}), "with a dimension that is no whole number"),
    ("no number type", dumped({"a": R(G("joblib.numpy_pickle", "NumpyArrayWrapper"), (), {"shape": (3,)}, new=True)}),
     "an array of joblib's has no dtype of numpy"),
    ("an array of objects that calls", dumped({"a": Wrapped((1,), "O8", b"\x80\x02cos\nsystem\n(X\x02\0\0\0idtR.")}),
     "calls os.system (opcode REDUCE at"),
    ("an array of objects without one", dumped({"a": Wrapped((1,), "O8", b"")})[:-2],
     "an array of objects without its pickle"),
    ("a file for each array", dumped({"a": Wrapped((3,), numbers=0, name="NDArrayWrapper")}),
     "keeps each array in a file of its own, as joblib did before 0.10"),
    ("LZ4", b"\x04\x22\x4d\x18" + bytes(40), "is compressed with LZ4, which is not inflated"),
    ("Zstandard", b"\x28\xb5\x2f\xfd" + bytes(40), "is compressed with Zstandard, which is not inflated"),
    ("joblib of 2010", b"ZF0x10" + bytes(40), "is compressed with joblib's own way of before 0.9.3"),
    ("a stream cut short", zlib.compress(VARIANTS["protocol 4"])[:-30], "its zlib stream ends too early"),
    ("a gzip stream cut short", gzip.compress(VARIANTS["protocol 4"])[:-30], "its gzip stream ends too early"),
    ("an xz stream cut short", lzma.compress(VARIANTS["protocol 4"])[:-30], "its xz stream ends too early"),
    ("a damaged stream", b"x\x9c" + b"\xff" * 60, "it cannot be inflated (zlib): Error -3"),
    ("a damaged bzip2 stream", b"BZh9" + b"\xff" * 60, "it cannot be inflated (bzip2): Invalid data stream"),
    ("a damaged xz stream", b"\xfd7zXZ\0" + b"\xff" * 60, "it cannot be inflated (xz)"),
    ("something behind the stream", zlib.compress(VARIANTS["protocol 4"]) + b"\x01rest",
     "it cannot be inflated (zlib)"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "data", "words"), BAD, ids=[row[0] for row in BAD])
def test_bad_files(what: str, data: bytes, words: str) -> None:
    with pytest.raises(NparamsError) as found:
        joblib.read(MemorySource(data, "m.joblib"))
    assert words in str(found.value)
    assert str(found.value).isprintable()


@pytest.mark.parametrize("pack", [zlib.compress, gzip.compress, bz2.compress, lzma.compress])
def test_bombs(pack, monkeypatch):
    """What inflates to more than a hundred times its size, and more than is always allowed, is refused."""
    monkeypatch.setattr(packed, "FREE_RATIO_BELOW", 1_000_000)
    bomb = pack(bytes(2_000_000))
    assert len(bomb) * 100 < 2_000_000
    with pytest.raises(NparamsError, match="inflates to more than 1,000,000 bytes: too large, or a bomb"):
        joblib.read(MemorySource(bomb, "m.joblib"))
