"""The files below the address of a web server's folder: a walk over its pages, depth first, in the order of buckets."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from nparams.errors import FetchError, UsageError, shown
from nparams.fleet._listing import bucket
from nparams.fleet._listing.pages import Page, page_of
from nparams.remote.address import is_hub, web_parts, without_secrets
from nparams.remote.http import client, same_host
from nparams.remote.hub import endpoint
from nparams.remote.web import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.fleet.listing import Failed
    from nparams.fleet.units import Entry
    from nparams.remote.http import Answer

MOST_DEPTH = 32  # folders inside each other
MOST_FOLDERS = 100_000
MOST_FILES = 10_000_000
MOST_PAGE = 32_000_000  # bytes of what a server writes about one folder
#: JSON is exact where a server has it (Caddy); the others write what they always write
ACCEPT = {"Accept": "text/html, application/json, application/xml;q=0.9, */*;q=0.8"}
ADVICE = "give the addresses of the files, a line each on standard input, or the bucket behind it: s3://, gs://, az://"


def entries(root: str, failed: Failed | None) -> Iterator[tuple[str, Entry]]:
    """See nparams.fleet.listing.web_entries."""
    parts = web_parts(root)
    if parts is None or parts.query or parts.fragment or not parts.path.endswith("/"):
        raise UsageError(f"{_where(root)} is no address of a folder: https://host/path/ with a slash at its end")
    if is_hub(parts, endpoint()):
        raise UsageError(f"{_where(root)} is a page of the hub: give hf://org or hf://org/model")
    answer = asked(root)
    if bucket.is_one(answer):
        yield from bounded(bucket.entries(root, answer), root)
        return
    walk = _Walk(root, failed)
    yield from bounded(walk.below("", walk.page(root, answer), ()), root)


def asked(url: str) -> Answer:
    """What a server says of a folder."""
    return client().get(url, ACCEPT, MOST_PAGE, without_secrets(url))


def bounded(found: Iterator[tuple[str, Entry]], root: str) -> Iterator[tuple[str, Entry]]:
    """The same; FetchError for more than the limit."""
    for count, each in enumerate(found):
        if count >= MOST_FILES:
            raise FetchError(f"{_where(root)}: more than {MOST_FILES:,} files: give folders below it, one by one")
        yield each


class _Seen(NamedTuple):
    """A folder that is open: what it holds, to know it again where a link on the server leads back to it."""

    path: str
    page: Page


class _Walk:
    """One walk over a server's pages."""

    def __init__(self, root: str, failed: Failed | None) -> None:
        self._root = root
        self._failed = failed
        self._folders = 0

    def below(self, path: str, page: Page, above: tuple[_Seen, ...]) -> Iterator[tuple[str, Entry]]:
        """The files in a folder and in those below it, sorted by their paths: a folder's by its name with a slash."""
        if page.is_cut:
            count = len(page.files) + len(page.folders)
            cut = f"{count:,} entries, after which the server cuts its list off; what follows is not known"
            self._told(path, FetchError(f"{self._at(path)}: {cut}"))
        here = (*above, _Seen(path, page))
        for name in sorted([*page.files, *(f"{each}/" for each in page.folders)]):
            if name.endswith("/"):
                yield from self._folder(f"{path}{name}", here)
            else:
                yield f"{path}{name}", page.files[name]

    def page(self, url: str, answer: Answer) -> Page:
        """What a page says; FetchError where it is no listing."""
        where = _where(url)
        if answer.status != 200:
            raise words(answer, without_secrets(url))
        if not same_host(answer.url, url) or urlsplit(answer.url).path != urlsplit(url).path:
            raise FetchError(f"{where}: leads to {_where(answer.url)}; if that is meant, give that")
        if not answer.whole:
            raise FetchError(f"{where}: its list is longer than {MOST_PAGE:,} bytes: {ADVICE}")
        page = page_of(answer.body, url)
        if page is None:
            raise FetchError(f"{where}: the server sends a page that lists no files; {ADVICE}")
        return page

    def _folder(self, path: str, above: tuple[_Seen, ...]) -> Iterator[tuple[str, Entry]]:
        self._folders += 1
        if self._folders > MOST_FOLDERS:
            raise FetchError(f"{_where(self._root)}: more than {MOST_FOLDERS:,} folders: give some of them, one by one")
        try:
            page = self._opened(path, above)
        except FetchError as problem:
            self._told(path, problem)
            return
        yield from self.below(path, page, above)

    def _opened(self, path: str, above: tuple[_Seen, ...]) -> Page:
        if len(above) > MOST_DEPTH:
            deep = f"more than {MOST_DEPTH} folders inside each other"
            raise FetchError(f"{self._at(path)}: {deep}; give this one by itself")
        page = self.page(self._root + path, asked(self._root + path))
        for seen in above:
            if page.files and page == seen.page:
                what = f"holds the same as {self._at(seen.path)}, which it lies in"
                raise FetchError(f"{self._at(path)}: {what}: a link in a circle? It is not entered")
        return page

    def _told(self, path: str, problem: FetchError) -> None:
        if self._failed is None:
            raise problem
        self._failed(path, problem)

    def _at(self, path: str) -> str:
        return _where(self._root + path)


def _where(url: str) -> str:
    return shown(without_secrets(url) if web_parts(url) else url, 200)
