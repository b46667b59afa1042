"""Why a configuration is not counted, in one line: what was given, what was verified, what to try."""

from __future__ import annotations

from nparams.architectures.slots import symbol_of
from nparams.errors import UnsupportedError, escaped, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nparams.architectures.entry import Entry
    from nparams.expr import Size

    #: symbol -> the field that it speaks of, and its value as text
    Told = Mapping[str, tuple[str, str]]

#: the conditions on the length of a list: no more, or no fewer, entries than were seen
LONGER = r"1 - \[(?:(\d+) < (\w+)__len|(\w+)__len < (\d+))\]"
TRY = "--with-library counts it where transformers is installed"
#: values that a message tells of
TOLD = 6

WORDS = {
    "int": "a whole number", "bool": "true or false", "str": "a text", "float": "a fraction", "none": "null",
    "ints": "a list of whole numbers", "strs": "a list of texts",
}  # fmt: skip


def told(value: object) -> str:
    """A value of a configuration as JSON writes it, cut short."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value) if abs(value) < 10**15 else brief_bits(value)
    if isinstance(value, str):
        return shown(value, 40)
    if isinstance(value, list | tuple):
        inside = ", ".join(told(each) for each in value[:3])
        return f"[{inside}{', ...' if len(value) > 3 else ''}]"
    return escaped(repr(value)[:40]) if isinstance(value, float) else f"an object ({type(value).__name__})"


def brief_bits(value: int) -> str:
    """A very long number, without writing it out."""
    from nparams.expr.arithmetic import brief

    return brief(value) if value.bit_length() < 4_000 else "a number of very many digits"


def unverified(kind: str, field: str, value: object, verified: Iterable[object]) -> UnsupportedError:
    """A field has a value that it was not verified for.

    >>> print(str(unverified("qwen3_moe", "decoder_sparse_step", 2, [1])).partition(";")[0])
    decoder_sparse_step = 2 was not verified for qwen3_moe (verified: 1)
    """
    held = list(verified)
    rest = ", ..." if len(held) > TOLD else ""
    known = ", ".join(told(each) for each in held[:TOLD]) + rest
    return UnsupportedError(f"{field} = {told(value)} was not verified for {kind} (verified: {known}); {TRY}")


def unfit(kind: str, field: str, value: object, words: Sequence[str]) -> UnsupportedError:
    """A field has a value of another kind than those that were verified."""
    wanted = " or ".join(WORDS.get(word, word) for word in words)
    return UnsupportedError(f"{field} = {told(value)} was not verified for {kind} (verified: {wanted}); {TRY}")


def outside(kind: str, field: str, value: int, low: int | None, high: int | None) -> UnsupportedError:
    """A number is out of the range that was verified."""
    least = "" if low is None else f"at least {low:,}"
    most = "" if high is None else f"at most {high:,}"
    known = " and ".join(part for part in (least, most) if part)
    return UnsupportedError(f"{field} = {told(value)} was not verified for {kind} (verified: {known}); {TRY}")


def broken(kind: str, condition: str, values: Told) -> UnsupportedError:
    """A condition does not hold under which the entry was verified."""
    from re import fullmatch

    from nparams.expr import parse, render

    size = parse(condition)
    long = fullmatch(LONGER, condition)
    if long is not None:
        most, field, other, least = long.groups()
        held = f"lists of at most {most}" if other is None else f"lists of at least {least}"
        name = (field or other).replace("__", ".")
        return UnsupportedError(f"{name} of that length was not verified for {kind} (verified: {held}); {TRY}")
    shown_as = render(size).removeprefix("[").removesuffix("]") if condition.count("[") == 1 else condition
    return UnsupportedError(f"{given(size, values)}: {kind} was verified where {shown_as} only; {TRY}")


def without_value(kind: str, size: Size, values: Told, why: object = None) -> UnsupportedError:
    """A size that the fields give no whole number, or none that a size can have."""
    from nparams.expr import render

    reason = f" ({why})" if why is not None and str(why) else ""
    return UnsupportedError(f"{given(size, values)}: {render(size)} gives no size for {kind}{reason}; {TRY}")


def unruled(kind: str, field: str, cases: Sequence[Size], values: Told, why: object) -> UnsupportedError:
    """A rule gives a field no value."""
    from nparams.expr import Expr

    about = given(Expr("add", tuple(cases)), values)
    return UnsupportedError(f"{about}: {field} of {kind} has no value ({why}); {TRY}")


def told_of(entry: Entry, values: Mapping[str, object]) -> Told:
    """The fields of an entry by the symbols that speak of them: their own, and those of the tests of them."""
    tests = {name: test[0] for name, test in entry.raw.get("tests", {}).items()}
    held = {field: (field, told(value)) for field, value in values.items()}
    return {symbol_of(field): held[field] for field in held} | {name: held[field] for name, field in tests.items()}


def given(size: Size, values: Told) -> str:
    """The fields that an expression speaks of, and what they are; `values` are by symbols."""
    from nparams.expr import free_symbols

    names = [*sorted(free_symbols(size)), *(str(each) for each in _numbered(size))]
    told_of = dict.fromkeys(values[name] for name in names if name in values)
    return ", ".join(f"{field} = {value}" for field, value in list(told_of)[:TOLD]) or str(size)


def _numbered(size: Size) -> Iterable[Size]:
    """Fields whose names end in a number, which expressions hold as entries."""
    from nparams.expr import indexed

    stack: list[Size] = [size]
    found: list[Size] = []
    while stack:
        node = stack.pop()
        if isinstance(node, int):
            continue
        if node.op == "idx" and isinstance(node.args[0], int):
            found.append(indexed(str(node.label), node.args[0]))
        stack.extend(node.args)
    return found
