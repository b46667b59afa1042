"""Object stores: s3://bucket/key, gs://bucket/key, az://container/key, through obstore (extra `remote`).

developmentseed/obstore; apache/arrow-rs-object-store src/aws/builder.rs, src/gcp/builder.rs and src/azure/builder.rs
name the variables that each store is set up by (AWS_ENDPOINT_URL, AWS_SKIP_SIGNATURE, GOOGLE_SERVICE_ACCOUNT, ...).
"""

from __future__ import annotations

import os
import re

from nparams.errors import FetchError, ReadError, UsageError, escaped, shown
from nparams.remote.folders import RemoteFolder
from nparams.remote.ranges import FIRST, Part, RemoteFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.remote import Place

#: schemes that mean another one
SAME = {"s3a": "s3", "gcs": "gs", "azure": "az"}
MOST_LISTED = 100_000
#: how a store of Amazon's says that a bucket lies elsewhere (AuthorizationHeaderMalformed), and how obstore does where
#: it redirects without saying where (arrow-rs-object-store src/client/retry.rs)
WRONG_REGION = re.compile(
    r"region '[^']*' is wrong|incorrectly configured region|region:? [\w-]+ is not", re.IGNORECASE
)
#: how an error says that there is no such range (object_store src/client/retry.rs, get.rs and util.rs); the addresses
#: that it quotes hold names and ports, which may hold anything
UNSATISFIED = re.compile(r"status code: 416\b|non-partial response when range|Wanted range starting at")


def opened(text: str) -> Place:
    """The object at an address, or the folder of objects that its key begins.

    Raises UsageError for an address without a bucket, FetchError where the store does not give it.
    """
    from nparams.remote import Place

    bucket = Bucket(text)
    before, _, name = bucket.key.rstrip("/").rpartition("/")
    if name and not bucket.key.endswith("/"):
        folder = StoreFolder(bucket, before)
        try:
            return Place(folder.open(name), folder)
        except Absent:
            pass
    whole = StoreFolder(bucket, bucket.key.rstrip("/"))
    if not whole.names():
        raise FetchError(
            f"{shown(bucket.address(bucket.key), 200)}: there is no such object, and no folder with objects"
        )
    return Place(None, whole)


class Absent(FetchError):
    """An object that is not there."""


class Forked(UsageError):
    """This process was forked from one that had used obstore: the threads that would answer did not come along."""


#: the process that used obstore first
_users: list[int] = []


class Bucket:
    """One bucket or container, and the key in it that was asked for."""

    def __init__(self, text: str) -> None:
        scheme, _, rest = text.partition("://")
        scheme = scheme.lower()
        self.scheme = SAME.get(scheme, scheme)
        self.name, _, self.key = rest.partition("/")  # the key as it is: the stores' own tools quote nothing in it
        odd = any(part in ("", ".", "..") for part in self.key.rstrip("/").split("/")) if self.key else False
        if not self.name or "@" in self.name.replace("@", "", 1 if scheme.startswith("abfs") else 0) or odd:
            raise UsageError(f"{shown(text, 200)} names no object: {self.scheme}://bucket/path/model.safetensors")
        self._check_process()
        from nparams.remote.accounts import store_of

        self._store = store_of(self.scheme, self.name)
        self._moved = False

    @property
    def store(self) -> Any:
        """obstore's store, to be asked now.  Raises Forked where that would wait for ever."""
        if not _users:
            _users.append(os.getpid())
        self._check_process()
        return self._store

    def _check_process(self) -> None:
        if _users and _users[0] != os.getpid():
            raise Forked(
                f"{self.scheme}://{self.name}: this process was started by fork after obstore was used, which never "
                "answers then: start it by spawn or forkserver (multiprocessing.get_context)"
            )

    def moved(self, problem: Exception) -> bool:
        """Whether the bucket lies in another region than was asked, and is asked there from now on."""
        if self.scheme != "s3" or self._moved or not WRONG_REGION.search(str(problem)):
            return False
        from nparams.remote.accounts import region_of, store_of

        self._moved = True
        region = region_of(self.name)
        if region is not None:
            self._store = store_of(self.scheme, self.name, region)
        return region is not None

    def address(self, key: str) -> str:
        """The address of a key in it."""
        return f"{self.scheme}://{self.name}/{key}"


class StoreFile:
    """One object, as a place that ranges come from."""

    __slots__ = ("_bucket", "_key", "name")

    def __init__(self, bucket: Bucket, key: str) -> None:
        self._bucket = bucket
        self._key = key
        self.name = bucket.address(key)

    def first(self) -> RemoteFile:
        """The object with its first range."""
        return RemoteFile(self.name, self, self.fetch(0, FIRST))

    def fetch(self, offset: int, length: int) -> Part:
        """The bytes at `offset`; fewer than `length` at the object's end."""
        import obstore

        try:
            got = obstore.get(self._bucket.store, self._key, options={"range": (offset, offset + length)})
            meta = got.meta
            return Part(bytes(got.bytes()), int(meta["size"]), meta.get("e_tag"))
        except Exception as problem:
            if offset == 0 and is_empty(self._bucket, self._key, problem):
                return Part(b"", 0)
            if self._bucket.moved(problem):
                return self.fetch(offset, length)
            raise failed(self.name, problem) from None


class StoreFolder(RemoteFolder):
    """The objects whose keys begin alike, as a folder."""

    def __init__(self, bucket: Bucket, path: str) -> None:
        super().__init__(bucket.address(path))
        self._bucket = bucket
        self._path = f"{path}/" if path else ""
        self._listed: tuple[list[str], list[str]] | None = None

    def fetched(self, name: str) -> RemoteFile:
        """The object of a bare name."""
        return StoreFile(self._bucket, self._path + name).first()

    def has(self, name: str) -> bool:
        """Whether there is such an object; asked for by itself unless the folder was listed."""
        if self._listed is not None:
            return name in self._listed[0]
        try:
            self.open(name)
        except Absent:
            return False
        return True

    def names(self) -> list[str]:
        """Every entry's bare name, sorted."""
        return sorted({*self._list()[0], *self._list()[1]})

    def folders(self) -> list[str]:
        """The bare names of the folders in it, sorted."""
        return self._list()[1]

    def folder(self, name: str) -> StoreFolder:
        """The folder of that bare name."""
        if name not in self.folders():
            raise ReadError(f"{escaped(self.name)}: {shown(name)} is no folder in it")
        return StoreFolder(self._bucket, self._path + name)

    def _list(self) -> tuple[list[str], list[str]]:
        """(the objects', the folders') bare names."""
        if self._listed is None:
            import obstore

            try:
                got: Any = obstore.list_with_delimiter(self._bucket.store, self._path or None)
            except Exception as problem:
                if self._bucket.moved(problem):
                    return self._list()
                raise failed(self.name, problem) from None
            if len(got["objects"]) > MOST_LISTED:
                raise ReadError(
                    f"{shown(self.name, 200)}: {len(got['objects']):,} objects; name the one with the model"
                )
            files = (each["path"].rpartition("/")[2] for each in got["objects"])
            folders = (each.rstrip("/").rpartition("/")[2] for each in got["common_prefixes"])
            self._listed = sorted(filter(None, files)), sorted(filter(None, folders))
        return self._listed


#: how obstore tells of an answer (apache/arrow-rs-object-store src/client/retry.rs: `Server returned ... status`)
STATUS = re.compile(r"\b(5\d\d [A-Z][A-Za-z ]{2,40}|429 [A-Z][A-Za-z ]{2,40})")


def is_empty(bucket: Bucket, key: str, problem: Exception) -> bool:
    """Whether a store refused a range because the object has no bytes."""
    import obstore

    if not UNSATISFIED.search(str(problem)):
        return False
    try:
        return bool(obstore.head(bucket.store, key)["size"] == 0)
    except Exception:
        return False


def failed(name: str, problem: Exception) -> FetchError:
    """What an error of obstore means, in a line without what it quotes of the request; Forked is raised as it is."""
    if isinstance(problem, Forked):
        raise problem
    from nparams.remote.accounts import advice

    where, kind = shown(name, 200), type(problem).__name__
    if kind in ("NotFoundError", "FileNotFoundError"):
        return Absent(f"{where}: there is no such object or bucket")
    if kind in ("PermissionDeniedError", "UnauthenticatedError"):
        return FetchError(f"{where}: the store does not allow it: {advice(name.partition('://')[0])}")
    told = str(problem)
    if "NoSuchBucket" in told or "ContainerNotFound" in told:
        return Absent(f"{where}: there is no such object or bucket")
    if "dns" in told.lower() or "lookup" in told:
        return FetchError(
            f"{where}: the store's name cannot be looked up: is there a network, and is the endpoint right?"
        )
    if "error sending request" in told or "onnect" in told:
        return FetchError(
            f"{where}: the store cannot be reached: is there a network, and is the endpoint right?", again=True
        )
    status = STATUS.search(told)
    return FetchError(f"{where}: the store failed ({status[1] if status else kind})", again=True)
