"""Design backwards, for the page: the sizes that a budget allows, as a table."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from nparams.analyses._solve.solution import Answer, Solution

#: answers that are listed
TOP = 5


def answer(text: str, options: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """What `nparams solve` says of a text, and each answer's sizes, to be put in.

    >>> found = answer("784-h-h-10", {"paths": False}, {"max": "10,000"})
    >>> found["answers"][0]["values"], found["answers"][0]["total"]
    ({'h': '12'}, '9706')
    """
    import nparams
    from nparams.analyses._solve.text import text as told

    wanted: dict[str, Any] = {
        name: str(asked[name]).replace(" ", "") for name in ("total", "max", "min") if asked.get(name)
    }
    given = dict(options)
    found = nparams.solve(
        text, vary=asked.get("vary") or (), set=given.pop("set", None) or None, top=TOP, **wanted, **given
    )
    return {
        "solved": found.solved,
        "answers": [_row(found, each) for each in found.answers[:TOP]],
        "shapes": [_row(found, each) for each in found.shapes],
        "lines": told(found).split("\n"),
        "notes": list(found.notes),
    }


def _row(found: Solution, one: Answer) -> dict[str, Any]:
    named = {found.names.get(name, name): str(value) for name, value in {**one.values, **one.derived}.items()}
    return {"values": named, "total": str(one.total), "gap": str(one.gap), "fits": one.fits}
