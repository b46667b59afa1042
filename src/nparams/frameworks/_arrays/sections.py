"""What stands beside `params`: the collections of Flax, the fields of a training state, the keys of a checkpoint.

The words are data.  Flax names its collections itself (flax/linen: `params`, `batch_stats`, `cache`, `intermediates`,
`perturbations`; flax/linen/partitioning.py: `params_axes`), a training state has the fields of
flax.training.train_state.TrainState, and people add more of the same kinds.
"""

from __future__ import annotations

from collections.abc import Mapping

from nparams.frameworks._arrays.gather import Gather
from nparams.frameworks._arrays.leaf import is_array
from nparams.frameworks._arrays.naming import Paths, parameter_role
from nparams.frameworks._arrays.walk import entries_of, fields_of, walk
from nparams.roles import COPY_WORDS, OTHER_PARTS, run_state, words_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nparams.frameworks._arrays.walk import Opened, Path

PARAMS = "params"
#: what a run leaves or needs and a model does not have -> what it is
RUN = {
    "intermediates": "values sown while it ran", "perturbations": "perturbations of values, for their gradients",
    "losses": "losses sown while it ran", "params_axes": "names of axes", "step": "the training step",
    "tx": "the optimizer", "opt_state": "the optimizer's state", "key": "random numbers' state",
    "dynamic_scale": "the scale of the loss", "loss_scale": "the scale of the loss", "grads": "gradients",
    "dropout_key": "random numbers' state", "dropout_rng": "random numbers' state", "metrics": "metrics",
}  # fmt: skip


def is_sectioned(source: object) -> bool:
    """Whether it has `params` beside or around arrays: variables of Flax, a training state, a checkpoint's dict.

    >>> is_sectioned({"params": {}, "batch_stats": {}}), is_sectioned({"w": 1.0})
    (True, False)
    """
    entries = dict(_entries(source) or ())
    held = entries.get(PARAMS)
    return held is not None and not is_array(held) and entries_of(held) is not None


def sectioned(found: Gather, source: object, opened: Callable[[object], Opened] | None = None) -> dict[str, int]:
    """Put in every array by the section that it stands in; how many numbers each section holds.

    `opened`: what a value of the framework's own classes holds.
    """
    look = opened or (lambda value: None)
    held: dict[str, int] = {}
    entries = dict(_entries(source) or ())
    for section in sorted(entries, key=lambda name: name != PARAMS):  # the model first: its names own what is tied
        before = found.elements
        value = entries[section]
        if section == PARAMS and is_sectioned(value):
            held |= sectioned(found, value, opened)
            continue
        _section(found, section, value, look)
        held[section] = found.elements - before
    return held


def _section(found: Gather, section: str, value: Any, look: Callable[[object], Opened]) -> None:
    role, note, trainable = meaning(section)
    held = list(walk(value, look))
    paths = Paths(path for path, _ in held)

    def single(path: Path, array: Any) -> None:
        whole = path if section == PARAMS or (role == "buffer" and path) else (section, *path)
        name = ".".join(whole)
        if is_array(array):
            found.add(name, array, role or parameter_role(path), trainable, note=note)
        elif role is None and type(array) in (float, complex):
            found.number(name, array, parameter_role(path))

    inside = section != PARAMS and role != "buffer"
    found.add_all(held, single, lambda path: role is not None or paths.decides(path), f"{section}." if inside else "")


def meaning(section: str) -> tuple[str | None, str | None, bool | None]:
    """(role, note, trainable) of what stands in a section; the role None: a parameter, its name says which.

    >>> meaning("params"), meaning("batch_stats"), meaning("opt_state")
    ((None, None, True), ('buffer', 'batch_stats', None), ('other', "the optimizer's state", None))
    """
    if section == PARAMS:
        return None, None, True
    told = RUN.get(section) or run_state(section) or ("random numbers' state" if "rng" in words_of(section) else None)
    if told is None and not COPY_WORDS.keys().isdisjoint(words_of(section)):
        told = "a second copy of the model"
    if told is not None or section in OTHER_PARTS:
        return "other", told, None
    return "buffer", section, None


def _entries(source: object) -> Opened:
    if isinstance(source, Mapping):
        return entries_of(source) or ()
    return fields_of(source) if not isinstance(source, type) else None
