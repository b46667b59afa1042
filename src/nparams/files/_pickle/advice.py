"""What to do about a pickle that calls what is not listed: many are no attack, and keep objects of a program."""

from __future__ import annotations

from nparams.files._pickle.calls import is_standard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from nparams.files._pickle.values import Global

#: libraries of which no call is harmless by its module: scanners list functions of theirs that attacks call
SCANNED = frozenset(
    "torch numpy pandas joblib dill cloudpickle keras tensorflow nltk pip setuptools distutils lib2to3 test nt".split()
)
CODE = "which writes code; where you trust it, load it and torch.save(model.state_dict())"
KERAS = 'keeps a Keras model; where you trust it, load it and model.save("model.keras")'
#: modules of libraries that pickle code, or models of their own -> what such a file is, and what to count instead
KNOWN = {
    "dill._dill.": f"was saved with dill, {CODE}",
    "cloudpickle.cloudpickle": f"was saved with cloudpickle, {CODE}",
    "keras.src.": KERAS,
    "keras.saving.": KERAS,
    "tensorflow.python.keras.": KERAS,
}
OTHER = "keeps objects of its own; where you trust it, load it and torch.save(model.state_dict())"


def advice(path: str) -> str:
    """What a file is that calls that name, if it is not hostile.

    >>> advice("os.system"), advice("mylab.nets.build").partition(";")[0]
    ('not a checkpoint', 'keeps objects of its own')
    """
    for module, known in KNOWN.items():
        if path.startswith(module):
            return known
    root = path.partition(".")[0]
    if not path.isascii() or not path.replace(".", "").isidentifier() or is_standard(path) or root in SCANNED:
        return "not a checkpoint"
    return OTHER


def otherwise(what: str, names: Iterable[Global]) -> str:
    """The same of the names in a pickle, for what it would do."""
    attribute = what.startswith("calls the attribute ")
    for name in names:
        if what == f"calls {name.path}" or (attribute and what.endswith(f" of {name.path}")):
            return advice(name.path)
    return "not a checkpoint"
