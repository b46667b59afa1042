"""What the bare name of a folder says of the model that lies above it: a step of training, another format, a state."""

from __future__ import annotations

import re

from nparams.files._folder.inventory import varied

#: what training calls its states: transformers src/transformers/trainer_utils.py (PREFIX_CHECKPOINT_DIR), deepspeed
#: deepspeed/runtime/engine.py (global_step), huggingface/accelerate examples (step_, epoch_)
STATES = r"(?:checkpoint|ckpt|global_?step|step|epoch|iter|iteration)s?"
#: which of them: a number, or a word that no other folder of a model bears
WHICH = r"(?:best|last|latest|final)"
#: sub-folders that are states of training: checkpoint-500, run-epoch_3, checkpoint-best, final, best_model
TRAINED = re.compile(
    rf"(?i:(?:.*[-_.])?{STATES}[-_=]?(?:\d{{1,18}}|{WHICH})(?:[-_.].*)?|{WHICH}(?:[-_](?:{STATES}|model))?)", re.DOTALL
)
#: what DeepSpeed writes into a step that transformers names by the same number
INNER_STEP, NUMBER = re.compile(r"global_step(\d{1,18})"), re.compile(r"\d{1,18}(?!.*\d)", re.DOTALL)
#: the folder of a module of sentence-transformers: 0_Transformer, 1_Pooling; of its routers query_0_Transformer
MODULE = re.compile(r"(?:[A-Za-z]\w*_)?\d{1,3}_\w+")
#: states of optimizers: huggingface/accelerate src/accelerate/utils/fsdp_utils.py (`save_fsdp_optimizer`)
OPTIMIZER = re.compile(r"optimizer(?:_\d+)?")
#: words for the same model in another format, or packed otherwise
FORMATS = frozenset((
    "onnx", "openvino", "ov", "original", "gguf", "ggml", "tflite", "litert", "coreml", "tensorflow", "tf", "tfjs",
    "keras", "flax", "jax", "pytorch", "torch", "torchscript", "safetensors", "mlx", "ctranslate2", "ct2", "tensorrt",
    "trt", "ncnn", "paddle", "awq", "gptq", "exl2",
))  # fmt: skip
APPLE_DOUBLE = "._"  # before the name of a file: what macOS notes of it where a disk cannot (RFC 1740)


def is_format(name: str) -> bool:
    """Whether a folder is named for a format or number type, and so holds the model above it once more.

    >>> [is_format(name) for name in ("onnx", "openvino_int8", "fp16", "Q4_K_M", "onnx-models", "best", "llama-awq")]
    [True, True, True, True, False, False, False]
    """
    base, variant = varied(f"onnx-{name.lower()}", "gguf")
    while variant:
        base, variant = varied(base, "gguf")
    return FORMATS.issuperset(re.split(r"[-_.]", base))


def is_same_step(name: str, inner: str) -> bool:
    """Whether a folder in a step of training is that very step, as DeepSpeed keeps it.

    >>> is_same_step("checkpoint-500", "global_step500"), is_same_step("epoch_3", "global_step500")
    (True, False)
    """
    match = INNER_STEP.fullmatch(inner)
    if match is None or TRAINED.fullmatch(name) is None:
        return False
    number = NUMBER.search(name)
    return number is not None and int(number[0]) == int(match[1])
