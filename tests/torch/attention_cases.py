"""Attention and what is built of it, drawn for both."""

from __future__ import annotations

from typing import Any

import keras
from torch import nn

from tests.torch.cases import Case, Draw, last, rival, said, shape
from tests.torch.layouts import heads, stacked


@rival("Attention", "torch", "MultiheadAttention", stacked)
def torch_attention(d: Draw, name: str) -> Case:
    h, bias, learned = d.size(1, 3), d.said(), d.said()
    width, steps = h * d.size(1, 3), d.size()
    k, v = d.one(None, d.size()), d.one(None, d.size())
    flow = last((steps,), width)
    theirs = said(bias=bias, add_bias_kv=learned, kdim=k, vdim=v)
    return Case(
        said(h=h, bias=bias, kv_bias=learned, d_k=k, d_m=v),
        flow,
        lambda: nn.MultiheadAttention(width, h, batch_first=True, **theirs),
        ((steps, width), (steps, k or width), (steps, v or width)),
    )


@rival("Attention", "keras", "MultiHeadAttention", heads)
def keras_attention(d: Draw, name: str) -> Case:
    """Keras says how large a head is, and sees how wide queries, values and keys are."""
    h, key, value, bias = d.size(), d.size(), d.one(None, d.size()), d.said()
    steps, width, memory = d.size(), d.size(), d.size()
    both, k, v = (d.one(None, d.size()) for _ in "ckv")
    flow = last((steps,), width)
    theirs = said(value_dim=value, use_bias=bias)
    return Case(
        said(h=h, d_h=key, d_v=value, bias=bias, d_c=both, d_k=k, d_m=v),
        flow,
        lambda: keras.layers.MultiHeadAttention(h, key, **theirs),
        ((steps, width), (memory, v or both or width), (memory, k or both or width)),
    )


@rival("Attention", "keras", "GroupQueryAttention", heads)
def keras_grouped(d: Draw, name: str) -> Case:
    kv, size, bias = d.size(1, 3), d.size(), d.said()
    h, steps, width, memory = kv * d.size(1, 3), d.size(), d.size(), d.one(None, d.size())
    flow = last((steps,), width)
    return Case(
        said(h=h, kv=kv, d_h=size, bias=bias, d_c=memory),
        flow,
        lambda: keras.layers.GroupQueryAttention(size, h, kv, **said(use_bias=bias)),
        ((steps, width), (steps, memory or width)),
    )


# -- encoder and decoder layers ---------------------------------------------------------------------------------------


class Block:
    """What an encoder or decoder layer of torch is told."""

    def __init__(self, d: Draw) -> None:
        self.h = d.size(1, 3)
        self.width, self.inner = self.h * d.size(1, 2), d.size(1, 5)
        self.bias, self.pre = d.said(), d.said()

    @property
    def given(self) -> dict[str, Any]:
        return said(h=self.h, f=self.inner, bias=self.bias)

    @property
    def theirs(self) -> dict[str, Any]:
        return said(nhead=self.h, dim_feedforward=self.inner, bias=self.bias, norm_first=self.pre, batch_first=True)


@rival("Encoder", "torch", "TransformerEncoderLayer", stacked)
@rival("Decoder", "torch", "TransformerDecoderLayer", stacked)
def torch_layer(d: Draw, name: str) -> Case:
    block = Block(d)
    flow = last((d.size(),), block.width)
    inputs = shape(flow) * (2 if "Decoder" in name else 1)
    given = {**block.given, **said(pre=block.pre)}
    return Case(given, flow, lambda: getattr(nn, name)(block.width, **block.theirs), inputs)


@rival("Encoder", "torch", "TransformerEncoder", stacked)
@rival("Decoder", "torch", "TransformerDecoder", stacked)
def torch_stack(d: Draw, name: str) -> Case:
    """Copies of a layer, and a last norm if one is handed in."""
    block, layers, final = Block(d), d.size(1, 3), d.said()
    flow = last((d.size(),), block.width)

    def build() -> nn.Module:
        layer = getattr(nn, f"{name}Layer")(block.width, **block.theirs)
        norm = nn.LayerNorm(block.width, bias=block.bias is not False) if final else None
        return getattr(nn, name)(layer, layers, norm)

    inputs = shape(flow) * (2 if "Decoder" in name else 1)
    return Case({**block.given, **said(L=layers, final=final)}, flow, build, inputs)


@rival("Transformer", "torch", "Transformer", stacked)
def torch_transformer(d: Draw, name: str) -> Case:
    block, n, m = Block(d), d.size(1, 3), d.size(1, 3)
    flow = last((d.size(),), block.width)
    return Case(
        {**block.given, "N": n, "M": m},
        flow,
        lambda: nn.Transformer(block.width, num_encoder_layers=n, num_decoder_layers=m, **block.theirs),
        shape(flow) * 2,
    )
