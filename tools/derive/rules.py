"""What a config class makes of raw values: default rules such as head_dim = hidden_size // num_attention_heads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nparams.expr import Expr
from tools.derive import choice
from tools.derive.check import holds, ruled
from tools.derive.compiled import value
from tools.derive.environment import spelt, split
from tools.derive.errors import NoEntry
from tools.derive.indices import LETTERS, Mode, Site, generalised, modes
from tools.derive.observe import Observation
from tools.derive.questions import Question, Row, answered, candidates, conjunction, further, row

Rule = list[list[Any]]
#: what texts may be divided by into lists of words
SEPARATORS = "|,"
#: entries of a list that may be a constant
LONGEST = 8


class NoRule(NoEntry):
    """A field that the config class computes, and no rule for it."""

    def __init__(self, path: str) -> None:
        super().__init__(f"what the config class makes of {path} follows no rule that was found")
        self.path = path


class Rules:
    """Learns the rule of one field after another."""

    def __init__(
        self, observations: Sequence[Observation], raws: Sequence[Mapping[str, Any]], envs: Sequence[dict[str, Any]],
        tests: Any, flags: Sequence[str],
    ) -> None:  # fmt: skip
        self.observations = observations
        self.raws = raws
        self.envs = envs
        self.tests = tests
        self.flags = flags
        self.atoms = list(dict.fromkeys(a for o in observations for a in o.raw_atoms))
        #: rules that are tried first: path -> cases
        self.known: Mapping[str, Rule] = {}

    def of(self, path: str) -> Rule | None:
        """The rule of a field: None where the raw value stays; NoEntry where no rule is found."""
        rows = [k for k, o in enumerate(self.observations) if path in o.values]
        wanted = [self.observations[k].values[path] for k in rows]
        same = sum(1 << n for n, k in enumerate(rows) if _equal(self.raws[k].get(path), wanted[n]))
        if same == (1 << len(rows)) - 1:
            return None
        examples = [row(k, self.envs[k], ()) for k in rows]
        if self._is_known(path, examples, wanted):
            return list(self.known[path])
        options = [("same", same), *self._options(path, rows, examples)]
        tree, questions = self._tree([m for _, m in options], examples, 0)
        if tree is None:
            told = [same, *(same | mask for given, mask in options if isinstance(given, dict) and mask & ~same)]
            for known in dict.fromkeys(told[:3]):
                options += self._lists(path, rows, examples, known)
            tree, questions = self._tree([m for _, m in options], examples, 0)
        if tree is None:
            raise NoRule(path)
        return self._written(tree, options, questions)

    def _is_known(self, path: str, examples: Sequence[Row], wanted: Sequence[Any]) -> bool:
        """Whether a rule that is known makes what was seen."""
        for e, one in zip(examples, wanted, strict=True) if path in self.known else ():
            raw = {p: None for _, case in self.known[path] if isinstance(case, dict) for p in [case.get("from")]}
            raw |= self.raws[e.observation]
            case = next((what for when, what in self.known[path] if holds(when, e.env)), "same")
            made = raw.get(path) if case == "same" else ruled(case, e.env, {path: None, **raw}, path)
            if not _equal(made, one):
                return False
        return path in self.known

    def _tree(self, masks: list[int], rows: Sequence[Row], marks: int) -> tuple[choice.Tree | None, list[Question]]:
        everywhere = (1 << len(rows)) - 1
        tree = choice.learn(masks, [], everywhere)
        if tree is not None:
            return tree, []
        asked = candidates(self.atoms, self.tests, self.flags, marks)
        questions = answered(asked, rows)
        tree = choice.learn(masks, [q.mask for q in questions], everywhere, 6)
        if tree is None and marks:
            questions = answered([*asked, *further(rows, marks)], rows)
            tree = choice.learn(masks, [q.mask for q in questions], everywhere, 6)
        return tree, questions

    def _written(self, tree: choice.Tree, options: Sequence[tuple[Any, int]], questions: Sequence[Question]) -> Rule:
        rule: Rule = []
        for option, path in choice.leaves(tree):
            given = options[option][0]
            if given == "same":
                continue
            rule.append(["*".join(conjunction(questions, path)) or "1", given])
        return rule

    def _options(self, path: str, rows: Sequence[int], examples: Sequence[Row]) -> Iterator[tuple[Any, int]]:
        """Expressions that the class computed, constants, copies of other fields: each with the rows it is right in."""
        wanted = [self.observations[k].values[path] for k in rows]
        made = dict.fromkeys(
            m for k in rows if isinstance(m := self.observations[k].made.get(path), Expr) and "@" not in str(m)
        )
        for expr in made:
            mask = sum(1 << n for n, e in enumerate(examples) if value(expr, e.env) == wanted[n])
            if mask:
                yield str(expr), mask
        yield from self._lettered(rows, wanted)
        for mark in SEPARATORS:
            mask = sum(1 << n for n, k in enumerate(rows) if _equal(split(self.raws[k].get(path), mark), wanted[n]))
            if mask:
                yield {"split": mark}, mask
        for constant in _distinct(wanted)[:16]:
            yield {"value": constant}, sum(1 << n for n, w in enumerate(wanted) if _equal(w, constant))
        if all(type(w) in (int, bool) for w in wanted):
            names = dict.fromkeys(n for e in examples for n, v in e.env.items() if type(v) is int)
            for name in names:
                mask = sum(1 << n for n, e in enumerate(examples) if e.env.get(name) == int(wanted[n]))
                if mask.bit_count() > 3:
                    yield name, mask

    def _lettered(self, rows: Sequence[int], wanted: Sequence[Any]) -> Iterator[tuple[Any, int]]:
        """A list of words that is another field's text, letter by letter."""
        for path in dict.fromkeys(p for k in rows for p, v in self.raws[k].items() if isinstance(v, str)):
            said: dict[str, set[str]] = {}
            mask = 0
            for n, k in enumerate(rows):
                text = self.raws[k].get(path)
                if isinstance(text, str) and isinstance(wanted[n], list) and len(text) == len(wanted[n]) > 1:
                    mask |= 1 << n
                    for letter, word in zip(text, wanted[n], strict=True):
                        said.setdefault(letter, set()).add(word if isinstance(word, str) else "")
            table = {letter: min(words) for letter, words in sorted(said.items())}
            if mask and len(table) > 1 and all(len(words) == 1 and "" not in words for words in said.values()):
                yield {"letters": table, "from": path}, self._spelt(table, path, rows, wanted)

    def _spelt(self, table: Mapping[str, str], path: str, rows: Sequence[int], wanted: Sequence[Any]) -> int:
        made = [spelt(self.raws[k].get(path), table) for k in rows]
        return sum(1 << n for n, words in enumerate(made) if words is not None and _equal(words, wanted[n]))

    # -- lists --

    def _lists(self, path: str, rows: Sequence[int], examples: Sequence[Row], known: int) -> Iterator[tuple[Any, int]]:
        """A list that the class makes entry by entry, in all rows but those that are known."""
        made = [n for n in range(len(rows)) if not known >> n & 1]
        lists = {n: self.observations[rows[n]].values[path] for n in made}
        if not all(isinstance(v, (list, tuple)) for v in lists.values()):
            return
        count = self._length({n: len(v) for n, v in lists.items()}, examples)
        entries = [(n, i, v) for n, held in lists.items() for i, v in enumerate(held)]
        inside = [row(rows[n], examples[n].env, (i,)) for n, i, _ in entries]
        options = list(self._entries(path, rows, entries, inside))
        tree, questions = self._tree([m for _, m in options], inside, 1)
        if tree is None or count is None:
            return
        chosen = [["*".join(conjunction(questions, p)) or "1", options[k][0]] for k, p in choice.leaves(tree)]
        what: dict[str, Any] = {"each": [LETTERS[0], count]}
        if all(kind == "word" for _, (kind, _) in chosen):
            what["choose"] = [[when, word] for when, (_, word) in chosen]
        elif all(kind == "size" for _, (kind, _) in chosen):
            what["of"] = " + ".join(f"{when}*({size})" for when, (_, size) in chosen)
        else:
            return
        given = [self.raws[k].get(path) for k in rows]
        values = [ruled(what, e.env, {path: g}, path) for e, g in zip(examples, given, strict=True)]
        yield what, sum(1 << n for n, k in enumerate(rows) if _equal(values[n], self.observations[k].values[path]))

    def _length(self, lengths: Mapping[int, int], examples: Sequence[Row]) -> str | None:
        names = dict.fromkeys(n for e in examples for n, v in e.env.items() if type(v) is int)
        for name in names:
            if all(examples[n].env.get(name) == length for n, length in lengths.items()):
                return name
        pool = dict.fromkeys(e for o in self.observations[:6] for e in o.raw_pool if "@" not in str(e))
        for expr in pool:
            if all(value(expr, examples[n].env) == length for n, length in lengths.items()):
                return str(expr)
        return str(next(iter(lengths.values()))) if len(set(lengths.values())) == 1 else None

    def _entries(
        self, path: str, rows: Sequence[int], entries: Sequence[tuple[int, int, Any]], inside: Sequence[Row]
    ) -> Iterator[tuple[tuple[str, Any], int]]:
        own = sum(
            1 << k for k, (n, i, v) in enumerate(entries) if _equal(_entry_at(self.raws[rows[n]].get(path), i), v)
        )
        if own and all(isinstance(v, str) for *_, v in entries):
            yield ("word", None), own
        words = _distinct([v for *_, v in entries])
        for word in words[:16]:
            mask = sum(1 << k for k, (*_, v) in enumerate(entries) if _equal(v, word))
            yield (("word", word) if isinstance(word, str) else ("size", str(int(word)))), mask
        made: dict[Any, None] = {}
        for k, (n, i, _) in enumerate(entries):
            computed = self.observations[rows[n]].made.get(path)
            if isinstance(computed, list) and i < len(computed) and isinstance(computed[i], Expr):
                lengths = {x: len(v) for x, v in inside[k].env.items() if isinstance(v, list)}
                for mode in (Mode("at", 0), Mode("literal")) if modes(1) else ():
                    made.setdefault(generalised(computed[i], Site((i,), lengths), mode))
        for expr in list(made)[:40]:
            mask = sum(1 << k for k, (*_, v) in enumerate(entries) if value(expr, inside[k].env) == v)
            if mask:
                yield ("size", str(expr)), mask


def _entry_at(held: Any, i: int) -> Any:
    return held[i] if isinstance(held, (list, tuple)) and i < len(held) else None


def _equal(a: Any, b: Any) -> bool:
    """The same value of the same kind (a list and a tuple are one kind, so are the dtype words)."""
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(_equal, a, b))
    return type(a) is type(b) and bool(a == b)


def _distinct(values: Sequence[Any]) -> list[Any]:
    found: list[Any] = []
    for v in values:
        short = isinstance(v, (list, tuple)) and len(v) <= LONGEST
        plain = isinstance(v, (bool, int, float, str)) or v is None or short
        if plain and not any(_equal(v, f) for f in found):
            found.append(v)
    return found
