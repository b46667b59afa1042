"""A web server on loopback that knows ranges, counts what it is asked, and misbehaves where a test wants it to."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from nparams.remote import http
from nparams.remote.http import client

if TYPE_CHECKING:
    import pytest

RANGE = re.compile(r"bytes=(\d+)-(\d+)")


class Asked(NamedTuple):
    """One request as it came."""

    method: str
    path: str
    range: tuple[int, int] | None
    headers: Mapping[str, str]
    query: str = ""


class Sparse(NamedTuple):
    """A file of any size that has only its beginning, its end, and nothing between."""

    head: bytes
    size: int
    tail: bytes = b""

    def part(self, first: int, last: int) -> bytes:
        made = bytearray(last - first + 1)
        for start, held in ((0, self.head), (self.size - len(self.tail), self.tail)):
            low, high = max(first, start), min(last + 1, start + len(held))
            if low < high:
                made[low - first : high - first] = held[low - start : high - start]
        return bytes(made)


Content = bytes | Sparse | Path
#: answers a request by itself, and says that it did; or leaves it to the server
Odd = Callable[["Handler"], bool]


class Server:
    """The files that are served, and what was asked of them."""

    def __init__(self) -> None:
        self.files: dict[str, Content] = {}
        self.odd: dict[str, Odd] = {}
        #: what a hub's list says of its models, by their names
        self.models: dict[str, dict[str, object]] = {}
        self.asked: list[Asked] = []
        self.sent = 0
        self.delay = 0.0
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        self.address = ""
        #: the mark of each answer
        self.tags: Iterator[str] = repeat('"1"')

    @property
    def paths(self) -> list[str]:
        return [each.path for each in self.asked]

    def forget(self) -> None:
        self.asked.clear()
        self.sent = self.most_at_once = 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    held: Server

    def do_GET(self) -> None:
        held, path, query = self.held, unquote(urlsplit(self.path).path), urlsplit(self.path).query
        match = RANGE.fullmatch(self.headers.get("Range", ""))
        wanted = (int(match[1]), int(match[2])) if match else None
        with held.lock:
            headers = {k.lower(): v for k, v in self.headers.items()}
            held.asked.append(Asked(self.command, path, wanted, headers, query))
            held.at_once += 1
            held.most_at_once = max(held.most_at_once, held.at_once)
        try:
            time.sleep(held.delay)
            self.answer(path, wanted)
        finally:
            with held.lock:
                held.at_once -= 1

    do_HEAD = do_GET

    def answer(self, path: str, wanted: tuple[int, int] | None) -> None:
        if path in self.held.odd and self.held.odd[path](self):
            return None
        content = self.held.files.get(path)
        if content is None:
            return self.give(404, b"Not Found")
        size = content.size if isinstance(content, Sparse) else size_of(content)
        if wanted is None:
            return self.give(200, part(content, 0, size - 1))
        if wanted[0] >= size:
            return self.give(416, b"", {"Content-Range": f"bytes */{size}"})
        last = min(wanted[1], size - 1)
        return self.give(206, part(content, wanted[0], last), {"Content-Range": f"bytes {wanted[0]}-{last}/{size}"})

    def give(self, status: int, body: bytes, headers: Mapping[str, str] = {}) -> None:
        self.send_response(status)
        usual = {
            "Content-Length": str(len(body)),
            "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT",
            "ETag": next(self.held.tags),
        }
        for name, value in {**usual, **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            with self.held.lock:
                self.held.sent += len(body)
            try:
                self.wfile.write(body)
            except OSError:  # the other side has heard enough
                self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is printed."""


def size_of(content: bytes | Path) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def part(content: Content, first: int, last: int) -> bytes:
    if isinstance(content, Sparse):
        return content.part(first, last)
    if isinstance(content, bytes):
        return content[first : last + 1]
    with content.open("rb") as file:
        file.seek(first)
        return file.read(last - first + 1)


@contextmanager
def serving() -> Iterator[Server]:
    """A server for the length of a `with` block."""
    held = Server()
    made = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"held": held}))
    made.daemon_threads = True
    held.address = f"http://127.0.0.1:{made.server_address[1]}"
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield held
    finally:
        client().close()
        made.shutdown()
        made.server_close()
        thread.join()


@contextmanager
def hub_for_nobody(monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[Server]:
    """A server that is the hub of a user without a token, and asked again without waiting."""
    for name in ("HF_HUB_OFFLINE", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(home))
    monkeypatch.setattr(http, "FIRST_WAIT", 0.01)
    with serving() as made:
        monkeypatch.setenv("HF_ENDPOINT", made.address)
        yield made


# -- ways to misbehave --------------------------------------------------------------------------------------------


def whole(handler: Handler) -> bool:
    """Ranges are ignored: the whole file, whatever was asked."""
    content = handler.held.files[unquote(urlsplit(handler.path).path)]
    size = content.size if isinstance(content, Sparse) else size_of(content)
    handler.send_response(200)
    handler.send_header("Content-Length", str(size))
    handler.end_headers()
    try:
        for at in range(0, size, 65_536):
            sent = part(content, at, min(at + 65_536, size) - 1)
            handler.wfile.write(sent)
            handler.held.sent += len(sent)
    except OSError:
        handler.close_connection = True
    return True


def saying(status: int, body: bytes = b"", headers: Mapping[str, str] = {}) -> Odd:
    """One answer, whatever was asked."""

    def odd(handler: Handler) -> bool:
        handler.give(status, body, headers)
        return True

    return odd


def first(count: int, odd: Odd) -> Odd:
    """Misbehaves `count` times, then no more."""
    left = [count]

    def sometimes(handler: Handler) -> bool:
        left[0] -= 1
        return left[0] >= 0 and odd(handler)

    return sometimes


def breaking_off(handler: Handler) -> bool:
    """Half of what was announced, then nothing."""
    handler.send_response(206)
    handler.send_header("Content-Length", "1000")
    handler.send_header("Content-Range", "bytes 0-999/1000")
    handler.end_headers()
    handler.wfile.write(b"x" * 500)
    handler.close_connection = True
    return True


def hub(held: Server, id: str, files: Mapping[str, Content], elsewhere: Server | None = None) -> None:
    """A model of a hub: its list of files, and each of them, redirected to `elsewhere` as large ones are."""
    sha = "0123456789abcdef0123456789abcdef01234567"
    listing = {"id": id, "sha": sha, "siblings": [{"rfilename": name} for name in files]}
    held.models[id] = listing
    held.odd["/api/models"] = models
    for revision in ("main", sha):
        held.odd[f"/api/models/{id}/revision/{revision}"] = saying(200, json.dumps(listing).encode())
        for name, content in files.items():
            path = f"/{id}/resolve/{revision}/{name}"
            if elsewhere is None:
                held.files[path] = content
            else:
                elsewhere.files[f"/store/{id}/{name}"] = content
                location = f"{elsewhere.address}/store/{id}/{name}?X-Amz-Signature=secret"
                held.odd[path] = saying(302, b"", {"Location": location})


def models(handler: Handler) -> bool:
    """The list of a hub's models: by author, in pages, the next one's address in a header."""
    asked = parse_qs(urlsplit(handler.path).query)
    author, limit = asked.get("author", [""])[0], int(asked["limit"][0])
    start = int(asked.get("cursor", ["0"])[0])
    found = [info for id, info in handler.held.models.items() if not author or id.startswith(f"{author}/")]
    fields = {"id", *asked.get("expand", [])}
    body = [{key: value for key, value in info.items() if key in fields} for info in found[start : start + limit]]
    headers = {}
    if start + limit < len(found):
        query = urlencode({**asked, "cursor": str(start + limit)}, doseq=True)
        headers["Link"] = f'<{handler.held.address}/api/models?{query}>; rel="next"'
    handler.give(200, json.dumps(body).encode(), headers)
    return True
