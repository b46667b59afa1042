"""From a model type to its catalogue entry: draw configs, watch builds, learn, verify, and learn from faults."""

from __future__ import annotations

import functools
import itertools
import random
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from transformers.activations import ACT2FN

from tools.derive import bases, draw
from tools.derive.check import Outside, Wrong, flat, kind_of, tensors, wrong
from tools.derive.environment import Tests
from tools.derive.errors import NoEntry, Refused
from tools.derive.fields import fields
from tools.derive.merge import either, merged
from tools.derive.narrow import agrees, fields_to_keep, with_defaults
from tools.derive.observe import Observation, look, observe, plainly
from tools.derive.rules import NoRule, Rules
from tools.derive.sentences import fields_of, paths_of, texts_of, texts_of_rule, used_in, with_products, written
from tools.derive.settings import (
    aliases_of,
    base_prefix,
    missing_parts,
    older_layouts,
    parts_of_any_type,
    undeclared_names,
)
from tools.derive.shared import Known, joined
from tools.derive.templates import MARK, Templates
from tools.derive.tensors import Learner, NoTensor, flags_of
from tools.derive.trial.sample import Sampler
from tools.derive.trial.truth import NotAccepted

#: configs to begin with, fresh ones that must agree, and rounds of learning from those that do not
FIRST, AGREE, ROUNDS = 48, 100, 14
#: configs to begin with where another class of the type is known; configs that are drawn for one class
FEW, MOST_DRAWN = 12, 10_000
#: builds at the start, and every so many after, in which is looked where code of the model stands
LOOKED_AT = 8
#: fields that are kept although no shape needs them: how many experts a token uses, and what is tied
KEPT = re.compile(
    r"(^|\.)(tie_word_embeddings|num_experts_per_tok(en)?|(moe_)?top_?k|top_k_experts|moe_k|num_selected_experts|expert_top_k)$"
)
#: what PretrainedConfig takes for num_labels where nothing is said
LABELS = 2
#: times that fields are left at their defaults
MOST_TRIED = 10
#: configs one after another that a class may refuse
MOST_VAIN = 20
#: share of accepted configs that may be refused
MOST_REFUSED = 0.1
#: configs by which that is measured where fields were left at their defaults
MEASURED = 40


def derive(model_type: str, heads: Sequence[str], seed: int = 1, deadline: float | None = None) -> dict[str, Any]:
    """The entry of a type, every one of `heads` verified; NoEntry with the reason where there is none for the first."""
    until = time.monotonic() + 90 if deadline is None else deadline
    entry: dict[str, Any] = {}
    raws: list[dict[str, Any]] = []
    for head in heads:
        try:
            made = Derivation(model_type, head, seed, until, raws, entry).entry()
        except NoEntry as error:
            if not entry:
                raise
            entry.setdefault("without", {})[head] = str(error)
            continue
        entry = merged(entry, made)
    return entry


class Derivation:
    """One head of one type; `raws` are configs drawn for another head, and `known` is what was learnt there."""

    def __init__(
        self, model_type: str, head: str, seed: int, until: float,
        raws: list[dict[str, Any]] | None = None, known: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.model_type = model_type
        self.head = head
        self.until = until
        self.base = bases.base(model_type)
        self.drawn = raws if raws is not None else []
        self.known = known or {}
        self.configs = self._configs(random.Random(f"{model_type} {head} {seed}"))
        self.observations: list[Observation] = []
        #: fields that the config class computes by no rule that was found: nothing is said in them
        self.ruleless: set[str] = set()
        #: fields that are left at their defaults
        self.kept: dict[str, Any] = {}
        #: for which name they were tried, and what was seen before
        self.tried: list[tuple[str, list[str]]] = []
        self.past: list[Observation] = []
        self.aliases = aliases_of(bases.build_config(model_type, self.base))
        self.defaults = flat(bases.defaults(model_type))
        for field in fields(model_type):
            self.defaults.setdefault(field.path, field.default)
        self.absent = missing_parts(model_type, self.defaults)
        self.layouts = older_layouts(bases.build_config(model_type, self.base))
        self.undeclared = undeclared_names(bases.build_config(model_type, self.base))
        self.parts = parts_of_any_type(bases.build_config(model_type, self.base))
        for path in [p for p in self.defaults if p.count(".") == 0 or p.endswith(".model_type")]:
            self.defaults.setdefault(f"{path.rpartition('.')[0]}.num_labels".removeprefix("."), LABELS)

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
            raws = list(itertools.islice(_sampled(self.model_type, self.head, rng), MEASURED))
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
        free = {path: default for path, default in free.items() if path.rpartition(".")[2] != "num_labels"}
        seen = [o for o in self.past if agrees(dict(o.raw), self.kept)]
        more = fields_to_keep(name, seen, free, self.ruleless)
        self.tried.append((template, more))
        self.kept.update({path: free[path] for path in more})
        self.base = with_defaults(bases.base(self.model_type), self.kept)
        self.observations, self.ruleless = [], set()
        self.configs = self._configs(random.Random(f"{self.model_type} {self.head} {self.tried}"))
        return bool(more) and len(self.tried) <= MOST_TRIED

    def _verified(self) -> dict[str, Any]:
        """Learn until fresh configs agree."""
        self._watch(self.base)
        for _ in range(FEW if self.known else FIRST):
            self._watch(self._drawn())
        entry = self._learn()
        for _ in range(ROUNDS):
            faults, record = self._verify(entry)
            if not faults:
                entry["heads"][self.head]["verified"] = record
                return entry
            for raw, _ in faults:
                self._watch(raw)
            for _ in range(10):
                self._watch(self._drawn())
            entry = self._learn()
        raise NoEntry(f"wrong on fresh configs after {ROUNDS} rounds: {faults[0][1]}")

    def _drawn(self) -> dict[str, Any]:
        if time.monotonic() > self.until:
            raise NoEntry("out of time", kind="limit")
        try:
            return next(self.configs)
        except StopIteration:
            raise NoEntry("too few configs are accepted") from None

    def _configs(self, rng: random.Random) -> Iterator[dict[str, Any]]:
        """Configs that were drawn for another head of the type first, then fresh ones."""
        yield from [raw for raw in self.drawn if agrees(raw, self.kept)]
        for raw in turns(
            (
                raw
                for raw, _ in draw.draws(self.model_type, self.head, rng, MOST_DRAWN, base=self.base, frozen=self.kept)
            ),
            (with_defaults(raw, self.kept) for raw in _sampled(self.model_type, self.head, rng)),
        ):
            self.drawn.append(raw)
            yield raw

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
        while agreed < AGREE and len(faults) < 5:
            if len(outside) > 8 and len(outside) > MOST_REFUSED * 2 * agreed:
                return outside, {}
            raw = self._drawn()
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
            totals.add(sum(_size(i.shape) for i in real if i.role != "buffer" and i.tied is None))
        if not faults and len(outside) > MOST_REFUSED * (len(outside) + agreed):
            return outside, {}
        return faults, {"configs": agreed, "refused": len(outside), "distinct": len(totals)}

    def _given(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """The raw values of all fields, what is not said in a config among them."""
        missing = [held for part, held in self.absent.items() if raw.get(part) is None]
        return {**self.defaults, **{p: v for held in missing for p, v in held.items()}, **flat(raw)}

    def _guard(self, raws: Sequence[Mapping[str, Any]], kinds: dict[str, str], only: dict[str, list[Any]]) -> None:
        """Names that the class takes without declaring them, and that no accepted config varied, stay as they are."""
        for path in self.undeclared:
            held = {repr(raw.get(path)) for raw in raws}
            if path not in kinds and len(held) == 1:
                kinds[path], only[path] = kind_of(self.defaults.get(path)), [self.defaults.get(path)]

    def _missing(self, kept: Sequence[str]) -> dict[str, dict[str, Any]]:
        """What the fields that are kept are where a whole part is missing."""
        made = {part: {p: held[p] for p in kept if p in held} for part, held in self.absent.items()}
        return {part: held for part, held in made.items() if held}

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
        tests = Tests(held)
        envs = [tests.environment(values) for values in held]
        flags = flags_of(held)
        templates = Templates(seen)
        shared = self._shared(templates)
        cells = Learner(templates, envs, tests, flags).cells(shared.keys())
        parts = [one for cell in cells for one in (shared[cell] if isinstance(cell, str) else [written(cell)])]
        return self._entry(list(joined(iter(parts))), tests, seen)

    def _shared(self, templates: Templates) -> dict[str, list[dict[str, Any]]]:
        """What other classes of the type hold of the same."""
        found: dict[str, list[dict[str, Any]]] = {}
        for head in self.known.get("heads", ()):
            for prefix in dict.fromkeys((base_prefix(self.head), "", self.known["heads"][head]["base"])):
                for template, cells in Known(self.known, head, prefix).cells(templates).items():
                    found.setdefault(template, cells)
        return found

    def _entry(self, cells: Sequence[dict[str, Any]], tests: Tests, seen: Sequence[Observation]) -> dict[str, Any]:
        raws = [self._given(o.raw) for o in seen]
        raw_tests = Tests(raws)
        rules = Rules(seen, raws, [raw_tests.environment(r) for r in raws], raw_tests, flags_of(raws))
        table = {**self.known.get("tests", {}), **raw_tests.table, **tests.table}
        paths = paths_of((o.values for o in seen), raws)
        used = used_in([text for cell in cells for text in texts_of(cell)])
        used = with_products(used, table)
        ruled = {}
        for path in sorted(fields_of(used, table, paths)):
            rule = rules.of(path)
            if rule is not None:
                ruled[path] = rule
        used = with_products(used | used_in([t for rule in ruled.values() for t in texts_of_rule(rule)]), table)
        fields = sorted({*fields_of(used, table, paths), *(p for p in paths.values() if KEPT.search(p))})
        fields += sorted({*self.parts, *self.kept} - set(fields))
        kinds = {p: " ".join(sorted({kind_of(r.get(p)) for r in raws})) for p in fields}
        only = {
            p: _words({r[p] for r in raws if isinstance(r.get(p), str)}) for p in fields if "str" in kinds[p].split()
        }
        for path, default in self.kept.items():  # what the class makes of the default may as well be given
            only[path] = either([default], [o.values[path] for o in seen[:1] if o.values.get(path) is not None])
            kinds[path] = " ".join(sorted({*kinds[path].split(), *map(kind_of, only[path])}))
        self._guard(raws, kinds, only)
        fields = sorted(kinds)
        return {
            "schema": 1, "type": self.model_type,
            "aliases": {a: f for a, f in self.aliases.items() if f in fields},
            "fields": {p: self.defaults.get(p) for p in fields},
            "absent": self._missing(fields),
            **self.layouts,
            "kinds": kinds, "only": only,
            "tests": {n: t for n, t in table.items() if n in used},
            "rules": [[p, r] for p, r in ruled.items()],
            "heads": {self.head: {"base": base_prefix(self.head), "cells": cells}},
        }  # fmt: skip


def _words(seen: set[str]) -> list[str]:
    """The words that a field may be: those that were seen; of activations all that hold no parameters."""
    return sorted(seen | activations() if seen <= ACT2FN.keys() else seen)


@functools.cache
def activations() -> set[str]:
    """The names of activations whose module holds nothing."""
    with torch.device("meta"):
        return {name for name in ACT2FN if not ACT2FN[name].state_dict()}


def turns(*sources: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """One of each in turn, for as long as there are any."""
    waiting = list(sources)
    while waiting:
        for drawn in list(waiting):
            try:
                yield next(drawn)
            except StopIteration:
                waiting.remove(drawn)


def _sampled(model_type: str, head: str, rng: random.Random) -> Iterator[dict[str, Any]]:
    """Configs of the other sampler, which writes only what it changes."""
    try:
        sampler = Sampler(model_type, [head], rng)
    except (NotAccepted, NoEntry):
        return
    vain = 0
    while vain < MOST_VAIN:
        try:
            raw = sampler.raw(sampler.sample().changes)
        except NotAccepted:
            vain += 1
            continue
        vain = 0
        yield raw


def _size(shape: Sequence[int]) -> int:
    result = 1
    for n in shape:
        result *= n
    return result
