"""From the slots of operators back to what is stored: which role each stored array plays, and in which node.

Every use of an array is a mark.  A mark is carried from an operator's input back through what only reshapes, casts,
transposes or dequantises, out of and into graphs inside nodes and local functions, until it meets what is stored.  Each
value takes each sort of mark once, so the work grows with the graph and not with its paths.
"""

from __future__ import annotations

from nparams.files._onnx.model import Stored
from nparams.files._onnx.slots import DEQUANTISING, FIXED, SLOTS, THROUGH, key_of, letter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._onnx.model import Node
    from nparams.files._onnx.scopes import Scope, Scopes

#: the letters of slots.py, the strongest first
ORDER = "wbsmdxoa"
PLAIN = {"W": "w", "B": "b", "O": "o", "X": "x"}
RANDOM = frozenset(
    ("RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Multinomial", "Bernoulli")
)


class Mark:
    """One use: the letter of slots.py, the node and which of its inputs, and what lies between."""

    __slots__ = ("integers", "letter", "node", "place", "through")

    def __init__(self, letter: str, node: Node, place: int, integers: bool, through: str = "") -> None:
        self.letter = letter
        self.node = node
        self.place = place
        #: whether wide integers may stand there
        self.integers = integers
        #: the operator next to what is stored, where it is not the node itself
        self.through = through


class Reach:
    """The marks of everything stored.

    `marks` has for each stored array (by identity) its marks by letter; `filled` are the arrays that ConstantOfShape
    makes in a weight's place, with the array that holds their shape.
    """

    __slots__ = ("_fixed", "_met", "_scopes", "_waiting", "filled", "marks")

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes
        self._waiting: list[tuple[Scope, str, Mark]] = []
        self._met: set[tuple[int, str, str, bool]] = set()
        self._fixed: dict[int, set[str]] = {}
        self.marks: dict[int, dict[str, Mark]] = {}
        self.filled: dict[int, tuple[Scope, Node, Mark]] = {}
        for scope in scopes.all:
            self._find_fixed(scope)
            for node in scope.graph.nodes:
                self._use(scope, node)
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            for scope, name, mark in waiting:  # the shortest way to an array is met first
                self._meet(scope, name, mark)

    def _use(self, scope: Scope, node: Node) -> None:
        """The marks that a node puts on its own inputs."""
        if self._scopes.called(node) is not None:
            return
        row = SLOTS.get(key_of(node.op, node.domain))
        if row is None:
            return
        for place, name in enumerate(node.inputs):
            sign = letter(row, place)
            if sign != "-" and name and self._leads_on(scope, name):
                plain = PLAIN.get(sign, sign)
                self._waiting.append((scope, name, Mark(plain, node, place, sign in PLAIN or sign == "d")))

    def _leads_on(self, scope: Scope, name: str) -> bool:
        """Whether a mark can go on from a value; from what a layer computes, as most values are, it can not."""
        maker = scope.made.get(name)
        if not isinstance(maker, tuple):
            return True
        node = maker[0]
        if node.op == "ConstantOfShape":
            return True
        if node.op in FIXED and not node.graphs and not self._scopes.functions:
            return name in self._fixed[id(scope)]
        return node.op not in SLOTS or node.op in THROUGH or bool(node.graphs) or bool(self._scopes.functions)

    def _meet(self, scope: Scope, name: str, mark: Mark) -> None:
        found = scope.find(name)
        if found is None:
            return
        scope, maker = found
        key = (id(scope), name, mark.letter, mark.integers)
        if key in self._met:
            return
        self._met.add(key)
        if isinstance(maker, Stored):
            self._give(maker, mark)
        elif isinstance(maker, int):
            self._waiting += [(at, given, mark) for at, given in self._scopes.given(scope, maker)]
        else:
            self._back(scope, *maker, mark)

    def _give(self, stored: Stored, mark: Mark) -> None:
        held = self.marks.setdefault(id(stored), {})
        if mark.letter not in held or (mark.integers and not held[mark.letter].integers):
            held[mark.letter] = mark

    def _back(self, scope: Scope, node: Node, place: int, mark: Mark) -> None:
        """Carry a mark from an output of a node to what it comes from."""
        if node.op == "Constant":
            self._constant(scope, node, mark)
        elif node.graphs or self._scopes.called(node) is not None:
            self._waiting += [(at, name, mark) for at, name in self._scopes.results(scope, node, place)]
        elif node.op == "ConstantOfShape":
            if mark.letter in "wb":
                self.filled.setdefault(id(node), (scope, node, mark))
        else:
            self._through(scope, node, mark)

    def _constant(self, scope: Scope, node: Node, mark: Mark) -> None:
        for stored in node.tensors.values():
            self._give(stored, mark)
        body: Scope | None = scope
        while body is not None and body.via is None:
            body = body.around
        for asked in node.refers.values() if body is not None else ():
            key = (id(body), f"@{asked}", mark.letter, mark.integers)
            if key in self._met or body is None or body.via is None:
                continue
            self._met.add(key)
            given = [call.tensors[asked] for _, call in self._scopes.calls.get(id(body), ()) if asked in call.tensors]
            for stored in [*given, *([body.via.defaults[asked]] if asked in body.via.defaults else [])]:
                self._give(stored, mark)

    def _through(self, scope: Scope, node: Node, mark: Mark) -> None:
        places: tuple[int, ...] = THROUGH.get(node.op, ())
        if mark.letter in "wbox" and node.op in FIXED and all(self.is_fixed(scope, name) for name in node.inputs):
            which = FIXED[node.op]
            places = tuple(range(len(node.inputs))) if which == "*" else tuple(map(int, which))
        integers = mark.integers or (node.op in DEQUANTISING and (mark.letter in "wb" or node.op != "Cast"))
        for place in places:
            if place < len(node.inputs):
                further = Mark(mark.letter, mark.node, mark.place, integers, node.op)
                self._waiting.append((scope, node.inputs[place], further))

    def is_fixed(self, scope: Scope, name: str) -> bool:
        """Whether a value depends on nothing but what is stored (an input that is left out does not)."""
        found = scope.find(name)
        if found is None:
            return not name
        return isinstance(found[1], Stored) or name in self._fixed[id(found[0])]

    def _find_fixed(self, scope: Scope) -> None:
        """Names of values in a graph that are made of nothing but what is stored; nodes stand after their inputs."""
        fixed: set[str] = set()
        self._fixed[id(scope)] = fixed
        for node in scope.graph.nodes:
            if node.graphs or self._scopes.called(node) is not None or node.op in RANDOM:
                continue
            if node.op == "Constant" or (node.inputs and all(self.is_fixed(scope, name) for name in node.inputs)):
                fixed.update(node.outputs)
