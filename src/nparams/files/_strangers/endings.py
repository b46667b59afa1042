"""Endings of files that are known and not counted, asked where no first bytes tell: (ending, what it is, what to do).

Each row names who writes the ending; lutzroeder/netron source/view.js lists the same for most.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    Endings = tuple[tuple[str, str], ...]

TENSORFLOW = "not read yet; load the model in TensorFlow, save it as .h5 or .keras and count that"
FROZEN = "not read yet; convert it to ONNX (tf2onnx) and count that"
COREML = "not read; count the .mlpackage or .mlmodel it was compiled from"
SOURCE = "not read; count the file it was converted from (ONNX, TensorFlow Lite, PyTorch)"
PADDLE = "not read yet; convert the model to ONNX (paddle2onnx) and count that"
MXNET = "not read yet; export the model to ONNX and count that"
TREES = "trees, whose leaves are no parameters of a network; nothing to count"
ENGINE = "named like a TensorRT engine, which does not store shapes openly; count the ONNX file it was built from"
SHARDS = "not read yet; load it in PyTorch (torch.distributed.checkpoint), save one file and count that"

#: asked before anything else: what is inside looks like another format, and is only a part of this one
FIRST: Endings = (
    (".distcp", f"a piece of a distributed PyTorch checkpoint, {SHARDS}"),
    (".nemo", "a NeMo archive (tar), not read yet; unpack it and count model_weights.ckpt"),
    (".dduf", "a DDUF archive, not read yet; unpack it (it is a zip) and count the folder"),
    (".mlpackage.zip", "a zipped Core ML package; unpack it and count the folder"),
    ("coremldata.bin", f"a part of a compiled Core ML model (.mlmodelc), {COREML}"),
    (".pte", "an ExecuTorch program, which is not read; count the .pt2 or checkpoint that it was exported from"),
)

LAST: Endings = (
    (".index", f"named like the index of a TensorFlow checkpoint, {TENSORFLOW}"),
    (".meta", f"named like the graph of a TensorFlow checkpoint, {FROZEN}"),
    (".pbtxt", f"a graph as text (TensorFlow, Caffe, MediaPipe), {FROZEN}"),
    (".pb", f"named like a graph of TensorFlow, {FROZEN}"),
    (".mlmodelc", f"a compiled Core ML model, {COREML}"),
    ("weight.bin", "a weights file of a Core ML package; count the package, the folder with the Manifest.json"),
    (".espresso.weights", f"a weights file of a compiled Core ML model, {COREML}"),
    (".espresso.net", f"the layers of a compiled Core ML model, {COREML}"),
    (".caffemodel", "a Caffe model, not read yet; convert it to ONNX and count that"),
    (".prototxt", "a Caffe network as text, not read yet; count the model converted to ONNX"),
    (".ncnn.bin", f"a weights file of ncnn, {SOURCE}"),
    (".param", f"named like an ncnn model's layers, {SOURCE}"),
    (".mnn", f"an MNN model, {SOURCE}"),
    (".rknn", f"a model compiled for Rockchip's NPU, {SOURCE}"),
    (".engine", ENGINE),
    (".plan", ENGINE),
    (".trt", ENGINE),
    (".uff", f"a UFF model (for TensorRT), {SOURCE}"),
    (".msgpack", "a Flax checkpoint (msgpack), not read yet; restore it in Flax and save its arrays as .npz"),
    (".ocdbt", "part of an Orbax checkpoint, not read yet; restore it and save its arrays as .npz"),
    (".pt2", "a torch.export archive, not read yet; count the checkpoint it was exported from"),
    (".metadata", f"the list of a distributed PyTorch checkpoint, {SHARDS}"),
    (".pdparams", f"a Paddle checkpoint, {PADDLE}"),
    (".pdopt", "an optimizer's state of Paddle; count the .pdparams beside it converted to ONNX"),
    (".pdmodel", f"a Paddle program, {PADDLE}"),
    (".pdiparams", f"a weights file of a Paddle program (no names), {PADDLE}"),
    (".nb", f"a Paddle Lite or NPU model, {SOURCE}"),
    (".params", f"an MXNet or TVM parameter file, {MXNET}"),
    (".weights", "a Darknet weights file (no shapes), not read yet; convert it with its .cfg to PyTorch or ONNX"),
    (".joblib", "a joblib pickle (scikit-learn), not read yet; save coefs_ and intercepts_ as .npz and count that"),
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
    (".llamafile", "a llamafile (a program with a GGUF file inside); count the .gguf it was made from"),
    (".mar", "a TorchServe archive; unpack it (it is a zip) and count the .pt inside"),
    (".mat", "a MATLAB file, not read; save its arrays as .npz (scipy.io.loadmat) and count those"),
    (".bson", "a Flux (Julia) checkpoint, not read; save its arrays as .npz (NPZ.jl) and count those"),
    (".rds", "an R object, not read; save the model's arrays as .npz or .h5 and count those"),
    (".tfrecord", "training data of TensorFlow, not a model"),
    (".parquet", "a table of data, not a model"),
    (".csv", "a table of data, not a model"),
)  # fmt: skip
