"""What the library builds: the real class on the meta device, and the names, shapes, ties and buffers of it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from math import prod
from typing import Any

import torch

from tools.derive.trial.space import Found, Raw


class NotAccepted(Exception):
    """The library does not take this config, or its constructor raises."""


@contextlib.contextmanager
def no_values() -> Iterator[None]:
    """Nothing is drawn for parameters meanwhile: the initialisers of torch do nothing."""
    names = [name for name in vars(torch.nn.init) if name.endswith("_") and not name.startswith("_")]
    kept = {name: getattr(torch.nn.init, name) for name in names}
    for name in names:
        setattr(torch.nn.init, name, lambda tensor, *args, **kwargs: tensor)
    try:
        yield
    finally:
        for name in names:
            setattr(torch.nn.init, name, kept[name])


def config_of(model_type: str, raw: Raw) -> Any:
    """The library's config of a raw one, as it would be read from a file."""
    from transformers import CONFIG_MAPPING

    plain = {key: value for key, value in json.loads(json.dumps(raw)).items() if key != "model_type"}
    try:
        return CONFIG_MAPPING[model_type].from_dict(plain)
    except Exception as error:
        raise NotAccepted(f"{type(error).__name__}: {error}") from error


def full(config: Any) -> Raw:
    """A config as the library saves it, every field spelled out; NotAccepted where that is no JSON."""
    try:
        raw: Raw = json.loads(config.to_json_string(use_diff=False))
    except Exception as error:
        raise NotAccepted(f"{type(error).__name__}: {error}") from error
    return raw


def build(head: str, config: Any) -> Found:
    """The tensors of the class named `head`, made from this config on the meta device; NotAccepted where the class
    refuses it, and where it makes a model that no input fits."""
    from tools.derive.bases import cannot_run
    from tools.derive.classes import model_class

    try:
        kind = model_class(head)
        if config.sub_configs.get("text_config") is getattr(kind, "config_class", None) is not None:
            config = config.get_text_config()  # as transformers/models/auto/auto_factory.py does
        with no_values(), torch.device("meta"):
            model = kind(config)
    except Exception as error:
        raise NotAccepted(f"{type(error).__name__}: {error}") from error
    if any(map(cannot_run, model.modules())):
        raise NotAccepted("a convolution with a kernel of other sides than it slides along")
    return found(model)


def found(model: torch.nn.Module) -> Found:
    """What a model holds."""
    parameters, ties, first, buffers = {}, {}, dict[int, str](), {}
    total = 0
    for name, parameter in model.named_parameters(remove_duplicate=False):
        parameters[name] = tuple(parameter.shape)
        if (owner := first.setdefault(id(parameter), name)) != name:
            ties[name] = owner
        else:
            total += prod(parameter.shape)
    for prefix, module in model.named_modules(remove_duplicate=False):
        for name, buffer in module._buffers.items():
            if buffer is not None and name not in module._non_persistent_buffers_set:
                buffers[f"{prefix}.{name}" if prefix else name] = tuple(buffer.shape)
    return Found(total, parameters, ties, buffers)
