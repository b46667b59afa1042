"""GGUF with a vocabulary of 150,000 tokens and as many merges, 400 tensors, several GB (sparse: no data is written).

The floor is the least Python that gets to the tensors: one buffer, lengths added up, nothing checked or kept.
"""

from __future__ import annotations

import importlib.util
import os
import random
import struct
import subprocess
import sys
import tempfile
from itertools import repeat
from math import prod
from operator import length_hint

from benchmarks._measure import Row, below, faster, not_slower, paired, processes
from nparams.files.bytesource import FileSource
from nparams.files.gguf import read

VOCABULARY = 150_000
LAYERS, WIDTH, FFN = 44, 4096, 14336
# ggml type ids: q4_k is 256 values in 144 bytes, f32 one in 4
Q4_K, F32 = 12, 0
FIXED = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
CHUNK = 1 << 20
REPEATS = 15
OURS = "import sys; from nparams.files.bytesource import FileSource; from nparams.files.gguf import read; "
OURS += "read(FileSource(sys.argv[1]))"
THEIRS = "import sys, time; from gguf import GGUFReader; start = time.perf_counter(); GGUFReader(sys.argv[1]); "
THEIRS += "print(time.perf_counter() - start)"


def run() -> list[Row]:
    """Ours in-process against the floor and against gguf-py, and the memory of a whole process of ours."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "m.gguf")
        build(path)
        assert floor(path) == sum(t.size for t in read_file(path) if isinstance(t.size, int))
        ours, least = paired(lambda: read_file(path), lambda: floor(path), REPEATS)
        rows = [not_slower("GGUF, 150,000 tokens and merges: a bare buffered skip", ours, least, 1.5)]
        if importlib.util.find_spec("gguf"):
            argv = [sys.executable, "-c", THEIRS, path]
            peer = float(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)
            rows.append(faster("  gguf-py GGUFReader", ours, peer, 100))
        used, bare = processes([[sys.executable, "-c", OURS, path], [sys.executable, "-c", "pass"]], 5)
        rows.append(below("  peak memory, whole process: python -c pass", used.peak, bare.peak, 40_000_000))
    return rows


def read_file(path: str) -> list[object]:
    with FileSource(path) as source:
        return list(read(source).tensors())


def floor(path: str) -> int:
    """The elements of every tensor, by the shortest way there."""
    fd = os.open(path, os.O_RDONLY)
    u32, u64 = struct.Struct("<I").unpack_from, struct.Struct("<Q").unpack_from
    buffer, base, at = os.pread(fd, CHUNK, 0), 0, 24
    end = len(buffer) - 256
    tensors, pairs = struct.unpack_from("<QQ", buffer, 8)
    for _ in range(pairs):
        at += 8 + u64(buffer, at)[0]
        if at > end:
            base, at, buffer = base + at, 0, os.pread(fd, CHUNK, base + at)
        kind = u32(buffer, at)[0]
        at += 4
        count = 1
        if kind == 9:
            kind, count = u32(buffer, at)[0], u64(buffer, at + 4)[0]
            at += 12
        while kind == 8 and count:
            ahead = repeat(None, count)
            try:
                for _ in ahead:
                    (length,) = u64(buffer, at)
                    at += length + 8
                count = 0
            except struct.error:
                count = length_hint(ahead) + 1
                base, at, buffer = base + at, 0, os.pread(fd, CHUNK, base + at)
        at += FIXED.get(kind, 0) * count
        if at > end:
            base, at, buffer = base + at, 0, os.pread(fd, CHUNK, base + at)
    total = 0
    for _ in range(tensors):
        if at > end:
            base, at, buffer = base + at, 0, os.pread(fd, CHUNK, base + at)
        at += 8 + u64(buffer, at)[0]
        rank = u32(buffer, at)[0]
        total += prod(struct.unpack_from(f"<{rank}Q", buffer, at + 4))
        at += 16 + 8 * rank
    os.close(fd)
    return total


def build(path: str) -> None:
    """Write the head of a large language model in GGUF, and leave a hole where its data would be."""
    pairs, (entries, size) = keys(), tensors()
    head = b"GGUF" + struct.pack("<IQQ", 3, len(entries), len(pairs)) + b"".join(pairs) + b"".join(entries)
    with open(path, "wb") as file:
        file.write(head)
        file.truncate(-(-len(head) // 32) * 32 + size)


def keys() -> list[bytes]:
    rng = random.Random(0)
    letters = "abcdefghijklmnopqrstuvwxyzĠé"
    words = ["".join(rng.choices(letters, k=rng.randint(1, 12))) for _ in range(VOCABULARY)]
    merges = [f"{w[: len(w) // 2]} {w[len(w) // 2 :]}" for w in words]
    return [
        text("general.architecture") + struct.pack("<I", 8) + text("llama"),
        text("llama.block_count") + struct.pack("<II", 4, LAYERS),
        text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, VOCABULARY) + b"".join(map(text, words)),
        text("tokenizer.ggml.scores") + struct.pack("<IIQ", 9, 6, VOCABULARY) + bytes(4 * VOCABULARY),
        text("tokenizer.ggml.token_type") + struct.pack("<IIQ", 9, 5, VOCABULARY) + bytes(4 * VOCABULARY),
        text("tokenizer.ggml.merges") + struct.pack("<IIQ", 9, 8, VOCABULARY) + b"".join(map(text, merges)),
        text("tokenizer.chat_template") + struct.pack("<I", 8) + text("x" * 5000),
    ]


def tensors() -> tuple[list[bytes], int]:
    """The entries of a Llama's tensors, and the bytes of their data."""
    square, up, down = (WIDTH, WIDTH), (WIDTH, FFN), (FFN, WIDTH)
    block = {"attn_q": square, "attn_k": square, "attn_v": square, "attn_output": square, "ffn_gate": up, "ffn_up": up,
             "ffn_down": down, "attn_norm": (WIDTH,), "ffn_norm": (WIDTH,)}  # fmt: skip
    shapes = {
        "token_embd": (WIDTH, VOCABULARY),
        "output": (WIDTH, VOCABULARY),
        "output_norm": (WIDTH,),
        "extra": (WIDTH,),
    }
    shapes.update({f"blk.{i}.{name}": dims for i in range(LAYERS) for name, dims in block.items()})
    entries, offset = [], 0
    for name, dims in shapes.items():
        kind = F32 if len(dims) == 1 else Q4_K
        head = text(f"{name}.weight") + struct.pack("<I", len(dims)) + struct.pack(f"<{len(dims)}Q", *dims)
        entries.append(head + struct.pack("<IQ", kind, offset))
        offset += prod(dims) * 4 if kind == F32 else prod(dims) // 256 * 144
    return entries, offset


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data
