"""What building a network of PyTorch code with torch gives, beside what reading the code gives."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import random
import sys
import warnings
from types import ModuleType
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from nparams.network import Module, Network

#: the name of a parameter, and its shape
Named = tuple[str, tuple[int, ...]]


def theirs(model: nn.Module) -> list[Named]:
    """The parameters that torch registers, a shared one once."""
    return sorted((name, tuple(held.shape)) for name, held in model.named_parameters())


def total(model: nn.Module) -> int:
    return sum(held.numel() for held in model.parameters())


def ours(network: Network) -> list[Named]:
    """The parameters that we read, one tied to another left out; copies are written out."""
    return sorted(_held(network.root))


def _held(module: Module) -> Iterator[Named]:
    assert module.over is None, f"{module.name}: code has a name for each copy"
    for tensor in module.tensors:
        if tensor.role in ("weight", "bias") and tensor.tied_to is None:
            yield tensor.name, tensor.shape
    for child in module.children:
        yield from _held(child)


# -- files as people wrote them ---------------------------------------------------------------------------------------


class Stand(ModuleType):
    """Stands for a package: its classes are layers without parameters, its functions do nothing."""

    __path__: Sequence[str] = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (_Bare,), {}) if name[:1].isupper() else _Nothing()


class _Bare(nn.Module):
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__()


class _Nothing:
    """A decorator, with or without arguments; anything else that is called for what it does."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return args[0] if len(args) == 1 and callable(args[0]) and not kwargs else self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self


class Absent(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds everything below the packages that it is told of, installed or not."""

    def __init__(self, packages: set[str]) -> None:
        self.packages = packages

    def find_spec(self, name: str, path: object, target: object = None) -> importlib.machinery.ModuleSpec | None:
        if name.partition(".")[0] not in self.packages:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return Stand(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


def loaded(path: Path, absent: set[str], name: str = "") -> ModuleType:
    """The file, run as a module of its own; `absent` packages, and those that it is part of, are only stood for."""
    name = name or f"public_{path.stem}_{random.getrandbits(32):x}"
    parent = name.partition(".")[0]
    before, finder = dict(sys.modules), Absent(absent | ({parent} if "." in name else set()))
    sys.meta_path.insert(0, finder)
    try:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the file itself is warned of
            spec.loader.exec_module(module)
        return module
    finally:
        sys.meta_path.remove(finder)
        for added in set(sys.modules) - set(before):
            if isinstance(sys.modules[added], Stand):
                del sys.modules[added]  # the next file may stand for others


def built(make: Callable[[], Any]) -> nn.Module:
    """A model without its numbers, so that a large one costs nothing; with them where its code looks at one."""
    try:
        with torch.device("meta"):
            made = make()
    except (RuntimeError, NotImplementedError):
        made = make()
    assert isinstance(made, nn.Module)
    return made
