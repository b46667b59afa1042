"""Every class of keras.layers, with those of Keras 0, 1 and 2: what its arguments mean and how many arrays it makes.

>>> from nparams.layers.layer import Setting
>>> shop = Shop(Setting("keras"))
>>> layer = shop.layer("Conv2D", [32, (3, 3)], {"activation": "relu"})
>>> layer.call([(None, 28, 28, 1)]), [t.shape for t in layer.module.tensors]
((None, 26, 26, 32), [(3, 3, 1, 32), (32,)])
"""

from __future__ import annotations

from nparams.errors import NotationError, shown
from nparams.layers._keras import attention, conv, dense, merge, norm, pool, prepare, recurrent
from nparams.layers._keras.klass import IDLE, IDLE_ENDS, Klass
from nparams.layers._keras.layer import KerasLayer
from nparams.layers._keras.old import ALIASES, Words
from nparams.layers._keras.shape import is_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from nparams.layers._keras.shape import Shape
    from nparams.layers.layer import Setting

MODULES = (
    dense, conv, pool, recurrent, norm, attention, merge,
    prepare,
)  # fmt: skip
KLASSES: dict[str, Klass] = {klass.name: klass for module in MODULES for klass in module.KLASSES}

#: classes that are not read, and why
REFUSED = {
    "FlaxLayer": "it wraps a module of Flax", "JaxLayer": "it wraps a function of JAX",
    "TFSMLayer": "it wraps a saved model, which is a file", "TorchModuleWrapper": "it wraps a module of PyTorch",
    "MaxNumBoundingBoxes": "it works on bounding boxes, not on arrays", "Pipeline": "it only prepares data",
    "KerasLayer": "it downloads a model (tensorflow_hub)",
}  # fmt: skip
#: names in keras.layers that are no layers that could stand in a model by themselves
BASES = ("Layer", "Wrapper", "InputSpec", "InputLayer")
#: arguments beside those of IDLE that change no count
MORE_IDLE = frozenset(
    "momentum epsilon fused renorm renorm_clipping renorm_momentum virtual_batch_size synchronized rms_scaling mode "
    "negative_slope max_value threshold lora_rank lora_alpha quantization_config score_mode use_gate reverse_dtype "
    "logit_soft_cap reset_after output_padding output_shape data_format groups unit_offset zero_output_for_mask "
    "arguments mask output_mask gptq_unpacked_column_size mean variance invert min_freq max_freq mag_exp interpolation "
    "power_to_db top_db min_power ref_power axis_name attention_axes sliding_window flash_attention causal "
    "return_attention_scores fill_mode fill_value antialias pad_to_aspect_ratio crop_to_aspect_ratio encoding ragged "
    "pad_to_max_tokens vocabulary salt oov_method idf_weights vocabulary_dtype dtype jit_compile dropout".split()
)
#: layers that make a Softmax and a Dropout layer of their own (attention/multi_head_attention.py, _build_attention)
HOLDING = ("MultiHeadAttention", "GroupedQueryAttention")


def known(name: str) -> bool:
    """Whether a class of that name is read.

    >>> known("Dense"), known("MaxPool2D"), known("Linear")
    (True, True, False)
    """
    return ALIASES.get(name, name) in KLASSES


def snake(name: str) -> str:
    """A class's name as Keras puts it into the names of layers (keras/src/utils/naming.py).

    >>> snake("MaxPooling2D"), snake("PReLU"), snake("Conv2DTranspose")
    ('max_pooling2d', 'p_re_lu', 'conv2d_transpose')
    """
    from re import sub

    name = sub("(.)([A-Z][a-z]+)", r"\1_\2", sub(r"\W+", "", name))
    return sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def _refuse_adapter(name: str, bound: Mapping[str, Any]) -> None:
    """LoRA is counted beside Dense kernels alone: elsewhere its two matrices would be left out without a word."""
    if name != "Dense" and bound.get("lora_rank") is not None:
        raise NotationError("lora_rank is counted for Dense only; leave it out and add its two matrices by hand")


class Shop:
    """Makes layers, and gives them Keras's names: dense, dense_1, ..."""

    def __init__(self, setting: Setting, age: int = 3) -> None:
        self.setting = setting
        self.age = age
        #: channels_first for layers that do not say
        self.first = False
        self._names: dict[str, int] = {}

    def name(self, klass: str) -> str:
        """The next name for a class."""
        word = snake(klass)
        n = self._names[word] = self._names.get(word, -1) + 1
        return f"{word}_{n}" if n else word

    def layer(self, written: str, args: list[Any], named: dict[str, Any]) -> KerasLayer:
        """A layer of a class, by the arguments as they were written."""
        name = ALIASES.get(written, written)
        if name in REFUSED:
            raise NotationError(f"{written} is not counted: {REFUSED[name]}")
        klass = KLASSES.get(name)
        if klass is None:
            raise NotationError(f"{written} is no layer of Keras that is known here")
        words = Words(written, list(args), dict(named), self.age)
        try:
            words.bring(name)
            bound = _bound(klass, words.args, words.named)
            _refuse_adapter(name, bound)
        except NotationError as error:
            raise NotationError(f"{written}: {error}") from None
        for note in words.notes:
            self.setting.note(note)
        said = bound.get("name")
        layer = KerasLayer(klass, said if isinstance(said, str) and said else self.name(name), bound, self.setting)
        layer.first = self.first
        if name in HOLDING:
            layer.on_first = lambda: [self.name(word) for word in ("Softmax", "Dropout")]
        layer.says = says(layer)
        bound["era"] = self.age
        return layer


def _bound(klass: Klass, args: list[Any], named: dict[str, Any]) -> dict[str, Any]:
    names = list(klass.params)
    if len(args) > len(names) and "*" not in klass.params:
        raise NotationError(f"it takes {len(names)} arguments without a name ({', '.join(names)}), not {len(args)}")
    bound = dict(zip(names, args, strict=False))
    for name, held in named.items():
        if name in bound:
            raise NotationError(f"{name} is said twice")
        if name not in klass.params and not idle(name) and "*" not in klass.params:
            raise NotationError(f"it has no argument {shown(name)}: it takes {', '.join(names) or 'none'}")
        bound[name] = held
    return bound


def idle(name: str) -> bool:
    """Whether an argument plays no part in any count, or is read by itself."""
    return name in IDLE or name in MORE_IDLE or name.endswith(IDLE_ENDS)


def says(layer: KerasLayer) -> Shape | None:
    """The shape of its input, where its arguments say it: input_shape=(28, 28, 1), or input_dim=784."""
    args = layer.args
    whole = args.get("batch_input_shape", args.get("batch_shape"))
    if isinstance(whole, (tuple, list)):
        return sides_of(whole)
    held = args.get("input_shape")
    if held is not None:
        batch = args.get("batch_size")
        first = batch if is_size(batch) else None
        if is_size(held):
            return (first, held)
        return (first, *sides_of(held)) if isinstance(held, (tuple, list)) else (...,)
    steps, wide = args.get("input_length"), args.get("input_dim")
    if layer.klass.name == "Embedding":
        return None if steps is None else (None, *(_steps(steps)))
    if wide is None:
        return None
    many = "cell" in layer.klass.preset or layer.klass.preset.get("rank") == 1 or layer.klass.name in ROWS
    return (None, *(_steps(steps) if many else ()), wide if is_size(wide) else None)


#: classes beside recurrent ones and 1-d windows that take a sequence
ROWS = ("Bidirectional", "TimeDistributed", "TimeDistributedDense", "RNN")


def _steps(held: object) -> tuple[Any, ...]:
    return tuple(sides_of(held)) if isinstance(held, (tuple, list)) else (held if is_size(held) else None,)


def sides_of(held: tuple[Any, ...] | list[Any]) -> tuple[Any, ...]:
    """Sides as they are written: numbers, symbols and None; what is not known is None."""
    for side in held:
        if isinstance(side, int) and not isinstance(side, bool) and side < 0 and side != -1:
            raise NotationError(f"a shape cannot have a side of {side}")
    return tuple(None if side == -1 else side if is_size(side) else None for side in held)
