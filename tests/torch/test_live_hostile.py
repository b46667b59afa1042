"""Live PyTorch under attack: odd objects are counted exactly or refused in a line, and run nothing of their own."""

from __future__ import annotations

import collections
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import pytest
import torch
from torch import nn

import nparams
from nparams.errors import NparamsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

HERE = os.path.abspath(__file__)


def bomb(*_: object, **__: object) -> object:
    raise AssertionError("code of the model's own was run")


def layer() -> nn.Linear:
    return nn.Linear(3, 2)


FC = 3 * 2 + 2


class Held(nn.Module):
    """A layer, and something beside it."""

    def __init__(self, value: object = None) -> None:
        super().__init__()
        self.fc = layer()
        self.value = value


class Operators(Held):
    __len__ = __bool__ = __eq__ = __dir__ = __repr__ = __str__ = __iter__ = __contains__ = __getitem__ = bomb  # type: ignore[assignment]
    __call__ = __format__ = __reduce__ = __sizeof__ = __copy__ = __deepcopy__ = bomb  # type: ignore[assignment]
    named_parameters = parameters = state_dict = children = modules = named_modules = buffers = named_buffers = bomb  # type: ignore[assignment]
    extra_repr = _get_name = get_extra_state = bomb  # type: ignore[assignment]
    weight = in_features = property(bomb)

    def __hash__(self) -> int:
        raise AssertionError


class Missing(Held):
    def __getattr__(self, name: str) -> object:  # type: ignore[override]
        raise AssertionError(name)


class Guarded(Held):
    armed = False

    def __getattribute__(self, name: str) -> object:
        if object.__getattribute__(self, "__dict__").get("ready"):
            raise AssertionError(name)
        return super().__getattribute__(name)


def guarded() -> nn.Module:
    net = Guarded()
    object.__getattribute__(net, "__dict__")["ready"] = True
    return net


class Liar(Held):
    __class__ = property(bomb)  # type: ignore[assignment]


class Pretender:
    """No module, whatever it says."""

    __class__ = property(lambda self: nn.Linear)  # type: ignore[assignment]


class Asking(type):
    def __instancecheck__(cls, instance: object) -> bool:
        raise AssertionError

    def __subclasscheck__(cls, subclass: type) -> bool:
        raise AssertionError

    def __call__(cls, *args: object) -> object:
        return super().__call__(*args)


class Asked(Held, metaclass=Asking):
    pass


class Comparing(type):
    def __eq__(cls, other: object) -> bool:
        raise AssertionError

    def __hash__(cls) -> int:
        raise AssertionError


class Compared(Held, metaclass=Comparing):
    pass


class Descriptor:
    __get__ = bomb


class Described(Held):
    __dataclass_fields__ = __len__ = shape = Descriptor()  # type: ignore[assignment]


class Entries(dict):  # type: ignore[type-arg]
    items = keys = values = get = __iter__ = __len__ = __getitem__ = __contains__ = bomb  # type: ignore[assignment]


class Row(list):  # type: ignore[type-arg]
    __iter__ = __len__ = __getitem__ = __contains__ = bomb  # type: ignore[assignment]


class Name(str):
    __str__ = __repr__ = __format__ = __add__ = __radd__ = __eq__ = bomb  # type: ignore[assignment]
    __hash__ = str.__hash__


class Shy(nn.Parameter):
    shape = dtype = requires_grad = data = layout = device = is_leaf = property(bomb)  # type: ignore[assignment]
    numel = size = stride = dim = untyped_storage = is_contiguous = element_size = storage_offset = bomb  # type: ignore[assignment]
    __torch_function__ = classmethod(bomb)  # type: ignore[assignment]


def with_parameter(name: object, value: object, where: str = "_parameters") -> nn.Module:
    net = nn.Module()
    net.__dict__[where] = {name: value}
    return net


def in_entries(name: str, value: object) -> dict[str, object]:
    held = Entries()
    dict.__setitem__(held, name, value)
    return held


def with_entries() -> nn.Module:
    net = Held()
    for module in (net, net.fc):
        for where in ("_parameters", "_buffers", "_modules"):
            held = Entries()
            dict.update(held, module.__dict__[where])
            module.__dict__[where] = held
    return net


def in_itself(through: bool) -> nn.Module:
    net = Held()
    (net.fc if through else net)._modules["up"] = net
    return net


def circle(kind: type) -> object:
    held: object = kind()
    if isinstance(held, dict):
        held.update(w=torch.zeros(3, 2), again=held)
    else:
        assert isinstance(held, list)
        held += [torch.zeros(3, 2), held]
    return held


def deep(depth: int) -> nn.Module:
    net: nn.Module = layer()
    for _ in range(depth):
        outer = nn.Module()
        outer._modules["a"] = net
        net = outer
    return net


def nest(kind: type, depth: int, held: object) -> object:
    for _ in range(depth):
        held = [held] if kind is list else {"a": held}
    return held


def breaks_off() -> Iterator[torch.Tensor]:
    yield torch.zeros(2)
    raise ValueError("in the middle")


class Model:
    """Holds a model, and answers nothing."""

    def __init__(self) -> None:
        self.model = layer()

    __dict__ = property(bomb)  # type: ignore[assignment]


def fake(symbols: bool) -> nn.Module:
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.fx.experimental.symbolic_shapes import ShapeEnv

    if symbols:
        return with_parameter("w", FakeTensorMode(shape_env=ShapeEnv()).from_tensor(torch.zeros(5, 7)))
    with FakeTensorMode():
        return layer()


def frozen_memory() -> nn.Module:
    net = layer()
    net.weight.untyped_storage().resize_(0)
    return net


def quantised() -> torch.Tensor:
    return torch.quantize_per_tensor(torch.zeros(3, 2), 1.0, 0, torch.qint8)


#: what is read, and the total, or a word of the refusal
CASES: tuple[tuple[str, Callable[[], object], int | str], ...] = (
    ("operators", Operators, FC),
    ("__getattr__", Missing, FC),
    ("__getattribute__", guarded, FC),
    ("__class__", Liar, FC),
    ("a pretender", Pretender, "cannot count"),
    ("checks of a metaclass", Asked, FC),
    ("equality of a metaclass", Compared, "metaclass"),
    ("such a one aside", lambda: Held([Compared()]), "metaclass"),
    ("descriptors", Described, FC),
    ("descriptors aside", lambda: Held([Described()]), FC),
    ("containers of its own", with_entries, FC),
    ("a dict of its own", lambda: in_entries("w", torch.zeros(3, 2)), 6),
    ("a list of its own", lambda: Row([torch.zeros(3, 2)]), 6),
    ("a list of sizes of its own", lambda: Row([3, 2]), FC),
    ("names of its own", lambda: with_parameter(Name("w"), nn.Parameter(torch.zeros(3, 2))), 6),
    ("names of modules", lambda: with_parameter(Name("fc"), layer(), "_modules"), FC),
    ("keys of its own", lambda: {Name("fc.weight"): torch.zeros(3, 2)}, 6),
    ("a parameter of its own", lambda: with_parameter("w", Shy(torch.zeros(3, 2))), 6),
    ("a list of it", lambda: [Shy(torch.zeros(3, 2))], 6),
    ("a dict of it", lambda: {"w": Shy(torch.zeros(3, 2))}, 6),
    ("in itself", lambda: in_itself(through=False), FC),
    ("in itself, below", lambda: in_itself(through=True), FC),
    ("a list in itself", lambda: circle(list), 6),
    ("a dict in itself", lambda: circle(dict), 6),
    ("a circle aside", lambda: Held(circle(list)), FC),
    ("3,000 deep", lambda: deep(3_000), FC),
    ("20,000 deep", lambda: deep(20_000), "100,000,000 letters"),
    ("lists 100,000 deep", lambda: nest(list, 100_000, torch.zeros(2)), "size 1"),
    ("dicts 100,000 deep", lambda: nest(dict, 100_000, torch.zeros(2)), "cannot count"),
    ("lists 100,000 deep aside", lambda: Held(nest(list, 100_000, layer())), FC),
    ("a Mock", mock.Mock, "unittest.mock.Mock"),
    ("a MagicMock", mock.MagicMock, "unittest.mock.MagicMock"),
    ("a Mock of a module", lambda: mock.Mock(spec=layer()), "unittest.mock.Mock"),
    ("a MagicMock of a module", lambda: mock.MagicMock(spec=layer()), "unittest.mock.MagicMock"),
    ("a Mock of a class", lambda: mock.create_autospec(nn.Linear), "unittest.mock"),
    ("a Mock around a model", lambda: mock.Mock(model=layer()), "unittest.mock.Mock"),
    ("a list of Mocks", lambda: [mock.MagicMock(), mock.MagicMock()], "cannot count"),
    ("a size that is one", lambda: [3, mock.MagicMock()], "cannot count"),
    ("a Mock registered", lambda: with_parameter("x", mock.MagicMock(), "_modules"), '"x" is a MagicMock'),
    ("a Mock as a parameter", lambda: with_parameter("x", mock.MagicMock()), '"x" is a MagicMock'),
    ("a Mock aside", lambda: Held(mock.MagicMock()), FC),
    ("a number as a module", lambda: with_parameter("x", 3, "_modules"), '"x" is a int'),
    ("a number as a parameter", lambda: with_parameter("x", 3), '"x" is a int'),
    ("a number as a buffer", lambda: with_parameter("x", 3.0, "_buffers"), '"x" is a float'),
    ("a number for a name", lambda: with_parameter(3, torch.zeros(2)), "in place of a name"),
    ("a number for a module's name", lambda: with_parameter(3, layer(), "_modules"), "in place of a name"),
    ("an iterator that breaks off", breaks_off, "raises ValueError"),
    ("an iterator of numbers", lambda: iter(range(10**18)), "cannot count"),
    ("a holder of a model", Model, "cannot count"),
    ("fake tensors", lambda: fake(symbols=False), FC),
    ("symbolic sizes", lambda: fake(symbols=True), "symbol"),
    ("symbolic sizes in a dict", lambda: dict(fake(symbols=True)._parameters), "symbol"),
    ("memory given back", frozen_memory, FC),
    ("quantised in a module", lambda: with_parameter("w", quantised()), 6),
    ("quantised in a list", lambda: [quantised()], 6),
    ("mkldnn", lambda: with_parameter("w", torch.zeros(3, 2).to_mkldnn()), 6),
    ("mkldnn in a dict", lambda: {"w": torch.zeros(3, 2).to_mkldnn()}, 6),
    ("keys that are no names", lambda: {1: torch.zeros(3, 2), ("a", 2): torch.zeros(3), None: torch.zeros(1)}, 10),
    ("None in a dict", lambda: {"a": None, "b": torch.zeros(3, 2)}, 6),
    ("a side of nothing", lambda: with_parameter("w", torch.zeros(0, 2**40)), 0),
    ("2^62 numbers", lambda: with_parameter("w", torch.empty(2**31, 2**31, device="meta", dtype=torch.uint8)), 2**62),
    ("no parameters at all", lambda: with_parameter("x", None), 0),
)  # fmt: skip


class Watch:
    """The functions of this file that run."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        if event == "call" and os.path.abspath(frame.f_code.co_filename) == HERE:
            self.ran.append(frame.f_code.co_name)


#: what DESIGN allows: an iterator that is handed over is drawn from; and what isinstance asks of what is no module
ALLOWED = {"an iterator that breaks off": {"breaks_off"}, "a pretender": {"<lambda>"}, "a holder of a model": {"bomb"}}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("label", "make", "expected"), CASES, ids=[case[0] for case in CASES])
def test_hostile_objects(label: str, make: Callable[[], object], expected: int | str) -> None:
    source, watch = make(), Watch()
    before = sys.getrecursionlimit(), torch.is_grad_enabled(), torch.get_rng_state()
    sys.setprofile(watch)
    try:
        if isinstance(expected, int):
            network = nparams.read(source)
            assert network.total == expected
            if "deep" not in label:
                network.rows()
        else:
            with pytest.raises(NparamsError) as refused:
                nparams.read(source)
            assert expected in str(refused.value)
            assert "\n" not in str(refused.value)
    finally:
        sys.setprofile(None)
    assert set(watch.ran) - {"__exit__"} <= ALLOWED.get(label, set())
    assert before[:2] == (sys.getrecursionlimit(), torch.is_grad_enabled())
    assert torch.equal(before[2], torch.get_rng_state())


def test_tensors_inside_transforms() -> None:
    """Inside vmap and grad a tensor has the shape that the function sees."""
    seen: dict[str, object] = {}

    def mapped(x: torch.Tensor) -> torch.Tensor:
        seen["vmap"] = nparams.read(with_parameter("w", x)).total, nparams.read({"w": x}).total
        return x

    def summed(x: torch.Tensor) -> torch.Tensor:
        seen["grad"] = nparams.read(with_parameter("w", x)).total, nparams.read({"w": x}).total
        return x.sum()

    torch.vmap(mapped)(torch.zeros(4, 3))
    torch.func.grad(summed)(torch.zeros(4, 3))
    with torch.inference_mode():
        seen["inference"] = nparams.read(layer()).total, nparams.read({"w": torch.zeros(4, 3)[1:]}).total
    assert seen == {"vmap": (3, 3), "grad": (12, 12), "inference": (FC, 9)}


def test_a_model_that_changes_while_it_is_read() -> None:
    """The answer is one of those that it had, or a line."""
    net, stop = nn.Module(), threading.Event()
    net._parameters.update({f"p{k}": nn.Parameter(torch.zeros(1)) for k in range(300)})

    def change() -> None:
        k = 0
        while not stop.is_set():
            net._parameters[f"q{k % 9}"] = nn.Parameter(torch.zeros(1))
            net._parameters.pop(f"q{(k + 4) % 9}", None)
            k += 1

    thread, interval = threading.Thread(target=change), sys.getswitchinterval()
    thread.start()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(50):
            try:
                total = nparams.read(net).total
                assert isinstance(total, int)
                assert 300 <= total <= 309
            except NparamsError as refused:
                assert "by another thread" in str(refused)  # noqa: PT017
    finally:
        stop.set()
        thread.join()
        sys.setswitchinterval(interval)


NAMES = (
    "a\nb",
    "\x1b[31mred",
    "\u202eevil",
    "</script><img src=x onerror=alert(1)>",
    " ",
    "\ud800",
    "x" * 5_000,
    "=1+1",
    "|",
)


def test_names_act_on_nothing() -> None:
    net = nn.Module()
    for name in NAMES:
        net._modules[name] = nn.Linear(2, 2)
        net._modules[name]._parameters[name] = net._modules[name]._parameters["weight"]
    network = nparams.read(net)
    assert network.total == len(NAMES) * (2 * 2 + 2)
    for text in (str(network), network._repr_html_()):
        assert not {"\x1b", "\u202e", "\ud800"}.intersection(text)
        text.encode()
    assert "<img" not in network._repr_html_()


def test_many_entries() -> None:
    """Tens of thousands in one module, and one tensor as often in a list."""
    one = torch.zeros(1)
    net = nn.Module()
    net._parameters.update({f"p{k}": nn.Parameter(one[:0]) for k in range(50_000)})
    assert nparams.read(net).total == 0
    assert nparams.read([one] * 50_000).totals.listed == 50_000


def test_the_case_table_is_whole() -> None:
    assert not [name for name, count in collections.Counter(case[0] for case in CASES).items() if count > 1]
    assert {case[0] for case in CASES} >= ALLOWED.keys()
    assert Path(HERE).exists()
