"""What a user of a printed model must be told: what a print cannot show, what was inferred, and what disagrees."""

from __future__ import annotations

import re

from nparams.layers._torch.layers import CLASSES
from nparams.network import Network
from nparams.network.notes import Told, number
from nparams.notation._print.checks import LISTED, called, disagreements, listed, own_size, stated, subtotals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.notation._print.build import Model
    from nparams.notation._print.text import Node

#: norms without shifts
SCALES_ONLY = re.compile(r"RMS|T5LayerNorm")


def notes_of(model: Model, network: Network) -> list[str]:
    """Every sentence, what matters most first."""
    found: list[str] = []
    for write in (
        _cut_off, _unknown, _several, _attention, _weight_norms, _unseen_biases, _custom, _tied_head, _taken, _packed,
        _frozen, _adapters, disagreements, stated, _ranges,
    ):  # fmt: skip
        found += write(model, network)
    return found


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
        found.append(f"something is left out (...) in {listed(called(node) for node in left_out)}: it is not counted")
    return found


def _kept(node: Node) -> str:
    """A name inside a sentence with {} in it."""
    return called(node).replace("{", "{{").replace("}", "}}")


def _unknown(model: Model, network: Network) -> list[str]:
    unknown = [node for node in model.nodes if node.found.sort == "unknown"]
    if not unknown:
        return []
    count = sum(node.copies for node in unknown)
    names = listed(node.bare for node in unknown)
    which = called(unknown[0]) if count == 1 else f"{number(count)} of them, such as {called(unknown[0])}"
    known = number(network.totals.known)
    told = f"how many parameters {names} has is not printed ({which}), so there is no total; what is known is {known}"
    return [told, *_norms_as_wide(model, unknown, network)]


def _norms_as_wide(model: Model, unknown: list[Node], network: Network) -> list[str]:
    """What norms that print no size come to if they are as wide as the embedding: a guess, and said to be one."""
    first = next((shape for node in model.nodes if _is(node, "Embedding") and (shape := _weight(node))), None)
    if first is None or not all("Norm" in node.bare for node in unknown):
        return []
    each = "scale" if all(SCALES_ONLY.search(node.bare) for node in unknown) else "scale and a shift"
    count = sum(node.copies for node in unknown)
    size = first[1] * count * (1 if each == "scale" else 2)
    return [
        Told(
            f"if each of them has a {each} for each of the {first[1]:,} numbers of an embedding, that is {{}} more and "
            "the total is {}",
            size, network.totals.known + size,
        )
    ]  # fmt: skip


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


def _weight_norms(model: Model, network: Network) -> list[str]:
    size = 0
    for node in model.nodes:
        for t in node.found.module.tensors if node.found.module is not None else ():
            if t.name.endswith(".original0") and isinstance(t.size, int):
                size += t.size * node.copies
    if not size:
        return []
    told = (
        "weight normalisation is counted with a length for each row (dim=0, its default), {} in all; a print does not"
    )
    return [Told(f"{told} show whether it has another dim", size)]


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
        return _shared(model)
    return [
        "a print shows layers only: raw parameters (nn.Parameter) and tied weights cannot be seen in it, and "
        f"{listed(names)} may have some"
    ]


def _shared(model: Model) -> list[str]:
    """Layers of torch.nn alone may be one layer, used twice, if they are equal."""
    seen: set[tuple[object, ...]] = set()
    for node in model.nodes:
        shapes = tuple(t.shape for t in node.found.module.tensors) if node.found.module is not None else ()
        if shapes and (node.copies > 1 or shapes in seen):
            return ["a print does not show whether equal layers share their weights (tied): each is counted"]
        seen.add(shapes)
    return []


def _tied_head(model: Model, network: Network) -> list[str]:
    tables = {_weight(node): node for node in model.nodes if _is(node, "Embedding") and node.copies == 1}
    for node in reversed(model.nodes):
        shape = _weight(node)
        if shape is None or not _is(node, "Dense") or node.copies != 1 or shape not in tables or shape[0] <= shape[1]:
            continue
        rows, width = shape
        table = tables[shape]
        sentence = (
            f"{_kept(node)} ({rows} x {width}) has the shape of {_kept(table)}, and a print cannot show whether "
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
