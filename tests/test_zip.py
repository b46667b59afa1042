"""Zip archives: what is listed and opened, and what is refused with which words."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from nparams.errors import NparamsError
from nparams.files import _zip
from nparams.files._zip import Archive
from nparams.files.bytesource import MemorySource, RangeSource, drive
from tests.zip_maker import M, archive

A, B = M("m/a", b"12345"), M("m/b", b"x" * 1000, deflated=True)
ZIP64 = struct.pack("<2H3Q", 1, 24, 5, 5, 0)
FULL = 0xFFFFFFFF

# what it shows | the archive | {name: data}
OPENED = [
    ("stored and deflated", archive([A, B]), {"m/a": A.data, "m/b": B.data}),
    ("a comment", archive([A], comment=b"made by hand"), {"m/a": A.data}),
    ("zip64 records", archive([A, B], zip64=True), {"m/a": A.data, "m/b": B.data}),
    ("zip64 sizes", archive([A._replace(size=FULL, packed=FULL, offset=FULL, extra=ZIP64)]), {"m/a": A.data}),
    ("padding in the local header", archive([A._replace(local_extra=b"FB\x10\x00" + bytes(16))]), {"m/a": A.data}),
    ("sizes after the data", archive([A._replace(flags=8, local_size=0, local_packed=0)]), {"m/a": A.data}),
    ("zip64 sizes in the local header", archive([A._replace(local_size=FULL, local_packed=FULL)]), {"m/a": A.data}),
    ("no members", archive([]), {}),
    ("an empty member", archive([M("e")]), {"e": b""}),
    ("a name in UTF-8", archive([M("schön", b"1", flags=0x800)]), {"schön": b"1"}),
    ("a name in the old code page", archive([M("é", b"1")]), {"├⌐": b"1"}),
]

CUT = "m.zip: a zip archive without its directory at the end. Cut short?"
DISAGREE = 'm.zip: the directory and the header at byte 0 disagree about "m/a": readers would see different files'
# what it shows | the archive | the error
REFUSED = [
    ("cut short", archive([A])[:-1], CUT),
    ("cut shorter", archive([A])[:20], CUT),
    ("an end mark in the comment: readers would see two archives",
     archive([A], comment=b"PK\x05\x06" + bytes(40)), CUT),
    ("something after it", archive([A], after=b"tail"), CUT),
    ("something before it", archive([A], before=b"head", offset=39),
     "m.zip: its directory is said to lie at bytes 39 to 88, but ends at 91 of 113: something was put before it, after "
     "it, or cut away"),
    ("the same name twice", archive([A, A._replace(data=b"other")]),
     'm.zip: two members are called "m/a": readers would see different files'),
    ("encrypted", archive([A._replace(flags=1)]),
     'm.zip: "m/a" is encrypted; decrypt the archive and count that'),
    ("several pieces", archive([A], disk=1), "m.zip: one piece of a zip archive in several; join the pieces first"),
    ("more members than room", archive([A], count=60_000),
     "m.zip: its directory of 49 bytes cannot list 60,000 members"),
    ("fewer members than listed", archive([A, B], count=1),
     "m.zip: its directory has 49 bytes more than its 1 members"),
    ("no entry", archive([A])[:38] + b"junk" + archive([A])[42:],
     "m.zip: byte 38: no directory entry, where member 0 belongs"),
    ("overlapping", archive([A, B._replace(offset=3)]), 'm.zip: "m/b" overlaps "m/a"'),
    ("another name in the local header", archive([A._replace(local_name="m/c")]), DISAGREE),
    ("another size in the local header", archive([A._replace(local_size=4)]), DISAGREE),
    ("no local header", archive([A._replace(local_mark=b"PK\x03\x05")]),
     "m.zip: byte 0: b'PK\\x03\\x05' where the header of \"m/a\" belongs"),
    ("beyond the directory", archive([A._replace(packed=500, size=500)]),
     'm.zip: "m/a" reaches to byte 530, but the directory begins at 38'),
    ("stored, and of two sizes", archive([A._replace(size=4, local_size=4)]),
     'm.zip: "m/a" is stored, but takes 5 bytes for 4'),
    ("another packing", archive([A._replace(method=14)]),
     'm.zip: "m/a" is packed with LZMA; zip it again, stored or deflated'),
    ("an unknown packing", archive([A._replace(method=77)]),
     'm.zip: "m/a" is packed with method 77; zip it again, stored or deflated'),
    ("a bomb", archive([B._replace(size=100_000_000, local_size=100_000_000)]),
     'm.zip: "m/b" would inflate from 11 to 100,000,000 bytes: too large, or a zip bomb'),
    ("longer than it says", archive([B._replace(size=999, local_size=999)]),
     'm.zip: "m/b" does not inflate to the 999 bytes that the directory says'),
    ("shorter than it says", archive([B._replace(size=1001, local_size=1001)]),
     'm.zip: "m/b" does not inflate to the 1,001 bytes that the directory says'),
    ("no deflate stream", archive([A._replace(method=8)]), 'm.zip: "m/a" cannot be inflated: '),
    ("no zip64 record", archive([A], length=FULL),
     "m.zip: no zip64 end record before byte 87, though its sizes need one"),
]  # fmt: skip


def opened(data: bytes) -> dict[str, bytes]:
    held = Archive(MemorySource(data, "m.zip"))
    return {name: held.open(name).read(0, held.member(name).size) for name in held.names}


@pytest.mark.parametrize(("data", "members"), [row[1:] for row in OPENED], ids=[row[0] for row in OPENED])
def test_what_is_opened(data, members):
    assert opened(data) == members
    held = Archive(MemorySource(data, "m.zip"))
    assert {name: held.start(name, len(members[name]) // 2) for name in members} == {
        name: raw[: len(raw) // 2] for name, raw in members.items()
    }


@pytest.mark.parametrize(("data", "error"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_is_refused(data, error):
    with pytest.raises(NparamsError) as found:
        opened(data)
    assert str(found.value).startswith(error)


def test_python_reads_and_writes_the_same():
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as made:
        for name, how in (("a", zipfile.ZIP_STORED), ("d/b", zipfile.ZIP_DEFLATED)):
            made.writestr(zipfile.ZipInfo(name), name.encode() * 999, how)
    assert opened(held.getvalue()) == {"a": b"a" * 999, "d/b": b"d/b" * 999}
    for _, data, members in OPENED:
        with zipfile.ZipFile(io.BytesIO(data)) as read:
            assert {name: read.read(name) for name in read.namelist()} == members


def test_a_wrong_checksum_is_a_flag():
    held = Archive(MemorySource(archive([A._replace(crc=1)]), "m.zip"))
    assert held.whole("m/a", 10) == A.data
    assert held.flags == [
        {"kind": "checksum",
         "text": 'the checksum of "m/a" does not match: damaged, changed, or written without one'}
    ]  # fmt: skip
    with pytest.raises(NparamsError, match='"m/a" takes 5 bytes; at most 4 are read'):
        held.whole("m/a", 4)


def test_only_the_directory_and_the_member_are_read():
    data = archive([M("big", bytes(1_000_000)), A])
    source, asked = RangeSource("m.zip", len(data)), []

    def fetch(offset: int, length: int) -> bytes:
        asked.append(length)
        return data[offset : offset + length]

    found = drive(source, fetch, lambda here: Archive(here).open("m/a").read(0, 5))
    assert found == A.data
    assert sum(asked) < 300


def test_members_are_bounded(monkeypatch):
    monkeypatch.setattr(_zip, "MAX_MEMBERS", 1)
    with pytest.raises(NparamsError, match="its directory lists 2 members; at most 1 are read"):
        opened(archive([A, B]))


# what it shows | the archive | bytes that nothing accounts for
UNLISTED = [
    ("nothing", archive([A, B]), 0),
    ("a long extra field", archive([A._replace(local_extra=b"FB\xfb\xff" + bytes(65_531)), B]), 0),
    ("something in front", archive([A], before=b"#!/bin/sh\n"), 10),
    ("something between", archive([A, M("x", bytes(200_000)), B], hidden=["x"]), 31 + 200_000 + 3 - 131_094),
]


@pytest.mark.parametrize(("data", "unlisted"), [row[1:] for row in UNLISTED], ids=[row[0] for row in UNLISTED])
def test_bytes_that_no_member_accounts_for_are_flagged(data, unlisted):
    told = f"{unlisted:,} bytes of the archive or more belong to no member that it lists"
    assert Archive(MemorySource(data, "m.zip")).flags == [{"kind": "unlisted", "text": told}] * bool(unlisted)
