"""Every kind of layer, found by looking into the modules of this package."""

from __future__ import annotations

from importlib import import_module

from nparams.layers.kind import Kind

_KINDS: dict[str, Kind] = {}
_WORDS: dict[str, Kind] = {}


def kinds() -> dict[str, Kind]:
    """Every kind, by its name in a Network ("Conv"), in the order of modules."""
    if not _KINDS:
        from pkgutil import iter_modules

        import nparams.layers as package

        for found in iter_modules(package.__path__):
            module = import_module(f"nparams.layers.{found.name}")
            for kind in getattr(module, "KINDS", ()):
                _KINDS[kind.name] = kind
    return _KINDS


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
