"""What is said of a SavedModel: the print-back and notes, with variables or without."""

from __future__ import annotations

from nparams.errors import NparamsError, escaped, shown
from nparams.files._tensorflow.meta import told_tags
from nparams.files._tensorflow.words import many, set_aside
from nparams.files._tensorflow.words_graph import compiled, of_constants
from nparams.files.bytesource import NeedBytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nparams.files._onnx.inventory import Item
    from nparams.files._tensorflow.graph import Graph
    from nparams.files._tensorflow.meta import Meta
    from nparams.files._tensorflow.variables import Variable


def told(meta: Meta, held: Sequence[Variable]) -> str:
    """The print-back of a model with variables."""
    count = sum(each.aside is None for each in held)
    return ", ".join([*_begin(meta), many(count, "variable")])


def told_frozen(meta: Meta, items: Sequence[Item]) -> str:
    """The print-back of a model without variables."""
    return ", ".join([*_begin(meta), "frozen", many(len(items), "constant")])


def _begin(meta: Meta) -> Iterator[str]:
    yield "SavedModel"
    if meta.version:
        yield f"TensorFlow {escaped(meta.version[:40])}"
    if told_tags(meta):
        yield told_tags(meta)


def variable_notes(
    meta: Meta, held: Sequence[Variable], first: Sequence[str] | None = None
) -> tuple[list[str], dict[str, int]]:
    """(notes on a model with variables after the `first`, other counts)."""
    notes = [*(set_aside(held) if first is None else first), *_graphs(meta), *_trained(held)]
    also: dict[str, int] = {}
    try:
        graph, items = meta.constants()
    except NeedBytes:
        raise
    except NparamsError as problem:
        return [*notes, f"its graph is not looked at for constants in a weight's place: {escaped(str(problem))}"], also
    found = [
        item for item in items if item.mark is not None and item.mark.letter == "w" and item.tensor.role == "weight"
    ]
    size = sum(item.stored.size for item in found)
    if found:
        also["constants"] = size
        notes.append(
            f"{many(len(found), 'constant')} of {many(size, 'number')} in a weight's place in the graph, "
            f"{shown(found[0].tensor.name)} the first (fixed filters, or a part that was frozen): no variables, and "
            "not counted"
        )
    return [*notes, *compiled(graph)], also


def frozen_notes(meta: Meta, graph: Graph, items: Sequence[Item]) -> list[str]:
    """Everything that a user must see of a model without variables."""
    _, name, _ = meta.signature()
    what = f"the constants that the signature {shown(name)} reaches are" if name else "all constants of its graph are"
    return [f"no variables: {what} counted", *_graphs(meta), *of_constants(graph, items)]


def _graphs(meta: Meta) -> Iterator[str]:
    if len(meta.tags) > 1:
        yield f"{len(meta.tags):,} graphs ({told_tags(meta)}) share the variables, which are counted once"


def _trained(held: Sequence[Variable]) -> Iterator[str]:
    """That nothing is marked as trainable."""
    own = [each for each in held if each.aside is None and each.trainable is not None]
    if own and not any(each.trainable for each in own):
        yield "no variable is marked as trainable: saved for inference only"
