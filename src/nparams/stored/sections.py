"""What stands beside `params`: the collections of Flax, the fields of a training state, the keys of a checkpoint.

The words are data.  Flax names its collections itself (flax/linen: `params`, `batch_stats`, `cache`, `intermediates`,
`perturbations`; flax/linen/partitioning.py: `params_axes`), a training state has the fields of
flax.training.train_state.TrainState, and people add more of the same kinds.
"""

from __future__ import annotations

from nparams.roles import COPY_WORDS, OTHER_PARTS, run_state, words_of

PARAMS = "params"
#: what a run leaves or needs and a model does not have -> what it is
RUN = {
    "intermediates": "values sown while it ran", "perturbations": "perturbations of values, for their gradients",
    "losses": "losses sown while it ran", "params_axes": "names of axes", "step": "the training step",
    "tx": "the optimizer", "opt_state": "the optimizer's state", "key": "random numbers' state",
    "dynamic_scale": "the scale of the loss", "loss_scale": "the scale of the loss", "grads": "gradients",
    "dropout_key": "random numbers' state", "dropout_rng": "random numbers' state", "metrics": "metrics",
}  # fmt: skip


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
