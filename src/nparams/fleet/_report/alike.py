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
TYPES = """CASE WHEN cardinality(dtypes) > 1 THEN hash(list_sort(map_entries(dtypes)))
    WHEN dtypes IS NOT NULL THEN hash(dtypes) END"""
#: bytes of the files; where a hub's list tells none, those of the numbers in them
BYTES = "coalesce(size, bytes)"
#: models that are one row here agree in everything that is compared; those without parameters are not compared
KIN = f"""
CREATE TEMP TABLE kin AS
SELECT fingerprint, format, {BYTES} AS size, {TYPES} AS types, count(*) AS models
FROM counted WHERE total > 0 AND fingerprint IS NOT NULL GROUP BY ALL"""
SAME = """
CREATE TEMP TABLE same AS
SELECT fingerprint, types, size, sum(models) AS models, (sum(models) - 1) * size AS saved FROM kin
WHERE size IS NOT NULL AND types IS NOT NULL GROUP BY fingerprint, types, size HAVING sum(models) > 1"""
#: what differs, and what cannot be told from what differs
FAMILIES = """
CREATE TEMP TABLE families AS
SELECT fingerprint, sum(models) AS models FROM kin GROUP BY fingerprint
HAVING count(*) > 1 OR bool_or(models > 1 AND (size IS NULL OR types IS NULL))"""
SAME_LARGEST = "SELECT * FROM same ORDER BY saved DESC, fingerprint, size, types LIMIT ?"
FAMILIES_LARGEST = "SELECT * FROM families ORDER BY models DESC, fingerprint LIMIT ?"
#: the models of all groups that are shown
NEAR = f"""
CREATE TEMP TABLE near AS
SELECT fingerprint, architecture, total, format, {BYTES} AS size, uri, {TYPES} AS types,
    list_sort(map_keys(dtypes)) AS names
FROM counted WHERE total > 0 AND fingerprint IN (
    SELECT fingerprint FROM ({SAME_LARGEST}) UNION SELECT fingerprint FROM ({FAMILIES_LARGEST}))"""
SAME_SHOWN = f"""
SELECT fingerprint, min(architecture), min(total), any_value(models), any_value(names), size,
    list_sort(list(uri))[1:{URIS}]
FROM near JOIN ({SAME_LARGEST}) USING (fingerprint, size, types)
GROUP BY fingerprint, size, types ORDER BY any_value(saved) DESC, fingerprint, size, types"""
SAME_IN_ALL = "SELECT count(*), coalesce(sum(models - 1), 0), coalesce(sum(saved), 0) FROM same"
FAMILIES_SHOWN = f"""
SELECT fingerprint, min(architecture), min(total), any_value(models), list_sort(list(uri))[1:{URIS}]
FROM near JOIN ({FAMILIES_LARGEST}) USING (fingerprint)
GROUP BY fingerprint ORDER BY any_value(models) DESC, fingerprint"""
FAMILIES_IN_ALL = "SELECT count(*), coalesce(sum(models), 0) FROM families"
WAYS = """
SELECT fingerprint, format, names, count(*) AS models, coalesce(sum(size), 0) FROM near
GROUP BY fingerprint, format, names ORDER BY models DESC, format NULLS LAST, names NULLS LAST"""


def compare(table: Table, top: int) -> None:
    """Put what is alike into temporary tables, which `copies` and `families` read."""
    for question in (KIN, SAME, FAMILIES):
        table.ask(question)
    table.ask(NEAR, top, top)


def copies(table: Table, top: int) -> Alike:
    """Models with the same fingerprint, number types and size; those that take the most bytes first."""
    largest = [
        Copies(fingerprint, architecture, total, models, tuple(names), size, tuple(uris))
        for fingerprint, architecture, total, models, names, size, uris in table.ask(SAME_SHOWN, top)
    ]
    groups, models, size = table.ask(SAME_IN_ALL)[0]
    return Alike(groups, models, size, tuple(largest))


def families(table: Table, top: int) -> Families:
    """Models with the same fingerprint that are not known to be stored alike; those of most models first."""
    ways: dict[str, list[Variant]] = {}
    for fingerprint, form, names, models, size in table.ask(WAYS):
        ways.setdefault(fingerprint, []).append(Variant(form, tuple(names or ()), models, size))
    largest = [_family(row, ways[row[0]]) for row in table.ask(FAMILIES_SHOWN, top)]
    groups, models = table.ask(FAMILIES_IN_ALL)[0]
    return Families(groups, models, tuple(largest))


def _family(row: tuple[Any, ...], ways: list[Variant]) -> Family:
    fingerprint, architecture, total, models, uris = row
    shown = tuple(ways[:VARIANTS])
    return Family(fingerprint, architecture, total, models, shown, len(ways) - len(shown), tuple(uris))
