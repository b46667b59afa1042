"""What differs between frameworks in one and the same network, itemised: the bias vectors of recurrent layers.

PyTorch keeps two bias vectors in each gate (b_ih and b_hh, as cuDNN does); Flax, Haiku and Equinox one, and in their
GRU one more for the product that is reset.
"""

from __future__ import annotations

from nparams.frameworks._arrays.kinds import class_in, kind_of_class
from nparams.frameworks._arrays.proofs import PROOFS, Held
from nparams.network import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from nparams.network import Listed

    #: name, role and shape of an array
    Shaped = tuple[str, str, Any]

GATES = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}


def recurrent(tensors: Listed, classes: Mapping[str, tuple[str, dict[str, Any]]], *, turned: bool = False) -> list[str]:
    """A sentence on what PyTorch would have more, where there are recurrent layers."""
    if not _may_recur("\n".join((*tensors.names, *(word for word, _ in classes.values())))):
        return []
    layers: dict[str, tuple[str, list[Shaped]]] = {}
    for t in _shaped(tensors):
        name = _parent(t[0])
        for path in (name, _parent(name)):
            word = classes[path][0] if path in classes else class_in(path)
            if not _may_recur(word):
                continue
            kind = kind_of_class(word)
            if kind is not None and kind.name in GATES:
                layers.setdefault(path, (kind.name, []))[1].append(t)
                break
    more: dict[str, int] = {}
    for path, (kind_name, held) in layers.items():
        settings = classes[path][1] if path in classes else {}
        extra = _extra(path, kind_name, held, settings, turned)
        if extra:
            more[kind_name] = more.get(kind_name, 0) + extra
    return [
        f"{kind_name}: PyTorch keeps two bias vectors in each gate, and would have {extra:,} parameters more"
        for kind_name, extra in more.items()
    ]


def _shaped(tensors: Listed) -> Iterator[Shaped]:
    """(name, role, shape) of each once, without making it."""
    for name, kind in zip(tensors.names, tensors.kinds, strict=True):
        if not isinstance(kind, Tensor):
            yield name, kind[2], kind[0]
        elif kind.tied_to is None:
            yield name, kind.role, kind.shape or ()


def _may_recur(word: str) -> bool:
    """Whether a name may be a recurrent layer's: their names all have one of these in them."""
    word = word.lower()
    return "lstm" in word or "gru" in word or "rnn" in word or "cell" in word or "recurrent" in word


def _parent(name: str) -> str:
    return name[: max(name.rfind("."), name.rfind("/"), 0)]


def _extra(path: str, kind: str, tensors: list[Shaped], settings: Mapping[str, Any], turned: bool) -> int:
    """How many biases PyTorch would have more; 0 where that cannot be told."""
    shapes: dict[str, dict[str, tuple[int, ...]]] = {"weight": {}, "bias": {}}
    for name, role, shape in tensors:
        shapes.setdefault(role, {})[name[len(path) :].lstrip("./")] = shape
    held = Held(shapes["weight"], shapes["bias"], settings, turned)
    given = PROOFS[kind](held)
    return 2 * GATES[kind] * given["h"] - held.sum(held.biases) if given and given["bias"] else 0
