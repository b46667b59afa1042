"""Which role a variable of Keras plays, once its class and name are known; and what is not the model at all."""

from __future__ import annotations

from nparams.files._keras.variables import BOOKKEEPING, OPTIMIZERS
from nparams.roles import usual_role

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.files._keras.variables import Kept

#: attributes of a model under which it keeps what training needs (keras/src/trainers/trainer.py), and what that is
TRAINING = {
    "optimizer": "the optimizer's state", "metrics": "a metric's state", "compiled_metrics": "a metric's state",
    "_compile_metrics": "a metric's state", "_compiled_metrics": "a metric's state", "_metrics": "a metric's state",
    "compiled_loss": "a metric's state", "_compile_loss": "a metric's state", "loss_tracker": "a metric's state",
    "_loss_tracker": "a metric's state", "seed_generator": "the state of random numbers",
    "_seed_generator": "the state of random numbers", "_random_generator": "the state of random numbers",
    "random_generator": "the state of random numbers",
}  # fmt: skip
#: classes of keras/src/metrics/ as paths spell them
METRICS = frozenset((
    "accuracy", "auc", "binary_accuracy", "binary_crossentropy", "binary_io_u", "categorical_accuracy",
    "categorical_crossentropy", "cosine_similarity", "f1_score", "false_negatives", "false_positives", "fbeta_score",
    "io_u", "mean", "mean_absolute_error", "mean_io_u", "mean_metric_wrapper", "mean_relative_error",
    "mean_squared_error", "precision", "recall", "r2_score", "root_mean_squared_error", "sparse_categorical_accuracy",
    "sparse_categorical_crossentropy", "sparse_top_k_categorical_accuracy", "sum", "top_k_categorical_accuracy",
    "true_negatives", "true_positives",
))  # fmt: skip


def not_the_model(path: Sequence[str], name: str | None, kept: Kept) -> str | None:
    """What an object is that the model's own weights do not belong to: an optimizer, a metric, random numbers."""
    for part in path:
        if part in TRAINING:
            return TRAINING[part]
    if not path or not kept:
        return None
    own = {base(path[-1]), base(name or "")}
    first, kind = kept[0]
    steps = first == () and kind is not None and kind.startswith("int")
    if steps and (own & OPTIMIZERS or path[-1].endswith(("optimizer", "opt"))):
        return TRAINING["optimizer"]
    if all(shape == () for shape, _ in kept) and len(kept) == 2:
        told = f"{path[-1]} {name or ''}"
        if own & METRICS or any(word in told for word in ("tracker", "metric", "loss", "acc")):
            return TRAINING["metrics"]
    return None


def base(name: str) -> str:
    """A name without the number that tells it from others of its kind.

    >>> base("dense_12"), base("conv2d")
    ('dense', 'conv2d')
    """
    stem = name.rstrip("0123456789")
    return stem[:-1] if stem != name and stem.endswith("_") else name


#: what is added to a sum
ADDED = frozenset(("bias", "beta"))


def role(
    name: str, shape: tuple[int, ...], dtype: str | None, *, sure: bool, buffers: set[str]
) -> tuple[str, str | None]:
    """(role, note) of one variable: by the table where its class is known (`sure`), else by its name."""
    if name in buffers:
        return "buffer", "made as not trainable"
    if name in BOOKKEEPING and sure:
        return "bookkeeping", "what quantisation keeps beside the weights"
    if sure:
        return ("bias" if name in ADDED else "weight"), None
    return usual_role(name, shape, dtype)
