"""What the real constructors made of random configs of every type, kept as data: the same without the library."""

from __future__ import annotations

from typing import Any

import pytest

import nparams
from nparams.errors import ReadError
from nparams.network.split import fingerprint
from tools.derive import vectors
from tools.derive.store import Store

ROWS = vectors.read()


def answered(model_type: str, head: str, config: dict[str, Any]) -> nparams.Network:
    return nparams.read({**config, "model_type": model_type, "architectures": [head]})


@pytest.mark.parametrize("model_type", sorted(ROWS))
def test_totals_and_names_are_those_of_the_constructors(model_type: str) -> None:
    wrong, refused = [], 0
    for config, heads in ROWS[model_type]["configs"]:
        for head, (total, start) in heads.items():
            try:
                network = answered(model_type, head, config)
            except ReadError:
                refused += 1
                continue
            if "library" in network.also:  # a tie that the file denies and the library makes all the same
                if network.also["library"] != total:
                    wrong.append((head, config, total, network.also["library"]))
            elif network.total != total or not fingerprint(network).startswith(start):
                wrong.append((head, config, total, network.total))
    assert wrong == []
    assert refused < sum(len(heads) for _, heads in ROWS[model_type]["configs"]) / 2


def test_every_entry_has_vectors_of_its_own() -> None:
    store = Store()
    assert {name: row["entry"] for name, row in ROWS.items()} == {
        name: vectors.entry_hash(store, name) for name in store.verified()
    }


def test_the_file_is_small_and_the_same_for_the_same_rows() -> None:
    assert vectors.packed(ROWS) == vectors.FILE.read_bytes()
    assert vectors.FILE.stat().st_size < 300_000
