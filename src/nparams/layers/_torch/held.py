"""A layer of torch.nn as the textbook explains it, made for arrays that are there: the same layer, or none."""

from __future__ import annotations

import re

from nparams.errors import InvariantError, NotationError
from nparams.layers._torch.call import HERE, tensors_of
from nparams.layers._torch.layers import CLASSES, make
from nparams.layers._torch.leaves import plain
from nparams.layers._torch.recover import COMPOSITE, recovered
from nparams.layers._torch.recurrent import WORDS
from nparams.layers._torch.rules import ONLY_HERE
from nparams.layers.catalogue import kind_of
from nparams.layers.layer import Setting
from nparams.network import PARAMETER_ROLES, Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from nparams.layers._torch.layers import TorchClass
    from nparams.layers._torch.recover import Shapes
    from nparams.network import Tensor

#: classes whose name may end a class of the same arrays (LlamaRMSNorm, QuantLinear): longest first
NAMED = sorted((name for name, cls in CLASSES.items() if not cls.free and not name.startswith("Lazy")), key=len)[::-1]
#: of these, the arrays without which a name is not believed: many norms are called LayerNorm and shift nothing
NEEDED = {"layernorm": ("bias",), "batchnorm": ("weight",), "instancenorm": ("weight",)}
#: norms that are spelt otherwise than in torch.nn: RmsNorm (timm), LayerNorm2d (SAM), RMS_norm (Wan)
NORMS = {name.lower(): CLASSES[name] for name in ("RMSNorm", "LayerNorm", "GroupNorm")}
SPELT = re.compile(f"({'|'.join(NORMS)})(?:[123]d)?$")
#: rules of signatures.py that go by no name of a kind
KIND_NAMES = {**COMPOSITE, **{rule: kind for rule, (kind, _) in ONLY_HERE.items()}, "cell": "SimpleRNN"}
#: no arrays
NOTHING: Shapes = {}


class Templates:
    """Layers under the name HERE, made once for all that are alike."""

    def __init__(self) -> None:
        self._setting = Setting("torch")
        self._made: dict[object, tuple[Module | None, bool]] = {}

    def free(self, cls: TorchClass, attributes: Mapping[str, Any]) -> Module | None:
        """A layer that never has parameters."""
        key = (cls.name, *attributes.values())
        if key not in self._made:
            self._made[key] = self._try(cls, attributes), True
        return self._made[key][0]

    def holding(
        self, cls: TorchClass, shapes: Shapes, attributes: Mapping[str, Any], apart: Shapes = NOTHING
    ) -> tuple[Module | None, bool]:
        """The layer of that class that has such parameters, and whether these are all that there are.

        `apart` has the arrays that are no parameters.

        >>> made, whole = Templates().holding(CLASSES["Linear"], {"weight": (10, 784), "bias": (10,)}, {})
        >>> made.kind, str(made.formula), made.args, whole
        ('Dense', 'n_in*n_out + n_out', {'n_in': 784, 'n_out': 10}, True)
        """
        key = (cls.name, *shapes.items(), *attributes.items(), apart.get("running_mean"))
        try:
            if key not in self._made:
                self._made[key] = self._held(cls, shapes, attributes, apart)
            return self._made[key]
        except TypeError:  # an attribute that is no size
            return None, False

    def _held(
        self, cls: TorchClass, shapes: Shapes, attributes: Mapping[str, Any], apart: Shapes
    ) -> tuple[Module | None, bool]:
        known, same = plain(shapes)
        try:
            found, given = recovered(cls, {**apart, **known}, attributes)
        except (LookupError, ValueError, TypeError, ZeroDivisionError):
            return None, False
        made = self._try(found, given)
        if made is None:
            return None, False
        start = len(HERE) + 1
        held = {t.name[start:]: t.shape for t in tensors_of(made) if t.role in PARAMETER_ROLES}
        if any(known.get(leaf) != shape for leaf, shape in held.items()):
            return None, False
        return made, same and len(held) == len(known)

    def _try(self, cls: TorchClass, given: Mapping[str, Any]) -> Module | None:
        try:
            return make(cls, HERE, given, self._setting)
        except (NotationError, InvariantError):
            return None


def outline(made: Module | None, cls: TorchClass, name: str, tensors: Sequence[Tensor]) -> Module:
    """A layer of that class with other arrays than it should have: what comes in and goes out, and no formula."""
    ends = (None, None) if made is None else (made.takes, made.out)
    return Module(name, kind_name(cls), takes=ends[0], out=ends[1], tensors=tensors, children=[])


def kind_name(cls: TorchClass) -> str:
    """The kind of a layer of that class, where no more is known of it.

    >>> kind_name(CLASSES["Conv2d"]), kind_name(CLASSES["LSTMCell"])
    ('Conv', 'LSTM')
    """
    word = WORDS.get(cls.name.removesuffix("Cell"), cls.rule)
    return KIND_NAMES[word] if word in KIND_NAMES else kind_of(word).name


def named_as(word: str, shapes: Shapes) -> TorchClass | None:
    """The class of torch.nn that the name of another class ends with, if what it needs to be one is there.

    >>> named_as("LlamaRMSNorm", {"weight": (4096,)}), named_as("T5LayerNorm", {"weight": (512,)})
    (TorchClass(RMSNorm), None)
    >>> named_as("RmsNorm2d", {"weight": (64,)})
    TorchClass(RMSNorm)
    """
    cls = ends_as(word)
    return cls if cls is not None and all(leaf in shapes for leaf in NEEDED.get(cls.rule, ())) else None


def ends_as(word: str) -> TorchClass | None:
    """The same by its name alone: whatever stands before, however norms are spelt, for images too (LayerNorm2d).

    >>> ends_as("LlamaRMSNorm"), ends_as("HunyuanVideo15RMS_norm"), ends_as("Attention")
    (TorchClass(RMSNorm), TorchClass(RMSNorm), None)
    """
    for name in NAMED:
        if word.endswith(name):
            return CLASSES[name]
    like = SPELT.search(word.lower().replace("_", ""))
    return NORMS[like[1]] if like is not None else None
