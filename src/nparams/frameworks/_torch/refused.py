"""What is no model but has to do with one: each is refused in a line that names what to read instead."""

from __future__ import annotations

import sys

from nparams.errors import UnsupportedError
from nparams.frameworks._torch.hidden import is_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: (start of a class's module, name of the class) -> what it is, and what to read
KNOWN = (
    ("torch.optim.", "Optimizer", "an optimizer", "the model whose parameters it was given"),
    ("torch.optim.", "LRScheduler", "a schedule of learning rates", "the model"),
    ("torch.utils.data.", "DataLoader", "a loader of data", "the model"),
    ("torch.utils.data.", "Dataset", "a set of data", "the model"),
    ("torch.amp.", "GradScaler", "a scaler of gradients", "the model"),
    ("pytorch_lightning.", "Trainer", "a trainer", "trainer.lightning_module"),
    ("lightning.", "Trainer", "a trainer", "trainer.lightning_module"),
)
#: modules that a pipeline of diffusers holds stand beside each other (huggingface/diffusers src/diffusers/pipelines/
#: pipeline_utils.py, `DiffusionPipeline.components`)
PIPELINES = (("diffusers.", "DiffusionPipeline"),)


def known(source: object) -> tuple[str, str] | None:
    """What an object of a class that holds no model is, and what to read instead."""
    names = [(base.__module__, base.__name__) for base in type(source).__mro__]
    for start, name, what, instead in KNOWN:
        if any(module.startswith(start) and word == name for module, word in names):
            return what, instead
    return None


def is_class(source: object) -> bool:
    """Whether it is a class of modules, not a module."""
    return isinstance(source, type) and issubclass(source, sys.modules["torch.nn"].Module)


def held(source: object) -> dict[str, Any]:
    """The modules in the attributes of an object that is none."""
    if isinstance(source, type):
        return {}
    try:
        attributes = object.__getattribute__(source, "__dict__")
    except AttributeError:
        return {}
    found: dict[int, tuple[str, Any]] = {}
    for key, value in attributes.items() if type(attributes) is dict else ():
        if is_module(value):
            found.setdefault(id(value), (key, value))  # a trainer holds its model twice: as it was, and wrapped
    return dict(found.values())


def is_pipeline(source: object) -> bool:
    """Whether what it holds are the components of one network."""
    names = [(base.__module__, base.__name__) for base in type(source).__mro__]
    return any(module.startswith(start) and word == name for start, name in PIPELINES for module, word in names)


def refusal(source: object) -> UnsupportedError:
    """The line for something that is claimed and cannot be read."""
    if isinstance(source, type):
        return UnsupportedError(f"{source.__name__} is a class, not a model: make one, as in {source.__name__}(...)")
    called = type(source).__name__
    if (told := known(source)) is not None:
        return UnsupportedError(f"{called} is {told[0]}, not a model: read {told[1]}")
    names = list(held(source))
    if len(names) == 1:
        return UnsupportedError(f"{called} is not a model but holds one: read its .{names[0]}")
    several = ", ".join(f".{name}" for name in names[:5])
    return UnsupportedError(f"{called} is not a model but holds {len(names):,}: read one of {several}")
