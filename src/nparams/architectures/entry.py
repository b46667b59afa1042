"""One entry of the catalogue: the fields of a model type, what its configuration class makes of them, and its heads."""

from __future__ import annotations

from nparams.architectures.refusals import unfit, unverified
from nparams.architectures.values import Known, fits_any
from nparams.errors import ReadError, UnsupportedError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from nparams.architectures.program import Program
    from nparams.architectures.reading import Reading
    from nparams.architectures.resolved import Resolved

SCHEMA = 1


class Head:
    """One class that a configuration may be of: the cells of tensors that it makes."""

    __slots__ = ("base", "cells", "kinds", "name", "only", "verified")

    def __init__(self, name: str, held: Mapping[str, Any]) -> None:
        self.name = name
        #: prefix of the base model's tensors, "" where it is the base model itself
        self.base: str = held.get("base", "")
        self.cells: list[dict[str, Any]] = held.get("cells", [])
        #: {"configs": how many it was compared on, ...}
        self.verified: dict[str, Any] = held.get("verified", {})
        #: field -> the words that it was verified with, where other classes of the type were with more
        self.only: dict[str, list[Any]] = held.get("only", {})
        #: field -> words for the kinds of values that it was verified with, where other classes were with more
        self.kinds: dict[str, str] = held.get("kinds", {})

    def check(self, made: Callable[[str], object], given: Callable[[str], object]) -> None:
        """Refuse a word, or a kind of value, that this class was not verified with; a field as the configuration class
        made it, and as it was given."""
        for field, told in self.kinds.items():
            if not fits_any(value := given(field), told.split()):
                raise unfit(self.name, field, value, told.split())
        for field, words in self.only.items():
            value = made(field)
            if isinstance(value, str | list) and not Known(words).has(value):
                raise unverified(self.name, field, value, words)

    def __repr__(self) -> str:
        return f"Head({self.name}: {len(self.cells)} cells)"


class Entry:
    """The catalogue's knowledge of a model type.

    >>> Entry.of({"schema": 1, "type": "tiny", "fields": {"n": 3}, "heads": {}}).resolve({"n": 5})["n"]
    5
    """

    __slots__ = (
        "_programs", "_reading", "absent", "aliases", "fields", "heads", "kinds", "made", "raw", "type", "without",
    )  # fmt: skip

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw
        self.type: str = raw["type"]
        #: versions of the libraries, a hash of their sources, a date
        self.made: dict[str, Any] = raw.get("made", {})
        self.aliases: dict[str, str] = raw.get("aliases", {})
        #: dotted path -> the value where a configuration has none
        self.fields: dict[str, Any] = raw["fields"]
        #: part -> the values of its fields where a configuration lacks the part altogether
        self.absent: dict[str, dict[str, Any]] = raw.get("absent", {})
        #: dotted path -> words for the kinds of values that were verified
        self.kinds: dict[str, str] = raw.get("kinds", {})
        self.heads = {name: Head(name, held) for name, held in raw["heads"].items()}
        #: classes that were tried and have no formula, and why
        self.without: dict[str, str] = raw.get("without", {})
        self._reading: Reading | None = None
        self._programs: dict[str, Program] = {}

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Entry:
        """The entry in a JSON object; ReadError where it is of another schema."""
        if raw.get("schema") != SCHEMA:
            raise ReadError(f"an entry of schema {raw.get('schema')!r}: this version reads {SCHEMA}")
        return cls(raw)

    @property
    def reading(self) -> Reading:
        """How configurations are read, made on first use."""
        if self._reading is None:
            from nparams.architectures.reading import Reading

            self._reading = Reading(self)
        return self._reading

    def resolve(self, config: Mapping[str, Any]) -> Resolved:
        """Every field that matters, with the rules of the configuration class applied.

        Raises UnsupportedError for a value that the entry was not verified for.
        """
        return self.reading.resolve(config)

    def value(self, config: Mapping[str, Any], field: str) -> object:
        """A field as the configuration has it, else its default; no rule is applied and nothing is refused."""
        found: object = config
        for part in field.split("."):
            found = found[part] if isinstance(found, dict) and part in found else self
        return self.default(config, field) if found is self else found

    def default(self, config: Mapping[str, Any], field: str) -> Any:
        """What a field is that a configuration has not: part of something that it lacks altogether, or not."""
        part = field.partition(".")[0]
        if part in self.absent and field in self.absent[part] and config.get(part) is None:
            return self.absent[part][field]
        return self.fields.get(field)

    def program(self, head: str) -> Program:
        """The cells of a head, compiled on first use; ReadError for a class that the entry does not have."""
        made = self._programs.get(head)
        if made is None:
            from nparams.architectures.program import Program

            if head not in self.heads:
                raise unknown_head(self, head)
            made = self._programs[head] = Program(self, self.heads[head])
        return made

    def __repr__(self) -> str:
        return f"Entry({self.type}: {', '.join(self.heads)})"


def unknown_head(entry: Entry, head: str) -> UnsupportedError:
    """A class that the entry does not have."""
    from nparams.architectures.refusals import TRY

    known = ", ".join(entry.heads) or "none"
    return UnsupportedError(f"{shown(head)} was not verified for {entry.type} (verified: {known}); {TRY}")
