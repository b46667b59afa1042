"""Names with their indices taken out, over all observations: which numbers in names are indices at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tools.derive.indices import MARK, Indices
from tools.derive.observe import Observation


class Templates:
    """The containers of all observations, as templates; numbers in a container of fixed length are part of the name."""

    def __init__(self, observations: Sequence[Observation]) -> None:
        self.observations = observations
        #: templates of containers whose length varies
        self.open: set[str] = set()
        #: names whose templates are settled, of each observation
        self.known: dict[int, dict[str, tuple[str, Indices]]] = {}
        self._settle()
        self.known = {id(o): {} for o in observations}

    def _settle(self) -> None:
        """From the outermost inwards: an inner template depends on which of the outer numbers are indices."""
        deepest = max((name.count(".") for o in self.observations for name in o.containers), default=0)
        for depth in range(deepest + 1):
            lengths: dict[str, set[int]] = {}
            for o in self.observations:
                for name, length in o.containers.items():
                    if name.count(".") == depth:
                        lengths.setdefault(self.of(name, o)[0], set()).add(length)
            self.open |= {template for template, found in lengths.items() if len(found) > 1}

    def all(self) -> set[str]:
        """The templates of all tensors."""
        return {self.of(item.name, o)[0] for o in self.observations for item in o.items}

    def of(self, name: str, seen: Observation) -> tuple[str, Indices]:
        """A name as its template and its indices."""
        known = self.known.get(id(seen), {})
        if name not in known:
            known[name] = self._of(name, seen)
        return known[name]

    def _of(self, name: str, seen: Observation) -> tuple[str, Indices]:
        parts = name.split(".")
        made: list[str] = []
        found: list[int] = []
        for k, part in enumerate(parts):
            stem, number = split(part)
            container = [*parts[:k], *([stem] if stem else [])]
            template = [*made, *([stem] if stem else [])]
            inside = number is not None and ".".join(container) in seen.containers and ".".join(template) in self.open
            if inside and number is not None:
                found.append(number)
            made.append(f"{stem}{MARK}" if inside else part)
        return ".".join(made), tuple(found)

    def lengths(self, template: str) -> Iterator[tuple[int, Indices, int]]:
        """(number of the observation, outer indices, length) of every container of a template."""
        for k, o in enumerate(self.observations):
            for name, length in o.containers.items():
                made, outer = self.of(name, o)
                if made == template:
                    yield k, outer, length


def split(part: str) -> tuple[str, int | None]:
    """A part of a name, and the number at its end.

    >>> split("12"), split("embedder_3"), split("weight")
    (('', 12), ('embedder_', 3), ('weight', None))
    """
    stem = part.rstrip("0123456789")
    return (stem, int(part[len(stem) :])) if len(stem) < len(part) else (part, None)


def concrete(template: str, indices: Indices) -> str:
    """The template with numbers in place of its marks.

    >>> concrete("layers.#.w.#", (3, 0))
    'layers.3.w.0'
    """
    parts = template.split(MARK)
    return parts[0] + "".join(f"{n}{rest}" for n, rest in zip(indices, parts[1:], strict=True))


def containers_of(template: str) -> list[str]:
    """The templates of the containers that its marks stand in, outermost first.

    >>> containers_of("layers.#.experts.#.w")
    ['layers', 'layers.#.experts']
    """
    parts = template.split(".")
    return [
        ".".join([*parts[:k], *([part.removesuffix(MARK)] if part != MARK else [])])
        for k, part in enumerate(parts)
        if part.endswith(MARK)
    ]
