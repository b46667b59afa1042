"""A server of Amazon's protocol (moto) on loopback, behind a door that counts."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from nparams.remote import accounts

#: how the variables begin that say who asks a store
CLOUDS = ("AWS_", "GOOGLE_", "AZURE_")
KEY, SECRET = "AKIATESTTESTTEST", "s3cr3ts3cr3t"


class Asked(NamedTuple):
    """One request as it came."""

    method: str
    path: str
    range: str | None
    signed: bool
    agent: str


class Store:
    """What was asked, and how slow the journey is; moto itself lets in whom the bucket lets in."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app
        self._lock = threading.Lock()
        self.asked: list[Asked] = []
        self.delay = 0.0
        self.at_once = self.most_at_once = 0
        self.failures = 0
        #: how a request that fails is answered: status, headers, body
        self.failing: tuple[str, dict[str, str], bytes] = ("503 Slow Down", {}, b"")
        self.address = ""

    def __call__(self, environ: Mapping[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        signed = f"Credential={KEY}/" in environ.get("HTTP_AUTHORIZATION", "")
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        with self._lock:
            agent = environ.get("HTTP_USER_AGENT", "")
            self.asked.append(Asked(method, path, environ.get("HTTP_RANGE"), signed, agent))
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            fails = self.failures > 0
            self.failures -= fails
        try:
            time.sleep(self.delay)
            if fails:
                status, headers, body = self.failing
                start(status, [("Content-Length", str(len(body))), *headers.items()])
                return [body]
            return self._app(environ, start)
        finally:
            with self._lock:
                self.at_once -= 1

    def forget(self) -> None:
        self.asked.clear()
        self.most_at_once = 0

    def put(self, bucket: str, files: Mapping[str, bytes], access: str = "public-read") -> None:
        """Make a bucket with these objects, open to everybody or "private"."""
        keys = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET}
        client = boto3.client("s3", endpoint_url=self.address, region_name="us-east-1", **keys)
        client.create_bucket(Bucket=bucket, ACL=access)
        for key, data in files.items():
            client.put_object(Bucket=bucket, Key=key, Body=data, ACL=access)
        self.forget()


def without_login(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """A user without any login, on a machine without a role."""
    for name in list(os.environ):
        if name.startswith(CLOUDS) and name != "AWS_CA_BUNDLE":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setattr(accounts, "MACHINES", {})
    logging.getLogger("werkzeug").setLevel(logging.ERROR)


@contextmanager
def storing() -> Iterator[Store]:
    """A store for the length of a `with` block."""
    made = Store(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, made, threaded=True)
    made.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
