"""What an IR stores, made into tensors: roles, memory that several share, unique names."""

from __future__ import annotations

from math import prod

from nparams.dtypes import held_bytes
from nparams.files._openvino.names import leaf_of, made_up
from nparams.files._openvino.operators import OPERATORS
from nparams.files._slots.judge import Judge, Verdict
from nparams.files._slots.records import NARROW
from nparams.files._slots.shared import tie
from nparams.files._slots.tree import Item
from nparams.network.tree import PARAMETER_ROLES, Tensor
from nparams.stored.naming import unique

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._openvino.graph import Graph, Stored


def items_of(graph: Graph) -> list[Item]:
    """One item for each constant, in the order of the file."""
    taken: dict[str, int] = {}
    judge = Judge(graph.flow, lambda const: leaf_of(const.name), lambda const: made_up(const.name), OPERATORS.knows)
    found = [_item(stored, judge, taken) for stored in graph.stored]
    tie(found, "reads the same bytes of the .bin as {}")
    return found


def _item(stored: Stored, judge: Judge, taken: dict[str, int]) -> Item:
    verdict = _old(stored) or judge.judge(stored)
    note = "; ".join(said for said in (verdict.note, stored.note) if said) or None
    shape = _shape(stored, verdict)
    tensor = Tensor(unique(stored.name, taken), shape, stored.dtype, verdict.role, note=note, size=stored.size)
    if stored.dtype is None or stored.length != held_bytes(stored.size, stored.dtype):
        tensor.stored = stored.size, stored.length or 0
    return Item(tensor, stored, verdict)


def _shape(stored: Stored, verdict: Verdict) -> tuple[int, ...]:
    """The logical shape: of weights that are cut into groups, that which they are given again behind their scale."""
    made = None if verdict.mark is None else verdict.mark.made
    joined = made is not None and made.shape is not None and prod(made.shape) == stored.size
    if verdict.role not in PARAMETER_ROLES or stored.dtype not in NARROW or made is None or not joined:
        return stored.shape
    return made.shape or stored.shape


def _old(stored: Stored) -> Verdict | None:
    """What an array of the versions before 10 is, by the name that it has in its layer."""
    role = {"w": "weight", "b": "bias", "m": "buffer"}.get(stored.letter)
    return None if role is None else Verdict(role, "statistics of BatchNormalization" if stored.letter == "m" else None)
