"""The objects of a bucket as they are listed, page by page: s3://, gs://, az://, through obstore (extra `remote`).

Stores list keys in the order of their bytes (Amazon S3 API, ListObjectsV2: "returned in lexicographical order"; Google
Cloud Storage, Objects: list; Azure, List Blobs), so that a folder's objects come together.
"""

from __future__ import annotations

from nparams.errors import FetchError, shown
from nparams.fleet._find.tree import Trouble
from nparams.fleet.units import Entry
from nparams.remote.store import Bucket, failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

PAGE = 1_000  # keys: what stores give at a time
#: apache/arrow-rs-object-store src/path/mod.rs (`Path::parse`) and src/path/parts.rs
ODD = (
    "not all in it could be listed: it holds a key that is no path (a//b, a/./b, or control characters), and what lies "
    "near it is not found; rename that object"
)


def listed(bucket: Bucket, prefix: str) -> Iterator[tuple[str, Entry | Trouble]]:
    """(path below the prefix, entry) of every object below a prefix, "" for the whole bucket.

    Raises FetchError where the store does not list it.
    """
    start = len(prefix) + 1 if prefix else 0
    last = ""
    try:
        for last, entry in objects(bucket, prefix):
            if last[start:]:
                yield last[start:], entry
    except OddKey:
        for key, found in by_folder(bucket, prefix, last):
            if key[start:] or isinstance(found, Trouble):
                yield key[start:] or "/", found


class OddKey(Exception):
    """A page of a listing holds a key that obstore takes for no path; then it gives nothing of that page."""


def objects(bucket: Bucket, prefix: str, after: str | None = None) -> Iterator[tuple[str, Entry]]:
    """The objects below a prefix, in the order of their keys, from the key `after` on."""
    import obstore

    while True:
        begun = False
        try:
            for page in obstore.list(bucket.store, prefix or None, offset=after, chunk_size=PAGE):
                for each in page:
                    begun = True
                    yield each["path"], entry_of(each)
            return
        except Exception as problem:
            _settle(bucket, prefix, problem, not begun)


def _settle(bucket: Bucket, prefix: str, problem: Exception, may_move: bool) -> None:
    """Raise what an error means, unless the bucket lies elsewhere and can be asked there."""
    if type(problem).__name__ == "InvalidPathError":
        raise OddKey from None
    if not may_move or not bucket.moved(problem):
        raise failed(bucket.address(prefix), problem) from None


def by_folder(bucket: Bucket, prefix: str, after: str) -> Iterator[tuple[str, Entry | Trouble]]:
    """The objects below a prefix whose keys come after one, asked for folder by folder.

    Only the folder that an odd key lies in is then not listed: what is behind that key is asked for, and a Trouble
    tells of the rest.
    """
    passed = after.encode()
    todo: list[tuple[str, Entry | None]] = [(f"{prefix}/" if prefix else "", None)]
    while todo:
        key, entry = todo.pop()
        if entry is not None:
            yield key, entry
            continue
        trouble = Trouble(f"{shown(bucket.address(key), 200)}: {ODD}")
        try:
            found = _inside(bucket, key)
            if not all(_is_in(each[0], key) for each in found):
                yield key, trouble
            todo += [each for each in found if _is_in(each[0], key) and _is_behind(each[0], passed)]
        except OddKey:
            yield key, trouble
            yield from _rest(bucket, key, max(f"{key}0", after, key=str.encode))


def _inside(bucket: Bucket, folder: str) -> list[tuple[str, Entry | None]]:
    """The objects and folders (these without an entry, with a slash) right in a folder, the last one first."""
    import obstore

    try:
        got: Any = obstore.list_with_delimiter(bucket.store, folder.rstrip("/") or None)
    except Exception as problem:
        _settle(bucket, folder, problem, may_move=False)
        raise
    found: list[tuple[str, Entry | None]] = [(each["path"], entry_of(each)) for each in got["objects"]]
    found += [(f"{each.rstrip('/')}/", None) for each in got["common_prefixes"]]
    return sorted(found, key=lambda each: each[0].encode(), reverse=True)


def _is_in(key: str, folder: str) -> bool:
    """Whether a key lies in a folder: obstore gives //a as what lies in /, which is the folder that was asked for."""
    return key.startswith(folder) and bool(key[len(folder) :].strip("/"))


def _is_behind(key: str, passed: bytes) -> bool:
    """Whether an object, or something in a folder, comes after what was passed."""
    return key.encode() > passed or (key.endswith("/") and passed.startswith(key.encode()))


def _rest(bucket: Bucket, folder: str, after: str) -> Iterator[tuple[str, Entry]]:
    try:
        yield from objects(bucket, folder.rstrip("/"), after)
    except OddKey:
        return


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
