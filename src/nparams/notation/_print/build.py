"""The tree of modules that a printed model stands for, under PyTorch's names."""

from __future__ import annotations

import re

from nparams.errors import NotationError, shown
from nparams.expr import symbol
from nparams.layers._torch.call import HERE, renamed, tensors_of
from nparams.layers._torch.layers import CLASSES
from nparams.network import Module, Over, Tensor
from nparams.notation._print.layers import MAX_TENSORS, Finder, Found, parametrised, projections, raw
from nparams.notation._print.text import Node, Printed, scan
from nparams.notation._print.words import LEARNS, OUT_PROJ

#: modules and tensors that are written out one by one; of more, equal neighbours stay one module over an index
WRITTEN = 50_000
#: parts of a name that are modules of their own
MAX_DEPTH = 32


class Model:
    """What was printed: its outermost nodes, every node, and the tree of modules."""

    __slots__ = ("nodes", "printed", "root", "roots")

    def __init__(self, printed: Printed, roots: list[Node], nodes: list[Node]) -> None:
        self.printed = printed
        self.roots = roots
        #: all of them, each before what stands under it
        self.nodes = nodes
        self.root = Module("", children=[])

    @property
    def name(self) -> str:
        """The class of the outermost module, or of all of them."""
        return ", ".join(dict.fromkeys(root.bare for root in self.roots))


def build(text: str) -> Model:
    """The model of a text; NotationError where no printed layer is found.

    >>> model = build("Net((0-1): 2 x Linear(in_features=4, out_features=2, bias=True))")
    >>> [module.name for module in model.root.children]
    ['0', '1']
    """
    printed = scan(text)
    finder = Finder(biased=_biased(printed))
    roots = _kept(printed, finder)
    if not roots:
        raise NotationError(
            f"{shown(text.strip())} shows no printed layer, such as (fc): Linear(in_features=4, out_features=2, "
            "bias=True)"
        )
    model = Model(printed, roots, [node for root in roots for node in root.walk()])
    for node in model.nodes:
        node.found = finder.find(node)
    for node in model.nodes:
        _complete(node)
    _count_copies(model)
    _grow(model)
    return model


def _biased(printed: Printed) -> bool:
    """Whether dense layers that do not say have biases: as those that do, where they all say no; else PyTorch's yes."""
    seen = set()
    for root in printed.roots:
        for node in root.walk():
            for child in node.children:
                if not node.name.startswith("lora_") and "in_features" in child.words:
                    seen.update(re.findall(r"\bbias=(True|False)", child.words))
    return seen != {"False"}


# -- which are models -------------------------------------------------------------------------------------------------


def _kept(printed: Printed, finder: Finder) -> list[Node]:
    """The outermost nodes that are models or layers, and not calls in code or prose around them."""
    found: list[Node] = []
    for root, front in zip(printed.roots, printed.front, strict=True):
        while not root.name and root.cls[0].islower() and [child.name for child in root.children] == [""]:
            root, front = root.children[0], ""  # print(Net(...))
        if root.children or root.held or root.name:
            found.append(root)
        elif _stands_alone(front) and _is_layer(root, finder):
            _name_in_front(root, front)
            found.append(_in_attention(root))
    return _once(found)


def _stands_alone(front: str) -> bool:
    """Whether a layer begins its line: behind a prompt, a name, what a logger writes or another layer."""
    return not front or front[-1] in ":=->|]),;[" or not re.search(r"\s", front) or front[-1] in "x×"


def _is_layer(node: Node, finder: Finder) -> bool:
    if "." in node.cls and not node.cls[0].islower():
        return False
    if node.bare not in CLASSES and not LEARNS.search(node.bare) and "_features=" not in node.words:
        return False
    return finder.find(node).sort in ("layer", "free", "unknown")


def _name_in_front(node: Node, front: str) -> None:
    """`cnn.conv.0: Conv2d(...)`, `('cnn.conv.0', Conv2d(...))`, `12 x Linear(...)`."""
    times = re.search(r"(?:\A|[:\s])(\d{1,9})\s*[x×]\Z", front)
    if times:
        node.times, node.first = int(times[1]), 0
    named = re.match(r"(?:\(')?([\w.-]{1,200})(?:',|\s*[:=])?\Z", front)
    if named and not times and not named[1].isdigit() | (named[1] == "-"):
        node.name = named[1]


def _in_attention(node: Node) -> Node:
    """`decoder.self_attn.out_proj: NonDynamicallyQuantizableLinear(...)`: the attention that it ends."""
    path, _, leaf = node.name.rpartition(".")
    if not path or leaf != "out_proj" or node.bare not in OUT_PROJ:
        return node
    outer = Node(path, "MultiheadAttention", 1, node.start)
    outer.line, outer.children, node.name = node.line, [node], leaf
    return outer


def _once(roots: list[Node]) -> list[Node]:
    """Without modules that are listed again by their names, as a loop over named_modules() prints them."""
    seen: set[tuple[str, str]] = set()
    for root in roots:
        stack = [(root, "")] if not root.name else []
        while stack:
            node, path = stack.pop()
            seen.add((path, node.bare))
            stack.extend((child, _joined(path, child.name)) for child in node.children)
    return [root for root in roots if not root.name or (root.name, root.bare) not in seen]


# -- what only the neighbours tell ------------------------------------------------------------------------------------


def _complete(node: Node) -> None:
    """What a module holds that its children show."""
    children = {child.name: child for child in node.children}
    out = children.get("out_proj")
    if out is not None and _is_attention(node, out):
        d = out.found.said.named.get("in_features")
        if isinstance(d, int) and d == out.found.said.named.get("out_features"):
            node.found = Found(
                "wrapper", projections(d, out.found.said.named.get("bias") is not False), taken="attention"
            )
    lists = children.get("parametrizations")
    if lists is not None and node.found.module is not None and node.found.sort == "layer":
        named = {child.name: [inner.bare for inner in child.children] for child in lists.children}
        found = node.found
        node.found = Found("layer", parametrised(node.found.module, named), taken="parametrised")
        node.found.said, node.found.unseen, node.found.packed = found.said, found.unseen, found.packed
    magnitudes, second = children.get("lora_magnitude_vector"), children.get("lora_B")
    if magnitudes is not None and second is not None and second.children:
        _magnitudes(magnitudes, second)


def _is_attention(node: Node, out: Node) -> bool:
    """torch.nn.MultiheadAttention prints its last layer only; others of that name print their projections too."""
    if out.bare in OUT_PROJ:
        return True
    return node.bare == "MultiheadAttention" and out.bare == "Linear" and len(node.children) == 1


def _magnitudes(magnitudes: Node, second: Node) -> None:
    """DoRA keeps a length for each row of the weight (peft/tuners/lora/dora.py); its print shows none."""
    rows = {child.name: child.found.said.named.get("out_features") for child in second.children}
    for child in magnitudes.children:
        size = rows.get(child.name)
        if isinstance(size, int) and child.bare == "DoraLinearLayer":
            why = ((symbol("c"), "weight", "DoRA learns the length of each of the {c} rows."),)
            tensors = [Tensor(f"{HERE}.weight", (size,))]
            child.found = Found("layer", Module(HERE, "Scale", {"c": size}, symbol("c"), tensors=tensors, why=why))


# -- names and copies -------------------------------------------------------------------------------------------------


def _count_copies(model: Model) -> None:
    """How many of each node there are in all, and the full name of the first."""
    stack: list[tuple[Node, int, str]] = [(root, 1, "") for root in reversed(model.roots)]
    _name_roots(model)
    while stack:
        node, outer, path = stack.pop()
        node.copies = outer * node.times
        whole = len(model.roots) == 1 and node is model.roots[0]
        node.path = "" if whole and _is_whole(node) else _joined(path, _numbered(node, 0))
        stack.extend((child, node.copies, node.path) for child in reversed(node.children))


def _is_whole(root: Node) -> bool:
    """Whether the only outermost node is the model itself, so that names begin below it."""
    return bool(root.children or root.held) and not root.name and root.times == 1 and root.found.module is None


def _name_roots(model: Model) -> None:
    """Outermost modules without a name are called by their class."""
    taken: dict[str, int] = {}
    for root in model.roots:
        if root.name:
            continue
        if len(model.roots) == 1 and _is_whole(root):
            return
        stem = root.bare.lower()
        taken[stem] = taken.get(stem, 0) + 1
        root.name = stem if taken[stem] == 1 else f"{stem}{taken[stem]}"


def _joined(path: str, leaf: str) -> str:
    return f"{path}.{leaf}" if path and leaf else path or leaf


def _numbered(node: Node, k: int) -> str:
    """The name of the k-th of equal neighbours."""
    if node.first is not None:
        return str(node.first + k)
    return node.name if node.times == 1 else f"{node.name}{k}"


def _grow(model: Model) -> None:
    """Modules for all nodes, equal neighbours one by one unless there are too many."""
    tensors = [0 if node.found.module is None else len(list(tensors_of(node.found.module))) for node in model.nodes]
    if sum(tensors) > MAX_TENSORS:
        raise NotationError(f"more than {MAX_TENSORS:,} tensors are in this model")
    one_by_one = sum(node.copies * (1 + count) for node, count in zip(model.nodes, tensors, strict=True)) <= WRITTEN
    top: list[Module] = []
    stack: list[tuple[Node, str, list[Module]]] = [(root, "", top) for root in reversed(model.roots)]
    whole = len(model.roots) == 1 and model.roots[0].path == ""
    empty = not any(_has_row(node) for node in model.nodes)
    while stack:
        node, path, into = stack.pop()
        names = [node.path] if whole and node is model.roots[0] else _names(node, path, one_by_one)
        for name in names:
            module = _module(node, name, empty)
            if len(names) < node.times:
                first = node.first or 0
                module.over = Over("i", first, first + node.times - 1)
            into.append(module)
            module.children += [raw(_joined(name, leaf), shape) for leaf, shape in node.held]  # type: ignore[operator]
            stack.extend((child, name, module.children) for child in reversed(node.children))  # type: ignore[misc]
    model.root = top[0] if whole else Module("", children=_grouped(top))


def _grouped(modules: list[Module]) -> list[Module]:
    """Modules that are called a.b.c stand in a and a.b, though nobody printed those."""
    found: list[Module] = []
    made: dict[str, list[Module]] = {"": found}
    for module in modules:
        *outer, _ = module.name.split(".", MAX_DEPTH)
        path = ""
        for part in outer:
            inner = _joined(path, part)
            if inner not in made:
                made[inner] = []
                made[path].append(Module(inner, children=made[inner]))
            path = inner
        made[path].append(module)
    return found


def _names(node: Node, path: str, one_by_one: bool) -> list[str]:
    if one_by_one or node.times == 1:
        return [_joined(path, _numbered(node, k)) for k in range(node.times)]
    return [_joined(path, "[i]" if node.first is not None else f"{node.name}[i]")]


def _has_row(node: Node) -> bool:
    """Whether it is a layer of its own, and not only what holds others."""
    bare = node.found.sort == "wrapper" or bool(node.children)
    return node.found.module is not None or bool(node.held) or not bare


def _module(node: Node, name: str, empty: bool) -> Module:
    """The node's own module under its full name; a model that is `empty` shows its containers."""
    made = node.found.module
    if made is None:
        leaf = not node.children and (empty or _has_row(node)) and not node.held
        return Module(name, node.bare if leaf else None, children=[], why=((0, "", _nothing(node)),) if leaf else ())
    return renamed(made, name)


def _nothing(node: Node) -> str:
    if node.found.sort == "custom":
        return "Its print shows no parameters; raw ones (nn.Parameter) would not be seen."
    return "Nothing to learn, no weights."
