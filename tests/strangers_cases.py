"""Files that are recognised by name and not counted, as their real writers begin them, and what must be said."""

from __future__ import annotations

from struct import pack

from tests.tflite_maker import L, N, V, flatbuffer


def field(number: int, value: int | bytes | str) -> bytes:
    """One field of a protocol buffer: a number, or bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def tar(first: str) -> bytes:
    """The first two blocks of a tar archive, as Python's tarfile writes them (POSIX.1-1988 ustar)."""
    head = first.encode().ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + b"00000000012\0" + b"00000000000\0"
    head = head.ljust(156, b"\0") + b"0" + bytes(100) + b"ustar\x0000"
    return head.ljust(512, b"\0") + bytes(512)


def fb(identifier: bytes) -> bytes:
    return flatbuffer({0: N("I", 1), 1: L([{0: V("B", b"abc")}])}, identifier)


NODE = field(1, "X") + field(2, "Placeholder") + field(5, field(1, "dtype"))
GRAPH = field(1, NODE) + field(1, field(1, "W") + field(2, "Const"))
META = field(2, field(1, field(1, "Add") + field(2, field(1, "x")))) + field(3, "serve")
INPUT = field(1, "input_2") + field(3, b"*\x0b")
SPORE = field(1, 1024) + field(1, 784) + field(2, "Float32") + field(3, b"\x77\xac\xb4\x3c" * 200)
COREML = field(1, 6) + field(2, field(1, INPUT) + field(10, "x")) + field(502, b"a")
CAFFE2 = field(1, "init") + field(2, field(2, "w") + field(4, "GivenTensorFill") + field(5, field(1, "shape")))
ENGINE_META = b'{"description": "Ultralytics YOLOv8n model", "task": "detect"}'
WEIGHTS = pack("<40f", *(0.01 * (k + 1) for k in range(40)))
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4d7a" * 16 + b"\nsize 45118424\n"
PICKLE = b"\x80\x04\x95\xe2\x02\0\0\0\0\0\0\x8c"

#: name | bytes | how the message goes on after "NAME is "
CASES = [
    # -- in a model's place
    ("model.bin", LFS, "a Git LFS pointer (45,118,424 bytes elsewhere), not the model itself. Run: git lfs pull"),
    ("model.onnx", b"  \n<!doctype HTML>\n<html lang=en>", "an HTML page, not a model"),
    ("model.pt", b"\xef\xbb\xbf<HTML><head>", "an HTML page, not a model"),
    ("model.safetensors", b'{"error":"Invalid username or password."}', "a server's answer, not a model"),
    ("model.h5", b'{\n  "message": "Not Found",\n  "documentation_url": "x"}', "a server's answer, not a model"),
    ("model.bin", b"Entry not found", "a server's answer, not a model"),
    ("model.bin", b"Access to model meta-llama/x is restricted.", "a server's answer, not a model"),
    ("model.tflite", b"404: Not Found", "a server's answer, not a model"),
    ("model.pt", b'<?xml version="1.0" ?>\n<Error><Code>AccessDenied</Code>', "a server's answer, not a"),
    # -- compiled
    ("model.engine", b"ftrt" + pack("<I", 0x57) + bytes(40), "a TensorRT engine, which does not store shapes openly"),
    ("model.plan", b"ptrt" + bytes(40), "a TensorRT engine"),
    ("yolov8n.engine", pack("<I", len(ENGINE_META)) + ENGINE_META + b"ftrt" + bytes(20), "a TensorRT engine"),
    ("yolov8n.engine", pack("<I", 2000) + b'{"' + b" " * 600, "a TensorRT engine"),
    ("m.ptl", b"\x20\0\0\0PTMF" + bytes(40), "a mobile model of PyTorch"),  # pytorch mobile/serialization_flatbuffer
    ("odd.plan", b"\x1e\0\0\0abcd", "named like a TensorRT engine"),
    ("model.rknn", b"RKNN\0\0\0\0" + bytes(60), "a compiled model for Rockchip's NPU"),
    ("model.rknn", b"CYPTRKNN" + bytes(60), "a compiled model for Rockchip's NPU"),
    ("model.rknn", fb(b"RKNN"), "a compiled model for Rockchip's NPU"),
    ("model.om", b"IMOD" + bytes(60), "a model compiled for Huawei Ascend"),
    ("model.hef", b"\x01HEF" + bytes(60), "a model compiled for Hailo"),
    # -- flatbuffers of other runtimes
    ("model.pte", fb(b"ET12"), "an ExecuTorch program"),
    ("model", fb(b"ET12"), "an ExecuTorch program"),
    ("model.ort", fb(b"ORTM"), "a model in ONNX Runtime's own format"),
    ("model.ms", fb(b"MSL2"), "a MindSpore Lite model"),
    ("model.circle", fb(b"CIR0"), "a circle model"),
    ("model.mnn", flatbuffer({0: "x"}, b"\0\0\0\0"), "an MNN model, not read"),
    ("model.litertlm", b"LITERTLM" + bytes(60), "a LiteRT-LM bundle"),
    # -- ggml before GGUF
    ("ggml-model.bin", b"lmgg" + bytes(60), "a ggml file from before GGUF"),
    ("ggml-model.bin", b"tjgg" + bytes(60), "a ggml file from before GGUF"),
    ("ggml-model.bin", b"fmgg" + bytes(60), "a ggml file from before GGUF"),
    ("ggml-adapter.bin", b"algg" + bytes(60), "a ggml file from before GGUF"),
    # -- tar and pickles
    ("tensor.tar", tar("sys_info"), "a PyTorch file of 2016 (tar); load it with an old PyTorch"),
    ("model.pth", tar("pickle"), "a PyTorch file of 2016 (tar)"),
    ("any.tar", tar("models/a.pt"), "a tar archive"),
    ("model.tar.gz", b"\x1f\x8b\x08\0" + bytes(60), "a gzip archive"),
    ("a.pkl", b"\x80\x02ctheano.compile.sharedvalue\n", "a pickled Theano model"),
    # -- trees
    ("model.ubj", b"{L\0\0\0\0\0\0\0\x07learner{L", "an XGBoost model: trees, whose leaves are no parameters"),
    ("model.json", b'{"learner":{"attributes":{},"feature_names":[]', "an XGBoost model"),
    ("model.model", b"binf\0\0\0\x3f" + bytes(60), "an XGBoost model"),
    ("model.txt", b"tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\n", "a LightGBM model"),
    ("model.cbm", b"CBM1" + bytes(60), "a CatBoost model"),
    # -- TensorFlow
    ("variables.data-00000-of-00001", WEIGHTS,
     "a data file of a TensorFlow checkpoint, not read alone; count variables.index beside it"),
    ("model.meta", field(1, META) + field(2, GRAPH),
     "the graph of a TensorFlow checkpoint (MetaGraphDef), which holds no weights; count the .index that lies beside"),
    ("model.ckpt-7.meta", b"\xff\xff", "named like the graph of a TensorFlow checkpoint, which holds no weights"),
    ("saved_model.pbtxt", b"saved_model_schema_version: 1",
     "a SavedModel as text, not read; save it again in the binary"),
    ("keras_metadata.pb", b"\n\xcb\x86m\x1a\x04root",
     "what Keras says of a SavedModel, not the model; count the directory"),
    ("fingerprint.pb", b"\x08\xd9\x9f\xa4\xdb", "the fingerprint of a SavedModel, not the model"),
    ("tfhub_module.pb", b"\x08\x03", "a mark of TensorFlow Hub, not the model; count the directory that it lies in"),
    ("saved_model.cpb", b"TFRecord", "a SavedModel in chunks, not read; save it again without chunks"),
    ("graph.pbtxt", b'node { name: "x" }', "a graph as text (TensorFlow, Caffe, MediaPipe)"),
    ("output_graph.pbmm", bytes(40) + b"\x01", "named like a memory-mapped graph of TensorFlow"),
    ("predict_net.pb", CAFFE2, "a Caffe2 network, not read; convert it to ONNX"),
    ("events.out.tfevents.1700000000.host", b"\x18\0\0\0\0\0\0\0", "training logs of TensorFlow"),
    ("model.json", b'{"format": "layers-model", "modelTopology": {', "a TensorFlow.js model"),
    # -- Core ML, Caffe, ncnn, OpenVINO, Darknet, Paddle, MXNet, Torch7, CNTK
    ("model.mil", b"program(1.0)\n[buildInfo = dict<string, string>({", "a compiled Core ML program (model.mil)"),
    ("coremldata.bin", bytes(8) + b"\x01" + bytes(90), "a part of a compiled Core ML model (.mlmodelc)"),
    ("weight.bin", pack("<II", 21, 2) + bytes(56) + b"\xef\xbe\xad\xde", "a weights file of a Core ML package"),
    ("model.ckpt", field(1, field(1, "fc.weight") + field(2, SPORE)), "a MindSpore checkpoint, not read yet"),
    ("model.ckpt", field(1, field(1, "step") + field(2, field(2, "Int32") + field(3, b"\1\0"))), "a MindSpore checkp"),
    ("model.ckpt", bytes(16) + b"\4\0\0\0\x08\5\x10\x1e" + bytes(120), "a file of Paddle variables;"),
    ("net.prototxt", b'name: "CaffeNet"\nlayer {\n  name: "data"\n  type: "Input"\n', "a Caffe network as text"),
    ("net.prototxt", b'layers {\n bottom: "data"\n type: CONVOLUTION\n}', "a Caffe network as text"),
    ("openvino.bin", WEIGHTS, "a file of bare numbers; their shapes stand elsewhere"),
    ("group1-shard1of1.bin", WEIGHTS, "weights of TensorFlow.js"),
    ("a.pmml", b'<?xml version="1.0"?>\n<PMML version="4.4">', "a PMML model"),
    ("yolo.weights", b"\1\2\3\xff", "named like a Darknet weights file"),
    ("yolo.txt", b"# a comment\n\n[net]\nbatch=64\n[convolutional]\n", "a Darknet network as text"),
    ("net.param", b"75 83\nInput data 0 1 data 0=227\n", "named like the layers of an ncnn model"),
    ("s_iter_100.solverstate", field(1, 100) + field(2, "s.caffemodel") + b"\xff", "the state of a training in Caffe"),
    ("mean.binaryproto", field(1, 1) + field(2, 3) + b"\xff", "a mean image or other data of Caffe"),
    ("net-0000.params", pack("<QQQ", 0x112, 0, 3), "an MXNet parameter file"),
    ("net-symbol.json", b'{"nodes": [{"op": "null", "name": "data", "inputs": []}', "an MXNet graph"),
    ("net.t7", pack("<iii", 4, 1, 3) + b"V 1" + bytes(20), "a Torch7 (Lua) file"),
    ("net.t7", pack("<iii", 3, 1, 2) + bytes(20), "a Torch7 (Lua) file"),
    ("net.t7", b"4\n1\n3\nV 1\n13\nnn.Sequential\n", "a Torch7 (Lua) file in text form"),
    ("net.model", b"B\0C\0N\0\0\0B\0V\0", "a CNTK v1 model"),
    ("net.mge", b"mgb0001" + bytes(20), "a MegEngine model"),
    # -- JAX, distributed PyTorch, other bundles
    ("3f0a", b"\x0c\xdb\x20\xde" + bytes(20), "a data file of an Orbax checkpoint; count the folder"),
    ("__0_0.distcp", b"PK\x03\x04" + bytes(60), "a piece of a distributed PyTorch checkpoint"),
    ("model.bin", pack("<IH", 6, 16) + b"TransformerSpec\0" + bytes(20), "a CTranslate2 model"),
    ("model.bin", pack("<IH", 6, 12) + b"WhisperSpec\0" + bytes(20), "a CTranslate2 model"),
    # -- data, documents, programs
    ("data.mat", b"MATLAB 5.0 MAT-file, Platform: GLNXA64".ljust(124) + b"\0\x01IM", "a MATLAB file"),
    ("data.mat", b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512) + b"\x89HDF\r\n\x1a\n", "a MATLAB 7.3 file"),
    ("part.parquet", b"PAR1\x15\x04" + bytes(20), "a table of data"),
    ("data.arrow", b"ARROW1\0\0" + bytes(20), "a table of data"),
    ("a.db", b"SQLite format 3\0" + bytes(20), "a database"),
    ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(20), "a picture"),
    ("a.jpg", b"\xff\xd8\xff\xe0" + bytes(20), "a picture"),
    ("a.gif", b"GIF89a" + bytes(20), "a picture"),
    ("a.mp4", b"\0\0\0\x20ftypisom", "sound or video"),
    ("a.wav", b"RIFF\x24\0\0\0WAVEfmt ", "sound or video"),
    ("a.pdf", b"%PDF-1.7\n", "a PDF document"),
    ("a.7z", b"7z\xbc\xaf\x27\x1c\0\x04", "a 7-zip archive"),
    ("a.bz2", b"BZh91AY&SY", "a bzip2 archive"),
    ("a.xz", b"\xfd7zXZ\0\0\x04", "an xz archive"),
    ("a.zst", b"\x28\xb5\x2f\xfd\x24", "a Zstandard archive"),
    ("a.rar", b"Rar!\x1a\x07\x01\0", "a RAR archive"),
    ("a.so", b"\x7fELF\x02\x01\x01", "a program"),
    ("a.exe", b"MZ\x90\0\x03", "a program"),
    ("a.wasm", b"\0asm\x01\0\0\0", "a program"),
    ("tokenizer.model", b"\x0a\x0e\x0a\x05<unk>\x15\0\0\0\0\x18\x02", "a SentencePiece tokenizer"),
    ("tokenizer.json", b'{\n  "version": "1.0",\n  "truncation": null,\n  "padding": null,', "a tokenizer"),
    ("cc.en.300.bin", pack("<iii", 793712314, 12, 300) + bytes(20), "a fastText model"),
]  # fmt: skip

#: members of a zip archive | how the message goes on after "NAME is "
ARCHIVES = [
    (["MAR-INF/MANIFEST.json", "model.pt", "handler.py"], "a TorchServe archive (.mar)"),
    (["x.mlpackage/Manifest.json", "x.mlpackage/Data/com.apple.CoreML/model.mlmodel"], "a zipped Core ML package"),
    (["x.mlmodelc/coremldata.bin"], "a compiled Core ML model"),
    (["data", "policy.pth", "pytorch_variables.pth"], "a Stable-Baselines3 archive"),
    (["configuration.json", "coefficients.bin"], "a Deeplearning4j model"),
    (["dlc.metadata", "model", "model.params"], "a model for Qualcomm's SNPE"),
    (["m/saved_model.pb", "m/variables/variables.index"], "a zipped SavedModel of TensorFlow"),
    (["hand_detector.tflite", "hand_landmarks_detector.tflite"], "a bundle of TensorFlow Lite models"),
    (["model.onnx"], "a zip archive; unpack it and count the .onnx inside"),
    (["repo/config.json", "repo/model.safetensors"], "a zip archive; unpack it and count the .safetensors inside"),
    (["weights.pth"], "a zip archive; unpack it and count the .pth inside"),
    (["[Content_Types].xml", "word/document.xml"], "an Office document"),
    (["AndroidManifest.xml", "classes.dex"], "an Android app"),
    (["META-INF/MANIFEST.MF", "a/B.class"], "a Java archive"),
    (["mimetype", "content.xml"], "an OpenDocument file"),
    (["pkg/__init__.py", "pkg-1.0.dist-info/WHEEL"], "a Python package"),
    (["readme.txt"], "a zip archive with no model in it that is read; unpack it first"),
]  # fmt: skip
