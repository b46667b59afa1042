"""What the benchmark of fleets reads, and the plain reader that it is measured against."""

from __future__ import annotations

import http.client
import json
from collections.abc import Sequence
from math import prod

from benchmarks.remote import part
from nparams.fleet.units import FILE, Entry, Listing, Unit
from tests.fast_contents import Generated, etag

PLACE = "s3://bucket"


def units_of(contents: Generated, count: int) -> tuple[list[Unit], dict[str, int]]:
    """The first files of a bucket as they would be found, and their totals by uri."""
    keys = contents.keys[:count]
    entries: dict[str, dict[str, Entry]] = {}
    for key in keys:
        folder, _, name = key.rpartition("/")
        size = contents.size(key)
        entries.setdefault(folder, {})[name] = Entry(size, f'"{etag(key, size)}"')
    listings = {folder: Listing(f"{PLACE}/{folder}", files) for folder, files in entries.items()}
    parted = [key.rpartition("/") for key in keys]
    units = [Unit(listings[folder], FILE, (name,)) for folder, _, name in parted]
    return units, {f"{PLACE}/{key}": contents.total(n) for n, key in enumerate(keys)}


def by_two_requests(address: str, units: Sequence[Unit]) -> dict[str, int]:
    """The totals of safetensors files as scripts read them: eight bytes, then the header, over one kept connection."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"))
    found = {}
    for unit in units:
        path = "/" + unit.uri.partition("://")[2]
        length = int.from_bytes(part(connection, path, 0, 7), "little")
        held = json.loads(part(connection, path, 8, 7 + length))
        found[unit.uri] = sum(prod(entry["shape"]) for name, entry in held.items() if name != "__metadata__")
    connection.close()
    return found
