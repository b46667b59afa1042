"""A small config of a model type that its constructor accepts, and the model of it on the meta device.

A config here is *raw*: the nested dict that a config.json holds, with `model_type`. The base of a type is the config
class's own defaults, spelled out, with the depths and the experts cut down; which cuts the library accepts is tried.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import functools
import warnings
from collections.abc import Iterator
from typing import Any

import torch
import transformers
from torch.nn.modules.conv import _ConvNd
from torch.nn.modules.module import register_module_module_registration_hook

from tools.derive import classes, depths
from tools.derive.changes import Raw
from tools.derive.depths import is_part
from tools.derive.errors import Refused, Unbuildable

COMMON = frozenset(field.name for field in dataclasses.fields(transformers.PreTrainedConfig))
_MODULES = 60_000  # deepseek-style models of the library's defaults have less
#: the level of the library's remarks at which it makes none
SILENT = 50
_PLAIN = (bool, int, float, str, type(None))
#: along how many sides convolutions slide
SLIDES = {
    kind: n for n in (1, 2, 3) for kind in (getattr(torch.nn, f"Conv{n}d"), getattr(torch.nn, f"ConvTranspose{n}d"))
}


def build_config(model_type: str, raw: Raw) -> Any:
    """The library's config object of a raw config; Refused when it does not accept it."""
    given = {key: value for key, value in copy.deepcopy(raw).items() if key != "model_type"}
    with _quiet():
        try:
            return classes.config_class(model_type).from_dict(given)
        except Exception as error:  # whatever a validator or a __post_init__ can raise
            raise Refused(f"{classes.line(error)}") from error


def build_model(head: str, config: Any) -> torch.nn.Module:
    """The model of a config on the meta device, tied as a plain one; Refused when its constructor raises."""
    kind = classes.model_class(head)
    wanted = getattr(kind, "config_class", None)
    if wanted is not None and not isinstance(config, wanted) and config.sub_configs.get("text_config") is wanted:
        config = config.get_text_config()  # as AutoModel.from_config does
    with _quiet(), _no_initialisation(), _few_modules(), torch.device("meta"):
        try:
            made: torch.nn.Module = kind(config)
        except Refused:
            raise
        except Exception as error:  # whatever a constructor can raise
            raise Refused(f"{classes.line(error)}") from error
    return made


def build(model_type: str, head: str, raw: Raw) -> torch.nn.Module:
    """The model of a raw config; Refused when the config or the model class does not accept it."""
    made = build_model(head, build_config(model_type, raw))
    LAST[:] = [(head, repr(raw)), made]
    return made


#: the last model that was built, and of what: whoever drew a config looks at its model next
LAST: list[Any] = [None, None]


def base(model_type: str) -> Raw:
    """A small raw config with which the main class of the type builds; Unbuildable where none was found."""
    return copy.deepcopy(_base(model_type))


@functools.cache
def _base(model_type: str) -> Raw:
    from tools.derive import repairs

    head = _main(model_type)
    try:
        raw = repairs.repaired(model_type, head, implied(model_type))
    except Refused as error:
        raise Unbuildable(str(error)) from error
    return depths.cut(raw, lambda tried: build(model_type, head, tried))


def _main(model_type: str) -> str:
    """The main class of a type."""
    named = classes.heads(model_type)
    if not named:
        raise Unbuildable("no model class takes its config")
    return named[0]


def defaults(model_type: str) -> Raw:
    """What the library takes where a config.json, or the dict of a part that stands in it, lacks a field."""
    return _spelled(classes.config_class(model_type), implied=False)


def implied(model_type: str) -> Raw:
    """What the library takes where a config.json says nothing at all: for a part that is missing as a whole, what its
    place implies (SubConfigSpec.init_kwargs) goes before the defaults of its class."""
    return _spelled(classes.config_class(model_type), implied=True)


def _spelled(kind: type[Any], implied: bool) -> Raw:
    """The declared defaults of a config class, those of its parts in place of None."""
    raw: Raw = {"model_type": kind.model_type}
    for field in dataclasses.fields(kind):
        if field.name in COMMON or field.name.startswith("_"):
            continue
        value = default(field)
        if _is_plain(value):
            raw[field.name] = listed(value)
    for key, (part, given) in _parts(kind).items():
        raw[key] = {**_spelled(part, implied), **(listed(given) if implied else {})}
    return raw


def _parts(kind: type[Any]) -> dict[str, tuple[type[Any], Raw]]:
    """The parts of a config class that are there by default: their classes and what their place implies."""
    found = {}
    for key, spec in kind.sub_configs_defaults.items():
        part = None if spec.optional else _part(spec)
        if part is not None:
            found[key] = (part, spec.init_kwargs)
    return found or {key: (part, {}) for key, part in _parts_made(kind).items()}


def _parts_made(kind: type[Any]) -> dict[str, type[Any]]:
    """The parts that a config object of defaults has without declaring them."""
    try:
        with _quiet():
            made = kind()
    except Exception:  # a config class without defaults: nothing to find here
        return {}
    held = {key: type(value) for key, value in vars(made).items() if isinstance(value, transformers.PreTrainedConfig)}
    return {key: part for key, part in held.items() if not key.startswith("_")}


def places(model_type: str, raw: Raw) -> Iterator[tuple[str, type[Any], Raw]]:
    """The configs in a raw config: (prefix of the dotted paths, config class, its own raw config), the whole first."""
    yield from _places("", classes.config_class(model_type), raw)


def _places(prefix: str, kind: type[Any], raw: Raw) -> Iterator[tuple[str, type[Any], Raw]]:
    yield prefix, kind, raw
    for key, part in raw.items():
        if is_part(part):
            yield from _places(f"{prefix}{key}.", class_of(kind, key, part), part)


def class_of(kind: type[Any], key: str, part: Raw) -> type[Any]:
    """The config class of a part of a config of some class."""
    declared = kind.sub_configs.get(key)
    if declared is not None and issubclass(declared, transformers.PreTrainedConfig):
        found: type[Any] = declared
        return found
    return classes.config_class(part["model_type"]) if part["model_type"] else _parts_made(kind)[key]


def _part(spec: Any) -> type[Any] | None:
    """The config class of a part: the declared one, or the one of its declared type."""
    if isinstance(spec.config_class, type) and issubclass(spec.config_class, transformers.PreTrainedConfig):
        return spec.config_class
    try:
        return classes.config_class(spec.model_type) if spec.model_type else None
    except Unbuildable:
        return None


def default(field: Any) -> Any:
    """The default of a declared field."""
    if field.default is not dataclasses.MISSING:
        return field.default
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return None


def _is_plain(value: Any) -> bool:
    """Whether JSON can hold a value."""
    if isinstance(value, (list, tuple)):
        return all(_is_plain(item) for item in value)
    if isinstance(value, dict):
        return all(isinstance(key, (str, int)) and _is_plain(item) for key, item in value.items())
    return isinstance(value, _PLAIN)


def listed(value: Any) -> Any:
    """A value as JSON holds it: lists for tuples."""
    if isinstance(value, (list, tuple)):
        return [listed(item) for item in value]
    if isinstance(value, dict):
        return {str(key): listed(item) for key, item in value.items()}
    return value


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the library's remarks: they are about use, not about shapes."""
    before = transformers.logging.get_verbosity()
    if before == SILENT:  # setting it clears caches of all loggers
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
        return
    transformers.logging.set_verbosity(SILENT)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        transformers.logging.set_verbosity(before)


def _same(tensor: Any, *arguments: Any, **named: Any) -> Any:
    """In place of what fills a tensor."""
    return tensor


@contextlib.contextmanager
def _no_initialisation() -> Iterator[None]:
    """torch's initialisers filling nothing: values do not exist on the meta device, and drawing them takes time.

    post_init is left as it is: on the meta device it ties and initialises nothing."""
    names = [name for name in dir(torch.nn.init) if name.endswith("_") and not name.startswith("_")]
    before = {name: getattr(torch.nn.init, name) for name in names}
    try:
        for name in names:
            setattr(torch.nn.init, name, _same)
        yield
    finally:
        for name, initialiser in before.items():
            setattr(torch.nn.init, name, initialiser)


def cannot_run(part: Any) -> bool:
    """Whether a module is a convolution with a kernel of other sides than it slides along: what takes such a config
    makes a model of it that no input fits."""
    if not isinstance(part, _ConvNd):
        return False
    return not any(part.weight.dim() == n + 2 for kind, n in SLIDES.items() if isinstance(part, kind))


@contextlib.contextmanager
def _few_modules() -> Iterator[None]:
    """Give up on a model of more modules than any base or draw needs, rather than build it for minutes; and on one that
    cannot run, since a convolution got a kernel of other sides than it slides along."""
    count = 0

    def counted(module: torch.nn.Module, name: str, part: Any) -> None:
        nonlocal count
        count += 1
        if count > _MODULES:
            raise Refused(f"a model of more than {_MODULES:,} modules")
        if cannot_run(part):
            raise Refused(f"a {type(part).__name__} with a kernel of {part.weight.dim() - 2} sides")

    handle = register_module_module_registration_hook(counted)
    try:
        yield
    finally:
        handle.remove()
