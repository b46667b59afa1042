"""The formats that the weights of a pipeline come in, and how one of them is read inside an archive.

The rows are those of the registry, which no reader may import; a test holds the two equal.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import ByteSource, Folder
    from nparams.network import Network


class Row:
    """A format, as `sniff.recognise` and the inventory of a folder look at it."""

    __slots__ = ("beside", "form", "inside", "magic", "module", "suffixes", "what")

    def __init__(
        self, form: str, what: str, suffixes: tuple[str, ...] = (), magic: tuple[tuple[int, bytes], ...] = (),
        inside: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self.form = form
        self.module = form.replace("-", "_")
        self.what = what
        self.suffixes = suffixes
        self.magic = magic
        self.inside = inside
        self.beside: tuple[tuple[str, str], ...] = ()


INDEXED = ("", ".fp16", ".bf16", ".fp32")
#: the number that older checkpoints of PyTorch begin with, in a pickle of protocol 2
OLD = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
ROWS = (
    Row("safetensors", "safetensors checkpoint", (".safetensors",), ((8, b"{"),)),
    Row("safetensors-index", "sharded safetensors, by its index",
        tuple(f".safetensors.index{each}.json" for each in INDEXED)),
    Row("pytorch-index", "sharded PyTorch checkpoint, by its index",
        tuple(f".bin.index{each}.json" for each in INDEXED)),
    Row("gguf", "GGUF (llama.cpp), whole or split", (".gguf",), ((0, b"GGUF"),)),
    Row("pytorch", "PyTorch checkpoint (torch.save since 1.6)", (".pt", ".pth", ".ckpt", ".bin"),
        inside=("/data.pkl",)),
    Row("pytorch-legacy", "PyTorch checkpoint (torch.save before 1.6)",
        magic=((2, OLD), (11, OLD), (0, b"L119547037146038801333356L\n."))),
    Row("onnx", "ONNX model", (".onnx",)),
)  # fmt: skip


def read(source: ByteSource, folder: Folder | None, limits: bool) -> Network:
    """The network in one file of weights inside an archive, by its first bytes."""
    from nparams.files.sniff import recognise, unknown

    row = recognise(source, ROWS)
    if row is None:
        raise unknown(source, ROWS)
    network: Network = import_module(f"nparams.files.{row.module}").read(source, folder, limits=limits)
    return network
