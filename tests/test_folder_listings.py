"""Names as published repositories have them: which set is chosen by names alone, and what the rest is called."""

from __future__ import annotations

import pytest

from nparams._claims import FILES
from nparams.files._folder import table
from nparams.files._folder.choice import best
from nparams.files._folder.inventory import SLICE, Inventory, kind_of_other, parted, stranger

TOKENS = ["README.md", "config.json", "tokenizer.json", "tokenizer.model", "special_tokens_map.json", "vocab.txt"]
SHARDS = [f"model-{k:05}-of-00003.safetensors" for k in (1, 2, 3)]
BINS = [f"pytorch_model-{k:05}-of-00002.bin" for k in (1, 2)]
QUANTS = ("Q2_K", "Q3_K_L", "Q3_K_M", "Q4_0", "Q4_K_M", "Q5_K_S", "Q6_K", "Q8_0")
# what repository | its names | the sets that come first, by the file that stands for each
LISTINGS = [
    ("BERT", ["flax_model.msgpack", "model.onnx", "model.safetensors", "pytorch_model.bin", "rust_model.ot",
              "tf_model.h5"], ["model.safetensors"]),
    ("GPT-2", ["64-8bits.tflite", "64-fp16.tflite", "64.tflite", "model.safetensors", "pytorch_model.bin"],
     ["model.safetensors"]),
    ("before safetensors", ["pytorch_model.bin", "tf_model.h5", "flax_model.msgpack"], ["pytorch_model.bin"]),
    ("TensorFlow only", ["tf_model.h5"], ["tf_model.h5"]),
    ("a large model", [*SHARDS, "model.safetensors.index.json", *BINS, "pytorch_model.bin.index.json"],
     ["model.safetensors.index.json"]),
    ("a large model before safetensors", [*BINS, "pytorch_model.bin.index.json"], ["pytorch_model.bin.index.json"]),
    ("Mistral", [*SHARDS, "model.safetensors.index.json", "consolidated.safetensors", "params.json"],
     ["model.safetensors.index.json"]),
    ("Mistral Large", [*(f"consolidated-{k:05}-of-00002.safetensors" for k in (1, 2)), *SHARDS,
     "consolidated.safetensors.index.json", "model.safetensors.index.json"], ["model.safetensors.index.json"]),
    ("Whisper", ["model.safetensors", "model.safetensors.index.fp32.json", "model.fp32-00001-of-00002.safetensors",
     "model.fp32-00002-of-00002.safetensors", "pytorch_model.bin", "pytorch_model.bin.index.fp32.json",
     "pytorch_model.fp32-00001-of-00002.bin", "pytorch_model.fp32-00002-of-00002.bin", "flax_model.msgpack"],
     ["model.safetensors"]),
    ("MLX", ["model.safetensors", "model.safetensors.index.json"], ["model.safetensors.index.json"]),
    ("MLX, early", ["weights.npz", "config.json"], ["weights.npz"]),
    ("timm", ["model.safetensors", "pytorch_model.bin", "config.json"], ["model.safetensors"]),
    ("OpenCLIP", ["open_clip_config.json", "open_clip_model.safetensors", "open_clip_pytorch_model.bin",
     "model.safetensors", "pytorch_model.bin"], ["model.safetensors"]),
    ("OpenCLIP only", ["open_clip_config.json", "open_clip_model.safetensors", "open_clip_pytorch_model.bin"],
     ["open_clip_model.safetensors"]),
    ("a part of a pipeline", ["diffusion_pytorch_model.bin", "diffusion_pytorch_model.fp16.bin",
     "diffusion_pytorch_model.fp16.safetensors", "diffusion_pytorch_model.non_ema.safetensors",
     "diffusion_pytorch_model.safetensors", "diffusion_flax_model.msgpack"], ["diffusion_pytorch_model.safetensors"]),
    ("Stable Diffusion's own files", ["v1-5-pruned-emaonly.ckpt", "v1-5-pruned-emaonly.safetensors", "v1-5-pruned.ckpt",
     "v1-5-pruned.safetensors"], ["v1-5-pruned.safetensors"]),
    ("llama.cpp quantisations", [f"llama-2-7b.{each}.gguf" for each in QUANTS],
     [f"llama-2-7b.{each}.gguf" for each in QUANTS]),
    ("llama.cpp quantisations, newer", [*(f"Llama-3.3-70B-Instruct-{each}.gguf" for each in QUANTS),
     "Llama-3.3-70B-Instruct-f32-00001-of-00002.gguf", "Llama-3.3-70B-Instruct-f32-00002-of-00002.gguf",
     "Llama-3.3-70B-Instruct.imatrix"],
     [*(f"Llama-3.3-70B-Instruct-{each}.gguf" for each in QUANTS), "Llama-3.3-70B-Instruct-f32-00001-of-00002.gguf"]),
    ("a plain GGUF", ["ggml-model-f16.gguf", "mmproj-model-f16.gguf"], ["ggml-model-f16.gguf"]),
    ("ONNX for the browser", ["model.onnx", "model_bnb4.onnx", "model_fp16.onnx", "model_int8.onnx", "model_q4.onnx",
     "model_q4f16.onnx", "model_quantized.onnx", "model_uint8.onnx"], ["model.onnx"]),
    ("ONNX of sentence-transformers", ["model.onnx", "model_O1.onnx", "model_O4.onnx", "model_qint8_arm64.onnx",
     "model_qint8_avx512_vnni.onnx", "model_quint8_avx2.onnx"], ["model.onnx"]),
    ("ONNX in parts", ["encoder_model.onnx", "decoder_model_merged.onnx", "decoder_with_past_model.onnx"],
     ["decoder_model_merged.onnx", "decoder_with_past_model.onnx", "encoder_model.onnx"]),
    ("ONNX with its data", ["model.onnx", "model.onnx.data", "genai_config.json"], ["model.onnx"]),
    ("YOLO", ["best.pt", "last.pt"], ["best.pt", "last.pt"]),
    ("YOLO, exported", ["yolov8n.pt", "yolov8n.onnx", "yolov8n.engine", "yolov8n_float16.tflite",
     "yolov8n.torchscript"], ["yolov8n.pt"]),
    ("a trainer's checkpoint", ["model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state_0.pth",
     "rng_state_1.pth", "training_args.bin", "trainer_state.json", "scaler.pt"], ["model.safetensors"]),
    ("accelerate's checkpoint", ["pytorch_model.bin", "optimizer.bin", "scheduler.bin", "random_states_0.pkl",
     "sampler.bin"], ["pytorch_model.bin"]),
    ("an adapter", ["adapter_config.json", "adapter_model.safetensors", "optimizer.pt", "training_args.bin"],
     ["adapter_model.safetensors"]),
    ("an adapter, older", ["adapter_config.json", "adapter_model.bin"], ["adapter_model.bin"]),
    ("LLaVA's adapter", ["adapter_model.safetensors", "non_lora_trainables.bin"], ["adapter_model.safetensors"]),
    ("MLX's adapter", ["adapters.safetensors", "0000100_adapters.safetensors", "0000200_adapters.safetensors"],
     ["adapters.safetensors"]),
    ("diffusers' adapter", ["pytorch_lora_weights.safetensors", "pytorch_lora_weights.bin"],
     ["pytorch_lora_weights.safetensors"]),
    ("kohya's epochs", ["dog-000002.safetensors", "dog-000004.safetensors", "dog.safetensors"],
     ["dog-000002.safetensors", "dog-000004.safetensors", "dog.safetensors"]),
    ("XTTS", ["model.pth", "dvae.pth", "mel_stats.pth", "speakers_xtts.pth"], ["model.pth"]),
    ("KerasHub", ["config.json", "metadata.json", "model.weights.h5", "task.json", "tokenizer.json"],
     ["model.weights.h5"]),
    ("KerasHub, in shards", ["model.weights.json", "model_00000.weights.h5", "model_00001.weights.h5"],
     ["model.weights.json"]),
    ("Keras Applications", ["vgg16_weights_tf_dim_ordering_tf_kernels.h5",
     "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"], ["vgg16_weights_tf_dim_ordering_tf_kernels.h5",
     "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"]),
    ("Keras, three times", ["model.h5", "model.keras", "model.tflite", "model.json"], ["model.keras"]),
    ("Llama's own files", ["consolidated.00.pth", "params.json", "checklist.chk"], ["consolidated.00.pth"]),
    ("Llama's own files in slices", [f"consolidated.{k:02}.pth" for k in range(8)], ["consolidated.00.pth"]),
    ("slices beside shards", [*SHARDS, "model.safetensors.index.json", *(f"consolidated.{k:02}.pt" for k in range(8))],
     ["model.safetensors.index.json"]),
    ("a SavedModel", ["saved_model.pb", "keras_metadata.pb", "fingerprint.pb"], ["saved_model.pb"]),
    ("Hub's older format", ["saved_model.pb", "tfhub_module.pb"], ["saved_model.pb"]),
    ("TensorFlow's detection zoo", ["checkpoint", "frozen_inference_graph.pb", "model.ckpt.data-00000-of-00001",
     "model.ckpt.index", "model.ckpt.meta", "pipeline.config"], ["model.ckpt.index"]),
    ("BERT", ["bert_config.json", "bert_model.ckpt.data-00000-of-00001", "bert_model.ckpt.index",
     "bert_model.ckpt.meta", "vocab.txt"], ["bert_model.ckpt.index"]),
    ("a checkpoint beside its frozen graph, named alike", ["net.pb", "net.index", "net.data-00000-of-00001"],
     ["net.index"]),
    ("steps of training", ["model.ckpt-7.data-00000-of-00001", "model.ckpt-7.index", "model.ckpt-9.index",
     "model.ckpt-9.data-00000-of-00001"], ["model.ckpt-7.index", "model.ckpt-9.index"]),
    ("an index of something else", ["faiss.index", "model.safetensors"], ["model.safetensors"]),
    ("nothing to count", ["rust_model.ot", "fingerprint.pb"], []),
    ("words, no weights", ["learned_embeds.bin", "token_identifier.txt"], []),
]  # fmt: skip


@pytest.mark.parametrize(("names", "chosen"), [c[1:] for c in LISTINGS], ids=[c[0] for c in LISTINGS])
def test_what_comes_first(names, chosen):
    held = Inventory(sorted([*TOKENS, *names]), FILES)
    assert sorted(each.name for each in (best(held.candidates)[0] if held.candidates else [])) == sorted(chosen)


def test_every_kind_of_training_state_and_every_other_file_by_its_example():
    for pattern, example in table.TRAINING:
        assert kind_of_other(example, frozenset()) == "state of training", pattern
    for _, what, example in table.OTHERS:
        assert kind_of_other(example, frozenset()) == what
    for pattern, example in table.SLICES:
        assert SLICE.fullmatch(example), pattern
    for name in ("model.safetensors", "pytorch_model.bin", "best.pt", "optimus.pt", "scheduler_net.pth"):
        assert kind_of_other(name, frozenset()) is None


@pytest.mark.parametrize(("name", "what"), [
    ("flax_model.msgpack", None), ("graph.pbtxt", "TensorFlow graph in another form"),
    ("a.engine", "TensorRT"), ("README.md", None),
])  # fmt: skip
def test_what_is_not_read(name, what):
    assert stranger(name) == what


@pytest.mark.parametrize(("name", "form", "expected"), [
    ("model.safetensors", "safetensors", ("model", "", 0)),
    ("model.weights.h5", "hdf5", ("model", "", 0)),
    ("model-00001-of-00002.fp16.safetensors", "safetensors", ("model", "fp16", 2)),
    ("model.safetensors.index.fp16.json", "safetensors-index", ("model", "fp16", 0)),
    ("Qwen2.5-7B-Instruct-Q4_K_M-00001-of-00003.gguf", "gguf", ("Qwen2.5-7B-Instruct", "Q4_K_M", 3)),
    ("model-o1.safetensors", "safetensors", ("model-o1", "", 0)),
    ("fp16.safetensors", "safetensors", ("fp16", "", 0)),
    ("a-bf16.gguf", "gguf", ("a", "bf16", 0)),
    ("a-MXFP4_MOE.gguf", "gguf", ("a", "MXFP4_MOE", 0)),
    ("gpt-16.gguf", "gguf", ("gpt-16", "", 0)),
])  # fmt: skip
def test_the_parts_of_a_name(name, form, expected):
    assert parted(name, form) == expected


def test_a_folder_with_very_many_names():
    """Time follows the names: one pattern each, whatever they are."""
    names = [f"{'x' * 200}-{k}.safetensors" for k in range(20_000)]
    assert len(Inventory(names, FILES).candidates) == 20_000
