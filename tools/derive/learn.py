"""From a model type to its catalogue entry: draw configs, watch builds, learn, verify, and learn from faults."""

from __future__ import annotations

import itertools
import random
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tools.derive import bases, draw
from tools.derive.aliased import heard
from tools.derive.check import Outside, Wrong, counted, tensors, wrong
from tools.derive.environment import Tests
from tools.derive.errors import NoEntry, Refused
from tools.derive.fields import fields
from tools.derive.flattened import Flattened
from tools.derive.merge import fewer, merged, narrower
from tools.derive.narrow import agrees, fields_to_keep, with_defaults
from tools.derive.observe import Observation, look, observe, plainly
from tools.derive.parts import Parts
from tools.derive.rare import filled
from tools.derive.rules import NoRule
from tools.derive.sampled import sampled, turns
from tools.derive.settings import base_prefix, facts_of, parts_of_another_type
from tools.derive.shared import Known, joined
from tools.derive.templates import MARK, Templates
from tools.derive.tensors import Learner, NoTensor, flags_of
from tools.derive.turning import guarded, probes
from tools.derive.writing import Writer

#: configs to begin with, fresh ones that must agree, and rounds of learning from those that do not
FIRST, AGREE, ROUNDS = 48, 100, 14
#: the same where another class of the type is known; configs that are drawn for one class
FEW, AGREE_AFTER, MOST_DRAWN = 12, 60, 10_000
#: configs like those that were wrong, for all of these and for one; the share of fields that stay as they are there
NEAR, MOST_NEAR, LIKE = 10, 4, 0.7
#: other configs beside these
FRESH = 8
#: the same for a turning point
AROUND = 3
#: builds at the start, and every so many after, in which is looked where code of the model stands
LOOKED_AT = 8
#: times that fields are left at their defaults
MOST_TRIED = 10
#: share of accepted configs that may be refused
MOST_REFUSED = 0.1
#: configs by which that is measured where fields were left at their defaults
MEASURED = 40


def derive(
    model_type: str, heads: Sequence[str], seed: int = 1, deadline: float | None = None,
    begun: Mapping[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The entry of a type, every one of `heads` verified; NoEntry with the reason where there is none for the first.

    `begun`: an entry of the same sources, whose classes are taken as they are."""
    until = time.monotonic() + 90 if deadline is None else deadline
    entry: dict[str, Any] = {key: value for key, value in (begun or {}).items() if key != "made"}
    raws: list[dict[str, Any]] = []
    kept: dict[str, Any] = {}
    first: Observation | None = None
    held = dict.fromkeys(entry.get("heads", ()), (entry.get("only", {}), entry.get("kinds", {})))
    for head in [head for head in heads if head not in entry.get("heads", ())]:
        one = Derivation(model_type, head, seed, until, raws, entry, kept)
        try:
            made = one.entry()
        except NoEntry as error:
            if not entry:
                raise
            entry.setdefault("without", {})[head] = str(error)
            continue
        kept, held[head] = one.kept, (made["only"], made["kinds"])
        first = first or one.observations[0]
        entry = merged(entry, made)
    for head, (words, kinds) in held.items():
        entry["heads"][head] |= {"only": narrower(words, entry["only"]), "kinds": fewer(kinds, entry["kinds"])}
    entry["aliases"] = heard(entry)
    return guarded(filled(entry), bases.base(model_type), first, raws) if first else filled(entry)


class Derivation:
    """One head of one type; `raws` are configs drawn for another head, and `known` is what was learnt there, with
    the fields `kept` at their defaults."""

    def __init__(
        self, model_type: str, head: str, seed: int, until: float,
        raws: list[dict[str, Any]] | None = None, known: dict[str, Any] | None = None,
        kept: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.model_type = model_type
        self.head = head
        self.until = until
        #: fields that are left at their defaults
        self.kept: dict[str, Any] = dict(kept or {})
        self.base = with_defaults(bases.base(model_type), self.kept)
        self.drawn = raws if raws is not None else []
        self.known = known or {}
        self.configs = self._configs(random.Random(f"{model_type} {head} {seed}"))
        self.observations: list[Observation] = []
        #: fields that the config class computes by no rule that was found: nothing is said in them
        self.ruleless: set[str] = set()
        #: for which name they were tried, and what was seen before
        self.tried: list[tuple[str, list[str]]] = []
        self.past: list[Observation] = []
        #: turning points of fields that were learnt from, or that follow no rule
        self.turned: set[tuple[str, int]] = set()
        self.flattened = Flattened()
        self.facts = facts_of(model_type)
        self.parts = Parts(model_type)

    def entry(self) -> dict[str, Any]:
        """The entry; where no rule is found for a name, for the defaults of some fields only."""
        while True:
            try:
                return self._measured(self._verified())
            except NoTensor as error:
                if not self._keep(error.template):
                    raise

    def _measured(self, entry: dict[str, Any]) -> dict[str, Any]:
        """The entry, if few configs are refused for the fields that were left at their defaults."""
        if self.kept:
            rng, outside = random.Random(f"{self.model_type} {self.head} measured"), 0
            raws = list(itertools.islice(sampled(self.model_type, self.head, rng), MEASURED))
            for raw in raws:
                try:
                    list(tensors(entry, self.head, raw))
                except Outside:
                    outside += 1
            if outside > MOST_REFUSED * len(raws):
                left = ", ".join(sorted(self.kept))
                raise NoEntry(f"{outside} of {len(raws)} configs lie outside of what was verified: {left}")
        return entry

    def _keep(self, name: str) -> bool:
        """Begin again with some fields at their defaults, for the sake of a name; what was of no avail varies again."""
        self.past += self.observations
        template = re.sub(r"\d+", MARK, name)
        if self.tried and self.tried[-1][0] == template:
            self.kept = {p: d for p, d in self.kept.items() if p not in self.tried[-1][1]}
        vain = {path for about, paths in self.tried for path in paths if about == template}
        free = {f.path: f.default for f in fields(self.model_type) if f.path not in {*self.kept, *vain}}
        free = {p: d for p, d in free.items() if p.rpartition(".")[2] != "num_labels" and p not in self.facts.absent}
        seen = [o for o in self.past if agrees(dict(o.raw), self.kept)]
        more = fields_to_keep(name, seen, free, self.ruleless)
        self.tried.append((template, more))
        self.kept.update({path: free[path] for path in more})
        self.base = with_defaults(bases.base(self.model_type), self.kept)
        self.observations, self.ruleless, self.flattened, self.turned = [], set(), Flattened(), set()
        self.configs = self._configs(random.Random(f"{self.model_type} {self.head} {self.tried}"))
        return bool(more) and len(self.tried) <= MOST_TRIED

    def _verified(self) -> dict[str, Any]:
        """Learn until fresh configs agree."""
        self._watch(self.base)
        for _ in range(FEW if self.known else FIRST):
            self._watch(self._drawn())
        entry = self._with_turning_points(self._learn())
        for _ in range(ROUNDS):
            faults, record = self._verify(entry)
            if not faults:
                entry["heads"][self.head]["verified"] = record
                if (more := self._with_turning_points(entry)) is entry:
                    return entry
                entry = more
                continue
            for raw, _ in faults:
                for one in (raw, *self._near(raw, NEAR // len(faults))):
                    self._watch(one)
            for _ in range(FRESH):  # what is alike teaches chance conditions
                self._watch(self._drawn())
            entry = self._learn()
        raise NoEntry(f"wrong on fresh configs after {ROUNDS} rounds: {faults[0][1]}")

    def _with_turning_points(self, entry: dict[str, Any]) -> dict[str, Any]:
        """The entry learnt from turning points too, where it is wrong there; what follows no rule is left out again."""
        seen = self.observations[0]
        found = [p for p in probes(entry, self.head, self.base, seen) if (p.field, p.value) not in self.turned]
        if not found:
            return entry
        before, ruleless = len(self.observations), set(self.ruleless)
        self.turned |= {(probe.field, probe.value) for probe in found}
        for probe in found:
            for raw in (probe.raw, *self._near(probe.raw, AROUND)):
                self._watch(raw)
        try:
            return self._learn()
        except NoEntry:
            del self.observations[before:]
            self.ruleless = ruleless
            return entry

    def _drawn(self) -> dict[str, Any]:
        if time.monotonic() > self.until:
            raise NoEntry("out of time", kind="limit")
        try:
            return next(self.configs)
        except StopIteration:
            raise NoEntry("too few configs are accepted") from None

    def _near(self, raw: dict[str, Any], n: int) -> Iterator[dict[str, Any]]:
        """Configs that differ from one in a few fields: what was wrong there is rare elsewhere."""
        rng = random.Random(f"{self.head} {len(self.observations)}")
        paths = [field.path for field in fields(self.model_type)]
        for _ in range(min(n, MOST_NEAR)):
            held = {*self.kept, *(path for path in paths if rng.random() < LIKE)}
            yield from (near for near, _ in draw.draws(self.model_type, self.head, rng, 1, base=raw, frozen=held))

    def _configs(self, rng: random.Random) -> Iterator[dict[str, Any]]:
        """Configs that were drawn for another head of the type first, then fresh ones."""
        yield from [raw for raw in self.drawn if agrees(raw, self.kept)]
        for raw in turns(
            (
                raw
                for raw, _ in draw.draws(self.model_type, self.head, rng, MOST_DRAWN, base=self.base, frozen=self.kept)
            ),
            (with_defaults(raw, self.kept) for raw in sampled(self.model_type, self.head, rng)),
            self._without_parts(random.Random(f"{self.model_type} {self.head} {self.tried} parts")),
        ):
            self.drawn.append(raw)
            yield raw

    def _without_parts(self, rng: random.Random) -> Iterator[dict[str, Any]]:
        """Configs without the parts that the class fills with another type then: few are drawn so otherwise."""
        others = parts_of_another_type(self.model_type, bases.implied(self.model_type))
        for raw in sampled(self.model_type, self.head, rng) if others else ():
            yield {key: value for key, value in with_defaults(raw, self.kept).items() if key not in others}

    def _watch(self, raw: Mapping[str, Any]) -> None:
        try:
            if len(self.observations) < LOOKED_AT or len(self.observations) % LOOKED_AT == 0:
                look(self.model_type, self.head, raw)
            self.observations.append(observe(self.model_type, self.head, raw))
        except Refused:  # a constructor that takes plain numbers only in this case
            return

    def _verify(self, entry: dict[str, Any]) -> tuple[list[tuple[dict[str, Any], Wrong]], dict[str, int]]:
        """Configs on which the entry is wrong (up to 5), or those that it refuses where they are many; the record of
        the rest."""
        faults: list[tuple[dict[str, Any], Wrong]] = []
        outside: list[tuple[dict[str, Any], Wrong]] = []
        agreed, totals = 0, set()
        enough = AGREE_AFTER if self.known else AGREE
        first: list[dict[str, Any]] = (
            [] if self.kept else [{"model_type": self.model_type}]
        )  # as deep as the class has it
        while agreed < enough and len(faults) < 5:
            if len(outside) > 8 and len(outside) > MOST_REFUSED * 2 * agreed:
                return outside, {}
            raw = first.pop() if first else self._drawn()
            try:
                real = plainly(self.model_type, self.head, raw)
                fault = wrong(tensors(entry, self.head, raw), real)
            except Outside as error:
                outside.append((raw, Wrong(f"outside of what was verified ({error})", None, None)))
                continue
            except Refused:
                continue
            if fault is not None:
                faults.append((raw, fault))
                continue
            agreed += 1
            totals.add(counted(real))
        if not faults and len(outside) > MOST_REFUSED * (len(outside) + agreed):
            return outside, {}
        return faults, {"configs": agreed, "refused": len(outside), "distinct": len(totals)}

    # -- learning --

    def _learn(self) -> dict[str, Any]:
        """The entry of what was seen; what is said in a computed field without a rule is said in other fields."""
        while True:
            try:
                return self._learnt()
            except NoRule as error:
                if error.path in self.ruleless:
                    raise
                self.ruleless.add(error.path)

    def _learnt(self) -> dict[str, Any]:
        seen = self.observations
        every = dict.fromkeys(p for o in seen for p in o.values)
        for o in seen:  # an attribute that is not there is read as None by getattr(config, name, None)
            o.values = {**dict.fromkeys(every), **o.values}
        held = [{p: v for p, v in o.values.items() if p not in self.ruleless} for o in seen]
        tests = Tests(held, self.facts.lettered)
        envs = [tests.environment(values) for values in held]
        flags = flags_of(held)
        shared = self._shared(Templates(seen))

        def learner(seen: Sequence[Observation]) -> Learner:
            return Learner(Templates(seen), envs, tests, flags)

        cells = self.flattened.cells(seen, envs, shared, learner)
        known = {
            "tests": {**self.parts.tests, **self.known.get("tests", {})},
            "rules": {**self.parts.rules, **dict(self.known.get("rules", ()))},
        }
        return Writer(self.facts, self.head, known, self.kept, self.drawn).entry(list(joined(iter(cells))), tests, seen)

    def _shared(self, templates: Templates) -> dict[str, list[dict[str, Any]]]:
        """What other classes of the type, and the types of its parts, hold of the same."""
        found: dict[str, list[dict[str, Any]]] = {}
        every = templates.all()
        for head in self.known.get("heads", ()):
            for prefix in dict.fromkeys((base_prefix(self.head), "", self.known["heads"][head]["base"])):
                found |= Known(self.known, head, prefix).cells(templates, every - found.keys())
        for known in self.parts.known(templates) if every - found.keys() else ():
            found |= known.cells(templates, every - found.keys())
        return found
