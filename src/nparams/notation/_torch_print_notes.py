"""What a user of a printed model must be told: what a print cannot show, what was inferred, and what disagrees."""

from __future__ import annotations

import re

from nparams.network import PARAMETER_ROLES, Network
from nparams.network.notes import Told, number
from nparams.notation._torch_layers import CLASSES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from nparams.notation._torch_print_build import Model
    from nparams.notation._torch_print_text import Node

#: names that a sentence lists before it stops
LISTED = 6


def notes_of(model: Model, network: Network) -> list[str]:
    """Every sentence, what matters most first."""
    found: list[str] = []
    for write in (
        _cut_off, _unknown, _several, _attention, _unseen_biases, _custom, _tied_head, _taken, _packed, _frozen,
        _adapters, _disagreements, _stated, _ranges,
    ):  # fmt: skip
        found += write(model, network)
    return found


def listed(names: Iterable[str]) -> str:
    """Names in a sentence, cut short where there are many."""
    several = list(dict.fromkeys(names))
    if len(several) <= LISTED:
        return ", ".join(several)
    return f"{', '.join(several[:LISTED])} and {len(several) - LISTED} more"


def own_size(node: Node) -> int | None:
    """The parameters that a node holds by itself, raw ones among them; None where that is not known."""
    total = 0
    for _, shape in node.held:
        size = 1
        for side in shape:
            size *= side
        total += size
    module = node.found.module
    for t in () if module is None else module.tensors:
        if t.role in PARAMETER_ROLES:
            if not isinstance(t.size, int):
                return None
            total += t.size
    return total


# -- what is missing --------------------------------------------------------------------------------------------------


def _cut_off(model: Model, network: Network) -> list[str]:
    found = []
    if model.printed.open:
        brackets = "bracket is" if model.printed.open == 1 else "brackets are"
        found.append(
            f"{model.printed.open} {brackets} not closed: the text ends early, and what is cut off is not counted"
        )
    left_out = [node for node in model.nodes if node.found.said.elided and node.found.sort != "unknown"]
    if left_out:
        found.append(f"something is left out (...) in {listed(_called(node) for node in left_out)}: it is not counted")
    return found


def _called(node: Node) -> str:
    return node.path or node.bare


def _unknown(model: Model, network: Network) -> list[str]:
    unknown = [node for node in model.nodes if node.found.sort == "unknown"]
    if not unknown:
        return []
    count = sum(node.copies for node in unknown)
    names = listed(node.bare for node in unknown)
    which = _called(unknown[0]) if count == 1 else f"{number(count)} of them, such as {_called(unknown[0])}"
    return [
        f"how many parameters {names} has is not printed ({which}), so there is no total; what is known is "
        f"{number(network.totals.known)}"
    ]


def _several(model: Model, network: Network) -> list[str]:
    whole = [root for root in model.roots if root.children]
    if len(whole) < 2 or all(root.name and not root.path.startswith(root.bare.lower()) for root in whole):
        return []
    sums = subtotals(model)
    told = ", ".join(f"{root.bare} {number(size)}" for root in whole if (size := sums[id(root)]) is not None)
    return [f"{len(whole)} models are printed and counted together: {told}"]


# -- what is inferred -------------------------------------------------------------------------------------------------


def _attention(model: Model, network: Network) -> list[str]:
    nodes = [node for node in model.nodes if node.found.taken == "attention"]
    if not nodes:
        return []
    size = sum((own_size(node) or 0) * node.copies for node in nodes)
    return [
        Told(
            "MultiheadAttention prints its out_proj only: the in_proj beside it ({} parameters in all) is inferred "
            "from that; kdim, vdim and bias_k, bias_v cannot be seen and are taken as not given",
            size,
        )
    ]


def _unseen_biases(model: Model, network: Network) -> list[str]:
    nodes = [node for node in model.nodes if node.found.unseen]
    if not nodes:
        return []
    biased = any(t.role == "bias" for node in nodes if node.found.module for t in node.found.module.tensors)
    size = sum(_outputs(node) * node.copies for node in nodes)
    names = listed(node.bare for node in nodes)
    if biased:
        return [
            Told(
                f"whether {names} has biases is not printed: they are counted, as by PyTorch's default; without these "
                "{} the total is {}",
                size, network.totals.known - size,
            )
        ]  # fmt: skip
    return [
        Told(
            f"whether {names} has biases is not printed: none are counted, as the layers that do print it say "
            "bias=False; with {} of them the total is {}",
            size, network.totals.known + size,
        )
    ]  # fmt: skip


def _outputs(node: Node) -> int:
    assert node.found.module is not None
    size = node.found.module.args.get("n_out")
    return size if isinstance(size, int) else 0


def _taken(model: Model, network: Network) -> list[str]:
    pairs: dict[str, list[str]] = {}
    for node in model.nodes:
        taken = node.found.taken
        if taken in CLASSES and not node.found.packed:
            pairs.setdefault(taken, []).append(node.bare)
    told = "; ".join(f"{listed(names)} as {base}" for base, names in pairs.items())
    return [f"counted by what they print: {told}"] if told else []


def _packed(model: Model, network: Network) -> list[str]:
    names = listed(node.bare for node in model.nodes if node.found.packed)
    if not names:
        return []
    return [f"{names}: quantised weights are counted as the numbers that they stand for, not as they are packed"]


def _frozen(model: Model, network: Network) -> list[str]:
    names = listed(node.bare for node in model.nodes if node.found.module and _all_buffers(node))
    return [f"{names} keeps scales and shifts as buffers, which are no parameters"] if names else []


def _all_buffers(node: Node) -> bool:
    assert node.found.module is not None
    tensors = node.found.module.tensors
    return bool(tensors) and all(
        t.role == "buffer" and t.name.endswith(("weight", "bias", "mean", "var")) for t in tensors
    )


def _adapters(model: Model, network: Network) -> list[str]:
    size = 0
    for node in model.nodes:
        if ".lora_" in f".{node.path}":
            size += (own_size(node) or 0) * node.copies
    if not size:
        return []
    return [Told("the adapters (lora_*) hold {} of these; a print does not show what is trained", size)]


# -- what a print cannot show -----------------------------------------------------------------------------------------


def _custom(model: Model, network: Network) -> list[str]:
    names = [node.bare for node in model.nodes if node.found.sort == "custom"]
    if not names:
        return []
    return [
        "a print shows layers only: raw parameters (nn.Parameter) and tied weights cannot be seen in it, and "
        f"{listed(names)} may have some"
    ]


#: what the layer that brings features back to words is called
HEADS = frozenset(("lm_head", "decoder", "head", "output", "generator", "out", "proj", "embed_out", "classifier"))


def _tied_head(model: Model, network: Network) -> list[str]:
    tables = {_weight(node): node for node in model.nodes if _is(node, "Embedding") and node.copies == 1}
    for node in reversed(model.nodes):
        shape = _weight(node)
        if shape is None or not _is(node, "Dense") or node.copies != 1 or shape not in tables or shape[0] <= shape[1]:
            continue
        rows, width = shape
        table = tables[shape]
        sentence = (
            f"{_called(node)} ({rows} x {width}) has the shape of {_called(table)}, and a print cannot show whether "
            "they are one tensor (tied): if they are, the {} weights are counted once and the total is {}"
        )
        return [Told(sentence, rows * width, network.totals.known - rows * width)]
    return []


def _is(node: Node, kind: str) -> bool:
    return node.found.module is not None and node.found.module.kind == kind


def _weight(node: Node) -> tuple[int, int] | None:
    """The shape of a matrix in numbers."""
    module = node.found.module
    shape = module.tensors[0].shape if module is not None and module.tensors else None
    if shape is None or len(shape) != 2 or not all(isinstance(side, int) for side in shape):
        return None
    return shape  # type: ignore[return-value]


# -- what the print says itself ---------------------------------------------------------------------------------------


def subtotals(model: Model) -> dict[int, int | None]:
    """For each node what it and everything under it has, one copy; None where that is not known."""
    found: dict[int, int | None] = {}
    for node in reversed(model.nodes):  # children come after their parents
        parts = [own_size(node)]
        for child in node.children:
            inner = found[id(child)]
            parts.append(None if inner is None else inner * child.times)
        found[id(node)] = None if None in parts else sum(part for part in parts if part is not None)
    return found


def _disagreements(model: Model, network: Network) -> list[str]:
    """Counts that stand in the print, against the layers that they stand beside; the innermost first."""
    sums = subtotals(model)
    wrong = []
    checked = 0
    for node in reversed(model.nodes):
        size = sums[id(node)]
        if size is None or (node.told is None and node.found.said.told is None):
            continue
        checked += 1
        if node.told is not None and node.told not in (size, size * node.times):
            wrong.append((node, number(node.told), size))
        elif node.found.said.told is not None and not _rounds_to(size, *node.found.said.told):
            wrong.append((node, _scaled(*node.found.said.told), size))
    if not wrong:
        return [f"the print's own counts agree ({number(checked)} of them)"] if checked else []
    told = [
        f"{_called(node)} says {says} parameters, its layer has {number(size)}" for node, says, size in wrong[:LISTED]
    ]
    more = f"; and {len(wrong) - LISTED} more such" if len(wrong) > LISTED else ""
    return ["; ".join(told) + more]


#: "parameters = 22,565,376", "Total params: 39,396,352"; not those that are trained
STATED = re.compile(
    r"(?<![\w-])param[\wè]{0,8}(?: \w{1,12}){0,3}[ \t]?[:=][ \t]?(?P<n>\d[\d,_]{0,40})(?![\d,_.]*[ \t]?[kKMBGT%])",
    re.IGNORECASE,
)


def _stated(model: Model, network: Network) -> list[str]:
    """A total beside the print, against what its layers show."""
    text = model.printed.text
    found = {
        int(m["n"].replace(",", "").replace("_", ""))
        for m in STATED.finditer(text)
        if "rainable" not in text[max(m.start() - 12, 0) : m.start()]
    }
    if len(found) != 1 or not isinstance(network.total, int):
        return []
    said = found.pop()
    if said == network.total:
        return [f"the text says {number(said)} parameters too"]
    apart = number(abs(said - network.total))
    return [
        f"the text says {number(said)} parameters, {apart} {'more' if said > network.total else 'fewer'} than it shows"
    ]


def _rounds_to(size: int, digits: int, power: int) -> bool:
    """Whether a size is printed so when it is rounded, or cut, to the last digit."""
    if power <= 0:
        return bool(size * 10**-power == digits)
    return bool(abs(size - digits * 10**power) < 10**power)


def _scaled(digits: int, power: int) -> str:
    """941 times ten as 9,410."""
    return number(digits * 10**power) if power >= 0 else f"{digits}/{10**-power}"


def _ranges(model: Model, network: Network) -> list[str]:
    """(0-11): Block( without the 12 x."""
    found = []
    for node in model.nodes:
        span = node.name.replace("–", "-").replace("—", "-").split("-")
        if node.first is None or len(span) != 2 or not all(part.strip().isdigit() for part in span):
            continue
        count = int(span[1]) - int(span[0]) + 1
        if count != node.times:
            found.append(
                f"({node.name}) names {count} modules, but {node.times} x is printed: {node.times} are counted"
            )
    return found[:LISTED]
