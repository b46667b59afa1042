"""Values for symbols: `evaluate` an expression to an integer, within a work limit."""

from __future__ import annotations

from nparams.errors import ExprError, shown
from nparams.expr.arithmetic import Work, work_out
from nparams.expr.nodes import Expr, bounded, check_number
from nparams.expr.walk import check_nesting, fold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Values = Any  # Mapping[str, object], or a _Scope over one
    Step = tuple[str, object, tuple[int, ...]]


def evaluate(size: int | Expr, values: Values, work: Work | None = None) -> int:
    """The integer that `size` has under `values`: {name: int}, and for an indexed symbol a list or {index: int}.

    Raises ExprError for a symbol without a value, WorkLimitError for what is too large.

    >>> from nparams.expr import parse
    >>> evaluate(parse("sum(i=1..l, (h[i-1] + 1)*h[i])"), {"l": 3, "h": [784, 16, 16, 10]})
    13002
    """
    if isinstance(size, int):
        return size
    return _Plan(size).run(values, work or Work())


class _Plan:
    """A tree as a list of steps, leaves first, so that the body of a sum is laid out once for all of its terms."""

    __slots__ = ("steps",)

    def __init__(self, size: int | Expr, depth: int = 0) -> None:
        check_nesting(depth)
        self.steps: list[Step] = []

        def combine(node: int | Expr, parts: list[int]) -> int:
            self.steps.append(self._step(node, parts, depth))
            return len(self.steps) - 1

        fold(size, combine, into_sums=False)

    def _step(self, node: int | Expr, parts: list[int], depth: int) -> Step:
        if isinstance(node, int):
            return "int", bounded(node), ()
        if node.op == "sum":
            return "sum", (str(node.label), *(_Plan(a, depth + 1) for a in node.args)), ()
        return node.op, node.label, tuple(parts)

    def run(self, values: Values, work: Work) -> int:
        """The value of the last step."""
        found: list[int] = []
        for op, label, slots in self.steps:
            if op in LEAVES:
                found.append(LEAVES[op](label, [found[k] for k in slots], values, work))
            else:
                found.append(work_out(op, [found[k] for k in slots], label))  # type: ignore[arg-type]
        return found[-1]


class _Scope:
    """Values with one more name: the index of a sum."""

    __slots__ = ("index", "outer", "value")

    def __init__(self, outer: Values, index: str) -> None:
        self.outer = outer
        self.index = index
        self.value = 0

    def __contains__(self, name: str) -> bool:
        return name == self.index or name in self.outer

    def __getitem__(self, name: str) -> object:
        return self.value if name == self.index else self.outer[name]

    def get(self, name: str) -> object:
        return self.value if name == self.index else self.outer.get(name)


def _total(label: Any, operands: list[int], values: Values, work: Work) -> int:
    index, first, last, body = label
    scope = _Scope(values, index)
    result = 0
    for scope.value in work.span(first.run(values, work), last.run(values, work), len(body.steps)):
        result += body.run(scope, work)
    return bounded(result)


def _lookup(name: Any, operands: list[int], values: Values, work: Work) -> int:
    if name not in values:
        raise ExprError(f"{name} has no value")
    value = values[name]
    if type(value) is not int:
        raise ExprError(f"{name} needs one whole number, not {shown(str(value))}")
    return bounded(value)


def _lookup_entry(name: Any, operands: list[int], values: Values, work: Work) -> int:
    return entry(name, operands[0], values.get(name))


LEAVES = {"int": lambda value, *_: value, "sym": _lookup, "idx": _lookup_entry, "sum": _total}


def entry(name: str, index: int, entries: object) -> int:
    """The number at `index` in the entries given for an indexed symbol."""
    if isinstance(entries, (list, tuple)):
        if 0 <= index < len(entries):
            return check_number(entries[index])
        held = f"{len(entries)} entries, {name}0 to {name}{len(entries) - 1}" if entries else "no entries"
        raise ExprError(f"{entry_name(name, index)} has no value: {name} has {held}")
    if isinstance(entries, dict) and index in entries:
        return check_number(entries[index])
    if entries is not None and not isinstance(entries, dict):
        raise ExprError(f"{name} has entries ({name}0, {name}1, ...): give it a list, such as {name}=[784,16,10]")
    raise ExprError(f"{entry_name(name, index)} has no value")


def entry_name(name: str, index: int) -> str:
    """h0, h[-1], w_1[0]: an entry as the text style writes it."""
    return str(Expr("idx", (bounded(index),), name))
