"""From the slots of operators back to constants: which role each plays, and in which node.

The same walk as `_onnx/reach.py`, on TensorFlow's graphs: a mark is carried from an operator's input back through what
only reshapes, casts, transposes or dequantises, in and out of functions and loops, until it meets a constant.  Each
value takes each sort of mark once.
"""

from __future__ import annotations

from nparams.files._onnx.model import Node
from nparams.files._onnx.reach import PLAIN, Mark
from nparams.files._onnx.slots import letter
from nparams.files._tensorflow.graph import CONSTANTS, VARIABLES
from nparams.files._tensorflow.slots import DEQUANTISING, FIXED, PLAINLY, ROOTS, SLOTS, THROUGH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.files._tensorflow.graph import Graph, Scope

    Value = tuple[Scope, str]
    #: a scope (by identity), and the name of a node in it or the number of an argument
    Key = tuple[int, str | int]

#: a statistic by the arithmetic around it: one that a parameter's own use outweighs
STATISTIC = "t"
LOOPS = frozenset(("While", "StatelessWhile", "_While"))


class Reach:
    """The marks of constants: by the node's identity, by letter."""

    __slots__ = ("_calls", "_fixed", "_graph", "_met", "_waiting", "marks")

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._waiting: list[tuple[Scope, str, Mark]] = []
        self._met: set[tuple[int, str, str, bool]] = set()
        #: a function's body (by identity) -> (scope of the call, the node, its first input that is given)
        self._calls: dict[int, list[tuple[Scope, Node, int]]] = {}
        self.marks: dict[int, dict[str, Mark]] = {}
        for scope in graph.scopes():
            for node in scope.nodes.values():
                for body, skipped in graph.functions_of(node):
                    self._calls.setdefault(id(body), []).append((scope, node, skipped))
        self._fixed = self._find_fixed()
        for scope in graph.scopes():
            for node in scope.nodes.values():
                self._use(scope, node)
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            for scope, name, mark in waiting:  # the shortest way to a constant is met first
                self._meet(scope, name, mark)

    def _use(self, scope: Scope, node: Node) -> None:
        """The marks that a node puts on its own inputs; arithmetic on constants alone is its user's."""
        row = SLOTS.get(node.op)
        if row is None or (node.op in FIXED and self.is_fixed(scope, node.name)):
            return
        for place, name in enumerate(data_of(node)):
            sign = letter(row, place)
            if sign != "-":
                self._waiting.append((scope, name, Mark(PLAIN.get(sign, sign), node, place, sign in PLAIN)))

    def _meet(self, scope: Scope, reference: str, mark: Mark) -> None:
        key = id(scope), reference, mark.letter, mark.integers
        if key in self._met:
            return
        self._met.add(key)
        node, place = scope.find(reference)
        if isinstance(node, int):
            self._waiting += [(at, name, mark) for at, name in self._given(scope, node)]
        elif node is not None and node.op in CONSTANTS:
            held = self.marks.setdefault(id(node), {})
            if mark.letter not in held or (mark.integers and not held[mark.letter].integers):
                held[mark.letter] = mark
        elif node is not None:
            self._back(scope, node, place, mark)

    def _given(self, scope: Scope, argument: int) -> Iterator[Value]:
        """What calls of a function give for an argument."""
        for at, node, skipped in self._calls.get(id(scope), ()):
            inputs = data_of(node)
            if argument + skipped < len(inputs):
                yield at, inputs[argument + skipped]

    def _back(self, scope: Scope, node: Node, place: int, mark: Mark) -> None:
        """Carry a mark from an output of a node to what it comes from."""
        inputs = data_of(node)
        for body, _ in self._graph.functions_of(node):
            if place < len(body.outputs):
                self._waiting.append((body, body.outputs[place], mark))
        if node.op in LOOPS and place < len(inputs):
            self._waiting.append((scope, inputs[place], mark))
        which = THROUGH.get(node.op, "")
        if not which and mark.letter in "wboxt" and node.op in FIXED and self.is_fixed(scope, node.name):
            self._through_fixed(scope, node, inputs, mark)
            return
        places = range(len(inputs)) if which == "*" else [place] if which == "=" else [int(k) for k in which]
        integers = mark.integers or (node.op in DEQUANTISING and (mark.letter in "wb" or node.op != "Cast"))
        for k in places:
            if k < len(inputs):
                through = mark.through if node.op in PLAINLY else node.op
                further = Mark(mark.letter, mark.node, mark.place, integers, through)
                self._waiting.append((scope, inputs[k], further))

    def _through_fixed(self, scope: Scope, node: Node, inputs: list[str], mark: Mark) -> None:
        """A computation that could have been done beforehand: what is under a root, or taken off, is a statistic.

        That is how a normalisation in its plain form looks: x·(γ·rsqrt(variance + ε)) + (β - mean·(γ·rsqrt(...))).
        """
        for k, name in enumerate(inputs if FIXED[node.op] == "*" else inputs[:1]):
            off = node.op in ROOTS or (node.op == "Sub" and k == 1)
            letter = STATISTIC if off and mark.letter in "xot" else mark.letter
            self._waiting.append((scope, name, Mark(letter, mark.node, mark.place, mark.integers, node.op)))

    # -- what is made of constants alone ------------------------------------------------------------------------------

    def is_fixed(self, scope: Scope, name: str) -> bool:
        """Whether a node depends on nothing but constants and variables."""
        return (id(scope), name) in self._fixed

    def _find_fixed(self) -> set[Key]:
        """Constants, variables, and what is made of these alone, in graphs and through calls."""
        users: dict[Key, list[Key]] = {}
        missing: dict[Key, int] = {}
        ready: list[Key] = []
        for key, asked in self._asked():
            if asked is None:
                ready.append(key)
                continue
            missing[key] = len(asked)
            for each in asked:
                users.setdefault(each, []).append(key)
        fixed = set(ready)
        while ready:
            for user in users.get(ready.pop(), ()):
                missing[user] -= 1
                if not missing[user]:
                    fixed.add(user)
                    ready.append(user)
        return fixed

    def _asked(self) -> Iterator[tuple[Key, set[Key] | None]]:
        """(a value, those that it is made of: None for one that is stored)."""
        for scope in self._graph.scopes():
            for node in scope.nodes.values():
                if node.op in CONSTANTS or node.op in VARIABLES:
                    yield (id(scope), node.name), None
                elif (node.op in THROUGH or node.op in FIXED) and node.inputs:
                    yield (id(scope), node.name), {_key(scope, name) for name in data_of(node)}
            for argument in scope.arguments.values():
                given = {_key(at, name) for at, name in self._given(scope, argument)}
                if given:
                    yield (id(scope), argument), given


def _key(scope: Scope, reference: str) -> Key:
    node, _ = scope.find(reference)
    return id(scope), node.name if isinstance(node, Node) else -1 if node is None else node


def data_of(node: Node) -> list[str]:
    """The inputs of a node that are values; `^name` only says what must run before."""
    return [name for name in node.inputs if not name.startswith("^")]
