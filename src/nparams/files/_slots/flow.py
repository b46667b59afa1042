"""A graph of operators, and what is carried back through it: which role each stored array plays, and in which node.

Every use of an array is a mark.  A mark is carried from an operator's input back through what only reshapes, casts or
dequantises, out of and into graphs inside nodes, until it meets what is stored.  Each value takes each sort of mark
once, so the work grows with the graph and not with its paths.
"""

from __future__ import annotations

from nparams.files._slots.records import NARROW, Const, Mark, Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nparams.files._slots.records import Place
    from nparams.files._slots.table import Operators

OPERANDS = 8  # of a node that is looked at for the one that is not stored
DEEPEST = 60  # operators between an array and what scales it, or what takes its sine


class Flow:
    """The operators of one model, and the marks of all that is stored in it."""

    __slots__ = (
        "_fixed", "_leading", "_leaves", "_makers", "_met", "_table", "_waiting", "_waves", "consts", "inputs", "joins",
        "marks", "nodes", "users",
    )  # fmt: skip

    def __init__(self, table: Operators) -> None:
        self._table = table
        self.nodes: list[Node] = []
        #: value -> what is stored
        self.consts: dict[int, Const] = {}
        #: values that the model is given
        self.inputs: set[int] = set()
        #: value -> the values that it is: inputs and results of graphs inside nodes
        self.joins: dict[int, list[int]] = {}
        #: value of a stored array -> its marks by letter
        self.marks: dict[int, dict[str, Mark]] = {}
        #: value of a stored array -> the first node that takes it, and as which input
        self.users: dict[int, tuple[Node, Place]] = {}
        self._makers: dict[int, Node] = {}
        self._fixed: set[int] = set()
        self._leading: set[int] | None = None
        self._leaves: dict[int, Const | None] = {}
        self._met: set[tuple[int, str, bool]] = set()
        self._waiting: list[tuple[int, Mark]] = []
        self._waves: set[int] = set()

    def settle(self) -> None:
        """Carry every mark back; called once, when all nodes are there."""
        for node in self.nodes:
            self._makers.update(dict.fromkeys(node.outputs, node))
        self._find_fixed()
        self._find_waves()
        for node in self.nodes:
            self._use(node)
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            for value, mark in waiting:  # the shortest way to an array is met first
                self._meet(value, mark)

    def _use(self, node: Node) -> None:
        """The marks that a node puts on its own inputs; a look-up in a table of quantised numbers puts none."""
        if node.op in self._table.picking and self._is_fixed(node) and self._quantised(node) is not None:
            return
        for value, place in zip(node.inputs, node.places, strict=False):
            if value is None:
                continue
            if value in self.consts:
                self.users.setdefault(value, (node, place))
            letter = self._table.letter(node, place)
            if letter != "-" and self._leads_on(value):
                if letter in "wx" and id(node) in self._waves:
                    letter = self._wave_letter(value, letter)
                self._waiting.append((value, Mark(letter, node, place)))

    def _wave_letter(self, value: int, letter: str) -> str:
        """Frequencies of rotary positions are a table, not a weight: one number for each wave."""
        leaf = self.leaf(value)
        return "m" if leaf is not None and sum(n > 1 for n in leaf.shape) <= 1 else letter

    def _leads_on(self, value: int) -> bool:
        """Whether a mark can go on from a value; from what a layer computes, as most values are, it can not."""
        maker = self._makers.get(value)
        return maker is None or maker.op in self._table.through or value in self._fixed or value in self.joins

    def _meet(self, value: int, mark: Mark) -> None:
        key = (value, mark.letter, mark.open)
        if key in self._met:
            return
        self._met.add(key)
        if value in self.consts:
            held = self.marks.setdefault(value, {})
            if mark.letter not in held or (mark.open and not held[mark.letter].open):
                held[mark.letter] = mark
        elif value in self.joins:
            self._waiting += [(source, mark) for source in self.joins[value]]
        elif value in self._makers:
            node = self._makers[value]
            self._waiting += [(source, mark) for source, mark in self._back(node, mark)]

    def _back(self, node: Node, mark: Mark) -> Iterator[tuple[int, Mark]]:
        """What a mark on a node's result says of what the node is given."""
        op, table, fixed = node.op, self._table, self._is_fixed(node)
        if fixed and (op in table.scaling or op in table.picking):
            yield from self._scaled(node, mark)
            return
        places = table.through.get(op, ()) or (table.folded.get(op, ()) if fixed and mark.letter in "wbox" else ())
        made = mark.made or (node if node.shape is not None else None)
        for value, place in zip(node.inputs, node.places, strict=False):
            if value is not None and (places == "*" or place in places):
                opened = mark.open or op in table.opening
                yield value, Mark(mark.letter, mark.node, mark.place, opened, op, made)

    def _scaled(self, node: Node, mark: Mark) -> Iterator[tuple[int, Mark]]:
        """A product or a difference of stored arrays: quantised weights with their scale, or a folded computation."""
        kept, picks = self._quantised(node), node.op in self._table.picking
        for k, value in enumerate(node.inputs):
            if value is None or (picks and k > (kept is not None)):
                continue
            if kept is None:
                yield value, Mark(mark.letter, mark.node, mark.place, mark.open, node.op, mark.made)
            elif value == kept:
                yield value, Mark(mark.letter, mark.node, mark.place, True, node.op, mark.made)
            else:
                yield value, Mark("s", mark.node, mark.place, True, node.op)

    def _quantised(self, node: Node) -> int | None:
        """Which input of a product, a difference or a look-up holds the quantised numbers; None where none does."""
        leaves = [None if value is None else self.leaf(value) for value in node.inputs]
        if node.op in self._table.picking:
            book, leaf = (*leaves, None, None)[:2]
            small = leaf is not None and leaf.dtype in NARROW and book is not None and book.size < leaf.size
            return node.inputs[1] if small else None
        found, size = None, -1
        for value, leaf in zip(node.inputs, leaves, strict=True):
            if leaf is not None and leaf.dtype in NARROW and leaf.size > size:
                found, size = value, leaf.size
        return found

    def leaf(self, value: int, deep: int = 0) -> Const | None:
        """The stored array that a value is, in another form; None where that is no one array."""
        if value in self.consts:
            return self.consts[value]
        if value in self._leaves or deep > DEEPEST:
            return self._leaves.get(value)
        self._leaves[value] = None  # met again on the way: a circle
        node, found = self._makers.get(value), None
        if node is not None and value in self._fixed:
            if node.op in self._table.scaling or node.op in self._table.picking:
                kept = self._kept(node, deep)
                found = None if kept is None else self.leaf(kept, deep + 1)
            elif node.op in self._table.through and node.inputs and node.inputs[0] is not None:
                found = self.leaf(node.inputs[0], deep + 1)
        self._leaves[value] = found
        return found

    def _kept(self, node: Node, deep: int) -> int | None:
        for value in node.inputs:
            if value is not None:
                self.leaf(value, deep + 1)
        return self._quantised(node)

    def _is_fixed(self, node: Node) -> bool:
        return all(value is None or value in self._fixed for value in node.inputs)

    # -- what is known of values before -------------------------------------------------------------------------------

    def _find_fixed(self) -> None:
        """Values that are made of nothing but what is stored; nodes may stand in any order."""
        missing: dict[int, int] = {}
        takers: dict[int, list[Node]] = {}
        ready = list(self.consts)
        for node in self.nodes:
            given = {value for value in node.inputs if value is not None}
            if not given or node.op in self._table.moving:
                continue
            missing[id(node)] = len(given)
            for value in given:
                takers.setdefault(value, []).append(node)
        while ready:
            value = ready.pop()
            if value in self._fixed:
                continue
            self._fixed.add(value)
            for node in takers.pop(value, ()):
                missing[id(node)] -= 1
                if not missing[id(node)]:
                    ready.extend(node.outputs)

    def _find_waves(self) -> None:
        """Products whose result goes, changed in form only, into a sine or cosine: rotary positions."""
        table, seen = self._table, set()
        waiting = [(v, 0) for node in self.nodes if node.op in table.waves for v in node.inputs if v is not None]
        while waiting:
            value, deep = waiting.pop()
            node = self._makers.get(value)
            if node is None or value in seen or deep > DEEPEST:
                continue
            seen.add(value)
            if node.op in table.products:
                self._waves.add(id(node))
            elif node.op in table.through or node.op in table.gathering:
                waiting += [(source, deep + 1) for source in node.inputs if source is not None]

    def from_input(self, node: Node) -> bool:
        """Whether a node takes, beside stored arrays, just what the model is given, changed in form or scaled only."""
        table = self._table
        for _ in range(DEEPEST):
            value = self._only(node)
            maker = None if value is None else self._makers.get(value)
            if value in self.inputs or maker is None:
                return value in self.inputs
            if maker.op not in table.through and maker.op not in table.scaling | table.adding:
                return False
            node = maker
        return False

    def is_tail(self, node: Node) -> bool:
        """Whether no layer with a weight follows: the node is part of what decodes the result."""
        if self._leading is None:
            self._leading = self._find_leading()
        return id(node) not in self._leading

    def _find_leading(self) -> set[int]:
        """The nodes whose results go, however, into a layer with a weight."""
        found: set[int] = set()
        seen: set[int] = set()
        waiting: list[int | None] = []
        for marks in self.marks.values():
            if "w" in marks:
                waiting += marks["w"].node.inputs
        while waiting:
            value = waiting.pop()
            if value is None or value in seen:
                continue
            seen.add(value)
            waiting += self.joins.get(value, ())
            maker = self._makers.get(value)
            if maker is not None and id(maker) not in found:
                found.add(id(maker))
                waiting += maker.inputs
        return found

    def is_joined(self, node: Node) -> bool:
        """Whether what a node takes beside a stored array was joined of parts, and only changed in form since."""
        maker = self.before(node)
        for _ in range(DEEPEST):
            if maker is None or maker.op not in self._table.through:
                break
            maker = self.before(maker)
        return maker is not None and maker.op in self._table.gathering

    def before(self, node: Node) -> Node | None:
        """The node whose result is the only input of another that is not stored."""
        value = self._only(node)
        return None if value is None else self._makers.get(value)

    def _only(self, node: Node) -> int | None:
        """The one input that is not stored; None where there are more, or none."""
        if len(node.inputs) > OPERANDS:
            return None
        given = [value for value in node.inputs if value is not None and value not in self._fixed]
        return given[0] if len(given) == 1 else None


def by_letter(marks: Mapping[str, Mark], letters: str) -> Mark | None:
    """The strongest mark among those of some letters."""
    return next((marks[letter] for letter in letters if letter in marks), None)
