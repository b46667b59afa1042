"""Names and arguments of Keras 0, 1 and 2, and what they are called now.

Source: the argument lists of keras/layers/*.py at 0.3.3 and 1.2.2; keras/legacy/interfaces.py of Keras 2, which turns
most of them into today's.
"""

from __future__ import annotations

from nparams.errors import NotationError
from nparams.layers._keras.shape import is_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: other names of classes
ALIASES = {
    **{f"{word}Pool{n}D": f"{full}Pooling{n}D"
       for word, full in (("Max", "Max"), ("Avg", "Average"), ("GlobalMax", "GlobalMax"),
                          ("GlobalAvg", "GlobalAverage"), ("GlobalAverage", "GlobalAverage")) for n in (1, 2, 3)},
    **{f"Convolution{n}D": f"Conv{n}D" for n in (1, 2, 3)},
    **{f"AtrousConvolution{n}D": f"Conv{n}D" for n in (1, 2)},
    **{f"AtrousConv{n}D": f"Conv{n}D" for n in (1, 2)},
    **{f"Convolution{n}DTranspose": f"Conv{n}DTranspose" for n in (1, 2, 3)},
    **{f"Deconvolution{n}D": f"Conv{n}DTranspose" for n in (2, 3)},
    **{f"Deconv{n}D": f"Conv{n}DTranspose" for n in (2, 3)},
    **{f"SeparableConvolution{n}D": f"SeparableConv{n}D" for n in (1, 2)},
    **{f"SeparableConv{n}d": f"SeparableConv{n}D" for n in (1, 2)},
    "BatchNormalizationV1": "BatchNormalization", "BatchNormalizationV2": "BatchNormalization",
    "SyncBatchNormalization": "BatchNormalization", "ConvLSTM2DCell": "ConvLSTM2D", "TimeDistributedMerge": "Lambda",
    "GroupQueryAttention": "GroupedQueryAttention", "InputLookup": "StringLookup",
}  # fmt: skip
#: classes whose sides of a kernel stood side by side: Convolution2D(32, 3, 3)
APART = {f"{word}{n}D": n for word in ("Convolution", "AtrousConvolution", "Deconvolution", "SeparableConvolution",
         "Deconv", "AtrousConv") for n in (2, 3)} | {"LocallyConnected2D": 2, "Conv2D": 2, "Conv3D": 3,
         "SeparableConv2D": 2}  # fmt: skip
#: the same names today, where two numbers may be a kernel and a stride
TODAY = ("Conv2D", "Conv3D", "SeparableConv2D")

#: arguments that have other names now
RENAMED = {
    "border_mode": "padding", "subsample": "strides", "subsample_length": "strides", "bias": "use_bias",
    "nb_filter": "filters", "filter_length": "kernel_size", "filter_size": "kernel_size",
    "atrous_rate": "dilation_rate", "pool_length": "pool_size",
    "poolsize": "pool_size", "stride": "strides", "p": "rate", "sigma": "stddev", "dim_ordering": "data_format",
    "length": "size", "alpha": "negative_slope", "ignore_border": "", "keep_dims": "keepdims",
    "adjustment": "", "tensor": "", "input_tensor": "", "head_size": "head_dim",
}  # fmt: skip
ORDERINGS = {"th": "channels_first", "tf": "channels_last", "default": None}
#: the sides of a kernel under names of their own
KERNELS = (("nb_row", "nb_col"), ("kernel_dim1", "kernel_dim2", "kernel_dim3"))
RECURRENT = ("LSTM", "GRU", "SimpleRNN")
#: words that only code for Keras 1 uses
AGED = (
    r"\b(?:nb_filter|nb_row|nb_col|nb_epoch|border_mode|subsample|dim_ordering|filter_length|samples_per_epoch|"
    r"nb_val_samples|W_regularizer|W_constraint|b_regularizer|inner_activation|inner_init|consume_less|dropout_W|"
    r"dropout_U|pool_length|TimeDistributedDense|MaxoutDense|AtrousConvolution\dD|Deconvolution\dD|atrous_rate|"
    r"Convolution[123]D|concat_axis|sub_mode|truncate_gradient)\b|\binit ?= ?['\"]|\bModel\(input ?="
)


def era(text: str) -> int:
    """1 where the code was written for Keras 1 or before, else 3.

    >>> era("model.add(Convolution2D(32, 3, 3, border_mode='same'))"), era("model.add(Conv2D(32, 3))")
    (1, 3)
    """
    from re import search

    return 1 if search(AGED, text) else 3


class Words:
    """The arguments of a call while they are brought to today's names."""

    def __init__(self, written: str, args: list[Any], named: dict[str, Any], age: int) -> None:
        self.written = written
        self.args = args
        self.named = named
        self.age = age
        #: sentences about what was assumed
        self.notes: list[str] = []

    def bring(self, name: str) -> None:
        """Bring the arguments of a class that is called `name` today to its names."""
        self._rename(name)
        self._kernel()
        if name == "BatchNormalization" and self.args and isinstance(self.args[0], (tuple, list)):
            del self.args[0]  # Keras 0 said the shape that comes in
        if name in ("Dense", *RECURRENT, "TimeDistributedDense"):
            self._units(name)
        if name.startswith("Conv") and self.named.get("output_shape") is None and self.written.startswith("Deconv"):
            self._target()

    def _rename(self, name: str) -> None:
        for old, new in RENAMED.items():
            if old in self.named and not (old == "alpha" and name not in ("LeakyReLU", "ReLU")):
                held = self.named.pop(old)
                if new:
                    self.named.setdefault(new, held)
        held = self.named.get("data_format")
        if isinstance(held, str):
            self.named["data_format"] = ORDERINGS.get(held, held)
        if "output_dim" in self.named and name not in ("Embedding", "ReversibleEmbedding"):
            self.named["units"] = self.named.pop("output_dim")

    def _kernel(self) -> None:
        """nb_row=3, nb_col=3, or the same as numbers side by side."""
        for names in KERNELS:
            if names[0] in self.named:
                self.named["kernel_size"] = tuple(self.named.pop(name, None) for name in names)
                if any(side is None for side in self.named["kernel_size"]):
                    raise NotationError(f"{self.written}: {' and '.join(names)} go together")
        sides = APART.get(self.written, 0)
        apart = sides and len(self.args) > sides and all(map(is_size, self.args[: sides + 1]))
        if not apart:
            return
        if self.written in TODAY and self.age != 1:
            self.notes.append(
                f"{self.written}({', '.join(map(str, self.args[:3]))}) is read as Keras 3 reads it: a kernel of "
                f"{self.args[1]} and strides of {self.args[2]}; for a kernel of {self.args[1]}x{self.args[2]} write "
                f"({self.args[1]}, {self.args[2]})"
            )
            return
        if len(self.args) > sides + 1 and is_size(self.args[sides + 1]):  # Keras 0 said the channels that come in too
            self.notes.append(f"{self.written}: read as Keras 0 writes it, filters, channels that come in, kernel")
            self.args[1:2] = []
        self.args[1 : sides + 1] = [tuple(self.args[1 : sides + 1])]
        told = "x".join(map(str, self.args[1]))
        self.notes.append(
            f"{self.written}({self.args[0]}, {', '.join(map(str, self.args[1]))}) is read as Keras 1 writes it: a "
            f"kernel of {told}"
        )
        self.args[2:] = [held for held in self.args[2:] if not isinstance(held, str)]

    def _units(self, name: str) -> None:
        """Dense(784, 128): Keras 0 said what comes in first."""
        self.args = [int(a) if isinstance(a, float) and a.is_integer() and abs(a) < 1e15 else a for a in self.args]
        if len(self.args) > 1 and is_size(self.args[0]) and is_size(self.args[1]):
            self.named.setdefault("input_dim", self.args.pop(0))
            self.notes.append(
                f"{self.written}({self.named['input_dim']}, {self.args[0]}) is read as Keras 0 writes it: what comes "
                "in, then what goes out"
            )
        if self.age == 1:  # what stands next are names of initialisers and activations
            self.args[1:] = [held for held in self.args[1:] if not isinstance(held, str)]

    def _target(self) -> None:
        """Deconvolution2D(3, 3, 3, output_shape, ...)."""
        if len(self.args) > 2 and isinstance(self.args[2], (tuple, list)):
            self.named["output_shape"] = self.args.pop(2)
