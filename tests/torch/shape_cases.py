"""Layers without parameters, drawn for both: what matters is what they send."""

from __future__ import annotations

from math import prod
from typing import Any

import keras
from torch import nn

from nparams.layers.flow import Flow
from tests.torch.cases import Case, Draw, bare, each, first, last, rank_of, rival, said, shape


@rival("MaxPool", "torch", "MaxPool1d MaxPool2d MaxPool3d")
@rival("AvgPool", "torch", "AvgPool1d AvgPool2d AvgPool3d")
def torch_pool(d: Draw, name: str) -> Case:
    """torch pads by half a window at most, and its stride is the window unless it is said."""
    rank = rank_of(name)
    kernel, stride, up = d.spread(rank), d.one(None, d.spread(rank)), d.said()
    pad = d.one(None, tuple(d.size(0, k // 2) for k in kernel))
    flow = first(tuple(k + d.size(0, 6) for k in each(kernel, rank)), d.size())
    theirs = said(stride=bare(stride), padding=bare(pad), ceil_mode=up)
    given = said(k=kernel, s=stride, p=pad, ceil=up, rank=rank)
    return Case(given, flow, lambda: getattr(nn, name)(bare(kernel), **theirs), shape(flow))


@rival("MaxPool", "keras", "MaxPooling1D MaxPooling2D MaxPooling3D")
@rival("AvgPool", "keras", "AveragePooling1D AveragePooling2D AveragePooling3D")
def keras_pool(d: Draw, name: str) -> Case:
    rank = rank_of(name)
    kernel, stride, pad = d.spread(rank), d.one(None, d.spread(rank)), d.one(None, "valid", "same")
    flow = last(tuple(k + d.size(0, 6) for k in each(kernel, rank)), d.size())
    theirs = said(strides=bare(stride), padding=pad)
    given = said(k=kernel, s=stride, p=pad, rank=rank)
    return Case(given, flow, lambda: getattr(keras.layers, name)(bare(kernel), **theirs), shape(flow))


@rival("GlobalPool", "torch", "AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d")
def torch_global(d: Draw, name: str) -> Case:
    """An adaptive pool to one position, and that position dropped."""
    flow = first(d.sides(rank_of(name)), d.size())
    return Case({}, flow, lambda: nn.Sequential(getattr(nn, name)(1), nn.Flatten()), shape(flow))


@rival("GlobalPool", "keras", "GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D")
@rival("GlobalPool", "keras", "GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D")
def keras_global(d: Draw, name: str) -> Case:
    flow = last(d.sides(rank_of(name)), d.size())
    return Case({}, flow, getattr(keras.layers, name), shape(flow))


@rival("AdaptivePool", "torch", "AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d")
@rival("AdaptivePool", "torch", "AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d")
def torch_adaptive(d: Draw, name: str) -> Case:
    rank = rank_of(name)
    size, flow = d.spread(rank, 1, 4), first(d.sides(rank), d.size())
    return Case({"k": size}, flow, lambda: getattr(nn, name)(bare(size)), shape(flow))


@rival("AdaptivePool", "keras", "AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D")
@rival("AdaptivePool", "keras", "AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D")
def keras_adaptive(d: Draw, name: str) -> Case:
    rank = rank_of(name)
    size, flow = d.spread(rank, 1, 4), last(d.sides(rank), d.size())
    return Case({"k": size}, flow, lambda: getattr(keras.layers, name)(bare(size)), shape(flow))


def anything(d: Draw, framework: str) -> Flow:
    """A vector, a sequence or an image."""
    return (first if framework == "torch" else last)(d.sides(d.size(0, 3)), d.size())


@rival("Flatten", "torch", "Flatten")
@rival("Identity", "torch", "Identity")
@rival("Activation", "torch", "ReLU CELU ELU GELU Hardsigmoid Hardswish Hardtanh LeakyReLU Mish ReLU6 SELU SiLU")
@rival("Activation", "torch", "Sigmoid Softplus Softsign Tanh")
def torch_plain(d: Draw, name: str) -> Case:
    flow = anything(d, "torch")
    return Case({}, flow, getattr(nn, name), shape(flow))


@rival("Activation", "torch", "LogSoftmax Softmax Softmin")
def torch_softmax(d: Draw, name: str) -> Case:
    flow = anything(d, "torch")
    return Case({}, flow, lambda: getattr(nn, name)(1), shape(flow))


@rival("Activation", "torch", "Softmax2d")
def torch_softmax2d(d: Draw, name: str) -> Case:
    flow = first(d.sides(2), d.size())
    return Case({}, flow, nn.Softmax2d, shape(flow))


@rival("Identity", "torch", "LocalResponseNorm")
def torch_response(d: Draw, name: str) -> Case:
    flow, size = first(d.sides(d.size(1, 3)), d.size()), d.size()
    return Case({}, flow, lambda: nn.LocalResponseNorm(size), shape(flow))


@rival("Identity", "keras", "Rescaling")
def keras_rescaling(d: Draw, name: str) -> Case:
    flow = anything(d, "keras")
    return Case({}, flow, lambda: keras.layers.Rescaling(1 / 255), shape(flow))


@rival("Identity", "keras", "Masking")
@rival("Activation", "keras", "ELU LeakyReLU ReLU Softmax")
@rival("Flatten", "keras", "Flatten")
@rival("Identity", "keras", "Identity")
def keras_plain(d: Draw, name: str) -> Case:
    flow = anything(d, "keras")
    return Case({}, flow, getattr(keras.layers, name), shape(flow))


@rival("Activation", "keras", "Activation")
def keras_activation(d: Draw, name: str) -> Case:
    flow, word = anything(d, "keras"), d.one("relu", "gelu", "softmax", "tanh", "silu")
    return Case({}, flow, lambda: keras.layers.Activation(word), shape(flow))


@rival("Dropout", "torch", "Dropout AlphaDropout Dropout1d Dropout2d Dropout3d")
def torch_dropout(d: Draw, name: str) -> Case:
    flow = first(d.sides(rank_of(name)), d.size()) if name[-1] == "d" else anything(d, "torch")
    rate = d.one(0.1, 0.5)
    return Case({"rate": rate}, flow, lambda: getattr(nn, name)(rate), shape(flow))


@rival("Dropout", "keras", "Dropout AlphaDropout GaussianDropout GaussianNoise")
@rival("Dropout", "keras", "SpatialDropout1D SpatialDropout2D SpatialDropout3D")
def keras_dropout(d: Draw, name: str) -> Case:
    flow = last(d.sides(rank_of(name)), d.size()) if name[-1] == "D" else anything(d, "keras")
    rate = d.one(0.1, 0.5)
    return Case({"rate": rate}, flow, lambda: getattr(keras.layers, name)(rate), shape(flow))


@rival("Reshape", "torch", "Unflatten")
def torch_reshape(d: Draw, name: str) -> Case:
    to = d.sides(d.size(1, 4))
    flow = Flow((), prod(to))
    return Case({"to": to}, flow, lambda: nn.Unflatten(1, to), shape(flow))


@rival("Reshape", "keras", "Reshape")
def keras_reshape(d: Draw, name: str) -> Case:
    """The same sides in another order, or all in one row and out of it."""
    flow = anything(d, "keras")
    sides: Any = flow.shape
    to = d.one(sides[::-1], (prod(sides),), (1, *sides), sides)
    return Case({"to": to}, flow, lambda: keras.layers.Reshape(to), shape(flow))


@rival("Upsample", "torch", "Upsample")
def torch_upsample(d: Draw, name: str) -> Case:
    rank = d.size(1, 3)
    factor, flow = d.spread(rank), first(d.sides(rank), d.size())
    by = float(factor[0]) if len(factor) == 1 else tuple(map(float, factor))
    return Case({"k": factor}, flow, lambda: nn.Upsample(scale_factor=by), shape(flow))


@rival("Upsample", "keras", "UpSampling1D UpSampling2D UpSampling3D")
def keras_upsample(d: Draw, name: str) -> Case:
    rank = rank_of(name)
    factor, flow = d.one(None, d.spread(rank)), last(d.sides(rank), d.size())
    theirs = said(size=bare(factor))
    return Case(said(k=factor), flow, lambda: getattr(keras.layers, name)(**theirs), shape(flow))


@rival("PixelShuffle", "torch", "PixelShuffle")
def torch_shuffle(d: Draw, name: str) -> Case:
    r = d.size(1, 3)
    flow = first(d.sides(2), r * r * d.size())
    return Case({"r": r}, flow, lambda: nn.PixelShuffle(r), shape(flow))


@rival("PixelUnshuffle", "torch", "PixelUnshuffle")
def torch_unshuffle(d: Draw, name: str) -> Case:
    r = d.size(1, 3)
    flow = first(tuple(r * n for n in d.sides(2)), d.size())
    return Case({"r": r}, flow, lambda: nn.PixelUnshuffle(r), shape(flow))


@rival("ZeroPad", "torch", "ZeroPad1d ZeroPad2d ZeroPad3d")
def torch_pad(d: Draw, name: str) -> Case:
    """torch lists both ends of the last side first."""
    rank = rank_of(name)
    width, flow = d.spread(rank, 0), first(d.sides(rank), d.size())
    ends = width[0] if len(width) == 1 and d.flag() else tuple(w for w in each(width, rank)[::-1] for _ in "<>")
    return Case({"k": width, "rank": rank}, flow, lambda: getattr(nn, name)(ends), shape(flow))


@rival("ZeroPad", "torch", "ReflectionPad1d ReflectionPad2d ReflectionPad3d")
@rival("ZeroPad", "torch", "ReplicationPad1d ReplicationPad2d ReplicationPad3d")
def torch_mirror(d: Draw, name: str) -> Case:
    """A reflection needs sides that are longer than the edge."""
    rank, width = rank_of(name), d.size(0, 2)
    flow = first(d.sides(rank, 3, 5), d.size())
    return Case({"k": (width,), "rank": rank}, flow, lambda: getattr(nn, name)(width), shape(flow))


@rival("ZeroPad", "keras", "ZeroPadding1D ZeroPadding2D ZeroPadding3D")
def keras_pad(d: Draw, name: str) -> Case:
    """Ours always asks by how much; Keras pads by 1 unless told."""
    rank = rank_of(name)
    width, flow = d.spread(rank, 0), last(d.sides(rank), d.size())
    return Case({"k": width, "rank": rank}, flow, lambda: getattr(keras.layers, name)(bare(width)), shape(flow))


@rival("Crop", "keras", "Cropping1D Cropping2D Cropping3D")
def keras_crop(d: Draw, name: str) -> Case:
    """Ours always asks by how much; Keras crops by 1 unless told, images by 0."""
    rank = rank_of(name)
    width = d.spread(rank, 0)
    flow = last(tuple(2 * k + d.size() for k in each(width, rank)), d.size())
    return Case({"k": width, "rank": rank}, flow, lambda: getattr(keras.layers, name)(bare(width)), shape(flow))


@rival("Repeat", "keras", "RepeatVector")
def keras_repeat(d: Draw, name: str) -> Case:
    times, flow = d.size(), last((), d.size())
    return Case({"n": times}, flow, lambda: keras.layers.RepeatVector(times), shape(flow))


@rival("Transpose", "keras", "Permute")
def keras_permute(d: Draw, name: str) -> Case:
    flow = last(d.sides(1), d.size())
    return Case({}, flow, lambda: keras.layers.Permute((2, 1)), shape(flow))
