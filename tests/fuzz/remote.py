"""Damaged answers of web servers and hubs, and damaged addresses: only our own errors come of them."""

from __future__ import annotations

import io
import json
import os
import random

from nparams._read import Request
from nparams.remote import http
from tests.fuzz._drive import drive
from tests.fuzz._mutate import DAMAGE
from tests.safetensors_maker import T, safetensors

KINDS = "answers addresses"
BODY = safetensors([T("fc.weight", [4, 3]), T("fc.bias", [4])])
LISTING = json.dumps({"sha": "abc", "siblings": [{"rfilename": "model.safetensors"}, {"rfilename": "a/b.pt"}]}).encode()


def head(status: str, **headers: object) -> bytes:
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


N = len(BODY)
ANSWERS = [
    head("206 Partial Content", Content_Length=N, Content_Range=f"bytes 0-{N - 1}/{N}", ETag='"1"') + BODY,
    head("206 Partial Content", Content_Length=N, Content_Range=f"bytes 0-{N - 1}/99999999") + BODY,
    head("200 OK", Content_Length=N) + BODY,
    head("200 OK", Content_Length=10**12) + BODY,
    head("200 OK", Transfer_Encoding="chunked") + b"%x\r\n" % N + BODY + b"\r\n0\r\n\r\n",
    head("200 OK", Content_Encoding="gzip", Content_Length=N) + BODY,
    head("200 OK", Content_Length=len(LISTING)) + LISTING,
    head("302 Found", Location="https://other.example/m.pt?sig=1", Content_Length=0),
    head("302 Found", Location="//other.example/m.pt", Content_Length=0),
    head("404 Not Found", X_Error_Code="RepoNotFound", Content_Length=2) + b"{}",
    head("403 Forbidden", X_Error_Code="GatedRepo", Content_Length=0),
    head("416 Range Not Satisfiable", Content_Range="bytes */0", Content_Length=0),
    head("429 Too Many Requests", Retry_After="0", Content_Length=0),
    head("100 Continue") + head("206 Partial Content", Content_Length=N, Content_Range=f"bytes 0-{N - 1}/{N}") + BODY,
]  # fmt: skip
ADDRESSES = [
    text.encode()
    for text in (
        "https://host/a/b.safetensors?x=1#y", "http://user:pass@host:8080/m.pt", "hf://org/model@refs/pr/1/a.pt",
        "https://huggingface.co/org/model/blob/main/a/b.gguf", "https://huggingface.co/org/model/tree/refs%2Fpr%2F1",
        "hf://gpt2", "org/model@v1", "https://github.com/o/r/blob/main/x.pt", "http://[::1]:80/m.pt", "HTTPS://H/m%2F.pt",
    )
]  # fmt: skip


class Pipe:
    """A socket that has one answer in it."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def makefile(self, *_: object, **__: object) -> io.BytesIO:
        return io.BytesIO(self.data)

    def sendall(self, _: object) -> None:
        """Whatever is asked."""

    def close(self) -> None:
        """Nothing is open."""


class Wire(http.http.client.HTTPConnection):
    """A connection to nowhere."""

    def __init__(self, data: bytes) -> None:
        super().__init__("host")
        self.sock = Pipe(data)  # type: ignore[assignment]

    def connect(self) -> None:
        """It is made already."""


def answered(data: bytes, text: str) -> None:
    """Read an address whose server answers `data`, whatever it is asked."""
    os.environ.pop("HF_HUB_OFFLINE", None)
    http.FIRST_WAIT = 0.0
    asked = http.Client()
    asked.pauses.patience = 0.0  # nothing waits
    asked._connection = lambda parts: Wire(data)  # type: ignore[method-assign]
    http._CLIENT = asked
    Request(None, {}, True, True).string(text)


def run(count: int, seed: int, kind: str) -> dict[str, int]:
    """Read `count` damaged answers, or addresses; how many were accepted and how many refused."""
    chance = random.Random(seed)
    if kind == "answers":
        texts = ("https://host/m.safetensors", "hf://org/model", "hf://org/model/model.safetensors")
        return drive(count, seed, ANSWERS, lambda data: answered(data, chance.choice(texts)), damage=DAMAGE)
    return drive(count, seed, ADDRESSES, lambda data: address(data, chance))


def address(data: bytes, chance: random.Random) -> None:
    """Read a damaged address: it stays one, so that it is not taken for anything else."""
    text = data.decode("utf-8", "replace")
    if "://" in text or "/" in text:
        answered(chance.choice(ANSWERS), text if "://" in text[:12] else f"https://{text}")
