"""Writes Orbax checkpoints, right or wrong: OCDBT databases, zarr's records, the list of leaves.

google/tensorstore tensorstore/kvstore/ocdbt/index.rst; the frames of Zstandard here hold their bytes as they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from nparams.files._orbax.checksum import crc32c

MANIFEST, NODE = b"\x0c\xdb\x3a\x2a", b"\x0c\xdb\x20\xde"
FILE = "d/0123456789abcdef0123456789abcdef"
MISSING = (1 << 64) - 1


def number(value: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*found, value))


def numbers(values: Sequence[int]) -> bytes:
    return b"".join(map(number, values))


def frame(data: bytes) -> bytes:
    """A frame of Zstandard whose one block is not compressed."""
    assert len(data) < 1 << 17
    head = b"\x28\xb5\x2f\xfd\xa0" + len(data).to_bytes(4, "little")
    return head + (len(data) << 3 | 1).to_bytes(3, "little") + data


def record(
    mark: bytes, body: bytes, *, zstd: bool = False, length: int | None = None, checksum: int | None = None,
    version: int = 0, packing: int | None = None,
) -> bytes:  # fmt: skip
    """A record; what is given stands where the right value would."""
    head = number(version) + number(int(zstd) if packing is None else packing)
    held = head + (frame(body) if zstd else body)
    whole = mark + (len(held) + 16 if length is None else length).to_bytes(8, "little") + held
    return whole + (crc32c(whole) if checksum is None else checksum).to_bytes(4, "little")


def files(paths: Sequence[tuple[str, str]]) -> bytes:
    """A table of data files: (base, the rest of the path) of each."""
    whole = [(base + rest).encode() for base, rest in paths]
    held = number(len(paths)) + number(0) * max(len(paths) - 1, 0)
    return held + numbers([len(p) for p in whole]) + numbers([len(base) for base, _ in paths]) + b"".join(whole)


def manifest(
    root: tuple[int, int] | None, height: int = 0, paths: Sequence[tuple[str, str]] = (("", FILE),), *, kind: int = 0,
    zstd: bool = False, rest: bytes | None = None, which: int = 0, config_zstd: bool = True, **more: int,
) -> bytes:  # fmt: skip
    """A manifest of one version, whose root is the node at (offset, length); None: nothing was written."""
    config = bytes(16) + bytes((kind,)) + number(1024) + number(100_000_000) + b"\x04"
    config += b"\1\0\0\0\0" if config_zstd else b"\0"
    offset, length = root or (MISSING, MISSING)
    versions = (
        number(1) + number(1) + bytes((height,)) + numbers([which, offset, length]) + numbers([1, 1, 1]) + bytes(8)
    )
    body = config + (files(paths) + versions + number(0) if rest is None else rest)
    return record(MANIFEST, config if kind else body, zstd=zstd, **more)


def leaf(
    entries: Sequence[tuple[str | bytes, bytes | tuple[int, int, int]]], paths: Sequence[tuple[str, str]] = (), *,
    zstd: bool = False, height: int = 0, rest: bytes = b"", **more: int,
) -> bytes:  # fmt: skip
    """A node of keys and values; a value is bytes, or (which data file, offset, length)."""
    keys = [key if isinstance(key, bytes) else key.encode() for key, _ in entries]
    held = bytes((height,)) + files(paths) + number(len(keys)) + number(0) * max(len(keys) - 1, 0)
    held += numbers([len(key) for key in keys]) + b"".join(keys)
    values = [value for _, value in entries]
    far = [value for value in values if isinstance(value, tuple)]
    held += numbers([len(v) if isinstance(v, bytes) else v[2] for v in values])
    held += bytes(not isinstance(v, bytes) for v in values)
    held += numbers([v[0] for v in far]) + numbers([v[1] for v in far])
    return record(NODE, held + b"".join(v for v in values if isinstance(v, bytes)) + rest, zstd=zstd, **more)


def inner(
    entries: Sequence[tuple[str, int, int, int, int]],
    paths: Sequence[tuple[str, str]] = (("", FILE),),
    *,
    height: int = 1,
) -> bytes:
    """A node of nodes: (first key, how much of it all below share, which data file, offset, length) of each."""
    keys = [key.encode() for key, *_ in entries]
    held = bytes((height,)) + files(paths) + number(len(keys)) + number(0) * max(len(keys) - 1, 0)
    held += numbers([len(key) for key in keys]) + numbers([common for _, common, *_ in entries]) + b"".join(keys)
    for column in (2, 3, 4):
        held += numbers([each[column] for each in entries])  # type: ignore[misc]
    return record(NODE, held + numbers([1] * 3 * len(keys)))


def database(values: Mapping[str, bytes], *, zstd: bool = False) -> dict[str, bytes]:
    """The files of a database with these values in one node."""
    node = leaf(sorted(values.items()), zstd=zstd)
    return {"manifest.ocdbt": manifest((0, len(node)), zstd=zstd), FILE: node}


def zarray(shape: Sequence[object], dtype: object = "<f4", **more: object) -> bytes:
    """zarr's record of an array, version 2."""
    held = {"chunks": shape, "compressor": None, "dtype": dtype, "fill_value": None, "filters": None, "order": "C",
            "shape": shape, "zarr_format": 2, **more}  # fmt: skip
    return json.dumps(held).encode()


def zarr3(shape: Sequence[object], dtype: object = "float32", **more: object) -> bytes:
    """The same, version 3."""
    return json.dumps({"data_type": dtype, "node_type": "array", "shape": shape, "zarr_format": 3, **more}).encode()


def listed(kinds: Mapping[str, str], **more: object) -> bytes:
    """`_METADATA`: {path with dots: type of the value}."""
    tree = {}
    for path, kind in kinds.items():
        keys = path.split(".")
        tree[str(tuple(keys))] = {
            "key_metadata": [{"key": key, "key_type": 1 if key.isdigit() else 2} for key in keys],
            "value_metadata": {"value_type": kind, "skip_deserialize": kind in ("None", "Dict", "List")},
        }
    return json.dumps({"tree_metadata": tree, "use_zarr3": False, "custom_metadata": None, **more}).encode()


def arrays(shapes: Mapping[str, Sequence[int]], dtype: str = "<f4") -> dict[str, bytes]:
    """{NAME/.zarray: record} of each."""
    return {f"{name}/.zarray": zarray(list(shape), dtype) for name, shape in shapes.items()}


def checkpoint(shapes: Mapping[str, Sequence[int]], *, zstd: bool = False, ocdbt: bool = True) -> dict[str, bytes]:
    """The files of a whole checkpoint of arrays."""
    held = arrays(shapes)
    return {"_METADATA": listed(dict.fromkeys(shapes, "jax.Array")), **(database(held, zstd=zstd) if ocdbt else held)}
