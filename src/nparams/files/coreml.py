"""Core ML: a protocol buffer of a network or a program, alone (.mlmodel) or in a package with its weights.

Specification: apple/coremltools mlmodel/format/*.proto.  Read are tags, names and shapes; numbers are stepped over, in
the model and in weights/weight.bin, of which only the size is asked.  What an array of a program is, a weight or the
axis of a sum, is told by the operator that it reaches; of a neural network's layers the format says it itself.
"""

from __future__ import annotations

from nparams.errors import FormatError, UnsupportedError, place
from nparams.files._coreml.model import MODEL, UNCOUNTED
from nparams.files._coreml.package import is_manifest, model_in
from nparams.files._coreml.parts import Parts
from nparams.files._coreml.wire import ModelWire
from nparams.files._coreml.words import also_of, check_weights, notes_of, read_as
from nparams.files._strangers.protobufs import begins_coreml
from nparams.network import Module, Network
from nparams.network.grouping import module_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.files._coreml.neural import Held
    from nparams.files.bytesource import ByteSource, Folder

#: bytes that tell whether a file begins as a model
HEAD = 512


def may_be(head: bytes) -> bool:
    """Whether a file that begins with `head` may be a Core ML model: it has no magic, so its fields are looked at.

    >>> may_be(b"\\x08\\x01\\x12\\x0a\\x0a\\x08\\x0a\\x01x\\x1a\\x03\\x2a\\x01\\x08"), may_be(b"\\x08\\x07\\x12\\x04ab")
    (True, False)
    """
    return begins_coreml(head)


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The network in a .mlmodel, or in the package whose Manifest.json this is.

    Raises FormatError for a file that is damaged, cut short or hostile, UnsupportedError for a model that is no network
    (trees, support vectors, Apple's own); without `limits`, ten times as many operations are read.

    >>> from nparams.files.bytesource import MemorySource
    >>> layer = bytes.fromhex("0a0166e2082108031002a2011a0a18") + bytes(24)
    >>> network = b"\\xa2\\x1f" + bytes([2 + len(layer)]) + b"\\x0a" + bytes([len(layer)]) + layer
    >>> read(MemorySource(b"\\x08\\x01" + network)).total
    6
    """
    if is_manifest(source.name):
        at, name = model_in(source, folder)
        with at.open(name) as inner:
            made = _model(inner, at, limits)
        made.source = source.name
        return made
    return _model(source, folder, limits)


def _model(source: ByteSource, folder: Folder | None, limits: bool) -> Network:
    wire = ModelWire(source, limits=limits)
    parts = Parts(wire)
    try:
        model = wire.message(MODEL)
        parts.read(model)
    except FormatError as problem:
        head = source.read(0, min(source.size, HEAD))
        if not head or head[0] == 8:
            raise
        begins = f"it begins {head[:12]!r}, as no Core ML model does"
        raise FormatError(f"{place(source.name)}: {begins}. Damaged, or wrongly named? ({problem})") from None
    if not parts.kinds:
        raise _nothing(source.name, parts)
    notes, flags = check_weights(source.name, parts, folder)
    return Network(
        _tree(parts.held), tensors=[held.tensor for held in parts.held], source=source.name, form="coreml",
        read_as=read_as(model.get("specificationVersion", 0), parts), notes=[*notes_of(parts), *notes], flags=flags,
        also=also_of(parts),
    )  # fmt: skip


def _nothing(name: str, parts: Parts) -> UnsupportedError:
    """A model, or a pipeline of such, in which there is no network to count."""
    kinds = list(dict.fromkeys([*parts.left, *parts.steps]))
    what = UNCOUNTED.get(kinds[0], f"a step of a pipeline ({kinds[0]}) without parameters") if kinds else "empty"
    return UnsupportedError(f"{place(name)}: a Core ML model that is {what}; there is nothing to count")


def _tree(held: Sequence[Held]) -> Module:
    """The tree in which each array stands in its layer."""
    root = Module("", tensors=[], children=[])
    made = {"": root}
    for each in held:
        module = module_at(each.layer, made)
        module.tensors.append(each.tensor)  # type: ignore[attr-defined]
        module.kind = module.kind or each.kind
    return root
