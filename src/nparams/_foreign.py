"""Sources of other packages: rows like ours, found through the entry point `nparams.sources`, asked last.

A package names a `nparams.registry.Source` in its metadata::

    [project.entry-points."nparams.sources"]
    toy = "nparams_toy:SOURCE"

It is imported when a file or text is none of ours, when `--from` names its form, and for `nparams formats`.
"""

from __future__ import annotations

import sys

from nparams.errors import NparamsError, ReadError, UsageError, escaped, shown
from nparams.registry import FORMS, Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nparams.network import Network

GROUP = "nparams.sources"
KINDS = ("file", "text")


class Foreign:
    """The rows of other packages, and what kept some from being loaded, as sentences."""

    __slots__ = ("problems", "rows")

    def __init__(self) -> None:
        self.rows: dict[str, Source] = {}
        self.problems: list[str] = []


#: where Python looks for packages -> what those there offer
_FOUND: dict[tuple[str, ...], Foreign] = {}


def foreign() -> Foreign:
    """What other packages offer; looked for once."""
    places = tuple(sys.path)
    if places not in _FOUND:
        _FOUND.clear()
        _FOUND[places] = _looked_for()
    return _FOUND[places]


def _looked_for() -> Foreign:
    from importlib.metadata import entry_points

    found = Foreign()
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        package = point.dist.name if point.dist is not None else point.value
        try:
            row = point.load()
        except Exception as problem:  # whatever the package does while it is imported
            why = f"{type(problem).__name__}: {str(problem)[:100]}"
            found.problems.append(
                f"the source {shown(point.name)} of {escaped(package)} cannot be loaded ({escaped(why)})"
            )
            continue
        wrong = _wrong(row, found)
        if wrong:
            found.problems.append(f"the source {shown(point.name)} of {escaped(package)} {wrong}")
        else:
            found.rows[row.form] = row
    return found


def _wrong(row: Any, found: Foreign) -> str:
    """What is wrong with a row, as the end of a sentence; empty where nothing is."""
    if type(row) is not Source:
        return "is no nparams.registry.Source"
    if row.kind not in KINDS:
        return f"is of the kind {shown(row.kind)}; other packages may offer {' and '.join(KINDS)}"
    if row.form in FORMS or row.form in found.rows:
        return f"is called {shown(row.form)}, as another one is"
    return ""


def said(problem: NparamsError) -> NparamsError:
    """A refusal, with what kept other packages' sources from being asked."""
    if foreign().problems:
        problem.args = (f"{problem}; {'; '.join(foreign().problems)}",)
    return problem


def read(row: Source, call: Callable[[], Any]) -> Network:
    """What a foreign source makes of something: a Network, or an error of ours, whatever goes wrong in it."""
    from nparams.network import Network

    try:
        made = call()
    except NparamsError:
        raise
    except Exception as problem:
        why = f"{type(problem).__name__}: {str(problem)[:200]}"
        raise ReadError(f"the source {row.form} ({row.module}) failed: {escaped(why)}") from problem
    if not isinstance(made, Network):
        raise UsageError(f"the source {row.form} ({row.module}) gives no Network, but {shown(type(made).__name__)}")
    return made
