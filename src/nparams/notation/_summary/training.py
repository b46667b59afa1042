"""What is trained and what is frozen, where a summary tells: by its totals, by a column, by (90) in brackets."""

from __future__ import annotations

from nparams.network import PARAMETER_ROLES
from nparams.notation._summary.explain import held

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.network import Module
    from nparams.notation._summary.explain import Explainer
    from nparams.notation._summary.text import Row, Summary


def settle(summary: Summary, explainer: Explainer, root: Module) -> None:
    """Set what is known of training on the tensors; nothing where the printed numbers leave it open."""
    frozen = summary.printed.untrained
    if frozen is None:
        return
    statistics = explainer.found.statistics
    if frozen == statistics:
        _flag(root, True)
    elif summary.printed.trainable == 0:
        _flag(root, False)
    else:
        off = [row for row in summary.rows if row.trainable is False and row.own]
        inferred = not off
        off = off or _alone(summary, frozen - statistics)
        if off and _makes(summary, explainer, off, frozen):
            _flag(root, True)
            for row in off:
                _flag(explainer.modules[id(row)], False)
            if inferred:
                summary.notes.append(
                    f"inferred: {off[0].name} is frozen, for {off[0].count:,} is all that is printed as non-trainable"
                )


def _alone(summary: Summary, frozen: int) -> list[Row]:
    """The only row with as many parameters as are printed as frozen."""
    found = [row for row in summary.roots if row.count == frozen]
    return found if len(found) == 1 and not found[0].children else []


def _makes(summary: Summary, explainer: Explainer, off: list[Row], frozen: int) -> bool:
    """Whether those rows, and statistics of all others, are what is printed as not trainable."""
    apart = {id(row): held(explainer.modules[id(row)])[1] for row in off} if summary.family == "keras" else {}
    statistics = explainer.found.statistics - sum(apart.values()) if summary.family == "keras" else 0
    return sum(row.own or 0 for row in off) + statistics == frozen


def _flag(module: Module, value: bool) -> None:
    for one in _all(module):
        for t in one.tensors:
            if t.role in PARAMETER_ROLES and t.size is not None:
                t.trainable = value


def _all(root: Module) -> Iterator[Module]:
    stack = [root]
    while stack:
        module = stack.pop()
        yield module
        stack += module.children
