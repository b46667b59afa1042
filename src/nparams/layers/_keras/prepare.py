"""Layers of Keras that prepare data: nothing to learn, but some change the shape.

Source: keras/src/layers/preprocessing/ (3.15).
"""

from __future__ import annotations

from nparams.errors import NotationError
from nparams.expr import mul
from nparams.layers._keras.klass import Klass
from nparams.layers._keras.layer import KerasLayer
from nparams.layers._keras.merge import _same
from nparams.layers._keras.shape import fit, is_size, slid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.layers._keras.layer import Sent
    from nparams.layers._keras.shape import Dim, Shape

#: the shape stays as it is
SAME = """
    AugMix AutoContrast ContrastLimitedAdaptiveHistogramEqualization CutMix Equalization MixUp RandAugment
    RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomElasticTransform RandomErasing
    RandomFlip RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization
    RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom Solarization
"""


def _resized(k: KerasLayer, shapes: list[Shape]) -> Sent:
    shape, first = shapes[0], k.channels_first()
    size = (k.size("height", "n", "the height"), k.size("width", "n", "the width"))
    shape = fit(shape, 4) if ... in shape else shape
    return (*shape[:-2], *size) if first else (*shape[:-3], *size, shape[-1])


def _encoded(k: KerasLayer, shapes: list[Shape]) -> Sent:
    """int leaves the shape; one_hot, multi_hot, count and tf_idf make a side of as many entries as there are."""
    mode, shape = k.value("output_mode"), shapes[0]
    if mode == "int":
        return shape
    wide = _entries(k)
    if mode == "one_hot":
        return (*shape[:-1], wide) if len(shape) > 1 and shape[-1] == 1 else (*shape, wide)
    return (*shape[:-1], wide) if len(shape) > 1 else (*shape, wide)


def _entries(k: KerasLayer) -> Dim:
    """How many entries its table has, None where only adapt() knows."""
    words = k.args.get("vocabulary")
    for name in ("num_tokens", "num_bins", "max_tokens"):
        if is_size(k.args.get(name)):
            return k.args[name]  # type: ignore[no-any-return]
    edges = k.args.get("bin_boundaries")
    if isinstance(edges, (tuple, list)):
        return len(edges) + 1
    if isinstance(words, (tuple, list)):
        spare = k.args.get("num_oov_indices", 1)
        return len(words) + (spare if isinstance(spare, int) else 1)
    return None


def _text(k: KerasLayer, shapes: list[Shape]) -> Sent:
    if k.value("output_mode") != "int":
        return (shapes[0][0] if shapes else None, _entries(k))
    held = k.args.get("output_sequence_length")
    return (shapes[0][0] if shapes else None, held if is_size(held) else None)


def _mel(k: KerasLayer, shapes: list[Shape]) -> Sent:
    shape = shapes[0]
    time: Any = shape[-1]
    steps = None if time is None or time is ... else slid(time, k.value("sequence_stride"), k.value("sequence_stride"),
                                                          1, "same")  # fmt: skip
    return (*shape[:-1], k.value("num_mel_bins"), steps)


def _stft(k: KerasLayer, shapes: list[Shape]) -> Sent:
    """Its two kernels hold sines and cosines; Keras registers them as weights like any other."""
    shape, mode = fit(shapes[0], 3), k.value("mode")
    long = k.size("frame_length", "n", "the length of a frame")
    step = long // 2 if k.value("frame_step") is None else k.size("frame_step", "s", "the step")
    if k.value("fft_length") is None and isinstance(long, int):
        bins = (1 << (long - 1).bit_length()) // 2 + 1
    else:
        bins = k.size("fft_length", "m", "the length of the transform") // 2 + 1  # type: ignore[assignment]
    names = [leaf for leaf, other in (("real", "imag"), ("imag", "real")) if mode != other]
    why = "Fixed waves, {n}·{m}, that Keras keeps as weights."
    held = [(f"{leaf}_kernel", (long, 1, bins), "weight", "n*m", why) for leaf in names]
    first = k.channels_first()
    time, channels = (shape[2], shape[1]) if first else (shape[1], shape[2])
    steps = slid(time, long, step, 1, k.word("padding", "valid same"))
    if k.flag("expand_dims"):
        out: Shape = (shape[0], channels, steps, bins) if first else (shape[0], steps, bins, channels)
    else:
        joined = None if channels is None else mul(channels, bins)
        out = (shape[0], joined, steps) if first else (shape[0], steps, joined)
    if mode == "stft":
        raise NotationError("mode stft is not read: choose another, or give the shape by hand")
    k.own("STFT", {"n": long, "m": bins}, held, shape, out)
    return out


def _lambda(k: KerasLayer, shapes: list[Shape]) -> Sent:
    """What its function sends, as far as the code around it knows; else as output_shape says; else the same."""
    if k.runner is not None and k.args.get("output_shape") is None:
        return k.runner(shapes)
    held = k.args.get("output_shape")
    if isinstance(held, (tuple, list)):
        return (shapes[0][0] if shapes else None, *(n if is_size(n) else None for n in held))
    if is_size(held):
        return (shapes[0][0] if shapes else None, held)
    return (...,)


MODES = "output_mode=int sparse=False"

KLASSES = (
    *(Klass(name, "*", _same, "Augment") for name in SAME.split()),
    Klass("Resizing", "height width interpolation=bilinear crop_to_aspect_ratio=False", _resized, "Resize"),
    Klass("CenterCrop", "height width data_format=None", _resized, "Crop"),
    Klass("RandomCrop", "height width seed=None data_format=None", _resized, "Crop"),
    Klass("CategoryEncoding", "num_tokens=None output_mode=multi_hot sparse=False", _encoded, "Lookup"),
    Klass("Discretization", f"bin_boundaries=None num_bins=None epsilon=0.01 {MODES}", _encoded, "Lookup"),
    Klass("Hashing", f"num_bins mask_value=None salt=None {MODES}", _encoded, "Lookup"),
    Klass("HashedCrossing", f"num_bins {MODES}", _encoded, "Lookup"),
    *(
        Klass(name, "max_tokens=None num_oov_indices=1 mask_token=None oov_token=None vocabulary=None " + extra
              + "idf_weights=None invert=False output_mode=int *", _encoded, "Lookup")
        for name, extra in (("IntegerLookup", "vocabulary_dtype=int64 "), ("StringLookup", ""))
    ),
    Klass("TextVectorization", "max_tokens=None standardize=None split=None ngrams=None output_mode=int "
          "output_sequence_length=None pad_to_max_tokens=False vocabulary=None *", _text, "Lookup"),
    Klass("MelSpectrogram", "fft_length=2048 sequence_stride=512 sequence_length=None window=hann sampling_rate=16000 "
          "num_mel_bins=128 *", _mel, "Spectrogram"),
    Klass("STFTSpectrogram", "mode=log frame_length=256 frame_step=None fft_length=None window=hann periodic=False "
          "scaling=density padding=valid expand_dims=False data_format=None", _stft),
    Klass("Lambda", "function output_shape=None mask=None arguments=None", _lambda),
)  # fmt: skip
