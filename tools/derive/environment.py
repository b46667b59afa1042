"""Values of fields as values of symbols, and the symbols that are computed from fields: tests, lengths, fractions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from nparams.expr import parse
from tools.derive.tracking import LENGTH, MEMBER, OVER, UNDER, name_of

#: words that one field may be compared with
MOST_WORDS = 24
#: lengths of one list that are asked for
MOST_LENGTHS = 4
WORD = str.maketrans(dict.fromkeys(" -./:+&|,'()[]{}<>=!?*@#%^~`\"\\;$", "_"))


def test_name(path: str, word: str) -> str:
    """The symbol that is 1 where a field is a word."""
    return f"{name_of(path)}__is__{word.translate(WORD)}"


class Tests:
    """The symbols that are computed from fields, by what values the fields were seen with."""

    def __init__(self, values: Iterable[Mapping[str, Any]], texts: Collection[str] = ()) -> None:
        """`texts`: fields whose strings are read letter by letter, so that none is a word of its own."""
        self.texts = texts
        #: symbol -> [field, what is asked of it, ...]
        self.table: dict[str, list[str]] = {}
        seen: dict[str, list[Any]] = {}
        for held in values:
            for path, value in held.items():
                seen.setdefault(path, []).append(value)
        self.words: dict[str, list[str]] = {}
        #: symbol of a length -> the lengths that were seen
        self.lengths: dict[str, list[int]] = {}
        for path, found in seen.items():
            self._field(path, found)
        self._products(seen.keys())

    def _products(self, paths: Collection[str]) -> None:
        from tools.derive.times import TIMES

        for name, (path, size) in TIMES.items():
            if path in paths:
                self.table[name] = [path, "times", str(size)]

    def _field(self, path: str, found: list[Any]) -> None:
        name = name_of(path)
        if any(v is None for v in found) and any(v is not None for v in found):
            self.table[f"{name}__none"] = [path, "none"]
        if any(type(v) is list or type(v) is tuple for v in found):
            self.table[name + LENGTH] = [path, "len"]
            self.lengths[name + LENGTH] = sorted({len(v) for v in found if isinstance(v, (list, tuple))})[:MOST_LENGTHS]
            if any(type(n) is int for v in found if isinstance(v, (list, tuple)) for n in v):
                self.table[name + MEMBER] = [path, "has"]
            if any(type(v) in (int, str) for v in found):
                self.table[f"{name}__list"] = [path, "list"]
        if any(type(v) is float for v in found):
            self.table[name + OVER] = [path, "num"]
            self.table[name + UNDER] = [path, "den"]
        words = sorted({w for v in found for w in words_in(v)}) if path not in self.texts else []
        if 1 < len(words) <= MOST_WORDS or (words and not all(isinstance(v, str) for v in found)):
            self.words[path] = words
            for word in words[:MOST_WORDS]:
                self.table[test_name(path, word)] = [path, "is", word]
            if any(isinstance(v, (list, tuple)) for v in found):
                for word in words[:MOST_WORDS]:
                    self.table[test_name(path, word).replace("__is__", "__in__")] = [path, "in", word]

    def environment(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values of all symbols."""
        env: dict[str, Any] = {}
        for path, value in values.items():
            plain = _plain(value)
            if plain is not None:
                env[name_of(path)] = plain
            if isinstance(value, (list, tuple)):
                for k, entry in enumerate(value):
                    if isinstance(entry, (list, tuple)) and all(type(v) is int for v in entry):
                        env[f"{name_of(path)}__{k}_"] = list(entry)
        return with_tests(env, values, self.table)


def with_tests(env: dict[str, Any], values: Mapping[str, Any], table: Mapping[str, list[str]]) -> dict[str, Any]:
    """The environment with the symbols that are computed from fields; products with a float last, of the others."""
    from tools.derive.times import product

    for name, (path, kind, *rest) in table.items():
        found = asked(values.get(path), kind, *rest) if kind != "times" else None
        if found is not None:
            env[name] = found
    for name, (path, kind, *rest) in table.items():
        made = product(values.get(path), parse(rest[0]), env) if kind == "times" else None
        if made is not None:
            env[name] = made
    return env


def words_in(value: Any) -> list[str]:
    """The words that a value is, or that stand in it."""
    if isinstance(value, str):
        return [value]
    return [v for v in value if isinstance(v, str)] if isinstance(value, (list, tuple)) else []


def _plain(value: Any) -> int | list[int] | None:
    if isinstance(value, bool):
        return int(value)
    if type(value) is int:
        return value
    if isinstance(value, (list, tuple)) and all(type(v) in (int, bool) for v in value):
        return [int(v) for v in value]
    return None


def _members(value: Any) -> list[int] | None:
    """For each index whether it stands in a list."""
    if not isinstance(value, (list, tuple)):
        return None
    held = {n for n in value if type(n) is int and n >= 0}
    return [int(k in held) for k in range(max(held, default=-1) + 1)]


def split(text: Any, mark: str) -> list[str] | None:
    """A text as the list of the words between its marks, in small letters; None where it is no text.

    >>> split("P2C | c2p", "|")
    ['p2c', 'c2p']
    """
    return [word.strip() for word in text.lower().split(mark)] if isinstance(text, str) else None


def spelt(text: Any, table: Mapping[str, str]) -> list[str] | None:
    """The words of a text's letters; None where it is no text, or of other letters.

    >>> spelt("M*", {"M": "mamba", "*": "attention"})
    ['mamba', 'attention']
    """
    known = isinstance(text, str) and all(letter in table for letter in text)
    return [table[letter] for letter in text] if known else None


def asked(value: Any, kind: str, word: str = "") -> Any:
    """What a test says of a value; None where it has no answer."""
    if kind == "none":
        return int(value is None)
    if kind == "list":
        return int(isinstance(value, (list, tuple)))
    if kind == "has":
        return _members(value)
    if kind == "is":
        if isinstance(value, (list, tuple)):
            return [int(v == word) for v in value]
        return int(value == word)
    if kind == "in":
        return int(word in value) if isinstance(value, (list, tuple, str)) else None
    if kind == "len":
        return len(value) if isinstance(value, (list, tuple)) else None
    if type(value) is int:
        return value if kind == "num" else 1
    if type(value) is not float or value != value or value < 0 or value > 1e6:
        return None
    over, under = value.as_integer_ratio()
    return None if under > 1024 else over if kind == "num" else under
