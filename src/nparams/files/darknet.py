"""Darknet: numbers in a .weights, their layers in the .cfg beside it -> Network.

pjreddie/darknet and AlexeyAB/darknet, src/parser.c: a header of three versions and the images seen, then float32 after
float32 in the order of the layers.  No shape is stored: the .cfg says what there must be, and the size of the file
must be exactly that, or that of the first layers, as `darknet partial` cuts them.
"""

from __future__ import annotations

import re

from nparams.errors import FormatError, ReadError, UnsupportedError, bare_name, place, shown
from nparams.files._darknet.cfg import sections_of
from nparams.files._darknet.net import layers_of, tree
from nparams.network import Network
from nparams.stored.plain import has

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.files._darknet.net import Layer
    from nparams.files.bytesource import ByteSource, Folder

VERSIONS = 12  # bytes
WIDTH = 4
CFG = ".cfg"
MOST_TRIED = 20  # .cfg files of other names
#: what training and `darknet partial` put behind the name of a .cfg: yolov4_best.weights, darknet53.conv.74
BEHIND = re.compile(r"(?:_(?:final|last|best|ema|\d+)|\.backup)$|\.conv\.\d+$|\.\d+$")


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The network in a .weights file; its .cfg is looked for in `folder`: of the same name, or the only one that fits.

    Raises UnsupportedError where there is none; FormatError where the file is no multiple of its numbers, or holds
    another number of them than the .cfg says.

    >>> from nparams.files.bytesource import MemorySource
    >>> read(MemorySource(bytes(4) + b"\\2" + bytes(31), "tiny.weights"))
    Traceback (most recent call last):
    nparams.errors.UnsupportedError: tiny.weights: Darknet weights, 4 numbers without shapes; their layers stand in a \
.cfg, which must lie beside it (tiny.cfg)
    """
    header = _header(source)
    held, rest = divmod(source.size - header, WIDTH)
    if rest or held < 0:
        raise FormatError(f"{place(source.name)}: {source.size:,} bytes are no header of {header} and float32 numbers")
    found = _described(source.name, folder, held)
    if found is None:
        raise UnsupportedError(
            f"{place(source.name)}: Darknet weights, {held:,} numbers without shapes; their layers stand in a .cfg, "
            f"which must lie beside it ({place(_stems(source.name)[-1] + CFG)})"
        )
    return _network(source.name, *found, held)


def _network(name: str, cfg: str, layers: list[Layer], held: int) -> Network:
    """The network of a .cfg whose first layers, or all, take so many numbers."""
    first = _first(layers, held)
    if first is None:
        raise FormatError(
            f"{place(name)} holds {held:,} numbers, and the layers of {place(cfg)} take "
            f"{sum(layer.size for layer in layers):,}: they do not belong together"
        )
    kept = layers[:first]
    return Network(
        tree(kept, "float32"), source=name, form="darknet", read_as=_read_as(kept),
        notes=[*_notes(layers, first, cfg), *shared(kept)],
    )  # fmt: skip


def _header(source: ByteSource) -> int:
    """Bytes of the header: the images seen take four or eight, by the version."""
    if source.size < VERSIONS + WIDTH:
        raise FormatError(f"{place(source.name)}: {source.size:,} bytes, less than the header of Darknet weights")
    head = source.read(0, VERSIONS)
    major, minor = (int.from_bytes(head[at : at + 4], "little", signed=True) for at in (0, 4))
    if not (0 <= major < 10 and 0 <= minor < 10):
        raise FormatError(f"{place(source.name)}: version {major}.{minor}, where Darknet has 0.1 and 0.2")
    return VERSIONS + (8 if major * 10 + minor >= 2 else 4)


def _stems(name: str) -> list[str]:
    """What a .cfg of this file may be called, without its ending: the name itself, and without what training adds.

    >>> _stems("x/yolov4-tiny_best.weights"), _stems("darknet53.conv.74")
    (['yolov4-tiny_best', 'yolov4-tiny'], ['darknet53.conv.74', 'darknet53'])
    """
    stem = bare_name(name).removesuffix(".weights")
    shorter = BEHIND.sub("", stem)
    return [stem, shorter] if shorter and shorter != stem else [stem]


def _described(name: str, folder: Folder | None, held: int) -> tuple[str, list[Layer]] | None:
    """(the .cfg of a file, its layers): of the same name, the only one, or the only one of just so many numbers."""
    if folder is None:
        return None
    own = next((stem + CFG for stem in _stems(name) if has(folder, stem + CFG)), None)
    names = [] if own else [each for each in folder.names() if each.endswith(CFG)]
    if own or len(names) == 1:
        return own or names[0], _layers(own or names[0], folder)
    return _fitting(names[:MOST_TRIED], folder, held)


def _fitting(names: Sequence[str], folder: Folder, held: int) -> tuple[str, list[Layer]] | None:
    """The one of several .cfg whose layers take just so many numbers; None where several that differ do."""
    fitting = []
    for each in names:
        try:
            layers = _layers(each, folder)
        except ReadError:
            continue
        if sum(layer.size for layer in layers) == held:
            fitting.append((each, layers))
    same = {str([layer.arrays for layer in layers if layer.arrays]) for _, layers in fitting}
    return fitting[0] if len(same) == 1 else None


def _layers(cfg: str, folder: Folder) -> list[Layer]:
    with folder.open(cfg) as text:
        return layers_of(cfg, sections_of(text))


def _first(layers: Sequence[Layer], held: int) -> int | None:
    """How many of the first layers take exactly so many numbers; all of them, if they do."""
    total, found = 0, None
    for k, layer in enumerate(layers):
        total += layer.size
        if total == held and layer.size:
            found = k + 1
    return len(layers) if total == held else found


def _read_as(layers: Sequence[Layer]) -> str:
    arrays = sum(len(layer.arrays) for layer in layers)
    return f"Darknet, {len(layers):,} layer{'' if len(layers) == 1 else 's'}, {arrays:,} arrays"


def _notes(layers: Sequence[Layer], first: int, cfg: str) -> list[str]:
    if first < len(layers):
        last = f"{shown(layers[first - 1].name)[1:-1]} of {place(cfg)}, which has {len(layers):,} layers"
        return [f"cut off: its size is that of the layers up to {last}; those behind it are not counted"]
    return [f"read with {place(cfg)}: its layers take exactly the numbers of the file"]


def shared(layers: Sequence[Layer]) -> list[str]:
    """A note on layers whose weights are another one's."""
    names = [layer.name for layer in layers if layer.shares]
    if not names:
        return []
    more = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
    return [f"{names[0]}{more}: share_index says that its weights are another layer's: counted once, there"]
