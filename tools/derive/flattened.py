"""Learning all cells of a class; a list of modules for which no rule is found is tried as one that two loops fill."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from tools.derive.flat import FLAT, Flat, renamed, restored
from tools.derive.observe import Observation
from tools.derive.rounds import Envs, flats, sums
from tools.derive.sentences import written
from tools.derive.templates import Templates, containers_of
from tools.derive.tensors import Learner, NoTensor

Cells = list[dict[str, Any]]


class Flattened:
    """The lists of one class that are taken for filled by two loops."""

    def __init__(self) -> None:
        #: for each list how it may be made: the first is believed
        self.ways: dict[str, list[Flat]] = {}
        self.looked = False
        #: why there was no rule without
        self.reasons: dict[str, NoTensor] = {}

    def cells(
        self, seen: Sequence[Observation], envs: Envs, shared: Mapping[str, Cells],
        learner: Callable[[Sequence[Observation]], Learner],
    ) -> Cells:  # fmt: skip
        """The cells of everything seen, with those that are known in `shared`."""
        self._outdated(seen, envs)
        if not self.looked:
            self.ways, self.looked = {name: ways for name, ways in sums(seen, envs).items() if ways}, True
        while True:
            held = {name: ways[0] for name, ways in self.ways.items() if ways}
            shown = _shown(seen, list(held.values()), envs, shared.keys())
            try:
                cells = list(learner(shown).cells(shared.keys()))
            except NoTensor as error:
                self._other_way(error, seen, envs)
                continue
            parts = [shared[cell] if isinstance(cell, str) else [restored(written(cell), held)] for cell in cells]
            return [one for part in parts for one in part]

    def _outdated(self, seen: Sequence[Observation], envs: Envs) -> None:
        """Forget what does not fit all that is seen now."""
        for name, ways in self.ways.items():
            held = [(env, o.containers[name]) for o, env in zip(seen, envs, strict=True) if name in o.containers]
            self.ways[name] = [way for way in ways if all(way.fits(env, length) for env, length in held)]

    def _other_way(self, error: NoTensor, seen: Sequence[Observation], envs: Envs) -> None:
        """What is tried next for the list that a name stands in; raises the error where there is nothing left."""
        name = error.template.partition(FLAT)[0]
        if FLAT in error.template:
            self.ways[name] = self.ways[name][1:]
        else:
            name = next(iter(containers_of(error.template)), "")
            if not name or name in self.ways:
                raise error
            self.reasons[name] = error
            self.ways[name] = flats(name, seen, envs)
        if not self.ways[name] and name in self.reasons:
            raise self.reasons[name]


def _shown(
    seen: Sequence[Observation], held: Sequence[Flat], envs: Envs, known: Collection[str]
) -> Sequence[Observation]:
    """Everything seen, with these lists as lists of lists."""
    if not held:
        return seen
    templates = Templates(seen)
    names = [{i.name for i in o.items if templates.of(i.name, o)[0] in known} for o in seen]
    return [renamed(o, held, env, stay) for o, env, stay in zip(seen, envs, names, strict=True)]
