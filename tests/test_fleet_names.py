"""The public names of nparams.fleet: loaded on first use, and functions although modules bear their names."""

from __future__ import annotations

import sys
from types import FunctionType

import pytest

import nparams.fleet
from tests.test_purity import pulled_in


def test_each_name_is_a_function_whatever_was_loaded_before() -> None:
    code = """
    import nparams.fleet.find, nparams.fleet.scan, nparams.fleet.batch
    from nparams.fleet.find import find
    from nparams.fleet import count_batch, find as same, scan
    assert same is find and [type(each).__name__ for each in (count_batch, same, scan)] == ["function"] * 3
    """
    assert "nparams.fleet.scan" in pulled_in("".join(line[4:] + "\n" for line in code.splitlines()))
    assert all(isinstance(getattr(nparams.fleet, name), FunctionType) for name in nparams.fleet.__all__)


def test_the_package_alone_pulls_in_nothing() -> None:
    assert pulled_in("import nparams.fleet") <= {"nparams", "nparams.fleet", "__future__"}
    assert dir(nparams.fleet) == ["count_batch", "find", "scan"]


def test_other_names_are_none_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AttributeError, match=r"^module 'nparams\.fleet' has no attribute 'fund'$"):
        _ = nparams.fleet.fund
    monkeypatch.setattr(nparams.fleet, "find", len)
    assert nparams.fleet.find is len
    assert isinstance(sys.modules["nparams.fleet.find"].find, FunctionType)
