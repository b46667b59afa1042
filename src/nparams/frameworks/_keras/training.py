"""What training keeps beside a model: the optimizer's variables, metrics, the state of random numbers.

keras-team/keras keras/src/trainers/trainer.py (compile), trainers/compile_utils.py, optimizers/base_optimizer.py,
loss_scale_optimizer.py, multi_optimizer.py and metrics/metric.py.
"""

from __future__ import annotations

from nparams.frameworks._keras.classes import attributes, listed, of_keras

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

METRICS = ("_loss_tracker", "_compile_metrics")
#: where Keras 2 keeps them: attribute of the model -> attributes of that (engine/compile_utils.py)
OLDER = {"compiled_loss": ("_total_loss_mean", "_per_output_metrics"), "compiled_metrics": ("_metrics_in_order",)}
#: a layer that has none of these was never compiled
KEPT = frozenset((*METRICS, "_compile_loss", *OLDER))
#: optimizers inside an optimizer
INNER = ("inner_optimizer", "_optimizer", "_default_optimizer")


def optimizer_variables(model: Any) -> list[Any]:
    """Of a compiled model's optimizer, once it is built; each once, in Keras's order."""
    optimizer = attributes(model).get("optimizer")
    return list(_of_optimizer(optimizer, set())) if optimizer is not None else []


def _of_optimizer(optimizer: Any, seen: set[int]) -> Iterator[Any]:
    if id(optimizer) in seen:
        return
    seen.add(id(optimizer))
    held = attributes(optimizer)
    for variable in listed(held.get("_variables")):
        if id(variable) not in seen:
            seen.add(id(variable))
            yield variable
    inner = [held[name] for name in INNER if held.get(name) is not None] + list(listed(held.get("_inner_optimizers")))
    for each in inner:
        if any(of_keras(base) for base in type(each).__mro__):
            yield from _of_optimizer(each, seen)


def is_built(model: Any) -> bool:
    """Whether summary() counts the optimizer: the model is compiled, and its optimizer has seen it."""
    held = attributes(model)
    optimizer = held.get("optimizer")
    return bool(held.get("compiled")) and optimizer is not None and bool(attributes(optimizer).get("built"))


def metric_variables(layer: Any) -> Iterator[tuple[str, Any]]:
    """(the metric's name, variable) of every metric that a layer or model keeps, and of those inside it."""
    held = attributes(layer)
    stack = list(listed(held.get("_metrics")))
    if not KEPT.isdisjoint(held):
        stack[:0] = _compiled(held)
    if not stack:
        return
    seen: set[int] = set()
    stack.reverse()
    while stack:
        metric = stack.pop()
        if id(metric) in seen:
            continue
        seen.add(id(metric))
        at = attributes(metric)
        name = at.get("name", at.get("_name"))
        for variable in (*listed(at.get("_variables")), *listed(at.get("_non_trainable_weights"))):
            yield name if isinstance(name, str) else type(metric).__name__, variable
        stack += [*reversed(list(listed(at.get("_metrics"))))]


def _compiled(held: dict[str, Any]) -> Iterator[Any]:
    """The metrics that a model keeps because it was compiled."""
    yield from (held[name] for name in METRICS if held.get(name) is not None)
    yield from listed(attributes(held.get("_compile_loss")).get("_metrics"))
    yield from _older(held)


def _older(held: dict[str, Any]) -> Iterator[Any]:
    for name, inner in OLDER.items():
        at = attributes(held.get(name))
        for value in (at.get(word) for word in inner):
            yield from (each for each in (value, *listed(value)) if each is not None and not isinstance(each, list))


def seeds(layer: Any) -> Iterator[tuple[str, Any]]:
    """(the generator's name, its state) of every generator of random numbers that a layer keeps."""
    for generator in listed(attributes(layer).get("_seed_generators")):
        held = attributes(generator)
        state = held.get("state")
        if state is not None:
            name = held.get("name", held.get("_name"))
            yield name if isinstance(name, str) else "seed_generator", state
