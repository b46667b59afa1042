"""What a printed module holds by itself: by its class, by what it prints, or not known."""

from __future__ import annotations

import re

from nparams.errors import NotationError
from nparams.expr import Expr, symbol
from nparams.layers._torch.call import HERE, tensors_of
from nparams.layers._torch.layers import CLASSES, REQUIRED, make
from nparams.layers._torch.rules import ONLY_HERE
from nparams.layers._torch.signatures import CONTAINERS
from nparams.layers.catalogue import kind_of
from nparams.layers.layer import Setting, parsed
from nparams.network import Module, Tensor
from nparams.notation._print.arguments import Said
from nparams.notation._print.words import (
    ADAPTERS,
    FREE,
    FREE_WITHIN,
    FROZEN_NORM,
    LEARNS,
    LIKE,
    OUT_PROJ,
    PACKED,
    WORDS,
    WRAPPERS,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.layers._torch.layers import TorchClass
    from nparams.notation._print.text import Node

#: tensors that a text may stand for, equal neighbours once
MAX_TENSORS = 200_000
#: the name that a layer has while nobody knows where it stands
#: parameters of torch.nn that a count depends on: sizes, and things that are there or not
SIZES = frozenset(
    """in_features out_features in1_features in2_features in_channels out_channels kernel_size groups num_features
    normalized_shape num_groups num_channels num_parameters num_embeddings embedding_dim input_size hidden_size
    num_layers proj_size""".split()
)
FLAGS = frozenset("bias affine elementwise_affine track_running_stats bidirectional".split())


class Found:
    """What was made of a printed module.

    `sort`: layer, free, wrapper (of torch.nn or known), custom, unknown (has parameters, prints no size).
    `module`: what it holds by itself, named HERE; None: nothing.
    """

    __slots__ = ("module", "packed", "said", "sort", "taken", "unseen")

    def __init__(self, sort: str, module: Module | None = None, *, taken: str = "") -> None:
        self.sort = sort
        self.module = module
        #: the class of torch.nn that it was taken for, because it prints the same
        self.taken = taken
        #: whether biases cannot be seen in what it prints
        self.unseen = False
        self.packed = False
        self.said = Said("")


class Finder:
    """Finds what modules of one text hold; equal ones are made once."""

    def __init__(self, *, biased: bool = True) -> None:
        #: whether layers that do not say have biases
        self.biased = biased
        self.setting = Setting("torch")
        self._made: dict[tuple[str, str, int], Found] = {}
        self._tensors = 0

    def find(self, node: Node) -> Found:
        """What a node holds by itself; NotationError for sizes that PyTorch would refuse."""
        key = (node.cls, node.words + "…" * node.cut, bool(node.children) + _is_transformer(node))
        if key not in self._made:
            try:
                self._made[key] = self._find(node)
            except NotationError as error:
                raise NotationError(f"line {node.line}: {error}") from None
        return self._made[key]

    def _find(self, node: Node) -> Found:
        said = Said(node.words)
        name = node.bare
        if name in ("RecursiveScriptModule", "ScriptModule") and isinstance(said.named.get("original_name"), str):
            name, said = str(said.named["original_name"]), Said("")
        if name.startswith("Parametrized") and len(name) > len("Parametrized"):
            name = name.removeprefix("Parametrized")
        found = self._by_class(node, name, said)
        found.said = said
        self._tensors += 0 if found.module is None else len(list(tensors_of(found.module)))
        if self._tensors > MAX_TENSORS:
            raise NotationError(f"more than {MAX_TENSORS:,} tensors are in this model")
        found.packed = found.sort == "layer" and (PACKED.search(name) is not None or "Quantized" in node.words)
        return found

    def _by_class(self, node: Node, name: str, said: Said) -> Found:
        wraps = bool(node.children) and node.cls.partition(".")[0] in ADAPTERS and "in_features" not in said.named
        if wraps or name in CONTAINERS or (name in WRAPPERS and (node.children or name not in CLASSES)):
            return Found("custom" if name == "Transformer" and not _is_transformer(node) else "wrapper")
        if FROZEN_NORM.search(name):
            return self._frozen(said)
        if name == "Parameter" and said.placed:
            return _parameter(said)
        if name in CLASSES and (CLASSES[name].free or name.startswith("Lazy")):
            return self._exact(name, said)
        if FREE.match(name) or FREE_WITHIN.search(name):
            return Found("custom" if node.children else "free")
        return self._sized(node, name, said)

    def _exact(self, name: str, said: Said) -> Found:
        """A free class of torch.nn, or a lazy one."""
        cls = CLASSES[name]
        if cls.free:
            kind = ONLY_HERE[cls.rule][0] if cls.rule in ONLY_HERE else kind_of(cls.rule).name
            return Found("free", Module(HERE, kind, why=((0, "", "Nothing to learn, no weights."),)))
        ones = {name: 1 for name, default in cls.params.items() if default is REQUIRED}
        flags = {name: held for name, held in arguments(cls, said).items() if name in FLAGS}
        return Found("unknown", make(cls, HERE, {**cls.params, **ones, **flags}, self.setting))

    def _sized(self, node: Node, name: str, said: Said) -> Found:
        """A layer by its class or by what it prints; else by whether its name says that it learns."""
        base, exact = like(name, said)
        if node.cut:
            return _unknown(name)
        if base is not None and not (node.children and base.name == "Embedding" and not exact):
            given = arguments(base, said)
            if all(parameter in given for parameter, default in base.params.items() if default is REQUIRED):
                return self._layer(base, given, said, exact=exact, name=name)
        if node.children:
            return Found("custom")
        if base is not None or LEARNS.search(name) or name in CLASSES:
            return _unknown(name)
        return _unknown(name) if said.elided else Found("custom")

    def _layer(self, base: TorchClass, given: dict[str, object], said: Said, *, exact: bool, name: str) -> Found:
        unseen = base.name == "Linear" and "bias" not in said.named and "nf" not in said.named
        if unseen:
            given["bias"] = self.biased
        try:
            module = make(base, HERE, {**base.params, **given}, self.setting)
        except NotationError:
            if exact:
                raise
            return _unknown(name)
        if "nf" in said.named:
            _turn(module)
        found = Found("layer", module, taken="" if exact else base.name)
        found.unseen = unseen
        return found

    def _frozen(self, said: Said) -> Found:
        """Buffers only: scale, shift, mean and variance, as torchvision and detectron2 register them."""
        c = next((held for held in (*said.placed, said.named.get("num_features")) if isinstance(held, int)), None)
        shape = None if c is None else (c,)
        leaves = ("weight", "bias", "running_mean", "running_var")
        tensors = [Tensor(f"{HERE}.{leaf}", shape, role="buffer") for leaf in leaves]
        why = "It is frozen: scale, shift, mean and variance are kept as fixed numbers, no parameters."
        return Found("layer", Module(HERE, "BatchNorm", tensors=tensors, why=((0, "", why),)))


def _is_transformer(node: Node) -> bool:
    """Whether it is torch.nn.Transformer, and not one of somebody's own of that name."""
    return [child.bare for child in node.children] == ["TransformerEncoder", "TransformerDecoder"]


def like(name: str, said: Said) -> tuple[TorchClass | None, bool]:
    """The class of torch.nn that it is, or that it prints like; and whether it is that very class."""
    if name in CLASSES:
        return CLASSES[name], True
    if {"in_features", "out_features"} <= said.named.keys() or {"nf", "nx"} <= said.named.keys():
        return CLASSES["Linear"], "nf" in said.named or name in OUT_PROJ
    if "kernel_size" in said.named and len(said.placed) >= 2:
        rank = _rank(name, said.named["kernel_size"])
        if rank is not None:
            turned = "Transpose" if re.search("Transpose|Deconv", name, re.IGNORECASE) else ""
            return CLASSES[f"Conv{turned}{rank}d"], False
    if (
        re.search(r"Linear\w{0,8}\Z", name)
        and {"in_features", "out_features"} <= arguments(CLASSES["Linear"], said).keys()
    ):
        return CLASSES["Linear"], False
    return next(((CLASSES[base], False) for pattern, base in LIKE if pattern.search(name)), (None, False))


def _rank(name: str, kernel: object) -> int | None:
    """How many sides a convolution slides along, by its kernel or its name."""
    if isinstance(kernel, tuple):
        return len(kernel) if 1 <= len(kernel) <= 3 else None
    named = re.search(r"([123])[dD]", name)
    return int(named[1]) if named else None


def arguments(cls: TorchClass, said: Said) -> dict[str, object]:
    """What was printed for the parameters that count, by PyTorch's names for them."""
    found: dict[str, object] = {}
    for parameter, held in zip(cls.params, said.placed, strict=False):
        if parameter in SIZES:
            found[parameter] = held
    for parameter in cls.params:
        if parameter in SIZES or parameter in FLAGS:
            for word in WORDS.get(parameter, parameter).split():
                if word in said.named:
                    found[parameter] = said.named[word]
                    break
    return {parameter: held for parameter, held in found.items() if _fits(parameter, held)}


def _fits(parameter: str, held: object) -> bool:
    if parameter in FLAGS:
        return isinstance(held, bool)
    if isinstance(held, tuple):
        return parameter in ("kernel_size", "normalized_shape")
    return isinstance(held, int) and not isinstance(held, bool)


def _unknown(name: str) -> Found:
    """A layer that has parameters, how many its print does not say."""
    why = "It prints no size: how many parameters it has is not known."
    return Found("unknown", Module(HERE, name, tensors=[Tensor(f"{HERE}.weight", None)], why=((0, "", why),)))


def _parameter(said: Said) -> Found:
    shape = tuple(held for held in said.placed if isinstance(held, int))
    return Found("layer", raw(HERE, shape))


def raw(name: str, shape: tuple[int, ...]) -> Module:
    """A bare parameter as a module of its own."""
    letters = (
        [f"n_{'z' * (k // 26)}{chr(97 + k % 26)}" for k in range(len(shape))] if len(shape) > 1 else ["n"] * len(shape)
    )
    formula = parsed("*".join(letters)) if letters else 1
    why = ((formula, "weight", "A bare parameter: one number for each entry of its shape."),)
    args = dict(zip(letters, shape, strict=True))
    return Module(name, "Parameter", args, formula, tensors=[Tensor(name, shape)], why=why)


def _turn(module: Module) -> None:
    """transformers' Conv1D keeps the weight of a dense layer transposed, (nx, nf): pytorch_utils.py."""
    weight = module.tensors[0]
    assert weight.shape is not None
    weight.shape = weight.shape[::-1]


# -- parametrisations -------------------------------------------------------------------------------------------------


def parametrised(module: Module, lists: dict[str, list[str]]) -> Module:
    """A layer whose tensors are worked out from others: torch.nn.utils.parametrize keeps those as `original`.

    `lists`: for each tensor the classes of its parametrisations.  Weight normalisation keeps lengths and directions,
    original0 and original1 (torch/nn/utils/parametrizations.py), a length for each row (dim=0).
    """
    tensors, lengths = [], []
    for t in module.tensors:
        leaf = t.name[len(HERE) + 1 :]
        if leaf not in lists or t.shape is None:
            tensors.append(t)
            continue
        front = f"{HERE}.parametrizations.{leaf}.original"
        if "_WeightNorm" not in lists[leaf]:
            tensors.append(Tensor(front, t.shape, role=t.role))
            continue
        lengths.append(t.shape[0])
        tensors += [Tensor(f"{front}0", (t.shape[0], *[1] * (len(t.shape) - 1))), Tensor(f"{front}1", t.shape)]
    if not lengths:
        return Module(module.name, module.kind, module.args, module.formula, tensors=tensors, why=module.why,
                      takes=module.takes, out=module.out)  # fmt: skip
    letters = [f"m_{k}" for k in range(len(lengths))] if len(lengths) > 1 else ["m"]
    parts = [symbol(letter) for letter in letters]
    why = [
        (part, "weight", f"Weight normalisation keeps the lengths of its {{{part}}} rows as well.") for part in parts
    ]
    before = () if module.formula is None else (module.formula,)
    return Module(
        module.name, module.kind, {**module.args, **dict(zip(letters, lengths, strict=True))},
        Expr("add", (*before, *parts)), tensors=tensors, why=(*module.why, *why), takes=module.takes, out=module.out,
    )  # fmt: skip


# -- attention --------------------------------------------------------------------------------------------------------


def projections(d: int, bias: bool) -> Module:
    """What torch.nn.MultiheadAttention has beside its out_proj, where keys and values are as wide as queries."""
    tensors = [Tensor(f"{HERE}.in_proj_weight", (3 * d, d))]
    why = [
        (parsed("3*d*d"), "weight", "Three matrices make queries, keys and values of the {d} numbers at each place.")
    ]
    if bias:
        tensors.append(Tensor(f"{HERE}.in_proj_bias", (3 * d,), role="bias"))
        why.append((parsed("3*d"), "bias", "Each number of a query, key or value has a bias."))
    formula = Expr("add", tuple(part for part, _, _ in why)) if bias else why[0][0]
    return Module(HERE, "Attention", {"d": d}, formula, tensors=tensors, why=why)
