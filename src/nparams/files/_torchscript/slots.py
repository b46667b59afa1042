"""What operators do with their arguments, one letter an argument, and which operators a weight is reached through.

pytorch aten/src/ATen/native/native_functions.yaml gives the arguments.  Letters:

    w  weight (in a list with others, a bias if it has one dimension)      b  bias
    m  statistics that belong to the layer (buffer)                        o  operand of an addition
    x  operand of a multiplication                                         -  data that flows through
"""

from __future__ import annotations

CONV = "-wb"
SLOTS = {
    **dict.fromkeys(("conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
                     "_convolution", "_convolution_mode", "convolution", "conv_tbc", "cudnn_convolution",
                     "mkldnn_convolution", "linear", "_conv_depthwise2d", "thnn_conv2d"), CONV),
    **dict.fromkeys(("addmm", "addmv", "addbmm", "baddbmm", "addr"), "bww"),
    **dict.fromkeys(("matmul", "mm", "bmm", "mv", "dot", "inner", "tensordot"), "ww"),
    "einsum": "-w", "bilinear": "--wb", "embedding": "w", "embedding_bag": "w", "_embedding_bag": "w",
    "index_select": "w", "prelu": "-w", "rms_norm": "--w",
    "batch_norm": "-wbmm", "instance_norm": "-wbmm", "native_batch_norm": "-wbmm", "cudnn_batch_norm": "-wbmm",
    "_native_batch_norm_legit_no_training": "-wbmm", "_batch_norm_impl_index": "-wbmm",
    "layer_norm": "--wb", "native_layer_norm": "--wb", "group_norm": "--wb", "native_group_norm": "-wb",
    **dict.fromkeys(("lstm", "gru", "rnn_tanh", "rnn_relu"), "--w"),
    **dict.fromkeys(("lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell"), "--wwbb"),
    "_native_multi_head_attention": "-----wbwb",
    "_transformer_encoder_layer_fwd": "---wbwb---wbwbwbwb",
    **dict.fromkeys(("add", "sub", "rsub"), "oo"), **dict.fromkeys(("mul", "div"), "xx"),
    **dict.fromkeys(("cat", "concat"), "x"),  # a class token beside the patches
}  # fmt: skip

#: operators that give on their first argument, changed in form only
THROUGH = frozenset(
    ("t", "transpose", "permute", "numpy_T", "swapaxes", "to", "type_as", "view", "reshape", "flatten", "unsqueeze",
     "squeeze", "expand", "expand_as", "contiguous", "detach", "clone", "alias", "float", "half", "double", "bfloat16",
     "cpu", "cuda", "dequantize", "quantize_per_tensor", "quantize_per_channel", "narrow", "slice", "select", "repeat",
     "repeat_interleave", "unbind", "chunk", "split", "to_dense", "to_mkldnn", "to_sparse", "data", "movedim", "flip")
)  # fmt: skip


def operator(name: str) -> str:
    """The operator that a call names: torch.add_ is add, ops.aten.conv2d is conv2d.

    >>> operator("torch.add_"), operator("ops.aten.conv2d"), operator("_0")
    ('add', 'conv2d', '_0')
    """
    last = name.rpartition(".")[2]
    return last.removesuffix("_") if last.endswith("_") and not last.startswith("__") else last
