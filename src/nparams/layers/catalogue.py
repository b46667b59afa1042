"""Every kind of layer, found by looking into the modules of this package."""

from __future__ import annotations

from importlib import import_module

from nparams.layers.kind import Kind

_KINDS: dict[str, Kind] = {}
_WORDS: dict[str, Kind] = {}


def kinds() -> dict[str, Kind]:
    """Every kind, by its name in a Network ("Conv"), in the order of modules."""
    if not _KINDS:
        for name in _modules():
            module = import_module(f"nparams.layers.{name}")
            for kind in getattr(module, "KINDS", ()):
                _KINDS[kind.name] = kind
    return _KINDS


def _modules() -> list[str]:
    """The modules of this package; pkgutil knows them wherever they lie, but loads inspect to list a folder."""
    import os

    import nparams.layers as package

    folder = package.__path__[0]
    if os.path.isdir(folder):
        return sorted(file[:-3] for file in os.listdir(folder) if file.endswith(".py") and file != "__init__.py")
    from pkgutil import iter_modules

    return [found.name for found in iter_modules(package.__path__)]


def words() -> dict[str, Kind]:
    """Every name that a kind goes by, in small letters without spaces: {"conv": Conv, "conv2d": Conv, ...}."""
    if not _WORDS:
        for kind in kinds().values():
            for word in (*kind.words, *kind.presets):
                assert word not in _WORDS, f"{word} names two kinds: {_WORDS[word].name} and {kind.name}"
                _WORDS[word] = kind
    return _WORDS


def kind_of(word: str) -> Kind:
    """The kind that goes by a name.

    >>> kind_of("linear").name
    'Dense'
    """
    return words()[word]
