"""What a config class says of its fields beyond their names: other names, missing parts, names it does not declare."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

from transformers import AutoConfig, PreTrainedConfig

from tools.derive import bases, classes, undeclared
from tools.derive.check import flat
from tools.derive.errors import NoEntry, Refused
from tools.derive.fields import fields, may_shape

#: what PretrainedConfig takes for num_labels where nothing is said
LABELS = 2


class Facts(NamedTuple):
    """What the config class of a type says of its fields."""

    model_type: str
    #: dotted path -> the value where a config.json says nothing
    defaults: dict[str, Any]
    aliases: dict[str, str]
    absent: dict[str, dict[str, Any]]
    layouts: dict[str, bool]
    #: fields that may shape a model, names that are taken without being declared among them
    shaping: list[str]
    #: fields whose texts are read letter by letter
    lettered: list[str]
    #: fields that say of which type a part is
    parts: list[str]

    def given(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """The values of all fields, what is not said in a config among them."""
        missing = [held for part, held in self.absent.items() if raw.get(part) is None]
        said = flat(raw, numbered="numbered" in self.layouts)
        return {**self.defaults, **{p: v for held in missing for p, v in held.items()}, **said}


@functools.cache
def facts_of(model_type: str) -> Facts:
    """The facts of a type; NoEntry where nobody can say which names its config class takes."""
    config = bases.build_config(model_type, bases.base(model_type))
    found = defaults_of(model_type)
    lettered = [field.path for field in fields(model_type) if "letters" in field.kinds]
    shaping = dict.fromkeys([*(field.path for field in fields(model_type)), *undeclared_names(config)])
    return Facts(
        model_type, found, aliases_of(config), missing_parts(model_type, found), older_layouts(config),
        list(shaping), lettered, parts_of_any_type(config),
    )  # fmt: skip


def defaults_of(model_type: str) -> dict[str, Any]:
    """What each field is where a config.json says nothing."""
    found = flat(bases.defaults(model_type))
    held = _names(model_type)
    for field in fields(model_type):  # a name that is read unsurely, and that the class does not take, is not there
        found.setdefault(field.path, field.default if field.path in held else None)
    for key, spec in classes.config_class(model_type).sub_configs_defaults.items():
        if spec.optional and f"{key}.model_type" in found:
            found[f"{key}.model_type"] = spec.model_type or getattr(spec.config_class, "model_type", None)
    for path in [p for p in found if p.count(".") == 0 or p.endswith(".model_type")]:
        found.setdefault(f"{path.rpartition('.')[0]}.num_labels".removeprefix("."), LABELS)
    return found


def _names(model_type: str) -> set[str]:
    """The fields of the config that the class makes of its defaults; of the base, where it refuses them."""
    try:
        config = bases.build_config(model_type, bases.defaults(model_type))
    except Refused:
        config = bases.build_config(model_type, bases.base(model_type))
    return {*flat(config.to_dict()), *undeclared_names(config)}


def aliases_of(config: Any, prefix: str = "") -> dict[str, str]:
    """Other names of fields, in all parts of a config: the library sets these when its rules are done."""
    found: dict[str, str] = {}
    declared = {field.name for field in dataclasses.fields(config)}
    for name, target in config.attribute_map.items():
        if target in declared:
            found[f"{prefix}{name}"] = f"{prefix}{target}"
        elif name in declared:
            found[f"{prefix}{target}"] = f"{prefix}{name}"
    for key, part in vars(config).items():
        if isinstance(part, PreTrainedConfig) and not key.startswith("_"):
            found.update(aliases_of(part, f"{prefix}{key}."))
    return found


def missing_parts(model_type: str, defaults: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What the fields of a part are where the whole part is missing, where that is not what they are in a given one."""
    implied = bases.implied(model_type)
    parts = {key: flat(held, f"{key}.") for key, held in implied.items() if isinstance(held, Mapping)}
    found = {key: {p: v for p, v in held.items() if defaults.get(p) != v} for key, held in parts.items()}
    for key in [*parts_of_another_type(model_type, implied), *optional_parts(model_type)]:
        found.setdefault(key, {})[f"{key}.model_type"] = None
    return found


def optional_parts(model_type: str) -> list[str]:
    """The parts that a model lacks where its config does."""
    specs = classes.config_class(model_type).sub_configs_defaults
    return [key for key, spec in specs.items() if spec.optional]


def parts_of_another_type(model_type: str, implied: Mapping[str, Any]) -> list[str]:
    """The parts that the class fills with another type than it declares for them: a backbone of another library."""
    try:
        made = bases.build_config(model_type, {})
    except Refused:
        return []
    held = {key: getattr(part, "model_type", None) for key, part in vars(made).items() if not key.startswith("_")}
    told = {key: part.get("model_type") for key, part in implied.items() if isinstance(part, Mapping)}
    return [key for key, word in told.items() if word and held.get(key) and held[key] != word]


def undeclared_names(config: Any, prefix: str = "") -> list[str]:
    """Names that a config class and those of its parts take without declaring them, and that may shape a model."""
    found = [f"{prefix}{name}" for name in undeclared.popped(type(config)) if may_shape(name)]
    for key, part in vars(config).items():
        if isinstance(part, PreTrainedConfig) and not key.startswith("_"):
            found += undeclared_names(part, f"{prefix}{key}.")
    return found


def older_layouts(config: Any) -> dict[str, bool]:
    """What else the class reads: "flat", the fields of a part beside it; "twins", text_config_dict for text_config;
    "numbered", num_labels whatever names its labels have.

    NoEntry where nobody can say which names it takes.
    """
    if any(undeclared.makes_up_names(type(held)) for held in (config, *_parts(config))):
        raise NoEntry("its config class takes names that it makes up")
    twins = any(name.endswith("_config_dict") for name in undeclared.popped(type(config)))
    found = {"flat": undeclared.is_flat(type(config)), "twins": twins, "numbered": _is_numbered(type(config))}
    return {name: True for name, holds in found.items() if holds}


def _is_numbered(kind: type[Any]) -> bool:
    """Whether a class declares the number of labels, which others have from the names of these."""
    return "num_labels" in {field.name for field in dataclasses.fields(kind)}


def _parts(config: Any) -> list[Any]:
    every = vars(config).items()
    held = [part for key, part in every if isinstance(part, PreTrainedConfig) and not key.startswith("_")]
    return held + [inner for part in held for inner in _parts(part)]


def parts_of_any_type(config: Any, prefix: str = "") -> list[str]:
    """The fields that say of which type a part is, where the library takes any."""
    found = []
    for key, part in vars(config).items():
        if isinstance(part, PreTrainedConfig) and not key.startswith("_"):
            if type(config).sub_configs.get(key) is AutoConfig:
                found.append(f"{prefix}{key}.model_type")
            found += parts_of_any_type(part, f"{prefix}{key}.")
    return found


def base_prefix(head: str) -> str:
    prefix = getattr(classes.model_class(head), "base_model_prefix", "")
    return f"{prefix}." if prefix else ""
