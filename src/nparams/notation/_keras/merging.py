"""Layers that Keras code calls as functions: concatenate([a, b]), tf.layers.dense(x, 64), merge([a, b]), and Merge."""

from __future__ import annotations

from nparams.notation._code.machine import Machine
from nparams.notation._code.objects import Function
from nparams.notation._keras.custom import callee_of
from nparams.notation._keras.models import Graph, Joined, Sequence
from nparams.notation._keras.names import MODES
from nparams.notation._keras.tensor import arrays_in
from nparams.notation._keras.things import Held, applied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.notation._keras.library import KerasLibrary

    Args = list[Any]
    Kwargs = dict[str, Any]


def called_function(library: KerasLibrary, m: Machine, word: str, args: Args, kwargs: Kwargs) -> Any:
    """concatenate([a, b], axis=1); tf.layers.dense(x, 64)."""
    named = dict(kwargs)
    key = next((k for k in ("inputs", "input") if k in named), None)
    given = list(args)
    held = named.pop(key) if key is not None else given.pop(0) if given else None
    for name in ("training", "reuse", "mask"):  # what a call says, not the layer
        named.pop(name, None)
    if not arrays_in(held):
        return m.unknown(f"{word}(...)")
    made = library.make(m, word, given, named)
    return applied(m, made.callee, [held], {})


def merged_arrays(library: KerasLibrary, m: Machine, args: Args, kwargs: Kwargs) -> Any:
    """merge([a, b], mode="concat", concat_axis=-1) of Keras 1."""
    held = kwargs.get("inputs", args[0] if args else None)
    return applied(m, _joiner(library, m, args, kwargs), [held], {})


def _joiner(library: KerasLibrary, m: Machine, args: Args, kwargs: Kwargs) -> Any:
    mode: Any = kwargs.get("mode", args[1] if len(args) > 1 else "sum")
    if isinstance(mode, Function):
        return library.make(m, "Lambda", [mode], {}).callee
    if not isinstance(mode, str) or mode not in MODES:
        raise m.error(f"merge by {mode if isinstance(mode, str) else 'a function'} is not read")
    named: Kwargs = {"name": kwargs["name"]} if isinstance(kwargs.get("name"), str) else {}
    if mode == "concat":
        named["axis"] = kwargs.get("concat_axis", -1)
    elif MODES[mode] == "Dot":
        axes = kwargs.get("dot_axes", -1)
        named["axes"] = [a[0] if isinstance(a, (list, tuple)) else a for a in axes] if isinstance(
            axes, (list, tuple)) else axes  # fmt: skip
    return library.make(m, MODES[mode], [], named).callee


def merged_models(library: KerasLibrary, m: Machine, args: Args, kwargs: Kwargs) -> Held:
    models = kwargs.get("layers", args[0] if args else None)
    callees = [callee_of(each) for each in models] if isinstance(models, (list, tuple)) else [None]
    if not callees or not all(isinstance(callee, (Sequence, Graph, Joined)) for callee in callees):
        raise m.error("the models that Merge joins are not known")
    made = Joined(library.shop.name("Merge"), callees, _joiner(library, m, args, kwargs))
    library.made.append(made)
    return Held(made)
