"""python -m tools.derive.vectors: random configs of every verified type with what the library builds of them.

tests/data/vectors.json.gz has them for tests that run without the library: by type, a hash of the entry and some
configs, each with [total, start of the fingerprint] for every class, taken from the real constructors.  Types whose
entry is the same keep their configs.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.derive.pool import Limits, each
from tools.derive.store import Store

if TYPE_CHECKING:
    from tools.derive.trial.sample import Sampler
    from tools.derive.trial.space import Found

FILE = Path(__file__).resolve().parents[2] / "tests/data/vectors.json.gz"
CONFIGS, SEED, SHOWN = 3, 20, 8
#: configs that are drawn for them: an entry answers most
MOST_DRAWN = 4 * CONFIGS


def main() -> int:
    """Write the file; a line of standard error for a type that has no configs."""
    from tools.derive.work import warm

    store = Store()
    kept = {name: row for name, row in read().items() if row["entry"] == entry_hash(store, name)}
    new = [name for name in store.verified() if name not in kept]
    warm()
    for outcome in each(partial(vectors, store=store), new, 2, Limits(180, 6 * 2**30)):
        if outcome.answer and outcome.answer["configs"]:
            kept[outcome.name] = outcome.answer
        else:
            print(f"{outcome.name}: no configs {outcome.ended}", file=sys.stderr)
    FILE.write_bytes(packed(kept))
    print(f"{len(kept)} types, {FILE.stat().st_size:,} bytes", file=sys.stderr)
    return 0


def read() -> dict[str, Any]:
    """The rows of the file; {} where it is not there."""
    found: dict[str, Any] = json.loads(gzip.decompress(FILE.read_bytes())) if FILE.exists() else {}
    return found


def packed(rows: dict[str, Any]) -> bytes:
    """The bytes of the file: the same for the same rows."""
    lines = (f"{json.dumps(name)}:{json.dumps(rows[name], separators=(',', ':'))}" for name in sorted(rows))
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=buffer, mode="wb", compresslevel=9, mtime=0) as file:
        file.write(("{" + ",\n".join(lines) + "}\n").encode())
    return buffer.getvalue()


def entry_hash(store: Store, model_type: str) -> str | None:
    """A short hash of an entry without its records: what it says, not when it was made."""
    from tools.derive.difference import plain
    from tools.derive.text import dumps

    entry = store.entry(model_type)
    return None if entry is None else hashlib.sha256(dumps(plain(entry)).encode()).hexdigest()[:12]


def vectors(model_type: str, store: Store) -> dict[str, Any]:
    """The row of a type: configs that its classes accept, of the fields that its entry names."""
    from tools.derive.trial.sample import Sampler
    from tools.derive.trial.truth import NotAccepted

    entry = store.entry(model_type)
    assert entry is not None
    row: dict[str, Any] = {"entry": entry_hash(store, model_type), "configs": []}
    try:
        sampler = Sampler(model_type, sorted(entry["heads"]), random.Random(f"{SEED} {model_type}"))
        sampler.spots = [spot for spot in sampler.spots if ".".join(spot.path) in entry["fields"]]
        answered = 0
        for _ in range(MOST_DRAWN):  # those that the entry refuses are kept too: the test holds them to a share
            if answered < CONFIGS and (one := vector(sampler)) is not None:
                row["configs"].append(one)
                answered += any(_answers(entry, head, one[0]) for head in one[1])
    except NotAccepted as error:
        print(error)
    return row


def _answers(entry: dict[str, Any], head: str, raw: dict[str, Any]) -> bool:
    """Whether a config lies within what the entry was verified for."""
    from tools.derive.check import Outside, tensors

    try:
        list(tensors(entry, head, raw))
    except Outside:
        return False
    return True


def vector(sampler: Sampler) -> list[Any] | None:
    """[config, {class: [total, fingerprint]}] of one draw; None where no class takes it."""
    from tools.derive.trial.truth import NotAccepted

    raw, found = sampler.raw(sampler.sample().changes), {}
    for head in sampler.heads:
        try:
            real = sampler.real(head, raw)
        except NotAccepted:  # what one class accepts another may not
            continue
        found[head] = [real.total, fingerprint(real)[:SHOWN]]
    return [raw, found] if found else None


def fingerprint(real: Found) -> str:
    """The hash of the sorted (name, shape) of the parameters, each tied one by its first name."""
    own: Iterable[tuple[str, tuple[int, ...]]] = (item for item in real.parameters.items() if item[0] not in real.ties)
    lines = sorted(f"{name}\t{','.join(map(str, shape))}" for name, shape in own)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
