"""The tree of layers: what one operator takes stands together, under the name that the layer had before conversion."""

from __future__ import annotations

import re

from nparams.files._tflite.slots import ELEMENTWISE, KINDS, PICKS, VENDOR
from nparams.network.grouping import module_at
from nparams.network.tree import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nparams.files._tflite.constants import Constant, Reading
    from nparams.files._tflite.graph import Key, Reached
    from nparams.network.tree import Tensor

#: what TensorFlow hangs below the name of a layer: what a variable is read by, then the operator or the variable
READ = re.compile(r"(?:/(?:ReadVariableOp|FakeQuantWithMinMaxVars|resource|read)(?:_?\d+)?)+$")
TAIL = re.compile(
    r"/(?:Tensordot/MatMul|Conv[123]D|conv[123]d|conv2d_transpose|MatMul|Tensordot|depthwise|separable_conv2d|BiasAdd"
    r"|FusedBatchNorm(?:V3)?|weights(?:_quant)?|biases|kernel|bias|gamma|beta|\w+_bias|embedding_lookup|ExpandDims_1"
    r"|Relu6?|Squeeze|add|mul|Mul|Add)(?:_?\d+)?$"
)


def layer_of(name: str) -> str:
    """The layer that a tensor's name tells, or "" where it tells none; a converter joins names with semicolons.

    >>> layer_of("model/conv2d_4/BiasAdd/ReadVariableOp;model/conv2d_4/Conv2D"), layer_of("arith.constant3")
    ('model/conv2d_4', '')
    >>> layer_of("M/expand/weights_quant/FakeQuantWithMinMaxVars"), layer_of("encoder/torch.nn.Linear_1;1")
    ('M/expand', 'encoder/torch.nn.Linear_1')
    """
    first = next((part for part in name.split(";") if "/" in part), "")
    return TAIL.sub("", READ.sub("", first)).strip("/")


def tree(reading: Reading, tensors: Sequence[Tensor], roles: Mapping[Key, Reached]) -> Module:
    """The tree in which each tensor stands in its layer; a layer is of the kind that its operator says.

    Layers stand in the order of what their operators make, which converters number as it is made.
    """
    root = Module("", tensors=[], children=[])
    made = {"": root}
    groups = _by_operator(reading, roles)
    for k, constant in sorted(enumerate(reading.constants), key=lambda one: _place(one[1], roles)):
        tensor = tensors[k]
        layer = groups.get(k) or layer_of(constant.name) or tensor.name
        module = module_at(layer, made, "/")
        module.tensors.append(tensor)  # type: ignore[attr-defined]
        if tensor.role == "weight" and constant.key in roles:
            module.kind = module.kind or _kind(constant, roles[constant.key].operator)
    return root


def _place(constant: Constant, roles: Mapping[Key, Reached]) -> tuple[bool, tuple[int, int]]:
    """What no operator keeps in a slot comes last."""
    reached = roles.get(constant.key)
    return reached is None, (0, 0) if reached is None else reached.makes


def _by_operator(reading: Reading, roles: Mapping[Key, Reached]) -> dict[int, str]:
    """Place of a constant -> the layer's name, for what stands in the slots of one operator."""
    groups: dict[tuple[int, int], list[int]] = {}
    for k, constant in enumerate(reading.constants):
        reached = roles.get(constant.key)
        if reached is not None and reached.strength not in ELEMENTWISE:
            groups.setdefault(reached.makes, []).append(k)
    named: dict[int, str] = {}
    for makes, group in groups.items():
        group.sort(key=lambda k: roles[reading.constants[k].key].strength)  # the weights say best
        names = [reading.constants[k].name for k in group]
        label = next((found for found in map(layer_of, names) if found), "")
        if not label:
            label = layer_of(reading.name_of(makes))
        named.update(dict.fromkeys(group, label or names[0]))
    return named


def _kind(constant: Constant, operator: str) -> str | None:
    if operator in PICKS:
        return "Embedding" if len(constant.shape) == 2 else None
    return KINDS.get(operator.removeprefix(VENDOR))
