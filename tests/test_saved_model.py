"""SavedModels: variables and what the objects say of them, frozen models, and what is refused."""

from __future__ import annotations

import pytest

import nparams
from nparams.errors import NparamsError
from nparams.files.bytesource import LocalFolder, MemorySource
from nparams.files.saved_model import read
from tests.onnx_maker import chunk, number
from tests.tensorflow_maker import (
    INT64,
    VALUE,
    collection,
    const,
    func,
    function,
    graph,
    index,
    node,
    saved,
    thing,
    things,
    variable,
)

X = node("x", "Placeholder")
#: a layer, one that is made to be left untrained, an optimizer, a metric
OBJECTS = things(
    thing({"layer": 1, "optimizer": 2, "keras_api": 3}, identifier="_tf_keras_sequential"),
    thing({"kernel": 4, "bias": 5, "moving_mean": 6, "table": 7}, identifier="_tf_keras_layer"),
    thing({"iter": 8}, identifier="optimizer", slots=[9]),
    thing({"metrics": 10}),
    thing(variable=("fc/kernel", True)), thing(variable=("fc/bias", True)), thing(variable=("fc/moving_mean", False)),
    thing(variable=("fc/table", False)), thing(variable=("Adam/iter", False)), thing(variable=("fc/kernel/m", False)),
    thing({"0": 11}), thing({"seen": 12}, identifier="_tf_keras_metric"), thing(variable=("seen", False)),
)  # fmt: skip
VARIABLES = {
    f"layer/kernel{VALUE}": [4, 3], f"layer/bias{VALUE}": [3], f"layer/moving_mean{VALUE}": [3],
    f"layer/table{VALUE}": [5], f"optimizer/iter{VALUE}": ([], INT64),
    f"layer/kernel/.OPTIMIZER_SLOT/optimizer/m{VALUE}": [4, 3], f"keras_api/metrics/0/seen{VALUE}": [200],
}  # fmt: skip


def made(tmp_path, model: bytes, variables=None):
    """The SavedModel in a folder of its own, read as a directory."""
    (tmp_path / "saved_model.pb").write_bytes(model)
    if variables is not None:
        (tmp_path / "variables").mkdir()
        (tmp_path / "variables" / "variables.index").write_bytes(index(variables))
        (tmp_path / "variables" / "variables.data-00000-of-00001").write_bytes(bytes(4000))
    return nparams.read(tmp_path)


def roles(network) -> dict[str, str]:
    return {t.name: t.role for t in network.tensors()}


def test_the_objects_say_names_roles_and_what_is_trained(tmp_path):
    network = made(tmp_path, saved(graph(X), objects=OBJECTS), VARIABLES)
    assert (network.form, network.read_as) == ("saved-model", "SavedModel, TensorFlow 2.99.0, serve, 4 variables")
    assert roles(network) == {
        "fc/kernel": "weight", "fc/bias": "bias", "fc/moving_mean": "buffer", "fc/table": "buffer",
            "Adam/iter": "other",
        "layer/kernel/.OPTIMIZER_SLOT/optimizer/m": "other", "seen": "other",
    }  # fmt: skip
    assert {t.name: t.trainable for t in network.tensors() if t.role in ("weight", "bias")} == {
        "fc/kernel": True, "fc/bias": True,
    }  # fmt: skip
    assert (network.total, network.totals.elements, network.totals.other) == (15, 23, 213)
    assert network.notes == [
        "set aside: 3 variables of 213 numbers (1: of an optimizer, not of the model; 1: of a metric, not of the "
        "model; 1: kept by an optimizer for another variable)",
        "read from saved_model.pb",
    ]


def test_without_its_variables_the_shapes_that_it_says_are_counted(tmp_path):
    objects = things(
        thing({"w": 1, "b": 2, "optimizer": 3}), sized("w", True, [4, 3]), sized("b", True, [3]), thing({"m": 4}),
        sized("m", False, [4, 3]),
    )  # fmt: skip
    network = made(tmp_path, saved(graph(X), objects=objects))
    assert (network.total, network.totals.other) == (15, 12)
    assert "variables/variables.index is not beside it: counted by the shapes that saved_model.pb says" in network.notes
    unknown = things(thing({"w": 1}), sized("w", True, [-1, 3]))
    with pytest.raises(NparamsError, match="does not say all of their shapes itself; give the whole directory"):
        read(MemorySource(saved(graph(X), objects=unknown), "saved_model.pb"))


def sized(name: str, trainable: bool, dims: list[int]) -> bytes:
    """A variable with its number type and shape."""
    shape = b"".join(chunk(2, number(1, n)) for n in dims)
    return chunk(7, number(1, 1) + chunk(2, shape) + number(3, int(trainable)) + chunk(6, name))


# what it is | names of the lists | total, trainable
TENSORFLOW_1 = [
    ("lists of variables", (("variables", "a/kernel", "a/bias", "s"), ("trainable_variables", "a/kernel")), (9, 6)),
    ("none", (), (14, None)),
]


@pytest.mark.parametrize(("lists", "wanted"), [c[1:] for c in TENSORFLOW_1], ids=[c[0] for c in TENSORFLOW_1])
def test_tensorflow_1_lists_what_is_trained(tmp_path, lists, wanted):
    model = saved(graph(X, variable("a/kernel", [2, 3])), collections=b"".join(collection(*each) for each in lists))
    network = made(tmp_path, model, {"a/kernel": [2, 3], "a/bias": [3], "s": [5]})
    assert (network.totals.known, network.totals.trainable) == wanted


def test_several_graphs_share_their_variables(tmp_path):
    again = chunk(2, chunk(1, chunk(4, "train")) + chunk(2, graph(X)))
    network = made(tmp_path, saved(graph(X), again=again), {"w/kernel": [2, 3]})
    assert (network.total, network.notes[0]) == (
        6, "2 graphs (serve, train) share the variables, which are counted once",
    )  # fmt: skip


def test_nothing_is_trained_in_a_model_for_inference(tmp_path):
    objects = things(thing({"a": 1, "b": 2}), thing(variable=("a", False)), thing(variable=("b", False)))
    network = made(tmp_path, saved(graph(X), objects=objects), {f"a{VALUE}": [2, 3], f"b{VALUE}": [3]})
    assert (network.total, network.totals.trainable) == (9, 0)
    assert "no variable is marked as trainable: saved for inference only" in network.notes


BODY = function("f", "x k", {"y": "y:product:0"}, [
    const("own/kernel", [3, 2]), node("y", "MatMul", "h:product:0 own/kernel:output:0"), node("h", "MatMul", "x k"),
])  # fmt: skip
FROZEN = graph(
    X,
    const("k", [4, 3]),
    const("other", [9, 9]),
    node("z", "MatMul", "x other"),
    node("call", "StatefulPartitionedCall", "x k", f=func("f")),
    functions=[BODY, BODY.replace(b"f", b"g", 1)],
)


def test_a_frozen_model_is_what_its_signature_reaches(tmp_path):
    network = made(tmp_path, saved(FROZEN, signature="call:0"), {})
    assert roles(network) == {"k": "weight", "own/kernel": "weight"}
    assert (network.total, network.read_as) == (18, "SavedModel, TensorFlow 2.99.0, serve, frozen, 2 constants")
    assert network.notes == [
        'no variables: the constants that the signature "serving_default" reaches are counted',
            "read from saved_model.pb",
    ]  # fmt: skip


def test_without_a_folder_of_variables_too(tmp_path):
    assert made(tmp_path, saved(FROZEN, signature="call:0")).total == 18


def test_a_frozen_graph_without_signature_is_counted_whole(tmp_path):
    network = made(tmp_path, saved(FROZEN))
    assert (network.total, network.notes[0]) == (99, "no variables: all constants of its graph are counted")


def test_functions_that_no_signature_calls_are_refused():
    with pytest.raises(
        NparamsError, match="without variables and without signatures: which of its 1 functions are the"
    ):
        read(MemorySource(saved(graph(X, functions=[BODY])), "saved_model.pb"))


def test_constants_beside_variables_are_told_of_and_not_counted(tmp_path):
    network = made(tmp_path, saved(FROZEN, signature="call:0"), {"w/kernel": [2, 3]})
    assert (network.total, network.totals.elements, network.also) == (6, 6, {"constants": 18})
    assert network.notes[0] == (
        '2 constants of 18 numbers in a weight\'s place in the graph, "k" the first (fixed filters, or a part that was '
        "frozen): no variables, and not counted"
    )


def test_a_graph_that_cannot_be_read_does_not_keep_variables_from_being_counted(tmp_path):
    network = made(tmp_path, saved(graph(X, X), signature="x:0"), {"w/kernel": [2, 3]})
    assert network.total == 6
    assert network.notes[0].startswith(
        "its graph is not looked at for constants in a weight's place: saved_model.pb: the"
    )


def test_the_parts_of_its_folder_are_not_called_unread(tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "more").mkdir()
    for name in ("keras_metadata.pb", "fingerprint.pb"):
        (tmp_path / name).write_bytes(b"x")
    network = made(tmp_path, saved(graph(X), objects=OBJECTS), VARIABLES)
    assert network.notes[-1] == (
        "read from saved_model.pb; not read: fingerprint.pb, keras_metadata.pb (about the SavedModel); sub-folders not "
        "visited: more/"
    )


def test_versions_in_folders_of_their_own(tmp_path):
    (tmp_path / "00000123").mkdir()
    made(tmp_path / "00000123", saved(graph(X), objects=OBJECTS), VARIABLES)
    assert nparams.read(tmp_path).total == 15


def test_variables_that_lead_elsewhere_are_not_followed(tmp_path):
    away, here = tmp_path / "away", tmp_path / "here"
    away.mkdir()
    here.mkdir()
    made(away, saved(graph(X)), {"w/kernel": [2, 3]})
    (here / "saved_model.pb").write_bytes(
        saved(graph(X, variable("v", None)), collections=collection("variables", "v"))
    )
    (here / "variables").symlink_to(away / "variables")
    with pytest.raises(NparamsError, match=r"its variables are in variables/variables\.index, which is not beside it"):
        read(MemorySource((here / "saved_model.pb").read_bytes(), "saved_model.pb"), LocalFolder(str(here)))


def test_a_pointer_in_the_place_of_the_index_is_called_that(tmp_path):
    (tmp_path / "variables").mkdir()
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4d7a" * 16 + b"\nsize 3000\n"
    (tmp_path / "variables" / "variables.index").write_bytes(pointer)
    with pytest.raises(NparamsError, match=r"^variables\.index is a Git LFS pointer \(3,000 bytes elsewhere\)"):
        made(tmp_path, saved(graph(X), objects=OBJECTS))


# what it is | data | message
REFUSED = [
    ("version", saved(graph(X), version=2), "schema version 2 of a SavedModel, where 1 is the only one"),
    ("no graphs", number(1, 1), "0 graphs in a SavedModel, where 1 to 100 can be"),
    ("no graph in it", number(1, 1) + chunk(2, chunk(1, b"")), "no graph in it. Not a SavedModel, or a cut download"),
    ("many graphs", saved(graph(X)) + chunk(2, chunk(2, graph(X))) * 100, "101 graphs in a SavedModel"),
    ("cut short", saved(graph(X))[:-3], "ends beyond the file"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "message"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_what_is_refused(data, message):
    with pytest.raises(NparamsError) as problem:
        read(MemorySource(data, "saved_model.pb"))
    assert message in str(problem.value)
    assert str(problem.value).startswith("saved_model.pb: ")


# -- several checkpoints in one folder ---------------------------------------------------------------------------


def run_of(tmp_path, latest: str | None, **steps: int):
    """A folder of checkpoints of other sizes, and the file that names the latest."""
    for name, size in steps.items():
        (tmp_path / f"model.ckpt-{name[1:]}.index").write_bytes(index({"w": [size]}))
        (tmp_path / f"model.ckpt-{name[1:]}.data-00000-of-00001").write_bytes(bytes(4 * size))
    if latest is not None:
        (tmp_path / "checkpoint").write_text(latest)
    return nparams.read(tmp_path)


def test_the_latest_checkpoint_is_the_one_that_the_file_names(tmp_path):
    text = 'model_checkpoint_path: "/home/someone/run/model.ckpt-20"\nall_model_checkpoint_paths: "model.ckpt-9"\n'
    network = run_of(tmp_path, text, s9=9, s20=20, s30=30)
    assert network.total == 20
    note = network.notes[-1]
    assert note.startswith("read from model.ckpt-20.index (the latest, by the file checkpoint); not read: ")
    assert "model.ckpt-30.index, model.ckpt-9.index (another step of training)" in note


@pytest.mark.parametrize("latest", [None, "", 'model_checkpoint_path: "gone"', 'model_checkpoint_path: "../x"'])
def test_where_no_file_names_one_they_must_be_one_network(tmp_path, latest):
    with pytest.raises(
        NparamsError, match=r"several models in this directory; name one: model\.ckpt-20\.index \(20\), model"
    ):
        run_of(tmp_path, latest, s9=9, s20=20)


def test_equal_ones_are_one_network(tmp_path):
    assert run_of(tmp_path, None, s9=9, s20=9).total == 9
