"""Recurrent layers, drawn for both."""

from __future__ import annotations

from typing import Any

import keras
from torch import nn

from tests.torch.cases import Case, Draw, last, rank_of, rival, said, shape
from tests.torch.conv_cases import keras_slide
from tests.torch.layouts import recurrent, turned


@rival("SimpleRNN", "torch", "RNN")
@rival("LSTM", "torch", "LSTM")
@rival("GRU", "torch", "GRU")
def torch_recurrent(d: Draw, name: str) -> Case:
    """Of torch's results the first is meant: all steps of the last layer."""
    n, h, layers, both, bias = d.size(), d.size(2, 4), d.one(None, 1, 2, 3), d.said(), d.said()
    p = d.one(None, d.size(1, h - 1)) if name == "LSTM" else None
    flow = last((d.size(),), n)
    theirs = said(num_layers=layers, bidirectional=both, bias=bias, proj_size=p)
    given = said(h=h, L=layers, bidirectional=both, bias=bias, p=p)
    return Case(given, flow, lambda: getattr(nn, name)(n, h, batch_first=True, **theirs), shape(flow))


@rival("SimpleRNN", "keras", "SimpleRNN", recurrent)
@rival("LSTM", "keras", "LSTM", recurrent)
@rival("GRU", "keras", "GRU", recurrent)
def keras_recurrent(d: Draw, name: str) -> Case:
    """Keras stacks layers in a list, where all but the last send whole sequences, and wraps them for two ways."""
    h, layers, both, bias, whole = d.size(), d.one(None, 1, 2, 3), d.said(), d.said(), d.said()
    after, merged = d.said() if name == "GRU" else None, d.one(None, "concat", "sum") if both else None
    flow = last((d.size(),), d.size())
    theirs = said(use_bias=bias, reset_after=after)

    def layer(*, top: bool) -> Any:
        made = getattr(keras.layers, name)(h, return_sequences=bool(whole) if top else True, **theirs)
        return keras.layers.Bidirectional(made, **said(merge_mode=merged)) if both else made

    given = said(
        h=h, L=layers, bidirectional=both, bias=bias, seq=whole, reset_after=after,
        summed=True if merged == "sum" else None,
    )  # fmt: skip
    count = layers or 1
    return Case(
        given,
        flow,
        lambda: keras.Sequential([layer(top=k == count - 1) for k in range(count)]),
        shape(flow),
    )


@rival("SimpleRNN", "torch", "RNNCell")
@rival("LSTM", "torch", "LSTMCell")
@rival("GRU", "torch", "GRUCell")
def torch_cell(d: Draw, name: str) -> Case:
    """One step; of an LSTM's two results the first is meant."""
    n, h, bias = d.size(), d.size(), d.said()
    flow = last((), n)
    return Case(said(h=h, bias=bias), flow, lambda: getattr(nn, name)(n, h, **said(bias=bias)), shape(flow))


@rival("SimpleRNN", "keras", "SimpleRNNCell", recurrent)
@rival("LSTM", "keras", "LSTMCell", recurrent)
@rival("GRU", "keras", "GRUCell", recurrent)
def keras_cell(d: Draw, name: str) -> Case:
    """One step; Keras's cells cannot be called without their states, so only what they hold is compared."""
    n, h, bias = d.size(), d.size(), d.said()
    after = d.said() if name == "GRUCell" else None

    def build() -> Any:
        cell = getattr(keras.layers, name)(h, **said(use_bias=bias, reset_after=after))
        cell.build((1, n))
        return cell

    return Case(said(h=h, bias=bias, reset_after=after), last((), n), build, None)


@rival("ConvLSTM", "keras", "ConvLSTM1D ConvLSTM2D ConvLSTM3D", turned)
def keras_convlstm(d: Draw, name: str) -> Case:
    slide = keras_slide(d, rank_of(name))
    h, bias, whole = d.size(1, 3), d.said(), d.said()
    flow = last((d.size(1, 3), *slide.sides), d.size(1, 3))
    theirs = {**slide.keras, **said(use_bias=bias, return_sequences=whole)}
    given = {**slide.given, **said(h=h, bias=bias, seq=whole)}
    return Case(given, flow, lambda: getattr(keras.layers, name)(h, **theirs), shape(flow))
