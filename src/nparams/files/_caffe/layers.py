"""What the blobs of a layer are, by its type: the order in which Caffe and its best known forks keep them.

A name in the table is the name of an array in the layer; pycaffe knows them by number (`net.params["conv1"][0]`).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Blobs = Sequence[tuple[str, str]]

WEIGHT, BIAS = ("weight", "weight"), ("bias", "bias")
BOTH = (WEIGHT, BIAS)
STATISTICS = (("mean", "buffer"), ("variance", "buffer"), ("scale_factor", "buffer"))
DEPTHWISE = ("DepthwiseConvolution", "ConvolutionDepthwise", "DepthwiseConv", "ConvolutionDepthWise", "ConvDepthwise")

#: type -> (name, role) of its blobs, in order (src/caffe/layers/*_layer.cpp, where `blobs_` is made)
BLOBS: Mapping[str, Blobs] = {
    **dict.fromkeys(("Convolution", "Deconvolution", "InnerProduct", "Embed", "Scale"), BOTH),
    "Bias": (BIAS,), "PReLU": (WEIGHT,), "Parameter": (WEIGHT,),
    # statistics; then the scale and bias that NVIDIA/caffe keeps in the same layer (batch_norm_layer.cpp)
    "BatchNorm": (*STATISTICS, WEIGHT, BIAS),
    # the weights of the unrolled net, in the order of its layers; those of static inputs before the recurrent ones
    "LSTM": (("W_xc", "weight"), ("b_c", "bias"), ("W_hc", "weight")),
    "RNN": (("W_xh", "weight"), ("b_h", "bias"), ("W_hh", "weight"), ("W_ho", "weight"), ("b_o", "bias")),
    # weiliu89/caffe branch ssd, normalize_layer.cpp: one scale for each channel
    "Normalize": (WEIGHT,),
    # hszhao/PSPNet and yjxiong/caffe, bn_layer.cpp: slope, bias, then running statistics (alexgkendall/caffe-segnet
    # keeps the first two)
    "BN": (WEIGHT, BIAS, ("mean", "buffer"), ("variance", "buffer")),
    # junhyukoh/caffe-lstm, lstm_layer.cpp
    "Lstm": (("W_i", "weight"), ("W_h", "weight"), BIAS),
    **dict.fromkeys((*DEPTHWISE, "DeformableConvolution", "ConvolutionData", "CuDNNConvolution"), BOTH),
}  # fmt: skip
#: with one blob more: an input that does not change from step to step
STATIC: Mapping[tuple[str, int], Blobs] = {
    ("LSTM", 4): (("W_xc", "weight"), ("b_c", "bias"), ("W_xc_static", "weight"), ("W_hc", "weight")),
    ("RNN", 6): (("W_xh", "weight"), ("b_h", "bias"), ("W_xh_static", "weight"), ("W_hh", "weight"),
                 ("W_ho", "weight"), ("b_o", "bias")),
}  # fmt: skip

#: textbook kinds of the layers that types are
KINDS: Mapping[str, str] = {
    "Convolution": "Conv", "CuDNNConvolution": "Conv", "Deconvolution": "ConvTranspose", "InnerProduct": "Dense",
    "Embed": "Embedding", "BatchNorm": "BatchNorm", "BN": "BatchNorm", "PReLU": "PReLU", "LSTM": "LSTM",
    "Lstm": "LSTM", "RNN": "SimpleRNN", **dict.fromkeys(DEPTHWISE, "DepthwiseConv"),
}  # fmt: skip


def blobs_of(kind: str, shapes: Sequence[tuple[int, ...]]) -> list[tuple[str, str]] | None:
    """(name, role) of each blob of a layer; None where the type is not known, or has more blobs than are known.

    >>> blobs_of("Convolution", [(8, 3, 3, 3), (8,)]), blobs_of("MyLayer", [(8,)])
    ([('weight', 'weight'), ('bias', 'bias')], None)
    """
    known = STATIC.get((kind, len(shapes))) or BLOBS.get(kind)
    return None if known is None or len(shapes) > len(known) else list(known[: len(shapes)])


def guessed(shapes: Sequence[tuple[int, ...]]) -> list[tuple[str, str]]:
    """(name, role) of each blob of a layer that is not known: a last vector beside a weight of more sides is a bias.

    >>> guessed([(4, 3), (4,)]), guessed([(4,)])
    ([('0', 'weight'), ('1', 'bias')], [('0', 'weight')])
    """
    last = len(shapes) - 1
    return [
        (str(k), "bias" if k == last and k and len(shape) == 1 and len(shapes[0]) > 1 else "weight")
        for k, shape in enumerate(shapes)
    ]


def kind_of(kind: str, group: int, shape: tuple[int, ...]) -> str | None:
    """The textbook kind of a layer: a convolution of one channel in each group is depthwise.

    >>> kind_of("Convolution", 8, (8, 1, 3, 3)), kind_of("Convolution", 1, (8, 1, 3, 3)), kind_of("Interp", 1, ())
    ('DepthwiseConv', 'Conv', None)
    """
    if kind == "Convolution" and group > 1 and shape[:1] == (group,) and shape[1:2] == (1,):
        return "DepthwiseConv"
    return KINDS.get(kind)
