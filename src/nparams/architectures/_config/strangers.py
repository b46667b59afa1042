"""What looks like a config.json of transformers and is another program's: refused by name, with what to count instead.

One row a kind: a key that only such files have at their top.  Those without "model_type" alone are asked.
"""

from __future__ import annotations

from nparams.errors import UnsupportedError, escaped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = "count its .safetensors file, or the folder that both are in"
#: (key, kind, what to do, where the files come from)
STRANGERS = (
    # diffusers src/diffusers/configuration_utils.py (`save_config`)
    ("_class_name", "a configuration of diffusers{}, whose models are in no catalogue here", FOLDER),
    # peft src/peft/utils/save_and_load.py, adapter_config.json
    ("peft_type", "the settings of an adapter{}, which do not say the sizes of the model that it belongs to",
     "count adapter_model.safetensors, or the folder"),
    # pytorch-image-models timm/models/_hub.py (`save_config_for_hf`)
    ("pretrained_cfg", "a configuration of timm, whose models are in no catalogue here",
     "count its .safetensors file, or give the name of a textbook network (nparams resnet50)"),
    # mlfoundations/open_clip src/open_clip/push_to_hf_hub.py
    ("preprocess_cfg", "a configuration of open_clip, whose models are in no catalogue here", FOLDER),
    # tokenizers and processors of transformers
    ("tokenizer_class", "the settings of a tokenizer{}, which has no parameters", "count config.json"),
    ("image_processor_type", "the settings of an image processor{}, which has no parameters", "count config.json"),
    ("feature_extractor_type", "the settings of a feature extractor{}, which has no parameters", "count config.json"),
    ("processor_class", "the settings of a processor{}, which has no parameters", "count config.json"),
    # sentence-transformers
    ("similarity_fn_name", "settings of sentence-transformers, which do not say the sizes of the model", FOLDER),
    # allenai/OLMo and others that write their own
    ("model_args", "a configuration of another program than transformers", FOLDER),
)  # fmt: skip
#: parts of sentence-transformers' modules.json, a list
MODULES = "sentence_transformers.models"


def refusal(held: Mapping[str, object]) -> UnsupportedError:
    """What to say of a configuration that has no "model_type".

    >>> print(refusal({"_class_name": "UNet2DConditionModel"}))
    this is a configuration of diffusers (UNet2DConditionModel), whose models are in no catalogue here: count its \
.safetensors file, or the folder that both are in
    """
    for key, what, instead in STRANGERS:
        if key in held:
            value = held[key]
            named = f" ({escaped(value[:60])})" if isinstance(value, str) else ""
            return UnsupportedError(f"this is {what.format(named)}: {instead}")
    names = held.get("architectures")
    first = names[0] if isinstance(names, list) and names and isinstance(names[0], str) else None
    told = "" if first is None else f", only a class ({escaped(first[:60])})"
    kind = None if first is None else _type_of(first)
    line = '"model_type": "..." (bert, gpt2, llama, ...)' if kind is None else f'"model_type": "{kind}"'
    return UnsupportedError(f'this config.json has no "model_type"{told}: add the line {line}, as files today have it')


def _type_of(name: str) -> str | None:
    """The type that has a class of that name."""
    from nparams.architectures.catalogue import entry, types

    low = name.lower()
    near = [kind for kind in types() if low.startswith(kind.lower().replace("_", "").replace("-", ""))]
    for kind in sorted(near, key=len, reverse=True):
        found = entry(kind)
        if found is not None and name in found.heads:
            return kind
    return None


def not_an_object(value: object) -> UnsupportedError:
    """What to say of JSON that is no object."""
    if isinstance(value, list) and MODULES in str(value[:1]):
        return UnsupportedError(
            "this is modules.json of sentence-transformers, a list of parts: count the folder that it lies in"
        )
    return UnsupportedError("this JSON is no configuration: a config.json is one object, with a model_type")
