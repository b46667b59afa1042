"""What a web server writes about a folder: pages for people, and JSON -> its files and folders by name.

How they look, from their sources: apache/httpd modules/generators/mod_autoindex.c; nginx/nginx
src/http/modules/ngx_http_autoindex_module.c (HTML, JSON); lighttpd/lighttpd1.4 src/mod_dirlisting.c (HTML, JSON);
caddyserver/caddy modules/caddyhttp/fileserver/browse.html, browsetplcontext.go (HTML, JSON); python/cpython
Lib/http/server.py (`list_directory`); golang/go src/net/http/fs.go (`dirList`).
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import quote, unquote, urljoin, urlsplit

from nparams.fleet.units import Entry
from nparams.remote.http import same_host
from nparams.remote.hub import is_path
from nparams.stored.plain import strict, whole_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

PIECE = 65_536  # characters that are parsed at a time
MOST_OPEN = 262_144  # characters of one tag, comment or the like
#: how the title or the heading of a listing begins (the last three: Jetty, serve-index, IIS's link)
TITLES = ("index of ", "directory listing", "listing of ", "directory: ", "listing directory", "[to parent directory]")
HEADINGS = frozenset(("title", "h1", "h2", "h3"))
#: what stands behind a link in a listing of lines: a time, and a size which is exact where it has no unit
BEHIND = re.compile(r"\s*(?:\d{1,4}-\w{2,3}-\d{2,4} \d{2}:\d{2}(?::\d{2})?)\s+(\S+)")
SIZE = re.compile(r"-|\d+|[\d.,]+ ?[KMGTP]i?B?", re.ASCII | re.IGNORECASE)
#: attributes of a cell that hold the exact size (lighttpd, Caddy, Caddy before 2.8)
EXACT = ("data-value", "data-size", "data-order")
CUT = ("..>", "...", "…")  # how a name that is too long ends
#: a link to a name and nothing else: most are, and long pages have many
BARE = re.compile(r"[^/?#:\\]+/?")
QUOTED = re.compile(r"[%?#\x00-\x1f\x7f]")
#: what JSON says of a folder, in the field `type`; Caddy has a field of its own
FOLDERS, FILES = ("directory", "dir"), ("file",)
CADDYS_MOST = 10_000  # entries, after which it cuts a listing off (browse.go, `defaultDirEntryLimit`)


class Page(NamedTuple):
    """What one folder holds, by the names of its entries as they stand in an address."""

    files: dict[str, Entry]
    folders: list[str]
    #: whether the server may have left out some
    is_cut: bool = False


def page_of(body: bytes, url: str) -> Page | None:
    """What a page says that lies at an address; None where it is no listing of a folder.

    >>> page_of(b'[{ "name":"a.gguf", "type":"file", "mtime":"Wed, 31 Dec 1986 10:00:00 GMT", "size":5 }]', "https://h/")
    Page(files={'a.gguf': Entry(size=5, stamp='Wed, 31 Dec 1986 10:00:00 GMT')}, folders=[], is_cut=False)
    """
    if body.lstrip()[:1] == b"[":
        return _of_json(body)
    return _of_html(body.decode("utf-8", "replace"), url)


def written(raw: str) -> str | None:
    """A name as it stands in an address, made readable; None for what leads elsewhere.

    >>> written("my%20model.bin"), written("100%25.bin"), written("%FF.bin"), written("a%2Fb"), written("%2e%2e")
    ('my model.bin', '100%25.bin', '%FF.bin', 'a%2Fb', None)
    """
    try:
        plain = unquote(raw, errors="strict")
    except UnicodeDecodeError:
        return raw if raw.isascii() and raw.isprintable() else None
    if "/" in plain:
        return raw if is_path(raw) and raw.isprintable() else None
    return in_address(plain) if is_path(plain) else None


def in_address(name: str) -> str:
    """A name, or a path, with what an address would take for something else quoted."""
    return QUOTED.sub(lambda found: quote(found[0]), name)


# -- JSON -------------------------------------------------------------------------------------------------------------


def _of_json(body: bytes) -> Page | None:
    try:
        held = strict(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(held, list) or not all(isinstance(each, dict) and "name" in each for each in held):
        return None
    files, folders, is_caddys = {}, [], False
    for each in held:
        name, kind = _named(each), each.get("type")
        is_caddys |= "is_dir" in each
        if name is None or (each.get("is_symlink") is True and each.get("is_dir") is True):
            continue  # links to folders are not entered, as on a disk
        if kind in FOLDERS or each.get("is_dir") is True:
            folders.append(name)
        elif kind in FILES or each.get("is_dir") is False:
            files[name] = Entry(whole_number(each.get("size")), _time(each))
    return Page(files, folders, is_caddys and len(held) >= CADDYS_MOST)


def _named(each: Mapping[str, Any]) -> str | None:
    name = each["name"].removesuffix("/") if isinstance(each["name"], str) else ""
    return in_address(name) if "/" not in name and is_path(name) and name.isprintable() else None


def _time(each: Mapping[str, Any]) -> str:
    told = each.get("mtime", each.get("mod_time"))
    return str(told)[:100] if isinstance(told, str | int) else ""


# -- HTML -------------------------------------------------------------------------------------------------------------


class _Link:
    """A link of a page: where it leads, its words, what stands behind it until the next one."""

    __slots__ = ("behind", "cells", "exact", "href", "text")

    def __init__(self, href: str) -> None:
        self.href = href
        self.text = self.behind = ""
        self.cells: list[str] = []
        self.exact: int | None = None

    @property
    def size(self) -> int | None:
        """The exact size, where the page tells it."""
        if self.exact is not None:
            return self.exact
        lines = BEHIND.match(self.behind)
        told = lines[1] if lines else next((cell for cell in map(str.strip, self.cells) if SIZE.fullmatch(cell)), "")
        return whole_number(told)


class _Links(HTMLParser):
    """The links of a page, and whether its title or a heading is that of a listing."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[_Link] = []
        self.is_listing = False
        self._inside = ""
        self._heading = ""

    def read(self, text: str) -> bool:
        """Parse a page; whether it could be parsed with bounded work.  What its last tag leaves open is no matter."""
        for at in range(0, len(text), PIECE):
            self.feed(text[at : at + PIECE])
            if len(self.rawdata) > MOST_OPEN:
                return False
        return True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A link, a cell behind one, or a heading."""
        if tag == "a":
            self.links.append(_Link(dict(attrs).get("href") or ""))
            self._inside = tag
        elif tag == "table":
            self.is_listing |= ("aria-describedby", "summary") in attrs  # Caddy's
        elif tag in HEADINGS:
            self._inside, self._heading = tag, ""
        elif tag == "td" and self.links:
            self.links[-1].cells.append("")
            held = dict(attrs)
            told = next((held[name] for name in EXACT if name in held), None)
            if self.links[-1].exact is None and "m" not in (held.get("class") or "").split():  # lighttpd's for the time
                self.links[-1].exact = whole_number(told)

    def handle_endtag(self, tag: str) -> None:
        """The end of a link or a heading."""
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        """Words: of a heading, of a link, or behind one."""
        if self._inside in HEADINGS:
            self._heading = (self._heading + data)[:200]
            self.is_listing |= self._heading.strip().lower().startswith(TITLES)
        elif self.links and self._inside == "a":
            self.links[-1].text = (self.links[-1].text + data)[:2_000]
            self.is_listing |= data.strip().lower().startswith(TITLES[-1])
        elif self.links and self.links[-1].cells:
            self.links[-1].cells[-1] = (self.links[-1].cells[-1] + data)[:200]
        elif self.links:
            self.links[-1].behind = (self.links[-1].behind + data)[:200]


def _of_html(text: str, url: str) -> Page | None:
    parser = _Links()
    if not parser.read(text):
        return None
    found = [(link, below(url, link.href)) for link in parser.links]
    if not parser.is_listing and not _looks_like_one(found):
        return None
    files: dict[str, Entry] = {}
    folders: dict[str, None] = {}
    for link, name in found:
        if name is None or _is_link(link):
            continue
        if name.endswith("/"):
            folders[name[:-1]] = None
        elif link.size is not None or name not in files:
            files[name] = Entry(link.size, "")
    return Page(files, list(folders))


def _looks_like_one(found: Iterable[tuple[_Link, str | None]]) -> bool:
    """Whether all that a page links to is in its folder and called by its name there (Go's server gives no title)."""
    entries = 0
    for link, name in found:
        if name is None:
            if not link.href.startswith(("?", "#")) and link.href.rstrip("/") not in ("", ".", ".."):
                return False
        elif not _is_called(link.text.strip(), name):
            return False
        entries += name is not None
    return entries > 0


def _is_called(text: str, name: str) -> bool:
    plain, told = unquote(name).rstrip("/"), text.rstrip("/")
    return told == plain or (told.endswith(CUT) and plain.startswith(told.rstrip(".>…")))


def _is_link(link: _Link) -> bool:
    """Whether Python's server says that a folder is a link; it is not entered, as on a disk."""
    return link.href.endswith("/") and link.text.strip() == unquote(link.href)[:-1] + "@"


def below(url: str, href: str) -> str | None:
    """The name of the entry of the folder at `url` that a link leads to, folders with a slash; None for other links.

    >>> below("https://host/m/", "a%20b.bin"), below("https://host/m/", "/m/sub/"), below("https://host/m/", "../x")
    ('a b.bin', 'sub/', None)
    """
    if ".." in href.split("/") or "?" in href or "#" in href or not href.isprintable():
        return None
    if BARE.fullmatch(href) and href == href.strip():
        name = written(href.rstrip("/"))
        return name and name + "/" * href.endswith("/")
    try:
        at = urljoin(url, href)
        if not same_host(at, url):
            return None
        base, path = urlsplit(url).path.split("/"), urlsplit(at).path.split("/")
    except ValueError:
        return None
    is_folder = path[-1] == "" and len(path) > len(base)
    if len(path) != len(base) + is_folder or list(map(unquote, path[: len(base) - 1])) != list(map(unquote, base[:-1])):
        return None
    name = written(path[len(base) - 1]) if path[len(base) - 1] else None
    return name and name + "/" * is_folder
