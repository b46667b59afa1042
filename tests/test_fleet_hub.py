"""Models of a hub that an address names by folder or file: what is read is what was listed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import nparams
from nparams.errors import FetchError
from nparams.fleet.batch import count_batch
from nparams.fleet.finding import find
from tests.range_server import Server, hub, hub_for_nobody
from tests.safetensors_maker import T, safetensors


def of(n: int) -> bytes:
    return safetensors([T("w", [n])])


#: the same names on top and below, with other models
FILES = {
    "model.safetensors": of(1),
    "sub/model.safetensors": of(20),
    "sub/model": b"",
    "sub/deep/model.safetensors": of(300),
    "100%25/model.safetensors": of(4_000),
    "a b#?/ü.safetensors": of(50_000),
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    with hub_for_nobody(monkeypatch, tmp_path / "home") as made:
        for id in ("org/sd", "org/in", "gpt2"):
            hub(made, id, FILES)
        yield made


# address | parameters | its row's uri, where that is not the address
ROOTS = [
    ("hf://org/sd/model.safetensors", 1, ""),
    ("hf://org/sd/sub/model.safetensors", 20, ""),
    ("hf://org/sd/sub/", 20, "hf://org/sd/sub"),
    ("hf://org/sd/sub", 20, ""),
    ("hf://org/sd@main/sub", 20, ""),
    ("hf://models/org/sd/sub", 20, "hf://org/sd/sub"),
    ("hf://org/sd/sub/deep", 300, ""),
    ("hf://org/sd/sub/deep/model.safetensors", 300, ""),
    ("hf://gpt2@main/sub/deep", 300, ""),
    ("hf://org/sd/100%2525/model.safetensors", 4_000, "hf://org/sd/100%25/model.safetensors"),
    ("hf://org/sd/a%20b%23%3F/%C3%BC.safetensors", 50_000, "hf://org/sd/a b#?/ü.safetensors"),
    ("{hub}/org/in/tree/main/sub", 20, "hf://org/in@main/sub"),
    ("{hub}/org/in/tree/main/sub/deep", 300, "hf://org/in@main/sub/deep"),
    ("{hub}/org/in/resolve/main/sub/model.safetensors", 20, ""),
    ("{hub}/gpt2/tree/main/sub", 20, "hf://gpt2@main/sub"),
]


@pytest.mark.parametrize(("root", "total", "uri"), ROOTS)
def test_a_folder_or_file_is_the_one_that_is_named(server: Server, root: str, total: int, uri: str) -> None:
    root = root.format(hub=server.address)
    (row,) = count_batch(find([root]))
    assert (row["error"], row["total"]) == (None, total)
    assert row["uri"] == (uri or root)
    assert nparams.read(root).total == total


@pytest.mark.parametrize("root", ["hf://org/sd/no", "hf://org/sd/sub/no.safetensors"])
def test_what_is_not_there_is_said(server: Server, root: str) -> None:
    with pytest.raises(FetchError, match="the repository holds no such file or folder"):
        list(find([root]))
