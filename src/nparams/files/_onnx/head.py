"""Whether a file begins as an ONNX model does: ONNX has no magic, but few protobufs begin with its fields."""

from __future__ import annotations

from nparams.files._protobuf.schema import LEN, VARINT, varint

#: fields of ModelProto (onnx/onnx onnx/onnx.proto): number -> wire type; those that are a line of text, or any text
NUMBERS = {5: VARINT, 7: LEN, 8: LEN, 14: LEN, 20: LEN, 25: LEN, 26: LEN}
LINES, TEXTS = (2, 3, 4), (6,)
VERSION, GRAPH = 1, 7
HIGHEST_VERSION = 99
#: first bytes of a GraphProto, and of a NodeProto in it: the tags of fields that may come first
GRAPH_TAGS, NODE_TAGS = b"\x0a\x12\x2a\x52\x5a\x62\x6a\x72\x7a\x82", b"\x0a\x12\x1a\x22\x2a\x32\x3a"


def begins_model(head: bytes) -> bool:
    """Whether `head` may be the first bytes of a ModelProto: its version, then fields that such a model has.

    >>> begins_model(b"\\x08\\x08\\x12\\x07pytorch\\x3a\\x90\\x03\\x0a\\x2c\\x0a")
    True
    >>> begins_model(b"\\x08\\x06\\x12\\x04\\x0a\\x02\\x0a\\x00")  # Core ML
    False
    """
    if len(head) < 4 or head[0] != VERSION << 3 or not 0 < head[1] <= HIGHEST_VERSION:
        return False
    i, seen = 2, 0
    while i < len(head):
        try:
            tag, i = varint(head, i)
            value, i = varint(head, i)
        except (IndexError, ValueError):
            break
        number, kind = tag >> 3, tag & 7
        if kind == VARINT and NUMBERS.get(number) == VARINT:
            seen += 1
            continue
        if kind != LEN or not _fits(number, head[i : i + value]):
            return False
        if number == GRAPH:
            return True
        i += value
        seen += 1
    return seen > 0 and i >= len(head)


def _fits(number: int, data: bytes) -> bool:
    """Whether a field with a length may be what its number says, by as much of it as is there."""
    if number in LINES or number in TEXTS:
        return _is_text(data, number in TEXTS)
    if number == GRAPH and data:
        return data[0] in GRAPH_TAGS and (data[0] != GRAPH_TAGS[0] or len(data) < 4 or _has_tag(data))
    return NUMBERS.get(number) == LEN


def _has_tag(data: bytes) -> bool:
    """Whether the first node of a graph begins with a field of a node."""
    try:
        _, i = varint(data, 1)
        return data[i] in NODE_TAGS
    except (IndexError, ValueError):
        return True  # cut off before it


def _is_text(data: bytes, lines: bool) -> bool:
    try:
        text = data.decode()
    except UnicodeDecodeError as problem:
        if problem.end < len(data) or problem.start < len(data) - 3:
            return False
        text = data[: problem.start].decode()
    return text.isprintable() or (lines and "".join(text.split()).isprintable())
