"""Stores that ask to slow down, and buckets that list themselves to anybody, on a server of Amazon's protocol."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import obstore
import pytest

import nparams
from nparams.errors import FetchError
from nparams.fleet.listing import web_entries
from nparams.remote import http
from nparams.remote.store import Bucket
from tests.remote.s3_server import Store, storing, without_login
from tests.safetensors_maker import T, safetensors

SMALL = safetensors([T("fc.weight", [4, 3]), T("fc.bias", [4])])
SLOW_DOWN = (
    b'<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>'
)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Store]:
    """A store, asked by a user without a login."""
    without_login(monkeypatch, tmp_path)
    with storing() as made:
        monkeypatch.setenv("AWS_ENDPOINT_URL", made.address)
        yield made
        http.client().close()


# how a store refuses: what it says, which of it is heard
REFUSALS = [
    ("503 Slow Down", {}, SLOW_DOWN),
    ("503 Slow Down", {"Retry-After": "3600"}, SLOW_DOWN),  # not heard: the test would not end
    ("429 Too Many Requests", {}, b""),
    ("429 Too Many Requests", {"Retry-After": "3600"}, b""),
    ("500 Internal Server Error", {}, b"<Error><Code>InternalError</Code></Error>"),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=[f"{row[0][:3]} {row[1]}" for row in REFUSALS])
def test_a_store_that_asks_to_slow_down_twice_is_asked_again(bucket: Store, refusal) -> None:
    """apache/arrow-rs-object-store src/client/retry.rs: 5xx, 429 and 408, after 0.1 s and twice as long each time or
    so; what Retry-After says is not looked at."""
    bucket.put("models", {"m.safetensors": SMALL})
    bucket.failing, bucket.failures = refusal, 2
    assert nparams.read("s3://models/m.safetensors").total == 16
    assert len(bucket.asked) == 3


@pytest.mark.parametrize("refusal", REFUSALS, ids=[f"{row[0][:3]} {row[1]}" for row in REFUSALS])
def test_a_list_is_asked_for_again_too(bucket: Store, refusal) -> None:
    bucket.put("three", {f"{k}.safetensors": SMALL for k in range(3)})
    bucket.failing, bucket.failures = refusal, 2
    found = [each["path"] for page in obstore.list(Bucket("s3://three/").store) for each in page]
    assert sorted(found) == [f"{k}.safetensors" for k in range(3)]
    assert len(bucket.asked) == 3


@pytest.mark.parametrize("refusal", REFUSALS[::2], ids=[row[0][:3] for row in REFUSALS[::2]])
def test_one_that_never_gives_in_is_a_transfer_that_failed(bucket: Store, refusal) -> None:
    bucket.put("models", {"orange-416.safetensors": SMALL})
    bucket.failing, bucket.failures = refusal, 1_000
    with pytest.raises(FetchError) as problem:
        nparams.read("s3://models/orange-416.safetensors")
    assert problem.value.again
    assert len(bucket.asked) == 4


def test_who_has_patience_asks_a_store_more_often(bucket: Store) -> None:
    """A scan does: that a store sheds load may take longer than a second."""
    bucket.put("models", {"m.safetensors": SMALL})
    bucket.failures = 5
    with http.client().pauses.patient(600):
        assert nparams.read("s3://models/m.safetensors").total == 16
    assert len(bucket.asked) == 6


@pytest.mark.parametrize("status", ["403 Forbidden", "400 Bad Request"])
def test_other_refusals_are_final(bucket: Store, status: str) -> None:
    bucket.put("models", {"m.safetensors": SMALL})
    bucket.failing, bucket.failures = (status, {"Retry-After": "1"}, b""), 1_000
    with pytest.raises(FetchError):
        nparams.read("s3://models/m.safetensors")
    assert len(bucket.asked) == 1


@pytest.mark.parametrize("below", ["", "m/"])
def test_an_open_bucket_is_listed_by_its_web_address(
    bucket: Store, below: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As obstore lists it, without obstore; more keys than one page holds."""
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "10")
    keys = {f"m/{k:04}.bin": b"x" for k in range(25)} | {"m/a b+c%.bin": b"xy", "m/ü/x.bin": b"xyz", "z.bin": b""}
    bucket.put("open", keys)
    found = dict(web_entries(f"{bucket.address}/open/{below}"))
    assert len(bucket.asked) > 3
    listed = [each for page in obstore.list(Bucket("s3://open/").store, prefix=below or None) for each in page]
    names = {each["path"].removeprefix(below).replace("%", "%25"): each for each in listed}
    assert list(found) == sorted(names)
    assert all(
        (entry.size, entry.stamp) == (names[path]["size"], names[path]["e_tag"]) for path, entry in found.items()
    )
