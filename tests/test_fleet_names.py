"""The public names of nparams.fleet: functions, each loaded on first use."""

from __future__ import annotations

from types import FunctionType

import pytest

import nparams.fleet
from nparams.cli.scan import parser
from nparams.fleet.rows import COLUMNS, NAMES
from tests.conftest import REPOSITORY
from tests.test_purity import SLOW, pulled_in


def test_each_name_is_a_function_or_a_class() -> None:
    assert nparams.fleet.__all__ == dir(nparams.fleet) == ["Options", "count_batch", "find", "scan"]
    assert all(isinstance(getattr(nparams.fleet, name), (FunctionType, type)) for name in nparams.fleet.__all__)


def test_the_package_alone_pulls_in_nothing() -> None:
    assert pulled_in("import nparams.fleet") <= {"nparams", "nparams.fleet", "__future__"}


def test_a_worker_is_ready_without_what_it_does_not_need() -> None:
    """A cluster starts many: no events, sockets or drawings before one is asked for something elsewhere."""
    assert pulled_in("import nparams.fleet.batch").isdisjoint(SLOW)


def test_other_names_are_none_of_it() -> None:
    with pytest.raises(AttributeError, match=r"^module 'nparams\.fleet' has no attribute 'fund'$"):
        _ = nparams.fleet.fund


def test_the_page_lists_the_columns_and_the_options() -> None:
    """docs/fleets.md: every column with what it holds, every option that the page should tell of."""
    page = (REPOSITORY / "docs/fleets.md").read_text()
    assert [f"| `{column.name}` | {column.what} |" for column in COLUMNS] == [
        line for line in page.splitlines() if line.startswith("| `") and line.split("`")[1] in NAMES
    ]
    options = {option for action in parser()._actions for option in action.option_strings if option.startswith("--")}
    assert [option for option in options - {"--help", "--out", "--quiet"} if option not in page] == []
