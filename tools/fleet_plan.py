"""python -m tools.fleet_plan: what very many models cost in time, requests and bytes; written into docs/fleets.md.

MEASURED is what `make bench` (benchmarks/fleet.py) printed; LIMITS, PRICES and PLANS are what the providers publish.
Everything else here is arithmetic on whole numbers and fractions, so that the tables can be worked out again by hand.
"""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

DOCUMENT = Path(__file__).resolve().parent.parent / "docs/fleets.md"
PAGE = 1_000  # names on one page of a listing: S3, Google and Azure (5,000 at most); the hub's list of models
GB = 10**9


class Cost(NamedTuple):
    """What one model costs."""

    requests: Fraction
    bytes: int
    #: of one core, to read it and to make its row
    cpu_ms: Fraction


class Measured(NamedTuple):
    """What was measured: a file of a bucket, a repository of the hub, and what one process reads at 50 ms latency."""

    file: Cost
    repository: Cost
    #: files a second
    process: int


#: on two shared cores: of files of which no two have one header (where headers recur, 977 a second were read)
MEASURED = Measured(
    file=Cost(Fraction(1), 131_072, Fraction("1.5")),
    repository=Cost(Fraction(2), 131_179, Fraction("3.5")),
    process=639,
)


class Store(NamedTuple):
    """An object store: reads a second that it is sure to answer, and dollars where its price list could be read."""

    name: str
    reads: int
    #: for 1,000 reads, 1,000 listings, and 1 GB that leaves its region
    prices: tuple[Fraction, Fraction, Fraction] | None


#: docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html: 5,500 a second for each prefix;
#: aws.amazon.com/s3/pricing (us-east-1, Standard).
#: cloud.google.com/storage/docs/request-rate: about 5,000 at first, more where the rate grows slowly;
#: cloud.google.com/storage/pricing (one region, Standard).
#: learn.microsoft.com/azure/storage/common/scalability-targets-standard-account: 20,000 for an account, 40,000 in some
#: regions; the prices depend on region and redundancy: azure.microsoft.com/pricing/details/storage/blobs.
STORES = (
    Store("Amazon S3, one prefix", 5_500, (Fraction("0.0004"), Fraction("0.005"), Fraction("0.09"))),
    Store("Google Cloud Storage", 5_000, (Fraction("0.0004"), Fraction("0.005"), Fraction("0.12"))),
    Store("Azure Blob Storage", 20_000, None),
)
FILES = 1_000_000


class Plan(NamedTuple):
    """Requests that the hub answers within WINDOW, of its API and of /resolve/."""

    name: str
    api: int
    resolvers: int


#: huggingface.co/docs/hub/rate-limits (huggingface/hub-docs docs/hub/rate-limits.md), fixed windows of 5 minutes
WINDOW = 300
PLANS = (
    Plan("nobody logged in, one IP address", 500, 3_000),
    Plan("a free account", 1_000, 5_000),
    Plan("PRO", 2_500, 12_000),
    Plan("Team", 3_000, 20_000),
    Plan("Enterprise", 6_000, 50_000),
    Plan("Enterprise Plus", 10_000, 100_000),
    Plan("Enterprise Plus, IP ranges defined", 100_000, 500_000),
)
REPOSITORIES = 2_500_000


def plan(measured: Measured = MEASURED) -> str:
    """Both tables as Markdown."""
    return f"{bucket(measured)}\n\n{hub(measured)}"


def bucket(measured: Measured) -> str:
    """A million files in a bucket, by store."""
    cost = measured.file
    reads, pages, size = _up(FILES * cost.requests), _up(Fraction(FILES, PAGE)), FILES * cost.bytes
    cpu = _up(FILES * cost.cpu_ms / 1000)
    head = (
        f"**{FILES:,} safetensors files in a bucket**: {reads:,} reads and {pages:,} listings, "
        f"{_gb(size)} GB, {lasting(cpu)} of one core; {lasting(_up(Fraction(FILES, measured.process)))} for one "
        f"process at 50 ms latency ({measured.process:,} files a second).\n\n"
    )
    rows = [_store(store, reads, pages, size, measured.process) for store in STORES]
    return head + _table(
        ("store", "at its limit", "processes that reach it", "requests", "the bytes, if they leave its region"), rows
    )


def _store(store: Store, reads: int, pages: int, size: int, process: int) -> tuple[str, ...]:
    soonest = lasting(_up(Fraction(reads + pages, store.reads)))
    first = (store.name, f"{soonest} ({store.reads:,}/s)", str(_up(Fraction(store.reads, process))))
    if store.prices is None:
        return (*first, "by region", "by region")
    read, page, gb = store.prices
    return (*first, _dollars(reads * read / 1000 + pages * page / 1000), _dollars(size * gb / GB))


def hub(measured: Measured) -> str:
    """The models of the hub, by plan."""
    cost = measured.repository
    reads, pages, size = _up(REPOSITORIES * cost.requests), _up(Fraction(REPOSITORIES, PAGE)), REPOSITORIES * cost.bytes
    head = (
        f"**{REPOSITORIES:,} models of the hub**: {pages:,} requests to its API, which list them with their files, and "
        f"{reads:,} for files; {_gb(size)} GB, {lasting(_up(REPOSITORIES * cost.cpu_ms / 1000))} of one core.\n\n"
    )
    rows = [
        (
            each.name,
            f"{each.api:,}",
            f"{each.resolvers:,}",
            lasting(_windows(pages, each.api)),
            lasting(_windows(reads, each.resolvers)),
        )
        for each in PLANS
    ]
    return head + _table(("plan", "API, 5 min", "files, 5 min", "the list takes", "the files take"), rows)


def _windows(requests: int, allowed: int) -> int:
    """Seconds until the window begins in which the last request may be made; the first is open at once.

    >>> _windows(3_000, 3_000), _windows(3_001, 3_000)
    (0, 300)
    """
    return WINDOW * (_up(Fraction(requests, allowed)) - 1)


def lasting(seconds: int) -> str:
    """A time in words, cut to its two largest units.

    >>> lasting(0), lasting(59), lasting(1001), lasting(3_600), lasting(499_800)
    ('at once', '59 s', '16 min 41 s', '1 h', '5 days 18 h')
    """
    parts = []
    for unit, length in (("days", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, length)
        parts.append(f"{count} {'day' if unit == 'days' and count == 1 else unit}" if count else "")
    first = next((k for k, part in enumerate(parts) if part), None)
    return "at once" if first is None else " ".join(part for part in parts[first : first + 2] if part)


def _up(value: Fraction) -> int:
    """The next whole number."""
    return -(-value.numerator // value.denominator)


def _gb(size: int) -> str:
    return f"{_up(Fraction(size, GB)):,}"


def _dollars(amount: Fraction) -> str:
    """Dollars, up to the next cent.

    >>> _dollars(Fraction("11.7965"))
    '$11.80'
    """
    cents = _up(amount * 100)
    return f"${cents // 100:,}.{cents % 100:02}"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def written(text: str, tables: str) -> str:
    """The document with these tables between its two marks."""
    return re.sub(r"(?<=<!-- plan -->\n).*?(?=\n<!-- end of plan -->)", lambda _: tables, text, flags=re.DOTALL)


def main() -> None:
    DOCUMENT.write_text(written(DOCUMENT.read_text("utf-8"), plan()), "utf-8")


if __name__ == "__main__":
    main()
