"""Live models of PyTorch: modules, state dicts, parameters; nothing is run, and nothing is left behind."""

from __future__ import annotations

import sys

from nparams.errors import ReadError
from nparams.frameworks._torch import refused, state_dict
from nparams.frameworks._torch.access import named
from nparams.frameworks._torch.hidden import is_module
from nparams.frameworks._torch.loose import holds_tensors, is_iterator, is_tensor
from nparams.frameworks._torch.model import read_exported, read_models, read_tensors
from nparams.network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def claims(source: object) -> bool:
    """Whether `source` is something of PyTorch's, or has to do with it."""
    if sys.modules.get("torch.nn") is None:
        return False
    try:
        return _is_readable(source) or refused.is_class(source) or _is_near(source)
    except Exception:  # a class of the user's that cannot even be looked at
        return False


def _is_readable(source: object) -> bool:
    return (
        is_module(source)
        or holds_tensors(source)
        or is_iterator(source)
        or _is_exported(source)
        or bool(_modules_in(source))
        or state_dict.claims(source)
    )


def _is_near(source: object) -> bool:
    return refused.known(source) is not None or bool(refused.held(source))


def _is_exported(source: object) -> bool:
    module = sys.modules.get("torch.export")
    return module is not None and issubclass(type(source), getattr(module, "ExportedProgram", ()))


def _modules_in(source: object) -> dict[str, Any]:
    """The models of a plain dict or list of several, by name."""
    if type(source) is dict and source and all(map(is_module, source.values())):
        return {str(name): model for name, model in source.items()}
    if type(source) in (list, tuple) and source and all(map(is_module, source)):  # type: ignore[call-overload]
        return {str(k): model for k, model in enumerate(source)}  # type: ignore[arg-type, var-annotated]
    return {}


def read(source: Any) -> Network:
    """The network that a live model is: each parameter once, under the name that the model gives it first."""
    torch: Any = sys.modules["torch"]
    with torch._C.DisableTorchFunction():
        try:
            return _read(source)
        except RuntimeError as problem:
            if "during iteration" not in str(problem):  # dictionary changed size, or keys, during iteration
                raise
            called = type(source).__name__
            raise ReadError(f"{called} is changed by another thread while it is read: read it again") from None


def _read(source: Any) -> Network:
    if is_module(source):
        return read_models({"": source}, named(source))
    if _is_exported(source):
        return read_exported(source)
    if holds_tensors(source):
        return read_tensors(source, "a tensor" if is_tensor(source) else f"{type(source).__name__} of tensors")
    if is_iterator(source):
        return read_tensors(source, "parameters")
    models = _modules_in(source) or (refused.held(source) if refused.is_pipeline(source) else {})
    if models:
        title = type(source).__name__ if type(source) not in (dict, list, tuple) else f"{len(models):,} models"
        return read_models(models, title, {f"{name}.": name for name in models})
    if state_dict.claims(source):
        return state_dict.read(source)
    raise refused.refusal(source)
