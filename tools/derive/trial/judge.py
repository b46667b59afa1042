"""One type on trial: its configs, the answers, and the smallest change of fields with which an answer is wrong."""

from __future__ import annotations

import json
import random
import re
import time
import traceback
from collections import Counter
from typing import Any

from tools.derive.store import Store
from tools.derive.trial.answer import Refusal, answer, differences, use_entry
from tools.derive.trial.sample import Changes, Sample, Sampler
from tools.derive.trial.space import Found
from tools.derive.trial.truth import NotAccepted

MOST_WRONG = 3  # told in full; a type with more is wrong enough


def judge(
    model_type: str, seed: int, configs: int, deadline: float, packed: bool = True, base: bool = False
) -> dict[str, Any]:
    """{"right": n, "wrong": [...], "refused": {text: n}, ...}, or {"untried": why}; `base`: also each class at it."""
    entry = Store().entry(model_type)
    if entry is None:
        return {"untried": "it has no entry"}
    try:
        sampler = Sampler(model_type, sorted(entry["heads"]), random.Random(f"{seed} {model_type}"))
    except NotAccepted as error:
        return {"untried": str(error)}
    if not packed:
        use_entry(entry)
    trial = Trial(sampler)
    for head in sampler.heads if base else ():
        trial.take(sampler.unchanged(head), deadline)
    for _ in range(configs):
        if time.monotonic() > deadline or len(trial.wrong) >= MOST_WRONG:
            break
        trial.take(sampler.sample(), deadline)
    return trial.result()


class Trial:
    """The answers for one type, counted."""

    def __init__(self, sampler: Sampler) -> None:
        self.sampler = sampler
        self.right, self.wrong, self.changed = 0, list[dict[str, Any]](), 0
        self.refused, self.texts = Counter[str](), dict[str, str]()
        self.totals = set[tuple[str, int]]()

    def take(self, sample: Sample, deadline: float) -> None:
        """Ask for one config, and count the answer."""
        self.totals.add((sample.head, sample.real.total))
        self.changed += len(sample.changes)
        try:
            differs = self.differs(sample.head, sample.raw, sample.real)
        except Refusal as refusal:
            kind = re.sub(r'"[^"]*"|\d+', "...", str(refusal))
            self.refused[self.texts.setdefault(kind, str(refusal))] += 1
            return
        if not differs:
            self.right += 1
            return
        changes, differs = self.smallest(sample, differs, deadline)
        self.wrong.append({"head": f"{sample.head} ({sample.way})", "changes": spelled(changes), "differs": differs})

    def differs(self, head: str, raw: Any, real: Found) -> list[str]:
        """How the answer is wrong; an error that is no refusal is wrong too.  Raises Refusal."""
        try:
            told = answer(self.sampler.type, head, raw)
        except Refusal:
            raise
        except Exception:
            return ["raised: " + " | ".join(traceback.format_exc().strip().splitlines()[-3:])]
        return differences(real, told)

    def smallest(self, sample: Sample, differs: list[str], deadline: float) -> tuple[Changes, list[str]]:
        """The changes without those that it is wrong without, as far as there is time."""
        changes = dict(sample.changes)
        size = max(1, len(changes) // 2)
        while size:
            for path in [*changes][::size]:
                part = [*changes][[*changes].index(path) :][:size] if path in changes else []
                fewer = {key: value for key, value in changes.items() if key not in part}
                if time.monotonic() < deadline and part and (now := self.still(sample, fewer)):
                    changes, differs = fewer, now
            size //= 2
        return changes, differs

    def still(self, sample: Sample, changes: Changes) -> list[str] | None:
        """How the answer is wrong with these changes of the base, written in the same way; None where it is not."""
        try:
            raw = self.sampler.written(changes, sample.way)
            return self.differs(sample.head, raw, self.sampler.real(sample.head, raw)) or None
        except (NotAccepted, Refusal):
            return None

    def result(self) -> dict[str, Any]:
        """The counts, as JSON holds them."""
        asked = max(1, self.right + len(self.wrong) + sum(self.refused.values()))
        return {
            "right": self.right,
            "wrong": self.wrong,
            "refused": dict(self.refused),
            "distinct": len(self.totals),
            "heads": self.sampler.heads,
            "changed": self.changed // asked,
            "fields": len(self.sampler.spots),
        }


def spelled(changes: Changes) -> str:
    """The changed fields on one line.

    >>> spelled({("text_config", "depths"): [1, 2]})
    '{"text_config.depths": [1, 2]}'
    """
    return json.dumps({".".join(path): value for path, value in changes.items()}, default=str)
