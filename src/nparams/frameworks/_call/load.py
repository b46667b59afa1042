"""The user's module, imported as `python -m` would find it, or by the path of its file."""

from __future__ import annotations

import os
import sys
from importlib import import_module, util

from nparams.errors import ReadError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType


def module_named(name: str) -> ModuleType:
    """The module of that name; ReadError where there is none, the module's own errors as they are."""
    try:
        return import_module(name)
    except ModuleNotFoundError as problem:
        if problem.name is None or not f"{name}.".startswith(f"{problem.name}."):
            raise  # it is there, and asks for another that is not
        raise ReadError(
            f"there is no module {shown(problem.name)}: looked in this directory and among the installed packages"
        ) from None


def module_in(path: str) -> ModuleType:
    """The module in a file: as part of its package where it stands in one, else under its own name."""
    full = os.path.abspath(path)
    if not os.path.isfile(full):
        raise ReadError(f"{shown(path)}: no such file")
    root, name = placed(full)
    sys.path.insert(0, root)
    try:
        if "." in name:
            return import_module(name)
        return _alone(full, name)
    finally:
        if root in sys.path:
            sys.path.remove(root)


def placed(full: str) -> tuple[str, str]:
    """The folder that the file's package stands in, and the module's dotted name from there."""
    folder, base = os.path.split(full)
    parts = [base.removesuffix(".py")]
    while os.path.isfile(os.path.join(folder, "__init__.py")) and os.path.basename(folder).isidentifier():
        folder, package = os.path.split(folder)
        parts.insert(0, package)
    if len(parts) > 1 and parts[-1] == "__init__":
        parts.pop()
    return folder, ".".join(parts) if all(part.isidentifier() for part in parts) else parts[-1]


def _alone(full: str, name: str) -> ModuleType:
    """A file by itself, known to sys.modules while it runs and after: dataclasses and pickles look there."""
    held = sys.modules.get(name)
    if held is not None and getattr(held, "__file__", None) == full:
        return held
    while name in sys.modules or name in sys.stdlib_module_names:
        name += "_"
    spec = util.spec_from_file_location(name, full)
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module
