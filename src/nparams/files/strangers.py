"""Files that are recognised by name and not counted: each gets one line that says what it is and what to do instead.

The tables stand in `_strangers/`: first bytes, looks, endings, members of archives, fields of protocol buffers.
Everything here completes the sentence "NAME is ...".
"""

from __future__ import annotations

from nparams.errors import bare_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

#: endings of files whose readers inflate what is compressed as a whole (or say themselves that they do not)
INFLATED = (
    ".nemo", ".joblib", ".pkl", ".pickle",
    *(f".{kind}.{how}" for kind in ("joblib", "pkl", "pickle") for how in ("z", "gz", "bz2", "xz", "lzma", "lz4")),
)  # fmt: skip
#: endings whose first bytes are looked at as a protocol buffer before anything else is asked
PROTOBUFS = (".meta", ".pdmodel", "__model__")


def stranger(name: str, head: bytes) -> str | None:
    """What a file is that surely is no model of a kind that is read: asked before the formats are.

    >>> stranger("model.engine", b"ftrt" + bytes(20)).partition(",")[0]
    'a TensorRT engine'
    """
    from nparams.files._strangers.endings import FIRST
    from nparams.files._strangers.marks import MARKS, UNPACK
    from nparams.files._strangers.texts import EARLY

    bare = bare_name(name)
    for ending, what in FIRST:
        if bare.endswith(ending):
            return what
    for offset, mark, what in MARKS:
        if head[offset : offset + len(mark)] == mark and not (what.endswith(UNPACK) and bare.endswith(INFLATED)):
            return what
    for test in EARLY if head else ():
        found = test(head, bare)
        if found is not None:
            return found
    return _program(head, bare) or (protobuf_stranger(head, bare) if bare.endswith(PROTOBUFS) else None)


def last_guess(name: str, head: bytes) -> str | None:
    """What a file is that no format has taken: by looks that others share, then by its ending.

    >>> last_guess("yolov3.weights", b"\\x01\\x02").partition(" (")[0]
    'named like a Darknet weights file, and does not begin as one; count the model it was made from'
    """
    from nparams.files._strangers.endings import LAST
    from nparams.files._strangers.texts import LATE

    bare = bare_name(name)
    for test in LATE if head else ():
        found = test(head, bare)
        if found is not None:
            return found
    found = protobuf_stranger(head, bare)
    return found or next((what for ending, what in LAST if bare.endswith(ending)), None)


def zip_stranger(names: Iterable[str]) -> str | None:
    """What a zip archive is that holds no model of a kind that is read, by its members' names.

    >>> zip_stranger(["[Content_Types].xml", "word/document.xml"])
    'an Office document, not a model'
    """
    from nparams.files._strangers.archives import MEMBERS, TESTS

    held = list(names)
    for test, pattern, what in MEMBERS:
        if any(TESTS[test](name, pattern) for name in held):
            return what
    return None


def protobuf_stranger(head: bytes, name: str) -> str | None:
    """What a protocol buffer is that begins with `head`, by its fields; None where it is none that is known."""
    from nparams.files._strangers.protobufs import protobuf_stranger as found

    return found(head, name)


def _program(head: bytes, name: str) -> str | None:
    """A program of Windows; those of all systems (APE) may be llamafiles, and are known by a longer mark."""
    return "a program, not a model" if head.startswith(b"MZ") else None
