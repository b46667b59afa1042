"""Storages that a plain pickle keeps: each the bytes of an old torch.save of that storage alone.

pytorch torch/storage.py (`__reduce__`, `_load_from_bytes`): what pickle.dump writes of a tensor outside torch.save.
The bytes are read as pickles are, as data; nothing in them may be called, and the numbers stay where they are.
"""

from __future__ import annotations

from nparams.errors import FormatError
from nparams.files._pickle import CALLS, Call, Global, Long, Refused, load
from nparams.files._pytorch.storages import Storage, Storages
from nparams.files.bytesource import MemorySource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from nparams.files._pickle.values import Make
    from nparams.files.bytesource import ByteSource

NAME = "torch.storage._load_from_bytes"
MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
COUNT = 8  # bytes before the numbers
HEAD = 4_096  # bytes that the pickles before the numbers take at most, 350 in files of torch
MOST = 20_000  # storages in one pickle: models of many thousand layers have fewer


class Nested:
    """Makes a Storage of each call of that name; `calls` is what a pickle that may hold them may call."""

    def __init__(self, source: ByteSource) -> None:
        self.source = source
        self.calls: Mapping[str, Make] = {**CALLS, NAME: self}
        self.made = 0
        #: storages by their key, class and size: what was one storage is one, though its numbers are kept again
        self.known: dict[tuple[object, ...], Storage] = {}
        #: the first bytes of the last one, which tell only of PyTorch and the machine: the same in all of one run
        self.front = b""

    def __call__(self, maker: Global, args: tuple[Any, ...]) -> Storage:
        """The storage, where the bytes are no others than torch writes."""
        self.made += 1
        if self.made > MOST:
            raise Refused(f"keeps more than {MOST:,} storages inside itself")
        try:
            (told,) = args
            head, held, size = self._bytes(told)
            storage, behind = self._storage(head)
        except (FormatError, TypeError, ValueError):
            raise Refused(f"calls {NAME}") from None  # with others, torch.load reads whatever they are
        if behind + storage.bytes != size and (held is not None or behind + storage.bytes > size):
            raise Refused(f"calls {NAME} with a storage of {storage.bytes:,} bytes where {size - behind:,} are")
        known = self.known.setdefault((storage.key, storage.dtype, storage.elements), storage)
        if known is storage and held is not None:
            storage.held = held[0], held[1] + behind
        return known

    def _bytes(self, told: Any) -> tuple[bytes, tuple[ByteSource, int] | None, int]:
        """(the first bytes, where they lie, how many there are at most)."""
        if told.__class__ is Call and told.maker.path == "_codecs.encode":  # how protocol 2 writes bytes
            told = told.args[0]
            if told.__class__ is str:
                told = told.encode("latin-1")
        if told.__class__ is bytes:
            return told[:HEAD], (MemorySource(told), 0), len(told)
        if told.__class__ is not Long:
            raise TypeError("bytes that are none")
        head = self.source.read(told.at, min(HEAD, told.length))
        if told.kind == "str":
            return head.decode("utf-8", "ignore").encode("latin-1"), None, told.length
        return head, (self.source, told.at), told.length

    def _storage(self, head: bytes) -> tuple[Storage, int]:
        """The storage that such bytes begin with, and where its numbers begin."""
        source, storages = MemorySource(head), Storages()
        if not self.front or not head.startswith(self.front):
            self.front = head[: front_of(source)]
        loaded = load(source, len(self.front), calls={}, persistent=storages)
        keys = load(source, loaded.end, calls={})
        storage = loaded.value
        if storage.__class__ is not Storage or storage.root is not storage or keys.value != [storage.key]:
            raise FormatError("another value than a storage")
        return storage, keys.end + COUNT


def front_of(source: ByteSource) -> int:
    """The end of the pickles that tell of PyTorch and the machine: magic number, protocol, sizes of numbers."""
    at = 0
    for wanted in (MAGIC, PROTOCOL, None):
        met = load(source, at, calls={})
        if wanted is not None and (met.value.__class__ is not int or met.value != wanted):
            raise FormatError("not the bytes of torch.save")
        at = met.end
    return at
