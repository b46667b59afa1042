"""Named arrays as a file stores them, made into a network's tensors: packed weights unpacked, copies set aside."""

from __future__ import annotations

from nparams.dtypes import INTEGERS, bytes_of
from nparams.network import PARAMETER_ROLES, Listed
from nparams.roles import ADAPTER_HINTS, HINTS, says

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nparams.network import Tensor
    from nparams.stored.plain import Folder

    #: reads the bytes of one small tensor: (which, most bytes that make sense)
    Data = Callable[[int, int], bytes]

#: number types that a packed weight may hide in
PACKING: frozenset[str | None] = INTEGERS | {"float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu", "float4_e2m1fn"}
ALL_HINTS = frozenset(HINTS)


class Entry:
    """One array as stored, in plain numbers: what the packing schemes see of a tensor."""

    __slots__ = ("bytes", "dtype", "name", "shape", "size")

    def __init__(self, name: str, dtype: str, shape: tuple[int, ...], size: int) -> None:
        self.name = name
        self.dtype = dtype
        self.shape = shape
        self.size = size
        self.bytes = bytes_of(size, dtype) or 0


class Made:
    """What should be said about the tensors of a file."""

    __slots__ = ("notes", "parts", "routes", "scheme")

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.routes: dict[str, tuple[int | None, int]] = {}
        #: how the weights are packed, in words; None if they are not
        self.scheme: str | None = None
        #: start of a name -> component, where the list of names tells
        self.parts: dict[str, str] = {}


def assemble(
    tensors: Sequence[Tensor], data: Data, folder: Folder | None, hints: frozenset[str] = ALL_HINTS,
    metadata: Mapping[str, str] | None = None, where: str = "the file",
) -> Made:  # fmt: skip
    """Correct, in place, what one name alone cannot tell: packed weights, pairs of names, second copies.

    `tensors` are as stored, each with the role of its name.  `data` and `folder` are asked only where a packing scheme
    needs them.  `hints` are those of roles.HINTS that occur in any name, so that what cannot apply is not looked for.
    `metadata` is what the file says of itself, by key (some packings describe each weight there).  `where` is what the
    tensors stand in, in words.
    """
    made = Made()
    if not PACKING.isdisjoint(tensors.dtypes() if isinstance(tensors, Listed) else {t.dtype for t in tensors}):
        from nparams.stored._packed.unpack import unpack

        made.scheme, made.notes = unpack(tensors, data, folder, metadata)
    if ".weight_v" in hints:
        _spectral_norm(tensors)
    if "ema" in hints:
        _set_copies_aside(made, tensors)
    if not hints.isdisjoint(ADAPTER_HINTS):
        from nparams.stored.adapters import describe

        describe(made, tensors, folder, metadata)
    if ".experts." in hints:
        _route_experts(made, tensors, where)
    return made


def undecided(tensors: Sequence[Tensor]) -> list[str]:
    """A note where no name says that this is a network: a container of arrays may hold anything.

    >>> from nparams.network import Tensor
    >>> undecided([Tensor("mel_80", (80, 201))]), undecided([Tensor("W1", (3, 2)), Tensor("b1", (2,))])
    (['arrays without a word of a network: weights by their shapes and number types alone'], [])
    """
    if not any(t.role in PARAMETER_ROLES for t in tensors) or any(t.role == "bias" or says(t.name) for t in tensors):
        return []
    return ["arrays without a word of a network: weights by their shapes and number types alone"]


# -- what only the whole list of names can tell ------------------------------------------------------------------------

COPIES = ("model_ema.", "ema_model.", "ema.", "module_ema.")


def _spectral_norm(tensors: Sequence[Tensor]) -> None:
    """weight_v beside weight_u is a buffer of spectral_norm; beside weight_g it is weight_norm's parameter."""
    names = {t.name for t in tensors if t.name.endswith(".weight_u")}
    for t in tensors:
        if t.name.endswith(".weight_v") and f"{t.name[:-1]}u" in names:
            t.role, t.note = "buffer", "a vector of spectral_norm, beside weight_u"


def _set_copies_aside(made: Made, tensors: Sequence[Tensor]) -> None:
    """An averaged second copy is not the model when the model itself is there; alone, it is."""
    left = [t for t in tensors if t.role != "other"]
    copies = [t for t in left if t.name.startswith(COPIES)]
    if not copies or len(copies) == len(left):
        return
    for t in copies:
        t.role, t.note = "other", "a second, averaged copy of a model that is also here"
    told = "1 tensor" if len(copies) == 1 else f"{len(copies):,} tensors"
    made.notes.append(f"set aside: {told} of an averaged copy ({copies[0].name.partition('.')[0]})")


def _route_experts(made: Made, tensors: Sequence[Tensor], where: str) -> None:
    """Experts are named, but only a configuration says how many a token uses: `active` stays unknown."""
    names = tensors.names if isinstance(tensors, Listed) else [t.name for t in tensors]
    routed = [name for name in names if ".experts." in name]
    if routed:
        made.routes = dict.fromkeys(routed, (None, 1))
        made.notes.append(
            f"a mixture of experts: {where} does not say how many experts a token uses, so active is unknown"
        )
