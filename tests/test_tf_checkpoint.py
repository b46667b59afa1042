"""TensorFlow's checkpoints: what is counted, under which names and roles, and what is refused with which words."""

from __future__ import annotations

import pytest

from nparams.errors import NparamsError
from nparams.files.bytesource import LocalFolder, MemorySource, RangeSource, drive
from nparams.files.tf_checkpoint import may_be, read
from tests.limits import limited, need_limits
from tests.onnx_maker import chunk, number, varint
from tests.tensorflow_maker import (
    BFLOAT16,
    BOOL,
    FLOAT,
    INT4,
    INT32,
    INT64,
    RESOURCE,
    STRING,
    VALUE,
    block,
    ended,
    entry,
    extents,
    header,
    index,
    listed,
    old,
    table,
    text,
    thing,
    things,
    trailer,
)

DENSE = {"fc/kernel": [4, 3], "fc/bias": [3]}
ALONE = (
    "what is the model's is told by the keys alone: m.data-00000-of-00001 is not beside it "
    "(_CHECKPOINTABLE_OBJECT_GRAPH would say, and give the names of variables)"
)


def found(data: bytes, name: str = "m.index"):
    return read(MemorySource(data, name))


def roles(network) -> dict[str, str]:
    return {t.name: t.role for t in network.tensors()}


def keys(**variables) -> dict[str, object]:
    """Variables as objects are saved: `a__b` for a/b."""
    return {name.replace("__", "/") + VALUE: dims for name, dims in variables.items()}


# what it shows | variables | total, elements, other
COUNTED = [
    ("a dense layer", index(DENSE), (15, 15, 0)),
    ("nothing", index({}), (0, 0, 0)),
    ("one number", index({"counter": []}), (1, 1, 0)),
    ("compressed blocks", index(DENSE, snappy=True), (15, 15, 0)),
    ("many blocks", index({f"l{k}/kernel": [k, 2] for k in range(40)}, split=3), (1560, 1560, 0)),
    ("keys that share nothing", ended(trailer(data := block(
        [(b"", header()), (b"a", entry([2])), (b"b", entry([3], offset=8))], shared=False)),
        [(b"c", varint(0) + varint(len(data)))]), (5, 5, 0)),
    ("statistics are buffers", index({"n/gamma": [5], "n/beta": [5], "n/moving_mean": [5], "n/moving_variance": [5]}),
     (10, 20, 0)),
    ("text is no tensor", index({**DENSE, "label": ((), STRING)}), (15, 15, 0)),
    ("a handle is none either", index({**DENSE, "h": ((), RESOURCE)}), (15, 15, 0)),
    ("whole numbers and truth values are buffers", index({**DENSE, "ids": ([7], INT32), "mask": ([2], BOOL)}),
     (15, 24, 0)),
    ("half precision", index({"w/kernel": ([4, 3], BFLOAT16)}), (12, 12, 0)),
    ("Adam", index({**DENSE, "fc/kernel/Adam": [4, 3], "fc/kernel/Adam_1": [4, 3], "beta1_power": [],
                    "beta2_power": [], "global_step": ((), INT64)}), (15, 15, 27)),
    ("Adam as BERT writes it", index({**DENSE, "fc/bias/adam_m": [3], "fc/bias/adam_v": [3]}), (15, 15, 6)),
    ("factors of another shape than the variable", index({"w": [4, 3], "w/Adafactor": [4], "w/vc": [3]}), (12, 12, 7)),
    ("what is called after a variable and has its shape", index({"w": [4, 3], "w/MyOptimizer": [4, 3]}), (12, 12, 12)),
    ("what is only called alike is none", index({"w": [4, 3], "w/head": [5]}), (17, 17, 0)),
    ("an optimizer's without the model", index({"fc/kernel/Momentum": [4, 3]}), (0, 0, 12)),
    ("averages beside the model", index({"w": [4, 3], "w/ExponentialMovingAverage": [4, 3]}), (12, 12, 12)),
    ("averages alone are the model", index({"w/ExponentialMovingAverage": [4, 3]}), (12, 12, 0)),
    ("what a norm needs for its own average", index({"n/moving_mean": [3], "n/moving_mean/biased": [3],
                                                    "n/moving_mean/local_step": []}), (0, 7, 0)),
    ("Keras in a graph", index({**DENSE, "Adam/lr": [], "Adam/iterations": ((), INT64),
     "training/Adam/Variable_3": [3]}),
     (15, 15, 5)),
    ("a second copy", index({"net/a/kernel": [2], "net/b/bias": [3], "target_net/a/kernel": [2],
     "target_net/b/bias": [3]}),
     (5, 5, 5)),
    ("no copy: other shapes", index({"net/kernel": [2], "target_net/kernel": [4]}), (6, 6, 0)),
    ("ranges of fake quantisation", index({
        **DENSE, "fc/weights_quant/min": [], "fc/act_quant/fc/act_quant/max/biased": [],
        "fake_quantization_step": ([], INT64)}), (15, 17, 1)),
    ("ranges of fake quantisation in Keras", index(keys(fc__kernel=[4, 3], fc__kernel_min=[3], fc__kernel_max=[3],
                                                       fc__post_activation_min=[], fc__optimizer_step=([], INT32))),
     (12, 19, 1)),
    ("a weight called min", index({**DENSE, "pool/min": [5]}), (20, 20, 0)),
    ("slots of objects", index(keys(**{"fc__kernel": [4, 3], "fc__kernel/.OPTIMIZER_SLOT__opt__m": [4, 3]})),
     (12, 12, 12)),
    ("an optimizer by its name", index(keys(fc__kernel=[2], optimizer__beta_1=[], save_counter=([], INT64))), (2, 2,
     2)),
    ("an optimizer by what it has", index(keys(fc__kernel=[2], o___iterations=([], INT64), o___learning_rate=[],
                                              o___variables__0=[2])), (2, 2, 4)),
    ("Keras 3: the shortest path leads through the optimizer", index(keys(
        optimizer___trainable_variables__0=[4, 3], optimizer___variables__2=[4, 3], optimizer___iterations=([],
            INT64))),
     (12, 12, 13)),
    ("metrics", index(keys(fc__kernel=[2], keras_api__metrics__0__true_positives=[200], x__total=[], x__count=[])),
     (2, 2, 202)),
    ("a total that is no metric's", index(keys(x__total=[7], x__count=[])), (8, 8, 0)),
    ("an optimizer's state by a part of its name", index({**DENSE, "run/opt_state/mu": [3]}), (15, 15, 3)),
    ("statistics of the data", index(keys(n__mean=[3], n__variance=[3], n__count=([], INT64), fc__kernel=[2])),
     (2, 9, 0)),
    ("Keras 3's export, without what it is", index(keys(variables__0=[4, 3], variables__1=[3], _all_variables__0=[3],
                                                       _all_variables__1=[4, 3])), (15, 15, 15)),
    ("a partitioned table", index({"t": number(1, FLOAT) + chunk(2, chunk(2, number(1, 10)) + chunk(2, number(1, 3)))
                                   + extents([(0, 6), (0, 3)], [(6, 4), (0, 3)]),
                                   "\0t\0\1a": entry([6, 3]), "\0t\0\1b": entry([4, 3], offset=72)}), (30, 30, 0)),
    ("before TensorFlow 0.12", old(listed("fc/kernel", [4, 3]), listed("fc/bias", [3])), (15, 15, 0)),
    ("numbers of 4 bits in whole bytes", index({"w/kernel": ([5], INT4)}), (5, 5, 0)),
    ("numbers of 4 bits, packed", index({"w/kernel": entry([5], INT4, size=3)}), (5, 5, 0)),
]  # fmt: skip


@pytest.mark.parametrize(("data", "wanted"), [c[1:] for c in COUNTED], ids=[c[0] for c in COUNTED])
def test_what_is_counted(data, wanted):
    totals = found(data).totals
    assert (totals.total, totals.elements, totals.other) == wanted


def test_the_shortest_file():
    network = found(index(DENSE))
    assert (network.form, network.read_as) == ("tf-checkpoint", "TensorFlow checkpoint, 2 variables")
    assert roles(network) == {"fc/kernel": "weight", "fc/bias": "bias"}
    assert (network.weights, network.biases, network.notes, network.flags) == (12, 3, [], [])
    assert [(row.name, row.total) for row in network.layers] == [("fc", 15)]


def test_layers_stand_in_the_order_of_their_numbers():
    network = found(index(keys(**{f"layer-{k}__kernel": [k + 1] for k in (0, 10, 2)})))
    assert [t.name for t in network.tensors()] == ["layer-0/kernel", "layer-2/kernel", "layer-10/kernel"]


def test_bytes_are_those_in_the_file():
    network = found(index({"w/kernel": ([5], INT4)}))
    (tensor,) = network.tensors()
    assert (tensor.dtype, tensor.stored) == ("int4", (5, 5))


# -- the graph of objects ----------------------------------------------------------------------------------------

#: net/{kernel, loss: a metric}, an optimizer that has no usual name, a step
OBJECTS = things(
    thing({"net": 1, "mine": 2, "save_counter": 3}),
    thing({"kernel": 4, "loss": 8, "own": 2}),
    thing({"rate": 5}, slots=[6, 9]),
    thing(full="save_counter", key=f"save_counter{VALUE}"),
    thing(full="dense/kernel", key=f"net/kernel{VALUE}"),
    thing(full="rate", key=f"mine/rate{VALUE}"),
    thing(full="dense/kernel/m", key=f"net/kernel/.OPTIMIZER_SLOT/mine/m{VALUE}"),
    thing(full="total", key=f"net/loss/total{VALUE}"),
    thing({"total": 7, "count": 10}),
    thing(),
    thing(full="count", key=f"net/loss/count{VALUE}"),
)
SAVED = {
    f"net/kernel{VALUE}": [4, 3], f"mine/rate{VALUE}": [], f"net/kernel/.OPTIMIZER_SLOT/mine/m{VALUE}": [4, 3],
    f"save_counter{VALUE}": ([], INT64), f"net/loss/total{VALUE}": [], f"net/loss/count{VALUE}": [],
}  # fmt: skip


def written(tmp_path, objects: bytes, variables=SAVED, data: bytes | None = None):
    """The checkpoint of those objects, read where it lies."""
    held = text(objects)
    (tmp_path / "m.index").write_bytes(index(variables, text=held))
    (tmp_path / "m.data-00000-of-00001").write_bytes(held + bytes(200) if data is None else data)
    folder = LocalFolder(str(tmp_path))
    with folder.open("m.index") as source:
        return read(source, folder)


def test_the_graph_of_objects_says_names_and_what_is_the_models(tmp_path):
    network = written(tmp_path, OBJECTS)
    assert roles(network) == {
        "dense/kernel": "weight", "rate": "other", "dense/kernel/m": "other", "save_counter": "other", "total": "other",
        "count": "other",
    }  # fmt: skip
    assert network.notes == [
        "set aside: 5 variables of 16 numbers (2: of an optimizer, not of the model; 2: of a metric, not of the model; "
        "1: of a counter of saves, not of the model)"
    ]


def test_without_it_the_keys_decide_and_that_is_said():
    network = found(index(SAVED, text=text(OBJECTS)))
    assert roles(network)["mine/rate"] == "weight"  # what has no usual name can not be told by its key
    assert network.notes[1:] == [ALONE]


# what is wrong with it | the data file, or the objects in it | what is said
UNREADABLE = [
    ("cut short", OBJECTS, text(OBJECTS)[:99], "wants bytes 0 to"),
    ("not of its length", OBJECTS, b"\5" + text(OBJECTS)[1:], "(offset 0) is not one text of its length"),
    ("damaged", b"\xff" * 40, None, "an integer of more than 10 bytes"),
]


@pytest.mark.parametrize(("objects", "data", "said"), [c[1:] for c in UNREADABLE], ids=[c[0] for c in UNREADABLE])
def test_a_graph_of_objects_that_cannot_be_read_is_done_without(tmp_path, objects, data, said):
    network = written(tmp_path, objects, data=data if data is None else data + bytes(0))
    (note,) = [note for note in network.notes if note.startswith("what is the model's is told by the keys alone")]
    assert said in note
    assert network.totals.elements == 13


def test_names_that_two_variables_have_are_not_shown(tmp_path):
    objects = things(
        thing({"a": 1, "b": 2, "c": 3}), thing(full="Variable", key=f"a{VALUE}"), thing(full="x", key=f"b{VALUE}"),
        thing(full="x", key=f"c{VALUE}"),
    )  # fmt: skip
    network = written(tmp_path, objects, {f"a{VALUE}": [1], f"b{VALUE}": [2], f"c{VALUE}": [3]})
    assert [(t.name, t.shape) for t in network.tensors()] == [("a", (1,)), ("b", (2,)), ("c", (3,))]


def test_what_an_optimizer_refers_to_stays_the_models(tmp_path):
    objects = things(
        thing({"optimizer": 1, "net": 2}), thing({"_trainable_variables": 3, "_iterations": 4, "_learning_rate": 5}),
        thing({"kernel": 6}), thing({"0": 6}), thing(full="it", key="it"), thing(full="lr", key="lr"),
        thing(full="fc/kernel", key=f"optimizer/_trainable_variables/0{VALUE}"),
    )  # fmt: skip
    network = written(tmp_path, objects, {f"optimizer/_trainable_variables/0{VALUE}": [6], "it": [], "lr": []})
    assert roles(network) == {"fc/kernel": "weight", "it": "other", "lr": "other"}


# -- data files --------------------------------------------------------------------------------------------------


def beside(tmp_path, data: dict[str, int], *, shards: int = 1, shard: int = 0):
    (tmp_path / "m.index").write_bytes(index({"w": entry([4], shard=shard)}, shards=shards))
    for name, size in data.items():
        (tmp_path / name).write_bytes(bytes(size))
    folder = LocalFolder(str(tmp_path))
    with folder.open("m.index") as source:
        return read(source, folder)


def test_data_files_are_asked_for_and_not_needed(tmp_path):
    network = beside(tmp_path, {})
    assert (network.total, network.notes) == (
        4, ["m.data-00000-of-00001: not beside the index; it can be counted, and not be restored"],
    )  # fmt: skip


def test_a_data_file_that_ends_early_is_flagged(tmp_path):
    network = beside(tmp_path, {"m.data-00001-of-00002": 15}, shards=2, shard=1)
    assert network.flags == [
        {"kind": "no-data", "text": "m.data-00001-of-00002 ends before the last of its tensors does"}
    ]
    assert beside(tmp_path, {"m.data-00001-of-00002": 16}, shards=2, shard=1).flags == []


def test_another_checksum_is_flagged():
    data = bytearray(index(DENSE))
    data[len(block([(b"", header()), (b"fc/bias", entry([3], offset=48)), (b"fc/kernel", entry([4, 3]))])) + 1] ^= 1
    network = found(bytes(data))
    assert [flag["kind"] for flag in network.flags] == ["checksum"]
    assert network.total == 15


def test_slices_that_are_missing_are_flagged():
    table_of = number(1, FLOAT) + chunk(2, chunk(2, number(1, 10))) + extents([(0, 6)])
    network = found(index({"t": table_of}))
    assert network.flags == [{"kind": "no-data", "text": '"t": slices of it are missing'}]
    assert network.total == 10


# -- what is refused ---------------------------------------------------------------------------------------------

GOOD = index(DENSE)
EMPTY = block([(b"", header())])
SECOND = block([(b"", entry([2]))])


def one(**how) -> bytes:
    return index({"w": entry([4, 3], **how)})


def with_index(rows) -> bytes:
    data = block([(b"", header()), (b"w", entry([2]))])
    return ended(trailer(data), rows(data))


# what it is | data | message
REFUSED = [
    ("short", GOOD[:40], "40 bytes are too few for a table of TensorFlow. Cut short?"),
    ("cut", GOOD[:-9], "no table of TensorFlow ends with"),
    ("another kind", b"x" * 200, "no table of TensorFlow ends with b'xxxxxxxx'. Cut short, or another kind of file"),
    ("cut in front", GOOD[60:], "which end beyond"),
    ("no header", table([(b"a", entry([2]))]), 'a table whose first key is "a", where a checkpoint has a header'),
    ("no entries", ended(trailer(block([])), [(b"z", varint(0) + varint(8))]), "a table without entries"),
    ("no data files", table([(b"", header(0))]), "header: 0 data files, where 1 to 100,000 can be"),
    ("byte order", table([(b"", header(1, 2))]), "header: byte order 2, where 0 and 1 exist"),
    ("a compression", ended(trailer(EMPTY, 4), [(b"z", varint(0) + varint(len(EMPTY)))]),
     "compression 4, where 0 and 1"),
    ("snappy that is none", ended(trailer(b"\xff" * 20, 1), [(b"z", varint(0) + varint(20))]), "snappy: "),
    ("a key twice", table([(b"", header()), (b"w", entry([2])), (b"w", entry([2], offset=8))]), "do not rise, or come"),
    ("a key twice, in two blocks", ended(trailer(EMPTY) + trailer(SECOND), [
        (b"a", varint(0) + varint(len(EMPTY))), (b"b", varint(len(EMPTY) + 5) + varint(len(SECOND)))]),
     "do not rise, or come twice, from block to block"),
    ("blocks that overlap", with_index(lambda d: [(b"x", varint(0) + varint(len(d))), (b"y", varint(1) + varint(9))]),
     "blocks that overlap"),
    ("a block beyond the end", with_index(lambda d: [(b"x", varint(9) + varint(1 << 40))]), "which end beyond"),
    ("a handle that is none", with_index(lambda d: [(b"x", b"\xff")]), "is no pair of numbers"),
    ("another size", one(size=44), '"w": float32 [4, 3] takes 48 bytes, it has 44'),
    ("a data file that is not there", one(shard=3), "of data file 3, which cannot be: there are 1"),
    ("an offset below 0", one(offset=-1), "which cannot be"),
    ("an unknown number type", one(kind=77, size=12), '"w": number type 77 is not known (DataType)'),
    ("a reference to numbers", one(kind=101, size=12), '"w": number type 101 is not known (DataType)'),
    ("dimensions below 0", index({"w": entry([-4], size=16)}), '"w": impossible shape "[-4]"; up to 8 dimensions'),
    ("too many dimensions", index({"w": entry([1] * 9)}), '"w": impossible shape'),
    ("too many numbers", index({"w": entry([1 << 40, 1 << 40], size=1)}), '"w": impossible shape'),
    ("tensors that overlap", index({"a": entry([4]), "b": entry([4], offset=8)}), "its bytes are also those of"),
    ("a slice too long", index({"t": number(1, 1) + chunk(2, chunk(2, number(1, 9))) + extents([(4, 6)])}),
     '"t": a slice from 4 to 10 of 9'),
    ("slices that overlap", index({"t": number(1, 1) + chunk(2, chunk(2, number(1, 9))) + extents([(0, 6)], [(0, 6)])}),
     '"t": slices of 12 numbers, where its shape holds 9'),
    ("a slice of another rank", index({"t": number(1, 1) + chunk(2, chunk(2, number(1, 9))) + extents([])}),
     '"t": a slice of 0 dimensions of its 1'),
    ("a key that is no text", index({"a\udcff": entry([2])}), "is no UTF-8"),
    ("a name twice, in an old table", old(listed("a", [2]), listed("a", [2])), '"a" comes twice'),
    ("an entry without its end", with_index(lambda d: [(b"x", varint(0) + varint(len(d) - 9))]), "block (offset 0)"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "message"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_what_is_refused(data, message):
    with pytest.raises(NparamsError) as problem:
        found(data)
    assert message in str(problem.value)
    assert str(problem.value).startswith("m.index: ")
    assert str(problem.value).isprintable()


def test_it_is_known_by_its_last_bytes_whatever_its_name(tmp_path):
    import nparams

    for name, data in (("weights", GOOD), ("old.ckpt", old(listed("w", [2]))), ("m.index", index(DENSE, snappy=True))):
        (tmp_path / name).write_bytes(data)
        assert nparams.read(tmp_path / name).form == "tf-checkpoint"
    assert may_be(GOOD[:200])
    assert not may_be(b"")


# -- how much is read --------------------------------------------------------------------------------------------


def test_each_byte_is_asked_for_in_few_pieces():
    data = index({f"layer_{k}/kernel": [k + 1, 7] for k in range(3000)}, split=100)
    asked: list[int] = []

    def fetch(offset: int, length: int) -> bytes:
        asked.append(length)
        return data[offset : offset + length]

    network = drive(RangeSource("m.index", len(data)), fetch, read)
    assert network.total == 7 * 3000 * 3001 // 2
    assert len(asked) <= 4
    assert sum(asked) <= len(data) + (1 << 18)


def test_the_numbers_are_never_read(tmp_path):
    """A data file of 40 GB, of which nothing is there but its size."""
    (tmp_path / "m.index").write_bytes(index({"w": [100_000, 100_000]}))
    with (tmp_path / "m.data-00000-of-00001").open("wb") as file:
        file.truncate(40_000_000_000)
    folder = LocalFolder(str(tmp_path))
    with folder.open("m.index") as source:
        network = read(source, folder)
    assert (network.total, network.flags) == (10_000_000_000, [])


# memory and time of the worst files within the limits: what is in them, as a line of Python
LARGE = [
    "index({f'layer_{k:06}/kernel': [k + 1] for k in range(59_999)}, split=4000)",
    "table([(b'', header())] + [(b'k' * 60_000 + b'%06d' % k, entry([0])) for k in range(900)])",
]


@need_limits
@pytest.mark.parametrize("made", LARGE)
def test_large_files_stay_within_the_limits(tmp_path, made):
    from tests import tensorflow_maker

    path = tmp_path / "m.index"
    path.write_bytes(eval(made, vars(tensorflow_maker)))
    run = limited("import nparams.files.tf_checkpoint", "import nparams\nprint(nparams.read(sys.argv[1]).total)", path)
    assert run.returncode == 0 or "keys of more than" in run.stderr, run.stderr[-500:]
