"""Zip archives that hold no model of a kind that is read, by the names of their members: (test, pattern, what it is).

`is` compares a whole name, `ends` its end; the first row that any member fits decides.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Members = tuple[tuple[str, str, str], ...]

INSIDE = "unpack it and count the {} inside"
SAVED = "a zipped SavedModel of TensorFlow; unpack it and count the folder"
COREML = "a zipped Core ML package; unpack it and count the folder"

TESTS: dict[str, Callable[[str, str], bool]] = {"is": str.__eq__, "ends": str.endswith}

MEMBERS: Members = (
    # pytorch/serve model-archiver/model_packaging_utils.py
    ("is", "MAR-INF/MANIFEST.json", f"a TorchServe archive (.mar); {INSIDE.format('.pt')}"),
    # apple/coremltools: an .mlpackage is a folder with these
    ("ends", "com.apple.CoreML/model.mlmodel", COREML),
    ("ends", "coremldata.bin", "a compiled Core ML model, not read; count the model it was compiled from"),
    ("ends", ".mlmodel", f"a zip archive with a Core ML model; {INSIDE.format('.mlmodel')}"),
    # DLR-RM/stable-baselines3 common/save_util.py
    ("is", "policy.pth", f"a Stable-Baselines3 archive; {INSIDE.format('policy.pth')}"),
    # deeplearning4j ModelSerializer: COEFFICIENTS_BIN
    ("is", "coefficients.bin", "a Deeplearning4j model, not read; export it to .h5 or ONNX and count that"),
    ("is", "TransformerChain/Model.key", "an ML.NET model, not read; export it to ONNX and count that"),
    ("ends", "TrainingInfo/Version.txt", "an ML.NET model, not read; export it to ONNX and count that"),
    ("is", "dlc.metadata", "a model for Qualcomm's SNPE (.dlc), not read; count the file it was converted from"),
    ("is", "model.params", "a model for Qualcomm's SNPE (.dlc), not read; count the file it was converted from"),
    ("ends", ".nntxt", "a Neural Network Libraries (.nnp) model, not read; convert it to ONNX and count that"),
    ("ends", "model.ini", "an H2O model (MOJO): nothing in it is counted; save the network elsewhere as .npz"),
    # a model of a kind that is read, packed once more
    ("ends", "saved_model.pb", SAVED),
    ("ends", "variables.index", SAVED),
    ("ends", ".safetensors", f"a zip archive; {INSIDE.format('.safetensors')}"),
    ("ends", ".gguf", f"a zip archive; {INSIDE.format('.gguf')}"),
    ("ends", ".onnx", f"a zip archive; {INSIDE.format('.onnx')}"),
    ("ends", ".tflite", f"a bundle of TensorFlow Lite models (a .task is one); {INSIDE.format('.tflite')}"),
    ("ends", ".keras", f"a zip archive; {INSIDE.format('.keras')}"),
    ("ends", ".h5", f"a zip archive; {INSIDE.format('.h5')}"),
    ("ends", ".hdf5", f"a zip archive; {INSIDE.format('.hdf5')}"),
    ("ends", ".pth", f"a zip archive; {INSIDE.format('.pth')}"),
    ("ends", ".pt", f"a zip archive; {INSIDE.format('.pt')}"),
    ("ends", ".ckpt", f"a zip archive; {INSIDE.format('.ckpt')}"),
    ("ends", "pytorch_model.bin", f"a zip archive; {INSIDE.format('pytorch_model.bin')}"),
    ("ends", ".pb", f"a zip archive; {INSIDE.format('.pb')}"),
    ("ends", ".pdiparams", "a zipped Paddle model; unpack it and count the .pdiparams inside"),
    ("ends", ".params", "a zipped MXNet model, not read yet; export it to ONNX and count that"),
    ("ends", ".param", f"a zip archive; {INSIDE.format('.param')}"),
    ("ends", ".caffemodel", f"a zip archive; {INSIDE.format('.caffemodel')}"),
    # -- documents and programs that are zip archives (ECMA-376, OpenDocument, EPUB, JAR, APK, wheels)
    ("is", "[Content_Types].xml", "an Office document, not a model"),
    ("is", "META-INF/container.xml", "an EPUB book, not a model"),
    ("is", "mimetype", "an OpenDocument file, not a model"),
    ("is", "AndroidManifest.xml", "an Android app, not a model; unpack it and count the .tflite or .onnx inside"),
    ("is", "META-INF/MANIFEST.MF", "a Java archive, not a model"),
    ("ends", ".dist-info/WHEEL", "a Python package, not a model"),
    ("ends", ".ipa", "an app, not a model"),
    ("ends", ".py", "an archive of code, not a model; unpack it and count a file of it"),
)  # fmt: skip
