"""A variable of a program, and what the operators that take it say of it.

PaddlePaddle/Paddle paddle/fluid/framework/framework.proto and paddle/phi/ops/yaml/ops.yaml (names of inputs).
"""

from __future__ import annotations

import re

from nparams.network import Tensor
from nparams.roles import registered_role, role_of

#: inputs of operators -> role, whatever the variable is called; the operator's name without version and marks
SLOTS = {
    ("batch_norm", "Mean"): "buffer", ("batch_norm", "Variance"): "buffer",
    ("sync_batch_norm", "Mean"): "buffer", ("sync_batch_norm", "Variance"): "buffer",
    **{("data_norm", slot): "buffer" for slot in ("BatchSize", "BatchSum", "BatchSquareSum")},
    **{
        (kind, slot): "bookkeeping"
        for kind in ("quantize_linear", "dequantize_linear")
        for slot in ("Scale", "ZeroPoint", "InAccum", "InState")
    },
}  # fmt: skip
#: operators that simulate or do quantising: what they take beside the tensor itself
QUANTISING = ("fake_quantize", "fake_dequantize", "fake_channel", "moving_average_abs_max")
#: inputs that are offsets
OFFSETS = frozenset(("Bias", "BiasQK", "bias"))
#: the state of training in a program (paddle/fluid/operators/optimizers): moments and the like, as Paddle calls them
TRAINING = re.compile(
    r"(?:learning_rate|.+_(?:moment[12]?|beta[12]_pow_acc|velocity|mean_square|mean_grad|momentum|inf_norm|"
    r"avg_squared_grad|avg_squared_update|fp32_master))_\d+|@LR_DECAY_COUNTER@|@.*"
)
#: statistics of a batch norm by the names that Paddle gives parameters: batch_norm2d_0.w_1, .w_2
STATISTICS = re.compile(r"(?:.*[./])?(?:sync_)?batch_norm(?:[123]d)?_\d+\.w_[12]")

#: names that Paddle gives tensors which are no parameters: of register_buffer (python/paddle/base/unique_name.py)
UNNAMED = re.compile(r"(?:eager_tmp|generated_tensor|generated_var|_generated_var|tmp)_\d+")
BUFFER = "a buffer by Paddle's own name for it"


class Variable:
    """A stored variable: name, shape, number type; `parameter` and `trainable` None where the program does not say."""

    __slots__ = ("dtype", "name", "parameter", "shape", "slots", "trainable")

    def __init__(
        self,
        name: str,
        shape: tuple[int, ...],
        dtype: str,
        parameter: bool | None = None,
        trainable: bool | None = None,
    ) -> None:
        self.name = name
        self.shape = shape
        self.dtype = dtype
        self.parameter = parameter
        self.trainable = trainable
        #: (operator, input) that take it
        self.slots: list[tuple[str, str]] = []

    def tensor(self) -> Tensor:
        """The variable in its role: by the operators that take it, as the program registers it, or by its name."""
        role, note = self._role()
        trainable = self.trainable if role in ("weight", "bias") else None
        return Tensor(self.name, self.shape, self.dtype, role, trainable, None, None, note)

    def _role(self) -> tuple[str, str | None]:
        for kind, slot in self.slots:
            told = SLOTS.get((kind, slot)) or ("bookkeeping" if kind.startswith(QUANTISING) and slot != "X" else None)
            if told is not None:
                return told, f"{slot} of {kind}"
        known = role_by_name(self.name)
        if known is not None:
            return known
        if TRAINING.fullmatch(self.name) and not self.parameter:
            return "other", "the state of training"
        if self.parameter:
            offset = any(slot in OFFSETS for _, slot in self.slots)
            return "bias" if offset else registered_role(self.name), None
        if self.parameter is False:
            return "buffer", "stored with the model, and no parameter of it"
        return role_of(self.name, self.shape, self.dtype)


def role_by_name(name: str) -> tuple[str, str] | None:
    """(role, note) of what Paddle's own name says is no parameter: a batch norm's statistics, a registered buffer.

    >>> role_by_name("batch_norm2d_0.w_1"), role_by_name("batch_norm2d_0.w_0")
    (('buffer', 'buffer by its name, like batch_norm2d_0.w_1'), None)
    """
    if STATISTICS.fullmatch(name):
        return "buffer", "buffer by its name, like batch_norm2d_0.w_1"
    return ("buffer", BUFFER) if UNNAMED.fullmatch(name) else None
