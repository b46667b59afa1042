"""An OCDBT database -> the values of some of its keys.

Spec: google/tensorstore tensorstore/kvstore/ocdbt/index.rst.  manifest.ocdbt names the newest root of a B+tree, whose
nodes lie in data files, as do values that are too long to stand in a node.  Only nodes and the values that are asked
for are read; a database of terabytes costs as much as its keys.
"""

from __future__ import annotations

import re

from nparams.errors import FormatError, ReadError, UnsupportedError, escaped, place
from nparams.files._orbax.files import Opened, table
from nparams.files._orbax.record import MANIFEST, NODE, opened
from nparams.files._zstd.bits import Work

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._orbax.files import DataFile
    from nparams.files._orbax.record import Cursor
    from nparams.files.bytesource import ByteSource, Folder

NAME = "manifest.ocdbt"
NUMBERED = re.compile(r"manifest\.[0-9a-f]{16}")
SINGLE, BY_NUMBER = 0, 1
MISSING = (1 << 64) - 1  # offset and length of a root that is not there: nothing was written
INLINE, ELSEWHERE = b"\0", b"\1"
MAX_MANIFEST = 4_000_000  # bytes
MAX_VALUE = 65_536  # bytes of a value that is asked for
MAX_KEY = 65_535
DEEPEST = 20  # nodes above each other
#: of all nodes: bytes in the files, bytes of their bodies, entries, and how many nodes there are
STORED, MOST_STORED = 8_000_000, 400_000_000
BODIES, MOST_BODIES = 32_000_000, 1_000_000_000
ENTRIES, MOST_ENTRIES = 600_000, 50_000_000
NODES, MOST_NODES = 20_000, 1_000_000
#: numbers and copies that decompressing may take (_zstd/bits.py)
WORK, MOST_WORK = 8_000_000, 1_000_000_000
#: values that stand so near each other are read at once
NEAR, AT_ONCE = 4_096, 1 << 20


class Reference:
    """Some bytes in a data file."""

    __slots__ = ("file", "length", "offset")

    def __init__(self, file: DataFile, offset: int, length: int) -> None:
        self.file = file
        self.offset = offset
        self.length = length


def values(folder: Folder, endings: tuple[bytes, ...], *, limits: bool = True) -> dict[bytes, bytes]:
    """The value of every key with one of these endings, by key.

    Raises FormatError for a database that is damaged or hostile, ReadError where one of its files is not here.
    """
    with Opened(folder) as files:
        return _Database(folder, files, endings, limits).read()


class _Database:
    """One walk over the tree, within limits."""

    def __init__(self, folder: Folder, files: Opened, endings: tuple[bytes, ...], limits: bool) -> None:
        self.folder = folder
        self.files = files
        self.endings = endings
        self.stored = STORED if limits else MOST_STORED
        self.bodies = BODIES if limits else MOST_BODIES
        self.entries = ENTRIES if limits else MOST_ENTRIES
        self.nodes = NODES if limits else MOST_NODES
        self.more = "; --limits off reads more" if limits else ""
        self.work = Work(WORK if limits else MOST_WORK)
        self.found: dict[bytes, bytes] = {}
        self.elsewhere: list[tuple[bytes, Reference]] = []
        self.last = b""
        self.seen: set[tuple[str, int]] = set()

    def read(self) -> dict[bytes, bytes]:
        """Every value that is asked for."""
        with self.folder.open(NAME) as source:
            root = self._manifest(source)
        if root is not None:
            self._walk(*root)
            self._fetch()
        return self.found

    # -- the manifest -------------------------------------------------------------------------------------------------

    def _manifest(self, source: ByteSource, numbered: bool = False) -> tuple[Reference, int] | None:
        """(the newest root, its height); None of a database that is empty."""
        what = place(source.name)
        if source.size > MAX_MANIFEST:
            raise FormatError(f"{what}: a manifest of {source.size:,} bytes; at most {MAX_MANIFEST:,} are read")
        cursor = opened(source.read(0, source.size), MANIFEST, what, MAX_MANIFEST)
        cursor.take(16)  # uuid
        kind = cursor.byte()
        if kind == BY_NUMBER and not numbered:
            return self._numbered(what)
        if kind != SINGLE:
            raise cursor.bad(f"a manifest of kind {kind}")
        cursor.numbers(2)  # the longest value in a node, the longest node
        cursor.take(1)  # how versions are arranged
        if cursor.number():
            cursor.take(4)  # how much is compressed
        return self._newest(cursor)

    def _numbered(self, what: str) -> tuple[Reference, int] | None:
        """The same by the newest of the manifests that bear a number."""
        names = [name for name in self.folder.names() if NUMBERED.fullmatch(name)]
        if not names:
            raise ReadError(f"{what}: its versions stand in files manifest.<number>, and none is here")
        with self.folder.open(names[-1]) as source:
            return self._manifest(source, numbered=True)

    def _newest(self, cursor: Cursor) -> tuple[Reference, int] | None:
        files = table(cursor, "")
        count = cursor.number()
        if not count:
            raise cursor.bad("no version of the database")
        cursor.numbers(count)  # generations, each larger than the one before
        height = cursor.take(count)[-1]
        which, offset, length = (cursor.numbers(count)[-1] for _ in range(3))
        if offset == length == MISSING:
            return None
        return Reference(_file(cursor, files, which), offset, length), height

    # -- the tree -----------------------------------------------------------------------------------------------------

    def _walk(self, root: Reference, height: int) -> None:
        """Every node, in the order of their keys, by a stack of our own: (node, height, what its keys begin with)."""
        if height > DEEPEST:
            raise FormatError(f"{NAME}: a tree of {height} levels; at most {DEEPEST} are read")
        stack = [(root, height, b"")]
        while stack:
            node, height, prefix = stack.pop()
            cursor = self._node(node, height)
            files = table(cursor, node.file.base)
            count = cursor.number()
            if not count:
                raise cursor.bad("a node without entries")
            self.entries -= count
            if self.entries < 0:
                raise cursor.bad(f"{count:,} entries; fewer are read of all nodes together{self.more}")
            if height:
                stack += reversed(
                    [(child, height - 1, start) for child, start in self._inner(cursor, files, count, prefix)]
                )
            else:
                self._leaf(cursor, files, count, prefix)

    def _node(self, node: Reference, height: int) -> Cursor:
        what = f"{NAME}: node at byte {node.offset:,} of {escaped(node.file.path[-80:])}"
        self.stored -= node.length
        self.nodes -= 1
        if self.stored < 0 or self.nodes < 0:
            raise FormatError(f"{what}: the tree takes more bytes than are read{self.more}")
        if (node.file.path, node.offset) in self.seen:
            raise FormatError(f"{what}: is there twice in one tree. Damaged, or hostile?")
        self.seen.add((node.file.path, node.offset))
        raw = self.files.source(node.file.path, what).read(node.offset, node.length)
        cursor = opened(raw, NODE, what, max(self.bodies, 0), self.work, self.more)
        self.bodies -= len(cursor.body)
        if cursor.byte() != height:
            raise cursor.bad(f"a node that is not of height {height}")
        return cursor

    def _keys(self, cursor: Cursor, count: int, prefix: bytes, inner: bool) -> tuple[list[bytes], list[int]]:
        """(the keys of a node, how much of each is common to all below it)."""
        starts, lengths = [0, *cursor.numbers(count - 1)], cursor.numbers(count)
        common = cursor.numbers(count) if inner else []
        keys, last = [], b""
        for start, length in zip(starts, lengths, strict=True):
            if start > len(last) or start + length + len(prefix) > MAX_KEY:
                raise cursor.bad(f"a key of {start:,} + {length:,} bytes after one of {len(last):,}")
            last = last[:start] + cursor.take(length)
            keys.append(last)
        return keys, common

    def _inner(self, cursor: Cursor, files: list[DataFile], count: int, prefix: bytes) -> list[tuple[Reference, bytes]]:
        """The nodes below one, each with what its keys begin with."""
        keys, common = self._keys(cursor, count, prefix, inner=True)
        which, offsets, lengths = (cursor.numbers(count) for _ in range(3))
        cursor.numbers(3 * count)  # how much is below each
        cursor.end()
        found = []
        for k, key in enumerate(keys):
            if common[k] > len(key):
                raise cursor.bad(f"{common[k]:,} bytes of a key of {len(key):,}")
            node = Reference(_file(cursor, files, which[k]), offsets[k], lengths[k])
            found.append((node, prefix + key[: common[k]]))
        return found

    def _leaf(self, cursor: Cursor, files: list[DataFile], count: int, prefix: bytes) -> None:
        """Take the values that are asked for."""
        keys, _ = self._keys(cursor, count, prefix, inner=False)
        self._check_order(cursor, prefix, keys)
        lengths, kinds = cursor.numbers(count), cursor.take(count)
        far = kinds.count(ELSEWHERE)
        if far + kinds.count(INLINE) != count:
            raise cursor.bad("a value that stands neither here nor in a file")
        which, offsets = iter(cursor.numbers(far)), iter(cursor.numbers(far))
        for key, length, kind in zip(keys, lengths, kinds, strict=True):
            file, offset = (next(which), next(offsets)) if kind else (0, 0)
            wanted = key.endswith(self.endings) or (prefix + key).endswith(self.endings)
            if wanted and length > MAX_VALUE:
                raise cursor.bad(f"a record of an array of {length:,} bytes; at most {MAX_VALUE:,} are read")
            if kind and wanted:
                self.elsewhere.append((prefix + key, Reference(_file(cursor, files, file), offset, length)))
            elif not kind:
                value = cursor.take(length)
                if wanted:
                    self.found[prefix + key] = value
        cursor.end()

    def _check_order(self, cursor: Cursor, prefix: bytes, keys: list[bytes]) -> None:
        """Every key is larger than the one before, in one node and over all of them: so none is there twice."""
        if (prefix + keys[0] <= self.last and self.last) or any(map(bytes.__ge__, keys, keys[1:])):
            raise cursor.bad("keys that are not in order")
        self.last = prefix + keys[-1]

    # -- values in data files -----------------------------------------------------------------------------------------

    def _fetch(self) -> None:
        """Read the values that stand in data files, near ones together."""
        wanted = sorted(self.elsewhere, key=lambda each: (each[1].file.path, each[1].offset))
        at = 0
        while at < len(wanted):
            first, end = wanted[at][1], at
            until = first.offset + first.length
            while end + 1 < len(wanted) and _is_near(first, until, wanted[end + 1][1]):
                end += 1
                until = max(until, wanted[end][1].offset + wanted[end][1].length)
            what = f"{NAME}: {escaped(wanted[at][0].decode('utf-8', 'replace')[:200])}"
            data = self.files.source(first.file.path, what).read(first.offset, until - first.offset)
            for key, value in wanted[at : end + 1]:
                start = value.offset - first.offset
                self.found[key] = data[start : start + value.length]
            at = end + 1


def _is_near(first: Reference, until: int, value: Reference) -> bool:
    """Whether a value stands so near others that they are read at once."""
    if value.file.path != first.file.path or value.offset > until + NEAR:
        return False
    return value.offset + value.length - first.offset <= AT_ONCE


def _file(cursor: Cursor, files: list[DataFile], which: int) -> DataFile:
    if which >= len(files):
        raise cursor.bad(f"data file {which:,} of {len(files):,}")
    return files[which]


def unreadable(folder: Folder) -> UnsupportedError | None:
    """What to say of a folder whose processes have each written a database and none has joined them."""
    parts = [name for name in folder.folders() if name.startswith("ocdbt.process_")]
    if not parts or NAME in folder.names():
        return None
    return UnsupportedError(
        f"{NAME} is not here, only the parts of {len(parts):,} process{'' if len(parts) == 1 else 'es'}: saving did "
        "not end, or the file was not copied"
    )
