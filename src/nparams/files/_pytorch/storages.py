"""Storages: the numbers that tensors are views on, kept outside the pickle and named in it by a persistent id.

pytorch torch/serialization.py (`_save`, `_legacy_save`): the id is ("storage", class, key, location, elements) and, in
files from before 1.6, what part of another storage it is, if it is one.
"""

from __future__ import annotations

from nparams.dtypes import BLOCKS, TORCH_STORAGES
from nparams.errors import escaped
from nparams.files._pickle import Global, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.files.bytesource import ByteSource

#: classes of bytes without a number type: their elements are bytes
UNTYPED = frozenset(("UntypedStorage", "_UntypedStorage"))
#: modules whose storages are torch's
WRITERS = frozenset(("torch", "torch_xla", "intel_extension_for_pytorch"))
MAX_ELEMENTS = 1 << 62
#: what follows in an id of a storage that is no part of another
NO_VIEW = ((), (None,))


class Storage:
    """A run of numbers: `dtype` None means plain bytes; `elements` of it, `bytes` in all."""

    __slots__ = ("bytes", "dtype", "elements", "held", "key", "location", "root", "start", "width")

    def __init__(self, key: str, dtype: str | None, width: int, elements: int, location: Any) -> None:
        self.key = key
        self.dtype = dtype
        #: bytes of one element as its class counts them
        self.width = width
        self.elements = elements
        self.bytes = elements * width
        self.location = location if location.__class__ is str else ""
        #: the storage that this is a part of, and at which byte (itself and 0, but for old files)
        self.root = self
        self.start = 0
        #: where its numbers lie, if not where the others' do
        self.held: tuple[ByteSource, int] | None = None


class Storages:
    """Makes a Storage of each persistent id, the same for the same key.

    >>> made = Storages()
    >>> one = made(("storage", Global("torch", "FloatStorage"), "0", "cpu", 6))
    >>> one.bytes, made(("storage", Global("torch", "FloatStorage"), "0", "cpu", 6)) is one
    (24, True)
    """

    def __init__(self) -> None:
        self.by_key: dict[str, Storage] = {}
        self.views: dict[str, Storage] = {}
        #: a class by its name -> (dtype, bytes of an element)
        self.kinds: dict[Global, tuple[str | None, int]] = {}

    def __call__(self, pid: Any) -> object:
        """The storage with that id, or the class that a whole module's file names so."""
        if pid.__class__ is tuple and 5 <= len(pid) <= 6 and pid[0] == "storage" and pid[5:] in NO_VIEW:
            _, of, key, location, elements = pid[:5]
            kind = self.kinds.get(of) if of.__class__ is Global else None
            fits = key.__class__ is str and elements.__class__ is int and 0 <= elements < MAX_ELEMENTS
            if kind is not None and fits and key not in self.by_key:  # as nearly all are
                made = self.by_key[key] = Storage(key, kind[0], kind[1], elements, location)
                return made
        if pid.__class__ is not tuple or not pid:
            raise Refused("keeps something outside itself under an id that is no tuple")
        if pid[0] == "storage" and 5 <= len(pid) <= 6:
            storage = self._storage(pid)
            return storage if len(pid) == 5 or pid[5] is None else self._view(storage, pid[5])
        if pid[0] == "module" and len(pid) == 4 and pid[1].__class__ is Global:
            return pid[1]  # ("module", class, source file, source): torch/serialization.py, `_legacy_save`
        raise Refused("keeps something outside itself that is no storage")

    def _storage(self, pid: tuple[Any, ...]) -> Storage:
        _, of, key, location, elements = pid[:5]
        if of.__class__ is not Global or elements.__class__ is not int or not 0 <= elements < MAX_ELEMENTS:
            raise Refused("describes a storage in no known way")
        dtype, width = self.kinds.get(of) or self._kind(of)
        known = self.by_key.get(key) if key.__class__ is str else None
        if known is None:
            if key.__class__ not in (str, int):
                raise Refused("names a storage by what is no text")
            known = Storage(str(key), dtype, width, elements, location)
            known = self.by_key.setdefault(str(key), known)
        if known.dtype != dtype or known.elements != elements:
            raise Refused(f"describes storage {escaped(known.key[:40])} twice, and differently")
        return known

    def _kind(self, of: Global) -> tuple[str | None, int]:
        name = of.name
        if name not in UNTYPED:
            known = TORCH_STORAGES.get(name.removesuffix("Storage")) if name.endswith("Storage") else None
            if known is None or of.module.partition(".")[0] not in WRITERS:
                raise Refused(f"keeps numbers in a storage of the unknown class {escaped(of.path[:80])}")
            per, width = BLOCKS[known]
            found: tuple[str | None, int] = known, width if per == 1 else 1
        else:
            found = None, 1
        self.kinds[of] = found
        return found

    def _view(self, root: Storage, told: Any) -> Storage:
        """A part of a storage, in files from before 1.6: (key, first element, elements)."""
        if told.__class__ is not tuple or len(told) != 3 or not all(n.__class__ is int and n >= 0 for n in told[1:]):
            raise Refused("describes a part of a storage in no known way")
        key, first, elements = told
        if key.__class__ not in (str, int) or first + elements > root.elements:
            raise Refused(f"describes a part of storage {escaped(root.key[:40])} that is not inside it")
        made = self.views.get(str(key))
        if made is None:
            made = Storage(str(key), root.dtype, root.width, elements, root.location)
            made.root, made.start = root, first * root.width
            self.views[str(key)] = made
        if made.root is not root or (made.start, made.elements) != (first * root.width, elements):
            raise Refused(f"describes a part of storage {escaped(root.key[:40])} twice, and differently")
        return made
