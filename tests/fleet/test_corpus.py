"""A corpus of mixed formats is counted row for row; the corpus and the server themselves."""

from __future__ import annotations

import asyncio
import http.client
import os
from pathlib import Path

import obstore
import pytest
from obstore.store import S3Store

from nparams.fleet.batch import count_batch
from nparams.fleet.finding import find
from tests import fleet_corpus
from tests.fast_contents import Generated, Kind, below
from tests.fast_server import Fast, bounds, serving
from tests.fleet_corpus import Expected, build, described, objects
from tests.range_server import Sparse

COUNT = 600
FILES = {
    "a/b/1.bin": b"0123456789",
    "a/b/2.bin": Sparse(b"head", 5_000_000, b"tail"),
    "a/c.bin": b"",
    "b & c.bin": b"x",
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Expected]:
    folder = tmp_path_factory.mktemp("corpus")
    return folder, build(folder, COUNT)


def clean(patch: pytest.MonkeyPatch, server: Fast) -> None:
    """No variables of a cloud but the server's."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        patch.delenv(name)
    for name, value in server.environment.items():
        patch.setenv(name, value)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch):
    with serving(FILES) as made:
        clean(monkeypatch, made)
        yield made


# -- the corpus --------------------------------------------------------------------------------------------------------


def test_every_row_says_what_its_maker_was_told(corpus: tuple[Path, Expected]) -> None:
    folder, expected = corpus
    rows = count_batch(expected.units(str(folder)))
    assert expected.broken(rows) == []
    odd = [(wanted, row) for wanted, row in zip(expected.models, rows, strict=True) if wanted.what]
    assert len(odd) == 2 * COUNT // 100
    assert all(row["error"] or row["flags"] for _, row in odd)


def test_every_hostile_file_is_refused_or_flagged_as_its_attack_says(tmp_path: Path) -> None:
    """Not only those that a corpus draws: all of them, among others, in one batch."""
    rows = fleet_corpus.hostile_rows()
    made = [fleet_corpus.attacked(row, "shelf", f"m-{k:04}") for k, row in enumerate(rows)]
    for wanted, files in made:
        for name, content in files.items():
            fleet_corpus.write(tmp_path / wanted.folder / name, content)
    expected = Expected(len(made), 0, tuple(wanted for wanted, _ in made))
    assert len(made) > 300
    assert expected.broken(count_batch(expected.units(str(tmp_path)))) == []


def test_what_is_found_is_what_was_made(corpus: tuple[Path, Expected]) -> None:
    folder, expected = corpus
    found = {(unit.uri, unit.kind, unit.names, unit.size) for unit in find([str(folder)])}
    assert found == {(unit.uri, unit.kind, unit.names, unit.size) for unit in expected.units(str(folder))}
    assert len(found) == COUNT


def test_a_bucket_gives_the_same(corpus: tuple[Path, Expected], monkeypatch: pytest.MonkeyPatch) -> None:
    """Found page by page, read 64 at a time from a server that fails now and then."""
    _, expected = corpus
    with serving(objects(expected), latency=0.005) as server:
        clean(monkeypatch, server)
        units = list(find(["s3://models"]))
        assert sorted(unit.uri for unit in units) == sorted(unit.uri for unit in expected.units("s3://models"))
        server.fail("503", count=20, key="shelf")
        server.forget()
        assert expected.broken(count_batch(units)) == []
        counted = server.counted()
    assert 4 < counted["most_at_once"] <= 64
    assert counted["bytes"] < 3 * COUNT * 131_072


def test_what_differs_is_told(corpus: tuple[Path, Expected]) -> None:
    folder, expected = corpus
    rows = count_batch(expected.units(str(folder))[:20])
    rows[3] |= {"total": 1}
    rows[5] = rows[4]
    broken = Expected(20, 0, expected.models[:20]).broken(rows)
    told = [line.partition(": ")[2].partition(" ")[0] for line in broken]
    assert [line.partition(str(folder))[2].partition(" (")[0][1:] for line in broken[:1]] == [expected.models[3].path]
    assert told[1:] == ["twice", "no"]


def test_it_is_the_same_for_a_seed_and_takes_no_room(corpus: tuple[Path, Expected]) -> None:
    folder, expected = corpus
    assert described(COUNT) == expected != described(COUNT, seed=1)
    files = [path for path in folder.rglob("*") if path.is_file()]
    contents = objects(expected)
    assert {str(path.relative_to(folder)) for path in files} == set(contents)
    for path in files[:: COUNT // 30]:
        content = contents[str(path.relative_to(folder))]
        held = content if isinstance(content, Sparse) else Sparse(content, len(content))
        with path.open("rb") as file:
            assert file.read(65_536) == held.part(0, min(held.size, 65_536) - 1)
        assert path.stat().st_size == held.size
    stats = [path.stat() for path in files]
    assert sum(each.st_size for each in stats) > 100e9
    assert sum(each.st_blocks * 512 for each in stats) < 100e6


def test_its_kinds_are_mixed(corpus: tuple[Path, Expected]) -> None:
    _, expected = corpus
    assert {each.kind for each in expected.models} == {"file", "shards", "folder"}
    assert len({each.format for each in expected.models}) > 12
    assert any(each.folder.count("/") > 2 for each in expected.models)
    assert any(each.declared for each in expected.models)


# -- the server --------------------------------------------------------------------------------------------------------


def test_ranges(server: Fast) -> None:
    store = S3Store("any")
    assert bytes(obstore.get(store, "a/b/1.bin").bytes()) == FILES["a/b/1.bin"]
    assert bytes(obstore.get_range(store, "a/b/1.bin", start=2, length=3)) == b"234"
    assert bytes(obstore.get_range(store, "a/b/1.bin", start=8, length=300)) == b"89"
    assert bytes(obstore.get(store, "a/b/1.bin", options={"range": {"suffix": 4}}).bytes()) == b"6789"
    large = bytes(obstore.get(store, "a/b/2.bin").bytes())
    assert (large[:4], large[-4:], len(large), large.count(0)) == (b"head", b"tail", 5_000_000, 4_999_992)
    assert bytes(obstore.get_range(store, "a/b/2.bin", start=2, length=4)) == b"ad\0\0"
    assert bytes(obstore.get_range(store, "a/b/2.bin", start=4_999_994, length=4)) == b"\0\0ta"
    meta = obstore.head(store, "b & c.bin")
    assert meta["size"] == 1
    assert meta["e_tag"] == obstore.get(store, "b & c.bin").meta["e_tag"]
    with pytest.raises(FileNotFoundError):
        obstore.head(store, "none")
    with pytest.raises(obstore.exceptions.GenericError, match="416"):
        obstore.get_range(store, "a/c.bin", start=0, length=3)
    with pytest.raises(obstore.exceptions.PreconditionError):
        obstore.get(store, "a/c.bin", options={"if_match": '"other"'})


def test_pages_of_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Generated(3500)) as server:
        clean(monkeypatch, server)
        store = S3Store("any")
        found = [each for page in obstore.list(store) for each in page]
        assert [each["path"] for each in found] == list(Generated(3500).keys)
        assert server.counted()["lists"] == 4
        assert found[7]["size"] == obstore.head(store, found[7]["path"])["size"]
        assert found[7]["e_tag"] == obstore.head(store, found[7]["path"])["e_tag"]
        below_one = [each["path"] for page in obstore.list(store, "models/00003") for each in page]
        assert below_one == list(Generated(3500).keys)[3000:]
        folders = obstore.list_with_delimiter(store, "models/")
        assert list(folders["common_prefixes"]) == [f"models/{k:05}" for k in range(4)]
        after = obstore.list(store, offset="models/00003/model-00003497.safetensors").collect()
        assert len(after) == 2


def test_folders_in_a_list(server: Fast) -> None:
    found = obstore.list_with_delimiter(S3Store("any"), "a/")
    assert ([each["path"] for each in found["objects"]], list(found["common_prefixes"])) == (["a/c.bin"], ["a/b"])
    assert [each["path"] for page in obstore.list(S3Store("any")) for each in page] == sorted(FILES)


# keys | prefix | after | delimiter | what is found
LISTED = [
    (["a", "a/b", "a/c/d", "b"], "", "", "", ["a", "a/b", "a/c/d", "b"]),
    (["a", "a/b", "a/c/d", "b"], "", "", "/", ["a", "a/", "b"]),
    (["a", "a/b", "a/c/d", "b"], "", "a/", "/", ["b"]),
    (["a", "a/b", "a/c/d", "b"], "a/", "a/b", "/", ["a/c/"]),
    (["a", "a/b", "a/c/d", "b"], "c", "", "/", []),
    (["a/1", "a/é", "a0"], "a/", "", "", ["a/1", "a/é"]),
]


@pytest.mark.parametrize(("keys", "prefix", "after", "delimiter", "found"), LISTED)
def test_keys_below_a_prefix(keys: list[str], prefix: str, after: str, delimiter: str, found: list[str]) -> None:
    assert [key for key, _ in below(keys, prefix, after, delimiter)] == found


def test_bounds_of_a_range() -> None:
    assert [bounds(*each, 10) for each in (("0", ""), ("0", "99"), ("", "99"), ("10", "11"))] == [
        (0, 9), (0, 9), (0, 9), (10, 9),
    ]  # fmt: skip


def test_answers_wait_side_by_side_on_kept_connections(server: Fast) -> None:
    server.set(latency=0.05)
    server.forget()

    async def all_at_once() -> None:
        store = S3Store("any")
        asked = (obstore.get_range_async(store, "a/b/2.bin", start=0, length=1000) for _ in range(40))
        await asyncio.gather(*asked)

    asyncio.run(all_at_once())
    counted = server.counted()
    assert (counted["requests"], counted["bytes"]) == (40, 40_000)
    assert counted["most_at_once"] == 40
    server.set(latency=0)
    connection = http.client.HTTPConnection(server.address.removeprefix("http://"), timeout=10)
    for _ in range(3):
        connection.request("GET", "/any/a/b/1.bin")
        answer = connection.getresponse()
        assert (answer.status, answer.read(), answer.headers["Content-Length"]) == (200, b"0123456789", "10")
    connection.close()


def test_failures_on_demand(server: Fast) -> None:
    connection = http.client.HTTPConnection(server.address.removeprefix("http://"), timeout=10)
    server.fail("429", count=2, key="1.bin", retry_after="7")
    told = []
    for key in ("a/b/1.bin", "b%20%26%20c.bin", "a/b/1.bin", "a/b/1.bin"):
        connection.request("GET", f"/any/{key}")
        answer = connection.getresponse()
        answer.read()
        told.append((answer.status, answer.headers["Retry-After"]))
    assert told == [(429, "7"), (200, None), (429, "7"), (200, None)]
    for how, error in (("cut", http.client.IncompleteRead), ("drop", http.client.RemoteDisconnected)):
        server.fail(how)
        connection.request("GET", "/any/a/b/1.bin")
        with pytest.raises(error):
            connection.getresponse().read()
        connection.close()
    server.fail("503", count=2)
    assert bytes(obstore.get_range(S3Store("any"), "a/b/1.bin", start=0, length=3)) == b"012"


def test_generated_files_hold_what_they_say() -> None:
    small = [Kind(2, {"w": (3, 4), "b": (4,)}), Kind(1, {"w": (5,)})]
    made = Generated(10, small)
    assert [made.total(n) for n in range(3)] == [32, 5, 32]
    assert [made.get(key) for key in ("models/00000/model-00000010.safetensors", "x", "")] == [None] * 3
    assert made.size(made.keys[1]) == len(made.get(made.keys[1]).head) + 2 * 5
    assert len(Generated(1_000_000).keys) == 1_000_000


def test_generated_files_are_read_from_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    import nparams

    contents = Generated(1_000_000)
    with serving(contents) as server:
        clean(monkeypatch, server)
        for n in (0, 1, 2, 999_999):
            assert nparams.count(f"s3://any/{contents.keys[n]}") == contents.total(n)


def test_the_server_ends_with_its_starter() -> None:
    with serving(FILES) as server:
        host = server.address.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=5)
    with pytest.raises(ConnectionRefusedError):
        connection.request("GET", "/any/a/c.bin")
