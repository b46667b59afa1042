"""llamafile: which GGUF file of a program's archive is read, and what is refused with which words."""

from __future__ import annotations

import pytest

import nparams
from nparams.errors import NparamsError
from nparams.files import llamafile
from nparams.files.bytesource import FileSource, MemorySource, RangeSource, drive
from tests.gguf_maker import T, gguf, pair, shards
from tests.zip_maker import M, archive

APE, ELF = b"MZqFpD='\n" + bytes(3000), b"\x7fELF\2\1\1" + bytes(3000)
ARCH = pair("general.architecture", "str", "llama")
MODEL = gguf([ARCH], [T("token_embd.weight", [32, 8]), T("output.weight", [32, 8])])
OTHER = gguf([], [T("a.weight", [5])])
ENCODER = gguf([("general.type", "str", "mmproj")], [T("v.weight", [7])])


def program(*members: M, before: bytes = APE, **options: object) -> bytes:
    return archive(members, before=before, **options)  # type: ignore[arg-type]


def found(data: bytes, name: str = "m.llamafile"):
    return llamafile.read(MemorySource(data, name))


ARGS = M(".args", b"-m\nm.gguf\n--host\n0.0.0.0\n...\n")
# zipalign adds members behind the old directory, which stays where it was
GROWN = archive([M(".symtab", b"x" * 200_000)], before=APE)
TWO = [M("m.gguf", MODEL), M("o.gguf", OTHER)]
LEFT = "read from m.gguf inside ({}); not read: {} (models of their own)"
PIECES = shards("m", [[T("a", [4])], [T("b", [3])]])
#: what it shows | the file | the total | the notes
READ = [
    ("one model", program(M("m.gguf", MODEL)), 512, []),
    ("an ELF program", program(M("m.gguf", MODEL), before=ELF), 512, []),
    ("sizes of 64 bits", program(M("m.gguf", MODEL), zip64=True), 512, []),
    ("padding before it", program(M("m.gguf", MODEL, local_extra=b"FB\x10\x00" + bytes(16))), 512, []),
    ("members of the program beside it", program(M("usr/share/zoneinfo/UTC", b"x", deflated=True), M("m.gguf", MODEL),
                                                 ARGS._replace(deflated=True)), 512, []),
    ("added by zipalign", program(M("m.gguf", MODEL), before=GROWN), 512, []),
    ("chosen by .args", program(*TWO, ARGS), 512, [LEFT.format(".args names it", "o.gguf")]),
    ("by its long name, in /zip", program(*TWO, M(".args", b"--model\r\n/zip/o.gguf\r\n")), 5,
     ["read from o.gguf inside (.args names it); not read: m.gguf (models of their own)"]),
    ("an encoder beside it", program(M("m.gguf", MODEL), M("mmproj-m.gguf", ENCODER)), 512,
     ["read from m.gguf inside; not read: mmproj-m.gguf (models of their own)"]),
    (".args that name nothing here", program(M("m.gguf", MODEL), M(".args", b"-m\nelsewhere.gguf\n-m")), 512, []),
    ("in a folder", program(M("models/m.gguf", MODEL)), 512, []),
    ("in pieces", program(*(M(name, data) for name, data in PIECES.items())), 7, []),
]  # fmt: skip


@pytest.mark.parametrize(("data", "total", "notes"), [r[1:] for r in READ], ids=[r[0] for r in READ])
def test_what_is_read(tmp_path, data, total, notes):
    network = found(data)
    assert (network.total, network.form, network.source, network.flags) == (total, "llamafile", "m.llamafile", [])
    assert [note for note in network.notes if "inside" in note] == notes
    for name in ("m.llamafile", "m.exe", "m"):
        (tmp_path / name).write_bytes(data)
        assert nparams.read(tmp_path / name).total == total


def test_what_it_says_is_what_the_gguf_says(tmp_path):
    (tmp_path / "m.gguf").write_bytes(MODEL)
    alone, inside = nparams.read(tmp_path / "m.gguf"), found(program(M("m.gguf", MODEL)))
    assert [repr(t) for t in inside.tensors()] == [repr(t) for t in alone.tensors()]
    assert inside.read_as == f"llamafile, m.gguf: {alone.read_as}" == "llamafile, m.gguf: GGUF v3, 2 tensors, llama"
    assert inside.notes == alone.notes


PROGRAM = "is a program, not a model"
#: what it shows | the name | the file | the error
REFUSED = [
    ("a program", "ls", ELF, f"ls {PROGRAM}"), ("a program of all systems", "redbean.com", APE, f"redbean.com "
     f"{PROGRAM}"),
    ("cut short", "m.llamafile", program(M("m.gguf", MODEL))[:-9],
     "m.llamafile: a llamafile without the zip directory at its end. Cut short?"),
    ("no weights", "m.llamafile", program(M(".args", b"-m\nx.gguf")),
     "m.llamafile is a program, and its archive holds no .gguf; a llamafile without weights runs a .gguf that lies "
     "elsewhere: count that"),
    ("compressed weights", "m.llamafile", program(M("m.gguf", MODEL, deflated=True)),
     'm.llamafile: "m.gguf" is compressed in it, so its header cannot be read in place; count the .gguf that it '
     'was made '
     "from"),
    ("two models", "m.llamafile", program(*TWO),
     'm.llamafile holds 2 GGUF files, and its .args chooses none: unpack it (it is a zip) and count one of "m.gguf", '
     '"o.gguf"'),
    ("two encoders", "m.llamafile", program(M("mmproj-a.gguf", ENCODER), M("mmproj-b.gguf", ENCODER)),
     'm.llamafile holds 2 GGUF files, and its .args chooses none: unpack it (it is a zip) and count one of '
     '"mmproj-a.gguf", "mmproj-b.gguf"'),
    ("no GGUF", "m.llamafile", program(M("m.gguf", b"hello, this is no model")),
     "m.llamafile/m.gguf: magic (offset 0): b'hell' where GGUF begins with b'GGUF'. Not a GGUF file"),
    ("a directory that is elsewhere", "m.llamafile", APE + archive([M("m.gguf", MODEL)]),
     "m.llamafile: its directory is said to lie at bytes 2,276 to 2,328, but ends at 5,337 of 5,359: something was put "
     "before it, after it, or cut away"),
    ("a path that leads out", "m.llamafile", program(M("../m.gguf", MODEL)),
     'm.llamafile: a member is called "../m.gguf": paths are not followed'),
]  # fmt: skip


@pytest.mark.parametrize(("name", "data", "message"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_is_refused(tmp_path, name, data, message):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(NparamsError) as problem:
        nparams.read(tmp_path / name)
    assert str(problem.value).replace(f"{tmp_path}/", "") == message


def test_arguments_that_are_too_long():
    long = M(".args", b"-m\no.gguf\n" + b"x" * (1 << 16))
    with pytest.raises(NparamsError, match="chooses none"):
        found(program(*TWO, long))


def test_numbers_are_not_read(tmp_path):
    big = gguf([ARCH], [T("w", [1 << 20])])
    (tmp_path / "m.llamafile").write_bytes(data := program(M("m.gguf", big), before=APE + bytes(1 << 20)))
    asked = []

    def fetch(offset: int, length: int) -> bytes:
        asked.append((offset, length))
        return data[offset : offset + length]

    seen = [llamafile.read(FileSource(str(tmp_path / "m.llamafile"))), found(data),
            drive(RangeSource("m.llamafile", len(data)), fetch, llamafile.read)]  # fmt: skip
    assert {n.total for n in seen} == {1 << 20}
    assert sum(length for _, length in asked) < 100_000
