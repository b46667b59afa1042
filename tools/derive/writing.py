"""What was learnt of one class as a catalogue entry: fields, kinds and words, tests, conditions, rules, cells."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import torch
from transformers.activations import ACT2FN

from tools.derive.check import kind_of
from tools.derive.depths import MAIN, is_some
from tools.derive.environment import Tests, words_in
from tools.derive.merge import either
from tools.derive.observe import Observation
from tools.derive.rules import NoRule, Rule, Rules
from tools.derive.sentences import (
    entries_named,
    fields_of,
    paths_of,
    texts_of,
    texts_of_rule,
    used_in,
    with_products,
)
from tools.derive.settings import Facts, base_prefix
from tools.derive.tensors import flags_of
from tools.derive.tracking import LENGTH

#: fields that are kept although no shape needs them: how many experts a token uses, and what is tied
KEPT = re.compile(
    r"(^|\.)(tie_word_embeddings|num_experts_per_tok(en)?|(moe_)?top_?k|top_k_experts|moe_k|num_selected_experts|expert_top_k)$"
)
Raws = Sequence[Mapping[str, Any]]


class Writer:
    """Writes the entry of one class; `known`: tests and rules of others, `kept`: fields at their defaults,
    `drawn`: all configs."""

    def __init__(
        self, facts: Facts, head: str, known: Mapping[str, Any], kept: Mapping[str, Any], drawn: Raws = ()
    ) -> None:
        self.facts = facts
        self.head = head
        self.known = known
        self.kept = kept
        self.drawn = drawn

    def entry(self, cells: Sequence[dict[str, Any]], tests: Tests, seen: Sequence[Observation]) -> dict[str, Any]:
        """The entry of these cells; NoRule where what the config class makes of a field in it follows none."""
        raws = [self.facts.given(o.raw) for o in seen]
        raw_tests = Tests(raws, self.facts.lettered)
        table = {**self.known.get("tests", {}), **raw_tests.table, **tests.table}
        raw_tests.table = table
        paths = paths_of((o.values for o in seen), raws)
        texts = [text for cell in cells for text in texts_of(cell)]
        where = [*_lengths(texts, paths, seen), *_some(used_in(texts), paths)]
        used = with_products(used_in([*texts, *where]), table)
        rules = self._rules(sorted(fields_of(used, table, paths)), raws, raw_tests, seen)
        used = with_products(used | used_in([t for rule in rules.values() for t in texts_of_rule(rule)]), table)
        sources = _sources(rules)
        shaping = {*fields_of(used, table, paths), *(p for p in paths.values() if KEPT.search(p)), *sources}
        kinds, only = self._held(shaping | {*self.facts.parts, *self.kept}, sources, raws, seen)
        spelled = self._spelled(only.keys() - rules.keys() - shaping, raws, raw_tests, seen)
        for path, rule in spelled.items():
            names = with_products(used_in(texts_of_rule(rule)), table)
            if fields_of(names, table, paths) <= kinds.keys():
                rules[path] = rule
                used |= names
        fields = sorted(kinds)
        return {
            "schema": 1, "type": self.facts.model_type,
            "aliases": {a: f for a, f in self.facts.aliases.items() if f in fields},
            "fields": {p: self.facts.defaults.get(p) for p in fields},
            "absent": self._missing(fields),
            **self.facts.layouts,
            "kinds": kinds, "only": only,
            "tests": {n: t for n, t in table.items() if n in used},
            "where": where,
            "rules": [[p, r] for p, r in rules.items()],
            "heads": {self.head: {"base": base_prefix(self.head), "cells": cells}},
        }  # fmt: skip

    def _rules(self, fields: Sequence[str], raws: Raws, tests: Tests, seen: Sequence[Observation]) -> dict[str, Rule]:
        """The rules of the fields that the config class makes something of."""
        rules = Rules(seen, raws, [tests.environment(raw) for raw in raws], tests, flags_of(raws))
        rules.known = self.known.get("rules", {})
        found = {path: rules.of(path) for path in fields}
        return {path: rule for path, rule in found.items() if rule is not None}

    def _spelled(
        self, fields: Collection[str], raws: Raws, tests: Tests, seen: Sequence[Observation]
    ) -> dict[str, Rule]:
        """Rules of fields that no config varied and the class fills, of fields that are known: files spell them out."""
        found: dict[str, Rule] = {}
        for path in sorted(fields):
            try:
                found |= self._rules([path], raws, tests, seen)
            except NoRule:
                continue
        return found

    def _held(
        self, fields: Collection[str], sources: Collection[str], raws: Raws, seen: Sequence[Observation]
    ) -> tuple[dict[str, str], dict[str, list[Any]]]:
        """What each field may be: of which kinds, and which words (`sources` are texts of any letters)."""
        kinds = {p: " ".join(sorted({kind_of(r.get(p)) for r in raws})) for p in fields}
        worded = [p for p in fields if {"str", "strs"} & {*kinds[p].split()} and p not in sources]
        only = {p: _words({word for r in raws for word in words_in(r.get(p))}) for p in worded}
        for path, default in self.kept.items():  # what the class makes of the default may as well be given
            only[path] = either([default], made_of(path, seen))
            kinds[path] = " ".join(sorted({*kinds[path].split(), *map(kind_of, only[path])}))
        every = [*raws, *map(self.facts.given, self.drawn)]
        for path, value in unvaried(self.facts.shaping, every).items():
            if path not in kinds and path not in self.facts.absent:  # a part is no field
                only[path] = either([value], made_of(path, seen))
                kinds[path] = " ".join(sorted({*map(kind_of, only[path])}))
        return kinds, only

    def _missing(self, fields: Collection[str]) -> dict[str, dict[str, Any]]:
        """What the fields of the entry are where a whole part is missing."""
        made = {part: {p: held[p] for p in fields if p in held} for part, held in self.facts.absent.items()}
        return {part: held for part, held in made.items() if held}


def made_of(path: str, seen: Sequence[Observation]) -> list[Any]:
    """What the config class makes of a field that is always the same."""
    return [o.values[path] for o in seen[:1] if o.values.get(path) is not None]


def unvaried(paths: Sequence[str], raws: Raws) -> dict[str, Any]:
    """The fields that no accepted config varied, with their values: of others nothing is known.

    >>> unvaried(["n", "m"], [{"n": 1, "m": 2}, {"n": 3, "m": 2}])
    {'m': 2}
    """
    return {path: raws[0].get(path) for path in paths if len({repr(raw.get(path)) for raw in raws}) == 1}


def _lengths(texts: Sequence[str], paths: Mapping[str, str], seen: Sequence[Observation]) -> list[str]:
    """Conditions that lists whose entries are named by their numbers are as long as those that were seen."""
    found = []
    for name in sorted(entries_named(texts) & paths.keys()):
        values = [o.values.get(paths[name]) for o in seen]
        held = [len(v) for v in values if isinstance(v, (list, tuple))]
        if held:
            found += [f"1 - [{max(held)} < {name}{LENGTH}]", f"1 - [{name}{LENGTH} < {min(held)}]"]
    return found


def _some(used: Collection[str], paths: Mapping[str, str]) -> list[str]:
    """Conditions that no more layers are of a kind than there are: library classes take such numbers, and go wrong.

    >>> _some(["num_kv_shared_layers"], {"num_kv_shared_layers": "num_kv_shared_layers", "n_layer": "n_layer"})
    ['1 - [n_layer < num_kv_shared_layers]']
    """
    names = {path: name for name, path in paths.items()}
    found = []
    for some in sorted(name for name in used if name in paths and is_some(paths[name].rpartition(".")[2])):
        part, dot, _ = paths[some].rpartition(".")
        mains = [names[f"{part}{dot}{word}"] for word in MAIN if f"{part}{dot}{word}" in names]
        found += [f"1 - [{main} < {some}]" for main in mains[:1]]
    return found


def _sources(rules: Mapping[str, Rule]) -> set[str]:
    """The fields whose texts other fields are made of."""
    cases = [case for rule in rules.values() for _, case in rule if isinstance(case, dict)]
    return {case["from"] for case in cases if "from" in case}


def _words(seen: set[str]) -> list[str]:
    """The words that a field may be: those that were seen; of activations all that hold no parameters."""
    return sorted(seen | activations() if seen <= ACT2FN.keys() else seen)


@functools.cache
def activations() -> set[str]:
    """The names of activations whose module holds nothing."""
    with torch.device("meta"):
        return {name for name in ACT2FN if not ACT2FN[name].state_dict()}
