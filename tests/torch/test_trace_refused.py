"""What cannot be traced is refused in one line; whatever happens, nothing is left behind."""

from __future__ import annotations

import builtins
import contextlib
import random
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import torch
from torch import nn
from torch.overrides import _get_current_function_mode_stack

from nparams.errors import NparamsError, ReadError, UsageError
from nparams.frameworks._trace.numbers import Fraction, Tracked
from nparams.frameworks.trace import formula, trace
from tests.torch import test_trace, trace_models


class Raises(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Linear(width, width)
        raise ValueError("no such thing")


class ReadsAFile(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        with open("/nonexistent/settings.json") as file:
            self.body = nn.Linear(width, len(file.read()))


class Lazy(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.LazyLinear(width)


class RandomDepth(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.ModuleList([nn.Linear(width, width) for _ in range(random.randint(1, 50))])


class RandomWidth(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Linear(width, int(torch.randint(1, 1000, ()).item()))


class Squares(nn.Module):
    """A number of layers that no rule of ours gives."""

    def __init__(self, depth: int) -> None:
        super().__init__()
        self.body = nn.ModuleList([nn.Linear(3, 4) for _ in range(depth**3)])


class Hashes(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Linear(width, int(str(width * 7)[::-1]) % 97 + 1)


class Root(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Linear(width, int(float(str(width)) ** 0.5))


class Endless(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        for _ in range(10**9):
            torch.zeros(width)


KEPT: list[int] = []


class Keeps(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        KEPT.append(width)
        self.body = nn.Linear(width, width)


class KeepsPairs(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        KEPT.append((width, width))  # type: ignore[arg-type]
        self.body = nn.Linear(width, width)


class Interrupted(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Linear(width, int(width))
        raise KeyboardInterrupt


class Disturbs(nn.Module):
    """Leaves everything changed that it can."""

    def __init__(self, width: int) -> None:
        super().__init__()
        torch.manual_seed(1)
        random.seed(1)
        torch.set_grad_enabled(False)
        torch.set_default_dtype(torch.float64)
        torch.set_default_device("cpu")
        self.body = nn.Linear(width, int(width))
        if width < 0:
            raise ValueError("never")


class DisturbsAndRaises(Disturbs):
    def __init__(self, width: int) -> None:
        super().__init__(width)
        raise ValueError("after all that")


class Case(NamedTuple):
    make: Callable[..., Any]
    like: dict[str, Any] | None
    kind: type[NparamsError]
    says: str


REFUSED = (
    Case(Raises, None, ReadError, "ValueError: no such thing"),
    Case(ReadsAFile, None, ReadError, "FileNotFoundError"),
    Case(Lazy, None, ReadError, "depends on the data"),
    Case(RandomDepth, None, ReadError, "no closed form"),
    Case(RandomWidth, None, ReadError, "no closed form"),
    Case(Squares, {"depth": 3}, ReadError, "follows no rule"),
    Case(Hashes, None, ReadError, "no closed form"),
    Case(Root, None, ReadError, "no closed form"),
    Case(Endless, None, ReadError, "too many to follow"),
    Case(KeepsPairs, None, ReadError, "keeps what it was given"),
    Case(lambda width: width, None, ReadError, "not a torch.nn.Module"),
    Case(lambda width: nn.Linear, None, ReadError, "not a torch.nn.Module"),
    Case(nn.Linear, {"in_features": -3}, ReadError, "does not accept"),
    Case(nn.Linear, {"width": 3}, UsageError, "no argument of it"),
    Case(lambda h0, h: nn.Linear(h0, h[0]), {"h": [3, 4]}, UsageError, "h0"),
    Case("nn.Linear", None, UsageError, "not callable"),  # type: ignore[arg-type]
    Case(lambda h: test_trace.Transformer(h, 2, 4), {"h": 6}, ReadError, "divisible"),
)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: getattr(case.make, "__name__", "text"))
def test_refused_in_one_line(case: Case) -> None:
    with pytest.raises(case.kind) as caught:
        trace(case.make, case.like)
    text = str(caught.value)
    KEPT.clear()
    assert case.says in text
    assert "\n" not in text


def test_where_is_kept() -> None:
    asked = formula(lambda h, n, a: test_trace.Transformer(h, n, a))
    assert asked(h=768, n=12, a=12) == 12 * (12 * 768 * 768 + 13 * 768) + 2 * 768
    with pytest.raises(UsageError, match="h%a == 0"):
        asked(h=770, n=12, a=12)
    with pytest.raises(UsageError, match="every symbol"):
        asked(h=768)
    with pytest.raises(UsageError, match="every symbol in that"):
        asked(h=768, n=12)
    with pytest.raises(UsageError, match="no symbol"):
        asked(h=768, n=12, a=12, z=3)


def test_lists_and_entries_are_given_as_they_are_called() -> None:
    asked = formula(test_trace.Mlp, {"sizes": [3, 4, 5]})
    assert asked(sizes=[784, 16, 10]) == 784 * 16 + 16 + 16 * 10 + 10
    asked = formula(lambda h0, h1, h2: test_trace.Mlp([h0, h1, h2]))
    assert asked(h0=784, h1=16, h2=10) == 784 * 16 + 16 + 16 * 10 + 10
    asked = formula(test_trace.Tied)
    assert asked(vocabulary=100, width=8, tie=True) == 800
    assert asked(vocabulary=100, width=8, tie=False) == 1600


def test_an_argument_that_changes_nothing_may_be_given() -> None:
    asked = formula(lambda d, unused: nn.Linear(d, 2), {"unused": 3})
    assert asked(d=5, unused=9) == 12
    assert asked(d=5) == 12


def test_a_formula_as_text() -> None:
    asked = formula(lambda h, n: test_trace.Transformer(hidden=h, layers=n))
    assert str(asked) == "n·(12·h² + 13·h) + 2·h"
    assert asked.text == "n*(12*h**2 + 13*h) + 2*h"
    assert asked.latex == r"n \cdot \left(12 \cdot h^{2} + 13 \cdot h\right) + 2 \cdot h"
    assert asked._repr_latex_() == f"$\\displaystyle {asked.latex}$"
    assert "n·(12·h² + 13·h) + 2·h" in str(asked.network)
    assert repr(asked) == "<Formula n·(12·h² + 13·h) + 2·h where h%4 == 0>"


def test_numbers_beside_the_formula() -> None:
    network = trace(lambda h, n: test_trace.Transformer(hidden=h, layers=n)).substitute({"h": 64, "n": 3})
    assert network.total == 3 * (12 * 64 * 64 + 13 * 64) + 2 * 64
    assert network.layers[0].name == "blocks.0-2.norm1-2"


def test_names_are_those_of_torch() -> None:
    from nparams.network.copies import every_tensor

    for make, values in (
        (trace_models.DeepMLP, {"d_in": 3, "d_h": 4, "d_out": 5, "n": 6}),
        (lambda base, depth: trace_models.UNet(3, 2, base, depth), {"base": 4, "depth": 4}),
        (trace_models.LSTMLM, {"ntoken": 9, "ninp": 4, "nhid": 5, "nlayers": 3}),
        (trace_models.MoE, {"d": 3, "f": 4, "E": 3, "k": 2, "L": 2}),
    ):
        network = trace(make).substitute(values)
        told = {t.name: tuple(t.shape or ()) for t in every_tensor(network)}
        real = make(**values)
        assert told == {n: tuple(t.shape) for n, t in [*real.named_parameters(), *real.named_buffers()]}


def test_a_model_of_400_billion_parameters() -> None:
    asked = formula(lambda h, n: test_trace.Transformer(hidden=h, layers=n), like={"h": 16384, "n": 126})
    assert asked(h=16384, n=126) == 126 * (12 * 16384**2 + 13 * 16384) + 2 * 16384


# -- nothing is left behind -------------------------------------------------------------------------------------------


def state() -> tuple[object, ...]:
    """Everything of the process that a trace might change."""
    modules = {
        name: {key: id(value) for key, value in vars(module).items() if key in ("int", "float", "max", "min", "range")}
        for name, module in list(sys.modules.items())
        if module is not None and isinstance(getattr(module, "__dict__", None), dict)
    }
    return (
        {name: held for name, held in modules.items() if held and not name.startswith("nparams.frameworks._trace")},
        {name: id(value) for name, value in vars(builtins).items()},
        len(_get_current_function_mode_stack()),
        torch.get_default_device(),
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        torch.get_rng_state().tolist(),
        random.getstate(),
        sys.getprofile(),
        sys.gettrace(),
        getattr(torch._GLOBAL_DEVICE_CONTEXT, "device_context", None),
    )


def tracked_left() -> list[object]:
    import gc

    gc.collect()
    return [o for o in gc.get_objects() if type(o) in (Tracked, Fraction)]


UNTOUCHED = (
    (lambda h, n: test_trace.Transformer(h, n), None),
    (trace_models.LlamaMLP, None),
    (Raises, None),
    (Disturbs, None),
    (DisturbsAndRaises, None),
    (Interrupted, None),
    (Endless, None),
    (Hashes, None),
    (Squares, {"depth": 3}),
)


@pytest.mark.parametrize(("make", "like"), UNTOUCHED, ids=lambda each: getattr(each, "__name__", ""))
def test_nothing_is_left_behind(make: Callable[..., Any], like: dict[str, Any] | None) -> None:
    trace(trace_models.DeepMLP)  # torch loads some of its own modules late
    torch.set_grad_enabled(True)
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)
    before = state()
    with contextlib.suppress(NparamsError, KeyboardInterrupt):
        trace(make, like)
    assert state() == before
    assert tracked_left() == []


def test_what_the_code_keeps_becomes_plain() -> None:
    KEPT.clear()
    network = trace(Keeps)
    assert str(network.total) == "width**2 + width"
    assert any("plain ones" in note for note in network.notes)
    assert KEPT
    assert all(type(n) is int for n in KEPT)
    assert tracked_left() == []


def test_a_profiler_that_runs_goes_on() -> None:
    import cProfile

    profile = cProfile.Profile()
    profile.enable()
    active = sys.getprofile()
    try:
        assert str(formula(trace_models.DeepMLP).network.total)
        assert sys.getprofile() is active
    finally:
        profile.disable()
