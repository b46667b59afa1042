"""What the operators of MIL do with their inputs, by the names of their parameters.

apple/coremltools coremltools/converters/mil/mil/ops/defs (iOS15 to iOS18): the `input_spec` of each.  The letters are
those of _slots/table.py.
"""

from __future__ import annotations

from nparams.files._slots.table import Operators

CONV = {"weight": "w", "bias": "b", "quant_scale": "s", "quant_bias": "s"}
NORM = {"gamma": "w", "beta": "b", "mean": "m", "variance": "m"}
RECURRENT = {
    "weight_ih": "w", "weight_hh": "w", "weight_ih_back": "w", "weight_hh_back": "w", "peephole": "w",
    "peephole_back": "w", "bias": "b", "bias_back": "b", "input_bias": "b", "initial_h": "a", "initial_c": "a",
}  # fmt: skip
SCALED = {"scale": "s", "zero_point": "s", "offset": "s"}
UNPACKED = {**SCALED, "axis": "s", "lut": "s", "shape": "s", "mask": "s", "indices_mask": "s", "data_mask": "s",
            "vector_axis": "s", "output_dtype": "s"}  # fmt: skip
FACTORS, TERMS, MATRICES = {"x": "x", "y": "x"}, {"x": "o", "y": "o"}, {"x": "w", "y": "w"}
TABLE = {"x": "w", "indices": "a"}
BOUNDS, NOTHING, FORM, JOINED = {"x": "a", "y": "a"}, {"x": "a"}, {"x": "-"}, {"values": "-"}
COMPARING = ("equal", "not_equal", "greater", "greater_equal", "less", "less_equal", "logical_and", "logical_or",
             "logical_xor", "maximum", "minimum", "mod", "floor_div", "pow")  # fmt: skip
#: operators with no place for a weight: what is stored for them says how, not what
PLAIN = (
    "clamped_relu", "elu", "gelu", "leaky_relu", "linear_activation", "relu", "relu6", "scaled_tanh", "sigmoid",
    "sigmoid_hard", "silu", "softplus", "softmax", "softsign", "thresholded_relu", "classify", "cond", "while_loop",
    "select", "make_list", "list_length", "list_write", "list_read", "list_gather", "list_scatter", "abs", "acos",
    "asin", "atan", "atanh", "ceil", "clip", "cos", "cosh", "erf", "exp", "exp2", "floor", "inverse", "log",
    "logical_not", "round", "rsqrt", "sign", "sin", "sinh", "sqrt", "square", "tan", "tanh", "threshold",
    "upsample_nearest_neighbor", "resize_nearest_neighbor", "upsample_bilinear", "resize_bilinear", "resize",
    "crop_resize", "crop", "affine", "resample", "l2_norm", "local_response_norm", "avg_pool", "l2_pool", "max_pool",
    "random_bernoulli", "random_categorical", "random_normal", "random_uniform", "reduce_argmax", "reduce_argmin",
    "reduce_l1_norm", "reduce_l2_norm", "reduce_log_sum", "reduce_log_sum_exp", "reduce_max", "reduce_mean",
    "reduce_min", "reduce_prod", "reduce_sum", "reduce_sum_square", "scatter", "scatter_along_axis", "scatter_nd",
    "band_part", "cumsum", "fill", "fill_like", "non_maximum_suppression", "non_zero", "one_hot", "pad", "range_1d",
    "argsort", "topk", "flatten2d", "shape", "reverse_sequence", "sliding_windows", "slice_update", "read_state",
    "write_state", "coreml_update_state", "quantize",
)  # fmt: skip

#: operators whose result is what they are given, changed in form only -> the parameter
FORMS = dict.fromkeys((
    "cast", "reshape", "reshape_like", "transpose", "expand_dims", "squeeze", "tile", "slice_by_index", "slice_by_size",
    "split", "reverse", "depth_to_space", "space_to_depth", "space_to_batch", "batch_to_space", "pixel_shuffle",
    "pixel_unshuffle", "identity", "gather",
), ("x",))  # fmt: skip
#: what unpacks a weight when the model is compiled -> the parameter that holds its numbers
UNPACKING = {
    "constexpr_affine_dequantize": ("quantized_data",), "constexpr_cast": ("source_val",),
    "constexpr_lut_to_dense": ("indices",), "constexpr_sparse_to_dense": ("nonzero_data",),
    "constexpr_blockwise_shift_scale": ("data",), "constexpr_lut_to_sparse": ("indices_nonzero_data",),
    "constexpr_sparse_blockwise_shift_scale": ("nonzero_data",),
}  # fmt: skip

SLOTS = {
    "conv": CONV, "conv_quantized": CONV, "conv_transpose": CONV, "linear": CONV, "matmul": MATRICES,
    "einsum": {"values": "w"}, "gather": TABLE, "gather_nd": TABLE, "gather_along_axis": TABLE,
    "batch_norm": NORM, "instance_norm": NORM, "layer_norm": NORM, "prelu": {"alpha": "w"},
    "softplus_parametric": {"alpha": "w", "beta": "w"}, "lstm": RECURRENT, "gru": RECURRENT, "rnn": RECURRENT,
    "add": TERMS, "sub": TERMS, "mul": FACTORS, "real_div": FACTORS, "dequantize": SCALED, "quantize": SCALED,
    "scaled_dot_product_attention": {"attn_mask": "a"}, "select": {"cond": "a", "a": "a", "b": "a"},
    **dict.fromkeys(COMPARING, BOUNDS), **dict.fromkeys(UNPACKING, UNPACKED), "concat": JOINED, "stack": JOINED,
}  # fmt: skip
ROWS = {**dict.fromkeys(PLAIN, NOTHING), **dict.fromkeys(FORMS, FORM), **SLOTS}

KINDS = {
    "conv": "Conv", "conv_quantized": "Conv", "conv_transpose": "ConvTranspose", "linear": "Dense", "matmul": "Dense",
    "gather": "Embedding", "batch_norm": "BatchNorm", "instance_norm": "InstanceNorm", "layer_norm": "LayerNorm",
    "prelu": "PReLU", "lstm": "LSTM", "gru": "GRU", "rnn": "SimpleRNN",
}  # fmt: skip

OPERATORS = Operators(
    ROWS, {**FORMS, **UNPACKING, "dequantize": ("input",), "quantize": ("input",)},
    {
        **dict.fromkeys(("concat", "stack", "add", "maximum", "minimum", "matmul"), "*"),
        **dict.fromkeys(("abs", "exp", "log", "sqrt", "rsqrt", "square", "inverse", "tanh", "sigmoid", "pow", "clip",
                         "l2_norm", "softplus", "sign", "round"), ("x",)),
        "select": ("a", "b"),
    },
    KINDS,
    opening=frozenset((*UNPACKING, "dequantize", "cast")),
    scaling=frozenset(("mul", "sub", "real_div")),
    adding=frozenset(("add",)),
    picking=frozenset(("gather",)),
    moving=frozenset(("random_bernoulli", "random_categorical", "random_normal", "random_uniform", "read_state",
                      "cond", "while_loop")),
    waves=frozenset(("sin", "cos")),
    products=frozenset(("matmul", "mul", "einsum")),
    gathering=frozenset(("concat", "stack")),
)  # fmt: skip
