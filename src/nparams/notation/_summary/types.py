"""Types of layers as they are printed: which hold nothing, and what a type was whose end was cut off.

Source: keras/src/layers (Keras 3 and 2), torch/nn/modules.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.notation._summary.text import Dims, Row

#: types that have no parameters, by how they begin
EMPTY = re.compile(
    r"(?:input|flatten|dropout|maxpool|avgpool|averagepool|global(?:max|avg|average)|adaptive(?:max|avg)|activation|re?lu|"
    r"leakyrelu|elu|selu|celu|gelu|silu|softmax|logsoftmax|sigmoid|tanh|hard(?:tanh|swish|sigmoid)|softplus|"
    r"add$|concat|multiply|subtract|maximum|minimum|average$|dot$|merge$|reshape|permute|repeatvector|zeropad|cropping|"
    r"upsampl|spatialdropout|gaussian(?:noise|dropout)|alphadropout|masking|rescaling|random|identity|thresholdedrelu|"
    r"tfoplambda|unflatten|pixelshuffle|pixelunshuffle|reflectionpad|replicationpad|getitem|resizing|centercrop)"
)
#: Keras types, to find one whose end was cut off
KNOWN = (
    "InputLayer Dense EinsumDense Activation Embedding Masking Lambda Conv1D Conv2D Conv3D Conv1DTranspose "
    "Conv2DTranspose Conv3DTranspose SeparableConv1D SeparableConv2D DepthwiseConv1D DepthwiseConv2D MaxPooling1D "
    "MaxPooling2D MaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D GlobalMaxPooling1D "
    "GlobalMaxPooling2D GlobalMaxPooling3D GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D "
    "LSTM GRU SimpleRNN TimeDistributed Bidirectional ConvLSTM1D ConvLSTM2D ConvLSTM3D Normalization Rescaling "
    "BatchNormalization LayerNormalization GroupNormalization UnitNormalization RMSNormalization Dropout "
    "SpatialDropout1D SpatialDropout2D GaussianNoise GaussianDropout MultiHeadAttention Attention "
    "AdditiveAttention Reshape Flatten RepeatVector Permute Cropping1D Cropping2D UpSampling1D UpSampling2D "
    "ZeroPadding1D ZeroPadding2D Concatenate Average Maximum Minimum Add Subtract Multiply Dot ReLU Softmax "
    "LeakyReLU PReLU ELU ThresholdedReLU CuDNNLSTM CuDNNGRU Functional Sequential LocallyConnected1D "
    "LocallyConnected2D TFOpLambda"
).split()
LOWER = {name.lower(): name for name in KNOWN}


def type_of(row: Row, family: str) -> str:
    """The type in small letters; one that was cut off is made whole where only one fits.

    A Keras layer that was not named bears its type's name: `batch_normalization_7 (BatchNor`.
    """
    said = re.sub(r"v\d$", "", (row.type or "").rstrip("…").rpartition(".")[2].lower())
    if family != "keras" or said in LOWER:
        return said
    fits = [name for name in LOWER if name.startswith(said)] if len(said) > 2 or row.type is None else []
    by_name = re.sub(r"_\d+$", "", row.name).replace("_", "").lower()
    if by_name in LOWER and (row.type is None or by_name in fits):
        return by_name
    return fits[0] if len(fits) == 1 else fits[0] if len({re.sub(r"[123]d", "", f) for f in fits}) == 1 else said


def plain_type(type: str) -> str:
    """The type without its number of sides: conv2d is conv."""
    return re.sub(r"[123]d", "", type)


class Asked:
    """A row that is to be explained.  `came`: the shape that comes in, None where it is not known."""

    __slots__ = ("came", "count", "family", "kernel", "out", "rank", "recent", "row", "type")

    def __init__(self, row: Row, type: str, count: int, came: Dims | None, family: str, recent: bool) -> None:
        self.row = row
        self.type = type
        self.count = count
        self.came = came
        self.out = row.out
        self.kernel = row.kernel
        self.family = family
        self.recent = recent
        found = re.search(r"([123])d", type)
        self.rank = int(found[1]) if found else 2

    def last(self, shape: Dims | None) -> int | None:
        """The last side."""
        return shape[-1] if shape else None

    def channels(self, shape: Dims | None, rank: int | None = None) -> list[int]:
        """Where the channels of an image may stand: last in Keras (or first), first in torch."""
        if not shape:
            return []
        ends = [shape[-1], shape[0]] if self.family == "keras" else [shape[0]]
        if rank is not None and len(shape) != rank + 1:
            ends = ends[:1] if self.family == "keras" or len(shape) == rank else []
            return [side for side in ends if side]
        return [side for side in dict.fromkeys(ends) if side]
