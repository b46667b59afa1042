"""What is found in a bucket: the units of the same tree on a disk, page by page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import obstore
import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from nparams.errors import FetchError
from nparams.fleet.batch import count_batch
from nparams.fleet.finding import find
from nparams.fleet.scanning import scan
from nparams.fleet.store import rows
from tests.remote.s3_server import KEY, SECRET, Store, storing, without_login
from tests.safetensors_maker import T, safetensors
from tests.test_fleet_find import PATTERNS, TREES, WHOLE, made, told


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A user without any login, on a machine without a role."""
    without_login(monkeypatch, tmp_path)


@pytest.fixture(scope="module")
def server() -> Iterator[Store]:
    with storing() as made_server:
        fill(made_server, "patterns", WHOLE)
        yield made_server


@pytest.fixture
def bucket(server: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.address)
    return server


def fill(server: Store, name: str, keys: list[str]) -> None:
    """A bucket with many objects of one byte, put where the server keeps them: each request would take 10 ms."""
    server.put(name, {})
    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    for key in keys:
        backend.put_object(name, key, b"x")


def plain(name: str) -> bool:
    """Whether a name can be a key: UTF-8 without control characters, which obstore does not take."""
    return name.isprintable()


CASES = [row for row in TREES if all(map(plain, row[1]))]


def test_a_bucket_gives_the_units_of_the_same_tree_on_a_disk(bucket: Store, tmp_path: Path) -> None:
    files = [f"t{k:03}/{name}" for k, (_, names, _) in enumerate(CASES) for name in names]
    fill(bucket, "trees", files)
    made(tmp_path, files)
    for k in range(len(CASES)):
        there, here = f"s3://trees/t{k:03}", str(tmp_path / f"t{k:03}")
        units = list(find([there]))
        assert told(units, there) == told(list(find([here])), here) == sorted(CASES[k][2]), CASES[k][0]
        assert {entry.size for unit in units for entry in unit.listing.files.values()} <= {1}
        assert all(entry.stamp for unit in units for entry in unit.listing.files.values())
    whole = told(list(find(["s3://trees"])), "s3://trees")
    assert whole == told(list(find([str(tmp_path)])), str(tmp_path))


@pytest.mark.parametrize(("include", "exclude", "units"), PATTERNS)
def test_patterns(bucket: Store, include: tuple[str, ...], exclude: tuple[str, ...], units: list[str]) -> None:
    found = list(find(["s3://patterns/"], include=include, exclude=exclude))
    assert told(found, "s3://patterns") == sorted(units)


def test_pages_are_asked_for_as_they_are_wanted(bucket: Store) -> None:
    fill(bucket, "pages", [f"m/d{k:04}/x.gguf" for k in range(2_300)])
    units = find(["s3://pages/m/"])
    first = next(units)
    assert (first.uri, first.kind, first.size) == ("s3://pages/m/d0000/x.gguf", "file", 1)
    assert len(bucket.asked) < 3
    assert 1 + sum(1 for _ in units) == 2_300
    assert [each.method for each in bucket.asked] == ["GET"] * 3


def test_the_mark_of_an_object_changes_with_it(bucket: Store) -> None:
    bucket.put("marks", {"m.gguf": b"one"})
    (before,) = find(["s3://marks"])
    client = boto3.client(
        "s3", endpoint_url=bucket.address, region_name="us-east-1", aws_access_key_id=KEY, aws_secret_access_key=SECRET
    )
    client.put_object(Bucket="marks", Key="m.gguf", Body=b"two", ACL="public-read")
    (after,) = find(["s3://marks/"])
    assert before.uri == after.uri == "s3://marks/m.gguf"
    assert "" not in (before.stamp, after.stamp)
    assert before.stamp != after.stamp


def test_folder_markers_are_no_files(bucket: Store) -> None:
    bucket.put("markers", {"r/": b"", "r/onnx/": b"", "r/onnx/m.onnx": b"x", "r/config.json": b"x", "r/m.pt": b"x"})
    (unit,) = find(["s3://markers/"])
    assert (unit.uri, sorted(unit.listing.files)) == ("s3://markers/r", ["config.json", "m.pt", "onnx/m.onnx"])
    (below,) = find(["s3://markers/r/"])
    assert sorted(below.listing.files) == ["config.json", "m.pt", "onnx/m.onnx"]


def test_roots_that_are_objects(bucket: Store) -> None:
    bucket.put("objects", {"a/m.gguf": b"x", "a/odd": b"xyz", "a/m.pt/n.gguf": b"x"})
    (model,) = find(["s3://objects/a/m.gguf"])
    assert (model.size, bucket.asked) == (None, [])  # its name tells, so nothing is asked
    (odd,) = find(["s3://objects/a/odd"])
    assert (odd.names, odd.size, odd.stamp != "") == (("odd",), 3, True)
    (below,) = find(["s3://objects/a/m.pt/"])
    assert below.uri == "s3://objects/a/m.pt/n.gguf"
    assert len(list(find(["s3://objects/a", "s3a://objects/a/m.gguf", "s3://objects/a/"]))) == 2
    bucket.put("saved", {"s/saved_model.pb": b"x", "s/variables/variables.index": b"x"})
    (saved,) = find(["s3://saved/s/saved_model.pb"])
    assert (saved.uri, saved.kind) == ("s3://saved/s", "folder")


def test_what_is_not_there_is_refused(bucket: Store) -> None:
    bucket.put("empty", {})
    for root, said in (
        ("s3://empty", '"s3://empty/": there is no such object, and no folder with objects'),
        ("s3://empty/a/b", '"s3://empty/a/b": there is no such object, and no folder with objects'),
        ("s3://absent-bucket/a/", '"s3://absent-bucket/a": there is no such object or bucket'),
    ):
        with pytest.raises(FetchError) as problem:
            list(find([root]))
        assert str(problem.value) == said
    (unit,) = find(iter(["s3://empty/a/b"]))
    assert (unit.uri, unit.problem[:8]) == ("s3://empty/a/b", '"s3://em')


def test_a_closed_bucket_says_how_to_log_in(bucket: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise obstore.exceptions.PermissionDeniedError("no")

    monkeypatch.setattr(obstore, "list", refused)
    with pytest.raises(FetchError, match="the store does not allow it: set AWS_ACCESS_KEY_ID"):
        list(find(["s3://closed"]))


def test_keys_that_no_path_can_be_are_told_and_the_others_found(bucket: Store) -> None:
    plain_ones = [f"a/{k:04}.gguf" for k in range(1_500)] + ["b/x.gguf", "b/z/y.gguf", "d/e/m.gguf", "d/config.json"]
    fill(bucket, "odd-keys", [*plain_ones, "b//y.gguf", "c/./z.gguf", "c/y.gguf", "d/m.pt"])
    units = list(find(["s3://odd-keys"]))
    problems = {unit.uri: unit.problem for unit in units if unit.problem}
    assert sorted(problems) == ["s3://odd-keys/b/", "s3://odd-keys/c/"]
    assert problems["s3://odd-keys/b/"].startswith('"s3://odd-keys/b/": not all in it could be listed')
    found = {unit.uri.removeprefix("s3://odd-keys/") for unit in units if not unit.problem}
    assert found == {*plain_ones[:1_500], "b/x.gguf", "b/z/y.gguf", "c/y.gguf", "d"}
    assert len(found) == len(units) - 2


@pytest.mark.parametrize("odd", [["//x.gguf"], ["/x.gguf", "a//y.gguf"], ["//", "/./x"]])
def test_keys_that_begin_with_no_name_are_told_and_the_others_found(bucket: Store, odd: list[str]) -> None:
    fill(bucket, f"lead{len(odd[0])}{len(odd)}", ["a.gguf", "d/f.gguf", *odd])
    units = list(find([f"s3://lead{len(odd[0])}{len(odd)}"]))
    found = {unit.uri.split("/", 3)[3] for unit in units if not unit.problem}
    assert {"a.gguf", "d/f.gguf"} <= found
    assert [unit for unit in units if unit.problem]


def test_objects_that_are_given_one_by_one(bucket: Store) -> None:
    """Keys are taken as they are, nothing in one is said to be empty, and the files of one set are one model."""
    part = {f"m-0000{k}-of-00002.safetensors": safetensors([T(f"w{k}", [k, 3])]) for k in (1, 2)}
    index = json.dumps({"weight_map": {f"w{k}": f"m-0000{k}-of-00002.safetensors" for k in (1, 2)}}).encode()
    held = {**part, "m.safetensors.index.json": index, "q?x#y.safetensors": safetensors([T("w", [5])])}
    bucket.put("given", {**{f"d/{name}": data for name, data in held.items()}, "d/empty.safetensors": b""})
    odd, empty = "s3://given/d/q?x#y.safetensors", "s3://given/d/empty.safetensors"
    found = {row["uri"]: row for row in count_batch(list(find([odd, empty])))}
    assert found[odd]["total"] == 5
    assert (found[empty]["error_kind"], "the file is empty" in found[empty]["error"]) == ("format", True)
    shards = [f"s3://given/d/{name}" for name in (*part, "m.safetensors.index.json")]
    for places in (shards, shards[::-1], [shards[0], "s3://given/d"], [shards[2], "s3://given/d"]):
        totals = [row["total"] for row in count_batch([u for u in find(places) if "/m" in u.uri])]
        assert totals == [9], places


def test_a_list_of_objects_is_read_again_where_they_have_changed(bucket: Store, tmp_path: Path) -> None:
    held = {f"m{k:03}.safetensors": safetensors([T("w", [k + 1])]) for k in range(100)}
    bucket.put("listed", {f"d/{name}": data for name, data in held.items()})
    places = [f"s3://listed/d/{name}" for name in held]
    first = scan([], str(tmp_path), listed=places)
    assert (first.rows, first.known) == (100, 0)
    bucket.put("listed", {"d/m007.safetensors": safetensors([T("w", [1_000])])})
    bucket.forget()
    again = scan(places[:1], str(tmp_path), listed=[*places, "s3://listed/d/absent.safetensors"])
    assert (again.rows, again.known, again.refused) == (2, 99, 1)
    assert len(bucket.asked) < 110
    totals = {row["uri"]: row["total"] for row in rows(str(tmp_path))}
    assert [totals[each] for each in places[6:9]] == [7, 1_000, 9]


def test_what_lies_near_an_odd_key_has_not_gone(bucket: Store, tmp_path: Path) -> None:
    """It was not looked at, so nobody knows."""
    keys = ["a/+x.gguf", "a/b.gguf", "a/c/d.gguf", "z/q.gguf"]
    fill(bucket, "oddgone", keys)
    scan(["s3://oddgone"], str(tmp_path))
    fill(bucket, "oddgone", ["a//two.gguf", "a/c//two.gguf"])
    assert scan(["s3://oddgone"], str(tmp_path)).gone == 0


def test_an_odd_key_behind_the_first_page_repeats_nothing(bucket: Store) -> None:
    plain_ones = [f"m/{k // 7:04}/{k:05}.gguf" for k in range(2_100)]
    fill(bucket, "odd-late", [*plain_ones, "m/0250//odd.gguf"])
    found = [unit.uri.removeprefix("s3://odd-late/") for unit in find(["s3://odd-late/"])]
    assert sorted(found) == sorted([*plain_ones, "m/0250/"])
