"""What a TensorFlow Lite file says of itself: the print-back and the notes."""

from __future__ import annotations

from nparams.errors import shown
from nparams.files._tflite.slots import ACCELERATORS, is_unknown
from nparams.network.tree import PARAMETER_ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nparams.files._tflite.constants import Constant, Reading
    from nparams.files._tflite.graph import Graph
    from nparams.network.tree import Tensor


def told(reading: Reading, graph: Graph, subgraphs: int) -> str:
    """The print-back."""
    stored = len(reading.constants)
    parts = [
        "TensorFlow Lite", f"{stored:,} stored tensor{'' if stored == 1 else 's'} of {reading.seen:,}",
        f"{graph.operators:,} operator{'' if graph.operators == 1 else 's'}",
    ]  # fmt: skip
    return ", ".join([*parts, *([f"{subgraphs:,} subgraphs"] if subgraphs > 1 else [])])


def notes_of(reading: Reading, graph: Graph, tensors: Sequence[Tensor]) -> list[str]:
    """Everything that a user must see."""
    return [
        *_accelerated(graph, tensors), *_custom(reading, graph), *_tied(tensors), *_elsewhere(reading),
        *_sparse(reading, tensors),
    ]  # fmt: skip


def flags_of(reading: Reading) -> list[dict[str, str]]:
    """What no converter writes, though it can be counted."""
    padded = [c.name for c in reading.constants if c.packed]
    if not padded:
        return []
    text = f"{_some(padded)}: the buffer holds more bytes than the shape takes"
    return [{"kind": "unused-bytes", "text": text}]


def _accelerated(graph: Graph, tensors: Sequence[Tensor]) -> Iterator[str]:
    """Programs for an accelerator: their weights are inside, in a form of its maker's own."""
    found = sorted({ACCELERATORS[name] for name in graph.custom & ACCELERATORS.keys()})
    if not found:
        return
    held = any(t.role in PARAMETER_ROLES for t in tensors)
    rest = "only what is left outside is counted" if held else "there is nothing left to count"
    yield (
        f"compiled for {' and '.join(found)}: weights inside the compiled part are not stored openly, {rest}; "
        "count the model that it was compiled from"
    )


def _custom(reading: Reading, graph: Graph) -> Iterator[str]:
    """Constants of custom operators whose operands mean something that is not known here."""
    strange = {operator for operator in graph.custom if is_unknown(operator)}
    unknown: dict[str, int] = {}
    for constant in reading.constants:
        operator = graph.uses.get(constant.key, "")
        if operator in strange:
            unknown[operator] = unknown.get(operator, 0) + constant.size
    if unknown:
        names = ", ".join(shown(name) for name in list(unknown)[:5])
        size = sum(unknown.values())
        yield f"custom operators that are not known ({names}): {size:,} numbers stored for them go by name and shape"


def _tied(tensors: Sequence[Tensor]) -> Iterator[str]:
    tied = [t for t in tensors if t.tied_to is not None]
    if tied:
        them = "1 tensor shares" if len(tied) == 1 else f"{len(tied):,} tensors share"
        yield f"{them} the buffer of another (converters store equal numbers once): counted once, with that one"


def _elsewhere(reading: Reading) -> Iterator[str]:
    names = [c.name for c in reading.constants if c.buffer[0] != "buffer"]
    if names:
        yield f"{_some(names)}: the numbers lie in another file, which is not opened; counted by the shape that is here"


def _sparse(reading: Reading, tensors: Sequence[Tensor]) -> Iterator[str]:
    sparse = [c for c in reading.constants if c.sparse is not None]
    if sparse:
        size, stored = sum(c.size for c in sparse), sum(c.sparse or 0 for c in sparse)
        yield f"{_some([c.name for c in sparse])}: sparse, {stored:,} of {size:,} numbers are stored; all are counted"


def _some(names: Sequence[str]) -> str:
    return shown(names[0]) + (f" and {len(names) - 1:,} more" if len(names) > 1 else "")


def nonzero(constants: Sequence[Constant], tensors: Sequence[Tensor]) -> dict[str, int]:
    """The parameters without the zeros that sparse tensors leave out, where there are such."""
    pairs = [(c, t) for c, t in zip(constants, tensors, strict=True) if t.role in PARAMETER_ROLES and t.tied_to is None]
    if all(c.sparse is None for c, _ in pairs):
        return {}
    return {"nonzero": sum(c.size if c.sparse is None else min(c.sparse, c.size) for c, _ in pairs)}
