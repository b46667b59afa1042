"""Names of a program's constants: a framework's own or made up on the way, and the layer that each stands in.

Identifiers of MIL have no dots and slashes: coremltools writes underscores for them.
"""

from __future__ import annotations

import re

from nparams.files._coreml.operators import OPERATORS
from nparams.files._onnx.names import LONGEST
from nparams.roles import LEAVES

#: what coremltools hangs behind a name when numbers are stored otherwise
ENDINGS = re.compile(
    r"(?:_to_(?:fp16|fp32|int8|int16|uint16)|_(?:quantized|palettized|sparsified)(?:_(?:data|scale|offset|zero_point|lut"
    r"|indices|mask|nonzero_data))?|_cast_fp(?:16|32)|_promoted)$"
)
#: names that are made of an operator's and a number, or of an operator's name and that of its parameter
MADE_UP = re.compile(r"(?P<op>[a-z][a-z0-9_]*?)_\d+(?:_|$)")
WORDS = frozenset(("const", "op", "var", "input", "x", "y", "tensor", "value"))
#: last words of a parameter's name
PARAMETERS = ("weight", "weights", "bias", "biases", "kernel", "gamma", "beta", "running_mean", "running_var",
              "moving_mean", "moving_variance", "alpha", "mean", "variance")  # fmt: skip
MOST_WORDS = 4


def own_name(name: str) -> str:
    """A name without what is hung behind it.

    >>> own_name("fc1_weight_to_fp16_palettized"), own_name("conv1_weight_quantized")
    ('fc1_weight', 'conv1_weight')
    """
    name = name[-LONGEST:]
    while (shorter := ENDINGS.sub("", name)) != name:
        name = shorter
    return name


def leaf_of(name: str) -> str:
    """The last part of a name, as far as it is a known one of more words, or a plain one.

    >>> leaf_of("bn1_running_mean_to_fp16"), leaf_of("fc1_weight"), leaf_of("op_17")
    ('running_mean', 'weight', '17')
    """
    words = own_name(name).rpartition(".")[2].split("_")
    for k in range(min(MOST_WORDS, len(words)), 1, -1):
        if (ending := "_".join(words[-k:])) in LEAVES:
            return ending
    return words[-1] if words[-1] in PARAMETERS or len(words) == 1 or words[-1].isdigit() else "_".join(words[-2:])


def made_up(name: str) -> bool:
    """Whether a name says nothing about the array.

    >>> made_up("const_47"), made_up("conv_0_bias_0"), made_up("op_12_to_fp16"), made_up("encoder_layers_0_pos")
    (True, True, True, False)
    """
    match = MADE_UP.match(name[:LONGEST])
    return match is not None and (match["op"] in WORDS or OPERATORS.knows(match["op"]))


def layer_of_array(name: str) -> str | None:
    """The layer that an array stands in, by its own name; None where that does not say.

    >>> layer_of_array("encoder_fc1_weight_to_fp16"), layer_of_array("const_48"), layer_of_array("fc.weight")
    ('encoder_fc1', None, 'fc')
    """
    own = own_name(name)
    if "." in own:
        return own.rpartition(".")[0]
    if made_up(own):
        return None
    return next((own.removesuffix(f"_{word}") for word in PARAMETERS if own.endswith(f"_{word}")), None)


def layer_of_node(name: str) -> str | None:
    """The layer that an operator's name says.

    >>> layer_of_node("model_1_conv2d_1_Conv2D_cast_fp16")
    'model_1_conv2d_1_Conv2D'
    """
    return own_name(name) or None
