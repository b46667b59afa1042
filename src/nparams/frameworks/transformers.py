"""A config.json counted by the transformers library itself: the model is made on the meta device, without numbers.

This runs the library's constructors, so it happens only where the user spells it out (--with-library, library=True).
Code that a repository brings along is never run, and nothing is fetched.
"""

from __future__ import annotations

import sys

from nparams.errors import NparamsError, UnsupportedError, UsageError, escaped, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from nparams.network import Network

#: set while a model is made: the hub's client then asks no server
OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE")
#: classes that make any type's model, those with a head first (transformers src/transformers/models/auto)
AUTO = (
    "AutoModelForImageTextToText", "AutoModelForCausalLM", "AutoModelForSeq2SeqLM", "AutoModelForMaskedLM",
    "AutoModelForPreTraining", "AutoModelForSpeechSeq2Seq", "AutoModelForCTC", "AutoModelForImageClassification",
    "AutoModelForObjectDetection", "AutoModel",
)  # fmt: skip
LONGEST = 200


def read(
    held: Mapping[str, Any], live: Callable[[object], Network], *, which: str | None = None, set: object = None,
    free: object = None,
) -> Network:  # fmt: skip
    """The network that the library makes of a configuration; `live` counts what it made.

    Raises UsageError where the library is not installed, UnsupportedError for what it cannot make.
    """
    if set or free:
        raise UsageError("--set is not for --with-library: write the values into the config.json")
    model = made(held, which)
    network = live(model)
    network.form, network.source = "config", "config.json"
    version = getattr(sys.modules["transformers"], "__version__", "")
    network.read_as = f"{type(model).__name__} as transformers {version} makes it"
    network.notes.append(
        f"counted on the model that transformers {version} makes without its numbers (--with-library), not by a formula"
    )
    return network


def made(held: Mapping[str, Any], which: str | None) -> Any:
    """The model on the meta device."""
    try:
        with _Offline():
            import torch
            import transformers
    except ImportError as problem:
        raise UsageError(
            "--with-library needs the transformers library and torch in this Python "
            f"({escaped(str(problem)[:LONGEST])}): pip install transformers torch"
        ) from None
    with _Offline(), torch.device("meta"):
        try:
            return _class(transformers, held, which)
        except NparamsError:
            raise
        except Exception as problem:  # the library's own refusal, of whatever kind
            said = " ".join(str(problem).split())[:LONGEST]
            raise UnsupportedError(
                f"transformers {transformers.__version__} makes no model of it: {type(problem).__name__}: "
                f"{escaped(said)}"
            ) from None


def _class(transformers: Any, held: Mapping[str, Any], which: str | None) -> Any:
    kind = held["model_type"]
    if kind not in transformers.CONFIG_MAPPING:
        raise UnsupportedError(
            f"model_type {shown(kind)} is unknown to transformers {transformers.__version__} as well, and code of the "
            "repository's own is never run: count its weights instead (their header is enough)"
        )
    settings = {name: value for name, value in held.items() if name not in ("auto_map", "quantization_config")}
    config = transformers.CONFIG_MAPPING[kind].from_dict(settings)
    names = [which] if which is not None else [name for name in held.get("architectures") or [] if type(name) is str]
    for name in names:
        made = _named(transformers, config, name)
        if made is not None:
            return made(config)
    if names:
        raise UnsupportedError(
            f"transformers {transformers.__version__} has no class {escaped(', '.join(names)[:LONGEST])} for {kind}"
        )
    for name in AUTO:
        mapping = getattr(getattr(transformers, name, None), "_model_mapping", {})
        if type(config) in mapping:
            return getattr(transformers, name).from_config(config)
    raise UnsupportedError(f"transformers {transformers.__version__} has no model class for {kind}")


def _named(transformers: Any, config: object, name: str) -> Any:
    """The library's class of that name, if it is one of models that are made of such a configuration."""
    found = getattr(transformers, name, None) if name.isidentifier() else None
    base = transformers.PreTrainedModel
    if not isinstance(found, type) or not issubclass(found, base):
        return None
    wanted = getattr(found, "config_class", None)
    return found if wanted is None or isinstance(config, wanted) else None


class _Offline:
    """Keeps the hub's client off the network as long as a model is made: by the environment, and where it has read that
    already by what it read."""

    def __enter__(self) -> None:
        from os import environ

        self.before = {name: environ.get(name) for name in OFFLINE}
        environ.update(dict.fromkeys(OFFLINE, "1"))
        self.constants = sys.modules.get("huggingface_hub.constants")
        if self.constants is not None:
            self.was = getattr(self.constants, "HF_HUB_OFFLINE", False)
            vars(self.constants)["HF_HUB_OFFLINE"] = True

    def __exit__(self, *_: object) -> None:
        from os import environ

        if self.constants is not None:
            vars(self.constants)["HF_HUB_OFFLINE"] = self.was
        for name, value in self.before.items():
            if value is None:
                environ.pop(name, None)
            else:
                environ[name] = value
