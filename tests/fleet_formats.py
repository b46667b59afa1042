"""Models of the formats beside safetensors and GGUF for a corpus: archives, pickles, graphs, HDF5."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from math import prod
from random import Random

from nparams.fleet.units import FILE, FOLDER
from tests import (
    caffe_maker,
    flax_maker,
    hdf5_maker,
    keras_maker,
    npy_maker,
    onnx_maker,
    paddle_maker,
    tensorflow_maker,
    tflite_maker,
)
from tests.fleet_made import Content, Made, Shapes, dense, one, tabled, total
from tests.pickle_maker import MAGIC, SYSTEM, ordered, pickled
from tests.pickle_maker import S as Storage
from tests.pickle_maker import T as Tensor
from tests.range_server import Sparse
from tests.zip_maker import M, archive, local

# -- archives and pickles --------------------------------------------------------------------------------------------


def hollow(members: Sequence[M], name: str, head: bytes, size: int) -> Sparse:
    """A zip archive with a last member that is stored: `head`, then zeros up to `size` that are not there.

    Its checksum is none: nothing asks for it before the member has been read as a whole.
    """
    last = M(name, b"", size=size, packed=size, local_size=size, local_packed=size, crc=0)
    before = sum(len(local(each)) for each in (*members, last))
    whole = archive([*members, last], offset=before + size)
    return Sparse(whole[:before] + head, len(whole) + size, whole[before:])


def state(rng: Random) -> tuple[Shapes, list[Storage], object]:
    """Shapes, their storages in the order of their keys, and a state dict of them that has a buffer besides."""
    shapes = tabled(rng)
    storages = [Storage(prod(shape), key=f"{k:02}") for k, (_, shape) in enumerate([("", (3,)), *shapes])]
    names = ["bn.running_mean", *(name.replace("/", ".").replace("kernel", "weight") for name, _ in shapes)]
    sizes = [(3,), *(shape for _, shape in shapes)]
    held = {name: Tensor(size, storage) for name, size, storage in zip(names, sizes, storages, strict=True)}
    return shapes, storages, ordered(held)


def torch_zip(rng: Random, stem: str) -> Made:
    shapes, (*small, last), value = state(rng)
    members = [M(f"{stem}/data.pkl", pickled(value)), M(f"{stem}/byteorder", b"little"), M(f"{stem}/version", b"3\n")]
    members += [M(f"{stem}/data/{each.key}", bytes(each.bytes)) for each in small]
    return one(f"{stem}.pt", hollow(members, f"{stem}/data/{last.key}", b"", last.bytes), "pytorch", shapes)


def torch_legacy(rng: Random, stem: str) -> Made:
    shapes, storages, value = state(rng)
    head = b"".join(map(pickled, (MAGIC, 1001, SYSTEM, value, [each.key for each in storages])))
    for each in storages:
        head += struct.pack("<q", each.elements) + bytes(each.bytes if each is not storages[-1] else 0)
    return one(f"{stem}.pth", Sparse(head, len(head) + storages[-1].bytes), "pytorch-legacy", shapes)


def numpy_archive(rng: Random, stem: str) -> Made:
    *small, (name, shape) = shapes = tabled(rng)
    members = [M(f"{each}.npy", npy_maker.of("<f4", text(of), 4 * prod(of))) for each, of in small]
    head = npy_maker.of("<f4", text(shape), 0)
    return one(f"{stem}.npz", hollow(members, f"{name}.npy", head, len(head) + 4 * prod(shape)), "npz", shapes)


def text(shape: Sequence[int]) -> str:
    return "".join(f"{n}, " for n in shape)


def paddle(rng: Random, stem: str) -> Made:
    shapes = dense(rng)
    held = {name.replace("/", "."): paddle_maker.f4(*shape) for name, shape in shapes}
    return one(f"{stem}.pdparams", paddle_maker.pdparams(held), "paddle", shapes)


# -- graphs ----------------------------------------------------------------------------------------------------------


def graph(shapes: Shapes) -> list[bytes]:
    """The nodes that use dense layers, a kernel and a bias each."""
    kernels, biases = ([name for name, _ in shapes if name.endswith(kind)] for kind in ("kernel", "bias"))
    nodes, last = [], "x"
    for k, (kernel, bias) in enumerate(zip(kernels, [*biases, None], strict=False)):
        nodes.append(onnx_maker.node("Gemm", f"{last} {kernel}{f' {bias}' if bias else ''}", f"y{k}"))
        last = f"y{k}"
    return nodes


def onnx(rng: Random, stem: str) -> Made:
    """The table's numbers stand in the file, as the last thing in it."""
    *small, (name, shape) = shapes = tabled(rng)
    size = 4 * prod(shape)
    raw = onnx_maker.varint(9 << 3 | 2) + onnx_maker.varint(size)
    tensor = onnx_maker.tensor("", shape, typed=onnx_maker.chunk(8, name) + raw)
    within = onnx_maker.graph(graph(shapes), [onnx_maker.tensor(each, of) for each, of in small])
    within += onnx_maker.varint(5 << 3 | 2) + onnx_maker.varint(len(tensor) + size)
    head = onnx_maker.number(1, 8) + onnx_maker.chunk(8, onnx_maker.chunk(1, "") + onnx_maker.number(2, 17))
    head += onnx_maker.varint(7 << 3 | 2) + onnx_maker.varint(len(within) + len(tensor) + size)
    return one(f"{stem}.onnx", Sparse(head + within + tensor, len(head + within + tensor) + size), "onnx", shapes)


def onnx_beside(rng: Random, stem: str) -> Made:
    """All numbers lie in a file beside it."""
    shapes, tensors, at = tabled(rng), [], 0
    for name, shape in shapes:
        size = 4 * prod(shape)
        where = {"location": f"{stem}.onnx_data", "offset": str(at), "length": str(size)}
        tensors.append(onnx_maker.tensor(name, shape, location=where))
        at += size
    files = {f"{stem}.onnx": onnx_maker.model(graph(shapes), tensors), f"{stem}.onnx_data": Sparse(b"", at)}
    return Made(FILE, (f"{stem}.onnx",), files, "onnx", total(shapes))


def tflite(rng: Random, stem: str) -> Made:
    rows, columns = rng.randrange(1, 100), rng.randrange(1, 100)
    tensors = [tflite_maker.T("x", [1, columns], data=None), tflite_maker.T("w", [rows, columns]),
               tflite_maker.T("b", [rows]), tflite_maker.T("y", [1, rows], data=None)]  # fmt: skip
    made = tflite_maker.model(tflite_maker.G(tensors, [tflite_maker.Op("FULLY_CONNECTED", [0, 1, 2], [3])], [0], [3]))
    return one(f"{stem}.tflite", made, "tflite", [("w", (rows, columns)), ("b", (rows,))])


def caffe(rng: Random, stem: str) -> Made:
    rows, columns = rng.randrange(1, 100), rng.randrange(1, 100)
    blobs = caffe_maker.blob(rows, columns), caffe_maker.blob(rows)
    made = caffe_maker.net(caffe_maker.layer("data", "Input"), caffe_maker.layer("ip", "InnerProduct", *blobs))
    return one(f"{stem}.caffemodel", made, "caffe", [("w", (rows, columns)), ("b", (rows,))])


def saved_model(rng: Random, stem: str) -> Made:
    """A SavedModel: its variables' numbers in a sparse file."""
    shapes = tabled(rng)
    index = tensorflow_maker.index({name: list(shape) for name, shape in shapes})
    body = tensorflow_maker.graph(tensorflow_maker.node("x", "Placeholder"))
    files: dict[str, Content] = {"saved_model.pb": tensorflow_maker.saved(body), "variables/variables.index": index}
    files["variables/variables.data-00000-of-00001"] = Sparse(b"", 4 * total(shapes))
    return Made(FOLDER, (), files, "saved-model", total(shapes))


# -- HDF5, Keras, Flax -----------------------------------------------------------------------------------------------


def hdf5(rng: Random, stem: str) -> Made:
    """A plain file of datasets; all numbers lie behind what describes them."""
    shapes, maker, at = tabled(rng), hdf5_maker.Maker(), 1 << 16
    groups: dict[str, dict[str, int]] = {}
    for name, shape in shapes:
        group, _, leaf = name.partition("/")
        groups.setdefault(group, {})[leaf] = maker.dataset(*shape, at=at)
        at += 4 * prod(shape)
    root = maker.group(**{name: maker.group(**held) for name, held in groups.items()})
    return one(f"{stem}.h5", Sparse(maker.done(root, end=at), at), "hdf5", shapes)


def keras(rng: Random, stem: str) -> Made:
    rows, columns = rng.randrange(1, 100), rng.randrange(1, 100)
    held = [keras_maker.D((rows, columns)), keras_maker.D((columns,))]
    config = keras_maker.model(keras_maker.layer("Dense", "d", [None, rows], units=columns))
    made = keras_maker.archive(keras_maker.store({"layers/dense": held}), config)
    return one(f"{stem}.keras", made, "keras", [("kernel", (rows, columns)), ("bias", (columns,))])


def flax(rng: Random, stem: str) -> Made:
    shapes = dense(rng)
    tree: dict[str, dict[str, object]] = {}
    for name, shape in shapes:
        layer, _, leaf = name.partition("/")
        tree.setdefault(layer, {})[leaf] = flax_maker.array(shape)
    return one(f"{stem}.msgpack", flax_maker.pack({"params": tree}), "flax-msgpack", shapes)
