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
    from nparams.files._onnx.scopes import Maker, Scope, Scopes

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
        self._fixed: dict[tuple[int, str], bool] = {}
        self.marks: dict[int, dict[str, Mark]] = {}
        self.filled: dict[int, tuple[Scope, Node, Mark]] = {}
        for scope, node in scopes.nodes():
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
            if sign != "-" and name:
                plain = PLAIN.get(sign, sign)
                self._waiting.append((scope, name, Mark(plain, node, place, sign in PLAIN or sign == "d")))

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
        for asked in node.refers.values():
            body: Scope | None = scope
            while body is not None and body.via is None:
                body = body.around
            if body is None or body.via is None:
                continue
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
        if not name:
            return True
        found = scope.find(name)
        if found is None:
            return False
        stack, entered = [(*found, name)], set()
        while stack:
            at, maker, asked = stack[-1]
            key = (id(at), asked)
            if key in self._fixed and key not in entered:
                stack.pop()
                continue
            needs = self._needs(at, maker)
            if key not in entered:
                entered.add(key)
                self._fixed[key] = False  # what is made of itself is made of nothing stored
                stack += [need for need in needs or () if (id(need[0]), need[2]) not in self._fixed]
            else:
                entered.discard(key)
                self._fixed[key] = needs is not None and all(self._fixed[id(n[0]), n[2]] for n in needs)
                stack.pop()
        return self._fixed[id(found[0]), name]

    def _needs(self, scope: Scope, maker: Maker) -> list[tuple[Scope, Maker, str]] | None:
        """What a value is made of: nothing more for what is stored; None where only a run of the model tells."""
        if isinstance(maker, Stored):
            return []
        if isinstance(maker, int) or maker[0].op in RANDOM or maker[0].graphs or self._scopes.called(maker[0]):
            return None
        if maker[0].op == "Constant":
            return []
        found = [(scope.find(name), name) for name in maker[0].inputs if name]
        if not found or any(place is None for place, _ in found):
            return None
        return [(*place, name) for place, name in found if place is not None]
