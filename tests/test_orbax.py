"""Orbax checkpoints: trees, items, steps, and what is refused with which words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import nparams
from nparams.errors import NparamsError
from nparams.files._orbax import files as data_files
from nparams.files._orbax import ocdbt
from nparams.files._orbax.checksum import crc32c
from nparams.files.bytesource import LocalFolder, MemorySource, NeedBytes
from nparams.files.orbax import read, read_folder
from nparams.network.split import fingerprint
from tests.flax_maker import array, pack
from tests.fuzz.folder import MemoryFolder
from tests.orbax_maker import (
    FILE,
    MANIFEST,
    NODE,
    arrays,
    checkpoint,
    database,
    files,
    inner,
    leaf,
    listed,
    manifest,
    number,
    record,
    zarr3,
    zarray,
)
from tests.test_folder import Late, LateFolder

DENSE = {"params.d.kernel": [3, 4], "params.d.bias": [4]}
STATE = {**DENSE, "batch_stats.n.mean": [4], "opt_state.0.mu.d.kernel": [3, 4], "step": []}
TREE = "_METADATA"


def found(held: dict[str, bytes], name: str = "ckpt"):
    return read_folder(MemoryFolder(held, name), name)


def filled(folder: Path, held: dict[str, bytes]) -> Path:
    for path, data in held.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def moved(held: dict[str, bytes], folder: str) -> dict[str, bytes]:
    return {f"{folder}/{path}": data for path, data in held.items()}


# -- one tree ----------------------------------------------------------------------------------------------------------

VARIANTS = {
    "OCDBT": checkpoint(STATE),
    "OCDBT, compressed": checkpoint(STATE, zstd=True),
    "folders": checkpoint(STATE, ocdbt=False),
    "without a list": database(arrays(STATE)),
    "folders without a list": arrays(STATE),
    "zarr 3": {TREE: listed(dict.fromkeys(STATE, "jax.Array")),
               **database({f"{name}/zarr.json": zarr3(shape) for name, shape in STATE.items()})},
    "in one file": {TREE: listed(dict.fromkeys(STATE, "jax.Array")), "checkpoint": pack(
        {"params": {"d": {"kernel": array([3, 4]), "bias": array([4])}}, "batch_stats": {"n": {"mean": array([4])}},
         "opt_state": {"0": {"mu": {"d": {"kernel": array([3, 4])}}}}, "step": array([])})},
    "partly in one file": {"checkpoint": pack({"params": {"d": {"kernel": "PLACEHOLDER://params.d.kernel", "bias":
        array([4])}}, "step": 3}), **arrays({k: v for k, v in STATE.items() if k not in ("params.d.bias", "step")})},
    "nodes below nodes": None,
}  # fmt: skip


def deep() -> dict[str, bytes]:
    """The same in three leaves below an inner one, in another file, values in a third."""
    values = sorted(arrays(STATE).items())
    far = b"".join(value for _, value in values)
    nodes, at, parts = b"", 0, []
    for prefix, group in (("", values[:2]), ("params.d.", values[2:4]), ("step/", values[4:])):
        entries = []
        for key, value in group:
            entries.append((key.removeprefix(prefix), (0, far.index(value), len(value))))
        node = leaf(entries, [("", "far")])
        parts.append((group[0][0], len(prefix), 0, at, len(node)))
        nodes, at = nodes + node, at + len(node)
    top = inner(parts, [("ocdbt.process_0/", "d/nodes")])
    return {TREE: listed(dict.fromkeys(STATE, "jax.Array")), "d/top": top, "ocdbt.process_0/d/nodes": nodes,
            "ocdbt.process_0/far": far, "manifest.ocdbt": manifest((0, len(top)), 1, [("", "d/top")])}  # fmt: skip


VARIANTS["nodes below nodes"] = deep()


@pytest.mark.parametrize("held", VARIANTS.values(), ids=VARIANTS)
def test_one_tree_however_it_is_kept(held):
    network = found(held)
    roles = {t.name: t.role for t in network.tensors() if t.role != "other"}
    assert roles == {"d.kernel": "weight", "d.bias": "bias", "n.mean": "buffer"}
    assert (network.total, network.totals.elements) == (16, 20)
    assert fingerprint(network) == fingerprint(found(checkpoint(STATE)))


def test_every_way_in(tmp_path):
    """A folder, its list, its database: one network."""
    folder = filled(tmp_path, checkpoint(STATE))
    assert nparams.count(folder) == nparams.count(folder / TREE) == nparams.count(folder / "manifest.ocdbt") == 16
    network = nparams.read(folder)
    assert (network.form, network.read_as) == ("orbax", "Orbax (OCDBT), 5 arrays")
    assert network.notes == [
        "set aside, 12 numbers in 1 array: the optimizer's state",
        "set aside, 1 number in 1 array: the training step",
        "read from _METADATA",
    ]


def test_a_text_called_checkpoint_is_nothing_of_it():
    assert found({**checkpoint(STATE), "checkpoint": b'model_checkpoint_path: "x"', "empty": b""}).total == 16
    assert found({**checkpoint(STATE), "checkpoint": b""}).total == 16


def test_a_directory_of_t5x(tmp_path):
    """The parameters are the `target` of an optimizer, in folders of zarr beside a file of msgpack."""
    shapes = {"target.decoder.d.kernel": [3, 4], "state.param_states.decoder.d.kernel.v_row": [3]}
    step = pack({"optimizer": {"target": {"decoder": {"d": {"kernel": "PLACEHOLDER://target.decoder.d.kernel"}}}}})
    network = nparams.read(filled(tmp_path / "checkpoint_1000", {"checkpoint": step, **arrays(shapes)}))
    assert {t.name: t.role for t in network.tensors()} == {
        "decoder.d.kernel": "weight", "state.param_states.decoder.d.kernel.v_row": "other",
    }  # fmt: skip


def test_an_entry_alone():
    with pytest.raises(NparamsError, match="one file of an Orbax checkpoint, which is a folder; give the folder"):
        read(MemorySource(listed({}), TREE))


def test_leaves_that_are_no_arrays():
    kinds = {
        "w": "jax.Array",
        "n": "np.ndarray",
        "lr": "scalar",
        "name": "string",
        "none": "None",
        "e": "Dict",
        "l": "List",
    }
    shapes = {"w": [2, 3], "n": [5], "lr": []}
    network = found({TREE: listed(kinds), **database(arrays(shapes))})
    assert {t.name: t.role for t in network.tensors()} == {"w": "weight", "n": "weight", "lr": "other"}
    assert network.total == 11


def test_keys_of_random_numbers():
    """Orbax keeps a typed key as uint32, and says so where a process lists its arrays (array_metadata_store.py)."""
    shapes, keys = {"params.w": [2, 3], "key0": [2], "seeds": [2]}, {"random_key_impl": "threefry2x32"}
    told = [
        {"array_metadata": {"param_name": name, "ext_metadata": keys if name == "key0" else None}} for name in shapes
    ]
    held = {TREE: listed(dict.fromkeys(shapes, "jax.Array")), **database(arrays(shapes, "<u4")),
            "array_metadatas/process_0": json.dumps({"array_metadatas": told}).encode()}  # fmt: skip
    notes = {t.name: (t.role, t.note) for t in found(held).tensors()}
    assert notes == {"w": ("weight", None), "key0": ("other", "random numbers' state"), "seeds": ("buffer", "seeds")}
    held["array_metadatas/process_0"] = b'{"random_key_impl": 1}'
    with pytest.raises(NparamsError, match="process_0: not what Orbax writes of its arrays"):
        found(held)


def test_arrays_that_the_list_leaves_out_are_flagged():
    network = found({TREE: listed({"w": "jax.Array"}), **database(arrays({"w": [2], "x": [3], "y": [4]}))})
    assert network.total == 2
    text = "2 arrays are stored that _METADATA does not list, the first x: not counted"
    assert network.flags == [{"kind": "unlisted", "text": text}]


# dtype as zarr 2 has it | canonical | stored
TYPES = [("<f4", "float32", None), (">f8", "float64", None), ("bfloat16", "bfloat16", None), ("|b1", "bool", None),
         ("int4", "int4", (6, 6)), ("float8_e4m3fn", "float8_e4m3fn", None), ("<c8", "complex64", None)]  # fmt: skip


@pytest.mark.parametrize(("text", "dtype", "stored"), TYPES)
def test_number_types(text, dtype, stored):
    (tensor,) = found(database({"params.w/.zarray": zarray([2, 3], text)})).tensors()
    assert (tensor.dtype, tensor.stored, tensor.role) == (dtype, stored, "weight")


def test_texts_are_no_numbers():
    held = {"w/.zarray": zarray([2]), "t/.zarray": zarray([2], "<U8"), "r/.zarray": zarray([2], [["a", "<f4"]])}
    assert {t.name: t.note for t in found(database(held)).tensors() if t.role == "other"} == {
        "t": "text",
        "r": "records",
    }


def test_a_name_with_a_slash_is_one_array():
    shapes = {"transformer/layer_0.attn.w": [2, 3]}
    for ocdbt_ in (True, False):
        (tensor,) = found(checkpoint(shapes, ocdbt=ocdbt_)).tensors()
        assert (tensor.name, tensor.size) == ("transformer/layer_0.attn.w", 6)


def test_nothing_of_the_numbers_is_read():
    """Chunks stand in the same nodes and files as the records: 3 GB of them are stepped over."""
    held = arrays(DENSE)
    entries = [*held.items(), ("params.d.kernel/0.0", (0, 10_000, 3_000_000_000)), ("params.d.bias/0", bytes(900))]
    node = leaf(sorted(entries), [("", "far")])
    everything = {
        TREE: listed(dict.fromkeys(DENSE, "jax.Array")),
        FILE: node,
        "manifest.ocdbt": manifest((0, len(node))),
    }
    assert found(everything).total == 16  # the file "far" is not even there


def test_values_that_stand_near_each_other_are_read_at_once(monkeypatch):
    shapes, asked = {f"w{k:03}": [k, 2] for k in range(300)}, []
    far, entries = b"", []
    for key, value in sorted(arrays(shapes).items()):
        entries.append((key, (0, len(far), len(value))))
        far += value + bytes(50)
    node = leaf(entries, [("", "far")])
    monkeypatch.setattr(
        MemorySource, "read", lambda self, at, n, read=MemorySource.read: (asked.append(n), read(self, at, n))[1]
    )
    held = {"far": far, FILE: node, "manifest.ocdbt": manifest((0, len(node)))}
    assert found(held).total == sum(2 * k for k in range(300))
    assert len(asked) == 3


def test_an_older_version_is_not_the_newest():
    """A manifest names several versions; the last is read (index.rst, inline_versions)."""
    old, new = (leaf(list(arrays({"w": [n]}).items())) for n in (3, 5))
    config = bytes(16) + b"\0" + number(1024) + number(4096) + b"\x04\0"
    versions = number(2) + number(1) + number(2) + b"\0\0" + number(0) * 2 + number(0) + number(len(old))
    versions += number(len(old)) + number(len(new)) + number(1) * 6 + bytes(16)
    held = {FILE: old + new, "manifest.ocdbt": record(MANIFEST, config + files([("", FILE)]) + versions + number(0))}
    assert found(held).total == 5


def test_manifests_that_bear_numbers():
    node = leaf(list(arrays({"w": [3]}).items()))
    held = {FILE: node, "manifest.ocdbt": manifest(None, kind=1), "manifest.0000000000000002": manifest((0, len(node))),
            "manifest.0000000000000001": manifest((0, 9))}  # fmt: skip
    assert found(held).total == 3
    with pytest.raises(NparamsError, match=r"manifest.ocdbt: its versions stand in files manifest.<number>, and none"):
        found({"manifest.ocdbt": manifest(None, kind=1)})


# -- items and steps ---------------------------------------------------------------------------------------------------

MODEL = {"d.kernel": [3, 4], "d.bias": [4]}
STEP = "_CHECKPOINT_METADATA"
# what it shows | files of one step | total | elements | a note
ITEMS = [
    ("the usual item", moved(checkpoint(STATE), "default"), 16, 20, None),
    ("an item and what is no tree", {**moved(checkpoint(STATE), "state"), "metadata/metadata": b"{}"}, 16, 20,
     "items of this step that were read: state; not read, for they hold no arrays: metadata/"),
    ("parameters and their optimizer",
     {**moved(checkpoint(MODEL), "params"), **moved(checkpoint(MODEL), "opt_state")}, 16, 16,
     "set aside, 16 numbers in 2 arrays: the optimizer's state"),
    ("parameters, and a state with the same",
     {**moved(checkpoint(MODEL), "params"), **moved(checkpoint(STATE), "state")}, 16,
     16, "set aside, 33 numbers in 5 arrays: beside the item params, which is the model"),
    ("a model of nnx and its optimizer",
     {**moved(checkpoint(MODEL), "model"), **moved(checkpoint(MODEL), "optimizer")}, 16, 16,
     "set aside, 16 numbers in 2 arrays: an optimizer's state (optimizer)"),
    ("a state and a moving copy", {**moved(checkpoint(STATE), "state"), **moved(checkpoint(DENSE), "ema")}, 16, 20,
     "set aside, 16 numbers in 2 arrays: a second copy of the model"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("held", "total", "elements", "note"), [row[1:] for row in ITEMS], ids=[row[0] for row in ITEMS]
)
def test_the_items_of_a_step(tmp_path, held, total, elements, note):
    step = filled(tmp_path / "100", {**held, STEP: b'{"item_handlers": {}}'})
    network = nparams.read(step)
    assert (network.total, network.totals.elements) == (total, elements)
    assert note is None or note in network.notes
    assert {t.name for t in network.tensors() if t.role in ("weight", "bias")} == {"d.kernel", "d.bias"}
    assert nparams.count(step / STEP) == total
    (step / STEP).unlink()  # older versions do not write it: then the number says that it is a step
    assert nparams.count(step) == total


@pytest.mark.parametrize("prefix", ["", "checkpoint_", "step_0000"])
def test_the_latest_step_is_read(tmp_path, prefix):
    for step, width in ((9, 3), (100, 4), (20, 5)):
        filled(tmp_path / f"{prefix}{step}" / "default", checkpoint({"params.w": [width]}))
    filled(tmp_path / "7.orbax-checkpoint-tmp-1" / "default", checkpoint({"params.w": [99]}))
    network = nparams.read(tmp_path)
    assert network.total == 4
    said = f"read from {prefix}100/, the latest step; not read: {prefix}9/, {prefix}20/"
    assert said in network.notes
    assert nparams.count(tmp_path / f"{prefix}20") == 5


def test_a_run_below_another_folder(tmp_path):
    filled(tmp_path / "checkpoints" / "5", moved(checkpoint(STATE), "default"))
    network = nparams.read(tmp_path)
    assert network.total == 16
    assert network.notes[-2:] == [
        "read from 5/, the only step",
        "checkpoints/ is the only sub-folder with a model; the folder itself has none",
    ]


def test_two_checkpoints_side_by_side_are_not_one(tmp_path):
    filled(tmp_path / "big", checkpoint({"params.w": [9]}))
    filled(tmp_path / "small", checkpoint({"params.w": [3]}))
    with pytest.raises(NparamsError, match=r"several models in this directory; name one: big/ \(9\), small/ \(3\)"):
        nparams.read(tmp_path)


def test_folders_with_numbers_that_are_no_steps(tmp_path):
    filled(tmp_path / "1", {"notes.txt": b"x"})
    filled(tmp_path / "2", {"notes.txt": b"x"})
    with pytest.raises(NparamsError, match="no model that can be read in this directory"):
        nparams.read(tmp_path)


def test_tensorflows_checkpoint_is_none_of_these(tmp_path):
    filled(tmp_path, {"checkpoint": b'model_checkpoint_path: "model.ckpt-1"\n'})
    with pytest.raises(NparamsError, match="no model that can be read in this directory"):
        nparams.read(tmp_path)


def test_a_folder_whose_bytes_are_fetched(tmp_path, monkeypatch):
    """Whatever is read first is asked for, and the reader started again; nothing stays open."""
    monkeypatch.setattr(Late, "held", type(Late.held)())
    monkeypatch.setattr(data_files, "MOST_OPEN", 1)
    folder, starts = LateFolder(LocalFolder(str(filled(tmp_path, deep())))), 0
    while True:
        try:
            network = read_folder(folder, "ckpt")
            break
        except NeedBytes:
            starts += 1
    assert (network.total, starts) == (16, len(Late.held))
    assert starts > 5


# -- what is refused ---------------------------------------------------------------------------------------------------

ONE = arrays({"w": [2, 3]})
NODE_OF_ONE = leaf(list(ONE.items()))
WHOLE = {"manifest.ocdbt": manifest((0, len(NODE_OF_ONE))), FILE: NODE_OF_ONE}


def rooted(node: bytes, **more: object) -> dict[str, bytes]:
    """A database whose root is this node."""
    return {"manifest.ocdbt": manifest((0, len(node)), **more), FILE: node}  # type: ignore[arg-type]


def by_path(path: str) -> dict[str, bytes]:
    """A database whose root lies in a file of this path."""
    return {**WHOLE, "manifest.ocdbt": manifest((0, len(NODE_OF_ONE)), paths=[("", path)])}


def valued(value: bytes, name: str = ".zarray") -> dict[str, bytes]:
    """A database with one record."""
    return database({f"w/{name}": value})


def with_list(text: bytes) -> dict[str, bytes]:
    return {TREE: text, **WHOLE}


LOOP = inner([("a", 0, 0, 0, 62)], [("", FILE)], height=1)
# what is wrong | files | what is said
REFUSED = [
    ("an empty manifest", {"manifest.ocdbt": b""}, "manifest.ocdbt: begins b'' where OCDBT has b'\\x0c\\xdb:*'"),
    ("another file", {"manifest.ocdbt": b"GGUF" + bytes(40)}, "manifest.ocdbt: begins b'GGUF' where OCDBT has"),
    ("a cut manifest", {**WHOLE, "manifest.ocdbt": WHOLE["manifest.ocdbt"][:-1]},
     "manifest.ocdbt: says that it has 103 bytes, and has 102. Cut short?"),
    ("a wrong checksum", {**WHOLE, "manifest.ocdbt": manifest((0, 9), checksum=1)}, "manifest.ocdbt: its checksum is"),
    ("a later version", {"manifest.ocdbt": manifest(None, version=1)},
     "version 1, compression 0; known are 0, and 0 and 1"),
    ("an unknown compression", {"manifest.ocdbt": manifest(None, packing=2)}, "version 0, compression 2; known are"),
    ("an unknown kind", {"manifest.ocdbt": manifest(None, kind=2)}, "a manifest of kind 2"),
    ("a manifest of manifests",
     {"manifest.ocdbt": manifest(None, kind=1), "manifest.0000000000000001": manifest(None, kind=1)},
     "manifest.0000000000000001: a manifest of kind 1"),
    ("a long manifest", {"manifest.ocdbt": bytes(4_000_001)},
     "a manifest of 4,000,001 bytes; at most 4,000,000 are read"),
    ("no version", {"manifest.ocdbt": manifest(None, rest=number(0) + number(0))}, "no version of the database"),
    ("more versions than bytes", {"manifest.ocdbt": manifest(None, rest=number(0) + number(1 << 40))},
     "announces 1,099,511,627,776 numbers where 0 bytes are left"),
    ("a number without end", {"manifest.ocdbt": manifest(None, rest=b"\xff" * 20)}, "a number that does not end"),
    ("nothing was written", {"manifest.ocdbt": manifest(None)},
     "ckpt: an Orbax checkpoint without arrays, so without a network"),
    ("a data file that is not named", {**WHOLE, "manifest.ocdbt": manifest((0, 9), which=3)}, "data file 3 of 1"),
    ("a data file that is not here", {"manifest.ocdbt": WHOLE["manifest.ocdbt"]},
     f'node at byte 0 of {FILE}: its data file "{FILE}" is not here: no such folder'),
    ("a path that leads out", by_path("../secret"),
     'names the data file "../secret"; only files below the checkpoint are read'),
    ("a path that leads out later", by_path("d/../../x"), 'names the data file "d/../../x"; only files below'),
    ("an absolute path", by_path("/etc/passwd"), 'names the data file "/etc/passwd"; only files below'),
    ("a path of Windows", by_path("C:\\x"), "only files below the checkpoint are read"),
    ("a path with a hole", by_path("d//x"), 'names the data file "d//x"; only files below'),
    ("an empty path", by_path(""), 'names the data file ""; only files below'),
    ("a deep path", by_path("a/" * 9 + "x"), "only files below the checkpoint are read"),
    ("a path of other letters", by_path("d/\u00e9"), 'the path "d/Ã©", which OCDBT does not write'),
    ("a long path", by_path("d/" + "x" * 5_000), "a path of 0 + 5,002 bytes, 0 of them its base"),
    ("a hundred thousand files", {"manifest.ocdbt": manifest(None, rest=number(100_001))},
     "names 100,001 data files; at most 100,000 are read"),
    ("a node beyond the file", {**WHOLE, "manifest.ocdbt": manifest((10, 500))},
     "wants bytes 10 to 510, but the file has"),
    ("a node that is none", {**WHOLE, FILE: bytes(len(NODE_OF_ONE))}, "node at byte 0 of d/"),
    ("a damaged node", {**WHOLE, FILE: NODE_OF_ONE[:-5] + b"xxxxx"}, f"node at byte 0 of {FILE}: its checksum is"),
    ("a node of another height", rooted(leaf(list(ONE.items()), height=1)), "a node that is not of height 0"),
    ("a tree of 200 levels", rooted(NODE_OF_ONE, height=200), "a tree of 200 levels; at most 20 are read"),
    ("a node of nothing", rooted(record(NODE, b"\0" + files([]) + number(0))),
     "a node without entries"),
    ("a node of a billion", rooted(record(NODE, b"\0" + files([]) + number(1 << 30))),
     "1,073,741,824 entries; fewer are read of all nodes together; --limits off reads more"),
    ("a node below itself", {"manifest.ocdbt": manifest((0, len(LOOP)), 2), FILE: LOOP},
     "a node that is not of height 2"),
    ("a node that is there twice", {"manifest.ocdbt": manifest((len(NODE_OF_ONE), 78), 1), FILE: NODE_OF_ONE + inner(
        [("w", 0, 0, 0, len(NODE_OF_ONE)), ("x", 0, 0, 0, len(NODE_OF_ONE))])}, "is there twice in one tree"),
    ("keys out of order", rooted(leaf([("b/.zarray", zarray([1])), ("a/.zarray", zarray([1]))])),
     "keys that are not in order"),
    ("a key twice", rooted(leaf([("a/.zarray", zarray([1])), ("a/.zarray", zarray([2]))])),
     "keys that are not in order"),
    ("a key that is no UTF-8", rooted(leaf([(b"\xff/.zarray", zarray([1]))])), "is no UTF-8"),
    ("two records of one array", database({"w/.zarray": zarray([1]), "w/zarr.json": zarr3([1])}),
     'manifest.ocdbt: "w" has two records, one of each version of zarr'),
    ("bytes behind the values", rooted(leaf(list(ONE.items()), rest=b"x")), "1 bytes follow its last field"),
    ("a long record", valued(b" " * 65_537), "a record of an array of 65,537 bytes; at most 65,536 are read"),
    ("a record that is not here", rooted(leaf([("w/.zarray", (0, 10, 50))], [("", "far")])),
     'its data file "far" is not here'),
    ("a record that is no JSON", valued(b"{"), "manifest.ocdbt: w/.zarray: not JSON. Damaged?"),
    ("a record of brackets", valued(b"[" * 60_000), "manifest.ocdbt: w/.zarray: not JSON. Damaged?"),
    ("a record of another kind", valued(b'{"shape": [2], "dtype": "<f4"}'), "w/.zarray: no record of zarr 2 or 3"),
    ("a key twice in a record", valued(zarray([2])[:-1] + b', "shape": [9]}'), "the key shape appears twice"),
    ("a shape that is text", valued(zarray("x")), "w/.zarray: no shape of at most 32 sides"),
    ("33 sides", valued(zarray([1] * 33)), "w/.zarray: no shape of at most 32 sides"),
    ("a side below 0", valued(zarray([-1])), "w/.zarray: a side that is no whole number from 0 to 2**48"),
    ("a side that is true", valued(zarray([True])), "w/.zarray: a side that is no whole number"),
    ("a side of 2**48", valued(zarray([1 << 48])), "w/.zarray: a side that is no whole number"),
    ("more than 2**62 numbers", valued(zarray([1 << 40, 1 << 40])), "w/.zarray: more than 2**62 numbers"),
    ("an unknown number type", valued(zarray([2], "<f3")),
     'w/.zarray: the unknown number type "<f3"'),
    ("no number type", valued(zarray([2], None)), "w/.zarray: the unknown number type of no name"),
    ("zarr 3 with the types of zarr 2", valued(zarr3([2], "<f9"), "zarr.json"), 'the unknown number type "<f9"'),
    ("only groups", valued(b'{"zarr_format": 3, "node_type": "group"}', "zarr.json"),
     "an Orbax checkpoint without arrays"),
    ("a list without its arrays", {TREE: listed({"w": "jax.Array"})},
     "_METADATA lists 1 leaf; shapes stand in manifest.ocdbt or a folder for each array, and none of that is here"),
    ("a list of more than is stored", {TREE: listed({"w": "jax.Array", "x": "jax.Array"}), **WHOLE},
     '_METADATA lists "x", which is not stored. Cut short?'),
    ("saving did not end",
     {TREE: listed({"w": "jax.Array"}), **moved(WHOLE, "ocdbt.process_0"), **moved(WHOLE, "ocdbt.process_1")},
     "manifest.ocdbt is not here, only the parts of 2 processes: saving did not end, or the file was not copied"),
    ("a list that is none", with_list(b"[]"), '_METADATA: byte 0: expected {, found "[]"'),
    ("a list of something else", with_list(b"{}"),
     "_METADATA: byte 0: no tree_metadata, so not the tree of an Orbax checkpoint"),
    ("a cut list", with_list(listed({"w": "jax.Array"})[:60]),
     "_METADATA: byte 29: not JSON, or more than 65,536 bytes"),
    ("a list that goes on", with_list(listed({"w": "x"}) + b"x"), "more follows the end of the tree"),
    ("a key twice in a list", with_list(b'{"tree_metadata": {}, "tree_metadata": {}}'),
     'the key "tree_metadata" appears twice'),
    ("a path twice",
     with_list(listed({"w": "jax.Array"}).replace(b'"(\'w\',)":', b'"x": {"key_metadata": [{"key": "w"}]}, "y":')),
     'the path "w" appears twice'),
    ("an entry without a path", with_list(b'{"tree_metadata": {"w": {}}}'), '"w" has no path of keys (key_metadata)'),
    ("a path of numbers", with_list(b'{"tree_metadata": {"w": {"key_metadata": [{"key": 1}]}}}'),
     '"w" has no path of keys'),
    ("an entry of 100 KB", with_list(b'{"tree_metadata": {"w": "' + b"x" * 100_000 + b'"}}'), "more than 65,536 bytes"),
    ("an entry of brackets", with_list(b'{"tree_metadata": {"w": ' + b"[" * 60_000 + b"}}"),
     "_METADATA: byte 24: not JSON"),
    ("a key that is no UTF-8", with_list(b'{"tree_metadata": {"\xff": {}}}'), "a key that is no UTF-8"),
    ("a list in a list", with_list(b'{"tree_metadata": {"w": {"key_metadata": [[]]}}}'), '"w" has no path of keys'),
]  # fmt: skip


@pytest.mark.parametrize(("held", "said"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_is_refused(held, said):
    with pytest.raises(NparamsError) as caught:
        found(held)
    assert said in str(caught.value)


def test_limits(monkeypatch):
    many = database(arrays({f"w{k}": [k] for k in range(50)}), zstd=True)
    for name, most, said in (
        ("ENTRIES", 40, "50 entries; fewer are read of all nodes together; --limits off reads more"),
        ("STORED", 900, "the tree takes more bytes than are read; --limits off reads more"),
        ("NODES", 0, "the tree takes more bytes than are read; --limits off reads more"),
        ("BODIES", 900, "where at most 900 are made; --limits off reads more"),
    ):
        monkeypatch.setattr(ocdbt, name, most)
        with pytest.raises(NparamsError, match=said):
            found(many)
        assert read_folder(MemoryFolder(many), "x", limits=False).total == sum(range(50))
        monkeypatch.undo()


def test_the_checksum():
    """RFC 3720, appendix B.4: 32 bytes of zeros, of ones, rising, falling."""
    assert [crc32c(data) for data in (bytes(32), b"\xff" * 32, bytes(range(32)), bytes(range(31, -1, -1)))] == [
        0x8A9136AA, 0x62A8AB43, 0x46DD794E, 0x113FDB5C,
    ]  # fmt: skip
