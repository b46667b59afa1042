"""What the names of files in a model repository mean: one table each, best first.

The usual names are those that the libraries write: huggingface/transformers src/transformers/utils/__init__.py
(`SAFE_WEIGHTS_NAME`, `WEIGHTS_NAME`, `TF2_WEIGHTS_NAME`, ...), huggingface/diffusers src/diffusers/utils/constants.py,
huggingface/peft src/peft/utils/constants.py, mlfoundations/open_clip src/open_clip/constants.py.
"""

from __future__ import annotations

#: forms of the registry, those that keep most of a network's own names and number types first; others come after them
PREFERENCE = (
    "safetensors", "pytorch", "pytorch-legacy", "dcp", "keras", "keras-shards", "hdf5", "saved-model", "tf-checkpoint",
    "flax-msgpack", "orbax", "paddle", "nemo", "onnx", "graphdef", "openvino", "coreml", "tflite", "gguf", "npz",
    "torchscript", "pt2", "caffe", "ncnn", "darknet", "dduf", "llamafile", "npy", "darknet-cfg",
)  # fmt: skip

#: forms that data and tools are kept in too (scaler.pkl, X_test.npy): the model only where no other form lies there
BARE = {
    "pickle": "pickle beside the model", "joblib": "pickle beside the model", "npy": "array beside the model",
    "darknet-cfg": "text beside the model",
}  # fmt: skip

#: forms whose endings other files bear too -> (ending, what must lie beside it: a name, or an ending of the same stem)
BESIDES = {"openvino": (".xml", ".bin"), "coreml": ("Manifest.json", "Data")}

#: stems of whole models, best first; of .metadata nothing is left
USUAL = (
    "model", "pytorch_model", "tf_model", "diffusion_pytorch_model", "open_clip_model", "open_clip_pytorch_model",
    "flax_model", "diffusion_flax_model", "weights", "ggml-model", "consolidated", "consolidated.00", "saved_model",
    "model.ckpt", "frozen_inference_graph", "openvino_model", "",
)  # fmt: skip
#: stems of adapters: chosen only where there is no whole model (peft, diffusers, mlx-lm)
ADAPTERS = ("adapter_model", "adapters", "pytorch_lora_weights")

#: endings that say a number type or a copy, not another model: model.fp16.safetensors, model_q4f16.onnx (diffusers
#: src/diffusers/utils/hub_utils.py `_add_variant`; optimum and transformers.js utils/dtypes.js)
VARIANTS = (
    r"[._-](?P<variant>(?i:fp16|fp32|fp64|bf16|f16|f32|float16|float32|fp8|fp8_e4m3fn|fp8_e5m2|int8|uint8|int4|8bit|4bit"
    r"|nf4|non_ema|no_ema|ema|ema_only|emaonly|quantized|quant|q4|q4f16|q8|q8f16|bnb4|dynamic_range_quant|float16_quant"
    r"|integer_quant|full_integer_quant)|O[1-4]|quint8_[a-z0-9_]+|qint8_[a-z0-9_]+)"
)
#: GGUF's encodings at the end of a name, with what some add: UD-Q4_K_XL, i1-IQ3_XXS (ggml docs/gguf.md, "Encoding")
ENCODINGS = r"[._-](?P<variant>(?i:(?:UD-|i1-)?(?:I?Q[1-8]_[A-Z0-9_]+|TQ[12]_0|MXFP4(?:_MOE)?|NVFP4|BF16|FP?16|FP?32)))"

#: (pattern of a whole name, example): files of training, beside the model and never it (transformers
#: src/transformers/trainer.py; huggingface/accelerate src/accelerate/utils/constants.py; deepspeed)
TRAINING = (
    (r"optimizer(?:_\d+)?\.(?:pt|bin|pth|safetensors|npz|pkl|pickle|joblib)", "optimizer.pt"),
    (r".*\.optimizer\.pth", "policy.optimizer.pth"),  # DLR-RM/stable-baselines3 stable_baselines3/common/save_util.py
    (r"(?:lr_)?scheduler(?:_\d+)?\.(?:pt|bin|pth|pkl|pickle|joblib)", "scheduler.pt"),
    (r"rng_state(?:_\d+)?\.pth", "rng_state_0.pth"),
    (r"random_states_\d+\.pkl", "random_states_0.pkl"),
    (r"training_args\.bin", "training_args.bin"),
    (r"scaler\.(?:pt|bin)", "scaler.pt"),
    (r"(?:dl_)?sampler(?:_\d+)?\.(?:bin|pt)", "sampler.bin"),
    (r"trainer_state\.(?:json|bin|pt)", "trainer_state.json"),
    (r".*_optim_states\.pt", "zero_pp_rank_0_mp_rank_00_optim_states.pt"),
    (r"optim(?:izer)?_state.*\.(?:pt|pth|bin|msgpack)", "optimizer_state.pt"),
    (r"events\.out\.tfevents\..*", "events.out.tfevents.1700000000.host"),
)
#: what is set aside in one folder, and is a model all the same
OWN_MODEL = "the vision or audio part, a model of its own"
#: files whose ending is a model's and that hold something else: (pattern, what, example)
OTHERS = (
    (r"tokenizer\.bin|vocab\.bin|merges\.bin", "tokenizer", "tokenizer.bin"),
    (r"(?:.*[._-])?imatrix(?:[._-].*)?", "statistics for quantising", "model-imatrix.gguf"),
    (r"(?:.*[._-])?mmproj(?:[._-].*)?\.gguf", OWN_MODEL, "mmproj-model-f16.gguf"),
    (r"\d{7}_adapters\.safetensors", "adapter as it was earlier in training", "0000100_adapters.safetensors"),
    (r"keras_metadata\.pb|fingerprint\.pb|tfhub_module\.pb", "about the SavedModel", "fingerprint.pb"),
    (r".*\.data-\d{5}-of-\d{5}", "numbers of a TensorFlow checkpoint", "model.ckpt.data-00000-of-00001"),
    (r".*\.meta", "graph of a TensorFlow checkpoint, without weights", "model.ckpt.meta"),
    (
        r"(?i:.*(?:scaler|vectori[sz]er|(?:label|one_?hot|ordinal|target)_?encoder|tfidf|preprocessor|imputer))"
        r"\.(?:pkl|pickle|joblib)",
        "preprocessing",
        "scaler.joblib",
    ),
    (r"(?i:(?:.*[._-])?(?:tokenizer|vocab|vocabulary))\.(?:pkl|pickle|joblib)", "tokenizer", "tokenizer.pkl"),
    (r"(?:setup|tox|pylint|mypy|flake8|pytest)\.cfg", "settings of a program", "setup.cfg"),
    (r"openvino_(?:de)?tokenizer\.(?:xml|bin)", "tokenizer", "openvino_tokenizer.xml"),
    (r"learned_embeds(?:-steps-\d+)?\.(?:bin|safetensors)", "embeddings of new words", "learned_embeds.bin"),
)
#: every name that OTHERS describe holds one of these: looking for words is ten times faster than for patterns
OTHERS_HOLD = (
    "tokenizer", "vocab.bin", "merges.bin", "imatrix", "mmproj", "_adapters.safetensors", ".pb", ".data-", ".meta",
    ".pkl", ".pickle", ".joblib", ".cfg", "learned_embeds",
)  # fmt: skip
#: (pattern, example): files that each hold a slice of every tensor, one for each device; not shards, which hold whole
#: tensors (meta-llama/llama llama/generation.py `build`; deepspeed deepspeed/runtime/engine.py `_get_ckpt_name`)
SLICES = (
    (r"consolidated\.\d\d\.pth?", "consolidated.00.pth"),
    (r"(?:.*_)?mp_rank_\d\d_model_states\.pt", "zero_pp_rank_0_mp_rank_00_model_states.pt"),
)
#: weights that nothing here reads, for the list of what was left: (pattern, what)
UNREAD = (
    (r"rust_model\.ot", "tch"),
    (r".*\.pbtxt|.*\.pbmm", "TensorFlow graph in another form"),
    (r".*\.(?:engine|plan)", "TensorRT"),
    (r".*\.prototxt", "Caffe"),
    (r".*\.distcp", "PyTorch distributed checkpoint"),
    (r".*\.(?:rknn|mnn|pte|tar|pdopt)", "another kind"),
)
#: every name that UNREAD describe ends so
UNREAD_END = (
    ".ot", ".pbtxt", ".pbmm", ".engine", ".plan", ".prototxt", ".distcp", ".rknn", ".mnn", ".pte", ".tar", ".pdopt",
)  # fmt: skip
#: what is said of them
READ_NOT = "which is not read here"
#: a file that belongs to another of the same name: (ending, the other's ending, what it is; "": read with it)
BESIDE = (
    (".bin", ".xml", "numbers of the .xml beside"),
    (".param.bin", ".param", "the same layers of an ncnn model in binary"),
    (".bin", ".param", ""),
    (".bin", ".param.bin", ""),
    (".cfg", ".weights", ""),
    (".pdmodel", ".pdiparams", "the program of the weights"),
    (".pdmodel", ".pdparams", "the program of the weights"),
    ("common.pt", ".metadata", "what all pieces share"),  # NVIDIA/Megatron-LM megatron/core/dist_checkpointing
)
#: a name in a folder that is a model compiled for one platform -> what it is
COMPILED = {
    "coremldata.bin": "a compiled Core ML model (.mlmodelc), which is not read; count the .mlpackage or .mlmodel it "
    "was compiled from",
}
#: folders that are part of what the file beside them holds (tensorflow/python/saved_model/constants.py)
PARTS = {"saved_model.pb": frozenset(("variables", "assets", "assets.extra", "debug"))}
#: files that are no entry to a checkpoint where another lies beside them (Orbax)
ENTRIES = {"manifest.ocdbt": "_METADATA", "_CHECKPOINT_METADATA": "_METADATA"}
#: forms that are read from all files of a folder, and its sub-folders
SPREAD = ("orbax",)
