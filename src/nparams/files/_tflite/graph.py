"""Which constants stand in a weight slot: operators read once, roles carried back to the constants they came from."""

from __future__ import annotations

from nparams.files._tflite.schema import CUSTOM, OPERATORS, Code, Model, Operator, SubGraph
from nparams.files._tflite.slots import CALLS, HANDED_ON, LOOPS, ROLES, SECOND_OPTIONS, slots_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.files._flatbuffer import Table

    #: a tensor: (subgraph, number), or the name of a variable
    Key = tuple[int, int] | str

# Several times what the largest real files have (a language model: ten signatures of 3,000 operators each).
OPERATORS_MOST, OPERANDS_MOST = 60_000, 300_000
NONE = -1  # an optional operand that is left out


class Graph:
    """What the operators say: `slots` by strength, where each handed-on tensor came from, who uses a tensor first."""

    __slots__ = (
        "_calls",
        "_ends",
        "_left",
        "_most",
        "_named",
        "_tensors",
        "custom",
        "names",
        "operators",
        "slots",
        "sources",
        "uses",
    )

    def __init__(self, model: Table, more: int) -> None:
        self.names, self._named = names_of(model, OPERATORS_MOST * more)
        #: the custom operators that occur
        self.custom: set[str] = set()
        #: strength -> [(tensor, operator, the tensor that this operator makes)]
        self.slots: list[list[tuple[tuple[int, int], str, int]]] = [[] for _ in ROLES]
        #: a handed-on tensor -> what it was made from
        self.sources: dict[Key, list[Key]] = {}
        #: a tensor -> the operator that takes it first
        self.uses: dict[Key, str] = {}
        self.operators = 0
        self._calls: list[tuple[str, int, tuple[int, ...], tuple[int, ...], tuple[int, ...]]] = []
        self._ends: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
        self._left = OPERANDS_MOST * more
        self._most = OPERATORS_MOST * more
        self._tensors = 0

    # -- reading ------------------------------------------------------------------------------------------------------

    def read(self, subgraph: Table, number: int, tensors: int) -> None:
        """The operators of one subgraph, which has that many tensors."""
        self._tensors = tensors
        ends = [self._numbers(subgraph, field) for field in (SubGraph.INPUTS, SubGraph.OUTPUTS)]
        self._ends.append((ends[0], ends[1]))
        variables: dict[int, str] = {}
        what = f"subgraph {number} operator"
        for operator in subgraph.tables(SubGraph.OPERATORS, what, self._most - self.operators):
            self.operators += 1
            code = operator.number(Operator.CODE, "I")
            if code >= len(self.names):
                raise operator.buffer.bad(operator.what, operator.at, f"operator code {code:,} of {len(self.names):,}")
            self._operator(operator, number, self.names[code], variables)

    def _numbers(self, table: Table, field: int) -> tuple[int, ...]:
        """The numbers of tensors of this subgraph."""
        found = table.numbers(field, "i", self._left)
        self._left -= len(found)
        if found and not NONE <= min(found) <= max(found) < self._tensors:
            wrong = next(k for k in found if not NONE <= k < self._tensors)
            raise table.buffer.bad(table.what, table.at, f"tensor {wrong}, where the subgraph has {self._tensors:,}")
        return found

    def _operator(self, operator: Table, number: int, name: str, variables: dict[int, str]) -> None:
        taken, given = self._numbers(operator, Operator.INPUTS), self._numbers(operator, Operator.OUTPUTS)
        for k in taken:
            if k != NONE:
                self.uses.setdefault((number, k), name)
        for strength, operands in slots_of(name, len(taken)).items():
            found = [taken[k] for k in operands if k < len(taken) and taken[k] != NONE]
            self.slots[strength].extend(((number, k), name, given[0] if given else NONE) for k in found)
        if name in self._named:
            self.custom.add(name)
        if name in HANDED_ON:
            which = HANDED_ON[name]
            kept = taken if which is None else [taken[k] for k in which if k < len(taken)]
            # what joins many has one result, what divides has one operand: nothing multiplies here
            made = given if len(kept) == 1 else given[:1]
            self._join(((number, k) for k in made), [(number, k) for k in kept if k != NONE])
        elif name in CALLS:
            self._calls.append((name, number, taken, given, _called(operator, name)))
        elif name.endswith(("VAR_HANDLE", "_VARIABLE")):
            self._variable(operator, number, name, taken, given, variables)

    def _join(self, made: Iterator[Key], sources: list[Key]) -> None:
        for key in made:
            self.sources.setdefault(key, []).extend(sources)

    def _variable(
        self, operator: Table, number: int, name: str, taken: tuple[int, ...], given: tuple[int, ...],
        variables: dict[int, str],
    ) -> None:  # fmt: skip
        """A variable joins what is assigned to it with what is read from it, in whichever subgraph that happens."""
        if name == "VAR_HANDLE":
            options = operator.table(Operator.OPTIONS, f"{operator.what} options")
            if options is not None:
                variables.update(dict.fromkeys(given, f"{options.text(0)}/{options.text(1)}"))
        elif taken and taken[0] in variables:
            variable = variables[taken[0]]
            if name == "READ_VARIABLE":
                self._join(((number, k) for k in given), [variable])
            else:
                self._join(iter([variable]), [(number, k) for k in taken[1:2]])

    # -- what follows from it -----------------------------------------------------------------------------------------

    def connect(self, bad: Table) -> None:
        """Join what a call hands in with the inputs of the subgraph that it runs, and its outputs with the results."""
        for name, number, taken, given, targets in self._calls:
            for target in targets:
                if not 0 <= target < len(self._ends):
                    raise bad.buffer.bad(bad.what, bad.at, f"{name} runs subgraph {target}, of {len(self._ends)}")
                inputs, outputs = self._ends[target]
                self._left -= len(inputs) + len(outputs)
                if self._left < 0:
                    raise bad.buffer.bad(bad.what, bad.at, "its operators have more operands than any real model")
                for k, operand in zip(inputs, taken[CALLS[name][1] :], strict=False):
                    self._join(iter([(target, k)]), [(number, operand)])
                for k, result in zip(outputs, given, strict=False):
                    self._join(iter([(number, result)]), [(target, k)])
                for k, result in zip(inputs, outputs if name in LOOPS else (), strict=False):
                    self._join(iter([(target, k)]), [(target, result)])

    def roles(self) -> dict[Key, Reached]:
        """Tensor -> the surest slot that it reaches."""
        found: dict[Key, Reached] = {}
        for strength, slots in enumerate(self.slots):
            for key, operator, makes in slots:
                reached = Reached(strength, operator, (key[0], makes))
                stack: list[Key] = [key]
                while stack:
                    at = stack.pop()
                    if at not in found:
                        found[at] = reached
                        stack.extend(self.sources.get(at, ()))
        return found


class Reached:
    """A slot that a tensor reaches: how sure it is, the operator, and the tensor that this operator makes."""

    __slots__ = ("makes", "operator", "strength")

    def __init__(self, strength: int, operator: str, makes: tuple[int, int]) -> None:
        self.strength = strength
        self.operator = operator
        self.makes = makes


def _called(operator: Table, name: str) -> tuple[int, ...]:
    """The subgraphs that an operator runs."""
    options = operator.table(
        Operator.OPTIONS_2 if name in SECOND_OPTIONS else Operator.OPTIONS, f"{operator.what} options"
    )
    return () if options is None else tuple(options.number(field, "i") for field in CALLS[name][0])


def names_of(model: Table, most: int) -> tuple[list[str], set[str]]:
    """The operators that a model uses, by name, and those of them that are custom: these are called by their own name.

    The code of a builtin operator stands in a byte, or in an integer where it needs more (schema.fbs, OperatorCode).
    """
    names: list[str] = []
    custom = set()
    for code in model.tables(Model.CODES, "operator code", most):
        number = max(code.number(Code.OLD, "b"), code.number(Code.BUILTIN, "i"))
        names.append(code.text(Code.CUSTOM) if number == CUSTOM else OPERATORS.get(number, f"operator {number}"))
        if number == CUSTOM:
            custom.add(names[-1])
    return names, custom
