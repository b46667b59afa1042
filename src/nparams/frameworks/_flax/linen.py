"""linen: variables by their collections, training states, and a module traced abstractly with shapes of inputs."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from nparams.errors import NparamsError, ReadError, UsageError, escaped
from nparams.frameworks._arrays.gather import Gather
from nparams.frameworks._arrays.leaf import is_array
from nparams.frameworks._arrays.sections import is_sectioned, sectioned
from nparams.frameworks._flax import nnx
from nparams.frameworks._flax.classes import boxed, is_from
from nparams.frameworks._flax.found import Found
from nparams.stored.sections import meaning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

MODULE = ("flax.linen.module", "Module")
GIVE = (
    "a linen module makes its arrays when it is called: nparams.read(module, inputs=[(1, 28, 28, 1)]), with the shape "
    "of each input (float32), an array, or a jax.ShapeDtypeStruct; or give what module.init returned"
)


def knows(source: object) -> bool:
    """Whether it is a linen module, a frozen dict, or a record of Flax's."""
    return is_from(source, *MODULE) or is_from(source, "flax.core.frozen_dict", "FrozenDict") or boxed(source)


def variables(source: Any, classes: Mapping[str, tuple[str, dict[str, Any]]] | None = None, name: str = "") -> Found:
    """What a dict of collections holds, or a training state; of other trees, all of it is taken for parameters."""
    found = Gather("one array, counted once; linen, which updates each place by itself, makes them two")
    held = sectioned(found, source if is_sectioned(source) else {"params": source}, _opened)
    found.kinds.update(classes or {})
    framework = sum(size for section, size in held.items() if meaning(section)[0] != "other")
    framework -= found.repeated
    read_as = name or type(source).__name__
    return Found(found, read_as, f"Flax linen {'module' if name else 'variables'}, {found.counted}", framework)


def _opened(value: object) -> Iterable[tuple[str, Any]] | None:
    """A box of flax.core.meta stands for the array in it."""
    return [("", vars(value)["value"])] if boxed(value) else nnx.opened(value)


# -- a module, traced abstractly -------------------------------------------------------------------------------------


def module(source: Any, inputs: object) -> Found:
    """What a module would make for these inputs; one that is bound to its variables says so itself."""
    scope = vars(source).get("scope")
    name = type(source).__name__
    if inputs is None:
        bound = None if scope is None else _bound(scope)
        if bound is None:
            raise UsageError(f"{name}: {GIVE}")
        return variables(bound, name=name)
    fixed, given, named = _given(inputs)
    classes: dict[str, tuple[str, dict[str, Any]]] = {}
    found = variables(_traced(source, fixed, given, named, classes), classes, name)
    _in_order(found.gathered, list(classes))
    return found


def _in_order(found: Gather, called: list[str]) -> None:
    """The arrays in the order in which their layers were called: JAX sorts the keys of what it traces."""
    places = {path: k for k, path in enumerate(called)}
    found.sort(lambda name: places.get(name.rpartition(".")[0], len(places)))


def _bound(scope: Any) -> Any:
    """The variables of a module that is bound (module.bind)."""
    held = vars(scope).get("_variables")
    return held if isinstance(held, Mapping) or held is not None else None


def _given(inputs: object) -> tuple[dict[int, object], dict[int, Any], dict[str, object]]:
    """(settings by place, shapes by place, both by name) of what the module is to be called with."""
    if isinstance(inputs, Mapping):
        return {}, {}, {str(key): _shaped(held) for key, held in inputs.items()}
    listed: Sequence[object] = list(inputs) if isinstance(inputs, (list, tuple)) and not _is_shape(inputs) else [inputs]
    shaped = dict(enumerate(map(_shaped, listed)))
    fixed = {k: held for k, held in shaped.items() if not is_array(held)}
    return fixed, {k: held for k, held in shaped.items() if is_array(held)}, {}


def _is_shape(value: object) -> bool:
    return isinstance(value, (tuple, list)) and bool(value) and all(type(side) is int for side in value)


def _shaped(value: Any) -> object:
    """A shape as an abstract array of float32, an array as its shape; anything else as it is."""
    jax = sys.modules["jax"]
    if is_array(value):
        return jax.ShapeDtypeStruct(tuple(value.shape), value.dtype)
    if _is_shape(value) or value == ():
        return jax.ShapeDtypeStruct(tuple(value), "float32")
    if isinstance(value, tuple) and len(value) == 2 and _is_shape(value[0]) and isinstance(value[1], str):
        return jax.ShapeDtypeStruct(tuple(value[0]), value[1])
    return value


def _traced(
    source: Any, fixed: Mapping[int, object], given: Mapping[int, Any], named: Mapping[str, object],
    classes: dict[str, tuple[str, dict[str, Any]]],
) -> Any:  # fmt: skip
    """The variables that module.init would return, as shapes."""
    jax = sys.modules["jax"]
    linen = sys.modules["flax.linen"]
    static = {key: held for key, held in named.items() if not is_array(held)}
    shaped = {key: held for key, held in named.items() if is_array(held)}

    def note_class(call: Any, args: Any, kwargs: Any, context: Any) -> Any:
        if context.module.path and context.method_name == "__call__":
            path = ".".join(map(str, context.module.path))
            classes.setdefault(path, (type(context.module).__name__, {}))
        return call(*args, **kwargs)

    def make(key: Any, arrays: Mapping[int, Any], by_name: Mapping[str, Any]) -> Any:
        args = [held for _, held in sorted((dict(fixed) | dict(arrays)).items())]
        with linen.intercept_methods(note_class):
            return source.init(key, *args, **static, **by_name)

    key = jax.eval_shape(lambda: jax.random.key(0))
    try:
        return jax.eval_shape(make, key, dict(given), shaped)
    except NparamsError:
        raise
    except Exception as problem:
        told = " ".join(escaped(str(problem).partition("\n")[0]).split())[:160]
        shapes = ", ".join(f"{a.dtype} {tuple(a.shape)}" for a in (*given.values(), *shaped.values()))
        raise ReadError(
            f"{type(source).__name__} cannot be traced with {shapes or 'no inputs'}: {type(problem).__name__}: {told} "
            "Give what it is called with: nparams.read(module, inputs=[jax.ShapeDtypeStruct((1, 16), 'int32'), False])"
        ) from None
