"""What an entry was made from: versions, the sources of its classes, the engine."""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import sys
import time
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

ENGINE = 1  # raised by whoever changes what tools/derive learns from the same sources
MODELS = "transformers.models."


def made(model_type: str, classes: Iterable[str]) -> dict[str, Any]:
    """The record `made` of an entry whose heads are these classes of transformers."""
    return {**versions(), "source": source_hash(model_type, classes), "date": today()}


def versions() -> dict[str, Any]:
    """The versions that an entry depends on; torch's without its build."""
    return {"transformers": version("transformers"), "torch": version("torch").partition("+")[0], "engine": ENGINE}


def today() -> str:
    """The date in UTC, 2026-11-27."""
    return time.strftime("%Y-%m-%d", time.gmtime())


def source_hash(model_type: str, classes: Iterable[str]) -> str:
    """sha256 over the modules that define the config and the classes, and what they import from transformers.models.

    Types that a composite config has as parts count too: their classes are made by name, not imported.
    """
    digest = hashlib.sha256()
    for name in sorted(closure({*config_modules(model_type), *class_modules(classes)})):
        digest.update(f"{name}\0".encode() + hashlib.sha256(source(name)).digest())
    return digest.hexdigest()


def class_modules(classes: Iterable[str]) -> Iterator[str]:
    """The modules that define classes of transformers."""
    transformers = importlib.import_module("transformers")
    for name in classes:
        if (found := getattr(transformers, name, None)) is not None:
            yield found.__module__


def config_modules(model_type: str) -> Iterator[str]:
    """The modules that define a type's config and those of its parts, each with the modelling beside it."""
    from transformers import CONFIG_MAPPING

    waiting, seen = [CONFIG_MAPPING[model_type]], set()
    while waiting:
        config = waiting.pop()
        if config in seen:
            continue
        seen.add(config)
        yield config.__module__
        yield config.__module__.replace(".configuration_", ".modeling_")
        waiting += parts(config)


def parts(config: type) -> Iterator[type]:
    """The config classes of a composite config's parts."""
    from transformers import CONFIG_MAPPING, PretrainedConfig

    for spec in getattr(config, "sub_configs_defaults", {}).values():
        made_of = getattr(spec, "config_class", spec)
        if isinstance(made_of, type) and issubclass(made_of, PretrainedConfig):
            yield made_of
        elif getattr(spec, "model_type", None) in CONFIG_MAPPING:
            yield CONFIG_MAPPING[spec.model_type]


def closure(modules: Iterable[str]) -> set[str]:
    """The modules of transformers.models among these, and those that they import, and so on; `auto` left out."""
    waiting, seen = list(modules), set()
    while waiting:
        name = waiting.pop()
        if name in seen or not name.startswith(MODELS) or name.startswith(f"{MODELS}auto") or where(name) is None:
            continue
        seen.add(name)
        waiting += imports(name)
    return seen


@cache
def where(module: str) -> Path | None:
    """The file of a module, found without importing it; None where there is none."""
    if (loaded := sys.modules.get(module)) is not None and getattr(loaded, "__file__", None):
        return Path(str(loaded.__file__))
    try:
        found = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        return None
    return Path(found.origin) if found is not None and found.origin else None


def source(module: str) -> bytes:
    """The bytes of a module's file."""
    path = where(module)
    assert path is not None
    return path.read_bytes()


@cache
def imports(module: str) -> tuple[str, ...]:
    """The modules that a module imports by `from ... import`, where they define configs or models."""
    package = module.rpartition(".")[0]
    found = [node for node in ast.walk(ast.parse(source(module))) if isinstance(node, ast.ImportFrom)]
    names = [importlib.util.resolve_name("." * node.level + (node.module or ""), package) for node in found]
    return tuple(name for name in names if ".modeling_" in name or ".configuration_" in name)
