"""Writes the files of Keras byte by byte, right or wrong: HDF5 of the newer kind, and archives of it."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from nparams.files._hdf5.checksum import lookup3

UNDEFINED = b"\xff" * 8
#: datatype messages (HDF5 File Format Specification 3.0, IV.A.2.d)
FIXED, FLOATS, STRINGS, OPAQUE = 0x10, 0x11, 0x13, 0x15


def _float(size: int, sign: int, mantissa: int, exponent: int, bias: int) -> bytes:
    head = struct.pack("<BBBBI", FLOATS, 0x20, sign, 0, size)
    return head + struct.pack("<HHBBBBI", 0, 8 * size, mantissa, exponent, 0, mantissa, bias)


def _fixed(size: int, *, signed: bool) -> bytes:
    return struct.pack("<BBBBIHH", FIXED, 8 * signed, 0, 0, size, 0, 8 * size)


TYPES = {
    "float32": _float(4, 31, 23, 8, 127), "float16": _float(2, 15, 10, 5, 15), "float64": _float(8, 63, 52, 11, 1023),
    **{f"int{8 * n}": _fixed(n, signed=True) for n in (1, 2, 4, 8)},
    **{f"uint{8 * n}": _fixed(n, signed=False) for n in (1, 2, 4, 8)},
    "opaque16": struct.pack("<BBBBI", OPAQUE, 0, 0, 0, 2), "opaque8": struct.pack("<BBBBI", OPAQUE, 0, 0, 0, 1),
    "text": struct.pack("<BBBBI", STRINGS, 0, 0, 0, 8),
}  # fmt: skip
WIDTHS = {name: int.from_bytes(data[4:8], "little") for name, data in TYPES.items()}


class D(NamedTuple):
    """A dataset; its values are zeros unless given, and lie nowhere if `empty`."""

    shape: Sequence[int] = ()
    dtype: str = "float32"
    data: bytes | None = None
    attrs: Mapping[str, Any] = {}
    empty: bool = False


class Link(NamedTuple):
    """A link: hard to the object at a path written before, or soft, or to another file."""

    path: str
    kind: str = "hard"


Tree = Mapping[str, Any]  # name -> D, Link or Tree; "@" -> attributes


def _message(kind: int, body: bytes) -> bytes:
    return struct.pack("<BHB", kind, len(body), 0) + body


def _space(shape: Sequence[int]) -> bytes:
    return struct.pack("<BBBB", 2, len(shape), 0, 1 if shape else 0) + struct.pack(f"<{len(shape)}Q", *shape)


def _attribute(name: str, value: Any) -> bytes:
    """A string, a list of strings of one length, or an int."""
    shape: Sequence[int] = ()
    if isinstance(value, int):
        kind, data = TYPES["int64"], struct.pack("<q", value)
    else:
        texts = [v.encode() for v in ([value] if isinstance(value, str) else value)]
        width = max([1, *map(len, texts)])
        kind = struct.pack("<BBBBI", STRINGS, 0x11, 0, 0, width)
        data, shape = b"".join(t.ljust(width, b"\0") for t in texts), () if isinstance(value, str) else (len(texts),)
    key, space = name.encode() + b"\0", _space(shape)
    head = struct.pack("<BBHHHB", 3, 0, len(key), len(kind), len(space), 1)
    return _message(0x0C, head + key + kind + space + data)


class _Writer:
    def __init__(self) -> None:
        self.out = bytearray(48)
        self.places: dict[str, int] = {}

    def put(self, data: bytes) -> int:
        self.out += bytes(-len(self.out) % 8)
        at = len(self.out)
        self.out += data
        return at

    def header(self, messages: Sequence[bytes]) -> int:
        body = b"".join(messages)
        data = b"OHDR\x02\x02" + struct.pack("<I", len(body)) + body
        return self.put(data + struct.pack("<I", lookup3(data)))

    def dataset(self, d: D) -> int:
        size = WIDTHS[d.dtype]
        for n in d.shape:
            size *= n
        at = UNDEFINED if d.empty else struct.pack("<Q", self.put(d.data if d.data is not None else bytes(size)))
        layout = struct.pack("<BB", 3, 1) + at + struct.pack("<Q", size)
        attrs = [_attribute(name, value) for name, value in d.attrs.items()]
        messages = [_message(1, _space(d.shape)), _message(3, TYPES[d.dtype]), _message(8, layout)]
        return self.header([*messages, *attrs])

    def group(self, tree: Tree, path: str) -> int:
        messages = [_message(2, b"\0\0" + UNDEFINED * 2)]
        for name, member in tree.items():
            if name != "@":
                messages.append(self.link(name, member, f"{path}/{name}"))
        messages += [_attribute(name, value) for name, value in tree.get("@", {}).items()]
        at = self.places[path or "/"] = self.header(messages)
        return at

    def link(self, name: str, member: Any, path: str) -> bytes:
        kind, target = 0, b""
        if isinstance(member, Link) and member.kind != "hard":
            text = member.path.encode()
            kind = 1 if member.kind == "soft" else 64
            target = text if kind == 1 else b"\0other.h5\0" + text + b"\0"
            target = struct.pack("<H", len(target)) + target
        elif isinstance(member, Link):
            target = struct.pack("<Q", self.places[member.path])
        else:
            at = self.dataset(member) if isinstance(member, D) else self.group(member, path)
            self.places[path] = at
            target = struct.pack("<Q", at)
        key = name.encode()
        head = struct.pack("<BBBBH", 1, 0x19, kind, 1, len(key))
        return _message(6, head + key + target)


def h5(tree: Tree) -> bytes:
    """A whole HDF5 file: superblock 2, groups with their links in the header, contiguous data."""
    writer = _Writer()
    root = writer.group(tree, "")
    head = b"\x89HDF\r\n\x1a\n\x02\x08\x08\0" + struct.pack("<Q", 0) + UNDEFINED
    head += struct.pack("<QQ", len(writer.out), root)
    writer.out[:48] = head + struct.pack("<I", lookup3(head))
    return bytes(writer.out)


def store(objects: Mapping[str, Sequence[D] | Mapping[str, D]], names: Mapping[str, str] | None = None) -> bytes:
    """A weights file of Keras 3: path -> its variables in order; `names` are the objects' own."""
    tree: dict[str, Any] = {}
    for path in dict.fromkeys((*objects, *(names or ()))):
        here = tree
        for part in filter(None, path.split("/")):
            here = here.setdefault(part, {})
        kept = objects.get(path, [])
        held = dict(kept) if isinstance(kept, Mapping) else {str(k): d for k, d in enumerate(kept)}
        if names is not None and path in names:
            held["@"] = {"name": names[path]}
        here["vars"] = held
    return h5(tree)


def legacy(
    layers: Mapping[str, Mapping[str, D]],
    *,
    config: Mapping[str, Any] | str | None = None,
    optimizer: Mapping[str, D] | None = None,
    version: str = "2.2.4",
    **more: Any,
) -> bytes:
    """A HDF5 file of Keras 2: layer -> variable's name -> dataset; a whole model if it has a configuration."""
    tree: dict[str, Any] = {}
    for layer, kept in layers.items():
        tree[layer] = {**nested(kept), "@": {"weight_names": list(kept)}}
    head = {"layer_names": list(layers), "keras_version": version, "backend": "tensorflow"}
    if config is None:
        return h5({**tree, "@": {**head, **more.pop("attrs", {})}, **more})
    text = config if isinstance(config, str) else json.dumps(config)
    whole: dict[str, Any] = {
        "model_weights": {**tree, "@": head},
        "@": {"model_config": text, "keras_version": version},
    }
    if optimizer is not None:
        whole["optimizer_weights"] = nested(optimizer)
    return h5({**whole, **more})


def nested(kept: Mapping[str, Any]) -> dict[str, Any]:
    """a/b -> d as a tree."""
    tree: dict[str, Any] = {}
    for path, member in kept.items():
        *way, leaf = path.split("/")
        here = tree
        for part in way:
            here = here.setdefault(part, {})
        here[leaf] = member
    return tree


def layer(kind: str, name: str, build: Sequence[int | None] | None = None, **settings: Any) -> dict[str, Any]:
    """One layer of a configuration as Keras 3 writes it."""
    held = {"module": "keras.layers", "class_name": kind, "config": {"name": name, "trainable": True, **settings},
            "registered_name": None}  # fmt: skip
    return held if build is None else {**held, "build_config": {"input_shape": list(build)}}


def model(*layers: Mapping[str, Any], kind: str = "Sequential", name: str = "net", **settings: Any) -> dict[str, Any]:
    """The configuration of a model of these layers."""
    return {"module": "keras", "class_name": kind, "registered_name": None,
            "config": {"name": name, "trainable": True, "layers": list(layers), **settings}}  # fmt: skip


def archive(
    weights: bytes | None,
    config: Mapping[str, Any] | str | None = None,
    *,
    version: str = "3.10.0",
    deflated: bool = False,
    **members: bytes,
) -> bytes:
    """A .keras archive."""
    held, kind = io.BytesIO(), zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED
    with zipfile.ZipFile(held, "w") as made:  # of a ZipInfo, the date is always the same
        made.writestr(zipfile.ZipInfo("metadata.json"), json.dumps({"keras_version": version}))
        if config is not None:
            text = config if isinstance(config, str) else json.dumps(config)
            made.writestr(zipfile.ZipInfo("config.json"), text, kind)
        if weights is not None:
            made.writestr(zipfile.ZipInfo("model.weights.h5"), weights, kind)
        for name, data in members.items():
            made.writestr(zipfile.ZipInfo(name), data, kind)
    return held.getvalue()
