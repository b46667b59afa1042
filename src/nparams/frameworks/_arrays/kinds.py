"""The tree of a flat list of named arrays; layers have kinds and formulas where class and shapes prove them."""

from __future__ import annotations

from nparams.errors import NparamsError
from nparams.frameworks._arrays.proofs import EXTRA, FORMULA, PROOFS, WHOLE, Held
from nparams.layers.catalogue import kinds, words
from nparams.layers.flow import Flow
from nparams.layers.layer import Setting, made, parsed
from nparams.network import PARAMETER_ROLES, Module, Over, Tensor
from nparams.network.closed import postorder
from nparams.network.grouping import group

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from nparams.layers.kind import Kind

    Classes = Mapping[str, tuple[str, dict[str, Any]]]

#: classes of these frameworks that no word of the textbook's kinds is: Flax, Haiku
CLASSES = {
    "multiheaddotproductattention": "Attention", "selfattention": "Attention", "optimizedlstmcell": "LSTM",
    "simplecell": "SimpleRNN", "vanillarnn": "SimpleRNN", "lineargeneral": "Dense", "densegeneral": "Dense",
    "loralinear": "Dense",
}  # fmt: skip
#: leading sides that hold copies: of nested scans, vmaps
STACKED = 3
#: what the two arrays of a layer are, where lists leave them without names
PAIRS = (["weight", "bias"], ["bias", "weight"])


def tree(classes: Classes, *, turned: bool = False) -> Callable[[Sequence[Tensor]], Module]:
    """What makes the tree of the tensors, knowing the classes of layers by their names."""
    kept = dict(classes)

    def build(tensors: Sequence[Tensor]) -> Module:
        root = group(tensors)
        done: dict[int, Module] = {}
        for module, children in postorder(root):
            done[id(module)] = _layer(module, [done[id(child)] for child in children], kept, turned)
        return done[id(root)]

    return build


def _layer(module: Module, children: Sequence[Module], classes: Classes, turned: bool) -> Module:
    plain = Module(module.name, tensors=module.tensors, children=children)
    known = classes.get(module.name)
    kind = kind_of_class(known[0] if known else class_in(module.name))
    if kind is None and not children:
        kind = _by_leaves(module)
    if kind is None or kind.name not in PROOFS:
        return plain
    whole = kind.name in WHOLE
    tensors, inside = (list(_under(module)), ()) if whole else (list(module.tensors), children)
    if not any(t.role in PARAMETER_ROLES for t in tensors):
        return plain
    certain = known is not None or class_in(module.name)[:1].isupper()
    settings = known[1] if known else {}
    for depth in range(STACKED + 1 if certain and not inside else 1):
        found = _proved(module.name, kind, tensors, settings, turned, depth)
        if found is not None:
            found.children = inside
            return found
    if children:
        return plain
    return Module(module.name, kind.name if known else None, tensors=tensors)


def kind_of_class(word: str) -> Kind | None:
    """The kind that a class, or a layer called after one, is: dense_12 and Dense are one, shortcut_batchnorm its last.

    >>> kind_of_class("shortcut_batchnorm").name, kind_of_class("final_layer_norm_1").name, kind_of_class("block_1")
    ('BatchNorm', 'LayerNorm', None)
    """
    word = word.rstrip("0123456789").rstrip("_") if word[-2:].lower() not in ("1d", "2d", "3d") else word
    parts = word.lower().split("_")
    for start in range(len(parts)):
        last = "".join(parts[start:])
        found = kinds()[CLASSES[last]] if last in CLASSES else words().get(last)
        if found is not None:
            return found
    return None


def class_in(name: str) -> str:
    """The last part of a layer's name, in which Flax and Haiku write its class: Dense_0, mlp/~/linear_1."""
    return name[max(name.rfind("."), name.rfind("/")) + 1 :]


def _by_leaves(module: Module) -> Kind | None:
    """The kind that the names of its arrays leave no doubt of: a matrix called kernel or w, a table of embeddings."""
    leaves = {t.name[len(module.name) :].lstrip("./"): t for t in module.tensors}
    shapes = {leaf: len(t.shape or ()) for leaf, t in leaves.items()}
    if all(leaf.isdigit() for leaf in leaves) and [t.role for t in leaves.values()] in PAIRS:
        return kinds()["Dense"]
    matrix = next((leaf for leaf in ("kernel", "w", "W") if leaf in shapes), None)
    if matrix is not None and shapes.keys() <= {matrix, "bias", "b"}:
        rank = shapes[matrix]
        return kinds().get("Dense" if rank == 2 else "Conv" if rank in (4, 5) else "")
    table = shapes.keys() <= {"embedding", "embeddings"} and set(shapes.values()) == {2}
    return kinds()["Embedding"] if table else None


def _under(module: Module) -> Iterator[Tensor]:
    """The tensors of a module and everything in it, in order."""
    stack = [module]
    while stack:
        inner = stack.pop()
        yield from inner.tensors
        stack.extend(reversed(inner.children))


def _proved(
    name: str, kind: Kind, tensors: list[Tensor], settings: Mapping[str, Any], turned: bool, depth: int
) -> Module | None:
    """The layer, if one of its kind holds just this; `depth` leading sides are copies."""
    fronts = {(t.shape or ())[:depth] for t in tensors}
    if len(fronts) != 1 or any(t.shape is None or len(t.shape) < depth for t in tensors):
        return None
    cores: dict[str, dict[str, tuple[int, ...]]] = {"weight": {}, "bias": {}}
    for t in tensors:
        cores.setdefault(t.role, {})[t.name[len(name) :].lstrip("./")] = (t.shape or ())[depth:]  # type: ignore[assignment]
    held = Held(cores["weight"], cores["bias"], settings, turned)
    given = PROOFS[kind.name](held)
    made_ = None if given is None else _made(kind, name, given, held)
    if made_ is None:
        return None
    return _standing(made_, tensors, next(iter(fronts)), depth)  # type: ignore[arg-type]


def _made(kind: Kind, name: str, given: dict[str, Any], held: Held) -> Module | None:
    """A layer of that kind with these arguments, if it holds as many weights and biases."""
    if given.pop(EXTRA, False):
        return _written(kind, name, FORMULA, given, held)
    width = given.get(kind.width) if kind.width else None
    positions = None if kind.name in ("Conv", "ConvTranspose") else ()
    try:
        module = made(kind, name, given, Flow(positions, width), Setting()).module()
    except NparamsError:
        return None
    for role, shapes in (("weight", held.weights), ("bias", held.biases)):
        if sum(t.size for t in _under(module) if t.role == role) != held.sum(shapes):  # type: ignore[misc]
            return None
    return module


def _written(kind: Kind, name: str, formula: str, given: Mapping[str, Any], held: Held) -> Module | None:
    """The same for a formula of our own."""
    tensors = [Tensor(name, (held.sum(held.weights),)), Tensor(name, (held.sum(held.biases),), role="bias")]
    n, h = given["n"], given["h"]
    try:
        return Module(name, kind.name, {"n": n, "h": h}, parsed(formula), takes=(n,), out=(h,), tensors=tensors)
    except NparamsError:
        return None


def _standing(layer: Module, tensors: list[Tensor], front: tuple[int, ...], depth: int) -> Module:
    """The layer with the arrays that are there; copies along leading sides stand over an index."""
    formula, why = layer.formula, layer.why
    copies = 1
    for side in front:
        copies *= side
    if depth:
        tensors = [_one(t, depth) for t in tensors]
    if any(t.tied_to is not None for t in tensors):
        formula, why = None, ()
    over = Over("i", 1, copies) if depth else None
    return Module(
        layer.name,
        layer.kind,
        layer.args,
        formula,
        over=over,
        takes=layer.takes,
        out=layer.out,
        tensors=tensors,
        why=why,
    )


def _one(t: Tensor, depth: int) -> Tensor:
    """One copy of a stacked array."""
    return Tensor(t.name, (t.shape or ())[depth:], t.dtype, t.role, t.trainable, t.tied_to, None, t.note)
