"""What we say a layer holds and sends, and what the framework's own layer holds and sends."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import keras
import torch

from nparams.layers.catalogue import kinds
from nparams.layers.layer import Setting, made
from nparams.network import PARAMETER_ROLES

if TYPE_CHECKING:
    from nparams.layers.layer import Layer
    from nparams.network import Module
    from tests.torch.cases import Case, Row
    from tests.torch.layouts import Layout, Shape


#: what an array is, and its shape
Array = tuple[str, "Shape"]


def assert_alike(kind: str, framework: str, row: Row, case: Case) -> None:
    """Our layer and theirs hold the same arrays and send the same shape."""
    layer = ours(kind, framework, case)
    arrays, sent = theirs(framework, row, case)
    held = our_arrays(layer.module())
    assert total(held) == total(arrays)
    assert sorted(held) == sorted(arrays)
    if case.inputs is not None:
        assert layer.sends.shape == sent


def theirs(framework: str, row: Row, case: Case) -> tuple[list[Array], Shape | None]:
    """The framework's arrays, laid out as ours, and what it sends."""
    made, called = case.build(), case.inputs is not None
    if framework == "torch":
        return torch_arrays(made, row.layout), torch_sends(made, case) if called else None
    sent = keras_sends(made, case, told=row.told) if called else None
    return keras_arrays(made, row.layout), sent


def ours(kind: str, framework: str, case: Case) -> Layer:
    """Our layer, by that framework's conventions."""
    return made(kinds()[kind], "layer", case.given, case.flow, Setting(framework))


def our_arrays(module: Module) -> list[Array]:
    """The arrays of a module and of what is inside it, once for every copy."""
    held = [(_what(t.role), t.shape) for t in module.tensors]
    for child in module.children:
        held += our_arrays(child) * _copies(child)
    return held


def _copies(module: Module) -> int:
    return 1 if module.over is None else module.over.last - module.over.first + 1


def _what(role: str) -> str:
    assert role in (*PARAMETER_ROLES, "buffer"), role
    return "parameter" if role in PARAMETER_ROLES else "buffer"


def torch_arrays(module: torch.nn.Module | torch.Tensor, layout: Layout) -> list[Array]:
    """The same of a torch module, of a lone Parameter or of a lone Buffer."""
    if isinstance(module, torch.Tensor):
        what = "parameter" if isinstance(module, torch.nn.Parameter) else "buffer"
        assert what == "parameter" or isinstance(module, torch.nn.Buffer)
        return [(what, tuple(module.shape))]
    parts = (("parameter", module.named_parameters()), ("buffer", module.named_buffers()))
    return [(what, s) for what, named in parts for name, held in named for s in layout(name, tuple(held.shape))]


def keras_arrays(layer: Any, layout: Layout) -> list[Array]:
    """The same of a Keras layer or of a lone Variable; the state of random generators is in neither list."""
    if isinstance(layer, keras.Variable):
        return [("parameter" if layer.trainable else "buffer", tuple(layer.shape))]
    parts = (("parameter", layer.trainable_weights), ("buffer", layer.non_trainable_weights))
    return [(what, s) for what, held in parts for v in held for s in layout(v.path, tuple(v.shape))]


def total(arrays: list[Array]) -> int:
    """How many parameters there are."""
    return sum(prod(shape) for what, shape in arrays if what == "parameter")


# -- what goes out ----------------------------------------------------------------------------------------------------

#: normalisation needs more than one example where it takes its statistics of them
BATCH = 2


def torch_sends(module: torch.nn.Module, case: Case) -> Shape:
    """What a module sends for zeros, without the batch; of several results the first."""
    assert case.inputs is not None
    zeros = [torch.zeros((BATCH, *shape), dtype=getattr(torch, case.dtype)) for shape in case.inputs]
    with torch.no_grad():
        out = module.eval()(*zeros)
    out = out[0] if isinstance(out, tuple) else out
    assert out.shape[0] == BATCH
    return tuple(out.shape[1:])


def keras_sends(layer: Any, case: Case, *, told: bool) -> Shape:
    """What a layer sends for zeros, without the batch; the call also builds it."""
    assert case.inputs is not None
    shapes = [(BATCH, *shape) for shape in case.inputs]
    if told:
        layer.build(*shapes)
        return tuple(layer.compute_output_shape(*shapes)[1:])
    with torch.no_grad():
        out = layer(*(keras.ops.zeros(shape, dtype=case.dtype) for shape in shapes))
    return tuple(out.shape[1:])
