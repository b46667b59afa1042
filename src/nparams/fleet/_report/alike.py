"""What is in a table twice: models that have one fingerprint, so the same names and shapes of parameters."""

from __future__ import annotations

from nparams.network.many import Alike, Copies, Families, Family, Variant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.fleet._report.table import Table

#: uris that are shown of a group, and ways of storing
URIS, VARIANTS = 3, 6

#: a hash of the number types and how much there is of each, in whatever order they stand in the map
TYPES = "CASE WHEN cardinality(dtypes) > 1 THEN hash(list_sort(map_entries(dtypes))) ELSE hash(dtypes) END"
#: models that are one row here agree in everything that is compared; those without parameters are not compared
KIN = f"""
CREATE TEMP TABLE kin AS
SELECT fingerprint, format, size, dtypes, models, {TYPES} AS types FROM (
    SELECT fingerprint, format, size, any_value(dtypes) AS dtypes, count(*) AS models
    FROM counted WHERE total > 0 AND fingerprint IS NOT NULL GROUP BY fingerprint, format, size, hash(dtypes)
)"""
SAME = """
CREATE TEMP TABLE same AS
SELECT fingerprint, types, size, sum(models) AS models, (sum(models) - 1) * size AS saved FROM kin
WHERE size IS NOT NULL AND dtypes IS NOT NULL GROUP BY fingerprint, types, size HAVING sum(models) > 1"""
SAME_IN_ALL = "SELECT count(*), coalesce(sum(models - 1), 0), coalesce(sum(saved), 0) FROM same"
SAME_LARGEST = f"""
WITH largest AS (FROM same ORDER BY saved DESC, fingerprint, size, types LIMIT ?),
near AS (SELECT fingerprint, architecture, total, size, uri, dtypes, {TYPES} AS types FROM counted
         WHERE total > 0 AND fingerprint IN (SELECT fingerprint FROM largest))
SELECT fingerprint, min(architecture), min(total), any_value(models), any_value(list_sort(map_keys(dtypes))), size,
    list_sort(list(uri))[1:{URIS}]
FROM near JOIN largest USING (fingerprint, size, types)
GROUP BY fingerprint, size, types ORDER BY any_value(saved) DESC, fingerprint, size, types"""
FAMILIES = """
CREATE TEMP TABLE families AS
SELECT fingerprint, sum(models) AS models FROM kin GROUP BY fingerprint
HAVING count(DISTINCT {'a': format, 'b': size, 'c': types}) > 1"""
FAMILIES_IN_ALL = "SELECT count(*), coalesce(sum(models), 0) FROM families"
FAMILIES_LARGEST = f"""
WITH largest AS (FROM families ORDER BY models DESC, fingerprint LIMIT ?)
SELECT fingerprint, min(architecture), min(total), any_value(models), list_sort(list(uri))[1:{URIS}]
FROM counted JOIN largest USING (fingerprint) WHERE total > 0
GROUP BY fingerprint ORDER BY any_value(models) DESC, fingerprint"""
WAYS = """
SELECT fingerprint, format, list_sort(map_keys(dtypes)) AS names, sum(models) AS held, coalesce(sum(size * models), 0)
FROM kin WHERE fingerprint IN (SELECT unnest(?))
GROUP BY ALL ORDER BY held DESC, format NULLS LAST, names NULLS LAST"""


def copies(table: Table, top: int) -> Alike:
    """Models with the same fingerprint, number types and size; those that take the most bytes first."""
    table.ask(KIN)
    table.ask(SAME)
    found = table.ask(SAME_LARGEST, top)
    largest = [
        Copies(fingerprint, architecture, total, models, tuple(names), size, tuple(uris))
        for fingerprint, architecture, total, models, names, size, uris in found
    ]
    groups, models, size = table.ask(SAME_IN_ALL)[0]
    return Alike(groups, models, size, tuple(largest))


def families(table: Table, top: int) -> Families:
    """Models with the same fingerprint that are not stored alike; the largest families first.  Comes after `copies`."""
    table.ask(FAMILIES)
    found = table.ask(FAMILIES_LARGEST, top)
    ways: dict[str, list[Variant]] = {}
    for fingerprint, form, names, models, size in table.ask(WAYS, [row[0] for row in found]):
        ways.setdefault(fingerprint, []).append(Variant(form, tuple(names or ()), models, size))
    largest = [_family(row, ways[row[0]]) for row in found]
    groups, models = table.ask(FAMILIES_IN_ALL)[0]
    return Families(groups, models, tuple(largest))


def _family(row: tuple[Any, ...], ways: list[Variant]) -> Family:
    fingerprint, architecture, total, models, uris = row
    shown = tuple(ways[:VARIANTS])
    return Family(fingerprint, architecture, total, models, shown, len(ways) - len(shown), tuple(uris))
