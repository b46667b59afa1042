"""What solve found, as one JSON object."""

from __future__ import annotations

from nparams.analyses._solve.facts import searched

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.analyses._solve.solution import Answer, Solution


def as_json(found: Solution) -> str:
    """The answer as one JSON object; integers are exact, the root is a decimal text that is cut off."""
    from json import dumps

    from nparams.network.rows import plain

    network, budget, search = found.network, found.budget, found.search
    assert search is not None
    held = {
        "schema": 1, "source": network.source, "read_as": network.read_as, "total": plain(found.size),
        "asked": {"target": budget.target, "least": budget.least, "most": budget.most, "says": budget.says},
        "varied": [{"name": g.name, "first": g.first, "step": g.step, "last": g.last, "ends": found.ends.get(g.name)}
                   for g in found.grids],
        "follows": [{"field": r.field, "expression": r.expr} for r in found.relations],
        "where": list(network.where), "solved": found.solved,
        "answers": [_answer(each) for each in found.answers], "shapes": [_answer(each) for each in found.shapes],
        "equation": _equation(found),
        "searched": {"says": searched(found), "exhaustive": True, "combinations": found.candidates,
                     "rows": search.rows, "evaluated": search.evaluated, "exact": search.exact},
        "notes": found.notes,
    }  # fmt: skip
    return dumps(held, indent=2, ensure_ascii=False)


def _answer(answer: Answer) -> dict[str, object]:
    return {
        "values": answer.values, "derived": answer.derived, "total": answer.total, "gap": answer.gap,
        "fits": answer.fits,
    }  # fmt: skip


def _equation(found: Solution) -> dict[str, object] | None:
    held, grid = found.equation, found.in_steps
    if held is None:
        return None
    return {
        "unknown": held.name, "coefficients": held.coefficients, "discriminant": held.discriminant, "root": held.root,
        "in_steps_of": None if grid is None else {"name": grid.name, "step": grid.step},
    }  # fmt: skip
