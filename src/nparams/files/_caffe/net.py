"""The layers of a NetParameter, whatever its age, as a tree of tensors."""

from __future__ import annotations

from math import prod

from nparams.dtypes import CAFFE
from nparams.errors import FormatError, place, shown
from nparams.files._caffe.layers import blobs_of, guessed, kind_of
from nparams.files._caffe.schema import V0_TYPES, V1_TYPES
from nparams.network.grouping import module_at
from nparams.network.tree import Module, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nparams.files._protobuf.schema import Record

LEGACY = ("num", "channels", "height", "width")
AXES, LARGEST = 32, 1 << 48  # kMaxBlobAxes of include/caffe/blob.hpp; a size that no file can hold
DOUBLE = 0  # Type of trtcaffe.proto, where it is not said


class Layer:
    """One layer that holds numbers, in words of today."""

    __slots__ = ("blobs", "group", "name", "shared", "type")

    def __init__(self, name: str, kind: str, blobs: Sequence[Record], shared: Sequence[str], group: int) -> None:
        self.name = name
        self.type = kind
        self.blobs = blobs
        #: the name under which each blob is shared with other layers, "" where it is not
        self.shared = shared
        self.group = group


def layers_of(net: Record) -> Iterator[Layer]:
    """Every layer, numbered ones among them; V1 layers come first where a file has both, as when Caffe upgrades it."""
    if "layers" in net:
        for k, layer in enumerate(net["layers"]):
            yield _old(layer, k)
        return
    for k, layer in enumerate(net.get("layer", ())):
        shared = [spec.get("name", "") for spec in layer.get("param", ())]
        name, kind = layer.get("name") or f"layer_{k}", layer.get("type", "")
        yield Layer(name, kind, layer.get("blobs", ()), shared, _group(layer))


def _old(layer: Record, k: int) -> Layer:
    """A layer of V1, or of V0 inside it."""
    inner = layer.get("layer")
    if inner is not None:
        kind = inner.get("type", "")
        blobs = inner.get("blobs") or layer.get("blobs", ())
        return Layer(inner.get("name") or f"layer_{k}", V0_TYPES.get(kind, kind), blobs, (), inner.get("group", 1))
    number = layer.get("type", 0)
    kind = V1_TYPES.get(number, f"type {number}")
    return Layer(layer.get("name") or f"layer_{k}", kind, layer.get("blobs", ()), layer.get("param", ()), _group(layer))


def _group(layer: Record) -> int:
    return int(layer.get("convolution_param", {}).get("group", 1))


class Net:
    """The tree of layers, and what a user must know of it."""

    __slots__ = (
        "_names",
        "_owners",
        "_source",
        "copies",
        "differentials",
        "root",
        "seen",
        "shared",
        "tensors",
        "unknown",
    )

    def __init__(self, source: str) -> None:
        self._source = source
        self.root = Module("", tensors=[], children=[])
        self.tensors: list[Tensor] = []
        #: layers, with or without numbers
        self.seen = 0
        #: type -> numbers, where the order of blobs is not known
        self.unknown: dict[str, int] = {}
        #: names of layers that come again
        self.copies: list[str] = []
        #: blobs that are an earlier layer's
        self.shared = 0
        #: numbers of training beside the blobs
        self.differentials = 0
        self._owners: dict[str, Tensor] = {}
        self._names: dict[str, list[Tensor]] = {}

    def read(self, net: Record) -> None:
        """Take in every layer."""
        made = {"": self.root}
        for layer in layers_of(net):
            self.seen += 1
            if layer.blobs:
                self._add(layer, made)

    def _add(self, layer: Layer, made: dict[str, Module]) -> None:
        shapes = [self._shape(layer, k, blob) for k, blob in enumerate(layer.blobs)]
        parts = blobs_of(layer.type, shapes)
        if parts is None:
            self.unknown[layer.type] = self.unknown.get(layer.type, 0) + sum(map(prod, shapes))
            parts = guessed(shapes)
        found = [
            Tensor(f"{layer.name}.{name}", shape, self._type(layer, k, blob)[0], role)
            for k, ((name, role), shape, blob) in enumerate(zip(parts, shapes, layer.blobs, strict=True))
        ]
        self.tensors += found
        first = self._names.get(layer.name)
        if first is None:
            self._names[layer.name] = found
            self._share(layer, found)
            module = module_at(layer.name, made, "/")
            module.kind = kind_of(layer.type, layer.group, shapes[0])
            module.tensors += found  # type: ignore[operator]
        else:
            self._copy(layer, first, found, made)

    def _copy(self, layer: Layer, first: list[Tensor], found: list[Tensor], made: dict[str, Module]) -> None:
        """A layer whose name was there already: Caffe finds the layers of a file by name, so it is the same one."""
        if [t.shape for t in first] != [t.shape for t in found]:
            raise self._bad(layer, "two layers have this name, and their blobs have other shapes")
        self.copies.append(layer.name)
        for owner, tensor in zip(first, found, strict=True):
            tensor.tied_to = owner.name
            tensor.name = f"{tensor.name}#{len(self.copies) + 1}"
        made[layer.name].tensors += found  # type: ignore[operator]

    def _share(self, layer: Layer, found: list[Tensor]) -> None:
        """Blobs that bear the name of an earlier one are that one (src/caffe/net.cpp, AppendParam)."""
        for tensor, name in zip(found, layer.shared, strict=False):
            owner = self._owners.setdefault(name, tensor) if name else tensor
            if owner is tensor:
                continue
            if owner.size != tensor.size:
                raise self._bad(layer, f"shares {shown(name)}, and has another number of values than {owner.name}")
            self.shared += 1
            tensor.tied_to, tensor.note = owner.name, f"shared under the name {shown(name)}"

    def _shape(self, layer: Layer, k: int, blob: Record) -> tuple[int, ...]:
        """The shape of a blob, which must be that of its numbers (src/caffe/blob.cpp, FromProto)."""
        legacy = any(side in blob for side in LEGACY)
        shape = tuple(blob.get(side, 0) for side in LEGACY) if legacy else tuple(blob.get("shape", {}).get("dim", ()))
        if len(shape) > AXES or any(n < 0 or n >= LARGEST for n in shape):
            raise self._bad(layer, f"blob {k} has an impossible shape: {list(shape[: AXES + 1])}")
        held, size = self._held(layer, k, blob), prod(shape)
        if held != size:
            problem = f"blob {k} of shape {list(shape)} takes {size:,} numbers, and {held:,} are stored"
            raise self._bad(layer, problem + (". Cut out, or stored elsewhere?" if not held else ""))
        for name, width in (("diff", 4), ("double_diff", 8)):
            if name in blob:
                self.differentials += blob[name].packed // width + blob[name].loose
        return _modern(layer.type, k, shape) if legacy else shape

    def _held(self, layer: Layer, k: int, blob: Record) -> int:
        """Numbers that a blob stores."""
        dtype, width, name = self._type(layer, k, blob)
        if name == "raw_data":
            length, loose = blob[name][1], 0
        else:
            length, loose = (blob[name].packed, blob[name].loose) if name in blob else (0, 0)
        if length % width:
            raise self._bad(layer, f"blob {k} has {length:,} bytes, which are no {dtype} of {width} bytes each")
        return int(length // width + loose)

    def _type(self, layer: Layer, k: int, blob: Record) -> tuple[str, int, str]:
        """(number type, bytes of one, the field that holds them), in the order in which Caffe looks for them."""
        if "double_data" in blob:
            return "float64", 8, "double_data"
        if "data" in blob or "raw_data" not in blob:
            return "float32", 4, "data"
        kind = blob.get("raw_data_type", DOUBLE)
        if kind not in CAFFE:
            raise self._bad(layer, f"blob {k} has numbers of type {kind}, which is not known")
        return *CAFFE[kind], "raw_data"

    def _bad(self, layer: Layer, problem: str) -> FormatError:
        return FormatError(f"{place(self._source)}: layer {shown(layer.name)} ({shown(layer.type)[1:-1]}): {problem}")


def _modern(kind: str, k: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that a layer of today has for four old sides: what was put in front of vectors and matrices goes.

    >>> _modern("InnerProduct", 0, (1, 1, 10, 84)), _modern("Convolution", 1, (1, 1, 1, 20))
    ((10, 84), (20,))
    """
    if kind == "InnerProduct" and k == 0 and shape[:2] == (1, 1):
        return shape[2:]
    return shape[3:] if k and shape[:3] == (1, 1, 1) else shape
