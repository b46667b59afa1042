"""What each field is while some of them are symbols: a number, an expression, a list, or no number at all."""

from __future__ import annotations

from nparams.architectures.factors import TIMES, cut
from nparams.architectures.reading import renamed
from nparams.architectures.refusals import TRY
from nparams.architectures.rules import divided, spelt
from nparams.architectures.signs import SIGNS
from nparams.architectures.slots import read, symbol_of
from nparams.architectures.values import MISSING, look_up
from nparams.errors import ExprError, UnsupportedError
from nparams.expr import Expr, add, free_symbols, mul, substitute, symbol
from nparams.expr.nodes import FLAGS, build
from nparams.expr.walk import fold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

    from nparams.architectures.entry import Entry
    from nparams.expr import Size

#: stands for what has no number: a product with 0 is 0, and anything else that keeps it is refused
NOTHING = Expr("sym", (), "no number")
#: layers of a list that a closed form names one by one
MOST_NAMED = 64


class Each:
    """A list with an entry for each index: `of` in the index, or the first of `choices` whose condition holds."""

    __slots__ = ("choices", "count", "index", "of")

    def __init__(self, index: str, count: Size, of: Size | None, choices: list[tuple[Size, object]]) -> None:
        self.index = index
        self.count = count
        self.of = of
        self.choices = choices

    def at(self, index: Size) -> Size:
        """The entry at an index, where it is a number."""
        return NOTHING if self.of is None else substitute(self.of, {self.index: index})

    def numbers(self) -> list[int]:
        """The entries, where every one is a number; [] where one is not."""
        if self.of is None or not isinstance(self.count, int) or self.count > MOST_NAMED:
            return []
        found = [self.at(k) for k in range(self.count)]
        return [n for n in found if isinstance(n, int)] if all(isinstance(n, int) for n in found) else []

    def is_at(self, index: Size, wanted: object) -> Size:
        """1 where the entry at an index is `wanted`, else 0."""
        found: Size = 0
        rest: Size = 1
        for condition, value in self.choices:
            holds = substitute(condition, {self.index: index})
            if value == wanted:
                found = add(found, mul(rest, holds))
            rest = mul(rest, add(1, mul(-1, holds)))
        return found


class Listed:
    """The entries of a list as an indexed symbol: depths[i]."""

    __slots__ = ("length", "name")

    def __init__(self, name: str, length: int) -> None:
        self.name = name
        self.length = length


class Sight:
    """The fields of an entry, each as it is seen; `put` writes an expression of the entry in these terms."""

    def __init__(self, entry: Entry, values: dict[str, Any]) -> None:
        self.entry = entry
        self.values = values
        self.fields = {symbol_of(field): field for field in entry.fields}
        self.tests: dict[str, list[Any]] = entry.raw.get("tests", {})

    def put(self, size: Size, bound: Mapping[str, Size]) -> Size:
        """The expression; `bound` are indices and what they are."""

        def combine(node: Size, parts: list[Size]) -> Size:
            if isinstance(node, int):
                return node
            if node.op == "sym":
                name = str(node.label)
                return bound[name] if name in bound else self._name(name)
            if node.op == "idx":
                return self._entry(str(node.label), parts[0])
            if node.op == "sum":
                return self._sum(node, bound)
            if node.op == "mul" and 0 in parts:
                return 0
            if node.op in FLAGS and any("no number" in free_symbols(part) for part in parts):
                return 0  # a comparison of what has no value
            return build(node.op, tuple(parts), node.label)

        return fold(size, combine, into_sums=False)

    def holds(self, size: Size, bound: Mapping[str, Size]) -> Size:
        """The same for a condition: a flag without a value is 0."""
        return substitute(self.put(size, bound), {str(NOTHING.label): 0})

    def _sum(self, node: Expr, bound: Mapping[str, Size]) -> Size:
        first, last = (self.put(end, bound) for end in node.args[:2])
        index = str(node.label)
        if isinstance(first, int) and isinstance(last, int) and last - first < MOST_NAMED and _lists(node.args[2]):
            return add(0, *(self.put(node.args[2], {**bound, index: n}) for n in range(first, last + 1)))
        body = self.put(node.args[2], {**bound, index: Expr("sym", (), index)})
        return substitute(Expr("sum", (first, last, body), index), {})

    def _name(self, name: str) -> Size:
        if name in self.tests:
            return self._test(*_padded(self.tests[name]))
        return number(self.values[self.fields[name]]) if name in self.fields else _stranger(name)

    def _entry(self, name: str, index: Size) -> Size:
        if name in self.tests:
            return self._test(*_padded(self.tests[name]), index)
        for written in (f"{name}{index}", f"{name}_{index}"):
            if written in self.tests or written in self.fields:
                return self._name(written)
        held = self.values[self.fields[name]] if name in self.fields else self._nested(name)
        if isinstance(held, Listed):
            return Expr("idx", (index,), held.name)
        if isinstance(held, Each):
            return held.at(index)
        return _entry_of(self.fields.get(name, name), held, index)

    def _nested(self, name: str) -> object:
        """An entry of a list of lists."""
        base, _, number = name.removesuffix("_").rpartition("__")
        held = self.values[self.fields[base]] if base in self.fields and number.isdecimal() else _stranger(name)
        return held[int(number)] if isinstance(held, list) and int(number) < len(held) else None

    def _test(self, field: str, op: str, wanted: object, at: Size | None = None) -> Size:
        held = self.values[field]
        if op == TIMES:
            return _times(held, self.put(read(str(wanted)), {}))
        if isinstance(held, Each | Listed):
            return _of_list(held, op, wanted, at)
        if isinstance(held, Expr):
            return _of_number(held, op, wanted)
        if isinstance(held, list) and op == "is" and at is not None:
            return _entry_of(field, [int(type(x) is type(wanted) and x == wanted) for x in held], at)
        if isinstance(held, list) and op == "has" and at is not None:
            return _stands_in(held, at)
        found = SIGNS[op](held, wanted)
        return found if isinstance(found, int) else NOTHING


def _lists(size: Size) -> bool:
    """Whether an expression has entries of lists."""
    return isinstance(size, Expr) and (size.op == "idx" or any(map(_lists, size.args)))


def _times(factor: object, size: Size) -> Size:
    """int(factor*size): trunc(c*x) where the size is symbolic."""
    if "no number" in free_symbols(size) or isinstance(factor, bool):
        return NOTHING
    if isinstance(size, int):
        made = cut(factor, size) if not isinstance(factor, Expr) else mul(factor, size)
        return NOTHING if made is None else made
    if isinstance(factor, int | Expr):
        return mul(factor, size)
    return NOTHING if cut(factor, 1) is None else Expr("trunc", (size,), factor)  # type: ignore[arg-type]


def number(value: object) -> Size:
    """A value as a size; NOTHING where it is none."""
    if value is True or value is False:
        return int(value)
    return value if isinstance(value, int | Expr) else NOTHING


def _padded(told: list[Any]) -> tuple[str, str, object]:
    """A test: field, word and what it names."""
    return told[0], told[1], told[2] if len(told) > 2 else None


def _stranger(name: str) -> Any:
    raise ExprError(f"{name} is no field")


def _entry_of(field: str, held: object, index: Size) -> Size:
    if not isinstance(held, list) or not held:
        return NOTHING
    if not isinstance(index, int):
        raise UnsupportedError(f"{field} is a list of {len(held):,}, and how many layers there are is left open")
    if not 0 <= index < len(held):
        return NOTHING
    return number(held[index])


def _stands_in(held: list[Any], index: Size) -> Size:
    """1 where the index is one of the entries."""
    if isinstance(index, int):
        return int(any(type(each) is int and each == index for each in held))
    if len(held) > MOST_NAMED:
        raise UnsupportedError(f"a list of {len(held):,} layers, and how many there are is left open")
    return add(*(Expr("eq", (index, each)) for each in dict.fromkeys(held) if type(each) is int))


def _of_list(held: Each | Listed, op: str, wanted: object, at: Size | None) -> Size:
    if op == "len":
        return held.count if isinstance(held, Each) else held.length
    if op == "is" and isinstance(held, Each) and at is not None:
        return held.is_at(at, wanted)
    if op == "has":  # layer_idx in moe_layers
        raise UnsupportedError("which numbers stand in a list that is made of symbols has no closed form: give them")
    return {"none": 0, "list": 1}.get(op, NOTHING)


def _of_number(held: Expr, op: str, wanted: object) -> Size:
    """A test of a number that is not known."""
    if op == "is" and wanted is True:
        return held
    if op == "is" and wanted is False:
        return add(1, mul(-1, held))
    if op == "is" and isinstance(wanted, int):
        return Expr("eq", (held, wanted))
    found: dict[str, Size] = {"num": held, "den": 1, "none": 0, "is": 0, "list": 0}
    return found.get(op, NOTHING)


# -- which fields are symbols -----------------------------------------------------------------------------------------


def seen(entry: Entry, fixed: Mapping[str, Any] | None, free: Collection[str] | None) -> Sight:
    """The fields after the rules; UnsupportedError where a rule cannot be followed."""
    config, late = renamed(entry, fixed or {})
    raw: dict[str, Any] = {}
    for field in entry.fields:
        given = look_up(config, field)
        if field in free if free is not None else given is MISSING and is_open(entry, field):
            raw[field] = symbol(symbol_of(field))
            continue
        value = entry.default(config, field) if given is MISSING else entry.reading.fitting(field, given)
        raw[field] = Listed(symbol_of(field), len(value)) if _is_open_list(free, given, value) else value
    values = _ruled(entry, raw)
    values |= {field: entry.reading.fitting(field, value) for field, value in late.items() if field not in (free or ())}
    return Sight(entry, values)


def is_open(entry: Entry, field: str) -> bool:
    """Whether a field is a number or a flag where nothing says what it is: also one that a rule fills if it is null,
    or that plays no part if it is null, as the number of experts where a flag says that there are none."""
    default = entry.fields[field]
    if default is None:
        if "int" not in entry.kinds.get(field, "").split():
            return False
        asked = any(test[:2] == [field, "none"] for test in entry.raw.get("tests", {}).values())
        return not asked or any(rule[0] == field for rule in entry.raw.get("rules", ()))
    only = entry.raw.get("only", {}).get(field)
    return isinstance(default, int) and (only is None or len(only) > 1)


def _is_open_list(free: Collection[str] | None, given: object, value: object) -> bool:
    return free is None and given is MISSING and isinstance(value, list) and bool(value) and type(value[0]) is int


def _ruled(entry: Entry, raw: dict[str, Any]) -> dict[str, Any]:
    """The values after the rules of the configuration class."""
    sight, values = Sight(entry, raw), dict(raw)
    for field, cases in entry.raw.get("rules", ()):
        values[field] = _chosen(sight, field, cases, raw[field])
    return values


def _chosen(sight: Sight, field: str, cases: list[Any], rest: Any) -> Any:
    """What the cases of a rule make; where a condition is symbolic, both of two numbers."""
    if not cases:
        return rest
    holds = sight.holds(read(cases[0][0]), {})
    if holds == 0:
        return _chosen(sight, field, cases[1:], rest)
    made = _made(sight, cases[0][1], rest)
    if holds == 1:
        return made
    other = number(_chosen(sight, field, cases[1:], rest))
    if "no number" in free_symbols(other) | free_symbols(number(made)) | free_symbols(holds):
        raise UnsupportedError(f"{field} of {sight.entry.type} is no number in every case: give it a value; {TRY}")
    return add(mul(holds, number(made)), mul(add(1, mul(-1, holds)), other))


def _made(sight: Sight, case: Any, given: object) -> Any:
    if not isinstance(case, dict):
        return sight.put(read(case), {})
    if "split" in case:
        return divided(given, case["split"])
    if "letters" in case:
        return spelt(sight.values[case["from"]], case["letters"])
    if "each" not in case:
        return case["value"]
    index, count = case["each"]
    bound: dict[str, Size] = {index: Expr("sym", (), index)}
    of = sight.put(read(case["of"]), bound) if "of" in case else None
    every = [(sight.holds(read(condition), bound), value) for condition, value in case.get("choose", ())]
    choices = [(holds, value) for holds, value in every if holds != 0]
    if any(value is None for _, value in choices):
        return _partly(sight, sight.put(read(count), {}), index, choices, given)
    made = Each(index, sight.put(read(count), {}), of, choices)
    return made.numbers() or made


def _partly(sight: Sight, count: Size, index: str, choices: list[tuple[Size, object]], given: object) -> list[Any]:
    """A list that is given, with some of its entries replaced."""
    if not isinstance(count, int) or not isinstance(given, list) or count > len(given):
        raise UnsupportedError(f"a list of {sight.entry.type} is made of the one that is given: give it; {TRY}")
    made: list[Any] = []
    for k in range(count):
        held = [(substitute(condition, {index: k}), value) for condition, value in choices]
        if any(isinstance(holds, Expr) for holds, _ in held):
            raise UnsupportedError(
                f"a list of {sight.entry.type} has no closed form: give the fields it is made of; {TRY}"
            )
        word = next((value for holds, value in held if holds == 1), None)
        made.append(given[k] if word is None else word)
    return made
