"""What a constructor may disturb outside itself, put back as it was: random numbers, devices, modes, number types."""

from __future__ import annotations

import sys
import warnings
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def undisturbed() -> Iterator[None]:
    """Everything of the process that constructors are known to change, put back whatever happens."""
    restore = _taken()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            for put_back in reversed(restore):
                put_back()


@contextmanager
def default_device_kept() -> Iterator[None]:
    """The default device put back, inside of whatever modes are on: it stands at the bottom of their stack."""
    put_back = _device_restored()
    try:
        yield
    finally:
        put_back()


def _taken() -> list[Callable[[], object]]:
    import random

    import torch

    python, generator = random.getstate(), torch.get_rng_state()
    kept: list[Callable[[], object]] = [
        lambda: random.setstate(python),
        lambda: torch.set_rng_state(generator),
        _setter(torch.get_default_dtype, torch.set_default_dtype),
        _setter(torch.is_grad_enabled, torch.set_grad_enabled),
        _setter(torch.are_deterministic_algorithms_enabled, torch.use_deterministic_algorithms),
        _setter(torch.get_num_threads, torch.set_num_threads),
    ]
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        drawn = numpy.random.get_state()
        kept.append(lambda: numpy.random.set_state(drawn))
    return kept


def _setter(get: Callable[[], object], put: Callable[[object], object]) -> Callable[[], object]:
    before = get()
    return lambda: None if get() == before else put(before)


def _device_restored() -> Callable[[], object]:
    """torch.set_default_device leaves a mode behind; taken away, or put back, only where it was changed."""
    import torch

    held = getattr(torch._GLOBAL_DEVICE_CONTEXT, "device_context", None)
    before = None if held is None else held.device

    def put_back() -> None:
        now = getattr(torch._GLOBAL_DEVICE_CONTEXT, "device_context", None)
        if now is not held:
            torch.set_default_device(before)

    return put_back
