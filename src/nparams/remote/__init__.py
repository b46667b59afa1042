"""Models that lie elsewhere: an address -> the bytes of a file, or a folder, fetched range by range.

`https://` and `http://` need the standard library alone, and so do `hf://` and the pages of a hub; `s3://`, `gs://` and
`az://` go through obstore (extra `remote`).  What the readers see is a ByteSource and a Folder, as of a local file.
"""

from __future__ import annotations

from nparams.errors import UsageError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import Folder, OpenSource


class Place:
    """What lies at an address: a file and the folder that it lies in, or a folder alone."""

    __slots__ = ("folder", "source")

    def __init__(self, source: OpenSource | None, folder: Folder) -> None:
        self.source = source
        self.folder = folder


#: the beginnings of addresses -> the module that opens them
SCHEMES = {
    "https": "web", "http": "web", "hf": "hub",
    "s3": "store", "s3a": "store", "gs": "store", "gcs": "store",
    "az": "store", "azure": "store", "abfs": "store", "abfss": "store",
}  # fmt: skip


def opened(text: str) -> Place:
    """The file or folder at an address; the first bytes of a file are fetched.

    Raises UsageError for an address of no known kind, FetchError where nothing can be fetched.

    >>> opened("ftp://host/model.pt")
    Traceback (most recent call last):
    nparams.errors.UsageError: "ftp://host/model.pt": addresses begin with https://, hf://, s3://, gs:// or az://
    """
    scheme, mark, _ = text.partition("://")
    kind = SCHEMES.get(scheme.lower()) if mark else "hub"
    if kind is None:
        from nparams.remote.address import without_secrets

        told = shown(without_secrets(text), 200)
        raise UsageError(f"{told}: addresses begin with https://, hf://, s3://, gs:// or az://")
    if kind == "store":
        from nparams.remote import store

        return store.opened(text)
    if kind == "hub":
        from nparams.remote import hub

        return hub.opened(text)
    from nparams.remote import web

    return web.opened(text)
