"""A friend counted another number: mistakes whose number follows from the rows by adding or leaving out."""

from __future__ import annotations

from nparams.expr import Expr
from nparams.views._exercises.facts import value
from nparams.views._exercises.layers import parts_of, statistics
from nparams.views._exercises.parts import Name, Question, Say, Show
from nparams.views._exercises.texts import FRIENDS, NORMS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.views._exercises.facts import Facts

#: layers that an answer names
NAMED = 6
#: recurrent kinds of which a part of the weights is for the outputs of the step before
CELLS = frozenset(("LSTM", "GRU", "SimpleRNN"))


class Friend:
    """A number that is not the total: by how much, and what was done."""

    __slots__ = ("differs", "says")

    def __init__(self, differs: int, says: Say) -> None:
        self.differs = differs
        self.says = says


def questions(facts: Facts) -> list[Question]:
    """One friend who counted too much and one who forgot something, each by a number that nobody else would get."""
    found = [friend for friend in _friends(facts) if friend.differs]
    taken = [friend.differs for friend in found] + [-(value(facts.network.totals.biases) or 0)]
    alone = [friend for friend in found if taken.count(friend.differs) == 1]
    more = [friend for friend in alone if friend.differs > 0][:1]
    fewer = [friend for friend in alone if friend.differs < 0][:1]
    return [_question(friend, facts.total) for friend in (*fewer, *more)]


def _question(friend: Friend, total: int) -> Question:
    number = total + friend.differs
    word = "Where is the mistake?" if friend.differs > 0 else "What did they forget?"
    by = Say("That is {n} too {way}.", n=abs(friend.differs), way="many" if friend.differs > 0 else "few")
    return Question(
        [Say(f"A friend counted {{n}} parameters, not {{total}}. {word}", n=number, total=total)],
        [by, friend.says, Show([Expr("add", (total, friend.differs)), number])],
    )


def _friends(facts: Facts) -> Iterator[Friend]:
    yield from _tied(facts)
    yield from _statistics(facts)
    yield from _inputs(facts)
    yield from _recurrence(facts)
    yield from _once(facts)
    yield from _layer(facts)
    yield from _output(facts)


def _tied(facts: Facts) -> Iterator[Friend]:
    totals = facts.network.totals
    tied = [t for _, t in facts.network.walk() if t.tied_to is not None][:2]
    if isinstance(totals.listed, int) and len(tied) == 1:
        says = Say(FRIENDS["tied"], tied=Name(tied[0].name), owner=Name(tied[0].tied_to or ""))
        yield Friend(totals.listed - facts.total, says)


def _statistics(facts: Facts) -> Iterator[Friend]:
    held = sum(statistics(row) for row in facts.rows)
    if held and held == facts.network.totals.buffers:
        yield Friend(held, Say(FRIENDS["statistics"], n=held))


def _inputs(facts: Facts) -> Iterator[Friend]:
    if facts.inputs is not None:
        yield Friend(facts.inputs, Say(FRIENDS["inputs"], n=facts.inputs))


def _recurrence(facts: Facts) -> Iterator[Friend]:
    """The last part of the weights, in the letter of the cells alone."""
    for row in facts.holding:
        weights = [part for part in parts_of(row) if part.role == "weight"] if row.kind in CELLS else []
        if row.copies == 1 and len(weights) == 2 and weights[1].value is not None and "h" in row.module.args:
            says = Say(FRIENDS["recurrence"], name=Name(row.name), h=row.module.args["h"])
            yield Friend(-weights[1].value, says)
            return


def _once(facts: Facts) -> Iterator[Friend]:
    """All layers of which there are as many as of the largest, each counted once."""
    rows = [row for row in facts.holding if isinstance(row.copies, int) and row.copies > 1]
    if not rows or len(facts.shown) < len(facts.rows):
        return
    copies = max(rows, key=lambda row: value(row.total) or 0).copies
    alike = [row for row in rows if row.copies == copies]
    if isinstance(copies, int):
        left = sum(total - total // copies for row in alike if (total := value(row.total)) is not None)
        slots = {f"name{k}": Name(row.name) for k, row in enumerate(alike)}
        words = FRIENDS["one" if len(alike) == 1 else "once" if len(alike) <= NAMED else "many"]
        words = words.replace("{names}", ", ".join(f"{{{key}}}" for key in slots))
        yield Friend(-left, Say(words, n=copies, lines=len(alike), **slots))


def _layer(facts: Facts) -> Iterator[Friend]:
    """A layer in the middle, or the next that is as large as no other."""
    sizes = [row.total for row in facts.rows]
    if len(facts.holding) > 2:
        middle = facts.holding[len(facts.holding) // 2 :]
        row = next((row for row in middle if sizes.count(row.total) == 1), None)
        if row is not None:
            yield Friend(-(value(row.total) or 0), Say(FRIENDS["layer"], name=Name(row.name)))


def _output(facts: Facts) -> Iterator[Friend]:
    """The biases of the last layer, where no other has as many."""
    biased = [row for row in facts.holding if row.biases != 0 and row.kind not in NORMS]
    alone = [row.biases for row in biased].count(biased[-1].biases) == 1 if len(biased) > 1 else False
    if alone and biased[-1] is facts.holding[-1] and biased[-1].kind == "Dense":
        yield Friend(-(value(biased[-1].biases) or 0), Say(FRIENDS["output"], name=Name(biased[-1].name)))
