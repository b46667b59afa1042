"""What model.summary() prints as its total, and why it differs.

keras-team/keras keras/src/utils/summary_utils.py (print_summary): every number in model.weights as stored, statistics
and scales among them, and the optimizer's once it is built.  keras-team/tf-keras tf_keras/src/utils/layer_utils.py:
what was to be trained when the model was compiled, and what is not to be trained now.
"""

from __future__ import annotations

from nparams.frameworks._keras.classes import attributes, listed
from nparams.frameworks._keras.training import is_built, optimizer_variables
from nparams.frameworks._keras.variables import Facts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from nparams.expr import Size
    from nparams.frameworks._keras.collect import Collected
    from nparams.network import Network


def shown(layer: Any, found: Collected) -> int | None:
    """The number that Keras itself gives: of a model its summary's, of a layer count_params(); None if it has none."""
    root = found.met[0]
    if not root.built and (root.cls.old or not root.cls.model):
        return None
    if not root.cls.model:
        return found.summed
    collected = attributes(layer).get("_collected_trainable_weights")
    if collected is not None:
        return _compiled(found, [Facts(variable) for variable in listed(collected)])
    return found.summed + (_tracked(layer) if root.cls.old else _optimizer(layer) if is_built(layer) else 0)


def _tracked(layer: Any) -> int:
    """Metrics among the attributes of a model of Keras 2 are layers to it, and in its sum."""
    inside = {id(metric) for metric in listed(attributes(layer).get("_self_tracked_trackables"))}
    return sum(
        Facts(variable).size
        for metric in listed(attributes(layer).get("_metrics"))
        for variable in listed(attributes(metric).get("_non_trainable_weights"))
        if id(metric) in inside
    )


def _optimizer(layer: Any) -> int:
    return sum(Facts(variable).size for variable in optimizer_variables(layer))


def _compiled(found: Collected, collected: list[Facts]) -> int:
    """Keras 2 keeps what was to be trained when it was compiled: a layer frozen since then is counted twice."""
    return sum(facts.size for facts in collected) + found.summed - found.trained


def differs(network: Network, layer: Any, found: Collected, shown: int) -> list[str]:
    """A sentence where that number is not the total."""
    totals = network.totals
    if shown == totals.known:
        return []
    optimizer = 0 if found.met[0].cls.old or not is_built(layer) else _optimizer(layer)
    known, buffers, scales = (_int(size) for size in (totals.known, totals.buffers, totals.bookkeeping))
    parts = list(_parts(buffers, scales, optimizer, found.summed - (known + buffers + scales)))
    return [f"Keras's own summary says {shown:,}: {' and '.join(parts) or 'it counts otherwise'}"]


def _int(size: Size) -> int:
    return size if isinstance(size, int) else 0


def _parts(buffers: int, bookkeeping: int, optimizer: int, packed: int) -> Iterator[str]:
    counts = "it counts {:,} number{} too that {} kept and not trained (moving statistics and the like)"
    if buffers:
        yield counts.format(buffers, *(("", "is") if buffers == 1 else ("s", "are")))
    if bookkeeping:
        yield f"{bookkeeping:,} in scales of quantised layers"
    if optimizer:
        yield f"the optimizer's {optimizer:,}"
    if packed < 0:
        yield f"{-packed:,} fewer, for it counts bytes where two numbers share one"
