"""The layers in a .param: text or binary, parsed as Tencent/ncnn src/net.cpp and src/paramdict.cpp do."""

from __future__ import annotations

import re
from struct import Struct

from nparams.errors import FormatError, UnsupportedError, place, shown
from nparams.files._ncnn.types import BY_INDEX, CUSTOM_BIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.files.bytesource import ByteSource

MAGIC = 7767517
TEXT_MARKS = (b"7767517\n", b"7767517\r", b"7767517 ", b"7767517\t")
BINARY_MARK = MAGIC.to_bytes(4, "little")
#: bytes of a .param: a hundred times what large models have
MOST_BYTES, MOST_WITHOUT_LIMITS = 1_000_000, 64_000_000
MOST_PARAMETERS = 32  # NCNN_MAX_PARAM_COUNT
MOST_LINKS = 100_000  # of one layer
LONGEST = 255  # bytes of a name
#: how arrays and texts are numbered in a .param.bin, and in old text ones
ARRAY, TEXT = -23300, -23400
END = -233
NUMBER = re.compile(r"[-+]?[0-9]{1,18}")
WORD = re.compile(r"\S+")
INT = Struct("<i")


class Layer:
    """One layer: its type and name, what it takes and makes, and its whole-number parameters by number."""

    __slots__ = ("inputs", "kind", "name", "outputs", "parameters")

    def __init__(self, kind: str, name: str, inputs: list[str], outputs: list[str], parameters: dict[int, int]) -> None:
        self.kind = kind
        self.name = name
        self.inputs = inputs
        self.outputs = outputs
        self.parameters = parameters


def is_param(head: bytes) -> bool:
    """Whether a file that begins with `head` is a .param, in text or in binary."""
    return head.startswith((*TEXT_MARKS, BINARY_MARK))


def content(source: ByteSource, limits: bool) -> bytes:
    """All of a .param, within its limit."""
    most = MOST_BYTES if limits else MOST_WITHOUT_LIMITS
    if source.size > most:
        raise FormatError(f"{place(source.name)}: {source.size:,} bytes of layers; at most {most:,} are read")
    return source.read(0, source.size)


def text_of(name: str, data: bytes) -> str:
    """The text of a .param."""
    try:
        return data.decode()
    except UnicodeDecodeError as problem:
        raise FormatError(f"{place(name)}: not UTF-8 at byte {problem.start:,}") from None


def layers_of(name: str, data: bytes) -> list[Layer]:
    """Every layer of a .param."""
    if data.startswith(BINARY_MARK):
        return list(_Binary(name, data).layers())
    return list(_Text(name, text_of(name, data)).layers())


class _Text:
    """Words apart by white space, read forward: it is they that count, not the lines."""

    def __init__(self, name: str, text: str) -> None:
        self._name = place(name)
        self._words = (match[0] for match in WORD.finditer(text))
        self._ahead: str | None = next(self._words, None)
        self._what = "the header"

    def layers(self) -> Iterator[Layer]:
        """Each layer in turn."""
        self._whole("the magic")
        count, _ = self._whole("the number of layers"), self._whole("the number of blobs")
        if count <= 0:
            raise FormatError(f"{self._name}: it says that it has {count:,} layers")
        for k in range(count):
            self._what = f"layer {k} of {count:,}"
            kind, name = self._word("its type"), self._word("its name")
            self._what += f" {shown(name)} ({shown(kind)[1:-1]})"
            takes, makes = self._whole("its inputs"), self._whole("its outputs")
            if not (0 <= takes <= MOST_LINKS and 0 <= makes <= MOST_LINKS):
                raise self._bad(f"it takes {takes:,} blobs and makes {makes:,}")
            inputs = [self._word("a blob that it takes") for _ in range(takes)]
            outputs = [self._word("a blob that it makes") for _ in range(makes)]
            yield Layer(kind, name, inputs, outputs, self._parameters())

    def _parameters(self) -> dict[int, int]:
        """What stands as 0=16, up to the next layer; numbers with a point, lists and texts say nothing of weights."""
        found: dict[int, int] = {}
        while self._ahead is not None:
            number, mark, value = self._ahead.partition("=")
            if not mark or NUMBER.fullmatch(number) is None:
                break
            self._next()
            key = int(number)
            key = ARRAY - key if key <= ARRAY else key
            if not 0 <= key < MOST_PARAMETERS:
                raise self._bad(f"parameter {shown(number)[1:-1]}, where they are numbered 0 to {MOST_PARAMETERS - 1}")
            if value.startswith('"') and (len(value) == 1 or not value.endswith('"')):
                self._skip_text()
            elif NUMBER.fullmatch(value) is not None and int(number) >= 0:
                found[key] = int(value)
        return found

    def _skip_text(self) -> None:
        while self._ahead is not None and not self._ahead.endswith('"'):
            self._next()
        self._next()

    def _next(self) -> str | None:
        word, self._ahead = self._ahead, next(self._words, None)
        return word

    def _word(self, what: str) -> str:
        word = self._next()
        if word is None:
            raise self._bad(f"the file ends where {what} belongs. Cut short?")
        if len(word) > LONGEST:
            raise self._bad(f"{what} has {len(word):,} characters; ncnn reads {LONGEST}")
        return word

    def _whole(self, what: str) -> int:
        word = self._word(what)
        if NUMBER.fullmatch(word) is None:
            raise self._bad(f"{shown(word)} where {what} belongs")
        return int(word)

    def _bad(self, problem: str) -> FormatError:
        return FormatError(f"{self._name}: {self._what}: {problem}")


class _Binary:
    """Whole numbers of four bytes, read forward; layers and blobs have no names."""

    def __init__(self, name: str, data: bytes) -> None:
        self._name = place(name)
        self._data = data
        self._at = 0

    def layers(self) -> Iterator[Layer]:
        """Each layer in turn."""
        self._int("the magic")
        count, _ = self._int("the number of layers"), self._int("the number of blobs")
        if count <= 0 or count * 16 > len(self._data):
            raise self._bad(f"{count:,} layers, in a file of {len(self._data):,} bytes")
        for k in range(count):
            index, takes, makes = (self._int(what) for what in ("a type", "the inputs", "the outputs"))
            kind = _type(index)
            if kind is None:
                raise UnsupportedError(
                    f"{self._name}: layer {k} is of type {index}, which is newer than this version knows; count the "
                    "text .param, or the model it was converted from"
                )
            if takes < 0 or makes < 0 or (takes + makes) * 4 > len(self._data) - self._at:
                raise self._bad(f"layer {k} takes {takes:,} blobs and makes {makes:,}")
            links = [str(self._int("a blob")) for _ in range(takes + makes)]
            yield Layer(kind, f"{kind.lower()}_{k}", links[:takes], links[takes:], self._parameters(k))

    def _parameters(self, k: int) -> dict[int, int]:
        found: dict[int, int] = {}
        while (number := self._int("a parameter's number")) != END:
            key, is_list = (TEXT - number, True) if number <= TEXT else (ARRAY - number, True) if number <= ARRAY else (
                number, False)  # fmt: skip
            if not 0 <= key < MOST_PARAMETERS:
                raise self._bad(
                    f"layer {k} has parameter {number:,}, where they are numbered 0 to {MOST_PARAMETERS - 1}"
                )
            if is_list:
                length = self._int("the length of a list")
                length = -(-length // 4) if number <= TEXT else length
                if length < 0 or length * 4 > len(self._data) - self._at:
                    raise self._bad(f"layer {k} has a list of {length:,} in parameter {key}. Cut short?")
                self._at += 4 * length
            else:
                found[key] = self._int("a parameter")
        return found

    def _int(self, what: str) -> int:
        if self._at + 4 > len(self._data):
            raise self._bad(f"the file ends where {what} belongs. Cut short?")
        (value,) = INT.unpack_from(self._data, self._at)
        self._at += 4
        return int(value)

    def _bad(self, problem: str) -> FormatError:
        return FormatError(f"{self._name}: (offset {self._at:,}) {problem}")


def _type(index: int) -> str | None:
    """The type of an index; one that a program has registered itself is Custom-N."""
    if 0 <= index < len(BY_INDEX):
        return BY_INDEX[index]
    return f"Custom-{index & ~CUSTOM_BIT}" if index >= CUSTOM_BIT else None
