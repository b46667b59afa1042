"""s3:// addresses: the same answers as from disk and from the web, few requests, and who asks."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import nparams
from nparams.errors import FetchError, FormatError, NparamsError, ReadError, UsageError
from nparams.remote import accounts, store
from nparams.remote.ranges import FIRST
from tests.conftest import shared
from tests.range_server import serving
from tests.remote.s3_server import KEY, SECRET, Store, storing, without_login
from tests.safetensors_maker import T, index_of, safetensors, shards

SMALL = safetensors([T("fc.weight", [4, 3]), T("fc.bias", [4])])
PARTS = shards([[T(f"layers.{k}.weight", [8, 8])] for k in range(12)])
LARGE = safetensors([T(f"layers.{k}.weight", [2]) for k in range(4000)])


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A user without any login, on a machine without a role."""
    without_login(monkeypatch, tmp_path)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    with storing() as made:
        monkeypatch.setenv("AWS_ENDPOINT_URL", made.address)
        yield made


def answer(source: str) -> dict[str, object]:
    found = json.loads(nparams.read(source).to_json())
    del found["source"]
    return found


# -- what it costs ------------------------------------------------------------------------------------------------


def test_a_small_header_costs_one_request(bucket: Store) -> None:
    bucket.put("models", {"a/m.safetensors": SMALL})
    assert nparams.read("s3://models/a/m.safetensors").total == 16
    (asked,) = bucket.asked
    assert (asked.method, asked.path, asked.range) == ("GET", "/models/a/m.safetensors", f"bytes=0-{FIRST - 1}")
    assert asked.agent == f"nparams/{nparams.__version__}"


def test_a_large_header_costs_two(bucket: Store) -> None:
    bucket.put("models", {"m.safetensors": LARGE})
    assert nparams.read("s3://models/m.safetensors").total == 8000
    assert [each.method for each in bucket.asked] == ["GET", "GET"]


def test_shards_are_fetched_several_at_a_time(bucket: Store) -> None:
    bucket.put("models", {f"big/{name}": data for name, data in PARTS.items()})
    bucket.delay = 0.05
    name = next(name for name in PARTS if name.endswith(".json"))
    assert nparams.read(f"s3://models/big/{name}").total == 12 * 64
    assert len(bucket.asked) == 13
    assert bucket.most_at_once > 3


def test_a_folder_of_objects_is_read_as_a_directory(bucket: Store, tmp_path: Path) -> None:
    files = {**PARTS, "config.json": b"{}", "README.md": b"x"}
    bucket.put("models", {f"big/{name}": data for name, data in files.items()})
    (tmp_path / "big").mkdir()
    for name, data in files.items():
        (tmp_path / "big" / name).write_bytes(data)
    here = answer(str(tmp_path / "big"))
    for source in ("s3://models/big/", "s3://models/big", "s3a://models/big"):
        assert answer(source) == here
    assert "HEAD" not in {each.method for each in bucket.asked}


def test_the_same_answer_from_disk_the_web_and_a_bucket(bucket: Store) -> None:
    """Real files of every kind, with what lies beside them."""
    root = shared("models")
    rows = [line.split("\t") for line in (root / "manifest.tsv").read_text().splitlines()[1:] if line[:1] != "#"]
    chosen = {row[3]: root / row[0] for row in rows if row[3] != "companion" and row[4].isdigit()}
    held = {
        str(each.relative_to(root)): each.read_bytes()
        for path in chosen.values()
        for each in path.parent.rglob("*")
        if each.is_file()
    }
    bucket.put("real", held)
    with serving() as server:
        server.files = {f"/{name}": data for name, data in held.items()}
        compared = 0
        for path in chosen.values():
            name = path.relative_to(root)
            try:
                here = answer(str(path))
            except NparamsError:
                continue
            assert answer(f"s3://real/{name}") == here, name
            assert answer(f"{server.address}/{name}") == here, name
            compared += 1
    assert compared > 10


def test_transfers_that_fail_are_tried_again(bucket: Store) -> None:
    bucket.put("models", {"m.safetensors": SMALL})
    bucket.failures = 2
    assert nparams.read("s3://models/m.safetensors").total == 16
    assert len(bucket.asked) == 3


def test_an_empty_object_is_called_empty(bucket: Store) -> None:
    bucket.put("models", {"m.pt": b""})
    with pytest.raises(FormatError, match="the file is empty"):
        nparams.read("s3://models/m.pt")


# -- who asks -----------------------------------------------------------------------------------------------------


def test_an_open_bucket_needs_no_login(bucket: Store) -> None:
    bucket.put("open", {"m.safetensors": SMALL})
    assert nparams.read("s3://open/m.safetensors").total == 16
    assert {each.signed for each in bucket.asked} == {False}


def test_a_private_bucket_says_what_is_missing(bucket: Store) -> None:
    bucket.put("mine", {"m.safetensors": SMALL}, "private")
    with pytest.raises(FetchError, match="the store does not allow it: set AWS_ACCESS_KEY_ID"):
        nparams.read("s3://mine/m.safetensors")


def test_keys_from_the_environment(bucket: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket.put("mine", {"m.safetensors": SMALL}, "private")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    found = nparams.read("s3://mine/m.safetensors")
    assert found.total == 16
    assert SECRET not in found.to_json()
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    with pytest.raises(FetchError, match="does not allow it"):
        nparams.read("s3://mine/m.safetensors")


def test_keys_from_the_files_of_amazons_tools(bucket: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bucket.put("mine", {"m.safetensors": SMALL}, "private")
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    (tmp_path / ".aws").mkdir()
    keys = f"aws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n"
    others = "[default]\naws_access_key_id = x\naws_secret_access_key = y\n"
    (tmp_path / ".aws" / "credentials").write_text(f"{others}[work]\n{keys}")
    (tmp_path / ".aws" / "config").write_text(f"[profile work]\nregion = eu-west-1\nendpoint_url = {bucket.address}\n")
    monkeypatch.setenv("AWS_PROFILE", "work")
    assert nparams.read("s3://mine/m.safetensors").total == 16
    assert {each.signed for each in bucket.asked} == {True}


@pytest.mark.parametrize("text", ["", "[default", "\x00", "[default]\n=\n", "[other]\na = b", "é" * 10])
def test_files_that_are_no_settings_are_left_alone(text: str, tmp_path: Path) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text(text, encoding="latin-1")
    assert accounts._amazon() == {"region": "us-east-1", "skip_signature": True}


def test_a_profile_that_runs_a_program_is_not_run(tmp_path: Path) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text(f"[default]\ncredential_process = touch {tmp_path}/mark\n")
    assert accounts._amazon() == {"region": "us-east-1", "skip_signature": True}
    assert not (tmp_path / "mark").exists()


def test_who_has_a_role_is_not_anonymous(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "vendor").write_text("Amazon EC2\n")
    monkeypatch.setattr(accounts, "MACHINES", {"s3": (str(tmp_path / "vendor"), "Amazon EC2")})
    assert accounts._amazon() == {"region": "us-east-1"}


# -- other stores ---------------------------------------------------------------------------------------------------


def test_azure_asks_for_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="whose account"):
        nparams.read("az://models/m.pt")
    fields = "AccountName=acc;AccountKey=a2V5;EndpointSuffix=core.windows.net"
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", fields)
    assert accounts._azure("models") == ("models", {"account_name": "acc", "account_key": "a2V5"})
    monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING")
    anonymous = {"account_name": "acc", "skip_signature": True}
    assert accounts._azure("models@acc.dfs.core.windows.net") == ("models", anonymous)


def test_google_is_asked_without_a_login_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """An HTTP server in the place of Google's: one object, by the path that its JSON interface has."""
    with serving() as server:
        server.files["/models/a/m.safetensors"] = SMALL
        monkeypatch.setenv("GOOGLE_BASE_URL", server.address)
        assert nparams.read("gs://models/a/m.safetensors").total == 16
        (asked,) = server.asked
        assert asked.range == (0, FIRST - 1)
        assert "authorization" not in asked.headers


@pytest.mark.parametrize("begins", ["az://models", "abfss://models@acc.dfs.core.windows.net"])
def test_azure_is_asked_without_a_login_where_there_is_none(monkeypatch: pytest.MonkeyPatch, begins: str) -> None:
    """An HTTP server in the place of Azure's: one object, by the path that it has."""
    with serving() as server:
        server.files["/models/a/m.safetensors"] = SMALL
        monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", server.address)
        monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "acc")
        assert nparams.read(f"{begins}/a/m.safetensors").total == 16
        (asked,) = server.asked
        assert asked.range == (0, FIRST - 1)
        assert "authorization" not in asked.headers


# -- what is refused ------------------------------------------------------------------------------------------------

# address | the error
REFUSED = [
    ("s3://models/none.pt", FetchError, "there is no such object, and no folder with objects"),
    ("s3://none/m.pt", FetchError, "there is no such object"),
    ("s3://models/empty/", FetchError, "there is no such object, and no folder with objects"),
    ("s3://", ReadError, ""), ("s3:///key", UsageError, "names no object"),
    ("s3://models/../x.pt", UsageError, "names no object"), ("s3://models//x.pt", UsageError, "names no object"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "words"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_not_there(bucket: Store, text: str, kind: type[Exception], words: str) -> None:
    bucket.put("models", {"m.safetensors": SMALL})
    with pytest.raises(kind) as problem:
        nparams.read(text)
    assert words in str(problem.value)
    assert str(problem.value).isprintable()


def test_a_shard_that_is_missing(bucket: Store) -> None:
    bucket.put("models", {"model.safetensors.index.json": index_of({"w": "model-00001-of-00001.safetensors"})})
    with pytest.raises(FetchError, match="there is no such object"):
        nparams.read("s3://models/model.safetensors.index.json")


def test_a_machine_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "_retries", lambda: {"max_retries": 0})
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(FetchError, match="the store cannot be reached: is there a network") as problem:
        nparams.read("s3://models/m.pt")
    assert problem.value.again


def test_without_obstore_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    monkeypatch.setitem(sys.modules, "obstore.store", None)
    with pytest.raises(UsageError, match=r"s3:// needs obstore: pip install 'nparams\[remote\]'"):
        nparams.read("s3://models/m.pt")


def test_a_bucket_in_another_region_is_found_there(monkeypatch: pytest.MonkeyPatch, bucket: Store) -> None:
    bucket.put("far", {"m.safetensors": SMALL})
    asked: list[str | None] = []
    real = accounts.store_of

    def store_of(scheme: str, name: str, region: str | None = None) -> object:
        asked.append(region)
        return real(scheme, name, region) if region else object()

    def get(held: object, key: str, options: object) -> object:
        if type(held) is object:
            raise RuntimeError("Received redirect without LOCATION: an incorrectly configured region")
        return kept(held, key, options=options)

    import obstore

    kept = obstore.get
    monkeypatch.setattr(accounts, "store_of", store_of)
    monkeypatch.setattr(accounts, "region_of", lambda name: "eu-central-1")
    monkeypatch.setattr(obstore, "get", get)
    assert nparams.read("s3://far/m.safetensors").total == 16
    assert asked == [None, "eu-central-1"]


def test_an_error_quotes_nothing_of_the_request() -> None:
    class GenericError(Exception):
        pass

    told = store.failed("s3://b/k", GenericError("Authorization: AWS4 Credential=AKIA/secret"))
    assert "secret" not in str(told)
    assert str(told) == '"s3://b/k": the store failed (GenericError)'


def test_a_key_is_taken_as_it_is(bucket: Store) -> None:
    """As `aws s3 cp` takes it: an address that a scan has written leads to the object."""
    for key in ("a b.safetensors", "a%20b.safetensors", "a#b.safetensors", "a?b=c.safetensors", "ü/%/m.safetensors"):
        bucket.put(f"keys-{len(key)}", {key: SMALL}, "public-read")
        assert nparams.count(f"s3://keys-{len(key)}/{key}") == 16
