"""What stands where a module stands, and comes from a call that the text does not explain."""

from __future__ import annotations

import re

from nparams.notation._code.values import Thing, Unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size

    Shape = tuple[Size, ...] | None


class Stranger(Thing):
    """What stands where a module stands, and comes from a call that the text does not explain."""

    __slots__ = ("line", "origin", "sure")

    def __init__(self, origin: Unknown, *, sure: bool) -> None:
        self.origin = origin
        self.line = origin.line
        #: whether it surely is a module
        self.sure = sure


#: words in the name of what is called that speak of a module
MODULE_WORDS = (
    "layer", "norm", "block", "module", "model", "encoder", "decoder", "conv", "attn", "attention", "net", "head",
    "embed",
    "linear", "backbone", "act", "pool", "mlp", "proj", "vit", "bert", "gpt", "lstm", "gru", "rnn", "transformer",
)  # fmt: skip


#: ... of one that may well hold no parameters
BARE_WORDS = ("act", "pool", "module", "drop")
#: ... and of none
PLAIN_WORDS = (
    "tokenizer", "config", "loss", "metric", "accuracy", "logger", "optimizer", "scheduler", "dataset", "loader",
    "device", "path", "seed", "vocab", "size", "len", "dim", "num", "shape", "transform", "criterion",
)  # fmt: skip
#: how the name of a function begins that answers yes or no
QUESTIONS = ("use_", "is_", "has_", "can_", "should_", "supports_", "exists")


#: a part of a network that a library gives, and a size of one
PART = re.compile(r"(?:\bmodels\.[A-Za-z]\w*|\bhub\.load|\bfrom_pretrained|\bcreate_model)\(.*[)\]]\.\w+\Z")
SIZE = re.compile(r"\.(?:\w*_features|\w*(?:config|size|dim|num|shape|channels|planes)\w*)\Z")


def stranger(value: Unknown, *, sure: bool = False) -> Stranger | None:
    """A stranger where an unknown may be a module: it is what a call of that sort gives."""
    if value.called is None and not sure:
        return Stranger(value, sure=True) if PART.search(value.text) and not SIZE.search(value.text) else None
    *path, called = (value.called or value.text).split(".")
    front = called.lower()
    if not sure and is_plain(value):
        return None
    named = called[:1].isupper() or _gives_network(path, called)
    if sure or named or any(word in front for word in MODULE_WORDS):
        bare = any(word in front for word in BARE_WORDS)
        return Stranger(value, sure=sure or named or not bare)
    return None


def is_plain(value: Unknown) -> bool:
    """Whether an unknown is no call, or one whose name speaks of no module."""
    last = ".".join((value.called or "").split(".")[-2:]).lower()
    asks = last.rpartition(".")[2].lstrip("_").startswith(QUESTIONS)
    return value.called is None or asks or any(word in last for word in PLAIN_WORDS)


#: the name of what gives an activation, a pooling or a dropout
BARE = re.compile(r"(?<![a-z])act(?:2|\b|_|\[|$)|activation|pool|drop", re.I)


def is_bare(value: Unknown) -> bool:
    """Whether a call's name speaks of a layer that may well hold no parameters."""
    return bool(BARE.search((value.called or "").rpartition(".")[2]))


def _gives_network(path: list[str], called: str) -> bool:
    """BertModel.from_pretrained, EfficientNet.from_name, models.vgg16."""
    front = path[-1] if path else ""
    if (front, called) == ("hub", "load"):
        return True
    return front == "models" or (front[:1].isupper() and called.startswith(("from_", "load")))
