"""Damaged Orbax checkpoints, one file of each in a folder held in memory: bodies of OCDBT's records, texts, lists.

A record is given its right length and checksum again, so that what is in it is looked at.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from nparams.files._orbax.checksum import crc32c
from nparams.files.orbax import read_folder
from tests.fuzz._drive import drive
from tests.fuzz.folder import MemoryFolder
from tests.orbax_maker import FILE, MANIFEST, NODE, arrays, checkpoint, frame, leaf, listed, manifest, zarr3
from tests.test_orbax import STATE, TREE, deep

HEAD = 14  # bytes of a record before its body: mark, length, version and compression
WHOLE = checkpoint(STATE)
PACKED = checkpoint(STATE, zstd=True)
DEEP = deep()
FAR = leaf([("w/.zarray", (0, 0, 40)), ("w/0", (0, 9_000, 1 << 40)), ("x/zarr.json", zarr3([2, 3]))], [("b/", "far")])
METADATAS = json.dumps({"array_metadatas": [{"array_metadata": {"param_name": "w", "ext_metadata":
                        {"random_key_impl": "fry"}}}]}).encode()  # fmt: skip
NUMBERED = {"manifest.ocdbt": manifest(None, kind=1), FILE: WHOLE[FILE]}


def as_it_is(data: bytes) -> bytes:
    """A file that is damaged as a whole."""
    return data


def record_of(mark: bytes, packing: int = 0) -> Callable[[bytes], bytes]:
    """What makes a record of a body, its length and checksum as they should be."""

    def make(body: bytes) -> bytes:
        body = frame(body[:100_000]) if packing else body
        whole = mark + (len(body) + 18).to_bytes(8, "little") + bytes((0, packing)) + body
        return whole + crc32c(whole).to_bytes(4, "little")

    return make


#: what is damaged: (its path, the rest of the checkpoint, what is damaged of it, what makes the file of that again)
ROLES: Sequence[tuple[str, Mapping[str, bytes], bytes, Callable[[bytes], bytes]]] = (
    ("manifest.ocdbt", WHOLE, WHOLE["manifest.ocdbt"][HEAD:-4], record_of(MANIFEST)),
    (FILE, WHOLE, WHOLE[FILE][HEAD:-4], record_of(NODE)),
    (FILE, WHOLE, WHOLE[FILE][HEAD:-4], record_of(NODE, 1)),
    ("d/top", DEEP, DEEP["d/top"][HEAD:-4], record_of(NODE)),
    (FILE, {**WHOLE, "b/far": arrays({"w": [2]})["w/.zarray"] * 40}, FAR[HEAD:-4], record_of(NODE)),
    ("manifest.0000000000000001", NUMBERED, WHOLE["manifest.ocdbt"], as_it_is),
    (FILE, PACKED, PACKED[FILE], as_it_is),
    ("w/.zarray", {TREE: listed({"w": "jax.Array"})}, arrays({"w": [2, 3]})["w/.zarray"], as_it_is),
    ("w/zarr.json", {}, zarr3([2, 3], "bfloat16"), as_it_is),
    (TREE, WHOLE, WHOLE[TREE], as_it_is),
    ("array_metadatas/process_0", {"w/.zarray": arrays({"w": [2]}, "<u4")["w/.zarray"]}, METADATAS, as_it_is),
)
SEEDS = [bytes((k,)) + seed for k, (_, _, seed, _) in enumerate(ROLES)]


def files_of(data: bytes) -> dict[str, bytes]:
    """The files of a checkpoint in which one is damaged; the manifest says how long the first node is."""
    path, rest, _, make = ROLES[(data or b"\0")[0] % len(ROLES)]
    held = {**rest, path: make(data[1:])}
    if path in (FILE, "d/top"):
        paths, height = ([("", "d/top")], 1) if path == "d/top" else ([("", FILE)], 0)
        held["manifest.ocdbt"] = manifest((0, len(held[path])), height, paths)
    return held


def one(data: bytes) -> None:
    """Read one checkpoint, and ask it everything."""
    network = read_folder(MemoryFolder(files_of(data)), "ckpt")
    network.to_json(tensors=True)


def run(count: int, seed: int) -> dict[str, int]:
    """Read `count` damaged checkpoints; how many were accepted and how many refused.  Anything else raises."""
    return drive(count, seed, SEEDS, one)
