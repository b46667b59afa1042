"""HDF5: links that lead elsewhere, data that lies elsewhere, shapes without end, graphs with cycles."""

from __future__ import annotations

from struct import pack

from tests.attacks._attack import Attack, Count
from tests.hdf5_maker import F32, LINK_INFO, UNDEFINED, Maker, attribute, contiguous, link, space

OUT = "CVE-2026-1669: Keras read any file through an external dataset of its .h5"
LINKS = "keras-team/keras#22900, #22975, #22976; tf-keras#921: external, soft and virtual sources"
HEAP = "HDFGroup/hdf5: CVE-2018-11206 and its kind: lengths in messages are not trusted"
LOOP = "HDFGroup/hdf5: CVE-2018-15671 and its kind: structures that lead back to themselves"


def made(*messages: tuple[int, bytes], old: bool = False) -> bytes:
    """A file whose one dataset `w` has these messages."""
    maker = Maker()
    at = maker.old_header(*messages) if old else maker.header(*messages)
    return maker.done(maker.group(w=at))


#: where links() puts the dataset that `a` leads to
PLACE = 72


def links(*messages: tuple[int, bytes]) -> bytes:
    maker = Maker()
    good = maker.dataset(2, 3)
    return maker.done(maker.header(LINK_INFO, link("a", good), *messages))


def text(value: str) -> bytes:
    return pack("<H", len(value)) + value.encode()


def external() -> bytes:
    """A dataset whose numbers lie in /etc/passwd (external file list, IV.A.2.h)."""
    maker = Maker()
    names = maker.put(b"\0" * 8 + b"/etc/passwd\0\0\0\0\0")
    heap = maker.put(b"HEAP" + pack("<B3xQQQ", 0, 24, 1, names))
    slots = pack("<BxxxHHQ", 1, 1, 1, heap) + pack("<QQQ", 8, 0, 24)
    return maker.done(maker.group(w=maker.header(space(2, 3), (3, F32), (7, slots), contiguous(UNDEFINED, 24))))


def virtual() -> bytes:
    """A dataset that is a view of another file's (virtual layout, IV.A.2.i)."""
    return made(space(2, 3), (3, F32), (8, pack("<BBQI", 4, 3, 200, 0)))


def cycle() -> bytes:
    """A group that holds itself, and one that holds the root."""
    maker = Maker()
    first = len(maker.data)
    inner = maker.header(LINK_INFO, link("again", first))
    return maker.done(inner)


def braid(depth: int) -> bytes:
    """2^depth ways to one dataset: each group holds the next one twice."""
    maker = Maker()
    at = maker.dataset(2, 3)
    for _ in range(depth):
        at = maker.header(LINK_INFO, link("a", at), link("b", at))
    return maker.done(at)


def chain(depth: int) -> bytes:
    maker = Maker()
    at = maker.dataset(2, 3)
    for _ in range(depth):
        at = maker.header(LINK_INFO, link("a", at))
    return maker.done(at)


def flat(count: int) -> bytes:
    maker = Maker()
    at = maker.dataset(2, 3)
    return maker.done(maker.header(LINK_INFO, *(link(f"{i}", at) for i in range(count))))


def continued() -> bytes:
    """An object header that goes on at its own beginning."""
    maker = Maker()
    at = len(maker.data)
    return maker.done(maker.old_header((16, pack("<QQ", at + 16, 40))))


GOOD = Maker()
GOOD_FILE = GOOD.done(GOOD.group(w=GOOD.dataset(2, 3)))
ATTACKS = [
    Attack("a dataset that lies in another file", "m.h5", external(),
           ': "/w" keeps its data in other files: not followed; save a copy that holds the data '
           "itself", OUT),
    Attack("a virtual dataset", "m.h5", virtual(),
           ': "/w" is a virtual dataset, made of other files: not followed; save a copy that holds '
           "the data itself", LINKS),
    Attack("an external link", "m.h5", links(link("x", 0, 64, text("\0/etc/passwd\0/w\0"))),
           ': an external link "x" -> "/w" in "/etc/passwd": not followed; count that file', LINKS),
    Attack("a soft link", "m.h5", links(link("x", 0, 1, text("/a"))),
           ': a soft link "x" -> "/a": not followed; save a copy that holds the data itself', LINKS),
    Attack("a soft link to itself", "m.h5", links(link("x", 0, 1, text("/x"))),
           ': a soft link "x" -> "/x": not followed; save a copy that holds the data itself', LINKS),
    Attack("a user-defined link", "m.h5", links(link("x", 0, 200, text("evil"))),
           ': a link "x" of a kind that a program defined (200): not followed', LINKS),
    Attack("a link to nowhere", "m.h5", links(link("x", 1 << 40)),
           ": object header (offset 1,099,511,627,776): needs 1 bytes, but the file stops at 226. "
           "Cut short?", HEAP),
    Attack("a link to the superblock", "m.h5", links(link("x", 0)),
           ": object header (offset 0): begins b'\\x89HDF', which is no version known", HEAP),
    Attack("a name twice", "m.h5", links(link("a", 48)),
           ': group "/" (offset 156): two members bear one name', "parsers disagree which holds"),
    Attack("a link with a slash in its name", "m.h5", links(link("../x", PLACE)),
           ': group "/" (offset 156): a member called "../x"', "no name of HDF5 has one"),
    Attack("a link whose name acts", "m.h5", links(link("\x1b]0;t\x07\x1b[2J", PLACE)), Count(6),
           "CVE-2003-0063's kind"),
    Attack("a shape of 2^60 numbers", "m.h5", made(space(1 << 60), (3, F32), contiguous(48, 24)),
           ': "/w" (offset 102): 24 bytes for [1152921504606846976] of float32, which takes '
           "4,611,686,018,427,387,904",
           "keras-team/keras#22975: a shape bomb"),
    Attack("a shape of 2^47 numbers, none stored", "m.h5", made(space(1 << 47), (3, F32), contiguous(UNDEFINED, 0)),
           Count(1 << 47, ("unwritten",)),
           "keras-team/keras#22975: a shape bomb"),
    Attack("a shape whose product overflows", "m.h5", made(space(1 << 33, 1 << 33), (3, F32), contiguous(48, 24)),
           ": dataspace (offset 62): impossible shape [8589934592, 8589934592]: the limit is 2^63 in"
           " all",
           "CVE-2026-33298's kind"),
    Attack("200 dimensions", "m.h5", made(space(1, 1, rank=200), (3, F32), contiguous(48, 24)),
           ": dataspace (offset 62): kind 1 with 200 dimensions", HEAP),
    Attack("data beyond the end", "m.h5", made(space(6), (3, F32), contiguous(1 << 40, 24)),
           ': "/w" (offset 1,099,511,627,776): needs 24 bytes, but the file stops at 177. Cut short?', HEAP),
    Attack("less data than the shape takes", "m.h5", made(space(6), (3, F32), contiguous(48, 20)),
           ': "/w" (offset 102): 20 bytes for [6] of float32, which takes 24', HEAP),
    Attack("an unknown datatype", "m.h5", made(space(6), (3, b"\x1f" + F32[1:]), contiguous(48, 24)),
           ": datatype (offset 78): class 15 of version 1 is not known", HEAP),
    Attack("a datatype of nothing", "m.h5", made(space(6), (3, b""), contiguous(48, 24)),
           ": datatype (offset 78): its message of 0 bytes ends in the middle", HEAP),
    Attack("compounds in compounds", "m.h5",
           made(space(6), (3, (b"\x16\1\0\0\x08\0\0\0x\0\0\0" * 2_000)), contiguous(48, 24)),
           ": datatype (offset 78): types nested more than 16 deep", "CWE-674"),
    Attack("a message longer than its header", "m.h5", made((1, b"\2")),
           ': "/w" (offset 48): is neither a group nor a dataset nor a datatype', HEAP),
    Attack("an attribute beyond its message", "m.h5",
           made(space(6), (3, F32), contiguous(48, 24), (12, pack("<BBHHHB", 3, 0, 60_000, 60_000, 60_000, 1))),
           Count(6), HEAP),
    Attack("an attribute of 2^40 numbers", "m.h5",
           made(space(6), (3, F32), contiguous(48, 24), attribute("x", F32, space(1 << 40), b"")), Count(6), HEAP),
    Attack("a group that holds itself", "m.h5", cycle(),
           ': group "/again" (offset 48): leads back to a group that it stands in', LOOP),
    Attack("2^40 ways to one dataset", "m.h5", braid(40),
           ": more than 200,000 groups and datasets, more than any real file has; --limits off reads "
           "more", "walked with a visited set"),
    Attack("groups 5,000 deep", "m.h5", chain(5_000),
           ': group "/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a…/a/a/a/a/a/a" (offset 259,803): '
           "groups nested more than 100 deep", "CWE-674"),
    Attack("a header that goes on in itself", "m.h5", continued(),
           ": object header (offset 48): goes on at 64, inside itself", LOOP),
    Attack("3,000 links to one dataset", "m.h5", flat(3_000), Count(6), "counted once"),
    Attack("a superblock of the future", "m.h5", Maker(9).done(48),
           ": superblock version (offset 8): 9, where 0 to 3 are known", HEAP),
    Attack("an extension that leads to itself", "m.h5",
           (lambda maker: maker.done(maker.group(w=maker.dataset(2, 3)), extension=0))(Maker()),
           ": object header (offset 0): begins b'\\x89HDF', which is no version known", LOOP),
    Attack("data behind the end", "m.h5", GOOD_FILE + b"PK\3\4evil", Count(6, ("trailing",)), "polyglots"),
    Attack("a cut download", "m.h5", GOOD_FILE[:-30],
           ": end of file (offset 28): 209, but the file has 179 bytes. Cut short?", "a cut download"),
    Attack("a wrong checksum", "m.h5", GOOD_FILE[:44] + b"\0\0\0\0" + GOOD_FILE[48:],
           ": superblock (offset 0): its checksum is 0x00000000, where 0x427d9109 is due. Damaged?", HEAP),
    Attack("the mark behind a block of another format", "m.h5", b"PK\3\4".ljust(512, b"\0") + GOOD_FILE,
           ": a zip archive without its directory at the end. Cut short?",
           "polyglots"),
    Attack("only the mark", "m.h5", b"\x89HDF\r\n\x1a\n",
           ": superblock (offset 0): needs 48 bytes, but the file stops at 8. Cut short?", "a cut download"),
]  # fmt: skip
