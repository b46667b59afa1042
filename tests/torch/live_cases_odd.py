"""Live PyTorch models with Python in them that nobody may run: what a counter touches carelessly explodes.

And what is no module: state dicts, a checkpoint in memory, lists of parameters.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import torch
from torch import nn

from tests.live import Case
from tests.torch.live_cases_plain import explode
from tests.torch.live_cases_tied import Language
from tests.torch.live_cases_wrapped import SMALL, TWO, small, two


class Guarded(nn.Module):
    """Everything that a counter might call explodes: only what PyTorch keeps in `_parameters`, `_buffers` and
    `_modules` may be looked at."""

    forward = parameters = named_parameters = buffers = named_buffers = state_dict = explode
    modules = named_modules = children = named_children = explode
    __len__ = __iter__ = __bool__ = __contains__ = __getitem__ = __repr__ = __str__ = __format__ = explode
    extra_repr = _get_name = get_extra_state = __deepcopy__ = __reduce_ex__ = __eq__ = explode  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 4)
        self.w = nn.Parameter(torch.zeros(5))


class Properties(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(2, 3)

    @property
    def weight(self) -> torch.Tensor:
        raise RuntimeError("a property was read")

    config = device = dtype = layers = experts = top_k = weight


class Getattr(nn.Module):
    """Whatever is asked for is there: a proxy for an inner module."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 5)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            return super().__getattr__(name)
        inner = self.__dict__["_modules"]["inner"]
        return inner if name == "inner" else getattr(inner, name, explode)


class Slots(nn.Module):
    __slots__ = ("extra", "unset")

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 2)
        self.extra = 7


class Repr(nn.Module):
    """A print of 50 million characters."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)

    def __repr__(self) -> str:
        return "x" * 50_000_000


class Setattr(nn.Module):
    """Attributes that cannot be set once the model is made."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)
        self.__dict__["sealed"] = True

    def __setattr__(self, name: str, value: object) -> None:
        assert not self.__dict__.get("sealed"), f"{name} was set"
        super().__setattr__(name, value)


class OneModule(nn.Module):
    """A list of layers that is both a module and a dict."""

    def __init__(self) -> None:
        super().__init__()
        self.held = Both()


class Both(nn.Module, dict):  # type: ignore[type-arg]
    def __init__(self) -> None:
        nn.Module.__init__(self)
        dict.__init__(self)
        self.fc = nn.Linear(5, 5)
        self["plain"] = 3


class Tagged(torch.Tensor):
    """A subclass that is a plain array all the same; its own functions must not be called."""

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if armed:
            explode()
        return super().__torch_function__(func, types, args, kwargs or {})


armed: list[bool] = []


def tagged() -> nn.Module:
    armed.clear()
    net = nn.Linear(4, 3)
    net.weight = nn.Parameter(net.weight.detach().as_subclass(Tagged))
    armed.append(True)
    return net


class Named(nn.Parameter):
    """A subclass of Parameter, as libraries make them to mark what is sharded or tied."""


def named() -> nn.Module:
    net = nn.Linear(4, 3)
    net.weight = Named(net.weight.detach())
    net.weight.tensor_parallel = True
    return net


def replaced() -> nn.Module:
    """Layers put in from outside, one taken away, one deleted."""
    net = nn.Sequential(OrderedDict(a=nn.Linear(2, 3), b=nn.Linear(3, 4), c=nn.Linear(4, 5)))
    net.b = nn.Identity()
    del net.c
    net.a.bias = None
    net.add_module("d", nn.Linear(7, 1))
    return net


def patched_forward() -> nn.Module:
    """A bound method of another module's in the instance, as accelerate's hooks leave it: nothing hidden."""
    net = two()
    net._old_forward = net.forward
    net.forward = explode
    return net


def partial_attribute() -> nn.Module:
    """A function that holds a layer: a plain attribute, and nothing that would be trained."""
    net = two()
    net.rule = lambda x, layer=net[0]: layer(x)
    return net


def without_tracking() -> nn.Module:
    """Made in inference mode: its tensors have no version."""
    with torch.inference_mode():
        return two()


def fake() -> nn.Module:
    """Tensors that are only said to be there, as torch.compile and torch.export make them."""
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode():
        return two()


def symbolic() -> nn.Module:
    """A graph of torch.fx."""
    return torch.fx.symbolic_trace(small())


def exported() -> object:
    """A program of torch.export, which is no module."""
    return torch.export.export(two(), (torch.zeros(1, 8),))


class AliasAside(nn.Module):
    """A registered layer that is known under a private name too, as lists of blocks often are."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([nn.Linear(2, 3)])
        self.__dict__["first"] = self.blocks[0]
        self.by_name = {"blocks": self.blocks}


class TwoInAByte(nn.Module):
    """An element of float4_e2m1fn_x2 holds two numbers (torch/csrc/utils/tensor_dtypes.cpp)."""

    def __init__(self) -> None:
        super().__init__()
        held = torch.empty(4, 6, dtype=torch.float4_e2m1fn_x2)
        self.w = nn.Parameter(held, requires_grad=False)


class Ragged(nn.Module):
    """Rows of different lengths: 2 x 3 and 4 x 3 numbers."""

    def __init__(self, layout: torch.layout) -> None:
        super().__init__()
        rows = [torch.zeros(2, 3), torch.zeros(4, 3)]
        self.w = nn.Parameter(torch.nested.nested_tensor(rows, layout=layout))


def in_training() -> dict[str, object]:
    """What people keep of a run: the model's state, the optimizer's (two moments and a step for each of 4 tensors)."""
    net = two()
    optimizer = torch.optim.Adam(net.parameters())
    net(torch.zeros(1, 8)).sum().backward()
    optimizer.step()
    return {"model": net.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}


N = 8 * 12 + 12 + 12 * 5 + 5
ODD = (
    Case("everything explodes", Guarded, {"weights": 3 * 4 + 5, "biases": 4}),
    Case("everything explodes, inside", lambda: nn.ModuleList([Guarded(), Guarded()]),
         {"weights": 2 * 17, "biases": 2 * 4}),
    Case("properties that raise", Properties, {"weights": 6, "biases": 3}),
    Case("__getattr__ of its own", Getattr, {"weights": 20, "biases": 5}),
    Case("__slots__", Slots, {"weights": 6, "biases": 2}),
    Case("a huge print", Repr, {"weights": 9, "biases": 3}),
    Case("attributes that cannot be set", Setattr, {"weights": 9, "biases": 3}),
    Case("a module that is a dict", OneModule, {"weights": 25, "biases": 5}),
    Case("a subclass of Tensor", tagged, {"weights": 12, "biases": 3}),
    Case("a subclass of Parameter", named, {"weights": 12, "biases": 3}),
    Case("layers replaced and deleted", replaced, {"weights": 6 + 7, "biases": 1}),
    Case("a patched forward", patched_forward, TWO),
    Case("a function that holds a layer", partial_attribute, TWO),
    Case("made in inference mode", without_tracking, TWO),
    Case("fake tensors", fake, TWO),
    Case("a graph of torch.fx", symbolic, SMALL),
    Case("a program of torch.export", exported, TWO),
    Case("an alias aside", AliasAside, {"weights": 6, "biases": 3}),
    Case("two numbers in a byte", TwoInAByte,
         {"weights": 4 * 6 * 2, "frozen": 48, "dtypes": {"float4_e2m1fn": 48}, "elements": 24, "parameter_bytes": 24}),
    Case("nested, strided", lambda: Ragged(torch.strided), {"weights": 2 * 3 + 4 * 3}),
    Case("nested, jagged", lambda: Ragged(torch.jagged), {"weights": 2 * 3 + 4 * 3}),
    # detached tensors: nothing says what is trained (DESIGN §2 `trainable`)
    Case("a state dict", lambda: small().state_dict(), {**SMALL, "trainable": None}),
    Case("a state dict with a tie", lambda: Language().state_dict(),
         {"weights": 1600, "listed": 3200, "trainable": None}, ("head.weight",)),
    Case("a plain dict of tensors", lambda: {"fc.weight": torch.zeros(3, 4), "fc.bias": torch.zeros(3)},
         {"weights": 12, "biases": 3, "trainable": None}),
    Case("named parameters", lambda: dict(two().named_parameters()), TWO),
    Case("a list of parameters", lambda: list(nn.Linear(3, 4, bias=False).parameters()), {"weights": 12}),
    Case("a checkpoint in memory", in_training,
         {**TWO, "trainable": None, "other": 2 * N + 4, "elements": N}),
    Case("a single Parameter", lambda: nn.ParameterList([torch.zeros(2, 3)]), {"weights": 6}),
)  # fmt: skip
