"""The questions of a report, each some SQL and the plain data that its answer becomes.

Sums are HUGEINT in DuckDB, so that whole numbers up to 2^63 - 1 add up exactly, and come as Python integers.
"""

from __future__ import annotations

from nparams.network.many import (
    Area,
    Bin,
    Disagreement,
    Disagreements,
    Example,
    Group,
    Groups,
    Kind,
    Sizes,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.fleet._report.table import Table

#: models that are shown of a kind of error or flag
EXAMPLES = 3
#: what a disagreement is about -> how its words in a row tell (nparams.fleet.rows.disagreement)
KINDS = {
    "declared total": "declared ",
    "packed": " by the way they are stored ",
    "buffers": " buffers ",
    "bookkeeping": " bookkeeping ",
    "tied again": " tied again ",
}
#: the treemap has so many architectures, models in one of them, and nothing below 1 / SMALLEST of the whole
AREAS, PARTS, SMALLEST = 40, 24, 2_000

#: one row for all models that agree in what they are summed by
CUBE = """
CREATE TEMP TABLE cube AS
SELECT architecture, format, quantisation, error_kind IS NULL AS counted, count(*) AS models,
    coalesce(sum(total), 0) AS parameters, coalesce(sum(size), 0) AS size, count(*) - count(size) AS unsized,
    count(*) - count(total) AS without_total, count(*) FILTER (len(flags) > 0) AS flagged,
    min(read_at) AS first, max(read_at) AS last
FROM here GROUP BY ALL"""
ALL = """
SELECT coalesce(sum(models) FILTER (counted), 0), coalesce(sum(without_total) FILTER (counted), 0),
    coalesce(sum(models) FILTER (NOT counted), 0), coalesce(sum(flagged), 0),
    coalesce(sum(parameters) FILTER (counted), 0), coalesce(sum(size) FILTER (counted), 0),
    coalesce(sum(unsized) FILTER (counted), 0), min(first), max(last)
FROM cube"""
#: the largest groups, and beside each the sums of all of them
BY = """
WITH grouped AS (
    SELECT {name} AS name, sum(models) AS models, sum(parameters) AS parameters, sum(size) AS size
    FROM {source} GROUP BY ALL
)
SELECT name, models, parameters, size, count(*) OVER (), sum(models) OVER (), sum(parameters) OVER (), sum(size) OVER ()
FROM grouped ORDER BY parameters DESC, models DESC, name NULLS LAST LIMIT ?"""
#: number types of the models that have a total; what they hold of a file's bytes is not known
DTYPES = """(
    SELECT key, 1 AS models, value AS parameters, 0 AS size
    FROM (SELECT unnest(map_keys(dtypes)) AS key, unnest(map_values(dtypes)) AS value
          FROM counted WHERE total IS NOT NULL)
    UNION ALL SELECT NULL, 1, total, 0 FROM counted WHERE total IS NOT NULL AND dtypes IS NULL
)"""
#: how many times one count is the other: none is 0 of the other
TIMES = "greatest({0}, {1}, 1)::DOUBLE / greatest(least({0}, {1}), 1)"
#: whether a total is declared that no column holds
BEYOND = "declared IS NULL AND regexp_matches(disagreement, 'declared [0-9]')"
FURTHEST = f"""
SELECT uri, total, elements, declared, disagreement FROM counted WHERE disagreement IS NOT NULL AND total IS NOT NULL
ORDER BY {BEYOND} DESC, greatest({TIMES.format("coalesce(declared, total)", "total")},
    {TIMES.format("coalesce(elements, total)", "total")}) DESC, uri LIMIT ?"""
FLAGS = f"""
WITH each AS (SELECT DISTINCT ON (f.kind, uri) f.kind AS kind, uri, f.text AS text
    FROM (SELECT uri, unnest(flags) AS f FROM here WHERE len(flags) > 0) ORDER BY f.kind, uri, f.text),
ranked AS (SELECT kind, uri, text, row_number() OVER (PARTITION BY kind ORDER BY uri) AS rank,
    count(*) OVER (PARTITION BY kind) AS models FROM each)
SELECT kind, models, uri, text FROM ranked WHERE rank <= {EXAMPLES} ORDER BY models DESC, kind, rank"""
ERRORS = f"""
WITH ranked AS (SELECT error_kind AS kind, uri, coalesce(error, '') AS text,
    row_number() OVER (PARTITION BY error_kind ORDER BY uri) AS rank,
    count(*) OVER (PARTITION BY error_kind) AS models FROM here WHERE error_kind IS NOT NULL)
SELECT kind, models, uri, text FROM ranked WHERE rank <= {EXAMPLES} ORDER BY models DESC, kind, rank"""
TOTALS = (
    "CREATE TEMP TABLE totals AS SELECT total, count(*) AS models FROM counted WHERE total IS NOT NULL GROUP BY total"
)
#: by how many digits a total has, and by the first of them
DIGITS = """
SELECT length(digits), left(digits, 1), sum(models), sum(total * models)
FROM (SELECT total::HUGEINT AS total, total::VARCHAR AS digits, models FROM totals) GROUP BY ALL"""
#: the least total that so many tenths of the models do not exceed
TENTHS = """
SELECT min(total) FILTER (10 * upto >= 5 * (SELECT sum(models) FROM totals)),
    min(total) FILTER (10 * upto >= 9 * (SELECT sum(models) FROM totals)), max(total)
FROM (SELECT total, sum(models) OVER (ORDER BY total) AS upto FROM totals)"""
LARGEST = "SELECT uri, total, architecture FROM counted WHERE total >= ? AND total > 0 ORDER BY total DESC, uri"
ARCHITECTURES = """
SELECT architecture, sum(models), sum(parameters) AS held FROM cube WHERE counted
GROUP BY architecture ORDER BY held DESC, architecture NULLS LAST"""


def groups(table: Table, name: str, top: int) -> Groups:
    """The models by one of the columns that the cube has, or by number type ("dtypes")."""
    source = DTYPES if name == "dtypes" else "cube WHERE counted"
    found = table.ask(BY.format(name="key" if name == "dtypes" else name, source=source), top)
    if not found:
        return Groups((), None, 0)
    shown = tuple(Group(*row[:4]) for row in found)
    count, models, parameters, size = found[0][4:]
    if count == len(shown):
        return Groups(shown, None, count)
    left = (parameters - sum(each.parameters for each in shown), size - sum(each.size for each in shown))
    several = None if name == "dtypes" else models - sum(each.models or 0 for each in shown)
    return Groups(shown, Group(None, several, *left), count)


def disagreements(table: Table, top: int) -> Disagreements:
    """Where the stored elements or the declared total are not the parameters."""
    told = ", ".join(f"count(*) FILTER (contains(disagreement, '{words}'))" for words in KINDS.values())
    models, *counts = table.ask(f"SELECT count(*), {told} FROM counted WHERE disagreement IS NOT NULL")[0]
    kinds = sorted(zip(KINDS, counts, strict=True), key=lambda kind: -kind[1])
    found = tuple(Disagreement(*row) for row in table.ask(FURTHEST, top)) if models else ()
    return Disagreements(models, tuple(kind for kind in kinds if kind[1]), found)


def kinds(table: Table, question: str, top: int) -> tuple[Kind, ...]:
    """FLAGS or ERRORS: those of most models first."""
    found: dict[str, tuple[int, list[Example]]] = {}
    for kind, models, uri, text in table.ask(question):
        found.setdefault(kind, (models, []))[1].append(Example(uri, text))
    return tuple(Kind(kind, models, tuple(told)) for kind, (models, told) in list(found.items())[:top])


def sizes(table: Table) -> Sizes:
    """How large models are: bins from 1, 2 or 5 of a power of ten, of every decade from the smallest model's on."""
    table.ask(TOTALS)
    held: dict[int, tuple[int, int]] = {}
    for digits, first, models, parameters in table.ask(DIGITS):
        least = int(first) and next(k for k in (5, 2, 1) if k <= int(first)) * 10 ** (digits - 1)
        before = held.get(least, (0, 0))
        held[least] = (before[0] + models, before[1] + parameters)
    bins = tuple(Bin(least, *held.get(least, (0, 0))) for least in _edges(min(held), max(held))) if held else ()
    return Sizes(bins, *table.ask(TENTHS)[0])


def _edges(least: int, most: int) -> list[int]:
    """0, 1, 2, 5, 10, ... for the decades of the two numbers and those between them.

    >>> _edges(0, 2), _edges(50, 100)
    ([0, 1, 2, 5], [10, 20, 50, 100, 200, 500])
    """
    first, last = (len(str(each)) - 1 for each in (least, most))
    return [*([] if least else [0]), *(k * 10**power for power in range(first, last + 1) for k in (1, 2, 5))]


def treemap(table: Table, parameters: int) -> tuple[Area, ...]:
    """Architectures by parameters, and in them their largest models; the last may sum up several small ones."""
    found = table.ask(ARCHITECTURES)
    held = [row for row in found[:AREAS] if row[2] * SMALLEST >= parameters and row[2]]
    parts: dict[str | None, list[tuple[str, int]]] = {}
    for uri, total, architecture in table.ask(LARGEST, -(-parameters // SMALLEST)):
        if len(parts.setdefault(architecture, [])) < PARTS:
            parts[architecture].append((uri, total))
    areas = [Area(name, 1, models, size, tuple(parts.get(name, ()))) for name, models, size in held]
    rest = found[len(held) :]
    if sum(row[2] for row in rest):
        areas.append(Area(None, len(rest), sum(row[1] for row in rest), sum(row[2] for row in rest), ()))
    return tuple(areas)


def everything(table: Table) -> tuple[Any, ...]:
    """models, without a total, refused, flagged, parameters, bytes, without bytes, first, last, readers; then gone."""
    table.ask(CUBE)
    readers = table.ask("SELECT DISTINCT reader FROM here WHERE reader IS NOT NULL ORDER BY reader")
    gone = table.ask("SELECT count(*) FROM held WHERE gone IS NOT NULL")[0][0]
    return (*table.ask(ALL)[0], tuple(each for (each,) in readers), gone)
