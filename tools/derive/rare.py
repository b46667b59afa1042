"""What one class of a type was drawn with and another was not: activations that hold parameters of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

#: the words of transformers.activations.ACT2CLS whose modules hold parameters
WORDS = ("prelu", "xielu")


def filled(entry: dict[str, Any]) -> dict[str, Any]:
    """The entry with the tensors that stand under such a word in every class that holds the module around them.

    >>> def cell(name, **more): return {**more, "tensors": [[name, ["1"], "Any"]]}
    >>> entry = {"tests": {"act__is__prelu": ["act", "is", "prelu"]}, "only": {"act": ["gelu", "prelu"]}, "heads": {
    ...     "A": {"base": "m.", "cells": [cell("m.mlp.w"), {**cell("m.mlp.act.w"), "if": "act__is__prelu"}]},
    ...     "B": {"base": "", "cells": [cell("mlp.w")], "only": {"act": ["gelu"]}},
    ...     "C": {"base": "", "cells": [cell("other.w")]}}}
    >>> [(name, len(head["cells"]), head.get("only")) for name, head in filled(entry)["heads"].items()]
    [('A', 2, None), ('B', 2, {}), ('C', 1, None)]
    """
    tests = {name: test[0] for name, test in entry["tests"].items() if test[1] == "is" and test[2] in WORDS}
    for head in entry["heads"].values():
        for field, cell in list(_lacking(entry, head, tests)):
            head["cells"].append(cell)
            if "only" in head:
                head["only"].pop(field, None)
    return entry


def _lacking(entry: Mapping[str, Any], head: Mapping[str, Any], tests: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """(field, cell) of other classes that this one lacks, of modules that it holds."""
    held = {tensor[0] for cell in head["cells"] for tensor in cell["tensors"]}
    for other in entry["heads"].values():
        for cell in other["cells"]:
            named = [name for name in tests if re.search(rf"\b{name}\b", cell.get("if", ""))]
            moved = [[head["base"] + t[0].removeprefix(other["base"]), *t[1:]] for t in cell["tensors"]]
            moved = [t for t in moved if t[0] not in held and _around(t[0], held) and not _is_tied(t)]
            if named and moved and all(t[0].startswith(other["base"]) for t in cell["tensors"]):
                held |= {t[0] for t in moved}
                yield tests[named[0]], {**cell, "tensors": moved}


def _around(name: str, held: set[str]) -> bool:
    """Whether a class holds something else of the module around the activation."""
    module = name.rpartition(".")[0].rpartition(".")[0]
    return bool(module) and any(one.startswith(f"{module}.") for one in held)


def _is_tied(tensor: list[Any]) -> bool:
    return len(tensor) > 3 and "tied" in tensor[3]
