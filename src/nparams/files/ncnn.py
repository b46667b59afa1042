"""ncnn: the layers in a .param (text, or binary .param.bin), their numbers in the .bin beside it -> Network.

Tencent/ncnn src/net.cpp, src/paramdict.cpp, src/modelbin.cpp and src/layer/*.cpp.  The .bin has no names, shapes or
count of its own: the layers say what comes next, and a flag before each weight which type its numbers have.
"""

from __future__ import annotations

from nparams.errors import FormatError, ReadError, UnsupportedError, bare_name, place, shown
from nparams.files._ncnn.net import Net
from nparams.files._ncnn.param import content, is_param, layers_of, text_of
from nparams.files._ncnn.pnnx import is_pnnx
from nparams.files._ncnn.pnnx import read as read_pnnx
from nparams.files._ncnn.walk import FLAGS, Bin
from nparams.network import Network
from nparams.stored.plain import has

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.files._ncnn.param import Layer
    from nparams.files.bytesource import ByteSource, Folder

HEAD = 16
BIN, PARAM, BINARY_PARAM = ".bin", ".param", ".param.bin"
#: first flags of a .bin that no other kind of file begins with by chance: all but 0
MARKS = tuple(flag.to_bytes(4, "little") for flag in FLAGS if flag)


def may_be(head: bytes) -> bool:
    """Whether a file that begins with `head` may be the .bin of an ncnn model: a flag, then numbers like weights.

    >>> may_be(b"\\x47\\x6b\\x30\\x01" + bytes(60)), may_be(bytes(68))
    (True, False)
    """
    from nparams.files._strangers.texts import small_floats

    return head[:4] in MARKS or (head[:4] == bytes(4) and small_floats(head[4:68]))


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The network of a .param and its .bin, whichever is given; `folder` holds the other one.

    A .param alone is counted by its layers, without number types.  Without `limits`, longer .param files are read.
    Raises FormatError where the two do not belong together, UnsupportedError for a .bin alone and for layers that only
    a program of one's own knows.

    >>> from nparams.files.bytesource import MemorySource
    >>> text = b"7767517\\n2 2\\nInput in 0 1 in\\nInnerProduct ip 1 1 in out 0=2 1=1 2=6\\n"
    >>> network = read(MemorySource(text, "tiny.param"))
    >>> network.total, [(t.name, t.shape) for t in network.tensors()]
    (8, [('ip.weight', (2, 3)), ('ip.bias', (2,))])
    """
    if is_param(source.read(0, min(HEAD, source.size))):
        data, name = content(source, limits), _bin_of(source.name, folder)
        if folder is None or name is None:
            return _made(source, source.name, data, None)
        with folder.open(name) as numbers:
            return _made(source, source.name, data, numbers)
    found = _param_of(source.name, folder)
    if folder is None or found is None:
        raise UnsupportedError(
            f"{place(source.name)}: numbers without names and shapes, as ncnn keeps them (.bin); its layers stand in a "
            ".param, which must lie beside it"
        )
    with folder.open(found) as param:
        if not is_param(param.read(0, min(HEAD, param.size))):
            raise FormatError(f"{place(found)}: it does not begin 7767517, as a .param of ncnn does")
        return _made(source, found, content(param, limits), source)


def _made(source: ByteSource, param: str, data: bytes, numbers: ByteSource | None) -> Network:
    """The network of a .param of either kind."""
    if is_pnnx(data):
        return read_pnnx(param, text_of(param, data), source.name)
    return _network(source, param, layers_of(param, data), numbers)


def _bin_of(name: str, folder: Folder | None) -> str | None:
    """The .bin of a .param, where it lies beside it."""
    bare = bare_name(name)
    ending = next((each for each in (BINARY_PARAM, PARAM) if bare.endswith(each)), None)
    if folder is None or ending is None:
        return None
    other = bare.removesuffix(ending) + BIN
    return other if has(folder, other) else None


def _param_of(name: str, folder: Folder | None) -> str | None:
    """The .param of a .bin: of the same name, or the only one that lies beside it."""
    if folder is None:
        return None
    stem = bare_name(name).removesuffix(BIN)
    for ending in (PARAM, BINARY_PARAM):
        if has(folder, stem + ending):
            return stem + ending
    others = [each for each in folder.names() if each.endswith(PARAM)]
    return others[0] if len(others) == 1 else None


def _network(source: ByteSource, param: str, layers: list[Layer], numbers: ByteSource | None) -> Network:
    net = Net(param, layers)
    if net.unknown and numbers is None:
        raise net.refuse_unknown()
    walked = None if numbers is None else Bin(numbers)
    try:
        net.read(walked)
        if walked is not None:
            walked.check_end(param)
    except ReadError as problem:
        if net.unknown and walked is not None:
            raise net.refuse_unknown() from problem
        raise
    count = f"{len(layers):,} layer{'' if len(layers) == 1 else 's'}"
    return Network(
        net.root, source=source.name, form="ncnn", read_as=f"ncnn, {count}, {len(net.tensors):,} arrays",
        notes=list(_notes(net, source, param, numbers)),
    )  # fmt: skip


def _notes(net: Net, source: ByteSource, param: str, numbers: ByteSource | None) -> Iterator[str]:
    """Everything that a user must see."""
    if numbers is None:
        yield "no .bin beside it: counted from the layers alone, number types unknown"
    else:
        other = param if numbers is source else numbers.name
        yield f"read with {place(other)}: its layers take exactly the {numbers.size:,} bytes of {place(numbers.name)}"
    if net.unknown:
        names = ", ".join(shown(name)[1:-1] for name in net.unknown[:5])
        yield f"layers of a type that ncnn does not have ({names}) hold no numbers: the others take all there are"
    if net.tables:
        yield f"{net.tables:,} weights are stored as indices into tables of 256 numbers each, which are bookkeeping"
