"""A Darknet .cfg alone: the layers that it describes, counted without their numbers.

pjreddie/darknet and AlexeyAB/darknet, src/parser.c.
"""

from __future__ import annotations

from nparams.files._darknet.cfg import sections_of
from nparams.files._darknet.net import layers_of, tree
from nparams.files.darknet import shared
from nparams.network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import ByteSource, Folder


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The network that a .cfg describes; `folder` is not looked at.

    >>> from nparams.files.bytesource import MemorySource
    >>> text = b"[net]\\nwidth=8\\nheight=8\\nchannels=3\\n[convolutional]\\nfilters=4\\nsize=3\\n"
    >>> read(MemorySource(text, "tiny.cfg")).total
    112
    """
    layers = layers_of(source.name, sections_of(source))
    count = f"{len(layers):,} layer{'' if len(layers) == 1 else 's'}"
    return Network(
        tree(layers, None), source=source.name, form="darknet-cfg", read_as=f"Darknet network, {count}",
        notes=["counted from the layers that the .cfg describes; no numbers were looked at", *shared(layers)],
    )  # fmt: skip
