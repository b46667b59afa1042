"""What each operator of TensorFlow does with its inputs: one letter an input, and what a weight is reached through.

Inputs: tensorflow/tensorflow tensorflow/core/ops/{nn_ops,math_ops,array_ops,rnn_ops,sparse_ops}.cc.  The letters are
those of `_onnx/slots.py`:

    w  weight            b  bias                  s  scale, range or other bookkeeping of a quantised layer
    m  statistics or a table that belongs to the layer and is not trained (buffer)
    o  operand of an addition                     x  operand of a multiplication
    a  argument (axes, sizes, bounds)             -  data that flows through

W, B: the same where the numbers may be integers of any width.  The last letter holds for every further input if `*`
follows it.
"""

from __future__ import annotations

CONV, NORM = "-w", "-wbmm"
TRANSPOSED = "aw-"
SLOTS = {
    # layers
    "Conv2D": CONV, "Conv3D": CONV, "Conv": CONV, "DepthwiseConv2dNative": CONV, "Dilation2D": CONV,
    "Conv2DBackpropInput": TRANSPOSED, "Conv2DBackpropInputV2": TRANSPOSED, "Conv3DBackpropInput": "-w-",
    "Conv3DBackpropInputV2": TRANSPOSED, "DepthwiseConv2dNativeBackpropInput": TRANSPOSED,
    "_FusedConv2D": "-wb*", "_FusedConv3D": "-wb*", "_FusedDepthwiseConv2dNative": "-wb*", "_FusedMatMul": "-wb*",
    "FusedResizeAndPadConv2D": "-aaw", "FusedPadConv2D": "-aw", "XlaConv": "-waaaa", "XlaConvV2": "-waaaa",
    "MatMul": "ww", "BatchMatMul": "ww", "BatchMatMulV2": "ww", "BatchMatMulV3": "ww", "SparseMatMul": "ww",
    "_FusedBatchMatMulV2": "wwb*", "SparseTensorDenseMatMul": "aaaw", "SparseMatrixMatMul": "-w",
    "SparseMatrixSparseMatMul": "--", "Einsum": "w*", "XlaEinsum": "ww", "XlaDot": "ww", "XlaDotV2": "ww",
    "BiasAdd": "-b", "BiasAddV1": "-b", "Gather": "wa", "GatherV2": "waa", "GatherNd": "wa", "XlaGather": "waa",
    "FusedBatchNorm": NORM, "FusedBatchNormV2": NORM, "FusedBatchNormV3": NORM, "_FusedBatchNormEx": "-wbmm-",
    "BatchNormWithGlobalNormalization": "-mmbw", "_MklLayerNorm": "-wb",
    "LSTMBlockCell": "---wwwwb", "BlockLSTM": "a---wwwwb", "BlockLSTMV2": "a---wwwwb", "GRUBlockCell": "--wwbb",
    "CudnnRNN": "---w", "CudnnRNNV2": "---w", "CudnnRNNV3": "---wa",
    # quantised layers
    "QuantizedConv2D": "-Wssss", "QuantizedMatMul": "-Wssss", "QuantizedDepthwiseConv2D": "-Wssss",
    "QuantizedBiasAdd": "-Bssss", "QuantizedMatMulWithBias": "-WBssss", "QuantizedConv2DWithBias": "-WBssss",
    "QuantizedConv2DWithBiasAndRelu": "-WBssss", "QuantizedConv2DWithBiasAndReluAndRequantize": "-WBssssss",
    "QuantizedConv2DWithBiasAndRequantize": "-WBssssss", "QuantizedConv2DAndRequantize": "-Wssssss",
    "QuantizedDepthwiseConv2DWithBiasAndReluAndRequantize": "-WBssssss", "QuantizedMatMulWithBiasAndRelu": "-WBssss",
    "QuantizedMatMulWithBiasAndReluAndRequantize": "-WBssssss", "QuantizedMatMulWithBiasAndRequantize": "-WBssssss",
    "QuantizedMatMulWithBiasAndDequantize": "-WBssssss", "Requantize": "-ssss", "QuantizeDownAndShrinkRange": "-ss",
    "FakeQuantWithMinMaxVars": "-ss", "FakeQuantWithMinMaxVarsPerChannel": "-ss", "QuantizeAndDequantizeV2": "-ss",
    "QuantizeAndDequantizeV3": "-sss", "QuantizeAndDequantizeV4": "-ss", "QuantizeV2": "-ss", "Dequantize": "-ss",
    "UniformDequantize": "-ss", "UniformQuantize": "-ss", "UniformQuantizedDot": "-Wssssss",
    "UniformQuantizedConvolution": "-Wssssss", "UniformQuantizedDotHybrid": "-Wss",
    "UniformQuantizedConvolutionHybrid": "-Wss", "UniformQuantizedAdd": "oossssss",
    # arithmetic with a stored operand
    "Add": "oo", "AddV2": "oo", "Sub": "oo", "AddN": "o*", "Mul": "xx", "RealDiv": "xx", "Div": "xx", "DivNoNan": "xx",
    "_MklAdd": "oo", "_MklMul": "xx",
    # arguments: what is stored here says how, not what
    "Reshape": "-a", "Transpose": "-a", "ConjugateTranspose": "-a", "ExpandDims": "-a", "Tile": "-a", "Slice": "-aa",
    "StridedSlice": "-aaa", "Split": "a-", "SplitV": "-aa", "Pad": "-a", "PadV2": "-aa", "MirrorPad": "-a",
    "BroadcastTo": "-a", "Fill": "aa", "Range": "aaa", "LinSpace": "aaa", "TopKV2": "-a", "OneHot": "-aaa", "Pow": "-a",
    "Maximum": "aa", "Minimum": "aa", "ClipByValue": "-aa", "Sum": "-a", "Mean": "-a", "Max": "-a", "Min": "-a",
    "Prod": "-a", "All": "-a", "Any": "-a", "ArgMax": "-a", "ArgMin": "-a", "Equal": "aa", "NotEqual": "aa",
    "Less": "aa", "LessEqual": "aa", "Greater": "aa", "GreaterEqual": "aa", "LogicalAnd": "aa", "LogicalOr": "aa",
    "FloorMod": "aa", "FloorDiv": "aa", "Mod": "aa", "Cumsum": "-a", "ReverseV2": "-a", "ReverseSequence": "-a",
    "ResizeBilinear": "-a", "ResizeNearestNeighbor": "-a", "ResizeBicubic": "-a", "ResizeArea": "-a",
    "CropAndResize": "--aa", "NonMaxSuppressionV2": "--aa", "NonMaxSuppressionV3": "--aaa",
    "NonMaxSuppressionV4": "--aaa", "NonMaxSuppressionV5": "--aaaa", "CombinedNonMaxSuppression": "--aaaa",
    "SpaceToBatchND": "-aa", "BatchToSpaceND": "-aa", "ScatterNd": "a-a", "TensorScatterUpdate": "aaa",
    "RandomUniform": "a", "RandomStandardNormal": "a", "TruncatedNormal": "a", "RandomUniformInt": "aaa",
    "Multinomial": "-a", "SquaredDifference": "aa", "Where": "a", "TensorArrayV3": "a", "TensorListReserve": "aa",
    "TensorListStack": "-a", "TensorListFromTensor": "-a", "TensorListGetItem": "-aa", "TensorListSetItem": "-a-",
    "TensorArrayReadV3": "-aa", "TensorArrayScatterV3": "-aa", "TensorArrayGatherV3": "-aa", "EnsureShape": "-",
    "RFFT": "-a", "IRFFT": "-a", "RFFT2D": "-a", "AudioSpectrogram": "-", "Mfcc": "-a", "DecodeJpeg": "a",
    "GatherTree": "aaaa", "Bucketize": "-", "RaggedGather": "a--", "Roll": "-aa",
    "MatrixBandPart": "-aa", "MatrixDiagV3": "-aaaa", "Bincount": "-aa", "Assert": "-a*",
    "LookupTableFindV2": "-aa", "LookupTableImportV2": "-aa", "InitializeTableV2": "-aa", "SaveV2": "aaa*",
    "RestoreV2": "aaa",
}  # fmt: skip

#: operators that give on what they are given, changed in form only -> the inputs that they give on
THROUGH = {
    **dict.fromkeys((
        "Identity", "StopGradient", "PreventGradient", "Snapshot", "CheckNumerics", "GuaranteeConst", "EnsureShape",
        "ReadVariableOp", "Reshape", "Transpose", "ConjugateTranspose", "ExpandDims", "Squeeze", "Cast", "Bitcast",
        "Slice", "StridedSlice", "SplitV", "Unpack", "Tile", "BroadcastTo", "Pad", "PadV2", "MirrorPad", "ReverseV2",
        "FakeQuantWithMinMaxArgs", "FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxVarsPerChannel",
        "QuantizeAndDequantize", "QuantizeAndDequantizeV2", "QuantizeAndDequantizeV3", "QuantizeAndDequantizeV4",
        "QuantizeV2", "Dequantize", "UniformDequantize", "UniformQuantize", "Requantize", "SpaceToDepth",
        "DepthToSpace", "MatrixBandPart", "Enter", "RefEnter", "Exit", "RefExit", "NextIteration", "RefNextIteration",
        "Switch", "RefSwitch", "DenseToCSRSparseMatrix", "_EagerConst", "XlaSharding", "TensorListFromTensor",
        "TensorListStack", "TensorListGetItem",
    ), "0"),
    **dict.fromkeys(("Merge", "RefMerge", "Concat", "ConcatV2", "Pack", "ParallelConcat"), "*"),
    "Split": "1", "IdentityN": "=",
}  # fmt: skip
#: those of them that go without saying: every variable is read through one
PLAINLY = frozenset((
    "Identity", "IdentityN", "ReadVariableOp", "Enter", "RefEnter", "Exit", "Switch", "RefSwitch", "Merge", "RefMerge",
    "NextIteration", "StopGradient", "GuaranteeConst", "EnsureShape",
))  # fmt: skip
#: the same where every input is stored, or made of what is stored: a computation that could have been done beforehand
FIXED = {
    **dict.fromkeys(("Add", "AddV2", "AddN", "Sub", "Mul", "RealDiv", "Div", "DivNoNan", "Maximum", "Minimum"), "*"),
    **dict.fromkeys(("Neg", "Abs", "Exp", "Log", "Sqrt", "Rsqrt", "Reciprocal", "Inv", "Round", "Softplus", "Sign",
                     "Tanh", "Sigmoid", "Pow", "Square", "ClipByValue", "Relu"), "0"),
}  # fmt: skip
#: operators that a statistic of a normalisation goes through, and no weight does
ROOTS = frozenset(("Sqrt", "Rsqrt"))
#: operators that give a quantised array its numbers: integers behind them may be weights
DEQUANTISING = frozenset(("Dequantize", "UniformDequantize", "Cast"))

#: textbook kinds of the layers that operators are
KINDS = {
    **dict.fromkeys(("Conv2D", "Conv3D", "Conv", "_FusedConv2D", "_FusedConv3D", "FusedPadConv2D", "XlaConv",
        "XlaConvV2",
                     "FusedResizeAndPadConv2D", "QuantizedConv2D", "QuantizedConv2DWithBias"), "Conv"),
    **dict.fromkeys(("Conv2DBackpropInput", "Conv2DBackpropInputV2", "Conv3DBackpropInput",
                     "Conv3DBackpropInputV2"), "ConvTranspose"),
    **dict.fromkeys(("DepthwiseConv2dNative", "_FusedDepthwiseConv2dNative", "QuantizedDepthwiseConv2D"),
                    "DepthwiseConv"),
    **dict.fromkeys(("MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3", "_FusedMatMul", "SparseMatMul",
                     "SparseTensorDenseMatMul", "QuantizedMatMul", "XlaDot", "XlaDotV2"), "Dense"),
    **dict.fromkeys(("Gather", "GatherV2"), "Embedding"),
    **dict.fromkeys(("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3", "_FusedBatchNormEx",
                     "BatchNormWithGlobalNormalization"), "BatchNorm"),
    **dict.fromkeys(("LSTMBlockCell", "BlockLSTM", "BlockLSTMV2"), "LSTM"),
    "GRUBlockCell": "GRU",
}  # fmt: skip

#: operators that hold a program of another kind inside, weights and all -> whose
COMPILED = {
    "TRTEngineOp": "TensorRT",  # tensorflow/compiler/tf2tensorrt/ops/trt_engine_op.cc
    "XlaCallModule": "XLA (StableHLO)",  # tensorflow/compiler/tf2xla/ops/xla_ops.cc: jax2tf writes it
    "NeuronOp": "AWS Neuron", "edgetpu-custom-op": "an Edge TPU",
}  # fmt: skip
