"""Named arrays as a file stores them, made into tensors: packed weights unpacked, roles by name, copies set aside."""

from __future__ import annotations

from nparams.dtypes import INTEGERS
from nparams.network import Tensor
from nparams.roles import UNUSUAL, role_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nparams.files.bytesource import Folder

    #: reads the bytes of one small tensor: (entry, most bytes that make sense)
    Data = Callable[["Entry", int], bytes]

#: number types that a packed weight may hide in
PACKING = INTEGERS | {"float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu", "float4_e2m1fn"}
PLAIN = {"weight": "weight", "bias": "bias"}


class Entry:
    """One array as stored: name, canonical dtype, shape, its product, and where its data lies."""

    __slots__ = ("dtype", "end", "name", "shape", "size", "start")

    def __init__(self, name: str, dtype: str, shape: tuple[int, ...], size: int, start: int = 0, end: int = 0) -> None:
        self.name = name
        self.dtype = dtype
        self.shape = shape
        self.size = size
        self.start = start
        self.end = end


class Made:
    """The tensors of a file and what should be said about them."""

    __slots__ = ("notes", "routes", "scheme", "tensors")

    def __init__(self, tensors: list[Tensor]) -> None:
        self.tensors = tensors
        self.notes: list[str] = []
        self.routes: dict[str, tuple[int | None, int]] = {}
        #: how the weights are packed, in words; None if they are not
        self.scheme: str | None = None


def assemble(entries: list[Entry], data: Data, folder: Folder | None) -> Made:
    """Each entry as a Tensor with its role; `data` and `folder` are asked only where a packing scheme needs them."""
    packed: dict[str, Tensor] = {}
    scheme: str | None = None
    notes: list[str] = []
    if any(entry.dtype in PACKING for entry in entries):
        from nparams.files.packed import unpack

        packed, scheme, notes = unpack(entries, data, folder)
    made = Made([packed.get(e.name) or _tensor(e) for e in entries] if packed else [_tensor(e) for e in entries])
    made.scheme, made.notes = scheme, notes
    _look_closer(made, {e.name for e in entries} if _has_pairs(entries) else set())
    return made


def _tensor(e: Entry) -> Tensor:
    name = e.name
    leaf = name[name.rfind(".") + 1 :]
    if leaf in PLAIN and len(e.shape) < 3 and UNUSUAL.search(name) is None:
        return Tensor(name, e.shape, e.dtype, leaf, size=e.size)
    role, note = role_of(name, e.shape, e.dtype)
    return Tensor(name, e.shape, e.dtype, role, note=note, size=e.size)


# -- what only the whole list of names can tell ------------------------------------------------------------------------

PAIRED = (".weight_v", ".num_updates")
COPIES = ("model_ema.", "ema_model.", "ema.", "module_ema.")


def _has_pairs(entries: list[Entry]) -> bool:
    return any(e.name.endswith(PAIRED) or e.name.startswith(COPIES) for e in entries)


def _look_closer(made: Made, names: set[str]) -> None:
    if names:
        _spectral_norm(made, names)
        _set_copies_aside(made)
    _route_experts(made)


def _spectral_norm(made: Made, names: set[str]) -> None:
    """weight_v beside weight_u is a buffer of spectral_norm; beside weight_g it is weight_norm's parameter."""
    for t in made.tensors:
        if t.name.endswith(".weight_v") and f"{t.name[:-1]}u" in names:
            t.role, t.note = "buffer", "a vector of spectral_norm, beside weight_u"


def _set_copies_aside(made: Made) -> None:
    """An averaged second copy is not the model when the model itself is there; alone, it is."""
    copies = [t for t in made.tensors if t.name.startswith(COPIES)]
    if not copies or len(copies) == len(made.tensors):
        return
    for t in copies:
        t.role, t.note = "other", "a second, averaged copy of a model that is also here"
    made.notes.append(f"{len(copies):,} tensors of an averaged copy ({copies[0].name.partition('.')[0]}) are set aside")


def _route_experts(made: Made) -> None:
    """Experts are named, but only a configuration says how many a token uses: `active` stays unknown."""
    routed = [t.name for t in made.tensors if ".experts." in t.name]
    if routed:
        made.routes = dict.fromkeys(routed, (None, 1))
        made.notes.append(
            "a mixture of experts: the file does not say how many experts a token uses, so active is unknown"
        )
