"""Other names of fields, held against the library: which of them reach what the model is built from.

The library sets a field under another name when its config class is done; where the class has made parts of the field
by then (FastSpeech2ConformerConfig), the other name changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nparams.architectures.entry import Entry
from nparams.architectures.network import network_of
from nparams.errors import NparamsError
from tools.derive import bases
from tools.derive.changes import Raw, changed, get
from tools.derive.check import counted
from tools.derive.errors import Refused
from tools.derive.observe import plainly


def heard(entry: Mapping[str, Any]) -> dict[str, str]:
    """The aliases of an entry without those that the library does not hear."""
    return {alias: field for alias, field in entry["aliases"].items() if _is_heard(entry, alias, field)}


def _is_heard(entry: Mapping[str, Any], alias: str, field: str) -> bool:
    """False where the entry is right only without the alias."""
    head = next(iter(entry["heads"]))
    for raw in _tries(entry, alias, field):
        try:
            real = counted(plainly(entry["type"], head, raw))
        except Refused:
            continue
        without = {**entry, "aliases": {a: f for a, f in entry["aliases"].items() if a != alias}}
        return _told(entry, head, raw) in (real, None) or _told(without, head, raw) != real
    return True


def _tries(entry: Mapping[str, Any], alias: str, field: str) -> Iterator[Raw]:
    """The base with another number under the alias."""
    base = bases.base(entry["type"])
    now = get(base, field, entry["fields"].get(field))
    bare = {key: value for key, value in base.items() if key != field}
    for other in (now + 1, now * 2, max(1, now // 2)) if type(now) is int else ():
        yield changed(bare, [{alias: other}])


def _told(entry: Mapping[str, Any], head: str, raw: Raw) -> object:
    try:
        return network_of(Entry.of(entry), head, raw).total
    except NparamsError:
        return None
