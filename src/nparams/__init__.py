"""How many parameters does this neural network have, and why?

>>> import nparams
>>> nparams.count("784-16-16-10")
13002
>>> n = nparams.read("784-16-16-10")
>>> n.weights, n.biases
(12960, 42)
"""

from __future__ import annotations

__version__ = "0.1.0"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from typing import Any

    from nparams._read import count as count
    from nparams._read import read as read
    from nparams.analyses.diff import Diff
    from nparams.analyses.solve import Solution
    from nparams.analyses.why import Why
    from nparams.errors import NparamsError as NparamsError
    from nparams.expr import Expr as Expr
    from nparams.frameworks.trace import formula as formula
    from nparams.frameworks.trace import trace as trace
    from nparams.network import Module as Module
    from nparams.network import Network as Network
    from nparams.network import Tensor as Tensor

#: the public names, each loaded on first use
_LATER = {
    "count": "nparams._read", "read": "nparams._read", "NparamsError": "nparams.errors", "Expr": "nparams.expr",
    "Module": "nparams.network", "Network": "nparams.network", "Tensor": "nparams.network",
    "formula": "nparams.frameworks.trace", "trace": "nparams.frameworks.trace",
}  # fmt: skip

__all__ = [
    "Expr", "Module", "Network", "NparamsError", "Tensor", "__version__", "count", "diff", "formula", "read", "solve",
    "trace", "why",
]  # fmt: skip


def why(source: object, number: int | str | Expr, **options: Any) -> Why:
    """Which mistakes in counting give `number` for `source` instead of its total; the options are those of read.

    >>> import nparams
    >>> print(nparams.why("784-10", 7840).answers[0].says)
    You left out the 10 biases of fc1
    """
    from nparams._read import read as read_source
    from nparams.analyses.why import why as asked

    return asked(read_source(source, **options), number)


def diff(a: object, b: object, **options: Any) -> Diff:
    """What makes the totals of two sources differ, as items that sum to it; the options are those of read.

    >>> import nparams
    >>> [(item.what, item.layer, item.difference) for item in nparams.diff("8-4-4-2", "8-4-2").items]
    [('only in A', 'fc2', -20)]
    """
    from nparams._read import read as read_source
    from nparams.analyses.diff import diff as compared

    return compared(read_source(a, **options), read_source(b, **options))


def solve(
    source: object,
    *,
    total: int | str | None = None,
    max: int | str | None = None,
    min: int | str | None = None,
    vary: str | Iterable[str] = (),
    range: Mapping[str, object] | None = None,
    multiple: Mapping[str, int] | None = None,
    keep: Iterable[str] = (),
    top: int = 5,
    set: Mapping[str, object] | None = None,
    **options: Any,
) -> Solution:
    """The sizes that bring the total of `source` nearest to a number; the other options are those of read.

    `total`, `max` and `min` are whole numbers or texts ("1.3B": about that many).  The letters of `source` vary, or the
    fields of a config that `vary` names: within `range` ({"L": (2, 48)}), by `multiple` ({"hidden_size": 128}).  Fields
    in `keep` stay as they are where others follow a width.

    >>> import nparams
    >>> found = nparams.solve("784-h-h-10", max=10_000)
    >>> found.best.values, found.best.total, found.solved
    ({'h': 12}, 9706, True)
    """
    from os.path import lexists

    from nparams._read import read as read_source
    from nparams.analyses._solve.budget import Budget
    from nparams.analyses._solve.wanted import Wanted
    from nparams.analyses.solve import solve as solved
    from nparams.architectures.formula import is_type

    if isinstance(source, str) and is_type(source) and not lexists(source):
        source = {"model_type": source}

    def make(free: Collection[str], given: Mapping[str, object]) -> Network:
        return read_source(source, free=free, set=given, **options)

    names = vary.split(",") if isinstance(vary, str) else vary
    return solved(make, Wanted(Budget.of(total, max, min), names, range, multiple, set, keep, top))


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module 'nparams' has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(_LATER[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
