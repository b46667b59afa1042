"""The table of torch.nn: every class that PyTorch has, and what each holds, name by name, as PyTorch's own object."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.parameter import is_lazy

from nparams.errors import NotationError
from nparams.expr import symbol
from nparams.layers._torch.layers import CLASSES, REQUIRED, bind, make
from nparams.layers._torch.signatures import CONTAINERS
from nparams.layers.layer import Setting
from nparams.network import Network

Held = list[tuple[str, tuple[int, ...] | None]]


def theirs(module: nn.Module) -> tuple[Held, Held]:
    """Names and shapes of parameters and of buffers; None where they are not created yet."""

    def shapes(found: Any) -> Held:
        return sorted((name, None if is_lazy(t) else tuple(t.shape)) for name, t in found)

    return shapes(module.named_parameters()), shapes(module.named_buffers())


def ours(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Held, Held]:
    cls = CLASSES[name]
    network = Network(make(cls, "x", bind(cls, args, kwargs), Setting("torch")))
    assert network.totals.known == sum(row.total for row in network.layers)
    found = [(t.role == "buffer", (t.name.removeprefix("x."), t.shape)) for t in network.tensors()]
    return sorted(t for apart, t in found if not apart), sorted(t for apart, t in found if apart)


# -- the table is complete --------------------------------------------------------------------------------------------


def test_every_class_of_torch_is_known() -> None:
    public = {
        name for name, held in vars(nn).items() if isinstance(held, type) and issubclass(held, nn.Module)
    }  # fmt: skip
    assert len(public) > 150
    assert public == CLASSES.keys() | CONTAINERS
    assert not CLASSES.keys() & CONTAINERS


#: what a free class needs where it has parameters without a default
FREE_NEEDS: dict[str, Any] = {
    "unflattened_size": (2, 3), "padding": 1, "kernel_size": 2, "output_size": 2, "norm_type": 2, "size": 3,
    "dim": 1, "value": 0.5, "threshold": 0.1, "groups": 2, "upscale_factor": 2, "downscale_factor": 2,
}  # fmt: skip
BESIDES = {"FractionalMaxPool2d": {"output_size": 2}, "FractionalMaxPool3d": {"output_size": 2}}


def test_free_classes_hold_nothing() -> None:
    free = [cls for cls in CLASSES.values() if cls.free]
    assert len(free) > 100
    for cls in free:
        needed = {name: FREE_NEEDS[name] for name, default in cls.params.items() if default is REQUIRED}
        needed |= BESIDES.get(cls.name, {})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = getattr(nn, cls.name)(**needed)
        assert theirs(module) == ([], []), cls.name
        assert ours(cls.name, (), needed) == ([], []), cls.name


# -- what each holds --------------------------------------------------------------------------------------------------

SIZE, FLAG, NONE = st.integers(1, 5), st.booleans(), st.none()
FEW = st.integers(1, 3)


def several(count: int, each: st.SearchStrategy[int] = FEW) -> st.SearchStrategy[Any]:
    """One size for all sides, or one each."""
    return each | st.tuples(*[each] * count) | st.lists(each, min_size=count, max_size=count)


@st.composite
def arguments(draw: st.DrawFn, name: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Random arguments of one class: by place as far as drawn, the rest by name, defaults left out at times."""
    cls = CLASSES[name]
    drawn = {
        parameter: draw(value(name, parameter))
        for parameter, default in cls.params.items()
        if parameter not in ("device", "dtype") and (default is REQUIRED or draw(FLAG)) and usable(name, parameter)
    }
    settle(name, drawn, draw)
    given = list(drawn)
    front = 0
    for parameter in list(cls.params)[: cls.placed]:
        if front == len(given) or given[front] != parameter:
            break
        front += 1
    placed = draw(st.integers(0, front)) if name != "RNN" else min(front, 3)
    return tuple(drawn[p] for p in given[:placed]), {p: drawn[p] for p in given[placed:]}


#: parameters that cannot be drawn: tensors, modules, functions, options of their own
LEFT = {"_weight", "weight", "activation", "custom_encoder", "custom_decoder", "options", "process_group", "mode"}


def usable(name: str, parameter: str) -> bool:
    return parameter not in LEFT or name == "RNNBase"


def value(name: str, parameter: str) -> st.SearchStrategy[Any]:
    cls = CLASSES[name]
    if parameter in VALUES:
        return VALUES[parameter]
    if parameter in ("kernel_size", "stride", "dilation", "padding", "output_padding"):
        return several(cls.rank)
    default = cls.params[parameter]
    return FLAG if isinstance(default, bool) else st.just(default) if isinstance(default, (float, str)) else SIZE


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "mode": st.sampled_from(["LSTM", "GRU", "RNN_TANH", "RNN_RELU"]), "num_chunks": st.sampled_from([1, 3, 4]),
    "bias": FLAG, "normalized_shape": SIZE | st.lists(SIZE, min_size=1, max_size=3).map(tuple),
    "eps": st.just(1e-5), "momentum": st.just(0.1), "init": st.just(0.25), "max_norm": st.just(1.0),
    "padding_idx": NONE | st.just(0), "kdim": NONE | SIZE, "vdim": NONE | SIZE, "num_layers": st.integers(1, 4),
    "cutoffs": st.sets(st.integers(1, 9), min_size=1, max_size=3).map(sorted), "div_value": st.sampled_from([2.0, 3]),
    "out_features": SIZE, "padding_mode": st.just("zeros"), "reduction": st.just("sum"), "ignore_index": st.just(0),
    "num_encoder_layers": st.integers(1, 2), "num_decoder_layers": st.integers(1, 2), "dropout": st.just(0.0),
    "dim_feedforward": SIZE, "proj_size": st.integers(0, 2), "label_smoothing": st.just(0.1),
}  # fmt: skip


def settle(name: str, drawn: dict[str, Any], draw: st.DrawFn) -> None:
    """What PyTorch wants to agree."""
    if "Conv" in name:
        g = drawn.get("groups", 1)
        for parameter in ("in_channels", "out_channels"):
            if parameter in drawn:
                drawn[parameter] *= g
        drawn.pop("output_padding", None)
        if "Transpose" not in name and draw(FLAG):
            drawn |= {"padding": "same", "stride": 1}
    for whole, heads in (("embed_dim", "num_heads"), ("d_model", "nhead"), ("num_channels", "num_groups")):
        if whole in drawn or heads in drawn:
            drawn[heads] = drawn.get(heads, 2)
            drawn[whole] = drawn.get(whole, 1) * drawn[heads]
    if "proj_size" in drawn:
        drawn["hidden_size"] += 2 if name == "LSTM" or drawn.get("mode") == "LSTM" else 0
        drawn["proj_size"] *= name == "LSTM" or drawn.get("mode") == "LSTM"
    if "cutoffs" in drawn:
        drawn["n_classes"] = drawn["cutoffs"][-1] + drawn["n_classes"]
        drawn["in_features"] = 30
    if name == "LinearCrossEntropyLoss" and "out_features" in drawn:
        drawn["out_features"] = (drawn["out_features"], 2)
    order = {parameter: k for k, parameter in enumerate(CLASSES[name].params)}
    for parameter in sorted(drawn, key=order.__getitem__):
        drawn[parameter] = drawn.pop(parameter)


HOLDING = sorted(cls.name for cls in CLASSES.values() if not cls.free)


@pytest.mark.parametrize("name", HOLDING)
def test_names_and_shapes(name: str) -> None:
    seen = []

    @settings(max_examples=25, deadline=None, derandomize=True, database=None)
    @given(arguments(name))
    def check(call: tuple[tuple[Any, ...], dict[str, Any]]) -> None:
        args, kwargs = call
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = getattr(nn, name)(*args, **kwargs)
        assert ours(name, args, kwargs) == theirs(module)
        seen.append(bool(theirs(module)[0]))

    check()
    assert any(seen), f"{name} never held a parameter"


# -- symbols ----------------------------------------------------------------------------------------------------------

D, H, L, V = (symbol(letter) for letter in "dhLV")
SYMBOLIC: list[tuple[str, tuple[Any, ...], dict[str, Any], str]] = [
    ("Linear", (D, 10), {}, "10*d + 10"),
    ("Linear", (D, 4 * D), {"bias": False}, "4*d**2"),
    ("Conv2d", (3, D, 3), {}, "28*d"),
    ("Embedding", (V, D), {}, "V*d"),
    ("LSTM", (D, H), {}, "4*d*h + 4*h**2 + 8*h"),
    ("LSTM", (H, H, L), {}, "8*L*h**2 + 8*L*h"),
    ("LSTM", (H, H, 3), {}, "24*h**2 + 24*h"),
    ("MultiheadAttention", (D, H), {}, "4*d**2 + 4*d"),
    ("TransformerEncoderLayer", (D, H, 4 * D), {}, "12*d**2 + 13*d"),
    ("Transformer", (D, H, L, 0, 4 * D), {}, "12*L*d**2 + 13*L*d + 4*d"),
    ("LayerNorm", ((D,),), {}, "2*d"),
]  # fmt: skip


def test_symbols() -> None:
    from nparams.expr import compare, parse

    for name, args, kwargs, total in SYMBOLIC:
        cls = CLASSES[name]
        network = Network(make(cls, "x", bind(cls, args, kwargs), Setting("torch")))
        assert network.total is not None
        assert compare(network.total, parse(total)).answer == "equal", (name, args, str(network.total))
        assert network.layers


# -- what is refused --------------------------------------------------------------------------------------------------

REFUSED: list[tuple[str, tuple[Any, ...], dict[str, Any], str]] = [
    ("Linear", (3,), {}, "Linear needs out_features; it takes in_features, out_features, bias"),
    ("Linear", (3, 4, True, None, None, 6), {}, "Linear takes at most 5 arguments without a name, found 6"),
    ("Linear", (3, 4), {"in_features": 3}, "Linear: in_features is given twice, by its place and by its name"),
    ("Linear", (3, 4), {"use_bias": False},
     'Linear has no parameter "use_bias"; it has in_features, out_features, bias'),
    ("Linear", (3, 4.0), {}, 'Linear: out_features must be a whole number, found "4.0"'),
    ("Linear", (3, -4), {}, "Linear: out_features is -4: at least 1 is needed"),
    ("Linear", (3, 4), {"bias": D},
     "Linear: bias must be True or False, found the symbol d; give it a value: --set d=1"),
    ("Conv2d", (3, 64, 7), {"groups": 2}, "Conv2d: 2 groups cannot share 3 input channels equally; choose a divisor"),
    ("Conv2d", (3, 64, (3, 3, 3)), {}, 'Conv2d: kernel_size must have 2 sides, found "(3, 3, 3)"'),
    ("Conv2d", (3, 64, 3), {"padding": "full"}, 'Conv2d: padding must be one of same, valid, found "full"'),
    ("Conv2d", (3, 64, 3, 2, "same"), {}, "Conv2d: padding same goes with stride 1 only, as PyTorch says itself"),
    ("ConvTranspose2d", (3, 4, 3), {"padding_mode": "circular"},
     'ConvTranspose2d: padding_mode must be one of zeros, found "circular"'),
    ("BatchNorm2d", (8, 1e-5, 0.1, True, True, None, None, True), {},
     "BatchNorm2d takes at most 7 arguments without a name, found 8"),
    ("GroupNorm", (3, 64), {}, "GroupNorm: 3 groups cannot share 64 channels equally; choose a divisor"),
    ("MultiheadAttention", (10, 3), {}, "MultiheadAttention: embed_dim is 10: 3 heads cannot share it equally"),
    ("TransformerEncoderLayer", (10, 3), {}, "TransformerEncoderLayer: d_model is 10: 3 heads cannot share it equally"),
    ("LSTM", (3, 4), {"proj_size": 4}, "LSTM: proj_size is 4: it must be smaller than hidden_size, 4"),
    ("GRU", (3, 4), {"proj_size": 2}, 'GRU has no parameter "proj_size"; it has input_size, hidden_size, num_layers, '
     "bias, batch_first, dropout, bidirectional"),
    ("RNN", (3, 4), {"nonlinearity": "gelu"}, 'RNN: nonlinearity must be one of tanh, relu, found "gelu"'),
    ("Dropout", (2,), {}, "Dropout: p is 2: a probability lies between 0 and 1"),
    ("Embedding", (10, 3, 11), {}, "Embedding: padding_idx is 11, but the table has 10 rows"),
    ("AdaptiveLogSoftmaxWithLoss", (16, 10, [5, 10]), {},
     "AdaptiveLogSoftmaxWithLoss: cutoffs must rise and lie between 1 and n_classes - 1 = 9"),
    ("MaxPool2d", (), {}, "MaxPool2d needs kernel_size; it takes kernel_size, stride, padding, dilation, "
     "return_indices, ceil_mode"),
    ("Sigmoid", (1,), {}, "Sigmoid takes at most 0 arguments without a name, found 1"),
]  # fmt: skip


def test_refused() -> None:
    for name, args, kwargs, text in REFUSED:
        with pytest.raises(NotationError) as caught:
            make(CLASSES[name], "x", bind(CLASSES[name], args, kwargs), Setting("torch"))
        assert str(caught.value) == text
        if not any(argument is D for argument in kwargs.values()):
            with pytest.raises((TypeError, ValueError, AssertionError, RuntimeError)):
                refused_by_torch(name, args, kwargs)


def refused_by_torch(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    if name == "Conv2d" and isinstance(args[2], tuple):
        raise TypeError("torch makes it, and cannot call it")
    getattr(nn, name)(*args, **kwargs)


def test_places_are_of_no_consequence() -> None:
    for cls in CLASSES.values():
        if not cls.open and all(default is not REQUIRED for default in cls.params.values()):
            assert not {"device", "dtype"} & bind(cls, (), {"device": "cuda", "dtype": None}).keys()
