"""Models that lie elsewhere: an address -> the bytes of a file, or a folder, fetched range by range.

`https://` and `http://` need the standard library alone, and so do `hf://` and the pages of a hub; `s3://`, `gs://` and
`az://` go through obstore (extra `remote`).  What the readers see is a ByteSource and a Folder, as of a local file.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import Folder, OpenSource


class Place:
    """What lies at an address: a file and the folder that it lies in, or a folder alone."""

    __slots__ = ("folder", "source")

    def __init__(self, source: OpenSource | None, folder: Folder) -> None:
        self.source = source
        self.folder = folder
