"""A network as the page shows it: texts, digits and markup, nothing left to be counted."""

from __future__ import annotations

from importlib import import_module

from nparams.errors import UsageError, escaped, shown
from nparams.expr import Expr
from nparams.registry import SOURCES, VIEWS
from nparams.views.cells import columns, shown_rows
from nparams.views.look import Look, asides, heading, missing, summary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from nparams.expr import Size
    from nparams.network import Network
    from nparams.network.rows import Row
    from nparams.views.cells import Column

#: rows of the table, and shares of the bar, that a page shows
MOST_ROWS, MOST_SHARES = 300, 12
#: symbols that may be given a number
MOST_SYMBOLS = 40
#: columns that hold expressions, and what of a row they hold
MATH = {"formula": lambda row: row.formula, "numbers": lambda row: row.numbers}
#: what each form may be asked besides
ASKED = {row.form: row.options for row in SOURCES}
#: the views that a page may ask for, by name
MODULES = {view.name: view.module for view in VIEWS}


def answer(network: Network, others: Mapping[str, Network] | None = None) -> dict[str, Any]:
    """Everything that the page draws at once.

    >>> import nparams
    >>> answer(nparams.read("784-16-16-10"))["weights"]
    {'digits': '12960'}
    """
    look = Look()
    totals = network.totals
    given, _, described = heading(network, Look(width=1)).partition("\n")
    if not described:
        given, _, described = given.partition(": ") if network.is_file else (given, "", "")
    return {
        "read_as": given, "described": described, "form": network.form, "summary": summary(network, look),
        "total": amount(totals.known), "weights": amount(totals.weights), "biases": amount(totals.biases),
        "complete": totals.total is not None, "missing": missing(network),
        "table": _table(network, look), "shares": _shares(network), "formula": _formula(network),
        "asides": asides(network, look), "notes": list(network.notes),
        "flags": [flag["text"] for flag in network.flags],
        "convention": network.convention, "options": ASKED.get(network.form, []),
        "conventions": [{"name": name, "total": amount(each.totals.known)} for name, each in (others or {}).items()],
        "symbols": _symbols(network), "pictures": _pictures(network),
    }  # fmt: skip


def amount(size: Size | None) -> dict[str, str] | None:
    """A count: its digits, or the expression as text and as MathML; None where it is unknown."""
    if size is None:
        return None
    if isinstance(size, int):
        return {"digits": str(size)}
    return {"text": _text(size), "math": _math(size)}


def _text(size: Size) -> str:
    return Look().math(size)


def _math(size: Size) -> str:
    from nparams.views.mathml import math

    return math(size) or ""


def _symbols(network: Network) -> list[str]:
    """What stands for a number in it."""
    from nparams.analyses._solve.symbols import leaves_of

    known = network.totals.known
    return [str(leaf) for leaf in leaves_of(known)][:MOST_SYMBOLS] if isinstance(known, Expr) else []


# -- the table and the bar ------------------------------------------------------------------------------------------


def _table(network: Network, look: Look) -> dict[str, Any]:
    """The columns, filled, and how many rows more there are."""
    made, rows = columns(network, look), shown_rows(network)
    return {
        "columns": [_column(column, rows[:MOST_ROWS]) for column in made],
        "rows": [escaped(row.name) for row in rows[:MOST_ROWS]],
        "more": max(0, len(rows) - MOST_ROWS),
    }


def _column(column: Column, rows: list[Row]) -> dict[str, Any]:
    cells = [_cell(column, k, row) for k, row in enumerate(rows)]
    return {"name": column.name, "numeric": column.numeric, "cells": cells, "foot": _plain(column, column.foot)}


def _cell(column: Column, k: int, row: Row) -> str | dict[str, str]:
    """Text; an expression also as MathML."""
    text = column.cells[k]
    size = MATH[column.name](row) if column.name in MATH and text else None
    if isinstance(size, (int, Expr)):
        return {"text": text, "math": _math(size)}
    return _plain(column, text)


def _plain(column: Column, text: str) -> str:
    """Digits without commas, which the page sets as its reader's language does."""
    bare = text.replace(",", "")
    return bare if column.numeric and bare.isdecimal() else text


def _shares(network: Network) -> list[dict[str, Any]]:
    """The largest rows, for a bar: name, total, and how many of a hundred parameters; the rest together."""
    known = network.totals.known
    if not isinstance(known, int) or known == 0:
        return []
    held = [(row, row.total) for row in shown_rows(network) if isinstance(row.total, int) and row.total]
    picked = sorted(held, key=lambda pair: -pair[1])[:MOST_SHARES]
    chosen = {id(row) for row, _ in picked}
    bars = [_share(escaped(row.name), total, known) for row, total in held if id(row) in chosen]
    rest = [total for row, total in held if id(row) not in chosen]
    return [*bars, _share(f"{len(rest):,} others", sum(rest), known)] if rest else bars


def _share(name: str, total: int, known: int) -> dict[str, Any]:
    return {"name": name, "total": str(total), "share": f"{100 * total / known:.4f}", "percent": f"{total / known:.1%}"}


# -- formulas, pictures, other views --------------------------------------------------------------------------------


def _formula(network: Network) -> list[dict[str, Any]]:
    """Weights, biases and total as they are written, each with what it comes to."""
    from nparams.views.mathml import lines

    return [
        {"name": name, "math": written, "value": None if value is None else str(value)}
        for name, written, value in lines(network)
        if written
    ]


def _pictures(network: Network) -> dict[str, Any]:
    """Which pictures there can be, and the first of them."""
    from nparams.views.svg import STYLE, kinds

    found = list(kinds(network))
    return {"kinds": found, "svg": picture(network, found[0]) if found else "", "style": STYLE}


def picture(network: Network, kind: str, *, standalone: bool = False) -> str:
    """One picture; on the page its style is there already."""
    from nparams.views.svg import picture as drawn

    return drawn(network, kind, standalone=standalone)


def view(network: Network, name: str) -> str:
    """A view as text: what the command line prints under that option."""
    if name == "exercises-html":
        from nparams.views.exercises import html

        return html(network)
    if name not in MODULES:
        raise UsageError(f"no view is called {shown(name)}: choose one of {', '.join(MODULES)}")
    return str(import_module(MODULES[name]).render(network, Look()))
