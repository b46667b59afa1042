"""Names of textbook networks: `resnet50`, `bert-base-uncased`, `ViT-B/16`, `alexnet torchvision`, `Llama 2 7B`.

A name stands for layers: definitions in the notation of layer lists, each with its source (_names/), most of them
made by one function for a whole family from the table in its paper.  No total is stored.  Where one name has several
totals (three of AlexNet, two of LeNet-5), the usual one is counted and notes give the others and what differs.
"""

from __future__ import annotations

import re

from nparams.errors import NotationError, UsageError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network import Network

CHOICES = ("textbook", "torch", "keras", "all")
MAX_TEXT = 120
#: what every name has in it: decides without loading the table
STEM = re.compile(
    r"res[\s_-]*ne[tx]|vgg|dense[\s_-]*net|mobile[\s_-]*net|efficient[\s_-]*net|squeeze[\s_-]*net|shuffle[\s_-]*net|"
    r"alex[\s_-]*net|le[\s_-]*net|googl|inception|xception|caps|u[\s_-]*net|vi[\s_-]*t|vision|deit|swin|conv[\s_-]*next|mixer|"
    r"bert|gpt|davinci|t5|bart|transformer|vaswani|word2vec|llama|mistral|mixtral|gemma|qwen|opt|pythia|bloom|phi|"
    r"falcon|yolo|whisper|wav2vec|nasnet|regnet|electra|deepseek|mamba|diffusion|stablelm|rwkv|dino|xlnet|megatron|starcoder|"
    r"segformer|detr",
    re.IGNORECASE,
)


def claims(text: str) -> bool:
    """Never before the file system was asked: any file may bear a network's name."""
    return False


def may_be(text: str) -> bool:
    """Whether `text` names a network, or nearly: a family that is known, of a size that is not."""
    text = text.strip()
    if len(text) > MAX_TEXT or "\n" in text or ";" in text or STEM.search(text) is None:
        return False
    from nparams.notation._names.table import asked, family

    try:
        return asked(text) is not None or family(text) is not None
    except NotationError:
        return True


def is_whole(text: str) -> bool:
    """Whether a text with a slash is a network's own name, and not that of an account before it.

    >>> is_whole("ViT-B/16"), is_whole("google-bert/bert-base-uncased")
    (True, False)
    """
    if len(text) > MAX_TEXT:
        return False
    from nparams.notation._names.table import index, plain

    return plain(text) in index()


def read(text: str, *, convention: str | None = None) -> Network:
    """The network that goes by a name.

    `convention`: whose definition of it ("torch" or "keras": what that framework publishes; "textbook": the paper's);
    None takes what the name usually means, and `also` holds the totals of the other definitions.  A number of classes
    (`resnet18 10 classes`) and `no top` may be said too.  Raises NotationError for a name that is not known, with those
    that are near; UsageError for another convention.

    >>> read("resnet50").total, read("ResNet-50", convention="keras").also["framework"]
    (25557032, 25636712)
    >>> read("vgg16 no top").total, read("alexnet torchvision").total
    (14714688, 61100840)
    """
    if convention not in (None, *CHOICES):
        raise UsageError(f"convention {shown(str(convention))}: choose one of {', '.join(CHOICES)}")
    if len(text) > MAX_TEXT:
        raise NotationError(f"{shown(text)}: no name of a network is that long")
    from nparams.notation._names.read import network_of

    return network_of(text, None if convention == "all" else convention)


__all__ = ["claims", "may_be", "read"]
