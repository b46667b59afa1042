"""A graph of TensorFlow: nodes, the constants in them, and the functions that nodes call, each read when it is needed.

Fields: tensorflow/tensorflow tensorflow/core/framework/{graph,node_def,attr_value,tensor,function,op_def}.proto.  Of a
node its name, operator and inputs are kept, and of its attributes only a constant's value, a variable's shape, and the
names of functions.  The numbers of a constant are stepped over.
"""

from __future__ import annotations

from collections import Counter

from nparams.errors import FormatError, shown
from nparams.files._onnx.model import Node, Stored
from nparams.files._protobuf.schema import INT, MESSAGE, MESSAGES, RUN, SPAN, SPANS, TEXT, TEXTS, Schema
from nparams.files._tensorflow.shapes import SHAPE, known
from nparams.files._tensorflow.stored import stored

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from nparams.files._protobuf.schema import Record, Span
    from nparams.files._protobuf.wire import Wire

CONSTANTS = frozenset(("Const", "HostConst", "_HostConst"))
VARIABLES = frozenset(("Variable", "VariableV2", "VarHandleOp", "AutoReloadVariable"))
#: attributes that name functions, and which inputs of the node these are given: all, or all after the first
CALLS = {
    "f": 0, "cond": 0, "body": 0, "then_branch": 1, "else_branch": 1, "branches": 1,
}  # fmt: skip
CALLING = frozenset((
    "PartitionedCall", "StatefulPartitionedCall", "RemoteCall", "TPUPartitionedCall", "If", "StatelessIf", "_If",
    "While", "StatelessWhile", "_While", "Case", "StatelessCase", "MapDefun",
))  # fmt: skip

PAIR = Schema("AttrEntry", {1: (TEXT, "key", None), 2: (SPAN, "value", None)})
FUNC = Schema("NameAttrList", {1: (TEXT, "name", None)})
TENSOR = Schema("TensorProto", {
    1: (INT, "dtype", None), 2: (MESSAGE, "shape", SHAPE), 4: (SPAN, "tensor_content", None),
    5: (RUN, "float_val", None), 6: (RUN, "double_val", None), 7: (RUN, "int_val", None),
    8: (SPANS, "string_val", None), 9: (RUN, "scomplex_val", None), 10: (RUN, "int64_val", None),
    11: (RUN, "bool_val", None),
    12: (RUN, "dcomplex_val", None), 13: (RUN, "half_val", None), 14: (SPANS, "resource_handle_val", None),
    15: (SPANS, "variant_val", None), 16: (RUN, "uint32_val", None), 17: (RUN, "uint64_val", None),
    18: (SPAN, "float8_val", None),
})  # fmt: skip
VALUE = Schema("AttrValue", {
    1: (MESSAGE, "list", Schema("ListValue", {9: (MESSAGES, "func", FUNC)})), 2: (SPAN, "s", None),
    6: (INT, "type", None), 7: (MESSAGE, "shape", SHAPE), 8: (MESSAGE, "tensor", TENSOR), 10: (MESSAGE, "func", FUNC),
})  # fmt: skip


def _made_node(wire: Wire, held: Record, depth: int, at: int) -> Node:
    node = Node(held.get("op", ""), "", held.get("name", ""), held.get("input", ()), ())
    op = node.op
    if op in CONSTANTS or op in CALLING or op in VARIABLES:
        attributes = _attributes(wire, held.get("attr", ()), depth)
        if op in CONSTANTS and "tensor" in attributes.get("value", {}):
            node.give("tensors", "value", stored(wire, attributes["value"]["tensor"], node.name, at))
        elif op in VARIABLES:
            _variable(node, attributes)
        else:
            _calls(node, attributes)
    return node


def _attributes(wire: Wire, spans: Sequence[Span], depth: int) -> dict[str, Record]:
    """The attributes of a node that matter here, by name."""
    found = {}
    for offset, length in spans:
        pair = wire.made(PAIR, offset, length, depth + 1)
        if pair.get("key") in WANTED and "value" in pair:
            start, size = pair["value"]
            found[pair["key"]] = wire.made(VALUE, start, size, depth + 2)
    return found


WANTED = frozenset(("value", "dtype", "shape", *CALLS))


def _variable(node: Node, attributes: dict[str, Record]) -> None:
    """Give a variable its number type, and its shape where that is known."""
    node.give("numbers", "dtype", attributes.get("dtype", {}).get("type", 0))
    dims = known(attributes["shape"]["shape"]) if "shape" in attributes.get("shape", {}) else None
    node.outputs = [str(n) for n in dims or ()]
    node.give("numbers", "known", int(dims is not None))


def _calls(node: Node, attributes: dict[str, Record]) -> None:
    for name, value in attributes.items():
        listed = value.get("list", {}).get("func", ())
        for k, func in enumerate([value["func"]] if "func" in value else listed):
            node.give("refers", f"{name}.{k}" if listed else name, func.get("name", ""))


NODE = Schema("NodeDef", {
    1: (TEXT, "name", None), 2: (TEXT, "op", None), 3: (TEXTS, "input", None), 5: (SPANS, "attr", None),
}, _made_node)  # fmt: skip
ARG = Schema("ArgDef", {1: (TEXT, "name", None)}, lambda _, held, __, ___: held.get("name", ""))
SIGNATURE = Schema("OpDef", {1: (TEXT, "name", None), 2: (MESSAGES, "inputs", ARG), 3: (MESSAGES, "outputs", ARG)})
RETURN = Schema("RetEntry", {1: (TEXT, "key", None), 2: (TEXT, "value", None)})
HEAD = Schema("FunctionDef", {1: (MESSAGE, "signature", Schema("OpDef", {1: (TEXT, "name", None)}))})
FUNCTION = Schema("FunctionDef", {
    1: (MESSAGE, "signature", SIGNATURE), 3: (MESSAGES, "nodes", NODE), 4: (MESSAGES, "ret", RETURN),
})  # fmt: skip
#: nodes and functions stay where they are until they are asked for
GRAPH = Schema("GraphDef", {
    1: (SPANS, "node", None),
    2: (MESSAGE, "library", Schema("FunctionDefLibrary", {1: (SPANS, "function", None)})),
})  # fmt: skip


class Scope:
    """The main graph, or the body of one function."""

    __slots__ = ("arguments", "name", "nodes", "outputs")

    def __init__(
        self, name: str, nodes: Sequence[Node], arguments: Sequence[str] = (), outputs: Sequence[str] = ()
    ) -> None:
        #: the function's; "" for the main graph
        self.name = name
        self.nodes = {node.name: node for node in nodes}
        self.arguments = {argument: k for k, argument in enumerate(arguments)}
        #: what it gives, as its own nodes call that
        self.outputs = outputs

    def find(self, reference: str) -> tuple[Node | int | None, int]:
        """(the node that a reference names, or the number of an argument; which of its outputs).

        In the main graph `name:1` is an output; in a function `name:output:1` is, and an argument has its bare name.
        """
        name, _, rest = reference.partition(":")
        last = rest.rpartition(":")[2]
        place = int(last) if last.isdigit() and len(last) < 7 else 0
        node = self.nodes.get(name)
        return (self.arguments.get(name) if node is None else node), place


class Graph:
    """A GraphDef: its main graph, and those functions that it calls, at any depth."""

    __slots__ = ("_functions", "_wire", "called", "main", "unused")

    def __init__(self, wire: Wire, held: Record, start: Sequence[str] | None = None) -> None:
        self._wire = wire
        self.main = self._scope("", [wire.made(NODE, offset, length, 3) for offset, length in held.get("node", ())])
        self._functions = self._heads(held.get("library", {}).get("function", ()))
        #: name of a function -> its body; those that are called
        self.called: dict[str, Scope] = {}
        self._follow(self.main.nodes.values() if start is None else self._needed(start))
        #: how many functions nothing calls
        self.unused = len(self._functions) - len(self.called)

    def scopes(self) -> Iterator[Scope]:
        """The main graph, then the functions in the order in which they are called first."""
        yield self.main
        yield from self.called.values()

    def functions_of(self, node: Node) -> Iterator[tuple[Scope, int]]:
        """(the body of a function that a node calls, the first input of the node that it is given)."""
        for attribute, name in node.refers.items():
            if name in self.called:
                yield self.called[name], CALLS.get(attribute.partition(".")[0], 0)
        if node.op in self.called:
            yield self.called[node.op], 0

    def _heads(self, spans: Sequence[Span]) -> dict[str, Span]:
        """Where each function stands, by its name."""
        heads = [self._wire.made(HEAD, offset, length, 4) for offset, length in spans]
        names = [head.get("signature", {}).get("name", "") for head in heads]
        self._refuse_twice(names, "the function")
        return dict(zip(names, spans, strict=True))

    def _needed(self, outputs: Sequence[str]) -> list[Node]:
        """The nodes of the main graph that these outputs need; all others are left out."""
        waiting, met = [*outputs], set()
        while waiting:
            node, _ = self.main.find(waiting.pop().lstrip("^"))
            if isinstance(node, Node) and node.name not in met:
                met.add(node.name)
                waiting += node.inputs
        self.main.nodes = {name: node for name, node in self.main.nodes.items() if name in met}
        return list(self.main.nodes.values())

    def _follow(self, nodes: Iterable[Node]) -> None:
        """Read the functions that these nodes call, and those that they call."""
        waiting = [*nodes]
        for node in waiting:  # it grows while it is walked
            for name in (*node.refers.values(), node.op):
                if name in self._functions and name not in self.called:
                    self.called[name] = self._body(name)
                    waiting += self.called[name].nodes.values()

    def _body(self, name: str) -> Scope:
        held = self._wire.made(FUNCTION, *self._functions[name], 4)
        signature = held.get("signature", {})
        given = {pair.get("key", ""): pair.get("value", "") for pair in held.get("ret", ())}
        outputs = [given.get(output, "") for output in signature.get("outputs", ())]
        return self._scope(name, held.get("nodes", ()), signature.get("inputs", ()), outputs)

    def _scope(
        self, name: str, nodes: Sequence[Node], arguments: Sequence[str] = (), outputs: Sequence[str] = ()
    ) -> Scope:
        self._refuse_twice(
            [node.name for node in nodes], f"the function {shown(name)}: the node" if name else "the node"
        )
        return Scope(name, nodes, arguments, outputs)

    def _refuse_twice(self, names: Sequence[str], what: str) -> None:
        """Raise FormatError for a name that two have: readers would not agree on which is meant."""
        if len(set(names)) == len(names):
            return
        twice = next(name for name, times in Counter(names).items() if times > 1)
        raise FormatError(f"{self._wire.name}: {what} {shown(twice)} comes twice")


def constants(scope: Scope) -> Iterator[tuple[Node, Stored]]:
    """The constants of a scope, in the order of its nodes."""
    return ((node, node.tensors["value"]) for node in scope.nodes.values() if node.op in CONSTANTS and node.tensors)
