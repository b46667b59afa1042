"""A class of keras.layers as a row: its signature as keras/src/layers writes it, and what a call of it does."""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable

    from nparams.layers._keras.layer import KerasLayer
    from nparams.layers._keras.shape import Shape

    Sent = Shape | list[Shape] | None


#: arguments that every layer takes and that change no count, by the ends of their names
IDLE_ENDS = ("_layout", "_initializer", "_regularizer", "_constraint", "_dropout", "_init")


#: the same by their whole names; those of Keras 1 and 2 are among them
IDLE = frozenset(
    "name dtype trainable weights autocast activity_regularizer dynamic seed input_dtype batch_size sparse ragged "
    "consume_less implementation unroll stateful go_backwards dropout_W dropout_U dropout W_regularizer U_regularizer "
    "b_regularizer W_constraint U_constraint b_constraint init inner_init forget_bias_init input_shape "
    "batch_input_shape input_dim input_length mask_zero unit_forget_bias activation recurrent_activation "
    "inner_activation beta_init gamma_init noise_shape use_cudnn time_major truncate_gradient".split()
)


class Klass:
    """A class of keras.layers.

    `takes`: its signature, `name` or `name=value` (see LITERALS), in order.  `make`: what a call does.  `kind`: what
    its row is called where it has no arrays.  `inputs`: the names of the arrays that a call takes, where there are
    several.
    """

    __slots__ = ("inputs", "kind", "make", "name", "params", "preset")

    def __init__(
        self, name: str, takes: str, make: Callable[[KerasLayer, list[Shape]], Sent], kind: str | None = None, *,
        inputs: str = "inputs", **preset: object,
    ) -> None:  # fmt: skip
        self.name = name
        self.make = make
        self.kind = kind or name
        self.inputs = inputs.split()
        self.preset = preset
        self.params = {key: literal(value) for key, _, value in (word.partition("=") for word in takes.split())}


REQUIRED = object()


LITERALS = {"": REQUIRED, "None": None, "True": True, "False": False}


def literal(text: str) -> object:
    """The default that a signature writes: 1, 0.5, valid, 2x2; nothing means that it must be said.

    >>> literal("2x2"), literal("valid"), literal("-1")
    ((2, 2), 'valid', -1)
    """
    if text in LITERALS:
        return LITERALS[text]
    sides = text.split("x")
    if all(word.isdigit() for word in sides):
        return int(text) if len(sides) == 1 else tuple(map(int, sides))
    return int(text) if text[0] == "-" else text
