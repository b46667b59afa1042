"""docs/architectures.md is what the entries and refusals say, and lists every type once."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tools.derive.store import Store
from tools.derive.table import DOCUMENT, cell, page

STORE = Store()


def test_the_page_is_made_of_the_entries() -> None:
    assert DOCUMENT.read_text("utf-8") == page(STORE), "python -m tools.derive.table writes it again"


def test_every_type_is_listed_once() -> None:
    listed = re.findall(r"^\| `([^`]+)`[^|]*\|", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    classless = re.findall(r"`([^`]+)`", DOCUMENT.read_text("utf-8").partition("other models' configs.")[2])
    assert sorted([*listed, *classless]) == sorted([*STORE.verified(), *STORE.refusals()])


class Kept(Store):
    """A store in memory."""

    def __init__(self, entries: dict[str, Any], refused: dict[str, Any]) -> None:
        self.held, self.not_held = entries, refused

    def verified(self) -> list[str]:
        return sorted(self.held)

    def entry(self, model_type: str) -> dict[str, Any] | None:
        return self.held.get(model_type)

    def refusals(self) -> dict[str, dict[str, Any]]:
        return self.not_held


def made(version: str = "5.24.0") -> dict[str, Any]:
    return {"transformers": version, "date": "2026-11-27"}


def entry(version: str = "5.24.0", refused: int = 0) -> dict[str, Any]:
    cells = [{"tensors": [["embed.weight", ["vocab_size", "hidden_size"], "Embedding"]]}]
    return {
        "schema": 1,
        "type": "toy",
        "made": made(version),
        "fields": {"vocab_size": 9, "hidden_size": 4},
        "heads": {"ToyModel": {"base": "", "verified": {"configs": 60, "refused": refused}, "cells": cells}},
    }


def refusal(kind: str, reason: str) -> dict[str, Any]:
    return {"kind": kind, "reason": reason, **made()}


PAGE = page(
    Kept(
        {"bee": entry("5.23.0", refused=3), "toy": entry(), "wee": entry()},
        {
            "ant": refusal("not verified", "a|b differ"),
            "cow": refusal("no class", ""),
            "dog": refusal("not built", "needs timm"),
        },
    )
)


@pytest.mark.parametrize(
    "line",
    [
        "| types in the library's mapping of configs | 6 |",
        "| - cannot be built on the meta device | 1 |",
        "| types with a class that can be built on the meta device | 4 |",
        "| - built, but no entry agrees with the constructor | 1 |",
        "| - **verified: 75.0 %** | 3 |",
        "| `bee` (transformers 5.23.0, 2026-11-27) | ToyModel | 60 | 5 % | `h*V` |",
        "| `toy` | ToyModel | 60 | 0 | `h*V` |",
        r"| `ant` | a\|b differ | transformers 5.24.0, 2026-11-27 |",
        "| `dog` | needs timm | transformers 5.24.0, 2026-11-27 |",
        "`cow`",
    ],
)
def test_what_the_page_says(line: str) -> None:
    assert line in PAGE.splitlines()


def test_text_in_a_cell_stays_in_it() -> None:
    assert cell("a\n| `b` <i>") == r"a \| \`b\` \<i\>"
