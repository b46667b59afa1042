"""ONNX files: not read yet."""

from __future__ import annotations

from nparams.errors import UnsupportedError, place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import ByteSource, Folder
    from nparams.network import Network


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """Refuse: this format comes later."""
    raise UnsupportedError(f"{place(source.name)}: ONNX files are not read yet")


def may_be(head: bytes) -> bool:
    """Whether a file begins as an ONNX model does."""
    return False
