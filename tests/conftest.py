"""Settings that every suite shares: where the real cases lie, and how hypothesis runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = (REPOSITORY / os.environ.get("NPARAMS_SHARED", "../shared")).resolve()

# No test asks a hub, but those that set up one of their own.
os.environ["HF_HUB_OFFLINE"] = "1"

# Limits are tested by counters, never by the clock; in CI the same examples run every time.
settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


def shared(path: str) -> Path:
    """The file or folder `path` of the shared real cases; skips the test where a clone has none."""
    if not SHARED.is_dir():
        pytest.skip("the shared real cases are absent: NPARAMS_SHARED names their folder (default ../shared)")
    found = SHARED / path
    assert found.exists(), f"the shared real cases hold no {path}"
    return found


def pytest_report_header() -> str:
    return "shared real cases: " + ("present" if SHARED.is_dir() else "absent, tests that need them are skipped")
