"""Files on a web server: the same answers as from disk, few requests, and one line for whatever goes wrong."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import pytest

import nparams
from nparams.errors import FetchError, FormatError, NparamsError, ReadError, UnsupportedError, UsageError
from nparams.remote import http
from nparams.remote.ranges import FIRST, MOST_AHEAD, TAIL, Part, RemoteFile
from tests.conftest import REPOSITORY, SHARED, shared
from tests.gguf_maker import T as G
from tests.gguf_maker import gguf
from tests.gguf_maker import shards as gguf_shards
from tests.range_server import Server, Sparse, breaking_off, first, saying, serving, whole
from tests.safetensors_maker import T, file_of, header_of, safetensors

MILLION = 1_000_000
NO_MODELS = (".json", ".gz", ".md", ".txt")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(http, "FIRST_WAIT", 0.01)
    with serving() as made:
        yield made


def sparse(tensors: int, numbers: int = MILLION) -> Sparse:
    """A safetensors file of many tensors, of which only the header is there."""
    head = file_of(header_of([T(f"layers.{k}.weight", [numbers]) for k in range(tensors)]))
    return Sparse(head, len(head) + 4 * tensors * numbers)


SMALL = safetensors([T("fc.weight", [4, 3]), T("fc.bias", [4])])


def answer(source: object) -> dict[str, object]:
    found = json.loads(nparams.read(source).to_json())
    del found["source"]  # it says where
    return found


# -- what it costs --------------------------------------------------------------------------------------------------


def test_a_header_that_fits_into_the_first_range_costs_one_request(server: Server) -> None:
    server.files["/m.safetensors"] = sparse(1000)
    assert nparams.read(f"{server.address}/m.safetensors").total == 1000 * MILLION
    (asked,) = server.asked
    assert (asked.method, asked.range) == ("GET", (0, FIRST - 1))
    assert server.sent == FIRST


def test_any_other_header_costs_two_the_second_exact(server: Server) -> None:
    made = server.files["/m.safetensors"] = sparse(10_000)
    assert nparams.read(f"{server.address}/m.safetensors").total == 10_000 * MILLION
    assert [each.range for each in server.asked] == [(0, FIRST - 1), (FIRST, len(made.head) - 1)]


def test_a_sharded_model_costs_one_request_a_file_several_at_a_time(server: Server) -> None:
    names = [f"model-{k:05}-of-00024.safetensors" for k in range(1, 25)]
    weights = {}
    for k, name in enumerate(names):
        server.files[f"/m/{name}"] = safetensors([T(f"layers.{k}.weight", [8, 8])])
        weights[f"layers.{k}.weight"] = name
    index = {"metadata": {"total_size": 24 * 256}, "weight_map": weights}
    server.files["/m/model.safetensors.index.json"] = json.dumps(index).encode()
    server.delay = 0.05
    assert nparams.read(f"{server.address}/m/model.safetensors.index.json").total == 24 * 64
    assert sorted(server.paths) == sorted(server.files)
    assert server.most_at_once > 4


def test_a_split_gguf_is_fetched_several_at_a_time(server: Server) -> None:
    parts = gguf_shards("m", [[G(f"blk.{k}.ffn_up.weight", [64, 8])] for k in range(6)])
    server.files = {f"/{name}": data for name, data in parts.items()}
    server.delay = 0.05
    assert nparams.read(f"{server.address}/{min(parts)}").total == 6 * 64 * 8
    assert sorted(server.paths) == sorted(server.files)
    assert server.most_at_once > 2


def test_five_gigabytes_of_gguf_with_a_long_vocabulary(server: Server) -> None:
    words = ("tokenizer.ggml.tokens", "arr", ("str", [f"token{k:09}" for k in range(250_000)]))
    made = gguf([words], tensors=[G("token_embd.weight", [4096, 300_000])], data=0)
    server.files["/m.gguf"] = Sparse(made, 5_000_000_000)
    assert nparams.read(f"{server.address}/m.gguf").total == 4096 * 300_000
    assert len(made) < server.sent < len(made) + MOST_AHEAD + FIRST
    assert len(server.asked) < 10


def test_a_plain_checkpoint_asks_for_nothing_beside_it(server: Server) -> None:
    server.files["/a/b.safetensors"] = SMALL
    nparams.read(f"{server.address}/a/b.safetensors")
    assert server.paths == ["/a/b.safetensors"]


def test_settings_beside_a_packed_checkpoint_are_asked_for(server: Server) -> None:
    packed = [T("a.weight", [64, 8], "U32"), T("a.scales", [64, 1], "F16"), T("a.biases", [64, 1], "F16")]
    server.files["/q/model.safetensors"] = safetensors(packed)
    server.files["/q/config.json"] = b'{"quantization": {"group_size": 64, "bits": 4}}'
    assert nparams.read(f"{server.address}/q/model.safetensors").total == 64 * 64
    assert server.paths[:2] == ["/q/model.safetensors", "/q/config.json"]
    assert "HEAD" not in {each.method for each in server.asked}


def test_the_same_answer_from_disk_and_from_afar(server: Server) -> None:
    """Every real file, with its folder: all that the answer says, and most of them by one or two requests."""
    root = shared("models")
    rows = [line.split("\t") for line in (root / "manifest.tsv").read_text().splitlines()[1:] if line[:1] != "#"]
    files = [root / row[0] for row in rows if row[3] != "companion" and row[1] != "REFUSE"]
    compared = 0
    for path in files:
        try:
            here = answer(str(path))
        except NparamsError:
            continue
        server.files = {f"/{each.relative_to(root)}": each for each in path.parent.iterdir() if each.is_file()}
        folder = path.parent
        while folder != root:  # what lies in folders beside it
            server.files |= {f"/{each.relative_to(root)}": each for each in folder.rglob("*") if each.is_file()}
            folder = folder.parent if len(server.files) < 60 else root
        assert answer(f"{server.address}/{path.relative_to(root)}") == here, path
        compared += 1
    assert compared > 60


def test_small_files_of_every_format_too(server: Server) -> None:
    """What the libraries wrote for the tests, where a web server gives all that a format needs."""
    root, compared = REPOSITORY / "tests" / "data", 0
    server.files = {f"/{path.relative_to(root)}": path for path in root.rglob("*") if path.is_file()}
    for path in sorted(each for each in root.rglob("*") if each.is_file() and each.suffix not in NO_MODELS):
        try:
            here = answer(str(path))
        except NparamsError:
            continue
        if here["form"] != "orbax":  # many files, which nothing lists
            assert answer(f"{server.address}/{quote(str(path.relative_to(root)))}") == here, path
            compared += 1
    assert compared > 60


def test_a_checkpoint_that_needs_a_listing_says_so(server: Server) -> None:
    folder = next((REPOSITORY / "docs" / "examples" / "run").rglob("_METADATA")).parent
    server.files = {f"/{path.relative_to(folder)}": path for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(UnsupportedError, match="nothing lists those beside this one"):
        nparams.read(f"{server.address}/_METADATA")


def test_a_config_and_code_are_texts_there_too(server: Server) -> None:
    server.files["/net.py"] = b"import torch.nn as nn\nnet = nn.Linear(784, 10)\n"
    assert nparams.read(f"{server.address}/net.py").total == 7850


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared real files")
def test_an_empty_file_is_called_empty(server: Server) -> None:
    server.files["/m.pt"] = b""
    with pytest.raises(FormatError, match="the file is empty"):
        nparams.read(f"{server.address}/m.pt")


# -- servers that are odd -------------------------------------------------------------------------------------------


def test_a_server_that_ignores_ranges_is_stopped(server: Server) -> None:
    server.files["/m.safetensors"] = sparse(1000)
    server.odd["/m.safetensors"] = whole
    found = nparams.read(f"{server.address}/m.safetensors")
    assert found.total == 1000 * MILLION  # the header came first
    server.files["/m.safetensors"] = sparse(10_000)
    with pytest.raises(FetchError, match="sends whole files only, so nothing beyond its first 131,072 bytes was taken"):
        nparams.read(f"{server.address}/m.safetensors")
    assert server.sent < 64_000_000  # what its own buffers took, of 44 GB


def test_a_small_file_is_taken_whole_from_such_a_server(server: Server) -> None:
    server.files["/m.safetensors"] = SMALL
    server.odd["/m.safetensors"] = whole
    assert nparams.read(f"{server.address}/m.safetensors").total == 16


# what happens | what the server does | the end of the error
ODD = [
    ("a link that has gone", saying(404), "there is no such file (404): the link has gone, or was never right"),
    ("gone for good", saying(410), "there is no such file (410)"),
    ("a login", saying(401), "the server asks for a login or does not allow it (401)"),
    ("no permission", saying(403), "the server asks for a login or does not allow it (403)"),
    ("too many requests", saying(429, b"", {"Retry-After": "3600"}), "the server asks to wait (429"),
    ("a broken server", saying(500), "the server failed (500), several times"),
    ("a teapot", saying(418), "the server answers 418, which is no file"),
    ("another range", saying(206, b"x" * 10, {"Content-Range": "bytes 5-14/100"}), 'sends "bytes 5-14/100"'),
    ("no size", saying(206, b"x" * 10, {"Content-Range": "bytes 0-9/*"}), 'sends "bytes 0-9/*"'),
    ("a range that lies", saying(206, b"x" * 10, {"Content-Range": "bytes 0-99/100"}), "and 10 bytes"),
    ("packed", saying(200, b"x" * 10, {"Content-Encoding": "gzip"}), "packs what it sends (\"gzip\")"),
    ("in circles", saying(302, b"", {"Location": "/m.pt"}), "more than 6 redirects"),
    ("a redirect to a file of ours", saying(302, b"", {"Location": "file:///etc/passwd"}), "which is not followed"),
    ("a page", saying(200, b"<!doctype html><html>log in</html>"), "is an HTML page, not a model"),
]  # fmt: skip


@pytest.mark.parametrize(("odd", "words"), [row[1:] for row in ODD], ids=[row[0] for row in ODD])
def test_an_odd_server_gets_one_line(server: Server, odd, words: str) -> None:
    server.odd["/m.pt"] = odd
    with pytest.raises(ReadError) as problem:
        nparams.read(f"{server.address}/m.pt?token=secret")
    assert words in str(problem.value)
    assert "secret" not in str(problem.value)
    assert str(problem.value).isprintable()


def test_a_transfer_that_fails_is_tried_again(server: Server) -> None:
    server.files["/m.safetensors"] = SMALL
    for odd in (breaking_off, saying(503), saying(429, b"", {"Retry-After": "0"})):
        server.forget()
        server.odd["/m.safetensors"] = first(2, odd)
        assert nparams.read(f"{server.address}/m.safetensors").total == 16
        assert len(server.asked) == 3


def test_what_is_not_there_is_asked_for_once(server: Server) -> None:
    with pytest.raises(FetchError):
        nparams.read(f"{server.address}/none.pt")
    assert len(server.asked) == 1


def test_a_file_that_changes_meanwhile_is_refused(server: Server) -> None:
    made = server.files["/m.safetensors"] = sparse(10_000)

    def grown(handler) -> bool:
        handler.held.files["/m.safetensors"] = made._replace(size=made.size + 1)
        return False

    server.odd["/m.safetensors"] = lambda handler: len(server.asked) > 1 and grown(handler)
    with pytest.raises(FetchError, match="the file was changed while it was read"):
        nparams.read(f"{server.address}/m.safetensors")


def test_a_login_in_the_address_is_used_and_never_shown(server: Server) -> None:
    server.files["/m.safetensors"] = SMALL
    address = server.address.replace("http://", "http://me:pa%20ss@")
    found = nparams.read(f"{address}/m.safetensors?sig=secret")
    assert server.asked[0].headers["authorization"] == "Basic bWU6cGEgc3M="
    shown = found.to_json() + str(found) + found.source
    assert found.source == f"{server.address}/m.safetensors"
    assert not any(word in shown for word in ("pa ss", "pa%20ss", "secret"))


def test_a_login_is_not_passed_on_to_another_host(server: Server) -> None:
    with serving() as other:
        other.files["/m.safetensors"] = SMALL
        moved = f"{other.address}/m.safetensors".replace("127.0.0.1", "localhost")
        server.odd["/m.safetensors"] = saying(302, b"", {"Location": moved})
        address = server.address.replace("http://", "http://me:pass@")
        assert nparams.read(f"{address}/m.safetensors").total == 16
        assert "authorization" not in other.asked[0].headers


def test_who_asks_is_said(server: Server) -> None:
    server.files["/m.safetensors"] = SMALL
    nparams.read(f"{server.address}/m.safetensors")
    assert server.asked[0].headers["user-agent"] == f"nparams/{nparams.__version__}"


def test_connections_are_used_again(server: Server) -> None:
    ports = set()
    made = sparse(10_000)
    server.files["/m.safetensors"] = made
    server.odd["/m.safetensors"] = lambda handler: bool(ports.add(handler.client_address))
    nparams.read(f"{server.address}/m.safetensors")
    assert len(server.asked) == 2
    assert len(ports) == 1


def test_a_laptop_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def lookup(*args: object) -> None:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    with pytest.raises(FetchError, match=r"the name host\.example cannot be looked up: is there a network") as problem:
        nparams.read("https://host.example/m.pt")
    assert not problem.value.reached


def test_python_in_a_browser_fetches_nothing(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http.sys, "platform", "emscripten")
    with pytest.raises(FetchError, match="Python in a browser fetches nothing") as problem:
        nparams.read(f"{server.address}/m.pt")
    assert not problem.value.reached
    assert not server.asked


def test_a_port_that_refuses() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        with pytest.raises(FetchError, match="refuses connections"):
            nparams.read(f"http://127.0.0.1:{held.getsockname()[1]}/m.pt")


# address | the error
REFUSED = [
    ("ftp://host/m.pt", UsageError, '"ftp":// is no kind of address that is known: hf://, https://'),
    ("https://host/folder/", UnsupportedError, "names a folder of a web server, which lists nothing"),
    ("https://", ReadError, ""),
    ("http://:80/m.pt", UsageError, "is no address of a file"),
    ("http://host:99999999/m.pt", UsageError, "is no address of a file"),
    ("http://host\x1b[31m/m.pt", UsageError, "is no address of a file"),
    (f"http://{'a' * 70}.com/m.pt", UsageError, "is no address of a file"),
    ("http://[::1/m.pt", UsageError, "is no address of a file"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "words"), REFUSED, ids=[repr(row[0])[:30] for row in REFUSED])
def test_what_is_no_address(text: str, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind) as problem:
        nparams.read(text)
    assert words in str(problem.value)


def test_a_text_from_a_stranger_reaches_no_network(server: Server) -> None:
    with pytest.raises(
        UnsupportedError, match="is an address, and nothing is fetched for a text that is read from here"
    ):
        nparams.read(f"{server.address}/m.safetensors", paths=False)
    assert not server.asked


def test_a_shard_named_outside_the_folder_is_not_asked_for(server: Server) -> None:
    index = {"metadata": {}, "weight_map": {"w": "../secret.safetensors"}}
    server.files["/m/model.safetensors.index.json"] = json.dumps(index).encode()
    with pytest.raises(FormatError, match="paths are not followed"):
        nparams.read(f"{server.address}/m/model.safetensors.index.json")
    assert len(server.asked) == 1


# -- ranges ---------------------------------------------------------------------------------------------------------


class Held:
    """Bytes of which ranges are counted."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.asked: list[tuple[int, int]] = []

    def fetch(self, offset: int, length: int) -> Part:
        self.asked.append((offset, length))
        return Part(self.data[offset : offset + length], len(self.data))


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_read_in_whatever_order_is_what_lies_there(seed: int) -> None:
    chance = random.Random(seed)
    data = chance.randbytes(chance.choice([0, 1, FIRST, FIRST + 1, FIRST + TAIL, 3 * FIRST + 77, 2_500_000]))
    origin = Held(data)
    file = RemoteFile("m", origin, origin.fetch(0, FIRST))
    for _ in range(60):
        offset = chance.randrange(len(data) + 1)
        length = min(chance.choice([0, 1, 24, 4096, 70_000, 400_000]), len(data) - offset)
        assert file.read(offset, length) == data[offset : offset + length]
    spans = sorted((offset, offset + length) for offset, length in origin.asked)
    assert all(before[1] <= after[0] for before, after in pairwise(spans) if after[1] <= len(data))
    assert file.requests == len(origin.asked)
    with pytest.raises(FormatError, match="Cut short"):
        file.read(len(data), 1)


def test_the_end_of_a_file_comes_in_one_piece() -> None:
    origin = Held(bytes(1_000_000))
    file = RemoteFile("m", origin, origin.fetch(0, FIRST))
    file.read(999_978, 22)
    file.read(900_000, 90_000)
    assert origin.asked[1:] == [(1_000_000 - TAIL, TAIL)]


def test_who_reads_on_and_on_gets_more_each_time() -> None:
    origin = Held(bytes(20_000_000))
    file = RemoteFile("m", origin, origin.fetch(0, FIRST))
    for at in range(0, 16_000_000, 65_536):
        file.read(at, 65_536)
    assert len(origin.asked) < 16
    assert max(length for _, length in origin.asked) <= MOST_AHEAD


def test_scattered_reads_bring_little_in_vain() -> None:
    data = bytes(60_000_000)
    origin = Held(data)
    file = RemoteFile("m", origin, origin.fetch(0, FIRST))
    for at in range(1_000_000, 59_000_000, 500_000):
        file.read(at, 100)
    assert sum(length for _, length in origin.asked) < 12_000_000


def test_an_answer_of_another_length_is_refused() -> None:
    class Short(Held):
        def fetch(self, offset: int, length: int) -> Part:
            return Part(super().fetch(offset, length).data[: length // 2], len(self.data))

    origin = Short(bytes(1_000_000))
    file = RemoteFile("m", origin, Held(bytes(1_000_000)).fetch(0, FIRST))
    with pytest.raises(FetchError, match="bytes came where"):
        file.read(500_000, 1000)


def test_a_proxy_is_asked_where_the_environment_names_one(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.files["/m.safetensors"] = SMALL
    monkeypatch.setenv("http_proxy", server.address)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert nparams.read("http://models.example/m.safetensors").total == 16
    assert server.asked[0].headers["host"] == "models.example"
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server.forget()
    assert nparams.read(f"{server.address}/m.safetensors").total == 16
    assert server.asked[0].headers["host"] == server.address.removeprefix("http://")


def test_a_file_name_may_hold_anything(server: Server) -> None:
    server.files["/a b/ü%#.safetensors"] = SMALL
    assert nparams.read(f"{server.address}/a%20b/%C3%BC%25%23.safetensors").total == 16


def test_the_address_of_a_file_here(tmp_path: Path) -> None:
    (tmp_path / "a b.safetensors").write_bytes(SMALL)
    assert nparams.read(f"file://{tmp_path}/a%20b.safetensors").total == 16
    with pytest.raises(UsageError, match="is no kind of address"):
        nparams.read("file://elsewhere/m.pt")


def test_paths_are_unaffected(tmp_path: Path) -> None:
    (tmp_path / "m.safetensors").write_bytes(SMALL)
    assert nparams.read(tmp_path / "m.safetensors").total == 16
