"""scikit-learn's estimators on disk: pickle and joblib write them, and the file says what the live object says."""

from __future__ import annotations

import io
import pickle
import warnings

import joblib
import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier
from sklearn.utils import all_estimators
from sklearn.utils._test_common.instance_generator import _construct_instances

import nparams
from nparams.errors import NparamsError
from nparams.files._sklearn.objects import ENDINGS, PREDICT
from nparams.files.bytesource import MemorySource
from nparams.files.pickles import read
from tests.jax.test_sklearn import CASES, REFUSED, THREE, X, mlp

pytestmark = pytest.mark.filterwarnings("ignore")


def by_joblib(made: object, **how: object) -> bytes:
    held = io.BytesIO()
    joblib.dump(made, held, **how)
    return held.getvalue()


WRITERS = {
    **{f"protocol {k}": (lambda made, k=k: pickle.dumps(made, k)) for k in (2, 3, 4, 5)},
    "joblib": by_joblib,
    **{
        how: (lambda made, how=how: by_joblib(made, compress=(how, 3))) for how in ("zlib", "gzip", "bz2", "xz", "lzma")
    },
    "joblib, protocol 2": lambda made: by_joblib(made, protocol=2),
}


def said(network: nparams.Network) -> tuple[object, ...]:
    """All that must be the same."""
    totals = network.totals
    parts = totals.weights, totals.biases, totals.buffers, totals.other, totals.elements, totals.listed
    rows = sorted((t.name, t.shape, t.dtype, t.role, t.tied_to) for t in network.tensors())
    return (*parts, network.also, rows, sorted(network.notes))


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_file_says_what_the_live_object_says(case, writer):
    made = case.make()
    network = read(MemorySource(WRITERS[writer](made), "m.pkl"))
    assert said(network) == said(nparams.read(made))
    assert network.form == ("pickle" if writer[:2] == "pr" else "joblib")
    kinds = [[row["kind"] for row in each.rows()] for each in (network, nparams.read(made))]
    assert kinds[0] == kinds[1]


@pytest.mark.parametrize(("name", "make", "words"), REFUSED[2:], ids=[row[0] for row in REFUSED[2:]])
def test_what_is_no_network_is_refused_in_the_same_words(name, make, words):
    made = make()
    with pytest.raises(NparamsError) as live:
        nparams.read(made)
    for writer in (pickle.dumps, by_joblib):
        with pytest.raises(NparamsError) as filed:
            read(MemorySource(writer(made), "m.pkl"))
        assert str(filed.value) == f"m.pkl: {live.value}"


def fitted(kind):
    """A small estimator of a class, fitted on whatever of our data it takes; None where it takes none of it."""
    data = np.abs(X[:40, :4])
    try:
        made = next(iter(_construct_instances(kind)))
    except Exception:
        return None
    for target in (THREE[:40] % 2, data @ np.arange(4.0), np.stack([data[:, 0], data[:, 1]], 1), None):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return made.fit(data) if target is None else made.fit(data, target)
        except Exception:
            continue
    return None


@pytest.mark.parametrize(("name", "kind"), all_estimators(), ids=[name for name, _ in all_estimators()])
def test_every_estimator(name, kind):
    """Those of scikit-learn itself, all of them: counted alike, or refused in the same words."""
    made = fitted(kind)
    if made is None:
        pytest.skip("it takes other data")
    try:
        live = said(nparams.read(made))
    except NparamsError as problem:
        live = f"m.pkl: {problem}"
    for data in (pickle.dumps(made), by_joblib(made)):
        try:
            filed = said(read(MemorySource(data, "m.pkl")))
        except NparamsError as problem:
            filed = str(problem)
        assert filed == live


def test_names_tell_who_predicts():
    """A file holds names alone: those of scikit-learn's classes that have `predict`."""
    own = {name: hasattr(kind, "predict") for name, kind in all_estimators()}
    told = {name: name in PREDICT or name.endswith(ENDINGS) for name in own}
    assert told == own


def test_others_in_the_same_file(tmp_path):
    """What people keep together: a scaler, the names of classes, a network."""
    from sklearn.preprocessing import LabelEncoder, StandardScaler

    held = {
        "scaler": StandardScaler().fit(X),
        "labels": LabelEncoder().fit(["a", "b"]),
        "net": mlp(THREE, 5),
        "at": "today",
    }
    joblib.dump(held, tmp_path / "all.joblib")
    network = nparams.read(tmp_path / "all.joblib")
    assert (network.weights, network.biases) == (4 * 5 + 5 * 3, 5 + 3)
    assert any("scaler (StandardScaler) holds no weights" in note for note in network.notes)


def test_a_large_network_is_stepped_over(tmp_path):
    made = MLPClassifier((2000,), max_iter=1).fit(np.eye(1500)[:20], np.arange(20) % 10)
    for name in ("m.joblib", "m.pkl"):
        (joblib.dump if name == "m.joblib" else lambda m, p: p.write_bytes(pickle.dumps(m)))(made, tmp_path / name)
        assert nparams.read(tmp_path / name).total == 1500 * 2000 + 2000 + 2000 * 10 + 10
