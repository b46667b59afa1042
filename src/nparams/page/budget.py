"""Design backwards, for the page: the sizes that a budget allows, as a table."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from nparams.analyses._solve.solution import Answer, Solution
    from nparams.network import Network

#: answers that are listed
TOP = 5


def answer(text: str, options: Mapping[str, Any], asked: Mapping[str, Any], network: Network) -> dict[str, Any]:
    """What `nparams solve` says of a text, of which `network` was made, and each answer's sizes, to be put in.

    Letters that have a number already may have another one; of plain layer sizes the hidden layers vary together.

    >>> import nparams
    >>> found = answer("784-16-16-10", {"paths": False}, {"max": "10,000"}, nparams.read("784-16-16-10"))
    >>> found["text"], found["answers"][0]["values"], found["answers"][0]["total"]
    ('784-h-h-10', {'h': '12'}, '9706')
    """
    import nparams
    from nparams.analyses._solve.text import text as told

    wanted: dict[str, Any] = {
        name: str(asked[name]).replace(" ", "") for name in ("total", "max", "min") if asked.get(name)
    }
    given = dict(options)
    if network.is_numeric and given.get("set"):
        given.pop("set")
    elif network.is_numeric and network.form == "sizes":
        text = hidden(network.read_as)
    found = nparams.solve(
        text, vary=asked.get("vary") or (), set=given.pop("set", None) or None, top=TOP, **wanted, **given
    )
    return {
        "solved": found.solved,
        "text": text,
        "answers": [_row(found, each) for each in found.answers[:TOP]],
        "shapes": [_row(found, each) for each in found.shapes],
        "lines": told(found).split("\n"),
        "notes": list(found.notes),
    }


def hidden(sizes: str) -> str:
    """Layer sizes, as they are read back, with one letter for all hidden layers.

    >>> hidden("784-16-16-10"), hidden("784-10")
    ('784-h-h-10', '784-10')
    """
    first, *between, last = sizes.split("-")
    return "-".join([first, *["h"] * len(between), last])


def _row(found: Solution, one: Answer) -> dict[str, Any]:
    named = {found.names.get(name, name): str(value) for name, value in {**one.values, **one.derived}.items()}
    return {"values": named, "total": str(one.total), "gap": str(one.gap), "fits": one.fits}
