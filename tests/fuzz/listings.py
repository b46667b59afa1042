"""Damaged lists: pages of web servers, buckets, hubs.  Whatever they say, a name leads to what lies below the root."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import unquote

from nparams.errors import FetchError
from nparams.fleet._listing import bucket, hub, pages
from nparams.remote.http import Answer
from tests.fuzz._drive import drive

KINDS = "pages buckets hubs"
URL = "https://host/m/"
PAGES = [path.read_bytes() for path in sorted((Path(__file__).parents[1] / "listings").iterdir())]
BUCKETS = [
    b'<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>'
    b"<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextContinuationToken>1/x=</NextContinuationToken>"
    b"<Contents><Key>a+b%2Fc.bin</Key><ETag>&quot;0a&quot;</ETag><Size>12</Size></Contents></ListBucketResult>",
    b"<ListBucketResult><IsTruncated>true</IsTruncated><NextMarker>m</NextMarker><Contents><Key>m/x</Key></Contents>"
    b"<Contents><Key>m/../y</Key><Size>7</Size></Contents><CommonPrefixes><Prefix>m/</Prefix></CommonPrefixes></ListBucketResult>",
]
HUBS = [
    json.dumps([{"id": "org/one", "sha": "ab" * 20, "siblings": [{"rfilename": "a/b.bin", "size": 7}], "gated": "auto"},
                {"id": "org/two", "sha": None, "siblings": [{"rfilename": "../x"}, {"rfilename": "é"}]}]).encode(),
]  # fmt: skip


def page(data: bytes) -> None:
    found = pages.page_of(data, URL)
    if found is None:
        raise FetchError("no listing")
    for name in (*found.files, *found.folders):
        assert not {name, unquote(name)} & {"", ".", ".."}
        assert "/" not in name
        assert not any(mark in name for mark in "?#\0\n\\"), name


def keys(data: bytes) -> None:
    found = bucket._read(data, URL)
    assert all(isinstance(key, str) and (entry.size or 0) >= 0 for key, entry in found.found)
    assert not found.then or all(found.then.values())


def models(data: bytes) -> None:
    for info in hub._models(Answer(200, {}, data, URL, True), "hf://org"):
        if not isinstance(info.get("siblings"), list):
            continue  # would be asked for by itself
        unit = hub._listed(info)
        if unit is not None:
            assert unit.uri.startswith("hf://")
            assert unit.stamp
            assert not any(part in ("", ".", "..") for path in unit.listing.files for part in path.split("/"))


def run(count: int, seed: int, kind: str) -> dict[str, int]:
    """Read `count` damaged lists; how many were accepted and how many refused."""
    seeds, one = {"pages": (PAGES, page), "buckets": (BUCKETS, keys), "hubs": (HUBS, models)}[kind]
    return drive(count, seed, seeds, one)
