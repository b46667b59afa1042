"""safetensors against its own library: what its writer writes, its reader and ours read alike."""

from __future__ import annotations

import ctypes
import random
from pathlib import Path

import pytest
from safetensors import SafetensorError, TensorSpec, safe_open, serialize

from nparams.dtypes import SAFETENSORS
from nparams.files._safetensors.entry import Entries
from nparams.files.bytesource import FileSource, LocalFolder
from nparams.files.safetensors import read
from nparams.files.safetensors_index import read as read_index
from nparams.network import Network
from tests.safetensors_maker import BITS, T, file_of, header_of, index_of, length
from tests.test_safetensors import REFUSED

#: the names that the library's Python half gives its dtypes (bindings/python/src/lib.rs)
NAMES = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "F8_E4M3": "float8_e4m3fn",
         "F8_E5M2": "float8_e5m2", "F8_E4M3FNUZ": "float8_e4m3fnuz", "F8_E5M2FNUZ": "float8_e5m2fnuz",
         "F8_E8M0": "float8_e8m0fnu", "F4": "float4_e2m1fn_x2", "I64": "int64", "I32": "int32",
         "I16": "int16", "I8": "int8", "U64": "uint64", "U32": "uint32", "U16": "uint16", "U8": "uint8", "BOOL": "bool",
         "C64": "complex64"}  # fmt: skip
STEMS = [
    "model.layers.{}.mlp.up_proj.weight", "h.{}.attn.bias", "ключ.{}", "名前 {}", 'a "quoted" {}', "back\\slash {}",
         "tab\t{}", "new\nline {}", "{}", "del\x7f{}", "nul\0{}", "x/{}/kernel", "😀{}"]  # fmt: skip


def write(path: Path, tensors: list[T], metadata: dict[str, str] | None = None) -> None:
    """The library's own file of zeros; a dtype of four bits wants the shape of its bytes."""
    buffers = {t.name: ctypes.create_string_buffer(max(1, length(t))) for t in tensors}
    held = {}
    for t in tensors:
        shape = [*t.shape[:-1], t.shape[-1] // 2] if t.dtype == "F4" else list(t.shape)
        at = ctypes.addressof(buffers[t.name])
        held[t.name] = TensorSpec(dtype=NAMES[t.dtype], shape=shape, data_ptr=at, data_len=length(t))
    path.write_bytes(serialize(held, metadata))


def listed(network: Network) -> list[tuple[str, tuple[int, ...], str]]:
    return sorted((t.name, t.shape, t.dtype) for t in network.tensors())


def ours(path: Path) -> Network:
    with FileSource(str(path)) as source:
        return read(source, LocalFolder(str(path.parent)))


def theirs(path: Path) -> list[tuple[str, tuple[int, ...], str]]:
    found = []
    with safe_open(path, framework="np") as file:
        for name in file.keys():  # noqa: SIM118 - not a dict
            part = file.get_slice(name)
            found.append((name, tuple(part.get_shape()), SAFETENSORS[part.get_dtype()]))
    return sorted(found)


def random_tensors(rng: random.Random, count: int) -> list[T]:
    out = []
    for i in range(count):
        dtype = rng.choice(sorted(NAMES))
        shape = [rng.choice((0, 1, 2, 3, 7)) for _ in range(rng.randrange(5))]
        out.append(T(rng.choice(STEMS).format(i), [*shape, 2] if dtype == "F4" else shape, dtype))
    return out


@pytest.mark.parametrize("dtype", sorted(NAMES))
def test_every_dtype_that_it_writes(tmp_path, dtype):
    path = tmp_path / "m.safetensors"
    write(path, [T("a", [3, 4], dtype), T("b", [2], dtype)])
    assert listed(ours(path)) == theirs(path)
    assert {t.dtype for t in ours(path).tensors()} == {SAFETENSORS[dtype]}


@pytest.mark.parametrize("dtype", sorted(set(BITS) - set(NAMES)))
def test_dtypes_that_it_only_reads(tmp_path, dtype):
    path = tmp_path / "m.safetensors"
    tensors = [T("a.x", [3, 4], dtype)]
    path.write_bytes(file_of(header_of(tensors), length(tensors[0])))
    assert listed(ours(path)) == theirs(path)


@pytest.mark.parametrize("seed", range(30))
def test_random_files(tmp_path, seed):
    rng = random.Random(seed)
    path = tmp_path / "m.safetensors"
    write(path, random_tensors(rng, rng.randrange(60)), {"format": "pt", "x": "é\n"} if seed % 2 else None)
    assert listed(ours(path)) == theirs(path)


@pytest.mark.parametrize("seed", range(5))
def test_sharded(tmp_path, seed):
    rng = random.Random(seed)
    tensors = random_tensors(rng, 50)
    names = [f"model-{i:05}-of-00004.safetensors" for i in range(1, 5)]
    where = {t.name: rng.choice(names) for t in tensors}
    for name in names:
        write(tmp_path / name, [t for t in tensors if where[t.name] == name])
    index = tmp_path / "model.safetensors.index.json"
    index.write_bytes(index_of(where, {"total_size": 1}))
    with FileSource(str(index)) as source:
        found = listed(read_index(source, LocalFolder(str(tmp_path))))
    assert found == sorted(entry for name in set(where.values()) for entry in theirs(tmp_path / name))


#: refused here and read there: it ignores keys that it does not know, takes the last of two equal metadata keys, has no
#: limit on dimensions and spaces, and lets a header begin with space
STRICTER = {"a space first", "a field too many", "nine dimensions", "an entry of 5,000 bytes", "a dimension of 2^48",
            "a metadata key twice"}  # fmt: skip


@pytest.mark.parametrize(("why", "data"), [c[:2] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_what_is_refused_is_refused_there_too(tmp_path, why, data):
    path = tmp_path / "m.safetensors"
    path.write_bytes(data)
    if why in STRICTER:
        theirs(path)
        return
    with pytest.raises((SafetensorError, OSError, ValueError)):
        theirs(path)


def test_headers_in_its_spelling_take_the_short_way(tmp_path, monkeypatch):
    """A file that the library wrote is read without JSON."""
    path = tmp_path / "m.safetensors"
    write(path, [T(f"model.layers.{i}.a.weight", [i % 5, 3], "BF16") for i in range(500)])
    calls = []
    plain = Entries.any_spelling
    monkeypatch.setattr(Entries, "any_spelling", lambda *a: calls.append(1) or plain(*a))
    assert len(listed(ours(path))) == 500
    assert not calls
