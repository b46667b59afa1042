"""python -m tools.make_examples: one small network, written by the real libraries in each of their formats.

Needs torch==2.13.0, onnx, onnxscript, keras, h5py and safetensors in one environment; with the word `converted`, which
makes those for OpenVINO and Core ML of the others, torch==2.13.0, openvino and coremltools.  The files stand in
docs/examples, so that the documents' examples run without any of these.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent.parent / "docs" / "examples"


def torch_files() -> None:
    """digits.pth with the state of its optimizer, digits.jit, and ONNX with the batch norm folded and not."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    model = nn.Sequential()
    model.add_module("conv", nn.Conv2d(1, 8, 3, bias=False))
    model.add_module("norm", nn.BatchNorm2d(8))
    model.add_module("relu", nn.ReLU())
    model.add_module("pool", nn.MaxPool2d(4))
    model.add_module("flat", nn.Flatten())
    model.add_module("head", nn.Linear(32, 10))
    optimizer = torch.optim.Adam(model.parameters())
    images = torch.rand(4, 1, 10, 10)
    model(images).sum().backward()
    optimizer.step()
    model.eval()
    held = {"epoch": 3, "model_state_dict": model.state_dict(), "optimizer_state_dict": optimizer.state_dict()}
    torch.save(held, EXAMPLES / "digits.pth")
    torch.jit.trace(model, images).save(str(EXAMPLES / "digits.jit"))
    torch.onnx.export(model, (images,), EXAMPLES / "digits.onnx", dynamo=False, input_names=["images"])
    torch.onnx.export(
        model, (images,), EXAMPLES / "digits_unfolded.onnx", dynamo=False, input_names=["images"],
        training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False,
    )  # fmt: skip


def keras_files() -> None:
    """digits.keras, compiled and trained one step, and its weights alone."""
    os.environ["KERAS_BACKEND"] = "torch"
    os.environ["KERAS_HOME"] = tempfile.mkdtemp()
    import keras
    import numpy

    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((10, 10, 1)),
            keras.layers.Conv2D(8, 3, use_bias=False, name="conv"),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.ReLU(name="relu"),
            keras.layers.MaxPooling2D(4, name="pool"),
            keras.layers.Flatten(name="flat"),
            keras.layers.Dense(10, name="head"),
        ],
        name="digits",
    )
    model.compile("adam", "mse")
    model.train_on_batch(numpy.zeros((4, 10, 10, 1)), numpy.zeros((4, 10)))
    model.save(EXAMPLES / "digits.keras")
    model.save_weights(EXAMPLES / "digits.weights.h5")


def adapter_files() -> None:
    """adapter/: a LoRA adapter as PEFT saves it, of rank 4 on the two projections of one attention layer."""
    import json

    import numpy
    from safetensors.numpy import save_file

    folder = EXAMPLES / "adapter"
    folder.mkdir(exist_ok=True)
    rank, width = 4, 64
    arrays = {}
    for part in ("q_proj", "v_proj"):
        name = f"base_model.model.model.layers.0.self_attn.{part}"
        arrays[f"{name}.lora_A.weight"] = numpy.ones((rank, width), "float32")
        arrays[f"{name}.lora_B.weight"] = numpy.zeros((width, rank), "float32")
    save_file(arrays, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    said = {
        "base_model_name_or_path": "example/base", "bias": "none", "lora_alpha": 8, "peft_type": "LORA", "r": rank,
        "target_modules": ["q_proj", "v_proj"], "task_type": "CAUSAL_LM",
    }  # fmt: skip
    (folder / "adapter_config.json").write_text(json.dumps(said, indent=2) + "\n", "utf-8")


def converted_files() -> None:
    """digits.xml with its digits.bin, and digits.mlpackage, of the ONNX and TorchScript files."""
    import coremltools
    import openvino
    import torch

    openvino.save_model(openvino.convert_model(EXAMPLES / "digits.onnx"), EXAMPLES / "digits.xml")
    traced = torch.jit.load(str(EXAMPLES / "digits.jit"))
    made = coremltools.convert(
        traced, inputs=[coremltools.TensorType("images", (4, 1, 10, 10))],
        minimum_deployment_target=coremltools.target.iOS16,
    )  # fmt: skip
    made.save(str(EXAMPLES / "digits.mlpackage"))


if __name__ == "__main__":
    if sys.argv[1:] == ["converted"]:
        converted_files()
        sys.exit()
    torch_files()
    keras_files()
    adapter_files()
    for path in sorted(EXAMPLES.glob("digits*")):
        print(f"{path.stat().st_size:8,}  {path.name}", file=sys.stderr)
