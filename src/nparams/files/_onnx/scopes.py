"""Names in ONNX graphs: which value a name means where it stands, and what made that value.

A graph inside a node (a branch of If, the body of Loop or Scan) sees the names around it, its own first; the body of a
local function sees only its own (onnx/onnx docs/IR.md, "Names Within a Graph" and "Functions").
"""

from __future__ import annotations

from nparams.files._onnx.model import Stored

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.files._onnx.model import Function, Graph, Model, Node

    #: what made a value: a stored array; (node, which of its outputs); which input of the graph it is
    Maker = Stored | tuple[Node, int] | int

#: operators that hand their own inputs to the graph inside
HANDING = frozenset(("Loop", "Scan", "SequenceMap"))
#: operators whose outputs are those of graphs inside: which graphs, and how many results of theirs come before
GIVING = {
    "If": (("then_branch", "else_branch"), 0), "Loop": (("body",), 1), "Scan": (("body",), 0),
    "SequenceMap": (("body",), 0),
}  # fmt: skip


class Scope:
    """One graph with the names that it defines."""

    __slots__ = ("around", "graph", "made", "owner", "path", "via")

    def __init__(self, graph: Graph, path: str = "", around: Scope | None = None, owner: Node | None = None) -> None:
        self.graph = graph
        #: where it stands, for the names of tensors that stand in two graphs
        self.path = path
        self.around = around
        #: the node that the graph is inside of
        self.owner = owner
        #: name -> what made it
        self.made: dict[str, Maker] = {name: k for k, name in enumerate(graph.inputs)}
        for node in graph.nodes:
            for k, name in enumerate(node.outputs):
                self.made[name] = (node, k)
        self.made.update((tensor.name, tensor) for tensor in graph.initializers)
        #: the function whose body this is, if it is one
        self.via: Function | None = None

    def find(self, name: str) -> tuple[Scope, Maker] | None:
        """The scope that defines a name, and what made it; None for a name that no one defines, and for none."""
        scope: Scope | None = self if name else None
        while scope is not None:
            maker = scope.made.get(name)
            if maker is not None:
                return scope, maker
            scope = scope.around
        return None


class Scopes:
    """Every graph of a model: the main one, those inside nodes, the bodies of local functions."""

    __slots__ = ("_given", "all", "calls", "functions", "inside")

    def __init__(self, model: Model) -> None:
        self.all: list[Scope] = []
        #: node (by identity) -> {attribute: the scope of the graph in it}
        self.inside: dict[int, dict[str, Scope]] = {}
        #: (domain, name, overload) -> the scope of a function's body
        self.functions: dict[tuple[str, str, str], Scope] = {}
        #: the scope of a function's body (by identity) -> the nodes that call it, and where they stand
        self.calls: dict[int, list[tuple[Scope, Node]]] = {}
        #: the scope of a function's body (by identity) -> {which input: what calls give for it}
        self._given: dict[int, dict[int, list[tuple[Scope, str]]]] = {}
        self._add(Scope(model.graph))
        for function in model.functions:
            scope = Scope(function.body, f"{function.name}()")
            scope.via = function
            self.functions[key_of(function)] = scope
            self._add(scope)
        for scope, node in self.nodes() if self.functions else ():
            if (body := self.called(node)) is not None:
                self.calls.setdefault(id(body), []).append((scope, node))
                given = self._given.setdefault(id(body), {})
                for place, name in enumerate(node.inputs):
                    given.setdefault(place, []).append((scope, name))

    def _add(self, first: Scope) -> None:
        waiting = [first]
        while waiting:
            scope = waiting.pop()
            self.all.append(scope)
            found = []
            for node in scope.graph.nodes:
                for attribute, graph in node.graphs.items():
                    inner = Scope(graph, _path(scope, node, attribute), scope, node)
                    self.inside.setdefault(id(node), {})[attribute] = inner
                    found.append(inner)
            waiting.extend(reversed(found))

    def nodes(self) -> Iterator[tuple[Scope, Node]]:
        """Every node, and the scope that it stands in."""
        return ((scope, node) for scope in self.all for node in scope.graph.nodes)

    def called(self, node: Node) -> Scope | None:
        """The body of the local function that a node calls."""
        return self.functions.get((node.domain, node.op, node.overload)) if self.functions else None

    def given(self, scope: Scope, place: int) -> list[tuple[Scope, str]]:
        """What is given for an input of a graph inside a node, or of a function: (where that stands, its name)."""
        if scope.via is not None:
            return self._given.get(id(scope), {}).get(place, [])
        owner = scope.owner
        if owner is None or scope.around is None or owner.op not in HANDING:
            return []
        # Scan began, in operator set 8, with the lengths of the sequences
        skipped = 1 if owner.op == "Scan" and len(owner.inputs) == len(scope.graph.inputs) + 1 else 0
        return [(scope.around, name) for name in owner.inputs[place + skipped : place + skipped + 1]]

    def results(self, scope: Scope, node: Node, place: int) -> list[tuple[Scope, str]]:
        """What an output of a node is, inside the graphs that it runs: (where that stands, its name)."""
        body = self.called(node)
        if body is not None:
            return [(body, name) for name in body.graph.outputs[place : place + 1]]
        attributes, before = GIVING.get(node.op, ((), 0))
        inside = self.inside.get(id(node), {})
        at = place + before
        return [
            (inside[name], result) for name in attributes if name in inside
            for result in inside[name].graph.outputs[at : at + 1]
        ]  # fmt: skip


def key_of(function: Function) -> tuple[str, str, str]:
    """What a node must say to call it."""
    return function.domain, function.name, function.overload


def _path(scope: Scope, node: Node, attribute: str) -> str:
    own = node.name or (node.outputs[0] if node.outputs else node.op)
    return ".".join(part for part in (scope.path, own, attribute) if part)
