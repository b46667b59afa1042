"""What every suite of live models shares: cases that say each part of the answer, and the comparison with it.

A case writes `weights` and `biases` as plain arithmetic, and whatever else is not the ordinary; `filled` derives the
rest by plain arithmetic too, so that every case checks every part of the JSON contract.  That a model is left untouched
is checked by tests/untouched.py.  No framework is imported here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from tests.untouched import Untouched

__all__ = ["Case", "Untouched", "check", "differences", "filled"]

#: bytes of one number, where they are whole
WIDTHS = {
    "float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "float8_e4m3fn": 1, "float8_e5m2": 1,
    "int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1, "bool": 1, "complex64": 8, "complex128": 16,
}  # fmt: skip
#: the parts that are compared in every case
PARTS = (
    "total", "known", "unknown", "weights", "biases", "trainable", "frozen", "listed", "buffers", "bookkeeping",
    "other", "elements", "parameter_bytes", "bytes", "active", "components", "dtypes", "also",
)  # fmt: skip


class Case(NamedTuple):
    """A model, what is in it, and words that the notes must hold (each a text, or several of which one must occur)."""

    name: str
    make: Callable[[], object]
    expected: Mapping[str, object]
    notes: Iterable[str | tuple[str, ...]] = ()
    options: Mapping[str, object] = {}


def filled(expected: Mapping[str, object]) -> dict[str, object]:
    """Every part: those given, and for the rest what an ordinary float32 model without surprises has.

    Buffers and bookkeeping have no ordinary width, so a case that has them says `bytes` itself.

    >>> filled({"weights": 6, "biases": 2})["parameter_bytes"]
    32
    """
    full: dict[str, object] = {"weights": 0, "biases": 0, "unknown": 0, "buffers": 0, "bookkeeping": 0, "other": 0}
    full |= {"also": {}, **expected}
    known = full.setdefault("known", full["weights"] + full["biases"])  # type: ignore[operator]
    created = not full["unknown"]
    total = full.setdefault("total", known if created else None)
    if "trainable" in full:
        full.setdefault("frozen", None if full["trainable"] is None else total - full["trainable"])  # type: ignore[operator]
    elif created:
        full["trainable"] = total - full.setdefault("frozen", 0)  # type: ignore[operator]
    else:
        full["trainable"] = full["frozen"] = None
    listed = full.setdefault("listed", known)
    full.setdefault("elements", listed + full["buffers"] + full["bookkeeping"])  # type: ignore[operator]
    full.setdefault("active", total)
    full.setdefault("components", None if not created else {"backbone": total} if total else {})
    dtypes: Mapping[str, int] = full.setdefault("dtypes", {"float32": known} if known else {})  # type: ignore[assignment]
    if "parameter_bytes" not in full:
        full["parameter_bytes"] = sum(WIDTHS[name] * count for name, count in dtypes.items()) if created else None
    if "bytes" not in full:
        assert not created or not (full["buffers"] or full["bookkeeping"]), "a case with buffers says its bytes"
        full["bytes"] = full["parameter_bytes"]
    return full


def differences(network_json: Mapping[str, object], expected: Mapping[str, object]) -> list[str]:
    """Every part that is not as expected, and every way in which the answer contradicts itself."""
    full = filled(expected)
    wrong = [
        f"{key}: expected {full[key]!r}, got {network_json.get(key, 'no such key')!r}"
        for key in (*PARTS, *(key for key in full if key not in PARTS))
        if network_json.get(key, "no such key") != full[key]
    ]
    return wrong + contradictions(network_json)


def contradictions(held: Mapping[str, object]) -> list[str]:
    """Where the parts of one answer do not agree: rows, formula and tensors against the totals."""
    wrong = []

    def agree(what: str, found: object, key: str) -> None:
        if found != held[key]:
            wrong.append(f"{what} {found!r}, but {key} {held[key]!r}")

    rows: list[dict[str, int]] = held["layers"]  # type: ignore[assignment]
    for key, whole in (("weights", "weights"), ("biases", "biases"), ("total", "known")):
        agree(f"the rows' {key} sum to", sum(row[key] for row in rows), whole)
    formula = str(held["formula"])
    if re.fullmatch(r"[\d\s+*()-]+", formula):
        agree(f"the formula {formula} gives", eval(formula), "known")
    tensors: list[dict[str, int]] | None = held.get("tensors")  # type: ignore[assignment]
    for key, whole in (("adds", "known"), ("count", "listed")) if tensors is not None else ():
        parameters = [t[key] or 0 for t in tensors or () if t["role"] in ("weight", "bias")]
        agree(f"the tensors' {key} sum to", sum(parameters), whole)
    return wrong


def check(network: object, expected: Mapping[str, object], notes: Iterable[str | tuple[str, ...]] = ()) -> None:
    """Assert that a Network (or its JSON, as a dict or text) has every part that is expected, and says the notes."""
    if not isinstance(network, (str, Mapping)):
        network = network.to_json(tensors=True)  # type: ignore[attr-defined]
    held: Mapping[str, object] = json.loads(network) if isinstance(network, str) else network
    wrong = differences(held, expected)
    said = " ".join(held["notes"]).lower()  # type: ignore[arg-type]
    for words in notes:
        choice = (words,) if isinstance(words, str) else words
        if not any(word.lower() in said for word in choice):
            wrong.append(f"no note says {' or '.join(map(repr, choice))}: {held['notes']!r}")
    assert not wrong, "\n  ".join(["", *wrong])
