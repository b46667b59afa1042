"""Models on a web server 50 ms away, on loopback: time against a plain reader with two requests a file, and bytes read.

The plain reader is what scripts do: eight bytes, then the header, file after file, over one connection.
"""

from __future__ import annotations

import http.client
import json
import tempfile
from pathlib import Path

import nparams
from benchmarks import gguf
from benchmarks._measure import Row, below, faster, paired
from tests.range_server import Server, Sparse, serving
from tests.safetensors_maker import T, file_of, header_of, index_of

LATENCY = 0.05
REPEATS = 5
SHARDS = 48


def run() -> list[Row]:
    """One file, a sharded model, and what a large GGUF costs."""
    with serving() as server:
        return [*one(server), *sharded(server), *large(server)]


def sparse(names: list[str], numbers: int = 1_000_000) -> Sparse:
    """A safetensors file of which only the header is there."""
    head = file_of(header_of([T(name, [numbers]) for name in names]))
    return Sparse(head, len(head) + 4 * numbers * len(names))


def one(server: Server) -> list[Row]:
    """A header that fits into the first range: one request against two."""
    server.files = {"/m.safetensors": sparse([f"layers.{k}.weight" for k in range(1000)])}
    server.delay = LATENCY
    url = f"{server.address}/m.safetensors"
    ours, plain = paired(lambda: nparams.count(url), lambda: by_two_requests(server, ["/m.safetensors"]), REPEATS)
    return [faster("safetensors, 50 ms away: two requests", ours, plain, 1.5)]


def sharded(server: Server) -> list[Row]:
    """An index and its shards, several at a time against one after another."""
    names = [f"model-{k:05}-of-{SHARDS:05}.safetensors" for k in range(1, SHARDS + 1)]
    tensors = {name: [f"layers.{k}.{part}.weight" for part in "qkvo"] for k, name in enumerate(names)}
    server.files = {f"/{name}": sparse(held) for name, held in tensors.items()}
    weight_map = {tensor: name for name, held in tensors.items() for tensor in held}
    server.files["/model.safetensors.index.json"] = index_of(weight_map)
    server.delay = LATENCY
    url = f"{server.address}/model.safetensors.index.json"
    paths = [f"/{name}" for name in names]
    ours, plain = paired(lambda: nparams.count(url), lambda: by_two_requests(server, paths), 3)
    server.forget()
    nparams.count(url)
    size = sum(held.size for held in server.files.values() if isinstance(held, Sparse))
    return [
        faster(f"{SHARDS} shards, 50 ms away: two requests a shard, in turn", ours, plain, 10),
        below("  bytes read, beside what lies there", server.sent, size, SHARDS * 132_000),
    ]


def large(server: Server) -> list[Row]:
    """The bytes of a GGUF with a long vocabulary that are read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "large.gguf")
        gguf.build(str(path))
        server.files, server.delay = {"/large.gguf": path}, 0.0
        server.forget()
        nparams.count(f"{server.address}/large.gguf")
        return [
            below("GGUF, 150,000 tokens: bytes read, beside its size", server.sent, path.stat().st_size, 16_000_000)
        ]


def by_two_requests(server: Server, paths: list[str]) -> int:
    """The numbers in some safetensors files: eight bytes, then the header, over one connection."""
    connection = http.client.HTTPConnection(server.address.removeprefix("http://"))
    total = 0
    for path in paths:
        length = int.from_bytes(part(connection, path, 0, 7), "little")
        for entry in json.loads(part(connection, path, 8, 7 + length)).values():
            size = 1
            for n in entry["shape"]:
                size *= n
            total += size
    connection.close()
    return total


def part(connection: http.client.HTTPConnection, path: str, first: int, last: int) -> bytes:
    """Bytes of a file."""
    connection.request("GET", path, headers={"Range": f"bytes={first}-{last}"})
    return connection.getresponse().read()
