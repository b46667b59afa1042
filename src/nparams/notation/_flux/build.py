"""The tree of Flux code as modules: sizes, names that were assigned, layers that are used again, comprehensions."""

from __future__ import annotations

import re

from nparams.errors import NotationError, shown
from nparams.expr import add, mul, symbol
from nparams.layers.catalogue import kind_of
from nparams.layers.flow import Flow
from nparams.layers.layer import Setting, made
from nparams.network import Module, Tensor
from nparams.notation._flux.layers import LAYERS, MAX_COPIES, PLAIN, holder, inside, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.notation._flux.parse import Node, Parser

MAX_MODULES = 100_000
#: layers within layers, names followed; operators within one size
MAX_NESTED = 60
MAX_OPERATIONS = 150
NO_BIAS = frozenset(("false", "Zeros", "Flux.Zeros", "nothing"))


class Builder:
    """Makes the modules of one piece of code."""

    def __init__(self, parser: Parser, names: dict[str, Node], *, state: bool) -> None:
        self.parser = parser
        #: what was assigned
        self.names = names
        #: whether recurrent cells learn the state before the first step (Flux up to 0.14)
        self.state = state
        self.setting = Setting("textbook")
        self.notes: list[str] = []
        #: the module that each node became, and nodes that are used again
        self.made: list[tuple[Node, Module]] = []
        self.owners: dict[str, str] = {}
        self.values: dict[str, int] = {}
        self.open: list[str] = []
        self.count = 0
        self.depth = 0
        self.operations = 0
        #: whether a recurrent cell was met
        self.recurrent = False

    # -- sizes --------------------------------------------------------------------------------------------------------

    def size(self, node: Node) -> Size:
        """A whole number or an expression."""
        if node.kind == "number":
            digits = node.value.replace("_", "")
            if not digits.isdecimal() or len(digits) > 300:
                self.parser.fail(node.at, f"{shown(node.value)} is no size: write a whole number")
            return int(digits)
        if node.kind == "name":
            return self._value(node)
        if node.kind == "op" and len(node.args) == 2 and node.value in ("+", "-", "*", "÷", "^"):
            return self._operation(node)
        told = self.parser.text[node.at : node.end]
        raise self.parser.error(node.at, f"{shown(told)} is no size that can be read; write a whole number or a name")

    def _value(self, node: Node) -> Size:
        if node.value in self.values:
            return self.values[node.value]
        if node.value in self.names:
            if node.value in self.open or len(self.open) > 20:
                self.parser.fail(node.at, f"{shown(node.value)} is made of itself")
            self.open.append(node.value)
            found = self.size(self.names[node.value])
            self.open.pop()
            return found
        if not re.fullmatch(r"[^\W\d]\w*", node.value) or not node.value.isidentifier():
            self.parser.fail(node.at, f"{shown(node.value)} is no size; write a whole number or a name")
        return symbol(node.value)

    def _operation(self, node: Node) -> Size:
        self.operations += 1
        if self.operations > MAX_OPERATIONS:
            self.parser.fail(node.at, f"a size of more than {MAX_OPERATIONS} operations")
        a, b = self.size(node.args[0]), self.size(node.args[1])
        self.operations -= 1
        if node.value == "^":
            if not isinstance(b, int) or b > 64 or (isinstance(a, int) and a.bit_length() * b > 2000):
                self.parser.fail(node.at, "this power is too large to work out")
            return a**b
        if node.value == "÷":
            if b == 0:
                self.parser.fail(node.at, "a division by zero")
            return a // b
        found = add(a, b) if node.value == "+" else add(a, mul(-1, b)) if node.value == "-" else mul(a, b)
        if isinstance(found, int) and found.bit_length() > 2000:
            self.parser.fail(node.at, "this size is too large")
        return found

    def sizes(self, node: Node) -> tuple[Size, ...]:
        """A tuple of sizes; one number is a tuple of one."""
        return tuple(self.size(arg) for arg in node.args) if node.kind in ("tuple", "vector") else (self.size(node),)

    def pair(self, node: Node, skip: int = 0) -> tuple[Node, Node, list[Node]]:
        """(in, out, the rest) of `in => out` or `in, out`."""
        args = node.args[skip:]
        if args and args[0].kind == "pair":
            return args[0].args[0], args[0].args[1], args[1:]
        if len(args) > 1 and args[0].kind in ("number", "name", "op", "tuple"):
            return args[0], args[1], args[2:]
        raise self.parser.error(node.at, f"{shown(node.value)} takes in => out: {node.value}(5 => 7)")

    def flag(self, node: Node, name: str, default: bool) -> bool:
        """A named argument that is true or false; bias=Flux.Zeros() is false."""
        said = dict(node.named).get(name)
        if said is None:
            return default
        return said.value not in NO_BIAS

    # -- modules ------------------------------------------------------------------------------------------------------

    def build(self, node: Node, name: str) -> Module:
        """The module that a node makes."""
        self.count += 1
        if self.count > MAX_MODULES:
            self.parser.fail(node.at, f"more than {MAX_MODULES:,} layers")
        self.depth += 1
        if self.depth > MAX_NESTED:
            self.parser.fail(node.at, f"layers are nested more than {MAX_NESTED} deep")
        module = self._build(node, name)
        self.depth -= 1
        self.made.append((node, module))
        return module

    def _build(self, node: Node, name: str) -> Module:
        if node.kind == "name":
            return self._reference(node, name)
        if node.kind == "array":
            return self._array(node, name)
        if node.kind in ("vector", "tuple"):
            return holder(self, node, name)
        if node.kind == "op" and node.value in ("|>", "∘"):
            return self._piped(node, name)
        if node.kind == "function":
            return self._function(node, name)
        if node.kind != "call":
            told = self.parser.text[node.at : max(node.end, node.at + 1)]
            self.parser.fail(node.at, f"{shown(told)} is no layer; layers are Dense(5 => 7), Chain(...)")
        return self._call(node, name)

    def _call(self, node: Node, name: str) -> Module:
        base = node.value.rpartition(".")[2]
        if base in LAYERS:
            try:
                return LAYERS[base](self, node, name)
            except NotationError as error:
                if str(error).startswith("line "):
                    raise
                self.parser.fail(node.at, f"{shown(self.parser.text[node.at : node.end])}: {error}")
        if base in PLAIN or node.value in PLAIN:
            return plain(name, PLAIN.get(base) or PLAIN[node.value])
        if base[:1].isupper():
            self.parser.fail(node.at, f"{base} is defined elsewhere: paste the layers that it holds")
        if base in self.names:
            self.parser.fail(node.at, f"{base}(...) would have to run; write the layers themselves")
        self._strange(base)
        return plain(name, "Function")

    def _strange(self, word: str) -> None:
        told = f"{word} is taken as a function without parameters"
        if told not in self.notes and len(self.notes) < 20:
            self.notes.append(told)

    def _reference(self, node: Node, name: str) -> Module:
        """A function, or a layer that was made before: the second time it is the same one."""
        word = node.value
        base = word.rpartition(".")[2]
        if word not in self.names:
            if base not in PLAIN and base[:1].isupper():
                self.parser.fail(node.at, f"{shown(word)} is defined elsewhere: paste the layers that it holds")
            if base not in PLAIN:
                self._strange(base)
            return plain(name, PLAIN.get(base, "Function"))
        if word in self.open or len(self.open) > 20:
            self.parser.fail(node.at, f"{shown(word)} is made of itself")
        self.open.append(word)
        module = self.build(self.names[word], name)
        self.open.pop()
        if word in self.owners:
            from nparams.notation._stack.modules import shared

            told = f"{word} is used more than once: its parameters are shared and counted once"
            self.notes += [told] * (told not in self.notes)
            return shared(module, name, self.owners[word])
        self.owners[word] = name
        return module

    def _array(self, node: Node, name: str) -> Module:
        """How Flux prints an array of a layer's own: 3×1×1 Array{Float32,...}."""
        shape = tuple(int(n[:300]) for n in re.findall(r"\d+", node.value.partition(" ")[0]))
        return Module(name, "Parameter", tensors=[Tensor(f"{name}.weight", shape)])

    def _piped(self, node: Node, name: str) -> Module:
        """Chain(...) |> gpu."""
        order = node.args if node.value == "|>" else node.args[::-1]
        last = order[1].value.rpartition(".")[2]
        if order[1].kind == "name" and PLAIN.get(last) == "Identity":
            return self.build(order[0], name)
        children = [self.build(part, inside(name, str(k + 1))) for k, part in enumerate(order)]
        return Module(name, "Chain", children=children)

    def _function(self, node: Node, name: str) -> Module:
        if node.args:
            return self.build(node.args[0], name)
        layers = [word for word, _ in node.named if word.rpartition(".")[2] in LAYERS]
        if layers:
            self.parser.fail(node.at, f"{layers[0]} inside a function x -> ... is made anew each time; name it outside")
        return plain(name, "Function")

    # -- children -----------------------------------------------------------------------------------------------------

    def children(self, node: Node, name: str, skip: int = 0) -> list[Module]:
        """What a Chain holds, numbered as Julia does, or by name."""
        found: list[Module] = []
        for arg in node.args[skip:]:
            found += self._spread(arg, name, len(found))
        for word, arg in node.named:
            found.append(self.build(arg, inside(name, word)))
        return found

    def _spread(self, arg: Node, name: str, before: int) -> list[Module]:
        if arg.kind == "each":
            return self._copies(arg, name, before)
        if arg.kind in ("vector", "tuple"):
            found: list[Module] = []
            for inner in arg.args:
                found += self._spread(inner, name, before + len(found))
            return found + [self.build(inner, inside(name, word)) for word, inner in arg.named]
        return [self.build(arg, inside(name, str(before + 1)))]

    def _copies(self, node: Node, name: str, before: int) -> list[Module]:
        body, span = node.args
        if span.kind != "op" or span.value != ":":
            self.parser.fail(node.at, "a comprehension runs over a range such as 1:3")
        first, last = self.size(span.args[0]), self.size(span.args[1])
        if not isinstance(first, int) or not isinstance(last, int) or last - first >= MAX_COPIES:
            self.parser.fail(node.at, f"the range of a comprehension must be numbers, at most {MAX_COPIES:,} copies")
        found: list[Module] = []
        kept = self.values.get(node.value)
        for i in range(first, last + 1):
            self.values[node.value] = i
            found.append(self.build(body, inside(name, str(before + len(found) + 1))))
        if kept is None:
            self.values.pop(node.value, None)
        else:
            self.values[node.value] = kept
        return found

    def layer(self, word: str, name: str, **given: object) -> Module:
        """A layer of the textbook."""
        said = {letter: value for letter, value in given.items() if value is not None}
        return made(kind_of(word), name or word, said, Flow(), self.setting).module()


__all__ = ["Builder"]
