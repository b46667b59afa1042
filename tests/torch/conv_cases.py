"""Convolutions, drawn for both."""

from __future__ import annotations

from typing import Any

import keras
from torch import nn

from nparams.layers.flow import reach
from tests.torch.cases import Case, Draw, bare, each, first, last, rank_of, rival, said, shape
from tests.torch.layouts import Shape, per_channel, separable, turned


class Slide:
    """A kernel and how it slides, as torch or Keras allow it."""

    def __init__(self, d: Draw, rank: int, paddings: tuple[Any, ...], *, both: bool, strides: bool = True) -> None:
        self.rank = rank
        self.kernel = d.spread(rank)
        self.stride = d.one(None, d.spread(rank)) if strides else None
        #: Keras takes either a stride or a dilation
        free = both or max(each(self.stride, rank)) == 1
        self.dilation = d.one(None, d.spread(rank, 1, 2)) if free else None
        self.padding = d.one(*paddings)
        if self.padding == "explicit":
            self.padding = d.spread(rank, 0, 2)
        self.sides = tuple(least + d.size(0, 4) for least in self.spans)

    @property
    def spans(self) -> Shape:
        pairs = zip(each(self.kernel, self.rank), each(self.dilation, self.rank), strict=True)
        return tuple(int(reach(k, d)) for k, d in pairs)  # type: ignore[call-overload]

    @property
    def given(self) -> dict[str, Any]:
        """Our arguments."""
        return said(k=self.kernel, s=self.stride, d=self.dilation, p=self.padding, rank=self.rank)

    @property
    def torch(self) -> dict[str, Any]:
        """torch's arguments; it knows `valid` as a word only in convolutions that are not transposed."""
        return said(
            kernel_size=bare(self.kernel),
            stride=bare(self.stride),
            dilation=bare(self.dilation),
            padding=self.padding if isinstance(self.padding, str) else bare(self.padding),
        )

    @property
    def keras(self) -> dict[str, Any]:
        """Keras's arguments."""
        return said(
            kernel_size=bare(self.kernel),
            strides=bare(self.stride),
            dilation_rate=bare(self.dilation),
            padding=self.padding,
        )


def torch_slide(d: Draw, rank: int) -> Slide:
    """torch pads to the same size only without a stride."""
    if d.flag():
        return Slide(d, rank, ("same",), both=True, strides=False)
    return Slide(d, rank, (None, "valid", "explicit", "explicit"), both=True)


def keras_slide(d: Draw, rank: int, *paddings: str) -> Slide:
    return Slide(d, rank, (None, "valid", "same", *paddings), both=False)


@rival("Conv", "torch", "Conv1d Conv2d Conv3d")
def torch_conv(d: Draw, name: str) -> Case:
    slide, groups = torch_slide(d, rank_of(name)), d.one(None, 1, 2, 3)
    c_in, c_out = d.size() * (groups or 1), d.size() * (groups or 1)
    bias, flow = d.said(), first(slide.sides, c_in)
    given = {**slide.given, **said(c_out=c_out, g=groups, bias=bias)}
    theirs = {**slide.torch, **said(groups=groups, bias=bias)}
    return Case(given, flow, lambda: getattr(nn, name)(c_in, c_out, **theirs), shape(flow))


@rival("Conv", "keras", "Conv1D Conv2D Conv3D", turned)
def keras_conv(d: Draw, name: str) -> Case:
    slide, groups = keras_slide(d, rank_of(name), *(["causal"] if name == "Conv1D" else [])), d.one(None, 1, 2, 3)
    c_in, c_out = d.size() * (groups or 1), d.size() * (groups or 1)
    bias, flow = d.said(), last(slide.sides, c_in)
    given = {**slide.given, **said(c_out=c_out, g=groups, bias=bias)}
    theirs = {**slide.keras, **said(groups=groups, use_bias=bias)}
    return Case(given, flow, lambda: getattr(keras.layers, name)(c_out, **theirs), shape(flow))


@rival("ConvTranspose", "torch", "ConvTranspose1d ConvTranspose2d ConvTranspose3d")
def torch_transposed(d: Draw, name: str) -> Case:
    rank = rank_of(name)
    slide, groups = Slide(d, rank, (None,), both=True), d.one(None, 1, 2, 3)
    slide.padding = d.one(None, tuple(d.size(0, (span - 1) // 2) for span in slide.spans))
    c_in, c_out = d.size() * (groups or 1), d.size() * (groups or 1)
    least = map(max, each(slide.stride, rank), each(slide.dilation, rank))
    extra = d.one(None, tuple(d.size(0, most - 1) for most in least))
    bias, flow = d.said(), first(slide.sides, c_in)
    given = {**slide.given, **said(c_out=c_out, g=groups, bias=bias, extra=extra)}
    theirs = {**slide.torch, **said(groups=groups, bias=bias, output_padding=bare(extra))}
    return Case(given, flow, lambda: getattr(nn, name)(c_in, c_out, **theirs), shape(flow))


@rival("ConvTranspose", "keras", "Conv1DTranspose Conv2DTranspose Conv3DTranspose", turned, told=True)
def keras_transposed(d: Draw, name: str) -> Case:
    """An output padding is less than the stride, and the side that goes out at least 1."""
    rank = rank_of(name)
    slide = keras_slide(d, rank)
    extra = d.one(None, tuple(d.size(0, stride - 1) for stride in each(slide.stride, rank)))
    if extra is not None:
        slide.sides = tuple(n + 1 for n in slide.sides)
    c_in, c_out, bias = d.size(), d.size(), d.said()
    flow = last(slide.sides, c_in)
    given = {**slide.given, **said(c_out=c_out, bias=bias, extra=extra)}
    theirs = {**slide.keras, **said(use_bias=bias, output_padding=bare(extra))}
    return Case(given, flow, lambda: getattr(keras.layers, name)(c_out, **theirs), shape(flow))


@rival("DepthwiseConv", "torch", "Conv1d Conv2d")
def torch_depthwise(d: Draw, name: str) -> Case:
    """A convolution with as many groups as channels."""
    slide, m = torch_slide(d, rank_of(name)), d.one(None, 1, 2, 3)
    c_in, bias = d.size(), d.said()
    flow, theirs = first(slide.sides, c_in), {**slide.torch, **said(bias=bias)}
    return Case(
        {**slide.given, **said(m=m, bias=bias)},
        flow,
        lambda: getattr(nn, name)(c_in, c_in * (m or 1), groups=c_in, **theirs),
        shape(flow),
    )


@rival("DepthwiseConv", "keras", "DepthwiseConv1D DepthwiseConv2D", per_channel)
def keras_depthwise(d: Draw, name: str) -> Case:
    slide, m = keras_slide(d, rank_of(name)), d.one(None, 1, 2, 3)
    c_in, bias = d.size(), d.said()
    flow, theirs = last(slide.sides, c_in), {**slide.keras, **said(use_bias=bias, depth_multiplier=m)}
    return Case(
        {**slide.given, **said(m=m, bias=bias)}, flow, lambda: getattr(keras.layers, name)(**theirs), shape(flow)
    )


@rival("SeparableConv", "torch", "Conv1d Conv2d")
def torch_separable(d: Draw, name: str) -> Case:
    """Two convolutions, each with biases of its own."""
    slide, m = torch_slide(d, rank_of(name)), d.one(None, 1, 2, 3)
    c_in, c_out, bias = d.size(), d.size(), d.said()
    middle, conv, flow = c_in * (m or 1), getattr(nn, name), first(slide.sides, c_in)

    def build() -> nn.Module:
        depthwise = conv(c_in, middle, groups=c_in, **slide.torch, **said(bias=bias))
        return nn.Sequential(depthwise, conv(middle, c_out, 1, **said(bias=bias)))

    return Case({**slide.given, **said(c_out=c_out, m=m, bias=bias)}, flow, build, shape(flow))


@rival("SeparableConv", "keras", "SeparableConv1D SeparableConv2D", separable)
def keras_separable(d: Draw, name: str) -> Case:
    slide, m = keras_slide(d, rank_of(name)), d.one(None, 1, 2, 3)
    c_in, c_out, bias = d.size(), d.size(), d.said()
    flow, theirs = last(slide.sides, c_in), {**slide.keras, **said(use_bias=bias, depth_multiplier=m)}
    given = {**slide.given, **said(c_out=c_out, m=m, bias=bias)}
    return Case(given, flow, lambda: getattr(keras.layers, name)(c_out, **theirs), shape(flow))
