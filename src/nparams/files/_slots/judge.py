"""The role of each stored array, by what it is used for, its name and its number type (DESIGN's order of roles)."""

from __future__ import annotations

from nparams.dtypes import INTEGERS
from nparams.files._slots.flow import by_letter
from nparams.files._slots.records import NARROW
from nparams.roles import LEAVES, usual_role

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nparams.files._slots.flow import Flow
    from nparams.files._slots.records import Const, Mark

PLAIN_NAMES = frozenset(("weight", "kernel", "gamma"))
#: names of a single trained number
SINGLE = frozenset(("logit_scale", "logit_bias", "alpha", "scale", "temperature", "gain"))
#: what inputs are normalised with, in preprocessing that is part of the graph
STATISTICS = frozenset(("mean", "std", "var", "variance", "pixel_mean", "pixel_std", "image_mean", "image_std"))
CHANNELS = 4  # of a picture
#: operators that take away or divide: with an array that has no name of its own, they normalise
NORMALISING = frozenset(("Subtract", "Divide", "sub", "real_div", "subtractBroadcastable", "divideBroadcastable"))


class Verdict:
    """A role, why, and the use that decided."""

    __slots__ = ("mark", "note", "role")

    def __init__(self, role: str, note: str | None = None, mark: Mark | None = None) -> None:
        self.role = role
        self.note = note
        self.mark = mark


class Judge:
    """How the arrays of one format are judged: what their leaf names are, which names were made up, what is unknown."""

    __slots__ = ("_flow", "_knows", "_leaf", "_made_up")

    def __init__(
        self, flow: Flow, leaf: Callable[[Const], str], made_up: Callable[[Const], bool], knows: Callable[[str], bool]
    ) -> None:
        self._flow = flow
        self._leaf = leaf
        self._made_up = made_up
        self._knows = knows

    def judge(self, const: Const) -> Verdict:
        """What a stored array is."""
        if const.text:
            return Verdict("buffer", "text, no numbers")
        marks = self._flow.marks.get(const.value, {})
        named = usual_role(self._leaf(const), const.shape, const.dtype)
        slot = _slot(const, marks)
        if slot is None and "s" in marks:
            return Verdict("bookkeeping", "scale, zero point or index of a quantised array", marks["s"])
        if named[0] == "buffer" and const.dtype not in INTEGERS and (slot is None or slot.letter != "b"):
            return Verdict("buffer", named[1], slot)
        if slot is not None:
            return Verdict("weight" if slot.letter == "w" else "bias", _through(slot), slot)
        if "m" in marks:
            return Verdict("buffer", f"statistics or a table of {marks['m'].node.op}", marks["m"])
        operand = by_letter(marks, "xo")
        if operand is not None and (const.dtype not in INTEGERS or (operand.open and const.dtype in NARROW)):
            return self._operand(const, operand, named[0])
        if "a" in marks:
            return Verdict("buffer", f"an argument of {marks['a'].node.op}", marks["a"])
        return self._unknown(const, named[0])

    def _operand(self, const: Const, mark: Mark, named: str) -> Verdict:
        """Added along one side it is a bias; whole tables and factors are weights; one number only where it has a name
        of its own."""
        op, leaf = mark.node.op, self._leaf(const)
        note, known = f"an operand of {op}", leaf in LEAVES or leaf in SINGLE
        if const.size == 1 and (self._made_up(const) or not (known or const.shape == (1,))):
            return Verdict("buffer", f"one number, {note}", mark)
        if const.size <= CHANNELS and not known and self._flow.from_input(mark.node):
            return Verdict("buffer", f"{note} that takes the input itself: it normalises it", mark)
        if op in NORMALISING and (self._made_up(const) or leaf in STATISTICS):
            return Verdict("buffer", f"{note}, and no parameter by its name", mark)
        if named == "bias" or leaf in PLAIN_NAMES:
            return Verdict(named, note, mark)
        along = sum(n > 1 for n in const.shape)
        if self._made_up(const) and self._flow.is_tail(mark.node) and (along > 1 or self._flow.is_joined(mark.node)):
            return Verdict("buffer", f"{note} behind the last layer: a table that decodes the result", mark)
        return Verdict("bias" if mark.letter == "o" and along <= 1 else "weight", note, mark)

    def _unknown(self, const: Const, named: str) -> Verdict:
        """An array in no slot that is known."""
        if const.dtype in INTEGERS:
            return Verdict("buffer", f"{const.dtype}: not trainable")
        user = self._flow.users.get(const.value)
        strange = user is not None and not self._knows(user[0].op)
        by_name = named == "bias" or self._leaf(const) in PLAIN_NAMES
        if (self._made_up(const) and not strange) or (const.size == 1 and not by_name):
            return Verdict("buffer", "in no slot that is known, and no parameter by its name")
        what = f"an operand of {user[0].op}, which is not known" if user and strange else "in no slot that is known"
        return Verdict("bias" if named == "bias" else "weight", f"{what}: by its name and shape")


def _slot(const: Const, marks: Mapping[str, Mark]) -> Mark | None:
    """The use that makes it a weight or a bias, where its numbers can be such."""
    for sign in "wb":
        mark = marks.get(sign)
        if mark is not None and (const.dtype not in INTEGERS or (mark.open and const.dtype in NARROW)):
            return mark
    return None


def _through(mark: Mark) -> str | None:
    return f"reaches {mark.node.op} through {mark.through}" if mark.through else None
