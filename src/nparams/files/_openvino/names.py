"""Names of an IR's constants: a framework's own or made up on the way, and the layer that each stands in."""

from __future__ import annotations

import re

from nparams.files._onnx.names import LONGEST, is_made_up, layer_of
from nparams.files._openvino.graph import scope_of

#: names that OpenVINO makes up, each with an example
MADE_UP = (
    (r"(?:[A-Z][A-Za-z0-9]*)+_\d+", "Constant_1234, Multiply_17: the type of a layer and a number"),
    (r"__module\.[^/]*/", "__module.encoder.layer.0/prim::Constant: what is made in a module's code"),
    (r"[^/]*/aten[.:]", "linear_1/aten.linear.default/Add: the same, exported"),
    (r"[A-Z][A-Za-z0-9]*$", "Constant: a type alone"),
    (r"(?:Fused|Add|Mul|Eltwise)_\d*/", "Fused_Add_: the Model Optimizer"),
)
_MADE_UP = re.compile("|".join(f"(?:{pattern})" for pattern, _ in MADE_UP))
#: what is hung behind a name when numbers are stored in fewer bits, and what NNCF hangs behind a weight's
ENDINGS = ("_compressed", "/fq_weights_0", "/fq_weights_1", "/scale", "/zero_point", "_nncf_codebook_idxs")


def own_name(name: str) -> str:
    """A name without what compression hangs behind it.

    >>> own_name("fc1.weight_compressed"), own_name("self.fc.weight/fq_weights_1")
    ('fc1.weight', 'self.fc.weight')
    """
    while (ending := next((ending for ending in ENDINGS if name.endswith(ending)), "")) and len(name) < LONGEST:
        name = name.removesuffix(ending)
    return name


def leaf_of(name: str) -> str:
    """The last part of a name.

    >>> leaf_of("self.bn1.running_mean"), leaf_of("model/dense/bias:0")
    ('running_mean', 'bias')
    """
    name = own_name(name[-LONGEST:]).removesuffix(":0").removesuffix("/ReadVariableOp").removesuffix("/read")
    return name[max(name.rfind("."), name.rfind("/")) + 1 :]


def made_up(name: str) -> bool:
    """Whether a name says nothing about the array.

    >>> made_up("Constant_1234_compressed"), made_up("self.cls_token"), made_up("__module.a/aten::add/Constant_1")
    (True, False, True)
    """
    return len(name) >= LONGEST or is_made_up(own_name(name)) or _MADE_UP.match(name) is not None


def layer_of_array(name: str) -> str | None:
    """The layer that an array stands in, by its own name; None where that does not say.

    >>> layer_of_array("self.encoder.fc1.weight_compressed"), layer_of_array("Constant_12")
    ('encoder.fc1', None)
    """
    if made_up(name):
        return None
    found = layer_of(own_name(name), None)
    return found.removeprefix("self.") if found else found


def layer_of_node(name: str) -> str | None:
    """The layer that a node's name says.

    >>> layer_of_node("__module.fc1/aten::linear/MatMul"), layer_of_node("model/dense/MatMul"), layer_of_node("Add_3")
    ('fc1', 'model/dense', None)
    """
    if scope := scope_of(name):
        return scope
    if len(name) >= LONGEST or not ("/" in name.strip("/") or "." in name):
        return None
    name = name.removesuffix("/WithoutBiases")
    if name.startswith("/"):
        return name[1:].rpartition("/")[0].replace("/", ".")
    return layer_of(name, None)
