"""What each class of Keras keeps, in the order in which it saves it: names, and which of them are trained.

A weights file of Keras 3 says layers/dense/vars/0; that this is the kernel stands in the class alone.  The table
follows `Layer.save_own_variables` (trainable variables in the order of their making, then the others; keras-team/keras
keras/src/layers/layer.py); quantised layers are in order.py.
"""

from __future__ import annotations

from nparams.files._keras import order
from nparams.files._keras.config import older_case, snake_case

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.files._keras.config import Layer

    Shape = tuple[int, ...]
    #: shape and number type of what stands at 0, 1, 2 …
    Kept = Sequence[tuple[Shape, str | None]]

_PLAIN = ("kernel bias?",)
_GATES = ("kernel recurrent_kernel bias?",)
_SEPARABLE = ("depthwise_kernel pointwise_kernel bias?",)
_NORM = ("gamma? beta?",)
_BATCH_NORM = "gamma? beta? -moving_mean -moving_variance"
#: class -> its variables; name? may be absent; -name is made as not trainable; =name is another object's.  Several rows
#: are alternatives
CLASSES: dict[str, tuple[str, ...]] = {
    # core/
    "Dense": _PLAIN, "EinsumDense": _PLAIN, "Embedding": ("embeddings",),
    "ReversibleEmbedding": ("embeddings reverse_embeddings?",),
    # convolutional/
    "Conv1D": _PLAIN, "Conv2D": _PLAIN, "Conv3D": _PLAIN, "Conv1DTranspose": _PLAIN, "Conv2DTranspose": _PLAIN,
    "Conv3DTranspose": _PLAIN, "DepthwiseConv1D": _PLAIN, "DepthwiseConv2D": _PLAIN, "SeparableConv1D": _SEPARABLE,
    "SeparableConv2D": _SEPARABLE, "LocallyConnected1D": _PLAIN, "LocallyConnected2D": _PLAIN,
    # normalization/
    "BatchNormalization": (_BATCH_NORM, f"{_BATCH_NORM} -moving_stddev -renorm_mean -renorm_stddev"),
    "SyncBatchNormalization": (_BATCH_NORM,), "LayerNormalization": _NORM, "GroupNormalization": _NORM,
    "RMSNormalization": ("scale",), "SpectralNormalization": ("=kernel -vector_u", "-vector_u"),
    # rnn/
    "LSTMCell": _GATES, "GRUCell": _GATES, "SimpleRNNCell": _GATES, "ConvLSTMCell": _GATES,
    # attention/, activations/
    "Attention": ("scale? concat_score_weight?",), "AdditiveAttention": ("scale",), "PReLU": ("alpha",),
    # preprocessing/
    "Normalization": ("-mean -variance -count",), "STFTSpectrogram": ("real_kernel imag_kernel?", "imag_kernel"),
}  # fmt: skip
#: a class as paths spell it, now and in tf.keras -> its name
BY_PATH = {spelt(name): name for spelt in (snake_case, older_case) for name in CLASSES}
#: class -> the textbook's kind of layer
KINDS = {
    "Conv1D": "Conv", "Conv2D": "Conv", "Conv3D": "Conv", "Conv1DTranspose": "ConvTranspose",
    "Conv2DTranspose": "ConvTranspose", "Conv3DTranspose": "ConvTranspose", "DepthwiseConv1D": "DepthwiseConv",
    "DepthwiseConv2D": "DepthwiseConv", "SeparableConv1D": "SeparableConv", "SeparableConv2D": "SeparableConv",
    "LocallyConnected1D": "LocallyConnected", "LocallyConnected2D": "LocallyConnected",
    "BatchNormalization": "BatchNorm", "SyncBatchNormalization": "BatchNorm", "LayerNormalization": "LayerNorm",
    "GroupNormalization": "GroupNorm", "RMSNormalization": "RMSNorm", "LSTMCell": "LSTM", "GRUCell": "GRU",
    "SimpleRNNCell": "SimpleRNN", "ConvLSTMCell": "ConvLSTM", "ConvLSTM1D": "ConvLSTM", "ConvLSTM2D": "ConvLSTM",
    "ConvLSTM3D": "ConvLSTM", "CuDNNLSTM": "LSTM", "CuDNNGRU": "GRU", "ReversibleEmbedding": "Embedding",
    # Keras 1 (keras 1.2.2 keras/layers/convolutional.py)
    "Convolution1D": "Conv", "Convolution2D": "Conv", "Convolution3D": "Conv", "Deconvolution2D": "ConvTranspose",
    "AtrousConvolution1D": "Conv", "AtrousConvolution2D": "Conv", "SeparableConvolution2D": "SeparableConv",
}  # fmt: skip
#: the setting that makes an optional variable, and its value
OPTIONS = {"bias": ("use_bias", True), "gamma": ("scale", True), "beta": ("center", True), "scale": ("use_scale", True),
           "concat_score_weight": ("score_mode", "concat"), "reverse_embeddings": ("tie_weights", False)}  # fmt: skip

#: the classes that can be quantised
QUANTISED = frozenset((*order.DENSE, *order.TABLES))
#: what a quantised layer keeps besides its weights
BOOKKEEPING = frozenset((
    "kernel_scale", "kernel_zero", "zero_point", "g_idx", "awq_scales", "inputs_scale", "inputs_amax_history",
    "kernel_amax_history", "outputs_grad_scale", "outputs_grad_amax_history", "embeddings_scale", "embeddings_zero",
    "reverse_embeddings_scale", "reverse_embeddings_zero",
))  # fmt: skip

#: attribute of an attention layer with an EinsumDense -> what that is called (attention/multi_head_attention.py)
CHILDREN = {"query_dense": "query", "key_dense": "key", "value_dense": "value", "output_dense": "attention_output"}

OPTIMIZERS = frozenset((
    "adadelta", "adafactor", "adagrad", "adam", "adam_w", "adamw", "adamax", "ftrl", "lamb", "lion",
    "loss_scale_optimizer", "multi_optimizer", "muon", "nadam", "rmsprop", "rm_sprop", "sgd", "schedule_free_adam_w",
))  # fmt: skip


class Named:
    """What the variables of one object are called."""

    __slots__ = ("buffers", "copies", "mode", "names", "note", "sure")

    def __init__(self, names: list[str], note: str | None = None, *, sure: bool = True) -> None:
        self.names = names
        #: those that are made as not trainable, and those that are another object's
        self.buffers: set[str] = set()
        self.copies: set[str] = set()
        #: said of each, where it is not plain
        self.note = note
        #: whether the class is known
        self.sure = sure
        #: how it is quantised
        self.mode: str | None = None


def named(kind: str, kept: Kept, layer: Layer | None) -> Named | None:
    """The names of what an object of that class keeps; None where the class is not known or keeps something else.

    >>> named("BatchNormalization", [((8,), "float32")] * 4, None).names
    ['gamma', 'beta', 'moving_mean', 'moving_variance']
    >>> named("Dense", [((8,), "float32")] * 4, None) is None
    True
    """
    mode = None if layer is None else layer.dtype()[1]
    packed = order.names_of(kind, mode or order.mode_of(kind, kept) or "", kept) if kind in QUANTISED and kept else None
    if packed is not None:
        made = Named(packed)
        made.mode = mode or order.mode_of(kind, kept)
        return made
    specs = CLASSES.get(kind, ())
    for spec in specs:
        found = _chosen(spec.split(), len(kept), layer)
        if found is not None and fits([n.strip("-=?") for n in found], kept):
            made = Named([n.strip("-=?") for n in found])
            made.buffers = {n[1:] for n in found if n[0] == "-"}
            made.copies = {n[1:] for n in found if n[0] == "="}
            if len(found) == 1 and spec.count("?") == len(spec.split()) > 1 and not _told(found[0].strip("-=?"), layer):
                made.note = f"one of {', '.join(n.strip('-=?') for n in spec.split())}: the file does not say which"
            return made
    return None


def _chosen(spec: list[str], count: int, layer: Layer | None) -> list[str] | None:
    """The words of a row that are there: the optional ones by the settings, else as many as are left, in order."""
    optional = [word.strip("-=?") for word in spec if word.endswith("?")]
    left = count - (len(spec) - len(optional))
    told = {name: _told(name, layer) for name in optional}
    here = [name for name in optional if told[name] is not None and told[name]]
    open_ = [name for name in optional if told[name] is None]
    if not len(here) <= left <= len(here) + len(open_):
        here, open_ = [], optional  # the settings are of another layer, or say what is not so
        if not 0 <= left <= len(open_):
            return None
    there = {*here, *open_[: left - len(here)]}
    return [word.rstrip("?") for word in spec if not word.endswith("?") or word.strip("-=?") in there]


def _told(name: str, layer: Layer | None) -> bool | None:
    """Whether the settings say that an optional variable is there; None where they do not tell."""
    if layer is None or name not in OPTIONS:
        return None
    key, value = OPTIONS[name]
    return None if key not in layer.settings else layer.settings[key] == value


def fits(names: list[str], kept: Kept) -> bool:
    """Whether variables of those names can have these shapes: a class of the same name may be somebody's own."""
    by_name = {name: shape for name, (shape, _) in zip(names, kept, strict=True)}
    first = kept[0][0] if kept else ()
    if "kernel" in by_name and not by_name["kernel"]:
        return False
    if names[:2] == ["kernel", "bias"] and not _bias_of(by_name["kernel"], by_name["bias"]):
        return False
    if "recurrent_kernel" in by_name and by_name["recurrent_kernel"][-1:] != by_name["kernel"][-1:]:
        return False
    if "embeddings" in by_name and len(by_name["embeddings"]) != 2:
        return False
    norm = [shape for name, shape in by_name.items() if name in ("gamma", "beta", "moving_mean", "moving_variance")]
    return all(shape == norm[0] for shape in norm) and (not norm or len(first) >= 1)


def _bias_of(kernel: Shape, bias: Shape) -> bool:
    """A bias is as long as one side of its kernel (a packed one has half of it)."""
    sides = {*kernel, *(2 * d for d in kernel), *(2 * d - 1 for d in kernel)}
    return len(bias) > 1 or (len(bias) == 1 and (bias[0] in sides or len(kernel) > 2))


def by_shape(kept: Kept, keys: list[str]) -> Named:
    """Names for what a class of somebody's own keeps, by shape alone: said to be a guess where it is one.

    >>> by_shape([((3, 4), "float32"), ((4,), "float32")], ["0", "1"]).names
    ['kernel', 'bias']
    """
    shapes = [shape for shape, _ in kept]
    vectors = all(len(shape) == 1 and shape == shapes[0] for shape in shapes)
    names = keys
    if any(dtype is None or dtype.startswith(("int", "uint", "bool")) for _, dtype in kept):
        pass
    elif len(kept) == 1 and len(shapes[0]) >= 2:
        names = ["kernel"]
    elif len(kept) == 2 and len(shapes[0]) >= 2 and len(shapes[1]) == 1 and shapes[1][0] in shapes[0]:
        names = ["kernel", "bias"]
    elif len(kept) == 4 and vectors:
        names = ["gamma", "beta", "moving_mean", "moving_variance"]
    elif len(kept) == 3 and len(shapes[1]) > 2 and set(shapes[1][:-2]) == {1}:
        names = ["depthwise_kernel", "pointwise_kernel", "bias"]
    elif len(kept) == 3 and len(shapes[0]) == len(shapes[1]) >= 2 and shapes[2][-1:] == shapes[0][-1:]:
        names = ["kernel", "recurrent_kernel", "bias"]
    guess = "a class that is not known: named by its place" if names is keys else "a class that is not known: by shape"
    made = Named(list(names), guess, sure=False)
    made.buffers = {"moving_mean", "moving_variance"}.intersection(names)
    return made
