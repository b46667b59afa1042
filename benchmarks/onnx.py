"""ONNX with 500 MB of inline weights: 1,000 matrices, each used by a node (sparse: no data is written).

The peer is onnx.load without external data, which reads and copies every number.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile

from benchmarks._measure import Row, below, faster, paired, process, processes
from nparams.files.bytesource import FileSource
from nparams.files.onnx import read

MATRICES, SIDE = 1_000, 362
REPEATS = 15
OURS = "import sys; from nparams.files.bytesource import FileSource; from nparams.files.onnx import read; "
OURS += "read(FileSource(sys.argv[1])).total"
LOAD = "import onnx; onnx.load(sys.argv[1], load_external_data=False)"
THEIRS = f"import sys, time, onnx; start = time.perf_counter(); {LOAD}; print(time.perf_counter() - start)"


class Watched(FileSource):
    """A file that knows how much of it was read."""

    __slots__ = ("taken",)

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.taken = 0

    def read(self, offset: int, length: int) -> bytes:
        """The bytes there, counted."""
        self.taken += length
        return super().read(offset, length)


def run() -> list[Row]:
    """Ours in-process against onnx.load, both as whole processes, our memory and what we read of the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "m.onnx")
        build(path)
        ours, _ = paired(lambda: total(path), lambda: None, REPEATS)
        rows = []
        used, bare = processes([[sys.executable, "-c", OURS, path], [sys.executable, "-c", "pass"]], 5)
        if importlib.util.find_spec("onnx"):
            argv = [sys.executable, "-c", THEIRS, path]
            peer = float(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)
            rows.append(faster("ONNX, 500 MB inline, 1,000 tensors: onnx.load", ours, peer, 20))
            whole = process([sys.executable, "-c", f"import sys; {LOAD}", path], 2)
            rows.append(faster("  the same, whole processes", used.seconds, whole.seconds, 3))
        rows.append(below("  peak memory, whole process: python -c pass", used.peak, bare.peak, 40_000_000))
        with Watched(path) as source:
            read(source)
            rows.append(below("  bytes read, of the file's", source.taken, source.size, 10_000_000))
    return rows


def total(path: str) -> object:
    with FileSource(path) as source:
        found = read(source).total
    assert found == MATRICES * SIDE * SIDE
    return found


def build(path: str) -> None:
    """The model; the numbers of each tensor are a hole in the file."""
    payload = 4 * SIDE * SIDE
    heads, nodes = [], b""
    for k in range(MATRICES):
        name = f"layers.{k}.weight"
        head = number(1, SIDE) + number(1, SIDE) + number(2, 1) + chunk(8, name.encode()) + b"\x4a" + varint(payload)
        heads.append(b"\x2a" + varint(len(head) + payload) + head)
        fields = chunk(1, f"h{k}".encode()) + chunk(1, name.encode()) + chunk(2, f"h{k + 1}".encode())
        nodes += chunk(1, fields + chunk(3, f"/layers.{k}/MatMul".encode()) + chunk(4, b"MatMul"))
    size = len(nodes) + sum(map(len, heads)) + MATRICES * payload
    with open(path, "wb") as file:
        file.write(number(1, 8) + b"\x3a" + varint(size) + nodes)
        for head in heads:
            file.write(head)
            file.seek(payload, os.SEEK_CUR)
        file.truncate(file.tell())


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def chunk(field: int, data: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(data)) + data
