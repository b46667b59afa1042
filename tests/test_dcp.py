"""Distributed checkpoints of PyTorch: what the list of one says, alone and in its folder, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

import nparams
from nparams.errors import NparamsError
from nparams.files.bytesource import MemorySource, RangeSource, drive
from nparams.files.dcp import read
from tests.dcp_maker import BYTES, METADATA, STRIDED, chunk, dcp, entry, torch_size
from tests.npy_maker import of
from tests.pickle_maker import G, R, T, pickled

#: rows of four ranks
ROWS = [((k * 4, 0), (4, 8)) for k in range(4)]
NET = {
    "model.fc.weight": entry((16, 8), *ROWS), "model.fc.bias": entry((16,)), "model.bn.running_mean": entry((16,)),
    "model.bn.num_batches_tracked": entry((), dtype=G("torch", "int64")), "model.rng": BYTES,
    "optim.state.fc.weight.exp_avg": entry((16, 8), *ROWS), "optim.param_groups.fc.weight.lr": BYTES, "step": BYTES,
}  # fmt: skip
PATHS = {name: tuple(name.split(".", 1)) for name in NET if "." in name}
FLAT = {  # NVIDIA/Megatron-LM keeps no paths; layers are stacked, and optimizers stand among the model's keys
    "decoder.layers.mlp.linear_fc1.weight": entry((24, 32, 8), ((0, 0, 0), (12, 32, 8)), ((12, 0, 0), (12, 32, 8))),
    "embedding.word_embeddings.weight": entry((100, 8), dtype=G("torch", "bfloat16")),
    "optimizer.state.exp_avg.decoder.layers.mlp.linear_fc1.weight": entry((24, 32, 8)),
    "decoder.layers.self_attention.core_attention._extra_state/shard_0_24": BYTES,
}


class Case(NamedTuple):
    """A list: its parameters and what else it names, the names of its tensors, the words of its notes."""

    name: str
    data: bytes
    total: int
    buffers: int = 0
    other: int = 0
    names: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()


CASES = [
    Case("a model and its optimizer", dcp(NET, PATHS), 16 * 8 + 16, 17, 128,
         ("fc.weight", "fc.bias", "bn.running_mean", "bn.num_batches_tracked", "optim.state.fc.weight.exp_avg"),
         ("set aside, 128 numbers in 1 tensor: an optimizer's state (optim)", "3 entries of the list are no tensors")),
    Case("flat names", dcp(FLAT), 24 * 32 * 8 + 800, 0, 24 * 32 * 8, None, ("1 entry of the list is no tensor",)),
    Case("a plain state dict", dcp({"0.weight": entry((3, 4)), "0.bias": entry((3,))}, {"0.weight": ("0.weight",)}), 15,
         names=("0.weight", "0.bias")),
    Case("torch 2.1", dcp({"w": entry((3, 4), old=True)}, protocol=2), 12),
    Case("trained", dcp({"running_mean": entry((3,), grad=True)}), 3),
    Case("no number", dcp({"w": entry((0, 4))}), 0),
    Case("a scalar", dcp({"scale": entry(())}), 1),
    Case("a wrapper's prefix", dcp({"module.fc.weight": entry((2, 3)), "module.fc.bias": entry((2,))}), 8,
         names=("fc.weight", "fc.bias"), notes=("names are given without the module.",)),
    Case("several runs of keys", dcp({"state_dict.fc.weight": entry((2, 3)), "optimizer_0.state.0.exp_avg": entry((2,
         3))},
         {"state_dict.fc.weight": ("state_dict", "fc.weight"),
          "optimizer_0.state.0.exp_avg": ("optimizer_0", "state", 0, "exp_avg")}), 6, 0, 6, ("fc.weight",
         "optimizer_0.state.0.exp_avg")),
    Case("paths that are not the names", dcp({"a.w": entry((2,)), "b.w": entry((3,))}, {"a.w": ("x", "w"),
         "b.w": ("x", "w")}), 5, names=("a.w", "b.w")),
    Case("no list of pieces", dcp({"w": entry((2, 3))}, pieces=()), 6),
    Case("more that the writer kept", dcp({"w": entry((2, 3))}, mcore_data={"w": {"shape": torch_size((2, 3))}}), 6),
    Case("properties as attributes", dcp({"w": R(G(METADATA, "TensorStorageMetadata"), (), {
         "properties": R(G(METADATA, "TensorProperties"), (), {"dtype": G("torch", "float16"), "requires_grad": False},
         new=True), "size": torch_size((5,)), "chunks": [chunk((0,), (5,))]}, new=True)}), 5),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_part_is_right(case: Case) -> None:
    network = nparams.read(case.data)
    assert network.form == "dcp"
    assert (network.total, network.totals.buffers, network.totals.other) == (case.total, case.buffers, case.other)
    if case.names is not None:
        assert tuple(t.name for t in network.tensors()) == case.names
    for words in case.notes:
        assert any(words in note for note in network.notes), network.notes
    assert network.flags == []


def entry_of(chunks: list[R], size: R) -> R:
    of = R(G(METADATA, "TensorProperties"), (), (G("torch", "float32"), STRIDED, False, None, False), new=True)
    return R(G(METADATA, "TensorStorageMetadata"), (), {"properties": of, "size": size, "chunks": chunks}, new=True)


STRANGE = R(G(METADATA, "Odd"), (), {}, new=True)
REFUSED = [
    ("a chunk that is missing", {"w": entry((16, 8), *ROWS[:3])},
     'tensor "w" has 128 numbers, but its chunks hold 96. A part of the list is missing?'),
    ("a chunk twice", {"w": entry((16, 8), *ROWS, ROWS[0])}, 'tensor "w" has 128 numbers, but its chunks hold 160'),
    ("a chunk outside", {"w": entry((16, 8), *ROWS[:3], ((13, 0), (4, 8)))},
     'tensor "w" has a chunk that is not inside it'),
    ("a chunk before the first number", {"w": entry((4,), ((-1,), (4,)))},
     'tensor "w" has a chunk that is not inside it'),
    ("a chunk of another rank", {"w": entry((4, 1), ((0,), (4,)))}, 'tensor "w" of 2 dimensions has a chunk of 1'),
    ("a size of 2^50", {"w": entry((1 << 50,))}, 'tensor "w" has a dimension that is no whole number from 0 to 2**48'),
    ("a size that is text", {"w": entry(("4",))}, 'tensor "w" has a dimension that is no whole number'),
    ("an unknown number type", {"w": entry((4,), dtype=G("torch", "posit8"))},
     'tensor "w" has the unknown dtype torch.posit8'),
    ("no chunks", {"w": entry_of(None, torch_size((4,)))}, 'tensor "w" is described in no known way'),  # type: ignore[arg-type]
    ("no size", {"w": entry_of([], None)}, 'tensor "w" has a shape that is no tuple'),  # type: ignore[arg-type]
    ("a tensor itself", {"w": T((2,))}, "calls torch._utils._rebuild_tensor_v2 (opcode REDUCE at"),
    ("an entry of another class", {"w": STRANGE}, '"w" is listed as "torch.distributed.checkpoint.metadata.Odd"'),
    ("a plain entry", {"w": {"size": 3}}, '"w" is listed as "a plain value"'),
    ("a name that is no text", {3: entry((4,))}, "an entry without a name, or one that appears twice"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "entries", "words"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_refused(what, entries, words):
    with pytest.raises(NparamsError) as found:
        read(MemorySource(dcp(entries, pieces=()), ".metadata"))
    assert words in str(found.value)
    assert str(found.value).isprintable()


OTHERS = [
    ("another object", pickled(R(G(METADATA, "StorageMeta"), (), {}, new=True), 4),
     "is no list of a distributed PyTorch"),
    ("a list without entries", pickled(R(G(METADATA, "Metadata"), (), {}, new=True), 4),
     "it has no state_dict_metadata"),
    ("a call", dcp({"w": entry((2,))}, R(G("os", "system"), ("touch mark",))), "calls os.system (opcode REDUCE at"),
    ("a tensor's maker", dcp({"w": entry((2,))}, R(G("torch.storage", "_load_from_bytes"), (b"x",))),
     "calls torch.storage._load_from_bytes"),
    ("cut short", dcp(NET, PATHS)[:-40], "the pickle, byte"),
    ("text", b"hello, this is no pickle\0" * 4, ".metadata is no list of a distributed PyTorch checkpoint: no pickle"),
    ("a project of Flutter", b"# This file tracks properties of this Flutter project.\nversion:\n", "no pickle"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "data", "words"), OTHERS, ids=[row[0] for row in OTHERS])
def test_other_files_are_refused(what: str, data: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / ".metadata").write_bytes(data)
    with pytest.raises(NparamsError) as found:
        nparams.read(tmp_path / ".metadata")
    assert words in str(found.value)
    assert str(found.value).isprintable()


def test_a_name_twice_is_refused() -> None:
    data = pickled(R(G(METADATA, "Metadata"), (), {"state_dict_metadata": R(G("collections", "OrderedDict"), ([
        ["w", entry((2,))], ["w", entry((3,))]],))}, new=True), 4)  # fmt: skip
    with pytest.raises(NparamsError, match="one that appears twice"):
        read(MemorySource(data, ".metadata"))


# -- in a folder ------------------------------------------------------------------------------------------------------


def folder(where: Path, *names: str, pieces: tuple[str, ...] = ("__0_0.distcp", "__1_0.distcp")) -> Path:
    (where / ".metadata").write_bytes(dcp(NET, PATHS, pieces))
    for name in names:
        (where / name).write_bytes(b"PK\x03\x04" + bytes(60))
    return where


def test_a_folder_is_read_by_its_list(tmp_path: Path) -> None:
    network = nparams.read(folder(tmp_path, "__0_0.distcp", "__1_0.distcp"))
    assert network.total == 144
    assert network.read_as == "PyTorch distributed checkpoint, 5 tensors in 2 pieces"
    assert network.notes[-1] == "read from .metadata"
    assert nparams.read(tmp_path / ".metadata").total == 144


def test_pieces_that_are_missing_are_told(tmp_path: Path) -> None:
    notes = nparams.read(folder(tmp_path, "__0_0.distcp")).notes
    assert any('1 of 2 pieces ("__1_0.distcp" ...) do not lie beside the list' in note for note in notes)


def test_what_all_pieces_share_is_no_model(tmp_path: Path) -> None:
    network = nparams.read(folder(tmp_path, "common.pt", "metadata.json", "__0_0.distcp", "__1_0.distcp"))
    assert network.total == 144
    assert "common.pt (what all pieces share)" in network.notes[-1]


def test_model_and_optimizer_in_folders(tmp_path: Path) -> None:
    """What accelerate writes: a folder each."""
    for name, entries in {
        "pytorch_model_fsdp_0": {"model.w": entry((4, 3))},
        "optimizer_0": {"optimizer.state.w.exp_avg": entry((4, 3))},
    }.items():
        (tmp_path / name).mkdir()
        paths = {key: tuple(key.split(".", 1)) for key in entries}
        (tmp_path / name / ".metadata").write_bytes(dcp(entries, paths))
        (tmp_path / name / "__0_0.distcp").write_bytes(b"PK\x03\x04" + bytes(60))
    assert nparams.read(tmp_path).total == 12


def test_a_list_of_another_kind_is_no_candidate(tmp_path: Path) -> None:
    """Flutter's projects keep a .metadata, and may keep a model."""
    (tmp_path / ".metadata").write_text("# This file tracks properties of this Flutter project.\n")
    (tmp_path / "kernel.npy").write_bytes(of("<f4", "3, 4", 48))
    assert nparams.read(tmp_path).total == 12


def test_a_piece_alone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "__0_0.distcp").write_bytes(b"PK\x03\x04" + bytes(60))
    with pytest.raises(NparamsError, match=r"count the folder that it lies in, or its \.metadata"):
        nparams.read(tmp_path / "__0_0.distcp")


def test_only_the_list_is_read() -> None:
    data = dcp({f"{k}.weight": entry((100_000, 1_000)) for k in range(50)})
    taken = []

    def fetch(offset: int, length: int) -> bytes:
        taken.append((offset, length))
        return data[offset : offset + length]

    assert drive(RangeSource(".metadata", len(data)), fetch, read).total == 5_000_000_000
    assert taken == [(0, len(data))]
