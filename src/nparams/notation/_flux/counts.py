"""The network of Flux code or print: which statement is the model, which version's cells, and the counts it prints."""

from __future__ import annotations

import re

from nparams.errors import NotationError, shown
from nparams.expr import Expr, add
from nparams.network import PARAMETER_ROLES, Module, Network
from nparams.notation._flux.build import Builder
from nparams.notation._flux.layers import LAYERS
from nparams.notation._flux.parse import Node, Parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size

MAX_READ_AS = 200
#: Dense(784 => 32, relu),  # 25_120 parameters, plus 64
COUNT = re.compile(r"#\s*([\d_]{1,60}) parameters?(?:, plus ([\d_]{1,60}))?")
#: # Total: 4 arrays, 25_450 parameters, 99.7 KiB.
TOTAL = re.compile(r"#\s*Total: [\d_]{1,60} (?:trainable )?arrays?, ([\d_]{1,60}) parameters?")
#: what only code for 0.15 and later has, and only code before
NEWER = r"\breturn_state\b|\bRecurrence\(|\binitialstates\b"
OLDER = r"\bRecur\(|\breset!\(|\binit_state\b|\bstate0\b"
RECURRENT = frozenset(f"{word}{end}" for word in ("RNN", "LSTM", "GRU", "GRUv3") for end in ("", "Cell"))


def counted(text: str) -> Network:
    """The network, its counts held against those that were printed."""
    parser = Parser(text)
    statements = parser.statements()
    if not statements:
        raise NotationError(f"{shown(text.strip())} holds no layer; write for example Dense(5 => 7)")
    names = {name: node for name, node in statements if name is not None}
    name, model = _model(statements)
    printed = _printed(parser, model)
    state, told = _version(text, printed)
    builder = Builder(parser, names, state=state)
    network = _network(text, builder, model)
    if isinstance(network.totals.known, Expr):
        _ = network.layers  # a division by nothing is found here, not while it is printed
    network.notes += builder.notes
    if parser.aside:
        told = ", ".join(f"line {line} ({shown(words)})" for line, words in parser.aside[:3])
        more = f" and {len(parser.aside) - 3} more" if len(parser.aside) > 3 else ""
        network.notes.append(f"passed over, for no layer is made there: {told}{more}")
    if builder.recurrent:
        other = _network(text, Builder(parser, names, state=not state), model)
        _tell_state(network, other, state, told)
    network.notes += _disagreements(parser, builder, printed)
    _check_total(parser, network)
    _tell_unused(network, statements, name, model, builder)
    return network


def _network(text: str, builder: Builder, model: Node) -> Network:
    module = builder.build(model, "")
    root = module if module.children and not module.tensors else Module(children=[_labelled(module)])
    root.name = ""
    told = " ".join(_bare(builder.parser.text[model.at : model.end]).split())
    return Network(
        root, source=text, form="flux", read_as=told if len(told) <= MAX_READ_AS else f"{told[: MAX_READ_AS - 2]} …",
        notes=[*builder.setting.notes, *builder.setting.missing.values()],
    )  # fmt: skip


def _bare(code: str) -> str:
    """Code without its comments."""
    if "#" not in code:
        return code
    kept = [piece.partition("=#")[2] if k else piece for k, piece in enumerate(code.split("#="))]
    return "\n".join(line.partition("#")[0] for line in "".join(kept).split("\n"))


def _labelled(module: Module) -> Module:
    module.name = module.name or (module.tensors[0].name.rpartition(".")[0] if module.tensors else "layer")
    return module


def _model(statements: list[tuple[str | None, Node]]) -> tuple[str | None, Node]:
    """The last statement that makes a layer."""
    for name, node in reversed(statements):
        inner = node
        while inner.kind == "op" and inner.args:
            inner = inner.args[0]
        if inner.kind == "call" and inner.value.rpartition(".")[2] in LAYERS:
            return name, node
    return statements[-1]


# -- printed counts ----------------------------------------------------------------------------------------------------


def _walk(root: Node) -> list[Node]:
    found, stack = [], [root]
    while stack:
        node = stack.pop()
        found.append(node)
        stack.extend([*node.args, *(inner for _, inner in node.named)])
    return found


def _printed(parser: Parser, model: Node) -> dict[int, tuple[int, Node]]:
    """The count that stands behind a layer on its line, by the layer's node."""
    if not any(COUNT.search(comment.text) for comment in parser.comments):
        return {}
    ends = sorted(((n.end, -n.at, k, n) for k, n in enumerate(_walk(model)) if n.kind in ("call", "array")))
    found: dict[int, tuple[int, Node]] = {}
    place = 0
    for comment in parser.comments:
        match = COUNT.match(comment.text)
        while place < len(ends) and ends[place][0] <= comment.at:
            place += 1
        if match is None or not place:
            continue
        node = ends[place - 1][3]
        if "\n" not in parser.text[node.end : comment.at]:
            found[id(node)] = (int(match[1].replace("_", "") or 0), node)
    return found


def _own(module: Module) -> Size:
    stack, sizes = [module], []
    while stack:
        inner = stack.pop()
        sizes += [t.size for t in inner.tensors if t.role in PARAMETER_ROLES and t.size is not None]
        stack.extend(inner.children)
    return add(*sizes) if sizes else 0


def _disagreements(parser: Parser, builder: Builder, printed: dict[int, tuple[int, Node]]) -> list[str]:
    notes: list[str] = []
    for node, module in builder.made:
        if id(node) not in printed:
            continue
        said, held = printed[id(node)][0], _own(module)
        if isinstance(held, int) and held != said and len(notes) < 20:
            line = parser.text.count("\n", 0, node.at) + 1
            told = shown(" ".join(parser.text[node.at : node.end].split()))
            notes.append(f"line {line}: {told} has {held:,} parameters, not {said:,} as printed")
    return notes


def _check_total(parser: Parser, network: Network) -> None:
    match = next((m for m in (TOTAL.match(c.text) for c in reversed(parser.comments)) if m is not None), None)
    if match is None:
        return
    said = int(match[1].replace("_", "") or 0)
    network.also["declared"] = said
    if isinstance(network.total, int) and network.total != said:
        network.notes.append(f"the total is {network.total:,}, not {said:,} as printed")


# -- versions ----------------------------------------------------------------------------------------------------------


def _version(text: str, printed: dict[int, tuple[int, Node]]) -> tuple[bool, str]:
    """Whether recurrent cells learn their first state, and how that was told."""
    for said, node in printed.values():
        base = node.value.rpartition(".")[2]
        if base in RECURRENT and node.args and node.args[0].kind == "pair":
            ends = [arg.value.replace("_", "") for arg in node.args[0].args]
            if all(end.isdecimal() and len(end) < 20 for end in ends):
                return said > _plain_count(base, int(ends[0]), int(ends[1])), "by a printed count"
    if re.search(NEWER, text):
        return False, "by other words in the code"
    if re.search(OLDER, text):
        return True, "by other words in the code"
    return True, ""


def _plain_count(base: str, n: int, h: int) -> int:
    gates = {"R": 1, "L": 4, "G": 3}[base[0]]
    return gates * h * (n + h + 1)


def _tell_state(network: Network, other: Network, state: bool, told: str) -> None:
    """What the other versions of Flux make of the recurrent layers."""
    total = other.totals.known
    network.also["without initial state" if state else "with initial state"] = total
    because = f" (told {told})" if told else ""
    number = str(total) if isinstance(total, Expr) else f"{total:,}"
    network.notes.append(
        f"counted as by Flux up to 0.14{because}: a recurrent layer also learns its state before the first step (h0); "
        f"since Flux 0.15 it does not: {number}"
        if state
        else f"counted as by Flux since 0.15{because}: a recurrent layer does not learn its state before the first "
        f"step (h0); up to 0.14 it did: {number}"
    )


def _tell_unused(
    network: Network, statements: list[tuple[str | None, Node]], name: str | None, model: Node, builder: Builder
) -> None:
    """Other layers that were assigned and are no part of the model."""
    built = {id(node) for node, _ in builder.made}
    rest = [
        word
        for word, node in statements
        if word is not None and word != name and node is not model and id(node) not in built
        and node.kind == "call" and node.value.rpartition(".")[2] in LAYERS
    ]  # fmt: skip
    if rest:
        network.notes.append(f"counted is {name or 'the last line'}; {', '.join(rest[:5])} is no part of it")


__all__ = ["counted"]
