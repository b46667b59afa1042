"""Entries of a header that are cut into columns, many at once: the same tensors and the same words as one by one."""

from __future__ import annotations

import json
import random

import pytest

from nparams.errors import NparamsError
from nparams.files._safetensors import columns, header
from nparams.files.bytesource import MemorySource
from nparams.files.safetensors import read, read_header
from tests.safetensors_maker import T, entries, file_of, length, safetensors

#: parts of names: what only the full rules know, what JSON itself is made of, letters of several bytes
PARTS = ["layers", "0", "12", "weight", "bias", "running_mean", "optimizer", "ema", "lora_A", "weight_v", "rope_freqs",
         "}, ", "},", ": {", "[0,4]", "data_offsets", "слой", "😀", "__metadata__", ""]  # fmt: skip
DTYPES = ["F32", "BF16", "F16", "U8", "I64", "F4"]
COMPACT = (",", ":")
ORDER = ["dtype", "shape", "data_offsets"]


def a_header(rng: random.Random) -> tuple[bytes, int]:
    """A header as some library might write it, or with one byte of it damaged; the bytes of data behind it."""
    made = {}
    for k in range(rng.choice((0, 1, 2, 9, 30))):
        name = ".".join([*rng.choices(PARTS, k=rng.randrange(4)), *([str(k)] if rng.random() < 0.9 else [])])
        made[name] = T(name, rng.choices((0, 1, 2, 10), k=rng.randrange(4)), rng.choice(DTYPES))
    order = rng.sample(ORDER, 3) if rng.random() < 0.4 else ORDER
    held = [(name, {key: entry[key] for key in order}) for name, entry in entries(list(made.values())).items()]
    if rng.random() < 0.4:
        rng.shuffle(held)
    if rng.random() < 0.4:
        held.insert(rng.choice((0, 0, len(held))), ("__metadata__", rng.choice(({"format": "pt"}, {"a, ": "b: "}))))  # type: ignore[arg-type]
    apart = rng.choice((COMPACT, COMPACT, (", ", ": "), (", ", ":")))
    text = bytearray(json.dumps(dict(held), separators=apart, ensure_ascii=rng.random() < 0.1).encode())
    if rng.random() < 0.5:
        at = rng.randrange(len(text))
        text[at : at + rng.randrange(2)] = rng.choice(
            (b"", b" ", b"0", b"1", b",", b'"', b"\\", b"\n", b"}", b":", b"x")
        )
    return bytes(text) + b" " * rng.randrange(3), sum(map(length, made.values()))


def outcome(raw: bytes, room: int) -> object:
    """Everything that is read from a header, or the refusal."""
    source = MemorySource(file_of(raw, room), "m.safetensors")
    try:
        network, found = read(source), read_header(source)
    except NparamsError as problem:
        return str(problem)
    tensors = [(t.name, t.shape, t.dtype, t.role, t.note, t.size) for t in network.tensors()]
    return tensors, network.notes, network.also, found.starts, found.ends, found.metadata


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("window", [1 << 18, 200])
def test_columns_and_single_entries_agree(monkeypatch, seed, window):
    rng, taken = random.Random(seed), 0
    monkeypatch.setattr(header, "WINDOW", window)
    for _ in range(150):
        raw, room = a_header(rng)
        with monkeypatch.context() as alone:
            alone.setattr(header, "take", lambda *_: False)
            expected = outcome(raw, room)
        assert outcome(raw, room) == expected, raw
        taken += not isinstance(expected, str)
    assert 40 < taken < 140, "both what is read and what is refused"


LAYERS = [T(f"layers.{k}.{leaf}", [4, k % 3 + 1]) for k in range(50) for leaf in ("q.weight", "q.bias", "norm.weight")]
SPELT = {
    "as the reference library": lambda held: json.dumps(held, separators=COMPACT),
    "as Python's json.dumps": json.dumps,
    "sorted by name, as MLX": lambda held: json.dumps(held, separators=COMPACT, sort_keys=True),
    "turned round": lambda held: json.dumps(dict(reversed(held.items()))),
}


@pytest.mark.parametrize("spelling", SPELT)
@pytest.mark.parametrize("window", [1 << 18, 1_000])
def test_what_libraries_write_needs_no_single_entry(monkeypatch, spelling, window):
    monkeypatch.setattr(header, "WINDOW", window)
    monkeypatch.setattr(header.Scanner, "any_spelling", None)
    monkeypatch.setattr(header.Scanner, "_pieces", None)
    data = file_of(SPELT[spelling](entries(LAYERS)), sum(map(length, LAYERS)))
    found = read(MemorySource(data, "m.safetensors"))
    assert sorted((t.name, t.shape, t.role) for t in found.tensors()) == sorted(
        (t.name, tuple(t.shape), "bias" if t.name.endswith("bias") else "weight") for t in LAYERS
    )


def test_a_window_is_taken_whole_or_not_at_all() -> None:
    raw = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,9]},'
    scanner = header.Scanner(raw, 12, "m", 10)
    assert not columns.take(scanner, raw[1:])
    assert (scanner.header.tensors.names, scanner.header.ends, scanner.reached) == ([], [], 0)
    assert columns.take(scanner, raw[1:].replace(b"9]", b"12]"))
    assert (scanner.header.tensors.names, scanner.header.ends, scanner.reached) == (["a", "b"], [4, 12], 12)


def test_ia3_is_known_whatever_way_its_names_are_looked_through() -> None:
    """Names are searched for hints without their digits."""
    found = read(MemorySource(safetensors([T("blocks.0.k.ia3_l", [64, 1]), T("blocks.0.down.ia3_l", [1, 64])])))
    assert found.notes == ["an IA3 adapter; the base model is not counted"]
