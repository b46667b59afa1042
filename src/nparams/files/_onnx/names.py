"""Names of ONNX tensors: a framework's own or made up by an exporter, and the layer that each stands in."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.files._onnx.model import Node

#: names that exporters and optimisers make up, each with an example
MADE_UP = (
    (r"/", "/encoder/Constant_3_output_0: torch.onnx"),
    (r"onnx::", "onnx::MatMul_412: torch.onnx"),
    (r"_?\d+$", "463: torch.onnx of old"),
    (r"val_\d+(?:_\d+)*$", "val_17: torch.onnx with dynamo"),
    (r"(?:.*[/_])?[Cc]onst(?:ant)?(?:_fold_opt_)?(?:[_/\d:]|$)", "const_fold_opt__81: tf2onnx"),
    (r".*/[xy](?::\d+)?(?:;|$)", "model/normalize/add/y:0: tf2onnx"),
    (r"(?:.*_)?scalar", "scalar_tensor_default: torch.onnx with dynamo"),
    (r".*(?:__\d+|_output_\d+)$", "roi__44: tf2onnx"),
    (r"ConstantFolding/", "ConstantFolding/truediv_recip:0: TensorFlow's optimiser"),
    (r"t?e?mp?_?\d+$", "tmp_3"),
)
_MADE_UP = re.compile("|".join(f"(?:{pattern})" for pattern, _ in MADE_UP))
#: longer names are no layer's, and not looked into
LONGEST = 1_000
#: what TensorFlow hangs below the name of a variable
TAIL = re.compile(r"(?:/resource|/read)?(?::\d+)?$")
#: what reads a variable, below its layer or the layer's operators: dense/MatMul/ReadVariableOp
READ = "ReadVariableOp"
LOWER = frozenset(("depthwise", "convolution", "batchnorm", "add", "mul", "sub", "einsum"))


def is_made_up(name: str) -> bool:
    """Whether a name was made up by what wrote the file, so that it says nothing about the array.

    >>> is_made_up("onnx::Mul_35"), is_made_up("/layer/Constant_output_0"), is_made_up("logit_scale")
    (True, True, False)
    """
    return not name or (len(name) < LONGEST and _MADE_UP.match(name) is not None)


def layer_of(name: str, node: Node | None) -> str | None:
    """The layer that an array stands in, by its own name, or by the node that uses it; None where neither says.

    >>> layer_of("fc1.weight", None), layer_of("model/dense/MatMul/ReadVariableOp:0", None), layer_of("fc1_w", None)
    ('fc1', 'model/dense', None)
    >>> layer_of("model/norm_3/ReadVariableOp:0", None), layer_of("d/norm/batchnorm/mul/ReadVariableOp", None)
    ('model/norm_3', 'd/norm')
    """
    if len(name) >= LONGEST:
        return None
    if is_made_up(name):
        return None if node is None else _by_node(node)
    name = name.rpartition(";")[2]
    return _of_tensorflow(name) if "/" in name else name.rpartition(".")[0] or None


def _of_tensorflow(name: str) -> str | None:
    """The layer of a variable, or of an operator: all but the last part, and but what it takes to read it."""
    *parts, last = TAIL.sub("", name).split("/")
    if last.startswith(READ):
        while parts and (parts[-1][:1].isupper() or parts[-1].rstrip("_0123456789") in LOWER):
            parts.pop()
    return "/".join(parts) or None


def _by_node(node: Node) -> str:
    """`/encoder/layer.0/query/MatMul` is the query of encoder.layer.0, as the parameters beside it say."""
    if node.scope:
        return node.scope
    name = node.name or (node.outputs[0] if node.outputs else node.op)
    name = name[:LONGEST].rpartition(";")[2]
    if name.startswith("/"):
        scope = name[1:].rpartition("/")[0]
        return scope.replace("/", ".") or name[1:]
    return _of_tensorflow(name) or name if "/" in name else name


def common(names: Sequence[str]) -> str:
    """What the names of one node's arrays have in common, or the first of them.

    >>> common(["conv1_w_0", "conv1_b_0"]), common(["W", "B"])
    ('conv1', 'W')
    """
    first, last = min(names), max(names)
    same = next((k for k, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[:same].rstrip("_./:-") if len(names) > 1 and same > 1 else names[0]
