"""What an ONNX file says about itself: the print-back, notes and flags."""

from __future__ import annotations

from nparams.errors import escaped, shown
from nparams.files._onnx.learned import INSTEAD, foreign
from nparams.files._onnx.names import is_made_up
from nparams.network import PARAMETER_ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.files._onnx.inventory import Inventory, Item
    from nparams.files._onnx.model import Model
    from nparams.files.bytesource import Folder


#: how operators on integers are called together
SCHEMES = {
    **dict.fromkeys(("QLinearConv", "QLinearMatMul", "QGemm", "QAttention", "QLinearAdd", "QLinearMul"), "QOperator"),
    **dict.fromkeys(
        ("MatMulInteger", "ConvInteger", "DynamicQuantizeMatMul", "DynamicQuantizeLSTM", "MatMulIntegerToFloat"),
        "dynamically quantised",
    ),
}

MOST_ASKED = 100  # files of external data that are looked for


class Words:
    """The parts of a Network that are said rather than counted."""

    __slots__ = ("also", "flags", "notes")

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.flags: list[dict[str, str]] = []
        self.also: dict[str, int] = {}

    def flag(self, kind: str, text: str) -> None:
        """Something odd that does not keep the file from being counted."""
        self.flags.append({"kind": kind, "text": text})


def read_as(model: Model, inventory: Inventory) -> str:
    """The print-back: version, operator set, producer, how many tensors, how they are packed."""
    said = [f"ONNX, IR {model.version}"]
    opset = model.opsets.get("", model.opsets.get("ai.onnx"))
    if opset is not None:
        said.append(f"opset {opset}")
    if model.producer:
        said.append(escaped(model.producer[:40]))
    count = sum(item.tensor.role != "other" for item in inventory.items)
    said.append(f"{count:,} tensor{'' if count == 1 else 's'}")
    return ", ".join([*said, *_schemes(inventory.items)])


def _schemes(items: Sequence[Item]) -> list[str]:
    """How weights are quantised, in words."""
    found: dict[str, None] = {}
    for item in items:
        if item.tensor.role == "weight" and item.mark is not None and item.tensor.dtype not in (None, "float32"):
            if item.tensor.note and item.tensor.note.startswith("packed: "):
                found.setdefault(item.mark.node.op)
            elif item.mark.through == "DequantizeLinear":
                found.setdefault("QDQ")
            elif item.mark.node.op in SCHEMES:
                found.setdefault(SCHEMES[item.mark.node.op])
    return list(found)


def describe(model: Model, inventory: Inventory, folder: Folder | None) -> Words:
    """Everything worth saying about the tensors of a model."""
    words = Words()
    _say_external(words, inventory.items, folder)
    _say_missing(words, inventory.items)
    _say_made(words, inventory.items)
    _say_sparse(words, inventory.items)
    _say_inline(words, inventory.items)
    _say_unknown(words, inventory.items)
    _say_stored_twice(words, inventory.items)
    _say_foreign(words, inventory)
    if model.training:
        words.notes.append("the graphs that train the model are set aside")
    return words


def _say_external(words: Words, items: Sequence[Item], folder: Folder | None) -> None:
    """Weights in other files: none is opened; a place outside the folder is flagged, an absent file is noted."""
    places: dict[str, int] = {}
    for item in items:
        if item.stored.external is not None:
            at = item.stored.external.get("location", "")
            places[at] = places.get(at, 0) + 1
    if not places:
        return
    named = ", ".join(shown(at) for at in list(places)[:3]) + (", ..." if len(places) > 3 else "")
    count = sum(places.values())
    words.notes.append(
        f"{one_or(count, 'tensor keeps its', 'tensors keep their')}"
        f" numbers in {named}; shapes are in this file, so that is not opened"
    )
    for at in places:
        if leads_out(at):
            words.flag("external-data", f"external data at {shown(at)}, which leads out of the model's folder")
    inside = [at for at in places if at and not leads_out(at) and "/" not in at]
    if folder is not None and inside:
        from nparams.stored.plain import has

        absent = [at for at in inside[:MOST_ASKED] if not has(folder, at)]
        if absent:
            words.notes.append(f"{shown(absent[0])} is not beside the model: it can be counted, and not run")


def one_or(count: int, one: str, many: str) -> str:
    """A count with the words that follow it.

    >>> one_or(1, "weight is", "weights are"), one_or(2, "weight is", "weights are")
    ('1 weight is', '2 weights are')
    """
    return f"{count:,} {one if count == 1 else many}"


def leads_out(location: str) -> bool:
    """Whether the place of external data is no plain path below the model's folder.

    >>> leads_out("weights/a.bin"), leads_out("../a.bin"), leads_out("/etc/passwd")
    (False, True, True)
    """
    if not location or location[0] in "/\\~" or any(c in location for c in "\\:\0"):
        return True
    return ".." in location.split("/")


def _say_missing(words: Words, items: Sequence[Item]) -> None:
    empty = [item for item in items if item.stored.note and "holds no numbers" in item.stored.note]
    if empty:
        first = shown(empty[0].tensor.name)
        words.notes.append(
            f"{one_or(len(empty), 'tensor has', 'tensors have')}"
            f" a shape and no numbers, {first} the first: counted by their shapes"
        )
        words.flag("no-data", f"{one_or(len(empty), 'tensor has', 'tensors have')} no numbers, {first} the first")


def _say_made(words: Words, items: Sequence[Item]) -> None:
    filled = sum(item.stored.how == "filled" for item in items)
    if filled:
        words.notes.append(
            f"{one_or(filled, 'weight is', 'weights are')}"
            f" filled with one value by ConstantOfShape when the model starts; the file holds "
            "shapes only"
        )
    if any(item.stored.how == "attribute" for item in items):
        words.notes.append(
            "the coefficients and intercepts of a linear model are its parameters; ONNX keeps them as attributes"
        )


def _say_sparse(words: Words, items: Sequence[Item]) -> None:
    held = [item for item in items if item.stored.how == "sparse" and item.tensor.role in PARAMETER_ROLES]
    if not held:
        return
    counted = [i.tensor for i in items if i.tensor.role in PARAMETER_ROLES and isinstance(i.tensor.size, int)]
    total = sum(t.size for t in counted if isinstance(t.size, int))
    absent = sum(item.stored.size - (item.stored.elements or 0) for item in held)
    words.also["nonzero"] = total - absent
    words.notes.append(
        f"{one_or(len(held), 'weight is', 'weights are')} stored sparsely; zeros are counted, {absent:,} of them"
    )


def _say_inline(words: Words, items: Sequence[Item]) -> None:
    aside = [i for i in items if i.tensor.role == "other" and i.stored.how == "constant" and i.stored.size > 1]
    tables = [i for i in aside if i.stored.dtype is not None and "float" in i.stored.dtype]
    if tables:
        count = sum(item.stored.size for item in tables)
        plural = "s" if len(tables) > 1 else ""
        words.notes.append(
            f"{len(tables):,} inline constant{plural} of {count:,} numbers in no weight slot (tables, priors) set aside"
        )


def _say_unknown(words: Words, items: Sequence[Item]) -> None:
    unknown = [item for item in items if item.tensor.role in PARAMETER_ROLES and item.tensor.shape is None]
    if unknown:
        first = unknown[0].tensor
        words.notes.append(
            f"{one_or(len(unknown), 'packed weight has', 'packed weights have')}"
            f" no known logical size; the first: {shown(first.name)}: {first.note}"
        )
    strange = [item for item in items if item.stored.note and "is not known" in item.stored.note]
    if strange:
        words.notes.append(f"{shown(strange[0].tensor.name)}: {strange[0].stored.note}")


def _say_stored_twice(words: Words, items: Sequence[Item]) -> None:
    """An exporter that turns a tied output head round beforehand stores the embedding a second time."""
    tables = {
        i.tensor.shape: i.tensor for i in items
        if i.mark is not None and i.mark.node.op == "Gather" and i.tensor.role == "weight" and len(i.stored.dims) == 2
    }  # fmt: skip
    for item in items if tables else ():
        t = item.tensor
        table = tables.get(t.shape[::-1]) if t.shape else None
        head = t.role == "weight" and item.mark is not None and item.mark.node.op in ("MatMul", "Gemm")
        if table is not None and head and is_made_up(t.name):
            words.notes.append(
                f"{shown(t.name)} has the shape of {shown(table.name)} turned round: if the model ties its output head "
                f"to that table, the exporter stored it twice, and {t.size:,} of the parameters are copies"
            )


def _say_foreign(words: Words, inventory: Inventory) -> None:
    for what, count in foreign(inventory.nodes()).items():
        words.notes.append(f"{count:,} x {what} beside what is counted here. {INSTEAD[what]}")
