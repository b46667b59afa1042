"""A bucket that lists itself to anybody: ListBucketResult, page by page.

docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html: `list-type=2`, `prefix`, `continuation-token`; keys in
the order of their bytes; with `encoding-type=url` a key is quoted, a blank as a plus sign (boto/botocore
botocore/handlers.py, `decode_list_object`).  Google's and MinIO's answer alike; older ones know `marker` alone.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote, unquote, unquote_plus, urlencode, urlsplit
from xml.parsers import expat

from nparams.errors import FetchError, shown
from nparams.fleet._listing.pages import in_address
from nparams.fleet.units import Entry
from nparams.remote.address import without_secrets
from nparams.remote.http import client
from nparams.remote.hub import is_path
from nparams.stored.plain import whole_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.remote.http import Answer

MOST_PAGE = 8_000_000  # bytes of 1,000 keys, each of at most 1,024
MOST_PAGES = 100_000
MOST_TEXT = 10_000  # characters of one field
FIELDS = frozenset(("Key", "Size", "ETag", "IsTruncated", "NextContinuationToken", "NextMarker", "EncodingType"))
#: names in an answer's headers by which such a store is known even where it refuses
SIGNS = ("x-amz-request-id", "x-amz-bucket-region", "x-guploader-uploadid", "x-minio-deployment-id")


class Keys(NamedTuple):
    """One page: the keys, and what asks for the next page (empty after the last)."""

    found: list[tuple[str, Entry]]
    then: dict[str, str]


def is_one(answer: Answer) -> bool:
    """Whether an answer comes from a store of objects."""
    known = any(sign in answer.headers for sign in SIGNS)
    refused = answer.status in (403, 404) and (known or b"<Error><Code>" in answer.body[:1_000])
    return _is_list(answer) or refused or (known and not answer.body)  # no bytes: an object that marks a folder


def _is_list(answer: Answer) -> bool:
    return answer.status == 200 and b"<ListBucketResult" in answer.body[:1_000]


def entries(root: str, answer: Answer) -> Iterator[tuple[str, Entry]]:
    """The objects below an address, whose answer was from a store; FetchError where it does not list them."""
    for base, prefix in _places(root, _is_list(answer)):
        first = _asked(base, prefix, {})
        if _is_list(first):
            yield from _pages(root, base, prefix, first)
            return
    raise FetchError(
        f"{_where(root)}: the bucket does not list itself to everybody ({answer.status}); with a login, give s3://bucket/path"
    )


def _places(root: str, is_bucket: bool) -> list[tuple[str, str]]:
    """(the bucket's address, the beginning of keys): a bucket is in the host's name, or begins the path."""
    parts = urlsplit(root)
    host = parts._replace(path="/").geturl()
    if is_bucket:
        return [(root, "")]
    bucket, _, rest = parts.path.lstrip("/").partition("/")
    return [(host, unquote(parts.path[1:])), *([(f"{host}{bucket}/", unquote(rest))] if bucket else [])]


def _asked(base: str, prefix: str, then: dict[str, str]) -> Answer:
    fields = {"list-type": "2", "encoding-type": "url", "prefix": prefix, **then}
    url = f"{base}?{urlencode({name: value for name, value in fields.items() if value}, quote_via=quote)}"
    return client().get(url, {}, MOST_PAGE, without_secrets(base))


def _pages(root: str, base: str, prefix: str, answer: Answer) -> Iterator[tuple[str, Entry]]:
    before: dict[str, str] = {}
    for _ in range(MOST_PAGES):
        if not _is_list(answer) or not answer.whole:
            raise FetchError(f"{_where(root)}: the bucket breaks off its list ({answer.status})", again=True)
        page = _read(answer.body, root)
        for key, entry in page.found:
            path = key[len(prefix) :]
            if key.startswith(prefix) and is_path(path):  # keys that end with a slash mark folders
                yield in_address(path), entry
        if not page.then:
            return
        if page.then == before:
            break
        before = page.then
        answer = _asked(base, prefix, page.then)
    raise FetchError(f"{_where(root)}: the bucket's list has no end")


class _Reader:
    """What reads one page."""

    def __init__(self) -> None:
        self.held: list[dict[str, str]] = []
        self.about: dict[str, str] = {}
        self._path: list[str] = []
        self._text = ""

    def begin(self, name: str, _: object) -> None:
        """An element opens."""
        self._path.append(name.rpartition(":")[2])
        self._text = ""
        if self._path[1:] == ["Contents"]:
            self.held.append({})

    def say(self, text: str) -> None:
        """Text of the element that is open."""
        self._text = (self._text + text)[:MOST_TEXT]

    def end(self, _: str) -> None:
        """An element closes."""
        path = self._path[1:]
        if path[-1:] and path[-1] in FIELDS and len(path) <= 2:
            (self.held[-1] if path[0] == "Contents" else self.about)[path[-1]] = self._text
        self._path.pop()

    def refuse(self, *_: object) -> None:
        """What no such answer holds."""
        raise ValueError("a document type")


def _read(body: bytes, root: str) -> Keys:
    reader, parser = _Reader(), expat.ParserCreate("utf-8")
    parser.StartElementHandler, parser.EndElementHandler = reader.begin, reader.end
    parser.CharacterDataHandler = reader.say
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = reader.refuse
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError, IndexError):
        raise FetchError(f"{_where(root)}: the bucket's list is no XML", again=True) from None
    is_quoted = reader.about.get("EncodingType") == "url"
    found = [_key(each, is_quoted) for each in reader.held if "Key" in each]
    return Keys(found, _then(reader.about, is_quoted, found[-1][0] if found else ""))


def _then(about: dict[str, str], is_quoted: bool, last: str) -> dict[str, str]:
    """What asks for the next page."""
    if about.get("IsTruncated") != "true":
        return {}
    if about.get("NextContinuationToken"):
        return {"continuation-token": about["NextContinuationToken"]}
    marker = about.get("NextMarker", "")
    marker = (unquote_plus(marker) if is_quoted else marker) or last
    return {"marker": marker} if marker else {}


def _key(each: dict[str, str], is_quoted: bool) -> tuple[str, Entry]:
    key = unquote_plus(each["Key"]) if is_quoted else each["Key"]
    return key, Entry(whole_number(each.get("Size")), each.get("ETag", ""))


def _where(url: str) -> str:
    return shown(without_secrets(url), 200)
