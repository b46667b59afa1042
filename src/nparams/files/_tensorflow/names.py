"""What variables of TensorFlow are by their names alone, and by the names beside them.

Keys of a checkpoint are paths of attributes (`layer/kernel/.ATTRIBUTES/VARIABLE_VALUE`, since TensorFlow 2) or names of
variables in a graph (`layer/kernel`, `layer/kernel/Adam_1`).  An optimizer's variables are called after the one that
they are kept for: tensorflow/python/training/slot_creator.py, tensorflow/python/checkpoint/trackable_utils.py.
"""

from __future__ import annotations

from nparams.files._tensorflow.objects import ATTRIBUTES, MEAN, RATES, SLOT, STEPS, VALUE
from nparams.roles import LEAVES, OTHER_PARTS, is_copy, usual_role

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from nparams.files._tensorflow.bundle import Entry

    #: role, note
    Verdict = tuple[str, str | None]

#: names that optimizers of TensorFlow 1 give the variables that they keep for another (tensorflow/python/training/
#: adam.py, momentum.py, ...; google-research/bert optimization.py; tensorflow/addons), each may end in a number
SLOTS = frozenset((
    "Adam", "AdamW", "AdaMax", "Adamax", "NAdam", "Nadam", "Momentum", "RMSProp", "Adagrad", "AdagradDA", "Adadelta",
    "Ftrl", "LazyAdam", "LAMB", "LARS", "LARSOptimizer", "MomentumW", "ProximalAdagrad", "Adafactor", "SM3", "Yogi",
    "AMSGrad", "RAdam", "adam_m", "adam_v", "lamb_m", "lamb_v", "vc", "vr",
))  # fmt: skip
#: the same for averages of a variable, which are the model where that is not here
AVERAGE = "ExponentialMovingAverage"
#: last parts of names that are the state of a run -> example
RUN_LEAVES = {
    "beta1_power": "beta1_power", "beta2_power": "beta2_power", "save_counter": "save_counter",
    "good_steps": "optimizer/good_steps", "current_loss_scale": "optimizer/current_loss_scale",
    "global_step": "global_step", "fake_quantization_step": "fake_quantization_step",
    "optimizer_step": "quant_dense/optimizer_step", "learning_rate": "OptimizeLoss/learning_rate",
    "loss_scale": "loss_scale", "true_positives": "keras_api/metrics/1/true_positives",
    "true_negatives": "keras_api/metrics/1/true_negatives", "false_positives": "keras_api/metrics/1/false_positives",
    "false_negatives": "keras_api/metrics/1/false_negatives", "total_confusion_matrix": "total_confusion_matrix",
}  # fmt: skip
#: what tf.keras calls the settings of an optimizer in a graph: Adam/lr (keras/optimizers.py)
SETTINGS = frozenset(("iterations", "iter", "lr", "beta_1", "beta_2", "decay", "rho", "momentum", "epsilon"))
#: parts that only keys of a run have
RUN_PARTS = frozenset(("optimizer", "_optimizer", "optimizers", "compiled_metrics", "compiled_loss", "_loss_tracker",
                       "loss_tracker", "_compile_metrics"))  # fmt: skip
#: Keras 3 puts the model's own variables below its optimizer too, and a checkpoint takes the shortest path to each
MODEL_OF_OPTIMIZER = "_trainable_variables"
#: what statistics of a layer are kept under: sonnet keeps an average, a counter and more under moving_mean
STATISTICS = frozenset(("moving_mean", "moving_variance", "moving_stddev", "moving_var"))
#: what keras.layers.Normalization keeps: statistics of the data
NORMALIZATION = frozenset(("mean", "variance", "count"))
MOST_PARTS = 50  # models in one checkpoint; more first parts than that are layers
#: keras/export/saved_model_export_archive.py stores the variables that a model uses a second time
USED, TRACKED = "_all_variables", "variables"


class Names:
    """All keys of a checkpoint, so that one can be judged by those beside it."""

    __slots__ = ("_entries", "_optimizers", "_under")

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = {path_of(entry.key): entry for entry in entries}
        #: path -> the last parts of what stands below it
        self._under: dict[str, set[str]] = {}
        for path in self._entries:
            above, _, leaf = path.rpartition("/")
            self._under.setdefault(above, set()).add(leaf)
        self._optimizers = {
            f"{path}/" for path, leaves in self._under.items()
            if path and not STEPS.isdisjoint(leaves) and not RATES.isdisjoint(leaves)
        }  # fmt: skip

    def run_state(self, entry: Entry) -> str | None:
        """Why a variable is no part of the model; None where it may be one."""
        path = path_of(entry.key)
        above, _, leaf = path.rpartition("/")
        if SLOT in path:
            return "kept by an optimizer for another variable"
        if self.is_run_leaf(path):
            return f"the state of a run, like {RUN_LEAVES.get(leaf) or RUN_LEAVES[base_of(leaf)]}"
        parts = path.split("/")
        if MODEL_OF_OPTIMIZER in parts:
            return None
        if ATTRIBUTES in entry.key:
            return self._of_objects(path, parts, leaf, above)
        return self._of_graph(parts, leaf, above, entry)

    def is_run_leaf(self, path: str) -> bool:
        """Whether the last part of a name is the state of a run wherever it stands."""
        leaf = path[path.rfind("/") + 1 :]
        return leaf in RUN_LEAVES or base_of(leaf) in RUN_LEAVES

    def _of_objects(self, path: str, parts: list[str], leaf: str, above: str) -> str | None:
        named = next((part for part in parts[:-1] if part in RUN_PARTS), None)
        if named is not None or self._is_below_optimizer(path):
            return f"of a run, not of the model: {named or 'an optimizer'}"
        if "keras_api" in parts and "metrics" in parts:
            return "a metric"
        return "a metric" if self._is_mean(leaf, above) else None

    def _is_below_optimizer(self, path: str) -> bool:
        at = path.find("/") if self._optimizers else -1
        while at >= 0:
            if path[: at + 1] in self._optimizers:
                return True
            at = path.find("/", at + 1)
        return False

    def _is_mean(self, leaf: str, above: str) -> bool:
        pair = [self._entries.get(f"{above}/{each}" if above else each) for each in MEAN]
        return leaf in MEAN and all(each is not None and not each.shape for each in pair)

    def _of_graph(self, parts: list[str], leaf: str, above: str, entry: Entry) -> str | None:
        parent = self._entries.get(above)
        if leaf == AVERAGE or leaf.startswith(f"{AVERAGE}_"):
            return "an average of a variable that is also here" if parent is not None else None
        if base_of(leaf) in SLOTS and (parent is not None or len(parts) > 1):
            return f"kept by an optimizer for another variable ({leaf})"
        if parent is not None and parent.shape == entry.shape and STATISTICS.isdisjoint(parts):
            return f"kept beside the variable that it is called after, of the same shape ({leaf})"
        named = next((part for part in parts if part in OTHER_PARTS), None)
        if named is not None:
            return f"not the model: {named}"
        if len(parts) == 2 and base_of(parts[0]) in SLOTS and leaf in SETTINGS:
            return f"an optimizer's ({parts[0]})"
        training = len(parts) > 2 and parts[0] in ("training", "optimizer", "train")
        if training and (base_of(parts[1]) in SLOTS or parts[1].endswith("Optimizer")):  # tf.keras: training/Adam/...
            return f"an optimizer's ({parts[1]})"
        return "a metric" if self._is_mean(leaf, above) and ("metric" in above or not above) else None

    def is_normalization(self, entry: Entry) -> bool:
        """Whether a variable is one of the statistics of the data that a Normalization layer keeps."""
        above, _, leaf = path_of(entry.key).rpartition("/")
        return leaf in NORMALIZATION and self._under.get(above, set()) >= NORMALIZATION


def role(name: str, path: str, entry: Entry) -> Verdict:
    """(role, note) of a variable of the model: by the name that it was given, else by the attribute that it is."""
    above = (name.rpartition("/")[0] + "/" + path.rpartition("/")[0]).split("/")
    under = next((part for part in above if part in STATISTICS), None)
    if under is not None:
        return "buffer", f"kept under {under}"
    if _is_range(path.split("/")) or _is_range(name.split("/")):
        return "bookkeeping", "the range of a fake quantisation"
    leaf, attribute = name[name.rfind("/") + 1 :], path[path.rfind("/") + 1 :]
    found = usual_role(leaf, entry.shape, entry.dtype)
    if found[0] in ("weight", "buffer") and leaf not in LEAVES and attribute != leaf:
        other = usual_role(attribute, entry.shape, entry.dtype)
        if other[0] != "weight":
            return other
    return found


def _is_range(parts: list[str]) -> bool:
    """Whether it is what training with fake quantisation keeps beside a layer: fc/weights_quant/min, .../min/biased.

    tensorflow/contrib/quantize/python/quant_ops.py; tensorflow/model-optimization quantization/keras/quantizers.py.
    """
    at = next((k for k, part in enumerate(parts) if part in RANGE), len(parts))
    if at < len(parts):
        return at > 0 and parts[at - 1].endswith("_quant")
    return parts[-1].endswith(RANGE_ENDINGS)


RANGE = frozenset(("min", "max"))
RANGE_ENDINGS = ("kernel_min", "kernel_max", "activation_min", "activation_max", "quantize_layer_min",
                 "quantize_layer_max")  # fmt: skip


def path_of(key: str) -> str:
    """A key without what every key ends in.

    >>> path_of("fc/kernel/.ATTRIBUTES/VARIABLE_VALUE"), path_of("table/.ATTRIBUTES/table-keys"), path_of("fc/kernel")
    ('fc/kernel', 'table/.ATTRIBUTES/table-keys', 'fc/kernel')
    """
    return key.removesuffix(f"{ATTRIBUTES}{VALUE}")


def base_of(leaf: str) -> str:
    """The last part of a name without the number that makes it the only one of its name.

    >>> base_of("Adam_1"), base_of("Momentum"), base_of("adam_m")
    ('Adam', 'Momentum', 'adam_m')
    """
    base, mark, number = leaf.rpartition("_")
    return base if mark and number.isdigit() else leaf


def copies(names: Collection[tuple[str, tuple[int, ...]]]) -> set[str]:
    """First parts of names that hold a second copy of what another first part holds too: target_net beside net.

    >>> sorted(copies([("net/w", (2,)), ("target_net/w", (2,)), ("head/w", (3,))]))
    ['target_net']
    """
    held: dict[str, list[tuple[str, tuple[int, ...]]]] = {}
    for name, shape in names:
        first, _, rest = name.partition("/")
        held.setdefault(first, []).append((rest, shape))
    found = {first for first in held if is_copy(first)} if len(held) <= MOST_PARTS else set()
    if not found:
        return found
    originals = [sorted(held[first]) for first in held if first not in found]
    return {first for first in found if sorted(held[first]) in originals}
