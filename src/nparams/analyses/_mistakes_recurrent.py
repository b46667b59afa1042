"""Mistakes about recurrent layers: steps, gates, directions, what is fed back."""

from __future__ import annotations

from nparams.analyses._edits import Edit, Mistake, everywhere, fits
from nparams.analyses._leaves import RECURRENT
from nparams.analyses._terms import Case, Term, Unit
from nparams.expr import mul

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.expr import Size


def _back(case: Case) -> Iterator[Edit]:
    at = case.of(RECURRENT)

    def forgotten(unit: Unit) -> Unit | None:
        return unit.each(lambda t: None if t.leaf.startswith("weight_hh") else t)

    def single(unit: Unit) -> Unit | None:
        return unit.each(lambda t: t.without("back") if t.leaf.startswith("weight_hh") else t)

    yield from everywhere(case, "You forgot the recurrence{where}: a cell also weighs the outputs of the step before",
                          forgotten, at)  # fmt: skip
    for edit in everywhere(case, "You fed back one output to each cell{where}, not those of all cells", single, at):
        edit.scope += 0.5
        yield edit


def _ahead(case: Case) -> Iterator[Edit]:
    def change(unit: Unit) -> Unit | None:
        return unit.each(lambda t: None if t.leaf.startswith("weight_ih") else t)

    yield from everywhere(case, "You left out the weights of the input{where}", change, case.of(RECURRENT))


def _gates(case: Case) -> Iterator[Edit]:
    for gates, scope in ((1, 0), (3, 0.1), (4, 0.1), (2, 0.6)):

        def change(unit: Unit, gates: int = gates) -> Unit | None:
            if unit.value("g") == gates:
                return None
            return unit.each(lambda t: t.without("g") if gates == 1 else t.put("g", gates))

        told = "forgot that there are several gates" if gates == 1 else f"counted {gates} gates"
        for edit in everywhere(case, f"You {told}{{where}}: an LSTM has 4, a GRU 3", change, case.of(("LSTM", "GRU"))):
            edit.scope += scope
            yield edit
    for gates, kind in ((4, "LSTM"), (3, "GRU")):
        yield from everywhere(
            case, f"You counted {gates} gates{{where}}, as for {'an' if kind == 'LSTM' else 'a'} {kind}: it has none",
            lambda unit, g=gates: unit.each(lambda t: t.times("g", g)), case.of(("SimpleRNN",)),  # type: ignore[misc]
        )  # fmt: skip


def _steps(case: Case) -> Iterator[Edit]:
    at = [i for i in case.of(RECURRENT) if len(case.units[i].takes or ()) == 2]

    def used(unit: Unit) -> Unit | None:
        return unit.each(lambda t: t.put("n", _time(unit)))

    def with_features(unit: Unit) -> Unit | None:
        n = unit.value("n")
        return None if n is None else unit.each(lambda t: t.put("n", mul(_time(unit), n)))

    def whole(unit: Unit) -> Unit | None:
        return unit.each(lambda t: t.times("T", _time(unit)))

    yield from everywhere(case, "You took the time steps for the features{where}: steps do not count", used, at)
    yield from everywhere(case, "You multiplied the features by the time steps{where}: steps do not count",
                          with_features, at)  # fmt: skip
    yield from everywhere(case, "You counted the weights at every time step{where}: all steps share them", whole, at)


def _time(unit: Unit) -> Size:
    assert unit.takes is not None
    return unit.takes[0]


def _letters(case: Case) -> Iterator[Edit]:
    """The right formula, g·(h·(n + h) + h), with the wrong numbers in it, or multiplied once more by one of them."""
    at = case.of(RECURRENT)
    if len(at) != 1:
        return
    unit = case.units[at[0]]
    n, h = unit.value("n"), unit.value("h")
    if n is None or h is None or unit.arg("p") is not None:
        return
    sizes = {"features": n, "cells": h}
    if len(unit.takes or ()) == 2:
        sizes["time steps"] = _time(unit)
    for a, n_put in sizes.items():
        for b, h_put in sizes.items():
            for by in (None, "cells", "time steps"):
                if (a == "features" and b == "cells" and by in (None, "time steps")) or (
                    by is not None and by not in sizes
                ):
                    continue
                yield from _put(at, unit, (a, n_put), (b, h_put), None if by is None else (by, sizes[by]))


def _put(
    at: list[int], unit: Unit, n: tuple[str, Size], h: tuple[str, Size], by: tuple[str, Size] | None
) -> Iterator[Edit]:
    letters = {"n": n[1], "h": h[1], "back": h[1]}
    for biased in (True, False):

        def change(u: Unit, biased: bool = biased) -> Unit | None:
            kept = [t for t in u.terms if biased or t.role != "bias"]
            made = [Term(t.leaf, t.role, tuple((a, letters.get(a, s)) for a, s in t.factors)) for t in kept]
            return u.but([t if by is None else t.times("by", by[1]) for t in made])

        said = [f"the {n[0]} ({n[1]}) for the features"] if n[0] != "features" else []
        said += [f"the {h[0]} ({h[1]}) for the cells"] if h[0] != "cells" else []
        parts = [f"took {' and '.join(said)}"] if said else []
        parts += [f"multiplied all by the {by[0]} ({by[1]})"] if by else []
        parts += [] if biased else ["left out the biases"]
        if by is not None or said:
            yield Edit(f"You {', '.join(parts)} of {unit.called}", at, change, scope=len(parts) / 4, where=unit.name)


def _directions(case: Case) -> Iterator[Edit]:
    at = case.of(RECURRENT)

    def once(unit: Unit) -> Unit | None:
        return unit.each(lambda t: None if t.leaf.endswith("_reverse") else t)

    def both(unit: Unit) -> Unit | None:
        return None if any(t.leaf.endswith("_reverse") for t in unit.terms) else unit.but(unit.terms * 2)

    yield from everywhere(
        case, "You counted one direction{where}: it reads in both, with weights of their own", once, at
    )
    for edit in everywhere(case, "You counted two directions{where}: it reads in one", both, at):
        edit.scope += 2.5
        yield edit


def _halved(case: Case) -> Iterator[Edit]:
    """What follows a layer of two directions takes both their outputs, 2·h."""
    halves: dict[str, Size] = {}
    at: list[int] = []
    for i in case.held:
        before, unit = case.before(i), case.units[i]
        h = unit.value("h")
        if h is not None and unit.kind in RECURRENT and unit.value("below") == mul(2, h):  # layers in one module
            at.append(i)
            halves[unit.name] = h
            continue
        if before is None or before.kind not in RECURRENT or not any(t.leaf.endswith("_reverse") for t in before.terms):
            continue
        h, came = before.value("h"), unit.value("n") if unit.kind in RECURRENT else unit.value("n_in")
        if h is not None and came == mul(2, h):
            at.append(i)
            halves[unit.name] = h

    def change(unit: Unit) -> Unit | None:
        half = halves[unit.name]
        letters = ("below",) if unit.value("below") is not None else ("n", "n_in")
        return unit.each(lambda t: t.put(letters[0], half).put(letters[-1], half))

    says = "You forgot that the outputs of both directions come in{where}: twice as many"
    yield from everywhere(case, says, change, fits(case, change, at))


def _stacked(case: Case) -> Iterator[Edit]:
    """The second layer of a stack takes what the first sends, not what the first takes."""
    firsts: dict[str, Size] = {}
    at = []
    for i in case.of(RECURRENT):
        before, unit = case.before(i), case.units[i]
        own = unit.value("n")
        if unit.value("below") is not None and own is not None:
            firsts[unit.name] = own
            at.append(i)
            continue
        n = None if before is None else before.value("n")
        if before is not None and before.kind in RECURRENT and n is not None:
            firsts[unit.name] = firsts.get(before.name, n)
            at.append(i)
    yield from everywhere(
        case, "You fed the features of the input to an upper layer, too{where}: it takes what the one below sends",
        lambda unit: unit.each(lambda t: t.put("n", firsts[unit.name]).put("below", firsts[unit.name])), at,
    )  # fmt: skip


def _first(case: Case) -> Iterator[Edit]:
    """Of several layers in one module only the first."""

    def change(unit: Unit) -> Unit | None:
        return unit.each(lambda t: None if "_l" in t.leaf else t)

    yield from everywhere(case, "You counted the first of its layers only{where}", change, case.of(RECURRENT))


ROWS = (
    Mistake("recurrence forgotten", 1.8, _back),
    Mistake("what comes in forgotten", 2.4, _ahead),
    Mistake("number of gates", 2.0, _gates),
    Mistake("time steps used", 1.9, _steps),
    Mistake("a formula with the wrong numbers", 5, _letters),
    Mistake("number of directions", 1.8, _directions),
    Mistake("input of both directions not doubled", 1.9, _halved),
    Mistake("one layer of a stack", 2.6, _first),
    Mistake("an upper layer fed the input", 3.5, _stacked),
)
