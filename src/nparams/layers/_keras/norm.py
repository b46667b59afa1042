"""Normalisation and learned activations of Keras.

Source: keras/src/layers/normalization/, activations/prelu.py and preprocessing/normalization.py (3.15).
"""

from __future__ import annotations

from nparams.errors import NotationError
from nparams.expr import product
from nparams.layers._keras.klass import Klass
from nparams.layers._keras.layer import KerasLayer, renamed
from nparams.layers._keras.shape import fit, side, told
from nparams.layers.flow import Flow
from nparams.network import Module, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.expr import Size
    from nparams.layers._keras.layer import Sent
    from nparams.layers._keras.shape import Dim, Shape


def _axes(k: KerasLayer, name: str = "axis") -> list[int]:
    held = k.value(name)
    axes = list(held) if isinstance(held, (tuple, list)) else [held]
    if not axes or not all(isinstance(axis, int) and not isinstance(axis, bool) for axis in axes):
        raise NotationError(f"{name} is {str(held)[:40]}: a whole number is needed")
    return axes


def _sides(k: KerasLayer, shape: Shape, axes: list[int]) -> tuple[Size, ...]:
    """The sides that it has numbers for; an unknown one is a symbol."""
    found: list[Dim] = [side(shape, axis) for axis in axes]
    return tuple(
        k.sees(n, "c" if i == 0 else f"c_{i}", "the number of channels" if len(axes) == 1 else f"side {axes[i]}")
        for i, n in enumerate(found)
    )


def _affine(
    k: KerasLayer, kind: str, shape: Shape, sides: tuple[Size, ...], *, statistics: tuple[str, ...] = ()
) -> None:
    """γ and β, whichever it has, and what is measured."""
    scale, center = k.flag("scale"), k.flag("center")
    given = {"c": product(sides), "scale": scale, "bias": center}
    layer = k.textbook(kind, given, Flow(None, None))
    held: list[tuple[str, Any, str]] = [("gamma", sides, "weight")] if scale else []
    if center:
        held.append(("beta", sides, "bias"))
    held += [(leaf, sides, "buffer") for leaf in statistics]
    k.holds(layer, held, shape, shape)


def _batch(k: KerasLayer, shapes: list[Shape]) -> Sent:
    axes = _axes(k)
    if len(axes) > 1:
        raise NotationError(f"axis is {axes}: a whole number is needed")
    measured: tuple[str, ...] = ("moving_mean", "moving_variance")
    if k.args.get("renorm"):
        measured += ("moving_stddev", "renorm_mean", "renorm_stddev")
    _affine(k, "batchnorm", shapes[0], _sides(k, shapes[0], axes), statistics=measured)
    return shapes[0]


def _layer(k: KerasLayer, shapes: list[Shape]) -> Sent:
    if k.args.get("rms_scaling"):
        k.args["center"] = False
    _affine(k, "layernorm", shapes[0], _sides(k, shapes[0], _axes(k)))
    return shapes[0]


def _group(k: KerasLayer, shapes: list[Shape]) -> Sent:
    _affine(k, "groupnorm", shapes[0], _sides(k, shapes[0], _axes(k)))
    return shapes[0]


def _instance(k: KerasLayer, shapes: list[Shape]) -> Sent:
    """tensorflow_addons.layers.InstanceNormalization, and keras_contrib's, whose axis may be None: one number each."""
    sides = (1,) if k.value("axis") is None else _sides(k, shapes[0], _axes(k))
    _affine(k, "instancenorm", shapes[0], sides)
    return shapes[0]


def _rms(k: KerasLayer, shapes: list[Shape]) -> Sent:
    sides = _sides(k, shapes[0], sorted(_axes(k)))
    layer = k.textbook("rmsnorm", {"c": product(sides)}, Flow(None, None))
    k.holds(layer, [("scale", sides, "weight")], shapes[0], shapes[0])
    return shapes[0]


def _measured(k: KerasLayer, shapes: list[Shape]) -> Sent:
    """Normalization: mean and variance that adapt() measures; nothing is trained."""
    shape, axis = shapes[0], k.value("axis")
    sides: tuple[Size, ...] = () if axis is None else _sides(k, shape, sorted(a % len(shape) for a in _axes(k)))
    held = [] if k.args.get("mean") is not None else [("mean", sides), ("variance", sides), ("count", ())]
    k.own("Normalization", {}, [(leaf, kept, "buffer", "", "") for leaf, kept in held], shape, shape)
    return shape


def _prelu(k: KerasLayer, shapes: list[Shape]) -> Sent:
    """A slope for each value, one along the sides that are shared."""
    shape = shapes[0]
    if ... in shape:
        shape = fit(shape, max(len(shape), 2))
    shared = [] if k.value("shared_axes") is None else _axes(k, "shared_axes")
    sides = tuple(
        1 if i + 1 in shared else k.sees(n, "c" if i == len(shape) - 2 else f"n_{i}", f"side {i + 1}")  # type: ignore[arg-type]
        for i, n in enumerate(shape[1:])
    )
    n = product(sides)
    why = "A learned slope for negative values: {c} of them."
    k.own("PReLU", {"c": n}, [("alpha", sides, "weight", "c", why)], shape, shape)
    return shape


def _spectral(k: KerasLayer, shapes: list[Shape]) -> Sent:
    """The layer inside, and a vector that measures how much its kernel stretches."""
    inner = k.value("layer")
    if not isinstance(inner, KerasLayer):
        raise NotationError("it takes a layer: SpectralNormalization(Dense(8))")
    sent = inner.call(shapes)
    assert inner.module is not None
    kernel = next((t for t in inner.module.tensors if t.name.endswith(("kernel", "embeddings"))), None)
    if kernel is None or kernel.shape is None:
        raise NotationError(f"its layer {inner.name} has no kernel")
    child = renamed(inner.module, f"{k.name}.{inner.name}")
    vector = Tensor(f"{k.name}.vector_u", (1, kernel.shape[-1]), role="buffer", trainable=False)
    k.module = Module(
        k.name, "SpectralNormalization", takes=child.takes, out=child.out, tensors=[vector], children=[child]
    )  # fmt: skip
    return sent


def _weighted(k: KerasLayer, shapes: list[Shape]) -> Sent:
    """tensorflow_addons.layers.WeightNormalization: a length g for each column of the kernel."""
    inner = k.value("layer")
    if not isinstance(inner, KerasLayer):
        raise NotationError("it takes a layer: WeightNormalization(Dense(8))")
    sent = inner.call(shapes)
    assert inner.module is not None
    kernel = next((t for t in inner.module.tensors if t.name.endswith("kernel")), None)
    if kernel is None or kernel.shape is None:
        raise NotationError(f"its layer {inner.name} has no kernel")
    child = renamed(inner.module, f"{k.name}.{inner.name}")
    wide = kernel.shape[-1]
    k.own("WeightNormalization", {"n": wide},
          [("g", (wide,), "weight", "n", "A learned length for each of {n} columns.")], shapes[0], sent)  # fmt: skip
    assert k.module is not None
    k.module.children = [child]
    k.module.takes = told(shapes[0])
    return sent


BOTH = "center=True scale=True"

KLASSES = (
    Klass("BatchNormalization", f"axis=-1 momentum=0.99 epsilon=0.001 {BOTH}", _batch),
    Klass("LayerNormalization", f"axis=-1 epsilon=0.001 {BOTH}", _layer),
    Klass("GroupNormalization", f"groups=32 axis=-1 epsilon=0.001 {BOTH}", _group),
    Klass("InstanceNormalization", f"axis=-1 epsilon=0.001 {BOTH}", _instance),
    Klass("RMSNormalization", "axis=-1 epsilon=0.001", _rms),
    Klass("Normalization", "axis=-1 mean=None variance=None", _measured),
    Klass("PReLU", "alpha_initializer=zeros alpha_regularizer=None alpha_constraint=None shared_axes=None", _prelu),
    Klass("SpectralNormalization", "layer power_iterations=1", _spectral),
    Klass("WeightNormalization", "layer data_init=True", _weighted),
)
