"""The role of each stored array, by what it is used for, its name and its number type (DESIGN's order of roles)."""

from __future__ import annotations

from nparams.dtypes import INTEGERS
from nparams.files._onnx.names import is_made_up
from nparams.roles import usual_role

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from nparams.files._onnx.model import Stored
    from nparams.files._onnx.reach import Mark

#: integers that a weight may be stored as without further ado; wider ones only where the operator takes them
NARROW = frozenset(("int8", "uint8"))
PLAIN_NAMES = frozenset(("weight", "kernel", "gamma"))
#: what inputs are normalised with, in preprocessing that is part of the graph
STATISTICS = frozenset(("mean", "std", "var", "variance", "pixel_mean", "pixel_std", "image_mean", "image_std"))
#: what a mark makes of an array -> (role, what a note says of it)
FIXED_ROLES = {
    "s": ("bookkeeping", "scale, zero point or index of a quantised {op}"),
    "m": ("buffer", "statistics or a table of {op}"),
    "a": ("buffer", "an argument of {op}"),
}


class Verdict:
    """A role, why, and the use that decided."""

    __slots__ = ("mark", "note", "role")

    def __init__(self, role: str, note: str | None = None, mark: Mark | None = None) -> None:
        self.role = role
        self.note = note
        self.mark = mark


def judge(stored: Stored, marks: Mapping[str, Mark], annotated: bool = False) -> Verdict:
    """What an initializer is."""
    named = usual_role(_leaf(stored), stored.dims, stored.dtype)
    slot = _slot(stored, marks)
    if named[0] == "buffer" and stored.dtype not in INTEGERS and (slot is None or slot.letter != "b"):
        return Verdict("buffer", named[1], slot)
    if slot is not None:
        role = "weight" if slot.letter == "w" else "bias"
        return Verdict(role, _through(slot), slot)
    for sign in "sm":
        if sign in marks:
            return Verdict(*_by(marks[sign], sign), marks[sign])
    if annotated:
        return Verdict("bookkeeping", "the scale or zero point of a quantised array, by the graph's own word")
    return _by_operand(stored, marks, named[0])


def _slot(stored: Stored, marks: Mapping[str, Mark]) -> Mark | None:
    """The use that makes it a weight or a bias, where its numbers can be such."""
    for sign in "wb":
        mark = marks.get(sign)
        if mark is not None and _may_be(stored, mark):
            return None if _stands_in(stored, mark) else mark
    return None


def _stands_in(stored: Stored, mark: Mark) -> bool:
    """Whether ones and zeros take the place of parameters that a layer does not have.

    Exporters write torch's GroupNorm, and InstanceNorm without parameters, as InstanceNormalization, which must have
    both.
    """
    return mark.node.op == "InstanceNormalization" and is_made_up(stored.name)


def _may_be(stored: Stored, mark: Mark) -> bool:
    if stored.text:
        return False
    return stored.dtype not in INTEGERS or stored.dtype in NARROW or (mark.integers and stored.dtype != "bool")


def _by_operand(stored: Stored, marks: Mapping[str, Mark], named: str) -> Verdict:
    """An array that stands in no layer's slot: an operand of arithmetic, an argument, or unknown."""
    mark = next((marks[sign] for sign in "xod" if sign in marks and _may_be_operand(stored, marks[sign])), None)
    if mark is not None:
        return _operand(stored, mark, named)
    if "a" in marks:
        return Verdict(*_by(marks["a"], "a"), marks["a"])
    if stored.text or stored.dtype in INTEGERS:
        return Verdict("buffer", f"{stored.dtype or 'text'}: not trainable")
    if any(_stands_in(stored, mark) for sign, mark in marks.items() if sign in "wb"):
        return Verdict("buffer", "in the place of a parameter that the layer does not have")
    by_name = named == "bias" or _leaf(stored) in PLAIN_NAMES
    if is_made_up(stored.name) or (stored.size == 1 and not by_name):
        return Verdict("buffer", "in no slot that is known, and no parameter by its name")
    return Verdict("bias" if named == "bias" else "weight", "in no slot that is known: by its name and shape")


def _may_be_operand(stored: Stored, mark: Mark) -> bool:
    return not stored.text and (stored.dtype not in INTEGERS or (mark.integers and stored.dtype != "bool"))


def _operand(stored: Stored, mark: Mark, named: str) -> Verdict:
    """Added along one side it is a bias, whole tables and factors are weights; one number only where it has a name."""
    note = f"an operand of {mark.node.op}"
    if stored.size == 1 and is_made_up(stored.name):
        return Verdict("buffer", f"one number, {note}", mark)
    if mark.node.op in ("Sub", "Div") and (is_made_up(stored.name) or _leaf(stored) in STATISTICS):
        return Verdict("buffer", f"{note}, and no parameter by its name", mark)
    if named == "bias" or _leaf(stored) in PLAIN_NAMES:
        return Verdict(named, note, mark)
    along = sum(n > 1 for n in stored.dims)
    return Verdict("bias" if mark.letter == "o" and along <= 1 else "weight", note, mark)


def _leaf(stored: Stored) -> str:
    return stored.name[max(stored.name.rfind("."), stored.name.rfind("/")) + 1 :]


def _by(mark: Mark, sign: str) -> tuple[str, str]:
    role, note = FIXED_ROLES[sign]
    return role, note.format(op=mark.node.op)


def _through(mark: Mark) -> str | None:
    return f"reaches {mark.node.op} through {mark.through}" if mark.through else None


def inline_weight(stored: Stored, marks: Mapping[str, Mark], operands: bool) -> Verdict:
    """What the value of a Constant node is: a weight in a layer's slot, or a formula's number ("other").

    `operands` says that the layers of this model keep their weights in Constant nodes: then biases, statistics,
    scales and operands of arithmetic are what they would be as initializers, as long as an operand is more than one
    number.
    """
    slot = _slot(stored, marks)
    if slot is not None and (operands or slot.letter == "w"):
        return judge(stored, marks)
    for sign in "sm" if operands and not stored.text else "":
        if sign in marks:
            return Verdict(*_by(marks[sign], sign), marks[sign])
    if operands and stored.size > 1 and any(sign in marks and _may_be_operand(stored, marks[sign]) for sign in "xo"):
        return _by_operand(stored, marks, usual_role(_leaf(stored), stored.dims, stored.dtype)[0])
    return Verdict("other", "an inline constant in no weight slot")
