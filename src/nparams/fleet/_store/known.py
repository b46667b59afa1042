"""What a table knows of every uri, in 32 bytes: a hash of it, a mark that changes when the model does, and a state.

A million uris take 60 MB.  Hashes are BLAKE2b of 16 bytes: that any two of 10**9 uris have one hash has a chance of
2 * 10**-21.
"""

from __future__ import annotations

from hashlib import blake2b

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nparams.fleet.rows import Row

#: bits of a state: the table held it when this scan began, as there or as vanished; this scan met it; read it; found a
#: vanished one unchanged; and, when rows are settled, its newest row has been passed
OLD, GONE, SEEN, ADDED, BACK, PASSED = 1, 2, 4, 8, 16, 32

KEY = 16
RECORD = 32
FIRST = 2  # bytes of a key that choose its bucket
#: the mark of what is read again whatever its file looks like
NEVER = bytes(RECORD - KEY - 1)
_NOTHING = bytearray()


def key_of(uri: str) -> bytes:
    """The hash of a uri as it stands in the table."""
    return blake2b(uri.encode(), digest_size=KEY).digest()


def mark_of(size: int | None, stamp: str | None, reader: str | None) -> bytes:
    """The hash of what must be equal for a model to be unchanged; NEVER without a stamp."""
    if not stamp:
        return NEVER
    return blake2b(f"{size}\0{reader}\0{stamp}".encode(), digest_size=len(NEVER)).digest()


class Index:
    """uri -> mark and state, by the hash of the uri.

    >>> index = Index()
    >>> index.put(key_of("m.gguf"), mark_of(10, "etag", "0.1.0"), OLD)
    >>> index.state(key_of("m.gguf")), index.state(key_of("n.gguf"))
    (1, 0)
    """

    __slots__ = ("_buckets",)

    def __init__(self) -> None:
        self._buckets: dict[bytes, bytearray] = {}

    def state(self, key: bytes) -> int:
        """The bits of its state; 0 for what is not held."""
        bucket, at = self._find(key)
        return bucket[at + RECORD - 1] if at >= 0 else 0

    def mark(self, key: bytes) -> bytes:
        """Its mark; NEVER for what is not held."""
        bucket, at = self._find(key)
        return bytes(bucket[at + KEY : at + RECORD - 1]) if at >= 0 else NEVER

    def put(self, key: bytes, mark: bytes, state: int) -> None:
        """Hold it with this mark and state, in place of older ones."""
        bucket, at = self._find(key)
        if at < 0:
            self._buckets.setdefault(key[:FIRST], bytearray()).extend(key + mark + bytes((state,)))
        else:
            bucket[at + KEY : at + RECORD] = mark + bytes((state,))

    def turn_on(self, key: bytes, bits: int) -> None:
        """Add bits to the state of what is held."""
        bucket, at = self._find(key)
        bucket[at + RECORD - 1] |= bits

    def turn_off(self, bits: int) -> None:
        """Take bits from the states of all that is held."""
        for bucket in self._buckets.values():
            for at in range(RECORD - 1, len(bucket), RECORD):
                bucket[at] &= ~bits

    def _find(self, key: bytes) -> tuple[bytearray, int]:
        """The bucket of a key and its place in it, -1 where it is not held."""
        bucket = self._buckets.get(key[:FIRST], _NOTHING)
        at = bucket.find(key)
        while at > 0 and at % RECORD:  # the same bytes across two records
            at = bucket.find(key, at + 1)
        return bucket, at


class Ledger:
    """What the table held when a scan began, and what the scan has met of it."""

    __slots__ = ("_again", "_index", "is_stale", "known", "read", "unseen")

    def __init__(self, again: frozenset[str]) -> None:
        self._again = again
        self._index = Index()
        #: models that were unchanged, and that were read
        self.known = self.read = 0
        #: rows of earlier scans that are neither gone nor met
        self.unseen = 0
        #: whether parts hold rows that are to be changed
        self.is_stale = False

    def learn(self, row: Row, lacks_tensors: bool) -> bool:
        """Take a row of an earlier scan; False where a newer one of its uri was taken before."""
        key = key_of(row["uri"])
        if self._index.state(key):
            return False
        mark = NEVER if lacks_tensors and row["error_kind"] is None else self._mark(row)
        self._index.put(key, mark, OLD | (GONE if row["gone"] else 0))
        self.unseen += not row["gone"]
        return True

    def holds(self, uri: str) -> bool:
        """Whether the uri is held."""
        return bool(self._index.state(key_of(uri)))

    def is_known(self, uri: str, mark_now: Callable[[], bytes]) -> bool:
        """Whether the uri is held and has the mark that it would have now; it counts as met."""
        key = key_of(uri)
        state = self._index.state(key)
        if not state:
            return False
        mark = mark_now()
        known = mark != NEVER and mark == self._index.mark(key)
        self._meet(state)
        self.known += known and not state & SEEN
        if known and state & GONE:
            self.is_stale = True
            self._index.turn_on(key, BACK)
        self._index.turn_on(key, SEEN)
        return known

    def add(self, uri: str, row: Row, replaces: bool) -> None:
        """Take a row that was read; `replaces` another that is not committed."""
        key = key_of(uri)
        state = self._index.state(key)
        self._meet(state)
        self.read += not state & ADDED
        self.is_stale |= bool(state) and not replaces
        self._index.put(key, self._mark(row), state & ~BACK | ADDED)

    def begin(self) -> None:
        """Begin to go through the parts, from the newest to the oldest."""
        self._index.turn_off(PASSED)

    def passes(self, uri: str) -> bool:
        """Whether a row of this uri was passed since `begin`."""
        key = key_of(uri)
        state = self._index.state(key)
        if not state:  # a part that came here by hand meanwhile
            self._index.put(key, NEVER, PASSED)
        self._index.turn_on(key, PASSED)
        return bool(state & PASSED)

    def is_unseen(self, uri: str) -> bool:
        """Whether the table held it, and this scan has not met it."""
        return self._index.state(key_of(uri)) & (OLD | SEEN | ADDED) == OLD

    def is_back(self, uri: str) -> bool:
        """Whether this scan has found it unchanged where an earlier one did not find it."""
        return bool(self._index.state(key_of(uri)) & BACK)

    def _meet(self, state: int) -> None:
        self.unseen -= bool(state & OLD) and not state & (GONE | SEEN | ADDED)

    def _mark(self, row: Row) -> bytes:
        return NEVER if row["error_kind"] in self._again else mark_of(row["size"], row["stamp"], row["reader"])
