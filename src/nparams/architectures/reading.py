"""A configuration's fields as slots: aliases, nested parts, defaults, kinds, rules, tests and guards of an entry."""

from __future__ import annotations

from nparams.architectures.closures import WORK, guarded
from nparams.architectures.factors import TIMES, Factor
from nparams.architectures.refusals import WORDS, broken, outside, told_of, unfit, unruled, unverified, without_value
from nparams.architectures.resolved import Resolved
from nparams.architectures.rules import Rule
from nparams.architectures.signs import SIGNS
from nparams.architectures.slots import Table, read, symbol_of
from nparams.architectures.values import (
    LEAST,
    MAX_ENTRIES,
    MISSING,
    MOST,
    TYPES,
    Known,
    fits,
    kind_of,
    look_up,
    slot_value,
    with_value,
)
from nparams.errors import ExprError, UnsupportedError, shown
from nparams.expr.arithmetic import Work

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from nparams.architectures.closures import Slots
    from nparams.architectures.entry import Entry
    from nparams.architectures.refusals import Told
    from nparams.architectures.signs import Sign

    #: the slot of a test, what it asks of its field's value and what it names
    Test = tuple[int, Sign, object]
    #: a field's place, its slot, the kinds of values that were verified, and the tests of it
    Field = tuple[int, int, frozenset[type], list[Test]]
    #: a field's place, what a file says that it is, and the refusal if the class makes something else of it
    Said = tuple[int, object, UnsupportedError]


class Reading:
    """How the configurations of one entry are read: made once, used for each."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.table = Table(self.nested)
        self.places = {field: k for k, field in enumerate(entry.fields)}
        self.words = {field: _words(entry, field) for field in entry.fields}
        self.defaults = list(entry.fields.values())
        self.slot_of = {field: self.table.add(symbol_of(field)) for field in entry.fields}
        #: for each place the tests of its field
        self.tests: list[list[Test]] = [[] for _ in self.places]
        self.factors: list[Factor] = []
        self._add_tests(entry.raw.get("tests", {}))
        self.groups = self._groups()
        self.rules = [Rule(field, cases, self) for field, cases in entry.raw.get("rules", ())]
        #: fields that the class fills: a file may say what it makes of them
        self.made = {rule.field for rule in self.rules}
        #: the places of fields with few verified values, and these
        self.only = [(self.places[field], field, Known(values)) for field, values in entry.raw.get("only", {}).items()]
        #: parts that may be missing altogether, and what their fields are then
        self.absent = [(part, self._given(held)) for part, held in entry.absent.items()]
        self.bounds = list(entry.raw.get("bounds", {}).items())
        self.where = [(text, guarded(read(text), self.table)) for text in entry.raw.get("where", ())]
        self.template = self._template()

    def _groups(self) -> list[tuple[tuple[str, ...], dict[str, Field]]]:
        """The fields by the part of the configuration that they stand in."""
        found: dict[tuple[str, ...], dict[str, Field]] = {}
        for field, k in self.places.items():
            *above, name = field.split(".")
            kinds = frozenset(TYPES[word] for word in self.words[field])
            found.setdefault(tuple(above), {})[name] = (k, self.slot_of[field], kinds, self.tests[k])
        return list(found.items())

    def _given(self, held: Mapping[str, Any]) -> list[tuple[int, int, Any]]:
        """Places and slots of fields, with their values."""
        return [(self.places[field], self.slot_of[field], value) for field, value in held.items()]

    def _add_tests(self, tests: Mapping[str, Sequence[Any]]) -> None:
        """A slot for each test, so that all of them are known before an expression is read."""
        slots = {name: self.table.add(name) for name in tests}
        for name, (field, op, *wanted) in tests.items():
            place = self.places[field]
            if op == TIMES:
                self.factors.append(Factor(slots[name], place, wanted[0], self.table))
            else:
                self.tests[place].append((slots[name], SIGNS[op], wanted[0] if wanted else None))

    def _template(self) -> Slots:
        """The slots of a configuration that says nothing."""
        slots: Slots = [Work(), *[None] * (self.table.size - 1)]
        values = self.defaults[:]
        for field, k in self.places.items():
            self._put(k, self.slot_of[field], self.defaults[k], values, slots)
        return slots

    # -- one configuration ----------------------------------------------------------------------------------------

    def resolve(self, config: Mapping[str, Any]) -> Resolved:
        """Its fields; UnsupportedError for a value that the entry was not verified for."""
        if len(self.template) < self.table.size:  # more was compiled since
            self.template = self._template()
        slots = self.template[:]
        slots[WORK] = Work()
        raw = self.defaults[:]
        config, late = renamed(self.entry, config) if self.entry.aliases else (config, None)
        for part, held in self.absent:
            if config.get(part) is None:
                for k, slot, value in held:
                    self._put(k, slot, value, raw, slots)
        said: list[Said] = []
        for above, fields in self.groups:
            said += self._take(self._part(config, above) if above else config, above, fields, raw, slots)
        self._check_known(raw)
        for factor in self.factors:  # rules see what the file has
            factor.put(raw, slots)
        values = self._ruled(raw, slots) if self.rules else raw
        for k, value, refusal in said:
            if type(values[k]) is not type(value) or values[k] != value:
                raise refusal
        if late:
            values = self._late(late, values, slots)
        for factor in self.factors:
            factor.put(values, slots)
        self._guard(values, slots)
        return Resolved(self.places, raw, values, slots)

    def _take(
        self, part: Mapping[str, Any], above: tuple[str, ...], fields: dict[str, Field], raw: list[Any], slots: Slots
    ) -> list[Said]:
        """Put what one part of a configuration has into its places; what no draw had there is returned, if the class
        makes it of other fields: it is nothing new where that is what the class makes."""
        said: list[Said] = []
        for name, value in part.items():
            if name not in fields:
                continue
            k, slot, kinds, tests = fields[name]
            kind = value.__class__
            if kind is int and int in kinds and LEAST <= value < MOST:
                slots[slot] = value
            elif kind is bool and bool in kinds:
                slots[slot] = 1 if value else 0
            else:
                try:
                    value = self.fitting(field := ".".join((*above, name)), value)
                except UnsupportedError as refusal:
                    if field not in self.made:
                        raise
                    said.append((k, value, refusal))
                    continue
                slots[slot] = slot_value(value)
            raw[k] = value
            for seat, sign, wanted in tests:
                slots[seat] = sign(value, wanted)
        return said

    def fitting(self, field: str, value: Any) -> Any:
        """The value if it is of a kind that was verified; UnsupportedError otherwise."""
        words = self.words[field]
        if type(value) is int and LEAST <= value < MOST:
            if "int" in words:
                return value
            if "float" in words and abs(value) < 1 << 53:  # 4 for 4.0
                return float(value)
        elif isinstance(value, list | tuple) and len(value) <= MAX_ENTRIES:
            held = list(value)
            if any(fits(held, word) for word in words):
                return held
        elif type(value) is not int and any(TYPES[word] is type(value) for word in words):
            return value
        raise unfit(self.entry.type, field, value, words)

    def _part(self, config: Mapping[str, Any], above: tuple[str, ...]) -> Mapping[str, Any]:
        """A part of a configuration by its path; an empty one where there is none."""
        found: Any = config
        for k, name in enumerate(above):
            found = found.get(name)
            if found is None:
                return {}
            if not isinstance(found, dict):
                raise unfit(self.entry.type, ".".join(above[: k + 1]), found, ["an object"])
        return found  # type: ignore[no-any-return]

    def nested(self, name: str) -> int | None:
        """The slot of an entry of a list of lists: field__2_ is the third."""
        base, _, number = name.removesuffix("_").rpartition("__")
        field = next((field for field in self.places if symbol_of(field) == base), None)
        if field is None or not name.endswith("_") or not number.isdecimal():
            return None
        slot = self.table.fresh()
        self.tests[self.places[field]].append((slot, _nested, int(number)))
        return slot

    def _ruled(self, raw: list[Any], slots: Slots) -> list[Any]:
        """The values after the rules of the configuration class, and the slots brought up to them."""
        found = [(rule, value) for rule in self.rules if (value := self._rule(rule, slots, raw)) is not MISSING]
        if not found:
            return raw
        values = raw[:]
        for rule, value in found:
            self._put(rule.place, rule.slot, value, values, slots)
        return values

    def _put(self, place: int, slot: int, value: Any, values: list[Any], slots: Slots) -> None:
        """Give a field another value, and bring the tests of it up to that."""
        values[place] = value
        slots[slot] = slot_value(value)
        for seat, sign, wanted in self.tests[place]:
            slots[seat] = sign(value, wanted)

    def _late(self, late: Mapping[str, Any], raw: list[Any], slots: Slots) -> list[Any]:
        """What stands under another name is set once the class has done its own: no rule has seen it."""
        values = raw[:]
        for field, value in late.items():
            self._put(self.places[field], self.slot_of[field], self.fitting(field, value), values, slots)
        self._check_known(values)
        return values

    def _check_known(self, values: list[Any]) -> None:
        for place, field, known in self.only:
            if (value := values[place]) is not None and not known.has(value):
                raise unverified(self.entry.type, field, value, known.values)

    def _rule(self, rule: Rule, slots: Slots, raw: list[Any]) -> Any:
        try:
            return rule.value(slots, raw)
        except TypeError:  # made of something that has no value
            return None
        except ExprError as error:
            raise unruled(self.entry.type, rule.field, rule.texts, self.named(raw), error) from None

    def _guard(self, values: list[Any], slots: Slots) -> None:
        """Refuse what is outside the domain that was verified."""
        for field, (low, high) in self.bounds:
            value = values[self.places[field]]
            if type(value) is int and ((low is not None and value < low) or (high is not None and value > high)):
                raise outside(self.entry.type, field, value, low, high)
        for text, guard in self.where:
            try:
                holds = guard(slots)
            except ExprError:
                holds = 0
            if holds != 1:
                raise broken(self.entry.type, text, self.named(values))

    def named(self, values: list[Any]) -> Told:
        """Fields with their values by the symbols that speak of them, for a message."""
        return told_of(self.entry, dict(zip(self.places, values, strict=True)))

    def no_size(self, text: str, values: list[Any], why: object = None) -> UnsupportedError:
        """The refusal of an expression that these values give no size."""
        return without_value(self.entry.type, read(text), self.named(values), why)


def _words(entry: Entry, field: str) -> list[str]:
    told = entry.kinds.get(field)
    if told is None:
        return [kind_of(entry.fields[field])]
    if unknown := [word for word in told.split() if word not in TYPES]:
        raise ExprError(f"{shown(unknown[0])} is no kind of value: there are {', '.join(WORDS)}")
    return told.split()


def _nested(value: object, k: Any) -> object:
    """An entry of a list of lists."""
    return slot_value(value[k]) if isinstance(value, list) and k < len(value) else None


def renamed(entry: Entry, config: Mapping[str, Any]) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """The configuration with other names of its parts put right, and the fields that stand under another name.

    The library takes those in last: PreTrainedConfig.__post_init__ sets what is left of its arguments by attribute_map
    (huggingface/transformers src/transformers/configuration_utils.py), after the class has filled its own fields.
    """
    late: dict[str, Any] = {}
    for alias, field in entry.aliases.items():
        if alias not in config and "." not in alias:
            continue
        value = look_up(config, alias)
        if value is MISSING:
            continue
        known = look_up(config, field)
        if known is MISSING and field in entry.fields:
            late[field] = value
        elif known is MISSING:
            config = with_value(config, field.split("."), value)
        elif known != value:
            raise UnsupportedError(f"{alias} and {field} are one setting of {entry.type}, and differ here")
    return config, late
