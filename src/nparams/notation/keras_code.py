"""Keras code, interpreted from its syntax tree: layers, Sequential, functional graphs, classes; Keras 1 to 3.

Nothing of the text is run or imported.  Arguments without a value become symbols named as in the code.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from nparams.network import Network

#: what only Keras code has
SURE = (
    r"\b(?:import|from) (?:keras|tf_keras|tensorflow\.keras|tensorflow\.python\.keras)\b|\bkeras\.(?:layers|models|"
    r"Sequential|Model|Input|applications)\b|\blayers\.(?:Dense|Conv[123]D|Input|LSTM|GRU|Embedding|Flatten|[A-Z]\w+)\("
)
#: what code for TensorFlow has, which may be Keras's
TENSORFLOW = r"\bimport tensorflow\b|\bfrom tensorflow\b"
#: a call with something in it, which may be a layer without its prefix
CALL = r"(?<![\w.])([A-Z][A-Za-z]*(?:[123]D)?(?:Cell|Transpose)?)\s*\("
#: classes that PyTorch names as well; an argument's name or another class must tell
SHARED = frozenset(
    "Sequential Embedding LSTM GRU Dropout Flatten Softmax ReLU Identity PReLU ELU LeakyReLU Add Model Input Attention "
    "Conv Average Dot Maximum Minimum RNN LSTMCell GRUCell AlphaDropout Lambda Permute Reshape Normalization "
    "Hashing Activation Wrapper Layer Resizing Highway Pipeline".split()
)
#: argument names that only Keras uses
ARGUMENTS = (
    r"\b(?:input_shape|input_dim|input_length|batch_input_shape|return_sequences|activation|units|output_dim|use_bias|"
    r"reset_after|return_state|recurrent_activation|mask_zero|unroll|kernel_size|filters|nb_filter|key_dim|pool_size|"
    r"merge_mode|kernel_initializer|padding) ?= ?"
)
#: one layer that PyTorch writes otherwise, or just so
ONE = r"\s*(?:(?:LSTM|GRU|SimpleRNN)\(\s*\w+\s*\)|Embedding\(\s*\w+\s*,\s*\w+\s*\))\s*"
TORCH_ARGUMENTS = r"\b(?:in_features|hidden_size|num_embeddings|embedding_dim|num_layers|batch_first|input_size)\b"
#: layers that are added, and inputs with a shape
ALONE = r"\b\w+ ?\. ?add ?\(\s*[\w.]*[A-Z]\w*\(|(?<![\w.])Input ?\(\s*(?:shape|batch_shape|\(|\[)"
#: what PyTorch code has and Keras has not
OTHER = r"\bnn\.(?:Module|Linear|Conv[123]d|Sequential|Embedding|LSTM|GRU|Parameter)\b|\bimport torch\b|\bfrom torch\b"


def may_be(text: str) -> bool:
    """Whether `text` is code that names layers of Keras."""
    head = text[:400_000]
    if "(" not in head or "=>" in head:
        return False
    other = re.search(OTHER, head) is not None
    if re.search(SURE, head):
        return not other or re.search(r"\b(?:import|from) (?:keras|tensorflow)\b", head) is not None
    if other:
        return False
    if re.search(ALONE, head) or (".add(" in head and re.search(r"\bSequential ?\(\)", head)):
        return True
    words = re.findall(CALL, head)
    if not words:
        return "tf.layers." in head or "tf.keras." in head
    from nparams.layers._keras.layers import known

    called = [word for word in words if known(word) or word in ("Sequential", "Model", "Merge")]
    if re.search(TENSORFLOW, head):
        return bool(called) or "tf.keras" in head or "tf.layers" in head
    if not called:
        return False
    if any(word not in SHARED for word in called):
        return True
    if re.search(TORCH_ARGUMENTS, head):
        return False
    if re.fullmatch(ONE, head[:200]):
        return True
    return re.search(ARGUMENTS, head) is not None


def read(text: str, *, set: Mapping[str, object] | None = None, which: str | None = None) -> Network:
    """The network that Keras code builds.

    `set` gives values to names that the code leaves open; `which` names a variable, a class or a function where the
    text holds several models.  Raises NotationError with the line of what cannot be understood.

    >>> read("model.add(Dense(64, input_dim=10)); model.add(Dense(1))").total
    769
    """
    from nparams.notation._keras.read import network_of

    return network_of(text, dict(set or {}), which)


__all__ = ["may_be", "read"]
