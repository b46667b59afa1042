"""Dense, also called fully connected, linear, or affine: y = W x + b.

`n_in` inputs and `n_out` neurons: a weight for every connection, shape (n_out, n_in), and one bias a neuron, shape
(n_out,).  Source: Goodfellow, Bengio, Courville, Deep Learning (2016), §6.1 and §6.3; torch.nn.Linear has the same
two tensors, keras.layers.Dense stores the weight transposed.
"""

from __future__ import annotations

from nparams.expr import Expr, symbol
from nparams.network import Module, Over, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size

N_IN, N_OUT = symbol("n_in"), symbol("n_out")
WEIGHTS = Expr("mul", (N_IN, N_OUT))
WITH_BIAS = Expr("add", (WEIGHTS, N_OUT))

WHY_WEIGHTS = (
    WEIGHTS,
    "weight",
    "Neurons: {n_out}. Each is connected to all {n_in} values that come in: one weight a connection.",
)
WHY_BIASES = (N_OUT, "bias", "Each neuron also adds one number of its own, its bias.")
WHY_NO_BIASES = (0, "bias", "Its neurons have no bias.")


def dense(name: str, n_in: Size, n_out: Size, *, bias: bool = True, over: Over | None = None) -> Module:
    """A dense layer: n_in·n_out weights and, with `bias`, n_out biases.

    >>> layer = dense("fc1", 784, 16)
    >>> [(t.name, t.shape) for t in layer.tensors]
    [('fc1.weight', (16, 784)), ('fc1.bias', (16,))]
    """
    tensors = [Tensor(f"{name}.weight", (n_out, n_in), role="weight")]
    if bias:
        tensors.append(Tensor(f"{name}.bias", (n_out,), role="bias"))
    return Module(
        name, "Dense", {"n_in": n_in, "n_out": n_out}, WITH_BIAS if bias else WEIGHTS,
        over=over, takes=(n_in,), out=(n_out,), tensors=tensors,
        why=(WHY_WEIGHTS, WHY_BIASES if bias else WHY_NO_BIASES),
    )  # fmt: skip
