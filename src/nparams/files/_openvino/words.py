"""What an IR says about itself: the print-back, notes and flags, and whether its .bin is whole."""

from __future__ import annotations

from nparams.dtypes import held_bytes
from nparams.errors import FormatError, ReadError, bare_name, place, shown
from nparams.files._openvino.net import Net
from nparams.network.tree import PARAMETER_ROLES
from nparams.stored.plain import has

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nparams.files._openvino.graph import Graph
    from nparams.files._slots.tree import Item
    from nparams.files.bytesource import Folder

XML, BIN = ".xml", ".bin"
#: number types of weights that are compressed
SMALL = frozenset(("int8", "uint8", "int4", "uint4", "nf4", "float4_e2m1fn", "float8_e4m3fn", "float8_e5m2", "uint2",
                   "uint3", "uint6", "uint1"))  # fmt: skip


def read_as(net: Net, items: Sequence[Item]) -> str:
    """The print-back: version, how many constants, how weights are compressed."""
    count = len(items)
    said = [f"OpenVINO IR v{net.version}", f"{count:,} constant{'' if count == 1 else 's'}"]
    kinds = {i.tensor.dtype for i in items if i.tensor.role in PARAMETER_ROLES and i.tensor.dtype in SMALL}
    return ", ".join([*said, *([f"weights in {' and '.join(sorted(map(str, kinds)))}"] if kinds else [])])


def notes_of(net: Net, graph: Graph, items: Sequence[Item]) -> list[str]:
    """Everything that a user must see."""
    return [*_old(net, items), *_tied(items), *_unknown(graph), *_strange(items)]


def _old(net: Net, items: Sequence[Item]) -> Iterator[str]:
    if net.version < 10 and items:
        yield f"IR v{net.version} says how many numbers a layer's weights are, and not their shape"


def _tied(items: Sequence[Item]) -> Iterator[str]:
    tied = [i.tensor for i in items if i.tensor.tied_to is not None and i.tensor.role in PARAMETER_ROLES]
    if tied:
        size = sum(t.size for t in tied if isinstance(t.size, int))
        them = "1 parameter reads" if len(tied) == 1 else f"{len(tied):,} parameters read"
        yield (
            f"{them} the same bytes of the .bin as another (OpenVINO stores equal numbers once): counted once; "
            f"apart they would be {size:,} more"
        )


def _unknown(graph: Graph) -> Iterator[str]:
    if graph.unknown:
        names = ", ".join(shown(name) for name in list(graph.unknown)[:5])
        yield f"operators of an extension ({names}): what is stored for them goes by name and shape"


def _strange(items: Sequence[Item]) -> Iterator[str]:
    strange = [i for i in items if i.tensor.note and "is not known: bytes" in i.tensor.note]
    if strange:
        yield f"{shown(strange[0].tensor.name)}: {strange[0].tensor.note}"


def flags_of(items: Sequence[Item]) -> list[dict[str, str]]:
    """What OpenVINO never writes, though it can be counted."""
    longer = [
        i.tensor.name for i in items
        if i.const.dtype is not None and (i.const.length or 0) > held_bytes(i.const.size, i.const.dtype)
    ]  # fmt: skip
    if not longer:
        return []
    more = f" and {len(longer) - 1:,} more" if len(longer) > 1 else ""
    return [{"kind": "unused-bytes", "text": f"{shown(longer[0])}{more}: more bytes are declared than the shape takes"}]


def check_bin(name: str, graph: Graph, folder: Folder | None) -> list[str]:
    """Notes on the .bin beside an .xml; it is not opened but for its size, which must hold all that is declared.

    Raises FormatError where it is too short.
    """
    if folder is None or not graph.stored:
        return []
    bare = bare_name(name)
    other = bare.removesuffix(XML) + BIN
    if not has(folder, other):
        return [f"{shown(other)} is not beside the model: it can be counted, and not run"]
    try:
        with folder.open(other) as source:
            size = source.size
    except ReadError:
        return [f"{shown(other)} beside the model cannot be opened: it can be counted, and not run"]
    last = max(graph.stored, key=lambda stored: stored.offset + (stored.length or 0))
    end = last.offset + (last.length or 0)
    if end > size:
        raise FormatError(
            f"{place(name)}: constant {shown(last.name)} ends at {end:,}, but {place(other)} beside it has {size:,} "
            "bytes. A cut download, or a Git LFS pointer? Without it the .xml is counted alone"
        )
    return []
