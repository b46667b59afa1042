"""A formula against a network's own: which terms are missing, which are too many, and to which layer they belong."""

from __future__ import annotations

import re

from nparams.analyses._text import Style, listed
from nparams.errors import ExprError, UsageError, shown
from nparams.expr import Expr, add, compare, free_symbols, mul, parse, render, substitute
from nparams.expr.poly import Canonical

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.analyses._terms import Case
    from nparams.expr import Size
    from nparams.network import Network

    #: "term": an expression, or the text of a product in numbers; "layers": names
    Row = dict[str, Any]

#: characters of a formula
MAX_LENGTH = 50_000
#: terms that a text shows
TERMS = 20
#: a number as people say it: 110M, ~13 thousand
ROUNDED = re.compile(r"[~≈] ?[\d.,]{1,30}|[~≈]? ?[\d.,]{1,30} ?(?:[KMBTkmbt]|thousand|million|billion)")
#: digits in groups: 13 002
GROUPS = re.compile(r"\d{1,3}(?:[ '\u00a0\u2009\u202f]\d{3})+")


class Formula:
    """What a formula lacks and what it has too much, as sentences and as rows."""

    __slots__ = ("differs", "extra", "lines", "missing")

    def __init__(self) -> None:
        self.missing: list[Row] = []
        self.extra: list[Row] = []
        self.lines: list[str] = []
        #: whether terms could be named
        self.differs = False


def formula_of(number: int | str | Expr, network: Network) -> Size:
    """The number or formula that was given; UsageError where it cannot be compared with the network's total.

    >>> from nparams.network import Network
    >>> formula_of("13_002", Network(tensors=())), formula_of("784*16 + 16", Network(tensors=()))
    (13002, 12560)
    """
    if isinstance(number, str) and isinstance(network.totals.known, int) and ROUNDED.fullmatch(number.strip()):
        raise UsageError(
            f"{shown(number)} is rounded, and only an exact number shows a mistake: write all digits, such as 12,960"
        )
    size = parsed(number) if isinstance(number, str) else number
    total = network.totals.known
    if isinstance(size, Expr) and isinstance(total, int):
        told = ", ".join(sorted(free_symbols(size))[:6])
        raise UsageError(
            f"the formula has {told}, but the network's sizes are numbers; write both in numbers, or the network in "
            "symbols too: h0-h1-h2"
        )
    if isinstance(size, int) and isinstance(total, Expr):
        raise UsageError(
            f"the network's total is {_cut(str(total))}: give its symbols numbers with --set, or a formula"
        )
    return size


def parsed(text: str) -> Size:
    """A whole number (13,002 or 13_002) or an expression; UsageError with the reason otherwise."""
    if len(text) > MAX_LENGTH:
        raise UsageError(f"a formula of {len(text):,} characters: at most {MAX_LENGTH:,}")
    plain_text = text.strip().replace(",", "").replace("_", "")
    if GROUPS.fullmatch(plain_text):
        plain_text = re.sub(r"\D", "", plain_text)
    if plain_text.isascii() and plain_text.isdigit() and len(plain_text) <= 4_000:
        return int(plain_text)
    try:
        return substitute(parse(text), {})
    except ExprError as error:
        raise UsageError(f"{shown(text)} is neither a whole number nor a formula: {error}") from None


def _cut(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:76]} ..."


def against(case: Case, number: str | Expr, style: Style) -> Formula | None:
    """The formula's terms against the network's: as polynomials in symbols, as written in numbers."""
    try:
        given = parse(number) if isinstance(number, str) else number
    except ExprError:
        return None
    if isinstance(case.total, Expr):
        return _in_symbols(case, given, style)
    return _in_numbers(case, given, style) if isinstance(given, Expr) else None


def _in_symbols(case: Case, given: Size, style: Style) -> Formula | None:
    found = Formula()
    table = Canonical(case.network.lower)
    try:
        apart = table.canonical(add(case.total, mul(-1, given)))
        where = _places(case, table)
    except ExprError:
        return _unproved(case, given)
    for monomial, coefficient in apart.items():
        size = table.expr({monomial: abs(coefficient)})
        row = {"term": size, "layers": where.get(monomial, [])}
        (found.missing if coefficient > 0 else found.extra).append(row)
    found.differs = True
    _tell(found, style)
    return found


def _places(case: Case, table: Canonical) -> dict[object, list[str]]:
    """For each product which layers hold it."""
    where: dict[object, list[str]] = {}
    for i in case.held:
        unit = case.units[i]
        for monomial in table.canonical(unit.size):
            where.setdefault(monomial, []).append(unit.name)
    return where


def _unproved(case: Case, given: Size) -> Formula:
    """Too much to multiply out: numbers are tried."""
    found = Formula()
    verdict = compare(case.total, given, case.network.lower)
    if verdict.answer == "different":
        values = ", ".join(f"{name} = {value}" for name, value in verdict.witness.items())
        found.lines.append(f"The two differ, for example at {values}.")
        found.differs = True
    elif verdict.points:
        found.lines.append(
            f"The two agree at the {verdict.points} points that were tried; that they are equal is not proved."
        )
    else:
        found.lines.append("It has no value that could be compared.")
    return found


def _in_numbers(case: Case, given: Expr, style: Style) -> Formula | None:
    """Summand by summand, where both are sums of products in plain numbers and most of them agree."""
    if given.op != "add":
        return None
    theirs = [_factors(part) for part in given.args]
    ours: list[tuple[tuple[int, ...], str]] = []
    for i in case.held:
        unit = case.units[i]
        for term in unit.terms:
            sizes = [s for _, s in term.factors if isinstance(s, int)]
            copies = [unit.copies] if isinstance(unit.copies, int) else []
            ours.append((_bare([*copies, *sizes]), unit.name))
    left = list(theirs)
    missing = []
    for key, name in ours:
        if key in left:
            left.remove(key)
        else:
            missing.append((key, name))
    if not missing or len(missing) * 2 > len(ours) or len(ours) > 2_000:
        return None
    found = Formula()
    found.missing = [{"term": style.product(key), "layers": [name]} for key, name in missing]
    found.extra = [{"term": style.product(key), "layers": []} for key in left if key is not None]
    found.differs = True
    _tell(found, style)
    return found


def _factors(part: Size) -> tuple[int, ...] | None:
    """784*16 as (16, 784); None for what is no plain product."""
    if isinstance(part, int):
        return (part,)
    plain_factors = [f for f in part.args if isinstance(f, int)] if part.op == "mul" else []
    return _bare(plain_factors) if part.op == "mul" and len(plain_factors) == len(part.args) else None


def _bare(sizes: list[int]) -> tuple[int, ...]:
    kept = tuple(sorted(s for s in sizes if s != 1))
    return kept or (1,)


def _tell(found: Formula, style: Style) -> None:
    for rows, front in ((found.missing, "Missing"), (found.extra, "Too many")):
        for row in rows[:TERMS]:
            names, term = row["layers"], row["term"]
            told = term if isinstance(term, str) else render(term, style.style)
            found.lines.append(f"{front}: {told}{f' ({listed(names)})' if names else ''}")
        if len(rows) > TERMS:
            found.lines.append(f"{front}: {len(rows) - TERMS} more terms")
