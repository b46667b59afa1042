"""ONNX models that show one thing each, and the role, shape and number type of everything that each of them stores."""

from __future__ import annotations

from tests.onnx_maker import (
    FLOAT16,
    INT4,
    INT8,
    INT32,
    INT64,
    STRING,
    UINT8,
    Ref,
    Sparse,
    Tensor,
    chunk,
    constant,
    function,
    graph,
    integers,
    model,
    node,
    number,
    sparse,
    tensor,
)

MS = "com.microsoft"
ML = "ai.onnx.ml"

W, B = tensor("fc.weight", [4, 3]), tensor("fc.bias", [4])
BN = [tensor(f"bn.{name}", [5]) for name in ("weight", "bias", "running_mean", "running_var")]
MASK = tensor("attn.mask", [1, 1, 4, 4])
SCALE, ZERO = tensor("w_scale", []), tensor("w_zero", [], INT8)
QDQ = node("DequantizeLinear", "w_q w_scale w_zero", "w")
LSTM = [tensor("w_ih", [1, 8, 3]), tensor("w_hh", [1, 8, 2]), tensor("bias_cat", [1, 16]), tensor("h0", [1, 1, 2])]
BRANCH = graph([node("Conv", "x W", "z")], inputs="", outputs="z")
NBITS = {"K": 70, "N": 3, "bits": 4, "block_size": 32}
CALL = node("Linear", "x a b", domain="f")
LINEAR = function("Linear", "x w b", "y", [node("Transpose", "w", "wt"), node("Gemm", "x wt b")])

# what it shows | the file | the whole answer
COUNTED = [
    (
        "a linear layer",
        model([node("Gemm", "x fc.weight fc.bias")], [W, B]),
        {"fc.weight": "weight 4x3 float32", "fc.bias": "bias 4 float32"},
    ),
    (
        "a bias that is added",
        model([node("MatMul", "x A", "h"), node("Add", "h B")], [tensor("A", [3, 4]), tensor("B", [4])]),
        {"A": "weight 3x4 float32", "B": "bias 4 float32"},
    ),
    ("the left side of a product", model([node("MatMul", "A x")], [tensor("A", [3, 4])]), {"A": "weight 3x4 float32"}),
    (
        "scale, shift and statistics",
        model([node("BatchNormalization", "x bn.weight bn.bias bn.running_mean bn.running_var")], BN),
        {
            "bn.weight": "weight 5 float32",
            "bn.bias": "bias 5 float32",
            "bn.running_mean": "buffer 5 float32",
            "bn.running_var": "buffer 5 float32",
        },
    ),
    (
        "statistics by the operator alone",
        model([node("BatchNormalization", "x a b c d")], [tensor(name, [5]) for name in "abcd"]),
        {"a": "weight 5 float32", "b": "bias 5 float32", "c": "buffer 5 float32", "d": "buffer 5 float32"},
    ),
    (
        "a recurrent layer",
        model([node("LSTM", "x w_ih w_hh bias_cat _ h0 h0", "y h c")], LSTM),
        {
            "w_ih": "weight 1x8x3 float32",
            "w_hh": "weight 1x8x2 float32",
            "bias_cat": "bias 1x16 float32",
            "h0": "buffer 1x1x2 float32",
        },
    ),
    ("an embedding", model([node("Gather", "E x")], [tensor("E", [9, 4], FLOAT16)]), {"E": "weight 9x4 float16"}),
    ("a table of integers is none", model([node("Gather", "E x")], [tensor("E", [9], INT64)]), {"E": "buffer 9 int64"}),
    (
        "through reshaping, casting, transposing",
        model(
            [
                node("Reshape", "W s", "a"),
                node("Cast", "a", "b", to=1),
                node("Transpose", "b", "c"),
                node("Conv", "x c"),
            ],
            [tensor("W", [4, 6], FLOAT16), integers("s", 4, 2, 3)],
        ),
        {"W": "weight 4x6 float16", "s": "buffer 2 int64"} | {"s": "buffer 3 int64"},
    ),
    (
        "parts put together",
        model(
            [node("Concat", "a b", "c"), node("Slice", "c i i", "d"), node("Conv", "x w d")],
            [tensor("w", [4, 3, 1]), tensor("a", [2]), tensor("b", [2]), integers("i", 0)],
        ),
        {"w": "weight 4x3x1 float32", "a": "bias 2 float32", "b": "bias 2 float32", "i": "buffer 1 int64"},
    ),
    (
        "axes and shapes",
        model([node("Reshape", "x s", "a"), node("ReduceMean", "a k")], [integers("s", 0, -1), integers("k", 1)]),
        {"s": "buffer 2 int64", "k": "buffer 1 int64"},
    ),
    ("a factor", model([node("Mul", "x gamma_1")], [tensor("gamma_1", [7])]), {"gamma_1": "weight 7 float32"}),
    (
        "one number that an exporter named",
        model([node("Mul", "x /Constant_output_0")], [tensor("/Constant_output_0")]),
        {"/Constant_output_0": "buffer 1 float32"},
    ),
    (
        "one number with a name of its own",
        model([node("Mul", "x logit_scale")], [tensor("logit_scale")]),
        {"logit_scale": "weight 1 float32"},
    ),
    (
        "a table that is added is no bias",
        model([node("Add", "x pos")], [tensor("pos", [1, 6, 4])]),
        {"pos": "weight 1x6x4 float32"},
    ),
    ("a mask by its name", model([node("Add", "x attn.mask")], [MASK]), {"attn.mask": "buffer 1x1x4x4 float32"}),
    (
        "a basis named as a buffer",
        model([node("Conv", "x stft.forward_basis_buffer")], [tensor("stft.forward_basis_buffer", [4, 1, 2])]),
        {"stft.forward_basis_buffer": "buffer 4x1x2 float32"},
    ),
    (
        "a class token, in no slot",
        model([node("Concat", "x cls_token")], [tensor("cls_token", [1, 1, 8])]),
        {"cls_token": "weight 1x1x8 float32"},
    ),
    (
        "used twice, counted once",
        model([node("Gather", "E x", "h"), node("Transpose", "E", "t"), node("MatMul", "h t")], [tensor("E", [9, 4])]),
        {"E": "weight 9x4 float32"},
    ),
    (
        "batches tracked, used by nothing",
        model([], [tensor("bn.num_batches_tracked", [], INT64)]),
        {"bn.num_batches_tracked": "buffer 1 int64"},
    ),
    (
        "text",
        model([], [tensor("labels", [2], STRING, typed=chunk(6, "a") + chunk(6, "bc"))]),
        {"labels": "buffer 2 None"},
    ),
    (
        "a weight that is computed beforehand",
        model([node("Mul", "v g", "w"), node("Conv", "x w")], [tensor("v", [4, 3, 1]), tensor("g", [4, 1, 1])]),
        {"v": "weight 4x3x1 float32", "g": "weight 4x1x1 float32"},
    ),
    (
        "ones and zeros for a norm without parameters",
        model(
            [
                node("InstanceNormalization", "x /m/Constant_1_output_0 val_3", "h"),
                node("Mul", "h g", "i"),
                node("Add", "i b"),
            ],
            [
                tensor("/m/Constant_1_output_0", [2]),
                tensor("val_3", [2]),
                tensor("g", [4, 1, 1]),
                tensor("b", [4, 1, 1]),
            ],
        ),
        {
            "/m/Constant_1_output_0": "buffer 2 float32",
            "val_3": "buffer 2 float32",
            "g": "weight 4x1x1 float32",
            "b": "bias 4x1x1 float32",
        },
    ),
    (
        "in no slot, under a name that an exporter made up",
        model([node("Unknown", "x val_7_2 table")], [tensor("val_7_2", [8]), tensor("table", [8])]),
        {"val_7_2": "buffer 8 float32", "table": "weight 8 float32"},
    ),
    (
        "divided by what an exporter made up",
        model(
            [node("Div", "x onnx::Div_9", "h"), node("Div", "h temperature")],
            [tensor("onnx::Div_9", [24]), tensor("temperature")],
        ),
        {"onnx::Div_9": "buffer 24 float32", "temperature": "weight 1 float32"},
    ),
    (
        "preprocessing",
        model(
            [node("Sub", "x mean", "h"), node("Div", "h std")], [tensor("mean", [3, 1, 1]), tensor("std", [3, 1, 1])]
        ),
        {"mean": "buffer 3x1x1 float32", "std": "buffer 3x1x1 float32"},
    ),
    # quantised
    (
        "QDQ",
        model([QDQ, node("Conv", "x w")], [tensor("w_q", [4, 3], INT8), SCALE, ZERO]),
        {"w_q": "weight 4x3 int8", "w_scale": "bookkeeping 1 float32", "w_zero": "bookkeeping 1 int8"},
    ),
    (
        "QDQ of four bits",
        model([QDQ, node("MatMul", "x w")], [tensor("w_q", [5, 3], INT4), SCALE, tensor("w_zero", [], INT4)]),
        {"w_q": "weight 5x3 int4", "w_scale": "bookkeeping 1 float32", "w_zero": "bookkeeping 1 int4"},
    ),
    (
        "a quantised bias",
        model([QDQ, node("Conv", "x k w")], [tensor("k", [4, 3, 1]), tensor("w_q", [4], INT32), SCALE]),
        {"k": "weight 4x3x1 float32", "w_q": "bias 4 int32", "w_scale": "bookkeeping 1 float32"},
    ),
    (
        "trained with quantisation",
        model(
            [
                node("QuantizeLinear", "W w_scale w_zero", "q"),
                node("DequantizeLinear", "q w_scale w_zero", "w"),
                node("Conv", "x w"),
            ],
            [tensor("W", [4, 3, 1]), SCALE, ZERO],
        ),
        {"W": "weight 4x3x1 float32", "w_scale": "bookkeeping 1 float32", "w_zero": "bookkeeping 1 int8"},
    ),
    (
        "QLinearConv",
        model(
            [node("QLinearConv", "x s z w s z s z b")],
            [tensor("w", [4, 3, 1], UINT8), tensor("b", [4], INT32), tensor("s"), tensor("z", [], UINT8)],
        ),
        {"w": "weight 4x3x1 uint8", "b": "bias 4 int32", "s": "bookkeeping 1 float32", "z": "bookkeeping 1 uint8"},
    ),
    (
        "the scale of a weight that is quantised as the model runs",
        model(
            [
                node("DynamicQuantizeLinear", "x", "q s z"),
                node("MatMulInteger", "q W_quantized z W_zero_point", "i"),
                node("Cast", "i", "f"),
                node("Mul", "s W_scale", "t"),
                node("Mul", "f t"),
            ],
            [tensor("W_scale", [5]), tensor("W_zero_point", [], INT8), tensor("W_quantized", [3, 5], INT8)],
        ),
        {
            "W_scale": "bookkeeping 5 float32",
            "W_zero_point": "bookkeeping 1 int8",
            "W_quantized": "weight 3x5 int8",
        },
    ),
    (
        "a scale by the graph's annotation",
        model(graph([], [tensor("s", [3])], extra=chunk(14, chunk(2, chunk(1, "SCALE_TENSOR") + chunk(2, "s"))))),
        {"s": "bookkeeping 3 float32"},
    ),
    (
        "MatMulNBits, the last block filled up",
        model(
            [node("MatMulNBits", "x B s z _ bias", domain=MS, **NBITS)],
            [tensor("B", [3, 3, 16], UINT8), tensor("s", [9]), tensor("z", [6], UINT8), tensor("bias", [3])],
        ),
        {
            "B": "weight 3x70 int4 stored 144",
            "s": "bookkeeping 9 float32",
            "z": "bookkeeping 6 uint8",
            "bias": "bias 3 float32",
        },
    ),
    (
        "MatMulNBits that contradicts itself",
        model([node("MatMulNBits", "x B s", domain=MS, **NBITS)], [tensor("B", [3, 2, 16], UINT8), tensor("s", [9])]),
        {"B": "weight ? None stored 96", "s": "bookkeeping 9 float32"},
    ),
    (
        "MatMulBnb4 of an odd size",
        model(
            [node("MatMulBnb4", "x B a", domain=MS, K=5, N=3, block_size=16, quant_type=1)],
            [tensor("B", [8], UINT8), tensor("a", [1])],
        ),
        {"B": "weight 3x5 nf4 stored 8", "a": "bookkeeping 1 float32"},
    ),
    (
        "a packed embedding",
        model(
            [node("GatherBlockQuantized", "E x s", domain=MS, bits=4, block_size=16)],
            [tensor("E", [9, 8], UINT8), tensor("s", [9, 1])],
        ),
        {"E": "weight 9x16 uint4 stored 72", "s": "bookkeeping 9x1 float32"},
    ),
    (
        "attention of com.microsoft",
        model([node("Attention", "x w b", domain=MS, num_heads=2)], [tensor("w", [4, 12]), tensor("b", [12])]),
        {"w": "weight 4x12 float32", "b": "bias 12 float32"},
    ),
    (
        "attention of ONNX has no weights",
        model([node("Attention", "x x x m")], [tensor("m", [4, 4])]),
        {"m": "buffer 4x4 float32"},
    ),
    # inline constants
    (
        "weights in Constant nodes",
        model(
            [
                constant("W", [4, 3, 1]),
                constant("b", [4]),
                constant("axis", [1], INT64),
                node("Conv", "x W b", "h"),
                node("Squeeze", "h axis"),
            ]
        ),
        {"W": "weight 4x3x1 float32", "b": "bias 4 float32"},
    ),
    (
        "operands beside them",
        model(
            [
                constant("W", [4, 3]),
                constant("g", [3]),
                constant("eps"),
                node("MatMul", "x W", "h"),
                node("Add", "h g", "i"),
                node("Add", "i eps"),
            ]
        ),
        {"W": "weight 4x3 float32", "g": "bias 3 float32"},
    ),
    (
        "tables beside initializers are other",
        model(
            [node("MatMul", "x A", "h"), constant("prior", [1, 9, 2]), node("Mul", "h prior")], [tensor("A", [3, 4])]
        ),
        {"A": "weight 3x4 float32"},
    ),
    ("a bias of inputs is other", model([constant("c", [1]), node("Gemm", "x x c")]), {}),
    (
        "values of every kind",
        model(
            [
                node("Constant", "", f"c{k}", **{f"value_{kind}": value})
                for k, (kind, value) in enumerate(
                    {
                        "float": 1.5,
                        "floats": [1.0, 2.0],
                        "int": 3,
                        "ints": [1, 2, 3],
                        "string": "s",
                        "strings": ["a", "b"],
                    }.items()
                )
            ]
            + [node("Gather", "c1 x")]
        ),
        {"c1": "weight 2 float32"},
    ),
    (
        "a sparse value",
        model([node("Constant", "", "W", sparse_value=Sparse(sparse("", [4, 5], 3))), node("MatMul", "x W")]),
        {"W": "weight 4x5 float32 stored 3"},
    ),
    (
        "filled with one value",
        model(
            [node("ConstantOfShape", "s", "W", value=Tensor(tensor("", [1], FLOAT16))), node("Conv", "x W")],
            [integers("s", 4, 3, 2)],
        ),
        {"s": "buffer 3 int64", "W": "weight 4x3x2 float16 stored 0"},
    ),
    (
        "filled, its shape inline",
        model([node("Constant", "", "s", value_ints=[2, 6]), node("ConstantOfShape", "s", "W"), node("MatMul", "x W")]),
        {"W": "weight 2x6 float32 stored 0"},
    ),
    (
        "filled in a shape that is computed",
        model([node("Shape", "x", "s"), node("ConstantOfShape", "s", "W"), node("MatMul", "x W")]),
        {},
    ),
    # graphs inside graphs
    (
        "a branch uses a name around it",
        model([node("If", "c", then_branch=BRANCH, else_branch=BRANCH)], [tensor("W", [4, 3, 1])]),
        {"W": "weight 4x3x1 float32"},
    ),
    (
        "a name that is its own inside",
        model(
            [
                node(
                    "If",
                    "c",
                    name="if",
                    then_branch=graph([node("Conv", "x W", "z")], [tensor("W", [2, 3, 1])], inputs="", outputs="z"),
                )
            ],
            [tensor("W", [7], INT64)],
        ),
        {"W": "buffer 7 int64", "if.then_branch.W": "weight 2x3x1 float32"},
    ),
    (
        "a weight that a branch chooses",
        model(
            [
                node(
                    "If",
                    "c",
                    "w",
                    then_branch=graph([node("Identity", "A", "z")], inputs="", outputs="z"),
                    else_branch=graph([node("Identity", "B", "z")], inputs="", outputs="z"),
                ),
                node("MatMul", "x w"),
            ],
            [tensor("A", [2, 3]), tensor("B", [2, 3])],
        ),
        {"A": "weight 2x3 float32", "B": "weight 2x3 float32"},
    ),
    (
        "handed to the body of a loop",
        model(
            [node("Loop", "n c W", body=graph([node("MatMul", "x v", "u")], inputs="i k v", outputs="k u"))],
            [tensor("W", [2, 3])],
        ),
        {"W": "weight 2x3 float32"},
    ),
    (
        "handed to the body of a scan",
        model(
            [node("Scan", "W x", body=graph([node("Gemm", "v w", "u")], inputs="w v", outputs="w u"))],
            [tensor("W", [2, 3])],
        ),
        {"W": "weight 2x3 float32"},
    ),
    (
        "a scan of operator set 8",
        model(
            [node("Scan", "_ W x", body=graph([node("Gemm", "v w", "u")], inputs="w v", outputs="w u"))],
            [tensor("W", [2, 3])],
        ),
        {"W": "weight 2x3 float32"},
    ),
    (
        "two deep",
        model(
            [
                node(
                    "If",
                    "c",
                    then_branch=graph(
                        [node("Loop", "n c", body=graph([node("Conv", "x W", "u")], inputs="i k", outputs="k u"))],
                        inputs="",
                        outputs="y",
                    ),
                )
            ],
            [tensor("W", [2, 3, 1])],
        ),
        {"W": "weight 2x3x1 float32"},
    ),
    # local functions
    (
        "given to a function",
        model([CALL], [tensor("a", [4, 3]), tensor("b", [4])], functions=[LINEAR]),
        {"a": "weight 4x3 float32", "b": "bias 4 float32"},
    ),
    (
        "a function in a function",
        model(
            [node("Twice", "x a b", domain="f")],
            [tensor("a", [4, 3]), tensor("b", [4])],
            functions=[
                LINEAR,
                function(
                    "Twice",
                    "x p q",
                    "y",
                    [node("Linear", "x p q", "h", domain="f"), node("Linear", "h p q", domain="f")],
                ),
            ],
        ),
        {"a": "weight 4x3 float32", "b": "bias 4 float32"},
    ),
    (
        "constants in a function",
        model(
            [node("F", "x", domain="f")],
            functions=[function("F", "x", "y", [constant("W", [3, 3]), node("MatMul", "x W")])],
        ),
        {"W": "weight 3x3 float32"},
    ),
    (
        "an attribute of a call",
        model(
            [node("F", "x", domain="f", name="call", w=Tensor(tensor("", [3, 3])))],
            functions=[function("F", "x", "y", [node("Constant", "", "W", value=Ref("w")), node("MatMul", "x W")])],
        ),
        {"call.w": "weight 3x3 float32"},
    ),
    (
        "a function that returns a weight",
        model(
            [node("F", "a", "w", domain="f"), node("MatMul", "x w")],
            [tensor("a", [3, 3])],
            functions=[function("F", "p", "q", [node("Identity", "p", "q")])],
        ),
        {"a": "weight 3x3 float32"},
    ),
    (
        "a function that calls itself",
        model(
            [node("F", "x a", domain="f")],
            [tensor("a", [3, 3])],
            functions=[function("F", "x p", "y", [node("F", "x p", domain="f")])],
        ),
        {"a": "weight 3x3 float32"},
    ),
    # stored elsewhere, or otherwise
    (
        "sparse",
        model([node("MatMul", "x S")], sparse=[sparse("S", [10, 10], 5)]),
        {"S": "weight 10x10 float32 stored 5"},
    ),
    (
        "sparse, by one index each",
        model([node("MatMul", "x S")], sparse=[sparse("S", [10, 10], 5, places=[5, 2])]),
        {"S": "weight 10x10 float32 stored 5"},
    ),
    (
        "in another file",
        model([node("MatMul", "x A")], [tensor("A", [3, 4], location={"location": "w.bin", "length": "48"})]),
        {"A": "weight 3x4 float32"},
    ),
    (
        "of training, set aside",
        model([node("MatMul", "x A")], [tensor("A", [3, 4])], training=[graph([], [tensor("m", [9])])]),
        {"A": "weight 3x4 float32"},
    ),
    (
        "a linear model",
        model([node("LinearRegressor", "x", domain=ML, name="lin", coefficients=[0.5] * 12, intercepts=[1.0] * 3)]),
        {"lin.coefficients": "weight 12 float32 stored 0", "lin.intercepts": "bias 3 float32 stored 0"},
    ),
    ("nothing", model(), {}),
    (
        "a graph said in two parts",
        number(1, 8) + chunk(7, graph([], [tensor("a", [3])])) + chunk(7, graph([node("Gemm", "x a")])),
        {"a": "weight 3 float32"},
    ),
]
