"""The shared real questions with checked answers: the total, and each layer's number that the asker is owed."""

from __future__ import annotations

import nparams
from nparams.network import Network
from tests.conftest import shared


def rows() -> list[dict[str, str]]:
    """The rows of the table that say what an asker would type."""
    lines = [line for line in shared("cases/answered_cases.tsv").read_text().splitlines() if line[:1] not in ("", "#")]
    head = lines[0].split("\t")
    table = [dict(zip(head, line.split("\t") + [""] * len(head), strict=False)) for line in lines[1:]]
    return [row for row in table if row["typed"] != "-" and row["expected_total"].isdigit()]


def asked(row: dict[str, str]) -> Network:
    """The network that a row's text is read as; options stand behind ::, else the row's own convention holds."""
    text, _, options = row["typed"].partition(" :: ")
    words = options.split()
    given = dict(zip([word.lstrip("-") for word in words[::2]], words[1::2], strict=True))
    told = row["convention"].lower()
    whose = next((name for name in ("keras", "torch") if name in told), None)
    return nparams.read(text, **{"convention": whose, **given})  # type: ignore[arg-type]


def shown(network: Network) -> set[int]:
    """Every number that the rows show: totals (of one copy too), weights, biases, what is kept apart, sums of rows."""
    found: set[int] = set()
    totals = []
    for row in network.layers:
        assert isinstance(row.total, int)
        assert isinstance(row.weights, int)
        assert isinstance(row.biases, int)
        apart = sum(size for size in row.apart.values() if isinstance(size, int))
        assert isinstance(row.copies, int)
        found |= {row.total, row.weights, row.biases, apart, row.total + apart, row.total // row.copies}
        found |= {t.size for t in row.module.tensors if isinstance(t.size, int)}
        totals.append(row.total)
    for first in range(len(totals)):
        for last in range(first + 1, len(totals) + 1):
            found.add(sum(totals[first:last]))
    return found


def test_totals() -> None:
    for row in rows():
        network = asked(row)
        counts = [network.total]
        if "keras" in row["convention"].lower() or row["public_ok"] == "convention":
            counts += network.also.values()
        assert int(row["expected_total"]) in counts, f"{row['id']}: {row['typed']}: {network.total}"
    assert len(rows()) > 40


def test_each_layer_has_its_number() -> None:
    """Where a row lists layers, each of their numbers stands in the table, in one row or as rows that follow."""
    checked = 0
    for row in rows():
        layers = [part.partition("=") for part in row["expected_layers"].split(";") if part]
        seen = shown(asked(row)) if layers else set()
        for name, _, number in layers:
            assert int(number) in seen, f"{row['id']}: {row['typed']}: {name} has {number}, not among {sorted(seen)}"
            checked += 1
    assert checked > 90
