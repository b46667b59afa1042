"""A bucket on loopback for benchmarks and tests: thousands of ranges a second on one core, each after a set latency.

`GET /bucket/key` with a range, HEAD, and S3's list of objects (docs.aws.amazon.com/AmazonS3/latest/API:
API_GetObject.html, API_ListObjectsV2.html); signatures are not looked at.  It runs in a process of its own, which ends
with the one that started it, and is told what to do by control addresses below /-/ (see `Fast`).

    python -m tests.fast_server --count 1000000 --latency 0.05
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import pickle
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from tests.fast_contents import Contents, Generated, Table, etag, listing, pieces
from tests.range_server import Sparse

RANGE = re.compile(rb"\r\nrange: *bytes=(\d*)-(\d*)\r\n")
IF_MATCH = re.compile(rb"\r\nif-match: *([^\r]+)\r\n")
DATE = "Thu, 01 Jan 2026 00:00:00 GMT"
STATUS = {200: "OK", 206: "Partial Content", 404: "Not Found", 405: "Method Not Allowed", 412: "Precondition Failed",
          416: "Range Not Satisfiable", 429: "Too Many Requests", 503: "Slow Down"}  # fmt: skip
HEAD = (
    "HTTP/1.1 {0} {1}\r\nContent-Length: {2}\r\nLast-Modified: " + DATE + "\r\nAccept-Ranges: bytes\r\n"
    "Content-Type: {3}\r\n{4}\r\n"
)
ERROR = '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{0}</Code><Message>{0}</Message></Error>'


class Bucket:
    """What is served, how, and what was asked."""

    def __init__(self, contents: Contents, latency: float = 0.0) -> None:
        self.contents = contents
        self.latency = latency
        self.faults: list[dict[str, str]] = []
        self.at_once = 0
        self.forget()

    def forget(self) -> None:
        self.counted = {"requests": 0, "bytes": 0, "lists": 0, "most_at_once": self.at_once}
        self.started = time.process_time()

    def begins(self) -> None:
        self.counted["requests"] += 1
        self.at_once += 1
        self.counted["most_at_once"] = max(self.counted["most_at_once"], self.at_once)

    def fault(self, path: str) -> dict[str, str]:
        """How this answer is to fail; {} where it is not."""
        for each in self.faults:
            if each["key"] in path:
                left = int(each["count"]) - 1
                each["count"] = str(left)
                if not left:
                    self.faults.remove(each)
                return each
        return {}

    def controlled(self, what: str, query: dict[str, str]) -> bytes:
        """The answer to /-/what."""
        if what == "forget":
            self.forget()
        elif what == "set":
            self.latency = float(query["latency"])
        elif what == "fail":
            self.faults.append(query)
        return json.dumps({**self.counted, "cpu": time.process_time() - self.started}).encode()


class Talk(asyncio.Protocol):
    """One kept connection."""

    def __init__(self, bucket: Bucket, loop: asyncio.AbstractEventLoop) -> None:
        self.bucket, self.loop = bucket, loop
        self.waiting = b""
        self.busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        self.next()

    def next(self) -> None:
        """Begin on the next request, where it is here as a whole."""
        while not self.busy and (end := self.waiting.find(b"\r\n\r\n")) >= 0:
            head, self.waiting = self.waiting[: end + 2], self.waiting[end + 4 :]
            method, target, _ = head.decode("latin-1").split(" ", 2)
            if target.startswith("/-/"):
                self.control(target)
                continue
            self.busy = True
            self.bucket.begins()
            self.loop.call_later(self.bucket.latency, self.answer, method, target, head.lower())

    def control(self, target: str) -> None:
        """Answered at once, and not counted."""
        parts = urlsplit(target)
        told = self.bucket.controlled(parts.path[3:], dict(parse_qsl(parts.query, keep_blank_values=True)))
        self.transport.write(HEAD.format(200, STATUS[200], len(told), "application/json", "").encode() + told)

    def answer(self, method: str, target: str, head: bytes) -> None:
        self.bucket.at_once -= 1
        self.busy = False
        if self.transport.is_closing():
            return
        path, _, query = target.partition("?")
        path = unquote(path)
        if not self.fails(self.bucket.fault(path)):
            key = path[1:].partition("/")[2]
            if "list-type=2" in query:
                self.list(path[1:].partition("/")[0], dict(parse_qsl(query, keep_blank_values=True)))
            elif method in ("GET", "HEAD"):
                self.object(method, key, head)
            else:
                self.error(405, "MethodNotAllowed")
        if b"\r\nconnection: close" in head:
            self.transport.close()
        self.next()

    def object(self, method: str, key: str, head: bytes) -> None:
        content = self.bucket.contents.get(key)
        if content is None:
            return self.error(404, "NoSuchKey", method)
        mark, wanted = etag(key, content.size), IF_MATCH.search(head)
        if wanted is not None and wanted[1].decode().strip('"') != mark:
            return self.error(412, "PreconditionFailed", method)
        asked, more = RANGE.search(head), f'ETag: "{mark}"\r\n'
        if asked is None:
            return self.give(200, pieces(content, 0, content.size), more, method)
        first, last = bounds(asked[1].decode(), asked[2].decode(), content.size)
        if first > last:
            return self.error(416, "InvalidRange", method, f"Content-Range: bytes */{content.size}\r\n")
        more += f"Content-Range: bytes {first}-{last}/{content.size}\r\n"
        return self.give(206, pieces(content, first, last + 1), more, method)

    def list(self, bucket: str, query: dict[str, str]) -> None:
        self.bucket.counted["lists"] += 1
        self.give(200, [memoryview(listing(self.bucket.contents, bucket, query).encode())], kind="application/xml")

    def error(self, status: int, code: str, method: str = "GET", more: str = "") -> None:
        body = memoryview(ERROR.format(code).encode())
        self.give(status, [body], more, method, "application/xml")

    def give(self, status: int, body: list[memoryview], more: str = "", method: str = "GET", kind: str = "x/x") -> None:
        """An answer; a body that is zeros is never copied here."""
        length = sum(map(len, body))
        self.transport.write(HEAD.format(status, STATUS[status], length, kind, more).encode())
        if method != "HEAD":
            self.bucket.counted["bytes"] += length
            for each in body:
                self.transport.write(each)

    def fails(self, fault: dict[str, str]) -> bool:
        """Whether the answer fails: 503, 429, a body that breaks off ("cut"), or none at all ("drop")."""
        how = fault.get("how", "")
        if how in ("cut", "drop"):
            if how == "cut":
                self.transport.write(HEAD.format(206, STATUS[206], 1000, "x/x", "").encode() + bytes(500))
            self.transport.close()
        elif how:
            after = fault.get("retry_after")
            self.error(int(how), "SlowDown", more=f"Retry-After: {after}\r\n" if after else "")
        return bool(how)


def bounds(first: str, last: str, size: int) -> tuple[int, int]:
    """(first, last) byte of a range as it was asked; first > last where there is none.

    >>> bounds("0", "7", 5), bounds("", "2", 5), bounds("3", "", 5), bounds("5", "9", 5)
    ((0, 4), (3, 4), (3, 4), (5, 4))
    """
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), min(int(last), size - 1) if last else size - 1


async def serve(contents: Contents, latency: float, port: int, lives_with: int | None = None) -> None:
    """Serve until the file with that number (standard input) ends; the address is the first line that is printed."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    bucket = Bucket(contents, latency)
    made = await loop.create_server(lambda: Talk(bucket, loop), "127.0.0.1", port, backlog=4096)
    print(f"http://127.0.0.1:{made.sockets[0].getsockname()[1]}", flush=True)
    if lives_with is not None:
        loop.add_reader(lives_with, lambda: None if os.read(lives_with, 100) else ended.set())
    await ended.wait()
    made.close()


# -- the other side ------------------------------------------------------------------------------------------------


class Fast:
    """A server that runs, as its starter sees it."""

    def __init__(self, address: str) -> None:
        self.address = address

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which obstore's S3Store finds it (arrow-rs-object-store src/aws/builder.rs)."""
        return {"AWS_ENDPOINT_URL": self.address, "AWS_SKIP_SIGNATURE": "true", "AWS_ALLOW_HTTP": "true",
                "AWS_REGION": "us-east-1"}  # fmt: skip

    def counted(self) -> dict[str, Any]:
        """requests, bytes (of bodies), lists, most_at_once, cpu (seconds of its processor) since the last `forget`."""
        return self._asked("counters")

    def forget(self) -> None:
        self._asked("forget")

    def set(self, latency: float) -> None:
        self._asked("set", latency=str(latency))

    def fail(self, how: str, count: int = 1, key: str = "", **more: str) -> None:
        """The next `count` answers for keys that contain `key` fail: "503", "429" (retry_after=), "cut" or "drop"."""
        self._asked("fail", how=how, count=str(count), key=key, **more)

    def _asked(self, what: str, **query: str) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.address}/-/{what}?{urlencode(query)}") as answer:
            told: dict[str, Any] = json.load(answer)
        return told


@contextmanager
def serving(contents: Contents | Mapping[str, Sparse | bytes], latency: float = 0.0) -> Iterator[Fast]:
    """A server in a process of its own for the length of a `with` block; any bucket's name leads to `contents`."""
    held = Table(contents) if isinstance(contents, Mapping) else contents
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.fast_server", "--pickled", "--latency", str(latency)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        with child:
            pickle.dump(held, child.stdin)
            child.stdin.flush()
            yield Fast(child.stdout.readline().decode().strip())
            child.stdin.close()
    finally:
        child.kill()


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fast_server")
    parser.add_argument("--count", type=int, default=1_000_000, help="number of files")
    parser.add_argument("--latency", type=float, default=0.05, help="seconds before each answer")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--pickled", action="store_true", help="contents come on standard input")
    asked = parser.parse_args(words)
    contents = pickle.load(sys.stdin.buffer) if asked.pickled else Generated(asked.count)
    number = sys.stdin.fileno() if asked.pickled else None
    asyncio.run(serve(contents, asked.latency, asked.port, number))


if __name__ == "__main__":
    main(sys.argv[1:])
