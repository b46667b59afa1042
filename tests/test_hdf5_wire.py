"""HDF5's metadata: every structure as h5py reads it, and what is refused with which words."""

from __future__ import annotations

import csv
import hashlib
import json
from struct import pack

import pytest

from nparams.errors import FormatError, NparamsError, UnsupportedError
from nparams.files._hdf5 import Dataset, Group, open_file
from nparams.files.bytesource import FileSource, MemorySource, RangeSource, drive
from tests.conftest import REPOSITORY, shared
from tests.hdf5_maker import F32, I32, LINK_INFO, UNDEFINED, Maker, attribute, contiguous, link, space

SEEDS = REPOSITORY / "tests" / "data" / "hdf5"
EXPECTED = json.loads((SEEDS / "expected.json").read_text())


def opened(data: bytes, **options: bool) -> Group:
    return open_file(MemorySource(data, "m.h5"), **options)


def rows(thing: Group | Dataset) -> list[list[object]]:
    """The rows of tools/make_hdf5_seeds.py: path, shape, dtype, bytes stored, checksum of the values, attributes."""
    attrs = {name: found.value() for name, found in thing.attrs().items()}
    if isinstance(thing, Group):
        found = [[thing.name, None, None, None, None, attrs]]
        for name, below in thing.items():
            assert below.name.endswith(name)
            found += rows(below)
        return found
    shape = None if thing.shape is None else list(thing.shape)
    readable = thing.dtype and thing.shape is not None and "FLOAT" not in thing.name
    values = hashlib.sha256(thing.data(10_000)).hexdigest()[:16] if readable else None
    return [[thing.name, shape, thing.dtype, thing.stored_bytes, values, attrs]]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_files_that_h5py_wrote(name):
    with FileSource(str(SEEDS / name)) as source:
        assert rows(open_file(source)) == EXPECTED[name]


def test_every_file_has_its_answer():
    assert {path.name for path in SEEDS.glob("*.h5")} == {*EXPECTED, *REFUSED}


COPY = "save a copy that holds the data itself"
REFUSED = {
    "soft_old.h5": f'a soft link "x" -> "/etc/passwd": not followed; {COPY}',
    "soft_new.h5": f'a soft link "x" -> "/etc/passwd": not followed; {COPY}',
    "external.h5": 'an external link "x" -> "/y" in "/etc/passwd": not followed; count that file',
    "user_defined.h5": 'a link "x" of a kind that a program defined (80): not followed',
    "virtual.h5": f'"/x" is a virtual dataset, made of other files: not followed; {COPY}',
    "external_data.h5": f'"/x" keeps its data in other files: not followed; {COPY}',
    "image.h5": "its metadata lies in a cache image; open and close it with HDF5, and count it then",
    "cycle.h5": 'group "/a/b/c" (offset 179): leads back to a group that it stands in',
    "cycle_old.h5": 'group "/a/b/c" (offset 800): leads back to a group that it stands in',
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_leads_elsewhere_is_refused(name):
    with FileSource(str(SEEDS / name)) as source, pytest.raises(NparamsError) as caught:
        rows(open_file(source))
    assert str(caught.value) == f"{name}: {REFUSED[name]}"


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_file_that_comes_in_ranges(name):
    data = (SEEDS / name).read_bytes()
    found = drive(RangeSource(name, len(data)), lambda at, n: data[at : at + n], lambda source: rows(open_file(source)))
    assert found == EXPECTED[name]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_every_cut_is_refused(name):
    data = (SEEDS / name).read_bytes()
    for length in (1, 7, 8, 40, 95, 300, 2000, len(data) // 2, len(data) - 1):
        with pytest.raises(FormatError, match=r"Cut short\?|where HDF5 begins with"):
            rows(opened(data[:length]))


def test_types_that_are_no_plain_numbers():
    with FileSource(str(SEEDS / "types.h5")) as source:
        texts = {found.name: found.dtype_text for found in open_file(source).walk()}
    assert {name: text for name, text in texts.items() if name.islower()} == {
        "/arrays": "array [3, 2] of float32",
        "/complex": "complex64",
        "/enum": "enumeration of int16",
        "/long": "float of 80 bits in 16 bytes",
        "/named": "float32",
        "/opaque": "opaque of 3 bytes",
        "/pairs": "compound {x, y}",
        "/references": "reference of 8 bytes",
        "/rows": "variable-length int32",
        "/strings": "string of 2 bytes",
        "/words": "string of variable length",
    }
    assert (texts["/UNIX_D32LE"], texts["/STD_B8LE"]) == ("time of 4 bytes", "bit field of 1 byte")


def test_one_object_by_two_names_has_one_address():
    with FileSource(str(SEEDS / "new.h5")) as source:
        root = open_file(source)
        first, second = root.get("b/ü"), root.get("again")
    assert (first.address, first.name, second.name) == (second.address, "/b/ü", "/again")


def test_get():
    with FileSource(str(SEEDS / "old.h5")) as source:
        root = open_file(source)
        assert root.get("layer/3").shape == root.get("/layer/3").shape == (3,)
        assert (root.get("layer/33"), root.get("layer/3/x"), root.get("")) == (None, None, root)
        assert [found.name for found in root.get("layer").walk()] == [f"/layer/{i}" for i in range(10)]


def test_more_data_than_asked_for():
    with FileSource(str(SEEDS / "old_chunks.h5")) as source:
        found = open_file(source).get("gzip")
        assert len(found.data(70)) == 70 == found.elements * found.item_bytes
        with pytest.raises(UnsupportedError, match='"/gzip": 70 bytes of values, where at most 69 are read'):
            found.data(69)


FLAGS = [
    ("moved.h5", {"kind": "moved", "text": "the superblock lies at 512 and says 0"}),
    ("old_chunks.h5", {"kind": "unwritten", "text": '"/unwritten" [4] of float32: no values were ever written'}),
]


@pytest.mark.parametrize(("name", "flag"), FLAGS)
def test_flags(name, flag):
    with FileSource(str(SEEDS / name)) as source:
        root = open_file(source)
        assert list(root.walk())
        assert root.flags == [flag]


def test_an_unclosed_file_is_flagged():
    maker = Maker(3)
    root = opened(maker.done(maker.group(x=maker.dataset(2)), flags=1))
    assert [found.elements for found in root.walk()] == [2]
    assert root.flags == [{"kind": "unclosed", "text": "the file was not closed by the program that wrote it"}]


def test_bytes_after_the_end_are_flagged():
    root = opened(valid() + b"PK")
    assert root.flags == [{"kind": "trailing", "text": "2 bytes after the end that the superblock gives"}]


# files built by hand


def with_dataset(*messages: tuple[int, bytes]) -> bytes:
    """A file whose only object but the root is made of these messages."""
    maker = Maker()
    maker.put(bytes(64))
    return maker.done(maker.group(x=maker.header(*messages)))


def valid() -> bytes:
    maker = Maker()
    return maker.done(maker.group(x=maker.dataset(2, 3)))


def old_valid(**odd: int) -> bytes:
    maker = Maker(0)
    found = [
        (name, maker.old_header(space(2, version=1), (3, F32), contiguous(maker.put(bytes(8)), 8)))
        for name in (b"a", b"b")
    ]
    return maker.done(maker.old_group(found, **odd))


def test_the_maker_makes_what_can_be_read():
    assert [(found.name, found.shape) for found in opened(valid()).walk()] == [("/x", (2, 3))]
    assert [(found.name, found.shape) for found in opened(old_valid()).walk()] == [("/a", (2,)), ("/b", (2,))]


def poked(data: bytes, at: int, value: bytes) -> bytes:
    return data[:at] + value + data[at + len(value) :]


def damaged_header() -> bytes:
    data = valid()
    return poked(data, data.index(b"OHDR") + 12, b"\xff")


def lying(**lie: int) -> bytes:
    maker = Maker()
    return maker.done(maker.group(x=maker.dataset(2, 3, **lie)))


def unknown_message() -> bytes:
    maker = Maker()
    return maker.done(maker.header((99, b""), flags=0x80))


def chunked(*chunk: int, index: int = 5, parameters: bytes = bytes(6), at: int = 48, flags: int = 0) -> bytes:
    """A dataset (2, 3) of float32 in such chunks."""
    sizes = b"".join(pack("<H", n) for n in chunk)
    layout = pack("<BBBBB", 4, 2, flags, len(chunk), 2) + sizes + bytes([index]) + parameters + pack("<Q", at)
    return with_dataset(space(2, 3), (3, F32), (8, layout))


def with_attribute(*parts: object, version: int = 3) -> bytes:
    maker = Maker()
    kind, body = attribute(*parts)
    return maker.done(maker.header(LINK_INFO, (kind, bytes([version]) + body[1:])))


BRAIN = pack("<B3sI", 0x11, b"\x20\x0f\0", 2) + pack("<HHBBBBI", 0, 16, 7, 8, 0, 7, 127)
STRING = pack("<B3sI", 0x19, b"\1\0\0", 16) + pack("<B3sI", 0x13, b"\0\0\0", 1)
INTEGER = ("n", I32, space(2), pack("<2i", 1, -2))


def text_attribute(*elements: tuple[int, int, int], heap: bytes = b"") -> bytes:
    """An attribute of strings that lie in a global heap at 48."""
    maker = Maker()
    maker.put(heap)
    data = b"".join(pack("<IQI", *each) for each in elements)
    return maker.done(maker.header(LINK_INFO, attribute("t", STRING, space(len(elements)), data)))


HEAP = (
    b"GCOL"
    + pack("<B3xQ", 1, 72)
    + pack("<HH4xQ", 1, 1, 5)
    + b"hello\0\0\0"
    + pack("<HH4xQ", 2, 1, 2)
    + b"ab"
    + bytes(6)
)


def looped_header() -> bytes:
    maker = Maker(0)
    at = len(maker.data)
    return maker.done(maker.old_header((16, pack("<QQ", at + 16, 24))))


def twice(*names: str) -> bytes:
    maker = Maker()
    x = maker.dataset(1)
    return maker.done(maker.header(LINK_INFO, *(link(name, x) for name in names)))


def overlapping() -> bytes:
    maker = Maker()
    at = maker.put(bytes(4000))
    return maker.done(maker.group(a=maker.dataset(1000, at=at), b=maker.dataset(1000, at=at)))


def old_names(*names: bytes) -> bytes:
    maker = Maker(0)
    x = maker.dataset(1)
    return maker.done(maker.old_group([(name, x) for name in names]))


def nested_types(depth: int) -> bytes:
    kind = F32
    for _ in range(depth):
        kind = pack("<B3sI", 0x19, b"\0\0\0", 16) + kind
    return with_dataset(space(2), (3, kind), contiguous(UNDEFINED, 0))


def deep(depth: int) -> bytes:
    maker = Maker()
    at = maker.dataset(1)
    for _ in range(depth):
        at = maker.group(g=at)
    return maker.done(at)


def diamond(depth: int) -> bytes:
    """Each group holds the next one twice: 2^depth paths."""
    maker = Maker()
    at = maker.dataset(1)
    for _ in range(depth):
        at = maker.group(a=at, b=at)
    return maker.done(at)


def bomb_of_links() -> bytes:
    """A header whose continuation blocks each go on in the next, every one of them the rest of the file."""
    maker = Maker(0)
    at, count = len(maker.data), 5000
    for i in range(count):
        maker.put(pack("<HHB3xQQ", 16, 16, 0, at + 24 * (i + 1), 24 * (count - i - 1)))
    return maker.done(maker.old_header((16, pack("<QQ", at, 24 * count))))


HUGE = 1 << 62
# what is wrong | the file | the error
WRONG = [
    ("nothing", b"", "signature (offset 0): b'' where HDF5 begins with b'\\x89HDF\\r\\n\\x1a\\n'"),
    ("text", b"hello", "signature (offset 0): b'hello' where HDF5 begins with b'\\x89HDF\\r\\n\\x1a\\n'"),
    ("a superblock of the future", poked(valid(), 8, b"\4"),
     "superblock version (offset 8): 4, where 0 to 3 are known"),
    ("addresses of 3 bytes", poked(valid(), 9, b"\3"),
     "sizes of offsets and lengths (offset 9): 3 and 8, where 2, 4 and 8 are known"),
    ("a damaged superblock", poked(valid(), 40, b"\1"),
     "superblock (offset 0): its checksum is 0x427d9109, where 0x42ac144b is due. Damaged?"),
    ("a file cut short", Maker().done(0, end=1000),
     "end of file (offset 28): 1,000, but the file has 48 bytes. Cut short?"),
    ("a damaged header", damaged_header(), "object header (offset 72): its checksum is"),
    ("a root beyond the end", Maker().done(HUGE), "object header (offset 4,611,686,018,427,387,904): needs 1 bytes"),
    ("a root that is no header", Maker(0).done(0),
     "object header (offset 0): begins b'\\x89HDF', which is no version known"),
    ("more dimensions than 32", with_dataset(space(2, rank=33), (3, F32), contiguous(48, 8)),
     "dataspace (offset 126): kind 1 with 33 dimensions"),
    ("fewer dimensions than said", with_dataset(space(2, rank=2), (3, F32), contiguous(48, 8)),
     "dataspace (offset 126): 2 dimensions in a message of 12 bytes"),
    ("an impossible shape", with_dataset(space(HUGE, 4), (3, F32), contiguous(48, 8)),
     "dataspace (offset 126): impossible shape [4611686018427387904, 4]: the limit is 2^63 in all"),
    ("a dataspace of the future", with_dataset(space(2, version=3), (3, F32), contiguous(48, 8)),
     "dataspace version (offset 126): 3, where 1 and 2 are known"),
    ("less data than the shape takes", lying(size=20), '"/x" (offset'),
    ("data beyond the end", lying(at=4000), '"/x" (offset 4,000): needs 24 bytes, but the file stops at'),
    ("a class of the future", with_dataset(space(2), (3, b"\x1c" + F32[1:]), contiguous(48, 8)),
     "datatype (offset 142): class 12 of version 1 is not known"),
    ("a cut datatype", with_dataset(space(2), (3, F32[:12]), contiguous(48, 8)),
     "datatype (offset 142): its message of 12 bytes ends in the middle"),
    ("a type of 0 bytes", with_dataset(space(2), (3, poked(I32, 4, bytes(4))), contiguous(48, 8)),
     "datatype (offset 142): integer of 0 bytes"),
    ("types in types", nested_types(40), "datatype (offset 142): types nested more than 16 deep"),
    ("two shapes", with_dataset(space(2), space(3), (3, F32), contiguous(48, 8)),
     '"/x" (offset 142): two messages of kind 0x1, where one is due'),
    ("no layout", with_dataset(space(2), (3, F32)),
     '"/x" (offset 112): is neither a group nor a dataset nor a datatype'),
    ("nothing known", with_dataset((13, b"note")),
     '"/x" (offset 112): is neither a group nor a dataset nor a datatype'),
    ("group and dataset", with_dataset(space(2), (3, F32), contiguous(48, 8), LINK_INFO),
     '"/x" (offset 112): is a group and a dataset at once'),
    ("a message that must be known", unknown_message(),
     "object header message (offset 62): kind 0x63 is not known, and marked as one that must be"),
    ("a layout of the future", with_dataset(space(2), (3, F32), (8, b"\x09\1" + bytes(16))),
     "data layout version (offset 166): 9, where"),
    ("one name twice", twice("a", "b", "a"), 'group "/" (offset'),
    ("an old name twice", old_names(b"a", b"a"), 'group (offset'),
    ("old names out of order", old_names(b"b", b"a"), '"a" stands after "b": twice, or out of order'),
    ("a heap that lies", old_valid(heap=8), "name of a group's member (offset"),
    ("a tree of too many levels", old_valid(level=1), "group B-tree (offset"),
    ("a cache type of the future", old_valid(cache=3), "symbol table entry (offset"),
    ("a soft link of old", old_valid(cache=2), 'a soft link "a" -> "": not followed'),
    ("a header that goes on in itself", looped_header(), "object header (offset 96): goes on at 112, inside itself"),
    ("headers that go on in one another", bomb_of_links(), "inside itself"),
    ("chunks of another rank", chunked(1, 4), '"/x" (offset 174): chunks [1, 4] of a dataset [2, 3] of float32'),
    ("chunks of another type", chunked(1, 1, 8), '"/x" (offset 174): chunks [1, 1, 8] of a dataset [2, 3] of float32'),
    ("chunks of nothing", chunked(1, 0, 4), "data layout (offset 174): impossible chunks [1, 0, 4]"),
    ("a chunk index of the future", chunked(1, 1, 4, index=6),
     "chunk index (offset 174): kind 6, where 1 to 5 are known"),
    ("no B-tree", chunked(1, 1, 4), "B-tree (offset 48): begins b'\\x00\\x00\\x00\\x00', where b'BTHD' is due"),
    ("no fixed array", chunked(1, 1, 4, index=3, parameters=b"\2"),
     "chunk index (offset 48): begins b'\\x00\\x00\\x00\\x00', where b'FAHD' is due"),
    ("no extensible array", chunked(1, 1, 4, index=4, parameters=bytes(5)),
     "chunk index (offset 48): begins b'\\x00\\x00\\x00\\x00', where b'EAHD' is due"),
    ("an attribute of the future", with_attribute(*INTEGER, version=4),
     "attribute version (offset 84): 4, where 1 to 3 are known"),
    ("a value that is cut", with_attribute("n", I32, space(3), bytes(8)),
     'attribute (offset 84): "n": its value takes 12 bytes, and 8 are left'),
    ("text without a heap", text_attribute((1, 48, 1), heap=bytes(64)),
     "global heap (offset 48): begins b'\\x00\\x00\\x00\\x00', version 0"),
    ("text that is not there", text_attribute((1, 48, 3), heap=HEAP), "global heap (offset 48): there is no object 3"),
    ("text longer than stored", text_attribute((6, 48, 1), heap=HEAP),
     'attribute "t" (offset 80): text of 6 bytes, where 5 are stored'),
    ("a heap beyond the end", text_attribute((1, 48, 1), heap=poked(HEAP, 9, b"\xff")),
     "global heap (offset 48): needs 65,352 bytes"),
    ("an object beyond its heap", text_attribute((1, 48, 1), heap=poked(HEAP, 24, b"\xff")),
     "global heap (offset 64): object 1 of 255 bytes is there twice, or reaches beyond the end"),
    ("an object twice", text_attribute((1, 48, 1), heap=poked(HEAP, 40, b"\1")),
     "global heap (offset 88): object 1 of 2 bytes is there twice"),
    ("a name that is a path", twice("a/b"), 'group "/" (offset 128): a member called "a/b"'),
    ("a name of nothing", twice(""), "link (offset"),
    ("datasets that overlap", overlapping(), "by here the datasets take more bytes than the file has: they overlap"),
    ("groups too deep", deep(200), "groups nested more than 100 deep"),
    ("groups that unfold without end", diamond(60),
     "more than 200,000 groups and datasets, more than any real file has; --limits off reads more"),
]  # fmt: skip


VALUES = [
    ("whole numbers", with_attribute(*INTEGER), [1, -2]),
    ("one number", with_attribute("n", I32, space(), pack("<i", 5)), 5),
    ("two dimensions", with_attribute("n", I32, space(2, 1), pack("<2i", 1, 2)), [[1], [2]]),
    ("three dimensions", with_attribute("n", I32, space(1, 2, 2), pack("<4i", 1, 2, 3, 4)), [[[1, 2], [3, 4]]]),
    ("none", with_attribute("n", I32, space(0, 2), b""), []),
    ("none, many times over", with_attribute("n", I32, space(1 << 40, 0), b""), []),
    ("a null dataspace", with_attribute("n", I32, (1, b"\2\0\0\2"), b""), None),
    ("a reference", with_attribute("n", pack("<B3sI", 0x17, b"\0\0\0", 8), space(), bytes(8)), None),
    ("text padded with spaces", with_attribute("n", pack("<B3sI", 0x13, b"\2\0\0", 4), space(), b"ab  "), "ab"),
    ("text that ends at a NUL", with_attribute("n", pack("<B3sI", 0x13, b"\0\0\0", 4), space(), b"a\0b\0"), "a"),
    ("text padded with NULs", with_attribute("n", pack("<B3sI", 0x13, b"\1\0\0", 4), space(), b"a\0b\0"), "a\0b"),
    ("text that is no UTF-8", with_attribute("n", pack("<B3sI", 0x13, b"\0\0\0", 4), space(), b"a\xff\0\0"), "a\\xff"),
    ("a brain float", with_attribute("n", BRAIN, space(1), b"\xc0\x3f"), [1.5]),
    ("strings in a heap", text_attribute((5, 48, 1), (2, 48, 2), (0, 0, 0), heap=HEAP), ["hello", "ab", ""]),
]  # fmt: skip


@pytest.mark.parametrize(("data", "value"), [c[1:] for c in VALUES], ids=[c[0] for c in VALUES])
def test_values(data, value):
    (found,) = opened(data).attrs().values()
    assert found.value() == value


OLD_LAYOUTS = [
    ("contiguous 1", pack("<BBB5xQ2I", 1, 2, 1, 48, 2, 4), 8, b"abcdefgh"),
    ("contiguous 2", pack("<BBB5xQ2I", 2, 2, 1, 48, 2, 4), 8, b"abcdefgh"),
    ("compact 1", pack("<BBB5x2II8s", 1, 2, 0, 2, 4, 8, b"ABCDEFGH"), 8, b"ABCDEFGH"),
    ("compact 2", pack("<BBB5x2II8s", 2, 2, 0, 2, 4, 8, b"ABCDEFGH"), 8, b"ABCDEFGH"),
    ("compact 3", pack("<BBH8s", 3, 0, 8, b"ABCDEFGH"), 8, b"ABCDEFGH"),
    ("chunked 1, none written", pack("<BBB5xQ2I", 1, 2, 2, UNDEFINED, 1, 4), 0, bytes(8)),
]


@pytest.mark.parametrize(("body", "size", "data"), [c[1:] for c in OLD_LAYOUTS], ids=[c[0] for c in OLD_LAYOUTS])
def test_layouts_of_old(body, size, data):
    maker = Maker(0)
    at = maker.put(b"abcdefgh")
    x = maker.old_header(space(2, version=1), (3, F32), (8, body.replace(pack("<Q", 48), pack("<Q", at))))
    (found,) = opened(maker.done(maker.old_group([(b"x", x)]))).walk()
    assert (found.shape, found.stored_bytes, found.data(8)) == ((2,), size, data)


def test_a_header_with_times_and_limits():
    maker = Maker()
    kind, body = space(2)
    messages = [(kind, body), (3, F32), contiguous(maker.put(bytes(8)), 8)]
    packed = (
        b"".join(pack("<BHBH", kind, len(data), 0, i) + data for i, (kind, data) in enumerate(messages)) + b"\0\0\0"
    )
    x = maker.sealed(b"OHDR" + pack("<BB4I2HB", 2, 0x34, 1, 2, 3, 4, 8, 6, len(packed)) + packed)
    assert [found.shape for found in opened(maker.done(maker.group(x=x))).walk()] == [(2,)]


def committed(version: int) -> bytes:
    """A dataset whose datatype stands in another object."""
    maker = Maker()
    kind = maker.header((3, F32))
    where = {1: pack("<BB6xQ", 1, 0, kind), 2: pack("<BBQ", 2, 0, kind), 3: pack("<BBQ", 3, 2, kind)}[version]
    layout = contiguous(maker.put(bytes(8)), 8)
    body = b"".join(pack("<BHB", k, len(d), f) + d for (k, d), f in ((space(2), 0), ((3, where), 2), (layout, 0)))
    x = maker.sealed(b"OHDR" + pack("<BBI", 2, 2, len(body)) + body)
    return maker.done(maker.group(t=kind, x=x))


@pytest.mark.parametrize("version", [1, 2, 3])
def test_committed_datatypes(version):
    assert [(found.name, found.dtype) for found in opened(committed(version)).walk()] == [("/x", "float32")]


def test_a_shape_without_values_is_counted_and_flagged():
    found = opened(lying(at=UNDEFINED))
    assert [(each.elements, each.stored_bytes, each.data(24)) for each in found.walk()] == [(6, 0, bytes(24))]
    assert [flag["kind"] for flag in found.flags] == ["unwritten"]


def test_more_work_than_any_real_file():
    maker = Maker()
    x = maker.header(space(2), (3, F32), contiguous(maker.put(bytes(8)), 8), *[(13, bytes(60_000))])
    data = maker.done(maker.group(**{f"n{i}": maker.dataset(1) for i in range(5)}, x=x))
    root = opened(data)
    root._file.store._work_left = 10_000
    with pytest.raises(FormatError, match="more metadata than any real file has; --limits off reads more"):
        list(root.walk())


def test_shared_models():
    """Every HDF5 file of the shared cases: as many elements, of all groups, as its row says."""
    with open(shared("models/manifest.tsv"), newline="") as lines:
        found = [row for row in csv.DictReader(lines, delimiter="\t") if row["file"].endswith((".h5", ".hdf5"))]
    assert found
    for row in found:
        with FileSource(str(shared("models") / row["file"])) as source:
            root = open_file(source)
            model = root.get("model_weights") or root
            assert sum(each.elements for each in model.walk()) == int(row["expected_elements"]), row["file"]


@pytest.mark.parametrize(("data", "text"), [c[1:] for c in WRONG], ids=[c[0] for c in WRONG])
def test_wrong(data, text):
    with pytest.raises(FormatError if "soft link" not in text else UnsupportedError) as caught:
        rows(opened(data))
    message = str(caught.value)
    assert message.startswith("m.h5: ")
    assert text in message
    assert message.isprintable()
