"""The plan for very many models: what the document shows is what the arithmetic gives, by hand too."""

from __future__ import annotations

from fractions import Fraction

from tools import fleet_plan
from tools.fleet_plan import DOCUMENT, MEASURED, Cost, Measured, plan, written

EASY = Measured(Cost(Fraction(2), 100_000, Fraction(3)), Cost(Fraction(4), 50_000, Fraction(1)), 500)


def line(text: str, start: str) -> list[str]:
    """The cells of the row that begins so."""
    (found,) = [row for row in text.splitlines() if row.startswith(f"| {start} |")]
    return [cell.strip() for cell in found.strip("|").split("|")][1:]


def test_the_document_holds_the_tables() -> None:
    text = DOCUMENT.read_text("utf-8")
    assert plan() in text, "python -m tools.fleet_plan writes them"
    assert written(text, plan()) == text
    assert written("a\n<!-- plan -->\nold\n<!-- end of plan -->\nb\n", "new") == (
        "a\n<!-- plan -->\nnew\n<!-- end of plan -->\nb\n"
    )


def test_a_bucket_by_hand() -> None:
    text = plan(EASY)
    # 2,001,000 requests: 363.8 s at 5,500 a second; 2,000 x $0.0004 + 1 x $0.005 = $0.805; 100 GB x $0.09
    assert line(text, "Amazon S3, one prefix") == ["6 min 4 s (5,500/s)", "11", "$0.81", "$9.00"]
    assert line(text, "Azure Blob Storage") == ["1 min 41 s (20,000/s)", "40", "by region", "by region"]
    assert "2,000,000 reads and 1,000 listings, 100 GB, 50 min of one core; 33 min 20 s for one process" in text


def test_the_hub_by_hand() -> None:
    text = plan(EASY)
    # 2,500 pages in 5 windows of 500: the fifth begins after 20 min; 10,000,000 / 3,000 = 3,334 windows
    assert line(text, "nobody logged in, one IP address") == ["500", "3,000", "20 min", "11 days 13 h"]
    assert line(text, "Enterprise Plus, IP ranges defined") == ["100,000", "500,000", "at once", "1 h 35 min"]
    assert "2,500 requests to its API, which list them with their files, and 10,000,000 for files; 125 GB" in text


def test_what_was_measured_is_within_the_budget() -> None:
    assert MEASURED.file.bytes <= 132_000
    assert fleet_plan.FILES == 1_000_000
    assert fleet_plan.REPOSITORIES == 2_500_000
