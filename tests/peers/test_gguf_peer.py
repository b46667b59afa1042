"""GGUF against gguf-py: what its writer writes, its reader and ours read alike."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFEndian, GGUFReader, GGUFWriter

from nparams.dtypes import BLOCKS, GGML
from nparams.files.bytesource import FileSource, LocalFolder
from nparams.files.gguf import read
from nparams.network.network import Network

# gguf-py says 40 bytes a block; the struct in ggml's src/ggml-common.h has 36.
DIFFERENT = {"q8_1": (32, 40)}
NATIVE = {GGMLQuantizationType.F32: np.float32, GGMLQuantizationType.F16: np.float16}
NAMES = ["token_embd.weight", "output.weight",
         "blk.{}.ffn_up.weight", "blk.{}.attn_q.bias", "blk.{}.ffn_up_exps.weight",
         "ключ.{}", "名前 {}", "a b\tc{}", "{}"]  # fmt: skip


def add(writer: GGUFWriter, name: str, shape: tuple[int, ...], kind: GGMLQuantizationType) -> None:
    """A tensor of zeros; of block types the writer wants the shape of the bytes."""
    if kind in NATIVE:
        writer.add_tensor(name, np.zeros(shape, NATIVE[kind]))
        return
    block, width = GGML_QUANT_SIZES[kind]
    writer.add_tensor(name, np.zeros((*shape[:-1], shape[-1] // block * width), np.uint8), raw_dtype=kind)


def save(writer: GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def ours(path: Path) -> Network:
    with FileSource(str(path)) as source:
        return read(source, LocalFolder(str(path.parent)))


def listed(network: Network) -> list[tuple[str, tuple[int, ...], str, int]]:
    return [(t.name, t.shape, t.dtype, t.size) for t in network.tensors()]


def theirs(*paths: Path) -> list[tuple[str, tuple[int, ...], str, int]]:
    found = []
    for path in paths:
        for t in GGUFReader(path).tensors:
            shape = tuple(int(n) for n in reversed(t.shape))
            found.append((t.name, shape, GGML[int(t.tensor_type)], int(t.n_elements)))
    return found


def random_tensors(rng: random.Random, count: int) -> dict[str, tuple[tuple[int, ...], GGMLQuantizationType]]:
    kinds = list(GGMLQuantizationType)
    out = {}
    for i in range(count):
        kind = rng.choice(kinds)
        block = GGML_QUANT_SIZES[kind][0]
        shape = (*(rng.randint(1, 5) for _ in range(rng.randint(0, 3))), block * rng.randint(1, 4))
        out[rng.choice(NAMES).format(i)] = (shape, kind)
    return out


def add_keys(writer: GGUFWriter, rng: random.Random) -> None:
    """Every kind of key, so that ours must step over each."""
    for kind in (
        "uint8",
        "int8",
        "uint16",
        "int16",
        "uint32",
        "int32",
        "uint64",
        "int64",
        "float32",
        "float64",
        "bool",
    ):
        getattr(writer, f"add_{kind}")(f"x.{kind}", rng.randint(0, 1))
    writer.add_string("x.string", "é" * rng.randint(1, 99))
    writer.add_token_list(["t" * rng.randint(0, 40) for _ in range(rng.randint(1, 9000))])
    writer.add_token_scores([0.5] * rng.randint(1, 99))
    writer.add_array("x.bools", [True, False])
    writer.add_array("x.nested", [[1, 2], [3]])


def test_block_sizes_agree():
    for kind in GGMLQuantizationType:
        name = GGML[int(kind)]
        assert DIFFERENT.get(name, BLOCKS[name]) == GGML_QUANT_SIZES[kind], name


@pytest.mark.parametrize("endian", list(GGUFEndian), ids=lambda e: e.name.lower())
@pytest.mark.parametrize("kind", list(GGMLQuantizationType), ids=lambda k: k.name)
def test_every_type(tmp_path, kind, endian):
    path = tmp_path / "m.gguf"
    writer = GGUFWriter(path, "llama", endianess=endian)
    block = GGML_QUANT_SIZES[kind][0]
    add(writer, "a.weight", (3, 2 * block), kind)
    add(writer, "b.weight", (2, 5, 3, block), kind)
    save(writer)
    assert listed(ours(path)) == theirs(path)
    assert ours(path).read_as.endswith("big-endian") == (endian == GGUFEndian.BIG)


@pytest.mark.parametrize("endian", list(GGUFEndian), ids=lambda e: e.name.lower())
@pytest.mark.parametrize("seed", range(15))
def test_random_files(tmp_path, seed, endian):
    rng = random.Random(seed)
    path = tmp_path / "m.gguf"
    writer = GGUFWriter(path, "llama", endianess=endian)
    if seed % 3 == 0:
        writer.add_custom_alignment(rng.choice([8, 64, 4096]))
    add_keys(writer, rng)
    for name, (shape, kind) in random_tensors(rng, rng.randint(1, 40)).items():
        add(writer, name, shape, kind)
    save(writer)
    assert listed(ours(path)) == theirs(path)


@pytest.mark.parametrize("endian", list(GGUFEndian), ids=lambda e: e.name.lower())
@pytest.mark.parametrize(("per_file", "first_empty"), [(1, False), (4, False), (4, True)])
def test_split_sets(tmp_path, per_file, first_empty, endian):
    rng = random.Random(per_file)
    writer = GGUFWriter(tmp_path / "m.gguf", "llama", endianess=endian, split_max_tensors=per_file,
                        small_first_shard=first_empty)  # fmt: skip
    add_keys(writer, rng)
    for name, (shape, kind) in random_tensors(rng, 11).items():
        add(writer, name, shape, kind)
    save(writer)
    paths = sorted(tmp_path.iterdir())
    assert len(paths) > 2
    expected = theirs(*paths)
    for path in paths:
        assert listed(ours(path)) == expected
        assert f"{len(paths)} shards" in ours(path).read_as


def test_parameter_count_agrees_with_the_writer(tmp_path):
    path = tmp_path / "m.gguf"
    writer = GGUFWriter(path, "llama")
    writer.add_expert_count(4)
    writer.add_expert_used_count(2)
    add(writer, "blk.0.ffn_up_exps.weight", (4, 16, 8), GGMLQuantizationType.F32)
    add(writer, "blk.0.attn_q.weight", (8, 8), GGMLQuantizationType.F16)
    total, shared, per_expert, experts = writer.get_total_parameter_count()
    save(writer)
    found = ours(path)
    assert sum(t.size for t in found.tensors()) == total == shared + per_expert * experts
    assert found.routes == {"blk.0.ffn_up_exps.weight": (2, experts)}
