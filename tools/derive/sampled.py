"""Configs of the sampler of the trial, drawn for learning: they write only what they change."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from tools.derive import bases, draw
from tools.derive.check import flat
from tools.derive.errors import NoEntry
from tools.derive.fields import fields
from tools.derive.trial.draw import applied
from tools.derive.trial.sample import Sampler
from tools.derive.trial.space import parts_given
from tools.derive.trial.truth import NotAccepted

#: configs one after another that a class may refuse
MOST_VAIN = 20
#: builds for one config of the other sampler: what is not settled then stays as it is
MOST_SAMPLED = 16


def turns(*sources: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """One of each in turn, for as long as there are any."""
    waiting = list(sources)
    while waiting:
        for drawn in list(waiting):
            try:
                yield next(drawn)
            except StopIteration:
                waiting.remove(drawn)


def cuts(model_type: str, head: str) -> dict[str, Any] | None:
    """What the small base of a type says beyond the class's own defaults; None where that alone is refused."""
    known = flat(bases.implied(model_type))
    other = {tuple(path.split(".")): v for path, v in flat(bases.base(model_type)).items() if known.get(path) != v}
    raw = applied({}, other, parts_given(model_type))
    return raw if draw.valid(model_type, head, {"model_type": model_type, **raw}) else None


def sampled(model_type: str, head: str, rng: random.Random) -> Iterator[dict[str, Any]]:
    """Configs of the other sampler, which writes only what it changes."""
    try:
        sampler = Sampler(model_type, [head], rng, cuts(model_type, head), MOST_SAMPLED)
    except (NotAccepted, NoEntry):
        return
    vain = 0
    while vain < MOST_VAIN:
        try:
            raw = sampler.raw(sampler.sample().changes)
        except NotAccepted:
            vain += 1
            continue
        vain = 0
        yield _with_undeclared(model_type, head, rng, raw)


def _with_undeclared(model_type: str, head: str, rng: random.Random, raw: dict[str, Any]) -> dict[str, Any]:
    """Every other config with names that its class takes without declaring them: that sampler knows nothing of them."""
    names = [field for field in fields(model_type) if not field.declared]
    if not names or rng.random() < 0.5:
        return raw
    return next((drawn for drawn, _ in draw.draws(model_type, head, rng, 1, names, raw)), raw)
