"""The FlatBuffers walker: every reference bounded, little read, nothing walked more often than a file can explain."""

from __future__ import annotations

from collections.abc import Callable
from struct import pack, pack_into

import pytest

from nparams.errors import FormatError
from nparams.files._flatbuffer import MOST_AHEAD, PAGE, Flatbuffer, Table
from nparams.files.bytesource import MemorySource
from tests.tflite_maker import L, N, V, flatbuffer


def root(data: bytes) -> Table:
    return Flatbuffer(MemorySource(data, "m.bin")).root("root")


NUMBERS = [("b", -7), ("B", 200), ("h", -30_000), ("H", 60_000), ("i", -(1 << 31)), ("I", (1 << 32) - 1),
           ("q", -(1 << 63)), ("Q", (1 << 64) - 1)]  # fmt: skip


@pytest.mark.parametrize(("code", "value"), NUMBERS)
def test_numbers(code, value):
    table = root(flatbuffer({0: N("B", 1), 3: N(code, value)}))
    assert (table.number(3, code), table.number(2, code), table.number(9, code, 5)) == (value, 0, 5)
    assert (3 in table, 2 in table, 9 in table) == (True, False, False)


def test_what_a_table_refers_to():
    inner = {1: N("i", 7)}
    table = root(flatbuffer({0: "näme", 1: inner, 2: V("i", [1, -2, 3]), 3: L([inner, {}]), 4: V("B", b"abc")}))
    assert table.text(0) == "näme"
    assert table.table(1, "inner").number(1, "i") == 7
    assert table.numbers(2, "i", 3) == (1, -2, 3)
    assert [t.number(1, "i", -1) for t in table.tables(3, "item", 2)] == [7, -1]
    assert [t.what for t in table.tables(3, "item", 2)] == ["item 0", "item 1"]
    assert (table.length(4, 1), table.length(2, 4), table.length(9, 1)) == (3, 3, 0)
    assert (table.text(9), table.table(9, "none"), table.numbers(9, "i", 0), list(table.tables(9, "none", 0))) == (
        "", None, (), [],
    )  # fmt: skip


def patched(data: bytes, at: int, code: str, value: int) -> bytes:
    changed = bytearray(data)
    pack_into(f"<{code}", changed, at, value)
    return bytes(changed)


# A root table with one number: the reference to it, the identifier, its vtable, the table.
PLAIN = pack("<I4sHHHxxiI", 16, b"TEST", 6, 8, 4, 8, 42)
TEXT = flatbuffer({0: "abc"})
TEXT_AT = TEXT.index(b"\3\0\0\0abc")
LIST = flatbuffer({0: L([{}, {}])})

# what it shows | the file | how it is looked at | the error
REFUSED = [
    ("no root", b"", lambda t: t, "root (offset 0): needs 4 bytes, but the file has 0 in all. Cut short?"),
    ("a root beyond the end", patched(PLAIN, 0, "I", 21), lambda t: t, "refers to 21 bytes further on, in a file of"),
    ("a root in its own reference", patched(PLAIN, 0, "I", 3), lambda t: t, "refers to 3 bytes further on"),
    ("a vtable before the file", patched(PLAIN, 16, "i", 17), lambda t: t, "root (offset -1): needs 4 bytes"),
    ("a vtable after the file", patched(PLAIN, 16, "i", -8), lambda t: t, "root (offset 24): needs 4 bytes"),
    ("a vtable too short", patched(PLAIN, 8, "H", 2), lambda t: t, "root (offset 8): a vtable of 2 bytes"),
    ("a vtable of odd length", patched(PLAIN, 8, "H", 5), lambda t: t, "root (offset 8): a vtable of 5 bytes"),
    ("a vtable longer than the file", patched(PLAIN, 8, "H", 18), lambda t: t, "root (offset 8): a vtable of 18 bytes"),
    ("a table too short", patched(PLAIN, 10, "H", 3), lambda t: t, "root (offset 16): a table of 3 bytes"),
    ("a table longer than the file", patched(PLAIN, 10, "H", 9), lambda t: t, "root (offset 16): a table of 9 bytes"),
    ("a field in the table's own head", patched(PLAIN, 12, "H", 3), lambda t: t.number(0, "I"),
     "root (offset 16): field 0 lies outside its table of 8 bytes"),
    ("a field that ends after its table", patched(PLAIN, 12, "H", 5), lambda t: t.number(0, "I"), "lies outside"),
    ("a wider field than there is room for", PLAIN, lambda t: t.number(0, "Q"), "field 0 lies outside"),
    ("a text longer than the file", patched(TEXT, TEXT_AT, "I", 9), lambda t: t.text(0), "9 items of 1 bytes"),
    ("a vector longer than the file", patched(LIST, LIST.index(b"\2\0\0\0"), "I", 1 << 30),
     lambda t: list(t.tables(0, "item", 1 << 31)), "1,073,741,824 items of 4 bytes"),
    ("a vector longer than makes sense", LIST, lambda t: list(t.tables(0, "item", 1)), "2 entries (item)"),
    ("more numbers than make sense", flatbuffer({0: V("i", [1] * 9)}), lambda t: t.numbers(0, "i", 8),
     "9 numbers in field 0, more than any real file has"),
    ("an entry beyond the end", patched(LIST, LIST.index(b"\2\0\0\0") + 8, "I", 1 << 20),
     lambda t: list(t.tables(0, "item", 2)), "item 1 (offset 32): refers to 1,048,576 bytes further on"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "look", "problem"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_refused(data, look, problem):
    with pytest.raises(FormatError) as error:
        look(root(data))
    assert problem in str(error.value)
    assert str(error.value).startswith("m.bin: ")


def test_the_vtable_may_lie_behind_its_table():
    data = pack("<I4siIHHH", 8, b"TEST", -8, 42, 6, 8, 4)
    assert root(data).number(0, "I") == 42


def many(times: int, look: Callable[[], object]) -> None:
    for _ in range(times):
        look()


def test_names_together_take_at_most_32_mb():
    data = bytearray(flatbuffer({0: "n" * 60_000, 1: V("B", bytes(5_000_000))}))
    table = root(bytes(data))
    many(559, lambda: table.text(0))
    with pytest.raises(FormatError, match="60,000 bytes of text, more than any real file has"):
        table.text(0)


def test_a_shared_object_is_walked_as_often_as_a_file_may_share():
    table = root(flatbuffer({0: L([{}])}))
    with pytest.raises(FormatError, match=r"item 0 .*: more is referred to than a file of 44 bytes can hold"):
        many(100_000, lambda: list(table.tables(0, "item", 1)))


class Counting(MemorySource):
    """How much was read."""

    __slots__ = ("reads",)

    def __init__(self, data: bytes) -> None:
        super().__init__(data, "m.bin")
        self.reads: list[tuple[int, int]] = []

    def read(self, offset: int, length: int) -> bytes:
        self.reads.append((offset, length))
        return super().read(offset, length)


def test_what_is_walked_forward_is_read_in_longer_and_longer_pieces():
    source = Counting(flatbuffer({0: L([{0: N("i", k)} for k in range(20_000)])}))
    table = Flatbuffer(source).root("root")
    assert sum(t.number(0, "i") for t in table.tables(0, "item", 20_000)) == sum(range(20_000))
    assert len(source.reads) < source.size / PAGE / 4
    assert max(length for _, length in source.reads) <= max(PAGE * MOST_AHEAD, 4 * 16_384)


def test_a_payload_is_not_read():
    source = Counting(flatbuffer({0: V("B", bytes(1_000_000)), 1: N("i", 5)}))
    table = Flatbuffer(source).root("root")
    assert (table.length(0, 1), table.number(1, "i")) == (1_000_000, 5)
    assert source.reads == [(0, PAGE)]


def test_what_spans_two_pages_is_read_whole():
    for shift in range(12):
        data = flatbuffer({0: V("B", bytes(PAGE - 64 + shift)), 1: {0: N("q", 1 << 40), 1: "text"}})
        table = root(data).table(1, "inner")
        assert (table.number(0, "q"), table.text(1)) == (1 << 40, "text")


def test_a_file_that_is_walked_to_and_fro_keeps_few_pages(monkeypatch):
    monkeypatch.setattr("nparams.files._flatbuffer.MOST_PAGES", 4)
    data = flatbuffer({0: L([{0: V("B", bytes(PAGE)), 1: N("i", k)} for k in range(20)])})
    buffer = Flatbuffer(MemorySource(data))
    table = buffer.root("root")
    for _ in range(3):
        assert [t.length(0, 1) for t in table.tables(0, "item", 20)] == [PAGE] * 20
    assert len(buffer._pages) <= 4 + MOST_AHEAD
