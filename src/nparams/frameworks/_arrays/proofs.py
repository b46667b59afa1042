"""From the shapes of a layer's arrays to the arguments of its kind: what such a layer must hold, read backwards.

Each function is handed the shapes and says the arguments, or None where they do not fit; kinds.py then makes the layer
with them and accepts it only if it holds as many weights and biases.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Shape = tuple[int, ...]
    Given = dict[str, Any]


class Held:
    """The arrays of one layer: shapes by the end of their names, and what its class says of it.

    `turned`: weights have what goes out first (PyTorch, Equinox), not last (Flax, Haiku, Keras).
    """

    def __init__(
        self, weights: Mapping[str, Shape], biases: Mapping[str, Shape], settings: Mapping[str, Any], turned: bool
    ) -> None:
        self.weights = weights
        self.biases = biases
        self.settings = settings
        self.turned = settings.get("turned", turned)

    @property
    def weight(self) -> Shape | None:
        """The shape of the only weight, None where there are more or none."""
        return next(iter(self.weights.values())) if len(self.weights) == 1 else None

    @property
    def bias(self) -> bool:
        """Whether it has biases."""
        return bool(self.biases)

    def sum(self, which: Mapping[str, Shape]) -> int:
        """How many numbers these arrays hold."""
        found = 0
        for shape in which.values():
            size = 1
            for side in shape:
                size *= side
            found += size
        return found

    def setting(self, *names: str) -> Any:
        """The first of these settings of its class that there is."""
        return next((self.settings[name] for name in names if self.settings.get(name) is not None), None)


def dense(held: Held) -> Given | None:
    """One matrix."""
    shape = held.weight
    if shape is not None and len(shape) == 1 and held.settings.get("row"):  # one output, written without its side
        shape = (1, *shape)
    if shape is None or len(shape) != 2:
        return None
    n_in, n_out = reversed(shape) if held.turned else shape
    if held.bias and held.sum(held.biases) == n_in != n_out:  # arrays without names: the bias says which side goes out
        n_in, n_out = n_out, n_in
    return {"n_in": n_in, "n_out": n_out, "bias": held.bias}


def conv(held: Held) -> Given | None:
    """A kernel with its sides, the channels that each filter sees, and the filters."""
    shape = held.weight
    if shape is None or not 3 <= len(shape) <= 5:
        return None
    groups = held.setting("feature_group_count", "groups") or 1
    c_out, seen, *sides = shape if held.turned else (shape[-1], shape[-2], *shape[:-2])
    return {"c_in": seen * groups, "c_out": c_out, "k": tuple(sides), "g": groups, "bias": held.bias}


def norm(held: Held) -> Given | None:
    """A scale, a shift, or both, of one shape."""
    shapes = [*held.weights.values(), *held.biases.values()]
    shapes = [tuple(side for side in shape[:-1] if side != 1) + shape[-1:] for shape in shapes]  # Haiku: (1, 1, 1, c)
    said = held.setting("shape")
    if not shapes or len(set(shapes)) > 1 or (len(shapes[0]) != 1 and shapes[0] != said):
        return None
    flags = {"scale": bool(held.weights), "bias": held.bias}
    return flags | ({"c": shapes[0][0]} if len(shapes[0]) == 1 else {"shape": shapes[0]})


def embedding(held: Held) -> Given | None:
    """One table."""
    shape = held.weight
    return None if shape is None or len(shape) != 2 or held.bias else {"V": shape[0], "d": shape[1]}


def prelu(held: Held) -> Given | None:
    """One slope, or one a channel."""
    shape = held.weight
    return None if shape is None or len(shape) > 1 or held.bias else {"c": shape[0] if shape else 1}


def _recurrent(gates: int, *vectors: int) -> Callable[[Held], Given | None]:
    """What comes in and what the cell holds; `vectors`: how many biases a cell may have."""

    def cell(held: Held) -> Given | None:
        biases, weights, h = (
            held.sum(held.biases),
            held.sum(held.weights),
            _hidden(held) or held.sum(held.biases) // gates,
        )
        if not h or weights % (gates * h) or (biases and biases not in [v * h for v in vectors]):
            return None
        n = weights // (gates * h) - h
        return {"n": n, "h": h, "bias": bool(biases), EXTRA: biases == 4 * h and gates == 3} if n > 0 else None

    return cell


def _hidden(held: Held) -> int:
    """The side of the matrix that weighs the outputs of the step before: hi, dense_h, weight_hh."""
    for name, shape in held.weights.items():
        if len(shape) == 2 and (name[0] == "h" or name.startswith(("dense_h", "weight_hh"))):
            return shape[-1] if held.turned else shape[0]
    return 0


#: how the projection that brings the heads together is called: out (Flax), output_proj (Equinox), linear (Haiku)
OUTPUTS = ("out", "linear")


def attention(held: Held) -> Given | None:
    """Three projections and what brings the heads together, all of one width."""
    if len(held.weights) != 4 or len(held.biases) not in (0, 4):
        return None
    size, d = held.sum(held.weights), next((n for n in _widths(held) if n), 0)
    return {"d": d, "bias": held.bias} if size == 4 * d * d else None


def _widths(held: Held) -> list[int]:
    """What the output projection sends: its bias, else the side of its matrix."""
    biases = [shape for name, shape in held.biases.items() if name.split(".")[0].startswith(OUTPUTS)]
    weights = [shape for name, shape in held.weights.items() if name.split(".")[0].startswith(OUTPUTS)]
    return [*(shape[-1] for shape in biases if shape), *(w[0] if held.turned else w[-1] for w in weights if w)]


#: kind -> what reads its arguments off its arrays
PROOFS: Mapping[str, Callable[[Held], Given | None]] = {
    "Dense": dense,
    "Conv": conv,
    "ConvTranspose": conv,
    "BatchNorm": norm,
    "LayerNorm": norm,
    "RMSNorm": norm,
    "GroupNorm": norm,
    "InstanceNorm": norm,
    "Embedding": embedding,
    "PReLU": prelu,
    "SimpleRNN": _recurrent(1, 1),
    "LSTM": _recurrent(4, 4),
    "GRU": _recurrent(3, 3, 4),
    "Attention": attention,
}
#: kinds whose arrays may stand in layers inside theirs
WHOLE = frozenset(("BatchNorm", "LSTM", "GRU", "SimpleRNN", "Attention"))
#: a GRU may have, beside a bias in each gate, one more for the product that is reset, which no convention of ours has
#: (google/flax flax/linen/recurrent.py GRUCell; patrick-kidger/equinox equinox/nn/_rnn.py GRUCell, `bias_n`)
EXTRA = "extra"
FORMULA = "3*(h*(n + h) + h) + h"
