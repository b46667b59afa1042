"""Norms and PReLU, drawn for both."""

from __future__ import annotations

from typing import Any

import keras
from torch import nn

from nparams.layers.flow import Flow
from tests.torch.cases import Case, Draw, bare, first, last, rank_of, rival, said, shape
from tests.torch.layouts import Shape, flat


def image(d: Draw, rank: int, channels: int | None = None) -> Flow:
    """An image that is large enough to have a variance."""
    return first(d.sides(rank, 2, 4), channels or d.size())


def learned(d: Draw) -> tuple[dict[str, Any], dict[str, Any]]:
    """Which of γ and β a norm of Keras has, in our words and in its own."""
    center, scale = d.said(), d.said()
    return said(bias=center, scale=scale), said(center=center, scale=scale)


@rival("BatchNorm", "torch", "BatchNorm1d BatchNorm2d BatchNorm3d")
def torch_batch(d: Draw, name: str) -> Case:
    affine, bias, statistics = d.said(), d.said(), d.said()
    flow = first((), d.size()) if name == "BatchNorm1d" and d.flag() else image(d, rank_of(name))
    theirs = said(affine=affine, bias=bias, track_running_stats=statistics)
    given = said(affine=affine, bias=bias, statistics=statistics, c=d.one(None, flow.channels))
    return Case(given, flow, lambda: getattr(nn, name)(flow.channels, **theirs), shape(flow))


@rival("BatchNorm", "keras", "BatchNormalization")
def keras_batch(d: Draw, name: str) -> Case:
    given, theirs = learned(d)
    flow = last(d.sides(d.size(0, 3)), d.size())
    return Case(given, flow, lambda: keras.layers.BatchNormalization(**theirs), shape(flow))


@rival("LayerNorm", "torch", "LayerNorm")
def torch_layer(d: Draw, name: str) -> Case:
    """Over the last sides, however many of them, wherever the channels of an image are."""
    flow = d.one(first, last)(d.sides(d.size(0, 3)), d.size())
    affine, bias, over = d.said(), d.said(), _last_sides(d, flow)
    given = said(affine=affine, bias=bias, shape=d.one(None, over) if len(over) == 1 else over)
    theirs = said(elementwise_affine=affine, bias=bias)
    return Case(given, flow, lambda: nn.LayerNorm(bare(over), **theirs), shape(flow))


def _last_sides(d: Draw, flow: Flow) -> Shape:
    sides: Shape = flow.shape  # type: ignore[assignment]
    return sides[-d.size(1, len(sides)) :]


@rival("LayerNorm", "keras", "LayerNormalization")
def keras_layer(d: Draw, name: str) -> Case:
    """Over the last axes, however many of them."""
    given, theirs = learned(d)
    flow = last(d.sides(d.size(0, 3)), d.size())
    over = _last_sides(d, flow)
    axes = -1 if len(over) == 1 else list(range(-len(over), 0))
    given |= said(shape=d.one(None, over) if len(over) == 1 else over)
    return Case(given, flow, lambda: keras.layers.LayerNormalization(axis=axes, **theirs), shape(flow))


@rival("GroupNorm", "torch", "GroupNorm")
def torch_group(d: Draw, name: str) -> Case:
    groups, affine, bias = d.size(1, 3), d.said(), d.said()
    flow = image(d, d.size(1, 3), groups * d.size())
    theirs = said(affine=affine, bias=bias)
    return Case(
        said(g=groups, affine=affine, bias=bias), flow, lambda: nn.GroupNorm(groups, flow.channels, **theirs),
        shape(flow),
    )  # fmt: skip


@rival("GroupNorm", "keras", "GroupNormalization")
def keras_group(d: Draw, name: str) -> Case:
    groups, (given, theirs) = d.size(1, 3), learned(d)
    flow = last(d.sides(d.size(1, 3), 2), groups * d.size())
    return Case({"g": groups, **given}, flow, lambda: keras.layers.GroupNormalization(groups, **theirs), shape(flow))


@rival("InstanceNorm", "torch", "InstanceNorm1d InstanceNorm2d InstanceNorm3d")
def torch_instance(d: Draw, name: str) -> Case:
    affine, bias, statistics, flow = d.said(), d.said(), d.said(), image(d, rank_of(name))
    theirs = said(affine=affine, bias=bias, track_running_stats=statistics)
    given = said(affine=affine, bias=bias, statistics=statistics)
    return Case(given, flow, lambda: getattr(nn, name)(flow.channels, **theirs), shape(flow))


@rival("InstanceNorm", "keras", "GroupNormalization")
def keras_instance(d: Draw, name: str) -> Case:
    """As many groups as channels."""
    given, theirs = learned(d)
    flow = last(d.sides(d.size(1, 3), 2), d.size())
    return Case(given, flow, lambda: keras.layers.GroupNormalization(-1, **theirs), shape(flow))


@rival("RMSNorm", "torch", "RMSNorm")
def torch_rms(d: Draw, name: str) -> Case:
    """Over the last sides, however many of them."""
    affine, flow = d.said(), last(d.sides(d.size(0, 3)), d.size())
    over, theirs = _last_sides(d, flow), said(elementwise_affine=affine)
    given = said(affine=affine, shape=d.one(None, over) if len(over) == 1 else over)
    return Case(given, flow, lambda: nn.RMSNorm(bare(over), **theirs), shape(flow))


@rival("RMSNorm", "keras", "RMSNormalization")
def keras_rms(d: Draw, name: str) -> Case:
    flow = last(d.sides(d.size(0, 2)), d.size())
    return Case({}, flow, keras.layers.RMSNormalization, shape(flow))


@rival("PReLU", "torch", "PReLU")
def torch_prelu(d: Draw, name: str) -> Case:
    flow = image(d, d.size(0, 3))
    slopes = said(c=d.one(None, 1, flow.channels))
    return Case(slopes, flow, lambda: nn.PReLU(*slopes.values()), shape(flow))


@rival("PReLU", "keras", "PReLU", flat)
def keras_prelu(d: Draw, name: str) -> Case:
    """A slope for each value, or one for each channel where all sides share."""
    flow, shared = last(d.sides(d.size(0, 3)), d.size()), d.flag()
    axes = list(range(1, 1 + len(flow.positions or ()))) if shared else None
    given = said(c=flow.channels if shared else None)
    return Case(given, flow, lambda: keras.layers.PReLU(shared_axes=axes), shape(flow))
