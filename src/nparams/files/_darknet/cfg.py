"""A Darknet .cfg: sections in square brackets, each with lines of key=value.

AlexeyAB/darknet src/parser.c (read_cfg) and src/option_list.c: white space counts nowhere, the first of two equal keys
wins, and a number ends where its digits do.
"""

from __future__ import annotations

import re

from nparams.errors import FormatError, place, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import ByteSource

MOST_BYTES = 1_000_000
MOST_SECTIONS = 10_000
COMMENTS = ("#", ";")
NET = ("net", "network")
SPACES = str.maketrans("", "", " \t\r\n")
NUMBER = re.compile(r"[-+]?[0-9]{1,18}")
LARGEST = 1 << 31  # an int of C


class Section:
    """One section: its type, the line it begins in, and its options as text."""

    __slots__ = ("_file", "kind", "line", "number", "options")

    def __init__(self, file: str, kind: str, line: int, number: int) -> None:
        self._file = file
        self.kind = kind
        self.line = line
        #: of the layer, from 0; the section of the network has -1
        self.number = number
        self.options: dict[str, str] = {}

    def number_of(self, key: str, usual: int) -> int:
        """A whole number; what the program takes where the key is not there."""
        text = self.options.get(key)
        if text is None:
            return usual
        match = NUMBER.match(text)
        value = int(match[0]) if match else 0
        if abs(value) >= LARGEST:
            raise self.bad(f"{key}={shown(text)[1:-1]}, which no int of Darknet holds")
        return value

    def size(self, key: str, usual: int) -> int:
        """A whole number above 0."""
        value = self.number_of(key, usual)
        if value <= 0:
            raise self.bad(f"{key} is {value}, where a number above 0 belongs")
        return value

    def ints(self, key: str) -> list[int]:
        """Whole numbers apart by commas."""
        text = self.options.get(key)
        matches = [NUMBER.match(part) for part in (text or "").split(",")]
        if not text or None in matches:
            raise self.bad(f"{key} is {shown(text or '')}, where numbers apart by commas belong")
        return [int(match[0]) for match in matches if match is not None]

    def bad(self, problem: str) -> FormatError:
        """The error for something in this section."""
        which = f"layer {self.number} " if self.number >= 0 else ""
        return FormatError(f"{place(self._file)}: {which}[{shown(self.kind)[1:-1]}] (line {self.line}): {problem}")


def begins_cfg(head: bytes) -> bool:
    """Whether a text that begins with `head` has the section of a network first.

    >>> begins_cfg(b"# yolo\\n\\n[net]\\nbatch=1\\n"), begins_cfg(b"[metadata]\\nname = x\\n")
    (True, False)
    """
    for line in head.split(b"\n"):
        bare = b"".join(line.split())
        if bare and not bare.startswith((b"#", b";")):
            return bare in (b"[net]", b"[network]")
    return False


def sections_of(source: ByteSource) -> list[Section]:
    """Every section of a .cfg; that of the network is the first."""
    if source.size > MOST_BYTES:
        raise FormatError(f"{place(source.name)}: {source.size:,} bytes; at most {MOST_BYTES:,} of a .cfg are read")
    text = source.read(0, source.size).decode("utf-8", "replace").removeprefix("\ufeff")
    found: list[Section] = []
    for number, line in enumerate(text.split("\n"), 1):
        bare = line.translate(SPACES)
        if not bare or bare.startswith(COMMENTS):
            continue
        if bare.startswith("["):
            found.append(Section(source.name, bare.strip("[]"), number, len(found) - 1))
            if len(found) > MOST_SECTIONS:
                raise FormatError(f"{place(source.name)}: more than {MOST_SECTIONS:,} sections")
        elif not found:
            break
        else:
            key, mark, value = bare.partition("=")
            if mark:
                found[-1].options.setdefault(key, value)
    if not found or found[0].kind not in NET:
        begins = shown(text.lstrip()[:40])
        raise FormatError(f"{place(source.name)}: not a Darknet network, which begins with [net]: it begins {begins}")
    return found
