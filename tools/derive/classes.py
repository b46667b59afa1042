"""Which model classes belong to a model type of transformers, the main one first.

The library's own tables say it: the `*_MAPPING_NAMES` of transformers.models.auto.modeling_auto (name of the type ->
name of the class) and CONFIG_MAPPING_NAMES of configuration_auto. Classes that stand in no table (BertLMHeadModel,
T5EncoderModel) are found in the modelling modules of the type's package by the config class they take.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import os
import pkgutil
from types import ModuleType
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # some constructors would ask the hub for a backbone's config

import torch
import transformers
from transformers.models.auto import modeling_auto
from transformers.models.auto.configuration_auto import CONFIG_MAPPING, CONFIG_MAPPING_NAMES, model_type_to_module_name
from transformers.utils.import_utils import DummyObject

from tools.derive.errors import Unbuildable

# The order in which a type's main class is looked for; what stands in none of them has its base model as main class.
_PRIORITY = (
    "MODEL_FOR_CAUSAL_LM_MAPPING_NAMES",
    "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES",
    "MODEL_FOR_SPEECH_SEQ_2_SEQ_MAPPING_NAMES",
    "MODEL_FOR_MASKED_LM_MAPPING_NAMES",
    "MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES",
    "MODEL_FOR_MULTIMODAL_LM_MAPPING_NAMES",
    "MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES",
    "MODEL_FOR_CTC_MAPPING_NAMES",
    "MODEL_MAPPING_NAMES",
)


@functools.cache
def _tables() -> dict[str, dict[str, tuple[str, ...]]]:
    """Every table of model classes: name of the table -> type -> names of classes."""
    found = {}
    for name, table in vars(modeling_auto).items():
        if name.endswith("_NAMES") and isinstance(table, dict) and table is not CONFIG_MAPPING_NAMES:
            found[name] = {key: (value,) if isinstance(value, str) else tuple(value) for key, value in table.items()}
    return found


@functools.cache
def types() -> list[str]:
    """The model types that have a model class in some table, in the order of the library's configs."""
    named = {model_type for table in _tables().values() for model_type in table}
    return [model_type for model_type in CONFIG_MAPPING_NAMES if model_type in named]


@functools.cache
def without_class() -> list[str]:
    """The model types that have a config only: parts of other models, in most cases."""
    return [model_type for model_type in CONFIG_MAPPING_NAMES if model_type not in set(types())]


@functools.cache
def config_class(model_type: str) -> type[Any]:
    """The config class of a type."""
    if model_type not in CONFIG_MAPPING_NAMES:
        raise Unbuildable(f"{model_type!r} is no model type of transformers {transformers.__version__}")
    try:
        found: type[Any] = CONFIG_MAPPING[model_type]
    except Exception as error:  # whatever an import can raise
        raise Unbuildable(f"its config class can not be imported: {line(error)}") from error
    return found


@functools.cache
def model_class(name: str) -> type[Any]:
    """The model class of this name."""
    try:
        found: type[Any] = getattr(transformers, name, None) or _elsewhere(name)
    except Exception as error:  # whatever an import can raise
        raise Unbuildable(f"{name} can not be imported: {line(error)}") from error
    if isinstance(found, DummyObject):  # stands in for what needs an absent library
        raise Unbuildable(f"{name} needs a library that is not installed: {', '.join(found._backends)}")
    return found


@functools.cache
def heads(model_type: str) -> list[str]:
    """The names of the type's model classes: the main one, the base model, the others."""
    named = _named(model_type)
    own = [name for name in named if _takes(name, model_type)]
    own = list(dict.fromkeys([*own, *_unlisted(model_type)]))
    if not own and named:
        raise Unbuildable(_why_none(named))
    return own


@functools.cache
def modules(model_type: str) -> tuple[ModuleType, ...]:
    """The configuration and modelling modules of the type's package."""
    package = importlib.import_module(f"transformers.models.{model_type_to_module_name(model_type)}")
    found = []
    for item in pkgutil.iter_modules(package.__path__):
        if item.name.startswith(("modeling_", "configuration_")):
            try:
                found.append(importlib.import_module(f"{package.__name__}.{item.name}"))
            except Exception:  # an optional library is absent: the classes will say so
                continue
    return tuple(found)


def _named(model_type: str) -> list[str]:
    """The classes that the tables name for a type: main one, base model, others in the order of the tables."""
    tables = _tables()
    order = [name for name in _order(model_type) if model_type in tables[name]]
    names = [tables[name][model_type][0] for name in order[:1]]
    names += tables["MODEL_MAPPING_NAMES"].get(model_type, ())
    for table in tables.values():
        names += table.get(model_type, ())
    return list(dict.fromkeys(names))


def _order(model_type: str) -> list[str]:
    """The priority of the tables for a type: an encoder-decoder is no decoder first, and an encoder that can be made
    a decoder by request (`is_decoder`) is an encoder first; what has towers for text and sight is no classifier."""
    config = config_class(model_type)
    defaults = {field.name: field.default for field in dataclasses.fields(config)}
    masked = model_type in _tables()["MODEL_FOR_MASKED_LM_MAPPING_NAMES"]
    last = set()
    if defaults.get("is_encoder_decoder") is True or (masked and defaults.get("is_decoder") is False):
        last.add("MODEL_FOR_CAUSAL_LM_MAPPING_NAMES")
    if "text_config" in config.sub_configs:
        last.add("MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES")
    return sorted(_PRIORITY, key=lambda name: name in last)


def _unlisted(model_type: str) -> list[str]:
    """The exported model classes of the type's modules that take its config class but stand in no table."""
    config = config_class(model_type)
    names = []
    for module in modules(model_type):
        for name in getattr(module, "__all__", ()):
            kind = getattr(module, name, None)
            if isinstance(kind, type) and getattr(kind, "config_class", None) is config and _concrete(kind):
                names.append(name)
    return names


def _concrete(kind: type[Any]) -> bool:
    """Whether a class is a model of its own, not the parent of the type's models (LlamaPreTrainedModel)."""
    return issubclass(kind, torch.nn.Module) and kind.__init__ is not transformers.PreTrainedModel.__init__


def _takes(name: str, model_type: str) -> bool:
    """Whether a class exists here and takes the config of this type, not the one of a part of it.

    A table may name the class of another type whose config has the same words (iquestcoder: LlamaForCausalLM)."""
    try:
        wanted = getattr(model_class(name), "config_class", None)
    except Unbuildable:
        return False
    config = config_class(model_type)
    if wanted is None or issubclass(config, wanted):
        return True
    return wanted.__name__ in CONFIG_MAPPING_NAMES.values() and wanted not in _classes_of_parts(config)


def _classes_of_parts(config: type[Any]) -> set[type[Any]]:
    """The config classes of the parts of a config class, those of their parts included."""
    found = set()
    for spec in config.sub_configs_defaults.values():
        part = spec.config_class
        if not issubclass(part, transformers.PreTrainedConfig) and spec.model_type in CONFIG_MAPPING_NAMES:
            part = config_class(spec.model_type)
        found |= {part} | (_classes_of_parts(part) if issubclass(part, transformers.PreTrainedConfig) else set())
    return found


def _why_none(names: list[str]) -> str:
    """Why none of the named classes can stand for a type."""
    for name in names:
        try:
            model_class(name)
        except Unbuildable as error:
            return str(error)
    return f"its classes take the config of another type: {', '.join(names)}"


def _elsewhere(name: str) -> type[Any]:
    """A class that transformers does not export at the top, from the modules of the types."""
    for model_type in [key for table in _tables().values() for key, value in table.items() if name in value]:
        for module in modules(model_type):
            if hasattr(module, name):
                found: type[Any] = getattr(module, name)
                return found
    raise Unbuildable(f"no class {name} in transformers {transformers.__version__}")


def line(error: BaseException) -> str:
    """An error in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
