"""Where bytes come from: exact ranges, no path that leads elsewhere, and a driver that fetches what is asked for."""

from __future__ import annotations

import os

import pytest

from nparams.errors import FormatError, ReadError
from nparams.files.bytesource import FileSource, LocalFolder, MemorySource, NeedBytes, RangeSource, drive, is_bare

DATA = bytes(range(100))


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "m.bin"
    made.write_bytes(DATA)
    return made


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_exact_ranges(path, kind):
    source = MemorySource(DATA, "m.bin") if kind == "memory" else FileSource(str(path))
    assert (source.size, source.read(0, 100), source.read(98, 2), source.read(100, 0)) == (100, DATA, DATA[98:], b"")
    for offset, length in ((0, 101), (100, 1), (-1, 1), (0, -1), (1 << 70, 1), (0, 1 << 70)):
        with pytest.raises(FormatError) as problem:
            source.read(offset, length)
        assert str(problem.value) == (
            f"m.bin: wants bytes {offset:,} to {offset + length:,}, but the file has 100. Cut short?"
        )


def test_a_file_that_becomes_shorter(path):
    with FileSource(str(path)) as source:
        os.truncate(path, 50)
        with pytest.raises(ReadError) as problem:
            source.read(40, 20)
    assert str(problem.value) == "m.bin: the file became shorter while it was read"


def test_closing_twice(path):
    source = FileSource(str(path))
    source.close()
    source.close()
    with pytest.raises(ReadError):
        source.read(0, 1)


@pytest.mark.parametrize(("name", "why"), [
    ("absent", "no such file or directory"), (".", "not a regular file"), ("pipe", "not a regular file"),
    ("a\0b", "not a name that the file system accepts"),
])  # fmt: skip
def test_what_is_no_file(tmp_path, name, why):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ReadError) as problem:
        FileSource(str(tmp_path / name if "\0" not in name else name), name)
    assert str(problem.value).partition(": ")[2] == why


def test_a_folder_lists_and_opens_what_lies_in_it(path):
    folder = LocalFolder(str(path.parent))
    assert folder.names() == ["m.bin"]
    assert folder.open("m.bin").read(0, 2) == DATA[:2]


@pytest.mark.parametrize("name", ["", ".", "..", "../m.bin", "/m.bin", "x/m.bin", "..\\m.bin", "C:m.bin", "m.bin\0"])
def test_a_folder_opens_bare_names_only(path, name):
    assert not is_bare(name)
    with pytest.raises(FormatError, match="paths are not followed"):
        LocalFolder(str(path.parent)).open(name)


def test_links_to_files_are_files_and_links_to_folders_are_not(path):
    (path.parent / "link").symlink_to(path)
    (path.parent / "away").symlink_to(path.parent)
    (path.parent / "loop").symlink_to(path.parent / "loop")
    folder = LocalFolder(str(path.parent))
    assert folder.open("link").size == 100
    for name in ("away", "loop"):
        with pytest.raises(ReadError):
            folder.open(name)


def test_folders_in_a_folder(tmp_path):
    for name in ("top/a/inner", "top/b", "away"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "top" / "file").write_bytes(b"")
    for link, target in (("out", tmp_path / "away"), ("up", ".."), ("self", "."), ("in", "a"), ("gone", "nothing"),
                         ("loop", "loop")):  # fmt: skip
        (tmp_path / "top" / link).symlink_to(target)
    folder = LocalFolder(str(tmp_path / "top"))
    assert folder.folders() == ["a", "b", "in"]
    assert folder.folder("in").folders() == folder.folder("a").folders() == ["inner"]
    (tmp_path / "top" / "a" / "back").symlink_to(tmp_path / "top")
    (tmp_path / "top" / "a" / "beside").symlink_to(tmp_path / "top" / "b")
    assert folder.folder("a").folders() == ["beside", "inner"]
    for name in ("out", "up", "self", "gone", "loop", "file", "absent"):
        with pytest.raises(ReadError, match="is no folder in it, or a link that leads elsewhere"):
            folder.folder(name)


@pytest.mark.parametrize("name", ["", ".", "..", "../a", "/a", "a/b", "..\\a", "C:a", "a\0"])
def test_a_folder_of_bare_names_only(tmp_path, name):
    (tmp_path / "a" / "b").mkdir(parents=True)
    with pytest.raises(FormatError, match="paths are not followed"):
        LocalFolder(str(tmp_path)).folder(name)


def test_no_folder(tmp_path):
    with pytest.raises(ReadError, match="no such file or directory"):
        LocalFolder(str(tmp_path / "absent")).names()
    with pytest.raises(ReadError, match="no such file or directory"):
        LocalFolder(str(tmp_path / "absent")).folders()


def test_ranges_are_asked_for_once():
    asked = []

    def fetch(offset: int, length: int) -> bytes:
        asked.append((offset, length))
        return DATA[offset : offset + length]

    def reader(source: RangeSource) -> bytes:
        return source.read(10, 5) + source.read(12, 2) + source.read(50, 1) + source.read(10, 5)

    assert drive(RangeSource("r", 100), fetch, reader) == DATA[10:15] + DATA[12:14] + DATA[50:51] + DATA[10:15]
    assert asked == [(10, 5), (50, 1)]


def test_a_range_that_is_not_held():
    source = RangeSource("r", 100)
    source.add(0, DATA[:10])
    with pytest.raises(NeedBytes) as need:
        source.read(5, 10)
    assert (need.value.offset, need.value.length) == (5, 10)
    with pytest.raises(FormatError):
        source.read(95, 10)
