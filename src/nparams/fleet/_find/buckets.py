"""The objects of a bucket as they are listed, page by page: s3://, gs://, az://, through obstore (extra `remote`).

Stores list keys in the order of their bytes (Amazon S3 API, ListObjectsV2: "returned in lexicographical order"; Google
Cloud Storage, Objects: list; Azure, List Blobs), so that a folder's objects come together.
"""

from __future__ import annotations

from nparams.errors import FetchError, shown
from nparams.fleet.units import Entry
from nparams.remote.store import Bucket, failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

PAGE = 1_000  # keys: what stores give at a time


def listed(bucket: Bucket, prefix: str) -> Iterator[tuple[str, Entry]]:
    """(path below the prefix, entry) of every object below a prefix, "" for the whole bucket.

    Raises FetchError where the store does not list it.
    """
    start = len(prefix) + 1 if prefix else 0
    for path, entry in _objects(bucket, prefix):
        if path[start:]:
            yield path[start:], entry


def _objects(bucket: Bucket, prefix: str) -> Iterator[tuple[str, Entry]]:
    import obstore

    while True:
        begun = False
        try:
            for page in obstore.list(bucket.store, prefix or None, chunk_size=PAGE):
                for each in page:
                    begun = True
                    yield each["path"], entry_of(each)
            return
        except Exception as problem:
            if isinstance(problem, FetchError) or begun or not bucket.moved(problem):
                raise failed(bucket.address(prefix), problem) from None


def entry_of(meta: Any) -> Entry:
    """The size of an object, and its etag or date."""
    return Entry(int(meta["size"]), meta.get("e_tag") or meta["last_modified"].isoformat())


def object_at(bucket: Bucket, key: str) -> Entry:
    """The entry of one object; FetchError where there is none."""
    import obstore

    try:
        return entry_of(obstore.head(bucket.store, key))
    except Exception as problem:
        if bucket.moved(problem):
            return object_at(bucket, key)
        raise failed(bucket.address(key), problem) from None


def nothing(bucket: Bucket, prefix: str) -> FetchError:
    """That no object lies below a prefix, and none bears its name."""
    where = shown(bucket.address(prefix), 200)
    return FetchError(f"{where}: there is no such object, and no folder with objects")
