"""Protocol buffers have no first bytes of their own: which message a file holds, by the fields that it begins with.

Sources: tensorflow/core/framework/graph.proto and node_def.proto, tensorflow/core/protobuf/saved_model.proto,
BVLC/caffe src/caffe/proto/caffe.proto, apple/coremltools mlmodel/format/Model.proto,
mindspore-ai/mindspore mindspore/ccsrc/utils/checkpoint.proto.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    #: field number, wire type, value of a number or None, the bytes that are here
    Field = tuple[int, int, int | None, bytes]

META = (
    "the graph of a TensorFlow checkpoint (MetaGraphDef), which holds no weights; count the .index that lies beside it"
)
CAFFE2 = "a Caffe2 network, not read; convert it to ONNX and count that"
MINDSPORE = "a MindSpore checkpoint, not read yet; load it in MindSpore and save its arrays as .npz"
VARINT, BYTES, WIDTHS = 0, 2, {1: 8, 5: 4}
MINDSPORE_TYPES = (b"Float", b"BFloat", b"Int", b"UInt", b"Bool", b"Complex", b"str")
FIELDS = 6  # of a message that are looked at


def protobuf_stranger(head: bytes, name: str) -> str | None:
    """What a protocol buffer is that begins with `head`, and what to do instead; None where it is none that is known.

    >>> made = b"\\x12\\x01w\\x22\\x0fGivenTensorFill\\x2a\\x07\\x0a\\x05shape"
    >>> protobuf_stranger(b"\\x0a\\x04init\\x12" + bytes([len(made)]) + made, "init_net.pb").partition(",")[0]
    'a Caffe2 network'
    """
    found = fields(head)
    if not found:
        return None
    for test, what in TESTS:
        if test(found):
            return what
    return None


def fields(data: bytes) -> list[Field]:
    """The fields that a message begins with, as far as they are here; [] where it is no message."""
    found: list[Field] = []
    at = 0
    while at < len(data) and len(found) < FIELDS:
        key, at = _number(data, at)
        number, wire = key >> 3, key & 7
        if not number:
            return []
        value: int | None = None
        inside = b""
        if wire == VARINT:
            value, at = _number(data, at)
        elif wire == BYTES:
            length, at = _number(data, at)
            inside, at = data[at : at + length], at + length
        elif wire in WIDTHS:
            at += WIDTHS[wire]
        else:
            return []
        if at < 0:
            break
        found.append((number, wire, value, inside))
    return found


def _number(data: bytes, at: int) -> tuple[int, int]:
    """(a varint, the place after it); a number that is cut short leaves the place at -1."""
    value = shift = 0
    while 0 <= at < len(data) and shift < 64:
        value |= (data[at] & 0x7F) << shift
        at += 1
        if not data[at - 1] & 0x80:
            return value, at
        shift += 7
    return value, -1


def _text(data: bytes) -> bool:
    return bool(data) and data.isascii() and data.decode("ascii").isprintable()


def _nested(found: list[Field], k: int) -> list[Field]:
    return fields(found[k][3]) if len(found) > k and found[k][1] == BYTES else []


def _is(found: list[Field], k: int, number: int, wire: int) -> bool:
    return len(found) > k and found[k][:2] == (number, wire)


def _graph(found: list[Field]) -> bool:
    """Nodes first, each with a name and an operator."""
    node = _nested(found, 0)
    return (
        _is(found, 0, 1, BYTES)
        and _is(node, 0, 1, BYTES)
        and _is(node, 1, 2, BYTES)
        and _text(node[0][3])
        and _text(node[1][3])
    )


def _mindspore(found: list[Field]) -> bool:
    """Values, each a name and a tensor: sizes, the name of a number type, bytes."""
    value = _nested(found, 0)
    if not (_is(found, 0, 1, BYTES) and _is(value, 0, 1, BYTES) and _is(value, 1, 2, BYTES) and _text(value[0][3])):
        return False
    kind = next((field for field in _nested(value, 1) if field[:2] != (1, VARINT)), None)
    return kind is not None and kind[:2] == (2, BYTES) and kind[3].startswith(MINDSPORE_TYPES)


def _library(found: list[Field]) -> bool:
    """A graph with its functions or versions written first (fields 2 to 4): none of its nodes is here."""
    return _is(found, 0, 4, BYTES) and all(f[0] <= 2 and f[1] == VARINT for f in _nested(found, 0))


def _saved(found: list[Field]) -> bool:
    """A schema version of 1, then a graph with what it says of itself (operators, or a TensorFlow version)."""
    if not (_is(found, 0, 1, VARINT) and found[0][2] == 1 and _is(found, 1, 2, BYTES)):
        return False
    inner = _nested(found, 1)
    return bool(inner) and inner[0][0] in (1, 2, 7) and not _text(found[1][3]) and not _coreml(found)


def _coreml(found: list[Field]) -> bool:
    """A version, then a description whose first feature has a name and a type."""
    if not (_is(found, 0, 1, VARINT) and _is(found, 1, 2, BYTES)):
        return False
    feature = _nested(_nested(found, 1), 0)
    return _is(feature, 0, 1, BYTES) and _text(feature[0][3]) and len(feature) > 1 and feature[1][0] in (2, 3)


def begins_coreml(head: bytes) -> bool:
    """Whether a file that begins with `head` is a Core ML model."""
    return _coreml(fields(head))


def begins_caffe(head: bytes) -> bool:
    """A name, then layers (field 100, or 2 in V1), each with a name and a type; inputs (3, 4, 8) may stand between."""
    found = fields(head)
    if (
        not found
        or _graph(found)
        or _mindspore(found)
        or not (_is(found, 0, 1, BYTES) and (not found[0][3] or _text(found[0][3])))
    ):
        return False
    k = next((k for k, field in enumerate(found) if field[0] in (2, 100)), None)
    if k is None or not _is(found, k, found[k][0], BYTES):
        return False
    layer = _nested(found, k)
    return bool(layer) and layer[0][1] == BYTES and (not layer[0][3] or _text(layer[0][3]) or found[k][0] == 2)


def _caffe2(found: list[Field]) -> bool:
    """A name, then operators (field 2): texts for what goes in and out, a type (field 4), arguments (field 5)."""
    if len(found) < 2 or not (_is(found, 0, 1, BYTES) and _text(found[0][3]) and _is(found, 1, 2, BYTES)):
        return False
    op = _nested(found, 1)
    kinds = [field[3] for field in op if field[:2] == (4, BYTES)]
    return bool(op) and op[0][0] in (1, 2) and all(f[1] == BYTES for f in op) and bool(kinds) and _text(kinds[0])


def _meta(found: list[Field]) -> bool:
    """What a graph says of itself (a list of operators, tags, versions), then the graph."""
    if not (_is(found, 0, 1, BYTES) and not _text(found[0][3])):
        return False
    inner = _nested(found, 0)
    operators = fields(inner[0][3]) if inner and inner[0][:2] == (2, BYTES) else []
    return _is(operators, 0, 1, BYTES) and bool(_nested(operators, 0))


TESTS = (
    (_mindspore, MINDSPORE), (_caffe2, CAFFE2), (_meta, META),
)  # fmt: skip


def is_graph(head: bytes) -> bool:
    """Whether a protocol buffer begins as a GraphDef of TensorFlow does.

    >>> is_graph(b"\\x0a\\x10\\x0a\\x01x\\x12\\x0bPlaceholder")
    True
    """
    found = fields(head)
    return bool(found) and not _mindspore(found) and (_graph(found) or _library(found))


def is_saved_model(head: bytes) -> bool:
    """Whether a protocol buffer begins as a SavedModel of TensorFlow does."""
    found = fields(head)
    return bool(found) and _saved(found)
