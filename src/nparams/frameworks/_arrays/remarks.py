"""What differs between frameworks in one and the same network, itemised: the bias vectors of recurrent layers.

PyTorch keeps two bias vectors in each gate (b_ih and b_hh, as cuDNN does); Flax, Haiku and Equinox one, and in their
GRU one more for the product that is reset.
"""

from __future__ import annotations

from nparams.frameworks._arrays.kinds import class_in, kind_of_class
from nparams.frameworks._arrays.proofs import PROOFS, Held

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from nparams.network import Tensor

GATES = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}


def recurrent(
    tensors: Sequence[Tensor], classes: Mapping[str, tuple[str, dict[str, Any]]], *, turned: bool = False
) -> list[str]:
    """A sentence on what PyTorch would have more, where there are recurrent layers."""
    layers: dict[str, tuple[str, list[Tensor]]] = {}
    for t in tensors:
        name = _parent(t.name)
        for path in (name, _parent(name)):
            word = classes[path][0] if path in classes else class_in(path)
            if not _may_recur(word):
                continue
            kind = kind_of_class(word)
            if kind is not None and kind.name in GATES and t.tied_to is None:
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


def _may_recur(word: str) -> bool:
    """Whether a name may be a recurrent layer's: their names all have one of these in them."""
    word = word.lower()
    return "lstm" in word or "gru" in word or "rnn" in word or "cell" in word or "recurrent" in word


def _parent(name: str) -> str:
    return name[: max(name.rfind("."), name.rfind("/"), 0)]


def _extra(path: str, kind: str, tensors: list[Tensor], settings: Mapping[str, Any], turned: bool) -> int:
    """How many biases PyTorch would have more; 0 where that cannot be told."""
    shapes: dict[str, dict[str, tuple[int, ...]]] = {"weight": {}, "bias": {}}
    for t in tensors:
        shapes.setdefault(t.role, {})[t.name[len(path) :].lstrip("./")] = t.shape or ()  # type: ignore[assignment]
    held = Held(shapes["weight"], shapes["bias"], settings, turned)
    given = PROOFS[kind](held)
    return 2 * GATES[kind] * given["h"] - held.sum(held.biases) if given and given["bias"] else 0
