"""The arguments of a layer of torch.nn, from what an object of it holds: the shapes of its arrays, and its attributes.

Shapes come first, for they are what is counted; attributes tell what no shape does (groups, heads) and the sizes of
what holds no array.
Source: torch/nn/modules/*.py of PyTorch 2.13: the attributes that each `__init__` sets.
"""

from __future__ import annotations

from nparams.layers._torch.layers import CLASSES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from nparams.expr import Size
    from nparams.layers._torch.layers import TorchClass

    Shapes = Mapping[str, tuple[Size, ...]]
    Given = dict[str, Any]

#: rule -> the attributes of an object that tell what its arguments were
FIELDS: dict[str, tuple[str, ...]] = {
    "linear": ("in_features", "out_features"),
    "bilinear": ("in1_features", "in2_features", "out_features"),
    "conv": ("in_channels", "out_channels", "kernel_size", "groups", "transposed"),
    "convtranspose": ("in_channels", "out_channels", "kernel_size", "groups", "transposed"),
    "batchnorm": ("num_features",),
    "instancenorm": ("num_features",),
    "groupnorm": ("num_groups", "num_channels"),
    "layernorm": ("normalized_shape",),
    "rmsnorm": ("normalized_shape",),
    "prelu": ("num_parameters",),
    "embedding": ("num_embeddings", "embedding_dim"),
    "recurrent": ("mode", "input_size", "hidden_size", "num_layers", "bidirectional", "proj_size"),
    "cell": ("input_size", "hidden_size"),
    "attention": ("num_heads", "embed_dim"),
    "pixelshuffle": ("upscale_factor",),
    "pixelunshuffle": ("downscale_factor",),
}
#: layers made of layers that are modules of their own
COMPOSITE = {
    "encoder": "Encoder",
    "decoder": "Decoder",
    "transformer": "Transformer",
    "softmaxtree": "AdaptiveSoftmax",
    "linearloss": "Loss",
}
#: what several classes of torch.nn derive from -> the one that takes the same arguments
BASES = {
    "_BatchNorm": "SyncBatchNorm",
    "_InstanceNorm": "InstanceNorm1d",
    "_ConvNd": "Conv1d",
    "_ConvTransposeNd": "ConvTranspose1d",
    "_DropoutNd": "Dropout",
    "_MaxPoolNd": "MaxPool1d",
    "_AvgPoolNd": "AvgPool1d",
    "_LPPoolNd": "LPPool1d",
    "_AdaptiveAvgPoolNd": "AdaptiveAvgPool1d",
    "_AdaptiveMaxPoolNd": "AdaptiveMaxPool1d",
    "_Loss": "MSELoss",
    "_WeightedLoss": "NLLLoss",
}


def recovered(cls: TorchClass, shapes: Shapes, attributes: Mapping[str, Any]) -> tuple[TorchClass, Given]:
    """The class and the arguments that make a layer with these arrays; LookupError or ValueError where none do.

    The class may be another one of its family: a Conv1d over three sides is a Conv3d.

    >>> recovered(CLASSES["Linear"], {"weight": (10, 784)}, {})
    (TorchClass(Linear), {'in_features': 784, 'out_features': 10, 'bias': False})
    """
    find = RULES.get(cls.rule)
    return find(cls, shapes, attributes) if find is not None else (cls, dict(attributes))


def _linear(cls: TorchClass, shapes: Shapes, attributes: Mapping[str, Any]) -> tuple[TorchClass, Given]:
    out, n = shapes["weight"]
    return CLASSES["Linear"], {"in_features": n, "out_features": out, "bias": "bias" in shapes}


def _bilinear(cls: TorchClass, shapes: Shapes, attributes: Mapping[str, Any]) -> tuple[TorchClass, Given]:
    out, a, b = shapes["weight"]
    return cls, {"in1_features": a, "in2_features": b, "out_features": out, "bias": "bias" in shapes}


def _conv(cls: TorchClass, shapes: Shapes, attributes: Mapping[str, Any]) -> tuple[TorchClass, Given]:
    first, second, *kernel = shapes["weight"]
    groups, turned = attributes["groups"], attributes.get("transposed", cls.rule == "convtranspose")
    ends = (first, second * groups) if turned else (second * groups, first)
    found = CLASSES[f"Conv{'Transpose' if turned else ''}{len(kernel)}d"]
    given = dict(zip(("in_channels", "out_channels"), ends, strict=True))
    return found, {**given, "kernel_size": tuple(kernel), "groups": groups, "bias": "bias" in shapes}


def _statistics(cls: TorchClass, shapes: Shapes, attributes: Mapping[str, Any]) -> tuple[TorchClass, Given]:
    known = shapes.get("weight") or shapes.get("bias") or shapes.get("running_mean")
    (c,) = known if known is not None else (attributes["num_features"],)
    flags = {"affine": "weight" in shapes, "bias": "bias" in shapes, "track_running_stats": "running_mean" in shapes}
    return cls, {"num_features": c, **flags}


def _groups(cls: TorchClass, shapes: Shapes, attributes: Mapping[str, Any]) -> tuple[TorchClass, Given]:
    (c,) = shapes.get("weight") or shapes.get("bias") or (attributes["num_channels"],)
    flags = {"affine": "weight" in shapes, "bias": "bias" in shapes}
    return cls, {"num_groups": attributes["num_groups"], "num_channels": c, **flags}


def _sides(cls: TorchClass, shapes: Shapes, attributes: Mapping[str, Any]) -> tuple[TorchClass, Given]:
    shape = shapes.get("weight") or attributes["normalized_shape"]
    flags = {"elementwise_affine": "weight" in shapes}
    if cls.rule == "layernorm":
        flags["bias"] = "bias" in shapes
    return cls, {"normalized_shape": tuple(shape), **flags}


def _slopes(cls: TorchClass, shapes: Shapes, attributes: Mapping[str, Any]) -> tuple[TorchClass, Given]:
    (count,) = shapes["weight"]
    return cls, {"num_parameters": count}


def _table(cls: TorchClass, shapes: Shapes, attributes: Mapping[str, Any]) -> tuple[TorchClass, Given]:
    rows, width = shapes["weight"]
    return cls, {"num_embeddings": rows, "embedding_dim": width}


GATES: dict[Size, str] = {4: "LSTM", 3: "GRU", 1: "RNN"}


def _recurrent(cls: TorchClass, shapes: Shapes, attributes: Mapping[str, Any]) -> tuple[TorchClass, Given]:
    rows, n = shapes["weight_ih_l0"]
    h = attributes["hidden_size"] if "weight_hr_l0" in shapes else shapes["weight_hh_l0"][1]
    found = cls if cls.name in GATES.values() else CLASSES[GATES[rows // h]]
    given = {"input_size": n, "hidden_size": h, "bias": "bias_ih_l0" in shapes}
    given["num_layers"] = sum(leaf.startswith("weight_ih_l") and not leaf.endswith("_reverse") for leaf in shapes)
    given["bidirectional"] = "weight_ih_l0_reverse" in shapes
    if "weight_hr_l0" in shapes:
        given["proj_size"] = shapes["weight_hr_l0"][0]
    return found, given


def _cell(cls: TorchClass, shapes: Shapes, attributes: Mapping[str, Any]) -> tuple[TorchClass, Given]:
    (rows, n), (_, h) = shapes["weight_ih"], shapes["weight_hh"]
    found = cls if cls.name != "RNNCellBase" else CLASSES[f"{GATES[rows // h]}Cell"]
    return found, {"input_size": n, "hidden_size": h, "bias": "bias_ih" in shapes}


def _attention(cls: TorchClass, shapes: Shapes, attributes: Mapping[str, Any]) -> tuple[TorchClass, Given]:
    d = shapes["out_proj.weight"][0]
    given = {"embed_dim": d, "num_heads": attributes["num_heads"], "bias": "in_proj_bias" in shapes}
    given["add_bias_kv"] = "bias_k" in shapes
    if "in_proj_weight" not in shapes:
        given["kdim"], given["vdim"] = shapes["k_proj_weight"][1], shapes["v_proj_weight"][1]
    return cls, given


RULES: dict[str, Callable[[TorchClass, Shapes, Mapping[str, Any]], tuple[TorchClass, Given]]] = {
    "linear": _linear, "bilinear": _bilinear, "conv": _conv, "convtranspose": _conv, "batchnorm": _statistics,
    "instancenorm": _statistics, "groupnorm": _groups, "layernorm": _sides, "rmsnorm": _sides, "prelu": _slopes,
    "embedding": _table, "recurrent": _recurrent, "cell": _cell, "attention": _attention,
}  # fmt: skip
