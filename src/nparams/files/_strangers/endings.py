"""Endings of files that are known and not counted, asked where no first bytes tell: (ending, what it is, what to do).

Each row names who writes the ending; lutzroeder/netron source/view.js lists the same for most.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    Endings = tuple[tuple[str, str], ...]

FROZEN = "not read yet; convert it to ONNX (tf2onnx) and count that"
COREML = "not read; count the .mlpackage or .mlmodel it was compiled from"
SOURCE = "not read; count the file it was converted from (ONNX, TensorFlow Lite, PyTorch)"
MXNET = "not read yet; export the model to ONNX and count that"
TREES = "trees, whose leaves are no parameters of a network; nothing to count"
ENGINE = "named like a TensorRT engine, which does not store shapes openly; count the ONNX file it was built from"

#: asked before anything else: what is inside looks like another format, and is only a part of this one
FIRST: Endings = (
    ("keras_metadata.pb", "what Keras says of a SavedModel, not the model; count the directory that it lies in"),
    ("fingerprint.pb", "the fingerprint of a SavedModel, not the model; count the directory that it lies in"),
    ("tfhub_module.pb", "a mark of TensorFlow Hub, not the model; count the directory that it lies in"),
    ("saved_model.cpb", "a SavedModel in chunks, not read; save it again without chunks (saved_model.pb)"),
    ("saved_model.pbtxt", "a SavedModel as text, not read; save it again in the binary form (saved_model.pb)"),
    (".pbtxt", f"a graph as text (TensorFlow, Caffe, MediaPipe), {FROZEN}"),
    (".distcp", "a piece of a distributed PyTorch checkpoint; count the folder that it lies in, or its .metadata"),
    (".mlpackage.zip", "a zipped Core ML package; unpack it and count the folder"),
    ("coremldata.bin", f"a part of a compiled Core ML model (.mlmodelc), {COREML}"),
    (".pte", "an ExecuTorch program, which is not read; count the .pt2 or checkpoint that it was exported from"),
)

LAST: Endings = (
    (".meta", "named like the graph of a TensorFlow checkpoint, which holds no weights; count the .index beside it"),
    (".pbmm", "named like a memory-mapped graph of TensorFlow, not read; count the .pb that it was converted from"),
    (".mlmodelc", f"a compiled Core ML model, {COREML}"),
    ("weight.bin", "a weights file of a Core ML package; count the package, the folder with the Manifest.json"),
    (".espresso.weights", f"a weights file of a compiled Core ML model, {COREML}"),
    (".espresso.net", f"the layers of a compiled Core ML model, {COREML}"),
    (".prototxt", "a Caffe network as text, which holds no numbers; count the .caffemodel that belongs to it"),
    (".solverstate", "the state of a training in Caffe, not a model; count the .caffemodel beside it"),
    (".binaryproto", "a mean image or other data of Caffe, not a model; count the .caffemodel beside it"),
    (".param", "named like the layers of an ncnn model, which begin 7767517; convert the model again and count that"),
    (".mnn", f"an MNN model, {SOURCE}"),
    (".rknn", f"a model compiled for Rockchip's NPU, {SOURCE}"),
    (".engine", ENGINE),
    (".plan", ENGINE),
    (".trt", ENGINE),
    (".uff", f"a UFF model (for TensorRT), {SOURCE}"),
    (".pdopt", "an optimizer's state of Paddle, not a model; count the .pdparams beside it"),
    (".nb", f"a Paddle Lite or NPU model, {SOURCE}"),
    (".params", f"an MXNet or TVM parameter file, {MXNET}"),
    (".weights", "named like a Darknet weights file, and does not begin as one; count the model it was made from"),
    (".t7", "a Torch7 (Lua) file, not read; load it in Lua Torch and save its arrays as .npz"),
    (".cntk", "a CNTK model, not read; export it to ONNX and count that"),
    (".ms", f"a MindSpore Lite model, {SOURCE}"),
    (".mindir", "a MindSpore model, not read; export it to ONNX and count that"),
    (".tnnmodel", f"a weights file of TNN, {SOURCE}"),
    (".tmfile", f"a Tengine model, {SOURCE}"),
    (".kmodel", f"a model compiled for Kendryte chips, {SOURCE}"),
    (".om", f"a model compiled for Huawei Ascend, {SOURCE}"),
    (".hef", f"a model compiled for Hailo, {SOURCE}"),
    (".dlc", f"a model for Qualcomm's SNPE, {SOURCE}"),
    (".xmodel", f"a model compiled for Xilinx DPUs, {SOURCE}"),
    (".blob", f"a model compiled for Myriad, {SOURCE}"),
    (".bmodel", f"a model compiled for Sophgo, {SOURCE}"),
    (".axmodel", f"a model compiled for Axera, {SOURCE}"),
    (".armnn", f"an Arm NN model, {SOURCE}"),
    (".tflite.cpp", f"a model as C++ source, {SOURCE}"),
    (".cbm", f"a CatBoost model: {TREES}"),
    (".ubj", f"an XGBoost model: {TREES}"),
    (".xgb", f"an XGBoost model: {TREES}"),
    (".mar", "a TorchServe archive; unpack it (it is a zip) and count the .pt inside"),
    (".mat", "a MATLAB file, not read; save its arrays as .npz (scipy.io.loadmat) and count those"),
    (".bson", "a Flux (Julia) checkpoint, not read; save its arrays as .npz (NPZ.jl) and count those"),
    (".rds", "an R object, not read; save the model's arrays as .npz or .h5 and count those"),
    (".tfrecord", "training data of TensorFlow, not a model"),
    (".parquet", "a table of data, not a model"),
    (".csv", "a table of data, not a model"),
)  # fmt: skip
