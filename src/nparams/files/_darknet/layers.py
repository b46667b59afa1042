"""What each section of a .cfg makes: the arrays that it stores, and the sides of what it hands on.

AlexeyAB/darknet src/parser.c and src/*_layer.c, which reads all that pjreddie/darknet reads but [deconvolutional]; the
order of the arrays is that of load_weights_upto.
"""

from __future__ import annotations

from math import prod

from nparams.files._darknet.parts import Sides, convolution, dense, normed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nparams.files._darknet.cfg import Section
    from nparams.files._darknet.parts import Array, Place

    #: what a layer stores, what it hands on, and its textbook kind
    Result = tuple[list[Array], Sides, str | None]


# -- layers with numbers ----------------------------------------------------------------------------------------------


def _slid(at: Place, length: int, size: int, stride: int, padding: int) -> int:
    """Positions of a window along one side."""
    found = (length + 2 * padding - size) // stride + 1
    if found <= 0:
        raise at.section.bad(f"a window of {size} does not fit on a side of {length}")
    return found


def _strides(section: Section) -> tuple[int, int]:
    stride = section.number_of("stride", 1)
    x, y = section.number_of("stride_x", -1), section.number_of("stride_y", -1)
    found = (x if x > 0 else stride, y if y > 0 else stride)
    if min(found) <= 0:
        raise section.bad(f"a stride of {min(found)}")
    return found


def _padding(section: Section, size: int) -> int:
    return size // 2 if section.number_of("pad", 0) else section.number_of("padding", 0)


def convolutional(at: Place) -> Result:
    """Convolutions; one whose weights another layer holds stores none."""
    s, image = at.section, at.image()
    n, size, groups = s.size("filters", 1), s.size("size", 1), max(1, s.number_of("groups", 1))
    if image.c % groups or n % groups:
        raise s.bad(f"{image.c} channels and {n} filters do not part into {groups} groups")
    normalised = s.number_of("batch_normalize", 0) or s.number_of("cbn", 0)
    arrays = [] if "share_index" in s.options else convolution(n, image.c, size, groups, normalised)
    x, y = _strides(s)
    pad, blurred = _padding(s, size), s.number_of("antialiasing", 0)
    if not blurred:
        sides = Sides(_slid(at, image.w, size, x, pad), _slid(at, image.h, size, y, pad), n)
    else:  # the window moves by 1, and a fixed blur behind it takes the strides
        w, h = _slid(at, image.w, size, 1, pad), _slid(at, image.h, size, 1, pad)
        blur, edge = (2, 0) if blurred == 2 else (3, 1)
        sides = Sides(_slid(at, w, blur, x, edge), _slid(at, h, blur, y, edge), n)
    return arrays, sides, "DepthwiseConv" if groups > 1 and image.c == groups else "Conv"


def deconvolutional(at: Place) -> Result:
    """pjreddie/darknet src/deconvolutional_layer.c."""
    s, image = at.section, at.image()
    n, size, stride = s.size("filters", 1), s.size("size", 1), s.size("stride", 1)
    less = size - 2 * _padding(s, size)
    sides = Sides((image.w - 1) * stride + less, (image.h - 1) * stride + less, n)
    return convolution(n, image.c, size, 1, s.number_of("batch_normalize", 0)), sides, "ConvTranspose"


def local(at: Place) -> Result:
    """A convolution with weights of its own at each position."""
    s, image = at.section, at.image()
    n, size, stride = s.size("filters", 1), s.size("size", 1), s.size("stride", 1)
    less = 1 if s.number_of("pad", 0) else size
    if image.w < less or image.h < less:
        raise s.bad(f"a window of {size} does not fit on {image.w}x{image.h}")
    w, h = (image.w - less) // stride + 1, (image.h - less) // stride + 1
    arrays = [("biases", "bias", (n, h, w)), ("weights", "weight", (h * w, n, image.c, size, size))]
    return arrays, Sides(w, h, n), "LocallyConnected"


def connected(at: Place) -> Result:
    """A dense layer."""
    s = at.section
    outputs = s.size("output", 1)
    return dense(_values(at), outputs, s.number_of("batch_normalize", 0)), Sides(1, 1, outputs), "Dense"


def _values(at: Place) -> int:
    if at.takes.values <= 0:
        raise at.section.bad("it is given no values: inputs, or width, height and channels of [net], are missing")
    return at.takes.values


def batchnorm(at: Place) -> Result:
    """A batch norm by itself."""
    image = at.image()
    return [("biases", "bias", (image.c,)), *normed(image.c, 1)], image, "BatchNorm"


def shortcut(at: Place) -> Result:
    """The sum of layers, weighed where weights_type says so."""
    s = at.section
    layers = s.ints("from")
    for index in layers:
        at.layer(index)
    kind = s.options.get("weights_type", "none")
    if kind not in ("none", "per_feature", "per_layer", "per_channel"):
        raise s.bad("weights_type is none, per_feature, per_layer or per_channel")
    shape = (len(layers) + 1, *([at.takes.c] if kind == "per_channel" else []))
    return [] if kind == "none" else [("weights", "weight", shape)], at.takes, None


def implicit(at: Place) -> Result:
    """Numbers that no input changes (YOLOR)."""
    filters, atoms = at.section.size("filters", 128), at.section.size("atoms", 1)
    return [("weights", "weight", (filters, atoms) if atoms > 1 else (filters,))], Sides(1, atoms, filters), None


# -- recurrences -------------------------------------------------------------------------------------------------------


def crnn(at: Place) -> Result:
    """Three convolutions: of the input, of the state, and to the output."""
    s, image = at.section, at.image()
    hidden, output, size = s.size("hidden", 1), s.size("output", 1), s.size("size", 3)
    groups, normalised = max(1, s.number_of("groups", 1)), s.number_of("batch_normalize", 0)
    steps = (("input", hidden, image.c), ("self", hidden, hidden), ("output", output, hidden))
    if any(n % groups or c % groups for _, n, c in steps):
        raise s.bad(f"its channels do not part into {groups} groups")
    arrays = [a for name, n, c in steps for a in convolution(n, c, size, groups, normalised, f"{name}.")]
    return arrays, Sides(image.w, image.h, output), None


def rnn(at: Place) -> Result:
    """Three dense layers; without hidden=, as wide as the output (pjreddie/darknet src/rnn_layer.c)."""
    s = at.section
    output = s.size("output", 1)
    hidden = s.size("hidden", output)
    steps = (("input", _values(at), hidden), ("self", hidden, hidden), ("output", hidden, output))
    normalised = s.number_of("batch_normalize", 0)
    arrays = [a for name, inputs, outputs in steps for a in dense(inputs, outputs, normalised, f"{name}.")]
    return arrays, Sides(0, 0, 0, output), "SimpleRNN"


def _gates(inputs: Sequence[str], states: Sequence[str], kind: str, state_first: bool) -> Callable[[Place], Result]:
    """Dense layers of the input and of the state, one for each gate."""

    def gated(at: Place) -> Result:
        s, values = at.section, _values(at)
        output, normalised = s.size("output", 1), s.number_of("batch_normalize", 0)
        of_input = [a for name in inputs for a in dense(values, output, normalised, f"{name}.")]
        of_state = [a for name in states for a in dense(output, output, normalised, f"{name}.")]
        return (of_state + of_input if state_first else of_input + of_state), Sides(0, 0, 0, output), kind

    return gated


def conv_lstm(at: Place) -> Result:
    """An LSTM of convolutions: w of the state, u of the input, v of the cell (peephole)."""
    s, image = at.section, at.image()
    n, size, groups = s.size("output", 1), s.size("size", 3), max(1, s.number_of("groups", 1))
    normalised, narrow = s.number_of("batch_normalize", 0), s.number_of("bottleneck", 0)
    if image.c % groups or n % groups:
        raise s.bad(f"its channels do not part into {groups} groups")
    steps = [(name, n) for name in ("vf", "vi", "vo")] if s.number_of("peephole", 0) else []
    steps += [("wf", 2 * n)] if narrow else [(name, n) for name in ("wf", "wi", "wg", "wo")]
    steps += [(name, image.c) for name in ("uf", "ui", "ug", "uo")]
    arrays = [a for name, c in steps for a in convolution(n, c, size, groups, normalised, f"{name}.")]
    return arrays, Sides(image.w, image.h, n), "ConvLSTM"


# -- layers without numbers -------------------------------------------------------------------------------------------


def maxpool(at: Place) -> Result:
    """Maximum or mean of a window."""
    s, image = at.section, at.image()
    x, y = _strides(s)
    size = s.size("size", s.number_of("stride", 1))
    padding = s.number_of("padding", size - 1)
    if s.number_of("maxpool_depth", 0):
        return [], Sides(image.w, image.h, s.size("out_channels", 1)), None
    w, h = (image.w + padding - size) // x + 1, (image.h + padding - size) // y + 1
    if s.number_of("antialiasing", 0):
        w, h = image.w + padding - size + 1, image.h + padding - size + 1
        blur, edge = (2, 0) if s.number_of("antialiasing", 0) == 2 else (3, 1)
        w, h = _slid(at, w, blur, x, edge), _slid(at, h, blur, y, edge)
    return [], Sides(w, h, image.c), None


def avgpool(at: Place) -> Result:
    """The mean of each channel."""
    return [], Sides(1, 1, at.image().c), None


def reorg(at: Place) -> Result:
    """Positions moved into channels, or back."""
    s, image = at.section, at.image()
    stride = s.size("stride", 1)
    if s.number_of("extra", 0) or s.number_of("flatten", 0):
        raise s.bad("extra and flatten of [reorg] are not read; count the model without them")
    if s.number_of("reverse", 0):
        return [], Sides(image.w * stride, image.h * stride, image.c // stride**2), None
    return [], Sides(image.w // stride, image.h // stride, image.c * stride**2), None


def upsample(at: Place) -> Result:
    """More positions by repeating, or fewer where the stride is below 0."""
    image, stride = at.image(), at.section.number_of("stride", 2)
    if not stride:
        raise at.section.bad("a stride of 0")
    if stride > 0:
        return [], Sides(image.w * stride, image.h * stride, image.c), None
    return [], Sides(image.w // -stride, image.h // -stride, image.c), None


def route(at: Place) -> Result:
    """Layers side by side, by channels."""
    s = at.section
    found = [at.layer(index) for index in s.ints("layers")]
    groups = s.size("groups", 1)
    first, values = found[0], sum(each.values for each in found) // groups
    if any((each.w, each.h) != (first.w, first.h) for each in found):
        return [], Sides(0, 0, 0, values), None
    return [], Sides(first.w, first.h, sum(each.c for each in found) // groups, values), None


def as_other(at: Place) -> Result:
    """Scaled by another layer, and as large as that."""
    return [], at.layer(at.section.ints("from")[0]), None


def history(at: Place) -> Result:
    """The last few inputs side by side."""
    image = at.image()
    return [], Sides(image.w, image.h, image.c * at.section.size("history_size", 4)), None


def crop(at: Place) -> Result:
    """A part of the image."""
    image = at.image()
    return [], Sides(at.section.size("crop_width", 1), at.section.size("crop_height", 1), image.c), None


def unchanged(at: Place) -> Result:
    """As many values as it is given."""
    return [], at.takes, None


#: type of a section -> what it makes (string_to_layer_type of both sources)
MAKERS: Mapping[str, Callable[[Place], Result]] = {
    **dict.fromkeys(("conv", "convolutional"), convolutional),
    **dict.fromkeys(("deconv", "deconvolutional"), deconvolutional),
    "local": local, **dict.fromkeys(("conn", "connected"), connected), "batchnorm": batchnorm, "shortcut": shortcut,
    "implicit": implicit, "crnn": crnn, "rnn": rnn, "conv_lstm": conv_lstm,
    "gru": _gates(("uz", "ur", "uh"), ("wz", "wr", "wh"), "GRU", state_first=False),
    "lstm": _gates(("uf", "ui", "ug", "uo"), ("wf", "wi", "wg", "wo"), "LSTM", state_first=True),
    **dict.fromkeys(("max", "maxpool", "local_avg", "local_avgpool"), maxpool),
    **dict.fromkeys(("avg", "avgpool"), avgpool), **dict.fromkeys(("reorg", "reorg3d"), reorg), "upsample": upsample,
    "route": route, **dict.fromkeys(("scale_channels", "sam"), as_other), "history": history, "crop": crop,
    **dict.fromkeys(("activation", "dropout", "lrn", "normalization", "soft", "softmax", "cost", "detection", "region",
                     "yolo", "Gaussian_yolo", "iseg", "logistic", "l2norm", "contrastive", "empty", "silence"),
                    unchanged),
}  # fmt: skip


def size_of(arrays: Sequence[Array]) -> int:
    """Numbers in all of them."""
    return sum(prod(shape) for _, _, shape in arrays)
