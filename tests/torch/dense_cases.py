"""Dense and bilinear layers, embeddings and lone arrays, drawn for both."""

from __future__ import annotations

import keras
import torch
from torch import nn

from nparams.layers.flow import Flow
from tests.torch.cases import Case, Draw, first, last, rival, said, shape
from tests.torch.layouts import transposed


@rival("Dense", "torch", "Linear")
def torch_dense(d: Draw, name: str) -> Case:
    """It acts on the last side, wherever the channels of an image are; of sequences see test_last_side.py."""
    n_out, bias, sides = d.size(), d.said(), d.sides(d.size(0, 3))
    flow = (last if len(sides) == 1 else d.one(first, last))(sides, d.size())
    n_in = shape(flow)[0][-1]
    given = said(n_out=n_out, bias=bias, n_in=d.one(None, n_in))
    return Case(given, flow, lambda: nn.Linear(n_in, n_out, **said(bias=bias)), shape(flow))


@rival("Dense", "keras", "Dense", transposed)
def keras_dense(d: Draw, name: str) -> Case:
    n_out, bias, flow = d.size(), d.said(), last(d.sides(d.size(0, 3)), d.size())
    given = said(n_out=n_out, bias=bias, n_in=d.one(None, flow.channels))
    return Case(given, flow, lambda: keras.layers.Dense(n_out, **said(use_bias=bias)), shape(flow))


@rival("Bilinear", "torch", "Bilinear")
def torch_bilinear(d: Draw, name: str) -> Case:
    """Of two inputs the first one flows."""
    n_b, n_out, bias, flow = d.size(), d.size(), d.said(), last(d.sides(d.size(0, 2)), d.size())
    other = (*(flow.positions or ()), n_b)
    given = said(n_b=n_b, n_out=n_out, bias=bias, n_a=d.one(None, flow.channels))
    return Case(given, flow, lambda: nn.Bilinear(flow.channels, n_b, n_out, **said(bias=bias)), (*shape(flow), other))


@rival("Embedding", "torch", "Embedding")
def torch_embedding(d: Draw, name: str) -> Case:
    rows, width, flow = d.size(1, 9), d.size(), _tokens(d)
    return Case({"V": rows, "d": width}, flow, lambda: nn.Embedding(rows, width), shape(flow), "int64")


@rival("Embedding", "torch", "EmbeddingBag")
def torch_bag(d: Draw, name: str) -> Case:
    """A bag of any number of tokens becomes one row."""
    rows, width, flow = d.size(1, 9), d.size(), d.one(Flow((), d.size()), Flow((d.size(),)))
    given = {"V": rows, "d": width, "bag": True}
    return Case(given, flow, lambda: nn.EmbeddingBag(rows, width), shape(flow), "int64")


@rival("Embedding", "keras", "Embedding")
def keras_embedding(d: Draw, name: str) -> Case:
    rows, width, flow = d.size(1, 9), d.size(), _tokens(d)
    return Case({"V": rows, "d": width}, flow, lambda: keras.layers.Embedding(rows, width), shape(flow), "int32")


def _tokens(d: Draw) -> Flow:
    """A number of tokens, written as a plain vector or as positions."""
    return d.one(Flow((), d.size()), Flow(d.sides(d.size(1, 2))))  # type: ignore[no-any-return]


@rival("Parameter", "torch", "Parameter")
@rival("Buffer", "torch", "Buffer")
def torch_array(d: Draw, name: str) -> Case:
    sides = d.sides(d.size(1, 4))
    return Case({"shape": sides}, Flow(), lambda: getattr(nn, name)(torch.zeros(sides)), None)


@rival("Parameter", "keras", "Variable")
def keras_parameter(d: Draw, name: str) -> Case:
    sides = d.sides(d.size(1, 4))
    return Case({"shape": sides}, Flow(), lambda: keras.Variable("zeros", sides), None)


@rival("Buffer", "keras", "Variable")
def keras_buffer(d: Draw, name: str) -> Case:
    sides = d.sides(d.size(1, 4))
    return Case({"shape": sides}, Flow(), lambda: keras.Variable("zeros", sides, trainable=False), None)
