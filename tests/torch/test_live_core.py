"""Live PyTorch models, from the reader's side: its own dispatch, memory, wrappers, and what it refuses.

Cases of tests/torch/live_cases*.py say every part of the answer; those here are about ways in, names and sentences.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest
import torch
from torch import nn

import nparams
from nparams.errors import UnsupportedError
from tests.live import Untouched, check


class Held(NamedTuple):
    """An ordinary nn.Module is 3·4 weights and 4 biases, its norm 4 and 4, 4 + 4 + 1 buffers."""

    label: str
    make: Callable[[], object]
    expected: Mapping[str, object]
    notes: tuple[str, ...] = ()


def net() -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))


def parametrized(parts: int) -> nn.Module:
    """A bias and a weight that are computed from others."""

    class Split(nn.Module):
        def forward(self, *held: torch.Tensor) -> torch.Tensor:
            return sum(held)  # type: ignore[return-value]

        def right_inverse(self, whole: torch.Tensor) -> Any:
            return whole if parts == 1 else tuple(whole / parts for _ in range(parts))

    layer = nn.Linear(3, 4)
    for name in ("weight", "bias"):
        nn.utils.parametrize.register_parametrization(layer, name, Split())
    return layer


class Bare(nn.Module):
    """Names that a file would take for buffers or biases: what is registered decides."""

    def __init__(self) -> None:
        super().__init__()
        self.mask = nn.Parameter(torch.zeros(7))
        self.bias = nn.Parameter(torch.zeros(1, 1, 3, 3))
        self.biases = nn.ParameterList([torch.zeros(2), torch.zeros(5)])
        self.register_buffer("weight", torch.zeros(11))


class Kept(nn.Module):
    """Modules and parameters in every kind of container, one of them in two."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(2, 2)
        twice = nn.Linear(5, 1)
        self.pair = (nn.Linear(3, 3, bias=False), {"deep": [twice]})
        self.again = [twice, self.fc, nn.Parameter(torch.zeros(6))]
        object.__setattr__(self, "teacher", nn.Linear(4, 4, bias=False))


def parent() -> nn.Module:
    """A part of a model that holds its parent in a list, with all that stands in it."""
    whole = nn.ModuleDict({"part": nn.Linear(3, 4), "rest": nn.Linear(9, 9)})
    whole["part"].parent = [whole]
    return whole["part"]


def deep_sharing(depth: int) -> nn.Module:
    """Each block stands in the next one twice."""
    inner: nn.Module = nn.Linear(2, 2)
    for _ in range(depth):
        inner = nn.ModuleDict({"a": inner, "b": inner})
    return inner


def checkpointed() -> nn.Module:
    from torch.distributed.algorithms._checkpoint.checkpoint_wrapper import checkpoint_wrapper

    return nn.Sequential(checkpoint_wrapper(nn.Linear(3, 4)), nn.BatchNorm1d(4))


def columns() -> nn.Module:
    """Two halves of a matrix, side by side in every row, and a slice over the border."""
    whole = torch.zeros(6, 10)
    return nn.ParameterDict({"left": whole[:, :5], "right": whole[:, 5:], "middle": whole[:, 4:6]})


def channels_last() -> nn.Module:
    return nn.Conv2d(2, 3, 3).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


NET = {"weights": 3 * 4 + 4, "biases": 4 + 4, "buffers": 9, "bytes": 4 * (24 + 8) + 8}
PLAIN = {"weights": 3 * 4 + 4, "biases": 4 + 4}
CASES = (
    Held("a module", net, NET),
    Held("exported", lambda: torch.export.export(net().eval(), (torch.zeros(2, 3),)), NET),
    Held("symbolically traced", lambda: torch.fx.symbolic_trace(net()), NET),
    Held("compiled and data parallel", lambda: torch.compile(nn.DataParallel(net())), NET),
    Held("activations checkpointed", checkpointed, NET),
    Held("named parameters, an iterator", lambda: net().named_parameters(), PLAIN),
    Held("named parameters, a list", lambda: list(net().named_parameters()), PLAIN),
    # without names the norm's vectors are weights as far as shapes tell: only the first stands beside a matrix
    Held("parameters, an iterator", lambda: net().parameters(), {"weights": 12 + 4 + 4, "biases": 4}, ("taken for",)),
    Held("parameters of two, chained", lambda: itertools.chain(nn.Linear(2, 3).parameters(), net().parameters()),
         {"weights": 6 + 12 + 4 + 4, "biases": 3 + 4}),
    Held("those that are trained", lambda: filter(lambda p: p.requires_grad, nn.Linear(2, 3).parameters()),
         {"weights": 6, "biases": 3}),
    Held("one parameter", lambda: nn.Linear(2, 3).weight, {"weights": 6}),
    Held("values of a dict", lambda: {"w": nn.Parameter(torch.zeros(3, 4))}.values(), {"weights": 12}),
    Held("lazy parameters, a list", lambda: list(nn.LazyLinear(3).parameters()), {"unknown": 2, "weights": 0},
         ("not created yet",)),
    Held("two models, a dict", lambda: {"unet": nn.Linear(3, 4), "vae": nn.Linear(2, 5)},
         {"weights": 12 + 10, "biases": 4 + 5, "components": {"unet": 16, "vae": 15}}),
    Held("two models that share a layer", lambda: [shared := nn.Linear(3, 4), nn.Sequential(shared, nn.Linear(4, 2))],
         {"weights": 12 + 8, "biases": 4 + 2, "listed": 2 * 16 + 10, "components": {"0": 16, "1": 10}}),
    Held("one tensor computed", lambda: parametrized(1), {"weights": 12, "biases": 4}),
    Held("two tensors computed into one", lambda: parametrized(2), {"weights": 2 * 12, "biases": 2 * 4}),
    Held("names that mislead", Bare, {"weights": 7, "biases": 9 + 2 + 5, "buffers": 11, "bytes": 4 * (23 + 11)}),
    Held("every container", Kept, {"weights": 4, "biases": 2, "other": 9 + 6 + 6 + 16, "also": {"unregistered": 37}},
         ("(Kept.pair)", "(Kept.again)", "(Kept.teacher)", "register it")),
    Held("a parent in a list", parent, {"weights": 12, "biases": 4}),
    Held("shared in shared", lambda: deep_sharing(10), {"weights": 4, "biases": 2, "listed": 6 * 2**10},
         ("2,040 more tensors",)),
    Held("halves and a slice", columns,
         {"weights": 30 + 30 + 12, "parameter_bytes": 4 * 60, "elements": 72, "also": {"here": 60}}, ("overlap",)),
    Held("channels last", channels_last, {"weights": 3 * 2 * 9, "biases": 3}),
    Held("complex and real",
         lambda: nn.ParameterDict({"c": torch.zeros(3, dtype=torch.complex64), "r": torch.zeros(4)}),
         {"weights": 7, "dtypes": {"float32": 4, "complex64": 3}, "also": {"real": 2 * 3 + 4}}),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_what_is_read(case: Held) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source = case.make()
    models = [source] if isinstance(source, nn.Module) else []
    with Untouched(*models):
        network = nparams.read(source)
        text = network.to_json(tensors=True)
        str(network)
    check(text, case.expected, case.notes)


class Trainer:
    """An object that holds a model."""

    def __init__(self, **models: object) -> None:
        self.__dict__ |= models

    @property
    def model(self) -> object:
        raise RuntimeError("a property was read")


def optimizer() -> object:
    return torch.optim.SGD(net().parameters(), 0.1)


REFUSED = (
    ("a class", lambda: nn.Linear, "Linear is a class, not a model: make one, as in Linear(...)"),
    ("a class of one's own", lambda: Bare, "Bare is a class, not a model"),
    ("an optimizer", optimizer, "SGD is an optimizer, not a model: read the model whose parameters it was given"),
    ("a schedule", lambda: torch.optim.lr_scheduler.StepLR(optimizer(), 1), "StepLR is a schedule"),  # type: ignore[arg-type]
    ("a loader", lambda: torch.utils.data.DataLoader([1]), "DataLoader is a loader of data"),  # type: ignore[arg-type, var-annotated]
    ("what holds a model", lambda: Trainer(net=net()), "Trainer is not a model but holds one: read its .net"),
    ("what holds one twice", lambda: Trainer(net=(one := net()), wrapped=one), "holds one: read its .net"),
    ("what holds two", lambda: Trainer(g=net(), d=net()), "Trainer is not a model but holds 2: read one of .g, .d"),
    ("an iterator of numbers", lambda: iter([1, 2]), "list_iterator of int"),
)  # fmt: skip


@pytest.mark.parametrize(("label", "make", "says"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_refused(label: str, make: Callable[[], object], says: str) -> None:
    with pytest.raises(UnsupportedError) as refused:
        nparams.read(make())
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_names_are_those_of_the_inner_model() -> None:
    network = nparams.read(torch.compile(nn.DataParallel(net())))
    assert [t.name for t in network.tensors()] == [
        "0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked",
    ]  # fmt: skip
    assert network.read_as == "Sequential"
    assert network.described == "PyTorch model, 2 layers, 2 with parameters, compiled, in DataParallel"


@pytest.mark.filterwarnings("ignore")  # PyTorch's own quantisation is deprecated
def test_layers_with_packed_weights_are_layers_with_parameters() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    network = nparams.read(torch.ao.quantization.quantize_dynamic(model, {nn.Linear}, dtype=torch.qint8))
    assert network.described.endswith(" layers, 2 with parameters")
    assert network.total == 3 * 4 + 4 + 4 * 2 + 2


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch.jit says that of itself
def test_a_scripted_model_bears_the_name_of_what_was_scripted() -> None:
    assert nparams.read(torch.jit.script(net())).read_as == "Sequential"
    assert nparams.read(torch.jit.trace(net().eval(), torch.zeros(2, 3))).read_as == "Sequential"


def test_depth_and_width_can_be_shown() -> None:
    deep: nn.Module = nn.Linear(1, 1)
    for _ in range(300):
        deep = nn.Sequential(deep, nn.Linear(1, 1))
    network = nparams.read(deep)
    assert network.total == 301 * 2
    str(network), network.to_json(), network.formula()
    wide = nparams.read(nn.ModuleList([nn.Linear(k % 7 + 1, 2) for k in range(3_000)]))
    assert wide.total == sum(2 * (k % 7 + 1) + 2 for k in range(3_000))
    str(wide)
