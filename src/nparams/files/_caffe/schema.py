"""What is kept of a NetParameter: layers of three ages, and their blobs by shape and length.

BVLC/caffe src/caffe/proto/caffe.proto; the raw numbers of NVIDIA's fork are those of NVIDIA/TensorRT
parsers/caffe/proto/trtcaffe.proto (Type, raw_data_type, raw_data).
"""

from __future__ import annotations

from nparams.files._protobuf.schema import INT, INTS, MESSAGE, MESSAGES, RUN, SPAN, TEXT, TEXTS, Schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

SHAPE = Schema("BlobShape", {1: (INTS, "dim", None)})
BLOB = Schema("BlobProto", {
    1: (INT, "num", None), 2: (INT, "channels", None), 3: (INT, "height", None), 4: (INT, "width", None),
    5: (RUN, "data", None), 6: (RUN, "diff", None), 7: (MESSAGE, "shape", SHAPE), 8: (RUN, "double_data", None),
    9: (RUN, "double_diff", None), 10: (INT, "raw_data_type", None), 12: (SPAN, "raw_data", None),
})  # fmt: skip
SPEC = Schema("ParamSpec", {1: (TEXT, "name", None)})
CONVOLUTION = Schema("ConvolutionParameter", {5: (INT, "group", None)})
LAYER = Schema("LayerParameter", {
    1: (TEXT, "name", None), 2: (TEXT, "type", None), 6: (MESSAGES, "param", SPEC), 7: (MESSAGES, "blobs", BLOB),
    106: (MESSAGE, "convolution_param", CONVOLUTION),
})  # fmt: skip
V0 = Schema("V0LayerParameter", {
    1: (TEXT, "name", None), 2: (TEXT, "type", None), 9: (INT, "group", None), 50: (MESSAGES, "blobs", BLOB),
})  # fmt: skip
V1 = Schema("V1LayerParameter", {
    1: (MESSAGE, "layer", V0), 4: (TEXT, "name", None), 5: (INT, "type", None), 6: (MESSAGES, "blobs", BLOB),
    10: (MESSAGE, "convolution_param", CONVOLUTION), 1001: (TEXTS, "param", None),
})  # fmt: skip
NET = Schema("NetParameter", {
    1: (TEXT, "name", None), 2: (MESSAGES, "layers", V1), 100: (MESSAGES, "layer", LAYER),
})  # fmt: skip

#: V1LayerParameter.LayerType -> the type of today (src/caffe/util/upgrade_proto.cpp, UpgradeV1LayerType)
V1_TYPES: Mapping[int, str] = {
    0: "", 1: "Accuracy", 2: "BNLL", 3: "Concat", 4: "Convolution", 5: "Data", 6: "Dropout", 7: "EuclideanLoss",
    8: "Flatten", 9: "HDF5Data", 10: "HDF5Output", 11: "Im2col", 12: "ImageData", 13: "InfogainLoss",
    14: "InnerProduct", 15: "LRN", 16: "MultinomialLogisticLoss", 17: "Pooling", 18: "ReLU", 19: "Sigmoid",
    20: "Softmax", 21: "SoftmaxWithLoss", 22: "Split", 23: "TanH", 24: "WindowData", 25: "Eltwise", 26: "Power",
    27: "SigmoidCrossEntropyLoss", 28: "HingeLoss", 29: "MemoryData", 30: "ArgMax", 31: "Threshold", 32: "DummyData",
    33: "Slice", 34: "MVN", 35: "AbsVal", 36: "Silence", 37: "ContrastiveLoss", 38: "Exp", 39: "Deconvolution",
}  # fmt: skip
#: V0LayerParameter.type of those that have numbers (UpgradeV0LayerType)
V0_TYPES: Mapping[str, str] = {"conv": "Convolution", "innerproduct": "InnerProduct"}
