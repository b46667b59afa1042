"""Files that are recognised by name and not counted: each gets one line that says what it is and what to do instead.

The tables stand in `_strangers/`: first bytes, looks, endings, members of archives, fields of protocol buffers.
Everything here completes the sentence "NAME is ...".
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

#: endings whose first bytes are looked at as a protocol buffer before anything else is asked
PROTOBUFS = (".pb", ".pbmm", ".graphdef", ".meta", ".caffemodel", ".pdmodel", "__model__")


def stranger(name: str, head: bytes) -> str | None:
    """What a file is that surely is no model of a kind that is read: asked before the formats are.

    >>> stranger("model.engine", b"ftrt" + bytes(20)).partition(",")[0]
    'a TensorRT engine'
    """
    from nparams.files._strangers.endings import FIRST
    from nparams.files._strangers.marks import MARKS
    from nparams.files._strangers.texts import EARLY

    bare = _bare(name)
    for ending, what in FIRST:
        if bare.endswith(ending):
            return what
    for offset, mark, what in MARKS:
        if head[offset : offset + len(mark)] == mark:
            return what
    for test in EARLY if head else ():
        found = test(head, bare)
        if found is not None:
            return found
    return _program(head, bare) or (protobuf_stranger(head, bare) if bare.endswith(PROTOBUFS) else None)


#: the last eight bytes of a table of LevelDB (google/leveldb table/format.h, kTableMagicNumber)
TABLE_END = b"\x57\xfb\x80\x8b\x24\x75\x47\xdb"


def last_guess(name: str, head: bytes, tail: bytes = b"") -> str | None:
    """What a file is that no format has taken: by looks that others share and its last bytes, then by its ending.

    >>> last_guess("yolov3.weights", b"\\x01\\x02").partition(" (")[0]
    'a Darknet weights file'
    """
    from nparams.files._strangers.endings import LAST
    from nparams.files._strangers.texts import INDEX, LATE

    bare = _bare(name)
    if tail.endswith(TABLE_END):
        return INDEX
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
    """A program of Windows, or one of all systems with a model behind it (Mozilla-Ocho/llamafile, an APE)."""
    if not head.startswith(b"MZ"):
        return None
    if name.endswith(".llamafile") or head.startswith(b"MZqFpD"):
        return "a llamafile (a program with a GGUF file inside); count the .gguf it was made from"
    return "a program, not a model"


def _bare(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2]
