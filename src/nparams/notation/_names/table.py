"""The table of named networks, and what a text asks of it: which network, by whose definition, with which top."""

from __future__ import annotations

import re

from nparams.errors import NotationError, shown
from nparams.notation._names import classic, gpt, inception, mobile, open, residual, text, vision

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.notation._names.lines import Model, Net

MODELS: list[Model] = [
    *classic.MODELS, *residual.MODELS, *inception.MODELS, *mobile.MODELS,
    *vision.MODELS, *text.MODELS, *gpt.MODELS, *open.MODELS,
]  # fmt: skip

#: words behind (or before) a name that choose a framework's definition
WHOSE = {
    "torch": "torch", "pytorch": "torch", "torchvision": "torch", "timm": "torch", "keras": "keras", "tf": "keras",
    "tensorflow": "keras", "kerasapplications": "keras", "textbook": "textbook", "paper": "textbook",
    "original": "textbook",
}  # fmt: skip
#: words that say nothing of what is counted
NOISE = frozenset(
    """model network net architecture pretrained weights imagenet imagenet1k the a hf chat instruct it base v1 meta
    parameters params backbones with and of layers layer size trainable learnable total number count how many much what
    is are there does do have has in for its""".split()
)
#: the front of a call or a path of modules: torchvision.models.resnet50, tf.keras.applications.ResNet50
PATH = r"(?:[a-z_]\w*\.)+(?=[a-z_])"
CALL = r"(?:\w+\s*=\s*)?(?P<path>(?:[A-Za-z_]\w*\.)*)(?P<name>[A-Za-z_]\w*)\s*\((?P<inside>[^()]*)\)\s*;?"
CLASSES = re.compile(
    r"\b(\d[\d_,]{0,8})[\s-]*(?:way|class(?:es)?|categories)\b|\b(?:num_?|number of )?classes\s*[=:]?\s*(\d[\d_]{0,8})",
    re.I,
)
NO_TOP = re.compile(
    r"\b(?:no|without|w/o|minus)[\s_-]*(?:the\s+)?(?:top|head|classifier|fc)\b|\bnotop\b|\binclude_top\s*=\s*False\b"
    r"|\b(?:backbone|features?)(?: only)?$|\bheadless\b",
    re.I,
)
QUIET_ARGUMENT = re.compile(
    r"(?:pretrained|weights|progress|input_shape|input_tensor|pooling|name|include_top)\s*=.*|None|True|False|", re.I
)


class Asked:
    """What a text asks: a model, perhaps one of its definitions or whose it is, the classes, and whether its top."""

    __slots__ = ("classes", "model", "net", "top", "whose")

    def __init__(self, model: Model, net: Net | None, whose: str | None, classes: int | None, top: bool) -> None:
        self.model = model
        self.net = net
        self.whose = whose
        self.classes = classes
        self.top = top


_INDEX: dict[str, tuple[Model, Net | None, str | None]] = {}


def plain(text: str) -> str:
    """A name without what people write differently.

    >>> plain("ResNet-50"), plain("ViT_B/16"), plain("Llama 3.1 8B")
    ('resnet50', 'vitb16', 'llama318b')
    """
    return "".join(re.findall(r"\d\.\d+b(?![^\W_])|[^\W_]", text.lower()))  # 1.3b is not 13b


def index() -> dict[str, tuple[Model, Net | None, str | None]]:
    """Every name, alone and with a word for one of its definitions: the model, the definition, whose it is."""
    if not _INDEX:
        names = {}
        for model in MODELS:
            for name in map(plain, model.names):
                assert name not in names, f"{name} names two networks"
                names[name] = model
        _INDEX.update({name: (model, None, None) for name, model in names.items()})
        for name, model in names.items():
            for net in model.nets:
                for tag in net.tags:
                    _INDEX.setdefault(name + tag, (model, net, None))
                    _INDEX.setdefault(tag + name, (model, net, None))
            for word, whose in WHOSE.items():
                _INDEX.setdefault(name + word, (model, None, whose))
                _INDEX.setdefault(word + name, (model, None, whose))
    return _INDEX


def asked(text: str) -> Asked | None:
    """What a text asks, None where it names no network; NotationError where it asks what cannot be."""
    text, whose = _unwrapped(text.strip(" \t\r\n?").strip("\"'`"))
    text, classes = _classes(text)
    text, cut = NO_TOP.subn(" ", text)
    found = _found(text)
    if found is None:
        return None
    model, net, said = found
    return Asked(model, net, said or whose, classes, not cut)


def _unwrapped(text: str) -> tuple[str, str | None]:
    """models.resnet50(weights=None) is resnet50; whose it is, where the modules in front say so."""
    call = re.fullmatch(CALL, text)
    path = re.match(PATH, text.lower())
    if call is None and path is None:
        return text, None
    front = call["path"] if call is not None else text[: path.end()] if path is not None else ""
    words = front.lower().split(".")
    whose = "keras" if "keras" in words or "applications" in words else "torch" if "torchvision" in words else None
    if call is None:
        return text[len(front) :], whose
    given = [part.strip() for part in call["inside"].split(",")]
    rest = [part for part in given if QUIET_ARGUMENT.fullmatch(part) is None or "include_top" in part.lower()]
    return " ".join([call["name"], *rest]), whose


def _classes(text: str) -> tuple[str, int | None]:
    match = CLASSES.search(text)
    if match is None:
        return text, None
    digits = (match[1] or match[2]).replace("_", "").replace(",", "")
    if int(digits) < 1:
        raise NotationError(f"{match[0].strip()}: a network needs 1 class or more")
    return f"{text[: match.start()]} {text[match.end() :]}", int(digits)


def _found(text: str) -> tuple[Model, Net | None, str | None] | None:
    """The entry of a name: whole, without the account it is published under, or without words that say nothing."""
    table = index()
    bare = text.rpartition("/")[2] if text.count("/") == 1 else text
    for one in (text, bare):
        words = [word for word in re.split(r"[\s_/,()-]+", one) if word]
        quiet = [word for word in words if word.lower() not in NOISE]
        for name in (one, " ".join(quiet), " ".join([*quiet[1:], *quiet[:1]])):
            if plain(name) in table:
                return table[plain(name)]
    return None


# -- a name that is not known -----------------------------------------------------------------------------------------

FAMILIES = (
    "resnet", "resnext", "wideresnet", "vgg", "densenet", "mobilenet", "efficientnet", "squeezenet", "shufflenet",
    "alexnet", "lenet", "googlenet", "inceptionv", "xception", "bert", "roberta", "distilbert", "albert", "gpt2",
    "gpt3", "gpt1", "llama", "mistral", "mixtral", "gemma", "qwen", "t5", "flant5", "vit", "deit", "convnext", "swin",
    "capsnet", "bart", "unet", "opt", "pythia", "bloom", "gptneo", "gptj", "phi",
    # none of these is known yet: what can be read of them is said
    "falcon", "yolo", "whisper", "wav2vec", "nasnet", "mnasnet", "regnet", "electra", "deberta", "deepseek", "mamba",
    "stablediffusion", "stablelm", "rwkv", "dino", "xlnet", "megatron", "codellama", "starcoder", "segformer", "detr",
)  # fmt: skip


def family(text: str) -> str | None:
    """The family that a name seems to belong to: resnet51, bert-huge; longest first."""
    bare = text.strip().strip("\"'`").rpartition("/")[2] or text
    name = plain(bare)
    if re.fullmatch(r"[\w\s./+-]{2,40}", bare) is None or re.search(r"\.[A-Za-z]\w*\s*$", bare):
        return None
    for stem in sorted(FAMILIES, key=len, reverse=True):
        rest = name[len(stem) :]
        if name.startswith(stem) and _sized(bare, rest):
            return stem
    return None


def _sized(text: str, rest: str) -> bool:
    """Whether what follows a family's name is a size: a number, a letter, or a word of its own."""
    if re.search(r"\d\s+\d|\d[xX]\d+\s", text):
        return False
    return bool(
        re.fullmatch(
            r"|v?\d[\da-z]{0,11}|(?:tiny|small|mini|medium|base|large|big|huge|giant|xl|x|[a-z])\w{0,11}", rest
        )
    )


def unknown(text: str) -> NotationError:
    """The refusal of a name: what is near, and what there is of its family."""
    from difflib import get_close_matches

    pretty = {plain(name): model.names[0] for model in MODELS for name in model.names}
    stem = family(text) or ""
    kin = list(dict.fromkeys(model.names[0] for model in MODELS if any(plain(n).startswith(stem) for n in model.names)))
    near = list(dict.fromkeys(pretty[name] for name in get_close_matches(plain(text), list(pretty), 3, 0.6)))
    told = f"; did you mean {' or '.join(near[:2])}?" if near else ""
    if stem and kin:
        told += f"{'' if told else '.'} Known of this family: {', '.join(kin[:14])}{', ...' if len(kin) > 14 else ''}"
    elif not near:
        told = (
            "; its code, printed model, summary or hyper-parameters can be read, or write for example resnet50, vgg16, "
            "bert-base-uncased, gpt2, vit-b/16, llama-2-7b"
        )
    return NotationError(f"{shown(text)} is not a network whose layers are known here{told}")
