"""The report, of tables as Parquet and as JSON Lines, beside answers worked out here from the same rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from nparams.fleet._report.questions import KINDS
from nparams.fleet.report import report
from nparams.network.many import Area, Group, Report
from tests.fleet_tables import WRITERS, row, rows, written

Row = dict[str, Any]

# -- the same worked out in Python ------------------------------------------------------------------------------------


def summed(made: Iterable[Row], key: Callable[[Row], str | None], top: int) -> tuple[list[Group], Group | None, int]:
    held: dict[str | None, list[int]] = defaultdict(lambda: [0, 0, 0])
    for each in made:
        sums = held[key(each)]
        held[key(each)] = [sums[0] + 1, sums[1] + (each["total"] or 0), sums[2] + (each["size"] or 0)]
    order = sorted(held.items(), key=lambda item: (-item[1][1], -item[1][0], item[0] is None, item[0]))
    rest = [sum(sums[k] for _, sums in order[top:]) for k in range(3)]
    return [Group(name, *sums) for name, sums in order[:top]], Group(None, *rest) if order[top:] else None, len(order)


def ratio(each: Row) -> Fraction:
    found = []
    for other in (each["declared"], each["elements"]):
        low, high = sorted((each["total"] if other is None else other, each["total"]))
        found.append(Fraction(max(high, 1), max(low, 1)))
    return max(found)


def stored(each: Row) -> tuple[object, ...]:
    return tuple(sorted(each["dtypes"].items())), each["size"]


def checked(made: list[Row], found: Report, top: int) -> None:
    here = [each for each in made if each["gone"] is None]
    good = [each for each in here if each["error_kind"] is None]
    totals = sorted(each["total"] for each in good if each["total"] is not None)
    assert found.gone == len(made) - len(here)
    assert (found.models, found.refused) == (len(good), len(here) - len(good))
    assert found.without_total == len(good) - len(totals)
    assert found.flagged == sum(bool(each["flags"]) for each in here)
    assert (found.parameters, found.size) == (sum(totals), sum(each["size"] or 0 for each in good))
    assert found.first == min(each["read_at"] for each in here)
    assert found.last == max(each["read_at"] for each in here)
    for name, groups in (
        ("architecture", found.architectures), ("format", found.formats), ("quantisation", found.quantisations),
    ):  # fmt: skip
        assert (list(groups.top), groups.rest, groups.groups) == summed(good, lambda each: each[name], top)  # noqa: B023
    counts: Counter[str] = Counter()
    for each in good:
        counts.update(each["dtypes"] or {})
    assert [(g.name, g.parameters) for g in found.dtypes.top] == counts.most_common(top)
    assert found.dtypes.groups == len(counts)
    assert sum(each.models for each in found.sizes.bins) == len(totals)
    assert sum(each.parameters for each in found.sizes.bins) == sum(totals)
    for least, after in zip(found.sizes.bins, [*found.sizes.bins[1:], None], strict=True):
        assert least.models == sum(least.least <= n < (after.least if after else 10**30) for n in totals)
    assert found.sizes.largest == totals[-1]
    assert found.sizes.half == totals[-(-len(totals) // 2) - 1]
    assert found.sizes.nine_of_ten == totals[-(-9 * len(totals) // 10) - 1]
    apart = sorted((each for each in good if each["disagreement"]), key=lambda each: (-ratio(each), each["uri"]))
    assert found.disagreements.models == len(apart)
    assert [each.uri for each in found.disagreements.top] == [each["uri"] for each in apart[:top]]
    assert dict(found.disagreements.kinds) == {
        name: count for name, words in KINDS.items() if (count := sum(words in each["disagreement"] for each in apart))
    }
    alike(good, found, top)
    told(here, found)


def alike(good: list[Row], found: Report, top: int) -> None:
    same: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    kin: dict[str, list[Row]] = defaultdict(list)
    for each in good:
        if each["total"]:
            same[each["fingerprint"], *stored(each)].append(each)
            kin[each["fingerprint"]].append(each)
    copies = [held for held in same.values() if len(held) > 1]
    saved = [(len(held) - 1) * held[0]["size"] for held in copies]
    assert (found.copies.groups, found.copies.bytes) == (len(copies), sum(saved))
    assert found.copies.models == sum(len(held) - 1 for held in copies)
    assert [(c.models - 1) * c.size for c in found.copies.top] == sorted(saved, reverse=True)[:top]
    for group in found.copies.top:
        (held,) = [
            held for held in copies
            if (held[0]["fingerprint"], held[0]["size"]) == (group.fingerprint, group.size)
            and sorted(held[0]["dtypes"]) == list(group.dtypes)
        ]  # fmt: skip
        uris = sorted(each["uri"] for each in held)
        assert (group.total, group.models, list(group.uris)) == (held[0]["total"], len(held), uris[:3])
    families = [held for held in kin.values() if len({(each["format"], *stored(each)) for each in held}) > 1]
    assert (found.families.groups, found.families.models) == (len(families), sum(map(len, families)))
    assert [f.models for f in found.families.top] == sorted(map(len, families), reverse=True)[:top]
    for family in found.families.top:
        held = kin[family.fingerprint]
        ways = Counter((each["format"], tuple(sorted(each["dtypes"]))) for each in held)
        assert family.models == len(held)
        assert list(family.uris) == sorted(each["uri"] for each in held)[:3]
        assert len(ways) == len(family.variants) + family.more
        assert all(ways[way.format, way.dtypes] == way.models for way in family.variants)


def told(here: list[Row], found: Report) -> None:
    errors = Counter(each["error_kind"] for each in here if each["error_kind"])
    flags = Counter(kind for each in here for kind in {flag["kind"] for flag in each["flags"]})
    assert {kind.name: kind.models for kind in found.errors} == errors
    assert {kind.name: kind.models for kind in found.flags} == flags
    for kind in found.errors:
        first = sorted((each["uri"], each["error"]) for each in here if each["error_kind"] == kind.name)[:3]
        assert [tuple(example) for example in kind.examples] == first
    for kind in found.flags:
        uris = sorted(each["uri"] for each in here if any(flag["kind"] == kind.name for flag in each["flags"]))
        assert [example.uri for example in kind.examples] == uris[:3]


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize(("count", "top"), [(3_000, 5), (3_000, 100), (40, 10)])
def test_every_answer(tmp_path: Path, kind: str, count: int, top: int) -> None:
    made = [each for each in rows(count) if each["dtypes"] or each["error_kind"] or each["total"] is None]
    checked(made, report(written(tmp_path, made, kind, a_part=700), top), top)


# -- what is special --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", WRITERS)
def test_the_later_part_counts(tmp_path: Path, kind: str) -> None:
    written(tmp_path, [row("a", 10), row("b", 20)], kind, run=9)
    written(tmp_path, [row("a", 30), row("c", 40)], kind, run=10_000, a_part=1)
    written(tmp_path, [row("b", 50, gone="2026-11-02T00:00:00Z")], kind, run=10_001)
    found = report(str(tmp_path))
    assert (found.models, found.parameters, found.gone) == (2, 70, 1)


@pytest.mark.parametrize("kind", WRITERS)
def test_sums_beyond_64_bits(tmp_path: Path, kind: str) -> None:
    most = 2**63 - 1
    found = report(written(tmp_path, [row(uri, most, size=most) for uri in "abc"], kind))
    assert (found.parameters, found.size) == (3 * most, 3 * most)
    assert found.architectures.top == (Group("llama", 3, 3 * most, 3 * most),)
    assert found.dtypes.top[0].parameters == 3 * most
    assert [(each.least, each.parameters) for each in found.sizes.bins] == [
        (10**18, 0), (2 * 10**18, 0), (5 * 10**18, 3 * most)
    ]  # fmt: skip
    assert (found.copies.models, found.copies.bytes) == (2, 2 * most)
    assert found.treemap[0].parts == (("a", most), ("b", most), ("c", most))


def test_bins_are_exact_at_their_ends(tmp_path: Path) -> None:
    totals = [0, 1, 4, 5, 999_999_999_999_999_999, 10**18, 2 * 10**18 - 1]
    bins = {each.least: each.models for each in report(written(tmp_path, map(row, "abcdefg", totals))).sizes.bins}
    assert {least: models for least, models in bins.items() if models} == {
        0: 1, 1: 1, 2: 1, 5: 1, 5 * 10**17: 1, 10**18: 2
    }  # fmt: skip
    assert list(bins) == [0, *(k * 10**p for p in range(19) for k in (1, 2, 5))]


def test_copies_and_families(tmp_path: Path) -> None:
    """The order of number types is no difference; no parameters and no fingerprint are nothing in common.

    Where neither the files' bytes nor the numbers' are known, models are alike and perhaps not the same.
    """
    two = {"bfloat16": 6, "float32": 4}
    turned = dict(reversed(two.items()))
    made = [
        row("a", dtypes=two), row("b", dtypes=turned), row("c", dtypes={"bfloat16": 4, "float32": 6}),
        row("d", format="gguf", dtypes={"q8_0": 10}, size=20), row("e", 0), row("f", 0),
        row("g", 7, size=None), row("h", 7, size=None), row("i", 8, fingerprint=None), row("j", 8, fingerprint=None),
        row("k", 9, dtypes=None), row("l", 9, dtypes=None), row("A", None, fingerprint="10", size=48, unknown=1),
    ]  # fmt: skip
    found = report(written(tmp_path, made))
    assert (found.copies.groups, found.copies.models, found.copies.bytes) == (1, 1, 48)
    assert found.copies.top[0].uris == ("a", "b")
    family, *others = found.families.top
    assert [each.uris for each in others] == [("g", "h"), ("k", "l")]
    assert (family.models, family.uris) == (4, ("a", "b", "c"))
    assert [(way.format, way.dtypes, way.models, way.size) for way in family.variants] == [
        ("safetensors", ("bfloat16", "float32"), 3, 144), ("gguf", ("q8_0",), 1, 20)
    ]  # fmt: skip
    assert found.unsized == 2


def test_the_furthest_disagreement_is_first(tmp_path: Path) -> None:
    words = {"disagreement": "declared ..."}
    made = [
        row("twice", 10, declared=20, **words), row("none", 10, declared=0, **words), row("a tenth", 10, declared=1,
        **words), row("packed", 16, elements=2, **words), row("right", 10, declared=10), row("none of none", 0,
        declared=3, **words),
    ]  # fmt: skip
    found = report(written(tmp_path, made)).disagreements
    assert [each.uri for each in found.top] == ["a tenth", "none", "packed", "none of none", "twice"]
    assert (found.models, found.kinds) == (5, (("declared total", 5),))


def test_kinds_of_disagreement_go_by_the_words_of_rows() -> None:
    from nparams.fleet.rows import disagreement
    from nparams.network import Network, Tensor

    tensors = [
        Tensor("a", (8,), "int4", stored=(4, None)), Tensor("b", (3,), role="buffer"),
        Tensor("c", (2,), role="bookkeeping"), Tensor("d", (8,), tied_to="a"),
    ]  # fmt: skip
    words = disagreement(Network(tensors=tensors).totals, 600) or ""
    assert [name for name, part in KINDS.items() if part in words] == list(KINDS), words


def test_a_treemap_sums_up_what_is_small(tmp_path: Path) -> None:
    made = [
        row("large", 10**6),
        row("small", 10),
        row("other", 5, architecture="bert"),
        row("no", 3, architecture=None),
    ]
    assert report(written(tmp_path, made)).treemap == (
        Area("llama", 1, 2, 10**6 + 10, (("large", 10**6),)), Area(None, 2, 2, 8, ()),
    )  # fmt: skip
