"""Other classes of a type hold the same base model under another prefix: what is known is tried before learning."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from tools.derive.check import Outside, facts, tensors
from tools.derive.observe import Observation
from tools.derive.templates import Templates

Tensor = list[Any]


class Known:
    """The cells of a class that is verified, as those of another class of the same type."""

    def __init__(self, entry: Mapping[str, Any], head: str, prefix: str) -> None:
        self.entry = entry
        self.head = head
        self.prefix = prefix
        self.bare = entry["heads"][head]["base"]

    def moved(self, name: str) -> str:
        """A name in the other class."""
        return self.prefix + name.removeprefix(self.bare)

    def cells(self, templates: Templates, of: Collection[str]) -> dict[str, list[dict[str, Any]]]:
        """For each template of these whose tensors are just what is known everywhere, its cells of one tensor each."""
        told = {template: cells for template, cells in self._by_template().items() if template in of}
        if not told:
            return {}
        claims = [self._claims(o) for o in templates.observations]
        real: dict[str, set[tuple[int, str]]] = {}
        differ: set[str] = set()
        for k, o in enumerate(templates.observations):
            said = claims[k]
            there = {}
            for item in o.items:
                template = templates.of(item.name, o)[0]
                real.setdefault(template, set()).add((k, item.name))
                there[item.name] = template
                if said.get(item.name) != facts(item):
                    differ.add(template)
            for name in said.keys() - there.keys():  # claimed, and not there
                differ.add(templates.of(name, o)[0])
        wanted = real.keys() - differ
        return {template: cells for template, cells in told.items() if template in wanted}

    def _claims(self, seen: Observation) -> dict[str, Any]:
        try:
            made = tensors(self.entry, self.head, seen.raw)
            return {
                self.moved(i.name): facts(i._replace(tied=None if i.tied is None else self.moved(i.tied))) for i in made
            }
        except Outside:
            return {}

    def _by_template(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for cell in self.entry["heads"][self.head]["cells"]:
            for tensor in cell["tensors"]:
                made = self._moved_tensor(tensor)
                found.setdefault(re.sub(r"\{\w\}", "#", made[0]), []).append({**cell, "tensors": [made]})
        return found

    def _moved_tensor(self, tensor: Sequence[Any]) -> Tensor:
        name, dims, owner, *extra = tensor
        more = [{**extra[0], "tied": self.moved(extra[0]["tied"])}] if extra and "tied" in extra[0] else extra
        return [self.moved(name), dims, owner, *more]


def joined(cells: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Neighbours under one condition as one cell."""
    last: dict[str, Any] = {}
    for cell in cells:
        bare = {k: v for k, v in cell.items() if k != "tensors"}
        if last and {k: v for k, v in last.items() if k != "tensors"} == bare:
            last["tensors"] += cell["tensors"]
            continue
        if last:
            yield last
        last = {**bare, "tensors": list(cell["tensors"])}
    if last:
        yield last
