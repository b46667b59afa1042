"""First bytes of files that are known and not counted: (offset, bytes, what the file is and what to do instead).

Where no other source stands beside a row it is lutzroeder/netron source/view.js and the module of that format there,
or, for archives, pictures and data, the page "List of file signatures" of Wikipedia.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    Marks = tuple[tuple[int, bytes, str], ...]

PAGE = "an HTML page, not a model: a download that needed a login or a different link"
ANSWER = "a server's answer, not a model: a download that needed a login or a different link"
PROGRAM = "a program, not a model"
PICTURE = "a picture, not a model"
SOUND = "sound or video, not a model"
TABLE = "a table of data, not a model"
TREES = "whose leaves are no parameters of a network; nothing to count"
OLD_GGML = "a ggml file from before GGUF; convert it with llama.cpp's own script and count the .gguf"
TENSORRT = "a TensorRT engine, which does not store shapes openly; count the ONNX file it was built from"
RKNN = "a compiled model for Rockchip's NPU, which does not store shapes openly; count the ONNX file it was made from"
PROGRAM_OF_NPU = "which does not store shapes openly; count the ONNX or TensorFlow Lite file it was made from"
ONNX = "which is not read; export it to ONNX and count that"
ARRAYS = "which is not read; load it where it was written, save its arrays as .npz and count that"
NCNN = "which is not read yet; count the ONNX or PyTorch file it was converted from"
UNPACK = "unpack it first"

MARKS: Marks = (
    # -- what is found in a model's place
    (0, b"Entry not found", ANSWER),  # what the Hugging Face hub answers
    (0, b"Repository not found", ANSWER),
    (0, b"Access to model ", ANSWER),
    (0, b"Invalid username or password", ANSWER),
    (0, b"404: Not Found", ANSWER),  # raw.githubusercontent.com
    (0, b"Not Found", ANSWER),
    # -- compiled for one kind of hardware
    (0, b"ptrt", TENSORRT),
    (0, b"ftrt", TENSORRT),
    (0, b"RKNN", RKNN),
    (0, b"VPMN", RKNN),
    (0, b"CYPTRKNN", RKNN),  # encrypted (netron source/rknn.js)
    (4, b"RKNN", RKNN),
    (0, b"IMOD", "a model compiled for Huawei Ascend, " + PROGRAM_OF_NPU),
    (0, b"PICO", "a model compiled for HiSilicon, " + PROGRAM_OF_NPU),
    (0, b"IMGDNN", "a model compiled for Imagination hardware, " + PROGRAM_OF_NPU),
    (0, b"\x01HEF", "a model compiled for Hailo, " + PROGRAM_OF_NPU),  # hailo-ai/hailort hef_internal.hpp HEADER_MAGIC
    (0, b"EDL2", "a model for ESP-DL, " + PROGRAM_OF_NPU),
    (4, b"PTMF", "a mobile model of PyTorch (flatbuffer), not read yet; count the .pt that it was made from"),
    # -- flatbuffers of other runtimes: the identifier stands at 4
    (4, b"ET12", "an ExecuTorch program, which is not read; count the .pt2 or checkpoint that it was exported from"),
    (4, b"ORTM", "a model in ONNX Runtime's own format, which is not read; count the .onnx it was converted from"),
    (4, b"MSL0", "a MindSpore Lite model, which is not read; count the ONNX or MindSpore file it was converted from"),
    (4, b"MSL1", "a MindSpore Lite model, which is not read; count the ONNX or MindSpore file it was converted from"),
    (4, b"MSL2", "a MindSpore Lite model, which is not read; count the ONNX or MindSpore file it was converted from"),
    (4, b"CIR0", "a circle model (ONE, Samsung), which is not read; count the .tflite it was converted from"),
    (4, b"TOSA", "a TOSA program, which is not read; count the .tflite it was lowered from"),
    (4, b"KaNN", "a KaNN model, which is not read; count the ONNX file it was generated from"),
    (0, b"LITERTLM", "a LiteRT-LM bundle, which is not read yet; count the .tflite inside"),
    # -- ggml before GGUF: ggml-org/ggml docs/gguf.md, "Historical State of Affairs"
    (0, b"lmgg", OLD_GGML), (0, b"fmgg", OLD_GGML), (0, b"tjgg", OLD_GGML), (0, b"algg", OLD_GGML),
    (0, b"ggjt", OLD_GGML),
    # -- not neural networks
    (0, b"{L\0\0\0\0\0\0\0\x07learner", "an XGBoost model: trees, " + TREES),
    (0, b"{L\0\0", "an XGBoost model (UBJSON): trees, " + TREES),
    (0, b"binf", "an XGBoost model: trees, " + TREES),
    (0, b"bs64", "an XGBoost model: trees, " + TREES),
    (0, b"booster[0]:", "an XGBoost model written as text: trees, " + TREES),
    (0, b"tree\nversion=", "a LightGBM model: trees, " + TREES),  # LightGBM src/boosting/gbdt_model_text.cpp
    (0, b"tree\r\nversion=", "a LightGBM model: trees, " + TREES),
    (0, b"CBM1", "a CatBoost model: trees, " + TREES),
    (0, b"\x0a\x0e\x0a\x05<unk>", "a SentencePiece tokenizer, not a network"),
    (0, b"\x0a\x10\x0a\x05<pad>", "a SentencePiece tokenizer, not a network"),
    (0, b"\xba\x16\x4f\x2f", "a fastText model, which is not read; save its vectors as .npy and count that"),
    # -- other frameworks' own files
    (0, b"\x12\x01\0\0\0\0\0\0", f"an MXNet parameter file, {ONNX}"),
    (0, b"B\0C\0N\0\0\0", f"a CNTK v1 model, {ONNX}"),
    (0, b"\x04\0\0\0\x01\0\0\0\x03\0\0\0V 1", f"a Torch7 (Lua) file, {ARRAYS}"),
    (0, b"\x03\0\0\0\x01\0\0\0", f"a Torch7 (Lua) file, {ARRAYS}"),
    (0, b"4\n1\n3\nV 1\n", f"a Torch7 (Lua) file in text form, {ARRAYS}"),
    (0, b"MATLAB 5.0 MAT-file", f"a MATLAB file, {ARRAYS}"),
    (0, b"MATLAB 7.3 MAT-file", f"a MATLAB 7.3 file, {ARRAYS}"),
    # google/tensorstore kvstore/ocdbt/format/btree_codec.h: kBtreeNodeMagic, stored big-endian
    (0, b"\x0c\xdb\x20\xde", "a data file of an Orbax checkpoint; count the folder that manifest.ocdbt lies in"),
    (0, b"mgb0001", f"a MegEngine model, {ONNX}"),
    (0, b"mgbtest0", f"a MegEngine model, {ONNX}"),
    (0, b"MGBS", f"a MegEngine model, {ONNX}"),
    (0, b"\x02\0\xbc\xfa", f"a TNN weights file, {NCNN}"),
    (0, b"\x04\0\xbc\xfa", f"a TNN weights file, {NCNN}"),
    (0, b"\0B<Nnet", f"a Kaldi network, {ONNX}"),
    (0, b"\0B<TransitionModel>", f"a Kaldi model, {ONNX}"),
    (0, b"ML\xefR", "MLIR bytecode, which is not read; count the model that it was lowered from"),
    # -- archives, documents, pictures, data
    (0, b"\x1f\x8b", f"a gzip archive; {UNPACK}"),
    (0, b"7z\xbc\xaf\x27\x1c", f"a 7-zip archive; {UNPACK}"),
    (0, b"BZh", f"a bzip2 archive; {UNPACK}"),
    (0, b"\xfd7zXZ\0", f"an xz archive; {UNPACK}"),
    (0, b"\x28\xb5\x2f\xfd", f"a Zstandard archive; {UNPACK}"),
    (0, b"\x04\x22\x4d\x18", f"an LZ4 archive; {UNPACK}"),
    (0, b"Rar!\x1a\x07", f"a RAR archive; {UNPACK}"),
    (0, b"\xcf\xfa\xed\xfe", PROGRAM), (0, b"\xce\xfa\xed\xfe", PROGRAM),
    (0, b"\xca\xfe\xba\xbe", PROGRAM), (0, b"\0asm", PROGRAM), (0, b"#!/", PROGRAM),
    (0, b"\x89PNG", PICTURE), (0, b"\xff\xd8\xff", PICTURE), (0, b"GIF8", PICTURE), (0, b"RIFF", SOUND),
    (0, b"II*\0", PICTURE), (0, b"MM\0*", PICTURE),
    (4, b"ftyp", SOUND), (0, b"OggS", SOUND), (0, b"ID3", SOUND), (0, b"fLaC", SOUND),
    (0, b"%PDF", "a PDF document, not a model"),
    (0, b"PAR1", TABLE), (0, b"ARROW1", TABLE), (0, b"FEA1", TABLE), (0, b"Obj\x01", TABLE),
    (0, b"SQLite format 3\0", "a database, not a model"),
)  # fmt: skip
