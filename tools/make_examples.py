"""python -m tools.make_examples: one small network, written by the real libraries in each of their formats.

Needs torch==2.13.0, onnx, onnxscript, keras, h5py, safetensors, tensorflow-cpu and tf_keras in one environment.  The
files stand in docs/examples, so that the documents' examples run without any of these.
Needs torch==2.13.0, onnx, onnxscript, keras, h5py, safetensors and scikit-learn in one environment.  The files stand in
Needs torch==2.13.0, onnx, onnxscript, keras, h5py and safetensors in one environment; with the argument `jax`, the
files of JAX alone are made, for which jax, flax, optax and orbax-checkpoint are enough.  The files stand in
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


def exported_files() -> None:
    """digits.pt2, and digits_dcp/ with the optimizer beside the model."""
    import torch
    import torch.distributed.checkpoint as dcp
    from torch import nn
    from torch.distributed.checkpoint.state_dict import get_state_dict

    torch.manual_seed(0)
    parts = {
        "conv": nn.Conv2d(1, 8, 3, bias=False), "norm": nn.BatchNorm2d(8), "relu": nn.ReLU(), "pool": nn.MaxPool2d(4),
        "flat": nn.Flatten(), "head": nn.Linear(32, 10),
    }  # fmt: skip
    model = nn.Sequential()
    for name, part in parts.items():
        model.add_module(name, part)
    optimizer = torch.optim.SGD(model.parameters(), momentum=0.9)
    images = torch.rand(4, 1, 10, 10)
    model(images).sum().backward()
    optimizer.step()
    states, moments = get_state_dict(model, optimizer)
    dcp.save({"model": states, "optim": moments}, checkpoint_id=EXAMPLES / "digits_dcp")
    torch.export.save(torch.export.export(model.eval(), (images,)), EXAMPLES / "digits.pt2")


def estimator_files() -> None:
    """mlp.joblib: a scaler and a network for digits of 8 x 8, fitted for one round."""
    import joblib
    import numpy
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    images, digits = numpy.eye(64, dtype="float32")[:20], numpy.arange(20) % 10
    made = make_pipeline(StandardScaler(), MLPClassifier((16,), max_iter=1, solver="lbfgs", random_state=0))
    made.fit(images, digits)
    joblib.dump(made, EXAMPLES / "mlp.joblib", compress=3)


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


def tensorflow_files() -> None:
    """digits.ckpt-1.index with its data, after one step of training, and the graph frozen for inference."""
    import numpy
    import tensorflow
    import tf_keras
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    layers = tf_keras.layers
    tf_keras.utils.set_random_seed(0)
    model = tf_keras.Sequential(
        [
            tf_keras.Input((10, 10, 1)),
            layers.Conv2D(8, 3, use_bias=False, name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.ReLU(name="relu"),
            layers.MaxPooling2D(4, name="pool"),
            layers.Flatten(name="flat"),
            layers.Dense(10, name="head"),
        ],
        name="digits",
    )
    model.compile("adam", "mse")
    model.train_on_batch(numpy.zeros((4, 10, 10, 1)), numpy.zeros((4, 10)))
    tensorflow.train.Checkpoint(model=model, optimizer=model.optimizer).save(str(EXAMPLES / "digits.ckpt"))
    (EXAMPLES / "checkpoint").unlink()
    call = tensorflow.function(lambda x: model(x, training=False))
    asked = call.get_concrete_function(tensorflow.TensorSpec([1, 10, 10, 1], tensorflow.float32))
    graph = convert_variables_to_constants_v2(asked).graph.as_graph_def()
    for node in graph.node:
        node.ClearField("experimental_debug_info")
    graph.ClearField("debug_info")
    (EXAMPLES / "digits.pb").write_bytes(graph.SerializeToString(deterministic=True))


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


CFG = """\
[net]
width=10
height=10
channels=1

[convolutional]
batch_normalize=1
filters=8
size=3
stride=1
activation=relu

[maxpool]
size=4
stride=4
padding=0

[connected]
output=10
activation=linear
"""


def darknet_files() -> None:
    """digits.cfg, and digits.weights as AlexeyAB/darknet src/parser.c writes them (save_weights_upto)."""
    from struct import pack

    (EXAMPLES / "digits.cfg").write_text(CFG, "utf-8")
    numbers = 4 * 8 + 8 * 9 + 10 + 32 * 10
    header = pack("<3iQ", 0, 2, 5, 64)
    (EXAMPLES / "digits.weights").write_bytes(header + pack("<f", 0.5) * numbers)


def dduf_file() -> None:
    """tiny.dduf, which tools/fixtures/dduf.py has made."""
    import shutil

    shutil.copy(EXAMPLES.parents[1] / "tests" / "data" / "dduf" / "tiny.dduf", EXAMPLES / "tiny.dduf")


if __name__ == "__main__":
    darknet_files()
    dduf_file()


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
    exported_files()
    estimator_files()
    keras_files()
    tensorflow_files()
    adapter_files()


def jax_files() -> None:
    """digits.msgpack, a training state of Flax, and run/100, a step that Orbax has saved of the same."""
    os.environ["JAX_PLATFORMS"] = "cpu"
    import shutil

    import jax
    import jax.numpy as jnp
    import optax
    import orbax.checkpoint as ocp
    from flax import linen, serialization

    class Digits(linen.Module):
        @linen.compact
        def __call__(self, images):
            x = linen.Conv(8, (3, 3), padding="VALID", use_bias=False, name="conv")(images)
            x = linen.BatchNorm(use_running_average=True, name="norm")(x)
            x = linen.max_pool(linen.relu(x), (4, 4), (4, 4)).reshape(len(images), -1)
            return linen.Dense(10, name="head")(x)

    variables = Digits().init(jax.random.key(0), jnp.ones((1, 10, 10, 1)))
    state = {**variables, "opt_state": optax.adam(1e-3).init(variables["params"]), "step": jnp.zeros((), "int32")}
    (EXAMPLES / "digits.msgpack").write_bytes(serialization.to_bytes(state))
    shutil.rmtree(EXAMPLES / "run", ignore_errors=True)
    with ocp.CheckpointManager(EXAMPLES / "run") as manager:
        manager.save(100, args=ocp.args.StandardSave(state))
    for name in ("_sharding", "commit_success.txt"):  # what no one reads, or holds this machine's paths
        for path in (EXAMPLES / "run").rglob(name):
            path.unlink()


if __name__ == "__main__":
    if "jax" in sys.argv[1:]:
        jax_files()
    else:
        torch_files()
        keras_files()
        adapter_files()
    for path in sorted(EXAMPLES.glob("digits*")):
        print(f"{path.stat().st_size:8,}  {path.name}", file=sys.stderr)
