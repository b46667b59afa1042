"""What stands where a module stands, and comes from a call that the text does not explain."""

from __future__ import annotations

from nparams.notation._code_values import Thing, Unknown

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


def stranger(value: Unknown, *, sure: bool = False) -> Stranger | None:
    """A stranger where an unknown may be a module: it is what a call of that sort gives."""
    if value.called is None and not sure:
        return None
    called = (value.called or value.text).rpartition(".")[2]
    front = called.lower()
    if not sure and any(word in front for word in PLAIN_WORDS):
        return None
    if sure or called[:1].isupper() or any(word in front for word in MODULE_WORDS):
        bare = any(word in front for word in BARE_WORDS)
        return Stranger(value, sure=sure or called[:1].isupper() or not bare)
    return None
